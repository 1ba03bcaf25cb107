//! The market's streams and the snapshots of a book.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use tradekeel::types::InstrumentId;
use world::{answers, engine, lines};

fuzz_target!(|bytes: &[u8]| {
    let (mut market, mut out) = (engine().market, Vec::new());
    market.on_connect(&mut out);
    for line in lines(bytes) {
        let _ = market.on_message(line, &mut out);
        let _ = market.snapshot_wanted();
        for answer in answers(line) {
            let _ = market.on_snapshot(InstrumentId(0), Some(&answer), &mut out);
        }
    }
});
