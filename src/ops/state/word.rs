//! What the journal said last of everything that also stands in a state file.
//!
//! Must hold: only records speak; what older files held, which retention took away, is not known
//! and not guessed.

use crate::config::Config;
use crate::core::{BreakerMark, DayMark, Kept, Mode, ModeRecord, Scope};
use crate::store::{
    Carried, KnownTrades, Ledgers, NamedLatch, Place, Record, ScopeName, TakenOver,
};
use crate::types::Cash;
use std::collections::BTreeSet;

/// The last word.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// Epoch, generation, the latch of everything, the high-water mark.
    pub carried: Carried,
    /// The latches of parts.
    pub parts: Vec<NamedLatch>,
    /// The last record is that of an end: nothing is on its way.
    pub is_closed: bool,
    /// That end was in order.
    pub is_clean: bool,
    /// The last start has told what it began with.
    pub has_begun: bool,
    /// Every high-water mark that was recorded.
    pub marks: BTreeSet<Cash>,
    /// Every epoch that a start took.
    pub epochs: BTreeSet<u32>,
    /// Ledgers, the latest of each.
    pub ledgers: Ledgers,
    /// Known trades.
    pub trades: KnownTrades,
    /// Where the day began; `None` too where a reset began it anew.
    pub day: Option<DayMark>,
    /// Every opening of a day that was recorded.
    pub days: Vec<DayMark>,
    /// The circuit breaker.
    pub breaker: Option<BreakerMark>,
    /// Every state of it that was recorded.
    pub breakers: Vec<BreakerMark>,
    /// The modes of a run that has begun, and what became of them; `None` where no file that is
    /// kept tells what it began with.
    pub modes: Option<Vec<(Place, ModeRecord)>>,
    /// Every mode that a place was told to be in.
    pub modes_told: Vec<(Place, Mode)>,
    /// The configuration of the last start is this one: names are by the same indexes.
    pub is_same_config: bool,
    taken_over: Vec<(Place, ModeRecord)>,
    names: ByIndex,
    hash: String,
}

#[derive(Clone, Debug, Default)]
struct ByIndex {
    venue: String,
    instruments: Vec<String>,
    strategies: Vec<String>,
}

impl ByIndex {
    fn place(&self, scope: Scope) -> Option<Place> {
        match scope {
            Scope::All => Some(Place::All),
            Scope::Venue(_) => Some(Place::Venue(self.venue.clone())),
            Scope::Instrument(id) => {
                self.instruments.get(id.index()).cloned().map(Place::Instrument)
            }
            Scope::Strategy(id) => self.strategies.get(id.index()).cloned().map(Place::Strategy),
        }
    }
}

impl Word {
    /// Nothing yet.
    pub fn new(config: &Config) -> Self {
        let names = ByIndex {
            venue: config.venue.name.clone(),
            instruments: config.instruments.iter().map(|it| it.symbol.clone()).collect(),
            strategies: config.strategies.iter().map(|it| it.name.clone()).collect(),
        };
        Self { names, hash: config.hash.clone(), ..Self::default() }
    }

    /// Takes in one record.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds say nothing that stands in a state file"
    )]
    pub fn take(&mut self, record: &Record) {
        self.carried.observe(record);
        self.is_closed = matches!(record, Record::Stop { .. });
        self.is_clean = matches!(record, Record::Stop { clean: true });
        match record {
            Record::Start(start) => {
                self.epochs.insert(start.epoch);
                let hex = start.config_hash.iter().map(|byte| format!("{byte:02x}"));
                self.is_same_config = hex.collect::<String>() == self.hash;
                self.has_begun = false;
                self.taken_over.clear();
            }
            Record::HighWater(mark) => {
                self.marks.insert(mark.peak);
            }
            Record::Carry(carried) => {
                self.marks.extend(carried.high_water.map(|mark| mark.peak));
            }
            Record::PartTrip(latch) => {
                self.parts.retain(|it| it.scope != latch.scope);
                self.parts.push(*latch);
            }
            Record::Reset { generation, .. } => {
                self.parts.retain(|it| it.trip.generation != *generation);
                // A new baseline begins the day anew, and only the file says so.
                self.day = None;
            }
            Record::Ledger(ledger) => self.ledgers.keep(ledger),
            Record::TradesKnown { instrument, through_id } => {
                self.trades.keep(instrument.as_str(), *through_id);
            }
            Record::Kept(kept) => self.on_kept(*kept),
            Record::TakenOver(part) => self.on_taken_over(part),
            Record::Begin(_) => {
                self.has_begun = true;
                let taken = std::mem::take(&mut self.taken_over);
                self.modes_told.extend(taken.iter().map(|(place, it)| (place.clone(), it.mode)));
                self.modes = Some(taken);
            }
            Record::Standing { scope, record } => self.on_mode(*scope, *record),
            _ => {}
        }
    }

    /// Every latch that stands.
    pub fn latches(&self) -> Vec<(ScopeName, u32)> {
        let whole = self.carried.latch.map(|trip| (ScopeName::All, trip.generation));
        let parts = self.parts.iter().map(|it| (it.scope, it.trip.generation));
        whole.into_iter().chain(parts).collect()
    }

    fn on_kept(&mut self, kept: Kept) {
        match kept {
            Kept::Day(mark) => {
                self.day = Some(mark);
                self.days.push(mark);
            }
            Kept::Breaker(mark) => {
                self.breaker = Some(mark);
                self.breakers.push(mark);
            }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the rest is what the files themselves told"
    )]
    fn on_taken_over(&mut self, part: &TakenOver) {
        match part {
            TakenOver::Mode { scope, record } => {
                let place = self.names.place(*scope);
                self.taken_over.extend(place.map(|place| (place, *record)));
            }
            TakenOver::Day(mark) => self.on_kept(Kept::Day(*mark)),
            TakenOver::Breaker(mark) => self.on_kept(Kept::Breaker(*mark)),
            _ => {}
        }
    }

    /// As the writer keeps them: a narrow place that runs again has no line.
    fn on_mode(&mut self, scope: Scope, record: ModeRecord) {
        let Some(place) = self.names.place(scope) else { return };
        self.modes_told.push((place.clone(), record.mode));
        let Some(modes) = &mut self.modes else { return };
        modes.retain(|(known, _)| *known != place);
        if place == Place::All || record.mode != Mode::Running {
            modes.push((place, record));
        }
    }
}
