//! What a request of the WebSocket API was about, written into its id, so that an answer needs no
//! table to be understood.
//!
//! Must hold: what is written is read back the same, and fits into the 36 characters that the venue
//! allows.

use crate::types::{ClientOrderId, IdPrefix, InstrumentId};

/// What a request was about. Its text is kind, index of the instrument, a dot and our id, and of an
/// amend its number: at most the 36 characters that the venue allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    pub(super) instrument: InstrumentId,
    pub(super) id: ClientOrderId,
}

/// How the number of an amend is written.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What a request wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RequestKind {
    Place,
    Cancel,
    /// With the number by which its answer is told from that of an earlier one.
    Amend(u8),
}

impl Request {
    pub(super) fn write(self, prefix: &IdPrefix, out: &mut Vec<u8>) {
        match self.kind {
            RequestKind::Place => out.push(b'p'),
            RequestKind::Cancel => out.push(b'c'),
            RequestKind::Amend(number) => {
                let digit = DIGITS.get(usize::from(number)).copied().unwrap_or(b'z');
                out.extend([b'm', digit]);
            }
        }
        super::text::write_integer(u64::from(self.instrument.0), out);
        out.push(b'.');
        prefix.write(self.id, out);
    }

    pub(super) fn read(text: &str, prefix: &IdPrefix) -> Option<Self> {
        let (kind, rest) = match text.as_bytes().first()? {
            b'p' => (RequestKind::Place, text.get(1..)?),
            b'c' => (RequestKind::Cancel, text.get(1..)?),
            b'm' => {
                let digit = text.as_bytes().get(1)?;
                let number = DIGITS.iter().position(|it| it == digit)?;
                (RequestKind::Amend(u8::try_from(number).ok()?), text.get(2..)?)
            }
            _ => return None,
        };
        let (index, id) = rest.split_once('.')?;
        let instrument = InstrumentId(index.parse().ok()?);
        Some(Self { kind, instrument, id: prefix.read(id.as_bytes())? })
    }
}
