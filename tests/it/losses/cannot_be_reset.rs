//! A kill switch that cannot be reset, or whose reset does more than it says (PEERS 6.4, 37, 40).

use super::{ask, confirm, long, mark, wait};
use crate::support::{BTC, World, cash, limit};
use tradekeel::core::safety::{DenyReason, TripReason};
use tradekeel::core::{
    Baseline, DayLimits, Kept, Mode, ModeCause, OperatorCommand, Refusal, Restored, Scope,
};
use tradekeel::types::{SECOND, Side, StrategyId};

const FIRST: Scope = Scope::Strategy(StrategyId(0));

fn resume(world: &mut World, scope: Scope) {
    world.operator(OperatorCommand::Resume(scope)).unwrap();
}

fn tripped() -> World {
    let mut world = long(|setup| setup.limits.appetite.day.max_bps = 9_999);
    confirm(&mut world, 8_400);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
    wait(&mut world, 2, 8_400);
    world
}

/// go-trader 244: it stayed latched for ever, even after a restart, with no way back.
#[test]
fn a_new_baseline_clears_a_loss_that_is_accepted_and_counts_from_there() {
    let mut world = tripped();
    assert_eq!(world.reset(Baseline::Keep), Err(Refusal::StillBreached));
    assert_eq!(world.reset(Baseline::New), Ok(()));
    assert_eq!((world.status().mode, world.status().drawdown_bps), (Mode::Conservative, Some(0)));
    world.operator(OperatorCommand::ResumeFull).unwrap();
    assert_eq!(ask(&mut world), Ok(()), "neither the drawdown nor the day stands in the way");
    confirm(&mut world, 7_000);
    assert_eq!(world.trips.len(), 2, "a second fall of as much trips again");
}

/// The day's stop has its own word: a reset clears the latch, and says what stands beneath it.
#[test]
fn a_reset_lifts_no_stop_of_the_day() {
    let mut world = long(|_| {});
    confirm(&mut world, 8_400);
    wait(&mut world, 2, 8_400);
    world.reset(Baseline::New).unwrap();
    assert_eq!(world.status().mode, Mode::Reducing);
    resume(&mut world, Scope::All);
    wait(&mut world, 2, 8_400);
    assert_eq!((world.status().mode, ask(&mut world)), (Mode::Conservative, Ok(())));
}

#[test]
fn a_loss_that_was_made_good_needs_no_new_baseline() {
    let mut world = tripped();
    confirm(&mut world, 9_900);
    assert_eq!(world.reset(Baseline::Keep), Ok(()));
    assert_eq!(world.status().mode, Mode::Conservative);
}

#[test]
fn after_a_restart_it_is_reset_in_the_same_way() {
    let first = tripped().status();
    let restored = Restored {
        latch: first.latch,
        latch_generation: first.latch_generation,
        high_water: first.high_water,
        ..Restored::default()
    };
    let mut world = World::with(1, |setup| setup.restored = restored);
    assert_eq!(ask(&mut world), Err(DenyReason::KillSwitch));
    assert_eq!(world.reset(Baseline::New), Ok(()));
    world.operator(OperatorCommand::ResumeFull).unwrap();
    assert_eq!(ask(&mut world), Ok(()));
}

/// go-trader 1191: what a reset does was not clear. Here it clears the latch and nothing else.
#[test]
fn a_reset_lifts_no_halt_and_no_stop_of_a_part() {
    let mut world = tripped();
    world.operator(OperatorCommand::Halt(Scope::Instrument(BTC))).unwrap();
    world.operator(OperatorCommand::Halt(FIRST)).unwrap();
    world.reset(Baseline::New).unwrap();
    world.operator(OperatorCommand::ResumeFull).unwrap();
    let status = world.status();
    assert_eq!(status.instruments[0].held.mode, Mode::Halted);
    assert_eq!(status.strategies[0].held.mode, Mode::Halted);
    assert_eq!(ask(&mut world), Err(DenyReason::Halted));
}

