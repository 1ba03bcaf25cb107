//! What is known of one instrument's market: best prices, book, and how old they are.

use super::book::Book;
use crate::types::Quote;

/// The market of one instrument.
#[derive(Debug)]
pub(super) struct Market {
    quote: Option<Quote>,
    book: Book,
}

impl Market {
    pub(super) fn quote(&self) -> Option<&Quote> {
        self.quote.as_ref()
    }
    pub(super) fn book(&self) -> Option<&Book> {
        Some(&self.book)
    }
}
