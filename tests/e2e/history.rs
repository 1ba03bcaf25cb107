//! The history in SQLite beside an engine that trades: taken away, held, overwritten, killed with
//! its engine, and given back; it comes to what the journal and the exchange say, once each.

use crate::control::{Truth, assert_true, qty, text};
use crate::support::{Deployment, ExchangeProcess, eventually, number};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use tradekeel::store::Record;
use tradekeel::types::Qty;

pub(crate) fn database(deployment: &Deployment) -> PathBuf {
    deployment.folder().join("history/history.sqlite")
}

/// Rows of a query, a text a cell.
pub(crate) fn rows(deployment: &Deployment, query: &str) -> Vec<Vec<String>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database(deployment), flags).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let cell = |at| row.get::<_, rusqlite::types::Value>(at).map(cell_text);
        (0..columns).map(cell).collect::<Result<Vec<_>, _>>()
    };
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

fn cell_text(value: rusqlite::types::Value) -> String {
    use rusqlite::types::Value::{Blob, Integer, Null, Real, Text};
    match value {
        Null => "-".to_owned(),
        Integer(number) => number.to_string(),
        Text(text) => text,
        Real(_) | Blob(_) => panic!("a history holds numbers and text"),
    }
}

/// Waits until the history has all that was on disk when this was asked.
fn until_written(deployment: &Deployment) {
    let wanted = last_sequence(deployment);
    deployment.until("the history has caught up", |status| {
        let history = &status["history"];
        history["state"] == "written" && wanted <= number(&history["sequence"])
    });
}

fn last_sequence(deployment: &Deployment) -> i64 {
    let status = deployment.status();
    let history = &status["history"];
    number(&history["sequence"]) + number(&history["behind"])
}

/// Orders go on leaving.
fn assert_trading(deployment: &Deployment) {
    let sent = |status: &Value| number(&status["orders"]["sent"]);
    let before = sent(&deployment.status());
    deployment.until("it trades on", |status| before + 3 <= sent(status));
}

