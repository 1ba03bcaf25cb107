//! What is not hedged in a group stays within its limit, and not for longer than it may
//! (SAFETY E5).
//!
//! An order that lowers |net delta| counts as a reduction wherever appetite for risk asks, also
//! when it opens its own leg; what the leg itself may hold and carry binds it all the same, and it
//! never leaves with the venue's native flag.

use super::facts::{Facts, Wish};
use super::verdict::{DenyReason, Passage, require};
use super::{amending, terms};
use crate::core::hedge::HedgeAround;
use crate::types::{Cash, Purpose};

/// What a strategy's wish, which is that to the account, asks to pass as. An order that hedges does
/// so at another price too, as long as it becomes no larger.
pub(super) fn passage(
    wish: &Wish<'_>,
    purpose: Purpose,
    facts: &Facts<'_>,
    band_bps: u32,
) -> Passage {
    let (passage, request) = (amending::passage(wish, purpose), &wish.request);
    let hedges = |around: &HedgeAround| {
        let Some(quote) = facts.market.last_quote() else { return false };
        let tick = facts.instrument.filters.price_tick;
        let price = terms::price_of(request, quote, tick, band_bps);
        let more = price.map(|price| price.max(quote.ask).notional(request.qty));
        more.is_ok_and(|more| lowers(around, more))
    };
    let hedges = match wish.amends {
        Some(order) => order.hedges_up_to(request.qty),
        None => facts.hedge.as_ref().is_some_and(hedges),
    };
    if passage == Passage::Open && hedges { Passage::Hedge } else { passage }
}

/// Leads towards zero, with everything that is under way that way, and beyond it no further than
/// what counts as hedged, nor as far as it was from it: lots and a touch that moves are no turn.
fn lowers(around: &HedgeAround, more: Cash) -> bool {
    let open = around.towards.map_or(Cash::ZERO, Cash::negated);
    let most = around.hedged_within.min(open.saturating_sub(Cash::from_units(1)));
    let after = after(around, more);
    Cash::ZERO < open && after.is_some_and(|after| after <= most)
}

/// An opening order of a leg, which adds so much to it; nothing where the instrument is none.
pub(super) fn check(around: Option<&HedgeAround>, more: Cash) -> Result<(), DenyReason> {
    let Some(around) = around else { return Ok(()) };
    let fits = after(around, more).is_some_and(|after| after <= around.net_delta_max);
    require(fits, DenyReason::NetDelta)?;
    require(!around.is_late, DenyReason::UnhedgedLeg)
}

fn after(around: &HedgeAround, more: Cash) -> Option<Cash> {
    around.towards?.checked_add(more.checked_bps(around.ratio_bps)?)
}
