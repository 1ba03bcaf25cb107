//! `engine --config FILE`: the arguments of a run.

use super::argument;
use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::screen::Screen;
use crate::ops::{SHUTDOWN_COMPLETE, log, summary};
use crate::runtime::{self, StartError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// `engine run`, or `engine` alone
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The deployment to run
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Stop in order after this time: 500ms, 30s, 5m or 2h
    #[arg(long = "for", value_name = "TIME", value_parser = argument::duration)]
    pub duration: Option<Duration>,
    /// Rehearse: the live market and the real account as it stands, the live engine's state, every
    /// check; orders are shown and go to a simulation. Runs beside a live engine
    #[arg(long, conflicts_with = "read_only")]
    pub dry_run: bool,
    /// Look: connect, read the account, reconcile, report. No strategy runs, and what could send an
    /// order or a cancel is not there
    #[arg(long)]
    pub read_only: bool,
}

/// Runs a deployment to its end.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match deployment(&arguments.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let restriction = argument::restriction(arguments.dry_run, arguments.read_only);
    if let Err(error) = restriction.check(&config) {
        console.complain(format_args!("engine: {error}"))?;
        return Ok(Exit::Usage);
    }
    let screen = Screen::new();
    let logs = restriction.confine(config.clone()).folders.logs;
    let log = match log::start(&config.log, &logs, &screen) {
        Ok(log) => log,
        Err(error) => {
            let folder = logs.display();
            console.complain(format_args!("engine: the log in {folder} cannot begin: {error}"))?;
            return Ok(Exit::Failed);
        }
    };
    match runtime::run_restricted(&config, restriction, registry, &screen, arguments.duration) {
        Ok(ending) if ending.fault.is_some() => {
            log.print_last(&summary(&ending.report));
            Ok(Exit::Internal)
        }
        Ok(ending) if !ending.clean => {
            let open = "Shutdown without the venue's word: opening orders may still stand there";
            log.print_last(&format!("{}{open}\n", summary(&ending.report)));
            Ok(Exit::Failed)
        }
        Ok(ending) => {
            log.print_last(&format!("{}{SHUTDOWN_COMPLETE}\n", summary(&ending.report)));
            Ok(Exit::Ok)
        }
        Err(StartError::Stopped) => {
            log.print_last(&format!("{SHUTDOWN_COMPLETE}\n"));
            Ok(Exit::Ok)
        }
        Err(error) => {
            tracing::error!(%error, "the engine could not begin");
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}
