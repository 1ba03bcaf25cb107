//! REST: from a request to the operation it means (USDⓈ-M sheet, sections 2, 3, 5 and 6).

use super::fault::Fault;
use super::operations::done_cancelling;
use super::params::Params;
use super::wallet::Version;
use super::{HttpReply, HttpRequest, Server, orders, reference, sign};
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

/// Who may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Security {
    Public,
    Key,
    Signed,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Ping,
    Time,
    ExchangeInfo,
    Depth,
    BookTicker,
    PremiumIndex,
    Place,
    Cancel,
    CancelAll,
    CancelAllAlgo,
    Order,
    OpenOrder,
    OpenOrders,
    OpenAlgoOrders,
    Trades,
    Countdown,
    Balance,
    Account(Version),
    Positions(Version),
    PositionMode,
    SetPositionMode,
    ListenKeyStart,
    ListenKeyKeepAlive,
    ListenKeyStop,
}

use Endpoint as E;
use Security::{Key, Public, Signed};

/// Method, path, who may ask, weight, what it is. The weight of some grows with the question.
const ROUTES: [(&str, &str, Security, u32, Endpoint); 27] = [
    ("GET", "/fapi/v1/ping", Public, 1, E::Ping),
    ("GET", "/fapi/v1/time", Public, 1, E::Time),
    ("GET", "/fapi/v1/exchangeInfo", Public, 1, E::ExchangeInfo),
    ("GET", "/fapi/v1/depth", Public, 0, E::Depth),
    ("GET", "/fapi/v1/ticker/bookTicker", Public, 2, E::BookTicker),
    ("GET", "/fapi/v1/premiumIndex", Public, 1, E::PremiumIndex),
    ("POST", "/fapi/v1/order", Signed, 0, E::Place),
    ("DELETE", "/fapi/v1/order", Signed, 1, E::Cancel),
    ("GET", "/fapi/v1/order", Signed, 1, E::Order),
    ("DELETE", "/fapi/v1/allOpenOrders", Signed, 1, E::CancelAll),
    ("DELETE", "/fapi/v1/algoOpenOrders", Signed, 1, E::CancelAllAlgo),
    ("GET", "/fapi/v1/openOrder", Signed, 1, E::OpenOrder),
    ("GET", "/fapi/v1/openOrders", Signed, 1, E::OpenOrders),
    ("GET", "/fapi/v1/openAlgoOrders", Signed, 1, E::OpenAlgoOrders),
    ("GET", "/fapi/v1/userTrades", Signed, 5, E::Trades),
    ("POST", "/fapi/v1/countdownCancelAll", Signed, 10, E::Countdown),
    ("GET", "/fapi/v2/balance", Signed, 5, E::Balance),
    ("GET", "/fapi/v3/balance", Signed, 5, E::Balance),
    ("GET", "/fapi/v2/account", Signed, 5, E::Account(Version::Two)),
    ("GET", "/fapi/v3/account", Signed, 5, E::Account(Version::Three)),
    ("GET", "/fapi/v2/positionRisk", Signed, 5, E::Positions(Version::Two)),
    ("GET", "/fapi/v3/positionRisk", Signed, 5, E::Positions(Version::Three)),
    ("GET", "/fapi/v1/positionSide/dual", Signed, 30, E::PositionMode),
    ("POST", "/fapi/v1/positionSide/dual", Signed, 1, E::SetPositionMode),
    ("POST", "/fapi/v1/listenKey", Key, 1, E::ListenKeyStart),
    ("PUT", "/fapi/v1/listenKey", Key, 1, E::ListenKeyKeepAlive),
    ("DELETE", "/fapi/v1/listenKey", Key, 1, E::ListenKeyStop),
];

/// Seconds after which a refused client may come again: the count begins anew every minute.
const RETRY_AFTER_S: &str = "60";

