//! Parameters of a request, from a query, a form body or the `params` of a WebSocket message.
//!
//! Must hold: any bytes are parameters or a fault; a name that stands twice in one of them is a
//! fault.

use super::fault::Fault;
use crate::types::{Price, Qty};
use serde_json::{Map, Value};

/// Most parameters of one request; an order has sixteen.
const PARAMS_MAX: usize = 64;

/// What a name means that stands in the query and in the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Twice {
    /// A fault.
    Refused,
    /// The one in the query (Spot sheet, section 2).
    QueryWins,
}

/// Names and values, decoded. An empty value counts as not sent, as at the venue.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// From a query and a form body.
    pub(super) fn of_form(query: &[u8], body: &[u8], twice: Twice) -> Result<Self, Fault> {
        let mut params = Self::of_pairs(query, &Self::default())?;
        let from_query = match twice {
            Twice::Refused => &Self::default(),
            Twice::QueryWins => &params.clone(),
        };
        for (name, value) in Self::of_pairs(body, from_query)?.0 {
            params.push(name, value)?;
        }
        Ok(params)
    }

    /// From one of the two; a name that `known` has is left out.
    fn of_pairs(text: &[u8], known: &Self) -> Result<Self, Fault> {
        let mut params = Self::default();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let name = percent_decoded(name)?;
            let value = percent_decoded(value.get(1..).unwrap_or(b""))?;
            if !known.0.iter().any(|(known, _)| *known == name) {
                params.push(name, value)?;
            }
        }
        Ok(params)
    }

    /// From a JSON object of plain values.
    pub(super) fn of_json(object: &Map<String, Value>) -> Result<Self, Fault> {
        let mut params = Self::default();
        for (name, value) in object {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(word) => word.to_string(),
                Value::Null => continue,
                // A list of names, as a query would write it.
                Value::Array(_) => value.to_string(),
                Value::Object(_) => return Err(Fault::invalid(name)),
            };
            params.push(name.clone(), text)?;
        }
        Ok(params)
    }

    fn push(&mut self, name: String, value: String) -> Result<(), Fault> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(Fault::duplicate_parameter());
        }
        if PARAMS_MAX <= self.0.len() {
            return Err(Fault::illegal_characters());
        }
        self.0.push((name, value));
        Ok(())
    }

    /// The value, when there is one.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The value, which must be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Fault> {
        self.find(name).ok_or_else(|| Fault::missing(name))
    }

    /// A whole number, when it is there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        let parsed = self.find(name).map(|text| text.parse().map_err(|_| Fault::missing(name)));
        parsed.transpose()
    }

    /// `true` or `false`, `false` when it is not there.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.find(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Fault::missing(name)),
        }
    }

    /// A price, when it is there.
    pub(super) fn price(&self, name: &str) -> Result<Option<Price>, Fault> {
        self.find(name).map(|text| decimal(name, text, Price::parse(text.as_bytes()))).transpose()
    }

    /// A quantity, which must be there.
    pub(super) fn qty(&self, name: &str) -> Result<Qty, Fault> {
        let text = self.need(name)?;
        decimal(name, text, Qty::parse(text.as_bytes()))
    }

    /// What a WebSocket signature is made over: all but the signature, sorted by name, not encoded.
    pub(super) fn sorted_payload(&self) -> Vec<u8> {
        let signed = self.0.iter().filter(|(name, _)| name != "signature");
        let mut pairs: Vec<String> =
            signed.map(|(name, value)| format!("{name}={value}")).collect();
        pairs.sort();
        pairs.join("&").into_bytes()
    }
}

/// A decimal that is one but not for us is too fine or too large; anything else is no decimal.
fn decimal<T>(name: &str, text: &str, parsed: Option<T>) -> Result<T, Fault> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'-';
    parsed.ok_or_else(|| match text.bytes().all(plain) {
        true => Fault::precision(),
        false => Fault::missing(name),
    })
}

/// Text of a query as it was meant.
pub(super) fn percent_decoded(text: &[u8]) -> Result<String, Fault> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let byte = hex_digit(*high).zip(hex_digit(*low));
                let (high, low) = byte.ok_or_else(Fault::illegal_characters)?;
                plain.push(high << 4 | low);
                rest = after;
            }
            (b'%', _) => return Err(Fault::illegal_characters()),
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(*byte),
        }
    }
    String::from_utf8(plain).map_err(|_| Fault::illegal_characters())
}

/// The value of a hexadecimal digit.
pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
