//! The kill switch: what trips it, what it takes back, and what clears it.

use crate::support::{BTC, ETH, Sent, World, cash, limit, price, qty, reduction};
use tradekeel::core::safety::{DenyReason, TripReason};
use tradekeel::core::{Alert, Baseline, Mode, OperatorCommand, Refusal, Scope, Sharing, TripCause};
use tradekeel::types::{
    ExecutionKind, MS, OrderRequest, OrderStatus, Purpose, Qty, SECOND, Side, StrategyId, VenueId,
};

pub(crate) fn trip(world: &mut World) {
    world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap();
}

#[test]
fn a_trip_takes_opening_orders_back_and_leaves_reductions() {
    let mut world = World::with(1, |setup| setup.sharing = Sharing::Shared);
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    world.advance(20 * MS);
    trip(&mut world);
    world.advance(20 * MS);
    assert_eq!((world.order(opening), world.cancels_of(opening)), (None, 1));
    assert_eq!(world.order(reducing).unwrap().status, OrderStatus::New);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::KillSwitch));
}

#[test]
fn on_an_account_of_our_own_a_trip_also_cancels_by_symbol_where_nothing_guards() {
    let mut world = World::calm();
    world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    trip(&mut world);
    assert!(world.sent.contains(&Sent::CancelAll(BTC)));
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.open(Side::Buy, "1", "99");
    world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    world.advance(20 * MS);
    trip(&mut world);
    assert!(!world.sent.contains(&Sent::CancelAll(BTC)));
}

#[test]
fn a_cancel_is_repeated_until_it_is_confirmed() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    trip(&mut world);
    world.advance(5 * SECOND);
    assert_eq!(world.cancels_of(id), 5);
    world.faults.lost_requests = 0;
    world.advance(2 * SECOND);
    assert_eq!((world.order(id), world.venue_orders()), (None, 0));
}

/// The cancel overtook the order: the venue knew nothing to cancel, and then had it.
#[test]
fn an_order_that_comes_to_stand_after_the_trip_is_asked_to_go_again() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.lose_what_is_under_way();
    world.faults.lost_requests = 1_000;
    trip(&mut world);
    world.report(id, ExecutionKind::CancelRejected { code: -2011 });
    assert_eq!(world.order(id).unwrap().status, OrderStatus::Unknown);
    world.report(id, ExecutionKind::New);
    assert_eq!(world.order(id).unwrap().status, OrderStatus::PendingCancel);
    let before = world.cancels_of(id);
    world.advance(2 * SECOND);
    assert!(before < world.cancels_of(id));
}

#[test]
fn a_clock_that_is_far_off_trips_and_cancels() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.leave_clock_alone();
    (0..3).for_each(|_| world.clock(2_000));
    assert_eq!(world.trips[0].reason, TripReason::ClockDrift);
    assert_eq!(world.cancels_of(id), 1);
}

#[test]
fn a_fall_of_equity_denies_at_once_and_trips_when_it_is_confirmed() {
    let mut world = World::calm();
    world.take(Side::Buy, "10");
    world.advance(SECOND);
    world.quote(BTC, "99.8", "100");
    assert!(world.trips.is_empty());
    // 10 × 1,500 of 100,000 are 15 %.
    let mut world = World::with(1, |setup| setup.limits.gross_notional_max = world_max());
    world.quote(BTC, "9999", "10001");
    let request = OrderRequest {
        kind: tradekeel::types::OrderKind::Ioc(price("10001")),
        ..limit(Side::Buy, "10", "1")
    };
    world.wish(0, request).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.position(), qty("10"));
    world.market_lives = false;
    world.quote(BTC, "8400", "8401");
    assert!(world.trips.is_empty());
    let denied = world.wish(0, limit(Side::Sell, "1", "8500"));
    assert_eq!(denied, Err(DenyReason::Drawdown));
    world.quote(BTC, "8399", "8400");
    world.quote(BTC, "8398", "8400");
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
    assert_eq!(world.status().mode, Mode::Killed);
}

fn world_max() -> tradekeel::types::Cash {
    cash(1_000_000)
}

#[test]
fn a_reset_needs_a_reading_that_was_asked_for_after_the_trip() {
    let mut world = World::calm();
    trip(&mut world);
    assert_eq!(world.reset(Baseline::Keep), Err(Refusal::NotReconciled));
    world.advance(SECOND);
    assert_eq!(world.reset(Baseline::Keep), Ok(()));
    assert_eq!(world.status().mode, Mode::Conservative);
}

#[test]
fn neither_time_nor_a_resume_clears_it() {
    let mut world = World::calm();
    trip(&mut world);
    world.advance(60 * SECOND);
    let resume = OperatorCommand::Resume(Scope::All);
    assert_eq!(world.operator(resume), Err(Refusal::Killed));
    assert_eq!(world.operator(OperatorCommand::ResumeFull), Err(Refusal::Killed));
    assert_eq!(world.status().mode, Mode::Killed);
}

