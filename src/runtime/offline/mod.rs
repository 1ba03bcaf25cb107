//! Clearing a latch of the kill switch while no engine runs (D3): the account is read and held
//! against what the last run left, and only then a person's word clears.
//!
//! Must hold: nothing is sent but questions; the journal's lock is held throughout, so no engine
//! begins meanwhile; whatever cannot be read, or differs, clears nothing and names the next step;
//! what an engine would ask for (challenge, criteria, another person, a new baseline) is asked for
//! here by the same code; it is done when it is on disk.
//!
//! Decision: a cooldown does not pass here. It runs on the clock of a process, and a wall clock can
//! be set forward; so a reset without an engine needs `--force` and another person's name, or an
//! engine that waits.

mod comparison;
mod note;
mod reading;
mod trades;

pub(super) use comparison::{Account, account};
pub use comparison::{Belief, compare};
pub use note::note;
pub use reading::Reading;
pub use trades::ask_trades;

use super::clock::Clock;
use super::places;
use super::run;
use super::startup::{Disk, StartError};
use crate::config::{Config, Endpoint};
use crate::core::safety::{Latch, is_beyond};
use crate::core::{
    Baseline, Criterion, HighWater, LatchStatus, ModeCause, ModeRecord, OperatorCommand,
    OperatorRequest, Refusal, Restored, Scope, Status,
};
use crate::ops::handlers::{self, Asked, Request};
use crate::ops::{Names, Report, say};
use crate::store::{
    Losses, NamedLatch, Place, Record, ScopeName, Standing, StoreError, Stored, high_water,
    last_account, losses, mode,
};
use crate::types::{Cash, SECOND};
use std::fmt;

/// Why nothing was cleared.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The state on disk, or another engine that holds it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No socket, no address, no thread, or a configuration that does not fit.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The exchange of the configuration lives in the engine.
    #[error("the simulated exchange of this configuration lives in the engine itself")]
    Embedded,
    /// The venue was not heard.
    #[error(
        "{what} could not be read: {why}; the latch stands: when the venue answers, say it again"
    )]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// What came back.
        why: String,
    },
    /// The account is not as it was left, or not as it must be.
    #[error("{0}; the latch stands")]
    Mismatch(String),
    /// The account is as it should be, and the word is not enough.
    #[error("{0}")]
    Refused(String),
}

impl OfflineError {
    /// Why the account could not be looked at, where no latch is at stake.
    pub fn unread(&self) -> String {
        match self {
            Self::Embedded => format!("{self}: start it"),
            Self::Unreachable { what, why } => format!("{what} could not be read: {why}"),
            Self::Store(_) | Self::Start(_) | Self::Mismatch(_) | Self::Refused(_) => {
                self.to_string()
            }
        }
    }
}

/// The account was read and agrees: a person may clear a latch.
pub struct Offline<'a> {
    config: &'a Config,
    clock: Clock,
    disk: Disk,
    names: Names,
    restored: Restored,
    standing: Vec<Standing>,
    reading: Reading,
}

impl<'a> Offline<'a> {
    /// Takes the journal's lock, reads the account and compares.
    ///
    /// # Errors
    /// [`OfflineError`]: everything is as it was before.
    pub fn begin(config: &'a Config) -> Result<Self, OfflineError> {
        if let Endpoint::Embedded(_) = config.venue.endpoint {
            return Err(OfflineError::Embedded);
        }
        let clock = Clock::start();
        let names = run::names(config);
        let mut disk = Disk::open(config, &clock, None)?;
        let (restored, standing) = disk.restore(config, &names, &clock, false);
        let read = reading::read(config, &clock).and_then(|reading| {
            reading.check(config, left_behind(config)?)?;
            Ok(reading)
        });
        match read {
            Ok(reading) => Ok(Self { config, clock, disk, names, restored, standing, reading }),
            Err(error) => {
                disk.close_unused(&clock);
                Err(error)
            }
        }
    }

