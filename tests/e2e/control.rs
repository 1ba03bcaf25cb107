//! The exchange from its other side: faults armed by name, and what really happened, by which an
//! engine is judged.

use crate::journals::assert_orders_precede;
use crate::support::{Deployment, ExchangeProcess, eventually, number, pause};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tradekeel::net::http::{HttpClient, HttpLimits};
use tradekeel::net::{Address, Bytes, Dial, Method, TlsRoots};
use tradekeel::store::Record;
use tradekeel::types::{ClientOrderId, ExecutionKind, IdPrefix, Price, Qty};

const LIMIT: Duration = Duration::from_secs(10);

/// What `/control/truth` says.
pub(crate) struct Truth(pub(crate) Value);

impl ExchangeProcess {
    /// One whose faults can be armed.
    pub(crate) fn unreliable(seed: u64) -> Self {
        let seed = seed.to_string();
        Self::start_at(0, &["--control", "127.0.0.1:0", "--fault-seed", &seed])
    }

    /// The same for an engine that starts more often than any venue bears.
    pub(crate) fn tireless(seed: u64) -> Self {
        let seed = seed.to_string();
        let control = ["--control", "127.0.0.1:0", "--fault-seed", &seed];
        Self::start_at(0, &[&control[..], &["--weight-per-minute", "1000000"]].concat())
    }

