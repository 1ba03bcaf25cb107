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
use super::layout::{reason_number, reason_of};
use crate::core::safety::{TripReason, TripRecord};
use crate::types::{Stamp, Text};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const NEXT: &str = "start: the engine comes up KILLED; reconcile, then `engine kill-switch reset`";

/// `state/kill_switch_state.json` and `state/kill_switch.flag`.
#[derive(Clone, Debug)]
pub struct LatchFiles {
    state: PathBuf,
    flag: PathBuf,
}

/// What the two files say.
#[derive(Debug)]
pub struct LatchState {
    /// The trip in the state file.
    pub latch: Option<TripRecord>,
    /// How often the switch has ever tripped, as far as the state file knows.
    pub generation: u32,
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
            flag: state_folder.join("kill_switch.flag"),
        }
    }

    /// Where the flag is, for the watch on it (R20).
    pub fn flag_path(&self) -> &Path {
        &self.flag
    }

    /// Latches both files; returns when they are on disk. The flag is first: it is the cheaper one,
    /// and alone it is enough. When one cannot be written the other still is.
    pub fn write_trip(&self, trip: &TripRecord) -> Result<(), StoreError> {
        let flag = self.raise_flag(trip);
        let state = atomic::write(&self.state, &Written::tripped(trip));
        flag.and(state)
    }

    /// Clears both files after a reset; returns when that is on disk. The flag goes last, so that
    /// a crash in between leaves the switch latched.
    pub fn clear(
        &self,
        generation: u32,
        by: &str,
        reason: &str,
        at: Stamp,
    ) -> Result<(), StoreError> {
        atomic::write(&self.state, &Written::cleared(generation, by, reason, at))?;
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
        let (latch, generation, damaged) = match atomic::read::<Written>(&self.state, NEXT) {
            Stored::Missing => (None, 0, None),
            Stored::Damaged(error) => (None, 0, Some(error)),
            Stored::Good(written) => match written.latch() {
                Ok(latch) => (latch, written.generation, None),
                Err(what) => (None, written.generation, Some(self.damage(what))),
            },
        };
        LatchState { latch, generation, flag_present, damaged }
    }

    /// True when the flag is there, or it cannot be told that it is not. One system call.
    pub fn flag_present(&self) -> bool {
        match fs::symlink_metadata(&self.flag) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    fn raise_flag(&self, trip: &TripRecord) -> Result<(), StoreError> {
        make_folder(self.folder())?;
        File::create(&self.flag)
            .and_then(|mut file| {
                writeln!(file, "tripped: {:?}, generation {}", trip.reason, trip.generation)?;
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

impl LatchState {
    /// The truth at a start: latched if the files or the journal say so, or cannot be read.
    /// Answers the trip, if any, and the generation to go on from.
    ///
    /// A trip that is on record keeps its cause; one that only shows by the flag or by damage is a
    /// new trip, of now.
    pub fn restore(&self, journal: &Opened, now: Stamp) -> (Option<TripRecord>, u32) {
        let known = [self.latch, journal.latch].into_iter().flatten();
        let recorded = known.max_by_key(|trip| trip.generation);
        let generation = self.generation.max(journal.latch_generation);
        let generation = recorded.map_or(generation, |trip| generation.max(trip.generation));
        let unreadable = self.unreadable(journal);
        let trip = match (recorded, unreadable) {
            (Some(trip), _) => trip,
            (None, Some(note)) => fresh(generation, TripReason::StateUnreadable, &note, now),
            (None, None) if self.flag_present => {
                let note = "kill_switch.flag was there at the start";
                fresh(generation, TripReason::FlagFile, note, now)
            }
            (None, None) => return (None, generation),
        };
        (Some(trip), generation.max(trip.generation))
    }

    fn unreadable(&self, journal: &Opened) -> Option<String> {
        let file = self.damaged.as_ref().map(|_| "kill_switch_state.json is damaged".to_owned());
        file.or_else(|| journal.damage.map(|damage| format!("the journal is damaged: {damage:?}")))
    }
}

fn fresh(generation: u32, reason: TripReason, note: &str, at: Stamp) -> TripRecord {
    let (generation, note) = (generation.saturating_add(1), Text::new(note));
    TripRecord { generation, reason, at, value: 0, limit: 0, by: Text::default(), note }
}

/// The state file: numbers for programs, words for people.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    latched: bool,
    generation: u32,
    /// Of the trip, or of the reset when it is not latched.
    mono_ns: u64,
    unix_ns: u64,
    by: String,
    detail: String,
    trip: Option<Cause>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    reason_code: u8,
    reason: String,
    value: i64,
    limit: i64,
}

impl Written {
    fn tripped(trip: &TripRecord) -> Self {
        Self {
            latched: true,
            generation: trip.generation,
            mono_ns: trip.at.mono_ns,
            unix_ns: trip.at.unix_ns,
            by: trip.by.as_str().to_owned(),
            detail: trip.note.as_str().to_owned(),
            trip: Some(Cause {
                reason_code: reason_number(trip.reason),
                reason: format!("{:?}", trip.reason),
                value: trip.value,
                limit: trip.limit,
            }),
        }
    }

    fn cleared(generation: u32, by: &str, reason: &str, at: Stamp) -> Self {
        Self {
            latched: false,
            generation,
            mono_ns: at.mono_ns,
            unix_ns: at.unix_ns,
            by: by.to_owned(),
            detail: reason.to_owned(),
            trip: None,
        }
    }

    fn latch(&self) -> Result<Option<TripRecord>, String> {
        let cause = match (self.latched, &self.trip) {
            (false, None) => return Ok(None),
            (true, Some(cause)) => cause,
            (true, None) => return Err("it is latched without a trip".to_owned()),
            (false, Some(_)) => return Err("it holds a trip and is not latched".to_owned()),
        };
        let Some(reason) = reason_of(cause.reason_code) else {
            return Err(format!("reason_code {} is not known", cause.reason_code));
        };
        Ok(Some(TripRecord {
            generation: self.generation,
            reason,
            at: Stamp { mono_ns: self.mono_ns, unix_ns: self.unix_ns },
            value: cause.value,
            limit: cause.limit,
            by: Text::new(&self.by),
            note: Text::new(&self.detail),
        }))
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
        journal::open(folder.path(), 4_096).unwrap().2
    }

    #[test]
    fn a_trip_comes_back_as_it_was_until_it_is_cleared() {
        let (_folder, files) = files();
        assert_eq!(files.read().restore(&nothing(), NOW), (None, 0));
        files.write_trip(&samples::trip(3)).unwrap();
        let state = files.read();
        assert!(state.flag_present && state.damaged.is_none());
        assert_eq!((state.latch, state.generation), (Some(samples::trip(3)), 3));
        assert_eq!(state.restore(&nothing(), NOW), (Some(samples::trip(3)), 3));
        files.clear(3, "ada", "checked", NOW).unwrap();
        let state = files.read();
        assert!(!state.flag_present && state.latch.is_none());
        assert_eq!(state.restore(&nothing(), NOW), (None, 3));
    }

    #[test]
    fn removing_the_flag_clears_nothing() {
        let (_folder, files) = files();
        files.write_trip(&samples::trip(1)).unwrap();
        fs::remove_file(files.flag_path()).unwrap();
        assert_eq!(files.read().restore(&nothing(), NOW).0, Some(samples::trip(1)));
    }

    #[test]
    fn removing_both_files_clears_nothing_that_the_journal_holds() {
        let (folder, files) = files();
        let path = folder.path().join("journal");
        let (mut journal, writer, _) = journal::open(&path, 4_096).unwrap();
        journal.append(NOW, &Record::Trip(samples::trip(2))).unwrap();
        drop((journal, writer));
        let opened = journal::open(&path, 4_096).unwrap().2;
        assert_eq!(files.read().restore(&opened, NOW), (Some(samples::trip(2)), 2));
        files.clear(2, "ada", "the journal's reset was lost with the machine", NOW).unwrap();
        assert_eq!(files.read().restore(&opened, NOW).0, Some(samples::trip(2)));
    }

    #[test]
    fn a_flag_alone_is_a_trip_of_its_own() {
        let (_folder, files) = files();
        files.clear(4, "ada", "checked", NOW).unwrap();
        File::create(files.flag_path()).unwrap();
        let (trip, generation) = files.read().restore(&nothing(), NOW);
        let trip = trip.unwrap();
        assert_eq!((trip.reason, trip.generation, generation), (TripReason::FlagFile, 5, 5));
        assert_eq!(trip.at, NOW);
    }

    #[test]
    fn a_damaged_state_file_is_a_trip() {
        let (_folder, files) = files();
        files.clear(4, "ada", "checked", NOW).unwrap();
        fs::write(&files.state, "{\"latched\": false}").unwrap();
        let state = files.read();
        assert!(state.damaged.is_some() && state.latch.is_none());
        let trip = state.restore(&nothing(), NOW).0.unwrap();
        assert_eq!(trip.reason, TripReason::StateUnreadable);
        assert!(trip.note.as_str().contains("kill_switch_state.json"));
    }

    #[test]
    fn a_damaged_journal_is_a_trip_and_a_known_trip_keeps_its_cause() {
        let (_folder, files) = files();
        let opened = Opened { damage: Some(Damage::Unresolved), ..nothing() };
        let trip = files.read().restore(&opened, NOW).0.unwrap();
        assert_eq!((trip.reason, trip.generation), (TripReason::StateUnreadable, 1));
        files.write_trip(&samples::trip(1)).unwrap();
        assert_eq!(files.read().restore(&opened, NOW).0, Some(samples::trip(1)));
    }

    #[test]
    fn a_state_that_contradicts_itself_is_damage() {
        let (_folder, files) = files();
        let mut written = Written::tripped(&samples::trip(1));
        written.latched = false;
        atomic::write(&files.state, &written).unwrap();
        assert!(files.read().damaged.is_some());
        written.latched = true;
        written.trip.as_mut().unwrap().reason_code = 99;
        atomic::write(&files.state, &written).unwrap();
        assert!(files.read().damaged.unwrap().to_string().contains("reason_code 99"));
        written.trip = None;
        atomic::write(&files.state, &written).unwrap();
        assert!(files.read().damaged.is_some());
    }

    #[test]
    fn the_flag_is_raised_even_when_the_state_file_cannot_be_written() {
        let (_folder, files) = files();
        fs::create_dir_all(&files.state).unwrap();
        assert!(files.write_trip(&samples::trip(1)).is_err());
        assert!(files.flag_present());
    }

    #[test]
    fn a_flag_that_cannot_be_looked_at_is_there() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("state"), "a file").unwrap();
        assert!(LatchFiles::new(&folder.path().join("state")).flag_present());
    }
}
