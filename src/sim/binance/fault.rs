//! Refusals of messages, with the venue's HTTP status, code and text (USDⓈ-M sheet, section 10;
//! Spot sheet, section 13).

use serde_json::{Value, json};

/// Why a request is not served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fault {
    pub(super) status: u16,
    pub(super) code: i32,
    pub(super) text: String,
    /// What the venue tells beside it.
    pub(super) data: Option<Value>,
}

impl Fault {
    pub(super) fn new(status: u16, code: i32, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into(), data: None }
    }

    /// As a body of an HTTP answer, or the `error` of a WebSocket answer.
    pub(super) fn to_json(&self) -> Value {
        let mut told = json!({"code": self.code, "msg": self.text});
        if let Some(data) = &self.data {
            told["data"] = data.clone();
        }
        told
    }

    pub(super) fn missing(name: &str) -> Self {
        let text =
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
        Self::new(400, -1102, text)
    }

    pub(super) fn invalid(name: &str) -> Self {
        Self::new(400, -1130, format!("Data sent for parameter '{name}' is not valid."))
    }

    pub(super) fn unwanted(name: &str) -> Self {
        Self::new(400, -1106, format!("Parameter '{name}' sent when not required."))
    }

    pub(super) fn precision() -> Self {
        Self::new(400, -1111, "Precision is over the maximum defined for this asset.")
    }

    pub(super) fn duplicate_parameter() -> Self {
        Self::new(400, -1101, "Duplicate values for a parameter detected.")
    }

    pub(super) fn illegal_characters() -> Self {
        Self::new(400, -1100, "Illegal characters found in a parameter.")
    }

    pub(super) fn no_such_path() -> Self {
        Self::new(404, -5000, "Path not found")
    }

    pub(super) fn key_format() -> Self {
        Self::new(401, -2014, "API-key format invalid.")
    }

    pub(super) fn key_unknown() -> Self {
        Self::new(401, -2015, "Invalid API-key, IP, or permissions for action.")
    }

    pub(super) fn signature() -> Self {
        Self::new(400, -1022, "Signature for this request is not valid.")
    }

    pub(super) fn timestamp_old() -> Self {
        Self::new(400, -1021, "Timestamp for this request is outside of the recvWindow.")
    }

    pub(super) fn timestamp_ahead() -> Self {
        let text = "Timestamp for this request was 1000ms ahead of the server's time.";
        Self::new(400, -1021, text)
    }

    pub(super) fn receive_window() -> Self {
        Self::new(400, -1131, "recvWindow must be less than 60000.")
    }

    pub(super) fn too_many_requests(limit: u32) -> Self {
        let text =
            format!("Too many requests; current limit is {limit} request weight per minute.");
        Self::new(429, -1003, text)
    }

    /// Who was refused and went on.
    pub(super) fn banned(until_unix_ms: u64) -> Self {
        let text = format!(
            "Way too much request weight used; IP banned until {until_unix_ms}. Please use WebSocket \
             Streams for live updates to avoid bans."
        );
        Self::new(418, -1003, text)
    }

    /// True where the venue says when to come again.
    pub(super) fn is_for_now(&self) -> bool {
        matches!(self.status, 418 | 429)
    }

    pub(super) fn too_many_orders(limit: u32, interval: &str) -> Self {
        let text = format!("Too many new orders; current limit is {limit} orders per {interval}.");
        Self::new(429, -1015, text)
    }

    pub(super) fn interval() -> Self {
        Self::new(400, -1120, "Invalid interval.")
    }

    pub(super) fn side() -> Self {
        Self::new(400, -1117, "Invalid side.")
    }

    pub(super) fn order_type() -> Self {
        Self::new(400, -1116, "Invalid orderType.")
    }

    pub(super) fn time_in_force() -> Self {
        Self::new(400, -1115, "Invalid timeInForce.")
    }
}
