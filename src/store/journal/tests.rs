//! The journal on real files: what is appended is found again, exactly, or its loss is said.

use super::header::SEGMENT_HEADER_BYTES;
use super::scan::{Scan, Step};
use super::*;
use crate::store::latch_table::{NamedLatch, ScopeName};
use crate::store::record::Start;
use crate::store::samples;
use crate::types::Text;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(super) const SEGMENT: u64 = 16 << 10;

/// With the lanes beside the segments: a test that dies leaves nothing in memory.
fn open(folder: &Path, segment_bytes: u64) -> Result<(Journal, Writer, Opened), StoreError> {
    super::open(folder, folder, segment_bytes)
}

pub(super) fn at(sequence: u64) -> Stamp {
    Stamp { mono_ns: 1_000 * sequence, unix_ns: 2_000 * sequence }
}

pub(super) fn append_all(journal: &mut Journal, records: &[Record]) -> u64 {
    records.iter().map(|record| journal.append(at(1), record).unwrap()).last().unwrap_or_default()
}

/// All records but the ones that segments begin with.
pub(super) fn read_back(folder: &Path) -> Vec<Record> {
    let entries = Reader::open(folder).unwrap().map(|entry| entry.unwrap().record.unwrap());
    entries.filter(|record| !matches!(record, Record::Carry(_))).collect()
}

pub(super) fn segment_path(folder: &TempDir, number: u64) -> PathBuf {
    folder.path().join(format!("{number:010}.tkj"))
}

fn reopened(folder: &TempDir) -> Opened {
    open(folder.path(), SEGMENT).unwrap().2
}

pub(super) fn change(path: &Path, offset: usize, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, offset as u64).unwrap();
}

#[test]
fn what_is_appended_is_found_without_any_sync() {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(60);
    let (mut journal, writer, opened) = open(folder.path(), SEGMENT).unwrap();
    assert_eq!(opened.last_shutdown, LastShutdown::FirstStart);
    assert_eq!(append_all(&mut journal, &records), 61, "the state stands before the first record");
    drop((journal, writer));
    assert_eq!(read_back(folder.path()), records);
    let opened = reopened(&folder);
    assert_eq!(opened.last_shutdown, LastShutdown::Unclean);
    assert_eq!((opened.last_sequence, opened.torn_bytes, opened.damage), (61, 0, None));
    assert_eq!(opened.last_at, Some(at(1)));
}

#[test]
fn a_later_run_goes_on_behind_the_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(20);
    for (run, part) in records.chunks(5).enumerate() {
        let (mut journal, _writer, opened) = open(folder.path(), SEGMENT).unwrap();
        assert_eq!(opened.last_sequence, if run == 0 { 0 } else { 1 + 5 * run as u64 });
        append_all(&mut journal, part);
    }
    assert_eq!(read_back(folder.path()), records);
}

#[test]
fn only_a_clean_stop_at_the_very_end_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    for (last, expected) in [
        (Record::Stop { clean: true }, LastShutdown::Clean),
        (Record::Stop { clean: false }, LastShutdown::Unclean),
    ] {
        append_all(&mut open(folder.path(), SEGMENT).unwrap().0, &[last]);
        assert_eq!(reopened(&folder).last_shutdown, expected);
    }
    let records = [Record::Stop { clean: true }, samples::many(1)[0]];
    append_all(&mut open(folder.path(), SEGMENT).unwrap().0, &records);
    assert_eq!(reopened(&folder).last_shutdown, LastShutdown::Unclean);
}

#[test]
fn the_state_is_carried_over_segments_that_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let start = Start {
        epoch: 9,
        mode: Text::new("paper"),
        config_hash: [7; 32],
        version: Text::new("0.1.0"),
    };
    let mark = crate::core::HighWater { peak: crate::types::Cash::whole(100_000) };
    let (mut journal, mut writer, _) = open(folder.path(), SEGMENT).unwrap();
    let state = [Record::Start(start), Record::Trip(samples::trip(3)), Record::HighWater(mark)];
    append_all(&mut journal, &state);
    for records in samples::many(600).chunks(20) {
        writer.turn().unwrap();
        append_all(&mut journal, records);
    }
    drop((journal, writer));
    let numbers: Vec<u64> = blank::list(folder.path()).unwrap().iter().map(|file| file.0).collect();
    assert!(4 < numbers.len() && numbers.iter().copied().eq(1..=numbers.len() as u64));
    assert_eq!(read_back(folder.path())[3..], samples::many(600));
    (1..4).for_each(|number| fs::remove_file(segment_path(&folder, number)).unwrap());
    let opened = reopened(&folder);
    assert_eq!((opened.epoch, opened.latch_generation), (9, 3));
    assert_eq!((opened.latch, opened.high_water), (Some(samples::trip(3)), Some(mark)));
    assert_eq!(opened.damage, None);
}

