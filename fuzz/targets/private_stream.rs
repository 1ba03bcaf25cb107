//! The private stream: its key, and what it says.
#![no_main]

mod world;

use libfuzzer_sys::fuzz_target;
use world::{answers, engine, lines};

fuzz_target!(|bytes: &[u8]| {
    let (mut user, mut out) = (engine().user, Vec::new());
    for answer in answers(bytes) {
        let _ = user.on_key(&answer);
    }
    for line in lines(bytes) {
        let _ = user.on_message(line, &mut out);
    }
});
