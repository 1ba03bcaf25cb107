//! A mode with what may lie over it for a while: only reductions until a reading of the account
//! agrees.
//!
//! Must hold: a freeze never raises a mode: what its end uncovers is the mode beneath, as a person
//! or the engine left it, a halt of meanwhile included (D1, D2).
//!
//! Decision: a freeze that only a difference caused ends with the reading that finds none, because
//! its cause is over then and proven to be (DESIGN idea 5); nothing was decided by a person that a
//! person would have to take back. The second within an hour is a mode like any other and stays
//! until `engine resume`: an account that keeps moving under us is somebody's to look at. So is one
//! that a restart finds: what is on disk has only its mode, and a restart raises none (D1).

use super::Kernel;
use crate::core::mode::{Mode, ModeCause, ModeRecord, Scope};
use crate::types::{SECOND, Stamp, Text};

/// Two freezes within this are one too many.
const HOUR_NS: u64 = 3_600 * SECOND;

/// The mode of one scope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    record: ModeRecord,
    freeze: Option<ModeRecord>,
    frozen_ns: Option<u64>,
}

impl Slot {
    /// What holds.
    pub(super) fn held(&self) -> &ModeRecord {
        match &self.freeze {
            Some(freeze) if self.record.mode < freeze.mode => freeze,
            Some(_) | None => &self.record,
        }
    }

    /// Its mode.
    pub(super) fn mode(&self) -> Mode {
        let beneath = self.record.mode;
        self.freeze.as_ref().map_or(beneath, |freeze| freeze.mode.max(beneath))
    }

    /// As the last run left it.
    pub(super) fn restore(&mut self, record: ModeRecord) {
        self.record = record;
    }

    /// Moves the mode beneath; true when that moved it.
    pub(super) fn apply(
        &mut self,
        cause: ModeCause,
        at: Stamp,
        by: Text<32>,
        note: Text<96>,
    ) -> bool {
        let before = self.record;
        self.record = before.moved(cause, at, by, note);
        self.record != before
    }

    /// The account differs. True when it did not before.
    pub(super) fn freeze(&mut self, at: Stamp) -> bool {
        if self.freeze.is_some() {
            return false;
        }
        let within = |last_ns: u64| at.mono_ns.saturating_sub(last_ns) < HOUR_NS;
        let again = self.frozen_ns.replace(at.mono_ns).is_some_and(within);
        let (by, note) = (Text::new("engine"), Text::default());
        if again {
            self.record = self.record.moved(ModeCause::DriftAgain, at, by, note);
        }
        self.freeze = Some(self.record.moved(ModeCause::AccountDrift, at, by, note));
        true
    }

    /// A reading agrees.
    pub(super) fn thaw(&mut self) {
        self.freeze = None;
    }
}

impl Kernel {
    /// The account differs there beyond tolerance: only reductions until a reading agrees. True
    /// when it did not before.
    pub(in crate::core) fn freeze(&mut self, scope: Scope, now: Stamp) -> bool {
        self.modes.freeze(scope, now)
    }

    /// A reading agrees there.
    pub(in crate::core) fn thaw(&mut self, scope: Scope) {
        self.modes.thaw(scope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ns: u64) -> Stamp {
        Stamp { mono_ns, unix_ns: 0 }
    }

    fn say(slot: &mut Slot, cause: ModeCause) -> bool {
        slot.apply(cause, at(1), Text::default(), Text::default())
    }

    #[test]
    fn its_end_uncovers_what_held_before() {
        let mut slot = Slot::default();
        say(&mut slot, ModeCause::Crash);
        assert!(slot.freeze(at(0)) && !slot.freeze(at(1)));
        assert_eq!((slot.mode(), slot.held().cause), (Mode::Reducing, ModeCause::AccountDrift));
        slot.thaw();
        assert_eq!((slot.mode(), slot.held().cause), (Mode::Conservative, ModeCause::Crash));
    }

    #[test]
    fn it_lifts_no_halt_of_meanwhile_and_a_resume_does_not_lift_it() {
        let mut slot = Slot::default();
        slot.freeze(at(0));
        assert!(say(&mut slot, ModeCause::Halt));
        assert_eq!((slot.mode(), slot.held().cause), (Mode::Halted, ModeCause::Halt));
        assert!(say(&mut slot, ModeCause::Resume));
        assert_eq!(slot.mode(), Mode::Reducing);
        slot.thaw();
        assert_eq!(slot.mode(), Mode::Conservative);
    }

    #[test]
    fn what_is_as_strict_and_came_later_is_the_cause_that_is_told() {
        let mut slot = Slot::default();
        slot.freeze(at(0));
        assert!(say(&mut slot, ModeCause::MarginCall));
        assert_eq!((slot.mode(), slot.held().cause), (Mode::Reducing, ModeCause::MarginCall));
    }

    #[test]
    fn the_second_within_an_hour_stays_and_one_an_hour_later_does_not() {
        for (wait_ns, after) in [(HOUR_NS - 1, Mode::Reducing), (HOUR_NS, Mode::Running)] {
            let mut slot = Slot::default();
            slot.freeze(at(7));
            slot.thaw();
            slot.freeze(at(7 + wait_ns));
            slot.thaw();
            assert_eq!(slot.mode(), after, "{wait_ns}");
        }
    }
}
