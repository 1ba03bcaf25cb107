//! The history for people and their tools: what the journal says of orders, fills, positions and
//! profit, as tables of an SQLite file that can be asked while the engine runs (R86, R117).
//!
//! Must hold: it follows the journal's files and nothing else, so that it needs nothing of the
//! threads that trade and can be stopped, taken away and given back at any time; how far it came
//! stands in the database and is written in the same transaction as the rows, so that after any
//! end there is no gap and no row twice; what it could not read is a row of `gaps`. Memory is
//! flat. The journal stays what binds: the database can be deleted and is made again from it.
//!
//! In reading order: `context` knows names, `rows` makes rows of records, `order_life` is where an
//! order stands, `database` is the file, `schema` its tables. `compare` holds it against the
//! journal. Not here: the thread (`runtime/history.rs`).
//!
//! Decision: a follower of files and not a lane from the hot thread. A lane must drop what does not
//! fit, and what was dropped must be read from the journal all the same; so the journal is the only
//! way, also in quiet. The price is some 50 ms until a row is there (`journal.sync_ms`).
//!
//! Decision: WAL, so that a person's question never waits for the writer nor the writer for it, and
//! `synchronous = NORMAL`: a loss of power may take the last transactions back, with the place that
//! stands in them, and they are read again. A shared-memory file belongs to WAL; a person who
//! truncates it ends the process with SIGBUS, as with the journal's lane. Removing it does nothing.

mod context;
mod database;
mod order_life;
mod reading;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

pub use context::{Context, PrefixOf};

use super::StoreError;
use super::journal::{Follower, Reach};
use database::Database;
use rows::Mapper;
use std::path::{Path, PathBuf};

/// The name of the database in its folder.
pub const FILE: &str = "history.sqlite";

/// What a history is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the database is, or will be.
    pub folder: PathBuf,
    /// Where the journal is.
    pub journal: PathBuf,
    /// Bytes of the disk that are left to the journal: nothing is written while fewer are free.
    pub reserve_bytes: u64,
    /// What is known of the run that is: for records whose own run cannot be read any more.
    pub present: Context,
    /// How ids of a run begin.
    pub prefix_of: PrefixOf,
}

/// The writer of a history.
#[derive(Debug)]
pub struct History {
    plan: Plan,
    open: Option<Open>,
}

/// How far a history came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Written {
    /// The last record that is in it.
    pub sequence: u64,
    /// Rows in `gaps`.
    pub gaps: u64,
    /// True when there is more to be read at once.
    pub is_behind: bool,
}

#[derive(Debug)]
struct Open {
    database: Database,
    follower: Follower,
    mapper: Mapper,
}

impl History {
    /// Touches nothing yet.
    pub fn new(plan: Plan) -> Self {
        Self { plan, open: None }
    }

    /// Where the database is.
    pub fn path(&self) -> PathBuf {
        self.plan.folder.join(FILE)
    }

    /// Brings the next records to the database, up to the one of that sequence, which must be on
    /// disk, and some hundred kilobytes of journal at most.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of it is in the database; the next turn tries again from there. A
    /// database that is damaged, or of another journal, has been moved aside, and is made anew.
    pub fn turn(&mut self, through: u64) -> Result<Written, StoreError> {
        database::check_room(&self.plan.folder, self.plan.reserve_bytes)?;
        if self.open.take_if(|open| !open.database.is_there()).is_some() {
            // Closed before another is opened. What it left beside its file must not be taken for
            // a part of the one that stands there; what was only there is read again.
            database::remove_beside(&self.path())?;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_database(through)?,
        };
        match open.turn(through) {
            Ok(written) => {
                self.open = Some(open);
                Ok(written)
            }
            Err(error) => {
                // What was begun is taken back with the connection.
                drop(open);
                self.mend(error)
            }
        }
    }

    fn open_database(&self, through: u64) -> Result<Open, StoreError> {
        let opened = Database::open(&self.path()).and_then(|database| {
            let place = database.place()?;
            if through < place.sequence {
                let (path, sequence) = (self.plan.journal.clone(), place.sequence);
                return Err(StoreError::OtherJournal { path, sequence });
            }
            let follower = Follower::behind(&self.plan.journal, place.sequence, place.at);
            let present = self.plan.present.clone();
            let mapper = Mapper::new(place.context, present, self.plan.prefix_of);
            Ok(Open { database, follower, mapper })
        });
        opened.or_else(|error| self.mend(error))
    }

    /// Moves a database aside that cannot be gone on with. The error is told all the same.
    fn mend<T>(&self, error: StoreError) -> Result<T, StoreError> {
        if let StoreError::OtherJournal { .. } = &error {
            database::set_aside(&self.path(), "other-journal")?;
        } else if database::is_damage(&error) {
            database::set_aside(&self.path(), "damaged")?;
        }
        Err(error)
    }
}

impl Open {
    fn turn(&mut self, through: u64) -> Result<Written, StoreError> {
        self.database.check_header()?;
        let Self { database, follower, mapper } = self;
        let (reach, sequence) = database.write(mapper, |rows| {
            let reach = follower.read(through, |followed| rows.take(followed))?;
            Ok(reach)
        })?;
        let gaps = database.gaps()?;
        Ok(Written { sequence, gaps, is_behind: reach == Reach::More })
    }
}

/// Where the database of a folder is.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
