//! Getting out over REST alone (venue sheet sections 2, 5 and 6).
//!
//! Must hold: an exit is reduce-only; in hedge mode, where the venue does not take that flag, it
//! names the leg that it closes, which cannot be turned by it. Conditional orders are kept apart by
//! the venue and are read and taken back apart.

use super::{Usdm, listing};
use crate::types::{Filters, Price, Purpose, Qty, Quote, Side};
use crate::venue::binance::json::{body, clock, price, qty, success};
use crate::venue::binance::orders::clock_call;
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::panic::{Held, Leg, PanicDialect, PanicExit, Resting, RestingKey};
use crate::venue::{Answer, Call, Credentials, DecodeError};
use serde::Deserialize;

/// How long the venue may take a request after its timestamp: its own default.
const RECV_WINDOW_MS: u32 = 5_000;

/// Orders in the book, and those that are kept apart until their condition is met.
const BOOKED: &str = "/fapi/v1/openOrders";
const CONDITIONAL: &str = "/fapi/v1/openAlgoOrders";

#[derive(Debug)]
struct Panic {
    signer: Signer,
}

/// The conversation of one account.
pub(in crate::venue) fn panic(credentials: &Credentials) -> Box<dyn PanicDialect> {
    Box::new(Panic { signer: Signer::new(credentials, RECV_WINDOW_MS) })
}

impl PanicDialect for Panic {
    fn clock_call(&self) -> Call {
        clock_call::<Usdm>()
    }

    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError> {
        clock(answer)
    }

    fn rules_call(&self) -> Call {
        listing::reference_call()
    }

    fn on_rules(&self, answer: &Answer) -> Result<Vec<(String, Filters)>, DecodeError> {
        listing::rules(answer)
    }

    /// Weighs 1 for a symbol and 40 for the account, each of the two, of the 2,400 a minute
    /// (section 3).
    fn orders_calls(&self, symbols: &[String], venue_unix_ms: u64) -> Vec<Call> {
        let of = |symbol: &String| format!("symbol={}", percent_encoded(symbol));
        let each: Vec<String> = match symbols {
            [] => vec![String::new()],
            symbols => symbols.iter().map(of).collect(),
        };
        let call = |path, of: &String| self.signer.signed_call("GET", path, of, venue_unix_ms);
        let both = |of: &String| [BOOKED, CONDITIONAL].map(|path| call(path, of));
        each.iter().flat_map(both).collect()
    }

    fn on_orders(&self, answers: &[Answer]) -> Result<Vec<Resting>, DecodeError> {
        let (pairs, rest) = answers.as_chunks::<2>();
        if pairs.is_empty() || !rest.is_empty() {
            return Err(DecodeError::Field("answers"));
        }
        let mut all = Vec::new();
        for [booked, conditional] in pairs {
            for row in body::<Vec<Row>>(success(Some(booked))?, "openOrders")? {
                all.push(row.resting(row.order_id, RestingKey::Order)?);
            }
            for row in body::<Vec<Row>>(success(Some(conditional))?, "openAlgoOrders")? {
                all.push(row.resting(row.algo_id, RestingKey::Conditional)?);
            }
        }
        Ok(all)
    }

    fn positions_calls(&self, venue_unix_ms: u64) -> Vec<Call> {
        vec![self.signer.signed_call("GET", "/fapi/v3/positionRisk", "", venue_unix_ms)]
    }

    fn on_positions(&self, answers: &[Answer]) -> Result<Vec<Held>, DecodeError> {
        let rows: Vec<PositionRow> = body(success(answers.first())?, "positions")?;
        let held = rows.into_iter().map(PositionRow::held);
        held.filter(|held| held.as_ref().is_ok_and(|held| held.qty != Qty::ZERO) || held.is_err())
            .collect()
    }

    fn quote_call(&self, symbol: &str) -> Call {
        let target = format!("/fapi/v1/ticker/bookTicker?symbol={}", percent_encoded(symbol));
        Call { method: "GET", target, headers: Vec::new() }
    }

    fn on_quote(&self, answer: &Answer) -> Result<Quote, DecodeError> {
        let row: QuoteRow = body(success(Some(answer))?, "bookTicker")?;
        Ok(Quote {
            bid: price(Some(&row.bid_price), "bidPrice")?,
            bid_qty: qty(Some(&row.bid_qty), "bidQty")?,
            ask: price(Some(&row.ask_price), "askPrice")?,
            ask_qty: qty(Some(&row.ask_qty), "askQty")?,
        })
    }

