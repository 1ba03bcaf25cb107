//! Every number of the configuration, written wrong in every way that people and programs find: a
//! walk over the table itself, so that a new key is in it by itself. One that is left out is in
//! `shipped_tests`.

use super::keys::{Key, Kind, OFF};
use super::table::KEYS;
use super::tests::{LIVE, PAPER, loaded};
use super::values::Item;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

const FORTY_DIGITS: &str = "1234567890123456789012345678901234567890";

/// What is written where a number belongs.
const WRITTEN: [&str; 12] = [
    "0",
    "-1",
    "9223372036854775807",
    "18446744073709551616",
    "1e30",
    FORTY_DIGITS,
    "NaN",
    ".nan",
    ".inf",
    "",
    "\"5\"",
    "0x5",
];

/// Keys that take a zero, because it means something. None of them is a limit that a zero would
/// switch off: what a zero does to each limit is `tests/it/limits_at_extremes.rs`.
const ZEROS: &[&str] = &[
    "account.taker_fee_bps",
    "backtest.latency_ms",
    "conservative.probation_s",
    "exchange.funding_rate_bps",
    "exchange.maker_fee_bps",
    "exchange.seed",
    "exchange.taker_fee_bps",
    "kill_switch.confirm_ms",
    "reconciliation.balance_tolerance",
    "reconciliation.open_orders_tolerance",
    "reconciliation.position_tolerance",
    "risk.day_rollover_hour_utc",
];

/// Numbers that the shipped files show commented out.
const UNWRITTEN: &[&str] = &[
    "venue.backup.after_ms",
    "venue.backup.tolerance_bps",
    "venue.backup.return_s",
    "exchange.speed",
    "hedge_groups[].legs[].ratio",
    "hedge_groups[].max_net_delta",
    "hedge_groups[].hedged_within",
    "hedge_groups[].max_unhedged_age_ms",
    "runtime.pin.hot",
    "runtime.pin.feed",
    "runtime.pin.order",
];

/// The key of an item, when a number may stand there.
fn number_of(item: &Item) -> Option<&'static Key> {
    let mut pattern = String::new();
    for part in item.path.split('[') {
        let (_, rest) = part.split_once(']').unwrap_or(("", part));
        let opens = if pattern.is_empty() { "" } else { "[]" };
        pattern = format!("{pattern}{opens}{rest}");
    }
    KEYS.iter().find(|key| key.path == pattern && range(key.kind).is_some())
}

/// From, to, decimals.
fn range(kind: Kind) -> Option<(Decimal, Decimal, u32)> {
    let number = |text: &str| text.parse().unwrap();
    match kind {
        Kind::Whole(min, max, _) | Kind::WholeOrOff(min, max, _) => {
            Some((min.into(), max.into(), 0))
        }
        Kind::Number(min, max, places, _) | Kind::NumberOrOff(min, max, places, _) => {
            Some((number(min), number(max), places))
        }
        Kind::Percent(max) => Some((Decimal::ONE, number(max), 2)),
        Kind::Speed(max) => Some((Decimal::ONE, max.into(), 0)),
        Kind::Group
        | Kind::GroupOrOff
        | Kind::Groups(_)
        | Kind::Symbols(_)
        | Kind::Words(_)
        | Kind::Moment
        | Kind::Settings
        | Kind::Flag
        | Kind::Choice(_)
        | Kind::Name
        | Kind::Symbol
        | Kind::Asset
        | Kind::Line
        | Kind::Address(_)
        | Kind::Filter
        | Kind::Path
        | Kind::Secret
        | Kind::SecretFile => None,
    }
}

/// The file with something else where each of these values stands.
fn rewritten(file: &str, items: &[&Item], value: &str) -> String {
    let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
    let mut items = items.to_vec();
    // From the end on, so that the places before stay what they are.
    items.sort_by_key(|item| std::cmp::Reverse(item.place));
    for item in items {
        let line = &mut lines[item.place.line - 1];
        let (before, rest) = line.split_at(item.place.column - 1);
        let end = rest.find([',', '}', ' ']).unwrap_or(rest.len());
        *line = format!("{before}{value}{}", &rest[end..]);
    }
    lines.join("\n")
}

fn faults(file: &str) -> Vec<String> {
    let faults = loaded(file).err().map(|faults| faults.to_string()).unwrap_or_default();
    faults.lines().map(str::to_owned).collect()
}

/// The number that is written, if it is one in the key's own notation.
fn as_number(text: &str) -> Option<Decimal> {
    let plain = text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    (plain && !text.is_empty()).then(|| text.parse().ok()).flatten()
}

#[test]
fn a_number_that_is_wrong_is_refused_with_its_key_and_line_however_it_is_wrong() {
    let (mut walked, mut zeros) = (BTreeSet::new(), BTreeSet::new());
    for file in [PAPER, LIVE] {
        let values = loaded(file).unwrap().values;
        let written = values.items().filter(|item| item.is_written());
        let numbers: Vec<(&Item, &Key)> =
            written.filter_map(|item| Some((item, number_of(item)?))).collect();
        let items: Vec<&Item> = numbers.iter().map(|(item, _)| *item).collect();
        walked.extend(numbers.iter().map(|(_, key)| key.path));
        for value in WRITTEN {
            let told = faults(&rewritten(file, &items, value));
            for (item, key) in &numbers {
                let (min, max, _) = range(key.kind).unwrap();
                let fits = as_number(value).is_some_and(|it| min <= it && it <= max);
                let here = format!("f:{}:", item.place.line);
                let said = told.iter().any(|it| it.starts_with(&here) && it.contains(&item.path));
                assert!(said || fits, "{} `{value}` is taken", item.path);
                if fits && value == "0" {
                    zeros.insert(key.path);
                }
            }
        }
    }
    let numbers = KEYS.iter().filter(|key| range(key.kind).is_some()).map(|key| key.path);
    let left_out: Vec<&str> = numbers.filter(|path| !walked.contains(path)).collect();
    let taken: Vec<&str> = zeros.into_iter().collect();
    assert_eq!((left_out.as_slice(), taken.as_slice()), (UNWRITTEN, ZEROS));
}

/// What may be off says so: a limit is never off by a word that only looks like it.
#[test]
fn only_the_word_itself_switches_a_limit_off() {
    let values = loaded(PAPER).unwrap().values;
    let written = values.items().filter(|item| item.is_written());
    let numbers: Vec<(&Item, &Key)> =
        written.filter_map(|item| Some((item, number_of(item)?))).collect();
    let items: Vec<&Item> = numbers.iter().map(|(item, _)| *item).collect();
    for word in [OFF, "Off", "no", "none", "null", "~"] {
        let told = faults(&rewritten(PAPER, &items, word));
        for (item, key) in &numbers {
            let may = matches!(key.kind, Kind::WholeOrOff(..) | Kind::NumberOrOff(..));
            let here = format!("f:{}:", item.place.line);
            let said = told.iter().any(|it| it.starts_with(&here) && it.contains(&item.path));
            assert_eq!(said, !(may && word == OFF), "{} `{word}`: {told:?}", item.path);
        }
    }
}
