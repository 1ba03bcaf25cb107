//! Parents and their children: whatever becomes of the orders under a parent, all of them together
//! never trade more than its quantity (SAFETY P18).

use crate::support::{
    BTC, ETH, Faults, USDT, World, budget, cash, limit, price, qty, reduction, setup,
};
use tradekeel::core::safety::{DenyReason, TripReason};
use tradekeel::core::{
    Intent, LinkChannel, LinkState, OperatorCommand, Outcome, ParentEvent, ParentRule, Scope,
};
use tradekeel::store::Record;
use tradekeel::types::{
    Amendment, ClientOrderId, ExecutionKind, Fee, Fill, InstrumentId, Liquidity, MS, OrderKind,
    OrderRequest, OrderStatus, ParentId, Price, Qty, SECOND, Side, StrategyId,
};

const NOBODY: ParentId = ParentId(ClientOrderId { epoch: 1, sequence: 0 });

/// Opens a parent for BTC, and tells what the kernel said.
fn open(
    world: &mut World,
    puppet: usize,
    side: Side,
    amount: &str,
) -> Result<ParentId, DenyReason> {
    open_of(world, puppet, BTC, side, qty(amount))
}

fn open_of(
    world: &mut World,
    puppet: usize,
    instrument: InstrumentId,
    side: Side,
    qty: Qty,
) -> Result<ParentId, DenyReason> {
    world.say(puppet, Intent::OpenParent { id: NOBODY, instrument, side, qty });
    let id = *world.script(puppet).parents.last().unwrap();
    match world.records.last() {
        Some(Record::Parent(ParentEvent::Opened(parent))) if parent.id == id => Ok(id),
        Some(Record::Parent(ParentEvent::Denied { parent, reason })) if parent.id == id => {
            Err(*reason)
        }
        other => panic!("{other:?} says nothing of {id:?}"),
    }
}

/// Places an order under a parent, and tells what the kernel said.
fn place(
    world: &mut World,
    puppet: usize,
    parent: ParentId,
    request: OrderRequest,
) -> Result<ClientOrderId, DenyReason> {
    world.say(puppet, Intent::PlaceUnder(parent, ClientOrderId::default(), request));
    let placed = *world.script(puppet).placed.last().unwrap();
    let child = world.records.iter().find_map(|record| {
        let Record::Child { order, parent } = record else { return None };
        (order.id == placed).then_some(*parent)
    });
    match child {
        Some(told) => {
            assert_eq!(told, parent, "the journal says under which");
            Ok(placed)
        }
        None => Err(*world.denied.last().unwrap()),
    }
}

/// The same of a buy that rests, by the first puppet.
fn buy(
    world: &mut World,
    parent: ParentId,
    amount: &str,
    at: &str,
) -> Result<ClientOrderId, DenyReason> {
    place(world, 0, parent, limit(Side::Buy, amount, at))
}

/// What the first puppet sees to be left of its last parent.
fn left(world: &mut World) -> Option<Qty> {
    world.step(tradekeel::core::EventKind::Timer);
    *world.script(0).left.last().unwrap()
}

fn fill(trade_id: u64, amount: &str, cum: &str) -> ExecutionKind {
    ExecutionKind::Trade(Fill {
        trade_id,
        side: Side::Buy,
        price: price("99"),
        qty: qty(amount),
        cum_qty: qty(cum),
        fee: Some(Fee { asset: USDT, amount: cash(0) }),
        liquidity: Liquidity::Maker,
    })
}

/// A parent of 5 and a child of 2 that rests, at a venue that says nothing from then on but what
/// the test says.
fn working() -> (World, ParentId, ClientOrderId) {
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    let child = buy(&mut world, parent, "2", "99").unwrap();
    world.advance(5 * MS);
    world.faults.lost_requests = 1_000;
    (world, parent, child)
}

