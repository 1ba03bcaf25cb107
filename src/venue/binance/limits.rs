//! What the venue says of its limits (spot sheet section 12, venue sheet section 3): how much it
//! takes in `exchangeInfo`, what it has counted in headers and in `rateLimits` of every answer of
//! the WebSocket API.
//!
//! Must hold: what cannot be read here is passed over. It is beside the answer, and an answer must
//! never be lost for it.

use super::json::{body, message};
use crate::venue::{Answer, Counted, RateLimit, TooOften, Usage};
use serde::Deserialize;
use serde_json::Value;

/// Spot, as its sheet shows them.
pub(in crate::venue) const SPOT: [RateLimit; 3] = [
    RateLimit::of(Counted::RequestWeight, 60, 6_000),
    RateLimit::of(Counted::Orders, 10, 50),
    RateLimit::of(Counted::Orders, 86_400, 160_000),
];

/// USDⓈ-M, as its sheet shows them; the live venue takes more, and says so.
pub(in crate::venue) const USDM: [RateLimit; 3] = [
    RateLimit::of(Counted::RequestWeight, 60, 2_400),
    RateLimit::of(Counted::Orders, 10, 300),
    RateLimit::of(Counted::Orders, 60, 1_200),
];

/// Too many orders: of an account, and no word on requests.
const TOO_MANY_ORDERS: i64 = -1015;

/// How much the venue takes, from what it lists.
pub(in crate::venue) fn listed(answer: &Answer) -> Vec<RateLimit> {
    let listed: Result<Reply, _> = body(&answer.body, "rateLimits");
    listed.map(|listed| rows(&listed.rate_limits)).unwrap_or_default()
}

/// What an answer over HTTP says.
pub(in crate::venue) fn of_answer(answer: &Answer) -> Usage {
    let limits = answer.headers.iter().filter_map(|(name, value)| of_header(name, value)).collect();
    match answer.status {
        429 | 418 => {
            let body: Value = body(&answer.body, "code").unwrap_or_default();
            refused(limits, answer.status, &body, answer.retry_after_s)
        }
        _ => Usage { limits, ..Usage::default() },
    }
}

/// What a message of the WebSocket API says.
pub(super) fn of_message(bytes: &[u8]) -> Usage {
    let Ok(reply): Result<Reply, _> = message(bytes, "rateLimits") else { return Usage::default() };
    let limits = rows(&reply.rate_limits);
    match reply.status {
        Some(status @ (429 | 418)) => refused(limits, status, &reply.error, wait_s(&reply.error)),
        Some(_) | None => Usage { limits, ..Usage::default() },
    }
}

/// A refusal because of requests, or of orders.
fn refused(limits: Vec<RateLimit>, status: u16, error: &Value, wait_s: Option<u32>) -> Usage {
    let orders_full = error["code"] == TOO_MANY_ORDERS;
    let too_often = TooOften { banned: status == 418, wait_s };
    Usage { limits, too_often: (!orders_full).then_some(too_often), orders_full }
}

/// How long a refusal holds, from the milliseconds since the Unix epoch that it names.
fn wait_s(error: &Value) -> Option<u32> {
    let data = &error["data"];
    let left_ms = data["retryAfter"].as_u64()?.saturating_sub(data["serverTime"].as_u64()?);
    Some(u32::try_from(left_ms.div_ceil(1_000)).unwrap_or(u32::MAX))
}

