//! Both sides of a reading, as lines for a person: what `engine reconcile` shows.

use serde_json::Value;
use std::fmt::Write as _;

/// How much is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// What differs.
    Differences,
    /// Everything, of both sides.
    All,
}

/// How many things differ, over all accounts.
pub fn differences(readings: &Value) -> u64 {
    let accounts = readings["accounts"].as_array().into_iter().flatten();
    accounts.filter_map(|account| account["differences"].as_u64()).sum()
}

/// One line a position, wallet and order.
pub fn reading_text(readings: &Value, shown: Shown) -> String {
    let mut out = String::with_capacity(1_024);
    for account in readings["accounts"].as_array().into_iter().flatten() {
        // Writing to a string cannot fail.
        let _ = write_account(account, shown, &mut out);
    }
    out
}

fn write_account(account: &Value, shown: Shown, out: &mut String) -> std::fmt::Result {
    let rows = |name: &str| account[name].as_array().into_iter().flatten();
    let is_wanted = |row: &&Value| shown == Shown::All || row["differs"] == true;
    for row in rows("positions").filter(is_wanted) {
        let what = format!("position {}", text(&row["symbol"]));
        write_row(&what, row, &text(&row["delta"]), out)?;
    }
    for row in rows("wallets").filter(is_wanted) {
        let what = format!("wallet {}", text(&row["asset"]));
        write_row(&what, row, &text(&row["delta"]), out)?;
    }
    for row in rows("orders").filter(is_wanted) {
        let name = if row["id"].is_null() { &row["venue_order_id"] } else { &row["id"] };
        let what = format!("order {} {} {}", text(name), text(&row["side"]), text(&row["symbol"]));
        write_order(&what, row, out)?;
    }
    let untold = account["orders_untold"].as_u64().unwrap_or(0);
    if 0 < untold {
        writeln!(out, "and {untold} more order(s)")?;
    }
    let unnamed = account["unnamed_positions"].as_u64().unwrap_or(0);
    if 0 < unnamed {
        writeln!(out, "{unnamed} position(s) that the configuration does not name   DIFFERS")?;
    }
    if account["has_unnamed_assets"] == true {
        writeln!(out, "assets that the configuration does not name   DIFFERS")?;
    }
    Ok(())
}

fn write_row(what: &str, row: &Value, delta: &str, out: &mut String) -> std::fmt::Result {
    let (ours, venue) = (text(&row["ours"]), text(&row["venue"]));
    let mark = if row["differs"] == true { "   DIFFERS" } else { "" };
    writeln!(out, "{what:24} ours {ours:16} venue {venue:16} delta {delta}{mark}")
}

fn write_order(what: &str, row: &Value, out: &mut String) -> std::fmt::Result {
    let side = |side: &Value| match side.is_null() {
        true => "none".to_owned(),
        false => {
            let [qty, price, filled] = ["qty", "price", "filled"].map(|it| text(&side[it]));
            format!("{qty} at {price}, filled {filled}")
        }
    };
    let (ours, venue) = (side(&row["ours"]), side(&row["venue"]));
    let mark = match row["agreement"].as_str() {
        Some("differs") => "   DIFFERS".to_owned(),
        Some("agrees") | None => String::new(),
        Some(other) => format!("   ({other})"),
    };
    writeln!(out, "{what}   ours {ours}   venue {venue}{mark}")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{AccountReading, Agreement, OrderRead, PositionRead, Terms, WalletRead};
    use crate::ops::{Report, readings};
    use crate::types::{
        AssetId, Cash, ClientOrderId, InstrumentId, OrderRef, Price, Qty, Side, Stamp,
    };

    fn position(id: u16, ours: Option<i32>, venue: i32) -> PositionRead {
        let (ours, venue) = (ours.map(Qty::whole), Qty::whole(venue));
        PositionRead { instrument: InstrumentId(id), ours, venue, entry: None }
    }

    fn told() -> Value {
        let mut report = Report::default();
        report.names.venues.push("binance".to_owned());
        report.names.instruments = ["BTCUSDT", "ETHUSDT", "SOLUSDT"].map(str::to_owned).to_vec();
        report.names.assets.push("USDT".to_owned());
        let terms = Terms { price: Price::whole(9), qty: Qty::whole(2), cum_qty: Qty::ZERO };
        let order = |sequence, agreement| OrderRead {
            order: OrderRef::Ours(ClientOrderId { epoch: 1, sequence }),
            venue_order_id: None,
            instrument: InstrumentId(0),
            side: Side::Sell,
            ours: Some(terms),
            venue: None,
            agreement,
        };
        let (ours, venue) = (Some(Cash::whole(7)), Cash::whole(7));
        report.status.readings.push(AccountReading {
            at: Stamp { mono_ns: 1, unix_ns: 1 },
            positions: vec![
                position(0, Some(1), 1),
                position(1, Some(1), -2),
                position(2, None, 0),
            ],
            wallets: vec![WalletRead { asset: AssetId(0), ours, venue, differs: false }],
            orders: vec![order(1, Agreement::Differs), order(2, Agreement::InFlight)],
            unnamed_positions: 1,
            ..AccountReading::default()
        });
        readings(&report)
    }

    #[test]
    fn differences_are_shown_with_both_sides_and_the_rest_only_when_asked_for() {
        let told = told();
        let brief = reading_text(&told, Shown::Differences);
        let lines: Vec<&str> = brief.lines().collect();
        assert_eq!(lines.len(), 4, "{brief}");
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(lines[0]), "position ETHUSDT ours 1 venue -2 delta -3 DIFFERS");
        assert_eq!(words(lines[1]), "position SOLUSDT ours unknown venue 0 delta unknown DIFFERS");
        assert!(
            lines[2].starts_with("order 1-1 sell BTCUSDT   ours 2 at 9, filled 0   venue none")
        );
        assert!(lines[3].starts_with("1 position(s) that the configuration does not name"));
        assert_eq!(differences(&told), 4);
        let whole = reading_text(&told, Shown::All);
        assert_eq!(whole.lines().count(), 7, "{whole}");
        assert!(whole.contains("(in flight)") && whole.contains("wallet USDT"), "{whole}");
    }

    #[test]
    fn an_account_that_was_never_read_says_nothing() {
        let mut report = Report::default();
        report.status.readings.push(AccountReading::default());
        let told = readings(&report);
        assert_eq!(
            (told["venues"].as_u64(), told["accounts"].as_array().unwrap().len()),
            (Some(1), 0)
        );
        assert_eq!(reading_text(&told, Shown::All), "");
    }
}
