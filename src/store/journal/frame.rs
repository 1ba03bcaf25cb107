//! A record in its frame: header, payload and the checksum over both.
//!
//! | bytes | field |
//! |---|---|
//! | 0..4 | length of the whole frame, a multiple of 8; zero means that nothing follows |
//! | 4..8 | CRC32C of everything from byte 8, begun with the length |
//! | 8..10 | kind |
//! | 10..12 | version of the kind's layout |
//! | 12..16 | zero; room for a later issue |
//! | 16..24 | sequence, from 1, without a gap |
//! | 24..32 | monotonic time, nanoseconds |
//! | 32..40 | wall clock, nanoseconds since the Unix epoch |
//! | 40.. | payload |
//!
//! All little-endian. Must hold: every byte of a frame is under the checksum, padding included.
//! The length is not written here but by `Pen::publish`, last, so that a frame which is not
//! complete is the end to whoever reads along.

use crate::store::layout::RECORD_VERSION;
use crate::store::record::Record;
use crate::types::Stamp;

/// Bytes before the payload.
pub(super) const HEADER_BYTES: usize = 40;

/// Most bytes that a frame of this version takes.
pub(super) const FRAME_WRITTEN_MAX: usize = HEADER_BYTES + Record::PAYLOAD_MAX;

/// Most bytes that a frame of any version takes: a longer one is damage. Leaves room for later
/// kinds, and bounds how often a search for the next good frame looks at the same byte.
const FRAME_READ_MAX: usize = 4_096;

const _: () = assert!(FRAME_WRITTEN_MAX <= FRAME_READ_MAX);

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) length: usize,
    pub(super) kind: u16,
    pub(super) version: u16,
    pub(super) sequence: u64,
    pub(super) at: Stamp,
    pub(super) payload: &'a [u8],
}

/// Writes all of a frame but its length. Answers the length that makes it whole.
pub(super) fn write(
    out: &mut [u8; FRAME_WRITTEN_MAX],
    sequence: u64,
    at: Stamp,
    record: &Record,
) -> u32 {
    let (header, payload) = out.split_at_mut(HEADER_BYTES);
    // Lengths are constants: the conversions cannot fail, and the optimiser sees it.
    let payload: &mut [u8; Record::PAYLOAD_MAX] =
        payload.try_into().unwrap_or_else(|_| unreachable!("the rest of the frame"));
    let length = HEADER_BYTES + record.encode(payload);
    header[8..10].copy_from_slice(&record.kind().to_le_bytes());
    header[10..12].copy_from_slice(&RECORD_VERSION.to_le_bytes());
    header[12..16].fill(0);
    header[16..24].copy_from_slice(&sequence.to_le_bytes());
    header[24..32].copy_from_slice(&at.mono_ns.to_le_bytes());
    header[32..40].copy_from_slice(&at.unix_ns.to_le_bytes());
    let length_word = u32::try_from(length).unwrap_or_else(|_| unreachable!("at most 4,096"));
    let checksum = checksum(length_word, &out[8..length]);
    out[4..8].copy_from_slice(&checksum.to_le_bytes());
    length_word
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
        payload: &frame[HEADER_BYTES..],
    })
}

/// The length seeds the checksum of the rest: as good as its being part of it, and one call less.
fn checksum(length: u32, rest: &[u8]) -> u32 {
    crc32c::crc32c_append(length, rest)
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
