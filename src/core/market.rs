//! What is known of one instrument's market: best prices, book, and how old they are.
//!
//! Must hold: a quote that is one-sided or crossed is no quote; a book that missed anything is no
//! book until it has been begun again and ended whole (D12).

mod past;

use super::book::Book;
use super::digest::Digest;
use crate::types::{MarketData, MarketEvent, Price, Quote, SECOND, Trade};
use past::Past;

/// The market of one instrument.
#[derive(Debug)]
pub(super) struct Market {
    quote: Option<Quote>,
    /// Its middle.
    mid: Option<Price>,
    /// The last sound one, however old: what an operator's exit is priced from.
    last_quote: Option<Quote>,
    quote_received_ns: u64,
    past: Past,
    last_trade: Option<Trade>,
    trade_received_ns: u64,
    /// The venue's mark, however old.
    mark: Option<Price>,
    mark_received_ns: u64,
    book: Book,
    /// Levels that the book had not kept when it was last begun.
    dropped_before: u64,
    state: BookState,
}

/// How far the book can be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BookState {
    /// Not at all: updates are passed over.
    Lost,
    /// In the middle of a frame or of a fresh snapshot.
    Building,
    /// It is the venue's book as of the last frame.
    Whole,
}

impl Market {
    /// `move_window_ns` is the time over which moves of its price are told.
    pub(super) fn new(tick: Price, move_window_ns: u64) -> Self {
        Self {
            quote: None,
            mid: None,
            last_quote: None,
            quote_received_ns: 0,
            past: Past::new(move_window_ns),
            last_trade: None,
            trade_received_ns: 0,
            mark: None,
            mark_received_ns: 0,
            book: Book::new(tick),
            dropped_before: 0,
            state: BookState::Lost,
        }
    }

    pub(super) fn on_event(&mut self, event: &MarketEvent, received_ns: u64) {
        match &event.data {
            MarketData::Quote(quote) => {
                self.quote = quote.is_sound().then_some(*quote);
                self.mid = quote.mid();
                self.last_quote = self.quote.or(self.last_quote);
                self.quote_received_ns = received_ns;
                if let Some(mid) = self.mid {
                    self.past.observe(received_ns, mid);
                }
            }
            MarketData::Trade(trade) => {
                self.last_trade = Some(*trade);
                self.trade_received_ns = received_ns;
            }
            MarketData::Mark(price) if Price::ZERO < *price => {
                self.mark = Some(*price);
                self.mark_received_ns = received_ns;
            }
            MarketData::Mark(_) => {}
            MarketData::BookLost => self.state = BookState::Lost,
            MarketData::BookBegin => {
                self.book.clear();
                self.dropped_before = self.book.dropped();
                self.state = BookState::Building;
            }
            MarketData::BookDelta(delta) => {
                if self.state != BookState::Lost {
                    self.state = BookState::Building;
                    delta.levels().iter().for_each(|level| self.book.set(delta.side, *level));
                }
            }
            MarketData::BookEnd { .. } => {
                if self.state != BookState::Lost {
                    let complete = self.book.dropped() == self.dropped_before;
                    let sound = complete && !self.book.is_crossed();
                    self.state = if sound { BookState::Whole } else { BookState::Lost };
                }
            }
        }
    }

    /// Nothing more is heard of this market: what was known is not known any more.
    pub(super) fn on_link_down(&mut self) {
        (self.quote, self.mid) = (None, None);
        self.state = BookState::Lost;
    }

    /// Best prices, when sound.
    pub(super) fn quote(&self) -> Option<&Quote> {
        self.quote.as_ref()
    }

    /// The middle of the best prices, when sound.
    pub(super) fn mid(&self) -> Option<Price> {
        self.mid
    }

    /// The last sound best prices, however old.
    pub(super) fn last_quote(&self) -> Option<&Quote> {
        self.last_quote.as_ref()
    }

    /// How old the best prices are.
    pub(super) fn quote_age_ns(&self, now_ns: u64) -> u64 {
        now_ns.saturating_sub(self.quote_received_ns)
    }

    /// The mid a window ago, or the oldest that is known before so much is known.
    pub(super) fn past_mid(&self, now_ns: u64) -> Option<Price> {
        self.past.mid(now_ns)
    }

    /// The price of the last trade, when it is no older than that. A price of nothing is none.
    pub(super) fn traded(&self, now_ns: u64, age_ns_max: u64) -> Option<Price> {
        let fresh = now_ns.saturating_sub(self.trade_received_ns) <= age_ns_max;
        let price = self.last_trade.filter(|_| fresh).map(|trade| trade.price);
        price.filter(|price| Price::ZERO < *price)
    }

    /// The venue's mark, however old.
    pub(super) fn mark(&self) -> Option<Price> {
        self.mark
    }

    /// How old the mark is; `None` where none was ever heard.
    pub(super) fn mark_age_ns(&self, now_ns: u64) -> Option<u64> {
        self.mark.map(|_| now_ns.saturating_sub(self.mark_received_ns))
    }

    /// True where best prices have not been heard for so long that this mark of the venue, which
    /// comes each second, says more of what a position is worth.
    pub(super) fn outlives_quote(&self, mark: Price, now_ns: u64) -> bool {
        Price::ZERO < mark && SECOND < self.quote_age_ns(now_ns)
    }

    /// The venue prices it in other steps: what was known of the book does not fit any more.
    pub(super) fn on_tick(&mut self, tick: Price) {
        self.book = Book::new(tick);
        self.state = BookState::Lost;
    }

    /// The book, when whole.
    pub(super) fn book(&self) -> Option<&Book> {
        self.is_whole().then_some(&self.book)
    }

    /// True while no book is kept.
    pub(super) fn is_lost(&self) -> bool {
        self.state == BookState::Lost
    }

    pub(super) fn is_whole(&self) -> bool {
        self.state == BookState::Whole
    }

    /// A number that two equal books share.
    pub(super) fn book_digest(&self) -> u64 {
        self.book.digest()
    }

    /// Its part of the state digest, the levels of the book apart.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        digest
            .with_known(self.quote.map(|quote| quote.bid.units()))
            .with_known(self.quote.map(|quote| quote.ask.units()))
            .with_known(self.mark.map(Price::units))
            .with(self.state as i64)
            .with_count(self.last_trade.map_or(0, |trade| trade.id))
    }
}
