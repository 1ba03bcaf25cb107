//! What passes the gate, and what a reset opens; `tests/loom.rs` proves the rest.

use super::gate::Gate;
use crate::core::Scope;
use crate::types::{InstrumentId, StrategyId, VenueId};

const BTC: InstrumentId = InstrumentId(0);
const ETH: InstrumentId = InstrumentId(1);
const MAKER: StrategyId = StrategyId(0);
const TAKER: StrategyId = StrategyId(1);

fn passes(gate: &Gate) -> [bool; 4] {
    [(MAKER, BTC), (MAKER, ETH), (TAKER, BTC), (TAKER, ETH)]
        .map(|(strategy, instrument)| gate.pass(strategy, instrument).is_some())
}

#[test]
fn a_latch_stops_its_scope_and_its_reset_opens_it() {
    let gate = Gate::new(2, 2);
    assert_eq!(passes(&gate), [true; 4]);
    let rows = [
        (Scope::All, [false; 4]),
        (Scope::Venue(VenueId(0)), [false; 4]),
        (Scope::Strategy(MAKER), [false, false, true, true]),
        (Scope::Instrument(ETH), [true, false, true, false]),
    ];
    for (scope, open) in rows {
        gate.latch(scope);
        assert_eq!(passes(&gate), open, "{scope:?}");
        gate.unlatch(scope);
        assert_eq!(passes(&gate), [true; 4], "{scope:?}");
    }
}

#[test]
fn a_reset_opens_no_more_than_its_own_latch() {
    let gate = Gate::new(2, 2);
    gate.latch(Scope::All);
    gate.latch(Scope::Venue(VenueId(0)));
    gate.latch(Scope::Strategy(MAKER));
    gate.unlatch(Scope::Venue(VenueId(0)));
    assert_eq!(passes(&gate), [false; 4]);
    gate.unlatch(Scope::All);
    assert_eq!(passes(&gate), [false, false, true, true]);
    // A person trips while the core resets an older latch of the same scope.
    gate.hold(Scope::Strategy(MAKER));
    gate.unlatch(Scope::Strategy(MAKER));
    assert_eq!(passes(&gate), [false, false, true, true]);
    gate.latch(Scope::Strategy(MAKER));
    gate.release(Scope::Strategy(MAKER));
    assert_eq!(passes(&gate), [false, false, true, true]);
}

#[test]
fn what_is_not_configured_does_not_pass() {
    let gate = Gate::new(1, 1);
    assert!(gate.pass(TAKER, BTC).is_none() && gate.pass(MAKER, ETH).is_none());
    gate.latch(Scope::Strategy(TAKER));
    assert!(gate.pass(MAKER, BTC).is_some());
}

#[test]
fn only_the_write_that_was_under_way_is_waited_for() {
    let gate = Gate::new(1, 2);
    let pass = gate.pass(MAKER, BTC).unwrap();
    let hold = gate.hold(Scope::Strategy(MAKER));
    assert!(!gate.is_settled(hold));
    drop(pass);
    assert!(gate.is_settled(hold));
    let _other = gate.pass(TAKER, BTC).unwrap();
    assert!(gate.is_settled(hold), "an order of somebody else is not waited for");
    assert!(!gate.is_settled(gate.hold(Scope::Strategy(TAKER))));
}