#[test]
fn children_share_the_quantity_to_the_last_step_of_it() {
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    assert_eq!(left(&mut world), Some(qty("5")));
    buy(&mut world, parent, "2", "99").unwrap();
    assert_eq!(buy(&mut world, parent, "3.001", "98"), Err(DenyReason::ParentExceeded));
    assert_eq!(left(&mut world), Some(qty("3")), "what is denied takes nothing");
    buy(&mut world, parent, "3", "98").unwrap();
    assert_eq!(buy(&mut world, parent, "0.1", "97.9"), Err(DenyReason::ParentExceeded));
    assert!(world.wish(0, limit(Side::Buy, "0.1", "97.8")).is_ok(), "others are not bound by it");
}

/// Knight's failure: what traded is not asked for once more.
#[test]
fn what_traded_never_makes_room_again() {
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    for _ in 0..5 {
        buy(&mut world, parent, "1", "99").unwrap();
        world.advance(5 * MS);
        world.trade(BTC, "98.9", "2", Side::Sell);
        world.advance(1_100 * MS);
    }
    assert_eq!((world.position(), left(&mut world)), (qty("5"), Some(Qty::ZERO)));
    assert_eq!(buy(&mut world, parent, "0.1", "99"), Err(DenyReason::ParentExceeded));
}

#[test]
fn room_comes_back_with_the_venues_word_alone() {
    for (word, room) in [
        (ExecutionKind::Canceled { cum_qty: Qty::ZERO }, "5"),
        (ExecutionKind::Canceled { cum_qty: qty("0.5") }, "4.5"),
        (ExecutionKind::Expired { cum_qty: qty("0.5") }, "4.5"),
        (ExecutionKind::Status { status: OrderStatus::Canceled, cum_qty: qty("1") }, "4"),
        (ExecutionKind::Status { status: OrderStatus::Filled, cum_qty: qty("2") }, "3"),
    ] {
        let (mut world, _, child) = working();
        world.cancel(0, child);
        assert_eq!(left(&mut world), Some(qty("3")), "it is only asked to go");
        world.link(LinkChannel::Orders, LinkState::Down);
        assert_eq!(left(&mut world), Some(qty("3")), "nobody knows");
        world.report(child, word);
        assert_eq!(left(&mut world), Some(qty(room)), "{word:?}");
    }
}

#[test]
fn what_the_venue_never_took_makes_room_again() {
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    world.faults.lost_requests = 1_000;
    let child = buy(&mut world, parent, "5", "99").unwrap();
    assert_eq!(left(&mut world), Some(Qty::ZERO));
    world.report(child, ExecutionKind::Rejected { code: -2010 });
    assert_eq!(left(&mut world), Some(qty("5")));
    let child = buy(&mut world, parent, "5", "98").unwrap();
    world.report(child, ExecutionKind::OutcomeUnknown);
    world.report(child, ExecutionKind::NotFound);
    assert_eq!(left(&mut world), Some(Qty::ZERO), "it may still arrive");
    world.advance(60 * SECOND);
    world.report(child, ExecutionKind::NotFound);
    assert_eq!(left(&mut world), Some(Qty::ZERO), "one witness of three");
    world.faults.lost_requests = 0;
    world.advance(20 * SECOND);
    assert_eq!(left(&mut world), Some(qty("5")), "it cannot any more, and was never there");
}

#[test]
fn a_trade_that_is_told_after_the_end_was_counted_with_the_end() {
    let (mut world, _, child) = working();
    world.cancel(0, child);
    world.report(child, ExecutionKind::Canceled { cum_qty: qty("1.5") });
    assert_eq!(left(&mut world), Some(qty("3.5")));
    world.report(child, fill(1, "1.5", "1.5"));
    assert_eq!(left(&mut world), Some(qty("3.5")), "once");
    // A venue that contradicts itself: the trade counts all the same.
    world.report(child, fill(2, "0.5", "2"));
    assert_eq!(left(&mut world), Some(qty("3")));
}

