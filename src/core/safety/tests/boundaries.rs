//! Every number at its boundary: one below and at it passes, one beyond is denied; and no number,
//! however large, does anything but deny.

use super::case::*;
use super::*;
use crate::core::setup::{PriceMoveLimits, RepeatLimits};
use crate::types::{Cash, OrderKind, Price, Qty, Quote};
use proptest::prelude::*;

/// Makes of a good order one that is so far `beyond` a limit of about `limit`.
type Approach = fn(case: &mut Case, limit: i64, beyond: i64);

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap()
}

fn ns(number: i64) -> u64 {
    u64::try_from(number).unwrap()
}

/// The good order is 2 at 100, worth 200.
const QTY: i64 = 200_000_000;
const WORTH: i128 = 20_000_000_000;

#[rustfmt::skip]
const NUMBERS: &[(DenyReason, Approach)] = &[
    (DenyReason::StaleQuote, |c, limit, beyond| { c.kernel.limits.data_age_ns_max = ns(limit); tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS - ns(limit + beyond)); }),
    (DenyReason::StaleSignal, |c, limit, beyond| { c.kernel.limits.signal_age_ns_max = ns(limit); c.origin_ns = NOW_NS - ns(limit + beyond); }),
    (DenyReason::QtyTooLarge, |c, _, beyond| c.kernel.limits.instruments[0].order_qty_max = Qty::from_units(QTY - beyond)),
    (DenyReason::NotionalTooLarge, |c, _, beyond| c.kernel.limits.order_notional_max = Cash::from_units(WORTH - i128::from(beyond))),
    (DenyReason::TooMuchOfDepth, |c, _, beyond| { ask_depth(c, 800_000_000 - beyond); }),
    (DenyReason::BadTtl, |c, limit, beyond| { c.kernel.limits.order_ttl_ns_max = ns(limit); c.request.ttl_ns = Some(ns(limit + beyond)); }),
    (DenyReason::RepeatedOrder, |c, limit, beyond| { let max = count(2 + limit % 50); c.kernel.repeats = Repeats::new(RepeatLimits { max, window_ns: SECOND }); repeat(c, count(i64::from(max) - 1 + beyond)); }),
    (DenyReason::TooManyUnknown, |c, limit, beyond| { c.kernel.limits.unknown_orders_max = count(limit); c.unknown_orders = count(limit - 1 + beyond); }),
    (DenyReason::InstrumentUnknown, |c, limit, beyond| { let max = 2 + limit % 50; c.kernel.limits.instruments[0].unknown_orders_max = count(max); c.kernel.limits.instruments[0].open_orders_max = 99; c.open = orders(0, count(max - 1 + beyond)); }),
    (DenyReason::TooManyOrders, |c, limit, beyond| { let max = 2 + limit % 9_999; c.kernel.limits.open_orders_max = count(max); c.live_orders = count(max - 1 + beyond); }),
    (DenyReason::InstrumentOrders, |c, limit, beyond| { let max = 2 + limit % 50; c.kernel.limits.instruments[0].open_orders_max = count(max); c.open = orders(count(max - 1 + beyond), 0); }),
    (DenyReason::OrderRate, |c, limit, beyond| { let burst = 8 + limit % 90; rates_with(c, |limits, budget| { (limits.order_rate.burst, budget.rate.burst) = (count(burst), 1_000); limits.orders_per_minute_max = 10_000; }); spend(c, count(burst - burst / 4 - 1 + beyond)); }),
    (DenyReason::MinuteRate, |c, limit, beyond| { let max = 8 + limit % 90; rates_with(c, |limits, budget| { (limits.order_rate.burst, budget.rate.burst) = (1_000, 1_000); limits.orders_per_minute_max = count(max); }); spend(c, count(max - max / 4 - 1 + beyond)); }),
    (DenyReason::StrategyOrders, |c, limit, beyond| { c.kernel.budgets[0].open_orders_max = count(limit); c.own_live_orders = count(limit - 1 + beyond); }),
    (DenyReason::StrategyRate, |c, limit, beyond| { let burst = 8 + limit % 90; rates_with(c, |limits, budget| { (limits.order_rate.burst, budget.rate.burst) = (1_000, count(burst)); limits.orders_per_minute_max = 10_000; }); spend(c, count(burst - burst / 4 - 1 + beyond)); }),
    (DenyReason::OrderToTrade, |c, limit, beyond| { let max = 2 + limit % 50; rates_with(c, |limits, budget| { (limits.order_rate.burst, budget.rate.burst) = (1_000, 1_000); limits.orders_per_minute_max = 10_000; budget.orders_per_trade_max = Some(count(max)); }); spend(c, count(max - 1 + beyond)); }),
    (DenyReason::PositionTooLarge, |c, limit, beyond| { let held = limit % QTY; c.position = Qty::from_units(held); c.kernel.limits.instruments[0].position_max = Qty::from_units(QTY + held - beyond); }),
    (DenyReason::ExposureTooLarge, |c, limit, beyond| { c.gross(limit.into()); c.kernel.limits.gross_notional_max = Cash::from_units(WORTH + i128::from(limit - beyond)); }),
    (DenyReason::LeverageCap, |c, _, beyond| cap_at(c, WORTH - i128::from(beyond))),
    (DenyReason::NetDelta, |c, limit, beyond| c.hedge = hedge(limit.into(), false).map(|it| HedgeAround { net_delta_max: Cash::from_units(WORTH + i128::from(limit - beyond)), ..it })),
    (DenyReason::FreeMargin, |c, _, beyond| funds(c, 2_020_000_000 - i128::from(beyond), 100_000_000_000)),
    (DenyReason::FreeBalance, |c, _, beyond| spot(c, 20_020_000_000 - i128::from(beyond))),
    (DenyReason::NearLiquidation, |c, _, beyond| funds(c, 100_000_000_000, 2_220_000_000 - i128::from(beyond))),
    (DenyReason::StrategyPosition, |c, _, beyond| c.kernel.budgets[0].position_notional_max = Cash::from_units(WORTH - i128::from(beyond))),
];

