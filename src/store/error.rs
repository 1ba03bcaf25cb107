//! What can go wrong with the disk, said so that a person knows where and what next.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A failure of the disk layer. None of them is a reason to leave the process (SAFETY E3): the
/// caller latches and goes on managing what it holds.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The system refused an operation on a file.
    #[error("cannot {operation} {}: {source}; {}", path.display(), advice(source))]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the journal.
    #[error(
        "{} is held by another engine ({}); stop that one, or give this deployment an `instance` \
         of its own",
        path.display(),
        holder.map_or("pid unknown".to_owned(), |pid| format!("pid {pid}"))
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, where the file says so.
        holder: Option<u32>,
    },
    /// A file is there and does not hold what we wrote.
    #[error("{} is damaged: {what}; {next}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// How it shows.
        what: String,
        /// What the operator can do.
        next: &'static str,
    },
    /// The journal failed before; it is never written again by this process (D5, J4).
    #[error("the journal failed and is not written any more; check the disk, then restart")]
    JournalFailed,
    /// The segment is full and the next one is not there: the disk is too slow.
    #[error("no journal segment is ready; check the disk's free space and speed, then restart")]
    NoSegment,
    /// A segment size that cannot be mapped, or holds too little.
    #[error("journal.segment_bytes is {bytes}; it must be a multiple of 4096 from 4096 to 1 GiB")]
    SegmentSize {
        /// As configured.
        bytes: u64,
    },
    /// No number is left for a start.
    #[error("{} holds the last epoch; give this deployment a new `instance`", path.display())]
    EpochsExhausted {
        /// The epoch file.
        path: PathBuf,
    },
    /// A copy of the journal was made from another one.
    #[error(
        "record {sequence} of {} is not the one that was copied: the journal was replaced",
        path.display()
    )]
    OtherJournal {
        /// The journal's folder.
        path: PathBuf,
        /// Which record.
        sequence: u64,
    },
    /// The database of the history refused.
    #[error("the history {} is not written: {source}; trading goes on", path.display())]
    Database {
        /// Its file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// What is free on the disk is left to the journal.
    #[error(
        "{} is not written: {free_mb} MB are free, and {reserve_mb} are the journal's; free some space",
        path.display()
    )]
    Reserved {
        /// Which file.
        path: PathBuf,
        /// Megabytes that are free.
        free_mb: u64,
        /// Megabytes that stay free.
        reserve_mb: u64,
    },
    /// A file was written by a later version of this program.
    #[error("{} was written by a later version of this program; use that one", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
    },
    /// A recording has a line that is none.
    #[error("{} line {line}: {what}; the lines before it are good", path.display())]
    Recording {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blame {
    /// Our own program.
    Us,
    /// The machine or what was done to its files: the operator's to repair.
    Operator,
}

/// When the same call can succeed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// After something outside of the process has changed.
    Later,
    /// Not in this process.
    Never,
}

impl StoreError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Io { .. }
            | Self::Locked { .. }
            | Self::Damaged { .. }
            | Self::JournalFailed
            | Self::NoSegment
            | Self::SegmentSize { .. }
            | Self::OtherJournal { .. }
            | Self::Database { .. }
            | Self::Reserved { .. }
            | Self::Newer { .. }
            | Self::Recording { .. } => Blame::Operator,
            Self::EpochsExhausted { .. } => Blame::Us,
        }
    }

    /// When the same call can succeed. A failed write or sync is never tried again: after it the
    /// system may have dropped the pages that it could not write (J4).
    pub fn retry(&self) -> Retry {
        match self {
            Self::Locked { .. }
            | Self::SegmentSize { .. }
            | Self::OtherJournal { .. }
            | Self::Database { .. }
            | Self::Reserved { .. }
            | Self::Newer { .. } => Retry::Later,
            Self::Io { .. }
            | Self::Damaged { .. }
            | Self::JournalFailed
            | Self::NoSegment
            | Self::EpochsExhausted { .. }
            | Self::Recording { .. } => Retry::Never,
        }
    }

    /// For `map_err`: names the operation and the file.
    pub(super) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source }
    }
}

fn advice(source: &io::Error) -> &'static str {
    if source.kind() == io::ErrorKind::StorageFull {
        return "free some space, then restart";
    }
    if source.kind() == io::ErrorKind::PermissionDenied {
        return "give the engine's user the right to it, then restart";
    }
    "check the disk and the path, then restart"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_where_and_the_next_step() {
        let full = StoreError::io("write", Path::new("journal/1.tkj"))(io::Error::from(
            io::ErrorKind::StorageFull,
        ));
        let text = full.to_string();
        assert!(text.starts_with("cannot write journal/1.tkj: "), "{text}");
        assert!(text.ends_with("free some space, then restart"), "{text}");
        assert_eq!((full.blame(), full.retry()), (Blame::Operator, Retry::Never));
    }

    #[test]
    fn names_the_holder_where_it_is_known() {
        let held = |holder| StoreError::Locked { path: "journal/lock".into(), holder }.to_string();
        assert!(held(Some(42)).contains("pid 42"));
        assert!(held(None).contains("pid unknown"));
    }
}
