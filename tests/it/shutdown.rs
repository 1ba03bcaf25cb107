//! The end of the process: strategies stop, opening orders go, nothing new comes.

use crate::support::{World, limit, reduction};
use tradekeel::core::{Intent, OperatorCommand};
use tradekeel::types::{MS, SECOND, Side};

#[test]
fn a_stop_takes_opening_orders_back_until_it_is_confirmed() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    world.operator(OperatorCommand::Stop).unwrap();
    assert!(world.script(0).stopped && world.status().stopping);
    world.advance(3 * SECOND);
    assert_eq!(world.status().opening_orders, 1);
    world.faults.lost_requests = 0;
    world.advance(2 * SECOND);
    assert_eq!(world.status().opening_orders, 0);
    assert!(world.order(opening).is_none() && world.order(reducing).is_some());
}

#[test]
fn nothing_new_comes_after_a_stop_whatever_happens() {
    let mut world = World::calm();
    world.operator(OperatorCommand::Stop).unwrap();
    let sent = world.status().counters.orders_sent;
    world.link_down();
    world.link_up();
    let resume = OperatorCommand::Resume(tradekeel::core::Scope::All);
    world.operator(resume).unwrap();
    world.operator(OperatorCommand::ResumeFull).unwrap();
    world.advance(30 * SECOND);
    let nobody = tradekeel::types::ClientOrderId::default();
    world.say(0, Intent::Place(nobody, limit(Side::Buy, "1", "99")));
    assert_eq!(world.status().counters.orders_sent, sent);
}

#[test]
fn a_flatten_goes_on_after_a_stop() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.operator(OperatorCommand::Stop).unwrap();
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(crate::support::BTC), tradekeel::types::Qty::ZERO);
}
