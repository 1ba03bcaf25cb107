//! Which quotes the market maker wants, and which of its orders it takes back.

use super::*;
use crate::strategy::signal::BPS;
use crate::types::{Cash, ClientOrderId, OrderTerms, StrategyId, TimeInForce};
use proptest::prelude::*;

fn settings() -> Settings {
    Settings {
        order_qty: Qty::whole(2),
        half_spread: 5 * BPS,
        volatility_factor_millionths: 2_000_000,
        inventory_skew: 4 * BPS,
        max_inventory: Qty::whole(10),
        requote: BPS,
        ttl_ns: 1,
        pause_ns: 1,
    }
}

/// A mid of 10,000: one basis point is one tick.
fn quote() -> Quote {
    let [bid, ask] = [9_999, 10_001].map(Price::whole);
    Quote { bid, bid_qty: Qty::whole(1), ask, ask_qty: Qty::whole(1) }
}

fn targets(position: i32, mode: Mode, volatility: Move) -> [Option<Target>; 2] {
    let (filters, quote) = (Filters::whole(), quote());
    let position = Qty::whole(position);
    let kind = InstrumentKind::Perpetual;
    let scene = Scene { kind, filters: &filters, quote: &quote, position, mode, volatility };
    Side::BOTH.map(|side| settings().target(side, &scene))
}

fn prices(position: i32, volatility: Move) -> [Option<Price>; 2] {
    targets(position, Mode::Running, volatility).map(|target| target.map(|it| it.price))
}

fn sizes(position: i32, mode: Mode) -> [Option<(Qty, Purpose)>; 2] {
    targets(position, mode, 0).map(|target| target.map(|it| (it.qty, it.purpose)))
}

fn order(status: OrderStatus, price: i32, qty: i32, cum_qty: i32) -> Order {
    let terms = OrderTerms {
        instrument: InstrumentId(0),
        side: Side::Buy,
        time_in_force: TimeInForce::Gtx,
        price: Price::whole(price),
        qty: Qty::whole(qty),
        purpose: Purpose::Opening,
        expires_ns: None,
    };
    let mut order = Order::sent(ClientOrderId::default(), Some(StrategyId(0)), terms, 0);
    (order.status, order.cum_qty) = (status, Qty::whole(cum_qty));
    order
}

#[test]
fn quotes_stand_half_a_spread_and_the_volatility_around_the_mid() {
    assert_eq!(prices(0, 0), [9_995, 10_005].map(|it| Some(Price::whole(it))));
    assert_eq!(prices(0, 3 * BPS), [9_989, 10_011].map(|it| Some(Price::whole(it))));
    assert_eq!(prices(0, 1), [9_994, 10_006].map(|it| Some(Price::whole(it))), "outwards");
}

#[test]
fn what_is_held_shifts_both_quotes_towards_its_exit() {
    assert_eq!(prices(5, 0), [9_993, 10_003].map(|it| Some(Price::whole(it))));
    assert_eq!(prices(-5, 0), [9_997, 10_007].map(|it| Some(Price::whole(it))));
}

#[test]
fn a_side_that_could_pass_the_largest_inventory_shrinks_and_then_goes() {
    let size = |qty, purpose| Some((Qty::whole(qty), purpose));
    use Purpose::{Opening, Reducing};
    assert_eq!(sizes(8, Mode::Running), [size(2, Opening), size(2, Reducing)]);
    assert_eq!(sizes(9, Mode::Running), [size(1, Opening), size(2, Reducing)]);
    assert_eq!(sizes(10, Mode::Running), [None, size(2, Reducing)]);
    assert_eq!(sizes(50, Mode::Running), [None, size(2, Reducing)]);
    assert_eq!(sizes(-10, Mode::Running), [size(2, Reducing), None]);
}

#[test]
fn a_reduction_is_never_larger_than_the_position() {
    let size = |qty, purpose| Some((Qty::whole(qty), purpose));
    use Purpose::{Opening, Reducing};
    assert_eq!(sizes(1, Mode::Running), [size(2, Opening), size(2, Opening)]);
    assert_eq!(sizes(1, Mode::Reducing), [None, size(1, Reducing)]);
    assert_eq!(sizes(-2, Mode::Reducing), [size(2, Reducing), None]);
    assert_eq!(sizes(0, Mode::Reducing), [None, None]);
}

#[test]
fn without_a_sound_quote_nothing_is_wanted() {
    let filters = Filters::whole();
    for (bid, ask) in [(0, 10_001), (9_999, 0), (10_001, 10_001), (10_002, 10_001)] {
        let quote = Quote { bid: Price::whole(bid), ask: Price::whole(ask), ..quote() };
        let scene = Scene {
            kind: InstrumentKind::Perpetual,
            filters: &filters,
            quote: &quote,
            position: Qty::ZERO,
            mode: Mode::Running,
            volatility: 0,
        };
        assert!(Side::BOTH.iter().all(|side| settings().target(*side, &scene).is_none()));
    }
}