proptest! {
    #[test]
    fn one_beyond_a_limit_is_denied_and_the_limit_itself_is_not(
        limit in 2_i64..1_000_000_000,
        beyond in -1_i64..=1,
    ) {
        for (reason, approach) in NUMBERS {
            let mut case = good();
            approach(&mut case, limit, beyond);
            let expected = if 0 < beyond { Err(*reason) } else { Ok(()) };
            prop_assert_eq!(review(&mut case).map(drop), expected, "{:?} by {}", reason, beyond);
        }
    }

    /// The collars and the move of the market, against fractions.
    #[test]
    fn a_price_beyond_a_part_of_another_is_denied(
        before in 1_000_000_000_i64..100_000_000_000,
        max_bps in 1_u32..5_000,
        beyond in -1_i64..=1,
    ) {
        let step = i128::from(before) * i128::from(max_bps) / 10_000;
        let mid = before + i64::try_from(step).unwrap() + beyond;
        let [mid, before] = [mid, before].map(Price::from_units);
        let moved = market_move::check(Some(mid), Some(before), max_bps);
        prop_assert_eq!(moved.is_err(), 0 < beyond);
        let collar = collar::check_trade(Some(before), Side::Buy, mid, max_bps);
        prop_assert_eq!(collar.is_err(), 0 < beyond);
        let touch = Quote { bid: Price::from_units(1), ask: before, ..Quote::default() };
        prop_assert_eq!(collar::check(&touch, Side::Buy, mid, max_bps).is_err(), 0 < beyond);
    }

    /// Any number anywhere: an answer, and none that lets more pass than the limits say.
    #[test]
    fn no_number_overflows(
        numbers in proptest::collection::vec(prop_oneof![0_i64..1_000, any::<i64>()], 9),
        wide in any::<bool>(),
    ) {
        let mut case = good();
        let [bid, apart, price, qty, position, own, foreign, traded_at, gross] =
            numbers.try_into().unwrap();
        let filters = &mut case.instrument.filters;
        (filters.price_tick, filters.qty_step) = (Price::from_units(1), Qty::from_units(1));
        (filters.price_max, filters.qty_max) = (Price::MAX, Qty::MAX);
        let limits = &mut case.kernel.limits;
        if wide {
            limits.order_notional_max = Cash::MAX;
            limits.gross_notional_max = Cash::MAX;
            limits.instruments[0].order_qty_max = Qty::MAX;
            limits.instruments[0].position_max = Qty::MAX;
            limits.price_move = PriceMoveLimits { max_bps: u32::MAX, window_ns: 1 };
            limits.price_band_bps = i32::MAX.unsigned_abs();
            limits.depth_bps_max = Some(u32::MAX);
            case.kernel.budgets[0].position_notional_max = Cash::MAX;
        }
        let [bid, price, traded_at] = [bid, price, traded_at].map(Price::from_units);
        let ask = bid.saturating_add(Price::from_units(apart));
        let (bid_qty, ask_qty) = (Qty::MAX, Qty::MAX);
        tell(&mut case.market, MarketData::Quote(Quote { bid, bid_qty, ask, ask_qty }), NOW_NS);
        traded(&mut case, traded_at.units(), 0);
        case.request.kind = OrderKind::Limit(price);
        case.request.qty = Qty::from_units(qty);
        (case.position, case.own_position) = (Qty::from_units(position), Qty::from_units(own));
        case.foreign = Qty::from_units(foreign).abs();
        case.gross(gross.into());
        if review(&mut case).is_ok() {
            let bounds = case.kernel.limits.instruments[0];
            let reach = [position.max(0), foreign.saturating_abs(), qty];
            let reach: i128 = reach.into_iter().map(i128::from).sum();
            prop_assert!(reach <= i128::from(bounds.position_max.units()));
            let worth = price.notional(Qty::from_units(qty));
            prop_assert!(Cash::ZERO < worth && worth <= case.kernel.limits.order_notional_max);
        }
        let _ = review_exit(&mut case);
    }
}
