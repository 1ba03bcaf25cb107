//! Limits of single instruments, of what has just moved, and of what is too late.

use crate::support::{BTC, ETH, World, limit, reduction};
use tradekeel::core::PriceMoveLimits;
use tradekeel::core::safety::DenyReason;
use tradekeel::types::{MS, OrderRequest, SECOND, Side};

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
