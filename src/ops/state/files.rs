//! Every file of the state folder: whether it is whole, whether it says what the journal said last,
//! and whether anybody knows it.
//!
//! Must hold: a file that the journal contradicts is a fault; one that is behind is one only after
//! an end, because until then it is on its way.

use super::word::Word;
use super::{Health, Verified};
use crate::config::Config;
use crate::core::{HighWater, Mode, ModeCause, ModeRecord};
use crate::store::attestation::{self, Attested};
use crate::store::compared::{self, Compared, Whose};
use crate::store::daily_pnl::{self, DailyPnl};
use crate::store::ledgers::{self, NamedLedger};
use crate::store::losses::{self, Losses};
use crate::store::mode::{self, Place, Standing};
use crate::store::vouched::{self, Vouched};
use crate::store::{
    KnownTrades, LatchFiles, LatchState, Ledgers, ScopeName, StoreError, Stored, high_water,
    last_epoch,
};
use std::fs;
use std::io;
use std::path::Path;

/// Files whose names are fixed, and what may stand beside them.
const KNOWN: [&str; 18] = [
    "actual_positions.json",
    "attestation.json",
    "daily_pnl.json",
    "engine.sock",
    "engine.sock.lock",
    "epoch",
    "epoch.damaged",
    "expected_positions.json",
    "high_water.json",
    "key_vouched.json",
    "kill_switch.flag",
    "kill_switch_state.json",
    "known_trades.json",
    "last_account.json",
    "ledgers.json",
    "losses.json",
    "mode.json",
    "positions.json",
];

/// Everything that stood in the folder.
pub(super) struct Files {
    names: io::Result<Vec<String>>,
    epoch: Stored<u32>,
    mode: Stored<Vec<Standing>>,
    latch: LatchState,
    high_water: Result<Option<HighWater>, StoreError>,
    losses: Result<Losses, StoreError>,
    ledgers: Result<Ledgers, StoreError>,
    trades: Result<KnownTrades, StoreError>,
    attestation: Stored<Attested>,
    vouched: Stored<Vouched>,
    day: Stored<DailyPnl>,
    sides: [Stored<Compared>; 2],
    snapshots: Vec<(String, Result<(), String>)>,
}

/// Reads all of it.
pub(super) fn read(folder: &Path) -> Files {
    let names = list(folder);
    let snapshots = names.iter().flatten().filter(|name| snapshot_number(name).is_some());
    let snapshots =
        snapshots.map(|name| (name.clone(), read_snapshot(&folder.join(name)))).collect();
    Files {
        epoch: last_epoch(folder),
        mode: mode::read(folder),
        latch: LatchFiles::new(folder).read(),
        high_water: high_water::restore(folder, None),
        losses: losses::restore(folder),
        ledgers: ledgers::restore(folder, &Ledgers::default()),
        trades: KnownTrades::read(folder),
        attestation: attestation::read(folder),
        vouched: vouched::read(folder),
        day: daily_pnl::read(folder),
        sides: Whose::ALL.map(|whose| compared::read(folder, whose)),
        snapshots,
        names,
    }
}

fn list(folder: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// The number in the name of the snapshot of a trip.
fn snapshot_number(name: &str) -> Option<u32> {
    name.strip_prefix("kill_snapshot_")?.strip_suffix(".json")?.parse().ok()
}

fn read_snapshot(path: &Path) -> Result<(), String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).map_err(|error| error.to_string())?;
    Ok(())
}

/// Says of each how it stands.
pub(super) fn compare(files: Files, word: &Word, config: &Config, found: &mut Verified) {
    let Files { names, epoch, mode, latch, high_water, losses, ledgers, trades, .. } = files;
    let has = |name: &str| names.iter().flatten().any(|known| known == name);
    found.on_epoch(epoch, word);
    found.on_mode(mode, word, config);
    found.on_latch(latch, word);
    let high_water = match high_water {
        Ok(Some(mark)) => Stored::Good(mark),
        Ok(None) => Stored::Missing,
        Err(error) => Stored::Damaged(error),
    };
    found.on_high_water(high_water, word);
    found.on_losses(stored(losses, has("losses.json")), word);
    found.on_ledgers(stored(ledgers, has("ledgers.json")), word);
    let trades = stored(trades, has("known_trades.json"));
    found.on_trades(trades, word);
    found.readable("attestation.json", &files.attestation);
    found.readable(vouched::FILE, &files.vouched);
    found.readable("daily_pnl.json", &files.day);
    let [expected, actual] = &files.sides;
    found.readable("expected_positions.json", expected);
    found.readable("actual_positions.json", actual);
    if let (Stored::Good(expected), Stored::Good(actual)) = (expected, actual) {
        found.on_sides(expected, actual);
    }
    for (name, read) in &files.snapshots {
        match read {
            Ok(()) => found.add(name, Health::Good, "readable"),
            Err(error) => found.add(name, Health::Fault, error.clone()),
        }
    }
    found.on_names(&names, word);
}

