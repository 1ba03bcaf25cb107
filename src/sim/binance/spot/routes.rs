//! The paths of Spot and what they mean (Spot sheet, sections 4, 9 and 15).

use super::refusal::refused;
use super::{Spot, account, filters, reference, terms};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::http::{Endpoint, Route};
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::reject::Reject;
use Endpoint::{Keyed, Open, Signed};
use Private as P;
use serde_json::{Value, json};

/// What anybody may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sim::binance) enum Public {
    Ping,
    Time,
    ExchangeInfo,
    Depth,
    BookTicker,
    PriceTicker,
    DayTicker,
    AveragePrice,
    Trades,
    AggTrades,
    Candles,
    SystemStatus,
}

/// What only the owner of an account may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sim::binance) enum Private {
    Place,
    Test,
    Cancel,
    CancelAll,
    CancelReplace,
    Amend,
    Order,
    OpenOrders,
    AllOrders,
    Trades,
    Account,
    Commission,
    OrderLimits,
    Filters,
    /// A kind of order list, or of order, that no symbol takes here.
    Unsupported(&'static str),
    ApiRestrictions,
    AccountStatus,
    ApiTradingStatus,
}

/// All paths. The weight of some grows with the question.
pub(super) const ROUTES: [Route<Spot>; 35] = [
    ("GET", "/api/v3/ping", 1, Open(Public::Ping)),
    ("GET", "/api/v3/time", 1, Open(Public::Time)),
    ("GET", "/api/v3/exchangeInfo", 20, Open(Public::ExchangeInfo)),
    ("GET", "/api/v3/depth", 0, Open(Public::Depth)),
    ("GET", "/api/v3/ticker/bookTicker", 4, Open(Public::BookTicker)),
    ("GET", "/api/v3/ticker/price", 4, Open(Public::PriceTicker)),
    ("GET", "/api/v3/ticker/24hr", 0, Open(Public::DayTicker)),
    ("GET", "/api/v3/avgPrice", 2, Open(Public::AveragePrice)),
    ("GET", "/api/v3/trades", 25, Open(Public::Trades)),
    ("GET", "/api/v3/aggTrades", 4, Open(Public::AggTrades)),
    ("GET", "/api/v3/klines", 2, Open(Public::Candles)),
    ("POST", "/api/v3/order", 0, Signed(P::Place)),
    ("POST", "/api/v3/order/test", 1, Signed(P::Test)),
    ("DELETE", "/api/v3/order", 0, Signed(P::Cancel)),
    ("DELETE", "/api/v3/openOrders", 0, Signed(P::CancelAll)),
    ("POST", "/api/v3/order/cancelReplace", 0, Signed(P::CancelReplace)),
    ("PUT", "/api/v3/order/amend/keepPriority", 4, Signed(P::Amend)),
    ("GET", "/api/v3/order", 4, Signed(P::Order)),
    ("GET", "/api/v3/openOrders", 6, Signed(P::OpenOrders)),
    ("GET", "/api/v3/allOrders", 20, Signed(P::AllOrders)),
    ("GET", "/api/v3/myTrades", 20, Signed(P::Trades)),
    ("GET", "/api/v3/account", 20, Signed(P::Account)),
    ("GET", "/api/v3/account/commission", 20, Signed(P::Commission)),
    ("GET", "/api/v3/rateLimit/order", 40, Signed(P::OrderLimits)),
    ("GET", "/api/v3/myFilters", 40, Signed(P::Filters)),
    ("POST", "/api/v3/order/oco", 1, Signed(P::Unsupported("OCO"))),
    ("POST", "/api/v3/orderList/oco", 1, Signed(P::Unsupported("OCO"))),
    ("POST", "/api/v3/orderList/oto", 1, Signed(P::Unsupported("OTO"))),
    ("POST", "/api/v3/orderList/otoco", 1, Signed(P::Unsupported("OTO"))),
    ("POST", "/api/v3/orderList/opo", 1, Signed(P::Unsupported("OPO"))),
    ("POST", "/api/v3/sor/order", 1, Signed(P::Unsupported("SOR"))),
    ("GET", "/sapi/v1/system/status", 1, Open(Public::SystemStatus)),
    ("GET", "/sapi/v1/account/apiRestrictions", 1, Signed(P::ApiRestrictions)),
    ("GET", "/sapi/v1/account/status", 1, Signed(P::AccountStatus)),
    ("GET", "/sapi/v1/account/apiTradingStatus", 1, Signed(P::ApiTradingStatus)),
];

