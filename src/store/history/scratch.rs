//! The tables of a whole journal in a file that SQLite keeps for itself and that goes with it: for
//! verbs that want to know what a journal comes to, whether an engine runs or not.
//!
//! Must hold: nothing of the deployment is created or changed; what a killed process left in its
//! lane counts as written; memory is flat; damage is told, and what follows it is still read.

use super::context::{Context, PrefixOf};
use super::database::{self, signed};
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
    /// The journal.
    pub(super) path: PathBuf,
    pub(super) prefix_of: PrefixOf,
    /// Names for records whose own run cannot be read any more.
    pub(super) present: Context,
    /// The first record that there is; 0 before any was read.
    pub(super) first: u64,
    /// What could not be read.
    pub damage: Vec<StoreError>,
}

impl Scratch {
    /// Of a journal, with nothing of it yet.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room for the tables.
    pub fn empty(journal: &Path, prefix_of: PrefixOf) -> Result<Self, StoreError> {
        let made = || {
            // No name: a temporary file that is removed with the connection.
            let connection = Connection::open("")?;
            connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
            connection.execute_batch(schema::CREATE)?;
            Ok(connection)
        };
        let path = journal.to_owned();
        let failed = |source| StoreError::Database { path: path.clone(), source };
        let (connection, present) = (made().map_err(failed)?, Context::default());
        Ok(Self { connection, path, prefix_of, present, first: 0, damage: Vec::new() })
    }

    /// Reads a whole journal.
    ///
    /// # Errors
    /// [`StoreError`] when there is no journal, or no room for the tables.
    pub fn of(journal: &Path, prefix_of: PrefixOf) -> Result<Self, StoreError> {
        let mut scratch = Self::empty(journal, prefix_of)?;
        scratch.fill(u64::MAX)?;
        Ok(scratch)
    }

    /// Reads on up to a record.
    ///
    /// # Errors
    /// [`StoreError`] when there is no journal, or no room.
    pub fn fill(&mut self, through: u64) -> Result<(), StoreError> {
        let is_alone = self.connection.is_autocommit();
        if is_alone {
            self.connection.execute_batch("BEGIN").map_err(|source| self.failed(source))?;
        }
        let filled = self.read(through);
        if is_alone {
            self.connection.execute_batch("COMMIT").map_err(|source| self.failed(source))?;
        }
        filled
    }

    fn read(&mut self, through: u64) -> Result<(), StoreError> {
        let Self { connection, path, damage, first, .. } = self;
        let failed = |source| StoreError::Database { path: path.clone(), source };
        damage.clear();
        let place = database::place(connection, "main").map_err(failed)?;
        let mut mapper = Mapper::new(place.context, self.present.clone(), self.prefix_of);
        let mut rows = Rows::new(connection, path, &mut mapper).map_err(failed)?;
        let mut last = 0;
        for entry in Reader::open(path)? {
            let entry = match entry {
                Ok(entry) if through < entry.sequence => break,
                Ok(entry) => entry,
                Err(error @ StoreError::Damaged { .. }) => {
                    if place.sequence <= last {
                        rows.doubt();
                    }
                    damage.push(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            last = entry.sequence;
            if *first == 0 {
                *first = entry.sequence;
                if 1 < entry.sequence {
                    let (from, to, lack) = (1, entry.sequence - 1, Lack::Removed);
                    rows.take(Followed::Gap { from, to, lack })?;
                }
            }
            if place.sequence < entry.sequence {
                rows.take(Followed::Entry(entry))?;
            }
        }
        rows.keep_place().map_err(failed)
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database { path: self.path.clone(), source }
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
        read().map_err(|source| self.failed(source))
    }
}
