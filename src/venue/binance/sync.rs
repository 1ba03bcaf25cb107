//! Keeping one book in step with the venue: a pure state machine over diffs and snapshots (venue
//! sheet section 7, and section 8 of the spot sheet for recordings of spot markets).
//!
//! Must hold: between `BookBegin` and `BookLost` every update of the venue has gone out, once and
//! in order. Diffs are buffered until a snapshot joins them; a diff that does not follow the last
//! one loses the book; nothing is guessed across a gap.
//!
//! Decision: a snapshot is asked for only when a diff has been buffered. One that is taken before
//! the first diff arrives can join it only by luck, and costs 20 of the venue's 2,400 request
//! weights a minute each time.

use super::wire::{DiffHead, Levels, SnapshotHead};
use crate::types::{BookDelta, DELTA_LEVELS, InstrumentId, Level, MarketData, MarketEvent, Side};
use crate::venue::{DecodeError, MarketCounters};

/// Most diffs that wait for a snapshot: a minute and a half at ten a second, and no snapshot takes
/// so long. Beyond it the buffer starts anew.
const DIFFS_MAX: usize = 1_024;

/// Most levels that wait for a snapshot: 1 MiB an instrument; some 960 diffs of 68 levels, which is
/// the average of the recording.
const LEVELS_MAX: usize = 1 << 16;

/// The book of one instrument, without its levels: those are the core's.
#[derive(Debug)]
pub(super) struct BookSync {
    instrument: InstrumentId,
    state: State,
    buffer: Buffer,
}

/// How far the book is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Diffs are buffered; a snapshot is needed.
    Lost(Snapshot),
    /// The snapshot is out; the first diff must reach around this update.
    Joining(u64),
    /// The last update that is out.
    Whole(u64),
}

/// Whether a snapshot has been asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Snapshot {
    Wanted,
    Asked,
}

/// How a diff lies to what is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// All of it is known.
    Older,
    /// It is what comes next.
    Next,
    /// Something is missing between.
    Gap,
}

impl BookSync {
    pub(super) fn new(instrument: InstrumentId) -> Self {
        Self { instrument, state: State::Lost(Snapshot::Wanted), buffer: Buffer::default() }
    }

    /// Everything known is void. Says so even if the book was lost before: the last word may not
    /// have arrived (an overrun), and a listener that is new has not heard it.
    pub(super) fn reset(&mut self, counters: &mut MarketCounters, out: &mut Vec<MarketEvent>) {
        self.buffer.clear();
        if !self.is_lost() {
            counters.books_lost += 1;
        }
        self.state = State::Lost(Snapshot::Wanted);
        out.push(self.event(None, MarketData::BookLost));
    }

    /// An update may have been missed: says so, once. Diffs that wait for a snapshot keep waiting:
    /// if one is missing among them, they will not join.
    pub(super) fn lose(&mut self, counters: &mut MarketCounters, out: &mut Vec<MarketEvent>) {
        if !self.is_lost() {
            self.reset(counters, out);
        }
    }

    /// True, once, when a snapshot should be asked for.
    pub(super) fn ask(&mut self) -> bool {
        let wanted = self.state == State::Lost(Snapshot::Wanted) && !self.buffer.heads.is_empty();
        if wanted {
            self.state = State::Lost(Snapshot::Asked);
        }
        wanted
    }

    /// The snapshot did not come, or could not be read: another one is wanted.
    pub(super) fn ask_again(&mut self) {
        if self.is_lost() {
            self.state = State::Lost(Snapshot::Wanted);
        }
    }

    /// The next diff of the venue.
    pub(super) fn on_diff(
        &mut self,
        head: DiffHead,
        levels: &Levels,
        counters: &mut MarketCounters,
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), DecodeError> {
        if head.last < head.first {
            counters.messages_bad += 1;
            self.lose(counters, out);
            return Err(DecodeError::Field("u"));
        }
        counters.diffs_decoded += 1;
        let (place, expected) = match self.state {
            State::Lost(_) => {
                self.buffer.push(head, levels);
                return Ok(());
            }
            State::Joining(update) => (joins(update, head), update),
            State::Whole(update) => (follows(update, head), update),
        };
        match place {
            Place::Older => counters.diffs_dropped += 1,
            Place::Next => {
                self.apply(head, levels.bids(), levels.asks(), counters, out);
                let end = MarketData::BookEnd { update_id: head.last };
                out.push(self.event(head.sent_unix_ms, end));
            }
            Place::Gap => {
                self.lose(counters, out);
                self.buffer.push(head, levels);
                let got = head.previous.unwrap_or(head.first);
                return Err(DecodeError::Gap { expected, got });
            }
        }
        Ok(())
    }

