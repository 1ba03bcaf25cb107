//! Makes a damaged journal readable again, on the word of a named person.
//!
//! Must hold: a damaged file is copied away and synced before anything of it is changed; every
//! whole record is kept as it stands, byte for byte; where records were lost a record says so
//! ([`Record::Lost`]), and behind it, to the end of its file, the chain counts as not known. That
//! it was repaired, by whom and why, is on disk before the first file is changed, and the engine is
//! KILLED from then until a reset: a trip may have stood in what was lost.
//!
//! Not here: inventing what was lost, and removing a record, however strange it is.

use super::blank;
use super::chain::Link;
use super::frame::{self, FRAME_WRITTEN_MAX};
use super::header::{Header, Kind, SEGMENT_HEADER_BYTES};
use super::open::{begins_after_damage, open};
use super::scan::{Scan, Step};
use super::verify::verify;
use crate::store::StoreError;
use crate::store::atomic::sync_folder;
use crate::store::record::{Record, Repair};
use crate::types::{Stamp, Text};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What was done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repaired {
    /// Copies of the files as they were.
    pub copies: Vec<PathBuf>,
    /// Records that are lost.
    pub lost: u64,
    /// Sequence of the record of the repair.
    pub sequence: u64,
}

/// Repairs the journal in `folder`; `None` where nothing is wrong that can be repaired. Fails while
/// an engine runs on it.
pub fn repair(
    folder: &Path,
    lanes: &Path,
    segment_bytes: u64,
    at: Stamp,
    by: &str,
    reason: &str,
) -> Result<Option<Repaired>, StoreError> {
    // Opening takes the lock, saves what a lane holds, and goes on behind the damage.
    let (mut journal, writer, _) = open(folder, lanes, segment_bytes)?;
    let faults = verify(folder)?.faults.iter().filter(|fault| fault.is_repairable).count();
    if faults == 0 {
        writer.close()?;
        return Ok(None);
    }
    let faults = u32::try_from(faults).unwrap_or(u32::MAX);
    let repair = Repair { by: Text::new(by), reason: Text::new(reason), faults };
    let sequence = journal.append(at, &Record::Repaired(repair))?;
    writer.close()?;
    let mut mender = Mender { folder, at, before: None, next: None, done: Vec::new(), lost: 0 };
    mender.mend_all()?;
    drop(journal);
    Ok(Some(Repaired { copies: mender.done, lost: mender.lost, sequence }))
}

/// Goes over all files in order.
struct Mender<'a> {
    folder: &'a Path,
    at: Stamp,
    /// Where the chain stands behind the last file, where that is known.
    before: Option<Link>,
    /// The sequence that must come next.
    next: Option<u64>,
    done: Vec<PathBuf>,
    lost: u64,
}

impl Mender<'_> {
    fn mend_all(&mut self) -> Result<(), StoreError> {
        let mut number_before = None;
        for (number, path) in blank::list(self.folder)? {
            let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
            let Some(first) = first_sequence(&bytes) else {
                self.mend(number, &path, &bytes)?;
                continue;
            };
            let missing = number_before.filter(|before: &u64| before + 1 != number);
            if let (Some(before), Some(next)) = (missing, self.next) {
                self.fill(before + 1, first.saturating_sub(next), bytes.len())?;
            }
            self.mend(number, &path, &bytes)?;
            number_before = Some(number);
        }
        sync_folder(self.folder)
    }

    /// Puts a file where some are missing: they are named by what is lost with them.
    fn fill(&mut self, number: u64, count: u64, bytes: usize) -> Result<(), StoreError> {
        let mut rebuilt = Rebuilt::begin(self.before.unwrap_or(Link::START));
        rebuilt.lose(self.next.unwrap_or_default(), count, self.at);
        self.lost += count;
        self.next = self.next.and_then(|next| next.checked_add(count));
        self.before = None;
        self.replace(&blank::path_of(self.folder, number), &rebuilt.finish(number, bytes))
    }

    fn mend(&mut self, number: u64, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let body = bytes.get(SEGMENT_HEADER_BYTES..).unwrap_or_default();
        let header = Header::read(Kind::Segment, bytes);
        let is_unchained = header.is_some_and(|header| header.link.is_none());
        if header.is_some() && body.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let own = header.and_then(|header| header.link);
        let begins = match (own, self.before) {
            (Some(own), _) if begins_after_damage(bytes) => own,
            (_, Some(before)) => before,
            (own, None) => own.unwrap_or(Link::START),
        };
        let mut rebuilt = Rebuilt::begin(begins);
        if is_unchained {
            rebuilt.link = None;
        }
        let lost = rebuilt.take(bytes, self.next, self.at);
        let (link, next) = (rebuilt.link, rebuilt.next);
        let mut whole = rebuilt.finish(number, bytes.len());
        if is_unchained && whole.get(SEGMENT_HEADER_BYTES..) == Some(body) {
            whole[..SEGMENT_HEADER_BYTES].copy_from_slice(&bytes[..SEGMENT_HEADER_BYTES]);
        }
        if whole != bytes {
            self.set_aside(path, bytes)?;
            self.replace(path, &whole)?;
            self.lost += lost;
        }
        (self.before, self.next) = (link, next);
        Ok(())
    }

    fn set_aside(&mut self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let copy = path.with_extension(format!("tkj.damaged-{}", self.at.unix_ns));
        write_synced(&copy, bytes)?;
        sync_folder(self.folder)?;
        self.done.push(copy);
        Ok(())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let unfinished = path.with_extension("new");
        write_synced(&unfinished, bytes)?;
        fs::rename(&unfinished, path).map_err(StoreError::io("name", path))?;
        sync_folder(self.folder)
    }
}

