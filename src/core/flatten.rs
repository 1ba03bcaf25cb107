//! An operator's flatten: positions to zero with reduce-only orders, in every state (SAFETY E2,
//! D4).
//!
//! One exit at a time per instrument, immediate-or-cancel at the cap beyond the last known touch,
//! no larger than the venue takes in one order; again until the position is zero. The opening
//! orders of the instrument are taken back first, because they could open again what the exit
//! closes, and the resting reductions of strategies with them, because a venue counts them against
//! the exit. Protective orders stay. It is done when the account is proven flat and nothing can
//! open again.
//!
//! An exit whose fate is not known keeps the next one waiting while a report may come, and then
//! not: where the venue enforces reduce-only, two exits for the whole position close it once. On
//! spot nothing enforces that but the balance, so what an exit may have locked is left out of the
//! next (SAFETY E8).
//!
//! On spot what is less than the venue takes, by its size or its worth, is dust: a flatten sells
//! down to it and is done (SAFETY E13).
//!
//! A part of a position may be told to stay: it hedges another one (`on_trip: complete_hedge`).
//!
//! Not here: whether an exit may go (the kernel's `review_exit`).

use super::safety::Exit;
use crate::types::{
    Cash, ClientOrderId, Filters, InstrumentId, MS, Price, Qty, SCALE, SECOND, Side,
};

/// How long after an exit the next one may follow: time for its report to come.
const NEXT_NS: u64 = 250 * MS;

/// A position that does not move for so long is said aloud, again and again: no price, no book to
/// meet, no connection, or a venue that refuses. Within five seconds, as every alert (SAFETY T19).
const STUCK_NS: u64 = 4 * SECOND;

/// The work in hand, per instrument.
#[derive(Debug)]
pub(super) struct Flatten {
    work: Vec<Option<Work>>,
}

#[derive(Clone, Copy, Debug)]
struct Work {
    cap_bps: u32,
    /// So much of the position stays, without its sign: what hedges another one.
    kept: Qty,
    next_ns: u64,
    /// The position as it was last seen, and since when.
    position: Qty,
    since_ns: u64,
}

/// What is known of the instrument at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) position: Qty,
    /// As much of it as may be sent out now.
    pub(super) free: Qty,
    /// The position is proven, and no opening order can change it any more.
    pub(super) is_settled: bool,
    /// An exit is on its way.
    pub(super) is_exiting: bool,
    pub(super) filters: &'a Filters,
    /// The best bid, where the venue takes no sale that is worth too little (spot).
    pub(super) bid: Option<Price>,
    pub(super) now_ns: u64,
}

/// What to do for one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Nothing at present.
    Wait,
    /// Its position is zero, or what is to stay: done.
    Done,
    /// What is left is less than the venue takes: as done as it can be.
    Dust,
    /// So much, that way, at that cap.
    Exit { side: Side, qty: Qty, cap_bps: u32 },
}

impl Scene<'_> {
    /// The venue's rules for an exit at that cap: the least that it takes is also what is worth so
    /// much at the worst price of the exit.
    fn filters_at(&self, cap_bps: u32) -> Filters {
        let cap_bps = i32::try_from(cap_bps).unwrap_or(i32::MAX);
        let worst = self.bid.map(|bid| bid.moved_bps(cap_bps.saturating_neg()));
        let Some(worst) = worst.filter(|worst| Price::ZERO < *worst) else { return *self.filters };
        let least = self.filters.notional_min.checked_ratio(SCALE.into(), worst.units().into());
        let step = self.filters.qty_step;
        // One step more than the quotient, which is cut.
        let least = least.and_then(Cash::as_qty).map(|qty| qty.truncate_to(step));
        let least = least.map_or(Qty::MAX, |qty| qty.saturating_add(step));
        Filters { qty_min: self.filters.qty_min.max(least), ..*self.filters }
    }
}

impl Flatten {
    pub(super) fn new(instruments: usize) -> Self {
        Self { work: vec![None; instruments] }
    }