#[test]
fn an_amend_counts_the_larger_of_both_until_the_venue_has_spoken() {
    for (amount, meanwhile, after) in [("4", "1", "1"), ("1", "3", "4")] {
        let (mut world, _, child) = working();
        world.amend(child, amount, "99").unwrap();
        assert_eq!(left(&mut world), Some(qty(meanwhile)), "to {amount}");
        let (price, qty_told) = (price("99"), qty(amount));
        let told = ExecutionKind::Amended { price, qty: qty_told, cum_qty: Qty::ZERO };
        world.report(child, told);
        assert_eq!(left(&mut world), Some(qty(after)), "to {amount}");
    }
    let (mut world, parent, child) = working();
    buy(&mut world, parent, "2", "98").unwrap();
    assert_eq!(world.amend(child, "3.001", "99"), Err(DenyReason::ParentExceeded));
    assert_eq!(world.amend(child, "3", "99"), Ok(()));
    assert_eq!(left(&mut world), Some(Qty::ZERO));
}

#[test]
fn a_parent_serves_one_strategy_one_instrument_and_one_side() {
    let mut world = World::with(2, |setup| {
        setup.limits.instruments[0].shared = true;
    });
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    let mismatch = Err(DenyReason::ParentMismatch);
    assert_eq!(place(&mut world, 1, parent, limit(Side::Buy, "1", "99")), mismatch);
    assert_eq!(place(&mut world, 0, parent, limit(Side::Sell, "1", "101")), mismatch);
    let elsewhere = OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9.8") };
    assert_eq!(place(&mut world, 0, parent, elsewhere), mismatch);
    assert_eq!(buy(&mut world, NOBODY, "1", "99"), Err(DenyReason::ParentUnknown));
    assert_eq!(left(&mut world), Some(qty("5")));
    let dropped = world.status().counters.wishes_dropped;
    world.say(1, Intent::EndParent(parent));
    world.say(0, Intent::EndParent(NOBODY));
    assert_eq!(world.status().counters.wishes_dropped, dropped + 2);
    assert!(buy(&mut world, parent, "1", "99").is_ok(), "nobody else ends it");
}

#[test]
fn a_parent_that_is_over_takes_its_opening_orders_with_it() {
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    let other = open(&mut world, 0, Side::Buy, "5").unwrap();
    let child = buy(&mut world, parent, "2", "99").unwrap();
    let stays = buy(&mut world, other, "2", "98").unwrap();
    world.advance(5 * MS);
    world.say(0, Intent::EndParent(parent));
    assert_eq!((world.cancels_of(child), world.cancels_of(stays)), (1, 0));
    assert_eq!(world.records.last(), Some(&Record::Parent(ParentEvent::Ended(parent))));
    assert_eq!(buy(&mut world, parent, "1", "97.9"), Err(DenyReason::ParentUnknown));
    world.advance(20 * MS);
    assert_eq!((world.order(child), world.venue_orders()), (None, 1));
    assert_eq!(world.script(0).left[0], None);
}

/// SAFETY E1: what closes a position stays, and can still be amended.
#[test]
fn a_reduction_counts_under_its_parent_and_outlives_it() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].budget.parents = ParentRule::Required;
    });
    let long = open(&mut world, 0, Side::Buy, "3").unwrap();
    let at_once =
        OrderRequest { kind: OrderKind::Ioc(price("100.1")), ..limit(Side::Buy, "3", "1") };
    place(&mut world, 0, long, at_once).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.position(), qty("3"));
    let way_out = open(&mut world, 0, Side::Sell, "2").unwrap();
    let beyond = place(&mut world, 0, way_out, reduction(Side::Sell, "2.001", "101"));
    assert_eq!(beyond, Err(DenyReason::ParentExceeded));
    let child = place(&mut world, 0, way_out, reduction(Side::Sell, "1", "101")).unwrap();
    assert!(world.wish(0, reduction(Side::Sell, "1", "101.1")).is_ok(), "it needs none");
    world.advance(5 * MS);
    assert_eq!(left(&mut world), Some(qty("1")));
    world.say(0, Intent::EndParent(way_out));
    world.advance(20 * MS);
    assert_eq!(world.cancels_of(child), 0);
    assert_eq!(world.amend(child, "1", "100.9"), Ok(()), "as if it had never named one");
    world.advance(20 * MS);
    assert_eq!(world.order(child).unwrap().terms.price, price("100.9"));
}

