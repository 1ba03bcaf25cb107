//! `engine config check|show|attest|schema`: everything about a configuration short of running it.

use super::argument;
use super::console::Console;
use super::exit::Exit;
use crate::config::{self, Config, ConfigError, Loaded, Lookup};
use crate::core::Registry;
use std::io;
use std::path::{Path, PathBuf};

/// `engine config`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is asked about a configuration.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Tell all faults at once, with file, line and column; exit 78, or 77 when only keys or
    /// permissions are wrong
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Show every value and where it came from; secrets as ***
    Show {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put your name to the values of a file: with `governance.attestation: required` nothing is
    /// opened before; tells what changed since the last name
    Attest(Attest),
    /// Print the JSON Schema, for editors
    Schema,
}

/// `engine config attest`
#[derive(clap::Args, Clone, Debug)]
pub struct Attest {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// Why its values are as they are
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

/// Does it.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    lookup: Lookup<'_>,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    match &arguments.verb {
        Verb::Check { files } => check(files, registry, lookup, console),
        Verb::Show { file } => match load(file, registry, lookup, console)? {
            Ok(loaded) => {
                write!(console.out, "{}", loaded.show())?;
                console.say(format_args!("# hash {}", loaded.config.hash))?;
                Ok(Exit::Ok)
            }
            Err(exit) => Ok(exit),
        },
        Verb::Attest(asked) => match load(&asked.file, registry, lookup, console)? {
            Ok(loaded) => attest(asked, &loaded, console),
            Err(exit) => Ok(exit),
        },
        Verb::Schema => {
            write!(console.out, "{}", config::schema())?;
            Ok(Exit::Ok)
        }
    }
}

/// Keeps the name, and says what is new under it.
fn attest(asked: &Attest, loaded: &Loaded, console: &mut Console<'_>) -> io::Result<Exit> {
    match crate::runtime::attest(loaded, &asked.by, &asked.reason) {
        Ok(said) => {
            said.into_iter().try_for_each(|line| console.say(line))?;
            Ok(Exit::Ok)
        }
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

fn check(
    files: &[PathBuf],
    registry: &Registry,
    lookup: Lookup<'_>,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let mut exit = Exit::Ok;
    for file in files {
        match load(file, registry, lookup, console)? {
            Ok(loaded) => {
                console.say(format_args!(
                    "{}: fine, hash {}",
                    file.display(),
                    loaded.config.hash
                ))?;
            }
            // A fault of the file outweighs one of a key.
            Err(Exit::Permission) if exit == Exit::Config => {}
            Err(worse) => exit = worse,
        }
    }
    Ok(exit)
}

/// The deployment of a file with the variables of this process, or the exit code after its faults
/// were told.
pub(super) fn deployment(
    file: &Path,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Result<Config, Exit>> {
    let loaded = load(file, registry, &config::process_environment, console)?;
    Ok(loaded.map(|loaded| loaded.config))
}

/// The same for asking a running engine: a shell without the keys must be able to stop it, so a
/// variable that is not set is no fault here.
pub(super) fn running(
    file: &Path,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Result<Config, Exit>> {
    match config::load(file, registry, &config::process_environment) {
        Ok(loaded) => Ok(Ok(loaded.config)),
        Err(error) if error.is_access_only() => {
            let lookup =
                |name: &str| config::process_environment(name).or_else(|| Some("not-set".into()));
            Ok(load(file, registry, &lookup, console)?.map(|loaded| loaded.config))
        }
        Err(_) => deployment(file, registry, console),
    }
}

/// The configuration, or the exit code after its faults were told.
pub(super) fn load(
    file: &Path,
    registry: &Registry,
    lookup: Lookup<'_>,
    console: &mut Console<'_>,
) -> io::Result<Result<Loaded, Exit>> {
    match config::load(file, registry, lookup) {
        Ok(loaded) => Ok(Ok(loaded)),
        Err(error) => {
            console.complain(&error)?;
            if let ConfigError::Faulty(faults) = &error {
                let count = faults.list.len();
                let plural = if count == 1 { "fault" } else { "faults" };
                console.complain(format_args!("{}: {count} {plural}", file.display()))?;
            }
            let is_access = error.is_access_only();
            Ok(Err(if is_access { Exit::Permission } else { Exit::Config }))
        }
    }
}
