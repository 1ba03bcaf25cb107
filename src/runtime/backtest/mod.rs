//! A back-test: the same core, kernel and strategies against a recorded or a synthetic market, in
//! process, as fast as it goes, and the same on every machine.
//!
//! Of a recording, time is the recorded receive time (D13). Must hold: deterministic: two runs over
//! the same market and configuration end in the same digest.

mod world;

use super::assemble::{AssembleError, Universe, contracts_only, id_prefix, symbols};
use super::exchange::ExchangePlan;
use super::listing;
use super::recorded::{self, Recorded};
use super::startup::StartError;
use crate::config::{Config, MarketSource};
use crate::core::{Core, Registry, Restored};
use crate::ops::backtest_report::Outcome;
use crate::sim::{Direct, Fees, Synthetic};
use crate::types::MS;
use crate::venue::{Listing, MarketCounters};
use std::path::{Path, PathBuf};
use std::time::Duration;
use world::World;

/// The market that a back-test plays.
#[derive(Clone, Debug)]
pub enum Played {
    /// A recorded one, to its end.
    Recording(PathBuf),
    /// The synthetic one of the configuration, for so long in its own time.
    Synthetic(Duration),
}

/// When a synthetic market begins: midnight UTC of a Monday, 2024-01-01.
const BEGIN_UNIX_NS: u64 = 1_704_067_200 * crate::types::SECOND;

/// Plays a market against the strategies of a configuration.
///
/// # Errors
/// [`StartError`] when the recording cannot be read or the configuration does not fit the market.
pub fn backtest(
    config: &Config,
    registry: &Registry,
    market: &Played,
) -> Result<Outcome, StartError> {
    contracts_only(config, "a back-test")?;
    match market {
        Played::Recording(path) => recorded(config, registry, path),
        Played::Synthetic(span) => synthetic(config, registry, *span),
    }
}

fn recorded(config: &Config, registry: &Registry, path: &Path) -> Result<Outcome, StartError> {
    let listings = recorded::listings(&symbols(config), config.venue.kind, path)?;
    let universe = Universe::new(config, &listings)?;
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let here = recorded::occurring(path, config.venue.kind, &directory)?;
    if here.instruments.is_empty() {
        return Err(AssembleError::NotRecorded { symbols: symbols(config).join(", ") }.into());
    }
    let mut recorded = Recorded::open(path, config.venue.kind, &here)?;
    let names = universe.names(config);
    let mut world = assemble(config, registry, universe)?;
    while let Some(frame) = recorded.next()? {
        world.advance_to(frame.received_unix_ns);
        for event in frame.events {
            world.on_market(event);
        }
    }
    let (frames, market) = (recorded.frames(), recorded.counters());
    Ok(world.finish(frames, market, names))
}

fn synthetic(config: &Config, registry: &Registry, span: Duration) -> Result<Outcome, StartError> {
    let listings: Vec<Listing> = symbols(config).iter().map(|it| listing::simulated(it)).collect();
    let universe = Universe::new(config, &listings)?;
    let names = universe.names(config);
    let market = Synthetic::new(seed(config), &universe.instruments);
    let mut world = assemble(config, registry, universe)?;
    let span_ns = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    let (mut now_ns, mut events) = (0_u64, 0);
    for (delay_ns, mut event) in market {
        now_ns = now_ns.saturating_add(delay_ns);
        if span_ns < now_ns {
            break;
        }
        let unix_ns = BEGIN_UNIX_NS.saturating_add(now_ns);
        event.sent_unix_ms = Some(unix_ns / MS);
        world.advance_to(unix_ns);
        world.on_market(event);
        events += 1;
    }
    Ok(world.finish(events, MarketCounters::default(), names))
}

/// The market number of a configuration that has one, else that of an exchange alone.
fn seed(config: &Config) -> u64 {
    let of = |plan: ExchangePlan| match plan.exchange.market {
        MarketSource::Seed(seed) => Some(seed),
        MarketSource::Recording { .. } => None,
    };
    of(ExchangePlan::of(config)).or_else(|| of(ExchangePlan::default())).unwrap_or_default()
}

fn assemble(config: &Config, registry: &Registry, universe: Universe) -> Result<World, StartError> {
    let exchange = ExchangePlan::of(config).exchange;
    let fees = Fees {
        maker_centi_bps: exchange.maker_fee_centi_bps,
        taker_centi_bps: exchange.taker_fee_centi_bps,
    };
    let instruments = universe.instruments.clone();
    let ids: Vec<_> = instruments.iter().map(|it| it.id).zip(&config.limits.instruments).collect();
    let mut venue = Direct::new(instruments, id_prefix(config), fees, exchange.starting_balance);
    venue.set_funding_rate(exchange.funding_rate);
    for (id, limits) in ids {
        // The configuration takes no leverage that the exchange does not.
        venue.set_leverage(id, limits.leverage);
    }
    let mut setup = universe.setup(config, registry, 1, Restored::default())?;
    // What a recording lists is as old as its market.
    setup.limits.filters_age_ns_max = u64::MAX;
    let core = Core::new(setup);
    Ok(World::new(core, venue, config))
}
