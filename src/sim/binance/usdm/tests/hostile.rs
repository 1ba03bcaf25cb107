//! Clients that do not read, and requests that no honest client would send.

use super::{NOW, signed_at, trading};
use crate::sim::binance::RateLimits;
use crate::sim::market::Synthetic;
use crate::sim::rng::Rng;
use crate::sim::testing::{BTC, instruments, quote};
use crate::types::MarketEvent;
use serde_json::Value;

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let mut server = trading();
    for connection in 0..100 {
        server.on_open(NOW, connection, "/public/ws/btcusdt@depth20").unwrap();
    }
    let mut market = Synthetic::new(1, &instruments());
    for _ in 0..100_000 {
        server.on_market(NOW, &market.next().unwrap().1);
        if server.drain_closed().count() != 0 {
            assert!(server.drain().map(|(_, frame)| frame.len()).sum::<usize>() <= 64 << 20);
            return;
        }
    }
    panic!("memory was not bounded");
}

/// Pieces that hostile requests are made of.
const PIECES: [&str; 24] = [
    "symbol=BTCUSDT",
    "side=BUY",
    "side=SELL",
    "type=LIMIT",
    "type=MARKET",
    "timeInForce=GTC",
    "timeInForce=FOK",
    "price=100.1",
    "price=-9e99",
    "price=99999999999999999999999999999",
    "quantity=1.5",
    "quantity=0.00000000000000000001",
    "quantity=92233720368.54775807",
    "reduceOnly=true",
    "orderId=18446744073709551616",
    "orderId=1",
    "limit=1000",
    "limit=%00",
    "newClientOrderId=%F0%9F%92%A3",
    "newClientOrderId=a",
    "countdownTime=18446744073709551615",
    "fromId=18446744073709551615",
    "startTime=x",
    "=&=&&&",
];

const PATHS: [&str; 22] = [
    "/fapi/v1/order",
    "/fapi/v1/depth",
    "/fapi/v1/userTrades",
    "/fapi/v1/openOrders",
    "/fapi/v1/allOpenOrders",
    "/fapi/v1/countdownCancelAll",
    "/fapi/v3/positionRisk",
    "/fapi/v1/listenKey",
    "/fapi/v1/exchangeInfo",
    "/fapi/v1/premiumIndex",
    "/fapi/v1/fundingRate",
    "/fapi/v1/income",
    "/fapi/v1/forceOrders",
    "/fapi/v2/account",
    "/fapi/v1/positionSide/dual",
    "/fapi/v1/accountConfig",
    "/fapi/v1/symbolConfig",
    "/fapi/v1/leverageBracket",
    "/fapi/v1/leverage",
    "/fapi/v1/commissionRate",
    "",
    "/%",
];

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[usize::try_from(rng.below(u64::try_from(of.len()).unwrap())).unwrap()]
}

#[test]
fn no_request_makes_it_panic() {
    let mut server = trading();
    let most = u32::MAX;
    server.set_rate_limits(RateLimits {
        weight_per_minute: most,
        orders_per_ten_seconds: most,
        orders_per_minute: Some(most),
        orders_per_day: Some(most),
    });
    let mut rng = Rng::new(99);
    let mut served = 0;
    for _ in 0..10_000 {
        let count = rng.below(9);
        let params: Vec<&str> = (0..count).map(|_| pick(&mut rng, &PIECES)).collect();
        let (method, path) =
            (pick(&mut rng, &["GET", "POST", "PUT", "DELETE", "\0"]), pick(&mut rng, &PATHS));
        let reply = signed_at(&mut server, NOW, method, path, &params.join("&"));
        served += usize::from(reply.status == 200);
        assert!(serde_json::from_slice::<Value>(&reply.body).is_ok());
    }
    assert!(100 < served, "{served} hostile requests went deep enough to be served");
}

#[test]
fn no_message_makes_it_panic() {
    let mut server = trading();
    server.on_open(NOW, 1, "/stream").unwrap();
    server.on_open(NOW, 9, "/ws-fapi/v1").unwrap();
    let good: [&[u8]; 4] = [
        br#"{"method":"SUBSCRIBE","params":["btcusdt@depth","@","a@b@c",7],"id":1}"#,
        br#"{"id":"x","method":"order.place","params":{"apiKey":"key-one","timestamp":1e400}}"#,
        br#"{"id":[],"method":"order.place","params":{"apiKey":{},"price":[[[]]]}}"#,
        br#"{"id":null,"method":7,"params":[1,2,3]}"#,
    ];
    let mut rng = Rng::new(5);
    for _ in 0..10_000 {
        let at = usize::try_from(rng.below(4)).unwrap();
        let mut text = good[at].to_vec();
        for _ in 0..rng.below(4) {
            let at = usize::try_from(rng.below(u64::try_from(text.len()).unwrap())).unwrap();
            text[at] = u8::try_from(rng.below(256)).unwrap();
        }
        text.truncate(usize::try_from(rng.below(u64::try_from(text.len() + 1).unwrap())).unwrap());
        server.on_text(NOW, if rng.chance(500) { 1 } else { 9 }, &text);
        let answers: Vec<_> = server.drain().collect();
        assert_eq!(answers.len(), 1, "every message is answered");
    }
    server.on_text(NOW, 1, "[".repeat(100_000).as_bytes());
    server.on_text(NOW, 77, b"nobody");
    let strange =
        MarketEvent { instrument: crate::types::InstrumentId(40), ..quote("1", "1", "2", "1") };
    server.on_market(NOW, &strange);
    assert!(server.exchange().book(BTC).is_some());
}
