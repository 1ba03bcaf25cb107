//! Methods of the order entry over WebSocket (USDⓈ-M sheet, section 9).

use super::Usdm;
use super::routes::{self, Public};
use super::wallet::Version;
use crate::sim::binance::desk::{ApiRequest, Desk};
use crate::sim::binance::fault::Fault;
use crate::sim::binance::http::Endpoint;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

/// Request weight of a method that is neither a new order nor an amend: one order is as cheap to
/// ask after as over HTTP (USDⓈ-M sheet, section 3).
fn weight_of(method: &str, params: &Params) -> Result<u32, Fault> {
    let open = |asked, weight| routes::weight_of(Endpoint::Open(asked), weight, params);
    match method {
        "ping" | "time" | "order.cancel" | "order.status" | "algoOrder.cancel" => Ok(1),
        "depth" => open(Public::Depth, 0),
        "ticker.book" => open(Public::BookTicker, 2),
        "ticker.price" => open(Public::PriceTicker, 1),
        "session.logon" | "session.status" | "session.logout" => Ok(2),
        _ => Ok(5),
    }
}

impl Desk<Usdm> {
    pub(super) fn serve(
        &mut self,
        now_unix_ms: u64,
        asked: &ApiRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        let ApiRequest { connection, method, params } = *asked;
        let is_order = matches!(method, "order.place" | "order.modify" | "algoOrder.place");
        if !is_order {
            self.usage.spend(now_unix_ms, weight_of(method, params)?)?;
        }
        match method {
            "depth" => self.public(now_unix_ms, Public::Depth, params),
            "ticker.book" => self.public(now_unix_ms, Public::BookTicker, params),
            "ticker.price" => self.public(now_unix_ms, Public::PriceTicker, params),
            "ping" => Ok(json!({})),
            "time" => Ok(json!({"serverTime": now_unix_ms})),
            "userDataStream.start" | "userDataStream.ping" | "userDataStream.stop" => {
                let owner = self.keyed(connection, params)?;
                self.listen(now_unix_ms, method, owner)
            }
            _ => {
                if let Some(answer) = self.session(now_unix_ms, connection, method, params) {
                    return answer;
                }
                let owner = self.signed(now_unix_ms, connection, params)?;
                *account = is_order.then_some(owner);
                self.serve_signed(now_unix_ms, method, owner, params)
            }
        }
    }

    fn serve_signed(
        &mut self,
        now_unix_ms: u64,
        method: &str,
        owner: AccountIndex,
        params: &Params,
    ) -> Result<Value, Fault> {
        let statement = self.statement(now_unix_ms, owner);
        match method {
            "order.place" => self.place(now_unix_ms, owner, params),
            "order.modify" => self.modify(now_unix_ms, owner, params),
            "order.cancel" => self.cancel(now_unix_ms, owner, params),
            "order.status" => self.order(owner, params),
            "algoOrder.place" => self.place_algo(now_unix_ms, owner, params),
            "algoOrder.cancel" => self.cancel_algo(now_unix_ms, owner, params),
            "account.balance" | "v2/account.balance" => Ok(statement.balances()),
            "account.status" => Ok(statement.account(Version::Two)),
            "v2/account.status" => Ok(statement.account(Version::Three)),
            "account.position" => self.positions(now_unix_ms, owner, Version::Two, params),
            "v2/account.position" => self.positions(now_unix_ms, owner, Version::Three, params),
            _ => Err(Fault::invalid("method")),
        }
    }

    fn listen(
        &mut self,
        now_unix_ms: u64,
        method: &str,
        owner: AccountIndex,
    ) -> Result<Value, Fault> {
        match method {
            "userDataStream.start" => {
                Ok(json!({"listenKey": self.start_listening(now_unix_ms, owner)}))
            }
            "userDataStream.ping" => {
                Ok(json!({"listenKey": self.own.listen_keys.keep_alive(now_unix_ms, owner)?}))
            }
            _ => {
                self.stop_listening(owner);
                Ok(json!({}))
            }
        }
    }
}
