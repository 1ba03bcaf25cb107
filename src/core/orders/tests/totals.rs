//! What orders may still trade, by side, by purpose and by whom.

use super::{resting, terms};
use crate::core::orders::{Order, Totals};
use crate::types::{InstrumentId, OrderStatus, Purpose, Qty, Side, StrategyId, TimeInForce};

const HERE: InstrumentId = InstrumentId(0);
const ONE: StrategyId = StrategyId(0);

fn order(purpose: Purpose, status: OrderStatus) -> Order {
    let mut order = Order { status, toward: purpose, ..resting(1) };
    order.terms.purpose = purpose;
    order
}

fn all_of(orders: &[Order]) -> Totals {
    let mut totals = Totals::new(2, 2);
    orders.iter().for_each(|order| totals.add(order));
    totals
}

#[test]
fn each_purpose_and_fate_has_its_sum() {
    let totals = all_of(&[
        order(Purpose::Opening, OrderStatus::New),
        order(Purpose::Opening, OrderStatus::Unknown),
        order(Purpose::Reducing, OrderStatus::New),
        order(Purpose::Protective, OrderStatus::New),
        order(Purpose::Reducing, OrderStatus::Unknown),
    ]);
    let open = totals.of(HERE);
    assert_eq!((totals.live(), totals.opening(), totals.unknown()), (5, 2, 1));
    assert_eq!((open.live(), open.unknown(), totals.live_of(ONE)), (5, 1, 5));
    assert_eq!(open.opening(Side::Buy), Qty::whole(10));
    assert_eq!(open.reducing(Side::Buy), Qty::whole(10));
    assert_eq!(open.doubtful(Side::Buy), Qty::whole(5));
    assert_eq!(open.any(Side::Buy), Qty::whole(25));
    assert_eq!(open.any(Side::Sell), Qty::ZERO);
    assert_eq!(totals.of_strategy(ONE, HERE), open);
}

#[test]
fn elsewhere_and_for_others_nothing_changes() {
    let totals = all_of(&[order(Purpose::Opening, OrderStatus::New)]);
    assert_eq!(totals.of(InstrumentId(1)).live(), 0);
    assert_eq!(totals.live_of(StrategyId(1)), 0);
    assert_eq!(totals.of_strategy(StrategyId(1), HERE).live(), 0);
    let nobodys = Order { strategy: None, ..order(Purpose::Opening, OrderStatus::New) };
    let totals = all_of(&[nobodys]);
    assert_eq!((totals.live(), totals.of(HERE).live(), totals.live_of(ONE)), (1, 1, 0));
}

#[test]
fn what_is_taken_away_leaves_what_was() {
    let kept = order(Purpose::Opening, OrderStatus::New);
    for gone in [
        order(Purpose::Opening, OrderStatus::Unknown),
        order(Purpose::Reducing, OrderStatus::Unknown),
        order(Purpose::Protective, OrderStatus::New),
    ] {
        let mut totals = all_of(&[kept, gone]);
        totals.remove(&gone);
        let plain = all_of(&[kept]);
        assert_eq!(totals.of(HERE), plain.of(HERE));
        assert_eq!(totals.of_strategy(ONE, HERE), plain.of_strategy(ONE, HERE));
        let counts = |of: &Totals| (of.live(), of.opening(), of.unknown(), of.live_of(ONE));
        assert_eq!(counts(&totals), counts(&plain));
    }
}

#[test]
fn what_traded_is_not_open() {
    let traded =
        Order { cum_qty: Qty::whole(2), ..order(Purpose::Opening, OrderStatus::PartiallyFilled) };
    assert_eq!(all_of(&[traded]).of(HERE).opening(Side::Buy), Qty::whole(3));
    let larger = order(Purpose::Opening, OrderStatus::New).being_amended();
    assert_eq!(all_of(&[larger]).of(HERE).opening(Side::Buy), Qty::whole(6));
}

#[test]
fn the_account_and_the_strategy_may_see_another_purpose() {
    let hedges = Order { toward: Purpose::Opening, ..order(Purpose::Reducing, OrderStatus::New) };
    let totals = all_of(&[hedges]);
    assert_eq!(totals.of(HERE).reducing(Side::Buy), Qty::whole(5));
    assert_eq!(totals.of_strategy(ONE, HERE).opening(Side::Buy), Qty::whole(5));
}

#[test]
fn sums_beyond_the_range_are_the_largest_and_come_back() {
    let mut huge = order(Purpose::Opening, OrderStatus::New);
    huge.terms.qty = Qty::MAX;
    let mut totals = all_of(&[huge, huge]);
    assert_eq!(totals.of(HERE).opening(Side::Buy), Qty::MAX);
    totals.remove(&huge);
    totals.remove(&huge);
    assert_eq!(totals.of(HERE).opening(Side::Buy), Qty::ZERO);
}

#[test]
fn reach_is_the_worst_in_one_direction() {
    let mut sell = Order { terms: terms(TimeInForce::Gtc), ..resting(2) };
    sell.terms.side = Side::Sell;
    let totals = all_of(&[order(Purpose::Opening, OrderStatus::New), sell]);
    let reach = |side, position, foreign, more| {
        let [position, foreign, more] = [position, foreign, more].map(Qty::whole);
        totals.of(HERE).reach(side, position, foreign, more)
    };
    assert_eq!(reach(Side::Buy, 3, 0, 0), Some(Qty::whole(8)));
    assert_eq!(reach(Side::Buy, 3, 2, 1), Some(Qty::whole(11)));
    assert_eq!(reach(Side::Buy, -3, 0, 0), Some(Qty::whole(5)), "it makes no room");
    assert_eq!(reach(Side::Sell, -3, 0, 0), Some(Qty::whole(8)));
    assert_eq!(reach(Side::Sell, 3, 0, 0), Some(Qty::whole(5)));
    let beyond = totals.of(HERE).reach(Side::Buy, Qty::MAX, Qty::ZERO, Qty::ZERO);
    assert_eq!(beyond, None);
}
