//! What the follower does with a whole engine under it.

use crate::paper;
use crate::support::{self, BTC, Sent, World, qty};
use tradekeel::types::{MS, OrderTerms, Purpose, Qty, SECOND, Side, TimeInForce};

const SETTINGS: [(&str, &str); 6] = [
    ("order_qty", "1"),
    ("lookback_ms", "1000"),
    ("threshold_bps", "10"),
    ("hold_ms", "3000"),
    ("cooldown_ms", "5000"),
    ("ttl_ms", "2000"),
];

/// Watched a market that stands at 100 for two seconds.
fn follower() -> World {
    let mut setup = support::setup();
    setup.strategies = vec![support::seat(paper::strategy("momentum", &[BTC], &SETTINGS))];
    let venue = support::venue(&setup.instruments);
    let mut world = World::of(setup, venue, Vec::new());
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.advance(2 * SECOND);
    assert!(orders(&world).is_empty());
    world
}

fn orders(world: &World) -> Vec<OrderTerms> {
    let order = |sent: &Sent| match sent {
        Sent::New(_, terms) => Some(*terms),
        Sent::Amend(..)
        | Sent::Cancel(_)
        | Sent::CancelAll(_)
        | Sent::Query(_)
        | Sent::Account
        | Sent::DeadMan(_)
        | Sent::Stop(_) => None,
    };
    world.sent.iter().filter_map(order).collect()
}

fn rise(world: &mut World) {
    world.quote(BTC, "100.9", "101.1");
    world.advance(100 * MS);
}

#[test]
fn it_follows_a_move_that_is_large_enough() {
    let mut world = follower();
    world.quote(BTC, "99.9", "100.2");
    world.advance(SECOND);
    assert!(orders(&world).is_empty(), "five basis points are no move");
    rise(&mut world);
    let entry = orders(&world)[0];
    assert_eq!((entry.side, entry.qty, entry.purpose), (Side::Buy, qty("1"), Purpose::Opening));
    assert_eq!(entry.time_in_force, TimeInForce::Ioc);
    assert_eq!(world.venue_position(BTC), qty("1"));
}

#[test]
fn it_holds_one_position_at_a_time_and_leaves_after_its_time() {
    let mut world = follower();
    rise(&mut world);
    for bid in ["101.9", "102.9", "103.9", "104.9"] {
        world.quote(BTC, bid, "105.1");
        world.advance(500 * MS);
    }
    assert_eq!(orders(&world).len(), 1);
    world.advance(1_500 * MS);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    let exit = orders(&world)[1];
    assert_eq!((exit.side, exit.purpose), (Side::Sell, Purpose::Reducing));
    assert_eq!(exit.time_in_force, TimeInForce::Ioc);
}

#[test]
fn it_leaves_until_it_is_flat_however_often_nothing_meets_it() {
    let mut world = follower();
    rise(&mut world);
    world.faults.lost_requests = 500;
    world.advance(60 * SECOND);
    world.faults.lost_requests = 0;
    world.advance(20 * SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    let exits = orders(&world);
    assert!(exits.iter().skip(1).all(|terms| terms.side == Side::Sell), "{exits:?}");
}

#[test]
fn it_rests_before_it_follows_again() {
    let mut world = follower();
    rise(&mut world);
    world.advance(3_200 * MS);
    assert_eq!((world.venue_position(BTC), orders(&world).len()), (Qty::ZERO, 2));
    world.quote(BTC, "109.9", "110.1");
    world.advance(900 * MS);
    assert_eq!(orders(&world).len(), 2);
    world.advance(6 * SECOND);
    world.quote(BTC, "119.9", "120.1");
    world.advance(100 * MS);
    assert_eq!(orders(&world).len(), 3);
}

#[test]
fn halted_it_neither_enters_nor_leaves_and_an_operator_can() {
    let mut world = follower();
    rise(&mut world);
    world.halt();
    world.advance(10 * SECOND);
    assert_eq!((orders(&world).len(), world.venue_position(BTC)), (1, qty("1")));
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
}
