//! The checks of the place and the time, in order of precedence: may anything be sent there now?
//!
//! Must hold: nothing here looks at the order, only at who asks, for which instrument, and when.

use super::facts::{Facts, Wish};
use super::verdict::{DenyReason, Passage, require};
use super::{Kernel, amending, attestation, freshness, key, market_move};
use crate::core::event::JournalState;
use crate::core::mode::Mode;
use crate::types::ClientOrderId;

impl Kernel {
    /// By whoever asks: there is no wish behind an exit.
    pub(super) fn check_place(
        &self,
        passage: Passage,
        mode: Mode,
        id: ClientOrderId,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        self.check_stops(passage, mode, wish, facts)?;
        self.check_venue(passage, wish, facts)?;
        let (now_ns, instrument) = (facts.now.mono_ns, facts.instrument);
        let holds = |holds, reason| passage.judge(require(holds, reason));
        holds(wish.is_none_or(|wish| wish.permitted), DenyReason::NotPermitted)?;
        let restricted = self.limits.instruments[instrument.id.index()].restricted;
        holds(!restricted, DenyReason::Restricted)?;
        passage.judge(match wish.filter(|wish| wish.amends.is_some()) {
            Some(wish) => amending::check(wish, instrument.kind),
            None => self.ids.check(id),
        })?;
        passage.judge(self.drifts[instrument.venue.index()].check(now_ns))?;
        self.check_market(passage, wish, facts)?;
        passage.judge(self.losses.check(now_ns))?;
        let Some(wish) = wish else { return Ok(()) };
        passage.judge(self.losses.check_strategy(wish.strategy))
    }

    /// Does a stop, a mode or the calendar forbid it?
    fn check_stops(
        &self,
        passage: Passage,
        mode: Mode,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let holds = |holds, reason| passage.judge(require(holds, reason));
        let strategy = wish.map(|wish| wish.strategy);
        passage.judge(self.kill_switch.check(facts.instrument.id, strategy))?;
        if wish.is_some() {
            passage.judge(self.modes.check(mode))?;
        }
        holds(!facts.flattening, DenyReason::Halted)?;
        holds(mode < Mode::Reducing, DenyReason::ReducingOnly)?;
        passage.judge(self.no_trade.check())
    }

    /// Can the venue be reached, is it known what is there, and can it be written down?
    fn check_venue(
        &self,
        passage: Passage,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let holds = |holds, reason| passage.judge(require(holds, reason));
        let link_up = if passage == Passage::Flatten { facts.entry_up } else { facts.link_up };
        holds(facts.serving, DenyReason::Maintenance)?;
        holds(facts.below_limit, DenyReason::VenueLimit)?;
        holds(link_up, DenyReason::LinkDown)?;
        holds(facts.reconciled, DenyReason::NotReconciled)?;
        holds(facts.instrument.filters.trading, DenyReason::NotTrading)?;
        let filters_age_ns = facts.now.mono_ns.saturating_sub(facts.filters_read_ns);
        let current = filters_age_ns <= self.limits.filters_age_ns_max;
        holds(current, DenyReason::StaleFilters)?;
        holds(self.journal == JournalState::InTime, DenyReason::JournalLate)?;
        passage.judge(attestation::check(self.attestation))?;
        passage.judge(key::check(self.key))?;
        let rests = wish.is_some_and(|wish| wish.request.kind.rests());
        holds(facts.can_guard || !rests, DenyReason::DeadManUnarmed)
    }

    /// Is the market known, as of now, and is it calm?
    fn check_market(
        &self,
        passage: Passage,
        wish: Option<&Wish<'_>>,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let (now_ns, market) = (facts.now.mono_ns, facts.market);
        passage.judge(require(market.last_quote().is_some(), DenyReason::NoPrice))?;
        passage.judge(freshness::check(market, now_ns, self.limits.data_age_ns_max))?;
        let origin_ns = wish.map_or(now_ns, |wish| wish.origin_ns);
        let age_ns_max = self.limits.signal_age_ns_max;
        passage.judge(freshness::check_signal(origin_ns, now_ns, age_ns_max))?;
        let before = market.past_mid(now_ns);
        passage.judge(market_move::check(market.mid(), before, self.limits.price_move.max_bps))
    }
}
