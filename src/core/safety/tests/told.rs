//! What the kernel tells of itself.

use super::case::*;
use super::*;
use crate::core::effect::Effects;

#[test]
fn what_is_known_of_the_key_and_the_configuration_is_told() {
    let mut case = good();
    assert!(case.kernel.on_key(KeyFitness::Vouched) && !case.kernel.on_key(KeyFitness::Vouched));
    assert_eq!(case.kernel.key(), KeyFitness::Vouched);
    case.kernel.attestation = Attestation::Missing;
    assert_eq!(case.kernel.attestation(), Attestation::Missing);
}

/// Of the second strategy on the instrument of the case.
fn order_of(strategy: u8) -> Order {
    let mut case = good();
    amend(&mut case, |order| order.strategy = Some(StrategyId(strategy)));
    case.amends.unwrap()
}

#[test]
fn a_latch_says_whom_it_reaches_how_young_it_is_and_how_long_it_cools_down() {
    let mut case = good();
    let scoped = Trip { scope: Scope::Strategy(StrategyId(1)), ..trip() };
    let at = Stamp { mono_ns: NOW_NS, unix_ns: 0 };
    let kernel = &mut case.kernel;
    kernel.trip(scoped, at, &mut Effects::new());
    let first = *kernel.latches().next().unwrap();
    assert_eq!([0, 1].map(|strategy| kernel.reaches(&first, &order_of(strategy))), [false, true]);
    assert!(!kernel.kills_since(BTC, 0), "one strategy is not everybody");
    kernel.trip(trip(), at, &mut Effects::new());
    assert_eq!([0, 1, 2].map(|since| kernel.kills_since(BTC, since)), [true, true, false]);
    assert_eq!(kernel.cooldown_left_ns(1, NOW_NS), SECOND);
    assert_eq!(kernel.cooldown_left_ns(1, NOW_NS + SECOND - 7), 7);
    assert_eq!(kernel.cooldown_left_ns(3, NOW_NS), 0, "there is no third one");
}
