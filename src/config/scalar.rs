//! One scalar, read as what its key holds.
//!
//! Must hold: numbers are exact decimals in plain notation; exponents, hexadecimal, `.inf` and
//! `.nan` are faults; text in quotes is never a number.

use super::build_windows::is_moment;
use super::keys::{Kind, OFF};
use super::yaml::Style;
use rust_decimal::Decimal;

/// Longest text that a key may hold.
const TEXT_CHARS_MAX: usize = 1_024;

/// The value of a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Checked {
    /// Keys of its own follow.
    Group,
    /// So many elements follow.
    List(usize),
    /// A whole number.
    Whole(u64),
    /// An exact number.
    Number(Decimal),
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// The variable that holds a secret.
    Variable(String),
    /// Something is written, and it is already a fault.
    Faulty,
}

/// What a scalar is, or what is wrong with it, as half a sentence.
pub(super) fn read(kind: Kind, text: &str, style: Style) -> Result<Checked, String> {
    let plain = (style == Style::Plain).then_some(text).filter(|_| !text.is_empty());
    let checked = match kind {
        Kind::Flag => plain.and_then(flag),
        Kind::Whole(min, max, _) => plain.and_then(|text| whole(text, min, max)),
        Kind::Number(min, max, places, _) => plain.and_then(|text| number(text, min, max, places)),
        Kind::WholeOrOff(..) | Kind::NumberOrOff(..) if plain == Some(OFF) => {
            Some(Checked::Text(OFF.to_owned()))
        }
        Kind::WholeOrOff(min, max, _) => plain.and_then(|text| whole(text, min, max)),
        Kind::NumberOrOff(min, max, places, _) => {
            plain.and_then(|text| number(text, min, max, places))
        }
        Kind::Percent(max) => return percent(plain, max, kind),
        Kind::Speed(max) => plain.and_then(|text| speed(text, max)),
        Kind::Choice(words) => words.contains(&text).then(|| Checked::Text(text.to_owned())),
        Kind::Name => is_name(text).then(|| Checked::Text(text.to_owned())),
        Kind::Line => is_line(text).then(|| Checked::Text(text.to_owned())),
        Kind::Symbol => symbol(text).map(Checked::Text),
        Kind::Moment => is_moment(text).then(|| Checked::Text(text.to_owned())),
        Kind::Asset => is_asset(text).then(|| Checked::Text(text.to_owned())),
        Kind::Address(schemes) => super::address::read(text, schemes).map(Checked::Text),
        Kind::Filter => is_filter(text).then(|| Checked::Text(text.to_owned())),
        Kind::Path | Kind::SecretFile => is_path(text).then(|| Checked::Text(text.to_owned())),
        // Not scalars, or read before variables are filled in.
        Kind::Group
        | Kind::GroupOrOff
        | Kind::Groups(_)
        | Kind::Symbols(_)
        | Kind::Words(_)
        | Kind::Settings
        | Kind::Secret => None,
    };
    checked.ok_or_else(|| format!("is not {}", kind.expected()))
}

/// A setting of a strategy: its meaning is the strategy's, its type is as written.
pub(super) fn setting(text: &str, style: Style) -> Result<Checked, String> {
    if TEXT_CHARS_MAX < text.chars().count() {
        return Err("is too long".to_owned());
    }
    let plain = (style == Style::Plain).then_some(text);
    let checked = plain.and_then(|text| flag(text).or_else(|| decimal(text).map(Checked::Number)));
    Ok(checked.unwrap_or_else(|| Checked::Text(text.to_owned())))
}

fn flag(text: &str) -> Option<Checked> {
    match text {
        "true" => Some(Checked::Flag(true)),
        "false" => Some(Checked::Flag(false)),
        _ => None,
    }
}

fn whole(text: &str, min: u64, max: u64) -> Option<Checked> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (min..=max).contains(&number).then_some(Checked::Whole(number))
}

fn number(text: &str, min: &str, max: &str, places: u32) -> Option<Checked> {
    let number = decimal(text)?;
    let in_range = decimal(min)? <= number && number <= decimal(max)?;
    (in_range && number.normalize().scale() <= places).then_some(Checked::Number(number))
}

