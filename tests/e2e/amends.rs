//! A strategy that amends its orders, in a whole engine: over real sockets, against the exchange's
//! own `order.modify`, with a journal on a real disk.

use crate::journals::assert_orders_precede;
use crate::support::{Deployment, Process, assert_no_panic};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tradekeel::core::{Intents, ParamFault, Registry, Strategy, StrategySetup, View};
use tradekeel::ops::screen::Screen;
use tradekeel::store::{AmendIntent, Record};
use tradekeel::types::{
    Amendment, ExecutionKind, InstrumentId, MS, OrderKind, OrderRef, OrderRequest, OrderStatus,
    Price, Purpose, Qty, Quote, SECOND, Side,
};

/// Between two wishes.
const PAUSE_NS: u64 = 150 * MS;

/// Stands with one bid far below the market and makes something else of it again and again.
#[derive(Debug, Default)]
struct Amender {
    next_ns: u64,
    steps: i64,
}

fn construct(_: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    Ok(Box::new(Amender::default()))
}

impl Strategy for Amender {
    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        if view.now.mono_ns < self.next_ns {
            return;
        }
        (self.next_ns, self.steps) = (view.now.mono_ns + PAUSE_NS, self.steps + 1);
        let filters = &view.instrument(id).filters;
        let below = filters.price_tick.units() * (50 + self.steps % 7);
        let price = Price::from_units(quote.bid.units() - below).floor_to(filters.price_tick);
        let qty = Qty::from_units(filters.qty_step.units() * (10 + self.steps % 3));
        match view.orders().next() {
            Some(order) if order.status == OrderStatus::New && order.amending().is_none() => {
                out.amend(order.id, Amendment { price, qty });
            }
            Some(_) => {}
            None => {
                let (side, kind) = (Side::Buy, OrderKind::PostOnly(price));
                let (purpose, ttl_ns) = (Purpose::Opening, Some(4 * SECOND));
                out.place(OrderRequest { instrument: id, side, kind, qty, purpose, ttl_ns });
            }
        }
    }
}

/// The program of the process that the test below starts; anywhere else it does nothing.
#[test]
fn the_program_of_an_amender() {
    let file = Path::new("engine.yaml");
    if !file.exists() {
        return;
    }
    let registry: Registry = tradekeel::strategy::registry().with("amender", construct);
    let loaded = tradekeel::config::load(file, &registry, &|_| None).unwrap();
    let limit = Some(Duration::from_secs(9));
    let ending = tradekeel::runtime::run(&loaded.config, &registry, &Screen::new(), limit).unwrap();
    assert!(ending.clean && ending.fault.is_none());
}

fn amended() -> (Deployment, Vec<Record>) {
    let deployment = Deployment::paper().with(
        "kind: quoter\n    # What it may trade, of the instruments above.",
        "kind: amender\n    # What it may trade, of the instruments above.",
    );
    deployment.file();
    let program = "amends::the_program_of_an_amender";
    let done = Process::of_test(deployment.root(), program).wait();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_no_panic(&done);
    let journal = deployment.journal();
    (deployment, journal)
}

#[test]
fn orders_are_amended_over_the_wire_and_each_amend_is_recorded_before_it_is_heard_of() {
    let (_deployment, journal) = amended();
    assert_orders_precede(&journal);
    let (mut asked, mut done) = (BTreeMap::<_, Vec<AmendIntent>>::new(), 0);
    for record in &journal {
        match record {
            Record::Amend(intent) => asked.entry(intent.id).or_default().push(*intent),
            Record::Execution(report) => {
                let OrderRef::Ours(id) = report.order else { continue };
                match report.kind {
                    ExecutionKind::Amended { price, qty, .. } => {
                        let to = Amendment { price, qty };
                        let intents = asked.get(&id).map_or(&[][..], Vec::as_slice);
                        let known = intents.iter().any(|it| it.terms.amendable() == to);
                        assert!(known, "{id} is amended before that is recorded: {report:?}");
                        done += 1;
                    }
                    ExecutionKind::AmendRejected { .. }
                    | ExecutionKind::AmendUnknown { .. }
                    | ExecutionKind::AmendNotSent { .. }
                    | ExecutionKind::OutcomeUnknown => panic!("{report:?}"),
                    _ => {}
                }
            }
            Record::AmendDenied(denial) => panic!("honest amends are not denied: {denial:?}"),
            Record::Trip(trip) => panic!("{trip:?}"),
            _ => {}
        }
    }
    let sent: usize = asked.values().map(Vec::len).sum();
    assert!(10 <= sent, "{sent} amends try little");
    // Each is told twice, by the answer and by the private stream; the last may be under way.
    assert!(2 * (sent - 1) <= done, "{done} words about {sent} amends");
    for intents in asked.values() {
        let numbers: Vec<u8> = intents.iter().map(|intent| intent.number).collect();
        let expected: Vec<u8> = (0..36).cycle().take(numbers.len()).collect();
        assert_eq!(numbers, expected);
        let ends: Vec<_> = intents.iter().map(|intent| intent.terms.expires_ns).collect();
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "the end of an order stays");
    }
}
