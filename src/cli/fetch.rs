//! `engine filters fetch` and `engine fees fetch`: what the venue's rules and fees are now (R69,
//! R70), and what changed since they were last written to a file.
//!
//! Must hold: only the file that `--out` names is written, whole or not at all, and never one that
//! holds something else; no engine reads it, for it asks the venue itself.

use super::argument::Target;
use super::console::Console;
use super::exit::Exit;
use super::inquire;
use crate::config::Config;
use crate::core::Registry;
use crate::ops::reference::Reading;
use crate::runtime::{InquiryError, fetch_fees, fetch_filters};
use atomic_write_file::AtomicWriteFile;
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `engine filters` and `engine fees`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about them.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with them.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Read them from the venue: 3 when the file of --out said something else
    Fetch(Fetch),
}

/// `engine filters fetch` and `engine fees fetch`
#[derive(clap::Args, Clone, Debug)]
pub struct Fetch {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// The file to write as JSON; what changed against it is told
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Reads the venue's rules for orders.
pub(super) fn filters(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    execute(arguments, fetch_filters, registry, console)
}

/// Reads what the account pays.
pub(super) fn fees(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    execute(arguments, fetch_fees, registry, console)
}

fn execute(
    arguments: &Arguments,
    fetch: impl FnOnce(&Config) -> Result<Reading, InquiryError>,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Verb::Fetch(arguments) = &arguments.verb;
    let file = &arguments.target.config;
    let reading = match inquire::venue(file, fetch, registry, console)? {
        Ok(reading) => reading,
        Err(exit) => return Ok(exit),
    };
    match arguments.json {
        true => console.say(reading.json())?,
        false => console.out.write_all(reading.text().as_bytes())?,
    }
    match &arguments.out {
        Some(path) => keep(&reading, path, console),
        None => Ok(Exit::Ok),
    }
}

fn keep(reading: &Reading, path: &Path, console: &mut Console<'_>) -> io::Result<Exit> {
    let changes = match fs::read(path) {
        Ok(kept) => {
            let kept = serde_json::from_slice(&kept).unwrap_or(Value::Null);
            let Some(changes) = reading.changes(&kept) else {
                let path = path.display();
                console.complain(format_args!(
                    "engine: {path} holds something else and is left as it is: name another file"
                ))?;
                return Ok(Exit::Failed);
            };
            changes
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return refused(path, &error, console),
    };
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        serde_json::to_writer_pretty(&mut file, &reading.json())?;
        file.write_all(b"\n")?;
        file.commit()
    };
    if let Err(error) = write() {
        return refused(path, &error, console);
    }
    for change in &changes {
        console.complain(format_args!("changed: {change}"))?;
    }
    Ok(if changes.is_empty() { Exit::Ok } else { Exit::Mismatch })
}

fn refused(path: &Path, error: &io::Error, console: &mut Console<'_>) -> io::Result<Exit> {
    let path = path.display();
    console.complain(format_args!("engine: {path} cannot be written: {error}"))?;
    Ok(Exit::Failed)
}
