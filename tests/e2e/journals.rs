//! What must be true of every journal.

use std::collections::BTreeSet;
use tradekeel::store::Record;
use tradekeel::types::OrderRef;

/// Every order is recorded before anything is heard of it, under an id of its own.
pub(crate) fn assert_orders_precede(journal: &[Record]) {
    let mut known = BTreeSet::new();
    for record in journal {
        match record {
            Record::Order(intent) => {
                assert!(known.insert(intent.id), "{} is used twice", intent.id);
            }
            Record::Execution(report) => {
                // Of an earlier start of this journal, or of this one: recorded in any case.
                if let OrderRef::Ours(id) = report.order {
                    assert!(known.contains(&id), "{id} is heard of before it is recorded");
                }
            }
            _ => {}
        }
    }
}

/// No order of a strategy stands behind the last trip.
pub(crate) fn assert_nothing_after_trip(journal: &[Record]) {
    let trip = journal.iter().rposition(|record| matches!(record, Record::Trip(_))).unwrap();
    let later = journal[trip..]
        .iter()
        .find(|record| matches!(record, Record::Order(intent) if intent.strategy.is_some()));
    assert!(later.is_none(), "{later:?}");
}
