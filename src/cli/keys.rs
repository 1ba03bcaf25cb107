//! `engine keys check|vouch`: what the key of a deployment may do (R131–R135, R139), and who
//! answers for it where its venue does not tell.

use super::argument::{self, Target};
use super::console::Console;
use super::exit::Exit;
use super::inquire;
use crate::config::Config;
use crate::core::Registry;
use crate::runtime::{InquiryError, check_key, vouch};
use std::io;

/// `engine keys`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the key.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Ask the venue what the key may do: 0 fit, 3 fit with warnings, 77 unfit
    Check(Check),
    /// Answer by name for a key of which its venue does not tell what it may do, as a test network:
    /// with real money nothing is opened with it otherwise. What the venue tells outweighs it
    Vouch(Vouch),
}

/// `engine keys check`
#[derive(clap::Args, Clone, Debug)]
pub struct Check {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// `engine keys vouch`
#[derive(clap::Args, Clone, Debug)]
pub struct Vouch {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// How they know what it may do
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

/// Asks, or keeps the name.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    match &arguments.verb {
        Verb::Check(arguments) => check(arguments, registry, console),
        Verb::Vouch(arguments) => answer_for(arguments, registry, console),
    }
}

fn check(arguments: &Check, registry: &Registry, console: &mut Console<'_>) -> io::Result<Exit> {
    let file = &arguments.target.config;
    let key = match inquire::venue(file, check_key, registry, console)? {
        Ok(key) => key,
        Err(exit) => return Ok(exit),
    };
    match arguments.json {
        true => console.say(key.json())?,
        false => console.out.write_all(key.text().as_bytes())?,
    }
    Ok(match (key.is_unfit(), key.concerns().is_empty()) {
        (true, _) => Exit::Permission,
        (false, false) => Exit::Mismatch,
        (false, true) => Exit::Ok,
    })
}

/// Only where the venue does not tell: it is asked first.
fn answer_for(
    arguments: &Vouch,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Vouch { target, by, reason } = arguments;
    let ask = |config: &Config| match check_key(config) {
        Err(InquiryError::Unreachable { .. }) => Ok(Err(vouch(config, by, reason))),
        told => told.map(Ok),
    };
    match inquire::venue(&target.config, ask, registry, console)? {
        Ok(Err(Ok(fingerprint))) => {
            console.say(format_args!("{by} answers for the key {fingerprint}: {reason}"))?;
            console.say(
                "an engine takes it within runtime.key_check_s; what the venue tells outweighs it",
            )?;
            Ok(Exit::Ok)
        }
        Ok(Err(Err(error))) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
        Ok(Ok(_)) => {
            console.complain("engine: the venue tells what the key may do: `engine keys check`")?;
            Ok(Exit::Failed)
        }
        Err(exit) => Ok(exit),
    }
}