#[test]
fn where_parents_are_required_nothing_opens_without_one() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].budget.parents = ParentRule::Required;
    });
    let without = world.wish(0, limit(Side::Buy, "1", "99"));
    assert_eq!(without, Err(DenyReason::ParentMissing));
    let parent = open(&mut world, 0, Side::Buy, "1").unwrap();
    assert!(buy(&mut world, parent, "1", "99").is_ok());
    assert_eq!(budget().parents, ParentRule::Off);
}

#[test]
fn a_strategy_that_stops_has_no_parents_any_more() {
    let scopes = [Scope::All, Scope::Strategy(StrategyId(0))];
    let halts = scopes.map(OperatorCommand::Halt);
    let trips = scopes.map(OperatorCommand::TripScope);
    for stop in halts.into_iter().chain(trips).chain([OperatorCommand::Stop]) {
        let mut world = World::calm();
        let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
        let child = buy(&mut world, parent, "2", "99").unwrap();
        world.advance(5 * MS);
        world.operator(stop).unwrap();
        let over = Record::Parent(ParentEvent::Stopped(StrategyId(0)));
        assert_eq!(world.records.last(), Some(&over), "{stop:?}");
        world.advance(50 * MS);
        assert_eq!((world.order(child), world.venue_orders()), (None, 0), "{stop:?}");
    }
    let mut world = World::calm();
    let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
    world.halt();
    assert_eq!(open(&mut world, 0, Side::Buy, "5"), Err(DenyReason::Halted));
    world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
    world.advance(SECOND);
    assert_eq!(buy(&mut world, parent, "1", "99"), Err(DenyReason::ParentUnknown));
    assert!(open(&mut world, 0, Side::Buy, "5").is_ok());
}

#[test]
fn a_parent_of_an_earlier_start_is_unknown() {
    let parent = open(&mut World::calm(), 0, Side::Buy, "5").unwrap();
    let mut world = World::with(1, |setup| setup.epoch = 2);
    assert_eq!(buy(&mut world, parent, "1", "99"), Err(DenyReason::ParentUnknown));
}

#[test]
fn one_parent_beyond_the_bound_is_denied_and_none_is_forgotten_for_it() {
    let mut world = World::with(2, |_| {});
    let first = open(&mut world, 0, Side::Buy, "5").unwrap();
    assert!((1..64).all(|_| open(&mut world, 0, Side::Buy, "5").is_ok()));
    assert_eq!(open(&mut world, 0, Side::Buy, "5"), Err(DenyReason::TooManyParents));
    let denied = *world.script(0).parents.last().unwrap();
    assert_eq!(buy(&mut world, denied, "1", "99"), Err(DenyReason::ParentUnknown));
    let told = world.script(0).updates.iter().find(|update| update.id == denied.0).copied();
    let outcome = Outcome::Denied(DenyReason::TooManyParents);
    assert_eq!(told.map(|update| update.outcome), Some(outcome));
    assert!(open(&mut world, 1, Side::Buy, "5").is_ok(), "another strategy has its own");
    assert!(buy(&mut world, first, "1", "99").is_ok());
    world.say(0, Intent::EndParent(first));
    assert!(open(&mut world, 0, Side::Buy, "5").is_ok());
}

#[test]
fn a_parent_of_nothing_or_of_what_may_not_be_traded_does_not_open() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].instruments = vec![BTC];
    });
    assert_eq!(open(&mut world, 0, Side::Buy, "0"), Err(DenyReason::BadQty));
    for instrument in [ETH, InstrumentId(99)] {
        let opened = open_of(&mut world, 0, instrument, Side::Buy, qty("1"));
        assert_eq!(opened, Err(DenyReason::NotPermitted));
    }
    assert_eq!(setup().instruments.len(), 2);
}

/// The one way beyond a parent: the venue fills more than an order was of, and that trips (T4).
#[test]
fn an_overfill_trips_and_nothing_more_goes_under_the_parent() {
    let (mut world, parent, child) = working();
    buy(&mut world, parent, "3", "98").unwrap();
    world.report(child, fill(1, "3", "3"));
    assert_eq!(world.trips.last().map(|trip| trip.reason), Some(TripReason::Overfill));
    assert!(buy(&mut world, parent, "0.1", "99").is_err());
}

