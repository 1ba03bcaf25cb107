//! What is free of each wallet of a spot account: what is held, less what orders of ours lock, less
//! what is locked by anybody else (SAFETY E13, P17).
//!
//! Must hold: every order of ours that is not over counts with all that it may still trade, one of
//! unknown fate too; what nobody told is not known, and not free.
//!
//! Decision: what others lock is what the venue had locked when it was read, less what orders of
//! ours in the same reading explain: so orders of symbols that nobody configured count as well. It
//! is taken from readings in which nothing was heard of us, where both belong to one instant.
//!
//! Decision: summed when it is asked for, over the orders that are not over. The venue keeps some
//! 200 open orders of a pair, and nobody else pays for it.

use super::orders::Order;
use super::portfolio::Portfolio;
use crate::types::{
    AccountSnapshot, AssetId, Cash, Instrument, InstrumentKind, Price, Qty, Side, VenueOrder,
};

/// What others lock, by asset; `None` while nobody told.
#[derive(Debug)]
pub(super) struct Elsewhere {
    locked: Vec<Option<Cash>>,
}

impl Elsewhere {
    pub(super) fn new(assets: usize) -> Self {
        Self { locked: vec![None; assets] }
    }

    /// A reading of a spot account. One that is not `quiet` tells only what was never told.
    pub(super) fn on_read(
        &mut self,
        snapshot: &AccountSnapshot,
        instruments: &[Instrument],
        quiet: bool,
    ) {
        let here = |it: &&Instrument| it.venue == snapshot.venue && it.kind == InstrumentKind::Spot;
        for instrument in instruments.iter().filter(here) {
            for asset in [instrument.base, instrument.quote] {
                let Some(locked) = self.locked.get_mut(asset.index()) else { continue };
                if quiet || locked.is_none() {
                    *locked = locked_by_others(snapshot, instruments, asset);
                }
            }
        }
    }

    /// What an order of that side may still spend: of the base for a sale, of the quote for a buy.
    /// `None` where that cannot be told, and where nothing is spent (contracts).
    pub(super) fn free<'a>(
        &self,
        (instrument, side): (&Instrument, Side),
        portfolio: &Portfolio,
        instruments: &[Instrument],
        ours: impl Iterator<Item = &'a Order>,
    ) -> Option<Cash> {
        let spot = Some(instrument).filter(|it| it.kind == InstrumentKind::Spot)?;
        let asset = spent(spot, side);
        let mut free = portfolio.held(spot, asset.index())?;
        free = free.checked_sub((*self.locked.get(asset.index())?)?)?;
        for order in ours {
            let of = instruments.get(order.terms.instrument.index())?;
            let terms = &order.terms;
            if of.venue == spot.venue && spent(of, terms.side) == asset {
                free = free.checked_sub(lock(terms.side, terms.price, order.remaining()))?;
            }
        }
        Some(free)
    }
}

/// What the venue had locked of an asset and no order of ours there explains.
fn locked_by_others(
    snapshot: &AccountSnapshot,
    instruments: &[Instrument],
    asset: AssetId,
) -> Option<Cash> {
    let wallets = &snapshot.margin.as_ref()?.wallets;
    let wallet = wallets.iter().find(|wallet| wallet.asset == asset);
    let mut locked = wallet.map_or(Some(Cash::ZERO), |it| it.balance.checked_sub(it.available))?;
    let ours = snapshot.open_orders.iter().filter(|order| order.id().is_some());
    for VenueOrder { instrument, side, price, qty, cum_qty, .. } in ours {
        if spent(instruments.get(instrument.index())?, *side) == asset {
            let left = qty.saturating_sub(*cum_qty).max(Qty::ZERO);
            locked = locked.saturating_sub(lock(*side, *price, left));
        }
    }
    Some(locked.max(Cash::ZERO))
}

fn spent(instrument: &Instrument, side: Side) -> AssetId {
    match side {
        Side::Buy => instrument.quote,
        Side::Sell => instrument.base,
    }
}