#[test]
fn a_full_journal_refuses_and_stays_refusing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), 4_096).unwrap();
    let records = samples::many(100);
    let error = records.iter().find_map(|record| journal.append(at(1), record).err()).unwrap();
    assert!(matches!(error, StoreError::NoSegment), "{error}");
    while writer.handed.slots() != 0 {
        writer.turn().unwrap();
    }
    let error = journal.append(at(1), &records[0]).unwrap_err();
    assert!(matches!(error, StoreError::JournalFailed), "{error}");
    drop((journal, writer));
    let found = read_back(folder.path());
    assert!(10 < found.len() && found == records[..found.len()]);
}

#[test]
fn a_record_is_durable_when_it_was_synced_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), SEGMENT).unwrap();
    let durability = journal.durability();
    assert_eq!(journal.sequence(), 0);
    let first = journal.append(at(1), &Record::Trip(samples::trip(1))).unwrap();
    assert_eq!(journal.sequence(), first);
    assert!(!durability.covers(first));
    writer.sync().unwrap();
    assert!(durability.covers(journal.sequence()), "nothing is waited for");
    assert!(durability.covers(first) && !durability.covers(first + 1));
    let second = journal.append(at(2), &Record::Stop { clean: true }).unwrap();
    assert!(!durability.covers(second));
    writer.close().unwrap();
    assert!(durability.covers(second));
    assert!(journal.append(at(3), &Record::Stop { clean: true }).is_err());
}

#[test]
fn after_a_failed_sync_nothing_is_written_or_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), SEGMENT).unwrap();
    let durability = writer.durability();
    let sequence = journal.append(at(1), &Record::Trip(samples::trip(1))).unwrap();
    writer.sync_file = |_| Err(io::Error::from(io::ErrorKind::StorageFull));
    let error = writer.turn().unwrap_err();
    assert!(error.to_string().contains("free some space"), "{error}");
    writer.sync_file = |_| panic!("a failed sync is never tried again");
    assert!(matches!(writer.turn(), Err(StoreError::JournalFailed)));
    assert!(matches!(journal.append(at(2), &samples::many(1)[0]), Err(StoreError::JournalFailed)));
    assert!(durability.has_failed() && !durability.covers(sequence));
}

#[test]
fn a_journal_without_its_writer_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, writer, _) = open(folder.path(), SEGMENT).unwrap();
    append_all(&mut journal, &samples::many(3));
    drop(writer);
    assert!(journal.append(at(1), &samples::many(1)[0]).is_err());
}

#[test]
fn a_second_engine_is_refused_by_the_name_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, writer, _) = open(folder.path(), SEGMENT).unwrap();
    let Err(StoreError::Locked { holder, .. }) = open(folder.path(), SEGMENT) else {
        panic!("two engines on one journal");
    };
    assert_eq!(holder, Some(std::process::id()));
    drop(writer);
    assert!(open(folder.path(), SEGMENT).is_err(), "the hot thread may still append");
    drop(journal);
    open(folder.path(), SEGMENT).unwrap();
}

#[test]
fn a_full_disk_is_an_error_at_the_start_and_leaves_nothing_behind() {
    // A shared memory folder refuses at once what is larger than itself; a real disk fills first.
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm to be full");
        return;
    };
    let error = blank::Blank::make(folder.path(), 1, 1 << 50).unwrap_err();
    assert!(error.to_string().contains("free some space"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_later_ends_the_journal() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        println!("skipped: no /dev/shm to be full");
        return;
    };
    let (mut journal, mut writer, _) = open(folder.path(), SEGMENT).unwrap();
    writer.segment_bytes = 1 << 50;
    assert!(writer.turn().is_err() && writer.turn().is_err());
    assert!(journal.append(at(1), &samples::many(1)[0]).is_err());
}

