//! The chain: records with right checksums and sequences that were taken out, put in, swapped or
//! rewritten are found, within a segment and across segments.

use super::header::{Header, Kind, SEGMENT_HEADER_BYTES};
use super::tests::{append_all, change, ends_of, framed, read_back, sealed, segment_path};
use super::*;
use crate::store::samples;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const SEGMENT: u64 = 16 << 10;

/// A whole journal of 60 records, the bytes of its segment, and where its records begin.
fn written() -> (TempDir, Vec<u8>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, writer, _) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    append_all(&mut journal, &samples::many(60));
    writer.close().unwrap();
    let bytes = fs::read(segment_path(&folder, 1)).unwrap();
    let (ends, _) = ends_of(&bytes);
    (folder, bytes, ends)
}

fn damage_of(folder: &Path) -> Option<Damage> {
    open(folder, folder, SEGMENT).unwrap().2.damage
}

/// A record that says something else, with everything right that can be made right without the
/// chain: length, checksum, sequence.
fn forged(sequence: u64, bytes: usize) -> Vec<u8> {
    let mut records = samples::many(600).into_iter().map(|record| framed(sequence, &record));
    records.find(|frame| frame.len() == bytes).unwrap()
}

#[test]
fn a_rewritten_record_is_found_at_its_place() {
    let (folder, bytes, ends) = written();
    let length = ends[31] - ends[30];
    for link in [None, Some(Link::START)] {
        // Without a mark, and with the mark of a chain that begins there.
        let plain = forged(31, length);
        let frame = link.map_or(plain.clone(), |link| sealed(&plain, link));
        change(&segment_path(&folder, 1), ends[30], &frame);
        let damage = Some(Damage::Bytes { segment: 1, at: ends[30] as u64 });
        assert_eq!(damage_of(folder.path()), damage, "{link:?}");
        fs::remove_file(segment_path(&folder, 2)).unwrap();
        fs::write(segment_path(&folder, 1), &bytes).unwrap();
    }
}

#[test]
fn a_rewritten_record_with_the_right_mark_is_found_at_the_next() {
    let (folder, bytes, ends) = written();
    let mut scan = scan::Scan::new(&bytes, None);
    (0..30).for_each(|_| assert!(matches!(scan.step(), scan::Step::Frame(_))));
    let frame = sealed(&forged(31, ends[31] - ends[30]), scan.link().unwrap());
    change(&segment_path(&folder, 1), ends[30], &frame);
    let damage = Damage::Bytes { segment: 1, at: ends[31] as u64 };
    assert_eq!(damage_of(folder.path()), Some(damage));
    let found: Vec<_> = Reader::open(folder.path()).unwrap().take(40).collect();
    assert!(found[31].is_err(), "what follows it is not taken for good");
}

#[test]
fn a_swapped_segment_is_found_by_the_next_one() {
    let other = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (folder, skipped) in [(&folder, 0), (&other, 9)] {
        let (mut journal, mut writer, _) = open(folder.path(), folder.path(), 4_096).unwrap();
        // The same kinds at the same places, with other content.
        for record in &samples::many(209)[skipped..skipped + 200] {
            writer.turn().unwrap();
            append_all(&mut journal, &[*record]);
        }
        writer.close().unwrap();
    }
    let used = blank::list(folder.path()).unwrap().len() as u64 - 1;
    assert!(3 < used);
    fs::copy(segment_path(&other, used - 1), segment_path(&folder, used - 1)).unwrap();
    let damage = open(folder.path(), folder.path(), 4_096).unwrap().2.damage;
    assert_eq!(damage, Some(Damage::Chain { segment: used }));
}

#[test]
fn a_journal_of_the_format_before_is_read_and_continued_in_a_chained_segment() {
    let (folder, bytes, ends) = written();
    let path = segment_path(&folder, 1);
    fs::write(&path, unchained(&bytes, &ends)).unwrap();
    assert_eq!(read_back(folder.path()), samples::many(60));
    let (mut journal, writer, opened) = open(folder.path(), folder.path(), SEGMENT).unwrap();
    assert_eq!((opened.damage, opened.last_sequence), (None, 61));
    append_all(&mut journal, &samples::many(5));
    writer.close().unwrap();
    drop(journal);
    assert_eq!(fs::read(&path).unwrap(), unchained(&bytes, &ends), "it is not written any more");
    assert_eq!(read_back(folder.path()), [samples::many(60), samples::many(5)].concat());
    assert_eq!(open(folder.path(), folder.path(), SEGMENT).unwrap().2.damage, None);
}

/// The segment as the version before wrote it.
fn unchained(bytes: &[u8], ends: &[usize]) -> Vec<u8> {
    let mut old = bytes.to_vec();
    let header = Header { number: 1, bytes: SEGMENT, link: None };
    old[..SEGMENT_HEADER_BYTES].copy_from_slice(&header.write(Kind::Segment));
    old[8] = 1;
    let checksum = crc32c::crc32c(&old[..60]);
    old[60..64].copy_from_slice(&checksum.to_le_bytes());
    for frame in ends.windows(2) {
        let frame = &mut old[frame[0]..frame[1]];
        frame[12..16].fill(0);
        let length = u32::try_from(frame.len()).unwrap();
        let checksum = crc32c::crc32c_append(length, &frame[8..]);
        frame[4..8].copy_from_slice(&checksum.to_le_bytes());
    }
    old
}
