//! The kill switch on disk: a state file, a flag file, and the truth that they and the journal make
//! together.
//!
//! Must hold: the switch is latched when *any* of the three says so; removing the flag or the state
//! file clears nothing that the journal still holds (R20 to R22); what cannot be read counts as
//! latched. Not here: the journal's own record of a trip, which is synced before these files are
//! written (SAFETY 3), and its reset, which is synced before they are cleared.

use super::StoreError;
use super::atomic::{self, Stored, make_folder, sync_folder};
use super::journal::Opened;
use super::latch_table::{LatchTable, NamedLatch, Past, ScopeName};
use super::layout::{reason_number, reason_of};
use crate::core::safety::{TripReason, TripRecord};
use crate::types::{Stamp, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const NEXT: &str = "start: the engine comes up KILLED; reconcile, then `engine kill-switch reset`";

/// `state/kill_switch_state.json` and `state/kill_switch.flag`.
#[derive(Clone, Debug)]
pub struct LatchFiles {
    state: PathBuf,
    flag: PathBuf,
    /// The flag of another engine that counts as well, and is never written.
    heeded: Option<PathBuf>,
}

/// What the two files say.
#[derive(Debug)]
pub struct LatchState {
    /// What the state file says.
    pub table: LatchTable,
    /// Whether the flag is there, or it cannot be told that it is not.
    pub flag_present: bool,
    /// Why the state file cannot be read.
    pub damaged: Option<StoreError>,
}

impl LatchFiles {
    /// In this state folder.
    pub fn new(state_folder: &Path) -> Self {
        Self {
            state: state_folder.join("kill_switch_state.json"),
            flag: flag_in(state_folder),
            heeded: None,
        }
    }

    /// The same, obeying the flag of another engine's state folder too.
    #[must_use]
    pub fn heeding(self, other_state_folder: &Path) -> Self {
        Self { heeded: Some(flag_in(other_state_folder)), ..self }
    }

    /// Where the flag is, for the watch on it (R20).
    pub fn flag_path(&self) -> &Path {
        &self.flag
    }

    /// Keeps what stands; returns when it is on disk. While everything is stopped the flag is there
    /// as well, and first: it is the cheaper one, and alone it is enough. When one cannot be
    /// written the other still is.
    pub fn write(&self, table: &LatchTable) -> Result<(), StoreError> {
        let flag = table.whole().map_or(Ok(()), |latch| self.raise_flag(&latch.trip));
        let state = atomic::write(&self.state, &Written::of(table));
        flag.and(state)
    }

    /// Keeps what stands after a reset of everything; returns when that is on disk. The flag goes
    /// last, so that a crash in between leaves the switch latched. A latch of a part has no flag.
    pub fn write_cleared(&self, table: &LatchTable) -> Result<(), StoreError> {
        atomic::write(&self.state, &Written::of(table))?;
        match fs::remove_file(&self.flag) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &self.flag)(error))
            }
            Ok(()) | Err(_) => sync_folder(self.folder()),
        }
    }

    /// What the files say now.
    pub fn read(&self) -> LatchState {
        let flag_present = self.flag_present();
        let (table, damaged) = match atomic::read::<Written>(&self.state, NEXT) {
            Stored::Missing => (LatchTable::default(), None),
            Stored::Damaged(error) => (LatchTable::default(), Some(error)),
            Stored::Good(written) => {
                let generation = written.generation;
                written.table().map_or_else(
                    |what| {
                        let table = LatchTable { generation, ..LatchTable::default() };
                        (table, Some(self.damage(what)))
                    },
                    |table| (table, None),
                )
            }
        };
        LatchState { table, flag_present, damaged }
    }

    /// True when the flag is there, or it cannot be told that it is not. One system call for each
    /// that counts.
    pub fn flag_present(&self) -> bool {
        is_present(&self.flag) || self.heeded.as_deref().is_some_and(is_present)
    }

    fn raise_flag(&self, trip: &TripRecord) -> Result<(), StoreError> {
        self.raise(&format!("tripped: {:?}, generation {}", trip.reason, trip.generation))
    }

    /// Puts the flag there, which alone makes the next start KILLED; returns when it is on disk.
    pub(super) fn raise(&self, why: &str) -> Result<(), StoreError> {
        make_folder(self.folder())?;
        File::create(&self.flag)
            .and_then(|mut file| {
                writeln!(file, "{why}")?;
                writeln!(file, "removing this file clears nothing: `engine kill-switch reset`")?;
                file.sync_all()
            })
            .map_err(StoreError::io("write", &self.flag))?;
        sync_folder(self.folder())
    }

    fn folder(&self) -> &Path {
        self.flag.parent().unwrap_or(Path::new("."))
    }

    fn damage(&self, what: String) -> StoreError {
        StoreError::Damaged { path: self.state.clone(), what, next: NEXT }
    }
}

