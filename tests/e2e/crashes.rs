//! `kill -9` and what the next start makes of it.

use crate::journals::assert_orders_precede;
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, number, pause};
use tradekeel::core::BreakerMark;
use tradekeel::store::journal::Reader;
use tradekeel::store::{Losses, Record, journal::Entry, losses};
use tradekeel::types::{ExecutionKind, OrderRef, SECOND};

#[test]
fn after_a_crash_it_says_so_and_trades_conservatively() {
    let deployment = Deployment::paper();
    deployment.trading().kill_9();
    let engine = deployment.trading();
    let status = deployment.status();
    assert_eq!(status["last_shutdown"], "unclean");
    assert_eq!(status["mode"], "CONSERVATIVE");
    assert_eq!(status["epoch"], 2);
    engine.stop();
    assert_orders_precede(&deployment.journal());
    let engine = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["last_shutdown"], &status["epoch"]), (&"clean".into(), &3.into()));
    assert_eq!(status["mode"], "CONSERVATIVE", "no clean period promotes by itself");
    engine.stop();
}

#[test]
fn a_latch_survives_a_crash() {
    let deployment = Deployment::paper();
    let engine = deployment.trading();
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "before a crash"]);
    engine.kill_9();
    let engine = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], &status["kill_switch_active"]), (&"KILLED".into(), &true.into()));
    assert_eq!(status["kill_switch"]["trip"]["by"], "ada");
    engine.stop();
    crate::journals::assert_nothing_after_trip(&deployment.journal());
}

#[test]
fn two_instances_trade_beside_each_other() {
    let one = Deployment::paper().with("instance: paper", "instance: one");
    let two = Deployment::paper().with("instance: paper", "instance: two");
    let engines = [one.start(), two.start()];
    for deployment in [&one, &two] {
        deployment.until("it trades", |status| 3 <= number(&status["orders"]["sent"]));
    }
    assert_eq!(one.status()["instance"], "one");
    assert_eq!(two.status()["instance"], "two");
    for engine in engines {
        engine.stop();
    }
}

#[test]
fn two_instances_share_an_account_without_taking_each_others_orders() {
    let exchange = ExchangeProcess::start();
    let shared = |name: &str| {
        Deployment::at(exchange.port)
            .with("instance: paper", &format!("instance: {name}"))
            .with("exclusive: true", "exclusive: false")
    };
    let (one, two) = (shared("one"), shared("two"));
    let engines = [one.trading(), two.trading()];
    let status =
        one.until("the other's orders are seen", |status| 0 < number(&status["orders"]["open"]));
    assert_eq!(status["kill_switch_active"], false);
    let [first, second] = engines;
    first.stop();
    second.stop();
    rest::until_no_opening_orders(exchange.port);
}

#[test]
fn orders_of_a_crashed_run_are_taken_back_and_new_ones_wait_until_none_can_land() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    deployment.until("orders stand", |status| 0 < number(&status["orders"]["open"]));
    engine.kill_9();
    let left = rest::opening_orders(exchange.port);
    let engine = deployment.trading();
    deployment.until("it opens again", |status| 0 < number(&status["orders"]["open"]));
    let standing = rest::opening_orders(exchange.port);
    let is_left = |order: &serde_json::Value| {
        left.iter().any(|old| old["clientOrderId"] == order["clientOrderId"])
    };
    assert!(!standing.iter().any(is_left), "{standing:?}");
    engine.stop();
    let entries: Vec<Entry> =
        Reader::open(&deployment.folder().join("journal")).unwrap().map(Result::unwrap).collect();
    assert_quarantined(&entries);
}

/// Between the last word of the first run and the first order of the second that the venue took
/// lie the receive window and a second.
fn assert_quarantined(entries: &[Entry]) {
    let start = entries
        .iter()
        .position(|entry| matches!(entry.record, Ok(Record::Start(start)) if start.epoch == 2));
    let last_ns = entries[start.unwrap() - 1].at.unix_ns;
    let taken = entries.iter().find(|entry| match entry.record {
        Ok(Record::Execution(report)) => {
            let of_second = matches!(report.order, OrderRef::Ours(id) if id.epoch == 2);
            of_second && report.kind == ExecutionKind::New
        }
        _ => false,
    });
    let waited_ms = (taken.unwrap().at.unix_ns - last_ns) / 1_000_000;
    assert!(3_000 <= waited_ms, "an order was taken {waited_ms} ms after the crash");
}

#[test]
fn killed_at_any_instant_it_repeats_no_id_and_holds_no_more_than_its_limit() {
    // Eleven starts and the test's own questions may all fall into one minute.
    let exchange = ExchangeProcess::start_at(0, &["--weight-per-minute", "1000000"]);
    let deployment =
        Deployment::at(exchange.port).with("recv_window_ms: 2000", "recv_window_ms: 300");
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    for crash in 1..=10 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut engine = if crash % 3 == 0 { deployment.trading() } else { deployment.start() };
        pause(random >> 54);
        engine.assert_running();
        engine.kill_9();
        for (symbol, limit) in [("BTCUSDT", 0.2), ("ETHUSDT", 2.0), ("SOLUSDT", 50.0)] {
            let held = rest::position(exchange.port, symbol);
            assert!(held.abs() <= limit, "crash {crash}: {held} {symbol}");
        }
    }
    let engine = deployment.started();
    deployment.until("it believes what the exchange holds", |_| {
        let status = deployment.status();
        let line = &status["instruments"][0];
        let ours: f64 = line["position"].as_str().unwrap().parse().unwrap();
        line["symbol"] == "BTCUSDT" && ours == rest::position(exchange.port, "BTCUSDT")
    });
    engine.stop();
    assert_orders_precede(&deployment.journal());
    rest::until_no_opening_orders(exchange.port);
}

/// Neither a crash nor a clean end makes the cooldown of the circuit breaker shorter.
#[test]
fn an_open_breaker_stays_open_through_every_end() {
    let deployment = Deployment::paper();
    let breaker = BreakerMark { opened: 1, cooldown_ns: 900 * SECOND, ..BreakerMark::default() };
    let kept = Losses { breaker: Some(breaker), day: None };
    losses::write(&deployment.state(""), &kept).unwrap();
    let mut left = 900;
    for crashes in [true, false] {
        let running = deployment.started();
        let status = deployment.until("denials", |it| !it["denied"]["BreakerOpen"].is_null());
        assert_eq!(status["circuit_breaker"]["state"], "open");
        let now = number(&status["circuit_breaker"]["cooldown_remaining_s"]);
        assert!(left - 60 < now && now <= left, "{now} of {left}");
        assert_eq!(number(&status["orders"]["sent"]), 0);
        left = now.max(left - 10);
        if crashes {
            running.kill_9();
        } else {
            running.stop();
        }
    }
    let kept = losses::restore(&deployment.state("")).unwrap().breaker.unwrap();
    assert!(800 * SECOND < kept.cooldown_ns && kept.opened == 1, "{kept:?}");
}
