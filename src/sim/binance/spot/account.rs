//! What an account is and holds, and what its key may do (Spot sheet, sections 4 and 9).

use super::Spot;
use super::orders::cash;
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use crate::types::{Cash, Instrument};
use serde_json::{Value, json};

/// When every key here was made.
const KEYS_MADE_UNIX_MS: u64 = 1_698_645_219_000;

impl Desk<Spot> {
    /// `/account`.
    pub(super) fn account(&self, account: AccountIndex, params: &Params) -> Result<Value, Fault> {
        let omits = params.flag("omitZeroBalances")?;
        let wallets = self.exchange.account(account).wallets();
        let told = wallets.filter(|(_, wallet)| !omits || *wallet != Cash::ZERO);
        let balances = told.map(|(asset, wallet)| {
            let locked = self.exchange.locked(account, asset);
            json!({
                "asset": self.asset(asset),
                "free": cash(wallet.saturating_sub(locked)),
                "locked": cash(locked),
            })
        });
        let fees = self.exchange.fees();
        Ok(json!({
            "makerCommission": fees.maker_centi_bps / 100,
            "takerCommission": fees.taker_centi_bps / 100,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "commissionRates": self.rates(),
            "canTrade": true,
            "canWithdraw": true,
            "canDeposit": true,
            "brokered": false,
            "requireSelfTradePrevention": false,
            "preventSor": false,
            "updateTime": self.own.updated_unix_ms(account),
            "accountType": "SPOT",
            "balances": balances.collect::<Value>(),
            "permissions": ["SPOT"],
            "uid": 1_000 + u64::from(account.0),
        }))
    }

    /// `/account/commission`, of one symbol.
    pub(super) fn commission(&self, instrument: &Instrument) -> Value {
        let none = json!({"maker": ZERO, "taker": ZERO, "buyer": ZERO, "seller": ZERO});
        json!({
            "symbol": instrument.symbol,
            "standardCommission": self.rates(),
            "specialCommission": none,
            "taxCommission": none,
            "discount": {
                "enabledForAccount": false,
                "enabledForSymbol": false,
                "discountAsset": "BNB",
                "discount": ZERO,
            },
        })
    }

    /// `/rateLimit/order`.
    pub(super) fn order_limits(&self, now_unix_ms: u64, account: AccountIndex) -> Value {
        self.usage.orders_used(now_unix_ms, account).collect()
    }

    fn rates(&self) -> Value {
        let fees = self.exchange.fees();
        let rate = |centi_bps: i32| cash(Cash::from_units(i128::from(centi_bps) * 100));
        json!({
            "maker": rate(fees.maker_centi_bps),
            "taker": rate(fees.taker_centi_bps),
            "buyer": ZERO,
            "seller": ZERO,
        })
    }
}

const ZERO: &str = "0.00000000";

/// `/sapi/v1/account/apiRestrictions`: the keys here read and trade on Spot, and nothing else.
pub(super) fn api_restrictions() -> Value {
    json!({
        "ipRestrict": true,
        "createTime": KEYS_MADE_UNIX_MS,
        "enableReading": true,
        "enableWithdrawals": false,
        "enableInternalTransfer": false,
        "enableMargin": false,
        "enableFutures": false,
        "permitsUniversalTransfer": false,
        "enableVanillaOptions": false,
        "enableFixApiTrade": false,
        "enableFixReadOnly": false,
        "enableSpotAndMarginTrading": true,
        "enablePortfolioMarginTrading": false,
    })
}

/// `/sapi/v1/account/apiTradingStatus`.
pub(super) fn api_trading_status(now_unix_ms: u64) -> Value {
    json!({
        "data": {
            "isLocked": false,
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 150, "IFER": 150, "UFR": 300},
            "updateTime": now_unix_ms,
        },
    })
}
