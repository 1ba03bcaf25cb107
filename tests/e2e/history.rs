//! The history in SQLite beside an engine that trades: taken away, held, overwritten, killed with
//! its engine, and given back; it comes to what the journal and the exchange say, once each.

use crate::control::{Truth, assert_true, qty, text};
use crate::support::{Deployment, ExchangeProcess, eventually, number};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
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

/// The lines of an export without its header, by columns; no cell of these holds a comma.
fn lines(csv: &str) -> Vec<Vec<&str>> {
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(header.starts_with("idempotency_key,sequence,epoch,number,created_at,"), "{header}");
    let columns = header.split(',').count();
    let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == columns), "{csv}");
    lines
}

#[test]
fn orders_are_exported_from_the_journal_of_a_running_and_of_a_killed_engine() {
    let deployment = Deployment::paper();
    let engine = deployment.trading();
    let running = deployment.ask_ok(&["orders", "export"]);
    assert!(3 <= lines(&running).len(), "{running}");
    let file = deployment.root().join("orders.csv");
    deployment.ask_ok(&["orders", "export", "--out", &file.display().to_string()]);
    assert!(lines(&running).len() <= lines(&fs::read_to_string(&file).unwrap()).len());
    engine.kill_9();
    // Also what was not on disk yet, as it stands in memory.
    let all = deployment.ask_ok(&["orders", "export"]);
    let all = lines(&all);
    let keys: BTreeSet<&str> = all.iter().map(|line| line[0]).collect();
    let intents = deployment
        .journal()
        .into_iter()
        .filter(|record| matches!(record, Record::Order(_) | Record::Child { .. }));
    assert_eq!((keys.len(), all.len()), (intents.count(), keys.len()));
    let [from, until] = [all[1][1], all[2][1]];
    let part = deployment.ask_ok(&["orders", "export", "--from", from, "--until", until]);
    assert_eq!(lines(&part), all[1..=2]);
    let later = deployment.ask_ok(&["orders", "export", "--from", "2099-01-01T00:00Z"]);
    assert!(lines(&later).is_empty());
    let earlier = deployment.ask_ok(&["orders", "export", "--until", "2099-01-01T00:00Z"]);
    assert_eq!(lines(&earlier).len(), all.len());
    assert!(deployment.ask_ok(&["orders", "duplicates"]).contains("no id was used twice"));
}

#[test]
fn an_id_that_was_used_twice_is_told_with_both_records() {
    let deployment = Deployment::paper();
    deployment.trading().stop();
    let (folder, lanes) = (deployment.folder().join("journal"), deployment.root());
    let first = deployment.orders().first().copied().unwrap();
    let (mut journal, writer, _) =
        tradekeel::store::journal::open(&folder, lanes, 1 << 20).unwrap();
    let at = tradekeel::types::Stamp::default();
    let second = journal.append(at, &Record::Order(first)).unwrap();
    writer.close().unwrap();
    let done = deployment.ask(&["orders", "duplicates"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    let said = format!("{} was used by records ", first.id);
    assert!(
        done.out.starts_with(&said) && done.out.ends_with(&format!(", {second}\n")),
        "{done:?}"
    );
    let done = deployment.ask(&["orders", "duplicates", "--json"]);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found["duplicates"][0]["sequences"][1], second);
}

#[test]
fn orders_that_cannot_be_told_or_written_are_one_clear_line() {
    let deployment = Deployment::paper();
    for verb in [&["orders", "export"][..], &["orders", "duplicates"]] {
        let done = deployment.ask(verb);
        assert_eq!((done.code, done.err.lines().count()), (Some(1), 1), "{done:?}");
    }
    deployment.run_for("1s");
    let done = deployment.ask(&["orders", "export", "--out", "/nowhere/orders.csv"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("/nowhere/orders.csv cannot be written"), "{}", done.err);
}

/// Every file of a deployment with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_trade_that_only_one_side_has_is_told_with_its_values_until_the_engine_has_heard_of_it() {
    let exchange = ExchangeProcess::tireless(3);
    exchange.arm("fault=partial_fill&on=place&chance_ppm=100000");
    exchange.arm("fault=fill_lost&on=stream&chance_ppm=100000");
    let deployment =
        Deployment::at(exchange.port).with("recv_window_ms: 2000", "recv_window_ms: 500");
    let engine = deployment.trading();
    deployment.until("it has traded", |status| 3 <= number(&status["orders"]["fills"]));
    // Beside a running engine: what is on its way is waited for.
    exchange.disarm();
    let said = deployment.ask_ok(&["history", "verify"]);
    assert!(said.contains("database: fills: ") && said.contains("exchange: BTCUSDT: "), "{said}");
    assert_true(&deployment, &exchange);
    engine.stop();
    let before = files(&deployment.folder());
    let told = deployment.ask_ok(&["history", "verify", "--json"]);
    assert_eq!(files(&deployment.folder()), before, "a verb that reads changes nothing");
    let told: Value = serde_json::from_str(&told).unwrap();
    let parts = told["exchange"]["parts"].as_array().unwrap();
    let same: i64 = parts.iter().map(|part| number(&part["same"])).sum();
    assert_eq!(same, i64::try_from(exchange.truth().trades().len()).unwrap());
    assert!(0 < same);

    // Somebody trades while no engine runs.
    crate::rest::buy(exchange.port, "BTCUSDT", "0.011");
    let done = deployment.ask(&["history", "verify"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    let line = done.out.lines().find(|line| line.contains("only the exchange: ")).unwrap();
    assert!(line.contains("trade_id=") && line.contains("side=buy"), "{line}");
    assert!(!done.out.contains("only the journal"), "{}", done.out);
    let engine = deployment.started();
    let heard = eventually(|| deployment.ask(&["history", "verify"]).code == Some(0));
    assert!(heard, "{:?}", deployment.ask(&["history", "verify"]));
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "enough"]);
    engine.stop();

    // A row of the database is not what the journal says.
    let connection = Connection::open(database(&deployment)).unwrap();
    let changed =
        "UPDATE fills SET price = '1.5' WHERE sequence = (SELECT min(sequence) FROM fills)";
    assert_eq!(connection.execute(changed, []), Ok(1));
    drop(connection);
    let done = deployment.ask(&["history", "verify"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    let differing = |whose: &str| {
        let line = done.out.lines().find(|line| line.contains(whose));
        line.unwrap_or_else(|| panic!("{}", done.out)).contains("price=1.5")
    };
    assert!(differing("only the database: ") && !differing("only the journal: "), "{}", done.out);

    fs::remove_file(database(&deployment)).unwrap();
    let said = deployment.ask_ok(&["history", "verify"]);
    assert!(said.contains("database: not compared: there is no database"), "{said}");
    exchange.process.kill_9();
    let done = deployment.ask(&["history", "verify"]);
    assert_eq!((done.code, done.err.lines().count()), (Some(69), 1), "{done:?}");
}

#[test]
fn where_the_exchange_lives_in_the_engine_the_database_alone_is_compared() {
    let deployment = Deployment::paper();
    let engine = deployment.trading();
    until_written(&deployment);
    let said = deployment.ask_ok(&["history", "verify"]);
    assert!(said.contains("exchange: not compared: the simulated exchange"), "{said}");
    engine.kill_9();
    let said = deployment.ask_ok(&["history", "verify"]);
    assert!(said.contains("database: orders: "), "{said}");
}
