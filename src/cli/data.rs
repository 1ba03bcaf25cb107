//! `engine data verify`: whether a recorded market can be trusted.

use super::argument::duration;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::runtime;
use serde_json::{Map, Value};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// `engine data`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with recorded markets.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Read recordings whole, and tell gaps, damage and what no market can have
    Verify(Verify),
}

/// `engine data verify`
#[derive(clap::Args, Clone, Debug)]
pub struct Verify {
    /// The recordings
    #[arg(value_name = "RECORDING", required = true)]
    pub recordings: Vec<PathBuf>,
    /// Whose symbols are looked for
    #[arg(long, value_name = "FILE", default_value = "configs/paper.yaml")]
    pub config: PathBuf,
    /// The longest silence that is no fault
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub silence: Duration,
    /// One JSON object, by recording
    #[arg(long)]
    pub json: bool,
}

/// Reads them: 0 when all are whole, 3 when one is not.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Verify(arguments) = &arguments.verb;
    let config = match deployment(&arguments.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let silence_ns_max = u64::try_from(arguments.silence.as_nanos()).unwrap_or(u64::MAX);
    let (mut exit, mut report) = (Exit::Ok, Map::new());
    for path in &arguments.recordings {
        let name = path.display().to_string();
        let found = match runtime::quality(&config, path) {
            Ok(found) => found,
            Err(error) => {
                console.complain(format_args!("engine: {name}: {error}"))?;
                return Ok(Exit::Failed);
            }
        };
        if !found.faults(silence_ns_max).is_empty() {
            exit = Exit::Mismatch;
        }
        if arguments.json {
            report.insert(name, found.json(silence_ns_max));
        } else {
            console.say(format_args!("{name}: {}", found.text(silence_ns_max).trim_end()))?;
        }
    }
    if arguments.json {
        console.say(Value::Object(report))?;
    }
    Ok(exit)
}
