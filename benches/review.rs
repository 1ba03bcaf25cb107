//! What the safety kernel costs: one wish through every check, and how that grows with instruments
//! and open orders. Prints a table: `cargo bench --bench review`.
//!
//! A wish is denied by the very last check, so each one before it has passed and nothing else
//! happens than the denial being kept and told. The cost is the difference of quotes that a strategy
//! answers with such wishes, and quotes that it answers with wishes for an instrument that there is
//! not, which are denied without a look: both taken in turns within one run. So it holds the
//! gathering of the facts and all checks. Instructions are counted by `valgrind`, where there is
//! one, in the same way.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up must say so")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time of the machine")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

mod rig;

use rig::Rig;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Intents, Status, Strategy, View};
use tradekeel::types::{
    Cash, InstrumentId, OrderKind, OrderRequest, Price, Purpose, Qty, Quote, SECOND, Side,
};

/// Wishes of one answer, so many that the clock sees them.
const WISHES: u32 = 16;

/// There is none with this number.
const NOWHERE: InstrumentId = InstrumentId(u16::MAX);

/// Quotes of one batch, and batches of one row.
const QUOTES: u32 = 256;
const BATCHES: usize = 400;

/// What the strategies do next, told from outside.
#[derive(Clone, Debug, Default)]
struct Orders(Arc<AtomicU32>);

/// Rests one order after the other, each at another size.
#[derive(Debug)]
struct Filler {
    wanted: Orders,
    placed: i64,
}

impl Strategy for Filler {
    fn on_quote(&mut self, _: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        for _ in 0..self.wanted.0.swap(0, Ordering::Relaxed) {
            self.placed += 1;
            let away = Price::from_units(self.placed % 50 * 10_000_000);
            let price = Price::from_units(quote.bid.units() - away.units());
            let qty = Qty::from_units(100_000 * (1 + self.placed / 50));
            out.place(opening(id, OrderKind::PostOnly(price), qty));
        }
    }
}

/// Wishes for what its budget does not allow, or for what is not there.
#[derive(Debug)]
struct Asker(Orders, Ask);

impl Strategy for Asker {
    fn on_quote(&mut self, _: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        let there = self.0.0.load(Ordering::Relaxed) == 1;
        for _ in 0..WISHES {
            let id = if there { id } else { NOWHERE };
            out.place(opening(id, (self.1)(quote.ask), Qty::from_units(1_000_000)));
        }
    }
}

fn opening(instrument: InstrumentId, kind: OrderKind, qty: Qty) -> OrderRequest {
    let (side, purpose, ttl_ns) = (Side::Buy, Purpose::Opening, Some(SECOND));
    OrderRequest { instrument, side, kind, qty, purpose, ttl_ns }
}

struct Kernel {
    rig: Rig,
    asked: Orders,
    ticks: i64,
}

impl Kernel {
    fn new(instruments: u16, orders: u32, kind: Ask) -> Self {
        let (wanted, asked) = (Orders::default(), Orders::default());
        let mut setup = rig::setup(instruments);
        let filler = Filler { wanted: wanted.clone(), placed: 0 };
        let much = Cash::whole(1_000_000_000);
        let seats = [
            rig::seat(&setup, much, Box::new(filler)),
            rig::seat(&setup, Cash::from_units(1), Box::new(Asker(asked.clone(), kind))),
        ];
        setup.strategies = seats.into();
        let mut this = Self { rig: Rig::ready(setup), asked, ticks: 99 };
        for at in 0..orders {
            wanted.0.store(1, Ordering::Relaxed);
            let spread = at % u32::from(instruments);
            this.rig.quote(InstrumentId(u16::try_from(spread).expect("an instrument")), 99);
            this.rig.forget();
        }
        let mut status = Status::default();
        this.rig.core.status(&mut status);
        let open = status.strategies.first().map_or(0, |seat| seat.open_orders);
        assert_eq!(open, orders, "denied {:?}", status.counters.denials().collect::<Vec<_>>());
        this
    }

