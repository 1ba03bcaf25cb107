//! Liquidation: what becomes of an account whose equity has come down to the maintenance margin of
//! its positions (USDⓈ-M sheet, sections 6 and 8).
//!
//! It is over in a moment. The account's open orders end. Then its positions are closed, the one
//! that needs most margin first, until what is left carries the others: each by an order of the
//! exchange (`autoclose-…`) at the price at which the account would have nothing left. What the
//! book does not take at that price or a better one, the insurance fund takes at it. The fee of a
//! liquidation goes to the fund, as far as there is anything left.
//!
//! Must hold: an account that holds nothing any more owes nothing: the fund pays what is below
//! zero; wallets move by trades and payments that are told.
//!
//! Decision: an account is looked at when the mark of what it holds moves, and after funding.
//!
//! Decision: a position is closed whole. The venue closes large ones by and by, by rules that no
//! sheet has.
//!
//! Decision: conditional orders stay, but for those that end with their position: they are no open
//! orders to `openOrders` either, and the sheet does not say.
//!
//! Decision: a trade of the insurance fund has no commission; those on the book have the ordinary
//! one beside the fee of the liquidation.
//!
//! Deliberately absent: auto-deleveraging (the fund is bottomless), and the refusal -2023, for
//! which a liquidation would have to last.

use super::exchange::{AccountIndex, Exchange};
use super::margin::BEYOND;
use super::matching::Fill;
use super::order::{ClientText, ExpiryReason, Order, OrderEntry, Report, ReportKind, State};
use super::payments::PaymentCause;
use super::self_trade::SelfTrade;
use super::wallets::Ledger;
use crate::types::{AssetId, Cash, PPM, Price, Qty, SCALE, Side, TimeInForce};

/// What a liquidation costs of what it closes, in millionths: `liquidationFee` of the sheet.
pub(super) const FEE_PPM: u32 = 12_000;

/// The number of an order in its id has so many digits, as in the venue's sample.
const NUMBERED: u64 = 1_000_000;

impl Exchange {
    /// Liquidates every account with a position in a slot that its equity does not carry.
    pub(super) fn liquidate_holders(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        out: &mut Vec<Report>,
    ) {
        if self.ledger == Ledger::Wallets {
            return;
        }
        let asset = self.instruments[slot].settle;
        for account in self.account_indexes() {
            let holds = self.account(account).position(slot).qty != Qty::ZERO;
            if holds && self.is_beyond_rescue(account, asset) {
                self.liquidate(now_unix_ms, account, asset, out);
            }
        }
    }

    /// Liquidates every account that its equity does not carry.
    pub(super) fn liquidate_all(&mut self, now_unix_ms: u64, out: &mut Vec<Report>) {
        for slot in 0..self.instruments.len() {
            self.liquidate_holders(now_unix_ms, slot, out);
        }
    }

    /// True where the venue would not wait any longer. What a position is worth without a mark
    /// nobody knows, nor what it needs beyond the last tier: such an account is left alone.
    fn is_beyond_rescue(&self, account: AccountIndex, asset: AssetId) -> bool {
        let needed = self.maintenance(account, asset);
        let marked = |slot: usize| self.books[slot].mark().is_some();
        let is_known = needed < BEYOND && self.held_in(account, asset).all(marked);
        is_known && Cash::ZERO < needed && self.equity(account, asset) <= needed
    }

    /// The positions of an account that settle in an asset.
    fn held_in(&self, account: AccountIndex, asset: AssetId) -> impl Iterator<Item = usize> {
        let held = self.account(account);
        self.settled_in(asset).filter(move |slot| held.position(*slot).qty != Qty::ZERO)
    }

