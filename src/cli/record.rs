//! `engine record`: the arguments of recording a market.

use super::argument;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::log;
use crate::runtime;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// `engine record`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The configuration whose venue and instruments are recorded
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The file to write; never one that exists
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Stop after this time: 500ms, 30s, 5m or 2h; until stopped when left out
    #[arg(long = "for", value_name = "TIME", value_parser = argument::duration)]
    pub duration: Option<Duration>,
}

/// Records, and says how much.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match deployment(&arguments.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    log::warn_aloud();
    match runtime::record(&config, &arguments.out, arguments.duration) {
        Ok(done) => {
            let (frames, snapshots) = (done.frames, done.snapshots);
            let out = arguments.out.display();
            console
                .say(format_args!("{frames} frames, {snapshots} of them snapshots, in {out}"))?;
            Ok(Exit::Ok)
        }
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}