/// What an order spends when all of it trades.
pub(super) fn lock(side: Side, price: Price, qty: Qty) -> Cash {
    match side {
        Side::Buy => price.notional(qty),
        Side::Sell => Price::whole(1).notional(qty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        AccountMargin, ClientOrderId, Filters, ForeignOrder, InstrumentId, OrderRef, OrderTerms,
        Purpose, QueryToken, TimeInForce, VenueId, WalletMargin,
    };

    const USDT: AssetId = AssetId(0);
    const BTC: AssetId = AssetId(1);
    const VENUE: VenueId = VenueId(0);
    const OURS: OrderRef = OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 1 });

    fn pair() -> Instrument {
        Instrument {
            id: InstrumentId(0),
            venue: VENUE,
            symbol: String::new(),
            kind: InstrumentKind::Spot,
            base: BTC,
            quote: USDT,
            settle: USDT,
            filters: Filters::whole(),
        }
    }

    fn standing(order: OrderRef, side: Side, qty: i32, traded: i32) -> VenueOrder {
        VenueOrder {
            instrument: InstrumentId(0),
            order,
            venue_order_id: 1,
            side,
            price: Price::whole(10),
            qty: Qty::whole(qty),
            cum_qty: Qty::whole(traded),
            purpose: Purpose::Opening,
        }
    }

    /// 1,000 USDT and 8 BTC, of which so much is locked.
    fn told(locked: (i32, i32), open_orders: Vec<VenueOrder>) -> AccountSnapshot {
        let rows = [(USDT, 1_000, locked.0), (BTC, 8, locked.1)];
        let wallets = rows.map(|(asset, held, locked)| {
            let (available, balance) = (Cash::whole(held - locked), Cash::whole(held));
            WalletMargin { asset, available, balance }
        });
        AccountSnapshot {
            venue: VENUE,
            token: QueryToken(1),
            balances: rows.iter().map(|(asset, held, _)| (*asset, Cash::whole(*held))).collect(),
            has_unnamed_assets: false,
            positions: Vec::new(),
            unnamed_positions: 0,
            open_orders,
            margin: Some(AccountMargin { wallets: wallets.to_vec(), ..AccountMargin::default() }),
        }
    }

    fn order(side: Side, qty: i32) -> Order {
        let terms = OrderTerms {
            instrument: InstrumentId(0),
            side,
            time_in_force: TimeInForce::Gtc,
            price: Price::whole(10),
            qty: Qty::whole(qty),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        Order::sent(ClientOrderId::default(), None, terms, 0)
    }

    /// What is free to buy and to sell with, after readings and with orders of ours.
    fn free(readings: &[(AccountSnapshot, bool)], ours: &[Order]) -> [Option<Cash>; 2] {
        let instruments = [pair()];
        let valuations = vec![crate::core::setup::Valuation::Nothing; 2];
        let mut portfolio = Portfolio::new(vec![false], 0, 1, valuations);
        let mut elsewhere = Elsewhere::new(2);
        for (reading, quiet) in readings {
            portfolio.adopt(reading, &instruments, &[], 0);
            elsewhere.on_read(reading, &instruments, *quiet);
        }
        Side::BOTH.map(|side| {
            elsewhere.free((&instruments[0], side), &portfolio, &instruments, ours.iter())
        })
    }

    fn cash(usdt: i32, btc: i32) -> [Option<Cash>; 2] {
        [Some(Cash::whole(usdt)), Some(Cash::whole(btc))]
    }

    #[test]
    fn orders_of_ours_lock_what_they_may_still_trade() {
        let read = [(told((0, 0), Vec::new()), true)];
        assert_eq!(free(&read, &[]), cash(1_000, 8));
        assert_eq!(free(&read, &[order(Side::Buy, 3), order(Side::Sell, 2)]), cash(970, 6));
        let mut traded = order(Side::Sell, 5);
        traded.cum_qty = Qty::whole(4);
        assert_eq!(free(&read, &[traded]), cash(1_000, 7));
    }

    #[test]
    fn what_the_venue_has_locked_for_others_is_not_free_and_for_ours_counts_once() {
        let foreign = OrderRef::Foreign(ForeignOrder::Manual);
        let orders = vec![standing(OURS, Side::Sell, 3, 1), standing(foreign, Side::Buy, 5, 0)];
        // Of the three that are locked of the base two are ours.
        let read = [(told((50, 3), orders), true)];
        assert_eq!(free(&read, &[order(Side::Sell, 2)]), cash(950, 5));
        assert_eq!(free(&read, &[]), cash(950, 7), "ours is gone meanwhile");
        let elsewhere = [(told((0, 8), Vec::new()), true)];
        assert_eq!(free(&elsewhere, &[]), cash(1_000, 0), "of a pair that nobody configured");
    }

    #[test]
    fn a_reading_in_which_something_was_heard_changes_nothing_that_is_known() {
        let (locked, free_again) = (told((0, 8), Vec::new()), told((0, 0), Vec::new()));
        let both = |first_quiet, second_quiet| {
            free(&[(locked.clone(), first_quiet), (free_again.clone(), second_quiet)], &[])
        };
        assert_eq!(both(true, true), cash(1_000, 8));
        assert_eq!(both(false, false), cash(1_000, 0), "the first word is taken all the same");
    }

    #[test]
    fn what_nobody_told_is_not_free() {
        assert_eq!(free(&[], &[]), [None, None]);
        let untold = AccountSnapshot { margin: None, ..told((0, 0), Vec::new()) };
        assert_eq!(free(&[(untold, true)], &[]), [None, None]);
        let mut contract = pair();
        contract.kind = InstrumentKind::Perpetual;
        let portfolio = Portfolio::new(vec![false], 0, 1, Vec::new());
        let elsewhere = Elsewhere::new(2);
        let none = elsewhere.free((&contract, Side::Buy), &portfolio, &[], [].iter());
        assert_eq!(none, None, "contracts spend nothing");
    }
}
