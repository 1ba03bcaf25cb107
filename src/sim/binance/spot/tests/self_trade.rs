//! Self-trade prevention: what a symbol allows and what an order says of it.

use super::{ask, body, limit, place, signed, trading};
use serde_json::json;

const MODE: &str = "selfTradePreventionMode";

#[test]
fn an_order_says_one_of_those_that_its_symbol_allows() {
    let mut server = trading();
    let listed = body(&ask(&mut server, "GET", "/api/v3/exchangeInfo?symbol=BTCUSDT"));
    let symbol = &listed["symbols"][0];
    let default = &symbol["defaultSelfTradePreventionMode"];
    assert_eq!(place(&mut server, &limit("BUY", "99.0", "1"))[MODE], *default);
    let allowed = symbol["allowedSelfTradePreventionModes"].as_array().unwrap();
    assert_eq!((allowed.len(), allowed.contains(default)), (4, true));
    for mode in allowed.iter().map(|mode| mode.as_str().unwrap()) {
        let placed = place(&mut server, &format!("{}&{MODE}={mode}", limit("BUY", "99.0", "1")));
        assert_eq!(placed[MODE], mode);
        let key = format!("symbol=BTCUSDT&orderId={}", placed["orderId"]);
        assert_eq!(signed(&mut server, "GET", "/api/v3/order", &key)[MODE], mode);
    }
}

#[test]
fn what_a_symbol_does_not_allow_is_no_word_that_nobody_knows() {
    let mut server = trading();
    let refused = json!({
        "code": -1013,
        "msg": "This symbol does not allow the specified self-trade prevention mode.",
    });
    for mode in ["DECREMENT", "TRANSFER"] {
        let order = format!("{}&{MODE}={mode}", limit("BUY", "99.0", "1"));
        assert_eq!(place(&mut server, &order), refused, "{mode}");
    }
    let order = format!("{}&{MODE}=EXPIRE_ALL", limit("BUY", "99.0", "1"));
    assert_eq!(place(&mut server, &order)["code"], -1130);
}
