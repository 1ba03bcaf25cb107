//! `engine status`: the arguments of asking a running engine how it is.

use super::argument::Whom;
use super::ask;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use crate::ops::status_text;
use std::io;

/// `engine status`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Shows how it is.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    show(arguments, &Request::Status, registry, console)
}

/// Asks for a part of the status and shows it.
pub(super) fn show(
    arguments: &Arguments,
    request: &Request,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    match ask::engine(&arguments.target, request, registry, console)? {
        Ok(status) if arguments.json => console.say(status).map(|()| Exit::Ok),
        Ok(status) => {
            console.out.write_all(status_text(&status).as_bytes())?;
            Ok(Exit::Ok)
        }
        Err(exit) => Ok(exit),
    }
}
