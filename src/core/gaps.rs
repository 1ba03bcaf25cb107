//! Updates of a book that got lost: a gap now and then is mended by a fresh snapshot, a storm of
//! them is a feed that cannot be trusted (SAFETY T15).
//!
//! Must hold: a book counts when it is lost by a gap while it was being kept; one that a connection
//! took with it, or that was lost already, is no gap. The storm stops its own instrument only.

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use super::mode::{Mode, ModeCause, Scope};
use super::safety::Change;
use crate::types::InstrumentId;

impl Core {
    /// A book was lost by a gap.
    pub(super) fn on_gap(&mut self, instrument: InstrumentId, effects: &mut Effects) {
        self.counters.gaps += 1;
        let now_ns = self.state.now.mono_ns;
        let scope = Scope::Instrument(instrument);
        let is_storm = self.gaps[instrument.index()].add(now_ns);
        if is_storm && self.kernel.mode_in(scope).mode < Mode::Reducing {
            effects.push(Effect::Alert(Alert::GapStorm(instrument)));
            self.change_mode(scope, Change::by_engine(ModeCause::GapStorm), effects);
        }
    }
}
