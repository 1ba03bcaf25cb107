//! Everything that is asked by REST: the account, its trades, what the venue lists, what a key may do.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use tradekeel::types::{InstrumentId, QueryToken};
use tradekeel::venue::{VenueKind, key, listings, symbol_fees};
use world::{answers, engine};

fuzz_target!(|bytes: &[u8]| {
    let (mut orders, mut out) = (engine().orders, Vec::new());
    let answers = answers(bytes);
    let _ = orders.account(QueryToken(1), &answers);
    for from_id in [None, Some(7)] {
        let _ = orders.trades(InstrumentId(0), from_id, &answers, &mut out);
    }
    for answer in &answers {
        let _ = orders.owners_call(InstrumentId(0), Some(7), answer, 1);
        let _ = orders.on_clock(answer);
        let _ = listings(VenueKind::BinanceUsdm, answer);
        let _ = symbol_fees(VenueKind::BinanceUsdm, answer);
        let _ = key::permissions(VenueKind::BinanceUsdm, answer);
    }
});
