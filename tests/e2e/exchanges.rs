//! The simulated exchange as a process of its own, and its death.

use crate::rest;
use crate::support::{Deployment, ExchangeProcess, assert_no_panic, engine, number};
use tradekeel::core::{LinkState, OperatorCommand};
use tradekeel::store::Record;

#[test]
fn an_engine_trades_on_an_exchange_of_its_own_process() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    let status = deployment.until("it has fills", |status| 0 < number(&status["orders"]["fills"]));
    assert_eq!(status["trading_mode"], "paper");
    assert_eq!(status["venue"], format!("http://127.0.0.1:{}/", exchange.port));
    running.stop();
    assert!(rest::open_orders(exchange.port).is_empty());
    let done = exchange.process.stop();
    assert!(done.err.is_empty(), "{}", done.err);
}

#[test]
fn an_exchange_that_dies_stops_orders_until_the_next_one_is_reconciled() {
    let exchange = ExchangeProcess::start();
    let port = exchange.port;
    let deployment = Deployment::at(port);
    let mut running = deployment.trading();
    exchange.process.kill_9();
    deployment.until("the link is down", |status| {
        status["link"]["orders"] == false && status["reconciled"] == false
    });
    deployment.until_log("link down");
    let sent = number(&deployment.status()["orders"]["sent"]);
    let exchange = ExchangeProcess::start_at(port, &[]);
    deployment.until("it is back", |status| status["reconciled"] == true);
    deployment.until("it trades again", |status| sent < number(&status["orders"]["sent"]));
    running.assert_running();
    let done = running.stop();
    assert_no_panic(&done);
    rest::until_no_orders(exchange.port);
    assert_reconciled_before_orders(&deployment.journal());
}

/// Between the last loss of a link and the next order stands a reading of the account.
fn assert_reconciled_before_orders(journal: &[Record]) {
    let mut reconciled = false;
    for record in journal {
        match record {
            Record::Link(link) if link.state == LinkState::Down => reconciled = false,
            Record::Account { .. } => reconciled = true,
            Record::Order(intent) => assert!(reconciled, "{intent:?}"),
            _ => {}
        }
    }
    let stops = |record: &Record| matches!(record, Record::Operator(it) if it.command == OperatorCommand::Stop);
    assert!(journal.iter().any(stops));
}

#[test]
fn a_port_that_is_taken_is_one_clear_line() {
    let exchange = ExchangeProcess::start();
    let done = engine(&["exchange", "--listen", &format!("127.0.0.1:{}", exchange.port)]);
    assert_eq!(done.code, Some(1));
    assert_eq!(done.err.lines().count(), 1, "{}", done.err);
    assert!(done.err.contains(&exchange.port.to_string()), "{}", done.err);
}
