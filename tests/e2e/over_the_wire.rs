//! The suite of scenarios over the wire: a process of the engine against a process of the exchange,
//! over real sockets, with a journal on a real disk.
//!
//! The engine is this test binary: its strategy is one of the tests.

use crate::control::{assert_journaled, id_of, qty, text};
use crate::scenarios::{
    self, End, Exchange, Market, STILL, Stage, Standing, Traded, Word, nonzero, play_all,
};
use crate::support::{Deployment, ExchangeProcess, Process, ask_raw, pause};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tradekeel::config::process_environment;
use tradekeel::core::Mode;
use tradekeel::ops::{log, screen::Screen};
use tradekeel::sim::{FaultKind, Target};
use tradekeel::store::journal::{Followed, Follower, Reach};
use tradekeel::store::{Record, RecordingWriter, StoreError};
use tradekeel::types::{Cash, MS, Price, Qty, Side, Stamp};

/// Half a minute, with as many looks as a scenario takes at most.
const LOOK_MS: u64 = 50;

#[test]
fn on_contracts() {
    play_all::<OverTheWire>(Market::Contracts, |it| it.mode == Mode::Running);
}

#[test]
fn on_spot() {
    play_all::<OverTheWire>(Market::Spot, |it| it.mode == Mode::Running);
}

#[test]
fn until_something_stops_on_contracts() {
    play_all::<OverTheWire>(Market::Contracts, |it| it.mode != Mode::Running);
}

#[test]
fn until_something_stops_on_spot() {
    play_all::<OverTheWire>(Market::Spot, |it| it.mode != Mode::Running);
}

/// The program of the engine's process; anywhere but in the folder of a deployment it does nothing.
#[test]
fn the_program_of_the_trader() {
    let file = Path::new("engine.yaml");
    if !file.exists() {
        return;
    }
    let (registry, screen) = (scenarios::registry(), Screen::new());
    let config = tradekeel::config::load(file, &registry, &process_environment).unwrap().config;
    log::start(&config.log, &config.folders.logs, &screen).unwrap();
    let ending = tradekeel::runtime::run(&config, &registry, &screen, None).unwrap();
    assert!(ending.clean && ending.fault.is_none());
}

/// Two processes and what they share.
struct OverTheWire {
    market: Market,
    exchange: ExchangeProcess,
    deployment: Deployment,
    /// Always there, but for the moment of a crash.
    engine: Option<Process>,
    /// What has been read of the journal, and what goes on reading it.
    journal: Vec<Record>,
    follower: Follower,
}

impl OverTheWire {
    fn start(deployment: &Deployment) -> Process {
        deployment.file();
        let program = "over_the_wire::the_program_of_the_trader";
        let mut engine = Process::of_test(deployment.root(), program);
        deployment.until("it is reconciled", |status| {
            engine.assert_running();
            status["reconciled"] == true
        });
        engine
    }
}

impl Stage for OverTheWire {
    fn open(market: Market) -> Self {
        let text = scenarios::text(market);
        let (named, dialect) = match market {
            Market::Contracts => ("instances/paper", "binance_usdm"),
            Market::Spot => ("instances/spot", "binance_spot"),
        };
        let house = Deployment::embedded(&text, named);
        let still = house.root().join("still.gz");
        record(&still);
        let still = still.display().to_string();
        let control = ["--control", "127.0.0.1:0", "--weight-per-minute", "1000000"];
        let more = [&["--dialect", dialect, "--recording", &still], &control[..]].concat();
        let exchange = ExchangeProcess::open(house, 0, &more);
        let deployment = Deployment::embedded(&text, named).remote(exchange.port);
        let engine = Some(Self::start(&deployment));
        let follower = Follower::behind(&deployment.folder().join("journal"), 0, Stamp::default());
        Self { market, exchange, deployment, engine, journal: Vec::new(), follower }
    }

    fn fault(&mut self, fault: FaultKind, on: Target) {
        let (on, _) = Target::ALL.into_iter().find(|(_, target)| *target == on).unwrap();
        self.exchange.arm(&format!("fault={}&on={on}", fault.word()));
    }

    fn trade(&mut self, symbol: &str, aggressor: Side, price: Price, qty: Qty) {
        let aggressor = if aggressor == Side::Buy { "buy" } else { "sell" };
        self.exchange.trade(symbol, aggressor, price, qty);
    }

    fn say(&mut self, word: Word) {
        let verb: &[&str] = match word {
            Word::Trip => &["kill-switch", "trip"],
            Word::Halt => &["halt"],
            Word::Flatten => &["flatten", "--cap-bps", "50"],
        };
        self.deployment.ask_ok(&[verb, &["--by", "ada", "--reason", "a scenario"]].concat());
    }

    fn crash(&mut self) {
        self.engine.take().unwrap().kill_9();
        self.engine = Some(Self::start(&self.deployment));
    }

    fn wait(&mut self) {
        self.engine.as_mut().unwrap().assert_running();
        pause(LOOK_MS);
    }

