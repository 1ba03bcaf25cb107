//! REST: from a request to the operation it means (USDⓈ-M sheet, sections 2, 3, 5 and 6).

use super::fault::Fault;
use super::operations::done_cancelling;
use super::params::Params;
use super::wallet::Version;
use super::{HttpReply, HttpRequest, Server, orders, reference, sign};
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

/// What anybody may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Public {
    Ping,
    Time,
    ExchangeInfo,
    Depth,
    BookTicker,
    PremiumIndex,
}

/// What only the owner of an account may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Private {
    Place,
    Modify,
    Cancel,
    CancelAll,
    CancelAllAlgo,
    Order,
    OpenOrder,
    OpenOrders,
    OpenAlgoOrders,
    Trades,
    AllOrders,
    Countdown,
    Balance,
    Account(Version),
    Positions(Version),
    PositionMode,
    SetPositionMode,
    AccountConfig,
    SymbolConfig,
    Brackets,
    CommissionRate,
    SetLeverage,
    ListenKeyStart,
    ListenKeyKeepAlive,
    ListenKeyStop,
}

/// What is asked, and what the asker must show for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    /// Nothing.
    Open(Public),
    /// A key.
    Keyed(Private),
    /// A key, a signature and a time.
    Signed(Private),
}

use Endpoint::{Keyed, Open, Signed};
use Private as P;

/// Method, path, weight, what it is. The weight of some grows with the question.
const ROUTES: [(&str, &str, u32, Endpoint); 34] = [
    ("GET", "/fapi/v1/ping", 1, Open(Public::Ping)),
    ("GET", "/fapi/v1/time", 1, Open(Public::Time)),
    ("GET", "/fapi/v1/exchangeInfo", 1, Open(Public::ExchangeInfo)),
    ("GET", "/fapi/v1/depth", 0, Open(Public::Depth)),
    ("GET", "/fapi/v1/ticker/bookTicker", 2, Open(Public::BookTicker)),
    ("GET", "/fapi/v1/premiumIndex", 1, Open(Public::PremiumIndex)),
    ("POST", "/fapi/v1/order", 0, Signed(P::Place)),
    ("PUT", "/fapi/v1/order", 0, Signed(P::Modify)),
    ("DELETE", "/fapi/v1/order", 1, Signed(P::Cancel)),
    ("GET", "/fapi/v1/order", 1, Signed(P::Order)),
    ("DELETE", "/fapi/v1/allOpenOrders", 1, Signed(P::CancelAll)),
    ("DELETE", "/fapi/v1/algoOpenOrders", 1, Signed(P::CancelAllAlgo)),
    ("GET", "/fapi/v1/openOrder", 1, Signed(P::OpenOrder)),
    ("GET", "/fapi/v1/openOrders", 1, Signed(P::OpenOrders)),
    ("GET", "/fapi/v1/openAlgoOrders", 1, Signed(P::OpenAlgoOrders)),
    ("GET", "/fapi/v1/userTrades", 5, Signed(P::Trades)),
    ("GET", "/fapi/v1/allOrders", 5, Signed(P::AllOrders)),
    ("POST", "/fapi/v1/countdownCancelAll", 10, Signed(P::Countdown)),
    ("GET", "/fapi/v2/balance", 5, Signed(P::Balance)),
    ("GET", "/fapi/v3/balance", 5, Signed(P::Balance)),
    ("GET", "/fapi/v2/account", 5, Signed(P::Account(Version::Two))),
    ("GET", "/fapi/v3/account", 5, Signed(P::Account(Version::Three))),
    ("GET", "/fapi/v2/positionRisk", 5, Signed(P::Positions(Version::Two))),
    ("GET", "/fapi/v3/positionRisk", 5, Signed(P::Positions(Version::Three))),
    ("GET", "/fapi/v1/positionSide/dual", 30, Signed(P::PositionMode)),
    ("POST", "/fapi/v1/positionSide/dual", 1, Signed(P::SetPositionMode)),
    ("GET", "/fapi/v1/accountConfig", 5, Signed(P::AccountConfig)),
    ("GET", "/fapi/v1/symbolConfig", 5, Signed(P::SymbolConfig)),
    ("GET", "/fapi/v1/leverageBracket", 1, Signed(P::Brackets)),
    ("GET", "/fapi/v1/commissionRate", 20, Signed(P::CommissionRate)),
    ("POST", "/fapi/v1/leverage", 1, Signed(P::SetLeverage)),
    ("POST", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyStart)),
    ("PUT", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyKeepAlive)),
    ("DELETE", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyStop)),
];

