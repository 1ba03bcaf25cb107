//! What is not hedged in a group stays within its limit, and not for longer than it may
//! (SAFETY E5).
//!
//! An order that lowers |net delta| counts as a reduction wherever appetite for risk asks, also
//! when it opens its own leg; what the leg itself may hold and carry binds it all the same, and it
//! never leaves with the venue's native flag.

use super::facts::Facts;
use super::terms;
use super::verdict::{DenyReason, Passage, require};
use crate::core::hedge::HedgeAround;
use crate::types::{Cash, OrderRequest, Price, Purpose, Qty};

/// What a strategy's order asks to pass as.
pub(super) fn passage_of(request: &OrderRequest, facts: &Facts<'_>, band_bps: u32) -> Passage {
    if request.purpose != Purpose::Opening {
        return Passage::Reduce;
    }
    let tick = facts.instrument.filters.price_tick;
    let worth = facts.market.last_quote().and_then(|quote| {
        let price = terms::price_of(request, quote, tick, band_bps).ok()?;
        Some(price.max(quote.ask))
    });
    let hedges = worth.is_some_and(|worth| lowers(facts.hedge.as_ref(), worth, request.qty));
    if hedges { Passage::Hedge } else { Passage::Open }
}

/// Leads towards zero, with everything that is under way that way, and beyond it no further than
/// what counts as hedged, nor as far as it was from it: lots and a touch that moves are no turn.
fn lowers(around: Option<&HedgeAround>, worth: Price, qty: Qty) -> bool {
    let Some(around) = around else { return false };
    let open = around.towards.map_or(Cash::ZERO, Cash::negated);
    let most = around.hedged_within.min(open.saturating_sub(Cash::from_units(1)));
    let after = after(around, worth, qty);
    Cash::ZERO < open && after.is_some_and(|after| after <= most)
}

/// An opening order of a leg; nothing where the instrument is none.
pub(super) fn check(
    around: Option<&HedgeAround>,
    worth: Price,
    qty: Qty,
) -> Result<(), DenyReason> {
    let Some(around) = around else { return Ok(()) };
    let fits = after(around, worth, qty).is_some_and(|after| after <= around.net_delta_max);
    require(fits, DenyReason::NetDelta)?;
    require(!around.is_late, DenyReason::UnhedgedLeg)
}

fn after(around: &HedgeAround, worth: Price, qty: Qty) -> Option<Cash> {
    around.towards?.checked_add(worth.notional(qty).checked_bps(around.ratio_bps)?)
}
