//! The table of orders by itself: what is found in it, what time asks for, what is over.

mod amends;
mod life;
mod parents;
mod settling;
mod stuck;
mod told;
mod totals;

use super::*;
use crate::types::{ExecutionKind, OrderRef, Purpose, TimeInForce};

pub(super) const ANSWER_NS: u64 = 1_000;

pub(super) fn timing() -> Timing {
    Timing {
        answer_ns_max: ANSWER_NS,
        cancel_retry_ns: 500,
        cancel_attempts_max: 3,
        stuck_ns_max: 10_000,
        query_retry_ns: 2_000,
        not_found_final_ns: 5_000,
        reconcile_ns: 10_000,
        reconcile_timeout_ns: 3_000,
        balance_tolerance: crate::types::Cash::ZERO,
        position_tolerance_steps: 0,
        open_orders_tolerance: 0,
    }
}

pub(super) fn id(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

pub(super) fn terms(time_in_force: TimeInForce) -> OrderTerms {
    OrderTerms {
        instrument: InstrumentId(0),
        side: Side::Buy,
        time_in_force,
        price: Price::whole(100),
        qty: Qty::whole(5),
        purpose: Purpose::Opening,
        expires_ns: None,
    }
}

pub(super) fn resting(sequence: u32) -> Order {
    Order::sent(id(sequence), Some(StrategyId(0)), terms(TimeInForce::Gtc), 0)
}

pub(super) fn exit(sequence: u32) -> Order {
    Order::sent(id(sequence), None, terms(TimeInForce::Ioc), 0)
}

pub(super) fn orders_of(all: &[Order]) -> Orders {
    let mut orders = Orders::new(2, 1, timing());
    for order in all {
        let mut order = *order;
        order.deadline_ns = order.deadline_ns.min(order.sent_ns + ANSWER_NS);
        let at = orders.find(order.id).unwrap_err();
        orders.insert(at, order);
    }
    orders
}

pub(super) fn report(of: &Order, kind: ExecutionKind) -> ExecutionReport {
    ExecutionReport {
        instrument: of.terms.instrument,
        order: OrderRef::Ours(of.id),
        venue_order_id: None,
        transact_unix_ms: None,
        kind,
    }
}

pub(super) fn canceled(of: &Order) -> ExecutionReport {
    report(of, ExecutionKind::Canceled { cum_qty: Qty::ZERO })
}

/// What stands at the venue of an order of ours.
pub(super) fn standing_at_venue(of: &Order) -> VenueOrder {
    VenueOrder {
        instrument: of.terms.instrument,
        order: OrderRef::Ours(of.id),
        venue_order_id: 7,
        side: of.terms.side,
        price: of.terms.price,
        qty: of.terms.qty,
        cum_qty: Qty::ZERO,
        purpose: of.terms.purpose,
    }
}

/// What time asks for, in words.
fn on_time(orders: &mut Orders, now_ns: u64) -> Vec<String> {
    let mut effects = Effects::new();
    orders.on_time(now_ns, &mut effects);
    effects.drain().map(|effect| format!("{effect:?}")).collect()
}

fn said(effect: &Effect) -> String {
    format!("{effect:?}")
}

#[test]
fn an_order_hedges_up_to_what_it_was_approved_for() {
    let mut order = resting(1);
    assert!(!order.hedges());
    assert!(!order.hedges_up_to(Qty::ZERO), "nothing was approved to hedge");
    order.hedges_qty = order.terms.qty;
    assert!(order.hedges());
    assert!(order.hedges_up_to(order.terms.qty));
    assert!(!order.hedges_up_to(order.terms.qty.saturating_add(Qty::from_units(1))));
    assert!(!order.being_amended().hedges(), "to more than was approved");
}

#[test]
fn trades_are_a_strategys_an_exits_or_nobodys() {
    assert_eq!(resting(1).owner(), Owner::Strategy(StrategyId(0)));
    assert_eq!(exit(1).owner(), Owner::Exit);
    let adopted = Order::sent(id(1), None, terms(TimeInForce::Gtc), 0);
    assert_eq!(adopted.owner(), Owner::Nobody);
}

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let mut orders = orders_of(&[]);
    let most = u32::try_from(ORDERS_MAX).unwrap();
    for sequence in 1..=most {
        assert!(orders.has_room());
        let found = standing_at_venue(&resting(sequence));
        assert!(orders.adopt(&found, terms(TimeInForce::Gtc), 0));
    }
    assert!(!orders.has_room());
    let found = standing_at_venue(&resting(most + 1));
    assert!(!orders.adopt(&found, terms(TimeInForce::Gtc), 0));
    assert!(orders.get(id(most + 1)).is_none());
}

#[test]
fn an_answer_is_waited_for_from_when_it_left() {
    let order = resting(1);
    let mut orders = orders_of(&[order]);
    orders.depart(order.id, 700);
    assert_eq!(orders.get(order.id).unwrap().sent_ns, 700);
    assert!(on_time(&mut orders, 700 + ANSWER_NS - 1).is_empty());
    let asked = Command::QueryOrder { id: order.id, instrument: order.terms.instrument };
    assert!(on_time(&mut orders, 700 + ANSWER_NS).contains(&said(&Effect::Send(asked))));
}

