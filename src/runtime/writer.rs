//! The writer thread: syncs the journal, keeps the state files, and lets askers know when what they
//! asked for is on disk.
//!
//! Must hold: a trip or a reset is synced in the journal before its files are written, and both
//! before the asker is answered (J8); entries are done in the order they came. A disk that fails is
//! told once and never written again (D5): answers go on, saying that they are not durable. Only
//! the files of the latch are tried even then.

use super::bell::Bell;
use super::clock::Clock;
use super::gate::Hold;
use super::holdings::Files;
use super::lag::AtDisk;
use super::lane::Reader;
use super::outputs::Durable;
use super::places;
use crate::core::{EventKind, Mode, ModeRecord, OperatorRequest, Refusal, Scope};
use crate::ops::Names;
use crate::store::{
    KnownTrades, LatchFiles, LatchTable, Ledgers, Losses, NamedLatch, ScopeName, Standing,
    StoreError, Writer, high_water, ledgers, losses, mode,
};
use crate::types::MS;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// What the supervisor is told.
#[derive(Debug)]
pub(super) enum Told {
    /// An operator's request is done, or was refused.
    Answer {
        ticket: u32,
        answer: Result<(), Refusal>,
        /// False when it could not be brought to disk.
        durable: bool,
    },
    /// The kill switch tripped, and all that can be on disk of it is.
    Tripped {
        latch: Box<NamedLatch>,
        hold: Hold,
        table: Box<LatchTable>,
        /// False when it could not be brought to disk.
        durable: bool,
    },
    /// A latch was reset.
    Cleared(Box<LatchTable>),
    /// The disk failed: the kill switch must trip.
    DiskFailed(String),
}

/// Everything that the writer thread owns.
pub(super) struct WriterThread {
    pub(super) journal: Writer,
    pub(super) durable: Reader<Durable>,
    pub(super) spent: Reader<EventKind>,
    pub(super) bell: Arc<Bell>,
    pub(super) clock: Clock,
    pub(super) latch: LatchFiles,
    pub(super) table: LatchTable,
    pub(super) state_folder: PathBuf,
    pub(super) standing: Vec<Standing>,
    pub(super) losses: Losses,
    pub(super) ledgers: Ledgers,
    /// The file of the ledgers is older than they are: one writing does for all that moved.
    pub(super) ledgers_moved: bool,
    pub(super) trades: KnownTrades,
    /// The same of them.
    pub(super) trades_moved: bool,
    /// What people read.
    pub(super) holdings: Files,
    pub(super) names: Names,
    pub(super) told: Sender<Told>,
    pub(super) sync_ns: u64,
    pub(super) at_disk: AtDisk,
    /// What takes longer is said.
    pub(super) slow_ns: u64,
    pub(super) failed: bool,
}

impl WriterThread {
    /// Runs until the hot thread is gone and all that it left is done.
    pub(super) fn run(mut self) {
        let mut next_ns = 0;
        loop {
            let last = self.durable.is_abandoned();
            while self.spent.pop().is_some() {}
            while let Some(entry) = self.durable.pop() {
                self.keep(entry);
            }
            if std::mem::take(&mut self.ledgers_moved) {
                self.attempt("ledgers", |this| ledgers::write(&this.state_folder, &this.ledgers));
            }
            if std::mem::take(&mut self.trades_moved) {
                // What it says is known must be in the journal first.
                self.attempt("journal", |this| this.journal.sync());
                self.attempt("trades", |this| this.trades.write(&this.state_folder));
            }
            let now_ns = self.clock.mono_ns();
            if !self.failed && self.holdings.is_due(now_ns, last) {
                let at_disk = self.at_disk.clone();
                at_disk.during(|| self.holdings.look(now_ns, last));
            }
            if last {
                break;
            }
            if next_ns <= now_ns {
                next_ns = now_ns.saturating_add(self.sync_ns);
                self.attempt("journal", |this| this.journal.turn());
            }
            let idle = || self.durable.is_empty() && !self.durable.is_abandoned();
            self.bell.wait(next_ns.saturating_sub(now_ns), idle);
        }
        if !self.failed
            && let Err(error) = self.journal.close()
        {
            tracing::error!(%error, "the journal could not be closed");
        }
    }

