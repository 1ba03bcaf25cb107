//! Anything may happen, in any order, over many seeds: no limit is passed at the venue, nothing
//! panics, and when the faults stop both sides agree and every order is over within a bound.

use crate::support::{BTC, ETH, Faults, VENUE, World, limit, price, qty};
use tradekeel::core::{
    Baseline, Criterion, Intent, LinkChannel, LinkState, OperatorCommand, Scope, TripCause,
};
use tradekeel::types::{
    ClientOrderId, InstrumentId, MS, OrderKind, OrderRequest, Purpose, Qty, SECOND, Side,
    StrategyId,
};

/// Largest position in BTC; orders are up to half of it.
const MOST: &str = "3";

const STEPS: usize = 400;

fn walker(seed: u64) -> World {
    let mut world = World::with(2, |setup| {
        setup.limits.instruments[0].position_max = qty(MOST);
        setup.limits.drawdown.max_bps = 9_000;
    });
    world.seed(seed);
    world.faults = Faults {
        delay_ns: MS,
        jitter_ns: [0, 20, 300, 1_500][world.pick(4)] * MS,
        lost_requests: world.random(100),
        lost_answers: world.random(100),
        repeated_answers: world.random(200),
    };
    world
}

fn random_request(world: &mut World) -> OrderRequest {
    let side = Side::BOTH[world.pick(2)];
    let at = price("98").saturating_add(price("0.1").times(world.random(40).cast_signed()));
    let kind = match world.random(5) {
        0 => OrderKind::Market,
        1 => OrderKind::Ioc(at),
        2 => OrderKind::Fok(at),
        3 => OrderKind::PostOnly(at),
        _ => OrderKind::Limit(at),
    };
    let purpose = if world.chance(250) { Purpose::Reducing } else { Purpose::Opening };
    OrderRequest {
        kind,
        qty: qty("0.1").times(1 + world.random(15).cast_signed()),
        purpose,
        ttl_ns: Some((1 + world.random(5_000)) * MS),
        ..limit(side, "1", "99")
    }
}

fn act(world: &mut World) {
    let puppet = world.pick(2);
    match world.random(100) {
        0..40 => {
            let request = random_request(world);
            world.say(puppet, Intent::Place(ClientOrderId::default(), request));
        }
        40..50 => {
            let live: Vec<_> = world.core.orders().map(|order| order.id).collect();
            if let Some(id) = live.get(world.pick(8)) {
                world.cancel(puppet, *id);
            }
        }
        50..70 => {
            let side = Side::BOTH[world.pick(2)];
            let at = ["98.5", "99", "100", "101", "101.5"][world.pick(5)];
            world.trade(BTC, at, "1.3", side);
        }
        70..80 => {
            let (bid, ask) =
                [("99.9", "100.1"), ("99.4", "99.6"), ("100.4", "100.7")][world.pick(3)];
            world.quote(BTC, bid, ask);
        }
        80..83 => operate(world),
        83..86 => {
            let channel = LinkChannel::ALL[world.pick(3)];
            world.link(channel, LinkState::Down);
            let gap_ns = world.random(3_000) * MS;
            world.advance(gap_ns);
            world.link_up();
        }
        _ => {
            let gap_ns = world.random(2_000) * MS;
            world.advance(gap_ns);
        }
    }
}

fn operate(world: &mut World) {
    let scope = match world.random(3) {
        0 => Scope::All,
        1 => Scope::Instrument(BTC),
        _ => Scope::Strategy(StrategyId(u8::try_from(world.random(2)).unwrap())),
    };
    let generation = world.status().latch_generation;
    let command = match world.random(10) {
        0 => OperatorCommand::Halt(scope),
        1 => OperatorCommand::Trip(TripCause::Operator),
        2 => OperatorCommand::Flatten { instrument: Some(BTC), cap_bps: 300 },
        3 => OperatorCommand::Reconcile,
        4 | 5 => OperatorCommand::Resume(scope),
        6 => OperatorCommand::ResumeFull,
        7 => OperatorCommand::Reset { generation, baseline: Baseline::New },
        8 => OperatorCommand::TripScope(scope),
        _ => OperatorCommand::Attest { generation, criterion: Criterion::ApprovalGiven },
    };
    // Many are refused, and that is right.
    let _ = world.operator(command);
    if world.chance(800) {
        let generation = world.status().latch_generation;
        world.advance(3 * SECOND);
        let _ = world.reset_latch(generation, Baseline::New);
        for scope in [Scope::All, Scope::Instrument(BTC), Scope::Strategy(StrategyId(0))] {
            let _ = world.operator(OperatorCommand::Resume(scope));
        }
        let _ = world.operator(OperatorCommand::ResumeFull);
    }
}

fn position(world: &World, instrument: InstrumentId) -> Qty {
    world.status().instruments[instrument.index()].position
}

#[test]
fn no_seed_passes_a_limit_and_every_seed_ends_in_agreement() {
    let (mut orders, mut fills) = (0, 0);
    for seed in 0..300 {
        let mut world = walker(seed);
        for step in 0..STEPS {
            act(&mut world);
            world.advance(20 * MS);
            let held = world.venue_position(BTC);
            assert!(held.abs() <= qty(MOST), "seed {seed}, step {step}: {held}");
        }
        world.faults = Faults { delay_ns: MS, ..Faults::default() };
        world.link_up();
        world.operator(OperatorCommand::Stop).unwrap();
        world.advance(60 * SECOND);
        let status = world.status();
        assert!(status.reconciled, "seed {seed}");
        assert_eq!((status.open_orders, status.unknown_orders), (0, 0), "seed {seed}");
        assert_eq!(world.venue_orders(), 0, "seed {seed}");
        for instrument in [BTC, ETH] {
            let venue = world.venue_position(instrument);
            assert_eq!(position(&world, instrument), venue, "seed {seed}");
        }
        assert!(
            world.core.findings(VENUE).is_empty(),
            "seed {seed}: {:?}",
            world.core.findings(VENUE)
        );
        assert!(world.effects_most() < tradekeel::core::EFFECTS_MAX / 2);
        orders += status.counters.orders_sent;
        fills += status.tally.fills;
    }
    assert!(10_000 < orders && 2_000 < fills, "{orders} orders and {fills} fills try little");
}
