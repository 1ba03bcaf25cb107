//! What moves wallets besides trades, told to who pays or receives it, and the rates of funding of
//! the past (USDⓈ-M sheet, sections 3 and 8).
//!
//! Must hold: with crossed margin, which is all that is here, a payment tells the wallet alone and
//! no position.

use super::income::{SHOWN, SHOWN_MAX, Span};
use super::user::publish;
use super::{Usdm, orders};
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::funding::Settlement;
use crate::sim::payments::{Payment, PaymentCause};
use serde_json::{Value, json};

/// Why a wallet moves, in the words of ACCOUNT_UPDATE and `/income`.
pub(super) fn word(cause: PaymentCause) -> &'static str {
    match cause {
        PaymentCause::Funding => "FUNDING_FEE",
        PaymentCause::Insurance => "INSURANCE_CLEAR",
    }
}

impl Desk<Usdm> {
    /// Tells every owner what was paid since this was last done.
    pub(super) fn tell_payments(&mut self, now_unix_ms: u64) {
        for payment in self.exchange.take_payments() {
            let update = self.payment_update(now_unix_ms, &payment);
            publish(&mut self.connections, payment.account, "ACCOUNT_UPDATE", &update);
        }
    }

    fn payment_update(&self, now_unix_ms: u64, payment: &Payment) -> Value {
        let wallet = format!("{:.8}", payment.wallet);
        json!({
            "e": "ACCOUNT_UPDATE",
            "T": payment.unix_ms,
            "E": now_unix_ms,
            "a": {
                "m": word(payment.cause),
                "B": [{
                    "a": self.asset(payment.asset),
                    "wb": wallet,
                    "cw": wallet,
                    "bc": format!("{:.8}", payment.amount),
                }],
                "P": [],
            },
        })
    }

    /// `/fundingRate`, of one symbol or all.
    pub(super) fn funding_rates(&self, params: &Params) -> Result<Value, Fault> {
        let named = params.find("symbol").map(|_| orders::symbol(&self.exchange, params));
        let only = named.transpose()?;
        let span = Span::read(params, SHOWN, SHOWN_MAX)?;
        let meant = self.exchange.settlements().filter(|it| {
            only.is_none_or(|only| only == it.instrument) && span.contains(it.unix_ms)
        });
        let meant: Vec<&Settlement> = meant.collect();
        Ok(span.shown(&meant).iter().map(|it| self.settled(it)).collect())
    }

    fn settled(&self, settlement: &Settlement) -> Value {
        let slot = self.exchange.slot(settlement.instrument);
        let known = slot.and_then(|slot| self.exchange.instruments().get(slot));
        json!({
            "symbol": known.map_or("", |it| it.symbol.as_str()),
            "fundingRate": settlement.rate.to_string(),
            "fundingTime": settlement.unix_ms,
            "markPrice": format!("{:.8}", settlement.mark),
            "rateType": "Regular",
        })
    }
}
