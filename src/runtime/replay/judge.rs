//! A core that is fed a recorded run, and compared with what that run decided.
//!
//! Must hold: every input is fed, in its order, with both its stamps; every decision that the
//! journal holds is compared as it stands, and what it does not hold by the running digest at each
//! checkpoint; the first difference is the last thing that is looked at.

use super::decision::decision;
use crate::core::{Core, Digest, Effects, Event};
use crate::ops::Names;
use crate::store::{Checkpoint, EventReader, Record, Taken};
use crate::types::Stamp;
use std::collections::VecDeque;

/// Compares a run with its record.
#[derive(Debug)]
pub struct Judge {
    core: Core,
    names: Names,
    effects: Effects,
    inputs: EventReader,
    /// What the core decided of the last input and was not compared yet.
    decided: VecDeque<Record>,
    told: Digest,
    /// A segment has just begun: what stands is said again.
    segment_begins: bool,
    input: Option<(u64, Event)>,
    now_ns: u64,
    tally: Tally,
}

/// How much was fed and compared.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Inputs fed.
    pub inputs: u64,
    /// Decisions that were the recorded ones.
    pub decisions: u64,
    /// Checkpoints whose digests were the recorded ones.
    pub checkpoints: u64,
}

/// What a record was to the comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judged {
    /// An input, or part of one: it was fed.
    Fed,
    /// A decision or a digest that is the same.
    Same,
    /// Nothing that is compared.
    Passed,
    /// Market data is missing from here on: nothing after it can be compared.
    Gap,
}

/// Where a replay parts from its record.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Sequence of the record at which it shows.
    pub sequence: u64,
    /// When that was written.
    pub at: Stamp,
    /// In words.
    pub what: &'static str,
    /// The input that was answered, and its sequence.
    pub input: Option<(u64, Event)>,
    /// What the record says.
    pub expected: Option<Record>,
    /// What the replay came to.
    pub found: Option<Record>,
}

impl Judge {
    /// A core that has seen nothing, and what people call what it knows by number.
    pub fn new(core: Core, names: Names) -> Self {
        Self {
            core,
            names,
            effects: Effects::new(),
            inputs: EventReader::default(),
            decided: VecDeque::new(),
            told: Digest::new(),
            segment_begins: false,
            input: None,
            now_ns: 0,
            tally: Tally::default(),
        }
    }

    /// The core, as of the last input.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// How much was fed and compared.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Names of what the core knows by number.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The last input, with the sequence at which it was complete.
    pub fn input(&self) -> Option<&(u64, Event)> {
        self.input.as_ref()
    }

    /// True for a time before that of the last input: another process wrote that.
    pub fn is_past(&self, at: Stamp) -> bool {
        at.mono_ns < self.now_ns
    }

    /// Takes the next record of the run.
    ///
    /// # Errors
    /// The first [`Difference`]. Nothing may be taken after it.
    pub fn take(
        &mut self,
        sequence: u64,
        at: Stamp,
        record: &Record,
    ) -> Result<Judged, Box<Difference>> {
        let differs = |this: &mut Self, what, found| {
            Err(this.difference(sequence, at, what, Some(*record), found))
        };
        match self.inputs.take(at, record) {
            Taken::Event(_) | Taken::More if !self.decided.is_empty() => {
                let found = self.decided.pop_front();
                differs(self, "the replay decided something that is not on record", found)
            }
            Taken::Event(event) if self.is_past(event.at) => {
                differs(self, "the time of this input is before that of the last one", None)
            }
            Taken::Event(event) => {
                self.feed(sequence, event);
                Ok(Judged::Fed)
            }
            Taken::More => Ok(Judged::Fed),
            Taken::Broken => differs(self, "the parts of an input are not together", None),
            Taken::Other => self.compare(sequence, at, record),
        }
    }

