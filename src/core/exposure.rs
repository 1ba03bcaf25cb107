//! What all positions together could become: the sum of worst cases over the instruments, kept with
//! every change so that its cost does not grow with their number.

use super::orders::Open;
use crate::types::{Cash, InstrumentId, Price, Qty, Side};

/// Worst-case |position| × price, per instrument and in all, in reporting currency.
#[derive(Debug)]
pub(super) struct Exposure {
    by_instrument: Vec<Option<Cash>>,
    total: Cash,
    unpriced: u32,
}

impl Exposure {
    pub(super) fn new(instruments: usize) -> Self {
        Self { by_instrument: vec![Some(Cash::ZERO); instruments], total: Cash::ZERO, unpriced: 0 }
    }

    /// Takes in what one instrument holds, what may still trade of it, and what one of it is worth
    /// (the last known price; `None` before the first).
    pub(super) fn set(
        &mut self,
        instrument: InstrumentId,
        position: Qty,
        open: &Open,
        foreign: [Qty; 2],
        price: Option<Price>,
    ) {
        let reach = |side: Side| {
            let foreign = foreign[side.index()];
            open.reach(side, position, foreign, Qty::ZERO).unwrap_or(Qty::MAX)
        };
        let worst = reach(Side::Buy).max(reach(Side::Sell));
        let exposure = match price {
            _ if worst == Qty::ZERO => Some(Cash::ZERO),
            Some(price) => Some(price.notional(worst)),
            None => None,
        };
        let slot = &mut self.by_instrument[instrument.index()];
        let before = std::mem::replace(slot, exposure);
        self.total = self.total.saturating_sub(before.unwrap_or(Cash::ZERO));
        self.total = self.total.saturating_add(exposure.unwrap_or(Cash::ZERO));
        self.unpriced = self.unpriced - u32::from(before.is_none()) + u32::from(exposure.is_none());
    }

    /// The sum; `None` while one of them has no price.
    pub(super) fn gross(&self) -> Option<Cash> {
        (self.unpriced == 0).then_some(self.total)
    }
}