    fn cancel_all_call(&self, symbol: &str, venue_unix_ms: u64) -> Call {
        let parameters = format!("symbol={}", percent_encoded(symbol));
        self.signer.signed_call("DELETE", "/fapi/v1/allOpenOrders", &parameters, venue_unix_ms)
    }

    fn cancel_call(&self, order: &Resting, venue_unix_ms: u64) -> Call {
        let symbol = percent_encoded(&order.symbol);
        let (path, parameters) = match order.key {
            RestingKey::Order(id) => ("/fapi/v1/order", format!("symbol={symbol}&orderId={id}")),
            RestingKey::Conditional(id) => ("/fapi/v1/algoOrder", format!("algoId={id}")),
        };
        self.signer.signed_call("DELETE", path, &parameters, venue_unix_ms)
    }

    fn exit_call(&self, exit: &PanicExit, venue_unix_ms: u64) -> Call {
        let side = match exit.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        };
        let only = match exit.leg {
            Leg::Net => "reduceOnly=true",
            Leg::Long => "positionSide=LONG",
            Leg::Short => "positionSide=SHORT",
        };
        let PanicExit { symbol, qty, price, id, .. } = exit;
        let symbol = percent_encoded(symbol);
        let parameters = format!(
            "symbol={symbol}&side={side}&type=LIMIT&timeInForce=IOC&quantity={qty}&price={price}\
             &{only}&newClientOrderId={id}&newOrderRespType=ACK"
        );
        self.signer.signed_call("POST", "/fapi/v1/order", &parameters, venue_unix_ms)
    }

    fn on_taken(&self, answer: &Answer) -> Result<(), DecodeError> {
        success(Some(answer)).map(drop)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    symbol: String,
    order_id: Option<u64>,
    algo_id: Option<u64>,
    reduce_only: bool,
    close_position: bool,
}

