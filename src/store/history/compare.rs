//! The database of a history against the journal that it was made from.
//!
//! Must hold: the database is opened for reading only and nothing of it changes; both sides are of
//! one place in the journal, also while an engine writes; what is older than the journal is not
//! compared, and said.

use super::database::{self, beside};
use super::scratch::Scratch;
use crate::store::StoreError;
use rusqlite::{Connection, params};
use std::fmt::Write as _;
use std::path::Path;

/// So many rows of each side are shown; all are counted.
const SHOWN_MAX: usize = 50;

/// Rows that only one of two sides has. Of a row that both have with other values, each side's is
/// here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Differing {
    /// Of what: a table, or a symbol.
    pub of: String,
    /// Rows that both have.
    pub same: u64,
    /// Rows that only the journal has, with how many more there are.
    pub journal: (Vec<String>, u64),
    /// Rows that only the other side has, likewise.
    pub other: (Vec<String>, u64),
}

impl Differing {
    /// True when there is none.
    pub fn is_same(&self) -> bool {
        self.journal.0.is_empty() && self.other.0.is_empty()
    }
}

/// What came of comparing a database with its journal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Compared {
    /// Records up to this one are in the database.
    pub through: u64,
    /// From this one on it was compared.
    pub from: u64,
    /// Rows in `gaps`.
    pub gaps: Vec<String>,
    /// By table.
    pub tables: Vec<Differing>,
}

/// What is compared of a table: its name, its columns, which rows of the journal's side, and which
/// of the database's. Where a name is not known to the journal any more, nothing is compared.
const TABLES: [(&str, &str, &str, &str); 4] = [
    (
        "orders",
        "sequence, idempotency_key, epoch, number, unix_ns, strategy, symbol, side, \
         time_in_force, purpose, price, qty, parent, status, filled_qty, reason, venue_order_id, \
         updated_sequence",
        "symbol NOT LIKE '#%'",
        "sequence >= ?1",
    ),
    (
        // A trade that was told again later may stand at another record here and there.
        "fills",
        "symbol, trade_id, epoch, number, owner, venue_order_id, side, price, qty, fee, \
         fee_asset, liquidity",
        "symbol NOT LIKE '#%'",
        "sequence >= ?1",
    ),
    (
        "trading_pnl",
        "sequence, unix_ns, source, strategy, symbol, asset, realised, fees, net, amount",
        "asset NOT LIKE '#%'",
        "sequence >= ?1",
    ),
    (
        "positions",
        "sequence, unix_ns, strategy, symbol, qty, entry_price",
        "source = 'strategy'",
        "sequence >= ?1 AND source = 'strategy'",
    ),
];

/// Compares; `scratch` must be empty, and holds the journal up to the database's place afterwards.
/// `None` where there is no database.
///
/// # Errors
/// [`StoreError`] when one of both cannot be read. Nothing is moved aside.
pub fn compare(scratch: &mut Scratch, path: &Path) -> Result<Option<Compared>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    scratch.connection.execute("ATTACH ?1 AS kept", [address(path)]).map_err(failed)?;
    scratch.connection.execute_batch("BEGIN").map_err(failed)?;
    let compared = judge(scratch, path);
    let ended = scratch.connection.execute_batch("COMMIT; DETACH kept");
    let compared = compared?;
    ended.map_err(failed)?;
    Ok(Some(compared))
}

fn judge(scratch: &mut Scratch, path: &Path) -> Result<Compared, StoreError> {
    let failed = |source| StoreError::Database { path: path.to_owned(), source };
    // The first question: from here to the end this is the state of the database.
    let place = database::place(&scratch.connection, "kept").map_err(failed)?;
    scratch.present = place.context;
    scratch.fill(place.sequence)?;
    let mut compared =
        Compared { through: place.sequence, from: scratch.first, ..Compared::default() };
    let connection = &scratch.connection;
    compared.gaps = lines(
        connection,
        "SELECT from_sequence, to_sequence, reason FROM kept.gaps ORDER BY 1",
        params![],
    )
    .map_err(failed)?
    .0;
    for (table, columns, here, there) in TABLES {
        let named = format!("SELECT {columns} FROM main.{table} WHERE {here}");
        let kept = format!("SELECT {columns} FROM kept.{table}");
        let bounds = params![database::signed(scratch.first)];
        let only = |query: &str| lines(connection, query, bounds).map_err(failed);
        let same = format!("SELECT count(*) FROM ({named} AND ?1 > 0 INTERSECT {kept})");
        compared.tables.push(Differing {
            of: table.to_owned(),
            same: count(connection, &same, bounds).map_err(failed)?,
            journal: only(&format!("{named} AND ?1 > 0 EXCEPT {kept}"))?,
            other: only(&format!(
                "{kept} WHERE {there} EXCEPT SELECT {columns} FROM main.{table}"
            ))?,
        });
    }
    Ok(compared)
}

/// The first rows of a query as text, and how many more there are.
pub(super) fn lines(
    connection: &Connection,
    query: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<(Vec<String>, u64)> {
    let mut statement = connection.prepare(query)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(values)?;
    let (mut found, mut more) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if SHOWN_MAX <= found.len() {
            more += 1;
            continue;
        }
        let mut line = String::new();
        for (at, name) in names.iter().enumerate() {
            let cell: rusqlite::types::Value = row.get(at)?;
            let text = match cell {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => text,
                rusqlite::types::Value::Null
                | rusqlite::types::Value::Real(_)
                | rusqlite::types::Value::Blob(_) => continue,
            };
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}={text}");
        }
        found.push(line.trim_start().to_owned());
    }
    Ok((found, more))
}

pub(super) fn count(
    connection: &Connection,
    query: &str,
    values: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<u64> {
    connection.query_row(query, values, |row| row.get(0)).map(database::unsigned)
}

/// How a database is named that is only read. Without a log beside it nobody writes it, and SQLite
/// needs no file of its own there.
fn address(path: &Path) -> String {
    let mut text = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(*byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    let is_written = beside(path, "-wal").exists();
    text.push_str(if is_written { "?mode=ro" } else { "?immutable=1" });
    text
}
