//! Backups of a running deployment, from a thread of their own.
//!
//! Must hold: whatever happens to a backup, trading does not hear of it; one that fails is said
//! each time, because what cannot be backed up is a disk that will be missed.

use super::clock::Clock;
use super::threads;
use crate::config::Config;
use crate::ops;
use crate::store::backup::{self, BackupError, Created, Source};
use crate::types::{MS, Stamp};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Ends with it.
#[derive(Debug)]
pub(super) struct Backups {
    /// Dropped to end the thread.
    _until: Sender<()>,
    _thread: JoinHandle<()>,
}

/// Makes one now.
///
/// # Errors
/// [`BackupError`]
pub fn back_up(config: &Config, now: Stamp) -> Result<Created, BackupError> {
    let source = source(config);
    let name = ops::journal::utc(now.unix_ns).replace(['-', ':'], "");
    backup::create(&source, (&name, now.unix_ns / MS), config.backup.keep)
}

/// What is backed up, and where to.
pub fn source(config: &Config) -> Source<'_> {
    Source {
        instance: &config.instance,
        state: &config.folders.state,
        journal: &config.folders.journal,
        config: &config.path,
        backups: &config.folders.backups,
    }
}

/// Makes them until what it answers is dropped.
pub(super) fn start(config: &Config, clock: &Clock) -> io::Result<Backups> {
    let (until, ended) = channel();
    let (config, clock) = (config.clone(), clock.clone());
    let thread = threads::spawn("backups", None, move || run(&config, &clock, &ended))?;
    Ok(Backups { _until: until, _thread: thread })
}

fn run(config: &Config, clock: &Clock, ended: &Receiver<()>) {
    let every = Duration::from_nanos(config.backup.every_ns);
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        match back_up(config, clock.stamp()) {
            Ok(made) => {
                let (name, removed) = (&made.manifest.name, made.removed);
                tracing::debug!(name, removed, "backup made");
            }
            Err(error) => tracing::error!(%error, "no backup could be made"),
        }
    }
}
