//! Sums of positions, refusals, losing runs and reviews: each at work in the whole core.

use super::{ask, confirm, long, mark, wait};
use crate::support::{BTC, ETH, World, cash, limit, price, qty};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, Mode, ModeCause, OperatorCommand, Scope, Setup, Storm};
use tradekeel::types::{ExecutionKind, MS, OrderKind, OrderRequest, SECOND, Side, StrategyId};

fn at(
    world: &mut World,
    instrument: tradekeel::types::InstrumentId,
    side: Side,
    at: &str,
) -> Result<(), DenyReason> {
    let wish = OrderRequest { instrument, ..limit(side, "1", at) };
    world.wish(0, wish).map(drop)
}

fn exposure(change: impl Fn(&mut tradekeel::core::ExposureLimits)) -> World {
    World::with(1, |setup: &mut Setup| change(&mut setup.limits.appetite.exposure))
}

/// BTC at 100 and ETH at 10: a long of 1 BTC stands against a short of ETH, and no further.
#[test]
fn net_exposure_counts_both_directions_and_lets_the_way_back_pass() {
    let mut world = exposure(|limits| limits.net_max = cash(105));
    world.take(Side::Buy, "1");
    assert_eq!(at(&mut world, ETH, Side::Buy, "10"), Err(DenyReason::NetExposure));
    assert_eq!(at(&mut world, ETH, Side::Sell, "10"), Ok(()));
    world.advance(20 * MS);
    assert_eq!(
        at(&mut world, ETH, Side::Buy, "9.5"),
        Err(DenyReason::NetExposure),
        "it only may trade"
    );
}

#[test]
fn one_underlying_over_two_instruments_is_one_position() {
    let mut world = World::with(1, |setup| {
        setup.instruments[1].base = setup.instruments[0].base;
        setup.limits.appetite.exposure.underlying_gross_max = cash(105);
    });
    world.take(Side::Buy, "1");
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.9"), Err(DenyReason::UnderlyingExposure));
    assert_eq!(at(&mut world, ETH, Side::Sell, "10"), Err(DenyReason::UnderlyingExposure));
    let mut world = World::with(1, |setup| {
        setup.instruments[1].base = setup.instruments[0].base;
        setup.limits.appetite.exposure.underlying_net_max = cash(105);
    });
    world.take(Side::Buy, "1");
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.9"), Err(DenyReason::UnderlyingNet));
    assert_eq!(at(&mut world, ETH, Side::Sell, "10"), Ok(()));
}

#[test]
fn leverage_and_concentration_follow_the_equity() {
    let mut world = exposure(|limits| limits.leverage_bps_max = 10);
    assert_eq!(at(&mut world, BTC, Side::Buy, "99.9"), Err(DenyReason::Leverage), "100.1 of 100");
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.9"), Ok(()));
    let mut world = exposure(|limits| limits.concentration_bps_max = 10);
    assert_eq!(at(&mut world, BTC, Side::Buy, "99.9"), Err(DenyReason::Concentration));
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.9"), Ok(()));
}

#[test]
fn an_order_takes_a_place_among_the_positions_until_it_is_gone() {
    let mut world = exposure(|limits| limits.positions_max = 1);
    let id = world.open(Side::Buy, "1", "99");
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.5"), Err(DenyReason::TooManyPositions));
    assert_eq!(at(&mut world, BTC, Side::Buy, "98.9"), Ok(()), "more of the same is no other");
    let other = *world.script(0).placed.last().unwrap();
    world.cancel(0, id);
    world.cancel(0, other);
    world.advance(20 * MS);
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.5"), Ok(()));
}

#[test]
fn in_conservative_a_position_is_a_small_part_of_the_equity() {
    let mut world = exposure(|limits| limits.conservative_bps_max = 10);
    assert_eq!(at(&mut world, BTC, Side::Buy, "99"), Ok(()));
    world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
    assert_eq!(at(&mut world, BTC, Side::Buy, "98.9"), Err(DenyReason::ConservativePosition));
    assert_eq!(at(&mut world, ETH, Side::Buy, "9.5"), Ok(()));
}

/// A minute's loss denies while it lasts; nothing has to be lifted.
#[test]
fn a_minutes_loss_denies_until_the_minute_is_over() {
    let mut world = long(|setup| setup.limits.appetite.minute_loss_max = cash(1_000));
    confirm(&mut world, 9_905);
    assert_eq!(ask(&mut world), Ok(()));
    confirm(&mut world, 9_899);
    assert_eq!(ask(&mut world), Err(DenyReason::LossRate));
    assert!(world.has_alert(|alert| *alert == Alert::LossRate));
    wait(&mut world, 58, 9_899);
    assert_eq!(ask(&mut world), Err(DenyReason::LossRate));
    wait(&mut world, 5, 9_899);
    assert_eq!((ask(&mut world), world.status().mode), (Ok(()), Mode::Running));
}

fn refuse(world: &mut World, code: i32, kind: OrderKind) {
    world.faults.lost_requests = 1_000;
    let wish = OrderRequest { kind, ..limit(Side::Buy, "1", "99") };
    let id = world.wish(0, wish).unwrap();
    world.report(id, ExecutionKind::Rejected { code });
}

