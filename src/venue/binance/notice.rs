//! The notice that a connection is about to end: `serverShutdown`, some ten minutes ahead (spot
//! sheet section 8; USDⓈ-M does not document it, and is read alike).
//!
//! Must hold: only the notice itself is one; what is longer than it can be costs one comparison,
//! because every message of the market is asked.

use serde::Deserialize;
use std::borrow::Cow;

/// Its name.
const NAME: &str = "serverShutdown";

/// Longest notice: in the envelope of a combined stream it has 81 bytes.
const BYTES_MAX: usize = 128;

/// True for it: bare, in the envelope of a combined stream or in that of the WebSocket API.
pub(super) fn announces_end(message: &[u8]) -> bool {
    if BYTES_MAX < message.len() || !message.windows(NAME.len()).any(|it| it == NAME.as_bytes()) {
        return false;
    }
    let Ok(Notice { kind, data, event }) = serde_json::from_slice(message) else { return false };
    let inner = data.or(event).map(|inner| inner.kind);
    kind.or(inner).is_some_and(|kind| kind == NAME)
}

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(rename = "e", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<Inner<'a>>,
    #[serde(borrow)]
    event: Option<Inner<'a>>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(rename = "e", borrow)]
    kind: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = r#"{"e":"serverShutdown","E":1770123456789}"#;

    #[test]
    fn it_is_known_in_every_envelope() {
        let combined = format!(r#"{{"stream":"!serverShutdown","data":{BARE}}}"#);
        let of_the_api = format!(r#"{{ "event": {BARE} }}"#);
        for notice in [BARE.to_owned(), combined, of_the_api] {
            assert!(announces_end(notice.as_bytes()), "{notice}");
        }
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        let long = format!(r#"{{"e":"serverShutdown","text":"{}"}}"#, "x".repeat(BYTES_MAX));
        for other in [
            "",
            "serverShutdown",
            r#"{"e":"serverShutdown""#,
            r#"{"e":"trade","s":"serverShutdown"}"#,
            r#"{"e":"serverShutdowns"}"#,
            r#"{"event":{"e":"eventStreamTerminated","c":"serverShutdown"}}"#,
            r#"{"id":"serverShutdown","status":200}"#,
            r#"{"stream":"!serverShutdown","data":[]}"#,
            &long,
        ] {
            assert!(!announces_end(other.as_bytes()), "{other}");
        }
    }
}
