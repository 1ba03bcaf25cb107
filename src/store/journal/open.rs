//! Opening a journal: lock, read what the last run left, mend a torn tail, get ready to append.
//!
//! Must hold: files and folder are synced before they are read (J2), so that what is found is what
//! stays; only the torn tail of the last segment is ever changed; damage is reported and nothing is
//! written near it (J3). At most two segments are read, whatever the age of the journal.

use super::berth::{self, Shelter};
use super::blank::{self, Blank};
use super::chain::Link;
use super::drain::{Drained, drain};
use super::header::{Header, Kind, SEGMENT_HEADER_BYTES, is_segment};
use super::lane::{Lane, Pen};
use super::lock::Lock;
use super::scan::{Scan, Step};
use super::segment::Segment;
use super::words::Words;
use super::writer::{Live, Writer};
use super::{Journal, Shared};
use crate::core::HighWater;
use crate::core::safety::TripRecord;
use crate::store::StoreError;
use crate::store::atomic::{make_folder, sync_folder};
use crate::store::latch_table::{NamedLatch, Parts};
use crate::store::ledgers::Ledgers;
use crate::store::record::{Carried, Record};
use crate::types::Stamp;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest segment: all of it is read at once at a start.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// What the last run left behind.
#[derive(Clone, Debug)]
pub struct Opened {
    /// How it ended.
    pub last_shutdown: LastShutdown,
    /// Bytes of a half-written record at the end that were removed.
    pub torn_bytes: u64,
    /// The first damage found. Whether the latch was set is then not known: come up KILLED (E3).
    pub damage: Option<Damage>,
    /// Sequence of the last record; 0 when there is none.
    pub last_sequence: u64,
    /// When the last record was written, for the quarantine after an unclean end (SAFETY E11).
    pub last_at: Option<Stamp>,
    /// Highest epoch of any start, a floor for the next one; 0 when there was none.
    pub epoch: u32,
    /// The trip that no reset has cleared.
    pub latch: Option<TripRecord>,
    /// Trips of parts that no reset has cleared.
    pub part_latches: Vec<NamedLatch>,
    /// How often the kill switch has ever tripped.
    pub latch_generation: u32,
    /// The last high-water mark.
    pub high_water: Option<HighWater>,
    /// The ledgers that moved in what was read.
    pub ledgers: Ledgers,
    /// Records that the last run left in memory only, and that are on disk now.
    pub saved: u64,
    /// Where this run's lane lies.
    pub shelter: Shelter,
}

/// How the last run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LastShutdown {
    /// There was none: the journal is empty.
    FirstStart,
    /// By itself, with a record that says that nothing was left undone.
    Clean,
    /// Any other way.
    Unclean,
}

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Damage {
    /// A segment between two others is not there.
    Missing {
        /// Its number.
        segment: u64,
    },
    /// The header of a segment is not what was written, or its length is another.
    Header {
        /// Its number.
        segment: u64,
    },
    /// Bytes that are no record, or a gap in the sequence, with good records behind.
    Bytes {
        /// In which segment.
        segment: u64,
        /// From which byte on.
        at: u64,
    },
    /// The chain does not lead from the segment before to this one: records were taken out, put in
    /// or exchanged.
    Chain {
        /// Its number.
        segment: u64,
    },
    /// A whole record that this version cannot read.
    Record {
        /// In which segment.
        segment: u64,
        /// Its sequence.
        sequence: u64,
    },
    /// Found by an earlier start, and no reset since.
    Unresolved,
}

/// Opens the journal in `folder` and makes it when there is none. `lanes` is a folder in memory for
/// what the hot thread writes, by custom `/dev/shm`.
///
/// Everything that is wrong with the content is told in [`Opened`]; an error means that no journal
/// can be written: held by another engine, no space, no right.
pub fn open(
    folder: &Path,
    lanes: &Path,
    segment_bytes: u64,
) -> Result<(Journal, Writer, Opened), StoreError> {
    let whole_pages = segment_bytes.is_multiple_of(4_096) && 0 < segment_bytes;
    if !whole_pages || SEGMENT_BYTES_MAX < segment_bytes {
        return Err(StoreError::SegmentSize { bytes: segment_bytes });
    }
    make_folder(folder)?;
    let lock = Lock::take(folder)?;
    blank::remove_unfinished(folder)?;
    sync_folder(folder)?;
    let files = blank::list(folder)?;
    let drained = drain(folder, &files)?;
    let found = Survey::of(&files, drained, |place| read_synced(&files[place].1))?;
    let mut segments = found.usable_segments(&files)?;
    if segments.is_empty() {
        let number = files.last().map_or(0, |(number, _)| *number) + 1;
        segments.push_back(Blank::make(folder, number, segment_bytes)?);
    }
    let longest = segments.iter().map(Segment::bytes).max().unwrap_or_default();
    let (shelter, lanes) = berth::make(folder, lanes, longest.max(segment_bytes))?;
    let opened = found.opened(shelter);
    let (journal, writer) = found.begin(folder, segment_bytes, segments, lanes, lock)?;
    Ok((journal, writer, opened))
}

