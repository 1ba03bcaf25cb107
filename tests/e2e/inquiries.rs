//! What a venue says when it is only asked: what a key may do, its rules for orders, its fees.

use crate::proxy::{Http, Proxy, Rules};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, engine, number};
use serde_json::Value;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

const GOOD: &str = include_str!("../data/binance-api-restrictions.json");

/// Of the key whose rights change on a page of the venue.
static MAY_WITHDRAW: AtomicBool = AtomicBool::new(false);

/// A deployment whose venue tells at the same address what a key may do.
fn with_wallet(port: u16) -> Deployment {
    let key = "  api_key: ${E2E_KEY}\n";
    Deployment::at(port).with(key, &format!("  wallet_url: http://127.0.0.1:{port}\n{key}"))
}

/// What the venue makes of the question.
fn told(change: &'static str) -> Http {
    match change {
        "withdraws" => |path, status, body| {
            let bad = GOOD.replace("\"enableWithdrawals\": false", "\"enableWithdrawals\": true");
            answer(path, status, body, 200, bad)
        },
        "everywhere" => |path, status, body| {
            let open = GOOD.replace("\"ipRestrict\": true", "\"ipRestrict\": false");
            answer(path, status, body, 200, open)
        },
        "refused" => |path, status, body| {
            let no = r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action"}"#;
            answer(path, status, body, 401, no.to_owned())
        },
        "half" => |path, status, body| {
            let half = GOOD.replace("enableWithdrawals", "enableOther");
            answer(path, status, body, 200, half)
        },
        "nothing" => |path, status, body| answer(path, status, body, 404, String::new()),
        "what it may at the moment" => |path, status, body| {
            let now = GOOD.replace("1760000000000", "99999999999999");
            let now = match MAY_WITHDRAW.load(Ordering::SeqCst) {
                true => now.replace("\"enableWithdrawals\": false", "\"enableWithdrawals\": true"),
                false => now,
            };
            answer(path, status, body, 200, now)
        },
        _ => |path, status, body| {
            // As old as a second of the exchange's own clock.
            answer(path, status, body, 200, GOOD.replace("1760000000000", "99999999999999"))
        },
    }
}

fn answer(
    path: &str,
    status: u16,
    body: &[u8],
    new_status: u16,
    new: String,
) -> Option<(u16, Vec<u8>)> {
    match path {
        "/sapi/v1/account/apiRestrictions" => Some((new_status, new.into_bytes())),
        _ => Some((status, body.to_vec())),
    }
}

#[test]
fn a_key_is_judged_by_what_its_venue_says_of_it() {
    let exchange = ExchangeProcess::start();
    let rows = [
        ("good", 0, "fit\n"),
        ("everywhere", 3, "warning: it works from everywhere"),
        ("withdraws", 77, "FAULT: it may withdraw"),
        ("refused", 77, "the venue refuses the key: the venue answered 401 (code -2015)"),
        ("half", 69, "what the key may do could not be read: field `apiRestrictions`"),
        ("nothing", 69, "what the key may do could not be read: the venue answered 404"),
    ];
    for (change, code, said) in rows {
        let proxy = Proxy::before(exchange.port, Rules { http: told(change), ..Rules::GOOD });
        let done = with_wallet(proxy.port).ask(&["keys", "check"]);
        assert_eq!(done.code, Some(code), "{change}: {} {}", done.out, done.err);
        assert!(format!("{}{}", done.out, done.err).contains(said), "{change}: {done:?}");
    }
    let proxy = Proxy::before(exchange.port, Rules { http: told("withdraws"), ..Rules::GOOD });
    let done = with_wallet(proxy.port).ask(&["keys", "check", "--json"]);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&found["withdraws"], &found["fit"]), (&true.into(), &false.into()));
    assert!(!done.out.contains("paper-key"), "a key is never printed");
}

