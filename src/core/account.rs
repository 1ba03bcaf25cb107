//! The venue's word on the account, taken in: readings of it, and what it says in between.

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use super::event::AccountEvent;
use super::reading::Asking;
use super::reconcile::Verdict;
use crate::types::{AccountSnapshot, BalanceCause};

impl Core {
    /// Takes it in.
    pub(super) fn on_account(&mut self, event: &AccountEvent, effects: &mut Effects) {
        match event {
            AccountEvent::Snapshot(snapshot) => {
                let reconciler = &self.state.reconcilers[snapshot.venue.index()];
                let asked_ns = reconciler.asked_ns().unwrap_or(0);
                if self.on_snapshot(snapshot, effects) != Verdict::Dropped {
                    self.on_margin(snapshot, asked_ns, effects);
                    self.fees.on_read(snapshot.margin.as_ref());
                }
            }
            AccountEvent::MarginCall(venue) => self.on_margin_call(*venue, effects),
            AccountEvent::Key(key) => {
                if self.kernel.on_key(*key) {
                    effects.push(Effect::Alert(Alert::Key(*key)));
                }
            }
            AccountEvent::QueryFailed { venue, token } => {
                let now_ns = self.state.now.mono_ns;
                self.state.reconcilers[venue.index()].on_failed(*token, now_ns);
            }
            AccountEvent::TradesRead(read) => self.on_trades_read(read, effects),
            AccountEvent::TradesFailed(instrument) => {
                self.state.trades.on_failed(*instrument, self.state.now.mono_ns);
            }
            AccountEvent::Balance(change) => {
                self.state.on_activity(change.venue);
                self.state.on_balance(change);
                if change.cause == BalanceCause::Funding {
                    self.on_funding(change, effects);
                }
            }
        }
    }

    fn on_snapshot(&mut self, snapshot: &AccountSnapshot, effects: &mut Effects) -> Verdict {
        let venue = snapshot.venue;
        let reconciler = &self.state.reconcilers[venue.index()];
        let (was_proven, asked_ns) = (reconciler.is_proven(), reconciler.asked_ns());
        let verdict = self.state.read(snapshot);
        if let Verdict::Dropped | Verdict::Inconclusive = verdict {
            return verdict;
        }
        // One that is only suspect is: it would be inconclusive otherwise.
        let quiet = !matches!(verdict, Verdict::Proven { quiet: false, .. });
        self.state.keep_reading(snapshot, Asking { asked_ns: asked_ns.unwrap_or(0), quiet });
        let found = self.state.reconcilers[venue.index()].findings();
        for finding in found.iter().take(effects.room()) {
            effects.push(Effect::Alert(Alert::Mismatch(*finding)));
        }
        let Verdict::Proven { adopt, quiet, findings } = verdict else {
            self.state.doubt_positions(snapshot);
            return verdict;
        };
        self.judge_drift(snapshot, effects);
        self.kernel.on_proven(venue, asked_ns.unwrap_or(0));
        self.state.adopt(snapshot, adopt, quiet);
        let taken = snapshot.open_orders.iter().filter_map(crate::types::VenueOrder::id);
        taken.for_each(|id| self.intents.skip(id));
        self.state.doubt_absent(snapshot, asked_ns.unwrap_or(0));
        self.state.compare_terms(snapshot, asked_ns.unwrap_or(0));
        self.state.reconcilers[venue.index()].forget_differences();
        if self.state.links[venue.index()].on_proven() {
            effects.push(Effect::Alert(Alert::MaintenanceOver(venue)));
        }
        self.withdrawing = true;
        if !was_proven || adopt {
            effects.push(Effect::Alert(Alert::Reconciled { venue, findings }));
        }
        self.state.equity = self.state.portfolio.equity();
        self.proven = true;
        verdict
    }
}