fn flag_in(state_folder: &Path) -> PathBuf {
    state_folder.join("kill_switch.flag")
}

/// What cannot be looked at counts.
fn is_present(flag: &Path) -> bool {
    match fs::symlink_metadata(flag) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

impl LatchState {
    /// The truth at a start: latched if the files or the journal say so, or cannot be read.
    ///
    /// A trip that is on record keeps its cause; one that only shows by the flag or by damage is a
    /// new trip, of now.
    pub fn restore(self, journal: &Opened, now: Stamp) -> LatchTable {
        let unreadable = self.unreadable(journal);
        let Self { mut table, flag_present, .. } = self;
        table.generation = table.generation.max(journal.latch_generation);
        let whole = journal.latch.map(|trip| NamedLatch { scope: ScopeName::All, trip });
        whole
            .into_iter()
            .chain(journal.part_latches.iter().copied())
            .for_each(|it| table.stand(it));
        let flag = || flag_present.then(|| "kill_switch.flag was there at the start".to_owned());
        let news = unreadable.map(|note| (TripReason::StateUnreadable, note));
        let news = news.or_else(|| flag().map(|note| (TripReason::FlagFile, note)));
        match news {
            Some((reason, note)) if table.whole().is_none() => table.trip_now(reason, &note, now),
            Some(_) | None => {}
        }
        table
    }

    fn unreadable(&self, journal: &Opened) -> Option<String> {
        let file = self.damaged.as_ref().map(|_| "kill_switch_state.json is damaged".to_owned());
        file.or_else(|| journal.damage.map(|damage| format!("the journal is damaged: {damage:?}")))
    }
}

impl LatchTable {
    /// A trip of everything that a start finds cause for, unless one stands.
    pub fn trip_now(&mut self, reason: TripReason, note: &str, at: Stamp) {
        if self.whole().is_some() {
            return;
        }
        let (generation, note) = (self.generation.saturating_add(1), Text::new(note));
        let by = Text::new("start");
        let trip = TripRecord { generation, reason, at, value: 0, limit: 0, by, note };
        self.on_trip(NamedLatch { scope: ScopeName::All, trip });
    }
}

/// The state file: numbers for programs, words for people (R22).
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    latched: bool,
    generation: u32,
    latches: Vec<WrittenLatch>,
    activations: BTreeMap<String, u64>,
    history: VecDeque<Past>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenLatch {
    scope: String,
    generation: u32,
    reason_code: u8,
    reason: String,
    detail: String,
    by: String,
    mono_ns: u64,
    unix_ns: u64,
    value: i64,
    threshold: i64,
}

impl Written {
    fn of(table: &LatchTable) -> Self {
        Self {
            latched: !table.latches.is_empty(),
            generation: table.generation,
            latches: table.latches.iter().map(WrittenLatch::of).collect(),
            activations: table.activations.clone(),
            history: table.history.clone(),
        }
    }

    fn table(self) -> Result<LatchTable, String> {
        if self.latched == self.latches.is_empty() {
            return Err("it contradicts itself about being latched".to_owned());
        }
        let latches = self.latches.iter().map(WrittenLatch::latch);
        Ok(LatchTable {
            latches: latches.collect::<Result<_, _>>()?,
            generation: self.generation,
            activations: self.activations,
            history: self.history,
        })
    }
}

impl WrittenLatch {
    fn of(latch: &NamedLatch) -> Self {
        let NamedLatch { scope, trip } = latch;
        Self {
            scope: scope.to_string(),
            generation: trip.generation,
            reason_code: reason_number(trip.reason),
            reason: format!("{:?}", trip.reason),
            detail: trip.note.as_str().to_owned(),
            by: trip.by.as_str().to_owned(),
            mono_ns: trip.at.mono_ns,
            unix_ns: trip.at.unix_ns,
            value: trip.value,
            threshold: trip.limit,
        }
    }

    fn latch(&self) -> Result<NamedLatch, String> {
        let code = self.reason_code;
        let scope = ScopeName::parse(&self.scope);
        Ok(NamedLatch {
            scope: scope.ok_or_else(|| format!("scope `{}` is not known", self.scope))?,
            trip: TripRecord {
                generation: self.generation,
                reason: reason_of(code)
                    .ok_or_else(|| format!("reason_code {code} is not known"))?,
                at: Stamp { mono_ns: self.mono_ns, unix_ns: self.unix_ns },
                value: self.value,
                limit: self.threshold,
                by: Text::new(&self.by),
                note: Text::new(&self.detail),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::journal::{self, Damage};
    use super::super::record::Record;
    use super::super::samples;
    use super::*;
    use tempfile::TempDir;

    const NOW: Stamp = Stamp { mono_ns: 10, unix_ns: 20 };

    fn files() -> (TempDir, LatchFiles) {
        let folder = tempfile::tempdir().unwrap();
        let files = LatchFiles::new(&folder.path().join("state"));
        (folder, files)
    }

    /// What an empty journal says.
    fn nothing() -> Opened {
        let folder = tempfile::tempdir().unwrap();
        journal::open(folder.path(), folder.path(), 4_096).unwrap().2
    }

    fn tripped(generation: u32) -> LatchTable {
        let mut table = LatchTable::default();
        table.on_trip(NamedLatch { scope: ScopeName::All, trip: samples::trip(generation) });
        table
    }

    fn cleared(generation: u32) -> LatchTable {
        let mut table = tripped(generation);
        table.on_reset(generation, "ada", "checked", NOW).unwrap();
        table
    }

    fn maker(generation: u32) -> NamedLatch {
        let scope = ScopeName::Strategy(Text::new("maker"));
        NamedLatch { scope, trip: samples::trip(generation) }
    }

    fn whole(table: &LatchTable) -> Option<TripRecord> {
        table.whole().map(|latch| latch.trip)
    }

    #[test]
    fn a_trip_comes_back_as_it_was_until_it_is_cleared() {
        let (_folder, files) = files();
        assert_eq!(files.read().restore(&nothing(), NOW), LatchTable::default());
        files.write(&tripped(3)).unwrap();
        let state = files.read();
        assert!(state.flag_present && state.damaged.is_none());
        assert_eq!(state.restore(&nothing(), NOW), tripped(3));
        files.write_cleared(&cleared(3)).unwrap();
        let state = files.read();
        assert!(!state.flag_present && state.table.latches.is_empty());
        let table = state.restore(&nothing(), NOW);
        assert_eq!((whole(&table), table.generation), (None, 3));
        assert_eq!(table.history[0].reset.as_ref().unwrap().by, "ada");
    }

    #[test]
    fn latches_of_parts_come_back_beside_each_other_and_raise_no_flag() {
        let (folder, files) = files();
        let mut table = LatchTable::default();
        table.on_trip(maker(1));
        let symbol = ScopeName::Instrument(Text::new("BTCUSDT"));
        table.on_trip(NamedLatch { scope: symbol, trip: samples::trip(2) });
        files.write(&table).unwrap();
        assert!(!files.flag_present());
        assert_eq!(files.read().restore(&nothing(), NOW), table);
        // Without the file the journal still holds them.
        fs::remove_file(&files.state).unwrap();
        let path = folder.path().join("journal");
        let (mut journal, writer, _) = journal::open(&path, &path, 4_096).unwrap();
        for latch in &table.latches {
            journal.append(NOW, &Record::PartTrip(*latch)).unwrap();
        }
        drop((journal, writer));
        let opened = journal::open(&path, &path, 4_096).unwrap().2;
        let restored = files.read().restore(&opened, NOW);
        assert_eq!((restored.latches, restored.generation), (table.latches, 2));
    }

    #[test]
    fn a_flag_beside_a_latch_of_a_part_is_a_trip_of_everything() {
        let (_folder, files) = files();
        let mut table = LatchTable::default();
        table.on_trip(maker(1));
        files.write(&table).unwrap();
        File::create(files.flag_path()).unwrap();
        let table = files.read().restore(&nothing(), NOW);
        let trip = whole(&table).unwrap();
        assert_eq!((trip.reason, trip.generation), (TripReason::FlagFile, 2));
        assert_eq!(table.latches.len(), 2);
    }

    #[test]
    fn removing_the_flag_clears_nothing() {
        let (_folder, files) = files();
        files.write(&tripped(1)).unwrap();
        fs::remove_file(files.flag_path()).unwrap();
        assert_eq!(whole(&files.read().restore(&nothing(), NOW)), Some(samples::trip(1)));
    }

    #[test]
    fn removing_both_files_clears_nothing_that_the_journal_holds() {
        let (folder, files) = files();
        let path = folder.path().join("journal");
        let (mut journal, writer, _) = journal::open(&path, &path, 4_096).unwrap();
        journal.append(NOW, &Record::Trip(samples::trip(2))).unwrap();
        drop((journal, writer));
        let opened = journal::open(&path, &path, 4_096).unwrap().2;
        let restored = files.read().restore(&opened, NOW);
        assert_eq!((whole(&restored), restored.generation), (Some(samples::trip(2)), 2));
        assert!(restored.activations.is_empty(), "only the counters began anew");
        // The journal's reset was lost with the machine.
        files.write_cleared(&cleared(2)).unwrap();
        assert_eq!(whole(&files.read().restore(&opened, NOW)), Some(samples::trip(2)));
    }

    #[test]
    fn a_flag_alone_is_a_trip_of_its_own() {
        let (_folder, files) = files();
        files.write_cleared(&cleared(4)).unwrap();
        File::create(files.flag_path()).unwrap();
        let table = files.read().restore(&nothing(), NOW);
        let trip = whole(&table).unwrap();
        assert_eq!((trip.reason, trip.generation, trip.at), (TripReason::FlagFile, 5, NOW));
        assert_eq!((table.generation, table.activations["FlagFile"]), (5, 1));
    }

    #[test]
    fn a_damaged_state_file_is_a_trip() {
        let (_folder, files) = files();
        files.write_cleared(&cleared(4)).unwrap();
        fs::write(&files.state, "{\"latched\": false}").unwrap();
        let state = files.read();
        assert!(state.damaged.is_some() && state.table.latches.is_empty());
        let trip = whole(&state.restore(&nothing(), NOW)).unwrap();
        assert_eq!(trip.reason, TripReason::StateUnreadable);
        assert!(trip.note.as_str().contains("kill_switch_state.json"));
    }

    #[test]
    fn a_damaged_journal_is_a_trip_and_a_known_trip_keeps_its_cause() {
        let (_folder, files) = files();
        let opened = Opened { damage: Some(Damage::Unresolved), ..nothing() };
        let trip = whole(&files.read().restore(&opened, NOW)).unwrap();
        assert_eq!((trip.reason, trip.generation), (TripReason::StateUnreadable, 1));
        files.write(&tripped(1)).unwrap();
        assert_eq!(whole(&files.read().restore(&opened, NOW)), Some(samples::trip(1)));
    }

    #[test]
    fn a_state_that_contradicts_itself_is_damage() {
        let (_folder, files) = files();
        let spoil = |change: fn(&mut Written)| {
            let mut written = Written::of(&tripped(1));
            change(&mut written);
            atomic::write(&files.state, &written).unwrap();
            files.read().damaged.unwrap().to_string()
        };
        spoil(|it| it.latched = false);
        spoil(|it| it.latches.clear());
        assert!(spoil(|it| it.latches[0].reason_code = 99).contains("reason_code 99"));
        assert!(spoil(|it| "half".clone_into(&mut it.latches[0].scope)).contains("`half`"));
    }

    #[test]
    fn the_flag_is_raised_even_when_the_state_file_cannot_be_written() {
        let (_folder, files) = files();
        fs::create_dir_all(&files.state).unwrap();
        assert!(files.write(&tripped(1)).is_err());
        assert!(files.flag_present());
    }

    #[test]
    fn a_flag_that_cannot_be_looked_at_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state"), "a file").unwrap();
        assert!(LatchFiles::new(&folder.path().join("state")).flag_present());
    }

    #[test]
    fn the_flag_of_another_engine_counts_and_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("dry"), folder.path().join("live"));
        fs::create_dir_all(&other).unwrap();
        let files = LatchFiles::new(&own).heeding(&other);
        assert!(!files.flag_present());
        fs::write(other.join("kill_switch.flag"), "").unwrap();
        assert!(files.flag_present() && files.read().flag_present);
        files.write_cleared(&LatchTable::default()).unwrap();
        assert!(files.flag_present() && other.join("kill_switch.flag").exists());
    }
}
