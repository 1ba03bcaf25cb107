//! Funding with real processes: what the exchange pays and takes, the engine hears and books.

use crate::control::{Truth, believed, text};
use crate::history::rows;
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, eventually};
use serde_json::Value;
use tradekeel::types::{Cash, Qty};

fn cash(value: &Value) -> Cash {
    Cash::parse(text(value).as_bytes()).unwrap()
}

fn amounts(truth: &Truth) -> Vec<Cash> {
    truth.0["payments"].as_array().unwrap().iter().map(|it| cash(&it["amount"])).collect()
}

/// 0.1 BTC are some 6,000 USDT; a tenth of a percent of 100,000 is told aloud.
#[test]
fn payments_are_heard_explained_and_written_and_money_agrees_to_the_last_unit() {
    let exchange = ExchangeProcess::unreliable(1);
    let deployment = Deployment::at(exchange.port).with("exclusive: true", "exclusive: false");
    let engine = deployment.trading();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "a test trades by hand"]);
    rest::until_no_opening_orders(exchange.port);
    rest::buy(exchange.port, "BTCUSDT", "0.1");
    let agree = |status: &Value| believed(status) == exchange.truth().positions();
    deployment.until("the trade of the other is heard", agree);
    exchange.fund("5");
    deployment.until_log("funding: -");
    exchange.fund("-240");
    deployment.until_log("more than risk.max_funding_pct of equity");
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "to count"]);
    let status = deployment.until("it is flat", |status| {
        let flat = believed(status).values().all(|held| *held == Qty::ZERO);
        flat && status["flattening"] == false && status["reconciled"] == true
    });
    let truth = exchange.truth();
    assert_eq!(cash(&status["equity"]), cash(&truth.0["balances"][0]["wallet"]), "{status:#}");
    let paid = amounts(&truth);
    assert!(!paid.contains(&Cash::ZERO) && 2 <= paid.len(), "{paid:?}");
    let written = || {
        let query = "SELECT amount FROM trading_pnl WHERE source = 'funding' ORDER BY sequence";
        rows(&deployment, query).concat()
    };
    let told: Vec<String> = paid.iter().map(Cash::to_string).collect();
    assert!(eventually(|| written() == told), "{:?} and not {told:?}", written());
    engine.stop();
    for said in ["nobody said why", "mismatch"] {
        assert!(!deployment.log().contains(said), "{}", deployment.log());
    }
}