#[test]
fn a_key_that_nobody_can_be_asked_about_is_not_called_fit() {
    let exchange = ExchangeProcess::start();
    let done = Deployment::at(exchange.port).ask(&["keys", "check"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("`venue.wallet_url` is not set"), "{}", done.err);
    let done = Deployment::paper().ask(&["keys", "check"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("lives in the engine itself"), "{}", done.err);
    let (port, deployment) = (exchange.port, with_wallet(exchange.port));
    exchange.process.kill_9();
    let done = deployment.ask(&["keys", "check"]);
    assert_eq!(done.code, Some(69), "{}", done.err);
    assert!(done.err.contains(&port.to_string()), "{}", done.err);
}

#[test]
fn rules_and_fees_are_read_and_what_changed_since_is_told() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let rows = [("filters", "price_tick 0.1", "\"price_tick\": \"0.1\"", "\"price_tick\": \"7\"")];
    let fees = [("fees", "taker_bps 5", "\"taker_bps\": \"5", "\"taker_bps\": \"9")];
    for (verb, shown, kept, other) in rows.into_iter().chain(fees) {
        let file = deployment.root().join(format!("{verb}.json"));
        let out = file.display().to_string();
        let fetch = |code: i32| {
            let done = deployment.ask(&[verb, "fetch", "--out", &out]);
            assert_eq!(done.code, Some(code), "{verb}: {} {}", done.out, done.err);
            done
        };
        let first = fetch(0);
        assert_eq!(first.out.lines().count(), 3, "{}", first.out);
        assert!(first.out.lines().next().unwrap().starts_with("BTCUSDT "), "{}", first.out);
        assert!(first.out.contains(shown), "{}", first.out);
        assert!(fetch(0).err.is_empty(), "nothing changed");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(kept), "{text}");
        fs::write(&file, text.replacen(kept, other, 1)).unwrap();
        assert!(fetch(3).err.starts_with("changed: BTCUSDT "), "{verb}");
        assert!(fetch(0).err.is_empty(), "it was written");
        fs::write(&file, "no JSON").unwrap();
        assert!(fetch(1).err.contains("holds something else and is left as it is"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "no JSON", "nothing of others is lost");
        let nowhere = deployment.root().join("no/such/folder").display().to_string();
        let done = deployment.ask(&[verb, "fetch", "--out", &nowhere]);
        assert_eq!((done.code, done.err.contains("cannot be written")), (Some(1), true));
    }
    let done = Deployment::at(exchange.port).with("ETHUSDT", "NOPEUSDT");
    let done = done.ask(&["filters", "fetch"]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("the venue does not list NOPEUSDT"), "{}", done.err);
    let done = engine(&["filters", "fetch", "--config", "configs/paper.yaml"]);
    assert_eq!(done.code, Some(1), "{}", done.err);
}

#[test]
fn with_real_money_nothing_is_opened_by_a_key_that_may_withdraw_or_that_nobody_vouches_for() {
    for (change, word) in [("withdraws", "unfit"), ("nothing", "unproven")] {
        let exchange = ExchangeProcess::start();
        let proxy = Proxy::before(exchange.port, Rules { http: told(change), ..Rules::GOOD });
        let deployment = with_wallet(proxy.port).with("mode: paper", "mode: live");
        let engine = deployment.start();
        deployment.until("its wishes are denied", |status| {
            status["key"] == word && 0 < number(&status["denied"]["KeyUnfit"])
        });
        deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to see"]);
        deployment.ask_ok(&["resume", "--by", "ada", "--reason", "no word lifts it"]);
        let denied = number(&deployment.status()["denied"]["KeyUnfit"]);
        deployment
            .until("it is denied on", |status| denied < number(&status["denied"]["KeyUnfit"]));
        assert_eq!(deployment.orders(), Vec::new(), "{change}");
        assert!(deployment.log().contains("nothing is opened"), "{change}");
        engine.stop();
    }
}

#[test]
fn with_real_money_a_fit_key_trades() {
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules { http: told("good"), ..Rules::GOOD });
    let deployment = with_wallet(proxy.port).with("mode: paper", "mode: live");
    let engine = deployment.trading();
    assert_eq!(deployment.status()["key"], "fit");
    engine.stop();
    rest::until_no_opening_orders(exchange.port);
}

/// With real money, and asked often what the key may do.
fn live(exchange: &ExchangeProcess, change: &'static str) -> Deployment {
    let proxy = Proxy::before(exchange.port, Rules { http: told(change), ..Rules::GOOD });
    let often =
        ("max_connection_age_s: 82800\n", "max_connection_age_s: 82800\n  key_check_s: 5\n");
    with_wallet(proxy.port).with("mode: paper", "mode: live").with(often.0, often.1)
}

#[test]
fn a_key_that_gets_other_rights_while_it_trades_opens_nothing_until_they_are_taken_from_it() {
    let exchange = ExchangeProcess::start();
    let deployment = live(&exchange, "what it may at the moment");
    let engine = deployment.trading();
    MAY_WITHDRAW.store(true, Ordering::SeqCst);
    deployment.until("its wishes are denied", |status| {
        status["key"] == "unfit" && 0 < number(&status["denied"]["KeyUnfit"])
    });
    deployment.until_log("the key may do what it must not");
    MAY_WITHDRAW.store(false, Ordering::SeqCst);
    let sent = number(&deployment.status()["orders"]["sent"]);
    deployment.until("it trades again", |status| {
        status["key"] == "fit" && sent < number(&status["orders"]["sent"])
    });
    engine.stop();
    deployment.ask_ok(&["replay"]);
}

#[test]
fn a_person_answers_for_a_key_where_the_venue_does_not_tell_and_nowhere_else() {
    let vouch = ["keys", "vouch", "--by", "ada", "--reason", "seen on its page"];
    let exchange = ExchangeProcess::start();
    for (change, code, said) in [
        ("good", 1, "the venue tells what the key may do"),
        ("withdraws", 1, "the venue tells what the key may do"),
        ("refused", 77, "the venue refuses the key"),
    ] {
        let deployment = live(&exchange, change);
        let done = deployment.ask(&vouch);
        assert_eq!(done.code, Some(code), "{change}: {done:?}");
        assert!(done.err.contains(said), "{change}: {done:?}");
        assert!(!deployment.state("key_vouched.json").exists(), "{change}");
    }
    let deployment = live(&exchange, "nothing");
    let engine = deployment.start();
    deployment.until("its wishes are denied", |status| status["key"] == "unproven");
    assert!(deployment.ask_ok(&vouch).contains("ada answers for the key"));
    deployment.until("it trades", |status| {
        status["key"] == "vouched for" && 3 <= number(&status["orders"]["sent"])
    });
    assert!(deployment.ask(&["doctor"]).out.contains("ada answers for the key: seen on its page"));
    engine.stop();
    let engine = deployment.trading();
    assert_eq!(deployment.status()["key"], "vouched for");
    engine.stop();
    let file = deployment.state("key_vouched.json");
    let of_another = fs::read_to_string(&file).unwrap().replace("\"by\": \"ada\"", "\"by\": 7");
    fs::write(&file, of_another).unwrap();
    let engine = deployment.start();
    deployment.until("nobody is believed", |status| status["key"] == "unproven");
    assert!(deployment.log().contains("engine keys vouch"), "{}", deployment.log());
    engine.stop();
}
