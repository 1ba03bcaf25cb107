//! The chain over all records: each carries a mark that depends on every record before it.
//!
//! Must hold: a record that is taken out, put in, swapped or rewritten breaks the chain at its
//! place or at the next record, also across segments: a segment begins with the link that the one
//! before ended with. The chain is made by the writer thread; the hot thread knows nothing of it.
//!
//! Decision: SHA-256 and not a second CRC. A CRC can be steered to any value by four bytes of one's
//! own choice; here one must find a preimage, or recompute every record behind and the head that
//! somebody has noted (`engine journal verify` prints it). It costs the writer thread, not the hot
//! one. A link is 28 bytes because that is the room of a segment's header, and a record shows four
//! of them because that is the room of a frame: a forged record passes its own mark with a
//! probability of 2^-32, and the next segment's header with one of 2^-224.

use sha2::{Digest, Sha256};
use std::fmt;

/// Where the chain stands behind one record.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Link([u8; Link::BYTES]);

impl Link {
    /// Bytes of a link.
    pub(super) const BYTES: usize = 28;

    /// Before the first record of all, and before the first one behind damage.
    pub const START: Self = Self([0; Self::BYTES]);

    pub(super) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The link behind a record of that content.
    pub(super) fn follow(&self, content: [&[u8]; 2]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        content.iter().for_each(|part| hash.update(part));
        let mut link = [0; Self::BYTES];
        link.copy_from_slice(&hash.finalize()[..Self::BYTES]);
        Self(link)
    }

    /// What a record shows of it.
    pub(super) fn mark(&self) -> [u8; 4] {
        [self.0[0], self.0[1], self.0[2], self.0[3]]
    }
}

impl fmt::Display for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
