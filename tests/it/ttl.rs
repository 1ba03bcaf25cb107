//! Times to live.

use crate::support::{World, limit, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::types::{ExecutionKind, MS, OrderRequest, SECOND, Side};

fn living(ttl_ns: u64) -> OrderRequest {
    OrderRequest { ttl_ns: Some(ttl_ns), ..limit(Side::Buy, "1", "99") }
}

#[test]
fn an_order_is_taken_back_when_its_time_is_over_and_not_before() {
    let mut world = World::calm();
    let id = world.wish(0, living(5 * SECOND)).unwrap();
    world.advance(5 * SECOND - 20 * MS);
    assert_eq!(world.cancels_of(id), 0);
    world.advance(40 * MS);
    assert_eq!((world.cancels_of(id), world.venue_orders()), (1, 0));
}

#[test]
fn every_opening_order_has_an_end() {
    let mut world = World::calm();
    let endless = OrderRequest { ttl_ns: None, ..living(1) };
    assert_eq!(world.wish(0, endless), Err(DenyReason::BadTtl));
    assert_eq!(world.wish(0, living(3_600 * SECOND + 1)), Err(DenyReason::BadTtl));
}

#[test]
fn a_reduction_may_stand_without_end() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    let id = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(600 * SECOND);
    assert!(world.order(id).is_some());
}

/// A venue that refuses the cancel and says that the order stands is asked once a second, not at
/// the speed of its answers.
#[test]
fn a_cancel_that_is_refused_is_repeated_at_its_own_pace() {
    let mut world = World::calm();
    let id = world.wish(0, living(SECOND)).unwrap();
    world.advance(SECOND - 20 * MS);
    world.faults.lost_requests = 1_000;
    for _ in 0..1_000 {
        world.advance(10 * MS);
        let status = tradekeel::types::OrderStatus::New;
        let stands = ExecutionKind::Status { status, cum_qty: tradekeel::types::Qty::ZERO };
        world.report(id, ExecutionKind::CancelRejected { code: -1003 });
        world.report(id, stands);
    }
    assert!((9..=11).contains(&world.cancels_of(id)), "{}", world.cancels_of(id));
}
