//! One order's life: how each word of the venue, and the lack of one, moves it.
//!
//! Must hold: no status is left for a final one but by the venue's word (or our own, before the
//! first byte left); a final status is never left; only a trade moves `cum_qty`. Not here: what
//! becomes of an amend (`amend.rs`).

use super::absence::Absence;
use super::{Order, amend};
use crate::core::effect::Command;
use crate::core::setup::Timing;
use crate::types::{ExecutionKind, ExecutionReport, Fill, OrderStatus, Qty};

/// The wait for an answer is doubled so often: then it is 32 times as long as at first.
const DOUBLINGS_MAX: u32 = 5;

/// Applies a report; returns the trade when it is told for the first time.
pub(super) fn apply(
    order: &mut Order,
    report: &ExecutionReport,
    fresh: bool,
    now_ns: u64,
    timing: &Timing,
) -> Option<Fill> {
    if report.kind != ExecutionKind::OutcomeUnknown {
        order.silences = 0;
    }
    match report.kind {
        ExecutionKind::New => confirm(order, now_ns, timing),
        ExecutionKind::Trade(fill) if fresh => {
            trade(order, &fill, now_ns, timing);
            return Some(fill);
        }
        // One of the venue's history comes here as a trade like any other.
        ExecutionKind::Trade(_) | ExecutionKind::TradeFound(_) => {}
        ExecutionKind::Canceled { cum_qty } => finish(order, OrderStatus::Canceled, cum_qty),
        ExecutionKind::Expired { cum_qty } => finish(order, OrderStatus::Expired, cum_qty),
        ExecutionKind::Rejected { .. } => refuse(order, OrderStatus::Rejected, now_ns, timing),
        ExecutionKind::NotSent(_) => refuse(order, OrderStatus::NotSent, now_ns, timing),
        ExecutionKind::CancelRejected { .. } => doubt_now(order, now_ns, timing),
        ExecutionKind::OutcomeUnknown => {
            if order.status == OrderStatus::PendingNew {
                doubt_now(order, now_ns, timing);
            }
        }
        ExecutionKind::Status { status, cum_qty } => answer(order, status, cum_qty, now_ns, timing),
        ExecutionKind::NotFound => not_found(order, now_ns, timing),
        ExecutionKind::Stands { .. }
        | ExecutionKind::Amended { .. }
        | ExecutionKind::AmendRejected { .. }
        | ExecutionKind::AmendUnknown { .. }
        | ExecutionKind::AmendNotSent { .. } => amend::apply(order, report, now_ns, timing),
    }
    None
}

/// Time for it: what to send. Sets the next deadline. One that cannot rest is asked after and not
/// taken back: it is over already, and only its last report is missing.
pub(super) fn on_deadline(order: &mut Order, now_ns: u64, timing: &Timing) -> Command {
    let (id, instrument) = (order.id, order.terms.instrument);
    let expired = order.terms.expires_ns.is_some_and(|expires_ns| expires_ns <= now_ns);
    if expired {
        order.patience.on_expired(now_ns);
    }
    let asks = match order.status {
        // One that stands under terms that are not known still ends in time, once asked to.
        OrderStatus::Unknown => !expired || order.amend.is_none() || order.canceled_ns.is_some(),
        OrderStatus::PendingNew => !expired || !order.is_resting_kind(),
        OrderStatus::New | OrderStatus::PartiallyFilled => {
            !order.is_resting_kind() || !expired && order.amend.is_some()
        }
        OrderStatus::PendingCancel
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Rejected
        | OrderStatus::NotSent => false,
    };
    if asks {
        order.silences = order.silences.saturating_add(1);
        doubt(order, now_ns, timing);
        return Command::QueryOrder { id, instrument };
    }
    take_back(order, now_ns, timing);
    Command::Cancel { id, instrument }
}

/// It is asked to go. One of unknown fate stays unknown until the venue speaks.
pub(super) fn take_back(order: &mut Order, now_ns: u64, timing: &Timing) {
    order.canceled_ns = Some(now_ns);
    order.patience.on_cancel(now_ns);
    if order.status != OrderStatus::Unknown {
        order.status = OrderStatus::PendingCancel;
        order.deadline_ns = now_ns.saturating_add(timing.cancel_retry_ns);
    }
}

/// Its fate is not known any more; it will be asked after.
pub(super) fn doubt(order: &mut Order, now_ns: u64, timing: &Timing) {
    if order.status.is_final() {
        return;
    }
    order.status = OrderStatus::Unknown;
    order.deadline_ns = next_look_ns(order, now_ns, timing);
    if let Some(amend) = &mut order.amend {
        amend.is_doubtful = true;
    }
}

