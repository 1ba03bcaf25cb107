//! An operator's flatten: positions to zero with reduce-only orders, in every state (SAFETY E2, D4).
//!
//! One exit at a time per instrument, immediate-or-cancel at the cap beyond the last known touch, no
//! larger than the venue takes in one order; again until the position is zero. The opening orders of
//! the instrument are taken back first, because they could open again what the exit closes.
//!
//! Not here: whether an exit may go (the kernel's `review_exit`).

use super::safety::Exit;
use crate::types::{ClientOrderId, Filters, InstrumentId, MS, Qty, SECOND, Side};

/// How long after an exit the next one may follow: time for its report to come.
const NEXT_NS: u64 = 250 * MS;

/// An exit that could not be made for so long is said aloud, again and again.
const STUCK_NS: u64 = 5 * SECOND;

/// The work in hand, per instrument.
#[derive(Debug)]
pub(super) struct Flatten {
    work: Vec<Option<Work>>,
}

#[derive(Clone, Copy, Debug)]
struct Work {
    cap_bps: u32,
    next_ns: u64,
    stuck_since_ns: Option<u64>,
}

/// What to do for one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Nothing at present.
    Wait,
    /// Its position is zero: done.
    Done,
    /// So much, that way, at that cap.
    Exit { side: Side, qty: Qty, cap_bps: u32 },
}

impl Flatten {
    pub(super) fn new(instruments: usize) -> Self {
        Self { work: vec![None; instruments] }
    }

    /// Begins.
    pub(super) fn begin(&mut self, instrument: Option<InstrumentId>, cap_bps: u32) {
        let all = self.work.iter_mut().enumerate();
        for (_, work) in all.filter(|(at, _)| instrument.is_none_or(|id| id.index() == *at)) {
            *work = Some(Work { cap_bps, next_ns: 0, stuck_since_ns: None });
        }
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.work.iter().any(Option::is_some)
    }

    /// True when the opening orders of the instrument must go.
    pub(super) fn is_flattening(&self, instrument: InstrumentId) -> bool {
        self.work[instrument.index()].is_some()
    }

    /// What the instrument asks for, given its position and what exits may still trade of it.
    pub(super) fn step(
        &mut self,
        instrument: InstrumentId,
        position: Qty,
        under_way: Qty,
        filters: &Filters,
        now_ns: u64,
    ) -> Step {
        let slot = &mut self.work[instrument.index()];
        let Some(work) = slot else { return Step::Wait };
        let Some(side) = Side::reducing(position) else {
            *slot = None;
            return Step::Done;
        };
        if now_ns < work.next_ns || Qty::ZERO < under_way {
            return Step::Wait;
        }
        let qty = position.abs().min(filters.qty_max).truncate_to(filters.qty_step);
        work.next_ns = now_ns.saturating_add(NEXT_NS);
        Step::Exit { side, qty, cap_bps: work.cap_bps }
    }

    /// An exit went: it is not stuck.
    pub(super) fn on_sent(&mut self, instrument: InstrumentId) {
        if let Some(work) = &mut self.work[instrument.index()] {
            work.stuck_since_ns = None;
        }
    }

    /// An exit could not be made. True when that should be said.
    pub(super) fn on_denied(&mut self, instrument: InstrumentId, now_ns: u64) -> bool {
        let Some(work) = &mut self.work[instrument.index()] else { return false };
        let since_ns = *work.stuck_since_ns.get_or_insert(now_ns);
        let stuck = STUCK_NS <= now_ns.saturating_sub(since_ns);
        if stuck {
            work.stuck_since_ns = Some(now_ns);
        }
        stuck
    }
}

impl Step {
    /// The exit under an id.
    pub(super) fn exit(self, id: ClientOrderId) -> Option<Exit> {
        match self {
            Self::Exit { side, qty, cap_bps } => Some(Exit { id, side, qty, cap_bps }),
            Self::Wait | Self::Done => None,
        }
    }
}