/// What is read as nothing where there is no file.
fn stored<T>(read: Result<T, StoreError>, has_file: bool) -> Stored<T> {
    match read {
        Ok(value) if has_file => Stored::Good(value),
        Ok(_) => Stored::Missing,
        Err(error) => Stored::Damaged(error),
    }
}

impl Verified {
    /// The file if it is there and whole; said otherwise.
    fn whole<T>(&mut self, name: &str, stored: Stored<T>) -> Option<T> {
        match stored {
            Stored::Good(value) => Some(value),
            Stored::Missing => {
                self.add(name, Health::Note, "not there");
                None
            }
            Stored::Damaged(error) => {
                self.add(name, Health::Fault, error.to_string());
                None
            }
        }
    }

    /// A file that the journal says nothing of.
    fn readable<T>(&mut self, name: &str, stored: &Stored<T>) {
        match stored {
            Stored::Good(_) => self.add(name, Health::Good, "readable"),
            Stored::Missing => self.add(name, Health::Note, "not there"),
            Stored::Damaged(error) => self.add(name, Health::Fault, error.to_string()),
        }
    }

    /// A file that is behind the journal.
    fn behind(&mut self, name: &str, word: &Word, said: String) {
        let is_open = self.is_running || !word.is_closed;
        let (health, why) = match (is_open, self.is_running) {
            (false, _) => (Health::Fault, "and the last run ended in order"),
            (true, true) => (Health::Note, "on its way"),
            (true, false) => (Health::Note, "the crash came between; the next start mends it"),
        };
        self.add(name, health, format!("{said}: {why}"));
    }

    fn on_epoch(&mut self, stored: Stored<u32>, word: &Word) {
        let Some(epoch) = self.whole("epoch", stored) else { return };
        match epoch.cmp(&word.carried.epoch) {
            std::cmp::Ordering::Equal => self.add("epoch", Health::Good, epoch.to_string()),
            std::cmp::Ordering::Less => {
                let said = format!("it says {epoch}, and a start had {}", word.carried.epoch);
                self.add("epoch", Health::Fault, said);
            }
            std::cmp::Ordering::Greater => {
                let said = format!("it says {epoch}; no start of it is in the journal");
                self.add("epoch", Health::Note, said);
            }
        }
    }

    fn on_mode(&mut self, stored: Stored<Vec<Standing>>, word: &Word, config: &Config) {
        let Some(standing) = self.whole("mode.json", stored) else { return };
        let Some(told) = word.modes.as_ref().filter(|_| word.is_same_config) else {
            let said = "readable; no record says under this configuration what held";
            self.add("mode.json", Health::Note, said);
            return;
        };
        let mut is_same = true;
        let places = each_once(&standing, told);
        for place in places.into_iter().filter(|place| is_named(place, config)) {
            let kept = standing.iter().find(|it| it.place == *place);
            let file = kept.map_or(Mode::Running, |it| it.record.mode);
            let journal = told.iter().find(|(known, _)| known == place);
            let journal = journal.map_or(Mode::Running, |(_, record)| record.mode);
            if file == journal || (!word.has_begun && journal < file) {
                continue;
            }
            is_same = false;
            let (name, was) = (file.name(), journal.name());
            let said = format!("{place:?} is {name} there and {was} by the journal");
            if kept.is_some_and(|it| it.record.cause == ModeCause::Restored) {
                self.add("mode.json", Health::Note, format!("{said}: a backup was restored"));
                continue;
            }
            let was_so = word.modes_told.contains(&(place.clone(), file));
            match was_so || file == Mode::Running {
                true => self.behind("mode.json", word, said),
                false => self.add("mode.json", Health::Fault, said),
            }
        }
        if is_same {
            let said = format!("{} place(s), as the journal says", standing.len());
            self.add("mode.json", Health::Good, said);
        }
    }

