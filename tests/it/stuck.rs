//! Opening orders that do not go (SAFETY T7): cancel, then all of the symbol, then nothing but
//! reductions in the instrument; and never a word that the venue did not say.

use crate::support::{BTC, ETH, Sent, World, limit, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, LinkChannel, LinkState, Mode, OperatorCommand, Scope, Sharing};
use tradekeel::types::{ClientOrderId, MS, OrderRequest, OrderStatus, SECOND, Side};

fn living(ttl_ns: u64, at: &str) -> OrderRequest {
    OrderRequest { ttl_ns: Some(ttl_ns), ..limit(Side::Buy, "1", at) }
}

/// Two orders that stand, the first of which is to go in a second; nothing sent arrives any more.
fn deaf(world: &mut World) -> [ClientOrderId; 2] {
    let ids = [living(SECOND, "99"), living(600 * SECOND, "98")];
    let ids = ids.map(|request| world.wish(0, request).unwrap());
    world.advance(20 * MS);
    world.sent.clear();
    world.faults.lost_requests = 1_000;
    ids
}

fn swept(world: &World) -> usize {
    world.sent.iter().filter(|sent| **sent == Sent::CancelAll(BTC)).count()
}

fn is_stopped(world: &World, at: usize) -> bool {
    world.status().instruments[at].held.mode == Mode::Reducing
}

fn stops(world: &World) -> usize {
    world.alerts.iter().filter(|alert| matches!(alert, Alert::StuckStop { .. })).count()
}

#[test]
fn the_fifth_cancel_in_vain_takes_the_symbol_with_it_and_the_fourth_does_not() {
    let mut world = World::calm();
    let [first, second] = deaf(&mut world);
    // The first cancel leaves after one second, the fifth after five.
    world.advance(4_900 * MS);
    assert_eq!((world.cancels_of(first), world.cancels_of(second), swept(&world)), (4, 0, 0));
    world.advance(200 * MS);
    assert_eq!((world.cancels_of(first), world.cancels_of(second), swept(&world)), (5, 1, 1));
    let said = Alert::OrderStuck { id: first, instrument: BTC };
    assert!(world.has_alert(|alert| *alert == said));
    assert!(!is_stopped(&world, 0));
}

#[test]
fn an_order_that_does_not_go_in_time_stops_its_instrument_and_no_other() {
    let mut world = World::calm();
    let [first, _] = deaf(&mut world);
    world.advance(15_900 * MS);
    assert_eq!((stops(&world), is_stopped(&world, 0)), (0, false));
    world.advance(200 * MS);
    assert_eq!((stops(&world), is_stopped(&world, 0)), (1, true));
    assert!(!is_stopped(&world, 1) && world.status().mode == Mode::Running);
    assert_eq!(world.order(first).unwrap().status, OrderStatus::PendingCancel);
    world.advance(600 * SECOND);
    assert_eq!(stops(&world), 1, "an instrument is stopped once");
    assert!(world.order(first).is_some(), "only the venue's word ends it");
    assert!(500 < world.cancels_of(first), "and it goes on being asked to go");
}

#[test]
fn the_venues_word_ends_it_and_a_resume_lifts_the_stop() {
    let mut world = World::calm();
    let [first, second] = deaf(&mut world);
    world.advance(20 * SECOND);
    world.faults.lost_requests = 0;
    world.advance(3 * SECOND);
    assert_eq!((world.order(first), world.order(second), world.venue_orders()), (None, None, 0));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::ReducingOnly));
    let elsewhere = OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9.9") };
    assert!(world.wish(0, elsewhere).is_ok());
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    world.advance(SECOND);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

/// SAFETY E1: a reduction in the market keeps the symbol-wide cancel away, and stays.
#[test]
fn what_reduces_is_left_alone() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let reducing = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(20 * MS);
    let [_, second] = deaf(&mut world);
    world.advance(30 * SECOND);
    assert_eq!((swept(&world), world.cancels_of(reducing)), (0, 0));
    assert!(0 < world.cancels_of(second) && stops(&world) == 1);
}

#[test]
fn on_an_account_that_others_use_it_goes_by_id() {
    let mut world = World::with(1, |setup| setup.sharing = Sharing::Shared);
    let [_, second] = deaf(&mut world);
    world.advance(5_100 * MS);
    assert_eq!((swept(&world), world.cancels_of(second)), (0, 1));
}

/// An outage is no refusal: patience begins anew when orders can be sent again.
#[test]
fn time_without_a_link_does_not_count() {
    let mut world = World::calm();
    let [first, _] = deaf(&mut world);
    world.advance(3 * SECOND);
    world.link(LinkChannel::Orders, LinkState::Down);
    world.advance(60 * SECOND);
    world.link(LinkChannel::Orders, LinkState::Up);
    world.advance(14 * SECOND);
    assert_eq!(stops(&world), 0);
    world.advance(2 * SECOND);
    assert_eq!(stops(&world), 1);
    assert!(world.order(first).is_some());
}

/// Nothing was ever heard of it, and nothing is answered: it cannot stand for ever either.
#[test]
fn an_order_of_unknown_fate_is_stuck_when_its_time_is_over() {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    let id = world.wish(0, living(5 * SECOND, "99")).unwrap();
    world.advance(19_900 * MS);
    assert_eq!(stops(&world), 0);
    world.advance(1_200 * MS);
    assert_eq!((stops(&world), world.order(id).unwrap().status), (1, OrderStatus::Unknown));
}

#[test]
fn a_flatten_works_where_an_order_is_stuck() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    deaf(&mut world);
    world.advance(20 * SECOND);
    assert_eq!(stops(&world), 1);
    world.faults.lost_requests = 0;
    world.flatten();
    world.advance(5 * SECOND);
    assert_eq!(world.venue_position(BTC), tradekeel::types::Qty::ZERO);
}
