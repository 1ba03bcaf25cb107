//! Every cut and every flipped bit of a journal of all kinds of records over two segments: an
//! accepted prefix or a refusal, never altered data.

use super::header::{Header, Kind, SEGMENT_HEADER_BYTES, is_segment};
use super::scan::{Scan, Step};
use super::tests::{append_all, change, ends_of, segment_path};
use super::*;
use crate::store::samples;
use std::fs;
use tempfile::TempDir;

const SEGMENT: u64 = 4_096;
const RECORDS: usize = 62;

/// A whole journal and the bytes of its two segments.
fn written() -> (TempDir, [Vec<u8>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    writer.turn().unwrap();
    append_all(&mut journal, &samples::many_of_all(RECORDS));
    assert_eq!(journal.pen.place().segment, 2);
    writer.close().unwrap();
    let segments = [1, 2].map(|number| fs::read(segment_path(&folder, number)).unwrap());
    (folder, segments)
}

/// What a walk over segments finds: sequences with their records, whether any damage, torn bytes.
#[derive(Clone, Debug, Default)]
struct Walk {
    found: Vec<(u64, Record)>,
    damaged: bool,
    torn: usize,
    next: Option<u64>,
    link: Option<Link>,
}

impl Walk {
    fn over(segments: [&[u8]; 2]) -> Self {
        let mut walk = Self { next: Some(1), ..Self::default() };
        walk.take(1, segments[0]);
        walk.take(2, segments[1]);
        walk
    }

    fn take(&mut self, number: u64, bytes: &[u8]) {
        let follows = Header::read(Kind::Segment, bytes).and_then(|header| header.link);
        self.damaged |= !is_segment(number, bytes);
        self.damaged |= self.link.is_some() && self.link != follows;
        let mut scan = Scan::new(bytes, self.next);
        loop {
            match scan.step() {
                Step::Frame(frame) => {
                    let record = Record::decode(frame.kind, frame.version, frame.payload).unwrap();
                    self.found.push((frame.sequence, record));
                }
                Step::Damage(_) => self.damaged = true,
                Step::End { torn, .. } => {
                    self.torn += torn;
                    (self.next, self.link) = (scan.next_sequence(), scan.link());
                    return;
                }
            }
        }
    }
}

#[test]
fn every_cut_with_every_tail_leaves_the_exact_prefix() {
    let (_folder, segments) = written();
    let whole = Walk::over([&segments[0], &segments[1]]).found;
    assert!(RECORDS + 2 <= whole.len());
    let garbage: Vec<u8> =
        (0..300_u32).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[2] | 1).collect();
    let mut before = 0;
    for (place, bytes) in segments.iter().enumerate() {
        let (ends, _) = ends_of(bytes);
        let half = &bytes[ends[1]..ends[1] + 60];
        for cut in SEGMENT_HEADER_BYTES..=*ends.last().unwrap() {
            let kept = before + ends.iter().filter(|end| **end <= cut).count() - 1;
            for tail in [&[][..], &garbage, half] {
                let mut torn = bytes[..cut].to_vec();
                torn.extend_from_slice(tail);
                torn.resize(bytes.len(), 0);
                let mut walk = Walk { next: Some(1), ..Walk::default() };
                if place == 1 {
                    walk.take(1, &segments[0]);
                }
                walk.take(place as u64 + 1, &torn);
                // A tail may happen to begin with what was cut off: the record is whole again.
                assert!((kept..=kept + 1).contains(&walk.found.len()), "cut {cut}");
                assert_eq!(walk.found, whole[..walk.found.len()], "cut {cut}");
                assert!(!walk.damaged, "cut {cut}");
                assert!(tail.is_empty() || 0 < walk.torn, "cut {cut}");
            }
        }
        before += ends.len() - 1;
    }
}

