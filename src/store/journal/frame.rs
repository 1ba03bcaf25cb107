//! A record in its frame: header, payload and the checksum over both.
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | length of the whole frame, a multiple of 8; zero means that nothing follows |
//! | 4..8 | CRC32C of everything from byte 8, begun with the length |
//! | 8..10 | kind |
//! | 10..12 | version of the kind's layout |
//! | 12..16 | mark of the chain (`chain.rs`); zero in the lane and in segments of format 1 |
//! | 16..24 | sequence, from 1, without a gap |
//! | 24..32 | monotonic time, nanoseconds |
//! | 32..40 | wall clock, nanoseconds since the Unix epoch |
//! | 40.. | payload |
//!
//! All little-endian. Must hold: every byte of a frame is under the checksum, padding included.
//! The length is not written here but by `Pen::publish`, last, so that a frame which is not
//! complete is the end to whoever reads along.

use super::chain::Link;
use crate::store::layout::RECORD_VERSION;
use crate::store::record::Record;
use crate::types::Stamp;

/// Bytes before the payload.
pub(super) const HEADER_BYTES: usize = 40;

/// Most bytes that a frame of this version takes.
pub(super) const FRAME_WRITTEN_MAX: usize = HEADER_BYTES + Record::PAYLOAD_MAX;

/// Most bytes that a frame of any version takes: a longer one is damage. Leaves room for later
/// kinds, and bounds how often a search for the next good frame looks at the same byte.
pub(super) const FRAME_READ_MAX: usize = 4_096;

const _: () = assert!(FRAME_WRITTEN_MAX <= FRAME_READ_MAX);

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) length: usize,
    pub(super) kind: u16,
    pub(super) version: u16,
    pub(super) sequence: u64,
    pub(super) at: Stamp,
    /// What it shows of the chain.
    pub(super) mark: [u8; 4],
    pub(super) payload: &'a [u8],
    /// All of it.
    pub(super) bytes: &'a [u8],
}

/// The kind that stands for records that were lost ([`Record::Lost`]).
const LOST: u16 = 124;

impl Frame<'_> {
    /// True when it stands for records that were lost: behind it the chain is not known.
    pub(super) fn is_lost(&self) -> bool {
        self.kind == LOST
    }

    /// How many sequences it takes.
    pub(super) fn stands_for(&self) -> u64 {
        if !self.is_lost() {
            return 1;
        }
        match Record::decode(self.kind, self.version, self.payload) {
            Ok(Record::Lost { count }) => count,
            Ok(_) | Err(_) => 1,
        }
    }

    /// The link behind it, when `link` is the one before.
    pub(super) fn link_after(&self, link: Link) -> Link {
        link.follow(content(self.bytes))
    }

    /// True when both say the same, whatever they show of the chain.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        content(self.bytes) == content(other.bytes)
    }
}

/// All that a frame says: without its checksum and its mark, which are made from it.
fn content(frame: &[u8]) -> [&[u8]; 2] {
    [frame.get(8..12).unwrap_or_default(), frame.get(16..).unwrap_or_default()]
}

/// Writes all of a frame but its length, which stands before `out`. Answers the length that makes
/// it whole.
#[inline]
pub(super) fn write(
    out: &mut [u8; FRAME_WRITTEN_MAX - 4],
    sequence: u64,
    at: Stamp,
    record: &Record,
) -> u32 {
    let (header, payload) = out.split_at_mut(HEADER_BYTES - 4);
    // Lengths are constants: the conversions cannot fail, and the optimiser sees it.
    let payload: &mut [u8; Record::PAYLOAD_MAX] =
        payload.try_into().unwrap_or_else(|_| unreachable!("the rest of the frame"));
    let length = HEADER_BYTES + record.encode(payload);
    header[4..6].copy_from_slice(&record.kind().to_le_bytes());
    header[6..8].copy_from_slice(&RECORD_VERSION.to_le_bytes());
    header[8..12].fill(0);
    header[12..20].copy_from_slice(&sequence.to_le_bytes());
    header[20..28].copy_from_slice(&at.mono_ns.to_le_bytes());
    header[28..36].copy_from_slice(&at.unix_ns.to_le_bytes());
    let length_word = u32::try_from(length).unwrap_or_else(|_| unreachable!("at most 4,096"));
    let checksum = checksum(length_word, &out[4..length - 4]);
    out[..4].copy_from_slice(&checksum.to_le_bytes());
    length_word
}

/// Puts a copy of a frame behind `out`, marked as the one that follows `link`. Answers the link
/// behind it.
pub(super) fn seal(out: &mut Vec<u8>, frame: &Frame<'_>, link: Link) -> Link {
    let link = frame.link_after(link);
    let begin = out.len();
    out.extend_from_slice(frame.bytes);
    let copy = &mut out[begin..];
    copy[12..16].copy_from_slice(&link.mark());
    let Ok(length) = u32::try_from(copy.len()) else { unreachable!("at most 4,096") };
    let checksum = checksum(length, &copy[8..]);
    copy[4..8].copy_from_slice(&checksum.to_le_bytes());
    link
}

/// The frame that begins at `at`, if one does.
pub(super) fn read(bytes: &[u8], at: usize) -> Option<Frame<'_>> {
    let rest = bytes.get(at..)?;
    let length_word = u32::from_le_bytes(field(rest, 0)?);
    let length = usize::try_from(length_word).ok()?;
    let sane = (HEADER_BYTES..=FRAME_READ_MAX).contains(&length) && length.is_multiple_of(8);
    sane.then_some(())?;
    let frame = rest.get(..length)?;
    let written = u32::from_le_bytes(field(frame, 4)?);
    (written == checksum(length_word, &frame[8..])).then_some(())?;
    let mono_ns = u64::from_le_bytes(field(frame, 24)?);
    let unix_ns = u64::from_le_bytes(field(frame, 32)?);
    Some(Frame {
        length,
        kind: u16::from_le_bytes(field(frame, 8)?),
        version: u16::from_le_bytes(field(frame, 10)?),
        sequence: u64::from_le_bytes(field(frame, 16)?),
        at: Stamp { mono_ns, unix_ns },
        mark: field(frame, 12)?,
        payload: &frame[HEADER_BYTES..],
        bytes: frame,
    })
}

/// The length seeds the checksum of the rest: as good as its being part of it, and one call less.
fn checksum(length: u32, rest: &[u8]) -> u32 {
    crc32c::crc32c_append(length, rest)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
