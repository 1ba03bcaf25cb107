//! How an account is set up and what positions need, in the venue's words (USDⓈ-M sheet,
//! section 6), and the call that comes when it needs too much (section 8).
//!
//! The shapes of `symbolConfig`, `leverageBracket` and MARGIN_CALL are those of the venue's own
//! client and pages, beside what the sheet names. The factor of one user's tiers
//! (`notionalCoef`) is left out: the venue writes it only where it is not one.

use super::Usdm;
use super::orders;
use super::user::publish;
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::frames::Places;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::sim::margin::tiers;
use crate::types::{AssetId, Cash, MarginTier, SCALE};
use serde_json::{Value, json};

impl Desk<Usdm> {
    /// `/accountConfig`.
    pub(super) fn account_config() -> Value {
        json!({
            "feeTier": 0,
            "canTrade": true,
            "canDeposit": true,
            "canWithdraw": true,
            "dualSidePosition": false,
            "updateTime": 0,
            "multiAssetsMargin": false,
            "tradeGroupId": -1,
        })
    }

    /// `/symbolConfig`, of one symbol or all.
    pub(super) fn symbol_config(&self, params: &Params) -> Result<Value, Fault> {
        let slots = self.slots(params)?;
        let config = |slot: usize| {
            json!({
                "symbol": self.exchange.instruments()[slot].symbol,
                "marginType": "CROSSED",
                "isAutoAddMargin": false,
                "leverage": self.exchange.leverage(slot),
                "maxNotionalValue": self.exchange.notional_max(slot).to_string(),
            })
        };
        Ok(slots.into_iter().map(config).collect())
    }

    /// `/leverageBracket`, of one symbol or all.
    pub(super) fn brackets(&self, params: &Params) -> Result<Value, Fault> {
        let one = |slot: usize| {
            json!({
                "symbol": self.exchange.instruments()[slot].symbol,
                "brackets": brackets(),
            })
        };
        let slots = self.slots(params)?;
        Ok(match slots.as_slice() {
            [slot] if params.find("symbol").is_some() => one(*slot),
            slots => slots.iter().map(|slot| one(*slot)).collect(),
        })
    }

    /// `/commissionRate`, of one symbol.
    pub(super) fn commission_rate(&self, params: &Params) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let slot = self.exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
        let rates = self.exchange.fee_rates(instrument);
        let text = |rate_e8: i64| Cash::from_units(rate_e8.into()).to_string();
        Ok(json!({
            "symbol": self.exchange.instruments()[slot].symbol,
            "makerCommissionRate": text(rates.maker_e8),
            "takerCommissionRate": text(rates.taker_e8),
            "rpiCommissionRate": text(rates.maker_e8),
        }))
    }

    /// Only crossed margin exists; setting it again changes nothing, which the venue calls -4046.
    pub(super) fn set_margin_type(params: &Params) -> Result<Value, Fault> {
        match params.need("marginType")? {
            "CROSSED" => Err(Fault::margin_type()),
            _ => Err(Fault::invalid("marginType")),
        }
    }

    /// Sets the leverage of a symbol. Here it is every account's.
    pub(super) fn change_leverage(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let instrument = orders::symbol(&self.exchange, params)?;
        let asked = params.number("leverage")?.ok_or_else(|| Fault::missing("leverage"))?;
        let leverage = u32::try_from(asked).map_err(|_| Fault::leverage())?;
        if !self.exchange.set_leverage(instrument, leverage) {
            return Err(Fault::leverage());
        }
        let slot = self.exchange.slot(instrument).ok_or_else(Fault::no_such_path)?;
        let symbol = self.exchange.instruments()[slot].symbol.clone();
        let notional_max = self.exchange.notional_max(slot).to_string();
        let update = json!({
            "e": "ACCOUNT_CONFIG_UPDATE",
            "E": now_unix_ms,
            "T": now_unix_ms,
            "ac": {"s": symbol, "l": leverage},
        });
        publish(&mut self.connections, account, "ACCOUNT_CONFIG_UPDATE", &update);
        Ok(json!({"leverage": leverage, "maxNotionalValue": notional_max, "symbol": symbol}))
    }

    /// Warns every account that has passed its line since it was last looked at, once.
    pub(super) fn call_margins(&mut self, now_unix_ms: u64) {
        for (at, account) in (0..self.own.called.len()).zip((0..).map(AccountIndex)) {
            let wallets: Vec<AssetId> =
                self.exchange.account(account).wallets().map(|(asset, _)| asset).collect();
            let called = wallets.into_iter().find(|it| self.exchange.is_called(account, *it));
            let before = std::mem::replace(&mut self.own.called[at], called.is_some());
            if let Some(asset) = called.filter(|_| !before) {
                let call = self.margin_call(now_unix_ms, account, asset);
                publish(&mut self.connections, account, "MARGIN_CALL", &call);
            }
        }
    }

    fn margin_call(&self, now_unix_ms: u64, account: AccountIndex, asset: AssetId) -> Value {
        let held = self.exchange.account(account);
        let slots = (0..).zip(self.exchange.instruments());
        let slots = slots.filter(|(slot, instrument)| {
            instrument.settle == asset && held.position(*slot).qty.units() != 0
        });
        let position = |(slot, instrument): (usize, &crate::types::Instrument)| {
            let position = held.position(slot);
            let mark = self.exchange.mark(slot, &position);
            json!({
                "s": instrument.symbol,
                "ps": "BOTH",
                "pa": Places::of(instrument).qty(position.qty),
                "mt": "CROSSED",
                "iw": "0",
                "mp": format!("{mark:.8}"),
                "up": format!("{:.8}", position.unrealised(mark)),
                "mm": format!("{:.8}", self.exchange.maintenance_of(account, slot)),
            })
        };
        json!({
            "e": "MARGIN_CALL",
            "E": now_unix_ms,
            "cw": format!("{:.8}", held.wallet(asset)),
            "p": slots.map(position).collect::<Value>(),
        })
    }

    fn slots(&self, params: &Params) -> Result<Vec<usize>, Fault> {
        if params.find("symbol").is_none() {
            return Ok((0..self.exchange.instruments().len()).collect());
        }
        let instrument = orders::symbol(&self.exchange, params)?;
        Ok(self.exchange.slot(instrument).into_iter().collect())
    }
}

fn brackets() -> Value {
    let tiers = tiers();
    let mut all = Vec::new();
    let (mut floor, mut before_ppm, mut cum) = (Cash::ZERO, 0, 0_i128);
    for (at, tier) in (1..).zip(tiers.as_slice()) {
        let MarginTier { notional_max, maintenance_ppm, leverage_max } = *tier;
        let whole = |cash: Cash| cash.units() / i128::from(SCALE);
        cum += whole(floor) * i128::from(maintenance_ppm - before_ppm);
        let rate = decimal(i128::from(maintenance_ppm));
        all.push(json!({
            "bracket": at,
            "initialLeverage": leverage_max,
            "notionalCap": decimal(whole(notional_max) * crate::types::PPM),
            "notionalFloor": decimal(whole(floor) * crate::types::PPM),
            "maintMarginRatio": rate,
            "cum": decimal(cum),
        }));
        (floor, before_ppm) = (notional_max, maintenance_ppm);
    }
    Value::Array(all)
}

/// A number of JSON from millionths, without a float on the way.
fn decimal(ppm: i128) -> Value {
    let units = Cash::from_units(ppm * i128::from(SCALE) / crate::types::PPM);
    serde_json::from_str(&units.to_string()).unwrap_or(Value::Null)
}
