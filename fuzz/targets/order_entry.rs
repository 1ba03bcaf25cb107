//! What comes back to orders, and what the gateway reads back of its own bytes.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use tradekeel::types::{ClientOrderId, InstrumentId};
use tradekeel::venue::{Question, VenueKind, listed_rate_limits, usage};
use world::{answers, engine, lines};

fuzz_target!(|bytes: &[u8]| {
    let (mut orders, mut out) = (engine().orders, Vec::new());
    for line in lines(bytes) {
        let _ = orders.on_message(line, &mut out);
        let _ = orders.read_back(line);
        let _ = orders.take_condition();
        let _ = orders.usage(line);
    }
    let id = ClientOrderId { epoch: 1, sequence: 1 };
    for answer in answers(bytes) {
        for question in [Question::Order(InstrumentId(0), id), Question::CancelAll(InstrumentId(1))]
        {
            let _ = orders.on_answer(question, Some(&answer), &mut out);
        }
        let _ = orders.is_available(&answer);
        let _ = usage(VenueKind::BinanceUsdm, &answer);
        let _ = listed_rate_limits(VenueKind::BinanceUsdm, &answer);
    }
});