/// The day's stop is lifted on another day, by a person, and not on the same one.
#[test]
fn the_days_stop_comes_back_until_another_day_and_then_a_resume_lifts_it() {
    let mut world = long(|setup| {
        setup.limits.appetite.day = DayLimits { max_bps: 500, rollover_hour: 23 };
    });
    confirm(&mut world, 9_400);
    assert_eq!(world.status().mode, Mode::Reducing);
    resume(&mut world, Scope::All);
    wait(&mut world, 2, 9_400);
    assert_eq!(
        (world.status().mode, ask(&mut world)),
        (Mode::Reducing, Err(DenyReason::ReducingOnly))
    );
    world.hang(2_800 * SECOND);
    world.link_down();
    world.link_up();
    wait(&mut world, 20, 9_400);
    resume(&mut world, Scope::All);
    wait(&mut world, 2, 9_400);
    assert_eq!((world.status().mode, ask(&mut world)), (Mode::Conservative, Ok(())));
}

/// A strategy that lost its allowance gets a new one with its own resume, and with no other word.
#[test]
fn a_stopped_strategy_is_resumed_by_its_name_and_counts_from_there() {
    let mut world = long(|setup| setup.strategies[0].budget.losses.loss_max = cash(5_000));
    confirm(&mut world, 9_490);
    let held = world.status().strategies[0].held;
    assert_eq!((held.mode, held.cause), (Mode::Reducing, ModeCause::StrategyLoss));
    assert_eq!(world.status().mode, Mode::Running, "everything else goes on");
    resume(&mut world, Scope::All);
    assert_eq!(ask(&mut world), Err(DenyReason::ReducingOnly));
    resume(&mut world, FIRST);
    mark(&mut world, 9_490);
    assert_eq!(ask(&mut world), Ok(()));
    confirm(&mut world, 9_000);
    assert_eq!(ask(&mut world), Ok(()), "4,900 of the new 5,000");
    confirm(&mut world, 8_980);
    assert_eq!(world.status().strategies[0].held.mode, Mode::Reducing);
}

#[test]
fn an_open_breaker_closes_when_its_cooldown_is_over_and_a_restart_does_not_shorten_it() {
    let mut world = long(|setup| {
        setup.limits.appetite.minute_loss_max = cash(1_000);
        setup.limits.appetite.breaker.stops_max = 1;
        setup.limits.appetite.breaker.cooldown_ns = 90 * SECOND;
    });
    let resting = world.wish(0, limit(Side::Sell, "1", "10050")).unwrap();
    world.advance(SECOND / 50);
    confirm(&mut world, 9_899);
    wait(&mut world, 1, 9_899);
    assert_eq!(world.order(resting), None, "what would add to the loss is taken back");
    wait(&mut world, 65, 9_899);
    assert_eq!(ask(&mut world), Err(DenyReason::BreakerOpen), "the minute is over");
    let mark = world.kept.iter().rev().find_map(|kept| match kept {
        Kept::Breaker(mark) => Some(*mark),
        Kept::Day(_) => None,
    });
    let left_ns = world.status().losses.breaker_cooldown_ns;
    assert!(left_ns <= mark.unwrap().cooldown_ns && 0 < left_ns);
    wait(&mut world, 25, 9_899);
    assert_eq!(ask(&mut world), Ok(()));
    let restored = Restored { breaker: mark, ..Restored::default() };
    let mut again = World::with(1, |setup| setup.restored = restored);
    assert_eq!(ask(&mut again), Err(DenyReason::BreakerOpen));
    assert!(left_ns - SECOND <= again.status().losses.breaker_cooldown_ns);
    again.advance(40 * SECOND);
    assert_eq!(ask(&mut again), Ok(()));
}

/// A reading of the account looks at everything that stands.
#[test]
fn what_is_opened_after_a_stop_is_over_may_stand() {
    let mut world = long(|setup| {
        setup.limits.appetite.minute_loss_max = cash(1_000);
        setup.limits.appetite.breaker.stops_max = 1;
        setup.limits.appetite.breaker.cooldown_ns = 10 * SECOND;
    });
    confirm(&mut world, 9_899);
    wait(&mut world, 70, 9_899);
    let resting = world.wish(0, limit(Side::Sell, "1", "10050")).unwrap();
    world.advance(SECOND / 50);
    world.operator(OperatorCommand::Reconcile).unwrap();
    wait(&mut world, 2, 9_899);
    assert!(world.order(resting).is_some(), "nothing is wrong any more");
}