#[test]
fn liquidation_leaves_only_reductions_and_takes_openings_back() {
    use tradekeel::types::{Fill, ForeignOrder, Liquidity, OrderRef};
    let mut world = World::calm();
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    let trade = ExecutionKind::Trade(Fill {
        trade_id: 1,
        side: Side::Sell,
        price: price("100"),
        qty: qty("1"),
        cum_qty: qty("1"),
        fee: None,
        liquidity: Liquidity::Taker,
    });
    let order = OrderRef::Foreign(ForeignOrder::Liquidation);
    world.step(crate::support::execution(order, trade));
    assert_eq!(world.status().mode, Mode::Reducing);
    assert_eq!(world.cancels_of(id), 1);
    assert_eq!(world.position(), qty("-1"));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::ReducingOnly));
    assert_eq!(limit(Side::Buy, "1", "99").purpose, Purpose::Opening);
    assert_ne!(world.position(), Qty::ZERO);
}

#[test]
fn a_kill_of_a_strategy_takes_back_its_own_orders_and_leaves_the_others_trading() {
    let mut world = World::with(2, |setup| setup.sharing = Sharing::Exclusive);
    let own = world.wish(0, limit(Side::Buy, "1", "99")).unwrap();
    let other = world.wish(1, limit(Side::Buy, "1", "98")).unwrap();
    world.advance(20 * MS);
    world.operator(OperatorCommand::TripScope(Scope::Strategy(StrategyId(0)))).unwrap();
    world.advance(20 * MS);
    assert_eq!((world.order(own), world.cancels_of(own)), (None, 1));
    assert_eq!(world.order(other).unwrap().status, OrderStatus::New);
    assert!(!world.sent.contains(&Sent::CancelAll(BTC)), "a symbol is not one strategy's");
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::KillSwitch));
    assert!(world.wish(1, limit(Side::Buy, "1", "97")).is_ok());
    assert_eq!(world.status().mode, Mode::Running);
    assert_eq!(world.script(0).mode, Mode::Killed);
}

#[test]
fn a_kill_of_an_instrument_stops_everybody_there_and_nobody_elsewhere() {
    let mut world = World::with(2, |_| {});
    world.operator(OperatorCommand::TripScope(Scope::Instrument(BTC))).unwrap();
    for puppet in [0, 1] {
        let denied = world.wish(puppet, limit(Side::Buy, "1", "99"));
        assert_eq!(denied, Err(DenyReason::KillSwitch));
    }
    world.quote(ETH, "99.9", "100.1");
    let elsewhere = OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "99") };
    assert!(world.wish(0, elsewhere).is_ok());
}

#[test]
fn a_kill_of_a_venue_stops_what_is_traded_there() {
    let mut world = World::calm();
    let strange = OperatorCommand::TripScope(Scope::Venue(VenueId(9)));
    assert_eq!(world.operator(strange), Err(Refusal::NotConfigured));
    world.operator(OperatorCommand::TripScope(Scope::Venue(VenueId(0)))).unwrap();
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::KillSwitch));
}

#[test]
fn each_latch_is_reset_by_its_own_generation_and_leaves_the_rest() {
    let mut world = World::calm();
    world.operator(OperatorCommand::TripScope(Scope::Strategy(StrategyId(0)))).unwrap();
    trip(&mut world);
    world.advance(SECOND);
    assert_eq!(world.reset_latch(3, Baseline::Keep), Err(Refusal::StaleGeneration));
    assert_eq!(world.reset_latch(2, Baseline::Keep), Ok(()));
    let status = world.status();
    assert_eq!((status.latch, status.latches.len()), (None, 1));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::KillSwitch));
    assert_eq!(world.reset_latch(1, Baseline::Keep), Ok(()));
    world.advance(SECOND);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn a_reset_without_the_four_criteria_or_within_the_cooldown_is_refused() {
    let mut world = World::with(1, |setup| setup.limits.reset_cooldown_ns = 10 * SECOND);
    trip(&mut world);
    world.advance(SECOND);
    let reset = OperatorCommand::Reset { generation: 1, baseline: Baseline::Keep };
    assert_eq!(world.operator(reset), Err(Refusal::CriteriaMissing));
    let cooling = world.reset(Baseline::Keep);
    assert!(matches!(cooling, Err(Refusal::CoolingDown { left_s: 9 | 10 })), "{cooling:?}");
    world.advance(10 * SECOND);
    assert_eq!(world.reset(Baseline::Keep), Ok(()));
}

/// A halt is not a trip: what a person stopped, a reset does not start (D2).
#[test]
fn a_reset_lifts_no_halt() {
    let mut world = World::calm();
    world.halt();
    trip(&mut world);
    world.advance(SECOND);
    assert_eq!(world.reset(Baseline::Keep), Ok(()));
    assert_eq!(world.status().mode, Mode::Halted);
}

#[test]
fn a_trip_says_what_a_move_of_the_market_costs() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    world.advance(20 * MS);
    trip(&mut world);
    let said = world.alerts.iter().find_map(|alert| {
        let Alert::KillSwitch { delta, loss_per_percent, .. } = alert else { return None };
        Some((*delta, *loss_per_percent))
    });
    let (delta, loss) = said.unwrap();
    assert_eq!(loss, delta.and_then(|delta| delta.checked_bps(100)));
    assert!(cash(190) < delta.unwrap() && delta.unwrap() < cash(210), "{delta:?}");
}
