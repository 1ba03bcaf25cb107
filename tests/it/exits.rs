//! Getting out always works (SAFETY E1, E2, E8): in every state and for every reason to trip, while
//! the cause goes on, an operator's flatten reaches zero and a cancel goes out.

use crate::flatten::exits;
use crate::support::{BTC, VENUE, World, execution, limit, price, qty, reduction, setup, venue};
use tradekeel::core::safety::{DenyReason, TripReason, TripRecord};
use tradekeel::core::{
    Alert, EventKind, JournalState, LinkChannel, LinkState, Mode, OperatorCommand, Scope, Setup,
    Sharing, TripCause,
};
use tradekeel::sim::{FaultKind, Target};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, Fill, ForeignOrder, Liquidity, MS, MarketData, OrderRef,
    OrderStatus, Price, Qty, QueryToken, Quote, SECOND, Side, Stamp, StrategyId, Text,
    VenuePosition,
};

/// A long of 2, with an opening order and a reduction that rest.
struct Stage {
    world: World,
    opening: ClientOrderId,
    reducing: ClientOrderId,
}

/// On an account that others use too, so that cancels go by id and can be counted; losing 100 of
/// its 100,000 is too much.
fn stage() -> Stage {
    stage_on(Sharing::Shared)
}

fn stage_on(sharing: Sharing) -> Stage {
    let mut world = World::with(1, |setup| {
        setup.limits.drawdown.max_bps = 10;
        setup.sharing = sharing;
    });
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "0.5", "101")).unwrap();
    world.advance(20 * MS);
    assert_eq!((world.venue_position(BTC), world.venue_orders()), (qty("2"), 2));
    world.sent.clear();
    Stage { world, opening, reducing }
}

fn fill(side: Side, amount: &str, trade_id: u64) -> ExecutionKind {
    let qty = qty(amount);
    let (price, liquidity) = (price("100"), Liquidity::Taker);
    ExecutionKind::Trade(Fill { trade_id, side, price, qty, cum_qty: qty, fee: None, liquidity })
}

/// The cause of a trip, and again while the flatten works.
fn happens(stage: &mut Stage, reason: TripReason) {
    let world = &mut stage.world;
    let trip = |world: &mut World, cause| world.operator(OperatorCommand::Trip(cause)).unwrap();
    match reason {
        TripReason::Operator => trip(world, TripCause::Operator),
        TripReason::FlagFile => trip(world, TripCause::FlagFile),
        TripReason::Journal => trip(world, TripCause::Journal),
        TripReason::PostCheck => trip(world, TripCause::PostCheck),
        TripReason::Drawdown => {
            world.market_lives = false;
            ["10", "9.9", "9.8", "9.7"].iter().for_each(|bid| world.quote(BTC, bid, "100.1"));
        }
        TripReason::ClockDrift => {
            world.leave_clock_alone();
            (0..3).for_each(|_| world.clock(-3_000));
        }
        TripReason::EquityUnknown => {
            world.market_lives = false;
            world.link(LinkChannel::Market, LinkState::Down);
            if world.trips.is_empty() {
                world.advance(10 * SECOND);
            }
        }
        // The venue says so and it is not so, which is worse: its word and its account differ.
        TripReason::Overfill => {
            let trade_id = 900 + world.now_ns();
            world.report(stage.opening, fill(Side::Buy, "1.5", trade_id));
        }
        TripReason::Unexplained => {
            let stranger = OrderRef::Foreign(ForeignOrder::Other);
            let trade_id = 900 + world.now_ns();
            world.step(execution(stranger, fill(Side::Buy, "0.001", trade_id)));
        }
        TripReason::WrongFill => {
            world.report(stage.opening, fill(Side::Sell, "0.001", 900));
        }
        // A fact of the start: it goes on until a reset.
        TripReason::StateUnreadable => {}
    }
}

