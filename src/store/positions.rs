//! `positions.json`: what the account holds as we believe it, for people (R55). No run reads it: it
//! may be deleted at any time, and is written again.
//!
//! Must hold: what is not known is `null`, never zero.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the file in the state folder.
pub const FILE: &str = "positions.json";

const NEXT: &str = "delete it: a running engine writes it again, and so does the next start";

/// All of them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Positions {
    /// Of when, in UTC.
    pub as_of: String,
    /// The account is proven to be so.
    pub reconciled: bool,
    /// When the venue was last compared with, in UTC: the time of `expected_positions.json` and
    /// `actual_positions.json`.
    pub compared_at: Option<String>,
    /// Every configured instrument, by symbol in ascending order.
    pub positions: Vec<Position>,
}

/// One of them. Amounts are exact decimal text.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// The venue's spelling.
    pub symbol: String,
    /// `long`, `short` or `flat`.
    pub side: String,
    /// Signed quantity.
    pub qty: String,
    /// What of it is no strategy's doing.
    pub unattributed: String,
    /// Average price at which it was entered, by our own trades; `null` when they do not explain
    /// all of it.
    pub entry_price: Option<String>,
    /// The same by the venue's last reading; `null` when the quantity has changed since.
    pub venue_entry_price: Option<String>,
    /// At which it could be closed; `null` without a sound quote.
    pub mark_price: Option<String>,
    /// Profit or loss at that mark, in the settlement asset; `null` without a mark or an entry.
    pub unrealised: Option<String>,
}

impl Positions {
    /// True when both hold the same quantities and know the same of the account: what must be
    /// written at once.
    pub fn holds_as(&self, other: &Self) -> bool {
        let held = |it: &Self| {
            let held = it.positions.iter().map(|it| (it.symbol.clone(), it.qty.clone()));
            held.collect::<Vec<_>>()
        };
        self.reconciled == other.reconciled && held(self) == held(other)
    }
}

/// Replaces the file; returns when it is on disk.
pub fn write(state_folder: &Path, positions: &Positions) -> Result<(), StoreError> {
    atomic::write(&state_folder.join(FILE), positions)
}

/// What the file says.
pub fn read(state_folder: &Path) -> Stored<Positions> {
    atomic::read(&state_folder.join(FILE), NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(qty: &str, mark: Option<&str>) -> Positions {
        let position = Position {
            symbol: "BTCUSDT".to_owned(),
            qty: qty.to_owned(),
            mark_price: mark.map(str::to_owned),
            ..Position::default()
        };
        Positions { reconciled: true, positions: vec![position], ..Positions::default() }
    }

    #[test]
    fn what_is_written_is_read_and_what_is_not_known_is_null() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        write(folder.path(), &held("-0.6", None)).unwrap();
        assert!(matches!(read(folder.path()), Stored::Good(it) if it == held("-0.6", None)));
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.contains("\"mark_price\": null"), "{text}");
        std::fs::write(folder.path().join(FILE), text.replace("-0.6", "-0.7")).unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("it is read") };
        assert!(error.to_string().contains("delete it"), "{error}");
    }

    #[test]
    fn another_quantity_or_an_account_in_doubt_is_another_word_and_another_mark_is_not() {
        let before = held("1", Some("7"));
        assert!(before.holds_as(&held("1", Some("8"))));
        assert!(!before.holds_as(&held("2", Some("7"))));
        assert!(!before.holds_as(&Positions { reconciled: false, ..held("1", Some("7")) }));
    }
}
