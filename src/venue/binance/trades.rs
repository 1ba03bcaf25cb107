//! The account's trades by id (venue sheet section 6, `userTrades`; spot sheet section 4,
//! `myTrades`), and whose orders they were (`allOrders` of both).
//!
//! Must hold: only a chain of trades that begins with the last one that is known is believed; what
//! cannot be read whole is an error and moves nothing.
//!
//! Decision: a trade names its order by the venue's number and not by ours. One more question (of
//! weight 5, on spot 20) names up to a thousand orders from the first one that traded on; a trade
//! of an order before that ends what is told, and the next question begins there.

use super::json::{body, cash, price, qty, success};
use super::names::Names;
use super::order::{side, whose};
use super::sign::Signer;
use super::text::percent_encoded;
use crate::types::{
    ExecutionKind, ExecutionReport, Fee, Fill, IdPrefix, InstrumentId, Liquidity, OrderRef, Side,
    TradesRead,
};
use crate::venue::{Answer, Call, DecodeError, EncodeError};
use serde::Deserialize;
use std::borrow::Cow;

/// Trades in one answer: the venue gives up to 1,000; so many are told to the core in one go and
/// fit into its lane beside everything else.
const TRADES_MAX: usize = 100;

/// Orders in one answer: the most that the venue gives.
const ORDERS_MAX: usize = 1_000;

/// Where the questions are asked.
#[derive(Debug)]
pub(super) struct Paths {
    pub(super) trades: &'static str,
    pub(super) orders: &'static str,
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) instrument: InstrumentId,
    pub(super) from_id: Option<u64>,
}

/// The question after trades from one on; without one, after the newest.
pub(super) fn call(
    paths: &Paths,
    names: &Names,
    signer: &Signer,
    instrument: InstrumentId,
    from_id: Option<u64>,
    venue_unix_ms: u64,
) -> Result<Call, EncodeError> {
    let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
    let symbol = percent_encoded(symbol);
    let parameters = match from_id {
        Some(id) => format!("fromId={id}&limit={TRADES_MAX}&symbol={symbol}"),
        None => format!("limit=1&symbol={symbol}"),
    };
    Ok(signer.signed_call("GET", paths.trades, &parameters, venue_unix_ms))
}

/// The question after the orders that traded; none where no trade is new.
pub(super) fn owners_call(
    paths: &Paths,
    names: &Names,
    signer: &Signer,
    asked: Asked,
    trades: &Answer,
    venue_unix_ms: u64,
) -> Result<Option<Call>, DecodeError> {
    let Asked { instrument, from_id } = asked;
    let rows = rows(trades)?;
    let Some(first) = Chain::of(&rows, from_id).new.first().map(|row| row.order_id) else {
        return Ok(None);
    };
    let symbol = names.symbol(instrument).ok_or(DecodeError::Field("symbol"))?;
    let symbol = percent_encoded(symbol);
    let parameters = format!("limit={ORDERS_MAX}&orderId={first}&symbol={symbol}");
    Ok(Some(signer.signed_call("GET", paths.orders, &parameters, venue_unix_ms)))
}

/// What the answers say: every trade that is new, in order, and how far the history is known now.
pub(super) fn read(
    names: &Names,
    prefix: &IdPrefix,
    asked: Asked,
    answers: &[Answer],
    out: &mut Vec<ExecutionReport>,
) -> Result<TradesRead, DecodeError> {
    let Asked { instrument, from_id } = asked;
    let (trades, owners) = answers.split_first().ok_or(DecodeError::Field("answers"))?;
    let rows = rows(trades)?;
    let Chain { known_id, new } = Chain::of(&rows, from_id);
    let owners = match owners.first() {
        Some(answer) => body(success(Some(answer))?, "allOrders")?,
        None => Vec::<Owner<'_>>::new(),
    };
    let (begin, mut through_id) = (out.len(), known_id);
    let mut told = 0;
    for row in new {
        let Some(owner) = owners.iter().find(|owner| owner.order_id == row.order_id) else { break };
        let order = whose(prefix, &owner.client_order_id);
        let report = row.report(names, instrument, order).inspect_err(|_| out.truncate(begin))?;
        out.push(report);
        (through_id, told) = (Some(row.id), told + 1);
    }
    if told == 0 && !new.is_empty() {
        return Err(DecodeError::Field("orderId"));
    }
    let is_all = told == new.len() && rows.len() < TRADES_MAX;
    Ok(TradesRead { instrument, from_id, through_id, is_all })
}

fn rows(answer: &Answer) -> Result<Vec<Row<'_>>, DecodeError> {
    let rows: Vec<Row<'_>> = body(success(Some(answer))?, "userTrades")?;
    // The same id twice is a trade between two orders of the account.
    let in_order = rows.is_sorted_by_key(|row| row.id);
    if in_order { Ok(rows) } else { Err(DecodeError::Field("id")) }
}

/// How an answer joins what is known.
struct Chain<'a, 'b> {
    /// The last trade that is known; `None` where the history is another one.
    known_id: Option<u64>,
    new: &'a [Row<'b>],
}

impl<'a, 'b> Chain<'a, 'b> {
    fn of(rows: &'a [Row<'b>], from_id: Option<u64>) -> Self {
        match from_id {
            // Nothing is known: the newest is where it begins, and nothing before it is ours to
            // tell.
            None => Self { known_id: Some(rows.last().map_or(0, |row| row.id)), new: &[] },
            Some(0) => Self { known_id: Some(0), new: rows },
            Some(id) if rows.first().is_some_and(|row| row.id == id) => {
                let known = rows.iter().take_while(|row| row.id == id).count();
                Self { known_id: Some(id), new: rows.get(known..).unwrap_or_default() }
            }
            Some(_) => Self { known_id: None, new: &[] },
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    id: u64,
    order_id: u64,
    /// Futures say which way.
    side: Option<&'a str>,
    /// Spot says who bought.
    is_buyer: Option<bool>,
    price: &'a str,
    qty: &'a str,
    commission: Option<&'a str>,
    #[serde(borrow)]
    commission_asset: Option<Cow<'a, str>>,
    #[serde(alias = "isMaker")]
    maker: bool,
    time: u64,
}

impl Row<'_> {
    fn side(&self) -> Option<Side> {
        match (self.side, self.is_buyer) {
            (Some(word), _) => side(word),
            (None, Some(true)) => Some(Side::Buy),
            (None, Some(false)) => Some(Side::Sell),
            (None, None) => None,
        }
    }

    fn report(
        &self,
        names: &Names,
        instrument: InstrumentId,
        order: OrderRef,
    ) -> Result<ExecutionReport, DecodeError> {
        let amount = cash(self.commission, "commission")?;
        let asset = self.commission_asset.as_deref().map(str::as_bytes);
        let fee = asset.and_then(|name| names.asset(name)).map(|asset| Fee { asset, amount });
        let traded = qty(Some(self.qty), "qty")?;
        let fill = Fill {
            trade_id: self.id,
            side: self.side().ok_or(DecodeError::Field("side"))?,
            price: price(Some(self.price), "price")?,
            qty: traded,
            // The history does not say it; at least so much.
            cum_qty: traded,
            fee,
            liquidity: if self.maker { Liquidity::Maker } else { Liquidity::Taker },
        };
        Ok(ExecutionReport {
            instrument,
            order,
            venue_order_id: Some(self.order_id),
            transact_unix_ms: Some(self.time),
            kind: ExecutionKind::TradeFound(fill),
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner<'a> {
    order_id: u64,
    #[serde(borrow)]
    client_order_id: Cow<'a, str>,
}

#[cfg(test)]
mod tests;
