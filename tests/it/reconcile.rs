//! The venue is right: readings, differences, orphans, races.

use crate::support::{BTC, Sent, USDT, VENUE, World, account, cash, execution, limit, price, qty};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{AccountEvent, Alert, EventKind, Finding, LinkChannel, LinkState};
use tradekeel::types::{
    AccountSnapshot, AssetId, BalanceCause, BalanceChange, ClientOrderId, ExecutionKind, Fill,
    ForeignOrder, InstrumentId, Liquidity, MS, MarketData, MarketEvent, OrderRef, OrderStatus,
    Purpose, Qty, QueryToken, Quote, SECOND, Side, VenueOrder, VenuePosition,
};

/// A reading of the account as it is at the venue, with changes of the test.
fn reading(world: &World, change: impl FnOnce(&mut AccountSnapshot)) -> EventKind {
    let mut snapshot = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    change(&mut snapshot);
    account(AccountEvent::Snapshot(Box::new(snapshot)))
}

/// A world that asks and hears nothing but what the test says.
fn asking() -> World {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.advance(SECOND);
    world
}

fn holding(snapshot: &mut AccountSnapshot, amount: &str) {
    let entry = price("100");
    snapshot.positions = vec![VenuePosition { instrument: BTC, qty: qty(amount), entry }];
}

fn order_of(order: OrderRef, amount: &str, purpose: Purpose) -> VenueOrder {
    VenueOrder {
        instrument: BTC,
        order,
        venue_order_id: 77,
        side: Side::Buy,
        price: price("99"),
        qty: qty(amount),
        cum_qty: Qty::ZERO,
        purpose,
    }
}

fn trade(trade_id: u64, side: Side, amount: &str) -> ExecutionKind {
    ExecutionKind::Trade(Fill {
        trade_id,
        side,
        price: price("100"),
        qty: qty(amount),
        cum_qty: qty(amount),
        fee: None,
        liquidity: Liquidity::Maker,
    })
}

#[test]
fn nothing_is_opened_before_the_first_reading() {
    let mut world = World::asleep(1, |_| {});
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.clock(0);
    assert!(!world.status().reconciled);
    world.advance(100 * MS);
    assert!(world.status().reconciled);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn a_difference_stops_new_risk_and_is_adopted_when_it_is_read_twice() {
    let mut world = asking();
    world.step(reading(&world, |snapshot| holding(snapshot, "3")));
    assert!(!world.status().reconciled);
    assert_eq!(world.position(), Qty::ZERO);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::NotReconciled));
    let found = Finding::Position { instrument: BTC, ours: Qty::ZERO, venue: qty("3") };
    assert!(world.has_alert(|alert| *alert == Alert::Mismatch(found)));
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| holding(snapshot, "3")));
    assert_eq!((world.status().reconciled, world.position()), (true, qty("3")));
}

#[test]
fn a_reading_that_a_trade_overtook_is_not_believed() {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    let id = world.open(Side::Buy, "2", "99");
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.advance(SECOND);
    let old = reading(&world, |_| {});
    world.report(id, trade(1, Side::Buy, "1"));
    world.step(old);
    assert_eq!((world.status().reconciled, world.position()), (true, qty("1")));
    assert!(world.core.findings(VENUE).is_empty());
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut world = asking();
    let old = reading(&world, |snapshot| {
        snapshot.token = QueryToken(snapshot.token.0 - 1);
        holding(snapshot, "3");
    });
    world.step(old);
    assert!(world.status().reconciled && world.core.findings(VENUE).is_empty());
}

/// The end of an order claims a trade, a reading covers it, and then its report comes.
#[test]
fn a_trade_that_a_reading_covered_does_not_count_again() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.trade(BTC, "98", "1", Side::Sell);
    world.lose_what_is_under_way();
    world.cancel(0, id);
    world.advance(SECOND);
    assert_eq!((world.position(), world.order(id)), (qty("1"), None));
    let before = world.status();
    let late = ExecutionKind::Trade(Fill {
        trade_id: 1,
        side: Side::Buy,
        price: price("99"),
        qty: qty("1"),
        cum_qty: qty("1"),
        fee: None,
        liquidity: Liquidity::Maker,
    });
    world.report(id, late);
    let after = world.status();
    assert_eq!(world.position(), qty("1"));
    assert_eq!(
        (before.equity, before.strategies),
        (after.equity, {
            let mut strategies = after.strategies;
            strategies[0].fills -= 1;
            strategies
        })
    );
    assert_eq!(world.script(0).fills, qty("1"), "the strategy is told all the same");
}

