//! Differences between the venue's account and ours that are beyond tolerance: what they are, and
//! the freeze that follows (SAFETY T6, DESIGN idea 5).
//!
//! Must hold: judged only by a reading that is taken for true, which for a difference is the second
//! one that says the same: until then nothing is opened on that venue at all. While a place is
//! frozen every limit counts the larger of what we believed and what the venue says (P15).
//!
//! Decision: what orders of ours traded while nobody told, as the venue says of each of them, is no
//! drift: every lost connection does that to an honest market maker (SAFETY E14). Nor is a wallet
//! that differs beside a position: the trade that is missing moved both. Nor one that takes back a
//! transfer which was told twice (`suspense.rs`).

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use super::mode::{ModeRecord, Scope};
use super::reconcile::Finding;
use super::setup::Sharing;
use super::state::State;
use crate::types::{
    AccountSnapshot, AssetId, Cash, Instrument, InstrumentId, Purpose, Qty, VenueId, VenueOrder,
};

/// What differs, with both values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccountDrift {
    /// A position.
    Position {
        /// Of what.
        instrument: InstrumentId,
        /// What we believed.
        ours: Qty,
        /// What the venue holds.
        venue: Qty,
    },
    /// A wallet: everything on its venue may only reduce.
    Balance {
        /// Of what.
        asset: AssetId,
        /// What we believed.
        ours: Cash,
        /// What the venue holds.
        venue: Cash,
    },
    /// Opening orders stand there that are not known here.
    Orders {
        /// Of what.
        instrument: InstrumentId,
        /// How many.
        unknown: u32,
    },
}

impl Core {
    /// Freezes what a reading shows to be adrift and thaws the rest; before it is adopted.
    pub(super) fn judge_drift(&mut self, snapshot: &AccountSnapshot, effects: &mut Effects) {
        let venue = snapshot.venue;
        let mut begins = false;
        for at in 0..self.state.instruments.len() {
            let instrument = &self.state.instruments[at];
            if instrument.venue != venue {
                continue;
            }
            let position = self.state.position_drift(instrument, snapshot);
            let drift = position.or_else(|| self.state.orders_drift(instrument, snapshot));
            let id = instrument.id;
            let ours = self.state.portfolio.position(id);
            self.state.told[at].rival = position.map(|_| ours);
            begins |= self.keep_frozen(Scope::Instrument(id), drift, effects);
        }
        let drift = self.state.balance_drift(venue);
        begins |= self.keep_frozen(Scope::Venue(venue), drift, effects);
        if begins {
            self.state.reconcilers[venue.index()].ask_soon();
        }
    }

    /// True when that place was not frozen before.
    fn keep_frozen(
        &mut self,
        scope: Scope,
        drift: Option<AccountDrift>,
        effects: &mut Effects,
    ) -> bool {
        let before = self.kernel.mode_in(scope);
        let begins = drift.is_some() && self.kernel.freeze(scope, self.state.now);
        if begins {
            effects.extend(drift.map(Alert::AccountDrift).map(Effect::Alert));
        }
        if drift.is_none() {
            self.kernel.thaw(scope);
        }
        let record = self.kernel.mode_in(scope);
        if before != record {
            let alert = match drift {
                Some(_) => Alert::Mode { scope, record },
                None => Alert::DriftOver { scope, record },
            };
            self.tell_mode(scope, record, alert, effects);
        }
        begins
    }

    /// Another mode holds from here on: it is kept, and a person is told.
    pub(super) fn tell_mode(
        &mut self,
        scope: Scope,
        record: ModeRecord,
        alert: Alert,
        effects: &mut Effects,
    ) {
        self.withdrawing = true;
        effects.push(Effect::ModeChanged { scope, record });
        effects.push(Effect::Alert(alert));
    }
}

impl State {
    /// A reading differs and is not believed yet: limits count the larger position.
    pub(super) fn doubt_positions(&mut self, snapshot: &AccountSnapshot) {
        for at in 0..self.instruments.len() {
            let Instrument { id, venue, .. } = self.instruments[at];
            if venue == snapshot.venue {
                let told = told(snapshot, id);
                self.told[at].rival = (told != self.portfolio.position(id)).then_some(told);
                self.expose(id);
            }
        }
    }

    fn position_drift(
        &self,
        instrument: &Instrument,
        snapshot: &AccountSnapshot,
    ) -> Option<AccountDrift> {
        let id = instrument.id;
        let (ours, venue) = (self.portfolio.position(id), told(snapshot, id));
        if ours == venue || !self.portfolio.is_known(snapshot.venue) {
            return None;
        }
        let step = instrument.filters.qty_step.units();
        let steps = i64::from(self.timing.position_tolerance_steps);
        let tolerance = Qty::from_units(step.saturating_mul(steps));
        let claimed = ours.saturating_add(self.orders.unsettled(id));
        let is_within = |ours: Qty| venue.saturating_sub(ours).abs() <= tolerance;
        let explained = is_within(ours) || is_within(claimed);
        (!explained).then_some(AccountDrift::Position { instrument: id, ours, venue })
    }

    /// Orders under our name that we do not know; those of others where nobody else may have any.
    /// What only reduces opens nothing, whoever placed it.
    fn orders_drift(
        &self,
        instrument: &Instrument,
        snapshot: &AccountSnapshot,
    ) -> Option<AccountDrift> {
        let is_first = !self.portfolio.is_known(snapshot.venue);
        let is_unknown = |order: &&VenueOrder| match order.id() {
            Some(id) => !is_first && self.orders.get(id).is_none(),
            None => self.sharing == Sharing::Exclusive,
        };
        let here = snapshot.open_orders.iter().filter(|order| order.instrument == instrument.id);
        let opening = here.filter(|order| order.purpose == Purpose::Opening);
        let unknown = u32::try_from(opening.filter(is_unknown).count()).unwrap_or(u32::MAX);
        let beyond = self.timing.open_orders_tolerance < unknown;
        beyond.then_some(AccountDrift::Orders { instrument: instrument.id, unknown })
    }

    fn balance_drift(&self, here: VenueId) -> Option<AccountDrift> {
        let findings = self.reconcilers[here.index()].findings();
        let drift = findings.iter().find_map(|found| match *found {
            Finding::Balance { asset, ours, venue } => {
                let known = self.portfolio.takes_back(asset, venue.saturating_sub(ours));
                (!known).then_some(AccountDrift::Balance { asset, ours, venue })
            }
            Finding::Position { .. }
            | Finding::Orphan { .. }
            | Finding::ForeignOrders { .. }
            | Finding::UnnamedPositions { .. }
            | Finding::UnnamedAssets => None,
        })?;
        let moved = findings.iter().any(|found| matches!(found, Finding::Position { .. }));
        let mut there = self.instruments.iter().filter(|it| it.venue == here);
        let traded = there.any(|it| self.orders.has_unsettled(it.id));
        (!moved && !traded).then_some(drift)
    }
}

/// What the venue holds; what it does not name is flat.
fn told(snapshot: &AccountSnapshot, instrument: InstrumentId) -> Qty {
    let held = snapshot.positions.iter().find(|held| held.instrument == instrument);
    held.map_or(Qty::ZERO, |held| held.qty)
}
