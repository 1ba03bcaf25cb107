//! The files that are shipped: they hold, they are complete, and they explain themselves.

use super::keys::Kind;
use super::table::KEYS;
use super::tests::{LIVE, PAPER, config, faults, parked};
use super::*;
use crate::core::Sharing;
use crate::venue::VenueKind;

const SCHEMA: &str = include_str!("../../configs/engine.schema.json");

#[test]
fn live_is_binance_with_real_money_and_begins_halted() {
    let live = config(LIVE);
    assert_eq!((live.mode, live.initial_state), (TradingMode::Live, InitialState::Halted));
    assert_eq!(live.sharing, Sharing::Exclusive);
    assert_eq!(live.venue.kind, VenueKind::BinanceUsdm);
    let expected = Endpoint::Remote {
        rest: "https://fapi.binance.com".to_owned(),
        streams: "wss://fstream.binance.com".to_owned(),
        order_entry: "wss://ws-fapi.binance.com".to_owned(),
        wallet: Some("https://api.binance.com".to_owned()),
    };
    assert_eq!(live.venue.endpoint, expected);
    assert_eq!(live.limits.drawdown.max_bps, 1_500);
    assert_eq!(
        (live.limits.clock.warn_ns, live.limits.clock.kill_ns),
        (500_000_000, 2_000_000_000)
    );
}

#[test]
fn the_test_network_differs_from_live_by_where_it_is() {
    const TESTNET: &str = include_str!("../../configs/testnet.yaml");
    let testnet = config(TESTNET);
    assert_eq!((testnet.mode, testnet.initial_state), (TradingMode::Paper, InitialState::Halted));
    assert!(matches!(&testnet.venue.endpoint, Endpoint::Remote { wallet: None, .. }));
    let from_here = |file: &str| file.split_once("# What is traded.").unwrap().1.to_owned();
    assert_eq!(from_here(TESTNET), from_here(LIVE));
}

#[test]
fn paper_needs_nothing_but_itself() {
    let paper = config(PAPER);
    assert_eq!((paper.mode, paper.initial_state), (TradingMode::Paper, InitialState::Active));
    assert!(matches!(
        paper.venue.endpoint,
        Endpoint::Embedded(ExchangeConfig { market: MarketSource::Seed(7), .. })
    ));
    let symbols: Vec<&str> = paper.instruments.iter().map(|it| it.symbol.as_str()).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHUSDT", "SOLUSDT"]);
    let kinds: Vec<&str> = paper.strategies.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["quoter", "quoter", "momentum"]);
    assert_eq!(paper.runtime, parked());
}

#[test]
fn spot_has_nothing_that_only_contracts_have() {
    const SPOT: &str = include_str!("../../configs/spot.yaml");
    let spot = config(SPOT);
    assert_eq!((spot.mode, spot.venue.kind), (TradingMode::Paper, VenueKind::BinanceSpot));
    assert!(matches!(spot.venue.endpoint, Endpoint::Embedded(_)));
    assert_eq!(spot.dead_man, DeadManConfig::Off(DeadManOff::NotAtVenue));
    assert!(spot.limits.instruments.iter().all(|it| it.leverage == 1));
    let written = SPOT.replace("  exclusive: true\n", "  exclusive: true\n  margin_mode: cross\n");
    let said = faults(&written).join("\n");
    assert!(said.contains("account.margin_mode: means nothing on a spot venue"), "{said}");
    let missing = PAPER.replacen("    leverage: 20\n", "", 1);
    let said = faults(&missing).join("\n");
    assert!(said.contains("instruments[0].leverage: is missing"), "{said}");
    let written =
        SPOT.replace("  taker_fee_bps: 10\n\n#", "  taker_fee_bps: 10\n  funding_rate_bps: 1\n\n#");
    let said = faults(&written).join("\n");
    assert!(said.contains("exchange.funding_rate_bps: means nothing on a spot venue"), "{said}");
}

/// The name of the key that a line gives, also where it is commented out.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_start().trim_start_matches("# ").trim_start().trim_start_matches("- ");
    let (name, _) = line.split_once(':')?;
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    (!name.is_empty() && name.chars().all(is_word)).then_some(name)
}

