//! The tables of a whole journal in a file that SQLite keeps for itself and that goes with it: for
//! verbs that want to know what a journal comes to, whether an engine runs or not.
//!
//! Must hold: nothing of the deployment is created or changed; what a killed process left in its
//! lane counts as written; memory is flat; damage is told, and what follows it is still read.

use super::context::{Context, PrefixOf};
use super::database::signed;
use super::rows::{Mapper, Rows};
use super::schema;
use crate::store::StoreError;
use crate::store::journal::{Followed, Lack, Reader};
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};

/// What is told of an order, in this order.
pub const ORDER_COLUMNS: [&str; 18] = [
    "idempotency_key",
    "sequence",
    "epoch",
    "number",
    "created_at",
    "strategy",
    "symbol",
    "side",
    "time_in_force",
    "purpose",
    "price",
    "qty",
    "filled_qty",
    "status",
    "reason",
    "parent",
    "venue_order_id",
    "updated_at",
];

/// From where on, or up to where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bound {
    /// A record, which belongs to it.
    Sequence(u64),
    /// A time, nanoseconds since the Unix epoch; what happened at it belongs to what follows.
    Time(u64),
}

/// The tables.
#[derive(Debug)]
pub struct Scratch {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    /// What could not be read.
    pub damage: Vec<StoreError>,
}

impl Scratch {
    /// Reads a journal up to a record.
    ///
    /// # Errors
    /// [`StoreError`] when there is no journal, or no room for the tables.
    pub fn of(journal: &Path, through: u64, prefix_of: PrefixOf) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Database { path: journal.to_owned(), source };
        let made = || {
            // No name: a temporary file that is removed with the connection.
            let connection = Connection::open("")?;
            connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
            connection.execute_batch(schema::CREATE)?;
            Ok(connection)
        };
        let path = journal.to_owned();
        let mut scratch = Self { connection: made().map_err(failed)?, path, damage: Vec::new() };
        scratch.fill(through, prefix_of)?;
        Ok(scratch)
    }

    fn fill(&mut self, through: u64, prefix_of: PrefixOf) -> Result<(), StoreError> {
        let Self { connection, path, damage } = self;
        let failed = |source| StoreError::Database { path: path.clone(), source };
        let transaction = connection.transaction().map_err(failed)?;
        let mut mapper = Mapper::new(Context::default(), Context::default(), prefix_of);
        let mut rows = Rows::new(&transaction, path, &mut mapper).map_err(failed)?;
        let mut is_first = true;
        for entry in Reader::open(path)? {
            let entry = match entry {
                Ok(entry) if through < entry.sequence => break,
                Ok(entry) => entry,
                Err(error @ StoreError::Damaged { .. }) => {
                    rows.doubt();
                    damage.push(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if std::mem::take(&mut is_first) && 1 < entry.sequence {
                let (from, to, lack) = (1, entry.sequence - 1, Lack::Removed);
                rows.take(Followed::Gap { from, to, lack })?;
            }
            rows.take(Followed::Entry(entry))?;
        }
        rows.keep_place().map_err(failed)?;
        drop(rows);
        transaction.commit().map_err(failed)
    }

    /// Hands out the orders between two bounds, oldest first: [`ORDER_COLUMNS`] as text, `None`
    /// where there is nothing. Ends early when `take` answers false.
    ///
    /// # Errors
    /// [`StoreError`] when the tables cannot be read.
    pub fn each_order(
        &self,
        from: Option<Bound>,
        until: Option<Bound>,
        mut take: impl FnMut(&[Option<String>]) -> bool,
    ) -> Result<(), StoreError> {
        let columns = ORDER_COLUMNS.map(|name| format!("CAST({name} AS TEXT)")).join(", ");
        let after = match from {
            Some(Bound::Time(_)) => "unix_ns >= ?1",
            Some(Bound::Sequence(_)) | None => "sequence >= ?1",
        };
        let before = match until {
            Some(Bound::Time(_)) => "unix_ns < ?2",
            Some(Bound::Sequence(_)) | None => "sequence <= ?2",
        };
        let query =
            format!("SELECT {columns} FROM orders WHERE {after} AND {before} ORDER BY sequence");
        let number = |bound: Option<Bound>, otherwise| match bound {
            Some(Bound::Sequence(number) | Bound::Time(number)) => signed(number),
            None => otherwise,
        };
        let bounds = params![number(from, 0), number(until, i64::MAX)];
        let mut read = || {
            let mut statement = self.connection.prepare(&query)?;
            let mut rows = statement.query(bounds)?;
            while let Some(row) = rows.next()? {
                let cells = (0..ORDER_COLUMNS.len()).map(|at| row.get(at));
                if !take(&cells.collect::<rusqlite::Result<Vec<Option<String>>>>()?) {
                    break;
                }
            }
            Ok(())
        };
        read().map_err(|source| StoreError::Database { path: self.path.clone(), source })
    }
}
