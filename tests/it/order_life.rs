//! The life of an order, told in order, out of order, twice, late, or not at all.

use crate::support::{BTC, Faults, Sent, USDT, World, cash, limit, price, qty};
use tradekeel::core::{Alert, LinkChannel, LinkState};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, Fee, Fill, Liquidity, MS, OrderStatus, Qty, SECOND, Side,
};

fn fill(trade_id: u64, side: Side, amount: &str, cum: &str) -> ExecutionKind {
    ExecutionKind::Trade(Fill {
        trade_id,
        side,
        price: price("99"),
        qty: qty(amount),
        cum_qty: qty(cum),
        fee: Some(Fee { asset: USDT, amount: cash(0) }),
        liquidity: Liquidity::Maker,
    })
}

/// A world whose venue says nothing by itself: the test speaks for it.
fn silent() -> (World, ClientOrderId) {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    let id = world.open(Side::Buy, "2", "99");
    (world, id)
}

#[test]
fn rests_fills_in_parts_and_is_over() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PendingNew);
    world.advance(5 * MS);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::New);
    world.trade(BTC, "98", "0.5", Side::Sell);
    world.advance(5 * MS);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PartiallyFilled);
    assert_eq!(world.position(), qty("0.5"));
    world.trade(BTC, "98", "5", Side::Sell);
    world.advance(5 * MS);
    assert_eq!((world.order(id), world.position()), (None, qty("2")));
    assert_eq!(world.script(0).fills, qty("2"));
}

#[test]
fn a_trade_told_twice_counts_once() {
    let (mut world, id) = silent();
    for _ in 0..3 {
        world.report(id, fill(7, Side::Buy, "1", "1"));
    }
    assert_eq!(world.position(), qty("1"));
    assert_eq!(world.status().counters.repeated_reports, 2);
}

/// The venue gives both sides of a trade the same number.
#[test]
fn two_orders_of_ours_that_meet_are_two_trades() {
    let (mut world, buy) = silent();
    let sell = world.open(Side::Sell, "2", "101");
    world.report(buy, fill(7, Side::Buy, "1", "1"));
    world.report(sell, fill(7, Side::Sell, "1", "1"));
    assert_eq!(world.position(), Qty::ZERO);
    assert_eq!(world.status().counters.repeated_reports, 0);
}

#[test]
fn a_trade_before_the_acknowledgement_is_not_undone_by_it() {
    let (mut world, id) = silent();
    world.report(id, fill(7, Side::Buy, "1", "1"));
    world.report(id, ExecutionKind::New);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PartiallyFilled);
    assert_eq!(world.order(id).unwrap().remaining(), qty("1"));
}

#[test]
fn trades_that_overtake_each_other_add_up() {
    let (mut world, id) = silent();
    world.report(id, fill(8, Side::Buy, "0.5", "2"));
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PartiallyFilled);
    world.report(id, fill(7, Side::Buy, "1.5", "1.5"));
    assert_eq!((world.order(id), world.position()), (None, qty("2")));
}

/// Nothing new is opened between the end that claims a trade and the trade itself.
#[test]
fn an_end_that_claims_more_than_was_told_stops_new_risk_until_it_is_told() {
    let (mut world, id) = silent();
    world.report(id, ExecutionKind::Canceled { cum_qty: qty("1") });
    assert!(!world.status().reconciled);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_err());
    world.report(id, fill(7, Side::Buy, "1", "1"));
    assert_eq!(world.position(), qty("1"));
    assert_eq!(world.script(0).fills, qty("1"));
}

#[test]
fn a_final_order_stays_final() {
    let (mut world, id) = silent();
    world.report(id, ExecutionKind::Canceled { cum_qty: Qty::ZERO });
    let late = [
        ExecutionKind::New,
        ExecutionKind::CancelRejected { code: -2011 },
        ExecutionKind::Rejected { code: -2010 },
        ExecutionKind::OutcomeUnknown,
        ExecutionKind::NotFound,
        ExecutionKind::Status { status: OrderStatus::New, cum_qty: Qty::ZERO },
    ];
    for kind in late {
        world.report(id, kind);
        assert_eq!(world.order(id), None, "{kind:?}");
    }
}

#[test]
fn a_refusal_of_an_order_that_was_seen_to_stand_is_asked_after() {
    let (mut world, id) = silent();
    world.report(id, ExecutionKind::New);
    world.report(id, ExecutionKind::Rejected { code: -1 });
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    world.report(id, ExecutionKind::Status { status: OrderStatus::New, cum_qty: Qty::ZERO });
    assert_eq!(world.order(id).unwrap().status, OrderStatus::New);
}

#[test]
fn more_than_was_ordered_trips_and_counts_all_the_same() {
    let (mut world, id) = silent();
    world.report(id, fill(7, Side::Buy, "3", "3"));
    assert!(world.has_alert(|alert| *alert == Alert::Overfill(id)));
    assert_eq!(world.trips.len(), 1);
    assert_eq!(world.position(), qty("3"));
}

#[test]
fn an_immediate_order_whose_end_is_lost_is_asked_after() {
    let mut world = World::calm();
    world.faults = Faults { delay_ns: MS, ..Faults::default() };
    let request = tradekeel::types::OrderRequest {
        kind: tradekeel::types::OrderKind::Ioc(price("99")),
        ..limit(Side::Buy, "1", "99")
    };
    let id = world.wish(0, request).unwrap();
    world.lose_what_is_under_way();
    world.report(id, ExecutionKind::New);
    world.advance(SECOND - 20 * MS);
    assert!(!world.sent.contains(&Sent::Query(id)));
    world.advance(40 * MS);
    assert!(world.sent.contains(&Sent::Query(id)));
    assert_eq!(world.cancels_of(id), 0);
}

#[test]
fn an_order_is_over_when_the_private_stream_was_away_meanwhile() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    world.link(LinkChannel::User, LinkState::Down);
    world.trade(BTC, "98", "5", Side::Sell);
    world.advance(SECOND);
    assert_eq!(world.position(), Qty::ZERO);
    world.link(LinkChannel::User, LinkState::Up);
    world.advance(3 * SECOND);
    assert_eq!((world.order(id), world.position()), (None, qty("2")));
    assert!(world.status().reconciled);
}

#[test]
fn a_trade_of_nothing_or_of_what_is_not_configured_is_passed_over() {
    let (mut world, id) = silent();
    world.report(id, fill(7, Side::Buy, "0", "0"));
    world.report(id, fill(8, Side::Buy, "-1", "0"));
    assert_eq!((world.position(), world.status().counters.unusable), (Qty::ZERO, 2));
}