fn percent(plain: Option<&str>, max: &str, kind: Kind) -> Result<Checked, String> {
    if let Some(fraction) =
        plain.and_then(decimal).filter(|it| Decimal::ZERO < *it && *it < Decimal::ONE)
    {
        let meant = (fraction * Decimal::ONE_HUNDRED).normalize();
        let fraction = fraction.normalize();
        return Err(format!("would be {fraction} %: write {meant} for {meant} %"));
    }
    let number = plain.and_then(|text| number(text, "1", max, 2));
    number.ok_or_else(|| format!("is not {}", kind.expected()))
}

fn speed(text: &str, max: u64) -> Option<Checked> {
    if text == "max" {
        return Some(Checked::Text(text.to_owned()));
    }
    whole(text, 1, max)
}

/// Plain notation only: `-12.5`.
fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (before, after) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits(before) && is_digits(after)).then(|| Decimal::from_str_exact(text).ok()).flatten()
}

fn is_name(text: &str) -> bool {
    let is_part =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    text.len() <= 32
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(is_part)
}

/// It is told in logs: nothing in it can forge a line.
fn is_line(text: &str) -> bool {
    let length = text.chars().count();
    (1..=200).contains(&length) && !text.chars().any(char::is_control)
}

/// `BTC/USDT`, `btc-usdt` and `BTCUSDT` are one symbol. A dated contract keeps its underscore.
fn symbol(text: &str) -> Option<String> {
    let symbol = match text.split_once(['/', '-']) {
        Some((base, quote)) if !base.is_empty() && !quote.is_empty() => format!("{base}{quote}"),
        Some(_) => return None,
        None => text.to_owned(),
    };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = (3..=32).contains(&symbol.len()) && symbol.bytes().all(is_part);
    fits.then(|| symbol.to_ascii_uppercase())
}

fn is_asset(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (2..=16).contains(&text.len()) && text.bytes().all(is_part)
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= TEXT_CHARS_MAX
}

