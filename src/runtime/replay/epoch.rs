//! One epoch of a journal: its beginning, the comparison, and how it came out.

use super::foundation::Foundation;
use super::judge::{Difference, Judge, Judged, Tally};
use crate::config::Config;
use crate::core::{MarketRecording, Registry};
use crate::store::journal::Entry;
use crate::store::{Record, Start};
use crate::types::Stamp;

/// How the replay of an epoch came out.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Every decision and every digest is the recorded one; the digest of the state at its end.
    Same {
        /// Of the whole state.
        digest: u64,
    },
    /// They part here.
    Different(Box<Difference>),
    /// It ended before it began to trade: there is nothing to compare.
    NeverBegan,
    /// It cannot be told, from this record on.
    NotReproducible {
        /// Sequence of the record.
        sequence: u64,
        /// Why.
        why: String,
    },
}

/// How an epoch ended, by its record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// In order.
    Clean,
    /// It said that it ended with something left undone.
    Unclean,
    /// Without a word: it was killed, or it still runs.
    Cut,
    /// The replay was to stop here.
    Stopped,
}

/// What became of one epoch.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it said at its start.
    pub start: Start,
    /// When.
    pub at: Stamp,
    /// What of the market it recorded; `None` where it ended before it began.
    pub recording: Option<MarketRecording>,
    /// How much was fed and compared.
    pub tally: Tally,
    /// How it ended.
    pub end: End,
    /// How the replay came out.
    pub verdict: Verdict,
    /// Keys of the configuration that was given that differ from the one that it ran with.
    pub changed: Vec<String>,
}

/// An epoch that is being replayed.
pub(super) struct Epoch<'a> {
    outcome: Outcome,
    given: &'a Config,
    registry: &'a Registry,
    stage: Stage,
    last: (u64, Stamp),
}

enum Stage {
    /// It tells what it begins with.
    Beginning(Box<Foundation>),
    /// Its inputs are fed.
    Judging(Box<(Judge, Config)>),
    /// Nothing more can be compared.
    Over,
}

impl<'a> Epoch<'a> {
    pub(super) fn new(
        start: Start,
        (sequence, at): (u64, Stamp),
        given: &'a Config,
        registry: &'a Registry,
    ) -> Self {
        let verdict = Verdict::NeverBegan;
        let (tally, changed) = (Tally::default(), Vec::new());
        Self {
            outcome: Outcome { start, at, recording: None, tally, end: End::Cut, verdict, changed },
            given,
            registry,
            stage: Stage::Beginning(Box::default()),
            last: (sequence, at),
        }
    }

    /// The comparison that is at work, and the configuration of the run.
    pub(super) fn judging(&self) -> Option<(&Judge, &Config)> {
        match &self.stage {
            Stage::Judging(judging) => Some((&judging.0, &judging.1)),
            Stage::Beginning(_) | Stage::Over => None,
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.outcome.start.epoch
    }

    /// Takes the next entry. True when it is a decision that is the recorded one.
    pub(super) fn take(&mut self, entry: &Entry) -> bool {
        let Entry { sequence, at, record } = *entry;
        let record = match record {
            Ok(record) => record,
            Err(why) => {
                self.give_up(sequence, format!("this version cannot read the record: {why:?}"));
                return false;
            }
        };
        if self.outcome.end != End::Cut || at.mono_ns < self.last.1.mono_ns {
            // Who writes after the end, or with a clock of its own, is another process.
            return false;
        }
        self.last = (sequence, at);
        if let Record::Stop { clean } = record {
            self.outcome.end = if clean { End::Clean } else { End::Unclean };
        }
        match &mut self.stage {
            Stage::Beginning(foundation) => {
                foundation.take(&record);
                if is_input(&record) {
                    let why = "it was recorded by a version that did not record what it began with";
                    self.give_up(sequence, why.to_owned());
                } else if let Record::Begin(recording) = record {
                    self.begin(sequence, recording);
                }
                false
            }
            Stage::Judging(judging) => match judging.0.take(sequence, at, &record) {
                Ok(Judged::Same) => !matches!(record, Record::Checkpoint(_)),
                Ok(Judged::Fed | Judged::Passed) => false,
                Ok(Judged::Gap) => {
                    let why = "the market outran the disk and is not recorded from here on";
                    self.give_up(sequence, why.to_owned());
                    false
                }
                Err(difference) => {
                    self.part(difference);
                    false
                }
            },
            Stage::Over => false,
        }
    }

    /// The journal is damaged here.
    pub(super) fn damaged(&mut self, why: &str) {
        self.give_up(self.last.0 + 1, format!("the journal is damaged: {why}"));
    }

    /// Nothing more of it is looked at.
    pub(super) fn stop(&mut self) {
        if self.outcome.end == End::Cut {
            self.outcome.end = End::Stopped;
        }
    }

    /// What became of it.
    pub(super) fn finish(mut self) -> Outcome {
        let said_so = matches!(self.outcome.end, End::Clean | End::Unclean);
        if let Stage::Judging(judging) = &mut self.stage {
            let judge = &mut judging.0;
            let (sequence, at) = self.last;
            let ended = judge.end(sequence, at, said_so);
            self.outcome.tally = judge.tally();
            self.outcome.verdict = match ended {
                Ok(()) => Verdict::Same { digest: judge.core().digest() },
                Err(difference) => Verdict::Different(difference),
            };
        }
        self.outcome
    }

    fn begin(&mut self, sequence: u64, recording: MarketRecording) {
        self.outcome.recording = Some(recording);
        let Stage::Beginning(foundation) = &mut self.stage else { return };
        let foundation = std::mem::take(foundation);
        if recording != MarketRecording::Full {
            let why = format!(
                "the market was not recorded whole (`journal.market_data: {}`): nothing that looks \
                 at prices, books or time can be reproduced",
                recording.name()
            );
            self.give_up(sequence, why);
            return;
        }
        match foundation.build(&self.outcome.start, self.given, self.registry) {
            Ok(beginning) => {
                self.outcome.changed = beginning.changed;
                let judge = Judge::new(beginning.core, beginning.names);
                self.stage = Stage::Judging(Box::new((judge, beginning.config)));
            }
            Err(error) => self.give_up(sequence, error.to_string()),
        }
    }

    fn part(&mut self, difference: Box<Difference>) {
        self.close(Verdict::Different(difference));
    }

    /// Only the first reason counts.
    fn give_up(&mut self, sequence: u64, why: String) {
        if !matches!(self.stage, Stage::Over) {
            self.close(Verdict::NotReproducible { sequence, why });
        }
    }

    fn close(&mut self, verdict: Verdict) {
        if let Stage::Judging(judging) = &self.stage {
            self.outcome.tally = judging.0.tally();
        }
        self.outcome.verdict = verdict;
        self.stage = Stage::Over;
    }
}

/// True for an input that every run has and that no run has before it begins.
fn is_input(record: &Record) -> bool {
    matches!(record, Record::Link(_) | Record::Execution(_) | Record::Clock(_))
}