    /// A snapshot of the venue. One that nobody needs is passed over: the book is whole.
    pub(super) fn on_snapshot(
        &mut self,
        head: SnapshotHead,
        levels: &Levels,
        counters: &mut MarketCounters,
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), DecodeError> {
        if !self.is_lost() {
            counters.messages_passed_over += 1;
            return Ok(());
        }
        let older = self.buffer.count_older(head.update);
        if let Some(Buffered { diff, .. }) = self.buffer.heads.get(older).copied()
            && joins(head.update, diff) != Place::Next
        {
            self.ask_again();
            return Err(DecodeError::Gap { expected: head.update, got: diff.first });
        }
        out.push(self.event(head.sent_unix_ms, MarketData::BookBegin));
        self.deltas(head.sent_unix_ms, Side::Buy, levels.bids(), out);
        self.deltas(head.sent_unix_ms, Side::Sell, levels.asks(), out);
        self.state = State::Joining(head.update);
        counters.diffs_dropped += older as u64;
        let update_id = self.catch_up(older, counters, out).unwrap_or(head.update);
        out.push(self.event(head.sent_unix_ms, MarketData::BookEnd { update_id }));
        Ok(())
    }

    /// Applies what was buffered, from `older` on; the last update of it.
    fn catch_up(
        &mut self,
        older: usize,
        counters: &mut MarketCounters,
        out: &mut Vec<MarketEvent>,
    ) -> Option<u64> {
        let buffer = std::mem::take(&mut self.buffer);
        for buffered in buffer.heads.get(older..).unwrap_or_default() {
            let (bids, asks) = buffer.levels(buffered);
            self.apply(buffered.diff, bids, asks, counters, out);
        }
        buffer.heads.get(older..)?.last().map(|last| last.diff.last)
    }

    fn apply(
        &mut self,
        head: DiffHead,
        bids: &[Level],
        asks: &[Level],
        counters: &mut MarketCounters,
        out: &mut Vec<MarketEvent>,
    ) {
        self.deltas(head.sent_unix_ms, Side::Buy, bids, out);
        self.deltas(head.sent_unix_ms, Side::Sell, asks, out);
        self.state = State::Whole(head.last);
        counters.diffs_applied += 1;
    }

    fn deltas(
        &self,
        sent_unix_ms: Option<u64>,
        side: Side,
        levels: &[Level],
        out: &mut Vec<MarketEvent>,
    ) {
        for chunk in levels.chunks(DELTA_LEVELS) {
            let mut delta = BookDelta { side, count: 0, levels: [Level::default(); DELTA_LEVELS] };
            for (place, level) in delta.levels.iter_mut().zip(chunk) {
                *place = *level;
                delta.count += 1;
            }
            out.push(self.event(sent_unix_ms, MarketData::BookDelta(delta)));
        }
    }

    fn event(&self, sent_unix_ms: Option<u64>, data: MarketData) -> MarketEvent {
        MarketEvent { instrument: self.instrument, sent_unix_ms, data }
    }

    fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost(_))
    }
}

/// The first diff after a snapshot must reach around it. Futures: `U <= lastUpdateId <= u`; spot:
/// `U <= lastUpdateId + 1 <= u`.
fn joins(update: u64, head: DiffHead) -> Place {
    let target = match head.previous {
        Some(_) => update,
        None => update.saturating_add(1),
    };
    if head.last < target {
        Place::Older
    } else if head.first <= target {
        Place::Next
    } else {
        Place::Gap
    }
}

/// Every other diff must follow the one before. Futures: `pu` equals its `u` (`U` need not be the
/// next number there, D14); spot: as after a snapshot, it reaches around the next number, and one
/// that is known whole is passed over (spot sheet section 8, step 5).
fn follows(update: u64, head: DiffHead) -> Place {
    match head.previous {
        Some(previous) if previous == update => Place::Next,
        Some(_) => Place::Gap,
        None => joins(update, head),
    }
}

/// Diffs that wait for a snapshot: always an unbroken chain.
#[derive(Debug, Default)]
struct Buffer {
    heads: Vec<Buffered>,
    levels: Vec<Level>,
}

/// A diff, and where its levels end: bids first, then asks.
#[derive(Clone, Copy, Debug)]
struct Buffered {
    diff: DiffHead,
    start: usize,
    bids_end: usize,
    end: usize,
}

impl Buffer {
    fn clear(&mut self) {
        self.heads.clear();
        self.levels.clear();
    }

    /// Appends one; what does not join it, or does not fit beside it, is forgotten.
    fn push(&mut self, diff: DiffHead, levels: &Levels) {
        let broken =
            self.heads.last().is_some_and(|last| follows(last.diff.last, diff) != Place::Next);
        let count = levels.bids().len() + levels.asks().len();
        let is_full = self.heads.len() == DIFFS_MAX || LEVELS_MAX < self.levels.len() + count;
        if broken || is_full {
            self.clear();
        }
        let start = self.levels.len();
        self.levels.extend_from_slice(levels.bids());
        let bids_end = self.levels.len();
        self.levels.extend_from_slice(levels.asks());
        self.heads.push(Buffered { diff, start, bids_end, end: self.levels.len() });
    }

    fn count_older(&self, update: u64) -> usize {
        self.heads.iter().take_while(|it| joins(update, it.diff) == Place::Older).count()
    }

    fn levels(&self, of: &Buffered) -> (&[Level], &[Level]) {
        let bids = self.levels.get(of.start..of.bids_end).unwrap_or_default();
        (bids, self.levels.get(of.bids_end..of.end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
