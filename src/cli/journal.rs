//! `engine journal verify|show|tail|repair`: what a deployment's journal holds, and whether it is
//! whole.
//!
//! Must hold: only `repair` changes anything, and it only on the word of a named person.

use super::argument::{self, Target, Whom};
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::config::Config;
use crate::core::Registry;
use crate::ops::journal::{self, Health};
use crate::runtime::Restriction;
use crate::runtime::clock::Clock;
use std::io;
use std::time::Duration;

/// How often a followed journal is read again.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// `engine journal`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the journal.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Read all of it and tell what is wrong; a running engine is not disturbed
    Verify(Whom),
    /// Show records, one a line
    Show(Show),
    /// Show the last records
    Tail(Tail),
    /// Make a damaged journal readable again; the engine is KILLED until a reset
    Repair(Repair),
}

/// `engine journal show`
#[derive(clap::Args, Clone, Debug)]
pub struct Show {
    /// Whose.
    #[command(flatten)]
    pub target: Whom,
    /// From this sequence on
    #[arg(long, value_name = "SEQ")]
    pub from: Option<u64>,
    /// Up to this sequence, which is shown too
    #[arg(long, value_name = "SEQ")]
    pub to: Option<u64>,
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
}

/// `engine journal tail`
#[derive(clap::Args, Clone, Debug)]
pub struct Tail {
    /// Whose.
    #[command(flatten)]
    pub target: Whom,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub count: usize,
    /// Go on with what a running engine writes, until stopped
    #[arg(long)]
    pub follow: bool,
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
}

/// Which records are shown, and how.
#[derive(clap::Args, Clone, Debug)]
pub struct Filter {
    /// Only records of this kind
    #[arg(long, value_name = "NAME", value_parser = journal::kind)]
    pub kind: Option<String>,
    /// Only records that name this order, written EPOCH-SEQUENCE
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `engine journal repair`
#[derive(clap::Args, Clone, Debug)]
pub struct Repair {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What happened to the disk
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

impl Filter {
    fn over(&self, from: Option<u64>, to: Option<u64>) -> journal::Filter {
        let Self { kind, order, json } = self.clone();
        journal::Filter { from: from.unwrap_or(0), to, kind, order, json }
    }
}

/// Does one of them.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let (file, restriction) = match &arguments.verb {
        Verb::Verify(target) => (&target.config, target.restriction()),
        Verb::Show(show) => (&show.target.config, show.target.restriction()),
        Verb::Tail(tail) => (&tail.target.config, tail.target.restriction()),
        Verb::Repair(repair) => (&repair.target.config, Restriction::None),
    };
    let config = match running(file, registry, console)? {
        Ok(config) => restriction.confine(config),
        Err(exit) => return Ok(exit),
    };
    let folder = &config.folders.journal;
    let Console { out, err, .. } = console;
    let found = match &arguments.verb {
        Verb::Verify(_) => journal::verify(folder, *out, *err)?,
        Verb::Show(arguments) => {
            let filter = arguments.filter.over(arguments.from, arguments.to);
            journal::show(folder, &filter, *out, *err)?
        }
        Verb::Tail(arguments) => return tail(&config, arguments, console),
        Verb::Repair(arguments) => return repair(&config, arguments, console),
    };
    match found {
        Ok(Health::Whole) => Ok(Exit::Ok),
        Ok(Health::Damaged) => Ok(Exit::Mismatch),
        Err(error) => refuse(&error, console),
    }
}

fn refuse(error: &dyn std::error::Error, console: &mut Console<'_>) -> io::Result<Exit> {
    console.complain(format_args!("engine: {error}"))?;
    Ok(Exit::Failed)
}

fn tail(config: &Config, arguments: &Tail, console: &mut Console<'_>) -> io::Result<Exit> {
    let filter = arguments.filter.over(None, None);
    let mut shown = None;
    loop {
        let count = (arguments.count, shown);
        match journal::tail(&config.folders.journal, count, &filter, console.out)? {
            Ok(last) => shown = Some(last),
            Err(error) => return refuse(&error, console),
        }
        if !arguments.follow {
            return Ok(Exit::Ok);
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "a verb at a terminal has no loop to wait in")]
fn pause() {
    std::thread::sleep(FOLLOW_EVERY);
}

fn repair(config: &Config, arguments: &Repair, console: &mut Console<'_>) -> io::Result<Exit> {
    let (folder, journal) = (&config.folders.journal, &config.journal);
    let (by, reason, now) = (&arguments.by, &arguments.reason, Clock::start().stamp());
    let bytes = journal.segment_bytes;
    let repaired = match journal::repair(folder, &journal.lane_folder, bytes, now, by, reason) {
        Ok(Some(repaired)) => repaired,
        Ok(None) => {
            console.say("nothing to repair, nothing changed")?;
            return Ok(Exit::Ok);
        }
        Err(error) => return refuse(&error, console),
    };
    for copy in &repaired.copies {
        console.say(format_args!("as it was: {}", copy.display()))?;
    }
    let (lost, sequence) = (repaired.lost, repaired.sequence);
    console.say(format_args!(
        "repaired: {lost} records are lost, all others kept; on record as {sequence}"
    ))?;
    console.say("the next start is KILLED until `engine kill-switch reset`")?;
    Ok(Exit::Ok)
}
