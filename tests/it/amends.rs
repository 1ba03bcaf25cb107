//! Orders on their way to become others: every race, and the worst case in each (SAFETY E14, P30).

use crate::support::{
    BTC, Puppet, Sent, USDT, World, cash, limit, price, qty, reduction, seat, setup,
};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, Intent, LinkChannel, LinkState, Mode, Order, OrderFault, Outcome};
use tradekeel::sim::{FaultKind, Target};
use tradekeel::types::{
    Amendment, ClientOrderId, ExecutionKind, Fee, Fill, Liquidity, MS, OrderKind, OrderRequest,
    OrderStatus, Price, Qty, SECOND, Side,
};

/// Trades of a buy at 99.
fn fill(trade_id: u64, amount: &str, cum: &str) -> ExecutionKind {
    fill_at(trade_id, "99", amount, cum)
}

fn fill_at(trade_id: u64, at: &str, amount: &str, cum: &str) -> ExecutionKind {
    ExecutionKind::Trade(Fill {
        trade_id,
        side: Side::Buy,
        price: price(at),
        qty: qty(amount),
        cum_qty: qty(cum),
        fee: Some(Fee { asset: USDT, amount: cash(0) }),
        liquidity: Liquidity::Maker,
    })
}

fn amended(amount: &str, at: &str, cum: &str) -> ExecutionKind {
    ExecutionKind::Amended { price: price(at), qty: qty(amount), cum_qty: qty(cum) }
}

fn stands(amount: &str, at: &str, cum: &str) -> ExecutionKind {
    ExecutionKind::Stands { price: price(at), qty: qty(amount), cum_qty: qty(cum) }
}

/// A buy of 2 at 99 that rests, at a venue that says nothing from then on but what the test says.
fn resting() -> (World, ClientOrderId) {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    world.faults.lost_requests = 1_000;
    (world, id)
}

fn order(world: &World, id: ClientOrderId) -> Order {
    world.order(id).unwrap()
}

fn is(order: Order, amount: &str, at: &str) -> bool {
    (order.terms.qty, order.terms.price) == (qty(amount), price(at)) && order.amending().is_none()
}

fn outcomes(world: &World) -> Vec<Outcome> {
    world.script(0).updates.iter().map(|update| update.outcome).collect()
}

#[test]
fn an_order_becomes_another_and_its_strategy_is_told() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    assert_eq!(world.amend(id, "3", "99.5"), Ok(()));
    assert_eq!(order(&world, id).remaining(), qty("3"), "the larger counts at once");
    assert!(!is(order(&world, id), "3", "99.5"));
    world.advance(5 * MS);
    assert!(is(order(&world, id), "3", "99.5"));
    let to = Amendment { price: price("99.5"), qty: qty("3") };
    assert!(outcomes(&world).contains(&Outcome::Amended(to)));
    assert_eq!(world.venue_orders(), 1);
    world.trade(BTC, "99.4", "5", Side::Sell);
    world.advance(5 * MS);
    assert_eq!((world.order(id), world.position()), (None, qty("3")));
    assert!(world.trips.is_empty());
}

#[test]
fn the_larger_of_both_counts_until_the_venue_has_spoken() {
    for (amount, most, least) in [("3", "3", "3"), ("1", "2", "1")] {
        let mut world = World::with(1, |setup| {
            setup.limits.instruments[0].position_max = qty("4");
        });
        let id = world.open(Side::Buy, "2", "99");
        world.advance(5 * MS);
        world.amend(id, amount, "99").unwrap();
        let room = qty("4").saturating_sub(qty(most));
        let more = |amount: Qty| OrderRequest { qty: amount, ..limit(Side::Buy, "1", "98") };
        let step = qty("0.001");
        let beyond = world.wish(0, more(room.saturating_add(step)));
        assert_eq!(beyond, Err(DenyReason::PositionTooLarge));
        world.advance(5 * MS);
        let room = qty("4").saturating_sub(qty(least));
        let beyond = world.wish(0, more(room.saturating_add(step)));
        assert_eq!(beyond, Err(DenyReason::PositionTooLarge));
        assert!(world.wish(0, more(room)).is_ok());
    }
}

