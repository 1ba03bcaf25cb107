//! Reads a whole journal and tells everything that is wrong with it: headers, checksums, sequences,
//! the chain, epochs.
//!
//! Must hold: nothing is changed and no lock is taken, so that a running engine's journal can be
//! verified; each fault says where. What a killed process left in its lane counts as written.

use super::chain::Link;
use super::header::{Header, Kind, is_segment};
use super::open::begins_after_damage;
use super::reader::{Segments, next_step};
use super::scan::{Scan, Step};
use crate::store::StoreError;
use crate::store::record::Record;
use crate::types::{ClientOrderId, Stamp};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a whole journal says.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Files that hold records.
    pub segments: u64,
    /// Good records.
    pub records: u64,
    /// Sequence of the first record that is kept; 0 when there is none.
    pub first_sequence: u64,
    /// Sequence of the last record; 0 when there is none.
    pub last_sequence: u64,
    /// When the last record was written.
    pub last_at: Option<Stamp>,
    /// Highest epoch of any start.
    pub epoch: u32,
    /// Where the chain stands behind the last record; `None` where it is not known.
    pub head: Option<Link>,
    /// Records that earlier repairs found lost.
    pub lost: u64,
    /// Repairs that persons had made.
    pub repairs: u64,
    /// Bytes of a half-written record at the very end: removed at the next start.
    pub torn_bytes: u64,
    /// Everything that is wrong, in order.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// In which file.
    pub path: PathBuf,
    /// At which byte.
    pub at: u64,
    /// Which record; `None` where that is not known.
    pub sequence: Option<u64>,
    /// How it shows.
    pub what: String,
    /// Whether a repair mends it: bytes can be, what whole records say cannot.
    pub is_repairable: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} byte {}", self.path.display(), self.at)?;
        if let Some(sequence) = self.sequence {
            write!(out, ", sequence {sequence}")?;
        }
        write!(out, ": {}", self.what)
    }
}

/// Reads the whole folder.
pub fn verify(folder: &Path) -> Result<Verified, StoreError> {
    let segments = Segments::of(folder)?;
    let mut walk = Walk::default();
    for (number, path) in &segments.files {
        let bytes = segments.read(*number, path, walk.verified.head)?;
        walk.segment(*number, path, &bytes);
    }
    Ok(walk.verified)
}

/// What is known from the records before.
#[derive(Debug, Default)]
struct Walk {
    verified: Verified,
    number: Option<u64>,
    next: Option<u64>,
    /// A tail that is torn if nothing follows, and damage if something does.
    tail: Option<Fault>,
    used: Used,
}

/// Ids of the orders of the newest start. They need not come in order: an opening order may wait
/// for the dead-man's switch while a reduction that was wished later goes.
#[derive(Debug, Default)]
struct Used {
    epoch: u32,
    /// 64 of them a word, by their number.
    words: BTreeMap<u32, u64>,
}