#[test]
fn a_position_that_vanishes_from_the_list_is_flat() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.faults.lost_requests = 1_000;
    for _ in 0..2 {
        world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
        world.advance(300 * MS);
        world.step(reading(&world, |snapshot| snapshot.positions.clear()));
    }
    assert_eq!(world.position(), Qty::ZERO);
}

#[test]
fn an_order_left_by_an_earlier_run_is_adopted_and_taken_back() {
    let mut world = World::asleep(1, |setup| setup.epoch = 3);
    world.faults.lost_requests = 1_000;
    world.link_up();
    let [old, reducing, later] =
        [(2, 9), (2, 10), (9, 1)].map(|(epoch, sequence)| ClientOrderId { epoch, sequence });
    world.step(reading(&world, |snapshot| {
        for (id, purpose) in
            [(old, Purpose::Opening), (reducing, Purpose::Reducing), (later, Purpose::Opening)]
        {
            snapshot.open_orders.push(order_of(OrderRef::Ours(id), "1", purpose));
        }
    }));
    for id in [old, reducing, later] {
        assert_eq!(world.cancels_of(id), 1, "{id}");
    }
    // An order of a later epoch stands: ours come before it in the list, and go all the same.
    world.quote(BTC, "99.9", "100.1");
    world.clock(0);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn an_id_that_stands_at_the_venue_is_not_used_again() {
    let mut world = World::asleep(1, |_| {});
    world.faults.lost_requests = 1_000;
    world.link_up();
    let taken = ClientOrderId { epoch: 1, sequence: 40 };
    world.step(reading(&world, |snapshot| {
        snapshot.open_orders.push(order_of(OrderRef::Ours(taken), "1", Purpose::Opening));
    }));
    world.quote(BTC, "99.9", "100.1");
    world.clock(0);
    let id = world.open(Side::Buy, "1", "99");
    assert_eq!(id, ClientOrderId { epoch: 1, sequence: 41 });
}

#[test]
fn orders_of_others_count_against_the_limit() {
    let mut world = asking();
    let other = OrderRef::Foreign(ForeignOrder::Other);
    world.step(reading(&world, |snapshot| {
        snapshot.open_orders.push(order_of(other, "4", Purpose::Opening));
    }));
    assert!(world.status().reconciled);
    assert_eq!(world.wish(0, limit(Side::Buy, "6.001", "99")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(0, limit(Side::Buy, "6", "99")).is_ok());
}

#[test]
fn a_guard_of_somebody_elses_keeps_symbol_wide_cancels_away() {
    for (purpose, expected) in [(Purpose::Opening, true), (Purpose::Protective, false)] {
        let mut world = asking();
        let other = OrderRef::Foreign(ForeignOrder::Other);
        world.step(reading(&world, |snapshot| {
            snapshot.open_orders.push(order_of(other, "1", purpose));
        }));
        world.open(Side::Buy, "1", "99");
        crate::kill_switch::trip(&mut world);
        assert_eq!(world.sent.contains(&Sent::CancelAll(BTC)), expected, "{purpose:?}");
    }
}

#[test]
fn an_order_that_is_missing_from_a_reading_is_asked_after_and_never_given_up_on_it() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| snapshot.open_orders.clear()));
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    world.advance(20 * MS);
    assert!(world.sent.contains(&Sent::Query(id)));
}

#[test]
fn readings_that_fail_for_long_prove_nothing() {
    let mut world = World::calm();
    world.advance(SECOND);
    world.faults.lost_requests = 1_000;
    world.advance(30 * SECOND);
    assert!(world.status().reconciled);
    world.advance(5 * SECOND);
    assert!(!world.status().reconciled);
    world.faults.lost_requests = 0;
    world.advance(5 * SECOND);
    assert!(world.status().reconciled);
}

/// Another client that never rests neither keeps us from knowing nor makes us ask at its pace.
#[test]
fn a_restless_stranger_does_not_starve_the_readings() {
    let mut world = World::calm();
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.faults.delay_ns = 50 * MS;
    let stranger = OrderRef::Foreign(ForeignOrder::Other);
    for _ in 0..1_000 {
        world.step(execution(stranger, ExecutionKind::New));
        world.advance(10 * MS);
    }
    let asked = world.sent.iter().filter(|sent| **sent == Sent::Account).count();
    assert!((20..=60).contains(&asked), "{asked}");
    assert!(world.status().reconciled);
}

#[test]
fn a_stranger_that_bears_our_name_makes_the_account_be_read() {
    let mut world = World::calm();
    world.sent.clear();
    world.report(ClientOrderId { epoch: 0, sequence: 5 }, ExecutionKind::New);
    world.advance(300 * MS);
    assert!(world.sent.contains(&Sent::Account));
}