#[test]
fn one_that_was_given_up_and_stands_lives_again_from_when_it_was_found() {
    let order = resting(1);
    let mut orders = orders_of(&[order]);
    orders.apply(order.id, &canceled(&order), 10).unwrap();
    assert!(orders.is_over(order.id));
    assert!(orders.adopt(&standing_at_venue(&order), order.terms, 900));
    assert!(!orders.is_over(order.id));
    let found = orders.get(order.id).unwrap();
    assert_eq!((found.sent_ns, found.strategy), (900, order.strategy));
    assert!(!orders.adopt(&standing_at_venue(&order), order.terms, 901), "it is known");
}

#[test]
fn over_is_what_was_known_and_is_not_alive() {
    let (first, second) = (resting(1), resting(2));
    let mut orders = orders_of(&[first, second]);
    assert!(!orders.is_over(first.id), "it is alive");
    orders.apply(first.id, &canceled(&first), 10).unwrap();
    assert!(orders.is_over(first.id));
    assert!(!orders.is_over(second.id), "another one is over");
    assert!(!orders.is_over(id(3)), "it was never known");
}

#[test]
fn an_exit_is_an_order_of_nobody_that_cannot_rest_and_is_not_in_doubt() {
    let here = InstrumentId(0);
    assert!(orders_of(&[exit(1)]).is_exiting(here));
    assert!(!orders_of(&[exit(1)]).is_exiting(InstrumentId(1)));
    assert!(!orders_of(&[resting(1)]).is_exiting(here));
    let adopted = Order::sent(id(1), None, terms(TimeInForce::Gtc), 0);
    assert!(!orders_of(&[adopted]).is_exiting(here), "it can rest");
    let of_strategy = Order::sent(id(1), Some(StrategyId(0)), terms(TimeInForce::Ioc), 0);
    assert!(!orders_of(&[of_strategy]).is_exiting(here), "a strategy's");
    let doubtful = Order { status: OrderStatus::Unknown, ..exit(1) };
    assert!(!orders_of(&[doubtful]).is_exiting(here), "nobody knows of it");
}

#[test]
fn of_those_that_are_over_each_is_found_by_its_own_id() {
    let (first, second) = (resting(1), exit(2));
    let mut orders = orders_of(&[first, second]);
    orders.apply(first.id, &canceled(&first), 10).unwrap();
    orders.apply(second.id, &canceled(&second), 20).unwrap();
    assert_eq!(orders.get(first.id).unwrap().strategy, first.strategy);
    assert_eq!(orders.get(second.id).unwrap().strategy, None);
    assert!(orders.get(id(3)).is_none());
}

#[test]
fn a_late_word_changes_the_order_that_it_is_about() {
    let (first, second) = (resting(1), resting(2));
    let mut orders = orders_of(&[first, second]);
    orders.apply(first.id, &canceled(&first), 10).unwrap();
    orders.apply(second.id, &canceled(&second), 20).unwrap();
    let traded = ExecutionKind::Canceled { cum_qty: Qty::whole(2) };
    let applied = orders.apply(second.id, &report(&second, traded), 30).unwrap();
    assert_eq!(applied.order.id, second.id);
    assert_eq!(orders.get(first.id).unwrap().claimed_qty, Qty::ZERO);
    assert_eq!(orders.get(second.id).unwrap().claimed_qty, applied.order.claimed_qty);
    assert_eq!(applied.order.claimed_qty, Qty::whole(2));
}

#[test]
fn that_nobody_knows_of_an_order_is_said_once() {
    let order = resting(1);
    let mut orders = orders_of(&[order]);
    let unknown = said(&Effect::Alert(Alert::OrderUnknown(order.id)));
    assert!(on_time(&mut orders, ANSWER_NS).contains(&unknown));
    let again = on_time(&mut orders, ANSWER_NS + 2_000);
    assert!(!again.is_empty() && !again.contains(&unknown), "{again:?}");
}

#[test]
fn one_whose_time_is_over_is_taken_back_and_is_not_unknown() {
    let mut order = resting(1);
    (order.status, order.terms.expires_ns) = (OrderStatus::New, Some(500));
    order.deadline_ns = 500;
    let mut orders = orders_of(&[order]);
    assert_eq!(on_time(&mut orders, 500), [said(&Effect::Send(cancel_of(&order)))]);
}

#[test]
fn nothing_is_stuck_before_its_time() {
    let mut orders = orders_of(&[resting(1)]);
    assert!(!orders.has_stuck());
    on_time(&mut orders, ANSWER_NS);
    assert!(!orders.has_stuck());
}

#[test]
fn the_digest_tells_every_order_from_another() {
    let digest = |orders: &Orders| orders.digest(Digest::new()).value();
    let alike = [orders_of(&[resting(1)]), orders_of(&[resting(1)])];
    assert_eq!(digest(&alike[0]), digest(&alike[1]));
    let mut known = vec![digest(&orders_of(&[])), digest(&alike[0])];
    let filled = Order { cum_qty: Qty::whole(1), ..resting(1) };
    let unknown = Order { status: OrderStatus::Unknown, ..resting(1) };
    for other in [resting(2), exit(1).being_amended(), filled, unknown] {
        known.push(digest(&orders_of(&[other])));
    }
    let count = known.len();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), count);
}
