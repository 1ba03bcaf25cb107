//! The same seed is the same run, to the last bit of the state.

use crate::paper;
use crate::support::Faults;
use tradekeel::types::{MS, SECOND};

fn digest(seed: u64) -> (u64, u64) {
    let (mut world, mut market) = paper::world(paper::makers(), seed);
    world.seed(seed);
    world.faults = Faults {
        delay_ns: 2 * MS,
        jitter_ns: 30 * MS,
        lost_requests: 10,
        lost_answers: 10,
        repeated_answers: 10,
    };
    paper::play(&mut world, &mut market, 60 * SECOND);
    (world.core.digest(), world.status().tally.fills)
}

#[test]
fn the_same_seed_ends_in_the_same_state_and_another_does_not() {
    let (one, again, other) = (digest(1), digest(1), digest(2));
    assert_eq!(one, again);
    assert_ne!(one.0, other.0);
    assert!(0 < one.1);
}