fn first(world: &World) -> (Mode, ModeCause) {
    let held = world.status().strategies[0].held;
    (held.mode, held.cause)
}

#[test]
fn refusals_in_a_row_stop_the_strategy_and_post_only_misses_do_not() {
    let mut world = World::with(1, |setup| setup.strategies[0].budget.losses.rejects_max = Some(3));
    let post = OrderKind::PostOnly(price("99"));
    (0..20).for_each(|_| refuse(&mut world, -5022, post));
    assert_eq!(first(&world).0, Mode::Running);
    refuse(&mut world, -2019, post);
    refuse(&mut world, -2019, post);
    assert_eq!(first(&world).0, Mode::Running);
    refuse(&mut world, -2019, post);
    assert_eq!(first(&world), (Mode::Reducing, ModeCause::StrategyRejects));
    assert_eq!(world.status().losses.breaker_stops, 1);
}

/// An order that is refused again and again cost a bot its right to trade (PEERS 6.6, 50 and 51).
#[test]
fn a_reject_storm_is_told_and_by_configuration_stops() {
    let rows = [(Storm::Alert, Ok(()), false), (Storm::Stop, Err(DenyReason::RejectStorm), true)];
    for (storm, verdict, is_stop) in rows {
        let mut world = World::with(1, |setup| {
            setup.limits.appetite.rejects.ratio_bps_max = 1_000;
            setup.limits.appetite.rejects.storm = storm;
        });
        let resting = world.open(Side::Sell, "1", "105");
        world.advance(20 * MS);
        // With the one that rests, one answer less than is a ratio.
        (0..18).for_each(|_| refuse(&mut world, -2019, OrderKind::Limit(price("99"))));
        let told = |alert: &Alert| matches!(alert, Alert::RejectStorm { .. });
        assert!(!world.has_alert(told));
        refuse(&mut world, -2019, OrderKind::Limit(price("99")));
        assert!(world.has_alert(told));
        assert_eq!(at(&mut world, BTC, Side::Buy, "98"), verdict);
        world.advance(20 * MS);
        assert_eq!(world.status().losses.breaker_stops, u32::from(is_stop), "{storm:?}");
        assert_eq!(world.cancels_of(resting), usize::from(is_stop), "what opens is taken back");
    }
}

/// Buys at the ask and sells at the bid.
fn lose_a_round_trip(world: &mut World) {
    world.take(Side::Buy, "1");
    let exit = crate::support::reduction(Side::Sell, "1", "99.9");
    world.wish(0, OrderRequest { kind: OrderKind::Ioc(price("99.9")), ..exit }).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.position(), qty("0"));
}

#[test]
fn a_losing_run_stops_the_strategy_until_its_resume() {
    let mut world =
        World::with(1, |setup| setup.strategies[0].budget.losses.losing_trips_max = Some(3));
    (0..2).for_each(|_| lose_a_round_trip(&mut world));
    assert_eq!(first(&world).0, Mode::Running);
    lose_a_round_trip(&mut world);
    assert_eq!(first(&world), (Mode::Reducing, ModeCause::LosingRun));
    world.operator(OperatorCommand::Resume(Scope::Strategy(StrategyId(0)))).unwrap();
    (0..2).for_each(|_| lose_a_round_trip(&mut world));
    assert_eq!(first(&world).0, Mode::Conservative);
    lose_a_round_trip(&mut world);
    assert_eq!(first(&world).0, Mode::Reducing);
}

#[test]
fn a_review_is_due_after_so_much_or_so_often_and_an_operators_resume_is_one() {
    let changes: [fn(&mut Setup); 2] = [
        |setup| setup.strategies[0].budget.losses.unreviewed_max = Some(cash(401)),
        |setup| setup.strategies[0].budget.losses.fills_per_minute_max = Some(4),
    ];
    for change in changes {
        let mut world = World::with(1, change);
        (0..2).for_each(|_| lose_a_round_trip(&mut world));
        assert_eq!(first(&world).0, Mode::Running);
        world.take(Side::Buy, "1");
        assert_eq!(first(&world), (Mode::Reducing, ModeCause::ReviewDue));
        world.operator(OperatorCommand::Resume(Scope::Strategy(StrategyId(0)))).unwrap();
        world.advance(SECOND);
        assert_eq!(at(&mut world, BTC, Side::Buy, "98"), Ok(()));
    }
}

/// One strategy's loss is not the other's.
#[test]
fn a_strategys_ledger_is_its_own() {
    let mut world = World::with(2, |setup| {
        for seat in &mut setup.strategies {
            seat.budget.losses.loss_max = cash(40);
        }
    });
    mark(&mut world, 100);
    world.take(Side::Buy, "10");
    for bid in ["95.9", "95.8", "95.7", "95.6"] {
        world.quote(BTC, bid, "96.5");
    }
    let status = world.status();
    assert_eq!(status.strategies[0].held.mode, Mode::Reducing);
    assert_eq!(status.strategies[1].held.mode, Mode::Running);
    assert_eq!(status.strategies[1].profit, Some(cash(0)));
    assert!(status.strategies[0].profit.unwrap() < cash(-40));
    assert_eq!(world.wish(1, limit(Side::Sell, "1", "97")).map(drop), Ok(()));
}
