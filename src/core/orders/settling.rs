//! What the venue claims of orders and did not tell trade by trade, until a reading of the account
//! covers it.
//!
//! Must hold: what a reading covered moves a position once, also when the trades come after all.

use super::{Order, Orders};
use crate::types::{InstrumentId, Qty, Side};

impl Orders {
    /// A reading of the account there that is now ours was asked for after everything that was
    /// claimed of orders: it covers what was claimed and not told trade by trade. Says of which
    /// order how much, once; the trades themselves, should they still come, move nothing any more.
    pub(in crate::core) fn settle(
        &mut self,
        there: impl Fn(InstrumentId) -> bool,
        mut tell: impl FnMut(&Order, Qty),
    ) {
        let mut settle = |order: &mut Order| {
            let missing = order.claimed_qty.saturating_sub(order.settled_qty);
            if Qty::ZERO < missing && there(order.terms.instrument) {
                tell(order, missing);
                order.settled_qty = order.claimed_qty;
            }
        };
        (0..self.live.len()).for_each(|at| settle(&mut self.live[at]));
        self.closed.iter_mut().for_each(settle);
    }

    /// What traded of orders there, as the venue says of each of them, and is not accounted for:
    /// signed.
    pub(in crate::core) fn unsettled(&self, instrument: InstrumentId) -> Qty {
        let missing = self.unsettled_of(instrument);
        missing.fold(Qty::ZERO, |sum, (side, qty)| sum.saturating_add(side.signed(qty)))
    }

    /// The same: anything.
    pub(in crate::core) fn has_unsettled(&self, instrument: InstrumentId) -> bool {
        self.unsettled_of(instrument).next().is_some()
    }

    fn unsettled_of(&self, instrument: InstrumentId) -> impl Iterator<Item = (Side, Qty)> {
        let all = self.live.iter().chain(self.closed.iter());
        all.filter(move |order| order.terms.instrument == instrument).filter_map(|order| {
            let missing = order.claimed_qty.saturating_sub(order.settled_qty);
            (Qty::ZERO < missing).then_some((order.terms.side, missing))
        })
    }
}
