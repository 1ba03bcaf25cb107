//! What follows a trip once it stands: people are told what is a fact, and the cause is kept.
//!
//! Must hold: nothing here is on the way of the trip itself; a snapshot that cannot be taken is
//! said and changes nothing. The snapshot is taken on a thread of its own, because it reads the
//! journal.

use super::supervisor::Supervisor;
use super::threads;
use crate::ops::Report;
use crate::ops::snapshot::{self, Cause};
use crate::store::NamedLatch;
use crate::types::{Cash, SECOND};
use std::collections::VecDeque;
use std::path::PathBuf;

/// Points of the equity curve that a snapshot holds: ten minutes.
const CURVE_MAX: usize = 600;

/// Their distance.
const CURVE_EVERY_NS: u64 = SECOND;

/// What must be at hand when something trips.
pub(super) struct Aftermath {
    state_folder: PathBuf,
    journal_folder: PathBuf,
    /// Wall time and equity.
    curve: VecDeque<(u64, Option<Cash>)>,
    curve_next_ns: u64,
    /// Generations of which was said that no opening order is left.
    confirmed: Vec<u32>,
}

impl Aftermath {
    pub(super) fn new(state_folder: PathBuf, journal_folder: PathBuf) -> Self {
        let curve = VecDeque::with_capacity(CURVE_MAX);
        Self { state_folder, journal_folder, curve, curve_next_ns: 0, confirmed: Vec::new() }
    }

    fn note(&mut self, report: &Report) {
        let status = &report.status;
        if status.at.mono_ns < self.curve_next_ns {
            return;
        }
        self.curve_next_ns = status.at.mono_ns.saturating_add(CURVE_EVERY_NS);
        if CURVE_MAX <= self.curve.len() {
            self.curve.pop_front();
        }
        self.curve.push_back((status.at.unix_ns, status.equity));
    }

    /// Says once of each latch that the venue has confirmed the end of its opening orders.
    fn confirm(&mut self, report: &Report) {
        let latches = &report.status.latches;
        self.confirmed.retain(|known| latches.iter().any(|it| it.latch.trip.generation == *known));
        for it in latches.iter().filter(|it| it.opening_orders == 0) {
            let generation = it.latch.trip.generation;
            if !self.confirmed.contains(&generation) {
                self.confirmed.push(generation);
                let scope = report.names.of_scope(it.latch.scope);
                tracing::info!(generation, %scope, "no opening order is left under the kill switch");
            }
        }
    }
}

impl Supervisor {
    /// Looks at a new copy of the state.
    pub(super) fn remember(&mut self) {
        self.aftermath.note(&self.report);
        self.aftermath.confirm(&self.report);
    }

    /// A latch is set, and all of it that can be on disk is.
    pub(super) fn on_tripped(&mut self, latch: &NamedLatch, acknowledged: bool, durable: bool) {
        let generation = latch.trip.generation;
        tracing::error!(generation, scope = %latch.scope, acknowledged, durable, "latched");
        let cause = Cause {
            latch: *latch,
            report: self.report.clone(),
            curve: self.aftermath.curve.iter().copied().collect(),
            state_folder: self.aftermath.state_folder.clone(),
            journal_folder: self.aftermath.journal_folder.clone(),
        };
        let taken = threads::spawn("snapshot", None, move || match snapshot::take(&cause) {
            Ok(path) => tracing::info!(path = %path.display(), "the cause is kept"),
            Err(error) => tracing::error!(%error, "the cause could not be kept"),
        });
        if let Err(error) = taken {
            tracing::error!(%error, "the cause could not be kept");
        }
    }
}
