//! After its first events the core neither takes memory nor gives any back.
//!
//! A binary of its own, because the counting allocator is the whole program's; the one test file
//! that may use `unsafe` (D27).

#![expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

#[expect(dead_code, reason = "only the part that sets a core up is wanted here")]
#[path = "it/support.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::{BTC, ETH, VENUE, price, qty};
use tradekeel::core::{
    AccountEvent, ClockSample, Command, Core, DeadManTiming, Effect, Effects, Event, EventKind,
    Intents, LinkChannel, LinkEvent, LinkState, Status, Strategy, View,
};
use tradekeel::sim::Synthetic;
use tradekeel::types::{
    Amendment, ClientOrderId, DeadManAnswer, DeadManReport, ExecutionKind, ExecutionReport, Fill,
    InstrumentId, Liquidity, MS, MarketEvent, OrderKind, OrderRef, OrderRequest, OrderStatus,
    OrderTerms, Purpose, Qty, Quote, Side, Stamp, TradesRead,
};

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
    static GIVEN: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count for each thread.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call is handed on unchanged; the counters are plain cells of the calling thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&TAKEN);
        // SAFETY: the caller's promises are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(&GIVEN);
        // SAFETY: `at` came from `System` with this layout.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(&TAKEN);
        // SAFETY: `at` came from `System` with this layout.
        unsafe { System.realloc(at, layout, size) }
    }
}

fn count(counter: &'static std::thread::LocalKey<Cell<u64>>) {
    // A thread that is ending has no counter any more, and nothing to prove.
    let _ = counter.try_with(|count| count.set(count.get() + 1));
}

fn counts() -> (u64, u64) {
    (TAKEN.get(), GIVEN.get())
}

/// Places a bid and an ask at every quote, amends the old ones and takes those back that it amended.
#[derive(Debug)]
struct Busy;

impl Strategy for Busy {
    fn timer_ns(&self) -> Option<u64> {
        Some(MS)
    }

    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        for order in view.orders().filter(|order| order.terms.instrument == id) {
            let Amendment { price, qty } = order.terms.amendable();
            if order.status == OrderStatus::New && qty == support::qty("0.01") {
                out.amend(order.id, Amendment { price, qty: support::qty("0.011") });
            } else if order.status == OrderStatus::New {
                out.cancel(order.id);
            }
        }
        for (side, price) in [(Side::Buy, quote.bid), (Side::Sell, quote.ask)] {
            out.place(OrderRequest {
                instrument: id,
                side,
                kind: OrderKind::Limit(price),
                qty: qty("0.01"),
                purpose: Purpose::Opening,
                ttl_ns: Some(50 * MS),
            });
        }
    }
}

/// Answers every command at once: acknowledges, fills every third order, cancels.
struct Venue {
    answers: Vec<ExecutionReport>,
    switches: Vec<DeadManReport>,
    orders: Vec<(ClientOrderId, OrderTerms)>,
    trades: u64,
    amends: u64,
}

impl Venue {
    fn handle(&mut self, command: &Command) {
        match command {
            Command::NewOrder(approved) => {
                let (id, terms) = (approved.id(), *approved.terms());
                self.tell(id, terms.instrument, ExecutionKind::New);
                if id.sequence.is_multiple_of(3) {
                    self.trades += 1;
                    let fill = Fill {
                        trade_id: self.trades,
                        side: terms.side,
                        price: terms.price,
                        qty: terms.qty,
                        cum_qty: terms.qty,
                        fee: None,
                        liquidity: Liquidity::Maker,
                    };
                    self.tell(id, terms.instrument, ExecutionKind::Trade(fill));
                } else {
                    self.orders.push((id, terms));
                }
            }
            Command::Amend(approved) => {
                let (id, terms) = (approved.id(), approved.terms());
                let (price, qty) = (terms.price, terms.qty);
                let kind = ExecutionKind::Amended { price, qty, cum_qty: Qty::ZERO };
                self.amends += 1;
                self.tell(id, terms.instrument, kind);
            }
            Command::Cancel { id, instrument } => {
                let at = self.orders.iter().position(|(order, _)| order == id);
                let kind = match at {
                    Some(at) => {
                        self.orders.swap_remove(at);
                        ExecutionKind::Canceled { cum_qty: Qty::ZERO }
                    }
                    None => ExecutionKind::CancelRejected { code: -2011 },
                };
                self.tell(*id, *instrument, kind);
            }
            Command::QueryOrder { id, instrument } => {
                self.tell(*id, *instrument, ExecutionKind::NotFound);
            }
            Command::ArmDeadMan(request) => {
                let answer = DeadManAnswer::Set;
                self.switches.push(DeadManReport { request: *request, answer });
            }
            Command::CancelAll { .. }
            | Command::Stop(_)
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. } => {}
        }
    }

    fn tell(&mut self, id: ClientOrderId, instrument: InstrumentId, kind: ExecutionKind) {
        let order = OrderRef::Ours(id);
        let (venue_order_id, transact_unix_ms) = (None, None);
        let report = ExecutionReport { instrument, order, venue_order_id, transact_unix_ms, kind };
        self.answers.push(report);
    }
}

