//! Unknown outcomes at the wire: an exchange that loses, refuses and reorders, and an engine that
//! ends in its truth with nothing sent twice (PEERS 6.1, 6.3).

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
fn an_acknowledgement_that_is_lost() {
    survives("ack_lost", "place_opening", 3);
}

#[test]
fn a_503_of_an_order_that_was_executed() {
    survives("503_executed", "place_opening", 3);
}

#[test]
fn a_503_of_an_order_that_was_not_executed() {
    survives("503_not_executed", "place_opening", 3);
}

#[test]
fn a_trade_before_the_acknowledgement() {
    survives("fill_before_ack", "place_opening", 3);
}

#[test]
fn a_cancel_that_is_refused_because_the_order_is_filled() {
    survives("cancel_filled", "cancel", 3);
}

#[test]
fn a_trade_that_is_told_behind_the_cancel() {
    survives("cancel_before_fill", "cancel", 3);
}

#[test]
fn requests_that_are_lost_and_answers_that_are_late() {
    survives("request_lost", "orders", 4);
    survives("delay", "orders", 4);
}

#[test]
fn a_connection_that_ends_in_the_middle_of_an_order() {
    survives("disconnect", "place_opening", 2);
}

#[test]
fn trades_that_are_told_twice_or_in_part() {
    survives("duplicate_fill", "stream", 3);
    survives("partial_fill", "place_opening", 3);
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
