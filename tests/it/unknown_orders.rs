//! Orders whose fate nobody knows: they count at their worst until the venue speaks.

use crate::support::{Sent, World, limit, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, LinkChannel, LinkState};
use tradekeel::types::{ClientOrderId, ExecutionKind, MS, OrderStatus, SECOND, Side};

/// Orders that leave and of which nothing is heard.
fn lost(world: &mut World, count: usize) -> Vec<ClientOrderId> {
    world.faults.lost_requests = 1_000;
    let mut open = || {
        let standing = usize::try_from(world.status().open_orders).unwrap();
        world.open(Side::Buy, "1", ["98.4", "98.3", "98.2", "98.1"][standing])
    };
    let ids = (0..count).map(|_| open()).collect();
    world.advance(SECOND + 20 * MS);
    world.faults.lost_requests = 0;
    ids
}

#[test]
fn silence_makes_an_order_unknown_and_it_is_asked_after() {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    let id = world.open(Side::Buy, "1", "99");
    world.advance(SECOND - 20 * MS);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PendingNew);
    world.advance(40 * MS);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    assert!(world.has_alert(|alert| *alert == Alert::OrderUnknown(id)));
    // At once, and then after one second, two, and four; a reading of the account asks besides.
    let asked = |world: &World| world.sent.iter().filter(|it| **it == Sent::Query(id)).count();
    assert_eq!(asked(&world), 1);
    world.advance(SECOND);
    assert_eq!(asked(&world), 2);
    world.advance(2 * SECOND);
    assert_eq!(asked(&world), 3);
    world.advance(4 * SECOND - 40 * MS);
    assert_eq!(asked(&world), 3);
    world.advance(40 * MS);
    assert_eq!(asked(&world), 4);
    // A venue that answers is asked as often as before.
    world.faults.lost_requests = 0;
    world.advance(8 * SECOND);
    assert_eq!(world.order(id), None, "it never arrived, and all three have said so");
}

#[test]
fn it_is_given_up_only_when_it_cannot_arrive_any_more() {
    let mut world = World::calm();
    let id = lost(&mut world, 1)[0];
    world.advance(4 * SECOND);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    world.advance(2 * SECOND);
    assert_eq!(world.order(id), None);
}

#[test]
fn too_many_of_them_stop_new_risk_and_not_reductions() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    lost(&mut world, 2);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
    lost(&mut world, 1);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98.9")), Err(DenyReason::TooManyUnknown));
    assert!(world.wish(0, reduction(Side::Sell, "1", "101")).is_ok());
}

#[test]
fn asking_one_to_go_does_not_make_it_known() {
    let mut world = World::calm();
    let ids = lost(&mut world, 3);
    world.faults.lost_requests = 1_000;
    for id in &ids {
        world.cancel(0, *id);
        assert_eq!(world.order(*id).unwrap().status, OrderStatus::Unknown);
    }
    assert_eq!(world.status().unknown_orders, 3);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::TooManyUnknown));
    assert_eq!(ids.iter().map(|id| world.cancels_of(*id)).sum::<usize>(), 3);
}

#[test]
fn they_count_at_their_worst() {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    world.open(Side::Buy, "9", "99");
    world.advance(2 * SECOND);
    assert_eq!(world.wish(0, limit(Side::Buy, "1.001", "99")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

/// SAFETY E8: the venue enforces reduce-only, so a second exit may go while one is in doubt.
#[test]
fn a_reduction_of_unknown_fate_blocks_no_other() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.faults.lost_requests = 1_000;
    world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    assert_eq!(world.wish(0, reduction(Side::Sell, "2", "101")), Err(DenyReason::NotReducing));
    world.advance(SECOND + 20 * MS);
    assert!(world.wish(0, reduction(Side::Sell, "2", "101")).is_ok());
}

#[test]
fn a_lost_connection_puts_what_was_not_answered_in_doubt() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.lose_what_is_under_way();
    world.link(LinkChannel::Orders, LinkState::Down);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    world.link(LinkChannel::Orders, LinkState::Up);
    world.advance(10 * SECOND);
    assert_eq!(world.order(id), None);
}

/// It was given up, and stands: the next reading finds it.
#[test]
fn one_that_was_given_up_and_stands_is_found_again() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    assert_eq!(world.venue_orders(), 1);
    world.report(id, ExecutionKind::Canceled { cum_qty: qty("0") });
    assert_eq!(world.order(id), None);
    world.advance(12 * SECOND);
    assert_eq!(world.order(id).map(|order| order.strategy.is_some()), Some(true));
}
