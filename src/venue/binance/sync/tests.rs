//! One book, diff by diff.

use super::*;
use crate::types::{Price, Qty};
use crate::venue::binance::wire::{Frame, decode};

/// A book with everything that it has said.
struct Desk {
    sync: BookSync,
    counters: MarketCounters,
    out: Vec<MarketEvent>,
}

impl Desk {
    fn new() -> Self {
        let counters = MarketCounters::default();
        Self { sync: BookSync::new(InstrumentId(0)), counters, out: Vec::new() }
    }

    /// A futures diff at one price.
    fn diff(&mut self, first: u64, last: u64, previous: u64) -> Result<(), DecodeError> {
        self.one_level(first, last, &format!(r#""pu":{previous},"#))
    }

    /// A spot diff at one price.
    fn spot(&mut self, first: u64, last: u64) -> Result<(), DecodeError> {
        self.one_level(first, last, "")
    }

    fn one_level(&mut self, first: u64, last: u64, previous: &str) -> Result<(), DecodeError> {
        let place = format!(r#""U":{first},"u":{last},{previous}"#);
        let levels = format!(r#""b":[["{last}","1"]],"a":[]"#);
        self.feed(&format!(r#"{{"e":"depthUpdate","E":9,"s":"X",{place}{levels}}}"#))
    }

    fn snapshot(&mut self, update: u64) -> Result<(), DecodeError> {
        self.feed(&format!(
            r#"{{"lastUpdateId":{update},"E":8,"bids":[["1","1"]],"asks":[["2","1"]]}}"#
        ))
    }

    fn feed(&mut self, text: &str) -> Result<(), DecodeError> {
        let mut levels = Levels::default();
        match decode(text.as_bytes(), &mut levels).unwrap() {
            Frame::Diff { head, .. } => {
                self.sync.on_diff(head, &levels, &mut self.counters, &mut self.out)
            }
            Frame::Snapshot(head) => {
                self.sync.on_snapshot(head, &levels, &mut self.counters, &mut self.out)
            }
            Frame::Ticker { .. } | Frame::Trade { .. } | Frame::Mark { .. } | Frame::Other => {
                panic!("{text}")
            }
        }
    }

    /// What has been said since the last time, in short.
    fn said(&mut self) -> Vec<String> {
        let word = |event: MarketEvent| match event.data {
            MarketData::BookLost => "lost".to_owned(),
            MarketData::BookBegin => "begin".to_owned(),
            MarketData::BookEnd { update_id } => format!("end {update_id}"),
            MarketData::BookDelta(delta) => {
                let prices: Vec<_> = delta.levels().iter().map(|it| it.price.to_string()).collect();
                format!("{:?} {}", delta.side, prices.join(","))
            }
            MarketData::Quote(_) | MarketData::Trade(_) | MarketData::Mark(_) => {
                panic!("a book says no such thing")
            }
        };
        self.out.drain(..).map(word).collect()
    }
}

const GAP: fn(u64, u64) -> Result<(), DecodeError> =
    |expected, got| Err(DecodeError::Gap { expected, got });

#[test]
fn buffered_diffs_join_the_snapshot_and_later_ones_follow() {
    let mut desk = Desk::new();
    for (first, last, previous) in [(90, 95, 89), (96, 99, 95), (100, 110, 99), (115, 120, 110)] {
        assert_eq!(desk.diff(first, last, previous), Ok(()));
    }
    assert!(desk.said().is_empty() && desk.sync.ask() && !desk.sync.ask());
    assert_eq!(desk.snapshot(100), Ok(()));
    assert_eq!(desk.said(), ["begin", "Buy 1", "Sell 2", "Buy 110", "Buy 120", "end 120"]);
    assert_eq!(desk.diff(130, 140, 120), Ok(()));
    assert_eq!(desk.said(), ["Buy 140", "end 140"]);
    let counted = desk.counters;
    assert_eq!((counted.diffs_decoded, counted.diffs_dropped, counted.diffs_applied), (5, 2, 3));
    assert_eq!(counted.books_lost, 0);
}

#[test]
fn the_first_diff_must_reach_around_the_snapshot() {
    // A diff of updates 100 to 110 against snapshots on both sides of both of its ends.
    for (update, joins) in [(99, false), (100, true), (110, true)] {
        let mut desk = Desk::new();
        desk.diff(100, 110, 98).unwrap();
        assert_eq!(desk.snapshot(update), if joins { Ok(()) } else { GAP(99, 100) }, "{update}");
        assert_eq!(!joins, desk.out.is_empty());
    }
    // A snapshot beyond it drops it, and waits for the next one.
    let mut desk = Desk::new();
    desk.diff(100, 110, 98).unwrap();
    assert_eq!(desk.snapshot(111), Ok(()));
    assert_eq!(desk.said().last().unwrap(), "end 111");
    assert_eq!(desk.diff(111, 115, 110), Ok(()));
    assert_eq!(desk.said(), ["Buy 115", "end 115"]);
    assert_eq!(desk.counters.diffs_dropped, 1);
}

#[test]
fn a_snapshot_that_is_too_old_is_asked_for_again_and_the_buffer_is_kept() {
    let mut desk = Desk::new();
    desk.diff(100, 110, 98).unwrap();
    assert!(desk.sync.ask());
    assert_eq!(desk.snapshot(50), GAP(50, 100));
    assert!(desk.sync.ask());
    assert_eq!(desk.snapshot(105), Ok(()));
    assert_eq!(desk.said().last().unwrap(), "end 110");
}

#[test]
fn a_gap_loses_the_book_once_and_starts_over() {
    let mut desk = Desk::new();
    desk.diff(100, 110, 98).unwrap();
    desk.snapshot(100).unwrap();
    desk.said();
    assert_eq!(desk.diff(113, 120, 112), GAP(110, 112));
    assert_eq!(desk.said(), ["lost"]);
    assert_eq!(desk.diff(130, 140, 125), Ok(()), "another gap while lost is not another loss");
    assert!(desk.said().is_empty());
    assert!(desk.sync.ask());
    assert_eq!(desk.snapshot(130), Ok(()));
    assert_eq!(desk.said(), ["begin", "Buy 1", "Sell 2", "Buy 140", "end 140"]);
    assert_eq!(desk.counters.books_lost, 1);
}

#[test]
fn a_gap_right_behind_the_snapshot_loses_the_book() {
    let mut desk = Desk::new();
    desk.diff(90, 95, 89).unwrap();
    desk.snapshot(100).unwrap();
    desk.said();
    assert_eq!(desk.diff(101, 110, 99), GAP(100, 99));
    assert_eq!(desk.said(), ["lost"]);
}

#[test]
fn spot_diffs_follow_by_number_alone() {
    let mut desk = Desk::new();
    for (first, last) in [(90, 100), (101, 105), (106, 106)] {
        desk.spot(first, last).unwrap();
    }
    assert_eq!(desk.snapshot(100), Ok(()));
    assert_eq!(desk.said().last().unwrap(), "end 106");
    assert_eq!(desk.spot(107, 109), Ok(()));
    assert_eq!(desk.counters.diffs_dropped, 1);
    assert_eq!(desk.spot(111, 112), GAP(109, 111));
    for (update, joins) in [(99, true), (98, false), (104, true)] {
        let mut desk = Desk::new();
        desk.spot(100, 105).unwrap();
        assert_eq!(desk.snapshot(update).is_ok(), joins, "{update}");
        assert_eq!(desk.counters.diffs_dropped, 0);
    }
}

#[test]
fn nothing_is_asked_for_before_the_first_diff() {
    let mut desk = Desk::new();
    assert!(!desk.sync.ask());
    desk.diff(100, 110, 98).unwrap();
    assert!(desk.sync.ask());
    desk.sync.ask_again();
    assert!(desk.sync.ask());
}

#[test]
fn a_snapshot_that_nobody_needs_is_passed_over() {
    let mut desk = Desk::new();
    desk.diff(100, 110, 98).unwrap();
    desk.snapshot(100).unwrap();
    desk.said();
    assert_eq!(desk.snapshot(50), Ok(()));
    assert!(desk.said().is_empty());
    assert_eq!(desk.diff(111, 112, 110), Ok(()));
}

#[test]
fn a_diff_that_ends_before_it_begins_is_an_error() {
    let mut desk = Desk::new();
    desk.diff(100, 110, 98).unwrap();
    desk.snapshot(100).unwrap();
    desk.said();
    assert_eq!(desk.diff(111, 110, 110), Err(DecodeError::Field("u")));
    assert_eq!(desk.said(), ["lost"]);
}

#[test]
fn the_buffer_is_bounded_and_starts_anew() {
    let mut desk = Desk::new();
    for at in 0..DIFFS_MAX as u64 {
        desk.diff(at + 1, at + 1, at).unwrap();
    }
    assert_eq!(desk.sync.buffer.heads.len(), DIFFS_MAX);
    let last = DIFFS_MAX as u64;
    desk.diff(last + 1, last + 1, last).unwrap();
    assert_eq!((desk.sync.buffer.heads.len(), desk.sync.buffer.levels.len()), (1, 1));
    assert!(desk.snapshot(1).is_err(), "what it would have joined is forgotten");
    assert!(desk.snapshot(last + 1).is_ok());
}

#[test]
fn many_levels_go_out_in_chunks_of_eight() {
    let mut desk = Desk::new();
    desk.diff(1, 1, 0).unwrap();
    desk.snapshot(1).unwrap();
    desk.said();
    let levels: Vec<_> = (1..=17).map(|at| format!("[\"{at}\",\"0\"]")).collect();
    let text = format!(
        r#"{{"e":"depthUpdate","E":9,"s":"X","U":2,"u":2,"pu":1,"b":[],"a":[{}]}}"#,
        levels.join(",")
    );
    desk.feed(&text).unwrap();
    let MarketData::BookDelta(last) = desk.out[2].data else { panic!("a delta") };
    assert_eq!((last.count, last.levels()[0].price), (1, Price::whole(17)));
    assert_eq!(last.levels()[0].qty, Qty::ZERO);
    assert_eq!(desk.out.len(), 4);
    assert_eq!(desk.out[3].sent_unix_ms, Some(9));
}
