//! A synthetic market without end: same seed, same market, on every machine.
//!
//! Must hold: the first events of every instrument are a whole snapshot; the book never crosses;
//! trades happen at the touch; the last quote before the end of a frame is the top of the book that
//! the frame completes; trade ids and update ids rise.

use super::process::Process;
use crate::sim::rng::Rng;
use crate::types::{Instrument, InstrumentId, MarketData, MarketEvent, Price};
use std::collections::VecDeque;

/// The market of some instruments, each with its own order flow.
#[derive(Clone, Debug)]
pub struct Synthetic {
    flows: Vec<(InstrumentId, Process)>,
    now_ns: u64,
    pending: VecDeque<(u64, MarketEvent)>,
    scratch: Vec<MarketData>,
}

impl Synthetic {
    /// Bitcoin starts at about 60,000, Ether at about 3,000, everything else where the seed says.
    pub fn new(seed: u64, instruments: &[Instrument]) -> Self {
        let flows = instruments.iter().map(|instrument| {
            let mut rng = Rng::new(seed ^ symbol_bits(&instrument.symbol));
            let start = start_price(instrument, &mut rng);
            (instrument.id, Process::new(rng.bits(), instrument, start))
        });
        let flows = flows.collect();
        let pending = VecDeque::new();
        let mut market = Self { flows, now_ns: 0, pending, scratch: Vec::new() };
        for at in 0..market.flows.len() {
            market.run(at, 0, Process::begin);
        }
        market
    }

    fn run(
        &mut self,
        at: usize,
        delay_ns: u64,
        what: impl FnOnce(&mut Process, &mut Vec<MarketData>),
    ) {
        let Some((instrument, process)) = self.flows.get_mut(at) else { return };
        what(process, &mut self.scratch);
        let mut delay_ns = delay_ns;
        for data in self.scratch.drain(..) {
            let event = MarketEvent { instrument: *instrument, sent_unix_ms: None, data };
            self.pending.push_back((delay_ns, event));
            delay_ns = 0;
        }
    }
}

impl Iterator for Synthetic {
    /// Nanoseconds after the event before it, and the event.
    type Item = (u64, MarketEvent);

    /// Never `None`, unless there are no instruments.
    fn next(&mut self) -> Option<Self::Item> {
        // Time that passed in steps without an event (an order that changed nothing).
        let mut waited_ns = 0;
        loop {
            if let Some((delay_ns, event)) = self.pending.pop_front() {
                return Some((waited_ns + delay_ns, event));
            }
            let flows = self.flows.iter().enumerate();
            let (at, due_ns) =
                flows.map(|(at, (_, flow))| (at, flow.next_ns())).min_by_key(|next| next.1)?;
            let delay_ns = due_ns.saturating_sub(self.now_ns);
            self.now_ns = due_ns;
            waited_ns += delay_ns;
            self.run(at, 0, Process::step);
        }
    }
}

/// FNV-1a of the symbol: an instrument's market does not depend on which others there are.
fn symbol_bits(symbol: &str) -> u64 {
    symbol.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn start_price(instrument: &Instrument, rng: &mut Rng) -> Price {
    let filters = &instrument.filters;
    let start = match instrument.symbol.as_str() {
        symbol if symbol.starts_with("BTC") => Price::whole(60_000),
        symbol if symbol.starts_with("ETH") => Price::whole(3_000),
        _ => filters.price_tick.times(rng.within(2_000, 50_000)),
    };
    let ceiling = if Price::ZERO < filters.price_max { filters.price_max } else { Price::MAX };
    start.min(ceiling).max(filters.price_min)
}