    fn keep(&mut self, entry: Durable) {
        match entry {
            Durable::Trip { latch, hold } => self.keep_latched(latch, hold),
            Durable::Reset { generation, request } => self.keep_cleared(generation, &request),
            Durable::Mode { scope, record } => {
                self.stand(scope, record);
                self.attempt("modes", |this| mode::write(&this.state_folder, &this.standing));
            }
            Durable::HighWater(mark) => {
                self.attempt("mark", |this| high_water::write(&this.state_folder, mark));
            }
            Durable::Kept(kept) => {
                self.losses.keep(kept);
                self.attempt("losses", |this| losses::write(&this.state_folder, &this.losses));
            }
            Durable::Ledger(ledger) => {
                self.ledgers.keep(&ledger);
                self.ledgers_moved = true;
            }
            Durable::TradesKnown { instrument, through_id } => {
                self.trades.keep(instrument.as_str(), through_id);
                self.trades_moved = true;
            }
            Durable::Answer { ticket, answer } => {
                self.attempt("journal", |this| this.journal.sync());
                let durable = !self.failed;
                self.tell(Told::Answer { ticket, answer, durable });
            }
        }
    }

    /// What stands, by name, because indexes change with the configuration. A narrow scope that
    /// runs again needs no line.
    fn stand(&mut self, scope: Scope, record: ModeRecord) {
        let place = places::place_of(scope, &self.names);
        self.standing.retain(|standing| standing.place != place);
        if scope == Scope::All || record.mode != Mode::Running {
            self.standing.push(Standing { place, record });
        }
    }

    /// The files also after the disk has failed: a trip that the journal could not take may still
    /// fit there, and the next start must find it.
    fn keep_latched(&mut self, latch: NamedLatch, hold: Hold) {
        self.attempt("journal", |this| this.journal.sync());
        self.table.on_trip(latch);
        if let Err(error) = self.latch.write(&self.table) {
            tracing::error!(%error, "the latch could not be kept");
            self.attempt("latch", |_| Err(error));
        }
        let (table, durable) = (Box::new(self.table.clone()), !self.failed);
        self.tell(Told::Tripped { latch: Box::new(latch), hold, table, durable });
    }

    fn keep_cleared(&mut self, generation: u32, request: &OperatorRequest) {
        self.attempt("journal", |this| this.journal.sync());
        let (by, reason) = (request.by, request.reason);
        let at = self.clock.stamp();
        let cleared = self.table.on_reset(generation, by.as_str(), reason.as_str(), at);
        let was_whole = cleared.is_some_and(|latch| latch.scope == ScopeName::All);
        let is_over = was_whole && self.table.whole().is_none();
        self.attempt("latch", |this| match is_over {
            true => this.latch.write_cleared(&this.table),
            false => this.latch.write(&this.table),
        });
        self.tell(Told::Cleared(Box::new(self.table.clone())));
    }

    /// Does it unless the disk has failed before.
    fn attempt(
        &mut self,
        what: &'static str,
        write: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) {
        if self.failed {
            return;
        }
        let (at_disk, begun_ns) = (self.at_disk.clone(), self.clock.mono_ns());
        let written = at_disk.during(|| write(self));
        let took_ns = self.clock.mono_ns().saturating_sub(begun_ns);
        if self.slow_ns < took_ns {
            tracing::warn!(what, took_ms = took_ns / MS, "the disk was slow");
        }
        if let Err(error) = written {
            self.failed = true;
            tracing::error!(%error, "the disk failed: tripping the kill switch");
            self.tell(Told::DiskFailed(error.to_string()));
        }
    }

    fn tell(&self, told: Told) {
        // The supervisor is gone only when the process ends.
        let _ = self.told.blocking_send(told);
    }
}
