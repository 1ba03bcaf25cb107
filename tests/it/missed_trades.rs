//! Trades that no stream tells, the witnesses of an order that never came, and an engine that was
//! started after this one.

use crate::support::{BTC, History, World, execution, limit, qty};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, MissedTrade, ModeCause, OperatorCommand};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, Fill, Liquidity, MS, OrderRef, OrderStatus, Qty, SECOND, Side,
};

/// A world whose venue tells its history, and a bid of 2 of which 1 traded and no stream told.
fn missed() -> (World, ClientOrderId) {
    let mut world = World::calm();
    world.history = History::Tells;
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.trade(BTC, "98", "1", Side::Sell);
    world.lose_what_is_under_way();
    (world, id)
}

fn ask(world: &mut World) {
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
}

fn told(world: &World) -> Vec<MissedTrade> {
    let found = world.alerts.iter().filter_map(|alert| {
        if let Alert::MissedTrade(found) = alert { Some(*found) } else { None }
    });
    found.collect()
}

fn late() -> ExecutionKind {
    ExecutionKind::Trade(Fill {
        trade_id: 1,
        side: Side::Buy,
        price: crate::support::price("99"),
        qty: qty("1"),
        cum_qty: qty("1"),
        fee: None,
        liquidity: Liquidity::Maker,
    })
}

#[test]
fn a_trade_that_no_stream_told_is_found_by_its_id_and_not_as_a_wrong_position() {
    let (mut world, id) = missed();
    assert_eq!((world.position(), world.venue_position(BTC)), (Qty::ZERO, qty("1")));
    ask(&mut world);
    assert_eq!((world.position(), world.script(0).fills), (qty("1"), qty("1")));
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PartiallyFilled);
    let positions = Some((Qty::ZERO, qty("1")));
    let found = MissedTrade { instrument: BTC, trade_id: 1, known_id: 0, qty: qty("1"), positions };
    assert_eq!(told(&world), [found]);
    assert!(!world.has_alert(|alert| matches!(alert, Alert::Mismatch(_))));
    assert_eq!((world.status().reconciled, world.known_trades[&BTC]), (true, 1));
    assert_eq!(world.status().counters.missed_trades, 1);
}

#[test]
fn it_counts_once_whichever_way_it_comes_again() {
    let (mut world, id) = missed();
    ask(&mut world);
    world.report(id, late());
    assert_eq!(world.position(), qty("1"));
    // And the other way round: the stream first, then the history.
    let (mut world, id) = missed();
    world.report(id, late());
    ask(&mut world);
    assert_eq!((world.position(), told(&world)), (qty("1"), Vec::new()));
}

#[test]
fn while_the_history_does_not_answer_nothing_is_proven_and_it_is_asked_ever_more_slowly() {
    let mut world = World::asleep(1, |_| {});
    world.history = History::Fails;
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.clock(0);
    world.advance(30 * SECOND);
    assert!(!world.status().reconciled);
    let asked = world.asked_trades;
    assert!((8..=14).contains(&asked), "{asked} questions of two instruments in 30 s");
    world.history = History::Tells;
    world.advance(40 * SECOND);
    assert!(world.status().reconciled);
}

/// What traded while the engine was down is told, and the first reading has it in its position.
#[test]
fn trades_from_before_this_run_are_told_and_move_nothing_twice() {
    let (mut before, _) = missed();
    let mut world = World::asleep(1, |setup| setup.restored.trades = vec![(BTC, 0)]);
    std::mem::swap(&mut world.venue, &mut before.venue);
    world.history = History::Tells;
    world.link_up();
    world.advance(20 * MS);
    assert_eq!((world.status().reconciled, world.position()), (true, qty("1")));
    assert_eq!(told(&world).iter().map(|it| it.positions).collect::<Vec<_>>(), [None]);
    assert!(world.status().latch.is_none());
    ask(&mut world);
    assert_eq!(told(&world).len(), 1);
}

#[test]
fn a_first_run_begins_with_the_newest_trade() {
    let (mut before, _) = missed();
    let mut world = World::asleep(1, |_| {});
    std::mem::swap(&mut world.venue, &mut before.venue);
    world.history = History::Tells;
    world.link_up();
    world.advance(20 * MS);
    assert_eq!((world.position(), told(&world), world.known_trades[&BTC]), (qty("1"), vec![], 1));
}

#[test]
fn a_history_that_is_another_one_begins_anew() {
    let (mut world, id) = missed();
    ask(&mut world);
    world.history = History::Another;
    ask(&mut world);
    assert!(world.has_alert(|it| *it == Alert::HistoryLost { instrument: BTC, known_id: 1 }));
    assert!(world.status().reconciled);
    // Its numbers begin anew, and count.
    world.report(id, late());
    assert_eq!(world.position(), qty("2"));
}

/// SAFETY E11: the question alone is no witness, however often and late it is answered.
#[test]
fn an_order_is_given_up_only_when_the_history_of_trades_has_nothing_of_it_either() {
    let mut world = World::calm();
    world.history = History::Fails;
    world.faults.lost_requests = 1_000;
    let id = world.open(Side::Buy, "1", "99");
    world.advance(SECOND + 20 * MS);
    world.faults.lost_requests = 0;
    world.advance(30 * SECOND);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    let again = world.wish(0, limit(Side::Buy, "1", "99"));
    assert!(again.is_err(), "the same intent is not sent twice");
    world.history = History::Silent;
    world.advance(40 * SECOND);
    assert_eq!(world.order(id), None);
}

#[test]
fn a_report_of_a_later_start_halts_everything() {
    let mut world = World::calm();
    let own = world.open(Side::Buy, "1", "99");
    let later = ClientOrderId { epoch: own.epoch + 1, sequence: 1 };
    world.step(execution(OrderRef::Ours(later), ExecutionKind::New));
    assert_eq!(world.status().held.cause, ModeCause::Superseded);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::Halted));
    world.advance(SECOND);
    assert_eq!(world.cancels_of(own), 1, "what stands of ours goes");
}

#[test]
fn a_report_of_this_start_or_an_earlier_one_halts_nothing() {
    let mut world = World::calm();
    let own = world.open(Side::Buy, "1", "99");
    for id in [own, ClientOrderId { epoch: own.epoch - 1, sequence: 9_999 }] {
        world.step(execution(OrderRef::Ours(id), ExecutionKind::New));
    }
    assert!(world.wish(0, limit(Side::Buy, "1", "98")).is_ok());
}