/// What a question weighs (Spot sheet, section 4).
pub(super) fn weight_of(
    asked: Endpoint<Public, Private>,
    weight: u32,
    params: &Params,
) -> Result<u32, Fault> {
    let of_one = params.find("symbol").is_some();
    Ok(match asked {
        Open(Public::Depth) => reference::depth_limit(params)?.1,
        Open(Public::DayTicker) => reference::day_weight(params)?,
        Open(Public::BookTicker | Public::PriceTicker) if of_one => 2,
        Signed(P::OpenOrders) if !of_one => 80,
        Signed(P::Trades) if params.find("orderId").is_some() => 5,
        Signed(P::Test) if params.flag("computeCommissionRates")? => 20,
        Open(_) | Keyed(_) | Signed(_) => weight,
    })
}

/// What a request weighs on top that was refused: orders and cancels that are done cost nothing.
pub(super) fn weight_of_refused(asked: Endpoint<Public, Private>) -> u32 {
    match asked {
        Signed(P::Place | P::Cancel | P::CancelAll | P::CancelReplace) => 1,
        Open(_) | Keyed(_) | Signed(_) => 0,
    }
}

impl Desk<Spot> {
    pub(super) fn public(
        &self,
        now_unix_ms: u64,
        asked: Public,
        params: &Params,
    ) -> Result<Value, Fault> {
        match asked {
            Public::Ping => Ok(json!({})),
            Public::Time => Ok(json!({"serverTime": now_unix_ms})),
            Public::ExchangeInfo => self.exchange_info(now_unix_ms, params),
            Public::Depth => self.depth(params),
            Public::BookTicker => self.book_ticker(params),
            Public::PriceTicker => self.price_ticker(params),
            Public::DayTicker => self.day_ticker(now_unix_ms, params),
            Public::AveragePrice => self.average_price(now_unix_ms, params),
            Public::Trades => self.recent_trades(params),
            Public::AggTrades => self.aggregate_trades(params),
            Public::Candles => self.candles(params),
            Public::SystemStatus => Ok(json!({"status": 0, "msg": "normal"})),
        }
    }

    pub(super) fn private(
        &mut self,
        now_unix_ms: u64,
        asked: Private,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        match asked {
            P::Place => self.place(now_unix_ms, account, params),
            P::Test => self.test_order(params),
            P::Cancel => self.cancel(now_unix_ms, account, params),
            P::CancelAll => self.cancel_all(now_unix_ms, account, params),
            P::CancelReplace => self.cancel_replace(now_unix_ms, account, params),
            P::Amend => self.amend(now_unix_ms, account, params),
            P::Order => self.order(account, params),
            P::OpenOrders => self.open_orders(account, params),
            P::AllOrders => self.all_orders(account, params),
            P::Trades => self.trades(account, params),
            P::Account => self.account(account, params),
            P::Commission => self.named_instrument(params).map(|it| self.commission(it)),
            P::OrderLimits => Ok(self.order_limits(now_unix_ms, account)),
            P::Filters => self.named_instrument(params).map(filters::own),
            P::Unsupported(kind) => Err(Fault::unsupported(kind)),
            P::ApiRestrictions => Ok(account::api_restrictions()),
            P::AccountStatus => Ok(json!({"data": "Normal"})),
            P::ApiTradingStatus => Ok(account::api_trading_status(now_unix_ms)),
        }
    }

    fn named_instrument(&self, params: &Params) -> Result<&crate::types::Instrument, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let slot = self.exchange.slot(instrument);
        let slot = slot.ok_or_else(|| refused(Reject::UnknownSymbol))?;
        Ok(&self.exchange.instruments()[slot])
    }
}
