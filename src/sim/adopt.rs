//! Taking over the account of a real venue: a dry-run begins where that stands.
//!
//! Must hold: a reading of this account says afterwards what the reading that was taken over said:
//! wallets, positions, leverage, the orders that rest and whose they are. What cannot rest here is
//! told back, never dropped without a word.

use super::account::Position;
use super::exchange::{AccountIndex, Exchange};
use super::order::{ClientText, Order, OrderEntry, State};
use super::self_trade::SelfTrade;
use crate::types::{
    AccountSnapshot, AssetId, Cash, ForeignOrder, IdPrefix, OrderRef, Price, Purpose, Qty,
    TimeInForce, VenueOrder, VenuePosition,
};

impl Exchange {
    /// Takes over what a snapshot says; answers the orders that cannot rest here: those without a
    /// price, and those of instruments that are not listed. `prefix` stands before our ids.
    ///
    /// What stands before an order at its price is not known: all that the book will show there,
    /// which is the pessimistic end.
    pub fn adopt(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        snapshot: &AccountSnapshot,
        prefix: &IdPrefix,
    ) -> Vec<VenueOrder> {
        self.adopt_wallets(account, snapshot);
        self.adopt_positions(now_unix_ms, account, &snapshot.positions);
        for it in snapshot.margin.iter().flat_map(|margin| &margin.instruments) {
            // A leverage that is not offered here leaves the one that is.
            self.set_leverage(it.instrument, it.leverage);
        }
        let orders = snapshot.open_orders.iter();
        let strange = orders.filter(|it| !self.adopt_order(now_unix_ms, account, it, prefix));
        strange.copied().collect()
    }

    pub(super) fn adopt_wallets(&mut self, account: AccountIndex, snapshot: &AccountSnapshot) {
        let account = self.account_mut(account);
        let wallets: Vec<AssetId> = account.wallets().map(|(asset, _)| asset).collect();
        wallets.into_iter().for_each(|asset| account.set_wallet(asset, Cash::ZERO));
        for (asset, cash) in &snapshot.balances {
            account.set_wallet(*asset, *cash);
        }
    }

    pub(super) fn adopt_positions(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        positions: &[VenuePosition],
    ) {
        for slot in 0..self.instruments.len() {
            let id = self.instruments[slot].id;
            let held = positions.iter().find(|it| it.instrument == id);
            let position = held.map_or(Position::default(), |held| Position {
                qty: held.qty,
                cost: held.entry.notional(held.qty.abs()),
                updated_unix_ms: now_unix_ms,
            });
            self.account_mut(account).set_position(slot, position);
        }
    }

    /// False for one that cannot rest here.
    fn adopt_order(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        it: &VenueOrder,
        prefix: &IdPrefix,
    ) -> bool {
        let rests = Price::ZERO < it.price && it.cum_qty < it.qty;
        let Some(slot) = self.slot(it.instrument).filter(|_| rests) else { return false };
        let Ok(client_id) = ClientText::parse(&client_text(it, prefix)) else { return false };
        let state = match it.cum_qty {
            Qty::ZERO => State::New,
            _ => State::PartiallyFilled,
        };
        let entry = OrderEntry {
            instrument: it.instrument,
            client_id: Some(client_id),
            side: it.side,
            price: Some(it.price),
            time_in_force: TimeInForce::Gtc,
            qty: it.qty,
            reduce_only: it.purpose != Purpose::Opening,
            good_till_unix_ms: None,
            self_trade: SelfTrade::ExpireMaker,
            quote_qty: Cash::ZERO,
        };
        self.insert_open(slot, |id| Order {
            state,
            cum_qty: it.cum_qty,
            cum_quote: it.price.notional(it.cum_qty),
            ahead: Qty::MAX,
            ..Order::new(id, account, client_id, entry, now_unix_ms)
        });
        true
    }
}

