//! `engine backup create|list|verify|restore|diff`: copies of state and journal, made while the
//! engine runs or not, and brought back while it does not.
//!
//! Must hold: only `restore` without `--to` changes a deployment, and it only on the word of a
//! named person and keeps what it replaces.

use super::argument::{self, Target};
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::config::Config;
use crate::core::Registry;
use crate::ops::backup::{
    self, BackupError, Difference, Manifest, Restoring, age, check, difference, in_place,
    into_folder, line, words,
};
use crate::runtime::clock::Clock;
use crate::runtime::{back_up, backup_source};
use std::io;
use std::path::{Path, PathBuf};

/// `engine backup`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about them.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with backups.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Make one now; a running engine is not disturbed
    Create(Target),
    /// Show what there is, oldest first
    List(List),
    /// Bring one back into a folder of its own and read all of it
    Verify(Verify),
    /// Bring one back; the engine begins HALTED with it
    Restore(Restore),
    /// Compare the state in one with the present one, or with another
    Diff(Diff),
}

/// `engine backup list`
#[derive(clap::Args, Clone, Debug)]
pub struct List {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `engine backup verify`
#[derive(clap::Args, Clone, Debug)]
pub struct Verify {
    /// Which; the newest when left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Where it is brought back to, and left; a folder that is removed afterwards when left out
    #[arg(long, value_name = "FOLDER")]
    pub restore_to: Option<PathBuf>,
}

/// `engine backup restore`
#[derive(clap::Args, Clone, Debug)]
pub struct Restore {
    /// Which; the newest when left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Into this folder, and the deployment stays as it is
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What happened
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

/// `engine backup diff`
#[derive(clap::Args, Clone, Debug)]
pub struct Diff {
    /// Which; the newest when left out
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// With this one instead of the present state
    #[arg(value_name = "OTHER")]
    pub other: Option<String>,
    /// Whose.
    #[command(flatten)]
    pub target: Target,
}

/// Does one of them.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let target = match &arguments.verb {
        Verb::Create(target) => target,
        Verb::List(list) => &list.target,
        Verb::Verify(verify) => &verify.target,
        Verb::Restore(restore) => &restore.target,
        Verb::Diff(diff) => &diff.target,
    };
    let config = match running(&target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let done = match &arguments.verb {
        Verb::Create(_) => create(&config, console)?,
        Verb::List(list) => show(&config, list, console)?,
        Verb::Verify(arguments) => verify(&config, arguments, console)?,
        Verb::Restore(arguments) => restore(&config, arguments, console)?,
        Verb::Diff(arguments) => diff(&config, arguments, console)?,
    };
    match done {
        Ok(exit) => Ok(exit),
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

type Done = io::Result<Result<Exit, BackupError>>;

fn create(config: &Config, console: &mut Console<'_>) -> Done {
    let made = match back_up(config, Clock::start().stamp()) {
        Ok(made) => made,
        Err(error) => return Ok(Err(error)),
    };
    let folder = config.folders.backups.join(&made.manifest.name);
    console.say(format_args!("{}: {}", folder.display(), words(&made.manifest.tally)))?;
    Ok(Ok(Exit::Ok))
}

fn show(config: &Config, list: &List, console: &mut Console<'_>) -> Done {
    let folder = &config.folders.backups;
    let found = match backup::list(folder) {
        Ok(found) => found,
        Err(error) => return Ok(Err(error.into())),
    };
    if found.is_empty() && !list.json {
        console.say(format_args!("no backup in {}", folder.display()))?;
    }
    let mut exit = Exit::Ok;
    for manifest in found {
        match manifest {
            Ok(manifest) if list.json => console.say(line(&manifest))?,
            Ok(manifest) => {
                let (name, megabytes) = (&manifest.name, manifest.bytes() >> 20);
                let words = words(&manifest.tally);
                console.say(format_args!("{name}  {megabytes:>6} MB  {words}"))?;
            }
            Err(error) => {
                console.complain(format_args!("engine: {error}"))?;
                exit = Exit::Mismatch;
            }
        }
    }
    Ok(Ok(exit))
}

fn verify(config: &Config, arguments: &Verify, console: &mut Console<'_>) -> Done {
    let backups = &config.folders.backups;
    let manifest = match backup::find(backups, arguments.name.as_deref()) {
        Ok(manifest) => manifest,
        Err(error) => return Ok(Err(error)),
    };
    let trial = backups.join(format!("trial-{}", std::process::id()));
    let folder = arguments.restore_to.as_ref().unwrap_or(&trial);
    let checked = check(backups, &manifest, folder);
    if arguments.restore_to.is_none() {
        // It may not be there.
        drop(std::fs::remove_dir_all(&trial));
    }
    let name = &manifest.name;
    let checked = match checked {
        Ok(checked) => checked,
        Err(error @ BackupError::Damaged { .. }) => {
            console.complain(format_args!("{name}: DAMAGED: {error}"))?;
            return Ok(Ok(Exit::Mismatch));
        }
        Err(error) => return Ok(Err(error)),
    };
    for fault in &checked.journal.faults {
        console.complain(fault)?;
    }
    console.say(format_args!("{name}: {}", words(&checked.tally)))?;
    if checked.is_whole(&manifest) {
        console.say(format_args!("{name}: whole, and it can be brought back"))?;
        return Ok(Ok(Exit::Ok));
    }
    console.complain(format_args!("{name}: DAMAGED: its journal is not whole"))?;
    Ok(Ok(Exit::Mismatch))
}

fn restore(config: &Config, arguments: &Restore, console: &mut Console<'_>) -> Done {
    let backups = &config.folders.backups;
    let restoring =
        Restoring { by: &arguments.by, reason: &arguments.reason, at: Clock::start().stamp() };
    let done = backup::find(backups, arguments.name.as_deref()).and_then(|manifest| {
        let restored = match &arguments.to {
            Some(folder) => into_folder(backups, &manifest, folder, &restoring),
            None => in_place(&backup_source(config), &manifest, &restoring),
        };
        restored.map(|restored| (manifest, restored))
    });
    let (manifest, restored) = match done {
        Ok(done) => done,
        Err(error) => return Ok(Err(error)),
    };
    let (name, age) = (&manifest.name, age(&manifest, restoring.at.unix_ns));
    console.say(format_args!("{name}: {}", words(&manifest.tally)))?;
    console.say(format_args!("it is {age} old: what happened since is not in it"))?;
    if let Some(replaced) = &restored.replaced {
        console.say(format_args!("as it was: {}", replaced.display()))?;
    }
    let folder = restored.state.parent().unwrap_or(Path::new("."));
    console.say(format_args!("restored in {}", folder.display()))?;
    let next = match restored.is_killed {
        true => "the next start is KILLED until `engine kill-switch reset`, then HALTED",
        false => "the next start is HALTED until `engine resume`: it reads the account first",
    };
    console.say(next)?;
    Ok(Ok(Exit::Ok))
}

fn diff(config: &Config, arguments: &Diff, console: &mut Console<'_>) -> Done {
    let backups = &config.folders.backups;
    let found = backup::find(backups, arguments.name.as_deref()).and_then(|left| {
        let right = arguments.other.as_deref().map(|name| backup::find(backups, Some(name)));
        let right = right.transpose()?;
        let state = |manifest: &Manifest| backups.join(&manifest.name).join("state");
        let there = right.as_ref().map_or_else(|| config.folders.state.clone(), state);
        let differs = difference(&state(&left), &there)?;
        Ok((left.name, right.map_or("now".to_owned(), |right| right.name), differs))
    });
    let (left, right, differs) = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if differs.is_empty() {
        console.say(format_args!("{left} and {right}: the same state"))?;
        return Ok(Ok(Exit::Ok));
    }
    console.say(format_args!("{left} -> {right}"))?;
    for Difference { path, left, right } in differs {
        let of = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
        console.say(format_args!("{path}: {} -> {}", of(left), of(right)))?;
    }
    Ok(Ok(Exit::Mismatch))
}
