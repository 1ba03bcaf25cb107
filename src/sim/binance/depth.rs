//! Update ids and differences of one book, numbered by the exchange itself.
//!
//! Must hold: a snapshot's `lastUpdateId` lies within the `U..=u` of the next difference, and every
//! difference's `pu` is the `u` before it (USDⓈ-M sheet, section 7), so a client that syncs by the
//! venue's rules has our book.
//!
//! Decision: on USDⓈ-M an id is skipped after every difference, so `U` is never `pu + 1`, as on the
//! venue (D14): a client that counts on it must fail here before it fails there. On Spot, which has
//! no `pu`, a client that misses an id must take it for a gap: none is skipped.

use crate::sim::book::Book;
use crate::types::{Level, MarketData, Price, Side};
use std::collections::BTreeSet;

/// How differences follow on each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Numbering {
    /// `U` is never one more than the `u` before.
    Gapped,
    /// `U` is one more than the `u` before.
    Unbroken,
}

/// What changed since the last difference.
#[derive(Clone, Debug)]
pub(super) struct DepthFeed {
    numbering: Numbering,
    update_id: u64,
    first: u64,
    previous: u64,
    changed: [BTreeSet<Price>; 2],
}

/// One difference.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) previous: u64,
    pub(super) bids: Vec<Level>,
    pub(super) asks: Vec<Level>,
}

impl DepthFeed {
    pub(super) fn new(numbering: Numbering) -> Self {
        Self { numbering, update_id: 2, first: 2, previous: 0, changed: Default::default() }
    }

    /// The number of the last change of the book.
    pub(super) fn update_id(&self) -> u64 {
        self.update_id
    }

    /// Sees an event *before* the book takes it in: a snapshot removes what was there.
    pub(super) fn on_market(&mut self, book: &Book, data: &MarketData) {
        match data {
            MarketData::BookLost | MarketData::BookBegin => {
                for side in Side::BOTH {
                    let prices = book.levels(side).map(|level| level.price);
                    self.changed[side.index()].extend(prices);
                }
                self.update_id += 1;
            }
            MarketData::BookDelta(delta) => {
                let prices = delta.levels().iter().map(|level| level.price);
                self.changed[delta.side.index()].extend(prices);
                self.update_id += 1;
            }
            MarketData::Quote(_) => self.update_id += 1,
            MarketData::Trade(_) | MarketData::Mark(_) | MarketData::BookEnd { .. } => {}
        }
    }

    /// At the end of a frame: the difference to publish, if there is one.
    pub(super) fn on_end(&mut self, book: &Book) -> Option<Difference> {
        if self.changed.iter().all(BTreeSet::is_empty) {
            return None;
        }
        self.update_id += 1;
        let mut levels = |side: Side| -> Vec<Level> {
            let changed = std::mem::take(&mut self.changed[side.index()]);
            let level = |price| Level { price, qty: book.depth_at(side, price) };
            changed.into_iter().map(level).collect()
        };
        let (bids, asks) = (levels(Side::Buy), levels(Side::Sell));
        let (first, last, previous) = (self.first, self.update_id, self.previous);
        self.previous = last;
        match self.numbering {
            Numbering::Gapped => {
                self.first = last + 2;
                self.update_id = self.first;
            }
            Numbering::Unbroken => self.first = last + 1,
        }
        Some(Difference { first, last, previous, bids, asks })
    }
}
