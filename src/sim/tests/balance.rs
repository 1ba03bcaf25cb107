//! Whatever is ordered and whatever the market does, positions and wallets are the sum of the
//! trades that were told.

use super::Desk;
use crate::sim::order::{Report, ReportKind};
use crate::sim::self_trade::SelfTrade;
use crate::sim::testing::{BTC, USDT, delta, end, limit, quote, trade};
use crate::types::{Cash, Qty, Side, TimeInForce};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Place { buys: bool, ticks: i64, steps: i64, tif: u8, reduces: bool, mode: u8 },
    Trade { buys: bool, ticks: i64, steps: i64 },
    Quote { bid: i64, wide: i64, steps: i64 },
    Delta { buys: bool, ticks: i64, steps: i64 },
    CancelAll,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ticks = 990_i64..1_010;
    let step =
        prop_oneof![
            (any::<bool>(), ticks.clone(), 1_000_i64..9_000, 0_u8..5, any::<bool>(), 0_u8..4)
                .prop_map(|(buys, ticks, steps, tif, reduces, mode)| Step::Place {
                    buys,
                    ticks,
                    steps,
                    tif,
                    reduces,
                    mode
                }),
            (any::<bool>(), ticks.clone(), 1_i64..9_000)
                .prop_map(|(buys, ticks, steps)| Step::Trade { buys, ticks, steps }),
            (ticks.clone(), 1_i64..4, 1_i64..9_000).prop_map(|(bid, wide, steps)| Step::Quote {
                bid,
                wide,
                steps
            }),
            (any::<bool>(), ticks, 0_i64..9_000).prop_map(|(buys, ticks, steps)| Step::Delta {
                buys,
                ticks,
                steps
            }),
            Just(Step::CancelAll),
        ];
    proptest::collection::vec(step, 1..80)
}

fn side(buys: bool) -> Side {
    if buys { Side::Buy } else { Side::Sell }
}

fn at(ticks: i64) -> String {
    format!("{}.{}", ticks / 10, ticks % 10)
}

fn amount(steps: i64) -> String {
    format!("{}.{:03}", steps / 1_000, steps % 1_000)
}

fn run(desk: &mut Desk, step: &Step) -> Vec<Report> {
    match step {
        Step::Place { buys, ticks, steps, tif, reduces, mode } => {
            let tifs = [TimeInForce::Gtc, TimeInForce::Gtx, TimeInForce::Ioc, TimeInForce::Fok];
            let mut entry = limit(side(*buys), &at(*ticks), &amount(*steps));
            entry.reduce_only = *reduces;
            let modes = SelfTrade::ALL;
            entry.self_trade = modes[usize::from(*mode) % modes.len()];
            match tifs.get(usize::from(*tif)) {
                Some(tif) => entry.time_in_force = *tif,
                None => entry.price = None,
            }
            desk.place(entry).1
        }
        Step::Trade { buys, ticks, steps } => {
            desk.market(&trade(&at(*ticks), &amount(*steps), side(*buys)))
        }
        Step::Quote { bid, wide, steps } => {
            let size = amount(*steps);
            desk.market(&quote(&at(*bid), &size, &at(bid + wide), &size))
        }
        Step::Delta { buys, ticks, steps } => {
            desk.market(&delta(side(*buys), &at(*ticks), &amount(*steps)));
            desk.market(&end())
        }
        Step::CancelAll => {
            let mut out = Vec::new();
            desk.exchange.cancel_all(desk.now_unix_ms, desk.account, BTC, &mut out).unwrap();
            out
        }
    }
}

proptest! {
    #[test]
    fn books_always_balance(steps in steps()) {
        let mut desk = Desk::new();
        let (mut held, mut wallet) = (Qty::ZERO, Cash::whole(10_000));
        for step in &steps {
            for report in run(&mut desk, step) {
                prop_assert!(report.order.cum_qty <= report.order.entry.qty, "an overfill");
                let ReportKind::Trade(trade) = report.kind else { continue };
                let before = held;
                held = held.saturating_add(trade.side.signed(trade.qty));
                wallet = wallet.saturating_add(trade.realised).saturating_sub(trade.fee);
                if let Some(limit) = report.order.entry.price {
                    prop_assert!(trade.side.accepts(trade.price, limit), "beyond the limit");
                }
                if report.order.entry.reduce_only {
                    prop_assert!(held.abs() < before.abs(), "a reduction must reduce");
                }
            }
            prop_assert_eq!(desk.position(), held);
            prop_assert_eq!(desk.exchange.account(desk.account).wallet(USDT), wallet);
            let mut open = desk.exchange.open_orders(desk.account);
            prop_assert!(open.all(|order| order.state.is_open()));
            let best = |side: Side| {
                let open = desk.exchange.open_orders(desk.account);
                let whole = open.filter(|order| !order.entry.reduce_only);
                let prices = whole.filter(|order| order.entry.side == side);
                prices.filter_map(|order| order.entry.price).reduce(|best, price| {
                    if side.accepts(best, price) { price } else { best }
                })
            };
            if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
                prop_assert!(bid < ask, "orders of one account stand across each other");
            }
        }
    }
}
