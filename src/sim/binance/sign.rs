//! Who sent a request: key, signature and time (USDⓈ-M sheet, section 2; Spot sheet, sections 2
//! and 3).

use super::fault::Fault;
use super::params::{Params, hex_digit, percent_decoded};
use crate::venue::key::Proof;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Window when a request names none, and the largest that it may name, milliseconds.
const RECEIVE_WINDOW_MS: u64 = 5_000;
const RECEIVE_WINDOW_MS_MAX: u64 = 60_000;

/// A request may be this much ahead of the venue's clock, milliseconds, not reached.
const AHEAD_MS: u64 = 1_000;

/// What a signature of an HTTP request is made over, and the signature: the last parameter of the
/// body or of the query, decoded.
pub(super) fn split(query: &[u8], body: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let plain = |signature| percent_decoded(signature).map_err(|_| Fault::signature());
    if let Some((payload, signature)) = cut(body) {
        return Ok(([query, payload].concat(), plain(signature)?.into_bytes()));
    }
    match cut(query) {
        Some((payload, signature)) => {
            Ok(([payload, body].concat(), plain(signature)?.into_bytes()))
        }
        None if names_signature(query) || names_signature(body) => Err(Fault::signature()),
        None => Err(Fault::missing("signature")),
    }
}

fn cut(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let last = part.iter().rposition(|byte| *byte == b'&').map_or(0, |at| at + 1);
    let signature = part.get(last..)?.strip_prefix(b"signature=")?;
    Some((&part[..last.saturating_sub(1)], signature))
}

fn names_signature(part: &[u8]) -> bool {
    part.split(|byte| *byte == b'&').any(|pair| pair.starts_with(b"signature="))
}

/// What only the owner of an account can have written under `payload`: HMAC-SHA256 as hex, or
/// Ed25519 as Base64.
pub(super) fn check(proof: &Proof, payload: &[u8], signature: &[u8]) -> Result<(), Fault> {
    match proof {
        Proof::Secret(secret) => check_hmac(secret, payload, signature),
        Proof::PublicKey(key) => {
            let bytes = BASE64_STANDARD.decode(signature).map_err(|_| Fault::signature())?;
            let key = UnparsedPublicKey::new(&ED25519, key);
            key.verify(payload, &bytes).map_err(|_| Fault::signature())
        }
    }
}

/// Compared in constant time.
fn check_hmac(secret: &str, payload: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let digits = signature.chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(hex_digit(*high)? << 4 | hex_digit(*low)?),
        _ => None,
    });
    let bytes: Option<Vec<u8>> = digits.collect();
    let bytes =
        bytes.filter(|bytes| bytes.len() * 2 == signature.len()).ok_or_else(Fault::signature)?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| Fault::signature())?;
    mac.chain_update(payload).verify_slice(&bytes).map_err(|_| Fault::signature())
}

/// How finely a dialect reads times.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Times {
    /// Whole milliseconds.
    Milliseconds,
    /// A timestamp in microseconds too, and a window with up to three places (Spot sheet,
    /// section 3).
    Microseconds,
}

/// A timestamp from here on is in microseconds: in milliseconds it would be the year 33,658.
const MICROSECONDS_FROM: u64 = 1_000_000_000_000_000;

/// `timestamp < now + 1000 && now - timestamp <= recvWindow`.
pub(super) fn check_time(now_unix_ms: u64, params: &Params, times: Times) -> Result<(), Fault> {
    let sent = params.number("timestamp")?.ok_or_else(|| Fault::missing("timestamp"))?;
    let sent_us = match times {
        Times::Microseconds if MICROSECONDS_FROM <= sent => sent,
        Times::Milliseconds | Times::Microseconds => sent.saturating_mul(1_000),
    };
    let window_us = window_us(params, times)?;
    if RECEIVE_WINDOW_MS_MAX * 1_000 < window_us {
        return Err(Fault::receive_window());
    }
    let now_us = now_unix_ms.saturating_mul(1_000);
    if now_us.saturating_add(AHEAD_MS * 1_000) <= sent_us {
        return Err(Fault::timestamp_ahead());
    }
    if window_us < now_us.saturating_sub(sent_us) {
        return Err(Fault::timestamp_old());
    }
    Ok(())
}

