//! A reduction really reduces: judged on the account's position and on the strategy's own ledger
//! (SAFETY E9), with the reductions that are under way counted.
//!
//! A reduction of unknown fate blocks no other where the venue enforces reduce-only, which it does
//! for contracts; on spot it may really sell twice, and counts (SAFETY E8).

use super::Holdings;
use super::facts::Candidate;
use super::verdict::{DenyReason, require};
use crate::core::orders::Open;
use crate::types::{InstrumentKind, Purpose, Qty, Side};

/// A strategy's order that is called a reduction of its ledger, `own`. Of the account it must be
/// one too, unless it goes as an opening order (`shared.rs`).
///
/// Where an instrument is shared, a reduction of unknown fate counts against the ledger: the venue
/// guards the account's position and not a part of it.
pub(super) fn check(
    order: &Candidate,
    account: &Holdings<'_>,
    own: &Holdings<'_>,
    kind: InstrumentKind,
    shared: bool,
) -> Result<(), DenyReason> {
    let &Candidate { side, purpose, toward, .. } = order;
    if toward == Purpose::Opening {
        return Ok(());
    }
    let qty = order.change();
    let guard = if shared { InstrumentKind::Spot } else { kind };
    let reduces = lowers(own, guard, side, qty)
        && (purpose == Purpose::Opening || lowers(account, kind, side, qty));
    require(reduces, DenyReason::NotReducing)
}

/// Lowers a position, with the reductions that are under way.
pub(super) fn lowers(held: &Holdings<'_>, kind: InstrumentKind, side: Side, qty: Qty) -> bool {
    let doubtful = match kind {
        InstrumentKind::Perpetual => Qty::ZERO,
        InstrumentKind::Spot => held.open.doubtful(side),
    };
    let under_way = held.open.reducing(side).saturating_add(doubtful);
    is_within(held.position, side, under_way.saturating_add(qty))
}

/// An operator's exit: up to the whole position whatever else rests there, where the venue itself
/// sees to it that the sum of all reductions does not turn the position.
pub(super) fn check_exit(
    held: &Holdings<'_>,
    kind: InstrumentKind,
    side: Side,
    qty: Qty,
) -> Result<(), DenyReason> {
    let reduces = Side::reducing(held.position) == Some(side);
    let room = exit_room(kind, held.position, held.open);
    require(reduces && qty <= room, DenyReason::NotReducing)
}

/// How much an operator's exit may carry now. On spot what other reductions may have locked is not
/// there any more, however their fate turns out.
pub(in crate::core) fn exit_room(kind: InstrumentKind, position: Qty, open: &Open) -> Qty {
    let Some(side) = Side::reducing(position) else { return Qty::ZERO };
    let locked = match kind {
        InstrumentKind::Perpetual => Qty::ZERO,
        InstrumentKind::Spot => open.reducing(side).saturating_add(open.doubtful(side)),
    };
    position.abs().saturating_sub(locked).max(Qty::ZERO)
}

fn is_within(position: Qty, side: Side, qty: Qty) -> bool {
    Side::reducing(position) == Some(side) && qty <= position.abs()
}
