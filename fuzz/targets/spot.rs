//! Everything of Spot: streams, snapshots, answers to orders, the account, the private stream and
//! the way out.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use tradekeel::types::{ClientOrderId, InstrumentId, QueryToken};
use tradekeel::venue::panic::panic_dialect;
use tradekeel::venue::{Credentials, Dialects, Question, VenueKind, key, listings, symbol_fees};
use world::{answers, engine_of, lines};

const SPOT: VenueKind = VenueKind::BinanceSpot;

fuzz_target!(|bytes: &[u8]| {
    let Dialects { mut market, mut user, mut orders } = engine_of(SPOT);
    let (mut quotes, mut events, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    let (bitcoin, id) = (InstrumentId(0), ClientOrderId { epoch: 1, sequence: 1 });
    market.on_connect(&mut quotes);
    for line in lines(bytes) {
        let _ = market.on_message(line, &mut quotes);
        let _ = market.snapshot_wanted();
        let _ = user.on_message(line, &mut events);
        let _ = orders.on_message(line, &mut reports);
        let _ = orders.read_back(line);
        let _ = orders.take_condition();
    }
    let answers = answers(bytes);
    let _ = orders.account(QueryToken(1), &answers);
    let _ = orders.trades(bitcoin, Some(7), &answers, &mut reports);
    let credentials = Credentials::new("key".to_owned(), "secret".to_owned());
    let panic = panic_dialect(SPOT, &credentials, &["BTCUSDT".to_owned()]);
    let _ = panic.on_orders(&answers);
    let _ = panic.on_positions(&answers);
    for answer in &answers {
        let _ = market.on_snapshot(bitcoin, Some(answer), &mut quotes);
        for question in [Question::Order(bitcoin, id), Question::CancelAll(bitcoin)] {
            let _ = orders.on_answer(question, Some(answer), &mut reports);
        }
        let _ = orders.owners_call(bitcoin, Some(7), answer, 1);
        let _ = orders.on_clock(answer);
        let _ = panic.on_quote(answer);
        let _ = listings(SPOT, answer);
        let _ = symbol_fees(SPOT, answer);
        let _ = key::permissions(SPOT, answer);
    }
});
