//! `engine orders export|duplicates`: the orders of a deployment's journal as CSV, and whether an
//! id was ever used twice.
//!
//! Must hold: an engine may run meanwhile; only the file that `--out` names is written, whole or
//! not at all.

use super::argument::Whom;
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use super::replay;
use crate::core::Registry;
use crate::ops::orders::{self, Bound, Duplicates, StoreError};
use crate::runtime::prefix_of;
use crate::runtime::replay::Until;
use atomic_write_file::AtomicWriteFile;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// `engine orders`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about them.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the orders.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Write every order with what became of it as CSV
    Export(Export),
    /// Tell whether an id was ever used twice: exit 1 if any
    Duplicates(Find),
}

/// `engine orders export`
#[derive(clap::Args, Clone, Debug)]
pub struct Export {
    /// Whose.
    #[command(flatten)]
    pub target: Whom,
    /// The file to write; standard output when left out
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// From this record (its sequence) or time (2026-01-01T00:00:00Z) on
    #[arg(long, value_name = "SEQ|TIME", value_parser = replay::until)]
    pub from: Option<Until>,
    /// Up to this record, which is written too, or before this time
    #[arg(long, value_name = "SEQ|TIME", value_parser = replay::until)]
    pub until: Option<Until>,
}

/// `engine orders duplicates`
#[derive(clap::Args, Clone, Debug)]
pub struct Find {
    /// Whose.
    #[command(flatten)]
    pub target: Whom,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does one of them.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let target = match &arguments.verb {
        Verb::Export(export) => &export.target,
        Verb::Duplicates(find) => &find.target,
    };
    let config = match running(&target.config, registry, console)? {
        Ok(config) => target.restriction().confine(config),
        Err(exit) => return Ok(exit),
    };
    let journal = &config.folders.journal;
    match &arguments.verb {
        Verb::Export(arguments) => export(journal, arguments, console),
        Verb::Duplicates(arguments) => match orders::duplicates(journal) {
            Ok((found, damage)) => {
                show(&found, arguments.json, console)?;
                let concluded = conclude(Ok(damage), console)?;
                Ok(if found.is_empty() { concluded } else { Exit::Failed })
            }
            Err(error) => conclude(Err(error), console),
        },
    }
}

fn export(journal: &Path, arguments: &Export, console: &mut Console<'_>) -> io::Result<Exit> {
    let bounds = (arguments.from.map(bound), arguments.until.map(bound));
    let Some(path) = &arguments.out else {
        let exported = orders::export(journal, prefix_of, bounds, console.out)?;
        return conclude(exported, console);
    };
    match to_file(path, |out| orders::export(journal, prefix_of, bounds, out)) {
        Ok(exported) => conclude(exported, console),
        Err(error) => {
            let path = path.display();
            console.complain(format_args!("engine: {path} cannot be written: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

/// What of the journal could not be read, or that nothing could be.
type Exported = Result<Vec<StoreError>, StoreError>;

/// The file is replaced when all of it is there, and not before.
fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<Exported>,
) -> io::Result<Exported> {
    let mut file = AtomicWriteFile::open(path)?;
    let written = write(&mut io::BufWriter::new(&mut file))?;
    match written {
        Ok(_) => file.commit()?,
        Err(_) => file.discard()?,
    }
    Ok(written)
}

fn bound(until: Until) -> Bound {
    match until {
        Until::Sequence(sequence) => Bound::Sequence(sequence),
        Until::Time(unix_ns) => Bound::Time(unix_ns),
    }
}

fn show(found: &Duplicates, json: bool, console: &mut Console<'_>) -> io::Result<()> {
    if json {
        let row = |(id, sequences): (_, &Vec<u64>)| json!({"id": format!("{id}"), "sequences": sequences});
        let rows: Vec<Value> = found.iter().map(row).collect();
        return console.say(json!({"duplicates": rows}));
    }
    for (id, sequences) in found {
        let list: Vec<String> = sequences.iter().map(ToString::to_string).collect();
        console.say(format_args!("{id} was used by records {}", list.join(", ")))?;
    }
    if found.is_empty() {
        console.say("no id was used twice")?;
    }
    Ok(())
}

fn conclude(done: Exported, console: &mut Console<'_>) -> io::Result<Exit> {
    match done {
        Ok(damage) => {
            for error in &damage {
                console.complain(format_args!("engine: {error}"))?;
            }
            Ok(if damage.is_empty() { Exit::Ok } else { Exit::Mismatch })
        }
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}
