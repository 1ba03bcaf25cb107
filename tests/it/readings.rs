//! Both sides of the last reading, as people are told of them.

use crate::support::{BTC, VENUE, World, account, limit, price, qty};
use tradekeel::core::{
    AccountEvent, AccountReading, Agreement, EventKind, OperatorCommand, PositionRead, Status,
};
use tradekeel::types::{
    AccountSnapshot, ClientOrderId, ForeignOrder, MS, OrderRef, Purpose, Qty, SECOND, Side,
    VenueOrder, VenuePosition,
};

fn reading(world: &World, change: impl FnOnce(&mut AccountSnapshot)) -> EventKind {
    let mut snapshot = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    change(&mut snapshot);
    account(AccountEvent::Snapshot(Box::new(snapshot)))
}

/// A world that asks and hears nothing but what the test says.
fn asking(mut world: World) -> World {
    world.faults.lost_requests = 1_000;
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(SECOND);
    world
}

fn holding(snapshot: &mut AccountSnapshot, amount: &str) {
    let entry = price("100");
    snapshot.positions = vec![VenuePosition { instrument: BTC, qty: qty(amount), entry }];
}

fn standing(order: OrderRef) -> VenueOrder {
    VenueOrder {
        instrument: BTC,
        order,
        venue_order_id: 77,
        side: Side::Buy,
        price: price("99"),
        qty: qty("1"),
        cum_qty: Qty::ZERO,
        purpose: Purpose::Opening,
    }
}

fn told(world: &World) -> AccountReading {
    world.status().readings[0].clone()
}

#[test]
fn a_difference_is_told_with_both_sides_and_is_gone_once_it_is_adopted() {
    let mut world = asking(World::calm());
    world.step(reading(&world, |snapshot| holding(snapshot, "3")));
    let first = told(&world);
    let expected = PositionRead {
        instrument: BTC,
        ours: Some(Qty::ZERO),
        venue: qty("3"),
        entry: Some(price("100")),
    };
    assert_eq!(first.positions[0], expected);
    assert!(1 <= first.differences() && first.asked_ns < first.at.mono_ns);
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| holding(snapshot, "3")));
    assert_eq!(told(&world).positions[0], expected, "as it was before it was adopted");
    assert_eq!(world.position(), qty("3"));
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| {
        holding(snapshot, "3");
    }));
    let agreed = PositionRead { ours: Some(qty("3")), ..expected };
    assert_eq!(told(&world).positions[0], agreed);
    assert_eq!(told(&world).differences(), 0);
}

#[test]
fn a_reading_that_a_trade_overtook_or_that_nobody_asked_for_is_not_told() {
    let mut world = asking(World::calm());
    let before = told(&world);
    let late = reading(&world, |snapshot| {
        snapshot.token.0 -= 1;
        holding(snapshot, "3");
    });
    world.step(late);
    assert_eq!(told(&world), before);
}

#[test]
fn an_order_differs_once_it_could_have_been_seen_and_is_in_flight_until_then() {
    let mut world = World::calm();
    let id = world.wish(0, limit(Side::Buy, "1", "99")).unwrap();
    world.advance(SECOND);
    let mut world = asking(world);
    let agreement = |world: &World| {
        let all = told(world).orders;
        all.iter().find(|it| it.order == OrderRef::Ours(id)).map(|it| it.agreement)
    };
    world.step(reading(&world, |_| {}));
    assert_eq!(agreement(&world), Some(Agreement::Agrees));
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    world.step(reading(&world, |snapshot| snapshot.open_orders.clear()));
    assert_eq!(agreement(&world), Some(Agreement::Differs));
    assert_eq!(told(&world).differences(), 1);
}

#[test]
fn an_order_of_nobody_here_differs_whoever_bears_the_name() {
    let mut world = asking(World::calm());
    let ours = OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 900 });
    let foreign = OrderRef::Foreign(ForeignOrder::Other);
    world.step(reading(&world, |snapshot| {
        snapshot.open_orders = vec![standing(ours), standing(foreign)];
    }));
    let orders = told(&world).orders;
    let sides = orders.iter().map(|it| (it.ours.is_some(), it.venue.is_some(), it.agreement));
    let differs = (false, true, Agreement::Differs);
    assert_eq!(sides.collect::<Vec<_>>(), [differs, differs]);
}

#[test]
fn a_copy_of_the_state_takes_a_reading_once_and_keeps_its_memory() {
    let mut world = asking(World::calm());
    let mut status = Status::default();
    world.core.status(&mut status);
    let place = status.readings[0].orders.as_ptr();
    world.step(reading(&world, |snapshot| {
        snapshot.open_orders = vec![
            standing(OrderRef::Foreign(ForeignOrder::Other));
            2 * tradekeel::core::ORDERS_TOLD_MAX
        ];
    }));
    world.core.status(&mut status);
    let told = &status.readings[0];
    assert_eq!(told.orders.len(), tradekeel::core::ORDERS_TOLD_MAX);
    assert_eq!(usize::try_from(told.orders_untold), Ok(tradekeel::core::ORDERS_TOLD_MAX));
    assert_eq!(told.orders.as_ptr(), place, "no memory is taken for it");
}