    /// What the venue said.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Every latch that stands, in words, with the challenge that names it.
    pub fn latches(&self) -> Vec<String> {
        let line = |latch: Latch| {
            let (why, scope) =
                (say::trip_reason(latch.trip.reason), self.names.scope_name(latch.scope));
            format!("{}: {why} ({scope})", handlers::challenge(&latch.trip))
        };
        self.standing_latches().map(line).collect()
    }

    /// Clears the latch that the challenge names, and returns when that is on disk.
    ///
    /// # Errors
    /// [`OfflineError`]: the latch stands.
    pub fn clear(mut self, asked: &handlers::Reset) -> Result<(), OfflineError> {
        let cleared = self.release(asked).and_then(|release| self.keep(&release));
        self.disk.close_unused(&self.clock);
        cleared
    }

    fn standing_latches(&self) -> impl Iterator<Item = Latch> + '_ {
        let whole = self.restored.latch.map(|trip| Latch { scope: Scope::All, trip });
        whole.into_iter().chain(self.restored.part_latches.iter().copied())
    }

    /// The person's word, judged as an engine judges it.
    fn release(&self, asked: &handlers::Reset) -> Result<Release, OfflineError> {
        let cooldown_ns = self.config.limits.reset_cooldown_ns;
        let latch = |latch| LatchStatus { latch, opening_orders: 0, cooldown_left_ns: cooldown_ns };
        let latches = self.standing_latches().map(latch).collect();
        let report = Report {
            names: self.names.clone(),
            status: Status { latches, ..Status::default() },
            ..Report::default()
        };
        let request = Request::KillSwitchReset(Box::new(asked.clone()));
        let line = serde_json::to_string(&request).map_err(std::io::Error::from);
        let line = line.map_err(StartError::from)?;
        let (by, reason, command, attested) = match handlers::handle(&line, &report) {
            Asked::Command { by, reason, command, attested } => (by, reason, command, attested),
            Asked::Answered(value) => {
                let why = value["error"].as_str().unwrap_or("it was not understood");
                return Err(OfflineError::Refused(why.to_owned()));
            }
        };
        let OperatorCommand::Reset { generation, baseline } = command else {
            return Err(refused(Refusal::NotTripped));
        };
        let waives = |request: &OperatorRequest| {
            let waived = Criterion::CooldownWaived;
            request.command == OperatorCommand::Attest { generation, criterion: waived }
        };
        if 0 < cooldown_ns && !attested.iter().any(waives) {
            let left_s = u32::try_from(cooldown_ns.div_ceil(SECOND)).unwrap_or(u32::MAX);
            return Err(refused(Refusal::CoolingDown { left_s }));
        }
        let (mark, equity) = (self.restored.high_water, self.reading.equity);
        let baseline = new_mark(baseline, mark, equity, self.config.limits.drawdown.max_bps)?;
        let request = OperatorRequest { ticket: 0, by, reason, command };
        Ok(Release { generation, request, attested, baseline })
    }

    /// The journal first and synced, then the files (J8).
    fn keep(&mut self, release: &Release) -> Result<(), OfflineError> {
        let Release { generation, request, attested, baseline } = release;
        let at = self.clock.stamp();
        let scope = self.standing_latches().find(|it| it.trip.generation == *generation);
        let scope = scope.map(|latch| latch.scope).ok_or_else(|| refused(Refusal::NotTripped))?;
        let (place, record) = self.uncovered(scope, request);
        let records = attested
            .iter()
            .chain([request])
            .map(|request| Record::Operator(*request))
            .chain([Record::Reset { generation: *generation, request: *request }])
            .chain([Record::Standing { scope, record }])
            .chain(baseline.map(Record::HighWater));
        for record in records {
            self.disk.journal.append(at, &record)?;
        }
        self.disk.writer.sync()?;
        let folder = &self.config.folders.state;
        self.standing.retain(|standing| standing.place != place);
        self.standing.push(Standing { place, record });
        mode::write(folder, &self.standing)?;
        if let Some(mark) = *baseline {
            high_water::write(folder, mark)?;
            let kept = Losses { day: None, ..losses::restore(folder)? };
            losses::write(folder, &kept)?;
        }
        let (by, reason) = (request.by.as_str(), request.reason.as_str());
        let cleared = self.disk.table.on_reset(*generation, by, reason, at);
        let was_whole = cleared.is_some_and(|NamedLatch { scope, .. }| scope == ScopeName::All);
        match was_whole {
            true => self.disk.latch.write_cleared(&self.disk.table)?,
            false => self.disk.latch.write(&self.disk.table)?,
        }
        Ok(())
    }

    /// The mode beneath the latch: CONSERVATIVE at best (D2).
    fn uncovered(&self, scope: Scope, request: &OperatorRequest) -> (Place, ModeRecord) {
        let place = places::place_of(scope, &self.names);
        let before = self.standing.iter().find(|standing| standing.place == place);
        let before = before.map_or(ModeRecord::default(), |standing| standing.record);
        let at = self.clock.stamp();
        (place, before.moved(ModeCause::Reset, at, request.by, request.reason))
    }
}

