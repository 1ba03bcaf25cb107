//! Connections that are replaced before the venue cuts them: because they get old, and because it
//! says that it is about to.

use crate::support::{Deployment, ExchangeProcess, assert_no_panic, eventually, number, pause};

const LINKS: [&str; 3] = ["market data", "order entry", "private stream"];

/// How often the log says it of that connection.
fn renewals(log: &str, link: &str) -> usize {
    log.lines().filter(|line| line.contains("renewed") && line.contains(link)).count()
}

#[test]
fn connections_that_get_old_are_replaced_and_nobody_notices() {
    let exchange = ExchangeProcess::start();
    nobody_notices(Deployment::at(exchange.port));
}

#[test]
fn the_private_stream_of_a_spot_account_is_replaced_like_any_other() {
    nobody_notices(Deployment::spot());
}

fn nobody_notices(deployment: Deployment) {
    let deployment = deployment.with("max_connection_age_s: 82800", "max_connection_age_s: 5");
    let mut running = deployment.trading();
    until_renewed(&deployment, 2);
    running.assert_running();
    assert_nothing_lost(&deployment);
    assert_no_panic(&running.stop());
}

#[test]
fn connections_whose_end_is_announced_are_replaced_and_nobody_notices() {
    let exchange = ExchangeProcess::unreliable(11);
    moves_before_the_end(Deployment::at(exchange.port), &exchange);
}

#[test]
fn connections_of_a_spot_account_whose_end_is_announced_are_replaced_too() {
    let control = ["--control", "127.0.0.1:0", "--dialect", "binance_spot"];
    let exchange = ExchangeProcess::open(Deployment::spot(), 0, &control);
    moves_before_the_end(Deployment::spot().remote(exchange.port), &exchange);
}

/// Then its private stream ends without notice, and is opened anew.
fn moves_before_the_end(deployment: Deployment, exchange: &ExchangeProcess) {
    // An answer that a busy machine brings late is no answer that was lost.
    let deployment = &deployment.with("answer_timeout_ms: 1000", "answer_timeout_ms: 5000");
    let running = deployment.trading();
    for link in ["market", "order_entry", "stream"] {
        exchange.arm(&format!("fault=server_shutdown&on={link}"));
    }
    until_renewed(deployment, 1);
    exchange.until_fired("server_shutdown", 3);
    // The exchange ends the old ones after ten seconds.
    pause(12_000);
    assert_nothing_lost(deployment);
    exchange.arm("fault=stream_terminated&on=stream");
    deployment.until_log("the stream has ended");
    trades_on(deployment);
    let status = deployment.until("it listens again", |status| status["link"]["user"] == true);
    assert_eq!(number(&status["feed"]["books_lost"]), 0, "{}", status["feed"]);
    assert_no_panic(&running.stop());
}

/// Until each connection has been replaced so often.
fn until_renewed(deployment: &Deployment, times: usize) {
    let all = || LINKS.iter().all(|link| times <= renewals(&deployment.log(), link));
    assert!(eventually(all), "{}", deployment.log());
}

fn trades_on(deployment: &Deployment) -> serde_json::Value {
    let sent = number(&deployment.status()["orders"]["sent"]);
    deployment.until("it trades on the new ones", |status| sent < number(&status["orders"]["sent"]))
}

fn assert_nothing_lost(deployment: &Deployment) {
    let status = trades_on(deployment);
    let feed = &status["feed"];
    assert_eq!((number(&feed["connects"]), number(&feed["books_lost"])), (1, 0), "{feed}");
    assert_eq!((number(&feed["messages_bad"]), number(&feed["overruns"])), (0, 0), "{feed}");
    let log = deployment.log();
    for said in ["link down", "trying again", "differs", "unknown"] {
        assert!(!log.contains(said), "`{said}` in: {log}");
    }
}
