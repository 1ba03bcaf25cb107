//! No wallet is ever below zero, what is locked belongs to open orders, nothing is made or lost.

use crate::sim::testing::{BTC, USDT, cash, delta, end, small_book, trade};
use crate::sim::wallets::amount;
use crate::sim::{Exchange, Fees, OrderEntry, OrderKey, Report, ReportKind, SelfTrade};
use crate::types::{AssetId, Cash, Price, Qty, Side, TimeInForce};
use proptest::prelude::*;
use std::collections::BTreeMap;

const COIN: AssetId = AssetId(1);

/// One thing that happens: what, which side, where, how much.
type Step = (u8, bool, i64, i64);

fn entry(side: Side, price: Option<i64>, units: i64, time_in_force: TimeInForce) -> OrderEntry {
    OrderEntry {
        instrument: BTC,
        client_id: None,
        side,
        // A tick is 0.1 and a step 0.001.
        price: price.map(|ticks| Price::from_units(ticks * 10_000_000)),
        time_in_force,
        qty: Qty::from_units(units * 100_000),
        reduce_only: false,
        good_till_unix_ms: None,
        self_trade: mode_of(units),
        quote_qty: Cash::ZERO,
    }
}

/// Any of them.
fn mode_of(units: i64) -> SelfTrade {
    let modes = SelfTrade::ALL;
    modes[usize::try_from(units).unwrap_or(0) % modes.len()]
}

fn step(exchange: &mut Exchange, at: Step, reports: &mut Vec<Report>) {
    let (what, buys, ticks, units) = at;
    let account = crate::sim::AccountIndex(0);
    let side = if buys { Side::Buy } else { Side::Sell };
    let placed = |exchange: &mut Exchange, entry: &OrderEntry, reports: &mut Vec<Report>| {
        // A refused order leaves no trace, which is what is looked at.
        let _ = exchange.place(0, account, entry, reports);
    };
    match what {
        0 => placed(exchange, &entry(side, Some(ticks), units, TimeInForce::Gtc), reports),
        1 => placed(exchange, &entry(side, Some(ticks), units, TimeInForce::Ioc), reports),
        2 => placed(exchange, &entry(side, Some(ticks), units, TimeInForce::Fok), reports),
        3 => placed(exchange, &entry(side, None, units, TimeInForce::Ioc), reports),
        4 => {
            let id = exchange.open_orders(account).next().map(|order| order.id);
            if let Some(id) = id {
                exchange.cancel(0, account, BTC, OrderKey::Id(id), reports).unwrap();
            }
        }
        5 => {
            let first = exchange.open_orders(account).next().copied();
            if let Some(order) = first {
                let qty = Qty::from_units(units * 100_000);
                let _ = exchange.reduce(0, &order, (qty, order.client_id), reports);
            }
        }
        6 => {
            let price = Price::from_units(ticks * 10_000_000).to_string();
            let qty = Qty::from_units(units * 100_000).to_string();
            exchange.on_market(0, &trade(&price, &qty, side), reports);
        }
        _ => {
            let qty = Qty::from_units(units * 100_000).to_string();
            exchange.on_market(0, &delta(side, if buys { "99.8" } else { "100.3" }, &qty), reports);
            exchange.on_market(0, &end(), reports);
        }
    }
}

proptest! {
    #[test]
    fn money_is_kept(
        maker in -500_i32..3_000,
        taker in 0_i32..5_000,
        steps in proptest::collection::vec(
            (0_u8..8, any::<bool>(), 950_i64..1_050, 1_i64..40_000),
            1..60,
        ),
    ) {
        let fees = Fees { maker_centi_bps: maker, taker_centi_bps: taker };
        let mut exchange = Exchange::spot(super::pairs(), fees);
        let begin = [(USDT, cash("3000.12345678")), (COIN, cash("20.00000001"))];
        let account = exchange.open_wallets(BTreeMap::from(begin));
        let mut reports = Vec::new();
        small_book().iter().for_each(|event| exchange.on_market(0, event, &mut reports));
        for at in steps {
            step(&mut exchange, at, &mut reports);
            for asset in [USDT, COIN] {
                let mut open = Cash::ZERO;
                for order in exchange.open_orders(account) {
                    let (locked, cash) = match order.entry.side {
                        Side::Buy => (USDT, order.entry.price.unwrap().notional(order.remaining())),
                        Side::Sell => (COIN, amount(order.remaining())),
                    };
                    if locked == asset {
                        open = open.saturating_add(cash);
                    }
                }
                prop_assert_eq!(exchange.locked(account, asset), open);
                prop_assert!(Cash::ZERO <= exchange.free(account, asset), "{:?}", at);
                prop_assert!(Cash::ZERO <= exchange.account(account).wallet(asset), "{:?}", at);
            }
        }
        let mut held = BTreeMap::from(begin);
        for report in &reports {
            let ReportKind::Trade(trade) = report.kind else { continue };
            let worth = trade.price.notional(trade.qty);
            let (gives, takes) = match trade.side {
                Side::Buy => ((USDT, worth), (COIN, amount(trade.qty))),
                Side::Sell => ((COIN, amount(trade.qty)), (USDT, worth)),
            };
            let given = held.get_mut(&gives.0).unwrap();
            *given = given.saturating_sub(gives.1);
            let taken = held.get_mut(&takes.0).unwrap();
            *taken = taken.saturating_add(takes.1).saturating_sub(trade.fee);
        }
        for (asset, cash) in held {
            prop_assert_eq!(exchange.account(account).wallet(asset), cash);
        }
    }
}
