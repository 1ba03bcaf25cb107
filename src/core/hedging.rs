//! What becomes of a hedge group that is not hedged for too long, and of one that a trip reaches
//! (SAFETY E5).
//!
//! Must hold: nothing is closed without a person's word but where `on_trip` says so, and then by
//! exits alone: they reduce. `complete_hedge` therefore closes the leg that is too large, and never
//! opens the one that is too small. A group whose legs have no price is held, and said so.
//!
//! Decision: an exit of a group goes as far beyond the touch as any order may
//! (`risk.price_band_pct`): nobody is there to name a cap. It is not taken up after a restart: what
//! was to be closed then is for a person to look at.

use super::Core;
use super::alert::{Alert, HedgeAlert};
use super::effect::{Effect, Effects};
use super::hedge::HedgeStatus;
use super::mode::{ModeCause, Scope};
use super::safety::Change;
use super::setup::OnTrip;
use crate::types::{Cash, MS, Qty};

impl Core {
    /// Legs of a group that is late may only reduce, or hedge.
    pub(super) fn watch_hedges(&mut self, effects: &mut Effects) {
        while 0 < effects.room()
            && let Some(group) = self.state.hedges.take_late(self.state.now.mono_ns)
        {
            let net_delta = self.state.hedges.net_delta(group);
            effects.push(Effect::Alert(Alert::Hedge(HedgeAlert::Unhedged { group, net_delta })));
            for leg in 0..self.state.hedges.terms(group).legs.len() {
                let (instrument, _) = self.state.hedges.terms(group).legs[leg];
                let change = Change::by_engine(ModeCause::Unhedged);
                self.change_mode(Scope::Instrument(instrument), change, effects);
            }
        }
    }

    /// Latches newer than `generation` were set: every group with a leg that one of them reaches
    /// does as it is told.
    pub(super) fn hedge_tripped(&mut self, generation: u32, effects: &mut Effects) {
        for group in 0..self.state.hedges.len() {
            let legs = &self.state.hedges.terms(group).legs;
            if legs.iter().any(|(leg, _)| self.kernel.kills_since(*leg, generation)) {
                self.leave(group, effects);
            }
        }
    }

    fn leave(&mut self, group: usize, effects: &mut Effects) {
        let net_delta = self.state.hedges.net_delta(group);
        let on_trip = self.state.hedges.terms(group).on_trip;
        effects.push(Effect::Alert(Alert::Hedge(HedgeAlert::Tripped {
            group,
            net_delta,
            loss_per_percent: loss_per_percent(net_delta),
            liquidation_bps: self.hedge_liquidation_bps(group),
            on_trip,
        })));
        let (cap_bps, now_ns) = (self.kernel.limits().price_band_bps, self.state.now.mono_ns);
        let Self { state, flatten, .. } = self;
        match on_trip {
            OnTrip::Hold => {}
            OnTrip::CompleteHedge => {
                let portfolio = &state.portfolio;
                for (leg, kept) in state.hedges.kept(group, |leg| portfolio.position(leg)) {
                    flatten.begin_down_to(leg, kept, cap_bps, now_ns);
                }
            }
            OnTrip::Flatten => {
                for (leg, _) in &state.hedges.terms(group).legs {
                    flatten.begin_down_to(*leg, Qty::ZERO, cap_bps, now_ns);
                }
            }
        }
    }

    /// How far the nearest liquidation of a leg is.
    fn hedge_liquidation_bps(&self, group: usize) -> Option<i64> {
        let legs = self.state.hedges.terms(group).legs.iter();
        legs.filter_map(|(leg, _)| self.state.liquidation_bps(*leg)).min()
    }

    pub(super) fn hedge_status(&self, out: &mut Vec<HedgeStatus>) {
        out.resize_with(self.state.hedges.len(), HedgeStatus::default);
        for (group, line) in out.iter_mut().enumerate() {
            let terms = self.state.hedges.terms(group);
            line.name.clone_from(&terms.name);
            line.net_delta = self.state.hedges.net_delta(group);
            line.loss_per_percent = loss_per_percent(line.net_delta);
            line.unhedged_ms = self.state.hedges.unhedged_ns(group, self.state.now.mono_ns) / MS;
            line.liquidation_bps = self.hedge_liquidation_bps(group);
            line.on_trip = terms.on_trip;
        }
    }
}

fn loss_per_percent(net_delta: Option<Cash>) -> Option<Cash> {
    net_delta.and_then(|delta| delta.abs().checked_bps(100))
}
