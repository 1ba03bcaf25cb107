//! Nobody but the kernel builds an approved order.

use tradekeel::core::safety::{Approved, Passage};
use tradekeel::types::{ClientOrderId, OrderTerms, Purpose};

fn forge(terms: OrderTerms, toward: Purpose, passage: Passage) -> Approved {
    Approved { id: ClientOrderId::default(), strategy: None, terms, toward, passage, origin_ns: 0 }
}

fn main() {}