    fn on_latch(&mut self, state: LatchState, word: &Word) {
        let name = "kill_switch_state.json";
        if let Some(error) = state.damaged {
            self.add(name, Health::Fault, error.to_string());
            return;
        }
        let file: Vec<_> =
            state.table.latches.iter().map(|it| (it.scope, it.trip.generation)).collect();
        let journal = word.latches();
        let mut is_same = true;
        for (scope, generation) in journal.iter().filter(|it| !file.contains(it)) {
            is_same = false;
            self.behind(name, word, format!("trip {generation} ({scope}) is not there"));
        }
        for (scope, generation) in file.iter().filter(|it| !journal.contains(it)) {
            is_same = false;
            let said = format!("trip {generation} ({scope}) stands there and not by the journal");
            self.behind(name, word, said);
        }
        if state.table.generation < word.carried.generation && !state.table.latches.is_empty() {
            is_same = false;
            let (told, counted) = (state.table.generation, word.carried.generation);
            self.behind(name, word, format!("it counts {told} trips and the journal {counted}"));
        }
        if is_same {
            let count = file.len();
            self.add(name, Health::Good, format!("{count} latch(es), as the journal says"));
        }
        let is_whole = file.iter().any(|(scope, _)| *scope == ScopeName::All);
        match (state.flag_present, is_whole) {
            (true, true) => self.add("kill_switch.flag", Health::Good, "as the latch says"),
            (false, true) => self.add(
                "kill_switch.flag",
                Health::Fault,
                "it is gone, and the latch stands: removing it clears nothing",
            ),
            (true, false) => self.add(
                "kill_switch.flag",
                Health::Note,
                "somebody made it: the engine trips within 100 ms, or at its start",
            ),
            (false, false) => {}
        }
    }

    fn on_high_water(&mut self, stored: Stored<HighWater>, word: &Word) {
        let name = "high_water.json";
        let journal = word.carried.high_water.map(|mark| mark.peak);
        if let (Stored::Missing, Some(journal)) = (&stored, journal) {
            self.behind(name, word, format!("not there, and the journal says {journal}"));
            return;
        }
        let Some(HighWater { peak }) = self.whole(name, stored) else { return };
        match journal {
            Some(journal) if peak == journal => self.add(name, Health::Good, peak.to_string()),
            Some(journal) if word.marks.contains(&peak) => {
                self.behind(name, word, format!("it says {peak} and the journal {journal}"));
            }
            Some(journal) => {
                let said = format!("it says {peak}, the journal {journal} and never that");
                self.add(name, Health::Fault, said);
            }
            None => self.add(name, Health::Note, "readable; no record that is kept says any mark"),
        }
    }

    fn on_losses(&mut self, stored: Stored<Losses>, word: &Word) {
        let name = "losses.json";
        let Some(Losses { day, breaker }) = self.whole(name, stored) else { return };
        let mut is_same = true;
        if day.is_some() && day != word.day {
            is_same = false;
            let said = format!("the day is {day:?} there and {:?} by the journal", word.day);
            match day.is_some_and(|day| word.days.contains(&day)) || word.days.is_empty() {
                true => self.behind(name, word, said),
                false => self.add(name, Health::Fault, said),
            }
        }
        if word.breaker.is_some() && breaker != word.breaker {
            is_same = false;
            let said = "the circuit breaker is not as the journal says".to_owned();
            match breaker.is_none_or(|it| word.breakers.contains(&it)) {
                true => self.behind(name, word, said),
                false => self.add(name, Health::Fault, said),
            }
        }
        if is_same {
            self.add(name, Health::Good, "as the journal says");
        }
    }