/// What the venue has of the parent: all that traded, and all that may still.
fn at_venue(world: &World) -> Qty {
    let open = world.venue.exchange().open_orders(world.venue.account());
    let rest = open.map(|order| order.entry.qty.saturating_sub(order.cum_qty));
    rest.fold(world.venue_position(BTC), Qty::saturating_add)
}

/// One thing that a strategy, the market or the connection may do.
fn act(world: &mut World, parent: ParentId) {
    let at = price("99").saturating_add(price("0.1").times(world.random(12).cast_signed()));
    let amount = qty("0.1").times(1 + world.random(20).cast_signed());
    let live: Vec<_> = world.core.orders().map(|order| order.id).collect();
    let one = live.get(world.pick(6)).copied();
    match (world.random(20), one) {
        (0..6, _) => {
            let kinds: [fn(Price) -> OrderKind; 4] =
                [OrderKind::Ioc, OrderKind::Fok, OrderKind::PostOnly, OrderKind::Limit];
            let (kind, ttl_ns) = (kinds[world.pick(4)](at), Some((1 + world.random(5_000)) * MS));
            let request = OrderRequest { kind, qty: amount, ttl_ns, ..limit(Side::Buy, "1", "1") };
            world.say(0, Intent::PlaceUnder(parent, ClientOrderId::default(), request));
        }
        (6..9, Some(id)) => world.cancel(0, id),
        (9..13, Some(id)) => {
            world.say(0, Intent::Amend(id, Amendment { price: at, qty: amount }));
        }
        (13..15, _) => {
            let at = ["98.5", "99", "100"][world.pick(3)];
            world.trade(BTC, at, "0.7", Side::Sell);
        }
        (15, _) => {
            let (bid, ask) = [("99.9", "100.1"), ("99.4", "99.6")][world.pick(2)];
            world.quote(BTC, bid, ask);
        }
        (16, _) if world.chance(300) => {
            let channel = LinkChannel::ALL[world.pick(3)];
            world.link(channel, LinkState::Down);
            let gap_ns = world.random(2_000) * MS;
            world.advance(gap_ns);
            world.link_up();
        }
        (_, _) => {
            let gap_ns = world.random(800) * MS;
            world.advance(gap_ns);
        }
    }
}

/// Requests and answers are lost, told twice and overtake each other; orders fill, in part too, are
/// taken back, refused, amended both ways, unknown and found again either way.
#[test]
fn no_seed_trades_more_than_the_parent_and_every_seed_gets_its_room_back() {
    let (mut filled, mut denied, mut unknown, mut amended) = (0, 0, 0, 0);
    for seed in 0..60 {
        let mut world = World::calm();
        world.seed(seed);
        let parent = open(&mut world, 0, Side::Buy, "5").unwrap();
        world.faults = Faults {
            delay_ns: MS,
            jitter_ns: [0, 20, 300, 1_500][world.pick(4)] * MS,
            lost_requests: world.random(80),
            lost_answers: world.random(80),
            repeated_answers: world.random(200),
        };
        for step in 0..150 {
            act(&mut world, parent);
            world.advance(10 * MS);
            let counted = at_venue(&world).saturating_add(left(&mut world).unwrap());
            assert!(counted <= qty("5"), "seed {seed}, step {step}: {counted}");
            unknown += world.status().unknown_orders;
        }
        world.faults = Faults { delay_ns: MS, ..Faults::default() };
        world.link_up();
        world.advance(60 * SECOND);
        assert_eq!((world.status().open_orders, world.venue_orders()), (0, 0), "seed {seed}");
        let traded = world.venue_position(BTC);
        assert_eq!(left(&mut world), Some(qty("5").saturating_sub(traded)), "seed {seed}");
        assert!(world.trips.is_empty(), "seed {seed}: {:?}", world.trips);
        filled += usize::from(traded == qty("5"));
        let exceeded = |reason: &&DenyReason| **reason == DenyReason::ParentExceeded;
        denied += world.denied.iter().filter(exceeded).count();
        amended += world.status().counters.amends_sent;
    }
    let tried = format!("{filled} filled, {denied} denied, {unknown} unknown, {amended} amended");
    assert!(4 < filled && 300 < denied && 500 < unknown && 40 < amended, "{tried}");
}
