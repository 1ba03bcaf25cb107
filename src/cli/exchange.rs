//! `engine exchange`: the arguments of the simulated exchange as a program of its own.

use super::argument::{self, Speed};
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::config::MarketSource;
use crate::core::Registry;
use crate::ops::log;
use crate::runtime::{self, ExchangePlan};
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
    /// Where faults are armed (/control/faults) and the truth is told (/control/truth)
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub control: Option<SocketAddr>,
    /// Seed of faults that are armed without one
    #[arg(long, value_name = "N", default_value_t = 0, requires = "control")]
    pub fault_seed: u64,
    /// Take instruments, balance and fees from this configuration
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
    plan.clock_offset_ms = arguments.clock_offset_ms;
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