/// A core between its market and its venue, with everything that it needs taken beforehand.
struct Bench {
    core: Core,
    effects: Effects,
    venue: Venue,
    reports: Vec<ExecutionReport>,
    status: Status,
    now_ns: u64,
    events: u64,
}

impl Bench {
    fn step(&mut self, kind: EventKind) {
        self.now_ns += 1;
        self.events += 1;
        let at = Stamp { mono_ns: self.now_ns, unix_ns: self.now_ns };
        self.core.step(&Event { at, received_ns: self.now_ns, kind }, &mut self.effects);
        let mut asked = [None; 2];
        for effect in self.effects.drain() {
            if let Effect::Send(Command::QueryTrades { instrument, from_id }) = effect {
                asked[instrument.index()] = Some((instrument, from_id));
            } else if let Effect::Send(command) = effect {
                self.venue.handle(&command);
            }
        }
        for (instrument, from_id) in asked.into_iter().flatten() {
            let read = TradesRead { instrument, from_id, through_id: Some(0), is_all: true };
            self.step(EventKind::Account(AccountEvent::TradesRead(read)));
        }
    }

    /// Everything that one event of the market brings about.
    fn play(&mut self, event: MarketEvent) {
        self.step(EventKind::Market(event));
        while let Some(report) = self.venue.switches.pop() {
            self.step(EventKind::DeadMan(report));
        }
        while !self.venue.answers.is_empty() {
            std::mem::swap(&mut self.venue.answers, &mut self.reports);
            for at in 0..self.reports.len() {
                self.step(EventKind::Execution(self.reports[at]));
            }
            self.reports.clear();
        }
        if self.events.is_multiple_of(16) {
            self.step(EventKind::Timer);
            self.core.status(&mut self.status);
        }
    }

    /// Plays events that stand ready, one hundredth of a second apart.
    fn run(&mut self, events: &[MarketEvent]) {
        for event in events {
            self.now_ns += 10 * MS;
            self.play(*event);
        }
    }
}

fn bench() -> Bench {
    let mut setup = support::setup();
    setup.strategies = vec![support::seat(Box::new(Busy))];
    setup.limits.order_rate = tradekeel::core::Rate { per_second: 1_000, burst: 1_000 };
    setup.limits.price_band_bps = 500;
    setup.strategies[0].budget.rate = setup.limits.order_rate;
    for bounds in &mut setup.limits.instruments {
        bounds.position_max = Qty::whole(1_000);
    }
    setup.timing.reconcile_ns = u64::MAX / 8;
    let renew_ns = 20 * tradekeel::types::SECOND;
    setup.dead_man = Some(DeadManTiming { countdown_ms: 60_000, renew_ns });
    let venue = support::venue(&setup.instruments);
    let mut bench = Bench {
        core: Core::new(setup),
        effects: Effects::new(),
        venue: Venue {
            answers: Vec::with_capacity(1_024),
            switches: Vec::with_capacity(16),
            orders: Vec::with_capacity(1_024),
            trades: 0,
            amends: 0,
        },
        reports: Vec::with_capacity(1_024),
        status: Status::default(),
        now_ns: 0,
        events: 0,
    };
    for channel in LinkChannel::ALL {
        let state = LinkState::Up;
        bench.step(EventKind::Link(LinkEvent { venue: VENUE, channel, state }));
    }
    bench.step(EventKind::Clock(ClockSample { venue: VENUE, offset_ns: 0, rtt_ns: 0 }));
    let snapshot = venue.snapshot(VENUE, bench.core.account_token(VENUE));
    bench.step(support::account(AccountEvent::Snapshot(Box::new(snapshot))));
    bench
}

#[test]
fn a_hundred_thousand_events_take_no_memory_and_give_none_back() {
    let mut bench = bench();
    let instruments = support::setup().instruments;
    let market = Synthetic::new(3, &instruments);
    let events: Vec<MarketEvent> = market.take(60_000).map(|(_, event)| event).collect();
    assert!(events.iter().any(|event| event.instrument == BTC));
    assert!(events.iter().any(|event| event.instrument == ETH));
    let (warm, counted) = events.split_at(5_000);
    bench.run(warm);
    let clock = EventKind::Clock(ClockSample { venue: VENUE, offset_ns: 0, rtt_ns: 0 });
    let (before, began) = (counts(), bench.events);
    let sent_before = bench.core_sent();
    for chunk in counted.chunks(1_000) {
        bench.step(clock.clone());
        bench.run(chunk);
    }
    let after = counts();
    let (events, sent) = (bench.events - began, bench.core_sent() - sent_before);
    println!("{events} events, {sent} orders, {} trades", bench.venue.trades);
    assert!(100_000 <= events, "only {events} events");
    assert!(10_000 < sent && 3_000 < bench.venue.trades, "{sent} orders try little");
    assert!(3_000 < bench.venue.amends, "few amends try little");
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 0));
    assert_eq!(price("1"), tradekeel::types::Price::whole(1));
}

impl Bench {
    fn core_sent(&self) -> u64 {
        self.status.counters.orders_sent
    }
}
