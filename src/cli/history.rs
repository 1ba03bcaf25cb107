//! `engine history verify`: the journal against the exchange's own trade history, and the database
//! against the journal (R96).
//!
//! Must hold: nothing is changed anywhere; an engine may run meanwhile.

use super::argument::Target;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::config::{Config, Endpoint};
use crate::core::Registry;
use crate::ops::history::{self, Differing, Scratch, StoreError, Windows};
use crate::runtime::{OfflineError, ask_trades, prefix_of};
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// A trade may be on its way from the exchange to a running engine while this asks: the journal is
/// looked at so often again before it is said that it lacks one.
const LOOKS_MAX: u32 = 5;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `engine history`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the history.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Compare the journal with the exchange's trades, and the database with the journal
    Verify(Verify),
}

/// `engine history verify`
#[derive(clap::Args, Clone, Debug)]
pub struct Verify {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Compares.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Verify(arguments) = &arguments.verb;
    let config = match deployment(&arguments.target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let (mut told, mut exit) = (json!({}), Exit::Ok);
    match database(&config) {
        Ok(found) => {
            exit = judged(&found, exit);
            told["database"] = found;
        }
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            exit = Exit::Failed;
        }
    }
    if exit != Exit::Failed {
        match exchange(&config) {
            Ok(found) => {
                exit = judged(&found, exit);
                told["exchange"] = found;
            }
            Err(error) => {
                console.complain(format_args!("engine: {}", why(&error)))?;
                exit = match error {
                    OfflineError::Unreachable { .. } => Exit::Unreachable,
                    OfflineError::Embedded
                    | OfflineError::Mismatch(_)
                    | OfflineError::Refused(_)
                    | OfflineError::Store(_)
                    | OfflineError::Start(_) => Exit::Failed,
                };
            }
        }
    }
    match arguments.json {
        true => console.say(told)?,
        false => console.out.write_all(history::text(&told).as_bytes())?,
    }
    Ok(exit)
}

fn judged(found: &Value, before: Exit) -> Exit {
    if found["same"] == false { Exit::Mismatch } else { before }
}

fn database(config: &Config) -> Result<Value, StoreError> {
    let mut scratch = Scratch::empty(&config.folders.journal, prefix_of)?;
    let compared = history::compare(&mut scratch, &history::path_in(&config.folders.history))?;
    Ok(history::database_json(compared.as_ref()))
}

fn exchange(config: &Config) -> Result<Value, OfflineError> {
    if let Endpoint::Embedded(_) = config.venue.endpoint {
        return Ok(history::unasked_json(
            "the simulated exchange of this configuration lives in the engine itself",
        ));
    }
    let mut scratch = Scratch::of(&config.folders.journal, prefix_of)?;
    let windows = scratch.windows()?;
    let asked_sequence = scratch.last_sequence()?;
    let unchained = ask_trades(config, &windows, &scratch)?;
    let mut found = compared(&scratch, &windows, asked_sequence)?;
    for _ in 0..LOOKS_MAX {
        if found.iter().all(|it| it.other.0.is_empty()) {
            break;
        }
        pause();
        scratch.fill(u64::MAX)?;
        found = compared(&scratch, &windows, asked_sequence)?;
    }
    Ok(history::exchange_json(&windows, &found, &unchained, &scratch.damage))
}

fn compared(
    scratch: &Scratch,
    windows: &Windows,
    asked_sequence: u64,
) -> Result<Vec<Differing>, StoreError> {
    let compare =
        |(symbol, window): (&String, &_)| scratch.compare_trades(symbol, *window, asked_sequence);
    windows.iter().map(compare).collect()
}

#[expect(clippy::disallowed_methods, reason = "a verb at a terminal has no loop to wait in")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}

/// Why there is nothing to compare: here no latch is at stake.
fn why(error: &OfflineError) -> String {
    match error {
        OfflineError::Unreachable { what, why } => format!("{what} could not be read: {why}"),
        OfflineError::Embedded
        | OfflineError::Store(_)
        | OfflineError::Start(_)
        | OfflineError::Mismatch(_)
        | OfflineError::Refused(_) => error.to_string(),
    }
}
