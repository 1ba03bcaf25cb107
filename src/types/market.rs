//! Market data, already normalised by the venue's decoder.

use super::{InstrumentId, Price, Qty, Side};

/// Best bid and ask. A side that is not quoted has a price of zero.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quote {
    /// Best price that somebody pays.
    pub bid: Price,
    /// How much of it.
    pub bid_qty: Qty,
    /// Best price that somebody asks.
    pub ask: Price,
    /// How much of it.
    pub ask_qty: Qty,
}

impl Quote {
    /// Both sides quoted and the bid below the ask: the only quote that may be traded on.
    pub fn is_sound(&self) -> bool {
        Price::ZERO < self.bid && self.bid < self.ask
    }

    /// Middle of a sound quote, rounded down to 1e-8.
    pub fn mid(&self) -> Option<Price> {
        let middle = self.bid.units() + (self.ask.units() - self.bid.units()) / 2;
        self.is_sound().then_some(Price::from_units(middle))
    }

    /// The price that a taker of this side meets; `None` when nobody stands there.
    pub fn touch(&self, taker: Side) -> Option<Price> {
        let price = match taker {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        };
        (Price::ZERO < price).then_some(price)
    }
}

/// One public trade.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Trade {
    /// The venue's number of it, rising per instrument.
    pub id: u64,
    /// At which price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
    /// Who came second and took.
    pub aggressor: Side,
}

/// One price of a book and all that stands there; a quantity of zero removes the price.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Total quantity that stands there now (absolute, not a change).
    pub qty: Qty,
}

/// Levels that one [`BookDelta`] carries: most frames need about ten of these, and the event stays
/// a plain value that needs no allocation to cross a lane.
pub const DELTA_LEVELS: usize = 8;

/// Some levels of one side of a book that changed together. A frame of a venue becomes several of
/// these and one [`MarketData::BookEnd`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BookDelta {
    /// Which side changed.
    pub side: Side,
    /// How many of `levels` are meant, from the start.
    pub count: u8,
    /// The levels.
    pub levels: [Level; DELTA_LEVELS],
}

impl BookDelta {
    /// The levels that are meant.
    pub fn levels(&self) -> &[Level] {
        &self.levels[..usize::from(self.count).min(DELTA_LEVELS)]
    }
}

/// What the market did to one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarketEvent {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// The venue's own time of sending, milliseconds since the Unix epoch, where it says one.
    pub sent_unix_ms: Option<u64>,
    /// What happened.
    pub data: MarketData,
}

/// The kinds of market data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MarketData {
    /// The best prices changed. The only kind that may be coalesced (D12).
    Quote(Quote),
    /// Somebody traded.
    Trade(Trade),
    /// What the venue holds one to be worth: margin, liquidation and its band of prices go by it.
    Mark(Price),
    /// The book is not to be trusted until the next [`MarketData::BookEnd`] after a
    /// [`MarketData::BookBegin`].
    BookLost,
    /// A fresh snapshot follows: forget every level.
    BookBegin,
    /// Part of a frame.
    BookDelta(BookDelta),
    /// The frame is complete; the book is whole as of this update of the venue.
    BookEnd {
        /// The venue's number of the last update in it.
        update_id: u64,
    },
}
