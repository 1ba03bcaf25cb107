//! `engine flatten`: the arguments of closing positions (D4).

use super::argument::{Author, Whom};
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use std::io;

/// `engine flatten`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Only this instrument; all of them when left out
    #[arg(long, value_name = "SYMBOL")]
    pub instrument: Option<String>,
    /// Pay at most so many basis points beyond the market
    #[arg(long, value_name = "BPS", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub cap_bps: u32,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}

/// Begins to flatten; how far it is, `engine status` tells.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let request = Request::Flatten {
        author: ask::author(&arguments.author),
        instrument: arguments.instrument.clone(),
        cap_bps: arguments.cap_bps,
    };
    let done = "flattening with reduce-only orders; `engine status` shows the positions";
    ask::act(&arguments.target, &request, done, registry, console)
}