    /// The run is over. `whole` where it said so itself: then nothing may be left.
    ///
    /// # Errors
    /// A [`Difference`] where the replay decided more than is on record.
    pub fn end(&mut self, sequence: u64, at: Stamp, whole: bool) -> Result<(), Box<Difference>> {
        match self.decided.pop_front() {
            Some(found) if whole => {
                let what = "the replay decided something that is not on record";
                Err(self.difference(sequence, at, what, None, Some(found)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn feed(&mut self, sequence: u64, event: Event) {
        self.now_ns = event.at.mono_ns;
        self.core.step(&event, &mut self.effects);
        for effect in self.effects.as_slice() {
            match decision(effect, &self.names, &self.core) {
                Some(record) => self.decided.push_back(record),
                None => self.told = effect.digest(self.told),
            }
        }
        self.effects.drain().for_each(drop);
        self.input = Some((sequence, event));
        self.tally.inputs += 1;
    }

    fn compare(
        &mut self,
        sequence: u64,
        at: Stamp,
        record: &Record,
    ) -> Result<Judged, Box<Difference>> {
        let is_carried = matches!(record, Record::PartTrip(_)) && self.segment_begins;
        self.segment_begins = is_carried || matches!(record, Record::Carry(_));
        // The first of these that is a decision looks like the last one that is not.
        if is_carried && self.decided.front() != Some(record) {
            return Ok(Judged::Passed);
        }
        if let Record::Checkpoint(checkpoint) = record {
            return self.check(sequence, at, checkpoint);
        }
        if !is_decision(record) {
            let is_gap = matches!(record, Record::MarketGap);
            return Ok(if is_gap { Judged::Gap } else { Judged::Passed });
        }
        let found = self.decided.pop_front();
        if found == Some(*record) {
            self.tally.decisions += 1;
            return Ok(Judged::Same);
        }
        let what = match found {
            Some(_) => "the replay decided otherwise",
            None => "the replay did not decide this",
        };
        Err(self.difference(sequence, at, what, Some(*record), found))
    }

    fn check(
        &mut self,
        sequence: u64,
        at: Stamp,
        recorded: &Checkpoint,
    ) -> Result<Judged, Box<Difference>> {
        let expected = Some(Record::Checkpoint(*recorded));
        if let Some(found) = self.decided.pop_front() {
            let what = "the replay decided something that is not on record";
            return Err(self.difference(sequence, at, what, expected, Some(found)));
        }
        let whole = recorded.whole;
        let found = checkpoint(&self.core, self.told, whole);
        if found == *recorded {
            self.tally.checkpoints += 1;
            return Ok(Judged::Same);
        }
        let what = match found.state == recorded.state {
            true => "since the last checkpoint, something was asked or told otherwise",
            false => "since the last checkpoint, the state went another way",
        };
        Err(self.difference(sequence, at, what, expected, Some(Record::Checkpoint(found))))
    }

    fn difference(
        &mut self,
        sequence: u64,
        at: Stamp,
        what: &'static str,
        expected: Option<Record>,
        found: Option<Record>,
    ) -> Box<Difference> {
        let input = self.input.take();
        Box::new(Difference { sequence, at, what, input, expected, found })
    }
}

/// What a replay must have come to after the last input.
pub fn checkpoint(core: &Core, told: Digest, whole: bool) -> Checkpoint {
    let state = if whole { core.digest() } else { core.pulse() };
    Checkpoint { state, told: told.value(), whole }
}

/// True for what [`decision`] makes.
fn is_decision(record: &Record) -> bool {
    matches!(
        record,
        Record::Order(_)
            | Record::Child { .. }
            | Record::Cancel { .. }
            | Record::StopOrder(_)
            | Record::StopCancel { .. }
            | Record::Amend(_)
            | Record::AmendDenied(_)
            | Record::Denied(_)
            | Record::Parent(_)
            | Record::Trip(_)
            | Record::PartTrip(_)
            | Record::Reset { .. }
            | Record::Standing { .. }
            | Record::HighWater(_)
            | Record::Kept(_)
            | Record::Ledger(_)
            | Record::TradesKnown { .. }
            | Record::Account { .. }
    )
}