    fn on_ledgers(&mut self, stored: Stored<Ledgers>, word: &Word) {
        let name = "ledgers.json";
        let Some(file) = self.whole(name, stored) else { return };
        let mut is_same = true;
        for told in word.ledgers.iter() {
            let of = format!("{} {}", told.strategy.as_str(), told.instrument.as_str());
            let is_it =
                |it: &NamedLedger| it.strategy == told.strategy && it.instrument == told.instrument;
            let Some(kept) = file.iter().find(is_it) else {
                is_same = false;
                self.behind(name, word, format!("{of} is not there"));
                continue;
            };
            let (there, last) = (kept.line.revision, told.line.revision);
            let emptied = kept.line
                == crate::core::LedgerLine {
                    revision: there,
                    ..crate::core::LedgerLine::default()
                };
            if there < last {
                is_same = false;
                self.behind(name, word, format!("{of}: revision {there}, the journal has {last}"));
            } else if (there == last && kept.line != told.line) || (last < there && !emptied) {
                is_same = false;
                let said = format!("{of}: it is not what the journal says of revision {last}");
                self.add(name, Health::Fault, said);
            }
        }
        if is_same {
            let count = file.iter().count();
            self.add(name, Health::Good, format!("{count} line(s), as the journal says"));
        }
    }

    fn on_trades(&mut self, stored: Stored<KnownTrades>, word: &Word) {
        let name = "known_trades.json";
        let Some(file) = self.whole(name, stored) else { return };
        let mut is_same = true;
        for (symbol, last) in word.trades.iter() {
            match file.of(symbol) {
                Some(there) if there == last => {}
                Some(there) if last < there => {
                    is_same = false;
                    let said = format!("{symbol}: trade {there}, and the journal knows {last}");
                    self.add(name, Health::Fault, said);
                }
                there => {
                    is_same = false;
                    let there = there.map_or("no trade".to_owned(), |it| format!("trade {it}"));
                    self.behind(name, word, format!("{symbol}: {there}, the journal knows {last}"));
                }
            }
        }
        if is_same {
            self.add(name, Health::Good, "as the journal says");
        }
    }

    /// What the two sides of the last reading make of each other.
    fn on_sides(&mut self, expected: &Compared, actual: &Compared) {
        if expected == actual {
            return;
        }
        let differs = |it: &&(String, _)| !expected.positions.contains(it);
        let mut symbols: Vec<&str> =
            actual.positions.iter().filter(differs).map(|(symbol, _)| symbol.as_str()).collect();
        if expected.unnamed != actual.unnamed {
            symbols.push("what the configuration does not name");
        }
        let said =
            format!("differs from the expected ones: {}; `engine reconcile`", symbols.join(", "));
        // A running engine adopts what it reads twice.
        let health = if self.is_running { Health::Note } else { Health::Fault };
        self.add("actual_positions.json", health, said);
    }

    /// Is there a file that nobody knows?
    fn on_names(&mut self, names: &io::Result<Vec<String>>, word: &Word) {
        let names = match names {
            Ok(names) => names,
            Err(error) => {
                self.add("the state folder", Health::Fault, error.to_string());
                return;
            }
        };
        for name in names {
            if name.starts_with('.') {
                let said = "a writing that a crash cut off; never read, may be deleted";
                self.add(name, Health::Note, said);
            } else if let Some(number) = snapshot_number(name) {
                if word.carried.generation < number {
                    let said = "no such trip is in the journal";
                    self.add(name, Health::Fault, said);
                }
            } else if !KNOWN.contains(&name.as_str()) {
                self.add(name, Health::Fault, "nobody knows this file");
            }
        }
    }
}

/// Every place that the file or the journal tells of.
fn each_once<'a>(file: &'a [Standing], journal: &'a [(Place, ModeRecord)]) -> Vec<&'a Place> {
    let mut places: Vec<&Place> = file.iter().map(|it| &it.place).collect();
    for (place, _) in journal {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn is_named(place: &Place, config: &Config) -> bool {
    match place {
        Place::All => true,
        Place::Venue(name) => config.venue.name == *name,
        Place::Instrument(symbol) => config.instruments.iter().any(|it| it.symbol == *symbol),
        Place::Strategy(name) => config.strategies.iter().any(|it| it.name == *name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_both_tell_of_is_looked_at_once() {
        let record = ModeRecord::default();
        let symbol = Place::Instrument("BTCUSDT".to_owned());
        let standing = |place: &Place| Standing { place: place.clone(), record };
        let file = [standing(&Place::All), standing(&symbol)];
        let journal = [(Place::All, record), (symbol.clone(), record)];
        assert_eq!(each_once(&file, &journal), [&Place::All, &symbol]);
        assert_eq!(each_once(&file[..1], &journal[1..]), [&Place::All, &symbol]);
        assert_eq!(each_once(&[], &journal), [&Place::All, &symbol]);
    }
}