    fn control(&self, method: Method, target: &str) -> Value {
        let said = self.process.out();
        let at = said.split_whitespace().find_map(|word| word.strip_suffix("/control")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reply = runtime.block_on(async {
            let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
            let address = Address::parse(&format!("http://{at}")).unwrap();
            let client = HttpClient::new(address, dial, HttpLimits::STANDARD).unwrap();
            client.call(method, target, &[], Bytes::new(), LIMIT).await.unwrap()
        });
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        assert_eq!(reply.status, 200, "{target}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub(crate) fn arm(&self, query: &str) {
        self.control(Method::POST, &format!("/control/faults?{query}"));
    }

    pub(crate) fn disarm(&self) {
        self.control(Method::DELETE, "/control/faults");
    }

    /// How often a fault happened.
    pub(crate) fn fired(&self, fault: &str) -> u64 {
        let listed = self.control(Method::GET, "/control/faults");
        let all = listed["fired"].as_array().unwrap().clone();
        let row = all.iter().find(|row| row["fault"] == fault);
        row.unwrap()["fired"].as_u64().unwrap()
    }

    /// How often each fault happened, in one line.
    pub(crate) fn fired_all(&self) -> String {
        let listed = self.control(Method::GET, "/control/faults");
        let rows = listed["fired"].as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", text(&row["fault"]), row["fired"]))
            .collect::<Vec<_>>()
            .join(", ")
    }

    pub(crate) fn until_fired(&self, fault: &str, times: u64) {
        let fired = eventually(|| {
            pause(100);
            times <= self.fired(fault)
        });
        assert!(fired, "`{fault}` happened {} times, not {times}", self.fired(fault));
    }

    /// How many faults wait for something to befall.
    pub(crate) fn armed(&self) -> usize {
        let listed = self.control(Method::GET, "/control/faults");
        listed["armed"].as_array().unwrap().iter().filter(|it| it["left"] != 0).count()
    }

    /// The market trades.
    pub(crate) fn trade(&self, symbol: &str, aggressor: &str, price: Price, qty: Qty) {
        let trade = format!("symbol={symbol}&aggressor={aggressor}&price={price}&qty={qty}");
        self.control(Method::POST, &format!("/control/trades?{trade}"));
    }

    /// From here on the venue takes a key, or does not.
    pub(crate) fn set_key(&self, key: &str, valid: bool) {
        self.control(Method::POST, &format!("/control/keys?key={key}&valid={valid}"));
    }

    /// Settles funding now, at a rate in basis points that holds from here on.
    pub(crate) fn fund(&self, rate_bps: &str) {
        self.control(Method::POST, &format!("/control/funding?rate_bps={rate_bps}"));
    }

    /// How often a kind of request came.
    pub(crate) fn asked(&self, kind: &str) -> i64 {
        number(&self.truth().0["requests"][kind])
    }

    pub(crate) fn truth(&self) -> Truth {
        Truth(self.control(Method::GET, "/control/truth"))
    }
}

impl Truth {
    pub(crate) fn orders(&self) -> &[Value] {
        self.0["orders"].as_array().unwrap()
    }

    pub(crate) fn trades(&self) -> BTreeSet<(String, u64)> {
        let trades = self.0["trades"].as_array().unwrap().iter();
        trades.map(|it| (text(&it["symbol"]).to_owned(), it["id"].as_u64().unwrap())).collect()
    }

    pub(crate) fn positions(&self) -> BTreeMap<String, Qty> {
        let rows = self.0["positions"].as_array().unwrap().iter();
        rows.map(|it| (text(&it["symbol"]).to_owned(), qty(&it["qty"]))).collect()
    }

    /// The farthest that each position ever was from flat.
    pub(crate) fn farthest(&self) -> BTreeMap<String, Qty> {
        let rows = self.0["positions"].as_array().unwrap().iter();
        rows.map(|it| (text(&it["symbol"]).to_owned(), qty(&it["high"]).max(qty(&it["low"]).abs())))
            .collect()
    }

    /// Nothing came twice, and nothing is left out of what is told here.
    pub(crate) fn assert_no_repeats(&self) {
        assert_eq!(self.0["complete"], true);
        assert_eq!(self.0["repeated_ids"], serde_json::json!([]), "an id came twice");
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn qty(value: &Value) -> Qty {
    Qty::parse(text(value).as_bytes()).unwrap()
}

/// Positions as the engine believes them.
pub(crate) fn believed(status: &Value) -> BTreeMap<String, Qty> {
    let lines = status["instruments"].as_array().unwrap().iter();
    lines.map(|it| (text(&it["symbol"]).to_owned(), qty(&it["position"]))).collect()
}

/// Stops new risk, waits until nothing is in doubt, and compares the engine with the exchange: ids,
/// positions, trades.
pub(crate) fn assert_true(deployment: &Deployment, exchange: &ExchangeProcess) {
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to compare"]);
    let mut truth = exchange.truth();
    deployment.until("engine and exchange agree", |status| {
        truth = exchange.truth();
        let open = truth.orders().iter().filter(|order| order["is_open"] == true);
        let settled = open.filter(|order| order["reduce_only"] == false).count() == 0;
        settled
            && status["reconciled"] == true
            && status["orders"]["unknown"] == 0
            && believed(status) == truth.positions()
    });
    truth.assert_no_repeats();
    assert_journaled(deployment, &truth);
}

/// Every order and every trade of the exchange is in the journal, and no order twice.
pub(crate) fn assert_journaled(deployment: &Deployment, truth: &Truth) {
    let journal = deployment.journal();
    assert_orders_precede(&journal);
    let symbols: Vec<String> = ["BTCUSDT", "ETHUSDT", "SOLUSDT"].map(str::to_owned).into();
    let mut intents = BTreeSet::new();
    let mut trades = BTreeSet::new();
    for record in &journal {
        match record {
            Record::Order(order) | Record::Child { order, .. } => drop(intents.insert(order.id)),
            Record::Execution(report) => {
                let symbol = symbols[report.instrument.index()].clone();
                if let ExecutionKind::Trade(fill) | ExecutionKind::TradeFound(fill) = report.kind {
                    trades.insert((symbol, fill.trade_id));
                }
            }
            _ => {}
        }
    }
    let missing: Vec<_> = truth.trades().difference(&trades).cloned().collect();
    assert!(missing.is_empty(), "trades that the engine never heard of: {missing:?}");
    for order in truth.orders() {
        let id = id_of(order);
        assert!(intents.contains(&id), "{order} is not in the journal");
    }
}

/// What an order of the exchange is called by the engine that sent it.
pub(crate) fn id_of(order: &Value) -> ClientOrderId {
    let text = text(&order["client_id"]);
    let (prefix, _) = text.split_once('-').unwrap();
    IdPrefix::new(prefix).unwrap().read(text.as_bytes()).unwrap()
}
