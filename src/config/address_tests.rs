//! Addresses of venues: which belong to which mode, and which must be there.

use super::tests::{SMALL, config, edited, faults};
use super::*;

#[test]
fn a_lab_has_no_address_and_paper_none_of_a_live_venue() {
    let remote = "rest_url: 'https://fapi.binance.com', streams_url: 'ws://127.0.0.1:1', \
                  order_entry_url: 'wss://ws-fapi.binance.com', api_key: '${BINANCE_API_KEY}', \
                  api_secret: '${BINANCE_API_SECRET}', ";
    let exchange = SMALL.lines().find(|line| line.starts_with("exchange")).unwrap();
    let without = edited(SMALL, exchange, "# none");
    let text = edited(&without, "name: sim, ", &format!("name: sim,\n  {remote}\n  "));
    let said = faults(&text);
    assert_eq!(said.len(), 2, "{}", said.join("\n"));
    assert!(said[0].contains("venue.rest_url: trades real money, and the mode is paper"));
    assert!(said[1].contains("venue.order_entry_url: trades real money"));

    let said = faults(&edited(&text, "mode: paper", "mode: lab")).join("\n");
    assert!(said.contains("exchange: is missing; mode lab trades on the embedded"), "{said}");

    let demo = text.replace("fapi.binance.com", "fapi.example.net");
    assert_eq!(config(&demo).mode, TradingMode::Paper);
    let live = edited(&demo, "mode: paper", "mode: live");
    let said = faults(&live).join("\n");
    assert!(
        said.contains("venue.wallet_url: is missing; with real money it must be known"),
        "{said}"
    );
    let wallet = "api_key: '${BINANCE_API_KEY}', wallet_url: 'https://api.example.net'";
    let live = edited(&live, "api_key: '${BINANCE_API_KEY}'", wallet);
    let said = faults(&live.replace("127.0.0.1", "10.0.0.1"));
    assert!(said.join("").contains("venue.streams_url: is not encrypted"), "{said:?}");
    assert_eq!(config(&live).mode, TradingMode::Live);
    let said = faults(&edited(&live, "https://api.example.net", "http://api.example.net"));
    assert!(said.join("").contains("venue.wallet_url: is not encrypted"), "{said:?}");
    let said = faults(
        &edited(&live, "//api.example.net", "//api.binance.com")
            .replace("mode: live", "mode: paper"),
    );
    assert!(said.join("").contains("venue.wallet_url: trades real money"), "{said:?}");

    let said = faults(&without).join("\n");
    for key in ["rest_url", "streams_url", "order_entry_url", "api_key", "api_secret"] {
        assert!(said.contains(&format!("f:6:1: venue.{key}: is missing")), "{said}");
    }
}

#[test]
fn a_backup_of_market_data_is_another_place_beside_one_at_an_address() {
    let remote = "rest_url: 'http://127.0.0.1:1', streams_url: 'ws://127.0.0.1:1', \
                  order_entry_url: 'ws://127.0.0.1:1',\n  api_key: '${BINANCE_API_KEY}', \
                  api_secret: '${BINANCE_API_SECRET}',\n  \
                  backup: {streams_url: 'ws://127.0.0.1:2', rest_url: 'http://127.0.0.1:2',\n  \
                  after_ms: 3000, tolerance_bps: 20, return_s: 60},\n  ";
    let exchange = SMALL.lines().find(|line| line.starts_with("exchange")).unwrap();
    let beside = edited(SMALL, "name: sim, ", &format!("name: sim,\n  {remote}"));
    let said = faults(&beside).join("\n");
    assert!(said.contains("venue.backup: stands beside `exchange`"), "{said}");

    let text = edited(&beside, exchange, "# none");
    let backup = config(&text).venue.backup.unwrap();
    assert_eq!((backup.streams.as_str(), backup.rules.tolerance_bps), ("ws://127.0.0.1:2", 20));

    for key in ["after_ms: 3000, ", "tolerance_bps: 20, ", ", return_s: 60"] {
        let said = faults(&edited(&text, key, "")).join("\n");
        assert!(said.contains("is missing") && said.contains("venue.backup."), "{key}: {said}");
    }
    let said = faults(&edited(&text, "ws://127.0.0.1:2", "ws://127.0.0.1:1")).join("\n");
    assert!(said.contains("is `venue.streams_url`; a backup must be another place"), "{said}");
    let said = faults(&edited(&text, "http://127.0.0.1:2", "https://fapi.binance.com")).join("\n");
    assert!(
        said.contains("venue.backup.rest_url: trades real money, and the mode is paper"),
        "{said}"
    );
    let said = faults(&edited(&text, "ws://127.0.0.1:2", "http://127.0.0.1:2")).join("\n");
    assert!(said.contains("venue.backup.streams_url"), "{said}");
    let live = edited(&text, "mode: paper", "mode: live").replace("127.0.0.1:2", "10.0.0.1:2");
    let said = faults(&live).join("\n");
    assert!(said.contains("venue.backup.streams_url: is not encrypted"), "{said}");
}
