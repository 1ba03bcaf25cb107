//! The probation after a resume: what begins it, what prolongs it, and what does neither.

use super::case::instrument;
use super::*;
use crate::core::{Digest, Mode, ModeRecord};

const LENGTH_NS: u64 = 10;

fn by_engine(cause: ModeCause) -> modes::Change {
    modes::Change::by_engine(cause)
}

/// In CONSERVATIVE from the start on, and watched.
fn watched() -> Modes {
    let mut modes = Modes::new(&[instrument()], 1);
    let record = ModeRecord { mode: Mode::Conservative, ..ModeRecord::default() };
    modes.restore(&Restored { modes: vec![(Scope::All, record)], ..Restored::default() });
    modes.watch_for(LENGTH_NS);
    modes
}

fn at(mono_ns: u64) -> Stamp {
    Stamp { mono_ns, unix_ns: 0 }
}

/// How long it still takes right after that.
fn left_after(cause: ModeCause, mono_ns: u64) -> u64 {
    let mut modes = watched();
    modes.apply(Scope::All, by_engine(cause), at(mono_ns));
    modes.probation_left_ns(mono_ns)
}

#[test]
fn a_stop_of_the_engines_own_prolongs_it_while_it_runs() {
    assert_eq!(left_after(ModeCause::MarginCall, 9), LENGTH_NS);
    assert_eq!(left_after(ModeCause::MarginCall, 10), 0, "it is over");
    assert_eq!(left_after(ModeCause::Halt, 9), 1, "a person halts");
    assert_eq!(left_after(ModeCause::Crash, 9), 1, "nothing moved");
}

#[test]
fn a_resume_begins_it_and_one_that_moves_nothing_does_not() {
    let mut modes = watched();
    let resume = by_engine(ModeCause::Resume);
    assert_eq!(modes.apply(Scope::All, resume, at(20)), None);
    assert_eq!(modes.probation_left_ns(20), 0);
    assert!(modes.apply(Scope::All, by_engine(ModeCause::Halt), at(21)).is_some());
    assert_eq!(modes.probation_left_ns(21), 0);
    assert!(modes.apply(Scope::All, resume, at(22)).is_some());
    assert_eq!(modes.probation_left_ns(22), LENGTH_NS);
}

#[test]
fn a_freeze_that_begins_prolongs_it_while_it_runs() {
    let venue = Scope::Venue(VenueId(0));
    for (mono_ns, left_ns) in [(9, LENGTH_NS), (10, 0), (11, 0)] {
        let mut modes = watched();
        assert!(modes.freeze(venue, at(mono_ns)));
        assert_eq!(modes.probation_left_ns(mono_ns), left_ns, "{mono_ns}");
    }
    let mut modes = watched();
    assert!(modes.freeze(venue, at(1)) && !modes.freeze(venue, at(5)));
    assert_eq!(modes.probation_left_ns(5), 6, "it was frozen already");
}

#[test]
fn the_digest_tells_modes_apart_and_what_came_before() {
    let (free, watched) = (Modes::new(&[instrument()], 1), watched());
    let before = Digest::new().with(7);
    let of = |modes: &Modes, before| modes.digest(before).value();
    assert_ne!(of(&free, before), of(&watched, before));
    assert_ne!(of(&free, before), of(&free, Digest::new()));
    assert_eq!(free.venues(), 1);
}