/// What the last one or two used segments say.
#[derive(Debug, Default)]
pub(super) struct Survey {
    carried: Carried,
    parts: Parts,
    ledgers: Ledgers,
    last: Option<(u64, Stamp)>,
    is_stopped: bool,
    /// Place in the list of the last segment that is not blank.
    used: Option<usize>,
    /// The bytes of that one up to its end.
    begun: Vec<u8>,
    end: usize,
    torn: usize,
    /// Where the chain stands behind what was read.
    link: Option<Link>,
    drained: Drained,
    damage: Option<Damage>,
}

impl Survey {
    /// `read` gives the bytes of a file by its place in the list.
    pub(super) fn of(
        files: &[(u64, PathBuf)],
        drained: Drained,
        read: impl Fn(usize) -> Result<Vec<u8>, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut survey = Self { drained, damage: drained.damage, ..Self::default() };
        let Some((used, bytes)) = last_used(files, &read)? else { return Ok(survey) };
        survey.used = Some(used);
        let number = files[used].0;
        let mut next = None;
        if let Some(before) = used.checked_sub(1)
            && !begins_after_damage(&bytes)
        {
            next = survey.read_before(files[before].0, number, &read(before)?);
        }
        survey.read(number, &bytes, next);
        survey.begun = bytes.get(..survey.end).unwrap_or_default().to_vec();
        if survey.carried.damaged {
            survey.note(Damage::Unresolved);
        }
        Ok(survey)
    }

    /// The segment before the last: must be whole, and lead to the last.
    fn read_before(&mut self, before: u64, number: u64, bytes: &[u8]) -> Option<u64> {
        if before + 1 != number {
            self.note(Damage::Missing { segment: before + 1 });
        }
        let next = self.read(before, bytes, None);
        if next.is_none() || 0 < self.torn {
            self.note(Damage::Bytes { segment: before, at: self.end as u64 });
        }
        next
    }

    /// Folds one segment. Answers the sequence that must follow.
    fn read(&mut self, number: u64, bytes: &[u8], next: Option<u64>) -> Option<u64> {
        if !is_segment(number, bytes) {
            self.note(Damage::Header { segment: number });
        }
        let follows = Header::read(Kind::Segment, bytes).and_then(|header| header.link);
        if next.is_some() && self.link.is_some() && self.link != follows {
            self.note(Damage::Chain { segment: number });
        }
        let mut scan = Scan::new(bytes, next);
        loop {
            match scan.step() {
                Step::Frame(frame) => {
                    self.last = Some((frame.sequence, frame.at));
                    match Record::decode(frame.kind, frame.version, frame.payload) {
                        Ok(record) => self.observe(&record),
                        Err(_) => {
                            self.note(Damage::Record { segment: number, sequence: frame.sequence })
                        }
                    }
                }
                Step::Damage(at) => self.note(Damage::Bytes { segment: number, at: at as u64 }),
                Step::End { at, torn } => {
                    (self.end, self.torn, self.link) = (at, torn, scan.link());
                    return scan.next_sequence();
                }
            }
        }
    }

    fn observe(&mut self, record: &Record) {
        self.is_stopped = matches!(record, Record::Stop { clean: true });
        self.carried.observe(record);
        self.parts.observe(record);
        self.ledgers.observe(record);
    }

    /// The first damage is the one that is reported.
    fn note(&mut self, damage: Damage) {
        self.damage.get_or_insert(damage);
    }

    /// True when nothing may be written behind what was read.
    fn is_abandoned(&self) -> bool {
        !matches!(self.damage, None | Some(Damage::Unresolved))
    }

    /// True when there is a segment to go on in: whole, and of the format with a chain.
    fn goes_on(&self) -> bool {
        self.used.is_some() && !self.is_abandoned() && self.link.is_some()
    }

    /// The segment to go on in, when it is whole, and the blank ones after it.
    fn usable_segments(&self, files: &[(u64, PathBuf)]) -> Result<VecDeque<Segment>, StoreError> {
        let mut segments = VecDeque::new();
        for (place, (number, path)) in files.iter().enumerate() {
            let is_used = Some(place) == self.used && self.goes_on();
            let is_blank = self.used.is_none_or(|used| used < place);
            if is_used {
                self.mend(path)?;
            }
            if is_used || is_blank {
                segments.push_back(blank::reopen(*number, path)?);
            }
        }
        Ok(segments)
    }

