//! What the safety kernel costs: one wish through every check, and how that grows with instruments
//! and open orders. Prints a table: `cargo bench --bench review`.
//!
//! A wish is denied by the very last check, so each one before it has passed and nothing else
//! happens than the denial being kept and told. The cost is the difference of quotes that a strategy
//! answers with such wishes, and quotes that it answers with wishes for an instrument that there is
//! not, which are denied without a look: both taken in turns within one run, and so are the rows of
//! the table, so that all of them meet the same neighbours on the machine. So `wish` holds the
//! gathering of the facts and all checks. `checks` is what is left of it without what a wish costs
//! that the very first check denies, of a strategy whose switch is latched: the review from its first
//! check to its last. Instructions are counted by `valgrind`, where there is one, in the same way.

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
use tradekeel::core::{
    EventKind, Intents, OperatorCommand, OperatorRequest, Scope, Status, Strategy, View,
};
use tradekeel::types::{
    Cash, InstrumentId, OrderKind, OrderRequest, Price, Purpose, Qty, Quote, SECOND, Side,
    StrategyId, Text,
};

/// Wishes of one answer, so many that the clock sees them.
const WISHES: u32 = 16;

/// There is none with this number.
const NOWHERE: InstrumentId = InstrumentId(u16::MAX);

/// What is done to the strategy that asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Denied {
    /// The last check of all denies.
    Last,
    /// Its kill switch is latched, and that is looked at first.
    First,
}

/// Quotes of one batch, and batches of one row.
const QUOTES: u32 = 256;
const BATCHES: usize = 400;

/// The strategy that asks; the other rests orders.
const ASKER: StrategyId = StrategyId(1);

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
    fn new(instruments: u16, orders: u32, kind: Ask, denied: Denied) -> Self {
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
        if denied == Denied::First {
            this.rig.step(trip(Scope::Strategy(ASKER)));
            this.rig.forget();
        }
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

    /// Nanoseconds of a wish.
    fn batch(&mut self) -> u128 {
        let (with, without) = (self.took_ns(1), self.took_ns(0));
        with.saturating_sub(without) / u128::from(QUOTES * WISHES)
    }

    /// Every wish must have been denied by that check or without a look, or something else was
    /// measured.
    fn assert_denied(&self, by: DenyReason) {
        let mut status = Status::default();
        self.rig.core.status(&mut status);
        let mut reasons: Vec<DenyReason> = status.counters.denials().map(|(it, _)| it).collect();
        reasons.retain(|reason| *reason != DenyReason::NotPermitted);
        assert_eq!(reasons, [by]);
    }
}

fn trip(scope: Scope) -> EventKind {
    let (by, reason) = (Text::new("bench"), Text::new("to measure"));
    let command = OperatorCommand::TripScope(scope);
    EventKind::Operator(OperatorRequest { ticket: 0, by, reason, command })
}

/// One row: the same account with an asker that the last check denies, and one that the first does.
struct Row {
    kind: u32,
    instruments: u16,
    orders: u32,
    all: Kernel,
    first: Kernel,
    /// Nanoseconds of a wish and of the checks in it, one number of each for each batch.
    wishes: Vec<u128>,
    checks: Vec<u128>,
}

impl Row {
    fn new(kind: u32, order: Ask, (instruments, orders): (u16, u32)) -> Self {
        let kernel = |denied| Kernel::new(instruments, orders, order, denied);
        let (all, first) = (kernel(Denied::Last), kernel(Denied::First));
        Self { kind, instruments, orders, all, first, wishes: Vec::new(), checks: Vec::new() }
    }

    fn batch(&mut self) {
        let (wish, first) = (self.all.batch(), self.first.batch());
        self.wishes.push(wish);
        self.checks.push(wish.saturating_sub(first));
    }

    fn print(mut self) {
        self.all.assert_denied(DenyReason::StrategyPosition);
        self.first.assert_denied(DenyReason::KillSwitch);
        let (wishes, checks) = (spread(&mut self.wishes), spread(&mut self.checks));
        let Self { kind, instruments, orders, .. } = self;
        let counted = |denied| instructions(kind, instruments, orders, denied);
        let wish = counted(Denied::Last);
        let check = wish.zip(counted(Denied::First)).map(|(all, one)| all.saturating_sub(one));
        let [wish, check] = [wish, check].map(|it| it.map_or("-".into(), |it| it.to_string()));
        let (name, _) = KINDS[usize::try_from(kind).expect("a kind")];
        println!(
            "{name:5} {instruments:13} {orders:13} {wishes:>15} {wish:>7} {checks:>15} {check:>7}"
        );
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
        let denied = if number(5) == 0 { Denied::Last } else { Denied::First };
        return count(number(1), number(2), number(3), number(4), denied);
    }
    let rows = (0..)
        .zip(KINDS)
        .flat_map(|(kind, (_, order))| ROWS.into_iter().map(move |row| Row::new(kind, order, row)));
    let mut rows: Vec<Row> = rows.collect();
    for _ in 0..BATCHES {
        rows.iter_mut().for_each(Row::batch);
    }
    println!("nanoseconds as 10th / 50th / 99th percentile, and instructions:");
    println!("order   instruments   open orders            wish   instr          checks   instr");
    rows.into_iter().for_each(Row::print);
}

/// What the quiet batches cost, the median, and the tail.
fn spread(batches: &mut [u128]) -> String {
    batches.sort_unstable();
    let at = |percent: usize| batches[batches.len() * percent / 100];
    format!("{} / {} / {}", at(10), at(50), at(99))
}

fn count(kind: u32, instruments: u32, orders: u32, there: u32, denied: Denied) {
    let (_, order) = KINDS[usize::try_from(kind).expect("a kind")];
    let instruments = u16::try_from(instruments).expect("instruments");
    Kernel::new(instruments, orders, order, denied).quotes(there);
}

/// Instructions of one wish; `None` without valgrind.
fn instructions(kind: u32, instruments: u16, orders: u32, denied: Denied) -> Option<u64> {
    let first = u32::from(denied == Denied::First);
    let run = |there: u32| {
        let own = std::env::current_exe().ok()?;
        let ran = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .arg("--count")
            .args([kind, instruments.into(), orders, there, first].map(|it| it.to_string()))
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let line = said.lines().find(|line| line.contains("Collected :"))?;
        line.rsplit(' ').next()?.parse::<u64>().ok()
    };
    let (with, without) = (run(1)?, run(0)?);
    Some(with.saturating_sub(without) / u64::from(QUOTES * WISHES))
}
