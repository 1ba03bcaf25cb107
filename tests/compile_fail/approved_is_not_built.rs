//! Nobody but the kernel builds an approved order.

use tradekeel::core::safety::Approved;
use tradekeel::types::{ClientOrderId, OrderTerms, Purpose};

fn forge(terms: OrderTerms, toward: Purpose) -> Approved {
    Approved { id: ClientOrderId::default(), strategy: None, terms, toward, origin_ns: 0 }
}

fn main() {}
