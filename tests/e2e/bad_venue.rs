//! A venue that says wrong things: no order comes of it, and trading begins when it is good again.

use crate::journals::assert_orders_precede;
use crate::proxy::{Proxy, Rules};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, number};
use serde_json::Value;

/// A deployment before which everything is wrong, until it shows; then all is good, and it trades.
fn assert_no_order_until_good(rules: Rules, what: &str, shows: impl Fn(&Value, &str) -> bool) {
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, rules);
    let deployment = Deployment::at(proxy.port);
    let mut engine = deployment.start();
    deployment.until(what, |status| {
        engine.assert_running();
        shows(status, &deployment.log())
    });
    assert_eq!(deployment.orders(), Vec::new(), "{what}");
    assert_eq!(deployment.status()["kill_switch_active"], false, "{what}");
    proxy.behave();
    deployment.until("it trades", |status| 3 <= number(&status["orders"]["sent"]));
    engine.stop();
    rest::until_no_opening_orders(exchange.port);
    assert_orders_precede(&deployment.journal());
}

fn bad(status: &Value) -> i64 {
    number(&status["feed"]["messages_bad"])
}

#[test]
fn market_messages_that_are_no_json() {
    let market = |_: &[u8], _| b"<html>502 Bad Gateway</html>".to_vec();
    let rules = Rules { market, ..Rules::GOOD };
    assert_no_order_until_good(rules, "no JSON", |status, _| 20 <= bad(status));
}

#[test]
fn market_messages_that_are_cut_short() {
    let market = |bytes: &[u8], count: u64| {
        let end = usize::try_from(count).unwrap() % bytes.len();
        bytes[..end].to_vec()
    };
    let rules = Rules { market, ..Rules::GOOD };
    assert_no_order_until_good(rules, "cut short", |status, _| 20 <= bad(status));
}

#[test]
fn market_messages_with_a_byte_changed_anywhere() {
    let market = |bytes: &[u8], count: u64| {
        let (mut bytes, count) = (bytes.to_vec(), usize::try_from(count).unwrap());
        let at = count.wrapping_mul(2_654_435_761) % bytes.len();
        bytes[at] = b"\"{}[],:x-0"[count % 10];
        bytes
    };
    // Some are still messages: nothing is asserted of orders, only that it lives and recovers.
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules { market, ..Rules::GOOD });
    let deployment = Deployment::at(proxy.port);
    let mut engine = deployment.start();
    deployment.until("many are bad", |status| 100 <= bad(status));
    engine.assert_running();
    proxy.behave();
    let sent = number(&deployment.status()["orders"]["sent"]);
    deployment.until("it trades", |status| sent + 3 <= number(&status["orders"]["sent"]));
    engine.stop();
    rest::until_no_opening_orders(exchange.port);
}

#[test]
fn a_market_message_beyond_a_mebibyte() {
    let market = |_: &[u8], _| vec![b'x'; (1 << 20) + 1];
    let rules = Rules { market, ..Rules::GOOD };
    assert_no_order_until_good(rules, "too big", |_, log| {
        log.lines().any(|line| line.contains("down;") && line.contains("market data"))
    });
}

#[test]
fn markets_that_nobody_asked_for() {
    let market =
        |bytes: &[u8], _| String::from_utf8_lossy(bytes).replace("USDT", "EURX").into_bytes();
    let rules = Rules { market, ..Rules::GOOD };
    assert_no_order_until_good(rules, "unknown symbols", |status, _| {
        20 <= number(&status["feed"]["messages_passed_over"]) + bad(status)
    });
}

