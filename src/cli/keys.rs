//! `engine keys check`: what the key of a deployment may do (R131–R135, R139).

use super::argument::Target;
use super::console::Console;
use super::exit::Exit;
use super::inquire;
use crate::core::Registry;
use crate::runtime::check_key;
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

/// Asks.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Check(arguments) = &arguments.verb;
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