impl Used {
    /// False when it was used before, or belongs to a start that is over.
    fn is_new(&mut self, id: ClientOrderId) -> bool {
        if self.epoch < id.epoch {
            *self = Self { epoch: id.epoch, words: BTreeMap::new() };
        }
        if id.epoch < self.epoch {
            return false;
        }
        let word = self.words.entry(id.sequence / u64::BITS).or_default();
        let bit = 1 << (id.sequence % u64::BITS);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl Walk {
    fn segment(&mut self, number: u64, path: &Path, bytes: &[u8]) {
        let header = Header::read(Kind::Segment, bytes);
        let is_used = !matches!(Scan::new(bytes, None).step(), Step::End { torn: 0, .. });
        if !is_segment(number, bytes) {
            self.fault(path, 0, None, "the header is not what was written");
        } else if !is_used {
            return;
        }
        if let Some(tail) = self.tail.take() {
            self.verified.torn_bytes = 0;
            self.verified.faults.push(tail);
        }
        if let Some(before) = self.number.filter(|before| before + 1 != number) {
            self.fault(
                path,
                0,
                None,
                &format!("files {} to {} are missing", before + 1, number - 1),
            );
        }
        let follows = header.and_then(|header| header.link);
        let broken = self.verified.head.is_some() && follows != self.verified.head;
        if broken && !begins_after_damage(bytes) {
            let what = "the chain does not lead here from the file before: records were taken out, \
                        put in or exchanged";
            self.fault(path, 0, self.next, what);
        }
        self.number = Some(number);
        self.records(path, bytes);
    }

    fn records(&mut self, path: &Path, bytes: &[u8]) {
        let mut scan = Scan::new(bytes, self.next);
        self.verified.segments += 1;
        loop {
            let (at, expected) = (scan.at(), scan.next_sequence());
            match scan.step() {
                Step::Frame(frame) => {
                    let v = &mut self.verified;
                    v.records += 1;
                    v.last_sequence = frame.sequence;
                    v.last_at = Some(frame.at);
                    v.first_sequence =
                        if v.first_sequence == 0 { frame.sequence } else { v.first_sequence };
                    match Record::decode(frame.kind, frame.version, frame.payload) {
                        Ok(record) => self.record(path, at, frame.sequence, &record),
                        Err(unreadable) => {
                            let what = format!("this version cannot read it: {unreadable:?}");
                            self.contradiction(path, at, frame.sequence, &what);
                        }
                    }
                }
                Step::Damage(at) => {
                    let what = next_step(&scan, expected);
                    self.fault(path, at, expected, &what);
                }
                Step::End { at, torn } => {
                    self.verified.head = scan.link();
                    self.next = scan.next_sequence();
                    self.on_tail(path, at, torn);
                    return;
                }
            }
        }
    }

    fn on_tail(&mut self, path: &Path, at: usize, torn: usize) {
        if 0 < torn {
            self.verified.torn_bytes = torn as u64;
            self.tail = Some(Fault {
                path: path.to_owned(),
                at: at as u64,
                sequence: self.next,
                what: format!("{torn} bytes are no record"),
                is_repairable: true,
            });
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other kinds bind nothing that is verified"
    )]
    fn record(&mut self, path: &Path, at: usize, sequence: u64, record: &Record) {
        match record {
            Record::Start(start) => {
                if start.epoch <= self.verified.epoch {
                    let what = format!(
                        "a start has epoch {} and one before it {}",
                        start.epoch, self.verified.epoch
                    );
                    self.contradiction(path, at, sequence, &what);
                }
                self.verified.epoch = self.verified.epoch.max(start.epoch);
            }
            Record::Carry(carried) => self.verified.epoch = self.verified.epoch.max(carried.epoch),
            Record::Order(order) | Record::Child { order, .. } => {
                self.order(path, at, sequence, order.id);
            }
            Record::StopOrder(stop) => self.order(path, at, sequence, stop.id),
            Record::Lost { count } => self.verified.lost += count,
            Record::Repaired(_) => self.verified.repairs += 1,
            _ => {}
        }
    }

    fn order(&mut self, path: &Path, at: usize, sequence: u64, id: ClientOrderId) {
        if !self.used.is_new(id) {
            self.contradiction(path, at, sequence, &format!("{id} was used before"));
        }
    }

    fn fault(&mut self, path: &Path, at: usize, sequence: Option<u64>, what: &str) {
        let (path, what) = (path.to_owned(), what.to_owned());
        let is_repairable = true;
        self.verified.faults.push(Fault { path, at: at as u64, sequence, what, is_repairable });
    }

    /// A whole record says what it may not.
    fn contradiction(&mut self, path: &Path, at: usize, sequence: u64, what: &str) {
        self.fault(path, at, Some(sequence), what);
        if let Some(fault) = self.verified.faults.last_mut() {
            fault.is_repairable = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_used_once_in_whatever_order_they_come() {
        let mut used = Used::default();
        let mut is_new = |epoch, sequence| used.is_new(ClientOrderId { epoch, sequence });
        assert!(is_new(1, 2) && is_new(1, 1) && is_new(1, 64) && is_new(1, u32::MAX));
        assert!(!is_new(1, 2) && !is_new(1, 1) && !is_new(1, u32::MAX));
        assert!(is_new(2, 1), "the next start counts anew");
        assert!(!is_new(1, 3), "and the one before is over");
        assert!(!is_new(2, 1) && is_new(2, 3));
    }
}
