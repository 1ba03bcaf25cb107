//! The suite of scenarios in process: the core against the simulated exchange, in virtual time.

use crate::paper;
use crate::scenarios::{
    End, Exchange, Market, STILL, Stage, Standing, Traded, Word, nonzero, play_all, registry, text,
};
use crate::support::{self, BTC, ETH, History, VENUE, World};
use std::collections::BTreeMap;
use std::path::Path;
use tradekeel::config::{Config, Endpoint};
use tradekeel::core::{ModeCause, ModeRecord, OperatorCommand, Restored, Scope, Setup, TripCause};
use tradekeel::sim::{Direct, FaultKind, Fees, Order, Target, TradeRecord};
use tradekeel::store::Record;
use tradekeel::types::{
    AssetId, Cash, ClientOrderId, IdPrefix, Instrument, InstrumentId, InstrumentKind, MS, Price,
    Qty, SECOND, Side, Stamp, Text,
};

#[test]
fn on_contracts() {
    play_all::<InProcess>(Market::Contracts, |_| true);
}

#[test]
fn on_spot() {
    play_all::<InProcess>(Market::Spot, |_| true);
}

/// A world with the trader in it.
struct InProcess {
    market: Market,
    world: World,
    epoch: u32,
    /// What has been read of the journal: of runs before this one, and so much of its tape.
    journal: Vec<Record>,
    read: usize,
}

/// Names of the assets, as the instruments count them.
const ASSETS: [&str; 3] = ["USDT", "BTC", "ETH"];

fn config(market: Market) -> Config {
    let (file, text) = (Path::new("suite.yaml"), text(market));
    let loaded = tradekeel::config::check(file, text.as_bytes(), &registry(), &|_| None);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).config
}

fn instruments(market: Market) -> Vec<Instrument> {
    let kind = match market {
        Market::Contracts => InstrumentKind::Perpetual,
        Market::Spot => InstrumentKind::Spot,
    };
    let listed = |(at, symbol)| Instrument { kind, ..paper::listed(at, symbol) };
    STILL.iter().map(|(symbol, ..)| *symbol).enumerate().map(listed).collect()
}

/// The exchange that the configuration names.
fn venue(market: Market) -> Direct {
    let Endpoint::Embedded(exchange) = config(market).venue.endpoint else { panic!("paper") };
    let fees = Fees {
        maker_centi_bps: exchange.maker_fee_centi_bps,
        taker_centi_bps: exchange.taker_fee_centi_bps,
    };
    let (prefix, balance) = (prefix(), exchange.starting_balance);
    match market {
        Market::Contracts => Direct::new(instruments(market), prefix, fees, balance),
        Market::Spot => {
            let held = [balance, Cash::ZERO, Cash::ZERO];
            let wallets = (0..).map(AssetId).zip(held).collect();
            Direct::spot(instruments(market), prefix, fees, wallets)
        }
    }
}

fn begin(market: Market, venue: Direct, change: impl FnOnce(&mut Setup)) -> World {
    let mut setup = paper::setup(config(market), &registry(), instruments(market));
    change(&mut setup);
    let mut world = World::of(setup, venue, Vec::new());
    world.history = History::Tells;
    world.link_up();
    for (id, (_, bid, ask)) in [BTC, ETH].into_iter().zip(STILL) {
        world.quote(id, bid, ask);
    }
    world
}

fn symbol(instrument: InstrumentId) -> &'static str {
    STILL[instrument.index()].0
}

fn asset(id: AssetId) -> &'static str {
    ASSETS[id.index()]
}

fn prefix() -> IdPrefix {
    IdPrefix::new("tk").unwrap()
}

/// What an order of the exchange is called here.
fn id_of(order: &Order) -> Option<ClientOrderId> {
    prefix().read(order.client_id.as_str().as_bytes())
}

impl Stage for InProcess {
    fn open(market: Market) -> Self {
        let world = begin(market, venue(market), |_| {});
        Self { market, world, epoch: 1, journal: Vec::new(), read: 0 }
    }

    fn fault(&mut self, fault: FaultKind, on: Target) {
        self.world.arm(fault, on);
    }