#[test]
fn a_crossed_market() {
    // Bid and ask, and the two sides of the book, change places.
    let market = |bytes: &[u8], _| {
        let mut message: Value = serde_json::from_slice(bytes).unwrap();
        let of = |stream: &str| ["@bookTicker", "@depth"].iter().any(|it| stream.contains(it));
        let has_sides = message["stream"].as_str().is_some_and(of);
        if let Some(data) = message["data"].as_object_mut().filter(|_| has_sides) {
            let (bid, ask) = (data["b"].take(), data["a"].take());
            data.insert("b".to_owned(), ask);
            data.insert("a".to_owned(), bid);
        }
        message.to_string().into_bytes()
    };
    let rules = Rules { market, ..Rules::GOOD };
    assert_no_order_until_good(rules, "crossed", |status, _| {
        status["reconciled"] == true && 200 <= number(&status["feed"]["messages"])
    });
}

#[test]
fn snapshots_that_do_not_fit() {
    let http = |path: &str, status, body: &[u8]| {
        let body = match path {
            "/fapi/v1/depth" => {
                let mut depth: Value = serde_json::from_slice(body).unwrap();
                depth["lastUpdateId"] = 1.into();
                depth.to_string().into_bytes()
            }
            _ => body.to_vec(),
        };
        Some((status, body))
    };
    let rules = Rules { http, ..Rules::GOOD };
    assert_no_order_until_good(rules, "no book", |status, _| {
        let lines = status["instruments"].as_array();
        let no_book = lines.is_some_and(|it| it.iter().all(|line| line["book_whole"] == false));
        no_book && status["reconciled"] == true && 200 <= number(&status["feed"]["messages"])
    });
}

#[test]
fn an_account_that_cannot_be_read() {
    fn refuse(path: &str, status: u16, body: &[u8], refused: u16) -> Option<(u16, Vec<u8>)> {
        match path {
            "/fapi/v3/balance" | "/fapi/v2/balance" => Some((refused, b"{}".to_vec())),
            _ => Some((status, body.to_vec())),
        }
    }
    let rules: [(&str, crate::proxy::Http, &str); 4] = [
        ("500", |path, status, body| refuse(path, status, body, 500), "reading of the account"),
        ("503", |path, status, body| refuse(path, status, body, 503), "reading of the account"),
        ("429", |path, status, body| refuse(path, status, body, 429), "refuses requests"),
        (
            "no JSON",
            |path, status, body| {
                let known = path.ends_with("balance");
                Some((status, if known { b"<html>".to_vec() } else { body.to_vec() }))
            },
            "reading of the account",
        ),
    ];
    for (what, http, said) in rules {
        let rules = Rules { http, ..Rules::GOOD };
        assert_no_order_until_good(rules, what, |status, log| {
            log.contains(said) && status["reconciled"] == false
        });
    }
}

#[test]
fn a_clock_that_is_never_told() {
    let http = |path: &str, status, body: &[u8]| {
        (path != "/fapi/v1/time").then(|| (status, body.to_vec()))
    };
    let rules = Rules { http, ..Rules::GOOD };
    assert_no_order_until_good(rules, "no clock", |status, log| {
        log.contains("the venue's clock could not be read") && status["reconciled"] == false
    });
}

#[test]
fn a_clock_five_seconds_off_trips_the_kill_switch() {
    let http = |path: &str, status, body: &[u8]| {
        if path != "/fapi/v1/time" {
            return Some((status, body.to_vec()));
        }
        let mut time: Value = serde_json::from_slice(body).unwrap();
        time["serverTime"] = (time["serverTime"].as_u64().unwrap() + 5_000).into();
        Some((status, time.to_string().into_bytes()))
    };
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules { http, ..Rules::GOOD });
    let deployment = Deployment::at(proxy.port).with("refresh_sec: 60", "refresh_sec: 1");
    let engine = deployment.start();
    let status = deployment.until("it is killed", |status| status["mode"] == "KILLED");
    assert_eq!(status["kill_switch"]["trip"]["reason"], "clock drift");
    assert!(crate::support::eventually(|| deployment.state("kill_switch.flag").exists()));
    assert_eq!(deployment.orders(), Vec::new());
    proxy.behave();
    let status = deployment.until("the clock is good", |status| status["reconciled"] == true);
    assert_eq!(status["mode"], "KILLED", "nothing clears it by itself");
    assert_eq!(deployment.orders(), Vec::new());
    engine.stop();
}

