//! The shipped strategies under the limits of the shipped paper configuration, against the
//! synthetic market.

use crate::support::{self, VENUE, World, cash, price};
use std::collections::BTreeMap;
use std::path::Path;
use tradekeel::config::{Config, StrategyConfig};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    Param, Params, Registry, Restored, Seat, Setup, Strategy, StrategySetup, Valuation,
};
use tradekeel::sim::Synthetic;
use tradekeel::types::{Instrument, InstrumentId, MS, SECOND};

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

/// Filters as the simulated exchange lists them.
pub(crate) fn listed(at: usize, symbol: &str) -> Instrument {
    let mut instrument = support::instrument(InstrumentId(u16::try_from(at).unwrap()), symbol);
    let (tick, least) = match symbol {
        "BTCUSDT" => ("0.1", 100),
        "ETHUSDT" => ("0.01", 20),
        _ => ("0.01", 5),
    };
    instrument.filters.price_tick = price(tick);
    instrument.filters.price_min = price(tick);
    instrument.filters.notional_min = cash(least);
    instrument
}

/// What `configs/paper.yaml` makes of the core: its numbers, strategies and instruments.
pub(crate) fn makers() -> Setup {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/paper.yaml");
    let registry = tradekeel::strategy::registry();
    let config = tradekeel::config::load(&path, &registry, &|_| None).unwrap().config;
    let symbols = config.instruments.iter().enumerate();
    let instruments: Vec<Instrument> = symbols.map(|(at, it)| listed(at, &it.symbol)).collect();
    setup(config, &registry, instruments)
}

/// What a configuration makes of the core, on a venue that lists these instruments.
pub(crate) fn setup(config: Config, registry: &Registry, instruments: Vec<Instrument>) -> Setup {
    let bases = instruments.iter().map(|instrument| Valuation::By(instrument.id));
    let seat = |strategy: &StrategyConfig| {
        let params = strategy.params.clone();
        let setup = StrategySetup { instruments: &strategy.instruments, params };
        Seat {
            name: strategy.name.clone(),
            instruments: strategy.instruments.clone(),
            budget: strategy.budget,
            strategy: registry.find(&strategy.kind).unwrap()(setup).unwrap(),
        }
    };
    Setup {
        valuations: [Valuation::Reporting].into_iter().chain(bases).collect(),
        instruments,
        strategies: config.strategies.iter().map(seat).collect(),
        limits: config.limits,
        timing: config.timing,
        sharing: config.sharing,
        dead_man: config.dead_man.timing(),
        epoch: 1,
        restored: Restored::default(),
    }
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
    assert!(
        status.reconciled && world.core.findings(VENUE).is_empty(),
        "{:?}",
        world.core.findings(VENUE)
    );
    assert_eq!(status.opening_orders, 0);
    for line in &status.instruments {
        assert_eq!(line.position, world.venue_position(line.id));
    }
}

/// Half an hour of the shipped file. The only denials are those of a strategy's own rate, which is
/// what that budget is for: in a wild market it wishes to requote more often than it may.
#[test]
fn half_an_hour_of_market_making_has_no_denial_but_of_its_own_rate() {
    let (mut world, mut market) = world(makers(), 7);
    play(&mut world, &mut market, 1_800 * SECOND);
    let status = world.status();
    assert!(100 < status.tally.fills && world.trips.is_empty());
    let denials: Vec<_> = status.counters.denials().collect();
    let strategies = status.strategies.iter().map(|it| (it.denied, it.fills));
    println!("denials {denials:?}, by strategy {:?}", strategies.collect::<Vec<_>>());
    assert!(denials.iter().all(|(reason, _)| *reason == DenyReason::StrategyRate), "{denials:?}");
    assert!(status.counters.denied_total() * 20 < status.counters.orders_sent);
    assert_agreement(&mut world);
}
