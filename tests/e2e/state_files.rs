//! The state files that are for people: what they say, that `diff` shows what differs, and that
//! nothing needs them.

use crate::proxy::{Proxy, Rules};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, eventually};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tradekeel::store::Stored;
use tradekeel::store::compared::{self, Whose};

const FILES: [&str; 4] =
    ["positions.json", "expected_positions.json", "actual_positions.json", "daily_pnl.json"];

/// Lines that `diff` shows of the two sides.
fn diff(deployment: &Deployment) -> Vec<String> {
    let [expected, actual] = Whose::ALL.map(|whose| deployment.state(whose.file()));
    let shown = Command::new("diff").arg(expected).arg(actual).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    text.lines().filter(|line| line.starts_with(['<', '>'])).map(str::to_owned).collect()
}

fn positions(deployment: &Deployment) -> Option<BTreeMap<String, f64>> {
    let text = fs::read(deployment.state("positions.json")).ok()?;
    let read: Value = serde_json::from_slice(&text).unwrap();
    let line = |it: &Value| {
        let symbol = it["symbol"].as_str().unwrap().to_owned();
        (symbol, it["qty"].as_str().unwrap().parse().unwrap())
    };
    Some(read["value"]["positions"].as_array().unwrap().iter().map(line).collect())
}

fn until_all(deployment: &Deployment) {
    for file in FILES {
        let found = eventually(|| deployment.state(file).exists());
        assert!(found, "{file} is not written: {}", deployment.log());
    }
}

#[test]
fn they_say_what_the_exchange_holds_come_back_when_deleted_and_nothing_needs_them() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    until_all(&deployment);
    for file in FILES {
        fs::remove_file(deployment.state(file)).unwrap();
    }
    until_all(&deployment);
    running.stop();
    let told = positions(&deployment).unwrap();
    assert_eq!(told.len(), 3);
    for (symbol, qty) in &told {
        let there = rest::position(exchange.port, symbol);
        assert!((qty - there).abs() < 1e-9, "{symbol}: {qty} and {there}");
    }
    // An end leaves them, a start without them writes them anew.
    for file in FILES {
        fs::remove_file(deployment.state(file)).unwrap();
    }
    let running = deployment.started();
    until_all(&deployment);
    assert_eq!(deployment.status()["kill_switch_active"], false);
    running.kill_9();
    let after = positions(&deployment).unwrap();
    assert_eq!(after.len(), 3);
    fs::write(deployment.state("positions.json"), "{").unwrap();
    fs::write(deployment.state("expected_positions.json"), "nothing").unwrap();
    let running = deployment.started();
    assert_eq!(deployment.status()["kill_switch_active"], false, "nothing reads them");
    let whole =
        || matches!(compared::read(&deployment.state(""), Whose::Expected), Stored::Good(_));
    assert!(eventually(whole), "written over");
    running.stop();
}

#[test]
fn diff_shows_the_position_that_differs_and_nothing_once_the_venue_says_so_too() {
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules::GOOD);
    let deployment = Deployment::at(proxy.port);
    let running = deployment.started();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "quiet"]);
    until_all(&deployment);
    let agree = || eventually(|| diff(&deployment).is_empty());
    assert!(agree(), "{:?}", diff(&deployment));
    // Never twice the same: it stays a suspicion, and is not adopted.
    proxy.misbehave(Rules { http: restless, ..Rules::GOOD });
    let mut seen = Vec::new();
    let found = eventually(|| {
        seen = diff(&deployment);
        seen.len() == 2 && seen.iter().all(|line| line.contains("SOLUSDT"))
    });
    assert!(found, "{seen:?}");
    proxy.behave();
    assert!(agree(), "{:?}", diff(&deployment));
    running.stop();
}

/// The venue holds more solana with every look.
fn restless(path: &str, status: u16, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    static LOOKS: AtomicU32 = AtomicU32::new(1_000);
    if !path.contains("/positionRisk") {
        return Some((status, body.to_vec()));
    }
    let mut positions: Value = serde_json::from_slice(body).unwrap();
    let all = positions.as_array_mut().unwrap();
    all.retain(|held| held["symbol"] != "SOLUSDT");
    let amount = LOOKS.fetch_add(1, Ordering::Relaxed).to_string();
    all.push(serde_json::json!({
        "symbol": "SOLUSDT",
        "positionSide": "BOTH",
        "positionAmt": amount,
        "entryPrice": "100",
    }));
    Some((status, serde_json::to_vec(&positions).unwrap()))
}
