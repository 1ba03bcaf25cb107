//! A stop that waits at the venue: the way from the engine's own wish to one (SAFETY E1).
//!
//! Must hold: it closes what is held and nothing else, and would not be met at once. It passes as
//! an operator's exit does: no stop, no mode and no loss of sight keeps a position from being
//! guarded (SAFETY E2).

use super::facts::Facts;
use super::verdict::{ApprovedStop, DenyReason, Passage, require};
use super::{Kernel, filters};
use crate::types::{Filters, Price, Side, StopOrder, WorkingPrice};

impl Kernel {
    /// Whatever the answer, its id is spent.
    pub(in crate::core) fn review_stop(
        &mut self,
        stop: &StopOrder,
        facts: &Facts<'_>,
    ) -> Result<ApprovedStop, DenyReason> {
        let verdict = self.judge_stop(stop, facts);
        self.ids.spend(stop.id);
        verdict.map(|()| ApprovedStop::by_kernel(*stop))
    }

    fn judge_stop(&mut self, stop: &StopOrder, facts: &Facts<'_>) -> Result<(), DenyReason> {
        let (passage, now_ns) = (Passage::Flatten, facts.now.mono_ns);
        let mode = self.modes.at(stop.instrument, None);
        self.check_place(passage, mode, stop.id, None, facts)?;
        filters::check_price(&facts.instrument.filters, stop.trigger)?;
        let guards = Side::reducing(facts.account.position) == Some(stop.side);
        require(guards, DenyReason::NotReducing)?;
        let latest = latest(stop.working, facts).ok_or(DenyReason::NoPrice)?;
        require(waits(stop, latest), DenyReason::PriceOffMarket)?;
        self.rates.check(passage, now_ns)?;
        self.rates.take(None, now_ns);
        Ok(())
    }
}

/// The price that meets it, as it is now; where that is not told, the middle of the market.
pub(in crate::core) fn latest(working: WorkingPrice, facts: &Facts<'_>) -> Option<Price> {
    let told = match working {
        WorkingPrice::Mark => facts.market.mark(),
        WorkingPrice::Contract => facts.market.traded(facts.now.mono_ns, u64::MAX),
    };
    told.or_else(|| facts.market.last_quote()?.mid())
}

/// So many basis points from `latest` against whoever holds a position, on a tick: a sale under a
/// long, a buy over a short. Rounded towards the market, so that it guards no less than was asked.
pub(in crate::core) fn trigger(
    side: Side,
    latest: Price,
    distance_bps: i32,
    filters: &Filters,
) -> Price {
    let tick = filters.price_tick;
    match side {
        Side::Sell => latest.moved_bps(distance_bps.saturating_neg()).ceil_to(tick),
        Side::Buy => latest.moved_bps(distance_bps).floor_to(tick),
    }
}

fn waits(stop: &StopOrder, latest: Price) -> bool {
    match stop.side {
        Side::Sell => stop.trigger < latest,
        Side::Buy => latest < stop.trigger,
    }
}
