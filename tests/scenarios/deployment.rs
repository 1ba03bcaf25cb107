//! The configuration of every cell: a shipped one, with the trader in the place of its strategies.

use super::script::Market;

const CONTRACTS: &str = include_str!("../../configs/paper.yaml");
const SPOT: &str = include_str!("../../configs/spot.yaml");

const STRATEGIES: &str = "strategies:
  - name: trader
    kind: idle
    instruments: [BTCUSDT, ETHUSDT]
    budget:
      max_position_notional: 10000
      max_open_orders: 4
      max_order_rate_per_sec: 10
      order_burst: 20
      max_orders_per_trade: off
      parents: off
      partial_fill: keep
      order_kinds: [limit, post_only, ioc, fok]
      sides: [buy, sell]
      max_loss: 2000
      max_losing_round_trips: off
      max_consecutive_rejects: 20
      max_fills_per_min: 1200
      review_after_notional: off
    params: {}

";

/// The market of every cell, which stands still: symbol, best bid, best ask.
pub(crate) const STILL: [(&str, &str, &str); 2] =
    [("BTCUSDT", "59999.9", "60000.1"), ("ETHUSDT", "2999.99", "3000.01")];

/// The configuration. A wish may be an answer to prices that are as old as a busy machine makes
/// them, and one refusal of a few orders is no storm.
pub(crate) fn text(market: Market) -> String {
    let shipped = match market {
        Market::Contracts => without(CONTRACTS, "  - symbol: SOLUSDT", "# Who trades.", "\n"),
        Market::Spot => SPOT.to_owned(),
    };
    let text = without(&shipped, "strategies:\n", "# Who answers", STRATEGIES);
    [
        ("max_signal_age_ms: 1000", "max_signal_age_ms: 5000"),
        ("max_reject_pct: 10", "max_reject_pct: 100"),
        ("market_data: full", "market_data: off"),
    ]
    .into_iter()
    .fold(text, |text, (from, to)| {
        assert!(text.contains(from), "the shipped configuration has no `{from}`");
        text.replace(from, to)
    })
}

/// With `instead` in the place of all from one word to another.
fn without(text: &str, from: &str, to: &str, instead: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap();
    let (_, after) = rest.split_once(to).unwrap();
    format!("{before}{instead}{to}{after}")
}
