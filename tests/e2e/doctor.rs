//! `engine doctor` over real sockets: a whole deployment has nothing that fails, and one thing that
//! is not as it must be fails in its own line, with its next step, and exit code 4.

use crate::control::text;
use crate::proxy::{Http, Proxy, Rules};
use crate::rest;
use crate::standby;
use crate::support::{Deployment, Done, ExchangeProcess, engine, free_port};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const UNFIT: i32 = 4;
const RESTRICTIONS: &str = include_str!("../data/binance-api-restrictions.json");

/// What every check found.
struct Told {
    code: i32,
    value: Value,
}

impl Told {
    fn of(done: &Done) -> Self {
        let value = serde_json::from_str(&done.out).expect(&done.err);
        Self { code: done.code.unwrap(), value }
    }

    fn checks(&self) -> &[Value] {
        self.value["checks"].as_array().unwrap()
    }

    fn check(&self, section: &str, name: &str) -> &Value {
        let it = |it: &&Value| it["section"] == section && it["check"] == name;
        self.checks().iter().find(it).unwrap()
    }

    /// This check failed for that, with a next step, and with it the whole.
    fn assert_fails(&self, section: &str, name: &str, said: &str) {
        let it = self.check(section, name);
        assert_eq!((self.code, &it["verdict"]), (UNFIT, &"fail".into()), "{:#}", self.value);
        assert!(text(&it["said"]).contains(said), "{it}");
        assert!(!text(&it["next"]).is_empty(), "{it}");
        assert_eq!(self.value["ok"], false);
    }

    fn assert_verdict(&self, section: &str, name: &str, verdict: &str) {
        assert_eq!(self.check(section, name)["verdict"], verdict, "{:#}", self.value);
    }

    fn assert_fit(&self) {
        assert_eq!((self.code, &self.value["failed"]), (0, &0.into()), "{:#}", self.value);
    }
}

fn doctor(deployment: &Deployment) -> Told {
    Told::of(&deployment.ask(&["doctor", "--json"]))
}

/// Whose venue tells at the same address what a key may do.
fn with_wallet(deployment: Deployment, port: u16) -> Deployment {
    let key = "  api_key: ${E2E_KEY}\n";
    deployment.with(key, &format!("  wallet_url: http://127.0.0.1:{port}\n{key}"))
}

fn restrictions(path: &str, status: u16, body: &[u8], told: String) -> Option<(u16, Vec<u8>)> {
    match path {
        "/sapi/v1/account/apiRestrictions" => Some((200, told.into_bytes())),
        _ => Some((status, body.to_vec())),
    }
}

fn behind(exchange: &ExchangeProcess, http: Http) -> (Proxy, Deployment) {
    let proxy = Proxy::before(exchange.port, Rules { http, ..Rules::GOOD });
    let deployment = with_wallet(standby::deployment(proxy.port, exchange.port), proxy.port);
    (proxy, deployment)
}

#[test]
fn a_futures_account_in_order_has_nothing_that_fails_and_nothing_is_changed() {
    let exchange = ExchangeProcess::start_at(0, &["--control", "127.0.0.1:0"]);
    let (_proxy, deployment) = behind(&exchange, |path, status, body| {
        restrictions(path, status, body, RESTRICTIONS.replace("1760000000000", "99999999999999"))
    });
    let told = doctor(&deployment);
    told.assert_fit();
    // This machine is as it is: whether anybody keeps its clock, too.
    let is_ours = |it: &Value| it["section"] == "machine" || it["check"] == "kept";
    let warns = |it: &&Value| it["verdict"] == "warn" && !is_ours(it);
    assert_eq!(told.checks().iter().find(warns), None);
    for section in ["network", "clock", "key", "reference"] {
        let of = |it: &&Value| it["section"] == section && !is_ours(it);
        assert!(told.checks().iter().filter(of).all(|it| it["verdict"] == "ok"), "{section}");
    }
    for name in ["reading", "leverage", "orders", "strangers"] {
        told.assert_verdict("account", name, "ok");
    }
    assert!(!deployment.folder().exists(), "nothing is made");
    assert!(exchange.truth().orders().is_empty());
    let done = deployment.ask(&["doctor"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("\nnothing failed ("), "{}", done.out);
    for secret in ["paper-key", "paper-secret"] {
        assert!(!done.out.contains(secret), "a key is named by its fingerprint");
    }
}

#[test]
fn a_spot_account_in_order_has_nothing_that_fails() {
    let exchange = ExchangeProcess::open(Deployment::spot(), 0, &["--dialect", "binance_spot"]);
    let deployment = with_wallet(Deployment::spot().remote(exchange.port), exchange.port);
    let told = doctor(&deployment);
    told.assert_fit();
    told.assert_verdict("account", "leverage", "skip");
    for (section, name) in [("network", "order entry"), ("account", "reading")] {
        told.assert_verdict(section, name, "ok");
    }
}

#[test]
fn a_section_alone_asks_nothing_else() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let sections = |flags: &[&str]| {
        let told = Told::of(&deployment.ask(&[&["doctor", "--json"], flags].concat()));
        told.assert_fit();
        let mut all: Vec<_> =
            told.checks().iter().map(|it| text(&it["section"]).to_owned()).collect();
        all.dedup();
        all
    };
    assert_eq!(sections(&["--network"]), ["network"]);
    assert_eq!(sections(&["--clock"]), ["clock"]);
    assert_eq!(sections(&["--network", "--clock"]), ["network", "clock"]);
    let done = deployment.ask(&["doctor", "--network"]);
    for word in ["name ", "TCP ", "no TLS", "ping ", "time ", "WebSocket "] {
        assert!(done.out.contains(word), "{word}: {}", done.out);
    }
}

