//! Which latches stand, by name, and what became of those that stood: what the state file holds and
//! what a start restores.
//!
//! Must hold: scopes are kept by the names of the configuration and not by their indexes, because
//! between two runs the file may have been edited, and a latch must not move to another strategy. A
//! name that the configuration does not have any more keeps its latch.

use super::record::Record;
use crate::core::safety::{LATCHES_MAX, TripRecord};
use crate::types::{Stamp, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// How many trips are remembered with what became of them. The journal has all of them.
const HISTORY_MAX: usize = 32;

/// What a latch stops, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScopeName {
    /// Everything.
    All,
    /// A venue, by its name.
    Venue(Text<32>),
    /// A strategy, by its name.
    Strategy(Text<32>),
    /// An instrument, by its symbol.
    Instrument(Text<32>),
}

impl ScopeName {
    /// As it was written by `Display`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None if text == "all" => Some(Self::All),
            Some(("venue", name)) => Some(Self::Venue(Text::new(name))),
            Some(("strategy", name)) => Some(Self::Strategy(Text::new(name))),
            Some(("symbol", name)) => Some(Self::Instrument(Text::new(name))),
            None | Some(_) => None,
        }
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("all"),
            Self::Venue(name) => write!(out, "venue {name}"),
            Self::Strategy(name) => write!(out, "strategy {name}"),
            Self::Instrument(symbol) => write!(out, "symbol {symbol}"),
        }
    }
}

/// A trip and what it stops, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NamedLatch {
    /// What is stopped.
    pub scope: ScopeName,
    /// Why, when, by whom.
    pub trip: TripRecord,
}

/// A trip of before, and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Its number.
    pub generation: u32,
    /// What it stopped.
    pub scope: String,
    /// By what.
    pub reason: String,
    /// When, nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// By whom, where it was a person.
    pub by: String,
    /// Who reset it; nobody while it stands.
    pub reset: Option<PastReset>,
}

/// A reset of before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PastReset {
    /// Who.
    pub by: String,
    /// What was found and done.
    pub reason: String,
    /// When, nanoseconds since the Unix epoch.
    pub unix_ns: u64,
}

/// All of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LatchTable {
    /// What stands, in the order in which it was set.
    pub latches: Vec<NamedLatch>,
    /// How often the switch has ever tripped.
    pub generation: u32,
    /// How often for which reason (R31). Deleting the state file begins this anew and nothing else.
    pub activations: BTreeMap<String, u64>,
    /// The last trips.
    pub history: VecDeque<Past>,
}

impl LatchTable {
    /// Takes in a new trip, and counts it.
    pub fn on_trip(&mut self, latch: NamedLatch) {
        let NamedLatch { scope, trip } = latch;
        self.stand(latch);
        let reason = format!("{:?}", trip.reason);
        *self.activations.entry(reason.clone()).or_default() += 1;
        if HISTORY_MAX <= self.history.len() {
            self.history.pop_front();
        }
        self.history.push_back(Past {
            generation: trip.generation,
            scope: scope.to_string(),
            reason,
            unix_ns: trip.at.unix_ns,
            by: trip.by.as_str().to_owned(),
            reset: None,
        });
    }

    /// Takes in a latch that is known to stand: the latest of its scope.
    pub(super) fn stand(&mut self, latch: NamedLatch) {
        self.generation = self.generation.max(latch.trip.generation);
        let same = self.latches.iter_mut().find(|it| it.scope == latch.scope);
        match same {
            Some(known) if known.trip.generation < latch.trip.generation => *known = latch,
            Some(_) => {}
            None => self.latches.push(latch),
        }
    }

