//! A strategy's wish to make something else of an order of its own, and what becomes of it
//! (SAFETY P30, D21).
//!
//! Must hold: an amend leaves only as [`super::safety::ApprovedAmend`], and both terms count from
//! then on. One of an order that is over, or somebody else's, is none.

use super::Core;
use super::effect::{Command, Effect, Effects};
use super::orders::{Applied, Order, Settled};
use super::safety::{DenyReason, Wish};
use super::strategy::{OrderUpdate, Outcome};
use crate::types::{
    Amendment, ClientOrderId, OrderKind, OrderRequest, Quote, StrategyId, TimeInForce,
};

impl Core {
    pub(super) fn amend(
        &mut self,
        strategy: StrategyId,
        id: ClientOrderId,
        to: Amendment,
        effects: &mut Effects,
    ) {
        let known = self.state.orders.get(id).copied();
        let Some(order) = known.filter(|order| order.strategy == Some(strategy)) else {
            return self.intents.count_dropped();
        };
        let instrument = order.terms.instrument;
        let mut facts = self.state.facts(instrument, order.terms.side);
        facts.flattening = self.flatten.is_flattening(instrument);
        // It does not wait for the switch: the order stands already.
        facts.can_guard = self.state.dead_man.is_armed(instrument, facts.now.mono_ns);
        let wish = Wish {
            id,
            strategy,
            request: request_of(&order, to, facts.now.mono_ns),
            origin_ns: self.origin_ns,
            permitted: self.seats[strategy.index()].instruments.contains(&instrument),
            own: self.state.own(strategy, instrument),
            live_orders: self.state.totals().live_of(strategy),
            amends: Some(&order),
            under: self.state.orders.parents().over(&order),
        };
        match self.kernel.review_amend(&wish, &facts) {
            Ok(approved) => {
                let mid = self.state.market[instrument.index()].quote().and_then(Quote::mid);
                self.state.orders.amend(&approved, mid, self.state.now.mono_ns);
                self.state.expose(instrument);
                self.counters.amends_sent += 1;
                effects.push(Effect::Send(Command::Amend(approved)));
            }
            Err(reason) => self.deny_amend(&order, strategy, to, reason, effects),
        }
    }

    fn deny_amend(
        &mut self,
        order: &Order,
        strategy: StrategyId,
        to: Amendment,
        reason: DenyReason,
        effects: &mut Effects,
    ) {
        let (id, instrument) = (order.id, order.terms.instrument);
        self.count_denial(strategy, id, instrument, Outcome::AmendDenied(reason), reason);
        effects.push(Effect::AmendDenied { id, strategy, instrument, to, reason });
    }

    /// Tells its strategy what became of an amend.
    pub(super) fn tell_amend(&mut self, applied: &Applied, effects: &mut Effects) {
        let Some((strategy, settled)) = applied.order.strategy.zip(applied.amended) else { return };
        let outcome = match settled {
            Settled::Done(to) => Outcome::Amended(to),
            Settled::Refused => Outcome::AmendRefused,
        };
        let (id, instrument) = (applied.order.id, applied.order.terms.instrument);
        let update = OrderUpdate { id, instrument, outcome };
        self.call(strategy.index(), effects, |strategy, view, intents| {
            strategy.on_order(view, &update, intents);
        });
    }
}

/// The order as it would be asked for anew; its end stays where it is.
fn request_of(order: &Order, to: Amendment, now_ns: u64) -> OrderRequest {
    let kind = match order.terms.time_in_force {
        TimeInForce::Gtc => OrderKind::Limit(to.price),
        TimeInForce::Gtx => OrderKind::PostOnly(to.price),
        TimeInForce::Ioc => OrderKind::Ioc(to.price),
        TimeInForce::Fok => OrderKind::Fok(to.price),
    };
    OrderRequest {
        instrument: order.terms.instrument,
        side: order.terms.side,
        kind,
        qty: to.qty,
        purpose: order.terms.purpose,
        ttl_ns: order.terms.expires_ns.map(|end_ns| end_ns.saturating_sub(now_ns)),
    }
}