#[test]
fn an_exchange_inside_the_engine_has_no_venue_to_look_at() {
    let told = doctor(&Deployment::paper());
    told.assert_fit();
    told.assert_verdict("network", "rest", "skip");
    told.assert_verdict("account", "reading", "skip");
}

#[test]
fn a_key_that_is_refused_or_may_withdraw_fails() {
    let exchange = ExchangeProcess::start();
    let wrong = Deployment::at(exchange.port).with("${E2E_SECRET}", "${E2E_KEY}");
    let told = doctor(&wrong);
    told.assert_fails("account", "reading", "-1022");
    told.assert_fails("reference", "fees", "refuses the key");
    for name in ["leverage", "positions", "orders", "strangers"] {
        told.assert_verdict("account", name, "warn");
    }
    let (_proxy, deployment) = behind(&exchange, |path, status, body| {
        let no = ("\"enableWithdrawals\": false", "\"enableWithdrawals\": true");
        restrictions(path, status, body, RESTRICTIONS.replace(no.0, no.1))
    });
    doctor(&deployment).assert_fails("key", "permissions", "it may withdraw");
    // The test network tells nothing of a key: that is no "yes".
    doctor(&Deployment::at(exchange.port)).assert_verdict("key", "permissions", "warn");
}

#[test]
fn a_clock_warns_and_then_fails() {
    for (offset_ms, verdict) in [("1200", "warn"), ("-3000", "fail")] {
        let exchange = ExchangeProcess::start_at(0, &["--clock-offset-ms", offset_ms]);
        let told = doctor(&Deployment::at(exchange.port));
        told.assert_verdict("clock", "offset", verdict);
        assert!(text(&told.check("clock", "offset")["next"]).contains("chronyc"));
        assert_eq!(told.code == UNFIT, verdict == "fail");
        told.assert_verdict("account", "reading", "ok");
    }
}

#[test]
fn an_address_that_nobody_answers_at_fails_alone() {
    let exchange = ExchangeProcess::start();
    let streams = |port: u16| format!("streams_url: ws://127.0.0.1:{port}");
    let dead = Deployment::at(exchange.port).with(&streams(exchange.port), &streams(free_port()));
    let told = doctor(&dead);
    told.assert_fails("network", "streams", "cannot connect to 127.0.0.1:");
    told.assert_verdict("network", "rest", "ok");
    told.assert_verdict("network", "order entry", "ok");
    let told = doctor(&standby::deployment(exchange.port, free_port()));
    told.assert_verdict("network", "backup", "warn");
    told.assert_verdict("network", "streams", "ok");
    let backup = ExchangeProcess::start();
    let told = doctor(&standby::deployment(exchange.port, backup.port));
    told.assert_verdict("network", "backup", "ok");
    let told = doctor(&Deployment::at(free_port()));
    told.assert_fails("clock", "offset", "cannot connect");
    told.assert_fails("reference", "instruments", "cannot connect");
    told.assert_fails("account", "reading", "could not be read");
}

#[test]
fn a_venue_that_never_answers_is_not_waited_for() {
    let exchange = ExchangeProcess::start();
    let proxy = Proxy::before(exchange.port, Rules { http: |_, _, _| None, ..Rules::GOOD });
    let told = Told::of(&Deployment::at(proxy.port).ask(&["doctor", "--clock", "--json"]));
    told.assert_fails("clock", "offset", "the venue's clock could not be read");
}

