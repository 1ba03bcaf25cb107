//! The paths of USDⓈ-M and what they mean (USDⓈ-M sheet, sections 3, 5 and 6).

use super::wallet::Version;
use super::{Usdm, orders, reference, tape};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::http::{Endpoint, Route};
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
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
    PremiumIndex,
    FundingRates,
    RecentTrades,
    AggregateTrades,
    Candles,
    PriceTicker,
    DayTicker,
}

/// What only the owner of an account may ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sim::binance) enum Private {
    Place,
    Test,
    Modify,
    Cancel,
    CancelAll,
    PlaceAlgo,
    CancelAlgo,
    CancelAllAlgo,
    Order,
    OpenOrder,
    OpenOrders,
    AlgoOrder,
    OpenAlgoOrders,
    AllAlgoOrders,
    Trades,
    AllOrders,
    PlaceBatch,
    CancelBatch,
    ForcedOrders,
    Countdown,
    Income,
    OrderLimits,
    TradingStatus,
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
    MultiAssets,
    SetMarginType,
    ListenKeyStart,
    ListenKeyKeepAlive,
    ListenKeyStop,
}

/// Method, path, weight, what it is. The weight of some grows with the question.
pub(super) const ROUTES: &[Route<Usdm>] = &[
    ("GET", "/fapi/v1/ping", 1, Open(Public::Ping)),
    ("GET", "/fapi/v1/time", 1, Open(Public::Time)),
    ("GET", "/fapi/v1/exchangeInfo", 1, Open(Public::ExchangeInfo)),
    ("GET", "/fapi/v1/depth", 0, Open(Public::Depth)),
    ("GET", "/fapi/v1/ticker/bookTicker", 2, Open(Public::BookTicker)),
    ("GET", "/fapi/v1/premiumIndex", 1, Open(Public::PremiumIndex)),
    ("GET", "/fapi/v1/fundingRate", 1, Open(Public::FundingRates)),
    ("GET", "/fapi/v1/trades", 5, Open(Public::RecentTrades)),
    ("GET", "/fapi/v1/aggTrades", 20, Open(Public::AggregateTrades)),
    ("GET", "/fapi/v1/klines", 0, Open(Public::Candles)),
    ("GET", "/fapi/v1/ticker/price", 1, Open(Public::PriceTicker)),
    ("GET", "/fapi/v2/ticker/price", 1, Open(Public::PriceTicker)),
    ("GET", "/fapi/v1/ticker/24hr", 1, Open(Public::DayTicker)),
    ("POST", "/fapi/v1/order", 0, Signed(P::Place)),
    ("POST", "/fapi/v1/order/test", 1, Signed(P::Test)),
    ("PUT", "/fapi/v1/order", 0, Signed(P::Modify)),
    ("DELETE", "/fapi/v1/order", 1, Signed(P::Cancel)),
    ("GET", "/fapi/v1/order", 1, Signed(P::Order)),
    ("DELETE", "/fapi/v1/allOpenOrders", 1, Signed(P::CancelAll)),
    ("POST", "/fapi/v1/algoOrder", 0, Signed(P::PlaceAlgo)),
    ("DELETE", "/fapi/v1/algoOrder", 1, Signed(P::CancelAlgo)),
    ("GET", "/fapi/v1/algoOrder", 1, Signed(P::AlgoOrder)),
    ("DELETE", "/fapi/v1/algoOpenOrders", 1, Signed(P::CancelAllAlgo)),
    ("GET", "/fapi/v1/openOrder", 1, Signed(P::OpenOrder)),
    ("GET", "/fapi/v1/openOrders", 1, Signed(P::OpenOrders)),
    ("GET", "/fapi/v1/openAlgoOrders", 1, Signed(P::OpenAlgoOrders)),
    ("GET", "/fapi/v1/allAlgoOrders", 5, Signed(P::AllAlgoOrders)),
    ("GET", "/fapi/v1/userTrades", 5, Signed(P::Trades)),
    ("GET", "/fapi/v1/allOrders", 5, Signed(P::AllOrders)),
    ("POST", "/fapi/v1/batchOrders", 5, Signed(P::PlaceBatch)),
    ("DELETE", "/fapi/v1/batchOrders", 1, Signed(P::CancelBatch)),
    ("GET", "/fapi/v1/forceOrders", 20, Signed(P::ForcedOrders)),
    ("GET", "/fapi/v1/income", 30, Signed(P::Income)),
    ("GET", "/fapi/v1/rateLimit/order", 1, Signed(P::OrderLimits)),
    ("GET", "/fapi/v1/apiTradingStatus", 1, Signed(P::TradingStatus)),
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
    ("GET", "/fapi/v1/multiAssetsMargin", 30, Signed(P::MultiAssets)),
    ("POST", "/fapi/v1/marginType", 1, Signed(P::SetMarginType)),
    ("POST", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyStart)),
    ("PUT", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyKeepAlive)),
    ("DELETE", "/fapi/v1/listenKey", 1, Keyed(P::ListenKeyStop)),
];

