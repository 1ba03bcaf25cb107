//! Orders that take what others have placed: whether they may (R35), and how much of it (SAFETY
//! P11).
//!
//! Decision: a limit order takes when it meets the other side of the quote as it is known; one that
//! comes to meet it on its way is not foreseen, and post-only is the kind for who minds.
//!
//! Decision: visible depth are the best twenty levels of the book, a number of steps that does not
//! grow with the book; what stands farther away is often gone before it is met.

use super::verdict::{DenyReason, require};
use crate::core::book::Book;
use crate::core::mode::Mode;
use crate::core::setup::Taker;
use crate::types::{OrderKind, Price, Qty, Quote, Side};

const LEVELS: usize = 20;

/// True when an order of this kind and price trades at once, as far as is known.
pub(super) fn takes(kind: &OrderKind, quote: &Quote, side: Side, price: Price) -> bool {
    match kind {
        OrderKind::PostOnly(_) => false,
        OrderKind::Ioc(_) | OrderKind::Fok(_) | OrderKind::Market => true,
        OrderKind::Limit(_) => quote.touch(side).is_none_or(|touch| side.accepts(touch, price)),
    }
}

/// In CONSERVATIVE, where the configuration turns takers off.
pub(super) fn check(taker: Taker, mode: Mode, takes: bool) -> Result<(), DenyReason> {
    let off = mode == Mode::Conservative && taker == Taker::Off;
    require(!(takes && off), DenyReason::TakerOff)
}

/// `max_bps` is the part of the visible depth that one order may take, or no limit. A book that is
/// not whole has no depth.
pub(super) fn check_depth(
    book: Option<&Book>,
    side: Side,
    qty: Qty,
    max_bps: Option<u32>,
) -> Result<(), DenyReason> {
    let Some(max_bps) = max_bps else { return Ok(()) };
    let mut levels = book.into_iter().flat_map(|book| book.levels(side.opposite()).take(LEVELS));
    let needed = i128::from(qty.units()) * 10_000;
    let mut allowed = 0;
    // As a rule the first level or two are enough.
    let within = levels.any(|level| {
        allowed += i128::from(level.qty.units()) * i128::from(max_bps);
        needed <= allowed
    });
    require(within, DenyReason::TooMuchOfDepth)
}