impl fmt::Debug for Offline<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Offline").field("reading", &self.reading).finish_non_exhaustive()
    }
}

/// A word that was found to be enough.
struct Release {
    generation: u32,
    request: OperatorRequest,
    attested: Vec<OperatorRequest>,
    baseline: Option<HighWater>,
}

/// The new high-water mark where one is wanted; refused while the old one is out of reach.
fn new_mark(
    baseline: Baseline,
    mark: Option<HighWater>,
    equity: Option<Cash>,
    max_bps: u32,
) -> Result<Option<HighWater>, OfflineError> {
    let breached = |peak: Cash, equity: Cash| is_beyond(peak.units(), equity.units(), max_bps);
    match (baseline, mark, equity) {
        (Baseline::New, _, Some(peak)) => Ok(Some(HighWater { peak })),
        (Baseline::New, _, None) | (Baseline::Keep, Some(_), None) => {
            Err(OfflineError::Refused("the venue did not tell the equity".to_owned()))
        }
        (Baseline::Keep, Some(mark), Some(equity)) if breached(mark.peak, equity) => {
            Err(refused(Refusal::StillBreached))
        }
        (Baseline::Keep, _, _) => Ok(None),
    }
}

fn refused(refusal: Refusal) -> OfflineError {
    OfflineError::Refused(refusal.text().into_owned())
}

fn left_behind(config: &Config) -> Result<Vec<last_account::LastPosition>, OfflineError> {
    match last_account::read(&config.folders.state) {
        Stored::Good(held) => Ok(held),
        Stored::Damaged(error) => Err(error.into()),
        Stored::Missing => Err(OfflineError::Mismatch(
            "the last run did not end in order, so that nobody knows what the account should hold; \
             start the engine: it comes up KILLED, reads the account and takes the reset"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15 % of 1,000 are 150: at all of it the drawdown stands, a hundred-millionth above it does
    /// not.
    #[test]
    fn a_drawdown_that_stands_needs_a_new_baseline() {
        let mark = Some(HighWater { peak: Cash::whole(1_000) });
        let at = |units: i128| Some(Cash::from_units(units));
        let keep =
            |equity| new_mark(Baseline::Keep, mark, equity, 1_500).map_err(|it| it.to_string());
        assert_eq!(keep(at(85_000_000_001)), Ok(None));
        assert!(keep(at(85_000_000_000)).unwrap_err().contains("--new-baseline"));
        assert!(keep(None).unwrap_err().contains("did not tell the equity"));
        let first = new_mark(Baseline::Keep, None, None, 1_500);
        assert!(matches!(first, Ok(None)), "there is nothing to fall from");
        let new = |equity| new_mark(Baseline::New, mark, equity, 1_500);
        assert!(matches!(new(at(7)), Ok(Some(mark)) if mark.peak == Cash::from_units(7)));
        assert!(new(None).is_err());
    }
}
