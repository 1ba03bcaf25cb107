//! What a strategy's order is to the account, where several strategies hold the instrument
//! (SAFETY E9).
//!
//! A strategy knows its own ledger and asks by it. Only an order that lowers the ledger and the
//! account's net position alike is a reduction, and only a reduction carries the venue's native
//! flag. One that lowers the ledger and not the net is an opening order to the account: it is
//! judged and limited as one, has an end as one, and leaves without the flag. One that raises the
//! ledger is an opening order whatever it does to the net.
//!
//! Must hold: an order without the flag is counted by the account as opening, so that however two
//! strategies race to close, what may cross zero is within the limits of positions.
//!
//! Decision: in REDUCING, or beyond a limit of loss, such a way out of a ledger is denied with all
//! that opens: it would add to what the account has at risk. What the account holds can still be
//! lowered, by those whose ledgers lean its way and by the operator.

use super::facts::{Facts, Wish};
use super::reducing;
use crate::types::{OrderRequest, Purpose};

/// What a wish is to the account. The flag of an order that stands is what it is.
pub(super) fn purpose(wish: &Wish<'_>, facts: &Facts<'_>, shared: bool) -> Purpose {
    let OrderRequest { side, qty, purpose, .. } = wish.request;
    let asks = shared && wish.amends.is_none() && purpose == Purpose::Reducing;
    let lowers = || reducing::lowers(&facts.account, facts.instrument.kind, side, qty);
    if asks && !lowers() { Purpose::Opening } else { purpose }
}

/// When it ends: one that opens after all does so even where none was asked for.
pub(super) fn ttl_ns(request: &OrderRequest, purpose: Purpose, ttl_ns_max: u64) -> Option<u64> {
    let opens = purpose != request.purpose;
    request.ttl_ns.or(opens.then_some(ttl_ns_max))
}
