//! A follower reads what the writer brought to disk, once each, and tells what is not there.

use super::header::SEGMENT_HEADER_BYTES;
use super::tests::{append_all, at, change, segment_path};
use super::*;
use crate::store::samples;
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

const SEGMENT: u64 = 4_096;

fn opened(folder: &TempDir) -> (Journal, Writer) {
    let (journal, writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    (journal, writer)
}

/// Reads on as far as there is anything, and adds to what was found.
fn follow(follower: &mut Follower, through: u64, found: &mut Vec<Followed>) {
    let mut take = |followed| {
        found.push(followed);
        Ok::<_, StoreError>(())
    };
    while follower.read(through, &mut take).unwrap() == Reach::More {}
}

fn from_the_first(folder: &TempDir) -> Vec<Followed> {
    let mut found = Vec::new();
    follow(&mut Follower::behind(folder.path(), 0, Stamp::default()), u64::MAX, &mut found);
    found
}

fn sequences(found: &[Followed]) -> Vec<u64> {
    let entries = found.iter().filter_map(|it| match it {
        Followed::Entry(entry) => Some(entry.sequence),
        Followed::Gap { .. } => None,
    });
    entries.collect()
}

/// A journal over many files.
fn written(count: usize) -> (TempDir, u64) {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer) = opened(&folder);
    for records in samples::many(count).chunks(10) {
        writer.turn().unwrap();
        append_all(&mut journal, records);
    }
    writer.sync().unwrap();
    let last = journal.sequence();
    (folder, last)
}

#[test]
fn it_finds_what_a_reader_finds_and_nothing_twice() {
    let (folder, last) = written(300);
    let found = from_the_first(&folder);
    assert_eq!(sequences(&found), (1..=last).collect::<Vec<_>>());
    let read: Vec<Followed> =
        Reader::open(folder.path()).unwrap().map(|it| Followed::Entry(it.unwrap())).collect();
    assert_eq!(found, read);
}

#[test]
fn beside_a_writer_it_gets_each_record_once_and_none_that_is_not_synced() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer) = opened(&folder);
    let durability = journal.durability();
    let mut follower = Follower::behind(folder.path(), 0, Stamp::default());
    let mut found = Vec::new();
    for records in samples::many(400).chunks(7) {
        writer.turn().unwrap();
        append_all(&mut journal, records);
        follow(&mut follower, durability.synced_sequence(), &mut found);
        assert_eq!(sequences(&found).len() as u64, durability.synced_sequence());
        assert!(durability.synced_sequence() < journal.sequence());
    }
    writer.sync().unwrap();
    follow(&mut follower, durability.synced_sequence(), &mut found);
    assert_eq!(sequences(&found), (1..=journal.sequence()).collect::<Vec<_>>());
    assert_eq!(found.len() as u64, journal.sequence(), "no gap");
}

#[test]
fn it_goes_on_behind_any_record_and_knows_another_journal() {
    let (folder, last) = written(120);
    for known in [1, 2, 57, last - 1, last] {
        let mut found = Vec::new();
        let mut follower = Follower::behind(folder.path(), known, at(1));
        follow(&mut follower, u64::MAX, &mut found);
        assert_eq!(sequences(&found), (known + 1..=last).collect::<Vec<_>>());
        let mut other = Follower::behind(folder.path(), known, at(2));
        let mut refused = Ok(Reach::More);
        while known < last && matches!(refused, Ok(Reach::More)) {
            refused = other.read(u64::MAX, |_| Ok::<_, StoreError>(()));
        }
        let is_other =
            matches!(refused, Err(StoreError::OtherJournal { sequence, .. }) if sequence == known);
        assert!(is_other || known == last, "{known}: {refused:?}");
    }
}

#[test]
fn files_that_are_gone_are_a_gap_with_its_bounds() {
    let (folder, last) = written(300);
    let whole = sequences(&from_the_first(&folder));
    for number in [1, 2, 4] {
        fs::remove_file(segment_path(&folder, number)).unwrap();
    }
    let found = from_the_first(&folder);
    let gaps: Vec<_> = found.iter().filter(|it| matches!(it, Followed::Gap { .. })).collect();
    assert_eq!(gaps.len(), 2, "{gaps:?}");
    let mut covered = sequences(&found);
    for gap in gaps {
        let Followed::Gap { from, to, lack } = *gap else { unreachable!() };
        assert_eq!(lack, Lack::Removed);
        covered.extend(from..=to);
    }
    covered.sort_unstable();
    assert_eq!(covered, whole);
    assert_eq!(covered.last(), Some(&last));
}

#[test]
fn a_file_that_goes_while_it_is_read_is_read_to_its_end() {
    let (folder, last) = written(300);
    let mut follower = Follower::behind(folder.path(), 0, Stamp::default());
    let mut found = Vec::new();
    follow(&mut follower, 3, &mut found);
    fs::remove_file(segment_path(&folder, 1)).unwrap();
    follow(&mut follower, u64::MAX, &mut found);
    assert_eq!(sequences(&found), (1..=last).collect::<Vec<_>>());
}

#[test]
fn a_folder_without_a_journal_has_nothing_yet_and_one_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(from_the_first(&folder).is_empty());
    let mut follower = Follower::behind(&folder.path().join("gone"), 0, Stamp::default());
    let refused = follower.read(1, |_| Ok::<_, StoreError>(()));
    assert!(matches!(refused, Err(StoreError::Io { .. })), "{refused:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever bytes are altered: what it hands out is what was written, in order, and what it
    /// tells as a gap is exactly what it does not hand out, but for a tail that nothing follows.
    #[test]
    fn altered_bytes_are_never_a_record(
        segment in 1_u64..5,
        offset in SEGMENT_HEADER_BYTES..4_000,
        garbage in proptest::collection::vec(any::<u8>(), 1..200),
    ) {
        let (folder, last) = written(120);
        let whole = from_the_first(&folder);
        let room = 4_096_usize.saturating_sub(offset).min(garbage.len());
        change(&segment_path(&folder, segment), offset, &garbage[..room]);
        let found = from_the_first(&folder);
        let mut next = 1;
        for followed in &found {
            match *followed {
                Followed::Gap { from, to, .. } => {
                    prop_assert!(from == next && from <= to);
                    next = to + 1;
                }
                Followed::Entry(entry) => {
                    prop_assert_eq!(entry.sequence, next);
                    prop_assert!(whole.contains(followed));
                    next += 1;
                }
            }
        }
        prop_assert!(next <= last + 1 && 1 < next);
    }
}
