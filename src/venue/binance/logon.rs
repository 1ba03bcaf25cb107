//! Connections for orders that are logged on, which the venue offers to Ed25519 keys alone: who
//! asks is said once, and every request after it is smaller and needs no signature (spot sheet
//! section 11, venue sheet sections 2 and 9).
//!
//! Must hold: only the venue's own word that it is our key makes a connection logged on; a request
//! that was refused for want of a session says nothing of the key.

use super::json::{VenueError, message};
use super::message::identified;
use super::reply::Reply;
use super::sign::Signer;
use crate::venue::DecodeError;
use serde::Deserialize;
use std::borrow::Cow;

/// The id of the one such request of a connection. No order's request is called so.
const LOGON: &str = "logon";

/// What is said first on a connection.
pub(super) fn logon(signer: &Signer, venue_unix_ms: u64) -> Vec<u8> {
    identified(LOGON, "session.logon", signer, venue_unix_ms)
}

/// What one message says to who waits for the answer: true when the connection is logged on, an
/// error when it will not be.
pub(super) fn on_logon(signer: &Signer, bytes: &[u8]) -> Result<bool, DecodeError> {
    let told: Told<'_> = message(bytes, "logon")?;
    match (told.status, told.error) {
        (Some(200), _) if told.id.as_deref() == Some(LOGON) => {
            let key = told.result.and_then(|session| session.key);
            match key.as_deref() == Some(signer.key()) {
                true => Ok(true),
                false => Err(DecodeError::Field("apiKey")),
            }
        }
        // A notice, or an answer that nobody waits for.
        (Some(200) | None, _) => Ok(false),
        (Some(status), Some(error)) => Err(error.refusal(status)),
        (Some(status), None) => Err(DecodeError::Refused { status, code: 0, text: String::new() }),
    }
}

/// True for what the venue says when nobody is logged on: to a request, that key or signature are
/// missing; to nobody, that the key of the session became invalid. What is true of the key, the
/// next logon tells. Which of the codes it is for a request, the sheets do not say [?].
pub(super) fn is_logged_off(reply: &Reply<'_>) -> bool {
    let Some(error) = &reply.error else { return false };
    match error.code {
        -2014 => true,
        -1102 => ["'apiKey'", "'signature'"].iter().any(|name| error.msg.contains(name)),
        -2015 => reply.id.is_none(),
        _ => false,
    }
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    status: Option<u16>,
    #[serde(borrow)]
    result: Option<Session<'a>>,
    #[serde(borrow)]
    error: Option<VenueError<'a>>,
}

