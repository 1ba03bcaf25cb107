//! The thread that brings the journal to the history's database (`store/history`).
//!
//! Must hold: no other thread waits for it or hears of its troubles; it asks the writer thread for
//! nothing but how far the journal is synced. A trouble is told once, tried again with growing
//! pauses, and told once more when it is over. At the end of a run it gets a few seconds for the
//! rest; what is left then comes with the next start.

use super::assemble;
use super::clock::Clock;
use super::threads;
use crate::config::Config;
use crate::ops::{HistoryState, Names};
use crate::store::StoreError;
use crate::store::history::{Context, History, Plan};
use crate::store::journal::Durability;
use crate::types::SECOND;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the journal is looked at: as late as a person notices.
const LOOK: Duration = Duration::from_millis(500);

/// The longest pause after a trouble: an outage of any length is caught up with soon after it.
const PAUSE_MAX: Duration = Duration::from_secs(8);

/// How long the end of a run waits for the rest.
const END_NS: u64 = 3 * SECOND;

/// So many segments' worth of disk is left to the journal.
const RESERVE_SEGMENTS: u64 = 8;

/// The thread, for who ends it.
pub(super) struct Recorder {
    thread: JoinHandle<()>,
    end: Sender<()>,
    clock: Clock,
}

/// Where the thread tells how far it is.
pub(super) type Told = Arc<Mutex<HistoryState>>;

/// Starts the thread where the configuration wants a history.
pub(super) fn start(
    config: &Config,
    names: &Names,
    epoch: u32,
    durability: Durability,
    clock: &Clock,
) -> io::Result<(Option<Recorder>, Told)> {
    let told = Told::default();
    if !config.history.is_on {
        return Ok((None, told));
    }
    told.lock().is_on = true;
    let (end, ending) = bounded(1);
    let keeper = Keeper {
        history: History::new(plan(config, names, epoch)),
        durability,
        told: Arc::clone(&told),
        clock: clock.clone(),
        trouble: None,
    };
    let thread = threads::spawn("history", None, move || keeper.run(&ending))?;
    Ok((Some(Recorder { thread, end, clock: clock.clone() }), told))
}

/// What a history of a deployment is made of, while a run of that epoch is.
fn plan(config: &Config, names: &Names, epoch: u32) -> Plan {
    let prefix = assemble::id_prefix(config);
    let present = Context::of_run(epoch, &prefix, &config.reporting_currency);
    Plan {
        folder: config.folders.history.clone(),
        journal: config.folders.journal.clone(),
        reserve_bytes: config.journal.segment_bytes.saturating_mul(RESERVE_SEGMENTS),
        present: present.with_names(&names.instruments, &names.assets, &names.strategies),
        prefix_of: assemble::prefix_of,
    }
}

impl Recorder {
    /// Ends it. A disk that hangs is not waited for: the thread ends with the process then.
    pub(super) fn end(self) {
        let Self { thread, end, clock } = self;
        drop(end);
        let until_ns = clock.mono_ns().saturating_add(2 * END_NS);
        while !thread.is_finished() && clock.mono_ns() < until_ns {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        if !thread.is_finished() {
            tracing::warn!(
                "the history is still being written; the rest comes with the next start"
            );
        } else if thread.join().is_err() {
            tracing::error!(thread = "history", "ended in a panic");
        }
    }
}

/// What the thread owns.
struct Keeper {
    history: History,
    durability: Durability,
    told: Told,
    clock: Clock,
    /// What was told of the trouble that lasts, and the pause after the next try.
    trouble: Option<(String, Duration)>,
}

impl Keeper {
    fn run(mut self, ending: &Receiver<()>) {
        loop {
            let pause = self.turn();
            match ending.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let until_ns = self.clock.mono_ns().saturating_add(END_NS);
        while self.turn() == Duration::ZERO && self.clock.mono_ns() < until_ns {}
    }

    /// Brings some records over. Answers how long to wait for the next turn.
    fn turn(&mut self) -> Duration {
        let through = self.durability.synced_sequence();
        match self.history.turn(through) {
            Ok(written) => {
                self.recovered();
                let mut told = self.told.lock();
                told.sequence = written.sequence;
                told.behind = through.saturating_sub(written.sequence);
                told.gaps = written.gaps;
                drop(told);
                if written.is_behind { Duration::ZERO } else { LOOK }
            }
            Err(error) => self.failed(&error, through),
        }
    }

    fn failed(&mut self, error: &StoreError, through: u64) -> Duration {
        let text = error.to_string();
        // Only its figures change while it lasts.
        let name: String = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let pause = match self.trouble.take() {
            Some((known, pause)) if known == name => pause.saturating_mul(2).min(PAUSE_MAX),
            Some((_, pause)) => {
                tracing::warn!(%error, "the history waits; trading goes on");
                pause
            }
            None => {
                tracing::warn!(%error, "the history waits; trading goes on");
                LOOK
            }
        };
        self.trouble = Some((name, pause));
        let mut told = self.told.lock();
        told.behind = through.saturating_sub(told.sequence);
        told.trouble = Some(text);
        pause
    }

    fn recovered(&mut self) {
        if self.trouble.take().is_some() {
            self.told.lock().trouble = None;
            tracing::info!(path = %self.history.path().display(), "the history is written again");
        }
    }
}
