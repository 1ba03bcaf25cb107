//! Halts and resumes, everywhere, of one instrument, of one strategy.

use crate::support::{BTC, ETH, World, limit, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Mode, OperatorCommand, Refusal, Scope};
use tradekeel::types::{InstrumentId, MS, OrderRequest, Side, StrategyId};

const FIRST: Scope = Scope::Strategy(StrategyId(0));

fn in_eth() -> OrderRequest {
    OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9.5") }
}

#[test]
fn a_halt_of_everything_takes_opening_orders_back_and_lets_nothing_new_pass() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(20 * MS);
    world.halt();
    world.advance(20 * MS);
    assert_eq!((world.status().mode, world.order(opening)), (Mode::Halted, None));
    assert!(world.order(reducing).is_some());
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Halted));
    assert_eq!(world.wish(0, reduction(Side::Sell, "1", "101")), Err(DenyReason::Halted));
    assert_eq!(world.script(0).mode, Mode::Halted);
}

#[test]
fn a_resume_lands_in_conservative_and_only_a_full_one_leaves_it() {
    let mut world = World::calm();
    world.halt();
    world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
    assert_eq!(world.status().mode, Mode::Conservative);
    world.advance(20 * MS);
    assert_eq!(world.wish(0, limit(Side::Buy, "5.001", "99")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(0, limit(Side::Buy, "5", "99")).is_ok());
    world.operator(OperatorCommand::ResumeFull).unwrap();
    assert_eq!(world.status().mode, Mode::Running);
    assert!(world.wish(0, limit(Side::Buy, "5", "98.9")).is_ok());
    assert_eq!(world.wish(0, limit(Side::Buy, "0.1", "99")), Err(DenyReason::PositionTooLarge));
}

#[test]
fn one_instrument_is_halted_and_the_other_goes_on() {
    let mut world = World::calm();
    let btc = world.open(Side::Buy, "1", "99");
    let eth = world.wish(0, in_eth()).unwrap();
    world.advance(20 * MS);
    world.operator(OperatorCommand::Halt(Scope::Instrument(BTC))).unwrap();
    world.advance(20 * MS);
    assert_eq!((world.order(btc).is_some(), world.order(eth).is_some()), (false, true));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Halted));
    let elsewhere = OrderRequest { qty: qty("2"), ..in_eth() };
    assert!(world.wish(0, elsewhere).is_ok());
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
    assert_eq!(world.status().mode, Mode::Running);
}

#[test]
fn one_strategy_is_halted_sees_it_and_the_other_goes_on() {
    let mut world = World::with(2, |_| {});
    let mine = world.open(Side::Buy, "1", "99");
    let other = world.wish(1, limit(Side::Buy, "1", "99")).unwrap();
    world.advance(20 * MS);
    world.operator(OperatorCommand::Halt(FIRST)).unwrap();
    world.advance(20 * MS);
    assert_eq!((world.order(mine).is_some(), world.order(other).is_some()), (false, true));
    assert_eq!((world.script(0).mode, world.script(1).mode), (Mode::Halted, Mode::Running));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Halted));
    assert!(world.wish(1, limit(Side::Buy, "1", "98.9")).is_ok());
}

#[test]
fn what_is_not_configured_is_refused_by_name() {
    let mut world = World::calm();
    let (nothing, nobody) = (InstrumentId(2), StrategyId(1));
    for command in [
        OperatorCommand::Halt(Scope::Instrument(nothing)),
        OperatorCommand::Halt(Scope::Strategy(nobody)),
        OperatorCommand::Resume(Scope::Instrument(nothing)),
        OperatorCommand::Flatten { instrument: Some(nothing), cap_bps: 10 },
    ] {
        assert_eq!(world.operator(command), Err(Refusal::NotConfigured), "{command:?}");
    }
    for (cap_bps, answer) in
        [(0, Err(Refusal::CapOutOfRange)), (2_001, Err(Refusal::CapOutOfRange)), (2_000, Ok(()))]
    {
        let command = OperatorCommand::Flatten { instrument: None, cap_bps };
        assert_eq!(world.operator(command), answer);
    }
}
