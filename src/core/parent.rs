//! A strategy's parents: opened, filled by the orders that name them, and ended (SAFETY P18). An
//! execution that goes on past what it was asked to do is stopped here, also where every single
//! order and every position is within its limits.
//!
//! Must hold: a parent that is over stays over, and its number is never used again; opening orders
//! under it are taken back until the venue confirms it.
//!
//! Decision: a restart ends every parent. None is read back from the journal: a strategy that
//! starts anew knows nothing of what it had under way, and its orders that still stand have no
//! owner any more and are taken back as such. It opens another one for what it finds left to do.
//!
//! Decision: when a parent ends, its reductions and protective orders stay: nothing here takes away
//! what closes or guards a position (SAFETY E1). They can be amended and taken back as if they had
//! never named it.

use super::Core;
use super::effect::{Effect, Effects};
use super::mode::Mode;
use super::safety::{DenyReason, ParentWish};
use super::strategy::Outcome;
use crate::types::{InstrumentId, ParentId, Qty, Side, StrategyId};

/// A quantity that orders share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parent {
    /// Its number.
    pub id: ParentId,
    /// Whose it is.
    pub strategy: StrategyId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// All that its orders may trade together; positive.
    pub qty: Qty,
}

/// Whether a strategy may open without a parent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParentRule {
    /// An opening order that names none is denied.
    Required,
    /// Parents are for those who name them.
    Off,
}

/// What became of a parent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParentEvent {
    /// Orders may go under it from here on.
    Opened(Parent),
    /// The kernel said no.
    Denied {
        /// What was asked for; its number is spent.
        parent: Parent,
        /// Why not.
        reason: DenyReason,
    },
    /// Its strategy ended it.
    Ended(ParentId),
    /// The strategy stopped: all that it had open are over.
    Stopped(StrategyId),
}

impl Core {
    pub(super) fn open_parent(&mut self, parent: Parent, effects: &mut Effects) {
        let Parent { strategy, instrument, .. } = parent;
        let wish = ParentWish {
            parent,
            permitted: self.seats[strategy.index()].instruments.contains(&instrument),
            open: self.state.orders.parents().count_of(strategy),
        };
        let event = match self.kernel.review_parent(&wish) {
            Ok(()) => {
                self.state.orders.open_parent(parent);
                ParentEvent::Opened(parent)
            }
            Err(reason) => {
                let outcome = Outcome::Denied(reason);
                self.count_denial(strategy, parent.id.0, instrument, outcome, reason);
                ParentEvent::Denied { parent, reason }
            }
        };
        effects.push(Effect::Parent(event));
    }

    pub(super) fn end_parent(&mut self, strategy: StrategyId, id: ParentId, effects: &mut Effects) {
        if !self.state.orders.end_parent(strategy, id) {
            return self.intents.count_dropped();
        }
        effects.push(Effect::Parent(ParentEvent::Ended(id)));
        self.withdraw_outlived(effects);
    }

    /// Ends the parents of strategies that stopped.
    pub(super) fn end_stopped_parents(&mut self, effects: &mut Effects) {
        if self.state.orders.parents().is_empty() {
            return;
        }
        for (at, _) in (0_u8..).zip(&self.seats) {
            let strategy = StrategyId(at);
            let stopped =
                self.kernel.is_stopping() || Mode::Halted <= self.kernel.mode_of(strategy);
            if stopped && self.state.orders.end_parents(strategy) {
                effects.push(Effect::Parent(ParentEvent::Stopped(strategy)));
                self.withdrawing = true;
            }
        }
    }

    /// Takes back what stands under no open parent; what does not fit goes with the next event.
    fn withdraw_outlived(&mut self, effects: &mut Effects) {
        let sent = effects.as_slice().len();
        let now_ns = self.state.now.mono_ns;
        let done = self.state.orders.withdraw(|_| false, now_ns, effects);
        self.counters.cancels_sent += (effects.as_slice().len() - sent) as u64;
        self.withdrawing |= !done;
    }
}
