//! A recorded run, run again: the same inputs must give the same decisions.
//!
//! Must hold: the journal is only read, also that of a running engine, up to what is written; each
//! epoch is a run of its own, from what it told at its beginning; what cannot be compared is said
//! to be so and never counts as the same.
//!
//! In reading order: [`decision()`] is what of an effect the journal holds, `foundation` what a run
//! begins with, [`Judge`] the comparison, `epoch` one run of the journal, `explain` what the kernel
//! saw, `report` what is said of it all.

mod decision;
mod epoch;
mod explain;
pub(super) mod foundation;
mod judge;
mod report;

pub use decision::decision;
pub use epoch::{End, Outcome, Verdict};
pub use explain::Wanted;
pub use judge::{Difference, Judge, Judged, Tally, checkpoint};

use super::assemble::id_prefix;
use crate::config::Config;
use crate::core::{MarketRecording, Registry, Status};
use crate::ops::{self, Report};
use crate::store::journal::{Entry, Reader};
use crate::store::{Record, StoreError, Unreadable};
use crate::types::{ClientOrderId, MS};
use epoch::Epoch;
use serde_json::{Value, json};

/// Most records of an order's later life that are shown.
const LIFE_MAX: usize = 100;

/// What is to be replayed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// The first epoch; all where none is named.
    pub from: Option<u32>,
    /// Where to stop and show the state.
    pub until: Option<Until>,
    /// The decision to explain.
    pub explain: Option<Wanted>,
}

/// Where a replay stops: behind the last record that is not beyond it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// A sequence of the journal.
    Sequence(u64),
    /// Unix time, nanoseconds.
    Time(u64),
}

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Each epoch, oldest first.
    pub epochs: Vec<Outcome>,
    /// First and last sequence of records before the first start in the journal: the run that they
    /// belong to began in a file that is not there any more.
    pub headless: Option<(u64, u64)>,
    /// The state at the place where it was to stop.
    pub status: Option<Value>,
    /// The decision that was to be explained.
    pub explanation: Option<Value>,
}

impl Replay {
    /// True when every epoch that traded came out the same.
    pub fn is_same(&self) -> bool {
        let is_same = |it: &Outcome| match it.verdict {
            Verdict::Same { .. } | Verdict::NeverBegan => true,
            Verdict::Different(_) | Verdict::NotReproducible { .. } => false,
        };
        self.headless.is_none() && self.epochs.iter().all(is_same)
    }
}

/// The id of an order as a venue shows it, or as the journal does.
pub fn order_id(config: &Config, text: &str) -> Option<ClientOrderId> {
    let of_journal = || {
        let (epoch, sequence) = text.split_once('-')?;
        Some(ClientOrderId { epoch: epoch.parse().ok()?, sequence: sequence.parse().ok()? })
    };
    id_prefix(config).read(text.as_bytes()).or_else(of_journal)
}