#[test]
fn every_key_is_written_out_with_a_comment() {
    for key in KEYS {
        let file = if key.path.starts_with("exchange") { PAPER } else { LIVE };
        let is_there = file.lines().any(|line| key_of(line) == Some(key.name()));
        assert!(is_there, "{} stands in no shipped file", key.path);
    }
    for file in [LIVE, PAPER] {
        assert!(file.starts_with("# yaml-language-server: $schema=engine.schema.json\n"));
        let lines: Vec<&str> = file.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let is_key = key_of(line).is_some() && !line.trim_start().starts_with('#');
            // A group is explained by what stands above it or by its keys.
            let is_group = line.ends_with(':');
            let above = index.checked_sub(1).and_then(|above| lines.get(above)).unwrap_or(&"");
            let is_explained = line.contains(" # ") || above.trim_start().starts_with("# ");
            assert!(!is_key || is_group || is_explained, "line {}: {line}", index + 1);
        }
    }
}

#[test]
fn every_key_that_is_taken_away_is_missed_or_has_a_default() {
    for (file, index, line) in [LIVE, PAPER]
        .into_iter()
        .flat_map(|file| file.lines().enumerate().map(move |(index, line)| (file, index, line)))
    {
        let is_value =
            !line.trim_start().starts_with(['#', '-']) && !line.trim_end().ends_with(':');
        let Some(name) = key_of(line).filter(|_| is_value) else { continue };
        let rest: Vec<&str> =
            file.lines().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| line).collect();
        let said = faults(&rest.join("\n")).join("\n");
        let root = ["runtime", "journal", "backup", "log", "backtest"];
        let has_default = name == "folder"
            || KEYS.iter().any(|key| key.name() == name && root.contains(&key.group()));
        if has_default {
            assert_eq!(said, "", "{line}");
        } else {
            let is_missed = said.contains("is missing") || said.contains("holds nothing");
            assert!(said.contains(name) && is_missed, "{line}: {said}");
        }
    }
}

#[test]
fn the_schema_in_the_repository_is_the_one_of_the_table() {
    assert!(SCHEMA == schema(), "run `engine config schema > configs/engine.schema.json`");
}

#[test]
fn the_schema_knows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for key in KEYS {
        let mut pointer = String::new();
        for part in key.path.split('.') {
            let may_be_off = schema.pointer(&format!("{pointer}/anyOf/0/properties")).is_some();
            pointer.push_str(if may_be_off { "/anyOf/0/properties/" } else { "/properties/" });
            pointer.push_str(part.trim_end_matches("[]"));
            if part.ends_with("[]") {
                pointer.push_str("/items");
            }
        }
        let node = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        let meaning = node["description"].as_str().unwrap();
        assert!(meaning.starts_with(key.meaning), "{meaning}");
        assert_eq!(node["additionalProperties"] == false, matches!(key.kind, Kind::Group));
    }
}

/// Values of a number that no limit takes: less than nothing, nothing, too much, and no number.
#[test]
fn no_limit_takes_nothing_or_less_or_far_too_much() {
    let roots = ["instruments", "strategies", "kill_switch", "clock_sync", "risk", "conservative"];
    let mut tried = 0;
    for key in KEYS {
        let (Kind::Whole(..)
        | Kind::Number(..)
        | Kind::Percent(_)
        | Kind::WholeOrOff(..)
        | Kind::NumberOrOff(..)) = key.kind
        else {
            continue;
        };
        let root = key.path.split(['.', '[']).next().unwrap();
        let is_line = |line: &&str| !line.trim_start().starts_with('#');
        let found = PAPER.lines().filter(is_line).find(|line| key_of(line) == Some(key.name()));
        let Some(line) = found.filter(|_| roots.contains(&root)) else { continue };
        let zero_is_fine = matches!(key.kind, Kind::Whole(0, ..) | Kind::Number("0", ..));
        let huge = "9".repeat(30);
        for value in ["-1", "0", &huge, "1e3", ".inf", ".nan", "~", "true", ""] {
            if value == "0" && zero_is_fine {
                continue;
            }
            let (name, _) = line.split_once(':').unwrap();
            let said = faults(&PAPER.replacen(line, &format!("{name}: {value}"), 1)).join("\n");
            assert!(said.contains(key.name()), "{name}: {value}: {said}");
        }
        tried += 1;
    }
    assert!(30 < tried, "only {tried}");
}
