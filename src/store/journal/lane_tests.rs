//! The lane in memory: what a killed process left there is saved once, and only into its own
//! journal.

use super::tests::{SEGMENT, append_all, change, read_back, segment_path};
use super::*;
use crate::store::samples;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder in memory; none on a machine without.
fn memory() -> Option<TempDir> {
    let found = tempfile::tempdir_in("/dev/shm").ok();
    if found.is_none() {
        println!("skipped: no /dev/shm to keep a lane in");
    }
    found
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// A journal whose process died: `records`, of which `synced` are on disk. Answers where they end.
fn killed(folder: &Path, lanes: &Path, records: &[Record], synced: usize) -> usize {
    let (mut journal, mut writer, _) = open(folder, lanes, SEGMENT).unwrap();
    append_all(&mut journal, &records[..synced]);
    writer.sync().unwrap();
    append_all(&mut journal, &records[synced..]);
    journal.pen.place().at as usize
}

fn lane_of(folder: &Path) -> PathBuf {
    let files = [0, 1].map(|at| folder.join("lane").join(at.to_string()));
    files.into_iter().find(|file| fs::read(file).unwrap().starts_with(b"TKJRLANE")).unwrap()
}

#[test]
fn a_lane_lies_in_memory_and_is_removed_at_a_clean_end() {
    let Some(lanes) = memory() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, writer, opened) = open(folder.path(), lanes.path(), SEGMENT).unwrap();
    assert_eq!(opened.shelter, Shelter::Memory);
    assert_eq!(count(lanes.path()), 1);
    append_all(&mut journal, &samples::many(9));
    writer.close().unwrap();
    assert_eq!((count(lanes.path()), folder.path().join("lane").exists()), (0, false));
    assert_eq!(read_back(folder.path()), samples::many(9));
}

#[test]
fn what_was_only_in_memory_is_read_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory();
    let lanes = memory.as_ref().map_or(folder.path(), TempDir::path);
    let records = samples::many(60);
    killed(folder.path(), lanes, &records, 20);
    assert_eq!(read_back(folder.path()), records, "a reader sees both");
    let (_, _, opened) = open(folder.path(), lanes, SEGMENT).unwrap();
    assert_eq!((opened.saved, opened.last_sequence, opened.damage), (40, 61, None));
    assert_eq!(opened.last_shutdown, LastShutdown::Unclean);
    // The lanes of the run that has just ended are gone, and nothing is missing.
    assert_eq!(read_back(folder.path()), records);
}

#[test]
fn it_is_saved_from_where_it_lay_although_the_next_start_lies_elsewhere() {
    let Some(lanes) = memory() else { return };
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path(), lanes.path(), &samples::many(30), 0);
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert_eq!((opened.saved, opened.damage), (31, None));
    assert!(matches!(opened.shelter, Shelter::Disk(_)), "{:?}", opened.shelter);
    assert_eq!(count(lanes.path()), 0);
}

#[test]
fn a_start_that_dies_while_it_saves_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(40);
    killed(folder.path(), folder.path(), &records, 10);
    let files = blank::list(folder.path()).unwrap();
    let first = drain::drain(folder.path(), &files).unwrap();
    let second = drain::drain(folder.path(), &files).unwrap();
    assert_eq!((first.records, second.records), (30, 0));
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert_eq!((opened.last_sequence, opened.damage), (41, None));
}

#[test]
fn what_two_lanes_hold_is_saved_over_the_end_of_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), 4_096).unwrap();
    writer.turn().unwrap();
    let records = samples::many(60);
    append_all(&mut journal, &records);
    assert_eq!(journal.pen.place().segment, 2, "the writer has not seen any of it");
    drop((journal, writer));
    assert_eq!(read_back(folder.path()), records);
    let (_, _, opened) = open(folder.path(), folder.path(), 4_096).unwrap();
    assert_eq!((opened.saved, opened.damage), (62, None));
    assert_eq!(read_back(folder.path()), records);
}

