//! `engine reconcile`: the account is read now, and both sides are shown (R54, R56, R57).
//!
//! A running engine reads it itself and adopts what a second reading confirms; without one the
//! venue is read with the key of the configuration and nothing is changed. No order is sent.

use super::argument::{self, Target};
use super::ask;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use crate::ops::{Shown, differences, reading_text, readings};
use crate::runtime::{OfflineError, compare};
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// How often a running engine is asked whether it has read the account.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often at most: the engine paces its readings, so that twenty seconds are many times what one
/// takes while the venue answers.
const LOOKS_MAX: u32 = 200;

/// So many readings in a row that differ are not adopted any more: two are enough where nothing
/// else moves.
const ROUNDS_MAX: u32 = 5;

/// `engine reconcile`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// Show every position, wallet and order, not only what differs
    #[arg(long)]
    pub diff: bool,
    /// The venue is right: wait until what differs is adopted and a reading agrees
    #[arg(long, requires_all = ["by", "reason"])]
    pub adopt_exchange: bool,
    /// Who asks; the name of the login when left out
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    fn shown(&self) -> Shown {
        if self.diff { Shown::All } else { Shown::Differences }
    }
}

/// Reads, shows, and waits where that was asked for.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let before =
        match ask::engine(&arguments.target.engine(), &Request::Readings, registry, console)? {
            Ok(before) => before,
            Err(Exit::Unreachable) => return without_engine(arguments, registry, console),
            Err(exit) => return Ok(exit),
        };
    let found = match read_now(&before, arguments, registry, console)? {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    show(&found, arguments, console)?;
    match differences(&found) {
        0 => Ok(Exit::Ok),
        _ if arguments.adopt_exchange => adopt(found, arguments, registry, console),
        _ => Ok(Exit::Mismatch),
    }
}

/// Has the engine read again until a reading agrees. It adopts what two in a row say.
fn adopt(
    mut found: Value,
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    for _ in 0..ROUNDS_MAX {
        found = match read_now(&found, arguments, registry, console)? {
            Ok(found) => found,
            Err(exit) => return Ok(exit),
        };
        if differences(&found) == 0 {
            console.complain(
                "adopted: a later reading agrees; a mode that stands needs `engine resume`",
            )?;
            return Ok(Exit::Ok);
        }
    }
    console.complain(
        "engine: it still differs: orders of others and what the configuration does not name are \
         not adopted; see RUNBOOK.md, \"Positions do not match\"",
    )?;
    Ok(Exit::Mismatch)
}

/// Has the engine read every account, and waits for what it finds; `Err` is the exit code, and why
/// has been said.
fn read_now(
    before: &Value,
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Result<Value, Exit>> {
    let author = argument::Author { by: arguments.by.clone(), reason: arguments.reason.clone() };
    let request = Request::Reconcile { author: ask::author(&author) };
    match ask::engine(&arguments.target.engine(), &request, registry, console)? {
        Ok(answer) if answer["ok"] == true => {}
        Ok(answer) => {
            let why = answer["error"].as_str().unwrap_or("refused");
            console.complain(format_args!("engine: {why}"))?;
            return Ok(Err(Exit::Unreachable));
        }
        Err(exit) => return Ok(Err(exit)),
    }
    let asked_ms = before["uptime_ms"].as_u64().unwrap_or(0);
    for _ in 0..LOOKS_MAX {
        match ask::engine(&arguments.target.engine(), &Request::Readings, registry, console)? {
            Ok(told) if is_since(&told, asked_ms) => return Ok(Ok(told)),
            Ok(_) => pause(),
            Err(exit) => return Ok(Err(exit)),
        }
    }
    console.complain("engine: no reading of the account came of it; look at `engine status`")?;
    Ok(Err(Exit::Unreachable))
}

/// Every account has been asked for since then.
fn is_since(told: &Value, asked_ms: u64) -> bool {
    let accounts = told["accounts"].as_array().map_or(&[][..], Vec::as_slice);
    let is_all = told["venues"].as_u64() == u64::try_from(accounts.len()).ok();
    let is_new = |account: &Value| account["asked_ms"].as_u64().is_some_and(|at| asked_ms <= at);
    is_all && !accounts.is_empty() && accounts.iter().all(is_new)
}

#[expect(clippy::disallowed_methods, reason = "a verb at a terminal has no loop to wait in")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}

fn show(told: &Value, arguments: &Arguments, console: &mut Console<'_>) -> io::Result<()> {
    if arguments.json {
        return console.say(told);
    }
    console.out.write_all(reading_text(told, arguments.shown()).as_bytes())?;
    match differences(told) {
        0 => console.say("the venue and we agree"),
        count => console.say(format_args!("{count} difference(s); the venue is right")),
    }
}

/// The venue alone, beside what the last run left.
fn without_engine(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match deployment(&arguments.target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let file = arguments.target.config.display();
    if arguments.adopt_exchange {
        console.complain(format_args!(
            "engine: nothing to adopt into: `engine --config {file}` reads the account before it \
             trades and takes over what the venue holds"
        ))?;
        return Ok(Exit::Unreachable);
    }
    let (report, belief) = match compare(&config) {
        Ok(found) => found,
        Err(error) => {
            console.complain(format_args!("engine: {}", error.unread()))?;
            return Ok(match error {
                OfflineError::Embedded | OfflineError::Unreachable { .. } => Exit::Unreachable,
                OfflineError::Mismatch(_)
                | OfflineError::Refused(_)
                | OfflineError::Store(_)
                | OfflineError::Start(_) => Exit::Failed,
            });
        }
    };
    let mut told = readings(&report);
    told["engine"] = json!("none runs");
    told["ours_from"] = json!(belief.source);
    if !arguments.json {
        console.say(format_args!("no engine runs; ours: {}", belief.source))?;
    }
    show(&told, arguments, console)?;
    Ok(if differences(&told) == 0 { Exit::Ok } else { Exit::Mismatch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reading_of_every_account_that_was_asked_for_since_is_waited_for() {
        let told = |venues: u64, asked: &[u64]| {
            let accounts: Vec<_> = asked.iter().map(|at| json!({"asked_ms": at})).collect();
            json!({"venues": venues, "accounts": accounts})
        };
        assert!(is_since(&told(2, &[7, 9]), 7));
        assert!(!is_since(&told(2, &[7, 9]), 8), "one is older");
        assert!(!is_since(&told(2, &[9]), 7), "one was never read");
        assert!(!is_since(&told(0, &[]), 0), "nothing says nothing");
    }
}
