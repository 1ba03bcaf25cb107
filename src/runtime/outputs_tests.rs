//! What the hot thread journals, and what it leaves out.

use super::bell::Bell;
use super::gate::Gate;
use super::lag::Lag;
use super::lane::lane;
use super::outputs::Outputs;
use crate::core::{Event, EventKind, MarketRecording};
use crate::ops::Names;
use crate::store::journal::Reader;
use crate::store::{Record, journal};
use crate::types::{InstrumentId, MarketData, MarketEvent, Price, SECOND, Stamp, Trade};
use crate::types::{Qty, Quote, Side};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a segment: the smallest that a configuration may ask for.
const SEGMENT_BYTES: u64 = 1 << 20;

/// Outputs over a journal whose writer never does anything.
fn outputs(folder: &Path, taping: MarketRecording) -> (Outputs, journal::Writer) {
    let (journal, writer, _) = journal::open(folder, folder, SEGMENT_BYTES).unwrap();
    let bell = Arc::new(Bell::new().unwrap());
    let lag = Lag::new(journal.durability(), SECOND);
    let outputs = Outputs::new(
        (journal, taping, lag),
        lane(8, &bell).0,
        lane(8, &bell).0,
        lane(8, &bell).0,
        lane(8, &bell).0,
        (Gate::new(1, 1), Names::default()),
        0,
    );
    (outputs, writer)
}

fn event(kind: EventKind) -> Event {
    let at = Stamp { mono_ns: 9, unix_ns: 9 };
    Event { at, received_ns: 5, kind }
}

fn market(data: MarketData) -> Event {
    let instrument = InstrumentId(0);
    event(EventKind::Market(MarketEvent { instrument, sent_unix_ms: None, data }))
}

fn trade() -> Event {
    let (price, qty) = (Price::whole(1), Qty::whole(1));
    market(MarketData::Trade(Trade { id: 1, price, qty, aggressor: Side::Buy }))
}

fn recorded(folder: &Path) -> Vec<Record> {
    Reader::open(folder).unwrap().map(|entry| entry.unwrap().record.unwrap()).collect()
}

/// A market that comes faster than the disk takes it is left out, once and said; what binds orders
/// and money has the rest of the room, and nothing latches.
#[test]
fn a_market_that_outruns_the_disk_is_left_out_before_it_can_stop_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut outputs, _writer) = outputs(folder.path(), MarketRecording::Full);
    for _ in 0..50_000 {
        outputs.record_event(&trade());
        outputs.record_event(&event(EventKind::Timer));
    }
    let sample =
        crate::core::ClockSample { venue: crate::types::VenueId(0), offset_ns: 1, rtt_ns: 2 };
    let words = 2_000;
    for _ in 0..words {
        outputs.record_event(&event(EventKind::Clock(sample)));
    }
    assert!(outputs.is_durable(), "the market latched the engine");
    let records = recorded(folder.path());
    let count = |wanted: fn(&Record) -> bool| records.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, Record::MarketGap)), 1);
    assert_eq!(count(|it| matches!(it, Record::Clock(_))), words);
    let gap = records.iter().position(|it| matches!(it, Record::MarketGap)).unwrap();
    let (before, after) = records.split_at(gap);
    let of_market = |it: &Record| matches!(it, Record::Market(_) | Record::Timer);
    assert!(1_000 < before.iter().filter(|it| of_market(it)).count());
    assert!(!after.iter().any(of_market));
}

#[test]
fn as_much_of_the_market_is_recorded_as_is_asked_for() {
    let quote = market(MarketData::Quote(Quote::default()));
    let mark = market(MarketData::Mark(Price::whole(1)));
    let rows = [
        (MarketRecording::Full, [1, 1, 1, 1]),
        (MarketRecording::Quotes, [1, 1, 0, 0]),
        (MarketRecording::Off, [0, 0, 0, 0]),
    ];
    for (taping, expected) in rows {
        let events = [&quote, &mark, &trade(), &event(EventKind::Timer)];
        let counts = events.map(|event| {
            let folder = tempfile::tempdir().unwrap();
            let (mut outputs, _writer) = outputs(folder.path(), taping);
            outputs.record_event(event);
            let is_wanted = |it: &&Record| matches!(it, Record::Market(_) | Record::Timer);
            recorded(folder.path()).iter().filter(is_wanted).count()
        });
        assert_eq!(counts, expected, "{taping:?}");
    }
}
