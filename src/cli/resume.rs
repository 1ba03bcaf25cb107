//! `engine resume`: the arguments of letting strategies trade again (D2).

use super::argument::{Author, Where, Whom};
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use std::io;

/// `engine resume`
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
    /// At full size; otherwise at conservative size
    #[arg(long)]
    pub full: bool,
    /// With --full: before the probation after the last resume is over
    #[arg(long, requires = "full")]
    pub force: bool,
}

/// Resumes.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let request = Request::Resume {
        author: ask::author(&arguments.author),
        venue: arguments.scope.venue.clone(),
        instrument: arguments.scope.instrument.clone(),
        strategy: arguments.scope.strategy.clone(),
        full: arguments.full,
        force: arguments.force,
    };
    let done = if arguments.full {
        "resumed at full size"
    } else {
        "resumed, at conservative size until `engine resume --full`"
    };
    ask::act(&arguments.target, &request, done, registry, console)
}
