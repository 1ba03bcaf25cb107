//! The rest of an order of which a part traded: kept, taken back, or quoted anew (R43).

use crate::support::{World, limit, price, qty, reduction};
use tradekeel::core::{Outcome, PartialFill, Scope};
use tradekeel::types::{ClientOrderId, MS, OrderKind, OrderRequest, OrderStatus, Side};

fn with(policy: PartialFill) -> World {
    World::with(1, |setup| setup.strategies[0].budget.partial_fill = policy)
}

/// A bid of two, of which one trades.
fn half(world: &mut World) -> ClientOrderId {
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.trade(crate::support::BTC, "99", "1", Side::Sell);
    world.advance(50 * MS);
    assert_eq!(world.position(), qty("1"));
    id
}

fn told(world: &World) -> Vec<Outcome> {
    world.script(0).updates.iter().map(|update| update.outcome).collect()
}

#[test]
fn the_rest_goes_at_once_where_the_policy_says_so_and_is_quoted_anew_where_it_says_that() {
    let canceled = Outcome::Status(OrderStatus::Canceled);
    let anew = Outcome::Replace(qty("1"));
    let rows = [
        (PartialFill::Keep, 0, vec![]),
        (PartialFill::Cancel, 1, vec![canceled]),
        (PartialFill::Replace, 1, vec![canceled, anew]),
    ];
    for (policy, cancels, end) in rows {
        let mut world = with(policy);
        let id = half(&mut world);
        assert_eq!(world.cancels_of(id), cancels, "{policy:?}");
        assert_eq!(world.venue_orders(), 1 - cancels, "{policy:?}");
        let told = told(&world);
        assert!(told.ends_with(&end), "{policy:?}: {told:?}");
        assert_eq!(told.contains(&anew), policy == PartialFill::Replace);
    }
}

/// Until the venue says that it is gone it may trade on.
#[test]
fn the_rest_counts_until_it_is_gone() {
    let mut world = World::with(1, |setup| {
        setup.strategies[0].budget.partial_fill = PartialFill::Replace;
        setup.limits.instruments[0].position_max = qty("2");
    });
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    world.trade(crate::support::BTC, "99", "1", Side::Sell);
    world.advance(50 * MS);
    assert_eq!(world.cancels_of(id), 1);
    assert!(world.wish(0, limit(Side::Buy, "1", "98.9")).is_err());
    assert!(!told(&world).contains(&Outcome::Replace(qty("1"))));
}

#[test]
fn nothing_is_to_be_quoted_anew_where_nothing_may_be_opened() {
    let mut world = with(PartialFill::Replace);
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.trade(crate::support::BTC, "99", "1", Side::Sell);
    world.advance(2 * MS);
    assert_eq!(world.cancels_of(id), 1);
    world.operator(tradekeel::core::OperatorCommand::Halt(Scope::All)).unwrap();
    world.advance(50 * MS);
    assert_eq!(world.order(id), None);
    assert!(!told(&world).contains(&Outcome::Replace(qty("1"))));
}

#[test]
fn a_reduction_and_what_cannot_rest_are_left_alone() {
    let mut world = with(PartialFill::Cancel);
    world.take(Side::Buy, "4");
    let id = world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    world.advance(20 * MS);
    world.trade(crate::support::BTC, "101", "1", Side::Buy);
    world.advance(50 * MS);
    assert_eq!((world.cancels_of(id), world.venue_orders()), (0, 1));
    let kind = OrderKind::Ioc(price("100.1"));
    let id = world.wish(0, OrderRequest { kind, ..limit(Side::Buy, "2", "1") }).unwrap();
    world.advance(50 * MS);
    assert_eq!(world.cancels_of(id), 0);
}