/// At both prices it may stand: no order of ours may meet either, and neither may be asked for
/// again.
#[test]
fn both_prices_count_until_the_venue_has_spoken() {
    let (mut world, id) = resting();
    world.amend(id, "2", "99.4").unwrap();
    let meets = |at| limit(Side::Sell, "1", at);
    for at in ["99", "99.4"] {
        assert_eq!(world.wish(0, meets(at)), Err(DenyReason::SelfTrade), "{at}");
        let again = world.wish(0, limit(Side::Buy, "2", at));
        assert_eq!(again, Err(DenyReason::DuplicateOrder), "{at}");
    }
    world.report(id, amended("2", "99.4", "0"));
    assert!(world.wish(0, limit(Side::Buy, "2", "99")).is_ok(), "the old one is gone");
    assert_eq!(world.wish(0, limit(Side::Buy, "2", "99.4")), Err(DenyReason::DuplicateOrder));
}

#[test]
fn one_amend_of_an_order_goes_at_a_time_and_only_of_ones_own() {
    let mut world = World::with(2, |_| {});
    let id = world.open(Side::Buy, "2", "99");
    assert_eq!(world.amend(id, "3", "99"), Err(DenyReason::OrderNotResting), "not heard of yet");
    world.advance(5 * MS);
    assert_eq!(world.amend(id, "2", "99"), Err(DenyReason::SameTerms));
    assert_eq!(world.amend(id, "3", "99"), Ok(()));
    assert_eq!(world.amend(id, "4", "99"), Err(DenyReason::AmendUnderWay));
    world.advance(5 * MS);
    assert_eq!(world.amend(id, "4", "99"), Ok(()));
    world.advance(5 * MS);
    let to = Amendment { price: price("99"), qty: qty("1") };
    let (sent, dropped) = (world.sent.len(), world.status().counters.wishes_dropped);
    world.say(1, Intent::Amend(id, to));
    world.say(0, Intent::Amend(ClientOrderId { epoch: 1, sequence: 999 }, to));
    let counters = world.status().counters;
    assert_eq!((world.sent.len(), counters.wishes_dropped), (sent, dropped + 2));
    assert_eq!((counters.amends_sent, counters.amends_refused), (2, 0));
}

#[test]
fn a_denied_amend_leaves_the_order_and_is_told() {
    let (mut world, id) = resting();
    assert_eq!(world.amend(id, "11", "99"), Err(DenyReason::QtyTooLarge));
    world.advance(20 * MS);
    let denied = Outcome::AmendDenied(DenyReason::QtyTooLarge);
    assert_eq!(outcomes(&world).last(), Some(&denied));
    assert!(is(order(&world, id), "2", "99"));
    assert_eq!(world.status().counters.denied_total(), 1);
}

#[test]
fn a_refused_amend_leaves_the_old_terms_and_the_order_is_asked_after() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99.5").unwrap();
    world.report(id, ExecutionKind::AmendRejected { number: 0, code: -5026 });
    assert!(is(order(&world, id), "2", "99"));
    assert_eq!(outcomes(&world).iter().filter(|it| **it == Outcome::AmendRefused).count(), 1);
    assert!(world.sent.contains(&Sent::Query(id)));
    world.report(id, stands("2", "99", "0"));
    assert_eq!(order(&world, id).status, OrderStatus::New);
    assert!(world.amend(id, "3", "99.5").is_ok());
}

/// The word about an amend that was given up long ago moves nothing.
#[test]
fn a_late_refusal_of_an_earlier_amend_is_none_of_this_one() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99").unwrap();
    world.report(id, amended("3", "99", "0"));
    world.amend(id, "5", "99").unwrap();
    for kind in [
        ExecutionKind::AmendRejected { number: 0, code: -5026 },
        ExecutionKind::AmendUnknown { number: 0 },
        amended("3", "99", "0"),
    ] {
        world.report(id, kind);
        assert_eq!(
            (order(&world, id).remaining(), order(&world, id).status),
            (qty("5"), OrderStatus::New)
        );
    }
    world.report(id, amended("5", "99", "0"));
    assert!(is(order(&world, id), "5", "99"));
}

