//! What trades are checked for after they happened (SAFETY T1 to T4, T17, E12).

use crate::support::{BTC, ETH, World, execution, limit, price, qty};
use tradekeel::core::safety::{DenyReason, TripReason};
use tradekeel::core::{
    Alert, EventKind, FillFault, ForeignCause, Mode, ModeCause, OrderFault, Severity, Sharing,
    Status,
};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, Fill, ForeignOrder, InstrumentId, Liquidity, MS,
    OrderRef, SECOND, Side,
};

pub(crate) fn fill(trade_id: u64, side: Side, at: &str, amount: &str) -> Fill {
    let (price, qty, liquidity) = (price(at), qty(amount), Liquidity::Maker);
    Fill { trade_id, side, price, qty, cum_qty: qty, fee: None, liquidity }
}

/// A buy of 1 at 99 that rests, and what is told of it.
fn told(instrument: InstrumentId, fill: Fill) -> (World, ClientOrderId) {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.step(report(instrument, OrderRef::Ours(id), fill));
    (world, id)
}

fn report(instrument: InstrumentId, order: OrderRef, fill: Fill) -> EventKind {
    EventKind::Execution(ExecutionReport {
        instrument,
        order,
        venue_order_id: None,
        transact_unix_ms: None,
        kind: ExecutionKind::Trade(fill),
    })
}

fn bad(id: ClientOrderId, fault: FillFault) -> Alert {
    Alert::Order { id, fault: OrderFault::BadFill(fault) }
}

fn stopped(status: &Status) -> (Mode, Mode, ModeCause) {
    let held = status.instruments[BTC.index()].held;
    (status.mode, held.mode, held.cause)
}

#[test]
fn a_trade_at_the_limit_is_as_ordered() {
    let (world, _) = told(BTC, fill(900, Side::Buy, "99", "0.5"));
    assert_eq!((world.status().counters.bad_fills, world.trips.len()), (0, 0));
    assert_eq!(world.position(), qty("0.5"));
}

#[test]
fn a_trade_beyond_the_limit_is_said_and_leaves_the_instrument_only_reductions() {
    let (mut world, id) = told(BTC, fill(900, Side::Buy, "99.1", "0.5"));
    assert!(world.has_alert(|it| *it == bad(id, FillFault::WorsePrice)));
    let status = world.status();
    assert_eq!((status.counters.bad_fills, world.trips.len()), (1, 0));
    assert_eq!(stopped(&status), (Mode::Running, Mode::Reducing, ModeCause::BadFill));
    assert_eq!(world.position(), qty("0.5"), "it is real all the same");
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::ReducingOnly));
}

#[test]
fn a_trade_of_the_other_side_or_of_another_instrument_trips() {
    let rows = [
        (BTC, fill(900, Side::Sell, "99", "0.5"), FillFault::WrongSide),
        (ETH, fill(900, Side::Buy, "99", "0.5"), FillFault::WrongInstrument),
    ];
    for (instrument, fill, fault) in rows {
        let (world, id) = told(instrument, fill);
        assert!(world.has_alert(|it| *it == bad(id, fault)), "{fault:?}");
        assert_eq!(world.trips.first().map(|trip| trip.reason), Some(TripReason::WrongFill));
        let status = world.status();
        assert_eq!(status.instruments[instrument.index()].position, fill.side.signed(fill.qty));
    }
}

/// It is counted once, and the second telling moves and stops nothing.
#[test]
fn a_bad_trade_that_is_told_twice_is_one() {
    let bad = fill(900, Side::Buy, "99.1", "0.5");
    let (mut world, id) = told(BTC, bad);
    world.report(id, ExecutionKind::Trade(bad));
    let counters = world.status().counters;
    assert_eq!((counters.bad_fills, counters.repeated_reports), (1, 1));
    assert_eq!(world.position(), qty("0.5"));
}

#[test]
fn two_orders_of_ours_that_meet_are_counted_and_said() {
    let (mut world, _) = told(BTC, fill(900, Side::Buy, "99", "0.5"));
    assert_eq!(world.status().counters.self_trades, 0);
    let other = world.open(Side::Sell, "1", "101");
    world.advance(20 * MS);
    world.report(other, ExecutionKind::Trade(fill(900, Side::Sell, "101", "0.5")));
    assert_eq!(world.status().counters.self_trades, 1);
    assert!(
        world.has_alert(|alert| *alert == Alert::Order { id: other, fault: OrderFault::SelfTrade })
    );
    assert_eq!(world.position(), qty("0"));
    world.report(other, ExecutionKind::Trade(fill(900, Side::Sell, "101", "0.5")));
    assert_eq!(world.status().counters.self_trades, 1);
}

