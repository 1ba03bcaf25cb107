//! The files for people on their way to the disk: the main thread says once a second what there is
//! to say, the writer thread writes what changed or was deleted.
//!
//! Must hold: nothing of a run depends on them: a full lane, a file that cannot be written or one
//! that somebody deleted changes nothing but the file. Not here: what they say (`ops/holdings.rs`).
//!
//! Decision: what changes with every quote is written every ten seconds, what was traded or read
//! within one: each writing is a sync of the disk, and the journal's own waits behind it.

use super::clock::Clock;
use super::lane::{Filler, Reader};
use crate::ops::{self, Holdings, Report};
use crate::store::StoreError;
use crate::store::compared::{self, Compared, Whose};
use crate::store::daily_pnl::{self, DailyPnl};
use crate::store::positions::{self, Positions};
use crate::types::SECOND;
use std::path::PathBuf;

/// How often there is anything to say.
const SAY_NS: u64 = SECOND;

/// How often what changes with the market is written.
const MARKET_NS: u64 = 10 * SECOND;

/// Words on their way: the writer is behind by so many seconds before one is left out. The next
/// says the same and more.
pub(super) const LANE: usize = 8;

/// The main thread's end.
pub(super) struct Teller {
    lane: Filler<Box<Holdings>>,
    next_ns: u64,
}

impl Teller {
    pub(super) fn new(lane: Filler<Box<Holdings>>) -> Self {
        Self { lane, next_ns: 0 }
    }

    /// Says it when it is time.
    pub(super) fn tell(&mut self, report: &Report, clock: &Clock) {
        let now_ns = clock.mono_ns();
        if self.next_ns <= now_ns {
            self.next_ns = now_ns.saturating_add(SAY_NS);
            self.tell_now(report);
        }
    }

    /// Says it; the last time at the end of a run.
    pub(super) fn tell_now(&mut self, report: &Report) {
        if let Some(holdings) = ops::holdings(report) {
            drop(self.lane.push(Box::new(holdings)));
        }
    }
}

/// The writer thread's end.
pub(super) struct Files {
    folder: PathBuf,
    lane: Reader<Box<Holdings>>,
    newest: Option<Box<Holdings>>,
    positions: Written<Positions>,
    expected: Written<Compared>,
    actual: Written<Compared>,
    day: Written<DailyPnl>,
    next_ns: u64,
    /// It was said that they cannot be written.
    is_told: bool,
}

/// What a file says, as far as this run wrote it.
struct Written<T> {
    file: &'static str,
    value: Option<T>,
    at_ns: u64,
}

impl<T: Clone + PartialEq> Written<T> {
    fn new(file: &'static str) -> Self {
        Self { file, value: None, at_ns: 0 }
    }
}

impl Files {
    pub(super) fn new(folder: PathBuf, lane: Reader<Box<Holdings>>) -> Self {
        Self {
            folder,
            lane,
            newest: None,
            positions: Written::new(positions::FILE),
            expected: Written::new(Whose::Expected.file()),
            actual: Written::new(Whose::Actual.file()),
            day: Written::new(daily_pnl::FILE),
            next_ns: 0,
            is_told: false,
        }
    }

    /// True when it is time to look, or when a look is the last one.
    pub(super) fn is_due(&self, now_ns: u64, is_last: bool) -> bool {
        is_last || self.next_ns <= now_ns
    }

    /// Writes what is not as it should be.
    pub(super) fn look(&mut self, now_ns: u64, is_last: bool) {
        self.next_ns = now_ns.saturating_add(SAY_NS);
        while let Some(newer) = self.lane.pop() {
            self.newest = Some(newer);
        }
        let Some(newest) = self.newest.take() else { return };
        let written = self.write(&newest, now_ns, is_last);
        self.newest = Some(newest);
        match written {
            Ok(()) => self.is_told = false,
            Err(error) if !self.is_told => {
                self.is_told = true;
                tracing::warn!(%error, "positions for people are not written; nothing needs them");
            }
            Err(_) => {}
        }
    }