#[test]
fn garbage_about_orders_leaves_them_unknown_and_never_sent_twice() {
    let garbage = |_: &[u8], count: u64| match count % 4 {
        0 => b"{\"id\":\"nobody\",\"status\":200,\"result\":{}}".to_vec(),
        1 => b"[[[[[[".to_vec(),
        2 => Vec::new(),
        _ => b"{\"id\":null,\"status\":-1}".to_vec(),
    };
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules::GOOD);
    let deployment = Deployment::at(proxy.port);
    let mut engine = deployment.trading();
    proxy.misbehave(Rules { orders: garbage, private: garbage, ..Rules::GOOD });
    deployment.until_log("a private message could not be read");
    let sent = number(&deployment.status()["orders"]["sent"]);
    deployment.until("it goes on", |status| {
        engine.assert_running();
        sent < number(&status["orders"]["sent"])
            || 0 < number(&status["orders"]["unknown"])
            || deployment.log().contains("does not go")
    });
    proxy.behave();
    deployment.until("every order is known again", |status| {
        status["reconciled"] == true && status["orders"]["unknown"] == 0
    });
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to compare"]);
    rest::until_no_opening_orders(exchange.port);
    deployment.until("positions agree", |status| {
        let line = &status["instruments"][0];
        let ours: f64 = line["position"].as_str().unwrap().parse().unwrap();
        ours == rest::position(exchange.port, "BTCUSDT")
    });
    engine.stop();
    assert_orders_precede(&deployment.journal());
}

/// 503 to every reading of the account: maintenance. One small question now and then, no storm, and
/// trading when the venue is back and its account is read.
#[test]
fn a_venue_in_maintenance_is_left_alone_until_it_answers() {
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules::GOOD);
    let deployment = Deployment::at(proxy.port);
    let engine = deployment.trading();
    let http = |path: &str, status, body: &[u8]| match path {
        "/fapi/v1/time" => Some((status, body.to_vec())),
        _ => Some((503, b"<html>maintenance</html>".to_vec())),
    };
    proxy.misbehave(Rules { http, ..Rules::GOOD });
    deployment.until("it is in maintenance", |status| status["venues"][0]["maintenance"] == true);
    deployment.until_log("takes no requests");
    deployment.until("it is denied", |status| number(&status["denied"]["Maintenance"]) != 0);
    let sent = number(&deployment.status()["orders"]["sent"]);
    proxy.behave();
    deployment.until("it is over", |status| status["venues"][0]["maintenance"] == false);
    deployment.until("it trades", |status| sent < number(&status["orders"]["sent"]));
    let said = deployment.log().matches("takes no requests").count();
    assert_eq!(said, 1, "{}", deployment.log());
    engine.stop();
    rest::until_no_opening_orders(exchange.port);
}

/// One alert, and hardly a question after it (R132).
#[test]
fn a_key_that_is_refused_while_it_trades() {
    let http = |path: &str, status, body: &[u8]| match path {
        "/fapi/v3/balance" => {
            let no = r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action"}"#;
            Some((401, no.as_bytes().to_vec()))
        }
        _ => Some((status, body.to_vec())),
    };
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules::GOOD);
    let deployment = Deployment::at(proxy.port);
    let engine = deployment.trading();
    proxy.misbehave(Rules { http, ..Rules::GOOD });
    let status = deployment.until("it is halted", |status| status["venues"][0]["mode"] == "HALTED");
    assert_eq!(status["venues"][0]["mode_cause"], "key refused, engine", "{status}");
    rest::until_no_opening_orders(exchange.port);
    let refusals = || deployment.log().matches("code -2015").count();
    let before = refusals();
    crate::support::pause(5_000);
    // A reading is due every two seconds, and each second after one that failed.
    assert!(refusals() <= before + 1, "{before} became {}", refusals());
    proxy.behave();
    engine.stop();
}