type Row = (ForeignCause, Sharing, OrderRef, Mode);

/// Every cause, how it comes, and the mode that it leaves everything in.
const CAUSES: [Row; 9] = [
    (
        ForeignCause::Liquidation,
        Sharing::Exclusive,
        OrderRef::Foreign(ForeignOrder::Liquidation),
        Mode::Reducing,
    ),
    (
        ForeignCause::Deleveraging,
        Sharing::Shared,
        OrderRef::Foreign(ForeignOrder::Deleveraging),
        Mode::Reducing,
    ),
    (
        ForeignCause::Delivery,
        Sharing::Exclusive,
        OrderRef::Foreign(ForeignOrder::Delivery),
        Mode::Reducing,
    ),
    (
        ForeignCause::Manual,
        Sharing::Exclusive,
        OrderRef::Foreign(ForeignOrder::Manual),
        Mode::Running,
    ),
    (
        ForeignCause::OtherClient,
        Sharing::Shared,
        OrderRef::Foreign(ForeignOrder::Other),
        Mode::Running,
    ),
    (
        ForeignCause::EarlierOrder,
        Sharing::Exclusive,
        OrderRef::Ours(ClientOrderId { epoch: 0, sequence: 9 }),
        Mode::Running,
    ),
    (
        ForeignCause::Unexplained,
        Sharing::Exclusive,
        OrderRef::Foreign(ForeignOrder::Other),
        Mode::Killed,
    ),
    // Our own name, and a number that this run has not come to.
    (
        ForeignCause::Unexplained,
        Sharing::Shared,
        OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 500 }),
        Mode::Killed,
    ),
    // A run of our name that begins after this one: a second engine.
    (
        ForeignCause::Unexplained,
        Sharing::Exclusive,
        OrderRef::Ours(ClientOrderId { epoch: 2, sequence: 1 }),
        Mode::Killed,
    ),
];

#[test]
fn every_cause_of_a_foreign_trade_does_what_its_row_says() {
    for (cause, sharing, order, mode) in CAUSES {
        let mut world = World::with(1, |setup| setup.sharing = sharing);
        world.step(execution(order, ExecutionKind::Trade(fill(900, Side::Buy, "100", "0.5"))));
        let said = Alert::ForeignFill { instrument: BTC, cause, qty: qty("0.5") };
        assert!(world.has_alert(|alert| *alert == said), "{cause:?}: {:?}", world.alerts);
        let status = world.status();
        assert_eq!((status.mode, status.counters.foreign_fills), (mode, 1), "{cause:?}");
        let reason = (mode == Mode::Killed).then_some(TripReason::Unexplained);
        assert_eq!(world.trips.first().map(|trip| trip.reason), reason, "{cause:?}");
        assert_eq!(world.position(), qty("0.5"), "{cause:?} is real");
    }
    for cause in ForeignCause::ALL {
        assert!(CAUSES.iter().any(|(row, ..)| row == cause), "{cause:?} has no row");
        assert!(!cause.words().is_empty());
    }
    assert_eq!(ForeignCause::OtherClient.severity(), Severity::P1);
}

/// What stands is no trade: a stranger's order alone stops nothing.
#[test]
fn an_order_of_a_stranger_that_only_stands_trips_nothing() {
    let mut world = World::calm();
    world.step(execution(OrderRef::Foreign(ForeignOrder::Other), ExecutionKind::New));
    world.advance(SECOND);
    assert!(world.trips.is_empty() && world.status().counters.foreign_fills == 0);
}

/// SAFETY T3: a late repeat of an order that is long over is no stranger.
#[test]
fn a_trade_of_an_order_that_is_over_and_told_again_is_dropped() {
    let (mut world, id) = told(BTC, fill(900, Side::Buy, "99", "1"));
    assert_eq!(world.order(id), None);
    world.report(id, ExecutionKind::Trade(fill(900, Side::Buy, "99", "1")));
    let counters = world.status().counters;
    assert_eq!((counters.foreign_fills, counters.repeated_reports), (0, 1));
    assert_eq!((world.position(), world.trips.len()), (qty("1"), 0));
}
