//! `engine halt`: the arguments of stopping strategies.

use super::argument::{Author, Where, Whom};
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use std::io;

/// `engine halt`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// What.
    #[command(flatten)]
    pub scope: Where,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}

/// Halts.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let request = Request::Halt {
        author: ask::author(&arguments.author),
        venue: arguments.scope.venue.clone(),
        instrument: arguments.scope.instrument.clone(),
        strategy: arguments.scope.strategy.clone(),
    };
    let done = "halted: no new orders until `engine resume`; opening orders are being cancelled";
    ask::act(&arguments.target, &request, done, registry, console)
}
