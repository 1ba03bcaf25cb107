//! Orders that become something else (USDⓈ-M sheet, section 5).
//!
//! Must hold: a refused amend leaves the order as it was; the place in the queue is kept only when
//! the price stays and the quantity falls; a quantity that has traded already, or a price at which
//! a post-only order would take, takes the order back.
//!
//! Decision: an amended order on contracts trades with its own account, whatever it said when it
//! came: the venue's pages on amends and on self-trade prevention say that an amend sets that to
//! NONE, and the sheet does not say otherwise. On Spot an order keeps what it said.

use super::exchange::{AccountIndex, Exchange};
use super::filters;
use super::order::{ClientText, Order, OrderEntry, OrderKey, Report, ReportKind, State};
use super::reject::Reject;
use super::self_trade::SelfTrade;
use crate::types::{Amendment, InstrumentId, Qty, Side};

/// So often one order may be amended.
pub const AMENDS_MAX: u32 = 10_000;

/// The same on Spot: what its documentation shows of MAX_NUM_ORDER_AMENDS.
pub const SPOT_AMENDS_MAX: u32 = 10;

impl Exchange {
    /// Makes something else of an open order. It may trade at once.
    pub fn amend(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        instrument: InstrumentId,
        key: OrderKey,
        to: Amendment,
        out: &mut Vec<Report>,
    ) -> Result<Order, Reject> {
        let slot = self.slot(instrument).ok_or(Reject::UnknownSymbol)?;
        let open = self.order(account, instrument, key).filter(|order| order.state.is_open());
        let before = open.ok_or(Reject::NoSuchOrder)?;
        if (before.entry.price, before.entry.qty) == (Some(to.price), to.qty) {
            return Err(Reject::SameTerms);
        }
        let terms = OrderEntry { price: Some(to.price), qty: to.qty, ..before.entry };
        let entry = OrderEntry { self_trade: SelfTrade::None, ..terms };
        if AMENDS_MAX <= before.amends {
            return Err(Reject::TooManyAmends);
        }
        let takes_back = to.qty <= before.cum_qty || self.would_take(slot, account, &entry);
        if takes_back {
            let closed = self.close(now_unix_ms, slot, before.id, State::Canceled, out);
            return Ok(closed.unwrap_or(before));
        }
        filters::check(&self.instruments()[slot], &entry, self.books[slot].mark())?;
        let position = self.account(account).position(slot);
        if entry.reduce_only && Side::reducing(position.qty) != Some(entry.side) {
            return Err(Reject::ReduceOnly);
        }
        self.carry(slot, &before, entry)?;
        Ok(self.amended(now_unix_ms, slot, &before, out).unwrap_or(before))
    }

    /// Makes an open order smaller and gives it another id, as Spot does: it keeps its place, and
    /// there is nothing else that it could become (Spot sheet, section 4). A quantity that has
    /// traded already would change no state that the venue lets an order have.
    pub fn reduce(
        &mut self,
        now_unix_ms: u64,
        before: &Order,
        (qty, client_id): (Qty, ClientText),
        out: &mut Vec<Report>,
    ) -> Result<Order, Reject> {
        let slot = self.slot(before.entry.instrument).ok_or(Reject::UnknownSymbol)?;
        let entry = OrderEntry { qty, ..before.entry };
        if before.entry.qty < qty {
            return Err(Reject::QtyRaised);
        }
        if before.entry.qty == qty || qty <= before.cum_qty {
            return Err(Reject::SameTerms);
        }
        if SPOT_AMENDS_MAX <= before.amends {
            return Err(Reject::TooManyAmends);
        }
        filters::check(&self.instruments()[slot], &entry, self.books[slot].mark())?;
        let named_so = |order: &Order| order.client_id == client_id && order.id != before.id;
        if self.open_orders(before.account).any(named_so) {
            return Err(Reject::ClientIdDuplicate);
        }
        let order = self.order_by_id_mut(before.id).ok_or(Reject::NoSuchOrder)?;
        (order.entry, order.client_id) = (entry, client_id);
        order.amends += 1;
        order.updated_unix_ms = now_unix_ms;
        let order = *order;
        out.push(Report { order, kind: ReportKind::Amended });
        Ok(order)
    }

    /// Gives an order other terms, if the account can carry it.
    fn carry(&mut self, slot: usize, before: &Order, entry: OrderEntry) -> Result<(), Reject> {
        let asset = self.instruments()[slot].settle;
        let needed = self.margin(before.account, asset);
        self.set_entry(before.id, entry);
        let needs = self.margin(before.account, asset);
        let carried = needs <= needed || needs <= self.equity(before.account, asset);
        if !carried {
            self.set_entry(before.id, before.entry);
            return Err(Reject::MarginInsufficient);
        }
        Ok(())
    }

    /// What becomes of an order that has its new terms.
    fn amended(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        before: &Order,
        out: &mut Vec<Report>,
    ) -> Option<Order> {
        let id = before.id;
        let order = self.order_by_id_mut(id)?;
        order.amends += 1;
        order.updated_unix_ms = now_unix_ms;
        let order = *order;
        out.push(Report { order, kind: ReportKind::Amended });
        let keeps_place =
            order.entry.price == before.entry.price && order.entry.qty < before.entry.qty;
        if !keeps_place {
            self.queue_last(slot, id);
            self.take(now_unix_ms, slot, id, out);
            self.settle_after_take(now_unix_ms, slot, id, out);
        }
        self.order_by_id(id).copied()
    }

    fn set_entry(&mut self, id: u64, entry: OrderEntry) {
        if let Some(order) = self.order_by_id_mut(id) {
            order.entry = entry;
        }
    }
}