    fn trade(&mut self, of: &str, aggressor: Side, price: Price, qty: Qty) {
        let instrument = if of == symbol(BTC) { BTC } else { ETH };
        self.world.trade(instrument, &price.to_string(), &qty.to_string(), aggressor);
    }

    fn say(&mut self, word: Word) {
        match word {
            Word::Trip => self.world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap(),
            Word::Halt => self.world.halt(),
            Word::Flatten => self.world.flatten(),
        }
    }

    /// What a start finds on disk, and the exchange as it stands.
    fn crash(&mut self) {
        self.journal();
        (self.epoch, self.read) = (self.epoch + 1, 0);
        let nobody = support::venue(&[]);
        let venue = std::mem::replace(&mut self.world.venue, nobody);
        let crashed = ModeRecord::default().moved(
            ModeCause::Crash,
            Stamp::default(),
            Text::new("engine"),
            Text::default(),
        );
        let ledgers = self.world.ledgers.iter();
        let restored = Restored {
            modes: vec![(Scope::All, crashed)],
            high_water: self.world.status().high_water,
            ledgers: ledgers.map(|((of, id), line)| (*of, *id, *line)).collect(),
            trades: self.world.known_trades.iter().map(|(id, last)| (*id, *last)).collect(),
            ..Restored::default()
        };
        let epoch = self.epoch;
        self.world = begin(self.market, venue, |setup| {
            (setup.epoch, setup.restored) = (epoch, restored);
        });
    }

    fn wait(&mut self) {
        self.world.advance(100 * MS);
    }

    fn journal(&mut self) -> Vec<Record> {
        let written = self.world.tape.records_from(&mut self.read);
        let told = |it: &Record| !matches!(it, Record::Timer | Record::Market(_));
        self.journal.extend(written.filter(told));
        self.journal.clone()
    }

    fn standing(&mut self) -> Standing {
        let status = self.world.status();
        let is_up = status.venues[VENUE.index()].links.iter().all(|up| *up);
        Standing {
            epoch: self.epoch,
            sent: status.counters.orders_sent,
            mode: status.mode.name().to_owned(),
            is_ready: is_up && status.reconciled,
            unknown: status.unknown_orders.into(),
            open: status.open_orders.into(),
            positions: nonzero(status.instruments.iter().map(|it| (symbol(it.id), it.position))),
        }
    }

    fn wallets(&mut self) -> Option<BTreeMap<String, Cash>> {
        let asked_ns = self.world.now_ns();
        self.world.operator(OperatorCommand::Reconcile).unwrap();
        self.world.advance(SECOND);
        let status = self.world.status();
        let reading = status.readings.first().filter(|it| asked_ns < it.asked_ns)?;
        let wallets = reading.wallets.iter();
        Some(nonzero(wallets.filter_map(|it| Some((asset(it.asset), it.ours?)))))
    }

    fn exchange(&mut self) -> Exchange {
        let (exchange, account) = (self.world.venue.exchange(), self.world.venue.account());
        let held = exchange.account(account);
        let positions = exchange.instruments().iter().enumerate().map(|(slot, it)| {
            let qty = match self.market {
                Market::Contracts => held.position(slot).qty,
                Market::Spot => held.wallet(it.base).as_qty().unwrap(),
            };
            (symbol(it.id), qty)
        });
        let end = |it: &Order| End::of_word(&format!("{:?}", it.state.status()));
        let ours = exchange.orders(account).filter_map(|it| Some((id_of(it)?, it)));
        let trades = exchange.trades(account).filter(|it| it.instrument == BTC);
        Exchange {
            open: exchange.open_orders(account).count().try_into().unwrap(),
            positions: nonzero(positions),
            wallets: nonzero(held.wallets().map(|(id, held)| (asset(id), held))),
            orders: ours.map(|(id, it)| (id, (end(it), it.cum_qty))).collect(),
            trades: trades.map(|it| (it.id, traded(it))).collect(),
            armed: self.world.armed(),
        }
    }

    /// A world is replayed when it goes.
    fn close(self) {}
}

fn traded(trade: &TradeRecord) -> Traded {
    Traded { side: trade.side, price: trade.price, qty: trade.qty, fee: trade.fee }
}
