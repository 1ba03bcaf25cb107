//! The trades of the journal against the exchange's own history of the account.
//!
//! Must hold: only what the journal must have is compared. A run asks the exchange up to which
//! trade all are known; from there on every trade must be in the journal, whichever way it was
//! told. What was before is not the journal's to know.

use super::compare::{Differing, count, lines};
use super::context::Context;
use super::database::{self, signed};
use super::rows::{liquidity_word, side_word};
use super::scratch::Scratch;
use crate::store::journal::Reader;
use crate::store::record::Record;
use crate::store::{AccountTold, StoreError};
use crate::types::{ExecutionReport, TradesRead};
use rusqlite::params;
use std::collections::BTreeMap;

/// From where on the journal must have every trade of a symbol.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// Behind this trade.
    pub from_id: u64,
    /// Behind this record: before it the exchange told another history.
    pub from_sequence: u64,
}

/// By symbol.
pub type Windows = BTreeMap<String, Window>;

/// What the readings of one symbol said so far.
#[derive(Clone, Copy, Debug, Default)]
struct Readings {
    window: Option<Window>,
    /// Where the exchange's history began anew.
    anew_sequence: u64,
    count: u32,
}

impl Readings {
    fn take(&mut self, sequence: u64, read: &TradesRead) {
        self.count += 1;
        let Some(from_id) = read.through_id else {
            *self = Self { anew_sequence: sequence, ..Self::default() };
            return;
        };
        let from_sequence = self.anew_sequence;
        let begins = match read.from_id {
            None => true,
            // What was told before the journal's first file may be behind the first of these; the
            // second was asked for after it.
            Some(_) => self.window.is_none() && 2 <= self.count,
        };
        if begins {
            self.window = Some(Window { from_id, from_sequence });
        }
    }
}

const CREATE: &str = "
CREATE TABLE IF NOT EXISTS exchange_fills (
    symbol TEXT NOT NULL,
    trade_id INTEGER NOT NULL,
    side TEXT NOT NULL,
    price TEXT NOT NULL,
    qty TEXT NOT NULL,
    fee TEXT,
    fee_asset TEXT,
    liquidity TEXT NOT NULL,
    venue_order_id INTEGER
) STRICT";

const COLUMNS: &str = "trade_id, side, price, qty, fee, fee_asset, liquidity, venue_order_id";

impl Scratch {
    /// From where on the journal must have every trade.
    ///
    /// # Errors
    /// [`StoreError`] when there is no journal.
    pub fn windows(&self) -> Result<Windows, StoreError> {
        let mut context = Context::default();
        let mut readings: BTreeMap<String, Readings> = BTreeMap::new();
        for entry in Reader::open(&self.path)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(StoreError::Damaged { .. }) => {
                    context.on_gap();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Ok(record) = entry.record else { continue };
            context.take(&record, &self.present, self.prefix_of);
            if let Record::Told(AccountTold::TradesRead(read)) = record {
                let symbol = context.symbol(read.instrument);
                readings.entry(symbol).or_default().take(entry.sequence, &read);
            }
        }
        let windows = readings.into_iter().filter(|(symbol, _)| !symbol.starts_with('#'));
        Ok(windows.filter_map(|(symbol, it)| Some((symbol, it.window?))).collect())
    }

    /// Takes a trade that the exchange told; `fee_asset` is the name of the fee's asset.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room for it.
    pub fn take_trade(
        &self,
        symbol: &str,
        report: &ExecutionReport,
        fee_asset: Option<&str>,
    ) -> Result<(), StoreError> {
        let Some(fill) = report.trade() else { return Ok(()) };
        let insert = || {
            self.connection.execute_batch(CREATE)?;
            self.connection.execute(
                "INSERT INTO exchange_fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    symbol,
                    signed(fill.trade_id),
                    side_word(fill.side),
                    fill.price.to_string(),
                    fill.qty.to_string(),
                    fill.fee.map(|fee| fee.amount.to_string()),
                    fee_asset,
                    liquidity_word(fill.liquidity),
                    report.venue_order_id.map(signed),
                ],
            )
        };
        insert().map(drop).map_err(|source| self.failed(source))
    }

    /// The last record that was read.
    ///
    /// # Errors
    /// [`StoreError`] when the tables cannot be read.
    pub fn last_sequence(&self) -> Result<u64, StoreError> {
        let place = database::place(&self.connection, "main");
        place.map(|place| place.sequence).map_err(|source| self.failed(source))
    }

    /// The trades of a symbol on both sides. `asked_sequence` is the last record from before the
    /// exchange was asked: a trade that the journal heard of later may be younger than the answer.
    ///
    /// # Errors
    /// [`StoreError`] when the tables cannot be read.
    pub fn compare_trades(
        &self,
        symbol: &str,
        window: Window,
        asked_sequence: u64,
    ) -> Result<Differing, StoreError> {
        let journal = format!(
            "SELECT {COLUMNS} FROM fills WHERE symbol = ?1 AND trade_id > ?2 AND sequence > ?3"
        );
        let exchange = format!(
            "SELECT {COLUMNS} FROM exchange_fills WHERE symbol = ?1 AND trade_id > ?2 AND ?3 >= 0"
        );
        let (from_id, from_sequence) = (signed(window.from_id), signed(window.from_sequence));
        let bounds = params![symbol, from_id, from_sequence];
        let judge = || {
            self.connection.execute_batch(CREATE)?;
            let only = |query: &str| lines(&self.connection, query, bounds);
            let same = format!("SELECT count(*) FROM ({journal} INTERSECT {exchange})");
            Ok(Differing {
                of: symbol.to_owned(),
                same: count(&self.connection, &same, bounds)?,
                journal: only(&format!(
                    "{journal} AND sequence <= {asked_sequence} EXCEPT {exchange}"
                ))?,
                other: only(&format!("{exchange} EXCEPT {journal}"))?,
            })
        };
        judge().map_err(|source| self.failed(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::InstrumentId;

    fn window(reads: &[(Option<u64>, Option<u64>)]) -> Option<Window> {
        let mut readings = Readings::default();
        for (sequence, (from_id, through_id)) in (1..).zip(reads) {
            let (instrument, is_all) = (InstrumentId(0), true);
            let (from_id, through_id) = (*from_id, *through_id);
            readings.take(sequence, &TradesRead { instrument, from_id, through_id, is_all });
        }
        readings.window
    }

    #[test]
    fn every_trade_must_be_known_from_the_first_reading_that_proves_it() {
        let at = |from_id, from_sequence| Some(Window { from_id, from_sequence });
        assert_eq!(window(&[]), None);
        assert_eq!(window(&[(None, Some(0)), (Some(0), Some(9))]), at(0, 0), "from the beginning");
        assert_eq!(window(&[(None, Some(7)), (Some(7), Some(9))]), at(7, 0), "an old account");
        assert_eq!(window(&[(Some(7), Some(9))]), None, "the journal's first files are gone");
        let later = [(Some(7), Some(9)), (Some(9), Some(12)), (Some(12), Some(15))];
        assert_eq!(window(&later), at(12, 0));
        let anew = [(None, Some(7)), (Some(7), None), (None, Some(3)), (Some(3), Some(5))];
        assert_eq!(window(&anew), at(3, 2), "the exchange began anew");
        assert_eq!(window(&anew[..2]), None);
    }
}