#[test]
fn an_amend_that_never_left_changes_nothing() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    world.link(LinkChannel::Orders, LinkState::Down);
    assert_eq!(world.amend(id, "3", "99"), Err(DenyReason::LinkDown));
    world.link(LinkChannel::Orders, LinkState::Up);
    world.advance(3 * SECOND);
    assert!(world.status().reconciled);
    world.faults.lost_requests = 1_000;
    world.amend(id, "3", "99").unwrap();
    let reason = tradekeel::types::NotSentReason::Throttled;
    world.report(id, ExecutionKind::AmendNotSent { number: 0, reason });
    assert!(is(order(&world, id), "2", "99"));
    assert_eq!(order(&world, id).status, OrderStatus::New);
    assert_eq!(world.status().counters.amends_refused, 1);
}

/// What is said after an amend of 2 at 99 left, to what; the status of the order then and what may
/// still trade of it, or nothing where it is over; and the position.
type Row = (
    &'static str,
    [&'static str; 2],
    Vec<ExecutionKind>,
    Option<(OrderStatus, &'static str)>,
    &'static str,
);

fn refused(code: i32) -> ExecutionKind {
    ExecutionKind::AmendRejected { number: 0, code }
}

fn canceled(cum: &str) -> ExecutionKind {
    ExecutionKind::Canceled { cum_qty: qty(cum) }
}

const LOST: ExecutionKind = ExecutionKind::AmendUnknown { number: 0 };

/// Words that overtake each other.
#[rustfmt::skip]
fn races() -> Vec<Row> {
    use OrderStatus::{New, PartiallyFilled};
    vec![
        ("a trade before the word", ["3", "99"], vec![fill(1, "1", "1"), amended("3", "99", "1")], Some((PartiallyFilled, "2")), "1"),
        ("a trade that was told late", ["3", "99"], vec![amended("3", "99", "1"), fill(1, "1", "1")], Some((PartiallyFilled, "2")), "1"),
        ("all of the old terms, then the word", ["3", "99"], vec![fill(1, "2", "2")], Some((PartiallyFilled, "1")), "2"),
        ("all of the old terms, so it was refused", ["3", "99"], vec![fill(1, "2", "2"), refused(-2013)], None, "2"),
        ("refused, and the trades come after", ["3", "99"], vec![refused(-2013), fill(1, "2", "2")], None, "2"),
        ("less, and as much had traded", ["1", "99"], vec![fill(1, "1", "1")], Some((PartiallyFilled, "1")), "1"),
        ("less, of which all trades before the word", ["1", "99"], vec![fill(1, "1", "1"), amended("1", "99", "1")], None, "1"),
        ("less than had traded: the venue takes it back", ["1", "99"], vec![fill(1, "1.5", "1.5"), canceled("1.5")], None, "1.5"),
        ("taken back with a trade that is told late", ["1", "99"], vec![canceled("1.5"), fill(1, "1.5", "1.5")], None, "1.5"),
        ("all of the new terms before the word", ["3", "99"], vec![fill(1, "3", "3")], None, "3"),
        ("post-only that would take: gone", ["2", "99.5"], vec![canceled("0")], None, "0"),
        ("a trade at the new price", ["2", "99.5"], vec![fill_at(1, "99.5", "1", "1"), amended("2", "99.5", "1")], Some((PartiallyFilled, "1")), "1"),
        ("a trade at the old price, told late", ["2", "98"], vec![amended("2", "98", "1"), fill(1, "1", "1")], Some((PartiallyFilled, "1")), "1"),
        ("told twice", ["3", "99"], vec![amended("3", "99", "0"), amended("3", "99", "0")], Some((New, "3")), "0"),
        ("a refusal after the word moves nothing", ["3", "99"], vec![amended("3", "99", "0"), refused(-5026)], Some((New, "3")), "0"),
    ]
}

/// No word, or one that says nothing.
#[rustfmt::skip]
fn doubts() -> Vec<Row> {
    use OrderStatus::{New, Unknown};
    let status = ExecutionKind::Status { status: New, cum_qty: Qty::ZERO };
    vec![
        ("no word: asked after", ["3", "99"], vec![LOST], Some((Unknown, "3")), "0"),
        ("503 that executed, told by the stream", ["3", "99"], vec![LOST, amended("3", "99", "0")], Some((New, "3")), "0"),
        ("503 that executed, told when asked", ["3", "99"], vec![LOST, stands("3", "99", "0")], Some((New, "3")), "0"),
        ("503, and it stands as before: it may still come", ["3", "99"], vec![LOST, stands("2", "99", "0"), stands("2", "99", "0")], Some((Unknown, "3")), "0"),
        ("a trade is no word on the terms", ["3", "99"], vec![LOST, fill(1, "1", "1")], Some((Unknown, "2")), "1"),
        ("nor is a status without them", ["3", "99"], vec![LOST, status], Some((Unknown, "3")), "0"),
        ("503, and it is over", ["3", "99"], vec![LOST, canceled("0")], None, "0"),
        ("somebody else amended it meanwhile", ["3", "99"], vec![amended("5", "99", "0")], Some((Unknown, "5")), "0"),
        ("somebody else did, and it is asked", ["3", "99"], vec![amended("5", "99", "0"), stands("5", "99", "0")], Some((Unknown, "5")), "0"),
    ]
}

#[test]
fn the_life_of_an_amended_order_race_by_race() {
    for (name, [amount, at], words, then, position) in races().into_iter().chain(doubts()) {
        let (mut world, id) = resting();
        world.amend(id, amount, at).unwrap();
        words.into_iter().for_each(|word| world.report(id, word));
        let found = world.order(id).map(|order| (order.status, order.remaining()));
        assert_eq!(found, then.map(|(status, rest)| (status, qty(rest))), "{name}");
        assert_eq!(world.position(), qty(position), "{name}");
        assert!(world.trips.is_empty(), "{name}");
        let bad =
            |alert: &Alert| matches!(alert, Alert::Order { fault: OrderFault::BadFill(_), .. });
        assert!(!world.has_alert(bad), "{name}");
    }
}

#[test]
fn a_trade_beyond_both_prices_and_more_than_both_quantities_are_faults() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99.5").unwrap();
    world.report(id, fill_at(1, "99.6", "1", "1"));
    let bad = |alert: &Alert| matches!(alert, Alert::Order { fault: OrderFault::BadFill(_), .. });
    assert!(world.has_alert(bad));
    let (mut world, id) = resting();
    world.amend(id, "3", "99").unwrap();
    world.report(id, fill(1, "3.001", "3.001"));
    assert!(world.has_alert(|alert| *alert == Alert::Overfill(id)));
    assert_eq!(world.trips.len(), 1);
}

#[test]
fn no_word_for_so_long_makes_it_asked_after_and_the_venues_word_ends_it() {
    for (fate, amount) in [(FaultKind::UnknownExecuted, "3"), (FaultKind::UnknownUnexecuted, "2")] {
        let mut world = World::calm();
        let id = world.open(Side::Buy, "2", "99");
        world.advance(5 * MS);
        world.arm(fate, Target::Amend);
        world.amend(id, "3", "99").unwrap();
        world.advance(5 * MS);
        let asked = order(&world, id);
        if fate == FaultKind::UnknownUnexecuted {
            assert_eq!((asked.status, asked.remaining()), (OrderStatus::Unknown, qty("3")));
            world.advance(5 * SECOND);
            assert_eq!(order(&world, id).remaining(), qty("3"), "it could still arrive");
        }
        world.advance(4 * SECOND);
        assert!(is(order(&world, id), amount, "99"), "{fate:?}");
        assert_eq!(order(&world, id).status, OrderStatus::New);
        assert!(world.amend(id, "4", "99").is_ok());
    }
}

#[test]
fn an_answer_that_is_lost_is_waited_for_and_not_longer() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99").unwrap();
    world.advance(SECOND - 20 * MS);
    assert!(!world.sent.contains(&Sent::Query(id)));
    assert_eq!(order(&world, id).status, OrderStatus::New);
    world.advance(40 * MS);
    assert!(world.sent.contains(&Sent::Query(id)));
    assert_eq!(order(&world, id).status, OrderStatus::Unknown);
    assert_eq!(world.cancels_of(id), 0);
    world.advance(60 * SECOND);
    let order = order(&world, id);
    assert_eq!((order.status, order.remaining()), (OrderStatus::Unknown, qty("3")));
}

