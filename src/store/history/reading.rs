//! A reading of the account while its parts come by: which positions it named.
//!
//! Must hold: what a reading does not name is flat only once all of it was told.

use crate::store::ReadingItem;

/// A reading that was begun.
#[derive(Debug)]
pub(super) struct Reading {
    left: u32,
    /// Indexes of instruments.
    named: Vec<usize>,
}

impl Reading {
    pub(super) fn begin(items: u32) -> Self {
        Self { left: items, named: Vec::new() }
    }

    pub(super) fn take(&mut self, item: &ReadingItem) {
        self.left = self.left.saturating_sub(1);
        if let ReadingItem::Position(held) = item {
            self.named.push(held.instrument.index());
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.left == 0
    }

    /// The symbols that it did not name.
    pub(super) fn flat(&self, symbols: &[String]) -> Vec<String> {
        let others = symbols.iter().enumerate().filter(|(at, _)| !self.named.contains(at));
        others.map(|(_, symbol)| symbol.clone()).collect()
    }
}
