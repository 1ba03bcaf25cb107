//! How often each kind of request came, for whoever judges what a client asked for at all.
//!
//! Must hold: every request counts, answered or not; memory is bounded, and what has no room is
//! counted together.

use crate::sim::binance::HttpRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kinds that are told apart: the venue has some forty that a client of ours could ask for.
const KINDS_MAX: usize = 256;

/// By kind: `GET /fapi/v1/time`, `OPEN /private`, `SAY order.place`.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(super) fn on_http(&mut self, request: &HttpRequest<'_>) {
        let path = request.target.split('?').next().unwrap_or_default();
        self.add(format!("{} {path}", request.method));
    }

    /// By the first part of the path alone: what follows may name a private stream.
    pub(super) fn on_open(&mut self, target: &str) {
        let begin = target.split(['/', '?']).nth(1).unwrap_or_default();
        self.add(format!("OPEN /{begin}"));
    }

    pub(super) fn on_text(&mut self, text: &[u8]) {
        let message: Value = serde_json::from_slice(text).unwrap_or_default();
        self.add(format!("SAY {}", message["method"].as_str().unwrap_or("?")));
    }

    pub(super) fn tell(&self) -> Value {
        json!(self.0)
    }

    fn add(&mut self, kind: String) {
        let is_known = self.0.contains_key(&kind) || self.0.len() + 1 < KINDS_MAX;
        let kind = if is_known { kind } else { "OTHER".to_owned() };
        *self.0.entry(kind).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_and_bounded() {
        let mut tally = Tally::default();
        let http = |target| HttpRequest { method: "GET", target, api_key: None, body: b"" };
        tally.on_http(&http("/fapi/v1/time"));
        tally.on_http(&http("/fapi/v1/time?x=1"));
        tally.on_open("/private/ws?listenKey=secret");
        tally.on_text(br#"{"id":1,"method":"order.place"}"#);
        tally.on_text(b"no json");
        let told = tally.tell();
        assert_eq!(
            told,
            json!({"GET /fapi/v1/time": 2, "OPEN /private": 1, "SAY order.place": 1, "SAY ?": 1})
        );
        for number in 0..2 * KINDS_MAX {
            tally.on_open(&format!("/{number}"));
        }
        assert_eq!(tally.0.len(), KINDS_MAX);
        let all: u64 = tally.0.values().sum();
        assert_eq!(all, 5 + 2 * KINDS_MAX as u64);
    }
}
