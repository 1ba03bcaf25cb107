//! How far the disk is behind: something was journaled, and for how long is it not there yet.
//!
//! Must hold: asking costs three loads and no system call; it is asked on the hot thread. The hot
//! thread itself never waits for the disk (`store/journal/lane.rs`), so what is late waits for the
//! writer thread: in a call to the disk, or for a processor, and it is said which.

use crate::core::JournalState;
use crate::store::journal::Durability;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the writer thread is in a call to the disk.
#[derive(Clone, Debug, Default)]
pub(super) struct AtDisk(Arc<AtomicBool>);

impl AtDisk {
    /// The writer thread: so it is for as long as `work` takes.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.store(true, Ordering::Relaxed);
        let done = work();
        self.0.store(false, Ordering::Relaxed);
        done
    }

    fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What waits for the disk, and since when.
#[derive(Debug)]
pub(super) struct Lag {
    durability: Durability,
    at_disk: AtDisk,
    ns_max: u64,
    /// The record that is waited for.
    awaited: u64,
    since_ns: u64,
    state: JournalState,
}

impl Lag {
    pub(super) fn new(durability: Durability, ns_max: u64) -> Self {
        let (at_disk, state) = (AtDisk::default(), JournalState::InTime);
        Self { durability, at_disk, ns_max, awaited: 0, since_ns: 0, state }
    }

    /// For the writer thread.
    pub(super) fn at_disk(&self) -> AtDisk {
        self.at_disk.clone()
    }

    /// Looks, where `appended` is the last record there is; says so when the state changed.
    pub(super) fn look(&mut self, appended: u64, now_ns: u64) -> Option<JournalState> {
        if self.durability.covers(self.awaited) {
            (self.awaited, self.since_ns) = (appended, now_ns);
        }
        let late = self.ns_max < now_ns.saturating_sub(self.since_ns);
        let state = match self.state {
            _ if !late => JournalState::InTime,
            JournalState::InTime if self.at_disk.is_so() => JournalState::Late,
            JournalState::InTime => JournalState::Starved,
            known @ (JournalState::Late | JournalState::Starved) => known,
        };
        let before = std::mem::replace(&mut self.state, state);
        (before != state).then_some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Journal, Record, Writer, journal};
    use crate::types::{SECOND, Stamp};

    fn begin() -> (tempfile::TempDir, Journal, Writer) {
        let folder = tempfile::tempdir().unwrap();
        let (journal, writer, _) = journal::open(folder.path(), folder.path(), 1 << 20).unwrap();
        (folder, journal, writer)
    }

    fn append(journal: &mut Journal) -> u64 {
        journal.append(Stamp::default(), &Record::Stop { clean: true }).unwrap()
    }

    #[test]
    fn what_does_not_reach_the_disk_in_time_is_said_once_and_so_is_its_end() {
        let (_folder, mut journal, mut writer) = begin();
        let mut lag = Lag::new(journal.durability(), SECOND);
        let mut at = |lag: &mut Lag, ns| {
            let sequence = append(&mut journal);
            lag.look(sequence, ns)
        };
        assert_eq!(at(&mut lag, 1), None);
        assert_eq!(at(&mut lag, SECOND + 1), None);
        assert_eq!(at(&mut lag, SECOND + 2), Some(JournalState::Starved));
        assert_eq!(at(&mut lag, 9 * SECOND), None);
        writer.sync().unwrap();
        assert_eq!(at(&mut lag, 9 * SECOND), Some(JournalState::InTime));
        assert_eq!(at(&mut lag, 10 * SECOND), None);
        assert_eq!(at(&mut lag, 10 * SECOND + 1), Some(JournalState::Starved));
    }

    #[test]
    fn it_is_the_disk_while_somebody_waits_for_it() {
        let (_folder, mut journal, _writer) = begin();
        let mut lag = Lag::new(journal.durability(), SECOND);
        let at_disk = lag.at_disk();
        let sequence = append(&mut journal);
        assert_eq!(lag.look(sequence, 1), None);
        let said = at_disk.during(|| lag.look(sequence, SECOND + 2));
        assert_eq!(said, Some(JournalState::Late));
        assert_eq!(lag.look(sequence, 9 * SECOND), None, "the cause is said once");
    }

    #[test]
    fn where_nothing_is_written_nothing_is_late() {
        let (_folder, mut journal, mut writer) = begin();
        let mut lag = Lag::new(journal.durability(), SECOND);
        append(&mut journal);
        lag.look(journal.sequence(), 1);
        writer.sync().unwrap();
        assert_eq!(lag.look(journal.sequence(), 3_600 * SECOND), None);
        assert_eq!(lag.look(journal.sequence(), 7_200 * SECOND), None);
    }
}