    /// Removes the record that the end of the last run tore.
    fn mend(&self, path: &Path) -> Result<(), StoreError> {
        if self.torn == 0 {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).open(path);
        file.and_then(|file| {
            file.write_all_at(&vec![0; self.torn], self.end as u64)?;
            file.sync_all()
        })
        .map_err(StoreError::io("mend", path))
    }

    fn begin(
        self,
        folder: &Path,
        segment_bytes: u64,
        mut made: VecDeque<Segment>,
        mut free: Vec<Arc<Lane>>,
        lock: Lock,
    ) -> Result<(Journal, Writer), StoreError> {
        let goes_on = self.goes_on();
        let at = if goes_on { self.end } else { SEGMENT_HEADER_BYTES };
        let begun = if goes_on { &self.begun[..] } else { &[] };
        let last_number = made.back().map_or(0, Segment::number);
        let first_number = made.front().map_or(0, Segment::number);
        let old = blank::list(folder)?.into_iter().map(|(number, _)| number);
        let old = old.filter(|number| *number < first_number).collect();
        let (Some(segment), Some(lane)) = (made.pop_front(), free.pop()) else {
            unreachable!("one was found or made");
        };
        lane.carry(segment.number(), segment.bytes(), begun)?;
        let pen = Pen::new(&lane, segment.number(), at, segment.bytes());
        let last_sequence = self.last.map_or(0, |(sequence, _)| sequence);
        let words = Words::new(last_sequence, pen.place());
        let shared = Arc::new(Shared { words, _lock: lock });
        let (handed, ready) = rtrb::RingBuffer::new(1);
        let mut writer = Writer {
            folder: folder.to_owned(),
            segment_bytes,
            live: VecDeque::from([Live { segment, lane, at }]),
            made,
            free,
            last_number,
            blank: None,
            handed,
            old,
            files_max: None,
            reconciled: None,
            link: self.link.filter(|_| goes_on).unwrap_or(Link::START),
            copy: Vec::new(),
            shared: Arc::clone(&shared),
            sync_file: File::sync_data,
        };
        if let Some(next) = writer.made.pop_front() {
            writer.hand_over(next)?;
        }
        let carried = Carried { damaged: self.damage.is_some(), ..self.carried };
        let (sequence, parts) = (last_sequence + 1, self.parts);
        let journal = Journal { pen, ready, sequence, carried, parts, refusing: false, shared };
        Ok((journal, writer))
    }

    pub(super) fn opened(&self, shelter: Shelter) -> Opened {
        let torn = self.torn + self.drained.torn;
        let is_whole = torn == 0 && self.damage.is_none();
        Opened {
            last_shutdown: match self.last {
                None if is_whole => LastShutdown::FirstStart,
                Some(_) if is_whole && self.is_stopped => LastShutdown::Clean,
                None | Some(_) => LastShutdown::Unclean,
            },
            torn_bytes: torn as u64,
            damage: self.damage,
            last_sequence: self.last.map_or(0, |(sequence, _)| sequence),
            last_at: self.last.map(|(_, at)| at),
            epoch: self.carried.epoch,
            latch: self.carried.latch,
            part_latches: self.parts.to_vec(),
            latch_generation: self.carried.generation,
            high_water: self.carried.high_water,
            ledgers: self.ledgers.clone(),
            saved: self.drained.records,
            shelter,
        }
    }
}

/// The last segment that is not blank, with its bytes.
fn last_used(
    files: &[(u64, PathBuf)],
    read: impl Fn(usize) -> Result<Vec<u8>, StoreError>,
) -> Result<Option<(usize, Vec<u8>)>, StoreError> {
    for (place, (number, _)) in files.iter().enumerate().rev() {
        let bytes = read(place)?;
        if !is_blank(*number, &bytes) {
            return Ok(Some((place, bytes)));
        }
    }
    Ok(None)
}

/// True for a segment that nothing was ever written to.
pub(super) fn is_blank(number: u64, bytes: &[u8]) -> bool {
    let body = bytes.get(SEGMENT_HEADER_BYTES..).unwrap_or_default();
    is_segment(number, bytes) && body.iter().all(|byte| *byte == 0)
}

/// True when a start found damage, said so, and began this segment: what is before it was reported.
pub(super) fn begins_after_damage(bytes: &[u8]) -> bool {
    let Step::Frame(frame) = Scan::new(bytes, None).step() else { return false };
    match Record::decode(frame.kind, frame.version, frame.payload) {
        Ok(Record::Carry(carried)) => carried.damaged,
        Ok(_) | Err(_) => false,
    }
}

/// What is on disk, and stays there (J2).
fn read_synced(path: &Path) -> Result<Vec<u8>, StoreError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::read(path))
        .map_err(StoreError::io("read", path))
}
