//! A backup brings back what was there, and says so when it does not.

use super::*;
use crate::core::{Mode, ModeCause, ModeRecord};
use crate::store::journal::{self, Image};
use crate::store::samples;
use crate::store::{LatchFiles, Place, Record, Standing, Stored, mode, next_epoch};
use crate::types::{ClientOrderId, Stamp, Text};
use std::collections::BTreeMap;
use tempfile::TempDir;

const SEGMENT: u64 = 4_096;

/// Records of a run: no id of an order comes twice.
fn records(count: usize, epoch: u32) -> Vec<Record> {
    let ids = (1..).map(|sequence| ClientOrderId { epoch, sequence });
    let with_id = |(mut record, own): (Record, ClientOrderId)| {
        if let Record::Order(order) | Record::Child { order, .. } = &mut record {
            order.id = own;
        }
        record
    };
    samples::many(count).into_iter().zip(ids).map(with_id).collect()
}

/// Of all kinds but those that bind the order of starts.
fn is_free(record: &Record) -> bool {
    !matches!(record, Record::Start(_) | Record::Carry(_) | Record::Lost { .. })
}

/// A deployment with a journal of some files, that does not run.
struct Deployment {
    root: TempDir,
    state: PathBuf,
    journal: PathBuf,
    config: PathBuf,
    backups: PathBuf,
}

impl Deployment {
    fn new(records: usize) -> Self {
        let root = tempfile::tempdir().unwrap();
        let [state, journal, config, backups] =
            ["state", "journal", "live.yaml", "backups"].map(|name| root.path().join(name));
        let this = Self { state, journal, config, backups, root };
        fs::write(&this.config, "mode: paper\n").unwrap();
        next_epoch(&this.state, 0).unwrap();
        this.stand(ModeCause::Start);
        this.append(records, 1);
        this
    }

    /// What a run of that epoch appends.
    fn append(&self, count: usize, epoch: u32) {
        let (mut journal, mut writer, _) =
            journal::open(&self.journal, &self.journal, SEGMENT).unwrap();
        let at = Stamp { mono_ns: 0, unix_ns: u64::from(epoch) };
        for record in records(count, epoch).iter().filter(|it| is_free(it)) {
            journal.append(at, record).unwrap();
            writer.turn().unwrap();
        }
        writer.close().unwrap();
    }

    fn stand(&self, cause: ModeCause) {
        let (by, note) = (Text::new("engine"), Text::default());
        let record = ModeRecord::default().moved(cause, Stamp::default(), by, note);
        mode::write(&self.state, &[Standing { place: Place::All, record }]).unwrap();
    }

    fn source(&self) -> Source<'_> {
        let Self { state, journal, config, backups, .. } = self;
        Source { instance: "small", state, journal, config, backups }
    }

    fn back_up(&self, name: &str, keep: u64) -> Manifest {
        create(&self.source(), (name, 7), keep).unwrap().manifest
    }

    fn files(&self) -> BTreeMap<u64, Vec<u8>> {
        files_of(&self.journal)
    }

    fn other(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn mode(&self) -> ModeRecord {
        let Stored::Good(standing) = mode::read(&self.state) else { panic!("no mode") };
        standing[0].record
    }
}

fn files_of(journal: &Path) -> BTreeMap<u64, Vec<u8>> {
    let mut found = BTreeMap::new();
    let keep = |image: Image| {
        found.insert(image.number, image.bytes);
        Ok::<_, StoreError>(())
    };
    journal::images(journal, |_| false, keep).unwrap();
    found
}

fn restoring() -> Restoring<'static> {
    let at = Stamp { mono_ns: 0, unix_ns: 9_000 };
    Restoring { by: "ada", reason: "the disk died", at }
}

#[test]
fn what_comes_back_is_what_was_there() {
    let there = Deployment::new(200);
    let manifest = there.back_up("20260101", 9);
    let folder = there.other("trial");
    let checked = check(&there.backups, &manifest, &folder).unwrap();
    assert!(checked.is_whole(&manifest), "{checked:?}");
    assert!(2 < manifest.segments.len() && 0 < manifest.tally.orders, "{manifest:?}");
    assert_eq!(manifest.segments.iter().filter(|it| !it.is_shared).count(), 1);
    for (number, bytes) in there.files() {
        assert!(fs::read(journal::image_path(&folder.join("journal"), number)).unwrap() == bytes);
    }
    assert!(difference(&there.state, &folder.join("state")).unwrap().is_empty());
    assert_eq!(fs::read(folder.join("config.yaml")).unwrap(), fs::read(&there.config).unwrap());
    assert_eq!(find(&there.backups, None).unwrap(), manifest);
    assert!(matches!(
        check(&there.backups, &manifest, &folder),
        Err(BackupError::NotEmpty(found)) if found == folder
    ));
}

