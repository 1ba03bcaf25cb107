//! A reduction really reduces: judged on the account's position and on the strategy's own ledger
//! (SAFETY E9), with the reductions that are under way counted.

use super::Holdings;
use super::verdict::{DenyReason, require};
use crate::types::{Purpose, Qty, Side};

pub(super) fn check(
    holdings: &[Holdings<'_>],
    side: Side,
    qty: Qty,
    purpose: Purpose,
) -> Result<(), DenyReason> {
    if purpose == Purpose::Opening {
        return Ok(());
    }
    let reduces = |held: &Holdings<'_>| {
        let under_way = held.open.reducing(side).saturating_add(qty);
        Side::reducing(held.position) == Some(side) && under_way <= held.position.abs()
    };
    require(holdings.iter().all(reduces), DenyReason::NotReducing)
}