#[test]
fn a_segment_is_whole_pages_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [0, 4_095, 4_097, (1 << 30) + 4_096] {
        let error = open(folder.path(), bytes).unwrap_err();
        assert!(matches!(error, StoreError::SegmentSize { .. }), "{bytes}: {error}");
    }
    open(folder.path(), 4_096).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(open(&file, 4_096).unwrap_err().to_string().contains("file"));
}

#[test]
fn what_a_crash_left_unfinished_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("0000000001.new"), "half").unwrap();
    fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let opened = reopened(&folder);
    assert_eq!((opened.last_shutdown, opened.damage), (LastShutdown::FirstStart, None));
    assert!(!folder.path().join("0000000001.new").exists());
    assert!(folder.path().join("notes.txt").exists());
}

/// A segment with the state and 60 records.
fn written() -> (TempDir, Vec<Record>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(60);
    let (mut journal, writer, _) = open(folder.path(), SEGMENT).unwrap();
    append_all(&mut journal, &records);
    let end = journal.pen.place().at as usize;
    writer.close().unwrap();
    (folder, records, end)
}

#[test]
fn a_torn_tail_is_removed_and_said() {
    let (folder, records, end) = written();
    change(&segment_path(&folder, 1), end, &[0x40, 0, 0, 0, 1, 2, 3]);
    let (mut journal, _writer, opened) = open(folder.path(), SEGMENT).unwrap();
    assert_eq!((opened.torn_bytes, opened.damage), (7, None));
    assert_eq!(opened.last_shutdown, LastShutdown::Unclean);
    append_all(&mut journal, &records[..1]);
    drop((journal, _writer));
    assert_eq!(read_back(folder.path()), [&records[..], &records[..1]].concat());
    assert_eq!(reopened(&folder).torn_bytes, 0);
}

#[test]
fn damage_in_the_middle_is_kept_said_and_never_written_near() {
    let (folder, records, _) = written();
    let path = segment_path(&folder, 1);
    change(&path, 1_000, b"damage");
    let before = fs::read(&path).unwrap();
    let (mut journal, writer, opened) = open(folder.path(), SEGMENT).unwrap();
    assert!(matches!(opened.damage, Some(Damage::Bytes { segment: 1, .. })), "{opened:?}");
    assert_eq!((opened.last_shutdown, opened.last_sequence), (LastShutdown::Unclean, 61));
    append_all(&mut journal, &records[..1]);
    drop((journal, writer));
    assert_eq!(fs::read(&path).unwrap(), before);
    let found: Vec<_> = Reader::open(folder.path()).unwrap().collect();
    assert_eq!(found.iter().filter(|entry| entry.is_err()).count(), 1);
    let last = found.last().unwrap().as_ref().unwrap();
    assert_eq!((last.sequence, last.record), (63, Ok(records[0])));
}

#[test]
fn damage_stays_known_until_a_reset_and_not_beyond() {
    let (folder, _, _) = written();
    change(&segment_path(&folder, 1), 1_000, b"damage");
    append_all(&mut open(folder.path(), SEGMENT).unwrap().0, &samples::many(3));
    let (mut journal, writer, opened) = open(folder.path(), SEGMENT).unwrap();
    assert_eq!(opened.damage, Some(Damage::Unresolved));
    let request = samples::request();
    // A start puts the damage on record as a trip; a word about another latch does not clear it.
    let trip = Record::Trip(samples::trip(2));
    append_all(&mut journal, &[trip, Record::Reset { generation: 1, request }]);
    drop((journal, writer));
    assert_eq!(reopened(&folder).damage, Some(Damage::Unresolved));
    let (mut journal, writer, _) = open(folder.path(), SEGMENT).unwrap();
    append_all(&mut journal, &[Record::Reset { generation: 2, request }]);
    drop((journal, writer));
    assert_eq!(reopened(&folder).damage, None);
}

#[test]
fn a_damaged_header_or_a_missing_segment_is_damage() {
    let (folder, records, _) = written();
    change(&segment_path(&folder, 1), 3, b"?");
    let opened = reopened(&folder);
    assert_eq!(opened.damage, Some(Damage::Header { segment: 1 }));
    assert_eq!(opened.last_sequence, 61, "the records are still read");

    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), 4_096).unwrap();
    for record in [&records[..], &records[..]].concat() {
        writer.turn().unwrap();
        journal.append(at(1), &record).unwrap();
    }
    drop((journal, writer));
    let used = blank::list(folder.path()).unwrap().len() as u64 - 1;
    fs::remove_file(segment_path(&folder, used - 1)).unwrap();
    assert_eq!(reopened(&folder).damage, Some(Damage::Missing { segment: used - 1 }));
}