    fn journal(&mut self) -> Vec<Record> {
        let mut reach = Reach::More;
        while reach == Reach::More {
            let read = self.follower.read(u64::MAX, |found| {
                let Followed::Entry(entry) = found else { panic!("{found:?}") };
                self.journal.push(entry.record.unwrap());
                Ok::<(), StoreError>(())
            });
            reach = read.unwrap();
        }
        self.journal.clone()
    }

    fn standing(&mut self) -> Standing {
        let status = ask_raw(&self.deployment, r#"{"verb":"status"}"#);
        let orders = |name: &str| status["orders"][name].as_u64().unwrap_or_default();
        Standing {
            epoch: status["epoch"].as_u64().unwrap().try_into().unwrap(),
            sent: orders("sent"),
            mode: text(&status["mode"]).to_owned(),
            is_ready: status["venues"][0]["up"] == true && status["reconciled"] == true,
            unknown: orders("unknown"),
            open: orders("open"),
            positions: nonzero(pairs(&status["instruments"], "symbol", "position", Qty::parse)),
        }
    }

    fn wallets(&mut self) -> Option<BTreeMap<String, Cash>> {
        let done = self.deployment.ask(&["reconcile", "--diff", "--json"]);
        let told: Value = serde_json::from_str(&done.out).ok()?;
        let wallets = &told["accounts"].get(0)?["wallets"];
        Some(nonzero(pairs(wallets, "asset", "ours", Cash::parse)))
    }

    fn exchange(&mut self) -> Exchange {
        let truth = self.exchange.truth();
        truth.assert_no_repeats();
        let truth = &truth.0;
        let wallets = nonzero(pairs(&truth["balances"], "asset", "wallet", Cash::parse));
        let positions = match self.market {
            Market::Contracts => nonzero(pairs(&truth["positions"], "symbol", "qty", Qty::parse)),
            Market::Spot => {
                let bases = wallets.iter().filter(|(asset, _)| *asset != "USDT");
                let symbol = |asset: &str| format!("{asset}USDT");
                bases.map(|(asset, held)| (symbol(asset), held.as_qty().unwrap())).collect()
            }
        };
        let open = rows(&truth["orders"]).filter(|it| it["is_open"] == true).count();
        let end = |order: &Value| (End::of_word(text(&order["status"])), qty(&order["traded"]));
        let trades = rows(&truth["trades"]).filter(|it| it["symbol"] == STILL[0].0);
        Exchange {
            open: open.try_into().unwrap(),
            positions,
            wallets,
            orders: rows(&truth["orders"]).map(|it| (id_of(it), end(it))).collect(),
            trades: trades.map(|it| (it["id"].as_u64().unwrap(), traded(it))).collect(),
            armed: self.exchange.armed(),
        }
    }

    fn close(mut self) {
        self.engine.take().unwrap().stop();
        assert_journaled(&self.deployment, &self.exchange.truth());
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Rows of amounts by name, of those that say one.
fn pairs<'a, T>(
    list: &'a Value,
    name: &'a str,
    amount: &'a str,
    parse: fn(&[u8]) -> Option<T>,
) -> impl Iterator<Item = (&'a str, T)> {
    rows(list)
        .filter_map(move |row| Some((text(&row[name]), parse(text(&row[amount]).as_bytes())?)))
}

fn traded(trade: &Value) -> Traded {
    let bytes = |name: &str| text(&trade[name]).as_bytes();
    Traded {
        side: if trade["side"] == "buy" { Side::Buy } else { Side::Sell },
        price: Price::parse(bytes("price")).unwrap(),
        qty: Qty::parse(bytes("qty")).unwrap(),
        fee: Cash::parse(bytes("fee")).unwrap(),
    }
}

/// Between two words of the market, and how many of them: ten minutes.
const WORD_NS: u64 = 500 * MS;
const WORDS: u64 = 1_200;

/// Records a market that stands still.
fn record(path: &Path) {
    let mut file = RecordingWriter::create(path).unwrap();
    for word in 0..WORDS {
        for (symbol, bid, ask) in STILL {
            // Quantities that show the step.
            let levels = (json!([[bid, "1000.001"]]), json!([[ask, "1000"]]));
            let mut write = |it: Value| file.write(word * WORD_NS, it.to_string().as_bytes());
            if word == 0 {
                let text = format!(
                    r#"{{"symbol":"{symbol}","lastUpdateId":1,"bids":{},"asks":{}}}"#,
                    levels.0, levels.1
                );
                file.write(0, text.as_bytes()).unwrap();
                continue;
            }
            let (number, at) = (word + 1, word);
            write(json!({"e": "depthUpdate", "E": at, "s": symbol, "U": number, "u": number,
                "b": levels.0, "a": levels.1}))
            .unwrap();
            write(json!({"u": number, "s": symbol, "b": bid, "B": "1000.001", "a": ask,
                "A": "1000"}))
            .unwrap();
        }
    }
    file.finish().unwrap();
}
