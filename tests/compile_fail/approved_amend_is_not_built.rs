//! Nobody but the kernel builds an approved amend.

use tradekeel::core::safety::ApprovedAmend;
use tradekeel::types::{ClientOrderId, OrderTerms, StrategyId};

fn forge(terms: OrderTerms) -> ApprovedAmend {
    let (id, strategy) = (ClientOrderId::default(), StrategyId::default());
    ApprovedAmend { id, strategy, terms, amends: 0, origin_ns: 0 }
}

fn main() {}
