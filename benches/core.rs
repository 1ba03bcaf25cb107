//! What a step of the core costs: a quote that changes nothing, a quote that becomes an order, and the
//! fill that follows. Same build, same run; compare the rows with each other.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up must say so")]

mod rig;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rig::Rig;
use std::hint::black_box;
use tradekeel::core::{Command, Effect, EventKind, Intents, Strategy, View};
use tradekeel::types::{
    Cash, ExecutionKind, ExecutionReport, Fill, InstrumentId, Liquidity, OrderKind, OrderRef,
    OrderRequest, Purpose, Qty, Quote, SECOND, Side,
};

const BTC: InstrumentId = InstrumentId(0);

/// Buys when flat and sells when long, at each quote; or only looks.
#[derive(Debug)]
struct TakeTurns {
    wants: bool,
}

impl Strategy for TakeTurns {
    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        if !self.wants || view.orders().next().is_some() {
            return;
        }
        let flat = view.position(id) == Qty::ZERO;
        let (side, price) = if flat { (Side::Buy, quote.ask) } else { (Side::Sell, quote.bid) };
        let purpose = if flat { Purpose::Opening } else { Purpose::Reducing };
        let (kind, qty) = (OrderKind::Ioc(price), Qty::from_units(1_000_000));
        let ttl_ns = Some(SECOND);
        out.place(OrderRequest { instrument: id, side, kind, qty, purpose, ttl_ns });
    }
}

struct Bench {
    rig: Rig,
    trade_id: u64,
    ticks: i64,
}

impl Bench {
    fn ready(wants: bool) -> Self {
        let mut setup = rig::setup(1);
        let seat = rig::seat(&setup, Cash::whole(10_000), Box::new(TakeTurns { wants }));
        setup.strategies.push(seat);
        Self { rig: Rig::ready(setup), trade_id: 0, ticks: 0 }
    }

    /// A quote; the order that it became, if any.
    fn quote(&mut self) -> Option<ExecutionReport> {
        self.ticks = (self.ticks + 1) % 100;
        self.rig.quote(BTC, self.ticks);
        let mut filled = None;
        for effect in self.rig.effects.drain() {
            if let Effect::Send(Command::NewOrder(order)) = effect {
                self.trade_id += 1;
                let terms = order.terms();
                filled = Some(ExecutionReport {
                    instrument: BTC,
                    order: OrderRef::Ours(order.id()),
                    venue_order_id: None,
                    transact_unix_ms: None,
                    kind: ExecutionKind::Trade(Fill {
                        trade_id: self.trade_id,
                        side: terms.side,
                        price: terms.price,
                        qty: terms.qty,
                        cum_qty: terms.qty,
                        fee: None,
                        liquidity: Liquidity::Taker,
                    }),
                });
            }
        }
        filled
    }

    fn fill(&mut self, report: ExecutionReport) {
        self.rig.step(EventKind::Execution(report));
        self.rig.forget();
    }
}

fn steps(criterion: &mut Criterion) {
    let mut looks = Bench::ready(false);
    criterion.bench_function("quote, no wish", |bencher| bencher.iter(|| black_box(looks.quote())));
    let mut trades = Bench::ready(true);
    let report = trades.quote().expect("the kernel approves");
    trades.fill(report);
    criterion.bench_function("quote to approved order, then its fill (two steps)", |bencher| {
        bencher.iter_batched(
            || (),
            |()| {
                let report = trades.quote().expect("an order at every quote");
                trades.fill(black_box(report));
            },
            BatchSize::NumIterations(1_000),
        );
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
