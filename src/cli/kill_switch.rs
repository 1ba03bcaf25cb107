//! `engine kill-switch trip|status|reset`: the arguments of the latch (D3).

use super::argument::{self, Author, Target};
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::{self, Request};
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
    pub target: Target,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}

/// `engine kill-switch reset`
#[derive(clap::Args, Clone, Debug)]
pub struct Reset {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
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
}

/// Trips it, shows it or clears it.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    match &arguments.verb {
        Verb::Trip(trip) => {
            let request = Request::KillSwitchTrip { author: ask::author(&trip.author) };
            let done = "tripped, and on disk; positions stay: `engine flatten` closes them";
            ask::act(&trip.target, &request, done, registry, console)
        }
        Verb::Status(arguments) => {
            super::status::show(arguments, &Request::KillSwitchStatus, registry, console)
        }
        Verb::Reset(reset) => {
            let author = handlers::Author { by: reset.by.clone(), reason: reset.reason.clone() };
            let request = Request::KillSwitchReset {
                author,
                confirm: reset.confirm.clone(),
                new_baseline: reset.new_baseline,
            };
            let done = "reset; everything at conservative size until `engine resume --full`";
            ask::act(&reset.target, &request, done, registry, console)
        }
    }
}