impl Server {
    /// Answers a request. Any bytes are a request.
    pub fn on_http(&mut self, now_unix_ms: u64, request: &HttpRequest<'_>) -> HttpReply {
        self.advance(now_unix_ms);
        let mut account = None;
        let answer = self.answer(now_unix_ms, request, &mut account);
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("X-MBX-USED-WEIGHT-1M".to_owned(), self.usage.weight(now_unix_ms).to_string()),
        ];
        let places = request.method == "POST" && request.target.starts_with("/fapi/v1/order");
        if let Some(account) = account.filter(|_| places && answer.is_ok()) {
            let [ten, minute] = self.usage.orders(now_unix_ms, account);
            headers.push(("X-MBX-ORDER-COUNT-10S".to_owned(), ten.to_string()));
            headers.push(("X-MBX-ORDER-COUNT-1M".to_owned(), minute.to_string()));
        }
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(fault) => (fault.status, fault.to_json()),
        };
        if status == 429 {
            headers.push(("Retry-After".to_owned(), RETRY_AFTER_S.to_owned()));
        }
        HttpReply { status, headers, body: body.to_string().into_bytes() }
    }

    fn answer(
        &mut self,
        now_unix_ms: u64,
        request: &HttpRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let route =
            ROUTES.iter().find(|(method, known, ..)| *method == request.method && *known == path);
        let (_, _, security, weight, endpoint) = *route.ok_or_else(Fault::no_such_path)?;
        let params = Params::of_form(query.as_bytes(), request.body)?;
        self.usage.spend(now_unix_ms, extra_weight(endpoint, &params)?.max(weight))?;
        if security == Public {
            return self.public(now_unix_ms, endpoint, &params);
        }
        let (owner, secret) = self.members.by_key(request.api_key)?;
        *account = Some(owner);
        if security == Signed {
            sign::check_time(now_unix_ms, &params)?;
            let (payload, signature) = sign::split(query.as_bytes(), request.body)?;
            sign::check(secret, &payload, &signature)?;
        }
        self.private(now_unix_ms, endpoint, owner, &params)
    }

    fn public(
        &self,
        now_unix_ms: u64,
        endpoint: Endpoint,
        params: &Params,
    ) -> Result<Value, Fault> {
        let (exchange, usage) = (&self.exchange, &self.usage);
        match endpoint {
            E::Time => Ok(json!({"serverTime": now_unix_ms})),
            E::ExchangeInfo => {
                Ok(reference::exchange_info(now_unix_ms, exchange, &self.assets, usage))
            }
            E::Depth => {
                let instrument = orders::symbol(exchange, params)?;
                let (limit, _) = reference::depth_limit(params)?;
                let slot = exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
                let update_id = self.depths[slot].update_id();
                Ok(reference::depth(now_unix_ms, exchange, slot, update_id, limit))
            }
            E::BookTicker => {
                self.per_symbol(params, |slot| reference::book_ticker(now_unix_ms, exchange, slot))
            }
            E::PremiumIndex => self
                .per_symbol(params, |slot| reference::premium_index(now_unix_ms, exchange, slot)),
            _ => Ok(json!({})),
        }
    }

    /// One symbol's answer, or a list of all of them.
    fn per_symbol(&self, params: &Params, answer: impl Fn(usize) -> Value) -> Result<Value, Fault> {
        if params.find("symbol").is_none() {
            return Ok((0..self.exchange.instruments().len()).map(answer).collect());
        }
        let instrument = orders::symbol(&self.exchange, params)?;
        self.exchange.slot(instrument).map(answer).ok_or_else(Fault::no_such_path)
    }

    fn private(
        &mut self,
        now_unix_ms: u64,
        endpoint: Endpoint,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        match endpoint {
            E::Place => self.place(now_unix_ms, account, params),
            E::Cancel => self.cancel(now_unix_ms, account, params),
            E::CancelAll => self.cancel_all(now_unix_ms, account, params),
            E::CancelAllAlgo => orders::symbol(&self.exchange, params).map(|_| done_cancelling()),
            E::Order => self.order(account, params),
            E::OpenOrder => self.open_order(account, params),
            E::OpenOrders => self.open_orders(account, params),
            E::OpenAlgoOrders => Ok(json!([])),
            E::Trades => self.trades(account, params),
            E::Countdown => self.countdown(now_unix_ms, account, params),
            E::Balance => Ok(self.statement(now_unix_ms, account).balances()),
            E::Account(version) => Ok(self.statement(now_unix_ms, account).account(version)),
            E::Positions(version) => self.positions(now_unix_ms, account, version, params),
            E::PositionMode => Ok(json!({"dualSidePosition": false})),
            E::SetPositionMode => self.set_position_mode(params),
            E::ListenKeyStart => Ok(json!({"listenKey": self.members.start(now_unix_ms, account)})),
            E::ListenKeyKeepAlive => {
                Ok(json!({"listenKey": self.members.keep_alive(now_unix_ms, account)?}))
            }
            E::ListenKeyStop => {
                self.stop_listening(now_unix_ms, account);
                Ok(json!({}))
            }
            E::Ping | E::Time | E::ExchangeInfo | E::Depth | E::BookTicker | E::PremiumIndex => {
                self.public(now_unix_ms, endpoint, params)
            }
        }
    }
}

/// What a question weighs beyond its route's weight (USDⓈ-M sheet, section 3).
fn extra_weight(endpoint: Endpoint, params: &Params) -> Result<u32, Fault> {
    let of_all_symbols = params.find("symbol").is_none();
    Ok(match endpoint {
        E::Depth => reference::depth_limit(params)?.1,
        E::OpenOrders | E::OpenAlgoOrders if of_all_symbols => 40,
        E::PremiumIndex if of_all_symbols => 10,
        E::BookTicker if of_all_symbols => 5,
        _ => 0,
    })
}
