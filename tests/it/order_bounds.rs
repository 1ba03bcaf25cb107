//! Limits of single instruments, of what has just moved, and of what is too late.

use crate::support::{BTC, ETH, World, limit, price, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{OperatorCommand, Permissions, PriceMoveLimits, Rate, Scope, Setup, Taker};
use tradekeel::types::{MS, OrderKind, OrderRequest, Qty, SECOND, Side};

fn in_eth() -> OrderRequest {
    OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9.5") }
}

#[test]
fn a_restricted_instrument_is_only_reduced_and_the_others_trade() {
    let mut world = World::with(1, |setup| setup.limits.instruments[0].restricted = true);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Restricted));
    assert!(world.wish(0, in_eth()).is_ok());
}

#[test]
fn one_instrument_has_its_own_bound_of_orders() {
    let mut world = World::with(2, |setup| setup.limits.instruments[0].open_orders_max = 2);
    world.open(Side::Buy, "1", "99");
    world.wish(1, limit(Side::Buy, "1", "99")).unwrap();
    let third = limit(Side::Buy, "1", "98.9");
    assert_eq!(world.wish(0, third), Err(DenyReason::InstrumentOrders));
    assert!(world.wish(0, in_eth()).is_ok());
}

#[test]
fn a_lost_answer_stops_its_instrument_and_no_other() {
    let mut world = World::with(1, |setup| setup.limits.instruments[0].unknown_orders_max = 1);
    world.take(Side::Buy, "1");
    world.faults.lost_requests = 1_000;
    world.open(Side::Buy, "1", "99");
    world.advance(SECOND + 20 * MS);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98.9")), Err(DenyReason::InstrumentUnknown));
    assert!(world.wish(0, reduction(Side::Sell, "1", "101")).is_ok());
    assert!(world.wish(0, in_eth()).is_ok());
}

#[test]
fn nothing_is_opened_into_a_market_that_runs() {
    let bound = PriceMoveLimits { max_bps: 100, window_ns: 6 * SECOND };
    let mut world = World::with(1, |setup| setup.limits.price_move = bound);
    world.take(Side::Buy, "1");
    world.advance(10 * SECOND);
    world.quote(BTC, "98.9", "99.1");
    assert!(world.wish(0, limit(Side::Buy, "1", "97")).is_ok(), "one percent");
    world.advance(500 * MS);
    world.quote(BTC, "98.8", "99");
    let more = limit(Side::Buy, "1", "96");
    assert_eq!(world.wish(0, more), Err(DenyReason::MarketMoved));
    assert!(world.wish(0, reduction(Side::Sell, "1", "98.8")).is_ok(), "out is possible");
    world.advance(8 * SECOND);
    assert!(world.wish(0, more).is_ok(), "the market has stood still for the window");
}

/// The market jumps while we are away: the first quote after it is not a market to trade on.
#[test]
fn a_jump_that_nobody_saw_is_a_move_too() {
    let bound = PriceMoveLimits { max_bps: 100, window_ns: 6 * SECOND };
    let mut world = World::with(1, |setup| setup.limits.price_move = bound);
    world.advance(10 * SECOND);
    world.link_down();
    world.advance(20 * SECOND);
    world.quote(BTC, "94.9", "95.1");
    world.link_up();
    world.advance(SECOND);
    assert!(world.status().reconciled);
    let bid = limit(Side::Buy, "1", "94");
    assert_eq!(world.wish(0, bid), Err(DenyReason::MarketMoved));
    world.advance(7 * SECOND);
    assert!(world.wish(0, bid).is_ok());
}

#[test]
fn the_last_trade_holds_an_order_where_the_book_has_run_away() {
    let mut world = World::calm();
    world.trade(BTC, "100", "0.001", Side::Buy);
    world.quote(BTC, "100.9", "101.1");
    let taking = limit(Side::Buy, "1", "101.1");
    assert_eq!(world.wish(0, taking), Err(DenyReason::PriceOffTrade));
    assert!(world.wish(0, limit(Side::Buy, "1", "101")).is_ok());
    world.advance(3 * SECOND);
    assert!(world.wish(0, taking).is_ok(), "a trade of long ago says nothing");
}

#[test]
fn a_strategy_opens_with_what_it_may_and_closes_with_anything() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].budget.permissions = Permissions::of(["ioc"], ["buy"]).unwrap();
    });
    let resting = limit(Side::Buy, "1", "99");
    assert_eq!(world.wish(0, resting), Err(DenyReason::KindNotPermitted));
    world.take(Side::Buy, "2");
    let short = OrderRequest { kind: OrderKind::Ioc(price("99.9")), ..limit(Side::Sell, "1", "1") };
    assert_eq!(world.wish(0, short), Err(DenyReason::SideNotPermitted));
    assert!(world.wish(0, reduction(Side::Sell, "2", "101")).is_ok());
}

