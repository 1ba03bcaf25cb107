//! Walks the bytes of one segment and tells good records, damage and the end apart (J3).
//!
//! Must hold: any bytes are walked without a panic, in time linear in their number; a frame counts
//! only with a right checksum, the sequence that follows *and* the mark of the chain, so that bytes
//! which were altered or are from elsewhere are never taken for a record. Behind damage the link of
//! the chain is not known: from there to the end of the segment checksums and sequences must do.

use super::chain::Link;
use super::frame::{self, Frame};
use super::header::{Header, Kind, SEGMENT_HEADER_BYTES};

/// What comes next.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A good record.
    Frame(Frame<'a>),
    /// Bytes from here that are no record, or records that are missing; a good one follows.
    Damage(usize),
    /// Nothing good follows. Bytes up to `torn` beyond `at` are not zero: the record that the crash
    /// interrupted.
    End {
        /// Where the next record may go once the torn bytes are gone.
        at: usize,
        /// How many bytes from there are up to the last one that is not zero.
        torn: usize,
    },
}

/// Position in the bytes of a segment.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    next: Option<u64>,
    link: Option<Link>,
    is_gap: bool,
}

impl<'a> Scan<'a> {
    /// `next` is the sequence that must come first; any may when `None`.
    pub(super) fn new(bytes: &'a [u8], next: Option<u64>) -> Self {
        let link = Header::read(Kind::Segment, bytes).and_then(|header| header.link);
        Self { bytes, at: SEGMENT_HEADER_BYTES, next, link, is_gap: false }
    }

    /// The same without a look at the chain: whoever repairs looks at it himself.
    pub(super) fn unchained(bytes: &'a [u8], next: Option<u64>) -> Self {
        Self { link: None, ..Self::new(bytes, next) }
    }

    /// Where the chain stands; `None` where there is none, or it was lost to damage.
    pub(super) fn link(&self) -> Option<Link> {
        self.link
    }

    /// After damage: true when bytes or sequences are missing, false when only the chain is broken.
    pub(super) fn is_gap(&self) -> bool {
        self.is_gap
    }

    /// Where the next record is looked for.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The sequence that must come next, when any has come before.
    pub(super) fn next_sequence(&self) -> Option<u64> {
        self.next
    }

    pub(super) fn step(&mut self) -> Step<'a> {
        let at = self.at;
        let Some((found, frame)) = self.search() else { return self.end() };
        if found != at || self.next.is_some_and(|next| next != frame.sequence) {
            self.at = found;
            self.next = Some(frame.sequence);
            self.link = None;
            self.is_gap = true;
            return Step::Damage(at);
        }
        self.at = at + frame.length;
        self.next = frame.sequence.checked_add(frame.stands_for());
        if let Some(link) = self.link.take() {
            let link = frame.link_after(link);
            if link.mark() != frame.mark {
                self.is_gap = false;
                return Step::Damage(at);
            }
            self.link = Some(link).filter(|_| !frame.is_lost());
        }
        Step::Frame(frame)
    }

    /// The first good frame from here on whose sequence does not go back.
    fn search(&self) -> Option<(usize, Frame<'a>)> {
        (self.at..self.bytes.len()).step_by(8).find_map(|at| {
            let frame = frame::read(self.bytes, at)?;
            let follows = self.next.is_none_or(|next| next <= frame.sequence);
            follows.then_some((at, frame))
        })
    }

    fn end(&self) -> Step<'a> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let torn = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Step::End { at: self.at, torn }
    }
}