#[test]
fn a_symbol_that_is_not_listed_and_another_leverage_fail() {
    let exchange = ExchangeProcess::start();
    let told = doctor(&Deployment::at(exchange.port).with("ETHUSDT", "NOPEUSDT"));
    told.assert_fails("reference", "instruments", "does not list NOPEUSDT");
    let told = doctor(&Deployment::at(exchange.port).with("leverage: 20", "leverage: 10"));
    let said = "leverage of BTCUSDT is 20 at the venue and 10 configured";
    told.assert_fails("account", "leverage", said);
}

#[test]
fn modes_of_an_account_that_are_not_traded_on_fail_by_their_names() {
    let exchange = ExchangeProcess::start();
    let modes: [(Http, &str); 2] = [
        (|path, status, body| changed(path, status, body, "dualSidePosition"), "hedge mode"),
        (|path, status, body| changed(path, status, body, "multiAssetsMargin"), "multi-assets"),
    ];
    for (http, said) in modes {
        let (_proxy, deployment) = behind(&exchange, http);
        doctor(&deployment).assert_fails("account", "reading", said);
    }
}

/// With one of its modes switched on.
fn changed(path: &str, status: u16, body: &[u8], field: &str) -> Option<(u16, Vec<u8>)> {
    if path != "/fapi/v1/accountConfig" {
        return Some((status, body.to_vec()));
    }
    let mut told: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(told[field], false, "{told}");
    told[field] = true.into();
    Some((status, told.to_string().into_bytes()))
}

#[test]
fn what_the_last_run_left_is_looked_at_and_a_latch_or_damage_fails() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    running.stop();
    let before = contents(&deployment.folder());
    let told = doctor(&deployment);
    assert!(contents(&deployment.folder()) == before, "nothing is written");
    told.assert_fit();
    for name in ["journal", "files", "last run", "kill switch", "mode", "breaker"] {
        told.assert_verdict("state", name, "ok");
    }
    told.assert_verdict("account", "positions", "ok");

    // Somebody trades by hand.
    rest::buy(exchange.port, "BTCUSDT", "0.01");
    doctor(&deployment).assert_fails("account", "positions", "BTCUSDT is ");
    rest::bid(exchange.port, "BTCUSDT", "0.01");
    doctor(&deployment).assert_fails("account", "orders", "1 stand at the venue");

    fs::write(deployment.state("kill_switch.flag"), "").unwrap();
    let told = doctor(&deployment);
    told.assert_fails("state", "kill switch", "KILLED: ");
    assert!(
        text(&told.check("state", "kill switch")["next"]).contains("engine kill-switch status")
    );

    fs::write(deployment.state("losses.json"), "no state").unwrap();
    doctor(&deployment).assert_fails("state", "files", "losses.json");
    let segment = fs::read_dir(deployment.folder().join("journal")).unwrap();
    let segment = segment.map(|it| it.unwrap().path()).filter(|it| it.is_file()).min().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[300] ^= 0xff;
    fs::write(&segment, bytes).unwrap();
    doctor(&deployment).assert_fails("state", "journal", "fault(s)");
}

/// Every file below a folder, byte for byte.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

#[test]
fn a_run_that_ended_unannounced_warns_and_a_halt_too() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.started();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to see"]);
    running.kill_9();
    let told = doctor(&deployment);
    told.assert_verdict("state", "last run", "warn");
    told.assert_verdict("state", "mode", "warn");
    assert!(text(&told.check("state", "mode")["said"]).starts_with("HALTED (all): halt, ada"));
}

#[test]
fn beside_a_running_engine_its_own_word_is_asked_for() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    let told = doctor(&deployment);
    assert!(text(&told.check("state", "engine")["said"]).starts_with("one runs: "));
    told.assert_verdict("account", "orders", "skip");
    told.assert_verdict("reference", "fees", "skip");
    told.assert_verdict("state", "journal", "ok");
    told.assert_verdict("account", "leverage", "ok");
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "to see"]);
    doctor(&deployment).assert_fails("state", "kill switch", "KILLED: ");
    running.stop();
}

#[test]
fn a_configuration_that_is_wrong_is_told_as_everywhere() {
    let wrong = Deployment::paper().with("mode: paper", "mode: perhaps");
    assert_eq!(wrong.ask(&["doctor"]).code, Some(78));
    let exchange = ExchangeProcess::start();
    let unset = Deployment::at(exchange.port).with("${E2E_KEY}", "${E2E_UNSET}");
    assert_eq!(unset.ask(&["doctor"]).code, Some(77));
    assert_eq!(unset.ask(&["doctor", "--network", "--clock"]).code, Some(0), "nothing is signed");
    assert_eq!(engine(&["doctor", "--everything"]).code, Some(2));
}
