//! Getting out over REST alone (spot sheet sections 4 to 6).
//!
//! Must hold: what is closed is what the named symbols buy and sell; nothing is ever bought, and an
//! exit sells at most what there is. What is less than the venue takes is no position.
//!
//! Deliberately absent: a flatten of everything. Nobody can tell what of an account is a position
//! and what is money, so symbols must be named.

use super::{Spot, listing};
use crate::core::exit_slice;
use crate::types::{Filters, Price, Purpose, Qty, Quote, Side};
use crate::venue::binance::json::{body, clock, price, qty, success};
use crate::venue::binance::orders::clock_call;
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::panic::{Held, Leg, PanicDialect, PanicExit, Resting, RestingKey};
use crate::venue::{Answer, Call, Credentials, DecodeError, Listing};
use serde::Deserialize;

/// How long the venue may take a request after its timestamp: its own default.
const RECV_WINDOW_MS: u32 = 5_000;

const OPEN_ORDERS: &str = "/api/v3/openOrders";

#[derive(Debug)]
struct Panic {
    signer: Signer,
    symbols: Vec<String>,
}

/// The conversation of one account about these symbols.
pub(in crate::venue) fn panic(
    credentials: &Credentials,
    symbols: &[String],
) -> Box<dyn PanicDialect> {
    let signer = Signer::new(credentials, RECV_WINDOW_MS);
    Box::new(Panic { signer, symbols: symbols.to_vec() })
}

impl PanicDialect for Panic {
    fn clock_call(&self) -> Call {
        clock_call::<Spot>()
    }

    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError> {
        clock(answer)
    }

    fn rules_call(&self) -> Call {
        listing::reference_call(&self.symbols)
    }

    fn on_rules(&self, answer: &Answer) -> Result<Vec<(String, Filters)>, DecodeError> {
        let all = listing::read_all(answer)?.into_iter();
        Ok(all.map(|listing| (listing.symbol, listing.filters)).collect())
    }

    /// Weighs 6 for a symbol and 80 for the account, of 6,000 a minute (section 4).
    fn orders_calls(&self, symbols: &[String], venue_unix_ms: u64) -> Vec<Call> {
        let call = |of: &str| self.signer.signed_call("GET", OPEN_ORDERS, of, venue_unix_ms);
        match symbols {
            [] => vec![call("")],
            symbols => symbols.iter().map(|symbol| call(&of(symbol))).collect(),
        }
    }

    /// Nothing tells an order that closes from one that opens.
    fn on_orders(&self, answers: &[Answer]) -> Result<Vec<Resting>, DecodeError> {
        if answers.is_empty() {
            return Err(DecodeError::Field("answers"));
        }
        let mut all = Vec::new();
        for answer in answers {
            for row in body::<Vec<OrderRow>>(success(Some(answer))?, "openOrders")? {
                let (key, purpose) = (RestingKey::Order(row.order_id), Purpose::Opening);
                all.push(Resting { symbol: row.symbol, key, purpose });
            }
        }
        Ok(all)
    }

    /// The wallets, what the symbols buy and sell, and what that is worth.
    fn positions_calls(&self, venue_unix_ms: u64) -> Vec<Call> {
        let wallets = "omitZeroBalances=true";
        let mut calls =
            vec![self.signer.signed_call("GET", "/api/v3/account", wallets, venue_unix_ms)];
        calls.push(self.rules_call());
        calls.extend(self.symbols.iter().map(|symbol| self.quote_call(symbol)));
        calls
    }

    fn on_positions(&self, answers: &[Answer]) -> Result<Vec<Held>, DecodeError> {
        let [wallets, rules, quotes @ ..] = answers else {
            return Err(DecodeError::Field("answers"));
        };
        if quotes.len() != self.symbols.len() {
            return Err(DecodeError::Field("answers"));
        }
        let told: Account = body(success(Some(wallets))?, "account")?;
        let listings = listing::read_all(rules)?;
        let mut all = Vec::new();
        for (symbol, quote) in self.symbols.iter().zip(quotes) {
            let listing = listings.iter().find(|listing| listing.symbol == *symbol);
            let listing = listing.ok_or(DecodeError::Field("symbols"))?;
            let held = told.held(&listing.base)?;
            if !is_dust(listing, held, self.on_quote(quote)?.bid) {
                all.push(Held { symbol: symbol.clone(), leg: Leg::Net, qty: held, mark: None });
            }
        }
        Ok(all)
    }

    fn quote_call(&self, symbol: &str) -> Call {
        let target = format!("/api/v3/ticker/bookTicker?{}", of(symbol));
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
        self.signer.signed_call("DELETE", OPEN_ORDERS, &of(symbol), venue_unix_ms)
    }

    fn cancel_call(&self, order: &Resting, venue_unix_ms: u64) -> Call {
        let (RestingKey::Order(id) | RestingKey::Conditional(id)) = order.key;
        let parameters = format!("{}&orderId={id}", of(&order.symbol));
        self.signer.signed_call("DELETE", "/api/v3/order", &parameters, venue_unix_ms)
    }