    /// Begins.
    pub(super) fn begin(&mut self, instrument: Option<InstrumentId>, cap_bps: u32, now_ns: u64) {
        let all = self.work.iter_mut().enumerate();
        for (_, work) in all.filter(|(at, _)| instrument.is_none_or(|id| id.index() == *at)) {
            *work = Some(Work::new(cap_bps, Qty::ZERO, now_ns));
        }
    }

    /// Begins with one instrument, of which so much stays; not where it is at work already.
    pub(super) fn begin_down_to(
        &mut self,
        instrument: InstrumentId,
        kept: Qty,
        cap_bps: u32,
        now_ns: u64,
    ) {
        self.work[instrument.index()].get_or_insert(Work::new(cap_bps, kept, now_ns));
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.work.iter().any(Option::is_some)
    }

    /// True when the opening orders of the instrument must go.
    pub(super) fn is_flattening(&self, instrument: InstrumentId) -> bool {
        self.work[instrument.index()].is_some()
    }

    /// What the instrument asks for.
    pub(super) fn step(&mut self, instrument: InstrumentId, scene: &Scene<'_>) -> Step {
        let slot = &mut self.work[instrument.index()];
        let Some(work) = slot else { return Step::Wait };
        if work.position != scene.position {
            (work.position, work.since_ns) = (scene.position, scene.now_ns);
        }
        let filters = &scene.filters_at(work.cap_bps);
        let excess = scene.position.abs().saturating_sub(work.kept).max(Qty::ZERO);
        let hedged = work.kept != Qty::ZERO && exit_slice(excess, filters) == Qty::ZERO;
        let Some(side) = Side::reducing(scene.position).filter(|_| !hedged) else {
            return if scene.is_settled {
                slot.take().map_or(Step::Wait, |_| Step::Done)
            } else {
                Step::Wait
            };
        };
        if scene.now_ns < work.next_ns || scene.is_exiting {
            return Step::Wait;
        }
        let is_dust = exit_slice(excess, filters) == Qty::ZERO;
        let qty = exit_slice(scene.free.min(excess), filters);
        if qty == Qty::ZERO {
            return if scene.is_settled && is_dust {
                slot.take().map_or(Step::Wait, |_| Step::Dust)
            } else {
                Step::Wait
            };
        }
        work.next_ns = scene.now_ns.saturating_add(NEXT_NS);
        Step::Exit { side, qty, cap_bps: work.cap_bps }
    }

    /// True when the instrument has not moved for so long that it should be said.
    pub(super) fn is_stuck(&mut self, instrument: InstrumentId, now_ns: u64) -> bool {
        let Some(work) = &mut self.work[instrument.index()] else { return false };
        let stuck = STUCK_NS <= now_ns.saturating_sub(work.since_ns);
        if stuck {
            work.since_ns = now_ns;
        }
        stuck
    }

    /// The rate of orders left no room: the next step tries again, before the strategies do.
    pub(super) fn on_no_room(&mut self, instrument: InstrumentId) {
        if let Some(work) = &mut self.work[instrument.index()] {
            work.next_ns = 0;
        }
    }
}

/// As much of a position, without its sign, as one order may carry, and never so much that too
/// little for another one is left; zero for what the venue does not take at all.
pub fn exit_slice(position: Qty, filters: &Filters) -> Qty {
    let most = position.min(filters.qty_max).truncate_to(filters.qty_step);
    let left = position.saturating_sub(most);
    let less = most.saturating_sub(filters.qty_min).truncate_to(filters.qty_step);
    let strands = filters.qty_step <= left && left < filters.qty_min && filters.qty_min <= less;
    let qty = if strands { less } else { most };
    if filters.qty_min <= qty { qty } else { Qty::ZERO }
}

impl Work {
    fn new(cap_bps: u32, kept: Qty, now_ns: u64) -> Self {
        Self { cap_bps, kept, next_ns: 0, position: Qty::ZERO, since_ns: now_ns }
    }
}

impl Step {
    /// The exit under an id.
    pub(super) fn exit(self, id: ClientOrderId) -> Option<Exit> {
        match self {
            Self::Exit { side, qty, cap_bps } => Some(Exit { id, side, qty, cap_bps }),
            Self::Wait | Self::Done | Self::Dust => None,
        }
    }
}
