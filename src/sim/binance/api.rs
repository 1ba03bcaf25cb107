//! Order entry over WebSocket: requests and answers (USDⓈ-M sheet, section 9).
//!
//! Deliberately absent: session.logon, which the venue offers for Ed25519 keys only; the accounts
//! here have HMAC secrets, so every request is signed.

use super::Server;
use super::fault::Fault;
use super::params::Params;
use super::sign;
use super::wallet::Version;
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

/// Request weight of a method that is neither a new order nor an amend: one order is as cheap to
/// ask after as over HTTP (USDⓈ-M sheet, section 3).
fn weight_of(method: &str) -> u32 {
    match method {
        "ping" | "time" | "order.cancel" | "order.status" => 1,
        _ => 5,
    }
}

impl Server {
    /// A text on an order-entry connection.
    pub(super) fn on_api_text(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        text: &[u8],
        rate_limits: bool,
    ) {
        let request = serde_json::from_slice::<Value>(text).unwrap_or(Value::Null);
        let id = match request.get("id") {
            Some(id) if id.is_string() || id.is_u64() || id.is_i64() => id.clone(),
            _ => Value::Null,
        };
        let mut account = None;
        let answer = self.serve(now_unix_ms, &request, &mut account);
        let mut reply = match answer {
            Ok(result) => json!({"id": id, "status": 200, "result": result}),
            Err(fault) => json!({"id": id, "status": fault.status, "error": fault.to_json()}),
        };
        let unwanted = request.pointer("/params/returnRateLimits") == Some(&json!(false));
        if rate_limits && !unwanted {
            reply["rateLimits"] = self.usage.used(now_unix_ms, account);
        }
        // Private frames that the request caused are sent before its answer: at the venue the two
        // may come in any order, and a client must bear the harder one.
        self.connections.send(connection, reply.to_string());
    }

    fn serve(
        &mut self,
        now_unix_ms: u64,
        request: &Value,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        let method = request.get("method").and_then(Value::as_str);
        let method = method.ok_or_else(|| Fault::missing("method"))?;
        let params = match request.get("params") {
            None | Some(Value::Null) => Params::default(),
            Some(Value::Object(params)) => Params::of_json(params)?,
            Some(_) => return Err(Fault::invalid("params")),
        };
        let is_order = matches!(method, "order.place" | "order.modify");
        if !is_order {
            self.usage.spend(now_unix_ms, weight_of(method))?;
        }
        match method {
            "ping" => Ok(json!({})),
            "time" => Ok(json!({"serverTime": now_unix_ms})),
            "userDataStream.start" | "userDataStream.ping" | "userDataStream.stop" => {
                let (owner, _) = self.members.by_key(params.find("apiKey"))?;
                self.listen(now_unix_ms, method, owner)
            }
            _ => {
                let owner = self.signed(now_unix_ms, &params)?;
                *account = is_order.then_some(owner);
                self.serve_signed(now_unix_ms, method, owner, &params)
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
                Ok(json!({"listenKey": self.members.start(now_unix_ms, owner)}))
            }
            "userDataStream.ping" => {
                Ok(json!({"listenKey": self.members.keep_alive(now_unix_ms, owner)?}))
            }
            _ => {
                self.stop_listening(owner);
                Ok(json!({}))
            }
        }
    }

    fn signed(&self, now_unix_ms: u64, params: &Params) -> Result<AccountIndex, Fault> {
        let (owner, secret) = self.members.by_key(params.find("apiKey"))?;
        let signature = params.need("signature")?;
        sign::check_time(now_unix_ms, params)?;
        sign::check(secret, &params.sorted_payload(), signature.as_bytes())?;
        Ok(owner)
    }
}