#[derive(Deserialize)]
struct Session<'a> {
    #[serde(rename = "apiKey", borrow)]
    key: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Condition;
    use crate::venue::binance::support::{
        Dice, credentials, directory, ed25519, spot_directory, spot_sample,
    };
    use crate::venue::{Credentials, Dialects, VenueKind, dialects};
    use serde_json::{Value, json};

    fn usdm(credentials: &Credentials) -> Dialects {
        dialects(VenueKind::BinanceUsdm, &directory(&["BTCUSDT"]), credentials)
    }

    fn spot(credentials: &Credentials) -> Dialects {
        dialects(VenueKind::BinanceSpot, &spot_directory(&["BTCUSDT"]), credentials)
    }

    fn signer() -> Signer {
        Signer::new(&ed25519(), 5_000)
    }

    fn heard(told: &Value) -> Result<bool, DecodeError> {
        on_logon(&signer(), told.to_string().as_bytes())
    }

    #[test]
    fn the_worked_example_comes_out() {
        let said: Value = serde_json::from_slice(&logon(&signer(), 1_668_481_559_918)).unwrap();
        let expected = json!({
            "id": "logon",
            "method": "session.logon",
            "params": {
                "apiKey": "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO",
                "recvWindow": 5000,
                "signature": "cLwqcHYBa8n4dcNZdH8D0U9rv3ksr0z8mDOUpvUWb2DwtwnXbRnThs8OZ8Oe0lYj752/tfWOhC/QxPZsi2mZCA==",
                "timestamp": 1_668_481_559_918_u64,
            },
        });
        assert_eq!(said, expected);
    }

    #[test]
    fn only_our_own_key_is_logged_on() {
        let key = ed25519().key().to_owned();
        let told = |result: Value| json!({"id": "logon", "status": 200, "result": result});
        assert_eq!(heard(&told(json!({"apiKey": key, "authorizedSince": 1}))), Ok(true));
        for other in [json!({"apiKey": "other"}), json!({"apiKey": null}), json!({}), json!(null)] {
            assert_eq!(heard(&told(other.clone())), Err(DecodeError::Field("apiKey")), "{other}");
        }
        let notice = json!({"e": "serverShutdown", "E": 1});
        let strange = json!({"id": "p0.tkp1-1-z", "status": 200, "result": {}});
        assert_eq!((heard(&notice), heard(&strange)), (Ok(false), Ok(false)));
        if let Some(mut sample) =
            spot_sample("websocket_api__test_auth_api_ws_api", "session_logon")
        {
            sample["id"] = json!("logon");
            assert_eq!(heard(&sample), Err(DecodeError::Field("apiKey")), "the sample's own key");
            sample["result"]["apiKey"] = json!(key);
            assert_eq!(heard(&sample), Ok(true));
        }
    }

    /// What a session lacks says nothing of the key, and who signs each request has no session.
    #[test]
    fn a_session_that_is_over_is_told_as_that_and_nothing_else() {
        let unasked = r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key."}}"#;
        let asked =
            r#"{"id":"p0.tkp1-1-z","status":400,"error":{"code":-2014,"msg":"API-key format"}}"#;
        let forbidden = r#"{"id":"p0.tkp1-1-z","status":401,"error":{"code":-2015,"msg":"no"}}"#;
        for dialects in [usdm, spot] {
            let said = |credentials, text: &str| {
                let mut orders = dialects(&credentials).orders;
                let heard = orders.on_message(text.as_bytes(), &mut Vec::new());
                (heard.err(), orders.take_condition())
            };
            for text in [unasked, asked] {
                assert_eq!(said(ed25519(), text), (Some(DecodeError::LoggedOff), None), "{text}");
                let (error, condition) = said(credentials(), text);
                assert_ne!(error, Some(DecodeError::LoggedOff), "{text}");
                assert_eq!(condition, Some(Condition::KeyRefused), "{text}");
            }
            assert_eq!(said(ed25519(), forbidden), (None, Some(Condition::KeyRefused)));
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_venues_words() {
        for (id, status, code) in [
            (json!("logon"), 400, -4056),
            (json!("logon"), 401, -2015),
            (json!("logon"), 400, -1022),
            (json!(null), 400, -1021),
            (json!(null), 429, -1003),
        ] {
            let told = json!({"id": id, "status": status, "error": {"code": code, "msg": "no"}});
            let refused = heard(&told).unwrap_err();
            assert!(matches!(refused, DecodeError::Refused { code: said, .. } if said == code));
        }
        let bare = json!({"id": "logon", "status": 503});
        assert!(matches!(heard(&bare), Err(DecodeError::Refused { status: 503, code: 0, .. })));
    }

    #[test]
    fn no_bytes_log_on_by_accident() {
        let key = ed25519().key().to_owned();
        let good = json!({"id": "logon", "status": 200, "result": {"apiKey": key}}).to_string();
        for broken in Dice(7).broken(good.as_bytes(), 2_000) {
            let whole = broken.len() == good.len();
            if on_logon(&signer(), &broken) == Ok(true) {
                assert!(whole, "{}", String::from_utf8_lossy(&broken));
            }
        }
    }

    #[test]
    fn who_is_not_logged_on_is_told_in_a_few_ways() {
        let read = |told: Value| {
            let text = told.to_string();
            let reply: Reply<'_> = serde_json::from_str(&text).unwrap();
            is_logged_off(&reply)
        };
        let refused = |id: Value, code: i32, msg: &str| {
            read(json!({"id": id, "status": 400, "error": {"code": code, "msg": msg}}))
        };
        let missing = |name: &str| {
            format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
        };
        assert!(refused(json!("p0.tkp1-1-z"), -2014, "API-key format invalid."));
        assert!(refused(json!("p0.tkp1-1-z"), -1102, &missing("apiKey")));
        assert!(refused(json!("p0.tkp1-1-z"), -1102, &missing("signature")));
        assert!(refused(json!(null), -2015, "Invalid API-key, IP, or permissions for action."));
        assert!(!refused(json!("p0.tkp1-1-z"), -2015, "Invalid API-key, IP, or permissions"));
        assert!(!refused(json!("p0.tkp1-1-z"), -1102, &missing("price")));
        assert!(!refused(json!("p0.tkp1-1-z"), -2010, "Duplicate order sent."));
        assert!(!read(json!({"id": "p0.tkp1-1-z", "status": 200})));
    }
}