    /// Quotes that are answered with wishes for what is there, or is not.
    fn quotes(&mut self, there: u32) {
        self.asked.0.store(there, Ordering::Relaxed);
        for _ in 0..QUOTES {
            self.ticks = 98 + (self.ticks + 1) % 2;
            self.rig.quote(InstrumentId(0), self.ticks);
            self.rig.forget();
        }
    }

    fn took_ns(&mut self, there: u32) -> u128 {
        let begin = Instant::now();
        self.quotes(there);
        begin.elapsed().as_nanos()
    }

    /// Nanoseconds of a wish, one number for each batch, sorted.
    fn measure(&mut self) -> Vec<u128> {
        self.took_ns(1);
        let mut all: Vec<u128> = (0..BATCHES).map(|_| self.batch()).collect();
        all.sort_unstable();
        all
    }

    fn batch(&mut self) -> u128 {
        let (with, without) = (self.took_ns(1), self.took_ns(0));
        with.saturating_sub(without) / u128::from(QUOTES * WISHES)
    }

    /// Every wish must have been denied by the last check or without a look, or something else was
    /// measured.
    fn assert_last(&self) {
        let mut status = Status::default();
        self.rig.core.status(&mut status);
        let mut reasons: Vec<DenyReason> = status.counters.denials().map(|(it, _)| it).collect();
        reasons.retain(|reason| *reason != DenyReason::NotPermitted);
        assert_eq!(reasons, [DenyReason::StrategyPosition]);
    }
}

/// What is asked for at this best ask.
type Ask = fn(Price) -> OrderKind;

/// One order that rests, and one that takes and so looks at the depth of the book.
const KINDS: [(&str, Ask); 2] = [
    ("rests", |ask| OrderKind::PostOnly(Price::from_units(ask.units() - 10_000_000))),
    ("takes", OrderKind::Ioc),
];

const ROWS: [(u16, u32); 6] = [(1, 1), (10, 1), (1_000, 1), (1, 100), (1, 10_000), (1_000, 10_000)];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|it| it == "--count") {
        let number = |plus: usize| arguments[at + plus].parse::<u32>().expect("a number");
        return count(number(1), number(2), number(3), number(4));
    }
    println!("order   instruments   open orders   median ns   p99 ns   instructions");
    for (kind, (name, order)) in (0..).zip(KINDS) {
        for (instruments, orders) in ROWS {
            let mut kernel = Kernel::new(instruments, orders, order);
            let all = kernel.measure();
            kernel.assert_last();
            let (median, p99) = (all[BATCHES / 2], all[BATCHES * 99 / 100]);
            let counted = instructions(kind, instruments, orders);
            let counted = counted.map_or("-".to_owned(), |it| it.to_string());
            println!("{name:5} {instruments:13} {orders:13} {median:11} {p99:8} {counted:>14}");
        }
    }
}

fn count(kind: u32, instruments: u32, orders: u32, there: u32) {
    let (_, order) = KINDS[usize::try_from(kind).expect("a kind")];
    let instruments = u16::try_from(instruments).expect("instruments");
    Kernel::new(instruments, orders, order).quotes(there);
}

/// Instructions of one wish; `None` without valgrind.
fn instructions(kind: u32, instruments: u16, orders: u32) -> Option<u64> {
    let run = |there: u32| {
        let own = std::env::current_exe().ok()?;
        let ran = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .arg("--count")
            .args([kind, u32::from(instruments), orders, there].map(|it| it.to_string()))
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let line = said.lines().find(|line| line.contains("Collected :"))?;
        line.rsplit(' ').next()?.parse::<u64>().ok()
    };
    let (with, without) = (run(1)?, run(0)?);
    Some(with.saturating_sub(without) / u64::from(QUOTES * WISHES))
}
