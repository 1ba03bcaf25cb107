//! Connections that are replaced before the venue cuts them.

use crate::support::{Deployment, ExchangeProcess, assert_no_panic, eventually, number};

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
    let renewed = eventually(|| LINKS.iter().all(|link| 2 <= renewals(&deployment.log(), link)));
    assert!(renewed, "{}", deployment.log());
    running.assert_running();
    let sent = number(&deployment.status()["orders"]["sent"]);
    let status = deployment
        .until("it trades on the new ones", |status| sent < number(&status["orders"]["sent"]));
    let feed = &status["feed"];
    assert_eq!((number(&feed["connects"]), number(&feed["books_lost"])), (1, 0), "{feed}");
    assert_eq!((number(&feed["messages_bad"]), number(&feed["overruns"])), (0, 0), "{feed}");
    assert_no_panic(&running.stop());
    let log = deployment.log();
    for said in ["link down", "trying again", "differs", "unknown"] {
        assert!(!log.contains(said), "`{said}` in: {log}");
    }
}