/// What a question about every symbol weighs.
const ALL_SYMBOLS: [(Endpoint<Public, Private>, u32); 8] = [
    (Signed(P::ForcedOrders), 50),
    (Signed(P::OpenOrders), 40),
    (Signed(P::OpenAlgoOrders), 40),
    (Open(Public::PremiumIndex), 10),
    (Open(Public::BookTicker), 5),
    (Open(Public::PriceTicker), 2),
    (Open(Public::DayTicker), 40),
    (Signed(P::TradingStatus), 10),
];

impl Desk<Usdm> {
    pub(super) fn public(
        &self,
        now_unix_ms: u64,
        asked: Public,
        params: &Params,
    ) -> Result<Value, Fault> {
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
            Public::FundingRates => self.funding_rates(params),
            Public::RecentTrades => self.recent_trades(params),
            Public::AggregateTrades => self.aggregate_trades(params),
            Public::Candles => self.candles(params),
            Public::PriceTicker => self.per_symbol(params, |slot| self.price_ticker(slot)),
            Public::DayTicker => self.per_symbol(params, |slot| self.day_ticker(now_unix_ms, slot)),
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

    pub(super) fn private(
        &mut self,
        now_unix_ms: u64,
        asked: Private,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        match asked {
            P::Place => self.place(now_unix_ms, account, params),
            P::Test => self.test_order(now_unix_ms, account, params),
            P::Modify => self.modify(now_unix_ms, account, params),
            P::Cancel => self.cancel(now_unix_ms, account, params),
            P::CancelAll => self.cancel_all(now_unix_ms, account, params),
            P::PlaceAlgo => self.place_algo(now_unix_ms, account, params),
            P::CancelAlgo => self.cancel_algo(now_unix_ms, account, params),
            P::CancelAllAlgo => self.cancel_algos(now_unix_ms, account, params),
            P::Order => self.order(account, params),
            P::OpenOrder => self.open_order(account, params),
            P::OpenOrders => self.open_orders(account, params),
            P::AlgoOrder => self.algo(account, params),
            P::OpenAlgoOrders => self.open_algos(account, params),
            P::AllAlgoOrders => self.all_algos(account, params),
            P::Trades => self.trades(account, params),
            P::AllOrders => self.all_orders(account, params),
            P::PlaceBatch => self.place_batch(now_unix_ms, account, params),
            P::CancelBatch => self.cancel_batch(now_unix_ms, account, params),
            P::ForcedOrders => self.forced_orders(account, params),
            P::Income => self.income(account, params),
            P::OrderLimits => Ok(self.usage.order_limits()),
            // Nobody is locked out of trading here.
            P::TradingStatus => Ok(json!({"indicators": {}, "updateTime": now_unix_ms})),
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
            P::MultiAssets => Ok(json!({"multiAssetsMargin": false})),
            P::SetMarginType => Self::set_margin_type(params),
            P::ListenKeyStart => {
                Ok(json!({"listenKey": self.start_listening(now_unix_ms, account)}))
            }
            P::ListenKeyKeepAlive => {
                Ok(json!({"listenKey": self.own.listen_keys.keep_alive(now_unix_ms, account)?}))
            }
            P::ListenKeyStop => {
                self.stop_listening(account);
                Ok(json!({}))
            }
        }
    }
}

/// What a question weighs (USDⓈ-M sheet, section 3).
pub(super) fn weight_of(
    endpoint: Endpoint<Public, Private>,
    weight: u32,
    params: &Params,
) -> Result<u32, Fault> {
    if endpoint == Open(Public::Depth) {
        return reference::depth_limit(params).map(|(_, weight)| weight);
    }
    if endpoint == Open(Public::Candles) {
        return tape::candles_weight(params);
    }
    let of_all = ALL_SYMBOLS.iter().find(|(known, _)| *known == endpoint);
    let of_all = of_all.filter(|_| params.find("symbol").is_none());
    Ok(of_all.map_or(weight, |(_, weight)| *weight))
}