/// Every order and every trade is there once, as the journal and the exchange have them.
fn assert_complete(deployment: &Deployment, truth: &Truth) {
    assert_eq!(rows(deployment, "SELECT * FROM gaps"), Vec::<Vec<String>>::new());
    let journal = deployment.journal();
    let intents = journal.iter().filter_map(|record| match record {
        Record::Order(intent) | Record::Child { order: intent, .. } => Some(intent.id),
        _ => None,
    });
    let intents: BTreeSet<_> = intents.map(|id| (id.epoch, id.sequence)).collect();
    let orders = rows(deployment, "SELECT epoch, number FROM orders");
    let orders: Vec<(u32, u32)> =
        orders.iter().map(|row| (row[0].parse().unwrap(), row[1].parse().unwrap())).collect();
    assert_eq!(orders.len(), intents.len());
    assert_eq!(orders.into_iter().collect::<BTreeSet<_>>(), intents);

    let told = rows(deployment, "SELECT idempotency_key, status, filled_qty, symbol FROM orders");
    let told: BTreeMap<&str, &Vec<String>> = told.iter().map(|row| (&*row[0], row)).collect();
    assert!(!truth.orders().is_empty());
    for order in truth.orders() {
        let row = told[text(&order["client_id"])];
        assert_eq!(row[3], text(&order["symbol"]));
        assert_eq!(
            qty(&order["traded"]),
            Qty::parse(row[2].as_bytes()).unwrap(),
            "{order}: {row:?}"
        );
        let ours = row[1].replace('_', "");
        let theirs = text(&order["status"]).to_lowercase();
        assert!(ours == theirs || order["is_open"] == true, "{order}: {row:?}");
    }
    let query =
        "SELECT symbol, trade_id, venue_order_id, side, price, qty, fee, liquidity FROM fills";
    let mut fills = rows(deployment, query);
    let trade = |it: &Value| {
        let word = |key: &str| match &it[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let liquidity = if it["maker"] == true { "maker" } else { "taker" };
        let [symbol, id, order, side] = ["symbol", "id", "order_id", "side"].map(word);
        let [price, qty, fee] = ["price", "qty", "fee"].map(word);
        vec![symbol, id, order, side, price, qty, fee, liquidity.to_owned()]
    };
    let mut trades: Vec<_> = truth.0["trades"].as_array().unwrap().iter().map(trade).collect();
    fills.sort();
    trades.sort();
    assert!(!trades.is_empty(), "nothing traded");
    assert_eq!(fills, trades);
}

/// Signed sums of fills, and the last word of ledgers, by symbol.
fn assert_positions(deployment: &Deployment, truth: &Truth) {
    let mut sums: BTreeMap<String, Qty> = BTreeMap::new();
    for row in rows(deployment, "SELECT symbol, side, qty FROM fills") {
        let qty = Qty::parse(row[2].as_bytes()).unwrap();
        let qty = if row[1] == "buy" { qty } else { qty.negated() };
        let sum = sums.entry(row[0].clone()).or_default();
        *sum = sum.checked_add(qty).unwrap();
    }
    for (symbol, held) in truth.positions() {
        assert_eq!(sums.get(&symbol).copied().unwrap_or_default(), held, "{symbol}");
        let query = format!(
            "SELECT qty FROM positions_latest WHERE source = 'strategy' AND symbol = '{symbol}'"
        );
        let ledgers = rows(deployment, &query);
        let of_all = ledgers.iter().map(|row| Qty::parse(row[0].as_bytes()).unwrap());
        let of_all = of_all.fold(Qty::ZERO, |sum, qty| sum.checked_add(qty).unwrap());
        assert_eq!(of_all, held, "{symbol}");
    }
}

#[test]
fn taken_away_held_overwritten_and_killed_it_catches_up_without_gap_or_duplicate() {
    let exchange = ExchangeProcess::tireless(7);
    for fault in [
        "fault=partial_fill&on=place&chance_ppm=100000",
        "fault=fill_before_ack&on=place&chance_ppm=50000",
        "fault=duplicate_fill&on=stream&chance_ppm=200000",
        "fault=fill_lost&on=stream&chance_ppm=100000",
    ] {
        exchange.arm(fault);
    }
    let deployment =
        Deployment::at(exchange.port).with("recv_window_ms: 2000", "recv_window_ms: 500");
    let path = database(&deployment);
    let engine = deployment.trading();
    until_written(&deployment);

    fs::remove_file(&path).unwrap();
    assert_trading(&deployment);
    until_written(&deployment);
    assert!(path.exists(), "it is made again");

    let holder = Connection::open(&path).unwrap();
    let held = eventually(|| holder.execute_batch("BEGIN EXCLUSIVE").is_ok());
    assert!(held, "the lock is had between two turns");
    let status = deployment.until("the history waits", |it| it["history"]["state"] == "waiting");
    assert!(text(&status["history"]["trouble"]).contains("locked"), "{}", status["history"]);
    assert_trading(&deployment);
    drop(holder);
    until_written(&deployment);

    fs::write(&path, b"this is no database ".repeat(500)).unwrap();
    let aside = deployment.folder().join("history/history.sqlite.damaged-1");
    assert!(eventually(|| aside.exists()), "it is moved aside\n{}", deployment.log());
    assert_trading(&deployment);
    until_written(&deployment);
    engine.kill_9();

    let away = deployment.root().join("away.sqlite");
    fs::rename(&path, &away).unwrap();
    let engine = deployment.trading();
    until_written(&deployment);
    fs::rename(&away, &path).unwrap();
    assert_trading(&deployment);
    engine.kill_9();

    exchange.disarm();
    let engine = deployment.trading();
    assert_true(&deployment, &exchange);
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "for the comparison"]);
    deployment.until("it is flat", |status| {
        let lines = status["instruments"].as_array().unwrap();
        lines.iter().all(|line| line["position"] == "0")
    });
    engine.stop();
    let truth = exchange.truth();
    truth.assert_no_repeats();
    assert_complete(&deployment, &truth);
    assert_positions(&deployment, &truth);
    let log = deployment.log();
    assert!(log.contains("the history waits") && log.contains("written again"), "{log}");
}

#[test]
fn an_account_that_begins_anew_adds_to_the_history_of_the_last_one() {
    let deployment = Deployment::paper();
    for _ in 0..2 {
        let engine = deployment.start();
        deployment.until("it trades", |status| {
            status["epoch"] != 0 && 2 <= number(&status["orders"]["fills"])
        });
        engine.stop();
    }
    let mut trades = BTreeSet::new();
    for record in deployment.journal() {
        if let Record::Execution(report) = record
            && let Some(fill) = report.trade()
        {
            let order = format!("{:?}", report.order);
            trades.insert((report.instrument, fill.trade_id, order));
        }
    }
    let fills = rows(&deployment, "SELECT count(*) FROM fills");
    assert_eq!(fills, [[trades.len().to_string()]]);
    let runs = rows(&deployment, "SELECT count(*), min(epoch), max(epoch) FROM runs");
    assert_eq!(runs, [["2", "1", "2"]]);
}

#[test]
fn where_none_is_wanted_none_is_made_and_where_none_can_be_made_it_trades_on() {
    let off = Deployment::paper().with("  enabled: true", "  enabled: false");
    let engine = off.trading();
    assert_eq!(off.status()["history"]["state"], "off");
    engine.stop();
    assert!(!off.folder().join("history").exists());

    let deployment = Deployment::paper();
    let blocked = deployment.root().join("a-file");
    fs::write(&blocked, "in the way").unwrap();
    let folder = format!("  enabled: true\n  folder: {}", blocked.join("history").display());
    let deployment = deployment.with("  enabled: true", &folder);
    let engine = deployment.trading();
    deployment
        .until("it says why", |status| text(&status["history"]["trouble"]).contains("a-file"));
    assert_trading(&deployment);
    let told = deployment.log().matches("the history waits").count();
    engine.stop();
    assert_eq!(told, 1, "a trouble is told once");
}
