//! The private stream: what became of orders, and of the wallet (venue sheet section 8).
//!
//! Must hold: every trade is told once, by `ORDER_TRADE_UPDATE` (`TRADE_LITE` says the same trade
//! first and is passed over); what a message says beyond our nouns becomes
//! [`UserEvent::AccountChanged`], so that the account is read instead of guessed.

use crate::types::{
    BalanceCause, BalanceChange, Cash, ExecutionKind, ExecutionReport, Fee, Fill, IdPrefix,
    Liquidity, OrderRef, OrderStatus, Qty,
};
use crate::venue::binance::json::{cash, message, price, qty, success};
use crate::venue::binance::names::Names;
use crate::venue::binance::notice::announces_end;
use crate::venue::binance::order::{side, status, whose};
use crate::venue::binance::sign::Signer;
use crate::venue::{
    Answer, Call, Credentials, DecodeError, Directory, Stream, StreamBase, UserDialect, UserEvent,
    UserOpening,
};
use serde::Deserialize;
use std::borrow::Cow;

/// Path of the key of the stream; POST makes one, PUT keeps it alive.
const KEY_PATH: &str = "/fapi/v1/listenKey";

/// A key lives for 60 minutes; the sheet says to renew it about every 30.
const KEEP_ALIVE_S: u32 = 30 * 60;