#[test]
fn a_lost_connection_leaves_an_amend_in_doubt_until_the_account_or_the_order_is_read() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    world.amend(id, "3", "99").unwrap();
    world.link(LinkChannel::Orders, LinkState::Down);
    let doubtful = order(&world, id);
    assert_eq!((doubtful.status, doubtful.remaining()), (OrderStatus::Unknown, qty("3")));
    world.advance(SECOND);
    world.link(LinkChannel::Orders, LinkState::Up);
    world.advance(3 * SECOND);
    assert!(is(order(&world, id), "3", "99"), "it had arrived");
}

#[test]
fn a_cancel_goes_at_once_and_wins() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99").unwrap();
    world.cancel(0, id);
    assert_eq!(world.cancels_of(id), 1);
    let going = order(&world, id);
    assert_eq!((going.status, going.remaining()), (OrderStatus::PendingCancel, qty("3")));
    assert_eq!(world.amend(id, "4", "99"), Err(DenyReason::OrderNotResting));
    world.report(id, amended("3", "99", "0"));
    assert_eq!(order(&world, id).status, OrderStatus::PendingCancel);
    world.report(id, ExecutionKind::Canceled { cum_qty: Qty::ZERO });
    assert_eq!(world.order(id), None);
    for word in [
        ExecutionKind::AmendRejected { number: 0, code: -2013 },
        ExecutionKind::AmendUnknown { number: 0 },
    ] {
        let (mut world, id) = resting();
        world.amend(id, "3", "99").unwrap();
        world.cancel(0, id);
        world.report(id, word);
        assert_eq!(order(&world, id).status, OrderStatus::PendingCancel, "{word:?}");
        world.advance(2 * SECOND);
        assert_eq!(world.cancels_of(id), 2, "asked again until it is gone");
    }
}

