//! The file of a history: opened or made, judged, written in one transaction a turn, moved aside
//! when it cannot be gone on with.
//!
//! Must hold: nothing opens the file by any other way than SQLite while a connection is open. Its
//! locks are those of the process, and closing any other handle of the file would let them go. The
//! one handle that is held here is opened and closed around the connection.

use super::context::Context;
use super::rows::{Mapper, Rows};
use super::schema;
use crate::store::StoreError;
use crate::store::atomic::make_folder;
use crate::types::Stamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rustix::fs::statvfs;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How every SQLite file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// So long a turn waits for a reader who writes: then it is told, and tried again.
const BUSY: Duration = Duration::from_millis(500);

/// So many damaged files are kept; the last of them is replaced by later ones.
const ASIDE_MAX: u32 = 9;

const MEGABYTE: u64 = 1 << 20;

/// The database while it is written.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    /// Dropped after the connection.
    file: File,
}

/// How far the journal is in the database.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) sequence: u64,
    pub(super) at: Stamp,
    pub(super) context: Context,
}

impl Database {
    /// Opens the file, and makes it where there is none or an empty one.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        if !path.exists() {
            // What is left of a file that was removed must not be taken for a part of the new one.
            remove_beside(path)?;
        }
        let failed = |source| StoreError::Database { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let mut database = Self { connection, path: path.to_owned(), file };
        database.settle()?;
        Ok(database)
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::Database { path: path.clone(), source };
        self.connection.busy_timeout(BUSY).map_err(failed)?;
        let number =
            |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (application, version, tables) = (
            number("application_id").map_err(failed)?,
            number("user_version").map_err(failed)?,
            number("schema_version").map_err(failed)?,
        );
        if tables == 0 {
            return self.create().map_err(failed);
        }
        if application == schema::APPLICATION && schema::VERSION < version {
            return Err(StoreError::Newer { path: self.path.clone() });
        }
        if application != schema::APPLICATION || version != schema::VERSION {
            return Err(damaged(&self.path, "it is no history that this version writes"));
        }
        self.connection.pragma_update(None, "synchronous", "NORMAL").map_err(failed)
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let connection = &mut self.connection;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let made = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        made.execute_batch(schema::CREATE)?;
        made.pragma_update(None, "application_id", schema::APPLICATION)?;
        made.pragma_update(None, "user_version", schema::VERSION)?;
        made.commit()
    }

    /// False once the file was removed or another one stands in its place.
    pub(super) fn is_there(&self) -> bool {
        let (Ok(held), Ok(found)) = (self.file.metadata(), fs::metadata(&self.path)) else {
            return false;
        };
        (held.dev(), held.ino()) == (found.dev(), found.ino())
    }

    /// The file must begin as one of SQLite's: it may have been written over in its place.
    pub(super) fn check_header(&self) -> Result<(), StoreError> {
        let mut head = [0; MAGIC.len()];
        match self.file.read_exact_at(&mut head, 0) {
            Ok(()) if &head == MAGIC => Ok(()),
            Ok(()) => Err(damaged(&self.path, "it was written over")),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(damaged(&self.path, "it was cut"))
            }
            Err(error) => Err(StoreError::io("read", &self.path)(error)),
        }
    }

    /// How far it came.
    pub(super) fn place(&self) -> Result<Position, StoreError> {
        place(&self.connection, "main").map_err(|source| self.failed(source))
    }

    /// Rows in `gaps`.
    pub(super) fn gaps(&self) -> Result<u64, StoreError> {
        let count = self.connection.query_row("SELECT count(*) FROM gaps", [], |row| row.get(0));
        count.map(unsigned).map_err(|source| self.failed(source))
    }

    /// Writes what `fill` says, and how far it came, in one transaction. Answers that place.
    pub(super) fn write<T>(
        &mut self,
        mapper: &mut Mapper,
        fill: impl FnOnce(&mut Rows<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, u64), StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::Database { path: path.clone(), source };
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(failed)?;
        let mut rows = Rows::new(&transaction, &path, mapper).map_err(failed)?;
        let filled = fill(&mut rows)?;
        rows.keep_place().map_err(failed)?;
        drop(rows);
        let sequence = place_of(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok((filled, sequence))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database { path: self.path.clone(), source }
    }
}

/// How far a database came; `schema` is the name that it is attached by.
pub(super) fn place(connection: &Connection, schema: &str) -> rusqlite::Result<Position> {
    let query =
        format!("SELECT sequence, mono_ns, unix_ns, context FROM {schema}.journal_position");
    connection.query_row(&query, [], |row| {
        let context: String = row.get(3)?;
        let mono_ns = unsigned(row.get(1)?);
        let unix_ns = unsigned(row.get(2)?);
        Ok(Position {
            sequence: unsigned(row.get(0)?),
            at: Stamp { mono_ns, unix_ns },
            context: serde_json::from_str(&context).unwrap_or_default(),
        })
    })
}

fn place_of(connection: &Connection) -> rusqlite::Result<u64> {
    let query = "SELECT sequence FROM journal_position";
    connection.query_row(query, [], |row| row.get(0)).map(unsigned)
}

/// A number that was written by [`signed`].
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// SQLite's numbers have a sign: what does not fit, and no count of ours comes near it, is the
/// largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn damaged(path: &Path, what: &str) -> StoreError {
    let next = "it is moved aside and made again from the journal";
    StoreError::Damaged { path: path.to_owned(), what: what.to_owned(), next }
}

/// True when the file does not hold what was written.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is a word about the file")]
pub(super) fn is_damage(error: &StoreError) -> bool {
    let source = match error {
        StoreError::Damaged { .. } => return true,
        StoreError::Database { source, .. } => source,
        _ => return false,
    };
    let code = source.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Keeps a file for people under another name. No connection to it may be open.
pub(super) fn set_aside(path: &Path, why: &str) -> Result<(), StoreError> {
    let name = |number: u32| beside(path, &format!(".{why}-{number}"));
    let number = (1..ASIDE_MAX).find(|number| !name(*number).exists()).unwrap_or(ASIDE_MAX);
    for end in ["-wal", "-shm"] {
        let (from, to) = (beside(path, end), beside(&name(number), end));
        if from.exists() {
            fs::rename(&from, &to).map_err(StoreError::io("move aside", &from))?;
        }
    }
    match fs::rename(path, name(number)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("move aside", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes what SQLite keeps beside a file.
pub(super) fn remove_beside(path: &Path) -> Result<(), StoreError> {
    for end in ["-wal", "-shm"] {
        let path = beside(path, end);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io("remove", &path)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A path with more at its end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A disk that is nearly full is left to the journal.
pub(super) fn check_room(folder: &Path, reserve_bytes: u64) -> Result<(), StoreError> {
    make_folder(folder)?;
    let found = statvfs(folder).map_err(|error| StoreError::io("open", folder)(error.into()))?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if free < reserve_bytes {
        let (free_mb, reserve_mb) = (free / MEGABYTE, reserve_bytes / MEGABYTE);
        return Err(StoreError::Reserved { path: folder.to_owned(), free_mb, reserve_mb });
    }
    Ok(())
}