/// What the last run left behind cannot be read, and the account holds a position.
fn unreadable() -> World {
    let mut setup = setup();
    setup.epoch = 2;
    setup.restored.latch = Some(TripRecord {
        generation: 1,
        reason: TripReason::StateUnreadable,
        at: Stamp::default(),
        value: 0,
        limit: 0,
        by: Text::new("engine"),
        note: Text::default(),
    });
    let mut venue = venue(&setup.instruments);
    let mut snapshot = venue.snapshot(VENUE, QueryToken(0));
    let held = VenuePosition { instrument: BTC, qty: qty("2"), entry: price("100") };
    snapshot.positions.push(held);
    venue.adopt(0, &snapshot);
    let mut world = World::of(setup, venue, Vec::new());
    world.awake();
    world
}

fn tripped(reason: TripReason) -> Stage {
    if reason == TripReason::StateUnreadable {
        let nobody = ClientOrderId::default();
        return Stage { world: unreadable(), opening: nobody, reducing: nobody };
    }
    // Only on an account of our own is a stranger's trade without an explanation.
    let own = reason == TripReason::Unexplained;
    let mut stage = stage_on(if own { Sharing::Exclusive } else { Sharing::Shared });
    happens(&mut stage, reason);
    assert_eq!(stage.world.trips.first().map(|trip| trip.reason), Some(reason));
    stage
}

#[test]
fn a_flatten_reaches_zero_for_every_reason_to_trip_while_its_cause_goes_on() {
    for reason in TripReason::ALL {
        let mut stage = tripped(*reason);
        assert_eq!(stage.world.venue_position(BTC), qty("2"), "{reason:?} closes nothing itself");
        stage.world.flatten();
        for _ in 0..20 {
            happens(&mut stage, *reason);
            stage.world.advance(100 * MS);
        }
        let status = stage.world.status();
        assert_eq!(stage.world.venue_position(BTC), Qty::ZERO, "{reason:?}");
        assert_eq!(status.latch.map(|latch| latch.reason), Some(*reason), "{reason:?}");
        match reason {
            TripReason::Drawdown => assert!(10 < status.drawdown_bps.unwrap()),
            TripReason::ClockDrift => assert_eq!(status.clock_offset_ns, Some(-3_000_000_000)),
            TripReason::EquityUnknown => assert!(!status.links[LinkChannel::Market.index()]),
            TripReason::Operator
            | TripReason::FlagFile
            | TripReason::Overfill
            | TripReason::Journal
            | TripReason::PostCheck
            | TripReason::StateUnreadable
            | TripReason::Unexplained
            | TripReason::WrongFill => {}
        }
    }
}

/// The trip takes the opening order back, and leaves the reduction; that one is the strategy's to
/// take back, tripped or not.
#[test]
fn cancels_go_out_for_every_reason_to_trip() {
    for reason in TripReason::ALL.iter().filter(|it| **it != TripReason::StateUnreadable) {
        let mut stage = tripped(*reason);
        let (opening, reducing) = (stage.opening, stage.reducing);
        // What traded in full is over: there is nothing to take back.
        let openings = usize::from(*reason != TripReason::Overfill);
        assert_eq!(stage.world.cancels_of(opening).min(1), openings, "{reason:?}");
        assert_eq!(stage.world.cancels_of(reducing), 0, "{reason:?}");
        stage.world.cancel(0, reducing);
        assert_eq!(stage.world.cancels_of(reducing), 1, "{reason:?}");
        happens(&mut stage, *reason);
        stage.world.advance(20 * MS);
        assert_eq!(stage.world.venue_orders(), 1 - openings, "{reason:?}");
    }
}

/// It stood at the venue when the last run's state was lost.
#[test]
fn an_order_of_a_run_whose_state_is_lost_is_taken_back() {
    let mut first = World::with(1, |_| {});
    first.open(Side::Buy, "1", "99");
    first.advance(20 * MS);
    assert_eq!(first.venue_orders(), 1);
    let mut setup = setup();
    setup.epoch = 2;
    setup.restored.latch = unreadable().status().latch;
    let mut world = World::of(setup, first.into_venue(), Vec::new());
    world.awake();
    world.advance(SECOND);
    assert_eq!((world.venue_orders(), world.status().mode), (0, Mode::Killed));
}

