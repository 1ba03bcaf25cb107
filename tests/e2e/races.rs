//! Unknown outcomes at the wire: an exchange that loses, refuses and reorders, and an engine that
//! ends in its truth with nothing sent twice (PEERS 6.1, 6.3). What befalls one order is in the suite
//! of scenarios; here are many at once, and exits.

use crate::control::{assert_true, believed};
use crate::support::{Deployment, ExchangeProcess, number};
use tradekeel::types::Qty;

/// Trades while the fault happens a few times, and ends in the exchange's truth.
fn survives(fault: &str, on: &str, times: u64) {
    let exchange = ExchangeProcess::unreliable(1);
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    exchange.arm(&format!("fault={fault}&on={on}&times={times}"));
    exchange.until_fired(fault, times);
    exchange.disarm();
    assert_true(&deployment, &exchange);
    assert_eq!(deployment.status()["kill_switch_active"], false, "{fault} is no reason to trip");
    engine.stop();
}

#[test]
fn requests_that_are_lost_and_answers_that_are_late() {
    survives("request_lost", "orders", 4);
    survives("delay", "orders", 4);
}

/// The stream is healthy and says nothing of a trade (PEERS 6.3): the history of trades has it.
#[test]
fn a_trade_that_no_stream_tells_is_found_by_its_id() {
    let exchange = ExchangeProcess::unreliable(2);
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    exchange.arm("fault=fill_lost&on=stream&times=3");
    exchange.until_fired("fill_lost", 3);
    deployment.until_log("no stream told of it");
    assert_true(&deployment, &exchange);
    assert!(0 < number(&deployment.status()["orders"]["missed_trades"]));
    engine.stop();
}

/// A deployment that holds something.
fn holding(exchange: &ExchangeProcess) -> (Deployment, crate::support::Process) {
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    deployment.until("it holds something", |status| {
        status["instruments"].is_array() && believed(status).values().any(|qty| *qty != Qty::ZERO)
    });
    (deployment, engine)
}

/// The same five for the exit of an operator.
#[test]
fn a_flatten_ends_flat_whatever_becomes_of_its_orders() {
    let races = [
        ("ack_lost", "place_reducing"),
        ("503_executed", "place_reducing"),
        ("503_not_executed", "place_reducing"),
        ("fill_before_ack", "place_reducing"),
        ("cancel_filled", "cancel"),
    ];
    for (fault, on) in races {
        let exchange = ExchangeProcess::unreliable(3);
        let (deployment, engine) = holding(&exchange);
        deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to leave"]);
        exchange.arm(&format!("fault={fault}&on={on}&times=2"));
        deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "to leave"]);
        deployment.until("it is flat", |status| {
            let truth = exchange.truth();
            let flat = truth.positions().values().all(|qty| *qty == Qty::ZERO);
            flat && believed(status) == truth.positions()
        });
        exchange.disarm();
        assert_true(&deployment, &exchange);
        engine.stop();
    }
}

/// The same for the exits of a strategy.
#[test]
fn reductions_of_a_strategy_end_in_the_truth_too() {
    let exchange = ExchangeProcess::unreliable(4);
    let (deployment, engine) = holding(&exchange);
    for fault in ["ack_lost", "503_executed", "503_not_executed", "fill_before_ack"] {
        exchange.arm(&format!("fault={fault}&on=place_reducing"));
        exchange.until_fired(fault, 1);
    }
    assert_true(&deployment, &exchange);
    engine.stop();
}