#[test]
fn what_the_venue_would_not_take_is_not_wanted() {
    let wanted = |filters: Filters, position| {
        let (quote, position) = (quote(), Qty::whole(position));
        let (mode, volatility) = (Mode::Running, 0);
        let kind = InstrumentKind::Perpetual;
        let scene = Scene { kind, filters: &filters, quote: &quote, position, mode, volatility };
        settings().target(Side::Buy, &scene).is_some()
    };
    for (notional, position, expected) in
        [(19_990, 0, true), (19_991, 0, false), (19_991, -2, true)]
    {
        let filters = Filters { notional_min: Cash::whole(notional), ..Filters::whole() };
        assert_eq!(wanted(filters, position), expected, "{notional} holding {position}");
    }
    for (price, expected) in [(9_995, true), (9_996, false)] {
        assert_eq!(
            wanted(Filters { price_min: Price::whole(price), ..Filters::whole() }, 0),
            expected
        );
    }
    for (price, expected) in [(9_995, true), (9_994, false)] {
        assert_eq!(
            wanted(Filters { price_max: Price::whole(price), ..Filters::whole() }, 0),
            expected
        );
    }
    for (qty, expected) in [(2, true), (3, false)] {
        assert_eq!(wanted(Filters { qty_min: Qty::whole(qty), ..Filters::whole() }, 0), expected);
    }
}

#[test]
fn an_order_is_taken_back_when_it_is_off_by_the_threshold_and_not_before() {
    let target = |price| {
        Some(Target { price: Price::whole(price), qty: Qty::whole(2), purpose: Purpose::Opening })
    };
    let resting = order(OrderStatus::New, 10_000, 2, 0);
    for (price, expected) in [(10_000, false), (10_001, true), (9_999, true)] {
        assert_eq!(settings().is_outdated(&resting, target(price)), expected, "{price}");
    }
    let patient = Settings { requote: BPS + 1, ..settings() };
    assert!(!patient.is_outdated(&resting, target(10_001)));
    assert!(settings().is_outdated(&resting, None));
}

#[test]
fn an_order_for_more_than_is_wanted_is_taken_back() {
    let target =
        Some(Target { price: Price::whole(100), qty: Qty::whole(2), purpose: Purpose::Opening });
    for (qty, cum_qty, expected) in [(2, 0, false), (3, 0, true), (3, 1, false)] {
        let order = order(OrderStatus::PartiallyFilled, 100, qty, cum_qty);
        assert_eq!(settings().is_outdated(&order, target), expected);
    }
}

#[test]
fn an_order_on_its_way_or_of_unknown_fate_is_left_alone() {
    use OrderStatus::{PendingCancel, PendingNew, Unknown};
    for status in [PendingNew, PendingCancel, Unknown] {
        assert!(!settings().is_outdated(&order(status, 1, 2, 0), None), "{status:?}");
    }
}

proptest! {
    #[test]
    fn no_quote_ever_meets_the_other_side(
        bid in 1..1_000_000_000_i64, spread in 1..1_000_i64, tick in 1..500_i64,
        position in -20..20_i32, half_spread in 0..20 * BPS, inventory_skew in 0..100 * BPS,
    ) {
        let [bid, ask] = [bid, bid + spread].map(Price::from_units);
        let tick = Price::from_units(tick);
        let quote = Quote { bid, ask, ..quote() };
        let filters = Filters { price_tick: tick, ..Filters::whole() };
        let settings = Settings { half_spread, inventory_skew, ..settings() };
        let position = Qty::whole(position);
        let (mode, volatility) = (Mode::Running, 0);
        let kind = InstrumentKind::Perpetual;
    let scene = Scene { kind, filters: &filters, quote: &quote, position, mode, volatility };
        let [buy, sell] =
            Side::BOTH.map(|side| settings.target(side, &scene).map(|target| target.price));
        prop_assert!(buy.is_none_or(|it| it < ask && it.is_multiple_of(tick)));
        prop_assert!(sell.is_none_or(|it| bid < it && it.is_multiple_of(tick)));
        prop_assert!(buy.zip(sell).is_none_or(|(buy, sell)| buy <= sell));
    }
}

/// Spot has no shorts: what is sold was bought before, and is worth as much as the venue takes.
#[test]
fn on_spot_it_sells_no_more_than_it_holds() {
    let (mut filters, quote) = (Filters::whole(), quote());
    filters.notional_min = Cash::whole(15_000);
    let sale = |position: i32| {
        let (kind, position) = (InstrumentKind::Spot, Qty::whole(position));
        let (mode, volatility) = (Mode::Running, 0);
        let scene = Scene { kind, filters: &filters, quote: &quote, position, mode, volatility };
        settings().target(Side::Sell, &scene).map(|target| (target.qty, target.purpose))
    };
    assert_eq!(sale(0), None);
    assert_eq!(sale(1), None, "worth too little");
    assert_eq!(sale(2), Some((Qty::whole(2), Purpose::Reducing)));
    assert_eq!(sale(9), Some((Qty::whole(2), Purpose::Reducing)));
}