impl Row {
    fn resting(
        &self,
        id: Option<u64>,
        key: impl FnOnce(u64) -> RestingKey,
    ) -> Result<Resting, DecodeError> {
        let key = id.map(key).ok_or(DecodeError::Field("orderId"))?;
        // What waits for a price to close a position guards it.
        let purpose = match (self.close_position, self.reduce_only, key) {
            (true, ..) | (false, true, RestingKey::Conditional(_)) => Purpose::Protective,
            (false, true, RestingKey::Order(_)) => Purpose::Reducing,
            (false, false, _) => Purpose::Opening,
        };
        Ok(Resting { symbol: self.symbol.clone(), key, purpose })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PositionRow {
    symbol: String,
    #[serde(default)]
    position_side: Option<String>,
    position_amt: String,
    #[serde(default)]
    mark_price: Option<String>,
}

impl PositionRow {
    fn held(self) -> Result<Held, DecodeError> {
        let leg = match self.position_side.as_deref() {
            None | Some("BOTH") => Leg::Net,
            Some("LONG") => Leg::Long,
            Some("SHORT") => Leg::Short,
            Some(_) => return Err(DecodeError::Field("positionSide")),
        };
        let qty = qty(Some(&self.position_amt), "positionAmt")?;
        let mark = self.mark_price.as_ref().map(|mark| price(Some(mark), "markPrice"));
        let mark = mark.transpose()?.filter(|mark| Price::ZERO < *mark);
        Ok(Held { symbol: self.symbol, leg, qty, mark })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuoteRow {
    bid_price: String,
    bid_qty: String,
    ask_price: String,
    ask_qty: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::binance::support::{Dice, answer, credentials};

    fn exit(leg: Leg) -> PanicExit {
        PanicExit {
            symbol: "BTCUSDT".to_owned(),
            leg,
            side: Side::Sell,
            qty: Qty::parse(b"0.012").unwrap(),
            price: Price::parse(b"61234.5").unwrap(),
            id: "panic_1_1".to_owned(),
        }
    }

    fn sent(call: &Call) -> (&'static str, &str) {
        (call.method, call.target.split_once("&recvWindow").unwrap().0)
    }

    #[test]
    fn an_exit_is_an_ioc_that_the_venue_keeps_from_turning_the_position() {
        let panic = panic(&credentials());
        let common = "/fapi/v1/order?symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=IOC\
                      &quantity=0.012&price=61234.5";
        let rows = [
            (Leg::Net, "reduceOnly=true"),
            (Leg::Long, "positionSide=LONG"),
            (Leg::Short, "positionSide=SHORT"),
        ];
        for (leg, only) in rows {
            let call = panic.exit_call(&exit(leg), 7);
            let expected =
                format!("{common}&{only}&newClientOrderId=panic_1_1&newOrderRespType=ACK");
            assert_eq!(sent(&call), ("POST", expected.as_str()));
        }
    }

    #[test]
    fn orders_are_read_with_what_they_are_for_and_taken_back_where_they_are_kept() {
        let panic = panic(&credentials());
        let row = |id: &str, reduce_only: bool, close: bool| {
            format!(
                "{{\"symbol\":\"BTCUSDT\",{id},\"reduceOnly\":{reduce_only},\
                 \"closePosition\":{close}}}"
            )
        };
        let booked = [("\"orderId\":1", false), ("\"orderId\":2", true)];
        let booked = booked.map(|(id, reduces)| row(id, reduces, false)).join(",");
        let apart = [("\"algoId\":3", false, false), ("\"algoId\":4", true, false)];
        let mut apart = apart.map(|(id, reduces, close)| row(id, reduces, close)).to_vec();
        apart.push(row("\"algoId\":5", false, true));
        let answers = [
            answer(200, format!("[{booked}]").into_bytes()),
            answer(200, format!("[{}]", apart.join(",")).into_bytes()),
        ];
        let read = panic.on_orders(&answers).unwrap();
        let told: Vec<_> = read.iter().map(|order| (order.key, order.purpose)).collect();
        let expected = [
            (RestingKey::Order(1), Purpose::Opening),
            (RestingKey::Order(2), Purpose::Reducing),
            (RestingKey::Conditional(3), Purpose::Opening),
            (RestingKey::Conditional(4), Purpose::Protective),
            (RestingKey::Conditional(5), Purpose::Protective),
        ];
        assert_eq!(told, expected);
        let taken = |at: usize| panic.cancel_call(&read[at], 7).target;
        assert!(taken(1).starts_with("/fapi/v1/order?symbol=BTCUSDT&orderId=2&"));
        assert!(taken(2).starts_with("/fapi/v1/algoOrder?algoId=3&"));
        assert!(panic.on_orders(&answers[..1]).is_err());
        let halves = [answers[0].clone(), answer(503, "")];
        assert!(panic.on_orders(&halves).is_err(), "half a truth is none");
        assert!(panic.on_orders(&[]).is_err());
        let targets = |symbols: &[String]| -> Vec<String> {
            let calls = panic.orders_calls(symbols, 7);
            calls
                .iter()
                .map(|call| call.target.split("recvWindow").next().unwrap().into())
                .collect()
        };
        assert_eq!(targets(&[]), ["/fapi/v1/openOrders?", "/fapi/v1/openAlgoOrders?"]);
        let of_two = targets(&["A".to_owned(), "B".to_owned()]);
        assert_eq!((of_two.len(), of_two[3].as_str()), (4, "/fapi/v1/openAlgoOrders?symbol=B&"));
    }

    #[test]
    fn positions_are_those_that_are_not_flat_and_an_odd_one_is_an_error() {
        let panic = panic(&credentials());
        let row = |side: &str, amount: &str| {
            format!(
                "{{\"symbol\":\"BTCUSDT\",\"positionSide\":\"{side}\",\
                 \"positionAmt\":\"{amount}\",\"markPrice\":\"61234.51\"}}"
            )
        };
        let read = |rows: &[String]| {
            panic.on_positions(&[answer(200, format!("[{}]", rows.join(",")).into_bytes())])
        };
        let rows = [row("BOTH", "-0.3"), row("LONG", "0.000"), row("SHORT", "-2")];
        let held = read(&rows).unwrap();
        let told: Vec<_> = held.iter().map(|held| (held.leg, held.qty.to_string())).collect();
        assert_eq!(told, [(Leg::Net, "-0.3".to_owned()), (Leg::Short, "-2".to_owned())]);
        assert_eq!(held[0].mark, Price::parse(b"61234.51"));
        let unmarked = |mark: &str| read(&[row("BOTH", "1").replace("61234.51", mark)]);
        assert_eq!(unmarked("0.00000000").unwrap()[0].mark, None);
        assert!(unmarked("soon").is_err());
        assert!(read(&[row("UP", "0")]).is_err());
        assert!(read(&[row("BOTH", "much")]).is_err());
        assert!(panic.on_positions(&[answer(401, "{}")]).is_err());
    }

    #[test]
    fn no_answer_makes_it_panic() {
        let panic = panic(&credentials());
        let good = br#"[{"symbol":"A","orderId":1,"reduceOnly":true,"closePosition":false}]"#;
        for bytes in Dice(23).broken(good, 2_000) {
            let _ = panic.on_orders(&[answer(200, bytes.clone()), answer(200, "[]")]);
            let _ = panic.on_positions(&[answer(200, bytes.clone())]);
            let _ = panic.on_quote(&answer(200, bytes));
        }
    }
}
