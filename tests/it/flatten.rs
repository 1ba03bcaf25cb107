//! An operator's flatten reaches zero, whatever stops everything else.

use crate::support::{BTC, Faults, Sent, World, cash, limit, price, qty, reduction, setup, venue};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, LinkChannel, LinkState, Mode, Setup};
use tradekeel::types::{
    MS, MarketData, OrderKind, OrderRequest, Purpose, Qty, SECOND, Side, TimeInForce,
};

fn long() -> World {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.sent.clear();
    world
}

pub(crate) fn exits(world: &World) -> Vec<Qty> {
    let exit = |sent: &Sent| match sent {
        Sent::New(_, terms) if terms.purpose == Purpose::Reducing => {
            assert_eq!(terms.time_in_force, TimeInForce::Ioc);
            Some(terms.qty)
        }
        Sent::New(..)
        | Sent::Amend(..)
        | Sent::Cancel(_)
        | Sent::CancelAll(_)
        | Sent::Query(_)
        | Sent::Account
        | Sent::DeadMan(_)
        | Sent::Stop(_) => None,
    };
    world.sent.iter().filter_map(exit).collect()
}

fn assert_flat(world: &mut World) {
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    world.advance(3 * SECOND);
    assert!(!world.status().flattening && world.has_alert(|alert| *alert == Alert::Flat));
}

#[test]
fn goes_to_zero_in_one_order_at_the_cap() {
    let mut world = long();
    world.flatten();
    let Sent::New(_, terms) = world.sent[0] else { panic!("{:?}", world.sent) };
    assert_eq!((terms.qty, terms.price, terms.side), (qty("2"), price("95"), Side::Sell));
    assert_flat(&mut world);
    assert_eq!(exits(&world), [qty("2")]);
}

#[test]
fn goes_to_zero_in_every_mode() {
    for halted in [false, true] {
        let mut world = long();
        if halted {
            world.halt();
        }
        assert_flat(&mut world);
    }
}

#[test]
fn a_latch_of_the_last_run_does_not_stop_it() {
    let mut first = World::calm();
    crate::kill_switch::trip(&mut first);
    let latch = first.status().latch;
    let mut setup = setup();
    setup.epoch = 2;
    setup.restored.latch = latch;
    let mut venue = venue(&setup.instruments);
    let mut snapshot = venue.snapshot(crate::support::VENUE, tradekeel::types::QueryToken(0));
    snapshot.positions.push(tradekeel::types::VenuePosition {
        instrument: BTC,
        qty: qty("-3"),
        entry: price("100"),
    });
    venue.adopt(0, &snapshot);
    let mut world = World::of(setup, venue, Vec::new());
    world.awake();
    assert_eq!((world.position(), world.status().mode), (qty("-3"), Mode::Killed));
    assert_flat(&mut world);
}

#[test]
fn a_position_that_was_never_read_is_not_flat() {
    let mut world = World::asleep(0, |_| {});
    world.link(LinkChannel::Orders, LinkState::Up);
    world.flatten();
    world.advance(SECOND);
    assert!(world.status().flattening && !world.has_alert(|alert| *alert == Alert::Flat));
}