/// An id by which whoever reads it comes to the same conclusion about whose order it is.
fn client_text(it: &VenueOrder, prefix: &IdPrefix) -> Vec<u8> {
    let origin = match it.order {
        OrderRef::Ours(id) => {
            let mut text = Vec::new();
            prefix.write(id, &mut text);
            return text;
        }
        OrderRef::Foreign(ForeignOrder::Liquidation) => "autoclose-",
        OrderRef::Foreign(ForeignOrder::Deleveraging) => "adl_autoclose",
        OrderRef::Foreign(ForeignOrder::Delivery) => "settlement_autoclose-",
        OrderRef::Foreign(ForeignOrder::Manual) => "web_",
        OrderRef::Foreign(ForeignOrder::Other) => "other_",
    };
    // Twelve digits tell the open orders of an account apart, and fit behind the longest word.
    format!("{origin}{}", it.venue_order_id % 1_000_000_000_000).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Fees;
    use crate::sim::testing::{BTC, USDT, instruments};
    use crate::types::{
        AccountMargin, ClientOrderId, InstrumentId, InstrumentMargin, MarginMode, QueryToken, Side,
        VenueId,
    };

    fn order(number: u64, whose: OrderRef, price: i32, traded: i32) -> VenueOrder {
        VenueOrder {
            instrument: BTC,
            order: whose,
            venue_order_id: number,
            side: Side::Sell,
            price: Price::whole(price),
            qty: Qty::whole(3),
            cum_qty: Qty::whole(traded),
            purpose: Purpose::Reducing,
        }
    }

    fn snapshot(open_orders: Vec<VenueOrder>) -> AccountSnapshot {
        let leverage =
            InstrumentMargin { instrument: BTC, leverage: 7, mode: MarginMode::Cross, tiers: None };
        let margin = AccountMargin { instruments: vec![leverage], ..AccountMargin::default() };
        AccountSnapshot {
            venue: VenueId(0),
            token: QueryToken(1),
            balances: vec![(USDT, Cash::whole(500))],
            has_unnamed_assets: false,
            positions: vec![VenuePosition {
                instrument: BTC,
                qty: Qty::whole(2),
                entry: Price::whole(100),
            }],
            unnamed_positions: 0,
            open_orders,
            margin: Some(margin),
        }
    }

    #[test]
    fn what_was_read_at_the_venue_stands_here() {
        let mut exchange = Exchange::new(instruments(), Fees::default());
        let account = exchange.open_account(Cash::whole(9_999));
        let prefix = IdPrefix::new("tkl1").unwrap();
        let ours = OrderRef::Ours(ClientOrderId { epoch: 4, sequence: 35 });
        let manual = OrderRef::Foreign(ForeignOrder::Manual);
        let orders = vec![order(71, ours, 120, 1), order(72, manual, 130, 0)];
        let strange = exchange.adopt(5, account, &snapshot(orders), &prefix);
        assert_eq!(strange, []);
        assert_eq!(exchange.account(account).wallet(USDT), Cash::whole(500));
        let slot = exchange.slot(BTC).unwrap();
        assert_eq!(exchange.leverage(slot), 7);
        let held = exchange.account(account).position(slot);
        assert_eq!((held.qty, held.entry()), (Qty::whole(2), Price::whole(100)));
        let open: Vec<&Order> = exchange.open_orders(account).collect();
        assert_eq!(open.len(), 2);
        assert_eq!(
            (open[0].client_id.as_str(), open[0].state),
            ("tkl1-4-z", State::PartiallyFilled)
        );
        assert_eq!((open[1].client_id.as_str(), open[1].state), ("web_72", State::New));
        assert_eq!(open[0].remaining(), Qty::whole(2));
        assert!(open.iter().all(|it| it.entry.reduce_only && it.ahead == Qty::MAX));
        assert!(open[0].id < open[1].id);
    }

    #[test]
    fn what_cannot_rest_is_told_back() {
        let mut exchange = Exchange::new(instruments(), Fees::default());
        let account = exchange.open_account(Cash::ZERO);
        let other = OrderRef::Foreign(ForeignOrder::Other);
        let mut stranger = order(3, other, 120, 0);
        stranger.instrument = InstrumentId(99);
        let orders = vec![order(1, other, 0, 0), order(2, other, 120, 3), stranger];
        let prefix = IdPrefix::new("tkl1").unwrap();
        let strange = exchange.adopt(5, account, &snapshot(orders.clone()), &prefix);
        assert_eq!(strange, orders);
        assert_eq!(exchange.open_orders(account).count(), 0);
    }
}
