//! What the last run left behind binds this one.

use crate::support::{BTC, VENUE, World, cash, limit};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    Baseline, HighWater, Mode, ModeCause, ModeRecord, OperatorCommand, Refusal, Restored, Scope,
};
use tradekeel::types::{MS, Side, StrategyId};

fn restarted(restored: Restored) -> World {
    World::with(1, |setup| {
        setup.epoch = 2;
        setup.restored = restored;
    })
}

fn wish(world: &mut World) -> Result<(), DenyReason> {
    world.wish(0, limit(Side::Buy, "1", "99")).map(drop)
}

#[test]
fn a_latch_stays_and_keeps_its_number() {
    let mut first = World::calm();
    crate::kill_switch::trip(&mut first);
    let (latch, latch_generation) = (first.status().latch, first.status().latch_generation);
    let mut world = restarted(Restored { latch, latch_generation, ..Restored::default() });
    assert_eq!(wish(&mut world), Err(DenyReason::KillSwitch));
    assert_eq!(world.status().latch, latch);
    let stale = OperatorCommand::Reset { generation: 0, baseline: Baseline::Keep };
    assert_eq!(world.operator(stale), Err(Refusal::StaleGeneration));
    assert_eq!(world.reset(Baseline::Keep), Ok(()));
    crate::kill_switch::trip(&mut world);
    assert_eq!(world.status().latch_generation, 2);
}

#[test]
fn a_mode_stays_until_a_person_raises_it() {
    for (mode, expected) in [
        (Mode::Running, Ok(())),
        (Mode::Conservative, Ok(())),
        (Mode::Reducing, Err(DenyReason::ReducingOnly)),
        (Mode::Halted, Err(DenyReason::Halted)),
    ] {
        let mut world = restarted(held(Scope::All, mode));
        assert_eq!((world.status().mode, wish(&mut world)), (mode, expected));
        world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
        assert_eq!(world.status().mode, Mode::Conservative);
    }
}

#[test]
fn modes_of_parts_stay_as_they_were_with_their_cause() {
    let parts = [Scope::Strategy(StrategyId(0)), Scope::Instrument(BTC), Scope::Venue(VENUE)];
    for scope in parts {
        for (mode, expected) in [
            (Mode::Conservative, Ok(())),
            (Mode::Reducing, Err(DenyReason::ReducingOnly)),
            (Mode::Halted, Err(DenyReason::Halted)),
        ] {
            let mut world = restarted(held(scope, mode));
            assert_eq!(wish(&mut world), expected, "{scope:?}");
            let status = world.status();
            let lines = [status.strategies[0].held, status.instruments[0].held];
            let record = held(scope, mode).modes[0].1;
            assert!(lines.contains(&record) || status.venues[0].held == record, "{scope:?}");
            world.operator(OperatorCommand::Resume(scope)).unwrap();
            assert!(world.wish(0, limit(Side::Buy, "1", "98")).is_ok());
        }
    }
}

fn held(scope: Scope, mode: Mode) -> Restored {
    let record = ModeRecord { mode, cause: ModeCause::Halt, ..ModeRecord::default() };
    Restored { modes: vec![(scope, record)], ..Restored::default() }
}

/// The account holds 100,000: 15 % below 117,647 is 99,999.95.
#[test]
fn the_high_water_mark_stays() {
    for (peak, denied) in [(117_640, false), (117_660, true)] {
        let high_water = Some(HighWater { peak: cash(peak) });
        let mut world = restarted(Restored { high_water, ..Restored::default() });
        assert_eq!(wish(&mut world).is_err(), denied, "{peak}");
        world.advance(2_000 * MS);
        assert_eq!(world.status().latch.is_some(), denied);
        if denied {
            assert_eq!(world.reset(Baseline::Keep), Err(Refusal::StillBreached));
            assert_eq!(world.reset(Baseline::New), Ok(()));
            assert_eq!(world.status().drawdown_bps, Some(0));
        }
    }
}