#[test]
fn the_end_of_an_order_stays_where_it_was() {
    let mut world = World::calm();
    let request = OrderRequest { ttl_ns: Some(2 * SECOND), ..limit(Side::Buy, "2", "99") };
    let id = world.wish(0, request).unwrap();
    world.advance(SECOND);
    world.amend(id, "3", "98").unwrap();
    world.advance(SECOND - 20 * MS);
    assert_eq!(world.cancels_of(id), 0);
    world.advance(60 * MS);
    assert_eq!((world.cancels_of(id), world.order(id)), (1, None));
}

/// In doubt about its terms an order still ends in time.
#[test]
fn an_order_in_doubt_ends_in_time_and_is_still_asked_after() {
    let mut world = World::calm();
    let request = OrderRequest { ttl_ns: Some(2 * SECOND), ..limit(Side::Buy, "2", "99") };
    let id = world.wish(0, request).unwrap();
    world.advance(SECOND);
    world.faults.lost_requests = 1_000;
    world.amend(id, "3", "98").unwrap();
    world.report(id, ExecutionKind::AmendUnknown { number: 0 });
    world.advance(SECOND - 40 * MS);
    assert_eq!(world.cancels_of(id), 0);
    world.advance(80 * MS);
    assert_eq!(world.cancels_of(id), 1);
    world.faults.lost_requests = 0;
    world.advance(5 * SECOND);
    assert_eq!((world.order(id), world.venue_orders()), (None, 0));
}

#[test]
fn a_reduction_becomes_another_and_never_more_than_there_is() {
    let mut world = World::calm();
    world.take(Side::Buy, "3");
    let id = world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    world.advance(5 * MS);
    assert_eq!(world.amend(id, "3.001", "101"), Err(DenyReason::NotReducing));
    assert_eq!(world.amend(id, "3", "100.5"), Ok(()));
    let beside = world.wish(0, reduction(Side::Sell, "0.001", "101"));
    assert_eq!(beside, Err(DenyReason::NotReducing), "all of the position is spoken for");
    world.advance(5 * MS);
    assert!(is(order(&world, id), "3", "100.5"));
    world.operator(tradekeel::core::OperatorCommand::Halt(tradekeel::core::Scope::All)).unwrap();
    assert_eq!(world.status().mode, Mode::Halted);
    assert_eq!(world.amend(id, "1", "100.5"), Err(DenyReason::Halted));
}

