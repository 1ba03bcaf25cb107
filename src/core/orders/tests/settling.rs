//! What the venue claims of orders and did not tell trade by trade.

use super::{canceled, orders_of, report, resting};
use crate::core::orders::{Order, Orders};
use crate::types::{ClientOrderId, ExecutionKind, InstrumentId, OrderStatus, Qty, Side};

const HERE: InstrumentId = InstrumentId(0);
const THERE: InstrumentId = InstrumentId(1);

/// Of which so much is claimed, and so much accounted for.
fn claimed(sequence: u32, side: Side, claimed: i32, settled: i32) -> Order {
    let (claimed_qty, settled_qty) = (Qty::whole(claimed), Qty::whole(settled));
    let mut order =
        Order { claimed_qty, settled_qty, status: OrderStatus::New, ..resting(sequence) };
    order.terms.side = side;
    order
}

fn settle(orders: &mut Orders) -> Vec<(ClientOrderId, Qty)> {
    let mut told = Vec::new();
    orders.settle(|instrument| instrument == HERE, |order, qty| told.push((order.id, qty)));
    told
}

#[test]
fn what_is_claimed_and_not_told_is_unsettled_by_side() {
    let (buy, sell) = (claimed(1, Side::Buy, 5, 2), claimed(2, Side::Sell, 1, 0));
    let orders = orders_of(&[buy, sell]);
    assert_eq!(orders.unsettled(HERE), Qty::whole(2));
    assert!(orders.has_unsettled(HERE));
    assert_eq!(orders.unsettled(THERE), Qty::ZERO);
    assert!(!orders.has_unsettled(THERE));
    assert_eq!(orders_of(&[sell]).unsettled(HERE), Qty::whole(-1));
}

#[test]
fn what_is_accounted_for_is_settled() {
    for settled in [3, 4] {
        let orders = orders_of(&[claimed(1, Side::Buy, 3, settled)]);
        assert!(!orders.has_unsettled(HERE));
        assert_eq!(orders.unsettled(HERE), Qty::ZERO);
    }
}

#[test]
fn a_reading_settles_once_what_was_claimed_there() {
    let here = claimed(1, Side::Buy, 5, 2);
    let mut there = claimed(2, Side::Buy, 5, 2);
    there.terms.instrument = THERE;
    let all_told = claimed(3, Side::Buy, 4, 4);
    let mut orders = orders_of(&[here, there, all_told]);
    assert_eq!(settle(&mut orders), [(here.id, Qty::whole(3))]);
    assert!(!orders.has_unsettled(HERE) && orders.has_unsettled(THERE));
    assert_eq!(settle(&mut orders), []);
}

#[test]
fn what_is_over_is_settled_too() {
    let order = resting(1);
    let mut orders = orders_of(&[order, resting(2)]);
    let ended = ExecutionKind::Canceled { cum_qty: Qty::whole(2) };
    orders.apply(order.id, &report(&order, ended), 10).unwrap();
    orders.apply(resting(2).id, &canceled(&resting(2)), 20).unwrap();
    assert_eq!(orders.unsettled(HERE), Qty::whole(2));
    assert_eq!(settle(&mut orders), [(order.id, Qty::whole(2))]);
    assert!(!orders.has_unsettled(HERE));
}
