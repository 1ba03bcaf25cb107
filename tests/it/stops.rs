//! Stops that guard a position at the venue (SAFETY E1): one stands while a position is held,
//! whatever is lost on the way, and no stop of ours ever takes it away.

use crate::support::{BTC, Faults, Sent, VENUE, World, limit, price, qty, setup};
use tradekeel::core::safety::TripReason;
use tradekeel::core::{
    Alert, LinkChannel, LinkState, Mode, ModeCause, OperatorCommand, ProtectionState, Scope, Setup,
    StopAlert, StopRule, TripCause,
};
use tradekeel::sim::conditional::{Conditional, ConditionalState};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, MS, MarketData, OrderKind, OrderRequest, Purpose, Qty, SECOND,
    Side, StopAsk, StopRequest, WorkingPrice,
};

const RULE: StopRule =
    StopRule { distance_bps: 500, working: WorkingPrice::Mark, within_ns: 3 * SECOND };

fn rule(setup: &mut Setup) {
    setup.limits.instruments[0].protective_stop = Some(RULE);
}

fn guarded_world() -> World {
    let mut world = World::with(1, rule);
    mark(&mut world, "100");
    world
}

fn mark(world: &mut World, at: &str) {
    world.market(BTC, MarketData::Mark(price(at)));
}

/// Those that wait at the venue, with what they wait for.
fn waiting(world: &World) -> Vec<Conditional> {
    let all = world.venue.exchange().conditionals(world.venue.account());
    all.filter(|it| it.is_open()).copied().collect()
}

fn waits(world: &World) -> Vec<(Side, String)> {
    let told = |it: &Conditional| (it.entry.side, it.entry.trigger.price().unwrap().to_string());
    waiting(world).iter().map(told).collect()
}

fn state(world: &World) -> ProtectionState {
    world.status().instruments[0].protection
}

fn told(world: &World, wanted: StopAlert) -> usize {
    let is = |alert: &&Alert| matches!(alert, Alert::Stop { alert, .. } if *alert == wanted);
    world.alerts.iter().filter(is).count()
}

fn held(world: &World) -> (Mode, ModeCause) {
    let held = world.status().instruments[0].held;
    (held.mode, held.cause)
}

#[test]
fn a_position_gets_one_with_its_first_trade_and_keeps_it_while_it_grows() {
    let mut world = guarded_world();
    assert_eq!((waits(&world), state(&world)), (vec![], ProtectionState::Idle));
    world.take(Side::Buy, "1");
    assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())]);
    assert_eq!(state(&world), ProtectionState::Guarded(price("95")));
    world.take(Side::Buy, "1");
    mark(&mut world, "104");
    world.take(Side::Buy, "1");
    world.advance(60 * SECOND);
    assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())]);
    assert_eq!(world.placed_stops().count(), 1);
    assert_eq!(held(&world).0, Mode::Running);
}

#[test]
fn it_goes_with_the_position_and_the_next_one_gets_its_own() {
    let mut world = guarded_world();
    world.take(Side::Buy, "1");
    world.take(Side::Sell, "1");
    world.advance(SECOND);
    assert_eq!((waits(&world), state(&world)), (vec![], ProtectionState::Idle));
    mark(&mut world, "110");
    world.take(Side::Sell, "1");
    world.advance(SECOND);
    assert_eq!(waits(&world), [(Side::Buy, "115.5".to_owned())]);
    world.take(Side::Buy, "2");
    world.advance(SECOND);
    assert_eq!(waits(&world), [(Side::Sell, "104.5".to_owned())]);
    assert_eq!((world.position(), told(&world, StopAlert::Missing)), (qty("1"), 0));
}

