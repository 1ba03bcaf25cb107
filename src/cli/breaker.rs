//! `engine breaker reset`: the arguments of ending a cooldown of the circuit breaker (R30).

use super::argument::{self, Whom};
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::{Author, Request};
use std::io;

/// `engine breaker`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the circuit breaker.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// End its cooldown; lands at conservative size
    Reset(Reset),
}

/// `engine breaker reset`
#[derive(clap::Args, Clone, Debug)]
pub struct Reset {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Who resets it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What kept stopping, and why it will not go on
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

/// Resets it.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Reset(Reset { target, by, reason }) = &arguments.verb;
    let author = Author { by: by.clone(), reason: reason.clone() };
    let done = "breaker reset; at conservative size at most until `engine resume --full`";
    ask::act(target, &Request::BreakerReset { author }, done, registry, console)
}