#[test]
fn the_lane_of_a_copied_journal_is_not_read() {
    let Some(lanes) = memory() else { return };
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path(), lanes.path(), &samples::many(30), 10);
    let copy = tempfile::tempdir().unwrap();
    fs::copy(segment_path(&folder, 1), segment_path(&copy, 1)).unwrap();
    let target = fs::read_link(folder.path().join("lane")).unwrap();
    std::os::unix::fs::symlink(&target, copy.path().join("lane")).unwrap();
    let (_, _, opened) = open(copy.path(), lanes.path(), SEGMENT).unwrap();
    assert_eq!((opened.saved, opened.last_sequence), (0, 11));
    assert!(target.exists(), "the other journal still needs it");
}

#[test]
fn a_lane_that_tells_another_story_is_damage_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path(), folder.path(), &samples::many(30), 30);
    let before = fs::read(segment_path(&folder, 1)).unwrap();
    // The journal was replaced by another one of the same length.
    let other = tempfile::tempdir().unwrap();
    killed(other.path(), other.path(), &samples::many(31)[1..], 30);
    fs::copy(segment_path(&other, 1), segment_path(&folder, 1)).unwrap();
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert!(matches!(opened.damage, Some(Damage::Bytes { segment: 1, .. })), "{opened:?}");
    assert!(folder.path().join("0000000001.lane").exists());
    assert_ne!(before, fs::read(segment_path(&folder, 1)).unwrap(), "nor is it put back");
}

#[test]
fn a_lane_whose_segment_is_gone_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path(), folder.path(), &samples::many(30), 10);
    fs::remove_file(segment_path(&folder, 1)).unwrap();
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert_eq!(opened.damage, Some(Damage::Missing { segment: 1 }));
}

#[test]
fn a_record_that_changed_in_memory_is_damage_and_never_reaches_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(30);
    killed(folder.path(), folder.path(), &records, 0);
    change(&lane_of(folder.path()), 1_000, b"damage");
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert!(matches!(opened.damage, Some(Damage::Bytes { segment: 1, .. })), "{opened:?}");

    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    append_all(&mut journal, &records);
    change(&lane_of(folder.path()), 1_000, b"damage");
    let error = writer.turn().unwrap_err();
    assert!(error.to_string().contains("changed in memory"), "{error}");
    assert!(journal.append(Stamp::default(), &records[0]).is_err());
}

#[test]
fn a_record_that_was_torn_in_memory_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let records = samples::many(30);
    let end = killed(folder.path(), folder.path(), &records, 10);
    change(&lane_of(folder.path()), end + 24, b"half");
    let (_, _, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert_eq!((opened.saved, opened.damage), (20, None));
    assert!(0 < opened.torn_bytes);
    assert_eq!(opened.last_shutdown, LastShutdown::Unclean);
}

#[test]
fn a_folder_that_is_not_in_memory_or_has_no_room_falls_back_and_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for (lanes, why) in [(folder.path(), "not a folder in memory"), (Path::new("/nowhere"), "open")]
    {
        let (_, writer, opened) = open(folder.path(), lanes, SEGMENT).unwrap();
        let Shelter::Disk(said) = opened.shelter else { panic!("{lanes:?} is in memory") };
        assert!(said.contains(why), "{said}");
        writer.close().unwrap();
    }
    let Some(lanes) = memory() else { return };
    assert!(berth::make(folder.path(), lanes.path(), 1 << 50).is_err(), "nor has the disk");
    assert_eq!((count(lanes.path()), folder.path().join("lane").is_symlink()), (0, false));
}