#[test]
fn when_it_is_met_the_venue_closes_the_position_and_a_person_is_told() {
    let mut world = guarded_world();
    world.take(Side::Buy, "2");
    world.quote(BTC, "94.9", "95.1");
    mark(&mut world, "95");
    world.advance(SECOND);
    assert_eq!((world.position(), world.venue_position(BTC)), (Qty::ZERO, Qty::ZERO));
    assert_eq!(told(&world, StopAlert::Triggered), 1);
    let status = world.status();
    assert_eq!((status.counters.stop_fills, status.counters.foreign_fills), (1, 0));
    assert_eq!((status.mode, held(&world).0), (Mode::Running, Mode::Running));
    assert!(world.trips.is_empty() && waits(&world).is_empty());
    world.advance(30 * SECOND);
    assert!(world.status().reconciled && world.core.findings(VENUE).is_empty());
}

#[test]
fn it_is_met_while_nobody_here_is_connected_and_found_afterwards() {
    let mut world = guarded_world();
    world.take(Side::Buy, "2");
    world.link_down();
    world.quote(BTC, "94.9", "95.1");
    mark(&mut world, "95");
    world.advance(5 * SECOND);
    assert_eq!((world.position(), world.venue_position(BTC)), (qty("2"), Qty::ZERO));
    world.link_up();
    world.advance(10 * SECOND);
    assert_eq!(world.position(), Qty::ZERO);
    assert_eq!((waits(&world), state(&world)), (vec![], ProtectionState::Idle));
}

#[test]
fn no_stop_of_ours_takes_it_away() {
    let stops: [fn(&mut World); 4] = [
        |world| world.halt(),
        |world| world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap(),
        |world| world.operator(OperatorCommand::Stop).unwrap(),
        |world| world.link(LinkChannel::User, LinkState::Down),
    ];
    for stop in stops {
        let mut world = guarded_world();
        world.take(Side::Buy, "1");
        world.open(Side::Buy, "1", "99");
        stop(&mut world);
        world.advance(20 * SECOND);
        assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())]);
    }
}

#[test]
fn a_trip_before_it_stands_does_not_keep_it_from_standing() {
    let mut world = guarded_world();
    world.faults.delay_ns = 200 * MS;
    let request =
        OrderRequest { kind: OrderKind::Ioc(price("100.1")), ..limit(Side::Buy, "1", "1") };
    world.wish(0, request).unwrap();
    world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap();
    world.advance(5 * SECOND);
    assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())]);
    world.flatten();
    world.advance(5 * SECOND);
    assert_eq!((world.position(), waits(&world)), (Qty::ZERO, vec![]), "it goes once it is flat");
}

#[test]
fn without_one_in_time_its_instrument_may_only_reduce_and_a_person_is_told() {
    let mut world = guarded_world();
    let request =
        OrderRequest { kind: OrderKind::Ioc(price("100.1")), ..limit(Side::Buy, "1", "1") };
    world.wish(0, request).unwrap();
    world.faults.lost_requests = 1_000;
    world.advance(2_900 * MS);
    assert_eq!((told(&world, StopAlert::Missing), held(&world).0), (0, Mode::Running));
    world.advance(200 * MS);
    assert_eq!(told(&world, StopAlert::Missing), 1);
    assert_eq!(held(&world), (Mode::Reducing, ModeCause::Unprotected));
    assert_eq!(state(&world), ProtectionState::Bare);
    world.faults.lost_requests = 0;
    world.advance(5 * SECOND);
    assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())]);
    assert_eq!(held(&world).0, Mode::Reducing, "a person lifts it");
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    world.advance(10 * SECOND);
    assert_eq!((held(&world).0, told(&world, StopAlert::Missing)), (Mode::Conservative, 1));
}

#[test]
fn one_that_is_gone_and_nobody_said_so_is_placed_again() {
    let mut world = guarded_world();
    world.take(Side::Buy, "1");
    let own = waiting(&world)[0].client_id;
    // Somebody takes it back by hand, and the stream of it is lost.
    world.venue.end_stop_unheard(world.now_ns() / MS, own);
    assert!(waits(&world).is_empty());
    world.advance(11 * SECOND);
    assert_eq!(waits(&world), [(Side::Sell, "95".to_owned())], "the list told that it was gone");
}