type State = (&'static str, fn(&mut World), fn(&World) -> bool);

/// Every state that is no trip, how it comes, and how it is told that it goes on.
const STATES: [State; 11] = [
    (
        "not reconciled",
        |world| world.link(LinkChannel::User, LinkState::Down),
        |world| !world.status().reconciled,
    ),
    (
        "stale data",
        |world| {
            world.market_lives = false;
            world.advance(3 * SECOND);
        },
        |world| 2_000 < world.status().instruments[0].quote_age_ms,
    ),
    (
        "crossed quote",
        |world| {
            world.market_lives = false;
            let much = Qty::whole(1);
            let (bid, ask) = (Price::whole(101), Price::whole(100));
            let crossed = Quote { bid, bid_qty: much, ask, ask_qty: much };
            let event = tradekeel::types::MarketEvent {
                instrument: BTC,
                sent_unix_ms: None,
                data: MarketData::Quote(crossed),
            };
            world.step(EventKind::Market(event));
        },
        |world| world.status().instruments[0].quote.is_none(),
    ),
    (
        "lost book",
        |world| world.market(BTC, MarketData::BookLost),
        |world| !world.status().instruments[0].book_whole,
    ),
    (
        "market data down",
        |world| world.link(LinkChannel::Market, LinkState::Down),
        |world| !world.status().links[0],
    ),
    ("halted", World::halt, |world| world.status().mode == Mode::Halted),
    (
        "instrument halted",
        |world| world.operator(OperatorCommand::Halt(Scope::Instrument(BTC))).unwrap(),
        |world| world.status().instruments[0].held.mode == Mode::Halted,
    ),
    (
        "strategy halted",
        |world| world.operator(OperatorCommand::Halt(Scope::Strategy(StrategyId(0)))).unwrap(),
        |world| world.status().strategies[0].held.mode == Mode::Halted,
    ),
    (
        "reducing",
        |world| {
            let order = OrderRef::Foreign(ForeignOrder::Deleveraging);
            world.step(execution(order, fill(Side::Buy, "0.001", 800)));
        },
        |world| world.status().mode == Mode::Reducing,
    ),
    (
        "conservative",
        |world| world.operator(OperatorCommand::Resume(Scope::All)).unwrap(),
        |world| world.status().mode == Mode::Conservative,
    ),
    (
        "stopping",
        |world| world.operator(OperatorCommand::Stop).unwrap(),
        |world| world.status().stopping,
    ),
];

#[test]
fn a_flatten_reaches_zero_in_every_state() {
    for (name, comes, goes_on) in STATES {
        let Stage { mut world, .. } = stage();
        comes(&mut world);
        assert!(goes_on(&world), "{name}");
        world.flatten();
        world.advance(3 * SECOND);
        assert!(goes_on(&world), "{name}");
        assert_eq!(world.venue_position(BTC), Qty::ZERO, "{name}");
    }
}

#[test]
fn a_strategys_cancel_goes_out_in_every_state_that_hears_it() {
    for (name, comes, _) in STATES.iter().filter(|(name, ..)| *name != "stopping") {
        let Stage { mut world, opening, reducing } = stage();
        comes(&mut world);
        for id in [opening, reducing] {
            world.cancel(0, id);
            assert_eq!(world.cancels_of(id), 1, "{name}");
        }
        world.advance(20 * MS);
        assert_eq!(world.venue_orders(), 0, "{name}");
    }
}

/// The operator's cancel is a halt: what opens goes, what guards stays (SAFETY E1).
#[test]
fn an_operators_halt_takes_openings_back_in_every_state() {
    for (name, comes, _) in STATES {
        let Stage { mut world, opening, reducing } = stage();
        comes(&mut world);
        world.halt();
        assert_eq!((world.cancels_of(opening), world.cancels_of(reducing)), (1, 0), "{name}");
        world.advance(20 * MS);
        assert_eq!(world.venue_orders(), 1, "{name}");
    }
}

fn long(change: impl FnOnce(&mut Setup)) -> World {
    let mut world = World::with(1, change);
    world.take(Side::Buy, "2");
    world.sent.clear();
    world
}

/// The first exit closed everything and nobody was told: the second one, as large, finds nothing.
#[test]
fn a_second_full_exit_after_a_503_that_was_executed_turns_nothing() {
    let mut world = long(|_| {});
    world.arm(FaultKind::UnknownExecuted, Target::Place);
    world.flatten();
    world.advance(10 * MS);
    assert_eq!((world.venue_position(BTC), world.position()), (Qty::ZERO, qty("2")));
    for _ in 0..100 {
        world.advance(50 * MS);
        assert_eq!(world.venue_position(BTC), Qty::ZERO);
    }
    assert!((1..=3).contains(&exits(&world).len()), "{:?}", exits(&world));
    assert_eq!((world.position(), world.status().flattening), (Qty::ZERO, false));
}

/// While its fate is not known, and long before the venue's silence could make it final.
#[test]
fn a_second_full_exit_follows_a_503_that_was_lost_within_a_second() {
    let mut world = long(|_| {});
    world.arm(FaultKind::UnknownUnexecuted, Target::Place);
    world.flatten();
    world.advance(400 * MS);
    assert_eq!(exits(&world), [qty("2"), qty("2")]);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    world.advance(20 * SECOND);
    assert!(!world.status().flattening);
}

/// Whatever the venue answers, the sum of all exits closes the position and never turns it.
#[test]
fn exits_answered_503_in_any_order_end_at_zero() {
    for seed in 0..64_u32 {
        let mut world = long(|_| {});
        let fate = |bit: u32| match seed >> bit & 1 {
            0 => FaultKind::UnknownUnexecuted,
            _ => FaultKind::UnknownExecuted,
        };
        (0..6).for_each(|bit| world.arm(fate(bit), Target::Place));
        world.flatten();
        for _ in 0..100 {
            world.advance(100 * MS);
            assert!(Qty::ZERO <= world.venue_position(BTC), "{seed}: it turned");
        }
        world.advance(10 * SECOND);
        assert_eq!(world.venue_position(BTC), Qty::ZERO, "{seed}");
        assert!(!world.status().flattening, "{seed}");
    }
}

/// A strategy's own exit, as large as the position, under the same two fates.
#[test]
fn a_strategys_second_reduction_follows_one_that_was_answered_503() {
    for fate in [FaultKind::UnknownExecuted, FaultKind::UnknownUnexecuted] {
        let mut world = long(|_| {});
        world.arm(fate, Target::Place);
        let first = world.wish(0, reduction(Side::Sell, "2", "99")).unwrap();
        // Nothing that is asked is answered, so that it stays unknown.
        world.faults.lost_answers = 1_000;
        world.advance(100 * MS);
        assert_eq!(world.order(first).unwrap().status, OrderStatus::Unknown);
        let second = world.wish(0, reduction(Side::Sell, "2", "99"));
        assert!(second.is_ok(), "{fate:?}: {second:?}");
        world.faults.lost_answers = 0;
        world.advance(20 * SECOND);
        assert_eq!(world.venue_position(BTC), Qty::ZERO, "{fate:?}");
        assert_eq!(world.position(), Qty::ZERO, "{fate:?}");
    }
}

#[test]
fn an_opening_order_never_passes_where_an_exit_does() {
    for reason in TripReason::ALL {
        let mut world = tripped(*reason).world;
        if world.puppets.is_empty() {
            continue;
        }
        assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_err(), "{reason:?}");
    }
}

/// A disk that hangs: nothing more is risked that only memory would know, and out is possible.
#[test]
fn while_the_disk_does_not_keep_up_nothing_is_opened() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.step(EventKind::Journal(JournalState::Late));
    assert!(world.has_alert(|alert| *alert == Alert::Journal(JournalState::Late)));
    let bid = limit(Side::Buy, "1", "99");
    assert_eq!(world.wish(0, bid), Err(DenyReason::JournalLate));
    assert!(world.wish(0, reduction(Side::Sell, "0.5", "101")).is_ok());
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), Qty::ZERO);
    world.step(EventKind::Journal(JournalState::InTime));
    assert!(world.wish(0, bid).is_ok());
}
