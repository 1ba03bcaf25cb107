//! The orders of a journal for people and their tables: a CSV file, and whether an id was ever used
//! twice (R46).
//!
//! Must hold: nothing here changes a journal. Not here: a command's arguments and exit codes.
//!
//! Decision: CSV is written here and not by a crate: it is one rule (RFC 4180: a cell with a comma,
//! a quote or the end of a line stands in quotes, and its quotes are doubled), and lines end as
//! `grep`, `sort` and `uniq` want them.

use crate::store::Record;
use crate::store::history::{ORDER_COLUMNS, PrefixOf, Scratch};
use crate::store::journal::Reader;
use crate::types::ClientOrderId;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

pub use crate::store::StoreError;
pub use crate::store::history::Bound;

/// An order's id, and every record that it was used in: two or more.
pub type Duplicates = BTreeMap<ClientOrderId, Vec<u64>>;

/// Writes the orders between two bounds as CSV. Answers what of the journal could not be read.
///
/// # Errors
/// The outer one is of `out`, the inner one of the journal.
pub fn export(
    journal: &Path,
    prefix_of: PrefixOf,
    (from, until): (Option<Bound>, Option<Bound>),
    out: &mut dyn Write,
) -> io::Result<Result<Vec<StoreError>, StoreError>> {
    let scratch = match Scratch::of(journal, prefix_of) {
        Ok(scratch) => scratch,
        Err(error) => return Ok(Err(error)),
    };
    let mut written = writeln!(out, "{}", ORDER_COLUMNS.join(","));
    let listed = scratch.each_order(from, until, |cells| {
        let line: Vec<String> =
            cells.iter().map(|text| cell(text.as_deref().unwrap_or_default())).collect();
        if written.is_ok() {
            written = writeln!(out, "{}", line.join(","));
        }
        written.is_ok()
    });
    written?;
    out.flush()?;
    Ok(listed.map(|()| scratch.damage))
}

/// A cell of a line.
fn cell(text: &str) -> String {
    let is_plain = !text.contains([',', '"', '\r', '\n']);
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// Every id that more than one order was sent under, and what of the journal could not be read.
///
/// # Errors
/// [`StoreError`] when there is no journal.
pub fn duplicates(journal: &Path) -> Result<(Duplicates, Vec<StoreError>), StoreError> {
    // Ids rise: only one that does not can have been used before. So two readings do, and memory
    // is as small as the fault.
    let (mut suspects, mut newest, mut damage) = (BTreeSet::new(), None, Vec::new());
    each_id(journal, Some(&mut damage), |id, _| {
        if newest.is_some_and(|newest| id <= newest) {
            suspects.insert(id);
        }
        newest = newest.max(Some(id));
    })?;
    let mut found = Duplicates::new();
    if !suspects.is_empty() {
        each_id(journal, None, |id, sequence| {
            if suspects.contains(&id) {
                found.entry(id).or_default().push(sequence);
            }
        })?;
    }
    found.retain(|_, sequences| 1 < sequences.len());
    Ok((found, damage))
}

fn each_id(
    journal: &Path,
    mut damage: Option<&mut Vec<StoreError>>,
    mut take: impl FnMut(ClientOrderId, u64),
) -> Result<(), StoreError> {
    for entry in Reader::open(journal)? {
        match entry {
            Ok(entry) => {
                if let Ok(Record::Order(order) | Record::Child { order, .. }) = entry.record {
                    take(order.id, entry.sequence);
                }
            }
            Err(error @ StoreError::Damaged { .. }) => {
                if let Some(damage) = &mut damage {
                    damage.push(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_only_there() {
        let rows = [
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("he said \"no\"", "\"he said \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("a\rb", "\"a\rb\""),
            ("'", "'"),
        ];
        for (text, expected) in rows {
            assert_eq!(cell(text), expected);
        }
    }
}