#[test]
fn in_conservative_nothing_is_opened_by_taking() {
    let mut world = World::with(1, |setup| setup.limits.conservative_taker = Taker::Off);
    world.take(Side::Buy, "1");
    world.halt();
    world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
    world.advance(20 * MS);
    for kind in [
        OrderKind::Market,
        OrderKind::Ioc(price("100.1")),
        OrderKind::Fok(price("100.1")),
        OrderKind::Limit(price("100.1")),
    ] {
        let taking = OrderRequest { kind, ..limit(Side::Buy, "0.1", "1") };
        assert_eq!(world.wish(0, taking), Err(DenyReason::TakerOff), "{kind:?}");
    }
    assert!(world.wish(0, limit(Side::Buy, "0.1", "100")).is_ok(), "it rests");
    let out = OrderRequest { kind: OrderKind::Market, ..reduction(Side::Sell, "1", "1") };
    assert!(world.wish(0, out).is_err(), "it would meet the order that rests");
    let out = OrderRequest { kind: OrderKind::Ioc(price("100.1")), ..out };
    assert!(world.wish(0, out).is_ok(), "out is possible");
}

/// The book of the world has 100,000 on each side.
#[test]
fn no_more_is_taken_than_a_part_of_what_stands_there() {
    let mut world = World::with(1, |setup| setup.limits.depth_bps_max = Some(1));
    let take = |amount: &str| OrderRequest {
        kind: OrderKind::Ioc(price("100.1")),
        ..limit(Side::Buy, amount, "1")
    };
    assert_eq!(world.wish(0, take("10")).map(drop), Ok(()));
    world.advance(20 * MS);
    let mut world = World::with(1, |setup| {
        setup.limits.depth_bps_max = Some(1);
        setup.limits.instruments[0].order_qty_max = qty("20");
        setup.limits.instruments[0].position_max = qty("20");
    });
    assert_eq!(world.wish(0, take("10.001")), Err(DenyReason::TooMuchOfDepth));
    assert!(world.wish(0, limit(Side::Buy, "10.001", "100")).is_ok(), "it takes nothing");
}

fn slow(setup: &mut Setup) {
    setup.limits.order_rate = Rate { per_second: 1, burst: 8 };
}

/// Opening orders use up what is theirs; reductions and an operator still get out.
#[test]
fn a_storm_of_opening_orders_leaves_room_to_get_out() {
    let mut world = World::with(1, slow);
    world.advance(10 * SECOND);
    world.take(Side::Buy, "2");
    let mut opened = 1;
    for at in ["99", "98.9", "98.8", "98.7", "98.6", "98.5", "98.4"] {
        opened += u32::from(world.wish(0, limit(Side::Buy, "0.1", at)).is_ok());
    }
    assert_eq!((opened, *world.denied.last().unwrap()), (6, DenyReason::OrderRate));
    assert!(world.wish(0, reduction(Side::Sell, "1", "101")).is_ok());
    assert_eq!(
        world.wish(0, reduction(Side::Sell, "0.5", "101")),
        Err(DenyReason::OrderRate),
        "the last is the operator's"
    );
    world.flatten();
    world.advance(500 * MS);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
}

/// A crash that starts again and again must not send a burst each time.
#[test]
fn a_start_gives_no_fresh_burst() {
    let mut world = World::with(1, slow);
    assert_eq!(world.wish(0, limit(Side::Buy, "0.1", "99")), Err(DenyReason::OrderRate));
    world.advance(SECOND);
    assert!(world.wish(0, limit(Side::Buy, "0.1", "99")).is_ok());
    assert_eq!(world.wish(0, limit(Side::Buy, "0.1", "98.9")), Err(DenyReason::OrderRate));
}

#[test]
fn a_minute_has_its_own_bound() {
    let mut world = World::with(1, |setup| setup.limits.orders_per_minute_max = 60);
    world.advance(61 * SECOND);
    let mut denied = None;
    for at in 0..50 {
        let wish = world.wish(0, limit(Side::Buy, "0.1", &format!("9{}.{}", at / 10, at % 10)));
        match wish {
            Ok(id) => {
                world.advance(5 * MS);
                world.cancel(0, id);
                world.advance(5 * MS);
            }
            Err(reason) => {
                denied = Some((at, reason));
                break;
            }
        }
    }
    assert_eq!(denied, Some((45, DenyReason::MinuteRate)));
}

#[test]
fn orders_without_trades_come_to_an_end_and_reductions_do_not() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].budget.orders_per_trade_max = Some(3);
    });
    world.take(Side::Buy, "1");
    for at in ["99", "98.9", "98.8", "98.7", "98.6"] {
        assert!(world.wish(0, limit(Side::Buy, "0.1", at)).is_ok(), "one trade pays for three");
    }
    let more = limit(Side::Buy, "0.1", "98.5");
    assert_eq!(world.wish(0, more), Err(DenyReason::OrderToTrade));
    assert!(world.wish(0, reduction(Side::Sell, "1", "101")).is_ok());
}
