//! What each strategy held of each instrument, by name (SAFETY E9): beside the journal, which has
//! what moved since the file was written.
//!
//! Must hold: names and not indexes, because between two runs the configuration may have been
//! edited; of two lines of the same ledger the higher revision binds, wherever it was found.
//!
//! Decision: a ledger whose strategy or instrument is not configured any more is emptied and keeps
//! its revision. Nobody trades for it, its position is nobody's, and should the name come back it
//! must not find a position of long ago.

use super::StoreError;
use super::atomic::{self, Stored};
use super::record::Record;
use crate::core::LedgerLine;
use crate::types::{Cash, Qty, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NEXT: &str = "start, look at the position of each strategy, then reset the kill switch";

/// One line of a ledger, by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NamedLedger {
    /// Whose.
    pub strategy: Text<32>,
    /// Of what: its symbol.
    pub instrument: Text<32>,
    /// As it was.
    pub line: LedgerLine,
}

/// Every line by strategy and symbol, the latest of each.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ledgers(BTreeMap<(String, String), LedgerLine>);

impl Ledgers {
    /// Takes in a line, unless a later one is known.
    pub fn keep(&mut self, ledger: &NamedLedger) {
        let NamedLedger { strategy, instrument, line } = ledger;
        let name = (strategy.as_str().to_owned(), instrument.as_str().to_owned());
        let known = self.0.entry(name).or_insert(*line);
        if known.revision < line.revision {
            *known = *line;
        }
    }

    /// Takes in what a record says of any.
    pub(super) fn observe(&mut self, record: &Record) {
        if let Record::Ledger(ledger) = record {
            self.keep(ledger);
        }
    }

    /// All lines.
    pub fn iter(&self) -> impl Iterator<Item = NamedLedger> + '_ {
        self.0.iter().map(|((strategy, instrument), line)| NamedLedger {
            strategy: Text::new(strategy),
            instrument: Text::new(instrument),
            line: *line,
        })
    }

    /// Empties every line that is not to be kept.
    pub fn empty_unless(&mut self, mut is_kept: impl FnMut(&NamedLedger) -> bool) {
        for ledger in self.iter().collect::<Vec<_>>() {
            let is_empty = ledger.line
                == LedgerLine { revision: ledger.line.revision, ..LedgerLine::default() };
            if !is_empty && !is_kept(&ledger) {
                let revision = ledger.line.revision.saturating_add(1);
                self.keep(&NamedLedger {
                    line: LedgerLine { revision, ..LedgerLine::default() },
                    ..ledger
                });
            }
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    ledgers: Vec<Line>,
}

/// Amounts are exact decimal text: JSON has no integer of their width.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    strategy: String,
    instrument: String,
    revision: u64,
    position: String,
    cost: String,
    realised: String,
    fees: String,
}

/// Keeps them; returns when they are on disk.
pub fn write(state_folder: &Path, ledgers: &Ledgers) -> Result<(), StoreError> {
    let line = |ledger: NamedLedger| Line {
        strategy: ledger.strategy.as_str().to_owned(),
        instrument: ledger.instrument.as_str().to_owned(),
        revision: ledger.line.revision,
        position: ledger.line.position.to_string(),
        cost: ledger.line.cost.to_string(),
        realised: ledger.line.realised.to_string(),
        fees: ledger.line.fees.to_string(),
    };
    atomic::write(&path(state_folder), &Written { ledgers: ledgers.iter().map(line).collect() })
}

/// What the last run kept, and `journal` where that is later. An error means that it is not known:
/// the caller latches.
pub fn restore(state_folder: &Path, journal: &Ledgers) -> Result<Ledgers, StoreError> {
    let path = path(state_folder);
    let mut ledgers = journal.clone();
    let written = match atomic::read::<Written>(&path, NEXT) {
        Stored::Missing => return Ok(ledgers),
        Stored::Damaged(error) => return Err(error),
        Stored::Good(written) => written,
    };
    for line in &written.ledgers {
        let damaged = |what: String| StoreError::Damaged { path: path.clone(), what, next: NEXT };
        let cash = |text: &String| {
            Cash::parse(text.as_bytes()).ok_or_else(|| damaged(format!("`{text}` is no amount")))
        };
        let position = Qty::parse(line.position.as_bytes());
        let position =
            position.ok_or_else(|| damaged(format!("`{}` is no quantity", line.position)));
        ledgers.keep(&NamedLedger {
            strategy: Text::new(&line.strategy),
            instrument: Text::new(&line.instrument),
            line: LedgerLine {
                revision: line.revision,
                position: position?,
                cost: cash(&line.cost)?,
                realised: cash(&line.realised)?,
                fees: cash(&line.fees)?,
            },
        });
    }
    Ok(ledgers)
}

fn path(state_folder: &Path) -> PathBuf {
    state_folder.join("ledgers.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn ledger(strategy: &str, revision: u64, position: i32) -> NamedLedger {
        let (strategy, instrument) = (Text::new(strategy), Text::new("BTCUSDT"));
        let line = LedgerLine {
            revision,
            position: Qty::whole(position),
            cost: Cash::from_units(-1 - i128::from(u64::MAX)),
            realised: Cash::whole(5),
            fees: Cash::from_units(1),
        };
        NamedLedger { strategy, instrument, line }
    }

    #[test]
    fn everything_comes_back_as_it_was_and_the_later_line_binds() {
        let folder = tempfile::tempdir().unwrap();
        let none = Ledgers::default();
        assert_eq!(restore(folder.path(), &none).unwrap(), none);
        let mut ledgers = Ledgers::default();
        for line in [ledger("maker", 3, 7), ledger("taker", 9, -2), ledger("maker", 2, 1)] {
            ledgers.keep(&line);
        }
        assert_eq!(
            ledgers.iter().collect::<Vec<_>>(),
            [ledger("maker", 3, 7), ledger("taker", 9, -2)]
        );
        write(folder.path(), &ledgers).unwrap();
        assert_eq!(restore(folder.path(), &none).unwrap(), ledgers);
        let mut journal = Ledgers::default();
        [ledger("maker", 4, 8), ledger("taker", 8, 0)].iter().for_each(|line| journal.keep(line));
        let restored = restore(folder.path(), &journal).unwrap();
        assert_eq!(
            restored.iter().collect::<Vec<_>>(),
            [ledger("maker", 4, 8), ledger("taker", 9, -2)]
        );
    }

    #[test]
    fn what_is_not_configured_any_more_is_emptied_once() {
        let mut ledgers = Ledgers::default();
        [ledger("maker", 3, 7), ledger("gone", 5, 1)].iter().for_each(|line| ledgers.keep(line));
        for _ in 0..2 {
            ledgers.empty_unless(|it| it.strategy == Text::new("maker"));
            let gone = ledgers.iter().next().unwrap();
            assert_eq!(gone.line, LedgerLine { revision: 6, ..LedgerLine::default() });
            assert_eq!(ledgers.iter().last(), Some(ledger("maker", 3, 7)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let none = Ledgers::default();
        fs::write(path(folder.path()), "{}").unwrap();
        assert!(restore(folder.path(), &none).is_err());
        for (position, cost, told) in [("much", "1", "`much`"), ("1", "dear", "`dear`")] {
            let line = Line {
                strategy: "maker".to_owned(),
                instrument: "BTCUSDT".to_owned(),
                revision: 1,
                position: position.to_owned(),
                cost: cost.to_owned(),
                realised: "0".to_owned(),
                fees: "0".to_owned(),
            };
            atomic::write(&path(folder.path()), &Written { ledgers: vec![line] }).unwrap();
            let error = restore(folder.path(), &none).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
