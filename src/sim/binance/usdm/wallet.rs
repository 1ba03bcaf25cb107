//! Balances and positions in the venue's words (USDⓈ-M sheet, section 6).

use crate::sim::binance::frames::Places;
use crate::sim::exchange::{AccountIndex, Exchange};
use crate::sim::margin::tiers;
use crate::types::{AssetId, Cash, Price, Side};
use serde_json::{Value, json};

/// Which version of an answer is asked for: 3 leaves out what is flat, and leverage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sim::binance) enum Version {
    Two,
    Three,
}

/// What is needed to tell of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) assets: &'a [String],
    pub(super) account: AccountIndex,
    pub(super) now_unix_ms: u64,
}

/// The sums of one asset.
#[derive(Clone, Copy, Debug)]
struct Sums {
    wallet: Cash,
    open_profit: Cash,
    margin: Cash,
    maintenance: Cash,
    available: Cash,
}

impl Statement<'_> {
    fn sums(&self, asset: AssetId) -> Sums {
        let wallet = self.exchange.account(self.account).wallet(asset);
        let equity = self.exchange.equity(self.account, asset);
        let margin = self.exchange.margin(self.account, asset);
        let maintenance = self.exchange.maintenance(self.account, asset);
        let available = self.exchange.available(self.account, asset);
        let open_profit = equity.saturating_sub(wallet);
        Sums { wallet, open_profit, margin, maintenance, available }
    }

    fn name(&self, asset: AssetId) -> &str {
        self.assets.get(asset.index()).map_or("", String::as_str)
    }

    /// `/balance`.
    pub(super) fn balances(&self) -> Value {
        let wallets = self.exchange.account(self.account).wallets();
        let balance = |(asset, _): (AssetId, Cash)| {
            let sums = self.sums(asset);
            json!({
                "accountAlias": "sim",
                "asset": self.name(asset),
                "balance": text(sums.wallet),
                "crossWalletBalance": text(sums.wallet),
                "crossUnPnl": text(sums.open_profit),
                "availableBalance": text(sums.available),
                "maxWithdrawAmount": text(sums.available.min(sums.wallet)),
                "marginAvailable": true,
                "updateTime": self.now_unix_ms,
            })
        };
        wallets.map(balance).collect()
    }

    /// `/account`.
    pub(super) fn account(&self, version: Version) -> Value {
        let wallets: Vec<AssetId> =
            self.exchange.account(self.account).wallets().map(|(asset, _)| asset).collect();
        let total = |of: fn(&Sums) -> Cash| {
            let sums = wallets.iter().map(|asset| of(&self.sums(*asset)));
            text(sums.fold(Cash::ZERO, Cash::saturating_add))
        };
        let mut account = json!({
            "totalInitialMargin": total(|sums| sums.margin),
            "totalMaintMargin": total(|sums| sums.maintenance),
            "totalWalletBalance": total(|sums| sums.wallet),
            "totalUnrealizedProfit": total(|sums| sums.open_profit),
            "totalMarginBalance": total(|sums| sums.wallet.saturating_add(sums.open_profit)),
            "totalPositionInitialMargin": total(|sums| sums.margin),
            "totalOpenOrderInitialMargin": "0.00000000",
            "totalCrossWalletBalance": total(|sums| sums.wallet),
            "totalCrossUnPnl": total(|sums| sums.open_profit),
            "availableBalance": total(|sums| sums.available),
            "maxWithdrawAmount": total(|sums| sums.available.min(sums.wallet)),
            "assets": wallets.iter().map(|asset| self.asset(*asset)).collect::<Value>(),
            "positions": self.positions(version, None),
        });
        if version == Version::Two {
            for (name, value) in [
                ("feeTier", json!(0)),
                ("feeBurn", json!(false)),
                ("canTrade", json!(true)),
                ("canDeposit", json!(true)),
                ("canWithdraw", json!(true)),
                ("updateTime", json!(0)),
                ("multiAssetsMargin", json!(false)),
                ("tradeGroupId", json!(-1)),
            ] {
                account[name] = value;
            }
        }
        account
    }

    fn asset(&self, asset: AssetId) -> Value {
        let sums = self.sums(asset);
        json!({
            "asset": self.name(asset),
            "walletBalance": text(sums.wallet),
            "unrealizedProfit": text(sums.open_profit),
            "marginBalance": text(sums.wallet.saturating_add(sums.open_profit)),
            "maintMargin": text(sums.maintenance),
            "initialMargin": text(sums.margin),
            "positionInitialMargin": text(sums.margin),
            "openOrderInitialMargin": "0.00000000",
            "crossWalletBalance": text(sums.wallet),
            "crossUnPnl": text(sums.open_profit),
            "availableBalance": text(sums.available),
            "maxWithdrawAmount": text(sums.available.min(sums.wallet)),
            "marginAvailable": true,
            "updateTime": self.now_unix_ms,
        })
    }

    /// `/positionRisk`, of one slot or all. Version 3 tells only of positions and open orders.
    pub(super) fn positions(&self, version: Version, only: Option<usize>) -> Value {
        let slots = 0..self.exchange.instruments().len();
        let meant = slots.filter(|slot| only.is_none_or(|only| only == *slot));
        let told = meant.filter(|slot| version == Version::Two || self.is_active(*slot));
        told.map(|slot| self.position(version, slot)).collect()
    }

    fn is_active(&self, slot: usize) -> bool {
        let instrument = self.exchange.instruments()[slot].id;
        let held = self.exchange.account(self.account).position(slot).qty.units() != 0;
        let mut open = self.exchange.open_orders(self.account);
        held || open.any(|order| order.entry.instrument == instrument)
    }

    fn position(&self, version: Version, slot: usize) -> Value {
        let instrument = &self.exchange.instruments()[slot];
        let places = Places::of(instrument);
        let position = self.exchange.account(self.account).position(slot);
        let mark = self.mark(slot).unwrap_or_else(|| position.entry());
        let notional = mark.notional(position.qty);
        let leverage = self.exchange.leverage(slot);
        let held = tiers().initial(notional.abs(), leverage).unwrap_or_default();
        let margin = self.exchange.margin_of(self.account, slot);
        let liquidation = self.exchange.liquidation_price(self.account, slot);
        let mut json = json!({
            "symbol": instrument.symbol,
            "positionSide": "BOTH",
            "positionAmt": places.qty(position.qty),
            "entryPrice": position.entry().to_string(),
            "breakEvenPrice": position.entry().to_string(),
            "markPrice": format!("{mark:.8}"),
            "unRealizedProfit": text(position.unrealised(mark)),
            "unrealizedProfit": text(position.unrealised(mark)),
            "liquidationPrice": liquidation.to_string(),
            "isolatedMargin": "0",
            "notional": text(notional),
            "marginAsset": self.name(instrument.settle),
            "isolatedWallet": "0",
            "initialMargin": text(margin),
            "maintMargin": text(self.exchange.maintenance_of(self.account, slot)),
            "positionInitialMargin": text(held),
            "openOrderInitialMargin": text(margin.saturating_sub(held)),
            "adl": 0,
            "bidNotional": text(self.ordered(slot, Side::Buy)),
            "askNotional": text(self.ordered(slot, Side::Sell)),
            "updateTime": position.updated_unix_ms,
        });
        if version == Version::Two {
            json["leverage"] = json!(self.exchange.leverage(slot).to_string());
            json["marginType"] = json!("cross");
            json["isolated"] = json!(false);
            json["isAutoAddMargin"] = json!("false");
            json["maxNotionalValue"] = json!("100000000");
        }
        json
    }

    fn mark(&self, slot: usize) -> Option<Price> {
        self.exchange.book(self.exchange.instruments()[slot].id)?.mark()
    }

    fn ordered(&self, slot: usize, side: Side) -> Cash {
        let instrument = self.exchange.instruments()[slot].id;
        let open = self.exchange.open_orders(self.account);
        let meant =
            open.filter(|order| order.entry.instrument == instrument && order.entry.side == side);
        let worth =
            meant.map(|order| order.entry.price.unwrap_or_default().notional(order.remaining()));
        worth.fold(Cash::ZERO, Cash::saturating_add)
    }
}

fn text(cash: Cash) -> String {
    format!("{cash:.8}")
}
