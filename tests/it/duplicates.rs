//! The same intent twice, and orders that would meet each other: what an engine that lost an answer
//! does to an account.

use crate::support::{BTC, World, limit, qty, reduction};
use tradekeel::core::RepeatLimits;
use tradekeel::core::safety::DenyReason;
use tradekeel::types::{MS, OrderKind, OrderRequest, OrderStatus, Qty, SECOND, Side};

/// Binance futures answers 503 and executes the order all the same; so do lost answers everywhere.
#[test]
fn an_order_whose_answer_was_lost_is_not_sent_again() {
    let mut world = World::calm();
    world.faults.lost_answers = 1_000;
    let id = world.open(Side::Buy, "1", "99");
    let again = limit(Side::Buy, "1", "99");
    assert_eq!(world.wish(0, again), Err(DenyReason::DuplicateOrder));
    world.advance(SECOND + 20 * MS);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    assert_eq!(world.wish(0, again), Err(DenyReason::DuplicateOrder));
    world.faults.lost_answers = 0;
    world.advance(3 * SECOND);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::New);
    assert_eq!(world.wish(0, again), Err(DenyReason::DuplicateOrder));
    assert_eq!(world.venue_orders(), 1);
}

#[test]
fn an_honest_requote_is_no_duplicate() {
    let mut world = World::with(2, |_| {});
    let id = world.open(Side::Buy, "1", "99");
    assert!(world.wish(0, limit(Side::Buy, "1", "98.9")).is_ok(), "another price");
    assert!(world.wish(0, limit(Side::Buy, "1.001", "99")).is_ok(), "another quantity");
    assert!(world.wish(1, limit(Side::Buy, "1", "99")).is_ok(), "another strategy");
    world.advance(20 * MS);
    world.cancel(0, id);
    let again = limit(Side::Buy, "1", "99");
    assert_eq!(world.wish(0, again), Err(DenyReason::DuplicateOrder), "it may still trade");
    world.advance(20 * MS);
    assert!(world.wish(0, again).is_ok(), "the old one is gone");
}

#[test]
fn what_traded_may_be_asked_for_again() {
    let mut world = World::calm();
    let bid = OrderRequest {
        kind: OrderKind::PostOnly(crate::support::price("99")),
        ..limit(Side::Buy, "1", "99")
    };
    for _ in 0..3 {
        world.wish(0, bid).unwrap();
        world.advance(20 * MS);
        world.trade(BTC, "98.9", "1", Side::Sell);
        world.advance(20 * MS);
    }
    assert_eq!(world.position(), qty("3"));
}

#[test]
fn no_strategy_trades_with_itself_or_with_another() {
    for other in [0, 1] {
        let mut world = World::with(2, |_| {});
        let bid = world.open(Side::Buy, "1", "99.5");
        let meets = limit(Side::Sell, "1", "99.5");
        assert_eq!(world.wish(other, meets), Err(DenyReason::SelfTrade), "on its way");
        world.advance(20 * MS);
        assert_eq!(world.wish(other, meets), Err(DenyReason::SelfTrade), "resting");
        assert!(world.wish(other, limit(Side::Sell, "1", "99.6")).is_ok());
        world.cancel(0, bid);
        assert_eq!(world.wish(other, meets), Err(DenyReason::SelfTrade), "going");
        world.advance(20 * MS);
        assert!(world.wish(other, meets).is_ok());
    }
}

#[test]
fn the_next_best_of_our_own_is_met_when_the_best_is_gone() {
    let mut world = World::calm();
    let best = world.open(Side::Buy, "1", "99.5");
    world.open(Side::Buy, "1", "99.3");
    world.advance(20 * MS);
    world.cancel(0, best);
    world.advance(20 * MS);
    assert!(world.wish(0, limit(Side::Sell, "1", "99.4")).is_ok());
    assert_eq!(world.wish(0, limit(Side::Sell, "1", "99.3")), Err(DenyReason::SelfTrade));
}

/// Its own orders are taken back first, so a flatten meets none; and none of them stops it.
#[test]
fn a_flatten_is_not_stopped_by_orders_of_our_own() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.open(Side::Buy, "1", "99.8");
    world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(20 * MS);
    world.flatten();
    world.advance(2 * SECOND);
    assert_eq!((world.venue_position(BTC), world.venue_orders()), (Qty::ZERO, 0));
}

/// A strategy whose orders are taken back at once, or filled, and that asks again and again.
#[test]
fn a_loop_of_one_intent_is_stopped() {
    let bound = RepeatLimits { max: 5, window_ns: 10 * SECOND };
    let mut world = World::with(2, |setup| setup.limits.repeats = bound);
    for _ in 0..5 {
        let id = world.open(Side::Buy, "1", "99");
        world.advance(5 * MS);
        world.cancel(0, id);
        world.advance(5 * MS);
    }
    let again = limit(Side::Buy, "1", "99");
    assert_eq!(world.wish(0, again), Err(DenyReason::RepeatedOrder));
    assert!(world.wish(1, again).is_ok(), "the other strategy asks for the first time");
    world.advance(2 * SECOND);
    assert!(world.wish(0, again).is_ok());
}