#[test]
fn a_start_after_a_cut_goes_on_behind_the_exact_prefix() {
    let (folder, segments) = written();
    let whole = Walk::over([&segments[0], &segments[1]]).found;
    let (ends, _) = ends_of(&segments[1]);
    let first = whole.len() - (ends.len() - 1);
    let record = Record::Stop { clean: true };
    for (place, end) in ends.iter().enumerate().skip(1) {
        for cut in [*end, *end - 9] {
            let mut torn = segments[1].clone();
            torn[cut..].fill(0);
            fs::write(segment_path(&folder, 2), &torn).unwrap();
            let (mut journal, writer, opened) =
                open(folder.path(), folder.path(), SEGMENT).unwrap();
            assert_eq!(opened.damage, None, "cut {cut}");
            append_all(&mut journal, &[record]);
            writer.close().unwrap();
            drop(journal);
            let kept = first + place - usize::from(cut < *end);
            let found: Vec<_> = Reader::open(folder.path()).unwrap().map(Result::unwrap).collect();
            // The last one of the segment leaves no room: a carry begins the next.
            let found: Vec<_> =
                found.iter().map(|entry| (entry.sequence, entry.record.unwrap())).collect();
            assert_eq!(found[..kept], whole[..kept], "cut {cut}");
            assert_eq!(found.last().unwrap().1, record, "cut {cut}");
            assert_eq!(verify(folder.path()).unwrap().faults, [], "cut {cut}");
            for entry in fs::read_dir(folder.path()).unwrap() {
                let path = entry.unwrap().path();
                if path.to_string_lossy().contains("00003") {
                    fs::remove_file(path).unwrap();
                }
            }
        }
    }
}

/// Every bit of one of the two segments, whose other one is as it was.
fn flip_all(flipped: usize) {
    let (_folder, mut segments) = written();
    let whole = Walk::over([&segments[0], &segments[1]]).found;
    let (ends, _) = ends_of(&segments[flipped]);
    let end = *ends.last().unwrap() + 64;
    let mut first = Walk { next: Some(1), ..Walk::default() };
    first.take(1, &segments[0]);
    for bit in 0..end * 8 {
        segments[flipped][bit / 8] ^= 1 << (bit % 8);
        let mut walk = Walk { next: Some(1), ..Walk::default() };
        match flipped {
            0 => walk.take(1, &segments[0]),
            _ => walk = first.clone(),
        }
        let is_known = walk.next == first.next && walk.link.is_none_or(|it| Some(it) == first.link);
        if flipped == 0 && is_known {
            // The other segment is walked as before.
            walk.found.extend_from_slice(&whole[first.found.len()..]);
        } else {
            walk.take(2, &segments[1]);
        }
        let Walk { found, damaged, torn, .. } = walk;
        segments[flipped][bit / 8] ^= 1 << (bit % 8);
        assert!(damaged || 0 < torn, "bit {bit} was not noticed");
        let lost = whole.iter().filter(|entry| !found.contains(entry)).count();
        assert!(found.iter().all(|entry| whole.contains(entry)), "bit {bit} altered a record");
        assert!(lost <= 1 && found.len() + lost == whole.len(), "bit {bit} lost {lost}");
    }
}

#[test]
fn no_flipped_bit_of_the_first_segment_is_accepted_in_silence() {
    flip_all(0);
}

#[test]
fn no_flipped_bit_of_the_last_segment_is_accepted_in_silence() {
    flip_all(1);
}

#[test]
fn what_is_whole_is_verified_as_whole() {
    let (folder, _) = written();
    let verified = verify(folder.path()).unwrap();
    assert_eq!(verified.faults, []);
    assert_eq!((verified.segments, verified.records), (2, verified.last_sequence));
    assert!(verified.head.is_some() && verified.first_sequence == 1);
    assert!(verify(&folder.path().join("missing")).is_err());
}

#[test]
fn an_epoch_or_an_id_that_comes_twice_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    let [start, order] = [1, 2].map(|kind| {
        let of_kind = |record: &Record| record.kind() == kind;
        samples::one_of_each().into_iter().find(of_kind).unwrap()
    });
    append_all(&mut journal, &[start, order, start, order]);
    writer.close().unwrap();
    let faults = verify(folder.path()).unwrap().faults;
    let places: Vec<_> = faults.iter().map(|fault| fault.sequence).collect();
    assert_eq!(places, [Some(4), Some(5)], "{faults:?}");
    assert!(faults.iter().all(|fault| !fault.is_repairable));
    assert!(faults[0].what.contains("epoch") && faults[1].what.contains("was used before"));
}

type Spoil = fn(&TempDir, &[Vec<u8>; 2]);

