//! Which mode holds where.
//!
//! Must hold: nothing here raises a mode but [`Modes::resume`] and [`Modes::resume_fully`], which
//! only an operator's word reaches (D1, D2). The kill switch is apart: it stands above all modes.

use super::verdict::{DenyReason, require};
use crate::core::mode::{Mode, Scope};
use crate::core::setup::Restored;
use crate::types::{InstrumentId, StrategyId};

#[derive(Debug)]
pub(super) struct Modes {
    all: Mode,
    instruments: Vec<bool>,
    strategies: Vec<bool>,
    stopping: bool,
}

impl Modes {
    pub(super) fn restored(instruments: usize, strategies: usize, restored: &Restored) -> Self {
        let instrument = |at: usize| restored.halted_instruments.iter().any(|id| id.index() == at);
        let strategy = |at: usize| restored.halted_strategies.iter().any(|id| id.index() == at);
        Self {
            all: restored.mode,
            instruments: (0..instruments).map(instrument).collect(),
            strategies: (0..strategies).map(strategy).collect(),
            stopping: false,
        }
    }

    pub(super) fn check(
        &self,
        instrument: InstrumentId,
        strategy: StrategyId,
    ) -> Result<(), DenyReason> {
        require(!self.is_halted(instrument, strategy), DenyReason::Halted)
    }

    /// True while only what lowers a position may be sent.
    pub(super) fn is_reducing(&self) -> bool {
        Mode::Reducing <= self.all
    }

    /// True when strategies may send nothing there.
    pub(super) fn is_halted(&self, instrument: InstrumentId, strategy: StrategyId) -> bool {
        let parts = self.instruments[instrument.index()] || self.strategies[strategy.index()];
        self.stopping || parts || Mode::Halted <= self.all
    }

    pub(super) fn halt(&mut self, scope: Scope) {
        match scope {
            Scope::All => self.all = self.all.max(Mode::Halted),
            Scope::Instrument(id) => self.instruments[id.index()] = true,
            Scope::Strategy(id) => self.strategies[id.index()] = true,
            Scope::Venue(_) => {}
        }
    }

    /// Only what lowers a position, everywhere, unless a stricter mode holds.
    pub(super) fn reduce_only(&mut self) {
        self.all = self.all.max(Mode::Reducing);
    }

    /// Lifts a halt; everything lands in CONSERVATIVE.
    pub(super) fn resume(&mut self, scope: Scope) {
        match scope {
            Scope::All => self.all = Mode::Conservative,
            Scope::Instrument(id) => self.instruments[id.index()] = false,
            Scope::Strategy(id) => self.strategies[id.index()] = false,
            Scope::Venue(_) => {}
        }
    }

    pub(super) fn resume_fully(&mut self) {
        self.all = Mode::Running;
    }

    /// The process ends: nothing more from strategies. Not a mode, so nothing of it is kept.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(super) fn all(&self) -> Mode {
        self.all
    }

    pub(super) fn halted_instruments(&self) -> &[bool] {
        &self.instruments
    }

    pub(super) fn halted_strategies(&self) -> &[bool] {
        &self.strategies
    }
}