#[test]
fn large_positions_go_in_slices_and_strand_nothing() {
    let change = |setup: &mut Setup| {
        setup.instruments[0].filters.qty_max = qty("1");
        setup.instruments[0].filters.qty_min = qty("0.5");
        setup.limits.instruments[0].position_max = qty("10");
    };
    let mut world = World::with(1, change);
    for amount in ["1", "0.7", "0.6"] {
        world.take(Side::Buy, amount);
    }
    world.sent.clear();
    world.flatten();
    world.advance(5 * SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    assert_eq!(exits(&world), [qty("1"), qty("0.5"), qty("0.8")]);
}

#[test]
fn what_the_venue_does_not_take_is_said_and_left() {
    let mut world = World::with(1, |setup| setup.instruments[0].filters.qty_min = qty("0.5"));
    world.take(Side::Buy, "0.6");
    let id = world.open(Side::Sell, "0.5", "100.2");
    world.advance(5 * MS);
    world.trade(BTC, "100.3", "0.5", Side::Buy);
    world.advance(5 * MS);
    assert_eq!((world.order(id), world.position()), (None, qty("0.1")));
    world.flatten();
    world.advance(SECOND);
    assert!(!world.status().flattening);
    let said = world.alerts.iter().filter(|alert| **alert == Alert::FlattenStuck(BTC)).count();
    assert_eq!(said, 1);
}

#[test]
fn resting_orders_are_taken_back_and_nothing_new_is_placed_meanwhile() {
    let mut world = long();
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    world.advance(20 * MS);
    world.flatten();
    assert_eq!((world.cancels_of(opening), world.cancels_of(reducing)), (1, 1));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Halted));
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    assert!(!world.status().flattening);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn an_opening_order_in_doubt_keeps_it_at_work() {
    let mut world = long();
    world.faults.lost_requests = 1_000;
    world.open(Side::Buy, "1", "99");
    world.advance(2 * SECOND);
    world.faults.lost_requests = 0;
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    assert!(world.status().flattening);
    world.advance(10 * SECOND);
    assert!(!world.status().flattening);
}

/// SAFETY E8.
#[test]
fn an_exit_of_unknown_fate_does_not_stop_the_next() {
    let mut world = long();
    world.faults.lost_requests = 1_000;
    world.flatten();
    world.advance(900 * MS);
    assert_eq!(exits(&world).len(), 1);
    world.advance(400 * MS);
    assert_eq!(exits(&world).len(), 2);
    world.faults.lost_requests = 0;
    world.advance(20 * SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    assert!(!world.status().flattening);
}

#[test]
fn a_link_that_bounces_interrupts_it_and_no_more() {
    let mut world = long();
    world.link_down();
    world.flatten();
    world.advance(SECOND);
    assert!(exits(&world).is_empty());
    world.link_up();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
}

#[test]
fn a_flatten_that_cannot_go_on_says_so_again_and_again() {
    let mut world = long();
    world.market_lives = false;
    world.market(BTC, MarketData::BookBegin);
    let nothing = tradekeel::types::Quote::default();
    world.market(BTC, MarketData::Quote(nothing));
    world.flatten();
    world.advance(16 * SECOND);
    let said = world.alerts.iter().filter(|alert| **alert == Alert::FlattenStuck(BTC)).count();
    assert!((2..=3).contains(&said), "{said}");
    world.quote(BTC, "99", "100");
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
}

/// A strategy that spends every token of the order rate does not keep an exit waiting.
#[test]
fn a_flood_of_orders_elsewhere_does_not_starve_it() {
    let mut world = World::with(1, |setup| {
        setup.limits.order_rate = tradekeel::core::Rate { per_second: 5, burst: 5 };
    });
    world.advance(2 * SECOND);
    world.take(Side::Buy, "2");
    let flood = |world: &mut World| {
        let request = OrderRequest {
            instrument: crate::support::ETH,
            kind: OrderKind::Ioc(price("9")),
            ..limit(Side::Buy, "1", "9")
        };
        let _ = world.wish(0, request);
    };
    (0..10).for_each(|_| flood(&mut world));
    world.flatten();
    for _ in 0..100 {
        flood(&mut world);
        world.advance(5 * MS);
    }
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
}

#[test]
fn works_through_every_fault_of_the_messages() {
    for seed in 0..20 {
        let mut world = long();
        world.seed(seed);
        world.faults = Faults {
            delay_ns: 5 * MS,
            jitter_ns: 200 * MS,
            lost_requests: 200,
            lost_answers: 200,
            repeated_answers: 200,
        };
        crate::kill_switch::trip(&mut world);
        world.flatten();
        world.advance(60 * SECOND);
        assert_eq!(world.venue_position(BTC), Qty::ZERO, "seed {seed}");
        world.faults = Faults { delay_ns: MS, ..Faults::default() };
        world.advance(30 * SECOND);
        assert!(!world.status().flattening, "seed {seed}");
    }
    assert_eq!(cash(0), tradekeel::types::Cash::ZERO);
}
