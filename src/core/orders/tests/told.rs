//! Trades that were told before, and witnesses that were asked.

use super::{id, orders_of, report, resting};
use crate::core::orders::{Order, Orders};
use crate::types::{
    ExecutionKind, ExecutionReport, Fill, InstrumentId, Liquidity, OrderStatus, Price, Qty, SECOND,
    Side,
};

const HERE: InstrumentId = InstrumentId(0);
const THERE: InstrumentId = InstrumentId(1);
const NEVER_NS: u64 = 5_000;

fn trade(instrument: InstrumentId, trade_id: u64, side: Side) -> ExecutionReport {
    let (price, qty, liquidity) = (Price::whole(100), Qty::whole(1), Liquidity::Maker);
    let fill = Fill { trade_id, side, price, qty, cum_qty: qty, fee: None, liquidity };
    let told = report(&resting(1), ExecutionKind::Trade(fill));
    ExecutionReport { instrument, ..told }
}

#[test]
fn a_trade_is_fresh_once() {
    let mut orders = orders_of(&[]);
    let word = trade(HERE, 7, Side::Buy);
    assert!(!orders.is_told(&word));
    assert!(orders.is_fresh(&word));
    assert!(!orders.is_fresh(&word));
    assert!(orders.is_told(&word));
    assert!(orders.is_fresh(&trade(THERE, 7, Side::Buy)), "another instrument's");
    assert!(orders.is_fresh(&trade(HERE, 8, Side::Buy)));
}

#[test]
fn what_is_no_trade_is_always_fresh_and_never_told() {
    let mut orders = orders_of(&[]);
    let word = report(&resting(1), ExecutionKind::New);
    assert!(orders.is_fresh(&word) && orders.is_fresh(&word));
    assert!(!orders.is_told(&word) && !orders.meets_own(&word));
}

#[test]
fn a_trade_of_an_instrument_that_is_not_ours_is_not_counted() {
    let mut orders = orders_of(&[]);
    let word = trade(InstrumentId(9), 7, Side::Buy);
    assert!(orders.is_told(&word) && !orders.is_fresh(&word) && !orders.meets_own(&word));
}

#[test]
fn two_sides_of_one_trade_met() {
    let mut orders = orders_of(&[]);
    assert!(!orders.meets_own(&trade(HERE, 7, Side::Sell)));
    orders.is_fresh(&trade(HERE, 7, Side::Buy));
    assert!(orders.meets_own(&trade(HERE, 7, Side::Sell)));
    assert!(!orders.meets_own(&trade(HERE, 7, Side::Buy)), "the same side again");
    assert!(!orders.meets_own(&trade(HERE, 8, Side::Sell)), "another trade");
    assert!(!orders.meets_own(&trade(THERE, 7, Side::Sell)), "another instrument's");
}

#[test]
fn what_the_history_told_is_known() {
    let mut orders = orders_of(&[]);
    orders.know_trades(HERE, 10);
    orders.know_trades(HERE, 4);
    assert!(orders.is_told(&trade(HERE, 10, Side::Buy)));
    assert!(!orders.is_told(&trade(HERE, 11, Side::Buy)));
    assert!(!orders.is_told(&trade(THERE, 10, Side::Buy)));
    orders.forget_trades(HERE);
    assert!(!orders.is_told(&trade(HERE, 10, Side::Buy)), "the numbers begin anew");
}

fn absent(sequence: u32, instrument: InstrumentId) -> Order {
    let mut order = Order { status: OrderStatus::Unknown, ..resting(sequence) };
    order.terms.instrument = instrument;
    order.absence.on_query(NEVER_NS);
    order.absence.on_reading(NEVER_NS);
    order
}

fn wants(orders: &Orders, sequence: u32) -> bool {
    orders.wants_witnesses(id(sequence))
}

#[test]
fn a_history_that_was_read_witnesses_for_its_instrument() {
    let mut orders = orders_of(&[absent(1, HERE), absent(2, THERE)]);
    assert!(wants(&orders, 1) && wants(&orders, 2));
    assert!(!wants(&orders, 3), "it is not known");
    orders.on_trades_read(HERE, NEVER_NS);
    assert!(!wants(&orders, 1) && wants(&orders, 2));
    orders.on_trades_read(THERE, NEVER_NS - 1);
    assert!(wants(&orders, 2), "asked too early");
}

#[test]
fn nobody_is_wanted_while_it_may_still_arrive() {
    let early = Order { sent_ns: 1, ..absent(1, HERE) };
    assert!(!wants(&orders_of(&[early]), 1));
    let never_asked = resting(2);
    assert!(!wants(&orders_of(&[never_asked]), 2));
}

#[test]
fn one_that_a_reading_does_not_have_is_asked_after_at_once() {
    let order = Order { status: OrderStatus::New, ..resting(1) };
    let mut orders = orders_of(&[order]);
    orders.doubt_absent(order.id, SECOND, 2 * SECOND);
    let doubted = orders.get(order.id).unwrap();
    assert_eq!((doubted.status, doubted.deadline_ns), (OrderStatus::Unknown, 2 * SECOND));
    orders.doubt_absent(id(9), SECOND, 2 * SECOND);
    assert!(orders.get(id(9)).is_none());
}
