//! Nobody but the kernel builds an approved order.

use tradekeel::core::safety::Approved;
use tradekeel::types::{ClientOrderId, OrderTerms};

fn forge(terms: OrderTerms) -> Approved {
    Approved { id: ClientOrderId::default(), strategy: None, terms, origin_ns: 0 }
}

fn main() {}