    fn write(&mut self, newest: &Holdings, now_ns: u64, is_last: bool) -> Result<(), StoreError> {
        let Self { folder, positions, expected, actual, day, .. } = self;
        let is_old = |at_ns: u64| is_last || MARKET_NS <= now_ns.saturating_sub(at_ns);
        let known = positions.value.as_ref();
        let moved = !known.is_some_and(|it| it.holds_as(&newest.positions));
        let waits = !moved && !is_old(positions.at_ns);
        positions.keep(folder, &newest.positions, waits, now_ns, positions::write)?;
        expected.keep(folder, &newest.expected, false, now_ns, |folder, it| {
            compared::write(folder, Whose::Expected, it)
        })?;
        actual.keep(folder, &newest.actual, false, now_ns, |folder, it| {
            compared::write(folder, Whose::Actual, it)
        })?;
        let waits = day.value.is_some() && !is_old(day.at_ns);
        day.keep(folder, &newest.day, waits, now_ns, daily_pnl::write)
    }
}

impl<T: Clone + PartialEq> Written<T> {
    /// Writes a value that is new, unless it may wait; and in any case where the file is gone.
    fn keep(
        &mut self,
        folder: &std::path::Path,
        value: &T,
        waits: bool,
        now_ns: u64,
        write: impl FnOnce(&std::path::Path, &T) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let is_same = self.value.as_ref() == Some(value);
        if (is_same || waits) && folder.join(self.file).exists() {
            return Ok(());
        }
        write(folder, value)?;
        (self.value, self.at_ns) = (Some(value.clone()), now_ns);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::bell::Bell;
    use crate::runtime::lane::lane;
    use crate::store::Stored;
    use crate::types::Qty;
    use std::fs;
    use std::sync::Arc;

    fn holdings(qty: i32, mark: &str) -> Box<Holdings> {
        let position = positions::Position {
            symbol: "BTCUSDT".to_owned(),
            qty: qty.to_string(),
            mark_price: Some(mark.to_owned()),
            ..positions::Position::default()
        };
        let held =
            Compared { positions: vec![("BTCUSDT".to_owned(), Qty::whole(qty))], unnamed: 0 };
        Box::new(Holdings {
            positions: Positions { positions: vec![position], ..Positions::default() },
            expected: held.clone(),
            actual: held,
            day: DailyPnl { equity: Some(mark.to_owned()), ..DailyPnl::default() },
        })
    }

    fn mark(folder: &std::path::Path) -> String {
        let Stored::Good(told) = positions::read(folder) else { panic!("it is not there") };
        told.positions[0].mark_price.clone().unwrap()
    }

    #[test]
    fn a_trade_is_written_at_the_next_look_and_a_price_every_ten_seconds_or_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tell, lane) = lane(LANE, &Arc::new(Bell::new().unwrap()));
        let mut files = Files::new(folder.path().to_owned(), lane);
        files.look(0, false);
        assert!(!folder.path().join(positions::FILE).exists(), "nothing was said yet");
        let rows = [
            (0, 1, "5", "5"),
            (SECOND, 1, "6", "5"),
            (2 * SECOND, 2, "7", "7"),
            (12 * SECOND - 1, 2, "8", "7"),
            (12 * SECOND, 2, "9", "9"),
        ];
        for (now_ns, qty, now, told) in rows {
            tell.push(holdings(qty, now)).unwrap();
            files.look(now_ns, false);
            assert_eq!(mark(folder.path()), told, "at {now_ns}");
        }
        tell.push(holdings(2, "10")).unwrap();
        files.look(12 * SECOND + 1, true);
        assert_eq!(mark(folder.path()), "10");
        assert!(files.is_due(12 * SECOND + 1, true) && !files.is_due(12 * SECOND + 1, false));
        assert!(files.is_due(13 * SECOND + 1, false));
    }

    #[test]
    fn what_is_deleted_is_written_again_and_a_folder_that_is_none_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (mut tell, lane) = lane(LANE, &Arc::new(Bell::new().unwrap()));
        let mut files = Files::new(folder.path().to_owned(), lane);
        tell.push(holdings(1, "5")).unwrap();
        files.look(0, false);
        let names =
            [positions::FILE, daily_pnl::FILE, Whose::Actual.file(), Whose::Expected.file()];
        for name in names {
            fs::remove_file(folder.path().join(name)).unwrap();
            files.look(1, false);
            assert!(folder.path().join(name).exists(), "{name}");
        }
        files.folder = folder.path().join(positions::FILE);
        files.look(2, false);
        assert!(files.is_told);
        files.folder = folder.path().to_owned();
        fs::remove_file(folder.path().join(names[0])).unwrap();
        files.look(3, false);
        assert!(!files.is_told && folder.path().join(names[0]).exists());
    }
}
