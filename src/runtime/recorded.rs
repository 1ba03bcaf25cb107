//! A recording as a stream of market events: frames of a venue, decoded by the same dialect that
//! decodes the live feed.
//!
//! A snapshot of a book names no symbol. Our own recorder writes it down with its symbol as the
//! first member ([`named`]); one of another recorder can only be read where the recording holds
//! one symbol.

use crate::store::{RecordingReader, StoreError};
use crate::types::{Filters, Instrument, InstrumentId, MarketData, MarketEvent, Price, Qty};
use crate::venue::{
    Answer, Credentials, Directory, Listing, MarketCounters, MarketDialect, VenueKind,
};
use std::path::Path;

/// Frames that are looked at to learn what a recording holds: enough for a snapshot, which names
/// thousands of prices.
const LOOK_FRAMES: usize = 2_000;

/// A recording being read.
pub(super) struct Recorded {
    reader: RecordingReader,
    dialect: Box<dyn MarketDialect>,
    frames: u64,
    events: Vec<MarketEvent>,
    instruments: Vec<(String, InstrumentId)>,
}

/// One frame's events, and when they were received.
pub(super) struct Frame<'a> {
    pub(super) received_unix_ns: u64,
    pub(super) events: std::vec::Drain<'a, MarketEvent>,
}

impl Recorded {
    /// Opens a recording of these instruments.
    pub(super) fn open(
        path: &Path,
        kind: VenueKind,
        directory: &Directory,
    ) -> Result<Self, StoreError> {
        let nobody = Credentials::new(String::new(), String::new());
        let mut dialect = crate::venue::dialects(kind, directory, &nobody).market;
        let mut events = Vec::new();
        dialect.on_connect(&mut events);
        events.clear();
        let instruments =
            directory.instruments.iter().map(|it| (it.symbol.clone(), it.id)).collect();
        let reader = RecordingReader::open(path)?;
        Ok(Self { reader, dialect, frames: 0, events, instruments })
    }

    /// The next frame; `None` at the end. A frame that cannot be read is counted and has no events.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, StoreError> {
        let Some(frame) = self.reader.next_frame()? else { return Ok(None) };
        let received_unix_ns = frame.received_unix_ns;
        self.frames += 1;
        let read = match symbol_of(frame.bytes) {
            None => self.dialect.on_message(frame.bytes, &mut self.events),
            Some(symbol) => {
                let known = self.instruments.iter().find(|(name, _)| name.as_bytes() == symbol);
                known.map_or(Ok(()), |(_, instrument)| {
                    let answer = Answer::new(200, frame.bytes);
                    self.dialect.on_snapshot(*instrument, Some(&answer), &mut self.events)
                })
            }
        };
        if let Err(error) = read {
            tracing::debug!(%error, frame = self.frames, "a recorded frame could not be read");
        }
        Ok(Some(Frame { received_unix_ns, events: self.events.drain(..) }))
    }

    /// Frames read.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// What the dialect counted.
    pub(super) fn counters(&self) -> MarketCounters {
        self.dialect.counters()
    }
}

/// What stands before the symbol of a snapshot that was named.
const NAMED: &[u8] = b"{\"symbol\":\"";

/// A snapshot with its symbol as its first member. What is no object with members stays as it is.
pub(super) fn named(symbol: &str, snapshot: &[u8]) -> Vec<u8> {
    let Some(members) = snapshot.trim_ascii_start().strip_prefix(b"{") else {
        return snapshot.to_vec();
    };
    [NAMED, symbol.as_bytes(), b"\",", members].concat()
}

/// The symbol of a snapshot that was named.
fn symbol_of(frame: &[u8]) -> Option<&[u8]> {
    let rest = frame.strip_prefix(NAMED)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    rest.get(..end)
}

/// What a recording holds of some symbols, with a tick and a step that all of its prices and
/// quantities are multiples of. A symbol that does not occur in it is listed as ever.
pub(super) fn listings(
    symbols: &[String],
    kind: VenueKind,
    path: &Path,
) -> Result<Vec<Listing>, StoreError> {
    let listing = |symbol: &String| {
        let mut listing = super::listing::simulated(symbol);
        if let Some(grid) = Grid::of(path, kind, &listing)? {
            listing.filters = grid.applied_to(listing.filters);
        }
        Ok(listing)
    };
    symbols.iter().map(listing).collect()
}

/// The instruments of a directory that occur in a recording: a snapshot in it names no symbol, so
/// it can only be read when it is clear whose it is.
pub(super) fn occurring(
    path: &Path,
    kind: VenueKind,
    directory: &Directory,
) -> Result<Directory, StoreError> {
    let mut occurring = directory.clone();
    let mut kept = Vec::new();
    for instrument in &directory.instruments {
        if Grid::of_instrument(path, kind, instrument)?.is_some() {
            kept.push(instrument.clone());
        }
    }
    occurring.instruments = kept;
    Ok(occurring)
}

/// Greatest common measures of the prices and quantities of one instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Grid {
    price: i64,
    qty: i64,
}

impl Grid {
    fn of(path: &Path, kind: VenueKind, listing: &Listing) -> Result<Option<Self>, StoreError> {
        Self::of_instrument(path, kind, &super::listing::instrument(listing))
    }

    fn of_instrument(
        path: &Path,
        kind: VenueKind,
        instrument: &Instrument,
    ) -> Result<Option<Self>, StoreError> {
        let directory = super::listing::directory(instrument);
        let mut recorded = Recorded::open(path, kind, &directory)?;
        let mut grid = Self::default();
        let mut named = false;
        for _ in 0..LOOK_FRAMES {
            let Some(frame) = recorded.next()? else { break };
            for event in frame.events {
                match event.data {
                    MarketData::Quote(quote) => {
                        named = true;
                        grid.take(quote.bid, quote.bid_qty);
                        grid.take(quote.ask, quote.ask_qty);
                    }
                    MarketData::Trade(trade) => {
                        named = true;
                        grid.take(trade.price, trade.qty);
                    }
                    MarketData::BookDelta(delta) => {
                        delta.levels().iter().for_each(|level| grid.take(level.price, level.qty));
                    }
                    MarketData::Mark(_)
                    | MarketData::BookLost
                    | MarketData::BookBegin
                    | MarketData::BookEnd { .. } => {}
                }
            }
        }
        Ok(named.then_some(grid))
    }

    fn take(&mut self, price: Price, qty: Qty) {
        self.price = common(self.price, price.units());
        self.qty = common(self.qty, qty.units());
    }

    fn applied_to(self, filters: Filters) -> Filters {
        let tick = Price::from_units(self.price);
        let step = Qty::from_units(self.qty);
        let fits = Price::ZERO < tick && Qty::ZERO < step;
        if !fits {
            return filters;
        }
        Filters { price_tick: tick, price_min: tick, qty_step: step, qty_min: step, ..filters }
    }
}

/// Greatest common divisor; zero is neutral.
fn common(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_keeps_its_name_and_its_members() {
        let snapshot = br#" {"lastUpdateId":105,"bids":[],"asks":[]}"#;
        let written = named("BTCUSDT", snapshot);
        let read: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!((&read["symbol"], &read["lastUpdateId"]), (&"BTCUSDT".into(), &105.into()));
        assert_eq!(symbol_of(&written), Some(b"BTCUSDT".as_slice()));
        assert_eq!(symbol_of(snapshot), None);
        assert_eq!(named("BTCUSDT", b"[]"), b"[]");
        assert_eq!(symbol_of(b"{\"symbol\":\"BTC"), None);
    }
}
