//! `daily_pnl.json`: the day so far, for people (R55). No run reads it: it may be deleted at any
//! time, and is written again.
//!
//! Must hold: what is not known is `null`, never zero.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the file in the state folder.
pub const FILE: &str = "daily_pnl.json";

const NEXT: &str = "delete it: a running engine writes it again, and so does the next start";

/// The day so far. Amounts are exact decimal text in the reporting currency.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DailyPnl {
    /// Of when, in UTC.
    pub as_of: String,
    /// What amounts are in.
    pub currency: String,
    /// The date of the day, which begins at the rollover hour; `null` before the first valuation.
    pub day: Option<String>,
    /// Equity where it began, at the present number of units: a transfer moves it too.
    pub opening_equity: Option<String>,
    /// Equity now.
    pub equity: Option<String>,
    /// What the day has brought: equity less the opening.
    pub profit: Option<String>,
    /// The fall of a unit since the opening, basis points; below zero is a gain.
    pub loss_bps: Option<i64>,
    /// The highest equity, from which the drawdown is measured.
    pub high_water: Option<String>,
    /// The fall from it, basis points.
    pub drawdown_bps: Option<i64>,
    /// What the run brought, which began at the last start and not with the day.
    pub run: Run,
}

/// A run so far.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Number of the start.
    pub epoch: u32,
    /// Equity less that at its first valuation, transfers apart.
    pub profit: Option<String>,
    /// What strategies closed, before fees, since their ledgers began, in settlement assets taken
    /// as one.
    pub realised: String,
    /// Fees less rebates of the run.
    pub fees: String,
    /// Price × quantity of all its trades.
    pub turnover: String,
    /// How many trades.
    pub fills: u64,
}

/// Replaces the file; returns when it is on disk.
pub fn write(state_folder: &Path, day: &DailyPnl) -> Result<(), StoreError> {
    atomic::write(&state_folder.join(FILE), day)
}

/// What the file says.
pub fn read(state_folder: &Path) -> Stored<DailyPnl> {
    atomic::read(&state_folder.join(FILE), NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_damage_is_told_with_the_next_step() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        let day = DailyPnl { equity: Some("7".to_owned()), ..DailyPnl::default() };
        write(folder.path(), &day).unwrap();
        assert!(matches!(read(folder.path()), Stored::Good(found) if found == day));
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(text.contains("\"opening_equity\": null"), "{text}");
        std::fs::write(folder.path().join(FILE), "{}").unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("it is read") };
        assert!(error.to_string().contains("delete it"), "{error}");
    }
}
