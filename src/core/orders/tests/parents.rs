//! Parents: what has gone under each of them, and what outlives it.

use super::{canceled, id, orders_of, report, resting};
use crate::core::digest::Digest;
use crate::core::orders::{Order, Orders, PARENTS_MAX, Under};
use crate::core::parent::Parent;
use crate::types::{
    ExecutionKind, Fill, InstrumentId, Liquidity, OrderStatus, ParentId, Price, Purpose, Qty, Side,
    StrategyId,
};

const ONE: StrategyId = StrategyId(0);
const TWO: StrategyId = StrategyId(1);

fn parent(sequence: u32, strategy: StrategyId, qty: i32) -> Parent {
    Parent {
        id: ParentId(id(sequence)),
        strategy,
        instrument: InstrumentId(0),
        side: Side::Buy,
        qty: Qty::whole(qty),
    }
}

/// An order of 5 under a parent.
fn under(sequence: u32, parent: &Parent) -> Order {
    Order { parent: Some(parent.id), ..resting(sequence) }
}

fn with(parents: &[Parent]) -> Orders {
    let mut orders = orders_of(&[]);
    parents.iter().for_each(|parent| orders.open_parent(*parent));
    orders
}

fn send(orders: &mut Orders, order: Order) {
    let at = orders.find(order.id).unwrap_err();
    orders.insert(at, order);
}

fn trade(order: &Order, trade_id: u64, qty: i32) -> ExecutionKind {
    let (price, qty) = (order.terms.price, Qty::whole(qty));
    let (side, liquidity) = (order.terms.side, Liquidity::Maker);
    ExecutionKind::Trade(Fill { trade_id, side, price, qty, cum_qty: qty, fee: None, liquidity })
}

#[test]
fn what_is_under_way_and_what_traded_is_used() {
    let over = parent(100, ONE, 12);
    let mut orders = with(&[over]);
    let left = |orders: &Orders| orders.parents().left(ONE, over.id);
    assert_eq!(left(&orders), Some(Qty::whole(12)));
    let (first, second) = (under(1, &over), under(2, &over));
    send(&mut orders, first);
    send(&mut orders, second);
    assert_eq!(left(&orders), Some(Qty::whole(2)));
    orders.apply(first.id, &report(&first, trade(&first, 1, 3)), 10).unwrap();
    assert_eq!(left(&orders), Some(Qty::whole(2)), "a trade was under way before");
    orders.apply(first.id, &canceled(&first), 20).unwrap();
    assert_eq!(left(&orders), Some(Qty::whole(4)), "two will not trade any more");
    orders.apply(second.id, &report(&second, ExecutionKind::Rejected { code: 0 }), 30).unwrap();
    assert_eq!(left(&orders), Some(Qty::whole(9)));
    // What is told late of one that is over counts as well.
    orders.apply(second.id, &report(&second, trade(&second, 2, 5)), 40).unwrap();
    assert_eq!(left(&orders), Some(Qty::whole(4)));
}

#[test]
fn more_than_all_of_it_leaves_nothing() {
    let over = parent(100, ONE, 4);
    let mut orders = with(&[over]);
    send(&mut orders, under(1, &over));
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::ZERO));
}

#[test]
fn one_that_may_become_larger_counts_as_the_larger() {
    let over = parent(100, ONE, 20);
    let mut orders = with(&[over]);
    send(&mut orders, under(1, &over).being_amended());
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::whole(14)));
}

#[test]
fn what_the_venue_claims_counts() {
    let claimed = Order { claimed_qty: Qty::whole(3), ..under(1, &parent(100, ONE, 9)) };
    assert_eq!(claimed.committed(), Qty::whole(5), "it may still trade all of it");
    let over = Order { status: OrderStatus::Canceled, ..claimed };
    assert_eq!(over.committed(), Qty::whole(3));
    let filled = Order { cum_qty: Qty::whole(4), ..over };
    assert_eq!(filled.committed(), Qty::whole(4));
    let overfilled = Order { cum_qty: Qty::whole(7), ..under(1, &parent(100, ONE, 9)) };
    assert_eq!(overfilled.committed(), Qty::whole(7));
}