/// `x-mbx-used-weight-1m` and its like: what is counted, and in which time.
fn of_header(name: &str, value: &str) -> Option<RateLimit> {
    let (counted, interval) = match name.strip_prefix("x-mbx-used-weight-") {
        Some(interval) => (Counted::RequestWeight, interval),
        None => (Counted::Orders, name.strip_prefix("x-mbx-order-count-")?),
    };
    let (number, letter) = interval.split_at_checked(interval.len().checked_sub(1)?)?;
    let unit_s = match letter {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let interval_s = number.parse::<u32>().ok()?.checked_mul(unit_s)?;
    Some(RateLimit { counted, interval_s, limit: None, count: Some(value.parse().ok()?) })
}

fn rows(rows: &Value) -> Vec<RateLimit> {
    rows.as_array().into_iter().flatten().filter_map(row).collect()
}

fn row(row: &Value) -> Option<RateLimit> {
    let counted = match row["rateLimitType"].as_str()? {
        "REQUEST_WEIGHT" => Counted::RequestWeight,
        "ORDERS" => Counted::Orders,
        // Connections and raw requests: far beyond what one engine makes.
        _ => return None,
    };
    let unit_s = match row["interval"].as_str()? {
        "SECOND" => 1,
        "MINUTE" => 60,
        "HOUR" => 3_600,
        "DAY" => 86_400,
        _ => return None,
    };
    let number = |name: &str| row[name].as_u64().and_then(|it| u32::try_from(it).ok());
    let interval_s = number("intervalNum")?.checked_mul(unit_s)?;
    Some(RateLimit { counted, interval_s, limit: number("limit"), count: number("count") })
}

/// Whatever of these is not as it should be costs nothing but itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status: Option<u16>,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    rate_limits: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::binance::support::{Dice, answer, sample, spot_sample};
    use crate::venue::{VenueKind, listed_rate_limits};

    const ORDERS: Counted = Counted::Orders;
    const WEIGHT: Counted = Counted::RequestWeight;

    fn headers(all: &[(&str, &str)]) -> Usage {
        let headers = all.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        of_answer(&Answer { headers, ..answer(200, "{}") })
    }

    #[test]
    fn headers_tell_what_was_counted_in_which_time() {
        let counted = |counted, interval_s, count| RateLimit {
            counted,
            interval_s,
            limit: None,
            count: Some(count),
        };
        let told = headers(&[
            ("x-mbx-used-weight", "9"),
            ("x-mbx-used-weight-1m", "12"),
            ("x-mbx-order-count-10s", "3"),
            ("x-mbx-order-count-1d", "160000"),
            ("x-mbx-uuid", "7"),
        ]);
        let expected =
            [counted(WEIGHT, 60, 12), counted(ORDERS, 10, 3), counted(ORDERS, 86_400, 160_000)];
        assert_eq!(told, Usage { limits: expected.to_vec(), ..Usage::default() });
        for strange in ["", "m", "1", "1w", "-1m", "xm", "4294967295d", "1µ"] {
            let name = format!("x-mbx-used-weight-{strange}");
            assert_eq!(headers(&[(&name, "1")]), Usage::default(), "{strange}");
        }
        assert_eq!(headers(&[("x-mbx-used-weight-1m", "many")]), Usage::default());
    }

    #[test]
    fn what_is_listed_is_what_the_venue_takes() {
        let body = r#"{"timezone":"UTC","rateLimits":[
            {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},
            {"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":61000},
            {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50},
            {"rateLimitType":"ORDERS","interval":"HOUR","intervalNum":2,"limit":70},
            {"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":160000},
            {"rateLimitType":"ORDERS","interval":"YEAR","intervalNum":1,"limit":1}, 7]}"#;
        let expected = [
            RateLimit::of(WEIGHT, 60, 6_000),
            RateLimit::of(ORDERS, 10, 50),
            RateLimit::of(ORDERS, 7_200, 70),
            RateLimit::of(ORDERS, 86_400, 160_000),
        ];
        assert_eq!(listed_rate_limits(VenueKind::BinanceSpot, &answer(200, body)), expected);
        assert_eq!(listed(&answer(200, "{}")), []);
        assert_eq!(listed(&answer(200, "{\"rateLimits\":3}")), []);
    }

    #[test]
    fn the_samples_of_both_markets_are_read() {
        let futures = sample("websocket_api__test_trade_api_ws_api", "new_order");
        let spot = spot_sample("websocket_api__test_trade_api_ws_api", "order_place");
        let of = |counted, interval_s, limit, count| RateLimit {
            count: Some(count),
            ..RateLimit::of(counted, interval_s, limit)
        };
        for (sample, expected) in
            [(futures, of(ORDERS, 10, 300, 1)), (spot, of(WEIGHT, 60, 6_000, 321))]
        {
            let Some(sample) = sample else { continue };
            assert_eq!(of_message(sample.to_string().as_bytes()).limits, [expected]);
        }
        let futures = sample("rest_api__test_market_data_api", "exchange_information");
        let spot = spot_sample("rest_api__test_general_api", "exchange_info");
        for (sample, expected) in [(futures, USDM[0]), (spot, SPOT[0])] {
            let Some(sample) = sample else { continue };
            let all = listed(&answer(200, sample.to_string()));
            let found = all.iter().find(|it| it.counted == WEIGHT).unwrap();
            assert_eq!((found.interval_s, found.limit), (expected.interval_s, expected.limit));
        }
    }

    #[test]
    fn a_message_tells_what_was_counted_and_how_long_a_refusal_holds() {
        let told = |text: &str| of_message(text.as_bytes());
        let row = r#"{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50,
                      "count":12}"#;
        let taken = told(&format!(r#"{{"id":"x","status":200,"rateLimits":[{row}]}}"#));
        let row = RateLimit { count: Some(12), ..RateLimit::of(ORDERS, 10, 50) };
        assert_eq!(taken, Usage { limits: vec![row], ..Usage::default() });
        let refused = |status: u16, code: i64, data: &str| {
            let error = format!(r#"{{"code":{code},"msg":"no"{data}}}"#);
            told(&format!(r#"{{"id":"x","status":{status},"error":{error}}}"#)).too_often
        };
        let data = r#","data":{"serverTime":1659146398500,"retryAfter":1659146400000}"#;
        let wait = |banned, wait_s| Some(TooOften { banned, wait_s });
        assert_eq!(refused(418, -1003, data), wait(true, Some(2)));
        assert_eq!(refused(429, -1003, data), wait(false, Some(2)));
        assert_eq!(refused(429, -1003, ""), wait(false, None));
        assert_eq!(refused(429, -1015, ""), None, "of orders, and not of requests");
        let far = r#","data":{"serverTime":0,"retryAfter":18446744073709551615}"#;
        assert_eq!(refused(418, -1003, far), wait(true, Some(u32::MAX)));
        let odd = told(r#"{"status":418,"error":7,"rateLimits":null}"#);
        assert_eq!(odd.too_often, wait(true, None));
        assert!(told(r#"{"status":429,"error":{"code":-1015}}"#).orders_full);
        assert_eq!(refused(400, -1003, data), None);
    }

    #[test]
    fn a_refusal_over_http_tells_how_long_it_holds() {
        let refused = |status, body: &str| {
            of_answer(&Answer { retry_after_s: Some(7), ..answer(status, body) }).too_often
        };
        let wait = |banned| Some(TooOften { banned, wait_s: Some(7) });
        assert_eq!(refused(429, "{\"code\":-1003}"), wait(false));
        assert_eq!(refused(418, "<html>"), wait(true));
        assert_eq!(refused(429, "{\"code\":-1015,\"msg\":\"orders\"}"), None);
        assert_eq!(refused(200, "{\"code\":-1003}"), None);
    }

    #[test]
    fn broken_messages_say_nothing_and_never_panic() {
        let whole = br#"{"id":"x","status":429,"error":{"code":-1003,"data":{"serverTime":1,
            "retryAfter":2}},"rateLimits":[{"rateLimitType":"ORDERS","interval":"SECOND",
            "intervalNum":10,"limit":50,"count":12}]}"#;
        for broken in Dice(5).broken(whole, 2_000) {
            let _ = of_message(&broken);
            let _ = listed(&answer(200, broken));
        }
        assert_eq!(of_message(b"[]"), Usage::default());
    }
}
