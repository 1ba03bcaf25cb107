//! Which mode holds where.
//!
//! Must hold: what moves a mode is a [`ModeCause`], and the table of these is all there is; nothing
//! but an operator's word raises one (D1, D2). A freeze lies over a mode and does not move it. The
//! effective mode of an order is the strictest over everything, its venue, its instrument and its
//! strategy. The kill switch is apart: it stands above all modes.
//!
//! Decision: one probation for the whole deployment and not one per scope: whatever was resumed
//! last, or stopped by itself meanwhile, is a reason to watch all of it (R125). It is measured on
//! the monotonic clock and begins anew with a restart.

use super::freeze::Slot;
use super::verdict::{DenyReason, require};
use crate::core::digest::Digest;
use crate::core::effect::Refusal;
use crate::core::event::Probation;
use crate::core::mode::{Author, Mode, ModeCause, ModeRecord, Scope};
use crate::core::setup::Restored;
use crate::types::{Instrument, InstrumentId, Stamp, StrategyId, Text, VenueId};

/// A cause with its author.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct Change {
    pub(in crate::core) cause: ModeCause,
    pub(in crate::core) by: Text<32>,
    pub(in crate::core) note: Text<96>,
}

impl Change {
    /// The engine's own.
    pub(in crate::core) fn by_engine(cause: ModeCause) -> Self {
        Self { cause, by: Text::new("engine"), note: Text::default() }
    }
}

#[derive(Debug)]
pub(in crate::core) struct Modes {
    all: Slot,
    venues: Vec<Slot>,
    instruments: Vec<Slot>,
    strategies: Vec<Slot>,
    venue_of: Vec<VenueId>,
    probation_ns: u64,
    probation_until_ns: u64,
    stopping: bool,
}

impl Modes {
    pub(super) fn new(instruments: &[Instrument], strategies: usize) -> Self {
        let venue_of: Vec<VenueId> =
            instruments.iter().map(|instrument| instrument.venue).collect();
        let venues = venue_of.iter().map(|venue| venue.index() + 1).max().unwrap_or(0);
        let free = Slot::default();
        Self {
            all: free,
            venues: vec![free; venues],
            instruments: vec![free; instruments.len()],
            strategies: vec![free; strategies],
            venue_of,
            probation_ns: 0,
            probation_until_ns: 0,
            stopping: false,
        }
    }

    pub(super) fn venues(&self) -> usize {
        self.venues.len()
    }

    /// As the last run left it. A scope that is not of this deployment is passed over.
    pub(super) fn restore(&mut self, restored: &Restored) {
        for (scope, record) in &restored.modes {
            let Some(slot) = self.slot_mut(*scope) else { continue };
            slot.restore(*record);
        }
    }

    /// How long a resume is watched. What begins in CONSERVATIVE is watched from the start on.
    pub(super) fn watch_for(&mut self, probation_ns: u64) {
        self.probation_ns = probation_ns;
        if self.slots().any(|slot| slot.mode() == Mode::Conservative) {
            self.probation_until_ns = probation_ns;
        }
    }

    pub(super) fn check(&self, mode: Mode) -> Result<(), DenyReason> {
        require(!self.stopping && mode < Mode::Halted, DenyReason::Halted)
    }

    /// The strictest mode over all scopes that an order falls into; an exit has no strategy.
    pub(super) fn at(&self, instrument: InstrumentId, strategy: Option<StrategyId>) -> Mode {
        let strategy = strategy.map_or(Mode::Running, |id| self.strategies[id.index()].mode());
        self.all.mode().max(self.of_instrument(instrument)).max(strategy)
    }

    /// The strictest of the modes of an instrument and of its venue.
    pub(in crate::core) fn of_instrument(&self, instrument: InstrumentId) -> Mode {
        let venue = self.venue_of[instrument.index()];
        let (instrument, venue) =
            (&self.instruments[instrument.index()], &self.venues[venue.index()]);
        instrument.mode().max(venue.mode())
    }

    /// What moved the scope, when it moved.
    pub(super) fn apply(&mut self, scope: Scope, change: Change, at: Stamp) -> Option<ModeRecord> {
        let (probation_ns, running) = (self.probation_ns, at.mono_ns < self.probation_until_ns);
        let slot = self.slot_mut(scope)?;
        let moved = slot.apply(change.cause, at, change.by, change.note);
        let after = *slot.held();
        let stopped = moved && running && change.cause.author() == Author::Engine;
        if after.mode == Mode::Conservative && moved || stopped {
            self.probation_until_ns = at.mono_ns.saturating_add(probation_ns);
        }
        moved.then_some(after)
    }

    /// The account differs there beyond tolerance. True when it did not before.
    pub(super) fn freeze(&mut self, scope: Scope, at: Stamp) -> bool {
        let (probation_ns, running) = (self.probation_ns, at.mono_ns < self.probation_until_ns);
        let begins = self.slot_mut(scope).is_some_and(|slot| slot.freeze(at));
        if begins && running {
            self.probation_until_ns = at.mono_ns.saturating_add(probation_ns);
        }
        begins
    }

    /// A reading agrees there.
    pub(super) fn thaw(&mut self, scope: Scope) {
        if let Some(slot) = self.slot_mut(scope) {
            slot.thaw();
        }
    }

    /// May the scope run at full size? Only out of CONSERVATIVE, after the probation or by force.
    pub(super) fn check_promotion(
        &self,
        scope: Scope,
        probation: Probation,
        now_ns: u64,
    ) -> Result<(), Refusal> {
        if Mode::Reducing <= self.of(scope).mode {
            return Err(Refusal::ResumeFirst);
        }
        match probation {
            Probation::Observe if now_ns < self.probation_until_ns => Err(Refusal::InProbation),
            Probation::Observe | Probation::Skip => Ok(()),
        }
    }

    /// The record of one scope alone; free for one that is not of this deployment.
    pub(super) fn of(&self, scope: Scope) -> ModeRecord {
        let slot = match scope {
            Scope::All => Some(&self.all),
            Scope::Venue(id) => self.venues.get(id.index()),
            Scope::Instrument(id) => self.instruments.get(id.index()),
            Scope::Strategy(id) => self.strategies.get(id.index()),
        };
        slot.map(|slot| *slot.held()).unwrap_or_default()
    }

    fn slot_mut(&mut self, scope: Scope) -> Option<&mut Slot> {
        match scope {
            Scope::All => Some(&mut self.all),
            Scope::Venue(id) => self.venues.get_mut(id.index()),
            Scope::Instrument(id) => self.instruments.get_mut(id.index()),
            Scope::Strategy(id) => self.strategies.get_mut(id.index()),
        }
    }

    /// The process ends: nothing more from strategies. Not a mode, so nothing of it is kept.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// The mode of everything: a deployment is as free as its freest venue.
    pub(super) fn all(&self) -> Mode {
        let venues = self.venues.iter().map(|slot| slot.mode());
        self.all.mode().max(venues.min().unwrap_or_default())
    }

    /// Its part of the state digest.
    pub(in crate::core) fn digest(&self, digest: Digest) -> Digest {
        self.slots().fold(digest, |digest, slot| digest.with(slot.mode() as i64))
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        let parts = self.venues.iter().chain(&self.instruments).chain(&self.strategies);
        parts.chain([&self.all])
    }

    /// How long the probation still takes, nanoseconds.
    pub(super) fn probation_left_ns(&self, now_ns: u64) -> u64 {
        self.probation_until_ns.saturating_sub(now_ns)
    }
}
