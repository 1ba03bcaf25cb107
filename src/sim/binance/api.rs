//! Order entry over WebSocket: requests and answers, whatever the dialect (USDⓈ-M sheet, section 9;
//! Spot sheet, section 11).

use super::desk::{ApiRequest, Desk, Dialect};
use super::fault::Fault;
use super::params::Params;
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

impl<D: Dialect> Desk<D> {
    /// A text on an order-entry connection.
    pub(super) fn on_api_text(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        text: &[u8],
        rate_limits: bool,
    ) {
        if self.revoke(now_unix_ms, connection) {
            let fault = Fault::key_unknown();
            let told = json!({"id": null, "status": fault.status, "error": fault.to_json()});
            return self.connections.send(connection, told.to_string());
        }
        let request = serde_json::from_slice::<Value>(text).unwrap_or(Value::Null);
        let id = match request.get("id") {
            Some(id) if id.is_string() || id.is_u64() || id.is_i64() => id.clone(),
            _ => Value::Null,
        };
        let mut account = None;
        let answer = self.answer_api(now_unix_ms, connection, &request, &mut account);
        let mut reply = match answer {
            Ok(result) => json!({"id": id, "status": 200, "result": result}),
            Err(fault) => {
                let mut error = fault.to_json();
                if fault.is_for_now() {
                    let retry_after = self.usage.retry_at_unix_ms(now_unix_ms);
                    error["data"] = json!({"serverTime": now_unix_ms, "retryAfter": retry_after});
                }
                json!({"id": id, "status": fault.status, "error": error})
            }
        };
        let unwanted = request.pointer("/params/returnRateLimits") == Some(&json!(false));
        if rate_limits && !unwanted {
            reply["rateLimits"] = self.usage.used(now_unix_ms, account);
        }
        // Private frames that the request caused are sent before its answer: at the venue the two
        // may come in any order, and a client must bear the harder one.
        self.connections.send(connection, reply.to_string());
    }

    fn answer_api(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
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
        let asked = ApiRequest { connection, method, params: &params };
        D::serve(self, now_unix_ms, &asked, account)
    }
}
