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

/// The wish as the account must take it; `ttl_ns_max` is the end of an order that asked for none.
pub(super) fn to_account<'a>(
    wish: &Wish<'a>,
    facts: &Facts<'_>,
    shared: bool,
    ttl_ns_max: u64,
) -> Wish<'a> {
    let OrderRequest { side, qty, purpose, ttl_ns, .. } = wish.request;
    let lowers = reducing::lowers(&facts.account, facts.instrument.kind, side, qty);
    // The flag of an order that stands is what it is.
    let asks = wish.amends.is_none() && purpose == Purpose::Reducing;
    let opens = shared && asks && !lowers;
    let request = match opens {
        true => OrderRequest {
            purpose: Purpose::Opening,
            ttl_ns: ttl_ns.or(Some(ttl_ns_max)),
            ..wish.request
        },
        false => wish.request,
    };
    Wish { request, ..*wish }
}
