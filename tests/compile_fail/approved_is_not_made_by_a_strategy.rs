//! The kernel's own constructor is not for others.

use tradekeel::core::safety::Approved;
use tradekeel::types::{ClientOrderId, OrderTerms};

fn forge(terms: OrderTerms) -> Approved {
    Approved::by_kernel(ClientOrderId::default(), None, terms, 0)
}

fn main() {}
