//! Public answers: the list of symbols, snapshots of books, best and last prices (Spot sheet,
//! section 4).

use super::{Spot, filters, terms};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::self_trade::SelfTrade;
use crate::types::{AssetId, Instrument, InstrumentId, Level, Price, Side};
use serde_json::{Value, json};

/// Most and usual number of levels of a snapshot.
const LEVELS_MAX: u64 = 5_000;
const LEVELS: u64 = 100;

/// What a snapshot of so many levels weighs at most.
const DEPTH_WEIGHTS: [(u64, u32); 4] = [(100, 5), (500, 25), (1_000, 50), (u64::MAX, 250)];

/// Levels that are asked for, and the weight of the question.
pub(super) fn depth_limit(params: &Params) -> Result<(usize, u32), Fault> {
    let asked = params.number("limit")?.unwrap_or(LEVELS).min(LEVELS_MAX);
    if asked == 0 {
        return Err(Fault::invalid("limit"));
    }
    let weight = DEPTH_WEIGHTS.iter().find(|(most, _)| asked <= *most).map_or(250, |it| it.1);
    Ok((usize::try_from(asked).unwrap_or(usize::MAX), weight))
}

/// What a question for the last day weighs, by how many symbols it names: the venue's page on it,
/// the sheet is silent.
pub(super) fn day_weight(params: &Params) -> Result<u32, Fault> {
    let named = match (params.find("symbol"), params.find("symbols")) {
        (Some(_), _) => 1,
        (None, Some(list)) => names(list)?.len(),
        (None, None) => return Ok(80),
    };
    Ok(match named {
        0..=20 => 2,
        21..=100 => 40,
        _ => 80,
    })
}

fn names(list: &str) -> Result<Vec<String>, Fault> {
    let form = r#"^\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\]$"#;
    serde_json::from_str(list).map_err(|_| Fault::illegal("symbols", form))
}

/// The symbols that a question names: by `symbol`, or by `symbols` as a list in JSON.
fn named(desk: &Desk<Spot>, params: &Params) -> Result<Option<Vec<InstrumentId>>, Fault> {
    match (params.find("symbol"), params.find("symbols")) {
        (Some(_), Some(_)) => Err(Fault::bad_combination()),
        (Some(name), None) => Ok(Some(vec![terms::by_name(&desk.exchange, name)?])),
        (None, Some(list)) => {
            let names = names(list)?;
            let ids = names.iter().map(|name| terms::by_name(&desk.exchange, name));
            ids.collect::<Result<Vec<_>, _>>().map(Some)
        }
        (None, None) => Ok(None),
    }
}

impl Desk<Spot> {
    /// `/exchangeInfo`.
    pub(super) fn exchange_info(&self, now_unix_ms: u64, params: &Params) -> Result<Value, Fault> {
        let only = named(self, params)?;
        let permitted = params.find("permissions").is_none_or(|list| list.contains("SPOT"));
        let of_status =
            |it: &Instrument| params.find("symbolStatus").is_none_or(|wanted| wanted == status(it));
        let listed = self.exchange.instruments().iter().filter(|it| {
            permitted && of_status(it) && only.as_ref().is_none_or(|only| only.contains(&it.id))
        });
        Ok(json!({
            "timezone": "UTC",
            "serverTime": now_unix_ms,
            "rateLimits": self.usage.to_json(),
            "exchangeFilters": [],
            "symbols": listed.map(|it| self.symbol(it)).collect::<Value>(),
            "sors": [],
        }))
    }

    fn symbol(&self, instrument: &Instrument) -> Value {
        let name = |asset: AssetId| self.asset(asset);
        json!({
            "symbol": instrument.symbol,
            "status": status(instrument),
            "baseAsset": name(instrument.base),
            "baseAssetPrecision": 8,
            "quoteAsset": name(instrument.quote),
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
            "icebergAllowed": false,
            "ocoAllowed": false,
            "otoAllowed": false,
            "opoAllowed": false,
            "quoteOrderQtyMarketAllowed": true,
            "allowTrailingStop": false,
            "cancelReplaceAllowed": true,
            "amendAllowed": true,
            "pegInstructionsAllowed": false,
            "isSpotTradingAllowed": true,
            "isMarginTradingAllowed": false,
            "filters": filters::told(instrument),
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": terms::SELF_TRADE_DEFAULT.word(),
            "allowedSelfTradePreventionModes": SelfTrade::ALL.map(SelfTrade::word),
        })
    }

    /// `/depth`.
    pub(super) fn depth(&self, params: &Params) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let (limit, _) = depth_limit(params)?;
        let slot = self.exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
        let book = self.exchange.book(instrument);
        let level = |level: Level| json!([price(level.price), format!("{:.8}", level.qty)]);
        let side = |side: Side| -> Value {
            let levels = book.into_iter().flat_map(|book| book.levels(side));
            levels.take(limit).map(level).collect()
        };
        Ok(json!({
            "lastUpdateId": self.depths[slot].update_id(),
            "bids": side(Side::Buy),
            "asks": side(Side::Sell),
        }))
    }

    /// `/ticker/bookTicker`.
    pub(super) fn book_ticker(&self, params: &Params) -> Result<Value, Fault> {
        self.per_symbol(params, |it| {
            let quote = self.exchange.book(it.id).map(|book| book.quote()).unwrap_or_default();
            json!({
                "symbol": it.symbol,
                "bidPrice": price(quote.bid),
                "bidQty": format!("{:.8}", quote.bid_qty),
                "askPrice": price(quote.ask),
                "askQty": format!("{:.8}", quote.ask_qty),
            })
        })
    }

    /// `/ticker/price`: the last trade.
    pub(super) fn price_ticker(&self, params: &Params) -> Result<Value, Fault> {
        self.per_symbol(params, |it| {
            let last = self.exchange.book(it.id).and_then(|book| book.last_trade());
            json!({"symbol": it.symbol, "price": price(last.unwrap_or_default())})
        })
    }

    /// `/avgPrice`: the mark stands for it, as it does for the filters.
    pub(super) fn average_price(&self, now_unix_ms: u64, params: &Params) -> Result<Value, Fault> {
        let instrument = terms::symbol(&self.exchange, params)?;
        let mark = self.exchange.book(instrument).and_then(|book| book.mark());
        let mark = price(mark.unwrap_or_default());
        Ok(json!({"mins": 5, "price": mark, "closeTime": now_unix_ms}))
    }

    /// One symbol's answer, or a list of several or of all.
    pub(super) fn per_symbol(
        &self,
        params: &Params,
        answer: impl Fn(&Instrument) -> Value,
    ) -> Result<Value, Fault> {
        let only = named(self, params)?;
        let mut meant = self.exchange.instruments().iter();
        if let (Some(_), Some([one])) = (params.find("symbol"), only.as_deref()) {
            return meant.find(|it| it.id == *one).map(answer).ok_or_else(Fault::no_such_path);
        }
        let meant = meant.filter(|it| only.as_ref().is_none_or(|only| only.contains(&it.id)));
        Ok(meant.map(answer).collect())
    }
}

fn status(instrument: &Instrument) -> &'static str {
    if instrument.filters.trading { "TRADING" } else { "BREAK" }
}

fn price(price: Price) -> String {
    format!("{price:.8}")
}
