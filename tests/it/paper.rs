//! The shipped strategies under the limits of the shipped paper configuration, against the
//! synthetic market.

use crate::support::{self, BTC, ETH, World, cash, price, qty};
use std::collections::BTreeMap;
use tradekeel::core::{
    Budget, DrawdownLimits, InstrumentLimits, Limits, Param, Params, Rate, Seat, Setup, Strategy,
    StrategySetup,
};
use tradekeel::sim::Synthetic;
use tradekeel::types::{InstrumentId, MS, SECOND};

/// Settings of a shipped strategy, by name.
pub(crate) fn strategy(
    kind: &str,
    instruments: &[InstrumentId],
    settings: &[(&str, &str)],
) -> Box<dyn Strategy> {
    let number = |text: &str| Param::Number(text.parse().unwrap());
    let values: BTreeMap<String, Param> =
        settings.iter().map(|(key, text)| ((*key).to_owned(), number(text))).collect();
    let construct = tradekeel::strategy::registry().find(kind).unwrap();
    construct(StrategySetup { instruments, params: Params::new(values) }).unwrap()
}

pub(crate) fn quoter(instrument: InstrumentId, order_qty: &str, most: &str) -> Box<dyn Strategy> {
    let settings = [
        ("order_qty", order_qty),
        ("half_spread_bps", "0.15"),
        ("volatility_factor", "1"),
        ("inventory_skew_bps", "0.2"),
        ("max_inventory", most),
        ("requote_bps", "0.1"),
        ("ttl_ms", "10000"),
    ];
    strategy("quoter", &[instrument], &settings)
}

pub(crate) fn limits() -> Limits {
    let bounds = |position: &str, order: &str| InstrumentLimits {
        position_max: qty(position),
        order_qty_max: qty(order),
    };
    Limits {
        drawdown: DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: 500 * MS,
            unknown_ns_max: 30 * SECOND,
        },
        order_notional_max: cash(5_000),
        order_ttl_ns_max: 60 * SECOND,
        order_rate: Rate { per_second: 20, burst: 40 },
        open_orders_max: 20,
        unknown_orders_max: 3,
        gross_notional_max: cash(25_000),
        data_age_ns_max: 2 * SECOND,
        instruments: vec![bounds("0.2", "0.05"), bounds("2", "0.5")],
        ..support::limits()
    }
}

fn seat(name: &str, instrument: InstrumentId, most: i32, strategy: Box<dyn Strategy>) -> Seat {
    let rate = Rate { per_second: 6, burst: 12 };
    let budget = Budget { position_notional_max: cash(most), open_orders_max: 4, rate };
    Seat { name: name.to_owned(), instruments: vec![instrument], budget, strategy }
}

/// A market maker on each of two instruments, as `configs/paper.yaml` has them.
pub(crate) fn makers() -> Setup {
    let mut setup = support::setup();
    for instrument in &mut setup.instruments {
        instrument.filters.notional_min = cash(50);
    }
    setup.instruments[1].filters.price_tick = price("0.01");
    setup.limits = limits();
    setup.strategies = vec![
        seat("quoter-btc", BTC, 10_000, quoter(BTC, "0.01", "0.05")),
        seat("quoter-eth", ETH, 6_000, quoter(ETH, "0.1", "0.5")),
    ];
    setup
}

/// A world with the synthetic market of a seed, connected and waiting.
pub(crate) fn world(setup: Setup, seed: u64) -> (World, Synthetic) {
    let synthetic = Synthetic::new(seed, &setup.instruments);
    let venue = support::venue(&setup.instruments);
    let mut world = World::of(setup, venue, Vec::new());
    world.market_lives = false;
    world.faults.delay_ns = 5 * MS;
    world.link_up();
    (world, synthetic)
}

/// Plays so much of a market.
pub(crate) fn play(world: &mut World, market: &mut Synthetic, ns: u64) {
    let until_ns = world.now_ns() + ns;
    while world.now_ns() < until_ns {
        let (delay_ns, event) = market.next().unwrap();
        world.advance(delay_ns);
        world.market(event.instrument, event.data);
    }
}

/// Both accounts agree when nothing is under way.
pub(crate) fn assert_agreement(world: &mut World) {
    world.operator(tradekeel::core::OperatorCommand::Stop).unwrap();
    world.advance(15 * SECOND);
    let status = world.status();
    assert!(status.reconciled && world.core.findings().is_empty(), "{:?}", world.core.findings());
    assert_eq!(status.opening_orders, 0);
    for id in [BTC, ETH] {
        assert_eq!(status.instruments[id.index()].position, world.venue_position(id));
    }
}

/// Denials that are no fault: what the market maker wished for could not be, for a moment.
#[test]
fn half_an_hour_of_market_making_has_no_false_denial() {
    use tradekeel::core::safety::DenyReason;
    let (mut world, mut market) = world(makers(), 7);
    play(&mut world, &mut market, 1_800 * SECOND);
    let status = world.status();
    println!("fills {}, sent {}", status.tally.fills, status.counters.orders_sent);
    let denials: Vec<_> = status.counters.denials().collect();
    println!("denials {denials:?}, rejected {}", status.counters.rejected);
    assert!(100 < status.tally.fills && world.trips.is_empty());
    // A quiet regime leaves an instrument without a quote for longer than two seconds.
    let explained =
        |reason: DenyReason| matches!(reason, DenyReason::StaleQuote | DenyReason::EquityUnknown);
    let false_ones: Vec<_> = denials.iter().filter(|(reason, _)| !explained(*reason)).collect();
    assert!(false_ones.is_empty(), "{false_ones:?}");
    assert_agreement(&mut world);
}
