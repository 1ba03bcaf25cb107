//! Two strategies on one instrument: each within its own budget, both within the account's.

use crate::support::{World, cash, limit, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{EFFECTS_MAX, Intents, OrderUpdate, Rate, Setup, Strategy, View};
use tradekeel::types::{InstrumentId, MS, OrderRequest, Qty, Quote, SECOND, Side, StrategyId};

fn own(world: &World, strategy: usize) -> Qty {
    world.status().strategies[strategy].ledgers[0].position
}

fn small_second(setup: &mut Setup) {
    setup.strategies[1].budget.position_notional_max = cash(200);
    setup.strategies[1].budget.open_orders_max = 2;
    setup.strategies[1].budget.rate = Rate { per_second: 1, burst: 5 };
}

#[test]
fn one_strategys_budget_is_not_the_others() {
    let mut world = World::with(2, small_second);
    world.advance(5 * SECOND);
    let denied = world.wish(1, limit(Side::Buy, "2", "99"));
    assert_eq!(denied, Err(DenyReason::StrategyPosition), "two at the ask of 100.1 are above 200");
    assert!(world.wish(1, limit(Side::Buy, "1.9", "99")).is_ok());
    assert!(world.wish(0, limit(Side::Buy, "5", "99")).is_ok());
}

#[test]
fn its_orders_and_its_rate_are_its_own() {
    let mut world = World::with(2, small_second);
    world.advance(5 * SECOND);
    let tiny = || limit(Side::Buy, "0.1", "99");
    let other = || limit(Side::Buy, "0.1", "98.9");
    let ids = [world.wish(1, tiny()).unwrap(), world.wish(1, other()).unwrap()];
    let third = limit(Side::Buy, "0.1", "98.8");
    assert_eq!(world.wish(1, third), Err(DenyReason::StrategyOrders));
    world.advance(5 * MS);
    ids.into_iter().for_each(|id| world.cancel(1, id));
    world.advance(5 * MS);
    assert!(world.wish(1, tiny()).is_ok() && world.wish(1, other()).is_ok());
    world.advance(5 * MS);
    for order in world.core.orders().map(|order| order.id).collect::<Vec<_>>() {
        world.cancel(1, order);
    }
    world.advance(5 * MS);
    assert_eq!(world.wish(1, tiny()), Err(DenyReason::StrategyRate));
    assert!(world.wish(0, tiny()).is_ok());
    world.advance(SECOND);
    assert!(world.wish(1, tiny()).is_ok());
}

#[test]
fn the_account_binds_both_together() {
    let mut world = World::with(2, |_| {});
    world.wish(0, limit(Side::Buy, "6", "99")).unwrap();
    assert_eq!(world.wish(1, limit(Side::Buy, "4.001", "99")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(1, limit(Side::Buy, "4", "99")).is_ok());
}

#[test]
fn trades_are_attributed_and_a_strategy_reduces_only_what_is_its_own() {
    let mut world = World::with(2, |_| {});
    world.take(Side::Buy, "2");
    assert_eq!((own(&world, 0), own(&world, 1)), (qty("2"), Qty::ZERO));
    assert_eq!(world.wish(1, reduction(Side::Sell, "1", "101")), Err(DenyReason::NotReducing));
    assert!(world.wish(0, reduction(Side::Sell, "2", "101")).is_ok());
    let strategies = world.status().strategies;
    assert_eq!((strategies[0].id, strategies[0].open_orders), (StrategyId(0), 1));
}

/// The report of a trade is lost and only the end of its order is told: the reading that covers it
/// gives it to the strategy whose order it was.
#[test]
fn a_trade_that_was_never_told_is_still_its_strategys() {
    let mut world = World::with(2, |_| {});
    let id = world.wish(1, limit(Side::Buy, "2", "99")).unwrap();
    world.advance(20 * MS);
    world.trade(crate::support::BTC, "98", "0.5", Side::Sell);
    world.lose_what_is_under_way();
    world.cancel(1, id);
    world.advance(3 * SECOND);
    assert_eq!((world.position(), own(&world, 1)), (qty("0.5"), qty("0.5")));
    let exit = OrderRequest { ttl_ns: None, ..reduction(Side::Sell, "0.5", "99.9") };
    assert!(world.wish(1, exit).is_ok());
}

/// A long of 2 with a reduction of 2 resting: shorts beyond the limit cannot hide behind the long.
#[test]
fn what_a_reduction_closes_is_no_room_for_shorts() {
    let mut world = World::with(1, |setup| setup.limits.instruments[0].position_max = qty("3"));
    world.take(Side::Buy, "2");
    world.wish(0, reduction(Side::Sell, "2", "100.2")).unwrap();
    assert_eq!(
        world.wish(0, limit(Side::Sell, "3.001", "100.3")),
        Err(DenyReason::PositionTooLarge)
    );
    world.wish(0, limit(Side::Sell, "3", "100.3")).unwrap();
    world.advance(20 * MS);
    world.trade(crate::support::BTC, "100.4", "9", Side::Buy);
    world.advance(20 * MS);
    assert_eq!(world.venue_position(crate::support::BTC), qty("-3"));
}

/// A strategy that answers every denial with as many wishes as it may.
#[derive(Debug)]
struct Stubborn;

impl Stubborn {
    fn insist(intents: &mut Intents) {
        for _ in 0..40 {
            let _ = intents.place(limit(Side::Buy, "100", "99"));
        }
    }
}

impl Strategy for Stubborn {
    fn on_quote(&mut self, _: &View<'_>, _: InstrumentId, _: &Quote, intents: &mut Intents) {
        Self::insist(intents);
    }

    fn on_order(&mut self, _: &View<'_>, _: &OrderUpdate, intents: &mut Intents) {
        Self::insist(intents);
    }
}

#[test]
fn a_strategy_that_takes_no_for_a_question_ends_nothing() {
    let mut setup = crate::support::setup();
    setup.strategies = (0..3).map(|_| crate::support::seat(Box::new(Stubborn))).collect();
    let venue = crate::support::venue(&setup.instruments);
    let mut world = World::of(setup, venue, Vec::new());
    world.awake();
    world.advance(SECOND);
    assert!(0 < world.status().counters.wishes_dropped);
    assert!(900 < world.effects_most() && world.effects_most() < EFFECTS_MAX);
}