#[test]
fn a_record_of_a_later_version_is_damage_and_not_passed_over() {
    let (folder, _, end) = written();
    let path = segment_path(&folder, 1);
    let (_, link) = ends_of(&fs::read(&path).unwrap());
    let mut frame = framed(62, &Record::Stop { clean: true });
    frame[10] = 9;
    change(&path, end, &sealed(&frame, link));
    let opened = reopened(&folder);
    assert_eq!(opened.damage, Some(Damage::Record { segment: 1, sequence: 62 }));
}

/// A frame as it stands in a lane.
pub(super) fn framed(sequence: u64, record: &Record) -> Vec<u8> {
    let mut bytes = [0; frame::FRAME_WRITTEN_MAX - 4];
    let length = frame::write(&mut bytes, sequence, at(1), record);
    [&length.to_le_bytes()[..], &bytes[..length as usize - 4]].concat()
}

/// The frame with a right checksum and the mark that follows `link`.
pub(super) fn sealed(frame: &[u8], link: Link) -> Vec<u8> {
    let mut frame = frame.to_vec();
    let length = u32::from_le_bytes(frame[..4].try_into().unwrap());
    let checksum = crc32c::crc32c_append(length, &frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    let mut sealed = Vec::new();
    frame::seal(&mut sealed, &frame::read(&frame, 0).unwrap(), link);
    sealed
}

/// Where the frames of a whole segment begin and end, and the link behind the last.
pub(super) fn ends_of(segment: &[u8]) -> (Vec<usize>, Link) {
    let mut scan = Scan::new(segment, None);
    let mut ends = vec![SEGMENT_HEADER_BYTES];
    while let Step::Frame(_) = scan.step() {
        ends.push(scan.at());
    }
    (ends, scan.link().unwrap())
}

const CHILD_FOLDER: &str = "TRADEKEEL_JOURNAL_TEST_FOLDER";

/// Runs in a process of its own; does nothing when it is run as a test.
#[test]
fn child_appends_and_is_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let (mut journal, _writer, _) = open(Path::new(&folder), SEGMENT).unwrap();
    append_all(&mut journal, &samples::many(60));
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
        .unwrap();
}

#[test]
fn what_was_appended_survives_kill_nine() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::journal::tests::child_appends_and_is_killed"])
        .env(CHILD_FOLDER, folder.path())
        .output()
        .unwrap();
    assert_eq!(child.status.signal(), Some(9), "{child:?}");
    assert_eq!(read_back(folder.path()), samples::many(60));
    let opened = reopened(&folder);
    assert_eq!((opened.last_sequence, opened.torn_bytes, opened.damage), (61, 0, None));
    assert_eq!(opened.last_shutdown, LastShutdown::Unclean);
}

#[test]
fn the_latches_of_parts_are_carried_over_segments_that_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), 4_096).unwrap();
    let part = |name: &str, generation: u32| {
        let scope = ScopeName::Strategy(Text::new(name));
        NamedLatch { scope, trip: samples::trip(generation) }
    };
    let (maker, taker) = (part("maker", 1), part("taker", 2));
    let request = samples::request();
    append_all(&mut journal, &[Record::PartTrip(maker), Record::PartTrip(taker)]);
    append_all(&mut journal, &[Record::Reset { generation: 2, request }]);
    for record in samples::many(200) {
        writer.turn().unwrap();
        journal.append(at(1), &record).unwrap();
    }
    drop((journal, writer));
    let opened = open(folder.path(), 4_096).unwrap().2;
    assert_eq!((opened.part_latches, opened.latch_generation), (vec![maker], 2));
}

#[test]
fn the_tail_is_the_last_of_a_kind_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), 4_096).unwrap();
    let records = samples::many(100);
    for record in &records {
        writer.turn().unwrap();
        journal.append(at(1), record).unwrap();
    }
    let is_order = |record: &Record| matches!(record, Record::Order(_));
    let orders: Vec<Record> = records.into_iter().filter(is_order).collect();
    let found = tail(folder.path(), 3, is_order).unwrap();
    let found: Vec<Record> = found.into_iter().map(|entry| entry.record.unwrap()).collect();
    assert_eq!(found, orders[orders.len() - 3..]);
    assert!(tail(&folder.path().join("missing"), 3, is_order).is_err());
}