/// Replays the journal of a deployment.
///
/// # Errors
/// [`StoreError`] when the folder cannot be read at all. Damage is part of what is found.
pub fn replay(config: &Config, registry: &Registry, plan: &Plan) -> Result<Replay, StoreError> {
    let (epoch, has_begun, found) = (None, false, Replay::default());
    let mut replayer = Replayer { config, registry, plan, epoch, has_begun, found };
    for entry in Reader::open(&config.folders.journal)? {
        match entry {
            Ok(entry) if plan.until.is_some_and(|until| until.is_before(&entry)) => {
                replayer.stop();
                break;
            }
            Ok(entry) => replayer.take(&entry),
            Err(error @ StoreError::Damaged { .. }) => replayer.damaged(&error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(replayer.finish())
}

struct Replayer<'a> {
    config: &'a Config,
    registry: &'a Registry,
    plan: &'a Plan,
    epoch: Option<Epoch<'a>>,
    /// The journal has told of a start.
    has_begun: bool,
    found: Replay,
}

impl Replayer<'_> {
    fn take(&mut self, entry: &Entry) {
        let (sequence, at) = (entry.sequence, entry.at);
        if let Ok(Record::Start(start)) = entry.record {
            self.close();
            self.has_begun = true;
            if self.plan.from.is_none_or(|from| from <= start.epoch) {
                let epoch = Epoch::new(start, (sequence, at), self.config, self.registry);
                self.epoch = Some(epoch);
            }
            return;
        }
        if !self.has_begun && self.plan.from.is_none() && !is_carried(&entry.record) {
            self.found.headless.get_or_insert((sequence, sequence)).1 = sequence;
        }
        let Some(epoch) = &mut self.epoch else { return };
        let agreed = epoch.take(entry);
        if let Ok(record) = &entry.record {
            self.look(sequence, entry, record, agreed);
        }
    }

    /// Explains the decision when it is the one that is wanted, and follows its order from there.
    fn look(&mut self, sequence: u64, entry: &Entry, record: &Record, agreed: bool) {
        let Some(wanted) = self.plan.explain else { return };
        if let Some(explanation) = &mut self.found.explanation {
            follow(explanation, entry, record);
        } else if wanted.is(sequence, record) {
            let judging = self.epoch.as_ref().and_then(Epoch::judging).filter(|_| agreed);
            let mut explanation = match judging {
                Some((judge, config)) => {
                    explain::explain(judge, config, sequence, entry.at, record)
                }
                None => {
                    let why = "not to be had: the run is not reproducible here";
                    explain::recorded(sequence, entry.at, record, why)
                }
            };
            explanation["afterwards"] = json!([]);
            self.found.explanation = Some(explanation);
        }
    }

    fn damaged(&mut self, why: &str) {
        if let Some(epoch) = &mut self.epoch {
            epoch.damaged(why);
        }
    }

    fn stop(&mut self) {
        let Some(epoch) = &mut self.epoch else { return };
        epoch.stop();
        let number = epoch.number();
        self.found.status = epoch.judging().map(|(judge, config)| status(judge, config, number));
    }

    fn close(&mut self) {
        self.found.epochs.extend(self.epoch.take().map(Epoch::finish));
    }

    fn finish(mut self) -> Replay {
        if self.plan.until.is_some() && self.found.status.is_none() {
            // What is recorded ends before.
            self.stop();
        }
        self.close();
        self.found
    }
}

/// True for what a file begins with, whichever run it is of.
fn is_carried(record: &Result<Record, Unreadable>) -> bool {
    matches!(record, Ok(Record::Carry(_) | Record::PartTrip(_)))
}

impl Until {
    fn is_before(self, entry: &Entry) -> bool {
        match self {
            Self::Sequence(sequence) => sequence < entry.sequence,
            Self::Time(unix_ns) => unix_ns < entry.at.unix_ns,
        }
    }
}

/// Adds what is said later of the order that was explained.
fn follow(explanation: &mut Value, entry: &Entry, record: &Record) {
    let id = explain::id_of(record).map(|id| id.to_string());
    let is_same = id.is_some_and(|id| explanation["decision"]["id"] == Value::String(id));
    if let Some(life) = explanation["afterwards"].as_array_mut()
        && is_same
        && life.len() < LIFE_MAX
    {
        let unix_ms = entry.at.unix_ns / MS;
        life.push(json!({
            "sequence": entry.sequence, "unix_ms": unix_ms, "record": format!("{record:?}"),
        }));
    }
}

/// The state as `engine status` tells it.
fn status(judge: &Judge, config: &Config, epoch: u32) -> Value {
    let mut status = Status::default();
    judge.core().status(&mut status);
    ops::status(&Report {
        instance: config.instance.clone(),
        trading_mode: super::startup::mode_name(config),
        venue: config.venue.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.hash.clone(),
        currency: config.reporting_currency.clone(),
        epoch,
        last_shutdown: "replayed",
        names: judge.names().clone(),
        uptime_ms: status.at.mono_ns / MS,
        durable: true,
        status,
        ..Report::default()
    })
}

/// What of the market a run recorded, in words.
fn recorded(recording: Option<MarketRecording>) -> &'static str {
    recording.map_or("nothing", MarketRecording::name)
}
