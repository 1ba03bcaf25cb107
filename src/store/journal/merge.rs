//! Brings what a lane holds into the segment that it carries, byte for byte at the same places.
//!
//! Must hold: what the segment holds is never changed, only continued; a lane that tells another
//! story than its segment is damage, and so is a record that is missing between the two: the gap
//! stays and is found by whoever reads the segment next.

use super::chain::Link;
use super::frame::{self, Frame};
use super::header::{Header, Kind, SEGMENT_HEADER_BYTES};
use super::scan::{Scan, Step};

/// What became of a segment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Merged {
    /// Records that were only in the lane.
    pub(super) records: u64,
    /// The bytes of the segment from here on changed, header apart.
    pub(super) from: usize,
    /// Up to here.
    pub(super) to: usize,
    /// Bytes of a half-written record at the lane's end.
    pub(super) torn: usize,
    /// Where segment and lane contradict each other.
    pub(super) contradiction: Option<usize>,
    /// Where the chain stands behind it.
    pub(super) link: Option<Link>,
}

/// Continues `segment` with the frames of `lane`. `before` is the link that a segment without
/// records follows; its own header says it when `None`.
pub(super) fn merge(segment: &mut [u8], lane: &[u8], before: Option<Link>) -> Merged {
    let (end, link) = end_of(segment);
    let link = match before {
        Some(before) if end == SEGMENT_HEADER_BYTES && link.is_some() => follow(segment, before),
        Some(_) | None => link,
    };
    let mut merged = Merged { from: end, to: end, link, ..Merged::default() };
    let mut scan = Scan::new(lane, None);
    let mut sealed = Vec::new();
    loop {
        let at = scan.at();
        match scan.step() {
            Step::Frame(frame) if at < end => {
                let ours = frame::read(segment, at).is_some_and(|known| known.says_as(&frame));
                if !ours {
                    merged.contradiction.get_or_insert(at);
                }
            }
            Step::Frame(frame) => merged.take(segment, &frame, at, &mut sealed),
            // What follows keeps its place: the gap is damage of the segment from now on.
            Step::Damage(_) => merged.link = None,
            Step::End { torn, .. } => {
                merged.torn = torn;
                break;
            }
        }
    }
    merged
}

impl Merged {
    fn take(&mut self, segment: &mut [u8], frame: &Frame<'_>, at: usize, sealed: &mut Vec<u8>) {
        sealed.clear();
        match self.link {
            Some(link) => self.link = Some(frame::seal(sealed, frame, link)),
            None => sealed.extend_from_slice(frame.bytes),
        }
        let Some(room) = segment.get_mut(at..at + sealed.len()) else {
            self.contradiction.get_or_insert(at);
            return;
        };
        room.copy_from_slice(sealed);
        self.records += 1;
        self.to = at + sealed.len();
    }
}

/// Where a segment ends, and its chain there.
fn end_of(segment: &[u8]) -> (usize, Option<Link>) {
    let mut scan = Scan::new(segment, None);
    loop {
        if let Step::End { at, .. } = scan.step() {
            return (at, scan.link());
        }
    }
}

/// Has a segment without records follow another one. Answers the link of its header.
fn follow(segment: &mut [u8], before: Link) -> Option<Link> {
    let header = Header::read(Kind::Segment, segment)?;
    let head = segment.first_chunk_mut::<SEGMENT_HEADER_BYTES>()?;
    *head = Header { link: Some(before), ..header }.write(Kind::Segment);
    Some(before)
}
