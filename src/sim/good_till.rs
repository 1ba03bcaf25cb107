//! Orders that end by themselves at a date (USDⓈ-M sheet, section 5).

use super::exchange::Exchange;
use super::order::{ExpiryReason, Order, Report, State};

impl Exchange {
    /// Runs everything that time alone does: dates of orders, conditional ones too, dead-man's
    /// switches, and funding.
    pub fn on_time(&mut self, now_unix_ms: u64, out: &mut Vec<Report>) {
        self.fire_countdowns(now_unix_ms, out);
        self.end_dated(now_unix_ms);
        if self.next_date_unix_ms.is_some_and(|next| next <= now_unix_ms) {
            self.expire(now_unix_ms, out);
        }
        self.fund(now_unix_ms, out);
    }

    fn expire(&mut self, now_unix_ms: u64, out: &mut Vec<Report>) {
        let is_over =
            |order: &&Order| order.entry.good_till_unix_ms.is_some_and(|date| date <= now_unix_ms);
        for slot in 0..self.instruments.len() {
            let open = self.open_ids(slot).iter().filter_map(|id| self.order_by_id(*id));
            let over: Vec<u64> = open.filter(is_over).map(|order| order.id).collect();
            for id in over {
                self.close(now_unix_ms, slot, id, State::Expired(ExpiryReason::GoodTillDate), out);
            }
        }
        let slots = 0..self.instruments.len();
        let open =
            slots.flat_map(|slot| self.open_ids(slot)).filter_map(|id| self.order_by_id(*id));
        self.next_date_unix_ms = open.filter_map(|order| order.entry.good_till_unix_ms).min();
    }
}
