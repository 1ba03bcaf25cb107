//! What it costs the hot thread to append to the journal, in batches: one append is shorter than
//! what a clock can tell apart (D32).
//!
//! `append` is the cost with warm pages. `append while the writer syncs` lets another thread sync
//! as fast as it can, which write-protects pages again and again: the worst case of a live run.
//! The figures go with the machine that they were measured on; they are kept in
//! `store/journal/mod.rs`.

#![expect(clippy::unwrap_used, reason = "a benchmark has nobody to tell")]
#![expect(clippy::print_stdout, reason = "its output is the result")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::float_arithmetic, reason = "figures for people")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tradekeel::store::journal::{self, Journal, Shelter, Writer};
use tradekeel::store::{OrderIntent, Record, StoreError};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, Fill, InstrumentId, Liquidity, OrderRef,
    OrderTerms, Price, Purpose, Qty, Side, Stamp, StrategyId, TimeInForce,
};

/// Appends per measurement.
const BATCH: usize = 100;

/// Measurements per row.
const BATCHES: usize = 4_000;

const SEGMENT_BYTES: u64 = 128 << 20;

fn main() {
    // `cargo test` runs benchmarks with `--test`: nothing to prove there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for (name, record) in [("order", order()), ("fill", fill())] {
        let mut quiet = Bench::new(name);
        report(&format!("append {name}"), &mut quiet.measure(&record));
        let mut busy = Bench::new(name);
        let mut costs = busy.measure_while_syncing(&record);
        report(&format!("append {name} while the writer syncs"), &mut costs);
    }
}

struct Bench {
    journal: Journal,
    writer: Writer,
    folder: PathBuf,
    lanes: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("journal-{name}-{}", std::process::id()));
        let lanes = Path::new("/dev/shm").join(format!("journal-bench-{}", std::process::id()));
        for folder in [&folder, &lanes] {
            let _ = std::fs::remove_dir_all(folder);
            std::fs::create_dir_all(folder).unwrap();
        }
        let (journal, mut writer, opened) = journal::open(&folder, &lanes, SEGMENT_BYTES).unwrap();
        assert_eq!(opened.shelter, Shelter::Memory);
        // The next segment is made before and not while it is measured: four mebibytes a turn.
        (0..SEGMENT_BYTES >> 22).for_each(|_| writer.turn().unwrap());
        Self { journal, writer, folder, lanes }
    }

    fn measure_while_syncing(&mut self, record: &Record) -> Vec<f64> {
        let done = AtomicBool::new(false);
        let Self { journal, writer, .. } = self;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    writer.sync().unwrap();
                }
            });
            let costs = measure(journal, record, || ());
            done.store(true, Ordering::Relaxed);
            costs
        })
    }

    /// The writer syncs between batches, as it does in a quiet market.
    fn measure(&mut self, record: &Record) -> Vec<f64> {
        let Self { journal, writer, .. } = self;
        measure(journal, record, || writer.sync().unwrap())
    }
}

/// Nanoseconds per append, batch by batch.
fn measure(journal: &mut Journal, record: &Record, mut between: impl FnMut()) -> Vec<f64> {
    let mut costs = Vec::with_capacity(BATCHES);
    for batch in 0..BATCHES as u64 {
        let at = Stamp { mono_ns: batch, unix_ns: batch };
        let begun = Instant::now();
        for _ in 0..BATCH {
            black_box(append(journal, at, black_box(record))).unwrap();
        }
        costs.push(begun.elapsed().as_secs_f64() * 1e9 / BATCH as f64);
        between();
    }
    costs
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_dir_all(&self.lanes);
    }
}

#[inline(never)]
fn append(journal: &mut Journal, at: Stamp, record: &Record) -> Result<u64, StoreError> {
    journal.append(at, record)
}

fn report(name: &str, costs: &mut [f64]) {
    costs.sort_unstable_by(f64::total_cmp);
    let percent = |part: usize| costs[(costs.len() - 1) * part / 1_000];
    println!(
        "{name:<40} p50 {:>7.1} ns  p90 {:>7.1} ns  p99 {:>7.1} ns  p99.9 {:>8.1} ns",
        percent(500),
        percent(900),
        percent(990),
        percent(999)
    );
}

fn id() -> ClientOrderId {
    ClientOrderId { epoch: 7, sequence: 12_345 }
}

fn order() -> Record {
    Record::Order(OrderIntent {
        id: id(),
        strategy: Some(StrategyId(1)),
        terms: OrderTerms {
            instrument: InstrumentId(0),
            side: Side::Buy,
            time_in_force: TimeInForce::Gtx,
            price: Price::whole(61_800),
            qty: Qty::from_units(100_000),
            purpose: Purpose::Opening,
            expires_ns: Some(1_000_000_000),
        },
        origin_ns: 999_999_999,
    })
}

fn fill() -> Record {
    Record::Execution(ExecutionReport {
        instrument: InstrumentId(0),
        order: OrderRef::Ours(id()),
        venue_order_id: Some(42),
        transact_unix_ms: Some(1_723_161_253_937),
        kind: ExecutionKind::Trade(Fill {
            trade_id: 99,
            side: Side::Buy,
            price: Price::whole(61_800),
            qty: Qty::from_units(100_000),
            cum_qty: Qty::from_units(100_000),
            fee: None,
            liquidity: Liquidity::Maker,
        }),
    })
}