    fn liquidate(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        asset: AssetId,
        out: &mut Vec<Report>,
    ) {
        let slots: Vec<usize> = self.settled_in(asset).collect();
        for slot in &slots {
            for id in self.open_of(*slot, account) {
                let state = State::Expired(ExpiryReason::Liquidated);
                self.close(now_unix_ms, *slot, id, state, out);
            }
        }
        for _ in &slots {
            let neediest = slots.iter().max_by_key(|slot| self.maintenance_of(account, **slot));
            let beyond = self.is_beyond_rescue(account, asset);
            let Some(slot) = neediest.copied().filter(|_| beyond) else { return };
            self.close_position(now_unix_ms, account, slot, out);
        }
    }

    /// Closes a position whole, and settles with the insurance fund.
    fn close_position(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        slot: usize,
        out: &mut Vec<Report>,
    ) {
        let Some(order) = self.forced_order(now_unix_ms, account, slot) else { return };
        let price = order.entry.price.unwrap_or_default();
        out.push(Report { order, kind: ReportKind::New });
        self.take(now_unix_ms, slot, order.id, out);
        let left = self.order_by_id(order.id).map_or(Qty::ZERO, Order::remaining);
        if Qty::ZERO < left {
            self.fill(now_unix_ms, slot, order.id, Fill::insured(price, left), out);
        }
        let closed = self.order_by_id(order.id).map_or(Cash::ZERO, |order| order.cum_quote);
        self.settle_with_fund(now_unix_ms, account, slot, closed);
    }

    /// The order that closes a position, open and unmatched; `None` where nothing is held.
    fn forced_order(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        slot: usize,
    ) -> Option<Order> {
        let qty = self.account(account).position(slot).qty;
        let side = Side::reducing(qty)?;
        let price = self.bankruptcy_price(account, slot, side);
        let instrument = self.instruments[slot].id;
        Some(self.insert_open(slot, |id| {
            let text = format!("autoclose-{now_unix_ms}{:06}", id % NUMBERED);
            let client_id = ClientText::parse(text.as_bytes()).unwrap_or_default();
            let entry = OrderEntry {
                instrument,
                client_id: Some(client_id),
                side,
                price: Some(price),
                time_in_force: TimeInForce::Ioc,
                qty: qty.abs(),
                reduce_only: false,
                good_till_unix_ms: None,
                self_trade: SelfTrade::None,
                quote_qty: Cash::ZERO,
            };
            let new = Order::new(id, account, client_id, entry, now_unix_ms);
            Order { is_forced: true, ..new }
        }))
    }

    /// The price at which closing a position leaves an account with nothing, on the tick that
    /// leaves no less; one tick where there is no such price.
    fn bankruptcy_price(&self, account: AccountIndex, slot: usize, side: Side) -> Price {
        let position = self.account(account).position(slot);
        let equity = self.equity(account, self.instruments[slot].settle);
        let held = i128::from(position.qty.abs().units());
        let room = equity.checked_ratio(SCALE.into(), held).map_or(0, Cash::units);
        let mark = i128::from(self.mark(slot, &position).units());
        let exact = match side {
            Side::Sell => mark.saturating_sub(room),
            Side::Buy => mark.saturating_add(room),
        };
        let exact = i64::try_from(exact.max(0)).map_or(Price::MAX, Price::from_units);
        let tick = self.instruments[slot].filters.price_tick;
        let price = match side {
            Side::Sell => exact.ceil_to(tick),
            Side::Buy => exact.floor_to(tick),
        };
        price.max(tick)
    }

    /// The fee of what was closed goes to the insurance fund, as far as it is there; what is below
    /// zero once nothing is held comes from it.
    fn settle_with_fund(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        slot: usize,
        closed: Cash,
    ) {
        let asset = self.instruments[slot].settle;
        let equity = self.equity(account, asset);
        let fee = closed.checked_ratio(FEE_PPM.into(), PPM).unwrap_or(Cash::ZERO);
        let holds = self.held_in(account, asset).next().is_some();
        let owed = if holds { equity.max(Cash::ZERO) } else { equity };
        let amount = fee.min(owed).negated();
        self.pay(now_unix_ms, account, slot, amount, PaymentCause::Insurance);
    }
}