/// A stop of everything takes an order back whose amend is on its way.
#[test]
fn a_trip_takes_back_what_is_being_amended() {
    let (mut world, id) = resting();
    world.amend(id, "3", "99").unwrap();
    let cause = tradekeel::core::TripCause::Operator;
    world.operator(tradekeel::core::OperatorCommand::Trip(cause)).unwrap();
    assert_eq!(world.cancels_of(id), 1);
    assert_eq!(world.amend(id, "1", "99"), Err(DenyReason::KillSwitch));
}

/// Somebody at the venue's own page changed an order of ours.
#[test]
fn terms_that_nobody_here_asked_for_count_and_are_asked_after() {
    let (mut world, id) = resting();
    world.report(id, amended("5", "99.5", "0"));
    let heard = order(&world, id);
    assert_eq!((heard.status, heard.remaining()), (OrderStatus::Unknown, qty("5")));
    assert!(world.sent.contains(&Sent::Query(id)));
    world.report(id, stands("5", "99.5", "0"));
    assert!(is(order(&world, id), "5", "99.5"));
    // A word about earlier terms that comes late is no more than that.
    world.report(id, amended("2", "99", "0"));
    assert_eq!(order(&world, id).remaining(), qty("5"));
    world.report(id, stands("5", "99.5", "0"));
    assert!(is(order(&world, id), "5", "99.5"));
    assert_eq!(order(&world, id).status, OrderStatus::New);
}

/// The amend was executed while the private stream was away and its answer was lost; nothing but
/// the reading of the account tells.
#[test]
fn a_reading_of_the_account_tells_the_terms_too() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(5 * MS);
    world.link(LinkChannel::User, LinkState::Down);
    let to = Amendment { price: price("98.5"), qty: qty("3") };
    world.amend_at_venue(id, to);
    world.link(LinkChannel::User, LinkState::Up);
    world.advance(5 * SECOND);
    assert!(is(order(&world, id), "3", "98.5"));
    assert!(world.status().reconciled);
}

/// The amend was on its way when the process died: it landed before the next one read the account,
/// or it lands after that.
#[test]
fn after_a_crash_an_amended_order_counts_as_the_venue_has_it_and_goes() {
    for landed in [true, false] {
        let mut first = World::calm();
        let id = first.open(Side::Buy, "2", "99");
        first.advance(5 * MS);
        first.amend(id, "3", "99").unwrap();
        let to = Amendment { price: price("99"), qty: qty("3") };
        if landed {
            first.amend_at_venue(id, to);
        }
        let puppet = Puppet::default();
        let (mut setup, strategy) = (setup(), Box::new(puppet.clone()));
        (setup.epoch, setup.strategies) = (2, vec![seat(strategy)]);
        let mut world = World::of(setup, first.into_venue(), vec![puppet]);
        world.faults.delay_ns = 60 * MS;
        world.link_up();
        world.quote(BTC, "99.9", "100.1");
        assert!(!world.status().reconciled, "nothing is opened before the account is read");
        world.advance(150 * MS);
        let adopted = order(&world, id);
        assert_eq!(adopted.remaining(), if landed { qty("3") } else { qty("2") });
        assert_eq!(world.cancels_of(id), 1, "nobody here wants it");
        if !landed {
            world.amend_at_venue(id, to);
            world.report(id, amended("3", "99", "0"));
            assert_eq!(order(&world, id).remaining(), qty("3"));
        }
        world.advance(5 * SECOND);
        assert_eq!((world.order(id), world.venue_orders()), (None, 0));
        assert!(world.status().reconciled);
    }
}

/// A post-only order keeps its kind.
#[test]
fn a_post_only_order_stays_post_only() {
    let mut world = World::calm();
    let request =
        OrderRequest { kind: OrderKind::PostOnly(price("99")), ..limit(Side::Buy, "2", "99") };
    let id = world.wish(0, request).unwrap();
    world.advance(5 * MS);
    assert_eq!(world.amend(id, "2", "100.1"), Ok(()));
    world.advance(5 * MS);
    assert_eq!((world.order(id), world.position()), (None, Qty::ZERO), "it would have taken");
    assert_eq!(outcomes(&world).last(), Some(&Outcome::Status(OrderStatus::Canceled)));
}