#[test]
fn files_that_are_complete_are_kept_once() {
    let there = Deployment::new(200);
    let first = there.back_up("20260101", 9);
    let before = fs::read_dir(there.backups.join(SHARED)).unwrap().count();
    there.append(200, 2);
    let second = there.back_up("20260102", 9);
    let shared = fs::read_dir(there.backups.join(SHARED)).unwrap().count();
    let complete = second.segments.iter().filter(|it| it.is_shared).count();
    assert!(before < shared && shared == complete, "{before} {shared} {complete}");
    for manifest in [&first, &second] {
        let folder = there.other(&manifest.name);
        assert!(check(&there.backups, manifest, &folder).unwrap().is_whole(manifest));
    }
}

/// Another journal has files of the same numbers.
#[test]
fn a_journal_that_was_begun_anew_is_not_taken_for_the_old_one() {
    let there = Deployment::new(200);
    there.back_up("20260101", 9);
    fs::remove_dir_all(&there.journal).unwrap();
    there.append(200, 2);
    let manifest = there.back_up("20260102", 9);
    let folder = there.other("trial");
    assert!(check(&there.backups, &manifest, &folder).unwrap().is_whole(&manifest));
    for (number, bytes) in there.files() {
        assert!(fs::read(journal::image_path(&folder.join("journal"), number)).unwrap() == bytes);
    }
}

#[test]
fn the_oldest_go_and_what_the_others_need_stays() {
    let there = Deployment::new(200);
    fs::create_dir_all(there.backups.join("20251231")).unwrap();
    for day in 1..=4_u32 {
        there.append(60, day + 1);
        there.back_up(&format!("2026010{day}"), 2);
    }
    let left: Vec<_> =
        list(&there.backups).unwrap().into_iter().map(|found| found.unwrap().name).collect();
    assert_eq!(left, ["20260103", "20260104"]);
    assert!(!there.backups.join("20251231").exists(), "one that was never completed");
    for name in &left {
        let manifest = find(&there.backups, Some(name)).unwrap();
        assert!(check(&there.backups, &manifest, &there.other(name)).unwrap().is_whole(&manifest));
    }
    // A journal that was moved away takes its files along.
    fs::remove_dir_all(&there.journal).unwrap();
    fs::create_dir(&there.journal).unwrap();
    there.back_up("20260105", 1);
    assert_eq!(fs::read_dir(there.backups.join(SHARED)).unwrap().count(), 0);
}

#[test]
fn no_flipped_bit_is_brought_back() {
    let there = Deployment::new(40);
    let manifest = there.back_up("20260101", 9);
    let kept = there.backups.join(&manifest.name);
    let files = manifest.files.iter().map(|file| kept.join(&file.path));
    let segments = manifest.segments.iter().map(|it| it.path(&there.backups, &manifest.name));
    for path in files.chain(segments) {
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        // Behind what a packed file says of itself, which nothing is taken from.
        let at = bad.len() / 2;
        bad[at] ^= 1;
        fs::write(&path, bad).unwrap();
        let before = there.files();
        let restored = in_place(&there.source(), &manifest, &restoring());
        let error = restored.unwrap_err();
        assert!(matches!(&error, BackupError::Damaged { path: found, .. } if *found == path));
        assert!(error.to_string().contains("take another backup"), "{error}");
        assert!(there.files() == before, "nothing is changed");
        fs::remove_dir_all(there.other("restoring-9000")).unwrap();
        fs::write(&path, good).unwrap();
    }
    let path = kept.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"small\"", "\"large\"");
    fs::write(&path, text).unwrap();
    assert!(matches!(find(&there.backups, Some("20260101")), Err(BackupError::Store(_))));
    assert!(matches!(find(&there.backups, None), Err(BackupError::Unknown { .. })));
    assert!(list(&there.backups).unwrap()[0].is_err());
}

