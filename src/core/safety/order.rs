//! The checks of an order, where one may be sent, in order of precedence.

use super::facts::{After, Candidate, Facts, Wish};
use super::verdict::{DenyReason, require};
use super::{
    Kernel, STRATEGY_ORDERS_MAX, collar, duplicate, exposure, filters, hedge, mark_band, parents,
    permission, reducing, self_trade, size, taking, ttl,
};
use crate::types::{Price, Purpose, Quote};

impl Kernel {
    pub(super) fn check_order(
        &mut self,
        order: &Candidate,
        quote: &Quote,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        self.check_terms(order, quote, wish, facts)?;
        self.check_intent(order, wish, facts)?;
        self.check_counts(order, wish, facts)?;
        let after = After::of(order, quote.ask, &facts.account);
        self.check_positions(order, &after, facts)?;
        order.passage.judge(self.check_margin(order, &after, facts))?;
        let Some(wish) = wish else { return Ok(()) };
        self.check_budget(order, after.worth, wish, facts)
    }

    /// By itself, by the venue's rules and by the market.
    fn check_terms(
        &self,
        order: &Candidate,
        quote: &Quote,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, side, price, qty, purpose, ttl_ns, takes, mode, .. } = order;
        let (now_ns, limits, kind) = (facts.now.mono_ns, &self.limits, facts.instrument.kind);
        let bounds = &limits.instruments[facts.instrument.id.index()];
        if let Some(wish) = wish {
            let allowed = &self.budgets[wish.strategy.index()].permissions;
            passage.judge(permission::check(allowed, &wish.request))?;
        }
        passage.judge(taking::check(limits.conservative_taker, mode, takes))?;
        let (venue, notional) = (&facts.instrument.filters, price.notional(qty));
        passage.judge(filters::check(venue, price, qty, notional, purpose))?;
        passage.judge(mark_band::check(venue, facts.market, quote, side, price, now_ns))?;
        passage.judge(size::check(qty, bounds.order_qty_max))?;
        passage.judge(size::check_notional(notional, limits.order_notional_max))?;
        if takes {
            let (book, max_bps) = (facts.market.book(), limits.depth_bps_max);
            passage.judge(taking::check_depth(book, side, order.rest, max_bps))?;
        }
        passage.judge(collar::check(quote, side, price, limits.price_band_bps))?;
        let traded = facts.market.traded(now_ns, limits.data_age_ns_max);
        passage.judge(collar::check_trade(traded, side, price, limits.price_band_bps))?;
        passage.judge(ttl::check(ttl_ns, purpose, limits.order_ttl_ns_max))?;
        passage.judge(match wish {
            Some(wish) => reducing::check(order, &facts.account, &wish.own, kind, bounds.shared),
            None => reducing::check_exit(&facts.account, kind, side, qty),
        })
    }

    /// Has all of it been asked for, or the same, and would it meet an order of our own?
    fn check_intent(
        &self,
        order: &Candidate,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, side, price, .. } = order;
        if let Some(wish) = wish {
            let rule = self.budgets[wish.strategy.index()].parents;
            passage.judge(parents::check(order, wish, rule))?;
        }
        if let Some(key) = &order.key {
            passage.judge(duplicate::check(facts.standing, key))?;
            passage.judge(self.repeats.check(key, facts.now.mono_ns))?;
        }
        passage.judge(self_trade::check(facts.own_opposite, side, price))
    }

    /// How many orders there are, and how many there were lately.
    ///
    /// Decision: orders of unknown fate are limited in each instrument, which is the smallest scope
    /// of a lost answer (SAFETY E8), and in all together: answers that are lost here and there are
    /// a venue or a connection that loses them, before any one instrument shows it.
    fn check_counts(
        &mut self,
        order: &Candidate,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let passage = order.passage;
        let (limits, here) = (&self.limits, facts.account.open);
        let bounds = &limits.instruments[facts.instrument.id.index()];
        let holds = |holds, reason| passage.judge(require(holds, reason));
        holds(facts.unknown_orders < limits.unknown_orders_max, DenyReason::TooManyUnknown)?;
        holds(here.unknown() < bounds.unknown_orders_max, DenyReason::InstrumentUnknown)?;
        // An amend adds no order.
        if wish.is_none_or(|wish| wish.amends.is_none()) {
            let most = limits.open_orders_max.min(STRATEGY_ORDERS_MAX);
            holds(facts.live_orders < most, DenyReason::TooManyOrders)?;
            holds(here.live() < bounds.open_orders_max, DenyReason::InstrumentOrders)?;
        }
        passage.judge(self.rates.check(passage, facts.now.mono_ns))
    }

    /// What the account could hold with it.
    fn check_positions(
        &self,
        order: &Candidate,
        after: &After,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, mode, .. } = order;
        let bounds = &self.limits.instruments[facts.instrument.id.index()];
        let position_max = self.scaled_qty(mode, bounds.position_max);
        passage.judge(exposure::check_position(after.reach, position_max))?;
        let gross_max = self.scaled_cash(mode, self.limits.gross_notional_max);
        passage.judge(exposure::check_gross(&facts.around, after.more, gross_max))?;
        if order.purpose == Purpose::Opening {
            passage.judge(hedge::check(facts.hedge.as_ref(), after.more))?;
        }
        self.check_sums(order, after, facts)
    }

    /// What is left of what its strategy may use.
    fn check_budget(
        &mut self,
        order: &Candidate,
        worth: Price,
        wish: &Wish<'_>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let &Candidate { passage, side, mode, .. } = order;
        let budget = &self.budgets[wish.strategy.index()];
        let notional_max = self.scaled_cash(mode, budget.position_notional_max);
        let has_room = wish.amends.is_some() || wish.live_orders < budget.open_orders_max;
        passage.judge(require(has_room, DenyReason::StrategyOrders))?;
        let now_ns = facts.now.mono_ns;
        passage.judge(self.rates.check_strategy(passage, wish.strategy, now_ns))?;
        if order.toward != Purpose::Opening {
            return Ok(());
        }
        passage.judge(exposure::check_strategy(&wish.own, side, worth, order.added(), notional_max))
    }
}
