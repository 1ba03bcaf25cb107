//! `engine reconcile`: a difference at the exchange is shown with both values, adopted, and gone;
//! with an engine and without one.

use crate::proxy::{Proxy, Rules, silent_about_others, without_history};
use crate::rest;
use crate::support::{Deployment, Done, ExchangeProcess, free_port};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use tradekeel::core::OperatorCommand;
use tradekeel::store::Record;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "bob traded by hand"];

fn reconcile(deployment: &Deployment, more: &[&str]) -> Done {
    deployment.ask(&[&["reconcile"], more].concat())
}

fn row(done: &Done, list: &str, name: &str, wanted: &str) -> Value {
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let rows = told["accounts"][0][list].as_array().unwrap().clone();
    let found = rows.into_iter().find(|row| row[name] == wanted);
    found.unwrap_or_else(|| panic!("{wanted} is not in {told:#}"))
}

/// What the engine hears of others is nothing, and it looks by itself every half an hour.
pub(crate) fn deaf(exchange: u16) -> Deployment {
    let silent = Rules { private: silent_about_others, http: without_history, ..Rules::GOOD };
    let proxy = Proxy::before(exchange, silent);
    Deployment::at(proxy.port).with("interval_s: 2", "interval_s: 1800")
}

#[test]
fn a_trade_by_hand_is_shown_with_both_sides_then_adopted_then_gone() {
    let exchange = ExchangeProcess::start();
    let deployment = deaf(exchange.port);
    let running = deployment.started();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "quiet"]);
    rest::until_no_opening_orders(exchange.port);
    let agreed = reconcile(&deployment, &[]);
    assert_eq!(agreed.code, Some(0), "{agreed:?}");
    assert!(agreed.out.contains("the venue and we agree"), "{agreed:?}");

    rest::buy(exchange.port, "SOLUSDT", "1");
    rest::bid(exchange.port, "BTCUSDT", "0.01");
    let shown = reconcile(&deployment, &["--diff", "--json"]);
    assert_eq!(shown.code, Some(3), "{shown:?}");
    let solana = row(&shown, "positions", "symbol", "SOLUSDT");
    assert_eq!((&solana["delta"], &solana["differs"]), (&"1".into(), &true.into()), "{solana}");
    let bitcoin = row(&shown, "positions", "symbol", "BTCUSDT");
    assert_eq!((&bitcoin["delta"], &bitcoin["differs"]), (&"0".into(), &false.into()));
    let bid = row(&shown, "orders", "side", "buy");
    assert!(bid["ours"].is_null() && bid["venue"]["qty"] == "0.01" && bid["differs"] == true);
    assert!(row(&shown, "wallets", "asset", "USDT")["ours"].is_string());
    rest::cancel_all(exchange.port, "BTCUSDT");

    rest::buy(exchange.port, "ETHUSDT", "0.1");
    let nameless = reconcile(&deployment, &["--adopt-exchange"]);
    assert_eq!(nameless.code, Some(2), "who says so is asked for: {nameless:?}");
    let adopted = reconcile(&deployment, &[&["--adopt-exchange"], &WHO[..]].concat());
    assert_eq!(adopted.code, Some(0), "{adopted:?}");
    assert!(adopted.out.contains("position ETHUSDT") && adopted.out.contains("DIFFERS"));
    assert!(adopted.err.contains("adopted: a later reading agrees"), "{adopted:?}");
    let again = reconcile(&deployment, &[]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let held: f64 =
        row(&reconcile(&deployment, &["--json"]), "positions", "symbol", "SOLUSDT")["ours"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
    assert_eq!(held, rest::position(exchange.port, "SOLUSDT"));
    running.stop();
    let by_ada = deployment.journal().into_iter().any(|record| match record {
        Record::Operator(it) => {
            it.command == OperatorCommand::Reconcile
                && it.by.as_str() == "ada"
                && it.reason.as_str() == "bob traded by hand"
        }
        _ => false,
    });
    assert!(by_ada, "who said so stands in the journal");
}

fn state_of(deployment: &Deployment) -> BTreeMap<String, Vec<u8>> {
    let folders = ["state", "journal"].map(|folder| deployment.folder().join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|it| it.unwrap().path()).filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn without_an_engine_the_venue_is_read_and_nothing_is_changed() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    deployment.trading().stop();
    let before = state_of(&deployment);
    let agreed = reconcile(&deployment, &["--diff"]);
    assert_eq!(agreed.code, Some(0), "{agreed:?}");
    assert!(agreed.out.contains("no engine runs; ours: last_account.json"), "{agreed:?}");
    rest::buy(exchange.port, "SOLUSDT", "1");
    let shown = reconcile(&deployment, &["--json"]);
    assert_eq!(shown.code, Some(3), "{shown:?}");
    let solana = row(&shown, "positions", "symbol", "SOLUSDT");
    assert_eq!((&solana["delta"], &solana["differs"]), (&"1".into(), &true.into()), "{solana}");
    let refused = reconcile(&deployment, &[&["--adopt-exchange"], &WHO[..]].concat());
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert!(refused.err.contains("takes over what the venue holds"), "{refused:?}");
    assert_eq!(state_of(&deployment), before, "a question changes nothing");

    exchange.process.kill_9();
    let silent = reconcile(&deployment, &[]);
    assert_eq!(silent.code, Some(69), "{silent:?}");
    assert!(silent.err.contains("could not be read"), "{silent:?}");
    fs::remove_file(deployment.state("last_account.json")).unwrap();
    fs::remove_file(deployment.state("positions.json")).unwrap();
    let exchange = ExchangeProcess::start_at(exchange.port, &[]);
    let unknown = reconcile(&deployment, &[]);
    assert_eq!(unknown.code, Some(3), "a belief that nobody has agrees with nothing: {unknown:?}");
    assert!(unknown.out.contains("no file says what the last run believed"), "{unknown:?}");
    drop(exchange);
}

#[test]
fn an_engine_whose_venue_does_not_answer_says_so() {
    let deployment = Deployment::at(free_port());
    let running = deployment.start();
    deployment.until_log("reference data");
    let done = reconcile(&deployment, &[]);
    assert_eq!(done.code, Some(69), "{done:?}");
    assert!(done.err.contains("the venue has not been reached yet"), "{done:?}");
    drop(running);
    // An exchange that lives in its engine is gone with it.
    let embedded = reconcile(&Deployment::paper(), &[]);
    assert_eq!(embedded.code, Some(69), "{embedded:?}");
    assert!(embedded.err.contains("lives in the engine itself"), "{embedded:?}");
}
