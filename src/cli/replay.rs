//! `engine replay`: the arguments of running a recorded run again.

use super::argument;
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::config::Config;
use crate::core::Registry;
use crate::runtime::replay::{self, Plan, Until, Wanted};
use std::io;

/// `engine replay`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whose journal.
    #[command(flatten)]
    pub target: argument::Whom,
    /// Begin with this start of the engine; with the first one in the journal when left out
    #[arg(long, value_name = "EPOCH")]
    pub from: Option<u32>,
    /// Stop behind this record (its sequence) or this time (2026-01-01T00:00:00Z), and show the
    /// state there
    #[arg(long, value_name = "SEQ|TIME", value_parser = until)]
    pub until: Option<Until>,
    /// Show why an order was sent or denied, and what the kernel saw: its client id as the venue
    /// or the journal shows it, or the sequence of its record
    #[arg(long, value_name = "ORDER_ID|SEQ")]
    pub explain: Option<String>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs it again and says how it came out.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match running(&arguments.target.config, registry, console)? {
        Ok(config) => arguments.target.restriction().confine(config),
        Err(exit) => return Ok(exit),
    };
    let explain = match arguments.explain.as_deref().map(|text| (text, wanted(&config, text))) {
        None => None,
        Some((_, Some(wanted))) => Some(wanted),
        Some((text, None)) => {
            console.complain(format_args!(
                "engine: `{text}` is no id of an order of this deployment; write it as the venue \
                 shows it, as EPOCH-NUMBER, or the sequence of its record"
            ))?;
            return Ok(Exit::Usage);
        }
    };
    let plan = Plan { from: arguments.from, until: arguments.until, explain };
    let found = match replay::replay(&config, registry, &plan) {
        Ok(found) => found,
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            return Ok(Exit::Failed);
        }
    };
    if arguments.json {
        console.say(found.json())?;
    } else {
        console.out.write_all(found.text().as_bytes())?;
    }
    if found.epochs.is_empty() && found.headless.is_none() {
        return Ok(Exit::Failed);
    }
    if explain.is_some() && found.explanation.is_none() {
        console.complain(format_args!(
            "engine: the journal holds no decision about that; `--from` may be too late"
        ))?;
        return Ok(Exit::Failed);
    }
    Ok(if found.is_same() { Exit::Ok } else { Exit::Mismatch })
}

/// A sequence, or an id.
fn wanted(config: &Config, text: &str) -> Option<Wanted> {
    let sequence = text.parse().ok().map(Wanted::Sequence);
    sequence.or_else(|| replay::order_id(config, text).map(Wanted::Order))
}

fn until(text: &str) -> Result<Until, String> {
    if let Ok(sequence) = text.parse() {
        return Ok(Until::Sequence(sequence));
    }
    let seconds = crate::config::unix_seconds(text).and_then(|it| it.checked_mul(1_000_000_000));
    seconds.map(Until::Time).ok_or_else(|| {
        "write the sequence of a record, or a time in UTC: 2026-01-01T00:00Z or \
         2026-01-01T00:00:30Z"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_stop_is_a_sequence_or_a_time() {
        assert_eq!(until("17"), Ok(Until::Sequence(17)));
        assert_eq!(until("1970-01-02T00:00:30Z"), Ok(Until::Time(86_430_000_000_000)));
        for text in ["", "-1", "12:00", "2026-13-01T00:00Z", "2026-01-01T00:00:60Z", "yesterday"] {
            assert!(until(text).unwrap_err().contains("2026-01-01T00:00Z"), "{text}");
        }
    }
}