#[test]
fn a_link_that_bounces_denies_until_the_account_was_read_again() {
    let mut world = World::calm();
    for (channel, at) in LinkChannel::ALL.into_iter().zip(["99", "98.9", "98.8"]) {
        world.link(channel, LinkState::Down);
        assert!(!world.status().reconciled);
        world.link(channel, LinkState::Up);
        world.quote(BTC, "99.9", "100.1");
        assert_eq!(world.wish(0, limit(Side::Buy, "1", at)), Err(DenyReason::NotReconciled));
        world.advance(SECOND);
        assert!(world.wish(0, limit(Side::Buy, "1", at)).is_ok());
    }
}

#[test]
fn a_transfer_is_neither_a_difference_nor_a_loss() {
    let mut world = asking();
    let change = |amount, cause| {
        account(AccountEvent::Balance(BalanceChange { venue: VENUE, asset: USDT, amount, cause }))
    };
    world.step(change(cash(-50_000), BalanceCause::Transfer));
    world.step(reading(&world, |snapshot| snapshot.balances = vec![(USDT, cash(50_000))]));
    assert!(world.status().reconciled && world.trips.is_empty());
    assert_eq!(world.status().drawdown_bps, Some(0));
    assert_eq!(world.status().profit(), Some(cash(0)));
}

#[test]
fn what_the_configuration_does_not_name_makes_equity_unknown() {
    let mut world = asking();
    world.step(reading(&world, |snapshot| snapshot.has_unnamed_assets = true));
    assert_eq!(world.status().equity, None);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::EquityUnknown));
}

/// No bytes of a venue end the process: what names nothing of ours is passed over and counted.
#[test]
fn indexes_that_do_not_exist_are_passed_over() {
    let mut world = asking();
    let (nothing, asset) = (InstrumentId(999), AssetId(200));
    let amount = cash(1);
    let cause = BalanceCause::ProfitOrLoss;
    let events = [
        reading(&world, |snapshot| {
            holding(snapshot, "1");
            snapshot.positions[0].instrument = nothing;
        }),
        reading(&world, |snapshot| {
            let mut order = order_of(OrderRef::Foreign(ForeignOrder::Other), "1", Purpose::Opening);
            order.instrument = nothing;
            snapshot.open_orders.push(order);
        }),
        EventKind::Market(MarketEvent {
            instrument: nothing,
            sent_unix_ms: None,
            data: MarketData::Quote(Quote::default()),
        }),
    ];
    let count = events.len() as u64;
    events.into_iter().for_each(|event| world.step(event));
    assert_eq!(world.status().counters.unusable, count);
    world.step(account(AccountEvent::Balance(BalanceChange {
        venue: VENUE,
        asset,
        amount,
        cause,
    })));
    assert_eq!(world.status().equity, None, "an asset without a name has no value");
    world.faults.lost_requests = 0;
    world.advance(15 * SECOND);
    assert!(world.status().reconciled && world.status().equity.is_some());
}

/// Sums that met the end of their range would be too small afterwards.
#[test]
fn absurd_quantities_of_a_venue_do_not_spoil_the_sums() {
    let mut world = World::asleep(1, |setup| setup.epoch = 3);
    world.faults.lost_requests = 1_000;
    world.link_up();
    let ids = [1, 2, 3].map(|sequence| ClientOrderId { epoch: 2, sequence });
    world.step(reading(&world, |snapshot| {
        for id in ids {
            let mut order = order_of(OrderRef::Ours(id), "9", Purpose::Opening);
            order.qty = if id.sequence == 3 { qty("9") } else { Qty::MAX };
            snapshot.open_orders.push(order);
        }
    }));
    world.quote(BTC, "99.9", "100.1");
    world.clock(0);
    let canceled = ExecutionKind::Canceled { cum_qty: Qty::ZERO };
    ids[..2].iter().for_each(|id| world.report(*id, canceled));
    assert_eq!(world.wish(0, limit(Side::Buy, "1.001", "99")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

/// After a bounce nothing is proven, but what we believe still counts: a trade whose report is late
/// must not be taken over from one reading and counted again.
#[test]
fn after_a_bounce_one_reading_that_differs_is_not_enough() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    world.link_down();
    world.link_up();
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| holding(snapshot, "1")));
    assert!(!world.status().reconciled);
    world.report(id, trade(1, Side::Buy, "1"));
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| {
        holding(snapshot, "1");
        snapshot.open_orders[0].cum_qty = qty("1");
    }));
    assert_eq!((world.position(), world.status().reconciled), (qty("1"), true));
}

#[test]
fn an_order_that_ended_while_the_account_was_read_is_not_adopted() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    let old = reading(&world, |_| {});
    world.report(id, ExecutionKind::Canceled { cum_qty: Qty::ZERO });
    world.step(old);
    assert_eq!((world.order(id), world.status().reconciled), (None, true));
}
