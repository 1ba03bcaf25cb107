//! The private stream: what became of orders, and of the wallet (spot sheet section 10). It is a
//! connection of the WebSocket API on which the account was subscribed to: there is no key.
//!
//! Must hold: every trade is told once, by `executionReport`; what a message says beyond our nouns
//! becomes [`UserEvent::AccountChanged`], so that the account is read instead of guessed.
//! `outboundAccountPosition` says what trades, cancels and transfers left in the wallets, each of
//! which has its own message: it is passed over.

use super::Spot;
use crate::types::{
    BalanceCause, BalanceChange, Cash, ExecutionKind, ExecutionReport, Fee, Fill, IdPrefix,
    Liquidity, OrderRef, Qty,
};
use crate::venue::binance::json::{VenueError, cash, message, price, qty};
use crate::venue::binance::message::identified;
use crate::venue::binance::names::Names;
use crate::venue::binance::notice::announces_end;
use crate::venue::binance::order::{side, status, whose};
use crate::venue::binance::orders::Entry;
use crate::venue::binance::sign::Signer;
use crate::venue::{
    Credentials, DecodeError, Directory, Stream, StreamBase, UserDialect, UserEvent, UserOpening,
};
use serde::Deserialize;
use std::borrow::Cow;

/// The id of the one request that this connection makes.
const SUBSCRIBE: &str = "user";

/// The private stream of one account.
#[derive(Debug)]
pub(super) struct User {
    names: Names,
    prefix: IdPrefix,
    signer: Signer,
}

impl User {
    pub(super) fn new(directory: &Directory, credentials: &Credentials) -> Self {
        let signer = Signer::new(credentials, directory.recv_window_ms);
        Self { names: Names::new(directory), prefix: directory.prefix, signer }
    }

    /// The answer to the subscription, or a word of the venue on the connection itself: one that is
    /// refused will say no more.
    fn on_reply(&self, reply: &Frame<'_>, out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        match (reply.status, reply.error.as_ref()) {
            (Some(200), _) if reply.id.as_deref() == Some(SUBSCRIBE) => {
                out.push(UserEvent::Subscribed);
                Ok(())
            }
            (Some(status), error) if status != 200 => {
                out.push(UserEvent::Expired);
                Err(match error {
                    Some(error) => error.refusal(status),
                    None => DecodeError::Refused { status, code: 0, text: String::new() },
                })
            }
            _ => Ok(()),
        }
    }

    fn on_event(
        &self,
        kind: &str,
        bytes: &[u8],
        out: &mut Vec<UserEvent>,
    ) -> Result<(), DecodeError> {
        match kind {
            "executionReport" => {
                let told: Envelope<Order<'_>> = message(bytes, "executionReport")?;
                return self.on_order(&told.event, out);
            }
            "balanceUpdate" => {
                let told: Envelope<BalanceUpdate<'_>> = message(bytes, "balanceUpdate")?;
                return self.on_balance(&told.event, out);
            }
            "externalLockUpdate" => out.push(UserEvent::AccountChanged),
            "eventStreamTerminated" => out.push(UserEvent::Expired),
            _ => {}
        }
        Ok(())
    }

    /// Money that came or went without a trade.
    fn on_balance(
        &self,
        update: &BalanceUpdate<'_>,
        out: &mut Vec<UserEvent>,
    ) -> Result<(), DecodeError> {
        let amount = cash(Some(update.change), "d")?;
        let (venue, cause) = (self.names.venue, BalanceCause::Transfer);
        out.push(match self.names.asset(update.asset.as_bytes()) {
            Some(_) if amount == Cash::ZERO => return Ok(()),
            Some(asset) => UserEvent::Balance(BalanceChange { venue, asset, amount, cause }),
            None => UserEvent::AccountChanged,
        });
        Ok(())
    }

    fn on_order(&self, order: &Order<'_>, out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        let Some(instrument) = self.names.instrument(order.symbol.as_bytes()) else {
            out.push(UserEvent::AccountChanged);
            return Ok(());
        };
        let Told { kind, is_all } = self.told(order)?;
        if let Some(kind) = kind {
            out.push(UserEvent::Execution(ExecutionReport {
                instrument,
                order: self.whose(order),
                venue_order_id: Some(order.venue_order_id),
                transact_unix_ms: Some(order.transacted),
                kind,
            }));
        }
        if !is_all {
            out.push(UserEvent::AccountChanged);
        }
        Ok(())
    }

    /// A cancel has an id of its own, and so has an order that was amended: the one that it had
    /// stands beside it.
    fn whose(&self, order: &Order<'_>) -> OrderRef {
        let [now, before] =
            [&order.client_id, &order.original_id].map(|id| whose(&self.prefix, id));
        match (now, before) {
            (_, OrderRef::Ours(_)) => before,
            _ if order.execution == "CANCELED" && !order.original_id.is_empty() => before,
            _ => now,
        }
    }

    /// What happened to an order, by the execution type `x` and the status `X`.
    fn told(&self, order: &Order<'_>) -> Result<Told, DecodeError> {
        let cum_qty = qty(order.cum_qty, "z")?;
        let status = status(order.status);
        let kind = match order.execution {
            "TRADE" => {
                let (fill, is_all) = self.fill(order, cum_qty)?;
                return Ok(Told { kind: Some(ExecutionKind::Trade(fill)), is_all });
            }
            "NEW" => return Ok(Told::all(ExecutionKind::New)),
            "CANCELED" => return Ok(Told::all(ExecutionKind::Canceled { cum_qty })),
            "EXPIRED" => return Ok(Told::all(ExecutionKind::Expired { cum_qty })),
            "REPLACED" if status.is_some_and(|status| !status.is_final()) => {
                let (price, qty) = (price(order.price, "p")?, qty(order.ordered, "q")?);
                Some(ExecutionKind::Amended { price, qty, cum_qty })
            }
            _ => status.map(|status| ExecutionKind::Status { status, cum_qty }),
        };
        // A person's amend, a match of our own orders that was prevented, or a word of tomorrow.
        Ok(Told { kind, is_all: false })
    }

    /// The trade, and whether its cost could be told whole.
    fn fill(&self, order: &Order<'_>, cum_qty: Qty) -> Result<(Fill, bool), DecodeError> {
        let (fee, is_all) = self.fee(order)?;
        // Below zero where nothing traded.
        let trade_id = order.trade_id.and_then(|id| u64::try_from(id).ok());
        let maker = order.is_maker.ok_or(DecodeError::Field("m"))?;
        let fill = Fill {
            trade_id: trade_id.ok_or(DecodeError::Field("t"))?,
            side: side(order.side).ok_or(DecodeError::Field("S"))?,
            price: price(order.last_price, "L")?,
            qty: qty(order.last_qty, "l")?,
            cum_qty,
            fee,
            liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
        };
        Ok((fill, is_all))
    }

    /// One in an asset that the configuration does not name cannot be told: the account must be
    /// read.
    fn fee(&self, order: &Order<'_>) -> Result<(Option<Fee>, bool), DecodeError> {
        let Some(name) = order.fee_asset.as_deref() else { return Ok((None, true)) };
        let amount = cash(order.fee, "n")?;
        let fee = self.names.asset(name.as_bytes()).map(|asset| Fee { asset, amount });
        Ok((fee, fee.is_some()))
    }
}