/// At every moment the core counts at least what the venue could still fill, at a price that it
/// knows of: under loss, delay, repetition, overtaking and broken connections. What traded and was
/// not told is missing from the position only while nothing may be opened.
#[test]
fn the_worst_case_is_never_below_the_truth() {
    let mut amends = 0;
    for seed in 0..120 {
        let mut world = World::calm();
        world.seed(seed);
        world.faults.delay_ns = MS;
        world.faults.jitter_ns = 30 * MS;
        world.faults.lost_requests = 100;
        world.faults.lost_answers = 150;
        world.faults.repeated_answers = 100;
        for _ in 0..120 {
            misbehave(&mut world);
            let ns = world.random(40) * MS;
            for _ in 0..4 {
                world.advance(ns / 4);
                assert_covered(&world, seed);
            }
        }
        world.faults = crate::support::Faults { delay_ns: MS, ..Default::default() };
        world.advance(30 * SECOND);
        assert_covered(&world, seed);
        assert!(world.trips.is_empty(), "seed {seed}: {:?}", world.trips);
        let ids: Vec<_> =
            world.core.orders().map(|order| (order.amending(), order.status)).collect();
        assert!(ids.iter().all(|(to, _)| to.is_none()), "seed {seed}: {ids:?}");
        assert_eq!(world.position(), world.venue_position(BTC), "seed {seed}");
        amends += world.status().counters.amends_sent;
    }
    assert!(500 < amends, "{amends} amends try little");
}

fn misbehave(world: &mut World) {
    let price_of =
        |step: u64| Price::from_units(9_800_000_000 + i64::try_from(step).unwrap() * 10_000_000);
    let qty_of = |step: u64| Qty::from_units((i64::try_from(step).unwrap() + 1) * 50_000_000);
    let (at, amount) = (price_of(world.random(15)), qty_of(world.random(6)));
    let ids: Vec<_> = world.core.orders().map(|order| order.id).collect();
    let chosen = world.random(8);
    let which = (!ids.is_empty()).then(|| ids[world.pick(ids.len() as u64)]);
    match (chosen, which) {
        (0 | 1, _) => {
            let request = OrderRequest {
                kind: OrderKind::Limit(at),
                qty: amount,
                ..limit(Side::Buy, "1", "99")
            };
            let nobody = ClientOrderId::default();
            world.say(0, Intent::Place(nobody, request));
        }
        (2..=4, Some(id)) => world.say(0, Intent::Amend(id, Amendment { price: at, qty: amount })),
        (5, Some(id)) => world.cancel(0, id),
        (6, _) => world.trade(BTC, &at.to_string(), "0.5", Side::Sell),
        (7, _) if world.chance(100) => {
            world.link(LinkChannel::Orders, LinkState::Down);
            world.link(LinkChannel::Orders, LinkState::Up);
        }
        _ => {}
    }
}

fn assert_covered(world: &World, seed: u64) {
    let exchange = world.venue.exchange();
    let mut there = Qty::ZERO;
    let may_open = world.status().reconciled;
    for open in exchange.open_orders(world.venue.account()) {
        there = there.saturating_add(open.remaining());
        let known = world.core.orders().find(|order| world.is_named(order.id, open));
        let known = known.unwrap_or_else(|| panic!("seed {seed}: {open:?} is not known"));
        assert!(open.remaining() <= known.remaining(), "seed {seed}: {open:?} {known:?}");
        let prices = [Some(known.terms.price), known.amending().map(|to| to.price)];
        assert!(prices.contains(&open.entry.price), "seed {seed}: {open:?} {known:?}");
    }
    let counted = world
        .core
        .orders()
        .fold(world.position(), |sum, order| sum.saturating_add(order.remaining()));
    assert!(!may_open || world.venue_position(BTC).saturating_add(there) <= counted, "seed {seed}");
}