/// What can be wrong, by name: each changes a whole journal of two segments.
fn spoils() -> Vec<(&'static str, Spoil)> {
    vec![
        ("bytes in the middle", |folder, _| change(&segment_path(folder, 1), 1_000, b"damage")),
        ("two places", |folder, _| {
            change(&segment_path(folder, 1), 1_000, b"damage");
            change(&segment_path(folder, 1), 2_500, b"damage");
        }),
        ("the first record", |folder, _| change(&segment_path(folder, 1), 100, b"damage")),
        ("the first of the last file", |folder, _| change(&segment_path(folder, 2), 100, b"xx")),
        ("the end of the first file", |folder, segments| {
            let (ends, _) = ends_of(&segments[0]);
            change(&segment_path(folder, 1), ends[ends.len() - 2] + 20, b"damage");
        }),
        ("a header", |folder, _| change(&segment_path(folder, 1), 3, b"?")),
        ("the link of a header", |folder, _| change(&segment_path(folder, 2), 40, b"?")),
        ("a record taken out", |folder, segments| {
            let (ends, _) = ends_of(&segments[0]);
            let mut bytes = segments[0].clone();
            bytes.drain(ends[5]..ends[6]);
            bytes.resize(segments[0].len(), 0);
            fs::write(segment_path(folder, 1), bytes).unwrap();
        }),
        ("a file taken out", |folder, segments| {
            let (mut journal, mut writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
            for record in samples::many_of_all(RECORDS + 80).split_off(RECORDS) {
                writer.turn().unwrap();
                append_all(&mut journal, &[record]);
            }
            writer.close().unwrap();
            assert!(segment_path(folder, 4).exists() && !segments.is_empty());
            fs::remove_file(segment_path(folder, 3)).unwrap();
        }),
    ]
}

/// All whole records, in order.
fn whole_records(folder: &TempDir) -> Vec<(u64, Record)> {
    let entries = Reader::open(folder.path()).unwrap().filter_map(Result::ok);
    entries.map(|entry| (entry.sequence, entry.record.unwrap())).collect()
}

#[test]
fn a_repair_keeps_every_whole_record_and_says_what_is_lost() {
    for (name, spoil) in spoils() {
        let (folder, segments) = written();
        spoil(&folder, &segments);
        let before = verify(folder.path()).unwrap();
        assert!(!before.faults.is_empty(), "{name}");
        let kept = whole_records(&folder);
        let at = Stamp { mono_ns: 1, unix_ns: 77 };
        let done = repair(folder.path(), folder.path(), SEGMENT, at, "ada", "a bad disk");
        let done = done.unwrap().unwrap_or_else(|| panic!("{name}: nothing was repaired"));

        let after = verify(folder.path()).unwrap();
        assert_eq!(after.faults, [], "{name}");
        assert_eq!((after.lost, after.repairs), (done.lost, 1), "{name}");
        let found = whole_records(&folder);
        assert!(kept.iter().all(|record| found.contains(record)), "{name}");
        let (sequence, record) = found.last().unwrap();
        assert!(matches!(record, Record::Repaired(repair) if repair.by.as_str() == "ada"));
        assert_eq!(*sequence, done.sequence, "{name}");

        let opened = open(folder.path(), folder.path(), SEGMENT).unwrap().2;
        assert_eq!(opened.damage, Some(Damage::Unresolved), "{name}: KILLED until a reset");
        let again = repair(folder.path(), folder.path(), SEGMENT, at, "ada", "again").unwrap();
        assert_eq!(again, None, "{name}");
    }
}

#[test]
fn a_repair_copies_the_damaged_file_away_and_names_what_is_missing() {
    let (folder, segments) = written();
    change(&segment_path(&folder, 1), 1_000, b"damage");
    let damaged = fs::read(segment_path(&folder, 1)).unwrap();
    let at = Stamp { mono_ns: 1, unix_ns: 77 };
    let done = repair(folder.path(), folder.path(), SEGMENT, at, "ada", "a bad disk").unwrap();
    let done = done.unwrap();
    assert_eq!(done.lost, 1);
    let [copy] = &done.copies[..] else { panic!("{done:?}") };
    assert_eq!(fs::read(copy).unwrap(), damaged);
    assert_eq!(fs::read(segment_path(&folder, 2)).unwrap()[64..], segments[1][64..]);
    let whole = Walk::over([&segments[0], &segments[1]]).found;
    let found = whole_records(&folder);
    let place = found.iter().position(|(_, record)| matches!(record, Record::Lost { count: 1 }));
    let place = place.unwrap();
    assert_eq!(found[place].0, whole[place].0, "in the place of the record that is lost");
    assert_eq!(found[place + 1..whole.len()], whole[place + 1..]);
}

#[test]
fn a_repair_is_refused_while_an_engine_runs() {
    let (folder, _) = written();
    let (_journal, _writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    let at = Stamp::default();
    let error = repair(folder.path(), folder.path(), SEGMENT, at, "ada", "impatient").unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
}