fn is_filter(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_:=,".contains(c);
    let plain = !text.is_empty() && text.len() <= TEXT_CHARS_MAX && text.chars().all(is_part);
    // A lone word that is no level would be a module that logs everything and others nothing.
    let levels = ["trace", "debug", "info", "warn", "error", "off"];
    let is_level = |part: &str| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        levels.contains(&level)
    };
    plain && text.split(',').all(is_level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Style::{Plain, Quoted};

    fn is(kind: Kind, text: &str) -> bool {
        read(kind, text, Plain).is_ok()
    }

    #[test]
    fn a_whole_number_is_plain_digits_within_its_range() {
        let kind = Kind::Whole(5, 60, "orders");
        assert_eq!(read(kind, "5", Plain), Ok(Checked::Whole(5)));
        assert_eq!(read(kind, "60", Plain), Ok(Checked::Whole(60)));
        for text in
            ["4", "61", "5.0", "+5", "-5", "0x10", "1e1", "1_0", "", " 6", "99999999999999999999"]
        {
            assert!(!is(kind, text), "{text}");
        }
        assert!(read(kind, "6", Quoted).is_err());
    }

    #[test]
    fn a_number_is_exact_and_in_plain_notation() {
        let kind = Kind::Number("0.01", "50", 2, "percent");
        let number = |text: &str| Ok(Checked::Number(text.parse().unwrap()));
        assert_eq!(read(kind, "0.01", Plain), number("0.01"));
        assert_eq!(read(kind, "50", Plain), number("50"));
        assert!(is(kind, "1.5000"));
        for text in [
            "0.009", "0", "-1", "50.01", "1.001", ".5", "5.", "1e1", ".inf", ".nan", "NaN", "+1",
            "1,5", "0x1",
        ] {
            assert!(!is(kind, text), "{text}");
        }
        assert!(is(Kind::Number("-100", "100", 2, "bps"), "-0.5"));
    }

    #[test]
    fn an_optional_limit_is_a_number_or_the_word_off() {
        let whole = Kind::WholeOrOff(5, 60, "orders");
        let number = Kind::NumberOrOff("0.01", "50", 2, "percent");
        for kind in [whole, number] {
            assert_eq!(read(kind, "off", Plain), Ok(Checked::Text("off".to_owned())));
            assert!(is(kind, "5") && is(kind, "50"));
            for text in ["Off", "0", "-1", "", "none", "false", "61"] {
                assert!(!is(kind, text), "{text}");
            }
            assert!(read(kind, "off", Quoted).is_err());
        }
        assert!(is(number, "0.01") && !is(whole, "5.5"));
    }

    #[test]
    fn a_percentage_below_one_is_refused_with_a_hint() {
        let kind = Kind::Percent("100");
        let hint = "would be 0.15 %: write 15 for 15 %".to_owned();
        assert_eq!(read(kind, "0.15", Plain), Err(hint));
        assert!(read(kind, "0.99", Plain).unwrap_err().contains("write 99 for 99 %"));
        assert!(is(kind, "1") && is(kind, "100") && is(kind, "12.5"));
        for text in ["0", "-1", "100.01", "1.001", "15%"] {
            assert!(read(kind, text, Plain).unwrap_err().starts_with("is not a number"), "{text}");
        }
    }

    #[test]
    fn words_and_flags_are_what_they_say() {
        assert!(is(Kind::Flag, "true") && is(Kind::Flag, "false"));
        for text in ["yes", "True", "1", "on", ""] {
            assert!(!is(Kind::Flag, text), "{text}");
        }
        assert!(read(Kind::Flag, "true", Quoted).is_err());
        assert!(read(Kind::Choice(&["a", "b"]), "a", Quoted).is_ok());
        assert!(!is(Kind::Choice(&["a", "b"]), "c"));
        assert!(
            is(Kind::Speed(10), "max") && is(Kind::Speed(10), "10") && !is(Kind::Speed(10), "11")
        );
        assert!(is(Kind::Name, "a") && is(Kind::Name, "quoter-btc_2"));
        assert!(is(Kind::Name, &"a".repeat(32)) && !is(Kind::Name, &"a".repeat(33)));
        for text in ["", "1a", "-a", "A", "a b", "a/b", "..", "é"] {
            assert!(!is(Kind::Name, text), "{text}");
        }
        assert!(
            is(Kind::Line, "+1 555 0100, ask for the desk") && is(Kind::Line, &"é".repeat(200))
        );
        assert!(
            !is(Kind::Line, "") && !is(Kind::Line, &"x".repeat(201)) && !is(Kind::Line, "a\nb")
        );
        assert!(is(Kind::Asset, "USDT") && !is(Kind::Asset, "usdt") && !is(Kind::Asset, "U"));
        assert!(is(Kind::Filter, "info") && is(Kind::Filter, "warn,tradekeel::venue=debug"));
        for text in ["", "loud", "info,", "a=b", "info warn"] {
            assert!(!is(Kind::Filter, text), "{text}");
        }
    }

    #[test]
    fn a_symbol_has_one_spelling() {
        for text in ["BTCUSDT", "BTC/USDT", "BTC-USDT", "btc/usdt"] {
            let expected = Checked::Text("BTCUSDT".to_owned());
            assert_eq!(read(Kind::Symbol, text, Plain), Ok(expected));
        }
        assert!(is(Kind::Symbol, "BTCUSDT_260925"));
        for text in ["", "/USDT", "BTC/", "B/T/C", "A-", "BTC USDT", "BT", "BTC.P"] {
            assert!(!is(Kind::Symbol, text), "{text}");
        }
    }

    #[test]
    fn a_setting_keeps_the_type_it_was_written_in() {
        assert_eq!(setting("0.01", Plain), Ok(Checked::Number("0.01".parse().unwrap())));
        assert_eq!(setting("true", Plain), Ok(Checked::Flag(true)));
        assert_eq!(setting("5", Quoted), Ok(Checked::Text("5".to_owned())));
        assert_eq!(setting("1e5", Plain), Ok(Checked::Text("1e5".to_owned())));
    }
}
