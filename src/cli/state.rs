//! `engine state verify`: the arguments of looking at everything that a deployment keeps (R91).

use super::argument::Target;
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::state;
use std::io;

/// `engine state`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the state.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Hold journal, state files, positions and cash against each other; nothing is changed
    Verify(Verify),
}

/// `engine state verify`
#[derive(clap::Args, Clone, Debug)]
pub struct Verify {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Looks and says what was found.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Verify(verify) = &arguments.verb;
    let config = match running(&verify.target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let found = match state::verify(&config) {
        Ok(found) => found,
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            return Ok(Exit::Failed);
        }
    };
    if verify.json {
        console.say(found.json())?;
    } else {
        console.out.write_all(found.text().as_bytes())?;
    }
    Ok(if found.faults() == 0 { Exit::Ok } else { Exit::Mismatch })
}
