//! Conditional orders of the simulated exchange over real sockets: a bracket about a position, and
//! the market that comes to one of its ends.

use crate::panics::Key;
use crate::rest;
use crate::spot::until;
use crate::support::{ExchangeProcess, eventually, pause};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tradekeel::net::ws::{self, WsLimits, WsReader};
use tradekeel::net::{Address, Dial, Heartbeat, Method, TlsRoots};
use tradekeel::types::{Price, Qty};

const LIMIT: Duration = Duration::from_secs(10);
const PATH: &str = "/fapi/v1/algoOrder";
const SYMBOL: &str = "BTCUSDT";

/// How far off the mark both ends are: the market goes there in seconds, and not before both stand.
fn width() -> Price {
    Price::whole(8)
}

fn listen(runtime: &Runtime, port: u16) -> WsReader {
    let key = rest::call(port, Method::POST, "/fapi/v1/listenKey");
    let key = key["listenKey"].as_str().unwrap();
    let at = format!("ws://127.0.0.1:{port}/private/ws?listenKey={key}");
    let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
    let calm = Heartbeat { ping_every: LIMIT, silence_max: LIMIT * 12 };
    let address = Address::parse(&at).unwrap();
    let opened = runtime.block_on(ws::open(&dial, &address, &[], WsLimits::STANDARD, calm));
    opened.unwrap().0
}

fn place(port: u16, kind: &str, at: Price, id: &str) -> Value {
    place_as(port, &format!("side=SELL&type={kind}&triggerPrice={at}&closePosition=true"), id)
}

fn place_as(port: u16, terms: &str, id: &str) -> Value {
    let common = format!("algoType=CONDITIONAL&symbol={SYMBOL}&workingType=MARK_PRICE");
    rest::ask(port, Method::POST, PATH, &format!("{common}&{terms}&clientAlgoId={id}"))
}

fn mark(port: u16) -> Price {
    let target = format!("/fapi/v1/premiumIndex?symbol={SYMBOL}");
    let told = rest::call(port, Method::GET, &target);
    let mark = Price::parse(told["markPrice"].as_str().unwrap().as_bytes()).unwrap();
    mark.floor_to(Price::whole(1))
}

#[test]
fn a_bracket_closes_a_position_when_the_market_comes_to_one_of_its_ends() {
    let exchange = ExchangeProcess::unreliable(7);
    let port = exchange.port;
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    rest::buy(port, SYMBOL, "0.01");
    let mut events = listen(&runtime, port);
    let mark = mark(port);
    let stop = place(port, "STOP_MARKET", mark.saturating_sub(width()), "guard");
    assert_eq!(stop["algoStatus"], "NEW", "{stop}");
    place(port, "TAKE_PROFIT_MARKET", mark.saturating_add(width()), "goal");
    assert!(eventually(|| {
        pause(100);
        exchange.truth().positions()[SYMBOL] == Qty::ZERO
    }));
    let truth = exchange.truth();
    truth.assert_no_repeats();
    let all = truth.0["conditionals"].as_array().unwrap();
    let status = |name: &str| all.iter().find(|it| it["client_id"] == name).unwrap();
    let (fired, other) = match status("guard")["status"] == "Finished" {
        true => ("guard", "goal"),
        false => ("goal", "guard"),
    };
    assert_eq!([&status(fired)["status"], &status(other)["status"]], ["Finished", "Expired"]);
    let made: Vec<&Value> = truth.orders().iter().filter(|it| it["client_id"] == fired).collect();
    assert_eq!(made.len(), 1, "a trigger makes one order");
    assert_eq!(
        [&made[0]["status"], &made[0]["traded"], &made[0]["side"]],
        ["Filled", "0.01", "sell"]
    );
    assert_eq!(made[0]["order_id"], status(fired)["order_id"]);
    runtime.block_on(async {
        let filled = until(&mut events, |told| told["o"]["X"] == "FILLED").await;
        assert_eq!([&filled["o"]["c"], &filled["o"]["o"]], [fired, "MARKET"]);
        for (name, state) in
            [(fired, "TRIGGERING"), (fired, "TRIGGERED"), (fired, "FINISHED"), (other, "EXPIRED")]
        {
            let told = until(&mut events, |told| told["e"] == "ALGO_UPDATE").await;
            assert_eq!((&told["o"]["caid"], &told["o"]["X"]), (&json!(name), &json!(state)));
        }
    });
    let open = rest::ask(port, Method::GET, "/fapi/v1/openAlgoOrders", &format!("symbol={SYMBOL}"));
    assert_eq!(open, json!([]));
    let done = exchange.process.stop();
    assert!(done.err.is_empty(), "{}", done.err);
}

#[test]
fn a_panic_takes_back_the_conditional_orders_that_open_and_leaves_those_that_protect() {
    let exchange = ExchangeProcess::unreliable(8);
    let port = exchange.port;
    rest::buy(port, SYMBOL, "0.01");
    let (far, mark) = (Price::whole(3_000), mark(port));
    place(port, "STOP_MARKET", mark.saturating_sub(far), "guard");
    let above = mark.saturating_add(far);
    let opening = format!("side=BUY&type=STOP_MARKET&triggerPrice={above}&quantity=0.01");
    place_as(port, &opening, "breakout");
    let done = Key::good().panic(port, "cancel-all", &[]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let truth = exchange.truth();
    let all = truth.0["conditionals"].as_array().unwrap();
    let states: Vec<_> = all.iter().map(|it| (&it["client_id"], &it["status"])).collect();
    let (guard, breakout) = (json!("guard"), json!("breakout"));
    assert_eq!(states, [(&guard, &json!("New")), (&breakout, &json!("Canceled"))]);
    let done = Key::good().panic(port, "flatten", &[]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let truth = exchange.truth();
    assert_eq!(truth.positions()[SYMBOL], Qty::ZERO);
    let guard = &truth.0["conditionals"][0];
    assert_eq!(guard["status"], "Expired", "it ends with its position: {guard}");
}
