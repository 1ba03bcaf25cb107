//! `engine kill-switch trip|status|reset`: the arguments of the latch (D3).
//!
//! A reset while no engine runs reads the account itself, compares, and clears the latch under the
//! lock of the journal (`runtime::offline`); where it cannot, it names the next step.

use super::argument::{self, Author, Whom};
use super::ask;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::{self, Request};
use crate::runtime::{Offline, OfflineError};
use serde_json::Value;
use std::io;

/// `engine kill-switch`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the kill switch.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Stop everything until a person resets it
    Trip(Trip),
    /// Tell whether it is tripped, and by what
    Status(super::status::Arguments),
    /// Clear it after its cause is understood
    Reset(Reset),
}

/// `engine kill-switch trip`
#[derive(clap::Args, Clone, Debug)]
pub struct Trip {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Only this venue
    #[arg(long, value_name = "NAME", conflicts_with_all = ["strategy", "symbol"])]
    pub venue: Option<String>,
    /// Only this strategy
    #[arg(long, value_name = "NAME", conflicts_with = "symbol")]
    pub strategy: Option<String>,
    /// Only this instrument
    #[arg(long, value_name = "SYMBOL")]
    pub symbol: Option<String>,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}

/// `engine kill-switch reset`
#[derive(clap::Args, Clone, Debug)]
pub struct Reset {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Who resets it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What was found and what was done
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
    /// The challenge that `engine kill-switch status` shows
    #[arg(long, value_name = "CHALLENGE")]
    pub confirm: String,
    /// Take the equity of now as the new high-water mark
    #[arg(long)]
    pub new_baseline: bool,
    /// Recovery criterion: what happened, and how that is known; asked for at a terminal
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub cause_understood: Option<String>,
    /// Recovery criterion: why the market counts as normal again
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub market_normal: Option<String>,
    /// Recovery criterion: what was found in limits and settings
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub parameters_reviewed: Option<String>,
    /// Recovery criterion: who agreed, and where that is written
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub approval: Option<String>,
    /// Do not wait for the cooldown; skips nothing else
    #[arg(long, requires = "approved_by")]
    pub force: bool,
    /// The other person who agrees to that
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub approved_by: Option<String>,
}

/// Trips it, shows it or clears it.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    match &arguments.verb {
        Verb::Trip(trip) => {
            let request = Request::KillSwitchTrip {
                author: ask::author(&trip.author),
                venue: trip.venue.clone(),
                strategy: trip.strategy.clone(),
                symbol: trip.symbol.clone(),
            };
            match ask::engine(&trip.target, &request, registry, console)? {
                Ok(answer) => say_tripped(&answer, console),
                Err(exit) => Ok(exit),
            }
        }
        Verb::Status(arguments) => {
            super::status::show(arguments, &Request::KillSwitchStatus, registry, console)
        }
        Verb::Reset(reset) => {
            let asked = asked(reset, console)?;
            let request = Request::KillSwitchReset(Box::new(asked.clone()));
            let done = "reset; at conservative size at most until `engine resume --full`";
            let exit = ask::act(&reset.target, &request, done, registry, console)?;
            // A restricted run that is over has nothing to be reset: it begins as the live engine
            // stands.
            if exit == Exit::Unreachable && !reset.target.is_restricted() {
                return without_engine(reset, &asked, registry, console);
            }
            Ok(exit)
        }
    }
}

/// What is a fact, and what is still to come.
fn say_tripped(answer: &Value, console: &mut Console<'_>) -> io::Result<Exit> {
    if answer["ok"] != Value::Bool(true) {
        let why = answer["error"].as_str().unwrap_or("refused");
        console.complain(format_args!("engine: {why}"))?;
        return Ok(Exit::Failed);
    }
    let is = |member: &str| answer[member] == Value::Bool(true);
    let kept = if is("durable") { "and on disk" } else { "NOT on disk" };
    let sent = match is("acknowledged") {
        true => "no order leaves after this point",
        false => "AN ORDER THAT WAS BEING WRITTEN MAY STILL REACH THE VENUE",
    };
    let open = match answer["opening_orders"].as_u64() {
        Some(0) => "the venue confirms: no opening order is left".to_owned(),
        Some(open) => {
            format!("{open} opening order(s) not confirmed gone yet: `engine kill-switch status`")
        }
        None => "opening orders at the venue are not known yet".to_owned(),
    };
    console.say(format_args!("tripped, {kept}; {sent}; {open}"))?;
    console.say("positions stay: `engine flatten` closes them")?;
    Ok(Exit::Ok)
}

/// Reads the account, shows it with the criteria, and clears the latch.
fn without_engine(
    reset: &Reset,
    asked: &handlers::Reset,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match deployment(&reset.target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    console.say("no engine runs: reading the account instead; nothing is sent but questions")?;
    let offline = match Offline::begin(&config) {
        Ok(offline) => offline,
        Err(error) => return not_cleared(&error, &reset.target, console),
    };
    console.say(offline.reading())?;
    let handlers::Reset { cause, market, parameters, approval, .. } = asked;
    for (criterion, word) in [
        ("cause understood", cause),
        ("market normal", market),
        ("parameters reviewed", parameters),
        ("approval", approval),
    ] {
        console.say(format_args!("{criterion}: {word}"))?;
    }
    for latch in offline.latches() {
        console.say(format_args!("latched: {latch}"))?;
    }
    if let Err(error) = offline.clear(asked) {
        return not_cleared(&error, &reset.target, console);
    }
    let config = reset.target.config.display();
    console.say(format_args!(
        "reset, and on disk; `engine --config {config}` starts at conservative size at most"
    ))?;
    Ok(Exit::Ok)
}

/// Why a reset without an engine cleared nothing.
fn not_cleared(error: &OfflineError, target: &Whom, console: &mut Console<'_>) -> io::Result<Exit> {
    console.complain(format_args!("engine: {error}"))?;
    Ok(match error {
        OfflineError::Embedded => {
            let config = target.config.display();
            console.complain(format_args!(
                "engine: start it: `engine --config {config}`. It comes up KILLED: it opens \
                 nothing, reads the account and answers. Then say the same again"
            ))?;
            Exit::Unreachable
        }
        OfflineError::Unreachable { .. } => Exit::Unreachable,
        OfflineError::Mismatch(_) => Exit::Mismatch,
        OfflineError::Refused(_) | OfflineError::Store(_) | OfflineError::Start(_) => Exit::Failed,
    })
}

/// The request, with what is missing asked for where a person sits.
fn asked(reset: &Reset, console: &mut Console<'_>) -> io::Result<handlers::Reset> {
    let mut word = |given: &Option<String>, question: &str| match given {
        Some(word) => Ok(word.clone()),
        None => console.ask(question).map(Option::unwrap_or_default),
    };
    let author = handlers::Author { by: reset.by.clone(), reason: reset.reason.clone() };
    Ok(handlers::Reset {
        author,
        confirm: reset.confirm.clone(),
        new_baseline: reset.new_baseline,
        cause: word(&reset.cause_understood, "Is the cause understood? What happened:")?,
        market: word(&reset.market_normal, "Is the market normal again? How you know:")?,
        parameters: word(
            &reset.parameters_reviewed,
            "Are the parameters reviewed? What you found:",
        )?,
        approval: word(&reset.approval, "Who approves, and where is it written:")?,
        force: reset.force,
        approved_by: reset.approved_by.clone(),
    })
}
