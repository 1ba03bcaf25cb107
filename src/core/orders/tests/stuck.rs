//! Orders that do not go: when patience ends, and what their instrument then asks for.

use super::{id, resting, timing};
use crate::core::orders::stuck::{Entry, Escalation, Stuck};
use crate::core::orders::{Order, Patience};
use crate::types::{InstrumentId, Purpose};

const HERE: InstrumentId = InstrumentId(0);
const THERE: InstrumentId = InstrumentId(1);
const STUCK_NS: u64 = 10_000;

/// Two instruments, and orders can be sent in the first.
fn stuck() -> Stuck {
    let mut stuck = Stuck::new(2);
    stuck.set_entry(|instrument| instrument == HERE, Entry::Up);
    stuck
}

/// An order that was asked to go so often, for the first time at 0.
fn tried(sequence: u32, cancels: u32) -> Order {
    let mut order = resting(sequence);
    (0..cancels).for_each(|_| order.patience.on_cancel(0));
    order
}

fn observe(stuck: &mut Stuck, order: &mut Order, now_ns: u64) {
    stuck.observe(order, now_ns, &timing());
}

#[test]
fn every_third_cancel_sweeps() {
    for (cancels, sweeps) in [(0, false), (1, false), (2, false), (3, true), (4, false), (6, true)]
    {
        let mut stuck = stuck();
        observe(&mut stuck, &mut tried(1, cancels), 1);
        assert_eq!(stuck.is_asking(), sweeps, "{cancels}");
        let step = sweeps.then_some((Escalation::Sweep, id(1)));
        assert_eq!(stuck.take(HERE), step);
    }
}

#[test]
fn patience_ends_once() {
    let mut stuck = stuck();
    let mut order = tried(1, 1);
    observe(&mut stuck, &mut order, STUCK_NS - 1);
    assert!(!stuck.is_asking());
    observe(&mut stuck, &mut order, STUCK_NS);
    assert_eq!(stuck.take(HERE), Some((Escalation::Stop, id(1))));
    observe(&mut stuck, &mut order, STUCK_NS + 1);
    assert!(!stuck.is_asking());
}

#[test]
fn patience_begins_with_the_first_cancel_or_the_end_of_its_time() {
    let mut patience = Patience::default();
    assert_eq!(patience.ends_ns(&timing()), None);
    patience.on_expired(5);
    patience.on_cancel(9);
    assert_eq!(patience.ends_ns(&timing()), Some(5 + STUCK_NS));
    let mut patience = Patience::default();
    patience.on_cancel(9);
    patience.on_expired(11);
    assert_eq!(patience.ends_ns(&timing()), Some(9 + STUCK_NS));
}

#[test]
fn an_order_past_its_time_that_was_never_asked_to_go_sweeps_nothing() {
    let mut order = resting(1);
    order.patience.on_expired(0);
    let mut stuck = stuck();
    observe(&mut stuck, &mut order, 1);
    assert!(!stuck.is_asking());
    observe(&mut stuck, &mut order, STUCK_NS);
    assert_eq!(stuck.take(HERE), Some((Escalation::Stop, id(1))));
}

#[test]
fn patience_begins_anew_with_the_link() {
    let mut order = tried(1, 3);
    order.patience.begin_anew(STUCK_NS);
    assert_eq!(order.patience.ends_ns(&timing()), Some(2 * STUCK_NS));
    let mut stuck = stuck();
    observe(&mut stuck, &mut order, STUCK_NS + 1);
    assert!(!stuck.is_asking(), "no cancel has been heard yet");
    let mut fresh = Patience::default();
    fresh.begin_anew(STUCK_NS);
    assert_eq!(fresh.ends_ns(&timing()), None, "it had not begun");
}

#[test]
fn reductions_and_protections_escalate_nothing() {
    for purpose in [Purpose::Reducing, Purpose::Protective] {
        let mut order = tried(1, 3);
        order.terms.purpose = purpose;
        let mut stuck = stuck();
        observe(&mut stuck, &mut order, STUCK_NS);
        assert!(!stuck.is_asking());
    }
}

#[test]
fn an_outage_is_no_refusal() {
    let mut order = tried(1, 3);
    order.terms.instrument = THERE;
    let mut stuck = stuck();
    observe(&mut stuck, &mut order, STUCK_NS);
    assert!(!stuck.is_asking());
    stuck.set_entry(|instrument| instrument == THERE, Entry::Up);
    observe(&mut stuck, &mut order, STUCK_NS);
    assert_eq!(stuck.take(THERE), Some((Escalation::Stop, id(1))));
    assert_eq!(stuck.take(HERE), None);
}

#[test]
fn the_strictest_step_of_an_instrument_is_taken_and_once() {
    let mut stuck = stuck();
    stuck.set_entry(|_| true, Entry::Up);
    observe(&mut stuck, &mut tried(1, 3), 1);
    observe(&mut stuck, &mut tried(2, 3), 1);
    observe(&mut stuck, &mut tried(3, 1), STUCK_NS);
    observe(&mut stuck, &mut tried(4, 3), 1);
    let mut there = tried(5, 3);
    there.terms.instrument = THERE;
    observe(&mut stuck, &mut there, 1);
    assert_eq!(stuck.take(HERE), Some((Escalation::Stop, id(3))));
    assert!(stuck.is_asking(), "the other one");
    assert_eq!(stuck.take(HERE), None);
    assert_eq!(stuck.take(THERE), Some((Escalation::Sweep, id(5))));
    assert!(!stuck.is_asking());
}

#[test]
fn the_first_of_equals_is_told() {
    let mut stuck = stuck();
    observe(&mut stuck, &mut tried(1, 3), 1);
    observe(&mut stuck, &mut tried(2, 3), 1);
    assert_eq!(stuck.take(HERE), Some((Escalation::Sweep, id(1))));
}
