//! One order's life: how each word of the venue, and the lack of one, moves it.
//!
//! Must hold: no status is left for a final one but by the venue's word (or our own, before the
//! first byte left); a final status is never left; only a trade moves `cum_qty`.

use super::Order;
use crate::core::effect::Command;
use crate::core::setup::Timing;
use crate::types::{ExecutionKind, ExecutionReport, Fill, OrderStatus, Qty};

/// How often the venue must say that it does not know an order before it is believed, the last
/// time after the order could not arrive any more (SAFETY E11).
const NOT_FOUND_WITNESSES: u8 = 2;

/// Applies a report; returns the trade when it is told for the first time.
pub(super) fn apply(
    order: &mut Order,
    report: &ExecutionReport,
    fresh: bool,
    now_ns: u64,
    timing: &Timing,
) -> Option<Fill> {
    match report.kind {
        ExecutionKind::New => confirm(order),
        ExecutionKind::Trade(fill) if fresh => {
            trade(order, &fill);
            return Some(fill);
        }
        ExecutionKind::Trade(_) => {}
        ExecutionKind::Canceled { cum_qty } => finish(order, OrderStatus::Canceled, cum_qty),
        ExecutionKind::Expired { cum_qty } => finish(order, OrderStatus::Expired, cum_qty),
        ExecutionKind::Rejected { .. } => finish(order, OrderStatus::Rejected, Qty::ZERO),
        ExecutionKind::NotSent(_) => finish(order, OrderStatus::NotSent, Qty::ZERO),
        ExecutionKind::CancelRejected { .. } => doubt_now(order, now_ns, timing),
        ExecutionKind::OutcomeUnknown => {
            if order.status == OrderStatus::PendingNew {
                doubt_now(order, now_ns, timing);
            }
        }
        ExecutionKind::Status { status, cum_qty } => answer(order, status, cum_qty),
        ExecutionKind::NotFound => not_found(order, now_ns, timing),
    }
    None
}

/// Time for it: what to send. Sets the next deadline.
pub(super) fn on_deadline(order: &mut Order, now_ns: u64, timing: &Timing) -> Command {
    let (id, instrument) = (order.id, order.terms.instrument);
    let expired = order.terms.expires_ns.is_some_and(|expires_ns| expires_ns <= now_ns);
    match order.status {
        OrderStatus::PendingNew | OrderStatus::Unknown if !expired => {
            doubt(order, now_ns, timing);
            Command::QueryOrder { id, instrument }
        }
        OrderStatus::Unknown => {
            order.deadline_ns = now_ns.saturating_add(timing.query_retry_ns);
            Command::QueryOrder { id, instrument }
        }
        OrderStatus::PendingNew
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::PendingCancel
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Rejected
        | OrderStatus::NotSent => {
            order.status = OrderStatus::PendingCancel;
            order.deadline_ns = now_ns.saturating_add(timing.cancel_retry_ns);
            Command::Cancel { id, instrument }
        }
    }
}

/// Its fate is not known any more; it will be asked after.
pub(super) fn doubt(order: &mut Order, now_ns: u64, timing: &Timing) {
    if order.status.is_final() {
        return;
    }
    order.status = OrderStatus::Unknown;
    order.deadline_ns = now_ns.saturating_add(timing.query_retry_ns);
}

fn doubt_now(order: &mut Order, now_ns: u64, timing: &Timing) {
    doubt(order, now_ns, timing);
    if !order.status.is_final() {
        order.deadline_ns = now_ns;
    }
}

fn confirm(order: &mut Order) {
    match order.status {
        OrderStatus::PendingNew | OrderStatus::Unknown => stand(order),
        OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::PendingCancel
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Rejected
        | OrderStatus::NotSent => {}
    }
}

/// It stands at the venue; only its time to live asks for it.
fn stand(order: &mut Order) {
    let traded = Qty::ZERO < order.cum_qty;
    order.status = if traded { OrderStatus::PartiallyFilled } else { OrderStatus::New };
    order.deadline_ns = order.terms.expires_ns.unwrap_or(u64::MAX);
    order.not_found = 0;
}

fn trade(order: &mut Order, fill: &Fill) {
    order.cum_qty = order.cum_qty.saturating_add(fill.qty);
    order.claimed_qty = order.claimed_qty.max(fill.cum_qty);
    if order.status.is_final() {
        return;
    }
    if order.terms.qty <= order.cum_qty {
        order.status = OrderStatus::Filled;
    } else if order.status != OrderStatus::PendingCancel {
        stand(order);
    }
}

fn finish(order: &mut Order, status: OrderStatus, claimed: Qty) {
    order.claimed_qty = order.claimed_qty.max(claimed);
    if !order.status.is_final() {
        order.status = status;
    }
}

fn answer(order: &mut Order, status: OrderStatus, cum_qty: Qty) {
    order.claimed_qty = order.claimed_qty.max(cum_qty);
    if order.status.is_final() {
        return;
    }
    match status {
        OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Rejected => order.status = status,
        OrderStatus::New | OrderStatus::PartiallyFilled => {
            if order.status != OrderStatus::PendingCancel {
                stand(order);
            }
        }
        OrderStatus::PendingNew
        | OrderStatus::PendingCancel
        | OrderStatus::Unknown
        | OrderStatus::NotSent => {}
    }
}

/// "I do not know it" is final only when the venue says it twice, the second time when the order
/// could not arrive any more, and nothing of it ever traded.
fn not_found(order: &mut Order, now_ns: u64, timing: &Timing) {
    if order.status.is_final() {
        return;
    }
    order.not_found = order.not_found.saturating_add(1);
    let too_late = order.sent_ns.saturating_add(timing.not_found_final_ns) <= now_ns;
    let nothing = order.claimed_qty.max(order.cum_qty) == Qty::ZERO;
    if NOT_FOUND_WITNESSES <= order.not_found && too_late && nothing {
        order.status = OrderStatus::Rejected;
        return;
    }
    doubt(order, now_ns, timing);
}