    /// Takes in a reset. Answers what it cleared.
    pub fn on_reset(
        &mut self,
        generation: u32,
        by: &str,
        reason: &str,
        at: Stamp,
    ) -> Option<NamedLatch> {
        let place = self.latches.iter().position(|it| it.trip.generation == generation)?;
        if let Some(past) = self.history.iter_mut().find(|past| past.generation == generation) {
            let (by, reason) = (by.to_owned(), reason.to_owned());
            past.reset = Some(PastReset { by, reason, unix_ns: at.unix_ns });
        }
        Some(self.latches.remove(place))
    }

    /// The latch of everything.
    pub fn whole(&self) -> Option<&NamedLatch> {
        self.latches.iter().find(|it| it.scope == ScopeName::All)
    }
}

/// The latches of parts that a journal knows of. Written again at the head of every segment, so
/// that a start that reads the last two knows them all.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(Vec<NamedLatch>);

impl Parts {
    /// Takes in what `record` changes of it.
    pub(super) fn observe(&mut self, record: &Record) {
        match record {
            Record::PartTrip(latch) => {
                self.0.retain(|it| it.scope != latch.scope);
                self.0.reserve(LATCHES_MAX);
                self.0.push(*latch);
            }
            Record::Reset { generation, .. } => {
                self.0.retain(|it| it.trip.generation != *generation);
            }
            _ => {}
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn nth(&self, at: usize) -> Option<NamedLatch> {
        self.0.get(at).copied()
    }

    pub(super) fn to_vec(&self) -> Vec<NamedLatch> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn latch(scope: ScopeName, generation: u32) -> NamedLatch {
        NamedLatch { scope, trip: samples::trip(generation) }
    }

    fn maker() -> ScopeName {
        ScopeName::Strategy(Text::new("maker"))
    }

    #[test]
    fn every_scope_reads_back() {
        let symbol = ScopeName::Instrument(Text::new("BTCUSDT"));
        for scope in [ScopeName::All, ScopeName::Venue(Text::new("binance")), maker(), symbol] {
            assert_eq!(ScopeName::parse(&scope.to_string()), Some(scope));
        }
        for text in ["", "everything", "strategy", "all but one"] {
            assert_eq!(ScopeName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_reset_clears_the_latch_that_it_names_and_the_history_says_by_whom() {
        let mut table = LatchTable::default();
        table.on_trip(latch(maker(), 1));
        table.on_trip(latch(ScopeName::All, 2));
        let at = Stamp { mono_ns: 0, unix_ns: 9 };
        assert!(table.on_reset(3, "ada", "", at).is_none());
        assert_eq!(table.on_reset(2, "ada", "looked", at), Some(latch(ScopeName::All, 2)));
        assert_eq!((table.latches.len(), table.whole()), (1, None));
        assert_eq!(table.activations["Drawdown"], 2);
        let resets: Vec<_> = table.history.iter().map(|it| it.reset.is_some()).collect();
        assert_eq!(resets, [false, true]);
    }

    #[test]
    fn the_history_is_bounded_and_the_counters_go_on() {
        let mut table = LatchTable::default();
        for generation in 1..=100 {
            table.on_trip(latch(ScopeName::All, generation));
            table.on_reset(generation, "ada", "", Stamp::default()).unwrap();
        }
        assert_eq!((table.history.len(), table.history[0].generation), (HISTORY_MAX, 69));
        assert_eq!(table.activations["Drawdown"], 100);
    }

    #[test]
    fn parts_stand_in_a_journal_until_their_own_reset() {
        let mut parts = Parts::default();
        parts.observe(&Record::PartTrip(latch(maker(), 1)));
        parts.observe(&Record::PartTrip(latch(maker(), 1)));
        let symbol = ScopeName::Instrument(Text::new("BTCUSDT"));
        parts.observe(&Record::PartTrip(latch(symbol, 3)));
        let request = samples::request();
        parts.observe(&Record::Reset { generation: 2, request });
        assert_eq!(parts.len(), 2);
        parts.observe(&Record::Reset { generation: 1, request });
        assert_eq!(parts.to_vec(), [latch(symbol, 3)]);
    }
}
