//! `engine exchange`: the arguments of the simulated exchange as a program of its own.

use super::argument::{self, Speed};
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::config::{self, MarketSource};
use crate::core::Registry;
use crate::ops::log;
use crate::runtime::{self, ExchangeDialect, ExchangePlan};
use crate::types::FundingRate;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `engine exchange`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9443")]
    pub listen: SocketAddr,
    /// Play a recorded market
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub recording: Option<PathBuf>,
    /// How many times faster than recorded, or max
    #[arg(long, value_name = "N|max", value_parser = argument::speed, requires = "recording")]
    pub speed: Option<Speed>,
    /// Synthetic market: same seed, same market
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Its clock is so many milliseconds ahead of this machine's; below zero it is behind
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0)]
    pub clock_offset_ms: i64,
    /// Where faults are armed (/control/faults), keys taken back (/control/keys), funding is
    /// settled (/control/funding) and the truth is told (/control/truth)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<SocketAddr>,
    /// Seed of faults that are armed without one
    #[arg(long, value_name = "N", default_value_t = 0, requires = "control")]
    pub fault_seed: u64,
    /// Request weight that it takes in a minute; the venue's own where it is not named
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub weight_per_minute: Option<u32>,
    /// What longs pay to shorts at 00, 08 and 16 UTC, in basis points of the notional; 0 where
    /// neither this nor a configuration says it
    #[arg(long, value_name = "BPS", value_parser = argument::funding_rate,
        allow_negative_numbers = true)]
    pub funding_rate_bps: Option<FundingRate>,
    /// What it speaks: binance_spot, binance_usdm, or both on one port
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = dialect,
        default_value = "binance_usdm")]
    pub dialect: Vec<ExchangeDialect>,
    /// Who has an account: keys, secrets or public keys, and balances, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub accounts: Option<PathBuf>,
    /// Take instruments, balance, fees and funding from this configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Serves until a signal comes.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let mut plan = match &arguments.config {
        Some(file) => match deployment(file, registry, console)? {
            Ok(config) => ExchangePlan::of(&config),
            Err(exit) => return Ok(exit),
        },
        None => ExchangePlan::default(),
    };
    if let Some(path) = arguments.recording.clone() {
        let speed = match arguments.speed {
            Some(Speed::Times(times)) => Some(times),
            Some(Speed::Max) => None,
            None => Some(1),
        };
        plan.exchange.market = MarketSource::Recording { path, speed };
    }
    if let Some(seed) = arguments.seed {
        plan.exchange.market = MarketSource::Seed(seed);
    }
    if let Some(file) = &arguments.accounts {
        match config::load_accounts(file) {
            Ok(accounts) => plan.accounts = Some(accounts),
            Err(error) => {
                console.complain(&error)?;
                return Ok(Exit::Config);
            }
        }
    }
    if let Some(rate) = arguments.funding_rate_bps {
        plan.exchange.funding_rate = rate;
    }
    plan.dialects = arguments.dialect.clone();
    plan.clock_offset_ms = arguments.clock_offset_ms;
    plan.weight_per_minute = arguments.weight_per_minute;
    (plan.control, plan.fault_seed) = (arguments.control, arguments.fault_seed);
    log::warn_aloud();
    let served = runtime::serve_exchange(&plan, arguments.listen, |at, control| {
        // A closed pipe is no reason to stop serving.
        if let Some(at) = control {
            let _ = console.say(format_args!("faults and truth at {at}/control"));
        }
        let _ = console.say(format_args!("simulated exchange at http://{at} and ws://{at}"));
        let _ = console.out.flush();
    });
    match served {
        Ok(()) => Ok(Exit::Ok),
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

/// A language of the exchange by its name.
fn dialect(word: &str) -> Result<ExchangeDialect, String> {
    let known = ExchangeDialect::ALL.iter().find(|(name, _)| *name == word);
    known.map(|(_, dialect)| *dialect).ok_or_else(|| {
        let names = ExchangeDialect::ALL.map(|(name, _)| name).join(", ");
        format!("the exchange does not speak it; it speaks {names}")
    })
}