#[test]
fn a_parent_is_its_strategys() {
    let (first, second) = (parent(100, ONE, 5), parent(101, TWO, 7));
    let mut orders = with(&[second, first]);
    let parents = orders.parents();
    assert_eq!(parents.left(ONE, first.id), Some(Qty::whole(5)));
    assert_eq!(parents.left(TWO, first.id), None);
    assert_eq!(parents.left(TWO, second.id), Some(Qty::whole(7)));
    assert_eq!((parents.count_of(ONE), parents.count_of(TWO)), (1, 1));
    assert!(!orders.end_parent(TWO, first.id), "not its own");
    assert!(!orders.end_parent(ONE, second.id));
    assert!(orders.end_parent(ONE, first.id));
    assert!(!orders.end_parent(ONE, first.id), "it is over");
    assert_eq!(orders.parents().left(TWO, second.id), Some(Qty::whole(7)));
}

#[test]
fn all_of_a_strategy_end_together() {
    let mut orders = with(&[parent(100, ONE, 5), parent(101, TWO, 7), parent(102, ONE, 5)]);
    assert_eq!(orders.parents().count_of(ONE), 2);
    assert!(orders.end_parents(ONE));
    assert!(!orders.end_parents(ONE));
    assert_eq!((orders.parents().count_of(ONE), orders.parents().count_of(TWO)), (0, 1));
    assert!(!orders.parents().is_empty());
    assert!(orders.end_parents(TWO));
    assert!(orders.parents().is_empty());
}

#[test]
fn a_wish_names_an_open_parent_or_none() {
    let over = parent(100, ONE, 5);
    let orders = with(&[over]);
    let under = |id| orders.parents().under(id);
    assert!(matches!(under(None), Under::Nothing));
    assert!(matches!(under(Some(ParentId(id(9)))), Under::Unknown));
    let Under::Parent { parent, left } = under(Some(over.id)) else { panic!("it is open") };
    assert_eq!((*parent, left), (over, Qty::whole(5)));
    assert_eq!(under(Some(over.id)).id(), Some(over.id));
    assert_eq!(under(Some(ParentId(id(9)))).id(), None);
    assert_eq!(under(None).id(), None);
}

#[test]
fn only_what_takes_on_risk_is_outlived() {
    let over = parent(100, ONE, 50);
    let mut orders = with(&[over]);
    let opening = under(1, &over);
    let mut reducing = under(2, &over);
    reducing.terms.purpose = Purpose::Reducing;
    assert!(!orders.parents().is_outlived_by(&opening));
    assert!(matches!(orders.parents().over(&opening), Under::Parent { .. }));
    assert!(matches!(orders.parents().over(&reducing), Under::Parent { .. }));
    orders.end_parents(ONE);
    assert!(orders.parents().is_outlived_by(&opening));
    assert!(!orders.parents().is_outlived_by(&reducing), "it goes on to close");
    assert!(matches!(orders.parents().over(&reducing), Under::Nothing));
    assert!(!orders.parents().is_outlived_by(&resting(3)), "it never had one");
}

#[test]
fn one_that_was_given_up_and_stands_counts_again_and_once() {
    let over = parent(100, ONE, 20);
    let mut orders = with(&[over]);
    let order = under(1, &over);
    send(&mut orders, order);
    orders.apply(order.id, &canceled(&order), 10).unwrap();
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::whole(20)));
    assert!(orders.adopt(&super::standing_at_venue(&order), order.terms, 20));
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::whole(15)));
    orders.apply(order.id, &canceled(&order), 30).unwrap();
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::whole(20)));
}

#[test]
fn a_strategy_may_have_as_many_as_there_are_instruments() {
    let mut orders = orders_of(&[]);
    for sequence in 0..PARENTS_MAX {
        orders.open_parent(parent(100 + u32::try_from(sequence).unwrap(), ONE, 5));
    }
    assert_eq!(orders.parents().count_of(ONE), PARENTS_MAX);
}

#[test]
fn the_digest_tells_parents_and_what_is_used_of_them() {
    let digest = |orders: &Orders| orders.parents().digest(Digest::new()).value();
    let over = parent(100, ONE, 50);
    let mut used = with(&[over]);
    send(&mut used, under(1, &over));
    let all = [orders_of(&[]), with(&[over]), with(&[parent(101, ONE, 50)]), used];
    let mut told: Vec<u64> = all.iter().map(digest).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), all.len());
}

#[test]
fn prices_do_not_matter_to_it() {
    let over = parent(100, ONE, 12);
    let mut orders = with(&[over]);
    let mut order = under(1, &over);
    order.terms.price = Price::whole(1);
    send(&mut orders, order);
    assert_eq!(orders.parents().left(ONE, over.id), Some(Qty::whole(7)));
}