/// Longest key that is believed; the samples have 64 characters.
const KEY_BYTES_MAX: usize = 128;

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

    fn on_order(&self, bytes: &[u8], out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        let update: OrderUpdate<'_> = message(bytes, "ORDER_TRADE_UPDATE")?;
        let order = &update.order;
        let Some(instrument) = self.names.instrument(order.symbol.as_bytes()) else {
            out.push(UserEvent::AccountChanged);
            return Ok(());
        };
        let Told { kind, is_all } = self.told(order)?;
        if let Some(kind) = kind {
            out.push(UserEvent::Execution(ExecutionReport {
                instrument,
                order: whose(&self.prefix, &order.client_id),
                venue_order_id: Some(order.venue_order_id),
                transact_unix_ms: Some(update.transacted),
                kind,
            }));
        }
        // Positions by side are hedge mode, which the reading of the account refuses by name.
        if !is_all || order.position_side.is_some_and(|it| it != "BOTH") {
            out.push(UserEvent::AccountChanged);
        }
        Ok(())
    }

    /// What happened to an order, by the execution type `x` and the status `X`.
    fn told(&self, order: &Order<'_>) -> Result<Told, DecodeError> {
        let cum_qty = qty(order.cum_qty, "z")?;
        let status = status(order.status);
        let is_trade = matches!(order.execution, "TRADE" | "CALCULATED");
        let last_qty = if is_trade { qty(order.last_qty, "l")? } else { Qty::ZERO };
        if is_trade && Qty::ZERO < last_qty && order.trade_id.is_some_and(|id| id != 0) {
            let (fill, is_all) = self.fill(order, last_qty, cum_qty)?;
            let is_all = is_all && order.execution == "TRADE";
            return Ok(Told { kind: Some(ExecutionKind::Trade(fill)), is_all });
        }
        let kind = match order.execution {
            "NEW" => return Ok(Told::all(ExecutionKind::New)),
            "CANCELED" => return Ok(Told::all(ExecutionKind::Canceled { cum_qty })),
            "EXPIRED" => return Ok(Told::all(ExecutionKind::Expired { cum_qty })),
            "AMENDMENT" if status.is_some_and(|status| !status.is_final()) => {
                let (price, qty) = (price(order.price, "p")?, qty(order.ordered, "q")?);
                let kind = ExecutionKind::Amended { price, qty, cum_qty };
                return Ok(Told { kind: Some(kind), is_all: self.is_ours(order) });
            }
            _ => status.map(|status: OrderStatus| ExecutionKind::Status { status, cum_qty }),
        };
        // A liquidation without a trade, or a word of tomorrow.
        Ok(Told { kind, is_all: false })
    }

    fn is_ours(&self, order: &Order<'_>) -> bool {
        matches!(whose(&self.prefix, &order.client_id), OrderRef::Ours(_))
    }

    /// The trade, and whether its cost could be told whole.
    fn fill(
        &self,
        order: &Order<'_>,
        last_qty: Qty,
        cum_qty: Qty,
    ) -> Result<(Fill, bool), DecodeError> {
        let (fee, is_all) = self.fee(order)?;
        let maker = order.is_maker.ok_or(DecodeError::Field("m"))?;
        let fill = Fill {
            trade_id: order.trade_id.ok_or(DecodeError::Field("t"))?,
            side: side(order.side).ok_or(DecodeError::Field("S"))?,
            price: price(order.last_price, "L")?,
            qty: last_qty,
            cum_qty,
            fee,
            liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
        };
        Ok((fill, is_all))
    }

    /// `N` and `n` are absent without a commission. One in an asset that the configuration does not
    /// name cannot be told: the account must be read.
    fn fee(&self, order: &Order<'_>) -> Result<(Option<Fee>, bool), DecodeError> {
        let Some(name) = order.fee_asset else { return Ok((None, true)) };
        let amount = cash(order.fee, "n")?;
        let fee = self.names.asset(name.as_bytes()).map(|asset| Fee { asset, amount });
        Ok((fee, fee.is_some()))
    }

    fn on_account(&self, bytes: &[u8], out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        let update: AccountUpdate<'_> = message(bytes, "ACCOUNT_UPDATE")?;
        let reason = update.account.reason;
        if reason == "ORDER" {
            return Ok(());
        }
        let cause = cause(reason);
        let start = out.len();
        let mut is_all = reason != "MARGIN_TYPE_CHANGE";
        for row in &update.account.balances {
            let amount = cash(row.change, "bc").inspect_err(|_| out.truncate(start))?;
            if amount == Cash::ZERO {
                continue;
            }
            match self.names.asset(row.asset.as_bytes()) {
                Some(asset) => {
                    let venue = self.names.venue;
                    out.push(UserEvent::Balance(BalanceChange { venue, asset, amount, cause }));
                }
                None => is_all = false,
            }
        }
        // Funding repeats the position that it was paid for; any other reason has changed one.
        if !update.account.positions.is_empty() && reason != "FUNDING_FEE" {
            is_all = false;
        }
        if !is_all {
            out.push(UserEvent::AccountChanged);
        }
        Ok(())
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

/// Why a wallet changed: money that came or went, or profit and loss (SAFETY E6).
fn cause(reason: &str) -> BalanceCause {
    match reason {
        "DEPOSIT" | "WITHDRAW" | "WITHDRAW_REJECT" | "ADMIN_DEPOSIT" | "ADMIN_WITHDRAW"
        | "MARGIN_TRANSFER" | "ASSET_TRANSFER" | "COIN_SWAP_DEPOSIT" | "COIN_SWAP_WITHDRAW" => {
            BalanceCause::Transfer
        }
        "FUNDING_FEE" => BalanceCause::Funding,
        _ => BalanceCause::ProfitOrLoss,
    }
}

impl UserDialect for User {
    fn opening(&self) -> UserOpening {
        UserOpening::Key(self.signer.keyed_call("POST", KEY_PATH))
    }

    fn on_key(&mut self, answer: &Answer) -> Result<Stream, DecodeError> {
        let key: Key<'_> = crate::venue::binance::json::body(success(Some(answer))?, "listenKey")?;
        let key = key.listen_key;
        let is_plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain || !(1..=KEY_BYTES_MAX).contains(&key.len()) {
            return Err(DecodeError::Field("listenKey"));
        }
        let target = format!("/private/ws?listenKey={key}");
        Ok(Stream { base: StreamBase::Streams, target })
    }

    fn keep_alive(&self) -> Option<(Call, u32)> {
        Some((self.signer.keyed_call("PUT", KEY_PATH), KEEP_ALIVE_S))
    }

    fn announces_end(&self, message: &[u8]) -> bool {
        announces_end(message)
    }

    fn on_message(&mut self, bytes: &[u8], out: &mut Vec<UserEvent>) -> Result<(), DecodeError> {
        let head: Head<'_> = message(bytes, "e")?;
        match head.kind.as_deref() {
            Some("ORDER_TRADE_UPDATE") => self.on_order(bytes, out),
            Some("ACCOUNT_UPDATE") => self.on_account(bytes, out),
            Some("MARGIN_CALL") => {
                out.push(UserEvent::MarginCall);
                Ok(())
            }
            Some("ALGO_UPDATE") => {
                let told = super::stop::update(&self.names, &self.prefix, bytes)?;
                out.extend(told.map(UserEvent::Stop));
                Ok(())
            }
            Some("ACCOUNT_CONFIG_UPDATE") => {
                out.push(UserEvent::AccountChanged);
                Ok(())
            }
            Some("listenKeyExpired") => {
                out.push(UserEvent::Expired);
                Ok(())
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Key<'a> {
    #[serde(rename = "listenKey")]
    listen_key: &'a str,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "e", borrow)]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct OrderUpdate<'a> {
    #[serde(rename = "T")]
    transacted: u64,
    #[serde(rename = "o", borrow)]
    order: Order<'a>,
}

#[derive(Deserialize)]
struct Order<'a> {
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "c", borrow)]
    client_id: Cow<'a, str>,
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
    #[serde(rename = "N")]
    fee_asset: Option<&'a str>,
    #[serde(rename = "n")]
    fee: Option<&'a str>,
    #[serde(rename = "t")]
    trade_id: Option<u64>,
    #[serde(rename = "m")]
    is_maker: Option<bool>,
    #[serde(rename = "ps")]
    position_side: Option<&'a str>,
}

#[derive(Deserialize)]
struct AccountUpdate<'a> {
    #[serde(rename = "a", borrow)]
    account: Account<'a>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(rename = "m")]
    reason: &'a str,
    #[serde(rename = "B", borrow, default)]
    balances: Vec<Balance<'a>>,
    #[serde(rename = "P", default)]
    positions: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Balance<'a> {
    #[serde(rename = "a")]
    asset: &'a str,
    #[serde(rename = "bc")]
    change: Option<&'a str>,
}

#[cfg(test)]
mod tests;
