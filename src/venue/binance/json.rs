//! Reading the messages that are not hot: answers, executions, accounts.
//!
//! Must hold: size and nesting are bounded before anything is read; an answer that is no success is
//! an error that carries the venue's own words, made harmless.
//!
//! Decision: `serde_json` and not `simd-json`. On messages of this size the two are alike (454
//! against 514 ns for a quote, see `wire`), these are read a few times a second at most, and
//! `simd-json` wants the bytes as its own to change; it stays as a second oracle of the benchmark.

use super::error::advice;
use super::scan::Cursor;
use crate::types::{Cash, Price, Qty};
use crate::venue::{Answer, DecodeError, MESSAGE_BYTES_MAX};
use serde::Deserialize;
use std::borrow::Cow;

/// Largest answer that is read: reference data of all symbols is about 1.5 MB.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Longest text of a venue that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// One message of a WebSocket. `what` names it in an error.
pub(super) fn message<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    what: &'static str,
) -> Result<T, DecodeError> {
    bounded(bytes, MESSAGE_BYTES_MAX, what)
}

/// The body of an answer.
pub(super) fn body<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    what: &'static str,
) -> Result<T, DecodeError> {
    bounded(bytes, ANSWER_BYTES_MAX, what)
}

fn bounded<'a, T: Deserialize<'a>>(
    bytes: &'a [u8],
    bytes_max: usize,
    what: &'static str,
) -> Result<T, DecodeError> {
    if bytes_max < bytes.len() {
        return Err(DecodeError::TooLarge(bytes.len()));
    }
    let mut cursor = Cursor::new(bytes);
    cursor.value().and_then(|_| cursor.end()).ok_or(DecodeError::NotJson)?;
    serde_json::from_slice(bytes).map_err(|_| DecodeError::Field(what))
}

/// The body of a success; anything else is an error.
pub(super) fn success(answer: Option<&Answer>) -> Result<&[u8], DecodeError> {
    match answer {
        Some(answer) if answer.status == 200 => Ok(&answer.body),
        Some(answer) => Err(refused(answer)),
        None => {
            Err(DecodeError::Refused { status: 0, code: 0, text: "there was no answer".into() })
        }
    }
}

/// Code and words of a refusal, as far as they can be read.
pub(super) fn refused(answer: &Answer) -> DecodeError {
    let error: Option<VenueError<'_>> = body(&answer.body, "code").ok();
    match error {
        Some(error) => error.refusal(answer.status),
        None => {
            let text = harmless(&String::from_utf8_lossy(&answer.body));
            DecodeError::Refused { status: answer.status, code: 0, text }
        }
    }
}

/// How the venue says no.
#[derive(Debug, Deserialize)]
pub(super) struct VenueError<'a> {
    pub(super) code: i32,
    #[serde(borrow, default)]
    pub(super) msg: Cow<'a, str>,
}

impl VenueError<'_> {
    /// The same, with what a person must know beside it.
    pub(super) fn refusal(&self, status: u16) -> DecodeError {
        let mut text = harmless(&self.msg);
        if let Some(advice) = advice(self.code) {
            text.push(' ');
            text.push_str(advice);
        }
        DecodeError::Refused { status, code: self.code, text }
    }
}

/// Text of a venue for logs and people: short, and without anything that could forge a line.
pub(super) fn harmless(text: &str) -> String {
    let mut kept = String::new();
    for character in text.chars() {
        let character = if character.is_control() { ' ' } else { character };
        if TEXT_BYTES_MAX < kept.len() + character.len_utf8() {
            break;
        }
        kept.push(character);
    }
    kept
}

/// A price as text, which must be there.
pub(super) fn price(text: Option<&str>, field: &'static str) -> Result<Price, DecodeError> {
    text.and_then(|text| Price::parse(text.as_bytes())).ok_or(DecodeError::Field(field))
}

/// A quantity as text, which must be there.
pub(super) fn qty(text: Option<&str>, field: &'static str) -> Result<Qty, DecodeError> {
    text.and_then(|text| Qty::parse(text.as_bytes())).ok_or(DecodeError::Field(field))
}

/// An amount as text, which must be there.
pub(super) fn cash(text: Option<&str>, field: &'static str) -> Result<Cash, DecodeError> {
    text.and_then(|text| Cash::parse(text.as_bytes())).ok_or(DecodeError::Field(field))
}

/// A part of the notional, to eight decimals: below one, either way.
pub(super) fn rate(text: &str) -> Option<i64> {
    Qty::parse(text.as_bytes()).filter(|rate| rate.abs() < Qty::whole(1)).map(Qty::units)
}

/// The venue's time in an answer to a question after it, milliseconds since the Unix epoch.
pub(super) fn clock(answer: &Answer) -> Result<u64, DecodeError> {
    let clock: Clock = body(success(Some(answer))?, "serverTime")?;
    Ok(clock.server_time)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clock {
    server_time: u64,
}

/// An average price. The venue divides and may write more places than a price can have; those
/// beyond 1e-8 are cut, because no order is ever at an average.
pub(super) fn average(text: &str) -> Option<Price> {
    let Some((whole, part)) = text.split_once('.') else { return Price::parse(text.as_bytes()) };
    let (kept, cut) = part.split_at_checked(8).unwrap_or((part, ""));
    let is_number = cut.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Price::parse(format!("{whole}.{kept}").as_bytes())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_may_have_more_places_than_a_price() {
        let shown = |text| average(text).map(|price| price.to_string());
        assert_eq!(shown("102213.9333333333").as_deref(), Some("102213.93333333"));
        assert_eq!(shown("-0.385").as_deref(), Some("-0.385"));
        assert_eq!(shown("7").as_deref(), Some("7"));
        assert_eq!(shown("1.00000000x"), None);
        assert_eq!(shown("nan"), None);
    }

    #[test]
    fn a_refusal_carries_the_venues_words_made_harmless() {
        let body = format!("{{\"code\":-2015,\"msg\":\"no\\nkey {}\"}}", "x".repeat(400));
        let answer = Answer::new(401, body);
        let Err(DecodeError::Refused { status, code, text }) = success(Some(&answer)) else {
            panic!("a refusal is an error");
        };
        assert_eq!((status, code), (401, -2015));
        assert_eq!(text.find(" (check the key"), Some(256));
        assert!(text.starts_with("no key x") && text.contains("portfolio margin"));
        let page = Answer::new(503, b"<html>\xff");
        assert!(matches!(refused(&page), DecodeError::Refused { status: 503, code: 0, .. }));
        assert!(matches!(success(None), Err(DecodeError::Refused { status: 0, .. })));
    }

    #[test]
    fn size_and_nesting_are_bounded_before_reading() {
        let read = |bytes: &[u8]| message::<serde::de::IgnoredAny>(bytes, "x").map(|_| ());
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(read(nested(32).as_bytes()), Ok(()));
        assert_eq!(read(nested(33).as_bytes()), Err(DecodeError::NotJson));
        let spaces = |count: usize| format!("1{}", " ".repeat(count - 1));
        assert_eq!(read(spaces(MESSAGE_BYTES_MAX).as_bytes()), Ok(()));
        let size = MESSAGE_BYTES_MAX + 1;
        assert_eq!(read(spaces(size).as_bytes()), Err(DecodeError::TooLarge(size)));
    }
}
