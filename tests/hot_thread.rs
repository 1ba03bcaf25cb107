//! The hot thread of a real run allocates nothing: real sockets, real journal, real strategies.
//!
//! This file holds the test's own allocator and is the one of the tests that may use `unsafe` (it
//! counts and hands on to the system's). The thread is found by a strategy, because strategies are
//! called on it: it sets a flag of its thread, and what that thread allocates or frees is counted
//! after the first events.
#![allow(unsafe_code, reason = "a counting allocator can only be written with it")]
#![expect(clippy::expect_used, reason = "a test that cannot set itself up must say so")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tradekeel::core::{Intents, ParamFault, Strategy, StrategySetup, View};
use tradekeel::ops::screen::Screen;
use tradekeel::types::{InstrumentId, Quote, Trade};
use tradekeel::{config, runtime, strategy};

/// Events after which everything has its size.
const WARM_UP: u64 = 10_000;

/// Events over which nothing may be allocated.
const EVENTS: u64 = 100_000;

static SEEN: AtomicU64 = AtomicU64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static FREES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static IS_HOT: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

impl Counting {
    fn count(counter: &AtomicU64) {
        let warm = WARM_UP < SEEN.load(Ordering::Relaxed);
        if warm && IS_HOT.try_with(Cell::get).unwrap_or(false) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(&ALLOCATIONS);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::count(&FREES);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Marks the thread that it is called on, and counts events.
#[derive(Debug)]
struct Marker(Box<dyn Strategy>);

impl Strategy for Marker {
    fn timer_ns(&self) -> Option<u64> {
        self.0.timer_ns()
    }

    fn on_start(&mut self, view: &View<'_>, intents: &mut Intents) {
        self.0.on_start(view, intents);
    }

    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        IS_HOT.set(true);
        SEEN.fetch_add(1, Ordering::Relaxed);
        self.0.on_quote(view, id, quote, out);
    }

    fn on_trade(&mut self, view: &View<'_>, id: InstrumentId, trade: &Trade, out: &mut Intents) {
        SEEN.fetch_add(1, Ordering::Relaxed);
        self.0.on_trade(view, id, trade, out);
    }

    fn on_timer(&mut self, view: &View<'_>, intents: &mut Intents) {
        self.0.on_timer(view, intents);
    }

    /// The end of the thread frees what it owned: that is not trading.
    fn on_stop(&mut self, view: &View<'_>) {
        IS_HOT.set(false);
        self.0.on_stop(view);
    }
}

fn marked_quoter(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    let construct = strategy::registry().find("quoter").expect("it is shipped");
    construct(setup).map(|quoter| Box::new(Marker(quoter)) as Box<dyn Strategy>)
}

#[test]
fn nothing_is_allocated_or_freed_over_100_000_events() {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/binance-usdm-btcusdt-20240808.gz");
    if !recording.exists() {
        println!("skipped: no recorded market at ../shared/data");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let source = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/configs/paper.yaml"))
        .expect("the shipped file");
    let play = format!("recording: {}\n  speed: 40\n", recording.display());
    let text = source
        .replace("instances/paper", &folder.path().join("run").display().to_string())
        .replace("  seed: 7\n", &format!("  {play}"));
    let file = folder.path().join("hot.yaml");
    fs::write(&file, text).expect("written");
    let registry = strategy::registry().with("quoter", marked_quoter);
    let loaded = config::load(&file, &registry, &config::process_environment).expect("fine");
    let limit = Some(Duration::from_secs(120));
    let ending = runtime::run(&loaded.config, &registry, &Screen::new(), limit).expect("a run");
    let (allocations, frees) = (ALLOCATIONS.load(Ordering::Relaxed), FREES.load(Ordering::Relaxed));
    let status = &ending.report.status;
    println!(
        "{} events, {} orders, {} fills; allocations {allocations}, frees {frees}",
        status.counters.events, status.counters.orders_sent, status.tally.fills
    );
    assert!(WARM_UP + EVENTS <= status.counters.events, "{}", status.counters.events);
    assert!(0 < status.counters.orders_sent && 0 < status.tally.fills);
    assert_eq!((allocations, frees), (0, 0));
}