#[test]
fn a_restore_halts_keeps_what_it_replaces_and_never_uses_an_epoch_again() {
    let there = Deployment::new(40);
    let manifest = there.back_up("20260101", 9);
    let starts: Vec<u32> = (0..5).map(|_| next_epoch(&there.state, 0).unwrap()).collect();
    there.append(200, 2);
    let before = there.files();
    let restored = in_place(&there.source(), &manifest, &restoring()).unwrap();
    assert!(!restored.is_killed);
    let Restored { replaced: Some(replaced), .. } = restored else { panic!("nothing is kept") };
    assert!(there.files().len() < before.len());
    assert!(files_of(&replaced.join("journal")) == before);
    let mode = there.mode();
    assert_eq!((mode.mode, mode.cause), (Mode::Halted, ModeCause::Restored));
    assert_eq!((mode.by.as_str(), mode.note.as_str()), ("ada", "the disk died"));
    assert_eq!(next_epoch(&there.state, 0).unwrap(), starts[4] + 1);
}

/// Where nobody knows how many starts there were.
#[test]
fn without_the_epoch_that_was_used_it_leaps() {
    let there = Deployment::new(40);
    let manifest = there.back_up("20260101", 9);
    fs::remove_dir_all(&there.state).unwrap();
    in_place(&there.source(), &manifest, &restoring()).unwrap();
    assert_eq!(next_epoch(&there.state, 3).unwrap(), 1_003);
    let folder = there.other("elsewhere");
    into_folder(&there.backups, &manifest, &folder, &restoring()).unwrap();
    assert_eq!(next_epoch(&folder.join("state"), 3).unwrap(), 1_003, "another may still run");
    let again = into_folder(&there.backups, &manifest, &folder, &restoring());
    assert!(matches!(again, Err(BackupError::NotEmpty(_))));
}

#[test]
fn a_restore_lifts_no_latch() {
    let there = Deployment::new(40);
    let manifest = there.back_up("20260101", 9);
    let flag = LatchFiles::new(&there.state);
    fs::write(flag.flag_path(), "").unwrap();
    assert!(in_place(&there.source(), &manifest, &restoring()).unwrap().is_killed);
    assert!(flag.flag_present());
    // What cannot be read may have been latched.
    fs::remove_file(flag.flag_path()).unwrap();
    fs::write(there.state.join("kill_switch_state.json"), "{").unwrap();
    let later = Restoring { at: Stamp { mono_ns: 0, unix_ns: 9_001 }, ..restoring() };
    assert!(in_place(&there.source(), &manifest, &later).unwrap().is_killed);
}

#[test]
fn what_runs_or_is_being_made_is_in_the_way() {
    let there = Deployment::new(4);
    let manifest = there.back_up("20260101", 9);
    let (_journal, writer, _) = journal::open(&there.journal, &there.journal, SEGMENT).unwrap();
    let error = in_place(&there.source(), &manifest, &restoring()).unwrap_err();
    assert!(matches!(error, BackupError::Store(StoreError::Locked { .. })), "{error}");
    assert_eq!(there.mode().cause, ModeCause::Start);
    drop(writer);
    let lock = fs::File::create(there.backups.join("lock")).unwrap();
    lock.try_lock().unwrap();
    let error = create(&there.source(), ("20260102", 7), 9).unwrap_err();
    assert!(error.to_string().contains("another backup is being made"), "{error}");
}

#[test]
fn a_name_leads_nowhere_else() {
    let there = Deployment::new(4);
    there.back_up("20260101", 9);
    for name in ["../backups/20260101", "..", "", "20260102", "20260101/state", "segments"] {
        let error = find(&there.backups, Some(name)).unwrap_err();
        assert!(error.to_string().contains("engine backup list"), "{name}: {error}");
    }
    assert!(list(&there.other("nowhere")).unwrap().is_empty());
}

#[test]
fn a_difference_is_told_by_file_and_value() {
    let there = Deployment::new(4);
    there.back_up("20260101", 9);
    there.stand(ModeCause::Halt);
    fs::write(there.state.join("kill_switch.flag"), "why\n").unwrap();
    let kept = there.backups.join("20260101/state");
    let found = difference(&kept, &there.state).unwrap();
    let row = |path: &str| found.iter().find(|it| it.path == path).cloned();
    let told = |path: &str, left: Option<&str>, right: Option<&str>| {
        let [left, right] = [left, right].map(|it| it.map(str::to_owned));
        assert_eq!(row(path), Some(Difference { path: path.to_owned(), left, right }));
    };
    told("mode.json[0].mode", Some("RUNNING"), Some("HALTED"));
    told("kill_switch.flag", None, Some("why"));
    assert_eq!(row("epoch.epoch"), None);
}
