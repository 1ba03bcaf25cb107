//! `engine backtest`: the arguments of playing a market against the strategies, in virtual time.

use super::argument::duration;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::backtest_report;
use crate::runtime::{self, Played};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// `engine backtest`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The configuration whose strategies and limits are tried
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A recorded market, to its end
    #[arg(long, value_name = "FILE", required_unless_present = "synthetic")]
    pub recording: Option<PathBuf>,
    /// The synthetic market of the configuration, for so long in its own time: 24h
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "recording")]
    pub synthetic: Option<Duration>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Plays the market and says what it came to.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match deployment(&arguments.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let played = match (&arguments.recording, arguments.synthetic) {
        (Some(path), _) => Played::Recording(path.clone()),
        (None, span) => Played::Synthetic(span.unwrap_or_default()),
    };
    let clock = runtime::clock::Clock::start();
    match runtime::backtest(&config, registry, &played) {
        Ok(outcome) => {
            let took_ns = clock.mono_ns();
            let currency = &config.reporting_currency;
            if arguments.json {
                console.say(backtest_report::json(&outcome, currency, took_ns))?;
            } else {
                let text = backtest_report::text(&outcome, currency, took_ns);
                console.out.write_all(text.as_bytes())?;
            }
            Ok(Exit::Ok)
        }
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}
