//! A message of the WebSocket API under construction: each parameter goes into the JSON and into
//! the text that is signed (spot sheet section 2).
//!
//! Must hold: no allocation once the two buffers have grown. The caller names the parameters in the
//! order of their names: they are signed in that order. Who asks is said in each message by a key
//! that signs each, and by the connection for one that logs on.

use super::request::Request;
use super::sign::Signer;
use super::text::{write_integer, write_json_text};
use crate::types::{IdPrefix, Side};

/// A side as the venue spells it.
pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

/// A request under construction: each parameter goes into the JSON and into the text to be signed.
/// The caller names them in the order of their names, behind the key, which comes first.
pub(super) struct Message<'a> {
    signer: &'a Signer,
    payload: &'a mut Vec<u8>,
    json: &'a mut Vec<u8>,
}

impl<'a> Message<'a> {
    pub(super) fn begin(
        method: &str,
        request: Request,
        prefix: &IdPrefix,
        signer: &'a Signer,
        (payload, json): (&'a mut Vec<u8>, &'a mut Vec<u8>),
    ) -> Self {
        payload.clear();
        json.clear();
        json.extend_from_slice(b"{\"id\":\"");
        request.write(prefix, json);
        json.extend_from_slice(b"\",\"method\":\"");
        json.extend_from_slice(method.as_bytes());
        json.extend_from_slice(b"\",\"params\":{");
        let mut message = Self { signer, payload, json };
        if !signer.logs_on() {
            message.word("apiKey", signer.key());
        }
        message
    }

    /// A parameter that is text in JSON.
    pub(super) fn text(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.name(name);
        write(self.payload);
        self.json.push(b'"');
        write_json_text(self.payload.get(start..).unwrap_or_default(), self.json);
        self.json.extend_from_slice(b"\",");
    }

    pub(super) fn word(&mut self, name: &str, word: &str) {
        self.text(name, |out| out.extend_from_slice(word.as_bytes()));
    }

    /// A parameter that is a number in JSON.
    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        write_integer(value, self.payload);
        write_integer(value, self.json);
        self.json.push(b',');
    }

    /// Writes the name; where the value begins in the text to be signed.
    fn name(&mut self, name: &str) -> usize {
        if !self.payload.is_empty() {
            self.payload.push(b'&');
        }
        self.payload.extend_from_slice(name.as_bytes());
        self.payload.push(b'=');
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        self.payload.len()
    }

    pub(super) fn end(self) {
        if self.signer.logs_on() {
            // The comma behind the last parameter.
            self.json.pop();
            self.json.extend_from_slice(b"}}");
            return;
        }
        self.json.extend_from_slice(b"\"signature\":\"");
        self.signer.write(self.payload, self.json);
        self.json.extend_from_slice(b"\"}}");
    }
}

/// A signed request that says nothing but who asks.
pub(super) fn identified(id: &str, method: &str, signer: &Signer, venue_unix_ms: u64) -> Vec<u8> {
    let (key, window) = (signer.key(), signer.recv_window_ms());
    let payload = format!("apiKey={key}&recvWindow={window}&timestamp={venue_unix_ms}");
    let mut signature = Vec::new();
    signer.write(payload.as_bytes(), &mut signature);
    serde_json::json!({
        "id": id,
        "method": method,
        "params": {
            "apiKey": key,
            "recvWindow": window,
            "timestamp": venue_unix_ms,
            "signature": String::from_utf8_lossy(&signature),
        },
    })
    .to_string()
    .into_bytes()
}