/// The first good record of a file; `None` where there is none.
fn first_sequence(bytes: &[u8]) -> Option<u64> {
    let mut scan = Scan::unchained(bytes, None);
    match scan.step() {
        Step::Frame(frame) => Some(frame.sequence),
        Step::Damage(_) => scan.next_sequence(),
        Step::End { .. } => None,
    }
}

/// A file in the making.
struct Rebuilt {
    begins: Link,
    frames: Vec<u8>,
    link: Option<Link>,
    next: Option<u64>,
}

impl Rebuilt {
    fn begin(begins: Link) -> Self {
        Self { begins, frames: Vec::new(), link: Some(begins), next: None }
    }

    /// Takes over every whole record. Answers how many are missing.
    fn take(&mut self, bytes: &[u8], next: Option<u64>, at: Stamp) -> u64 {
        let (mut lost, mut expected) = (0, next);
        let mut scan = Scan::unchained(bytes, next);
        loop {
            match scan.step() {
                Step::Damage(_) => {
                    let found = scan.next_sequence().unwrap_or_default();
                    // At least one is missing where nothing tells how many.
                    let first = expected.unwrap_or(found.saturating_sub(1));
                    let count = found.saturating_sub(first);
                    if 0 < count {
                        self.lose(first, count, at);
                    }
                    lost += count;
                }
                Step::Frame(frame) => {
                    let link = self.link.map(|link| frame.link_after(link));
                    if link.is_some_and(|link| link.mark() != frame.mark) {
                        self.lose(frame.sequence, 0, at);
                    } else {
                        self.link = link.filter(|_| !frame.is_lost());
                    }
                    self.frames.extend_from_slice(frame.bytes);
                }
                Step::End { .. } => break,
            }
            expected = scan.next_sequence();
        }
        self.next = expected;
        lost
    }

    /// Says that `count` records from that sequence on are lost, or that the chain is broken there.
    fn lose(&mut self, sequence: u64, count: u64, at: Stamp) {
        let mut room = [0; FRAME_WRITTEN_MAX - 4];
        let length = frame::write(&mut room, sequence, at, &Record::Lost { count });
        let rest = room.get(..length as usize - 4).unwrap_or_default();
        let plain = [&length.to_le_bytes()[..], rest].concat();
        let Some(frame) = frame::read(&plain, 0) else { unreachable!("it was just written") };
        match self.link.take() {
            Some(link) => drop(frame::seal(&mut self.frames, &frame, link)),
            None => self.frames.extend_from_slice(&plain),
        }
    }

    /// The whole file, at least as long as it was.
    fn finish(self, number: u64, bytes: usize) -> Vec<u8> {
        let needed = (SEGMENT_HEADER_BYTES + self.frames.len()).next_multiple_of(4_096);
        let length = needed.max(bytes);
        let header = Header { number, bytes: length as u64, link: Some(self.begins) };
        let mut whole = header.write(Kind::Segment).to_vec();
        whole.extend_from_slice(&self.frames);
        whole.resize(length, 0);
        whole
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    File::create(path)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(StoreError::io("write", path))
}