    fn exit_call(&self, exit: &PanicExit, venue_unix_ms: u64) -> Call {
        let side = match exit.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        };
        let PanicExit { symbol, qty, price, id, .. } = exit;
        let parameters = format!(
            "{}&side={side}&type=LIMIT&timeInForce=IOC&quantity={qty}&price={price}\
             &newClientOrderId={id}&newOrderRespType=ACK",
            of(symbol)
        );
        self.signer.signed_call("POST", "/api/v3/order", &parameters, venue_unix_ms)
    }

    fn on_taken(&self, answer: &Answer) -> Result<(), DecodeError> {
        success(Some(answer)).map(drop)
    }
}

fn of(symbol: &str) -> String {
    format!("symbol={}", percent_encoded(symbol))
}

/// The venue takes no order for so little, by its size or by its worth.
fn is_dust(listing: &Listing, held: Qty, bid: Price) -> bool {
    let sellable = exit_slice(held, &listing.filters);
    sellable == Qty::ZERO || bid.notional(sellable) < listing.filters.notional_min
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    symbol: String,
    order_id: u64,
}

#[derive(Deserialize)]
struct Account {
    balances: Vec<Balance>,
}

#[derive(Deserialize)]
struct Balance {
    asset: String,
    free: String,
    locked: String,
}

impl Account {
    /// Free and locked; absence is nothing.
    fn held(&self, asset: &str) -> Result<Qty, DecodeError> {
        let Some(row) = self.balances.iter().find(|row| row.asset == asset) else {
            return Ok(Qty::ZERO);
        };
        let [free, locked] = [qty(Some(&row.free), "free")?, qty(Some(&row.locked), "locked")?];
        free.checked_add(locked).ok_or(DecodeError::Field("locked"))
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

    const RULES: &str = include_str!("../../../../tests/data/binance-spot-exchange-info.json");
    const WALLETS: &str = include_str!("../../../../tests/data/binance-spot-account.json");
    const QUOTE: &str = r#"{"symbol":"BTCUSDT","bidPrice":"100.00000000","bidQty":"1",
        "askPrice":"100.01000000","askQty":"1"}"#;

    fn btc() -> Box<dyn PanicDialect> {
        panic(&credentials(), &["BTCUSDT".to_owned()])
    }

    fn sent(call: &Call) -> (&'static str, &str) {
        (call.method, call.target.split_once("&recvWindow").unwrap().0)
    }

    fn held(btc: &str) -> Result<Vec<Held>, DecodeError> {
        let wallets =
            WALLETS.replacen("\"free\": \"1.00000000\"", &format!("\"free\": \"{btc}\""), 1);
        let wallets = wallets.replacen("0.25000001", "0.00000000", 1);
        let answers = [answer(200, wallets), answer(200, RULES), answer(200, QUOTE)];
        self::btc().on_positions(&answers)
    }

    #[test]
    fn an_exit_is_a_sale_that_does_not_rest() {
        let exit = PanicExit {
            symbol: "BTCUSDT".to_owned(),
            leg: Leg::Net,
            side: Side::Sell,
            qty: Qty::parse(b"0.012").unwrap(),
            price: Price::parse(b"61234.5").unwrap(),
            id: "panic_1_1".to_owned(),
        };
        let call = btc().exit_call(&exit, 7);
        let expected = "/api/v3/order?symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=IOC\
                        &quantity=0.012&price=61234.5&newClientOrderId=panic_1_1\
                        &newOrderRespType=ACK";
        assert_eq!(sent(&call), ("POST", expected));
    }

    #[test]
    fn a_position_is_what_is_held_of_the_base_and_dust_is_none() {
        let whole = [answer(200, WALLETS), answer(200, RULES), answer(200, QUOTE)];
        let all = btc().on_positions(&whole).unwrap();
        assert_eq!((all.len(), all[0].qty.to_string()), (1, "1.25000001".to_owned()));
        // Five are worth the least that the venue takes.
        assert_eq!(held("0.05").unwrap().len(), 1);
        assert_eq!(held("0.04999").unwrap(), []);
        assert_eq!(held("0.00000999").unwrap(), []);
        assert!(btc().on_positions(&whole[..2]).is_err(), "half a truth is none");
        let unlisted = panic(&credentials(), &["DOGEUSDT".to_owned()]);
        assert!(unlisted.on_positions(&whole).is_err());
    }

    #[test]
    fn orders_are_asked_for_and_taken_back_by_symbol() {
        let panic = btc();
        let row = answer(200, r#"[{"symbol":"BTCUSDT","orderId":7}]"#);
        let orders = panic.on_orders(&[row]).unwrap();
        let cancel = panic.cancel_call(&orders[0], 7);
        assert_eq!(sent(&cancel), ("DELETE", "/api/v3/order?symbol=BTCUSDT&orderId=7"));
        let all = panic.cancel_all_call("BTCUSDT", 7);
        assert_eq!(sent(&all), ("DELETE", "/api/v3/openOrders?symbol=BTCUSDT"));
        assert_eq!(panic.orders_calls(&[], 7).len(), 1);
        assert_eq!(panic.orders_calls(&["A".to_owned(), "B".to_owned()], 7).len(), 2);
        assert!(panic.on_orders(&[]).is_err());
    }

    #[test]
    fn no_answer_makes_it_panic() {
        let panic = btc();
        for bytes in Dice(61).broken(WALLETS.as_bytes(), 1_000) {
            let rest = [answer(200, RULES), answer(200, QUOTE)];
            let [rules, quote] = rest;
            let _ = panic.on_positions(&[answer(200, bytes.clone()), rules, quote]);
            let _ = panic.on_orders(&[answer(200, bytes)]);
        }
    }
}
