//! The first 64 bytes of a segment, and of a lane that carries one.
//!
//! | bytes | field |
//! |---|---|
//! | 0..8 | magic: a segment or a lane |
//! | 8..12 | format: 2; 1 has no chain and is still read |
//! | 12..16 | zero |
//! | 16..24 | number of the segment |
//! | 24..32 | bytes of the segment |
//! | 32..60 | the link of the chain before its first record; zero in format 1 and in a lane |
//! | 60..64 | CRC32C of the bytes before |
//!
//! Must hold: it lies in one sector, so that it is written whole or not at all.

use super::chain::Link;

/// Bytes before the first record.
pub(super) const SEGMENT_HEADER_BYTES: usize = 64;

/// Format with a chain.
const FORMAT: u32 = 2;

/// The format before: frames alike, their marks zero, no chain.
const FORMAT_UNCHAINED: u32 = 1;

/// What begins with a header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A file of the journal.
    Segment,
    /// The memory that the hot thread writes one in.
    Lane,
}

impl Kind {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Segment => b"TKJOURNL",
            Self::Lane => b"TKJRLANE",
        }
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// Before the first record; `None` where there is no chain.
    pub(super) link: Option<Link>,
}

impl Header {
    /// As it stands in the file.
    pub(super) fn write(&self, kind: Kind) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut header = [0; SEGMENT_HEADER_BYTES];
        header[..8].copy_from_slice(kind.magic());
        header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        header[16..24].copy_from_slice(&self.number.to_le_bytes());
        header[24..32].copy_from_slice(&self.bytes.to_le_bytes());
        header[32..60].copy_from_slice(self.link.unwrap_or(Link::START).bytes());
        let checksum = crc32c::crc32c(&header[..60]);
        header[60..].copy_from_slice(&checksum.to_le_bytes());
        header
    }

    /// The header that `bytes` begin with, if they do.
    pub(super) fn read(kind: Kind, bytes: &[u8]) -> Option<Self> {
        let header: &[u8; SEGMENT_HEADER_BYTES] = bytes.first_chunk()?;
        let is_whole = header.starts_with(kind.magic())
            && crc32c::crc32c(&header[..60]).to_le_bytes() == header[60..];
        is_whole.then_some(())?;
        let [format, unused] = [8, 12].map(|at| header[at..].first_chunk().copied());
        let format = u32::from_le_bytes(format?);
        let known = format == FORMAT || format == FORMAT_UNCHAINED;
        (known && unused == Some([0; 4])).then_some(())?;
        let chained = format == FORMAT && kind == Kind::Segment;
        Some(Self {
            number: u64::from_le_bytes(*header[16..].first_chunk()?),
            bytes: u64::from_le_bytes(*header[24..].first_chunk()?),
            link: if chained {
                header[32..].first_chunk().copied().map(Link::from_bytes)
            } else {
                None
            },
        })
    }
}

/// True when the bytes are a whole segment of that number.
pub(super) fn is_segment(number: u64, bytes: &[u8]) -> bool {
    Header::read(Kind::Segment, bytes)
        .is_some_and(|header| header.number == number && header.bytes == bytes.len() as u64)
}
