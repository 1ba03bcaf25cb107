//! Conditional orders meet the faults of orders, and are among the truth.

use super::*;

fn stop(it: &mut Unreliable, more: &[(&str, &str)]) {
    let terms = [("algoType", "CONDITIONAL"), ("side", "SELL"), ("type", "STOP_MARKET")];
    let trigger = [("triggerPrice", "99.5"), ("clientAlgoId", "guard")];
    send(it, NOW, "algoOrder.place", &[&terms[..], &trigger, more].concat());
}

fn conditionals(it: &mut Unreliable) -> Vec<Value> {
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["complete"], true);
    truth["conditionals"].as_array().unwrap().clone()
}

/// Statuses of what was answered; nothing where there was no answer.
fn answered(it: &mut Unreliable) -> Vec<i64> {
    let status = |out: Outgoing| match out {
        Outgoing::Frame(ORDERS, frame) => {
            serde_json::from_slice::<Value>(&frame).unwrap()["status"].as_i64()
        }
        Outgoing::Frame(..) | Outgoing::Close(_) | Outgoing::Reply(..) | Outgoing::Hang(_) => None,
    };
    it.drain().filter_map(status).collect()
}

#[test]
fn a_stop_is_lost_refused_or_taken_without_an_answer_as_an_order_is() {
    let rows = [
        ("fault=request_lost&on=place", vec![], 0),
        ("fault=503_throttled&on=place_opening", vec![503], 0),
        ("fault=ack_lost&on=place", vec![], 1),
        ("fault=ack_lost&on=place_reducing", vec![200], 1),
    ];
    for (query, statuses, left) in rows {
        let mut it = exchange();
        arm(&mut it, query);
        stop(&mut it, &[("quantity", "2")]);
        assert_eq!((answered(&mut it), conditionals(&mut it).len()), (statuses, left), "{query}");
    }
}

#[test]
fn what_reduces_is_told_apart_and_every_question_can_be_befallen() {
    let rows = [
        ("algoOrder.place", "place_reducing", vec![("reduceOnly", "true"), ("quantity", "2")]),
        ("algoOrder.place", "place_reducing", vec![("closePosition", "true")]),
        ("algoOrder.cancel", "cancel", vec![]),
    ];
    for (method, target, params) in rows {
        let mut it = exchange();
        arm(&mut it, &format!("fault=request_lost&on={target}"));
        send(&mut it, NOW, method, &params);
        assert_eq!(answered(&mut it), Vec::<i64>::new(), "{method}");
    }
    for (method, path, target) in [
        ("POST", "/fapi/v1/algoOrder?closePosition=true", "place_reducing"),
        ("POST", "/fapi/v1/algoOrder?quantity=2", "place_opening"),
        ("DELETE", "/fapi/v1/algoOrder", "cancel"),
        ("DELETE", "/fapi/v1/algoOpenOrders", "cancel_all"),
        ("GET", "/fapi/v1/algoOrder", "query"),
        ("GET", "/fapi/v1/openAlgoOrders", "open_orders"),
        ("GET", "/fapi/v1/allAlgoOrders", "trades"),
    ] {
        let mut it = exchange();
        arm(&mut it, &format!("fault=request_lost&on={target}"));
        assert_eq!(http(&mut it, NOW, method, path), None, "{method} {path}");
    }
}

#[test]
fn the_truth_tells_what_waits_and_what_it_became() {
    let mut it = exchange();
    stop(&mut it, &[("quantity", "2"), ("reduceOnly", "true")]);
    let waiting = conditionals(&mut it).remove(0);
    let expected = json!({
        "algo_id": 3_000_000_000_000_001_u64, "client_id": "guard", "symbol": "BTCUSDT",
        "side": "sell", "status": "New", "code": null, "is_open": true, "reduces": true,
        "trigger": "99.5", "price": null, "qty": "2", "order_id": null, "created": NOW,
        "updated": NOW,
    });
    assert_eq!(waiting, expected);
    it.on_market(NOW, &trade("99.5", "1", Side::Sell));
    let over = conditionals(&mut it).remove(0);
    assert_eq!((&over["status"], &over["code"]), (&json!("Rejected"), &json!(-2022)));
    stop(&mut it, &[("quantity", "2"), ("workingType", "MARK_PRICE")]);
    it.on_market(NOW, &crate::sim::testing::quote("99.4", "5", "99.5", "5"));
    let over = conditionals(&mut it).remove(1);
    assert_eq!((&over["status"], &over["is_open"]), (&json!("Finished"), &json!(false)));
    assert_eq!(over["order_id"], orders(&mut it)[0]["order_id"]);
}