#[test]
fn a_restart_takes_it_over_as_it_stands() {
    let mut world = guarded_world();
    world.take(Side::Buy, "1");
    let before = waiting(&world);
    let venue = world.into_venue();
    let mut setup = setup();
    rule(&mut setup);
    setup.epoch = 2;
    let mut world = World::of(setup, venue, vec![]);
    world.awake();
    world.advance(20 * SECOND);
    assert_eq!(waiting(&world), before);
    assert_eq!(state(&world), ProtectionState::Guarded(price("95")));
    assert_eq!(world.placed_stops().count(), 0);
    world.quote(BTC, "94.9", "95.1");
    mark(&mut world, "95");
    world.advance(SECOND);
    assert_eq!((world.position(), told(&world, StopAlert::Triggered)), (Qty::ZERO, 1));
    assert!(world.trips.is_empty());
}

#[test]
fn the_one_of_a_position_that_is_gone_is_taken_back_after_a_restart() {
    let mut world = guarded_world();
    world.take(Side::Buy, "1");
    world.link(LinkChannel::Orders, LinkState::Down);
    assert_eq!(waiting(&world).len(), 1);
    let venue = world.into_venue();
    let mut setup = setup();
    rule(&mut setup);
    setup.epoch = 2;
    let mut world = World::of(setup, venue, vec![]);
    world.awake();
    world.flatten();
    world.advance(20 * SECOND);
    assert_eq!((world.position(), waits(&world)), (Qty::ZERO, vec![]));
}

#[test]
fn a_trade_of_it_the_wrong_way_stops_everything() {
    let mut world = guarded_world();
    world.take(Side::Buy, "1");
    let id = world.placed_stops().next();
    let wrong = crate::executions::fill(77, Side::Buy, "100", "1");
    world.report(id.unwrap(), ExecutionKind::Trade(wrong));
    assert_eq!(world.trips[0].reason, TripReason::WrongFill);
    assert_eq!(world.position(), qty("2"), "it is real all the same");
}

/// Whatever is lost, delayed or repeated: when it ends, exactly what is held is guarded.
#[test]
fn however_much_is_lost_exactly_what_is_held_is_guarded_in_the_end() {
    for seed in 0..40 {
        let mut world = guarded_world();
        world.seed(seed);
        world.faults = Faults {
            delay_ns: MS,
            jitter_ns: [0, 20, 300, 1_500][world.pick(4)] * MS,
            lost_requests: world.random(300),
            lost_answers: world.random(300),
            repeated_answers: world.random(300),
        };
        for _ in 0..30 {
            let side = Side::BOTH[world.pick(2)];
            let at = if side == Side::Buy { price("100.1") } else { price("99.9") };
            let purpose = if world.chance(300) { Purpose::Reducing } else { Purpose::Opening };
            let amount = ["0.5", "1", "2"][world.pick(3)];
            let ttl_ns = Some(SECOND);
            let request = OrderRequest {
                kind: OrderKind::Ioc(at),
                purpose,
                ttl_ns,
                ..limit(side, amount, "1")
            };
            let _ = world.wish(0, request);
            let ns = world.random(4_000) * MS;
            world.advance(ns);
        }
        world.faults = Faults { delay_ns: MS, ..Faults::default() };
        world.advance(90 * SECOND);
        let position = world.venue_position(BTC);
        assert_eq!(world.position(), position, "seed {seed}");
        let sides: Vec<Side> = waiting(&world).iter().map(|it| it.entry.side).collect();
        assert_eq!(sides, Vec::from_iter(Side::reducing(position)), "seed {seed}");
        let states = world.venue.exchange().conditionals(world.venue.account());
        assert!(states.into_iter().all(|it| !matches!(it.state, ConditionalState::Rejected(_))));
    }
}

/// An id is used once over orders and stops together.
#[test]
fn orders_and_stops_share_no_id() {
    let mut world = guarded_world();
    for _ in 0..5 {
        world.take(Side::Buy, "1");
        world.take(Side::Sell, "1");
        world.advance(SECOND);
    }
    let mut ids: Vec<ClientOrderId> = Vec::new();
    for sent in &world.sent {
        if let Sent::New(id, _) | Sent::Stop(StopRequest { ask: StopAsk::Place(id), .. }) = sent {
            ids.push(*id);
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), all), (all, 15));
}