/// What a message tells of an order, and whether that is all of it.
struct Told {
    kind: Option<ExecutionKind>,
    is_all: bool,
}

impl Told {
    fn all(kind: ExecutionKind) -> Self {
        Self { kind: Some(kind), is_all: true }
    }
}

impl UserDialect for User {
    fn opening(&self) -> UserOpening {
        UserOpening::Subscription(Stream {
            base: StreamBase::OrderEntry,
            target: Spot::PATHS.api.to_owned(),
        })
    }

    fn subscription(&self, venue_unix_ms: u64) -> Vec<u8> {
        let method = "userDataStream.subscribe.signature";
        identified(SUBSCRIBE, method, &self.signer, venue_unix_ms)
    }

    fn announces_end(&self, message: &[u8]) -> bool {
        announces_end(message)
    }

    fn on_message(&mut self, bytes: &[u8], out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        let frame: Frame<'_> = message(bytes, "event")?;
        match &frame.event {
            Some(event) => self.on_event(&event.kind, bytes, out),
            None => self.on_reply(&frame, out),
        }
    }
}

/// An event in its envelope, or an answer.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    event: Option<Head<'a>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    status: Option<u16>,
    #[serde(borrow)]
    error: Option<VenueError<'a>>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "e", borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    event: T,
}

#[derive(Deserialize)]
struct BalanceUpdate<'a> {
    #[serde(rename = "a", borrow)]
    asset: Cow<'a, str>,
    #[serde(rename = "d")]
    change: &'a str,
}

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(rename = "s", borrow)]
    symbol: Cow<'a, str>,
    #[serde(rename = "c", borrow)]
    client_id: Cow<'a, str>,
    /// Empty where the order has one id only.
    #[serde(rename = "C", borrow, default)]
    original_id: Cow<'a, str>,
    #[serde(rename = "S")]
    side: &'a str,
    #[serde(rename = "x")]
    execution: &'a str,
    #[serde(rename = "X")]
    status: &'a str,
    #[serde(rename = "i")]
    venue_order_id: u64,
    #[serde(rename = "p")]
    price: Option<&'a str>,
    #[serde(rename = "q")]
    ordered: Option<&'a str>,
    #[serde(rename = "l")]
    last_qty: Option<&'a str>,
    #[serde(rename = "z")]
    cum_qty: Option<&'a str>,
    #[serde(rename = "L")]
    last_price: Option<&'a str>,
    #[serde(rename = "N", borrow, default)]
    fee_asset: Option<Cow<'a, str>>,
    #[serde(rename = "n")]
    fee: Option<&'a str>,
    #[serde(rename = "t")]
    trade_id: Option<i64>,
    #[serde(rename = "m")]
    is_maker: Option<bool>,
    #[serde(rename = "T")]
    transacted: u64,
}

#[cfg(test)]
mod tests;