#[test]
fn a_lane_that_no_journal_leads_to_is_replaced() {
    let Some(lanes) = memory() else { return };
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path(), lanes.path(), &samples::many(30), 10);
    // The folder's content was removed by hand, and with it what leads to the lane.
    for entry in fs::read_dir(folder.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let (_, writer, opened) = open(folder.path(), lanes.path(), SEGMENT).unwrap();
    assert_eq!((opened.last_shutdown, opened.shelter), (LastShutdown::FirstStart, Shelter::Memory));
    writer.close().unwrap();
}

/// Thousands of files come and go: the disk and the memory that they take do not grow.
#[test]
fn over_thousands_of_files_neither_disk_nor_memory_grow() {
    let Some(folder) = memory() else { return };
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    writer.keep(6);
    let clean = Record::Account {
        venue: crate::types::VenueId(0),
        token: crate::types::QueryToken(1),
        findings: 0,
    };
    let records = [samples::many(60), vec![clean]].concat();
    let at = Stamp::default();
    let (mut files_most, mut copy_most) = (0, 0);
    while journal.pen.place().segment < 2_000 {
        for record in &records {
            journal.append(at, record).unwrap();
        }
        writer.turn().unwrap();
        files_most = files_most.max(blank::list(folder.path()).unwrap().len());
        copy_most = copy_most.max(writer.copy.capacity());
        assert!(writer.live.len() + writer.free.len() == 2 && writer.old.len() <= 6);
    }
    assert!(files_most <= 7, "{files_most} files");
    assert!(copy_most as u64 <= 4 * SEGMENT, "{copy_most} bytes");
    writer.close().unwrap();
    drop(journal);
    let faults = verify(folder.path()).unwrap().faults;
    // The samples are told again and again, and so are the ids in them.
    let chained = faults.iter().all(|fault| fault.what.ends_with("was used before"));
    assert!(chained, "{faults:?}");
    let opened = open(folder.path(), folder.path(), SEGMENT).unwrap().2;
    assert_eq!(opened.damage, None);
}

#[test]
fn no_file_is_removed_before_the_account_was_read_clean_in_a_later_one() {
    let Some(folder) = memory() else { return };
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    writer.keep(4);
    let reading = |findings| Record::Account {
        venue: crate::types::VenueId(0),
        token: crate::types::QueryToken(1),
        findings,
    };
    let mut go_on = |findings: u32, until: u32| {
        journal.append(Stamp::default(), &reading(findings)).unwrap();
        while journal.pen.place().segment < until {
            append_all(&mut journal, &samples::many(6)[..2]);
            writer.turn().unwrap();
        }
        blank::list(folder.path()).unwrap()[0].0
    };
    assert_eq!(go_on(1, 20), 1, "a reading with findings proves nothing");
    assert_eq!(go_on(0, 40), 20, "the file of the clean reading is kept, and all after it");
    assert!(38 < go_on(0, 43));
}

#[test]
fn an_old_file_that_is_gone_or_cannot_be_removed_does_not_end_the_journal() {
    let Some(folder) = memory() else { return };
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    writer.keep(4);
    let mut go_on = |until: u32| {
        while journal.pen.place().segment < until {
            let clean = Record::Account {
                venue: crate::types::VenueId(0),
                token: crate::types::QueryToken(1),
                findings: 0,
            };
            journal.append(Stamp::default(), &clean).unwrap();
            append_all(&mut journal, &samples::many(6)[..2]);
            writer.turn().unwrap();
        }
        blank::list(folder.path()).unwrap()
    };
    let files = go_on(10);
    fs::remove_file(&files[0].1).unwrap();
    let files = go_on(20);
    assert!(10 < files[0].0, "the files behind the missing one are removed");
    // A folder is no file.
    fs::remove_file(&files[0].1).unwrap();
    fs::create_dir(&files[0].1).unwrap();
    let stuck = files[0].0;
    assert_eq!(go_on(30)[0].0, stuck, "it is kept, and all behind it");
    fs::remove_dir(&files[0].1).unwrap();
    assert!(20 < go_on(40)[0].0, "then it goes on");
}