fn window_us(params: &Params, times: Times) -> Result<u64, Fault> {
    let Some(text) = params.find("recvWindow") else { return Ok(RECEIVE_WINDOW_MS * 1_000) };
    let malformed = || Fault::missing("recvWindow");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_fine = text.contains('.');
    let digits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if is_fine && (times == Times::Milliseconds || !digits) {
        return Err(malformed());
    }
    let whole: u64 = whole.parse().map_err(|_| malformed())?;
    let part: u64 = format!("{part:0<3}").parse().map_err(|_| malformed())?;
    Ok(whole.saturating_mul(1_000).saturating_add(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::binance::params::Twice;

    /// Of HMAC.
    fn secret(text: &str) -> Proof {
        Proof::Secret(text.to_owned())
    }

    const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

    #[test]
    fn the_worked_vectors_pass() {
        let query = b"symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&\
            recvWindow=5000&timestamp=1591702613943&signature=\
            3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9";
        let (payload, signature) = split(query, b"").unwrap();
        assert_eq!(check(&secret(SECRET), &payload, &signature), Ok(()));
        let query = b"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
        let body = b"quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943&signature=\
            30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4";
        let (payload, signature) = split(query, body).unwrap();
        assert_eq!(check(&secret(SECRET), &payload, &signature), Ok(()));
        assert_eq!(check(&secret("other"), &payload, &signature).unwrap_err().code, -1022);
    }

    #[test]
    fn the_worked_vectors_of_ed25519_pass() {
        let public = "MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=";
        let proof = Proof::PublicKey(crate::venue::key::ed25519_public_key(public).unwrap());
        let query = b"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2&\
            timestamp=1668481559918&recvWindow=5000&signature=\
            inDT086KVIP8vgUfw5sV3VTkescWztiAGlf4x8FLKHM4NInsn0c1kYVLoGMO8cyjfR6vmTku2YQE0gtfVVlfCw%3D%3D";
        let (payload, signature) = split(query, b"").unwrap();
        assert_eq!(check(&proof, &payload, &signature), Ok(()));
        let logon = b"apiKey=4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO&\
            recvWindow=5000&timestamp=1668481559918";
        let signature =
            b"cLwqcHYBa8n4dcNZdH8D0U9rv3ksr0z8mDOUpvUWb2DwtwnXbRnThs8OZ8Oe0lYj752/tfWOhC/\
            QxPZsi2mZCA==";
        assert_eq!(check(&proof, logon, signature), Ok(()));
        for odd in [&signature[1..], b"", b"zz", b"QUJD", b"70617065722d736563726574"] {
            assert_eq!(check(&proof, logon, odd).unwrap_err().code, -1022);
        }
        assert_eq!(check(&proof, &logon[1..], signature).unwrap_err().code, -1022);
        assert_eq!(split(b"timestamp=1&signature=%zz", b"").unwrap_err().code, -1022);
    }

    #[test]
    fn the_signature_is_last_or_wrong() {
        assert_eq!(split(b"signature=ab&timestamp=1", b"").unwrap_err().code, -1022);
        assert_eq!(split(b"timestamp=1", b"").unwrap_err().code, -1102);
        assert_eq!(split(b"signature=ab", b"").unwrap().0, b"");
        for odd in [&b"abc"[..], b"", b"zz", b"ab"] {
            assert_eq!(check(&secret(SECRET), b"a=1", odd).unwrap_err().code, -1022);
        }
    }

    #[test]
    fn time_is_bounded_on_both_sides() {
        let at = |sent: u64| {
            let query = format!("timestamp={sent}&recvWindow=5000");
            let params = Params::of_form(query.as_bytes(), b"", Twice::Refused).unwrap();
            check_time(100_000, &params, Times::Milliseconds).map_err(|fault| fault.code)
        };
        assert_eq!(at(100_999), Ok(()));
        assert_eq!(at(101_000), Err(-1021));
        assert_eq!(at(95_000), Ok(()));
        assert_eq!(at(94_999), Err(-1021));
        assert_eq!(at(u64::MAX), Err(-1021));
    }

    #[test]
    fn the_window_has_a_bound() {
        let with = |query: &str| {
            let params = Params::of_form(query.as_bytes(), b"", Twice::Refused).unwrap();
            check_time(100_000, &params, Times::Milliseconds).map_err(|fault| fault.code)
        };
        assert_eq!(with("timestamp=40000&recvWindow=60000"), Ok(()));
        assert_eq!(with("timestamp=40000&recvWindow=60001"), Err(-1131));
        assert_eq!(with("timestamp=100000"), Ok(()));
        assert_eq!(with("timestamp=x"), Err(-1102));
        assert_eq!(with("recvWindow=5"), Err(-1102));
    }

    #[test]
    fn fine_times_are_for_those_who_read_them() {
        let with = |query: &str, times: Times| {
            let params = Params::of_form(query.as_bytes(), b"", Twice::Refused).unwrap();
            check_time(1_700_000_000_000, &params, times).map_err(|fault| fault.code)
        };
        let (coarse, fine) = (Times::Milliseconds, Times::Microseconds);
        let of = |sent: u64, window: &str| format!("timestamp={sent}&recvWindow={window}");
        let at = 1_700_000_000_000_000;
        assert_eq!(with(&of(at - 1_500, "1.5"), fine), Ok(()));
        assert_eq!(with(&of(at - 1_501, "1.5"), fine), Err(-1021));
        assert_eq!(with(&of(at + 999_999, "5"), fine), Ok(()));
        assert_eq!(with(&of(at + 1_000_000, "5"), fine), Err(-1021));
        assert_eq!(with(&of(at, "60000.001"), fine), Err(-1131));
        assert_eq!(with(&of(at, "1.0001"), fine), Err(-1102));
        assert_eq!(with(&of(at, "5"), coarse), Err(-1021));
        assert_eq!(with(&of(1_700_000_000_000, "5.5"), coarse), Err(-1102));
    }
}
