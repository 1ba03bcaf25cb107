//! What is lost: which stops the breaker counts, what is said of them, and what goes to disk.

use super::case::*;
use super::*;
use crate::core::effect::{Effect, Effects};
use crate::core::{DayMark, HighWater, Kept};

const MS: u64 = SECOND / 1_000;

/// What an event at that time asks for, when the account is worth so much.
fn enforced(case: &mut Case, at_ns: u64, equity: i32) -> (Enforced, Effects) {
    let now = Stamp { mono_ns: at_ns, unix_ns: at_ns };
    let (worth, mut effects) = (worth(Cash::whole(equity)), Effects::new());
    let profits = std::iter::once(Some(Cash::ZERO));
    let enforced = case.kernel.enforce(now, &worth, profits, &mut effects);
    (enforced, effects)
}

/// The marks that go to disk.
fn kept(case: &mut Case, at_ns: u64, equity: i32) -> [Option<Cash>; 2] {
    let (_, mut effects) = enforced(case, at_ns, equity);
    let (mut high_water, mut day) = (None, None);
    for effect in effects.drain() {
        if let Effect::HighWaterChanged(HighWater { peak }) = effect {
            high_water = Some(peak);
        } else if let Effect::Kept(Kept::Day(DayMark { opening, .. })) = effect {
            day = Some(opening);
        }
    }
    [high_water, day]
}

#[test]
fn marks_go_to_disk_when_they_are_others_and_once_a_second() {
    let mut case = good();
    let of = |equity| [Some(Cash::whole(equity)); 2];
    case.kernel.losses.rebase();
    assert_eq!(kept(&mut case, NOW_NS, 1_100), of(1_100));
    assert_eq!(kept(&mut case, NOW_NS + 2 * SECOND, 1_100), [None; 2], "they are the same");
    case.kernel.losses.rebase();
    assert_eq!(kept(&mut case, NOW_NS + SECOND - 1, 1_200), [None; 2], "too soon");
    assert_eq!(kept(&mut case, NOW_NS + SECOND, 1_200), of(1_200));
    case.kernel.losses.rebase();
    assert_eq!(kept(&mut case, NOW_NS + SECOND + MS, 1_300), [None; 2], "too soon again");
}

#[test]
fn what_stands_is_taken_back_once_when_the_breaker_opens() {
    let mut case = good();
    let withdraws = |case: &mut Case| enforced(case, NOW_NS, 1_000).0.withdraws;
    assert!(!withdraws(&mut case));
    assert_eq!(case.kernel.reset_breaker(NOW_NS), Err(Refusal::BreakerClosed));
    for _ in 0..2 {
        stops(&mut case, 3);
        assert!(withdraws(&mut case) && !withdraws(&mut case));
        assert_eq!(case.kernel.reset_breaker(NOW_NS), Ok(()));
        assert!(!withdraws(&mut case), "a person closed it");
        assert!(!case.kernel.losses.forbids_opening(), "what is opened from here on may stand");
    }
    assert_eq!(case.kernel.loss_status(NOW_NS).breaker_opened, 2);
}

#[test]
fn the_breaker_counts_what_may_come_again_by_itself() {
    type Stop = fn(&mut Case);
    let rows: [(Stop, ModeCause, u32); 3] = [
        (|case| fills(case, 3), ModeCause::ReviewDue, 0),
        (|case| trips(case, 2), ModeCause::LosingRun, 1),
        (|case| rejects(case, 2), ModeCause::StrategyRejects, 1),
    ];
    for (stop, cause, counted) in rows {
        let mut case = good();
        stop(&mut case);
        let told = enforced(&mut case, NOW_NS, 1_000).0.reduces;
        assert_eq!(told, Some((Scope::Strategy(MAKER), cause)));
        assert_eq!(case.kernel.loss_status(NOW_NS).breaker_stops, counted, "{cause:?}");
    }
}

#[test]
fn a_message_from_the_future_tells_how_far_our_clock_is_behind() {
    let mut case = good();
    let (venue, received) = (VenueId(0), Stamp { mono_ns: NOW_NS, unix_ns: SECOND });
    let before_ns = case.kernel.clock_offset_ns(venue).unwrap();
    assert!(before_ns.unsigned_abs() < 70 * MS);
    case.kernel.on_message_time(venue, 1_070, received);
    assert_eq!(case.kernel.clock_offset_ns(venue), Some(70_000_000));
}
