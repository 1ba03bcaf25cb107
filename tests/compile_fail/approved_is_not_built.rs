//! Nobody but the kernel builds an approved order.

use tradekeel::core::safety::{Approved, Passage};
use tradekeel::types::{ClientOrderId, OrderTerms, Purpose};

fn forge(terms: OrderTerms, toward: Purpose, passage: Passage) -> Approved {
    let (id, strategy, parent, origin_ns) = (ClientOrderId::default(), None, None, 0);
    Approved { id, strategy, terms, toward, passage, parent, origin_ns }
}

fn main() {}
