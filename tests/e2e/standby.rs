//! A second place for market data, which stands in while the first is silent; orders never go there.

use crate::control::Truth;
use crate::proxy::{Proxy, Rules};
use crate::support::{Deployment, ExchangeProcess, assert_no_panic, number};
use serde_json::Value;
use tradekeel::types::Price;

/// Every public message of the first place, until it is disarmed.
const SILENCE: &str = "fault=silence&on=market&chance_ppm=1000000";
const CUT: &str = "fault=disconnect&on=market&chance_ppm=1000000";

/// Both play the same market; they began within a second or two of each other.
pub(crate) fn deployment(primary: u16, backup: u16) -> Deployment {
    with_backup(Deployment::at(primary), backup)
}

fn with_backup(deployment: Deployment, backup: u16) -> Deployment {
    let window = "  recv_window_ms: 2000\n";
    let group = format!(
        "{window}  backup:
    streams_url: ws://127.0.0.1:{backup}
    rest_url: http://127.0.0.1:{backup}
    after_ms: 1500
    tolerance_bps: 200
    return_s: 3
"
    );
    deployment.with(window, &group)
}

fn sent(status: &Value) -> i64 {
    number(&status["orders"]["sent"])
}

/// Until it trades on that place.
fn until_trading_on(deployment: &Deployment, source: &str) {
    let before = deployment.until(source, |status| status["feed"]["source"] == source);
    let after = deployment.until("it trades there", |status| {
        assert_eq!(status["feed"]["source"], source, "{}", deployment.log());
        sent(&before) + 3 <= sent(status)
    });
    assert_eq!(after["mode"], before["mode"]);
}

fn orders(exchange: &ExchangeProcess) -> usize {
    let truth: Truth = exchange.truth();
    truth.orders().len()
}

#[test]
fn trading_goes_on_with_the_backup_while_the_primary_is_silent_or_cut() {
    let (primary, backup) = (ExchangeProcess::unreliable(5), ExchangeProcess::unreliable(5));
    goes_on(&deployment(primary.port, backup.port), &primary, &backup);
}

#[test]
fn trading_goes_on_with_the_backup_on_a_spot_account_too() {
    let control = ["--control", "127.0.0.1:0", "--dialect", "binance_spot"];
    let exchange = || ExchangeProcess::open(Deployment::spot(), 0, &control);
    let (primary, backup) = (exchange(), exchange());
    let deployment = with_backup(Deployment::spot().remote(primary.port), backup.port);
    goes_on(&deployment, &primary, &backup);
}

fn goes_on(deployment: &Deployment, primary: &ExchangeProcess, backup: &ExchangeProcess) {
    let running = deployment.trading();
    assert_eq!(deployment.status()["feed"]["source"], "primary");
    for (times, fault) in [(1, SILENCE), (2, CUT)] {
        let at_primary = orders(primary);
        primary.arm(fault);
        until_trading_on(deployment, "backup");
        assert!(at_primary < orders(primary), "orders go where they went");
        assert_eq!(orders(backup), 0);
        primary.disarm();
        until_trading_on(deployment, "primary");
        assert_eq!(number(&deployment.status()["feed"]["stood_in"]), times);
    }
    assert_eq!(orders(backup), 0);
    let asked = backup.truth().0["requests"].to_string();
    for private in ["listenKey", "account", "balance", "order", "/private", "time\""] {
        assert!(!asked.contains(private), "`{private}` in {asked}");
    }
    deployment.until_log("the primary is silent; trading on the backup");
    assert_no_panic(&running.stop());
}

/// Best prices a twentieth higher than they are.
fn higher(bytes: &[u8], _: u64) -> Vec<u8> {
    let mut message: Value = serde_json::from_slice(bytes).unwrap();
    if message["stream"].as_str().is_some_and(|stream| stream.contains("@bookTicker")) {
        for side in ["b", "a"] {
            let price = message["data"][side].as_str().and_then(|it| Price::parse(it.as_bytes()));
            message["data"][side] = price.unwrap().moved_bps(500).to_string().into();
        }
    }
    message.to_string().into_bytes()
}

#[test]
fn a_backup_that_tells_another_price_is_refused_until_it_tells_the_same() {
    let (primary, backup) = (ExchangeProcess::unreliable(5), ExchangeProcess::start());
    let proxy = Proxy::before(backup.port, Rules { market: higher, ..Rules::GOOD });
    let deployment = deployment(primary.port, proxy.port);
    let running = deployment.trading();
    primary.arm(SILENCE);
    deployment.until_log("the backup of the market data cannot be traded on");
    deployment.until_log("`venue.backup.tolerance_bps`");
    let status = deployment.status();
    assert_eq!(status["feed"]["source"], "primary");
    proxy.behave();
    until_trading_on(&deployment, "backup");
    assert_no_panic(&running.stop());
}