/// When one of unknown fate is looked at again: a venue that is silent is asked less and less,
/// but the end of the order's time and of our patience are not slept through.
fn next_look_ns(order: &Order, now_ns: u64, timing: &Timing) -> u64 {
    let doublings = order.silences.saturating_sub(1).min(DOUBLINGS_MAX);
    let wait_ns = timing.query_retry_ns.saturating_mul(1 << doublings);
    let ends = [order.terms.expires_ns, order.patience.ends_ns(timing)];
    let end_ns = ends.into_iter().flatten().filter(|end_ns| now_ns < *end_ns).min();
    now_ns.saturating_add(wait_ns).min(end_ns.unwrap_or(u64::MAX))
}

pub(super) fn doubt_now(order: &mut Order, now_ns: u64, timing: &Timing) {
    doubt(order, now_ns, timing);
    if !order.status.is_final() {
        order.deadline_ns = now_ns;
    }
}

fn confirm(order: &mut Order, now_ns: u64, timing: &Timing) {
    match order.status {
        OrderStatus::PendingNew | OrderStatus::Unknown => stand(order, now_ns, timing),
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

/// It stands at the venue. Only its time to live asks for it; one that was to go is still to go,
/// and one that cannot rest has little time to say how it ended.
pub(super) fn stand(order: &mut Order, now_ns: u64, timing: &Timing) {
    order.absence = Absence::default();
    if let Some(asked_ns) = order.canceled_ns {
        order.status = OrderStatus::PendingCancel;
        order.deadline_ns = asked_ns.saturating_add(timing.cancel_retry_ns);
        return;
    }
    if order.amend.is_some_and(|amend| amend.is_doubtful) {
        if order.status != OrderStatus::Unknown {
            doubt(order, now_ns, timing);
        }
        return;
    }
    let traded = Qty::ZERO < order.cum_qty;
    order.status = if traded { OrderStatus::PartiallyFilled } else { OrderStatus::New };
    order.deadline_ns = match order.is_resting_kind() {
        true => {
            let answer_ns = order.amend.map_or(u64::MAX, |amend| amend.answer_due_ns(timing));
            order.terms.expires_ns.unwrap_or(u64::MAX).min(answer_ns)
        }
        false => now_ns.saturating_add(timing.answer_ns_max),
    };
}

fn trade(order: &mut Order, fill: &Fill, now_ns: u64, timing: &Timing) {
    order.cum_qty = order.cum_qty.saturating_add(fill.qty);
    order.settled_qty = order.settled_qty.max(order.cum_qty);
    order.claimed_qty = order.claimed_qty.max(fill.cum_qty);
    order.taken.add(fill);
    if order.status.is_final() {
        return;
    }
    if order.qty_most() <= order.cum_qty {
        order.status = OrderStatus::Filled;
    } else if order.status != OrderStatus::PendingCancel {
        stand(order, now_ns, timing);
    }
}

/// The venue (or we) refused it, so nothing of it exists; unless it was seen to exist, which is a
/// contradiction that only a question can settle.
fn refuse(order: &mut Order, status: OrderStatus, now_ns: u64, timing: &Timing) {
    let stands = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
    if stands || Qty::ZERO < order.claimed_qty.max(order.cum_qty) {
        doubt_now(order, now_ns, timing);
    } else {
        finish(order, status, Qty::ZERO);
    }
}

fn finish(order: &mut Order, status: OrderStatus, claimed: Qty) {
    order.claimed_qty = order.claimed_qty.max(claimed);
    if !order.status.is_final() {
        order.status = status;
    }
}

pub(super) fn answer(
    order: &mut Order,
    status: OrderStatus,
    cum_qty: Qty,
    now_ns: u64,
    timing: &Timing,
) {
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
                stand(order, now_ns, timing);
            }
        }
        OrderStatus::PendingNew
        | OrderStatus::PendingCancel
        | OrderStatus::Unknown
        | OrderStatus::NotSent => {}
    }
}

/// "I do not know it" is final only by three witnesses at two times (SAFETY E11), and when nothing of
/// it ever traded.
fn not_found(order: &mut Order, now_ns: u64, timing: &Timing) {
    if order.status.is_final() {
        return;
    }
    order.absence.on_query(now_ns);
    let never_ns = order.sent_ns.saturating_add(timing.not_found_final_ns);
    let nothing = order.claimed_qty.max(order.cum_qty) == Qty::ZERO;
    if order.absence.is_proven(never_ns) && nothing {
        order.status = OrderStatus::Rejected;
        return;
    }
    doubt(order, now_ns, timing);
}