/// What a question about every symbol weighs.
const ALL_SYMBOLS: [(Endpoint, u32); 4] = [
    (Signed(P::OpenOrders), 40),
    (Signed(P::OpenAlgoOrders), 40),
    (Open(Public::PremiumIndex), 10),
    (Open(Public::BookTicker), 5),
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
        let places = matches!(request.method, "POST" | "PUT")
            && request.target.starts_with("/fapi/v1/order");
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
        let (_, _, weight, endpoint) = *route.ok_or_else(Fault::no_such_path)?;
        let params = Params::of_form(query.as_bytes(), request.body)?;
        self.usage.spend(now_unix_ms, weight_of(endpoint, weight, &params)?)?;
        let asked = match endpoint {
            Open(asked) => return self.public(now_unix_ms, asked, &params),
            Keyed(asked) | Signed(asked) => asked,
        };
        let (owner, secret) = self.members.by_key(request.api_key)?;
        *account = Some(owner);
        if endpoint == Signed(asked) {
            sign::check_time(now_unix_ms, &params)?;
            let (payload, signature) = sign::split(query.as_bytes(), request.body)?;
            sign::check(secret, &payload, &signature)?;
        }
        self.private(now_unix_ms, asked, owner, &params)
    }

    fn public(&self, now_unix_ms: u64, asked: Public, params: &Params) -> Result<Value, Fault> {
        let (exchange, usage) = (&self.exchange, &self.usage);
        match asked {
            Public::Ping => Ok(json!({})),
            Public::Time => Ok(json!({"serverTime": now_unix_ms})),
            Public::ExchangeInfo => {
                Ok(reference::exchange_info(now_unix_ms, exchange, &self.assets, usage))
            }
            Public::Depth => {
                let instrument = orders::symbol(exchange, params)?;
                let (limit, _) = reference::depth_limit(params)?;
                let slot = exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
                let update_id = self.depths[slot].update_id();
                Ok(reference::depth(now_unix_ms, exchange, slot, update_id, limit))
            }
            Public::BookTicker => {
                self.per_symbol(params, |slot| reference::book_ticker(now_unix_ms, exchange, slot))
            }
            Public::PremiumIndex => self
                .per_symbol(params, |slot| reference::premium_index(now_unix_ms, exchange, slot)),
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
        asked: Private,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        match asked {
            P::Place => self.place(now_unix_ms, account, params),
            P::Modify => self.modify(now_unix_ms, account, params),
            P::Cancel => self.cancel(now_unix_ms, account, params),
            P::CancelAll => self.cancel_all(now_unix_ms, account, params),
            P::CancelAllAlgo => orders::symbol(&self.exchange, params).map(|_| done_cancelling()),
            P::Order => self.order(account, params),
            P::OpenOrder => self.open_order(account, params),
            P::OpenOrders => self.open_orders(account, params),
            P::OpenAlgoOrders => Ok(json!([])),
            P::Trades => self.trades(account, params),
            P::AllOrders => self.all_orders(account, params),
            P::Countdown => self.countdown(now_unix_ms, account, params),
            P::Balance => Ok(self.statement(now_unix_ms, account).balances()),
            P::Account(version) => Ok(self.statement(now_unix_ms, account).account(version)),
            P::Positions(version) => self.positions(now_unix_ms, account, version, params),
            P::PositionMode => Ok(json!({"dualSidePosition": false})),
            P::SetPositionMode => self.set_position_mode(params),
            P::AccountConfig => Ok(Self::account_config()),
            P::SymbolConfig => self.symbol_config(params),
            P::Brackets => self.brackets(params),
            P::CommissionRate => self.commission_rate(params),
            P::SetLeverage => self.change_leverage(now_unix_ms, account, params),
            P::ListenKeyStart => Ok(json!({"listenKey": self.members.start(now_unix_ms, account)})),
            P::ListenKeyKeepAlive => {
                Ok(json!({"listenKey": self.members.keep_alive(now_unix_ms, account)?}))
            }
            P::ListenKeyStop => {
                self.stop_listening(account);
                Ok(json!({}))
            }
        }
    }
}

/// What a question weighs (USDⓈ-M sheet, section 3).
fn weight_of(endpoint: Endpoint, weight: u32, params: &Params) -> Result<u32, Fault> {
    if endpoint == Open(Public::Depth) {
        return reference::depth_limit(params).map(|(_, weight)| weight);
    }
    let of_all = ALL_SYMBOLS.iter().find(|(known, _)| *known == endpoint);
    let of_all = of_all.filter(|_| params.find("symbol").is_none());
    Ok(of_all.map_or(weight, |(_, weight)| *weight))
}
