//! What came of verifying a history: as JSON, and as lines for a person.

use serde_json::{Value, json};
use std::fmt::Write as _;

pub use crate::store::StoreError;
pub use crate::store::history::{Compared, Differing, Scratch, Windows, compare, path_in};

/// The database against the journal; `None` where there is no database.
pub fn database_json(compared: Option<&Compared>) -> Value {
    let Some(compared) = compared else {
        return json!({"same": null, "note": "there is no database"});
    };
    let tables: Vec<Value> = compared.tables.iter().map(differing).collect();
    json!({
        "same": compared.tables.iter().all(Differing::is_same),
        "from_sequence": compared.from,
        "through_sequence": compared.through,
        "gaps": compared.gaps,
        "parts": tables,
    })
}

/// The journal against the exchange.
pub fn exchange_json(
    windows: &Windows,
    found: &[Differing],
    unchained: &[String],
    damage: &[StoreError],
) -> Value {
    let behind = |symbol: &str| windows.get(symbol).map(|window| window.from_id);
    let parts = found.iter().map(|it| {
        let mut part = differing(it);
        part["behind_trade"] = json!(behind(&it.of));
        part["is_other_history"] = json!(unchained.contains(&it.of));
        part
    });
    json!({
        "same": found.iter().all(Differing::is_same) && unchained.is_empty(),
        "parts": parts.collect::<Vec<_>>(),
        "damage": damage.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// A side that was not asked, and why.
pub fn unasked_json(why: &str) -> Value {
    json!({"same": null, "note": why})
}

fn differing(it: &Differing) -> Value {
    json!({
        "of": it.of,
        "same": it.same,
        "only_journal": it.journal.0,
        "only_journal_more": it.journal.1,
        "only_other": it.other.0,
        "only_other_more": it.other.1,
    })
}

/// The same for a person.
pub fn text(told: &Value) -> String {
    let mut out = String::new();
    for side in ["database", "exchange"] {
        // Writing to a string cannot fail.
        let _ = write_side(&mut out, side, &told[side]);
    }
    out
}

fn write_side(out: &mut String, side: &str, told: &Value) -> std::fmt::Result {
    if let Some(note) = told["note"].as_str() {
        return writeln!(out, "{side}: not compared: {note}");
    }
    let Some(parts) = told["parts"].as_array() else { return Ok(()) };
    if let (Some(from), Some(through)) =
        (told["from_sequence"].as_u64(), told["through_sequence"].as_u64())
    {
        writeln!(out, "{side}: records {from} to {through}")?;
    }
    for gap in told["gaps"].as_array().into_iter().flatten() {
        writeln!(out, "{side}: gap: {}", gap.as_str().unwrap_or_default())?;
    }
    for damage in told["damage"].as_array().into_iter().flatten() {
        writeln!(out, "{side}: {}", damage.as_str().unwrap_or_default())?;
    }
    if parts.is_empty() {
        writeln!(out, "{side}: nothing to compare: the journal holds no reading of trades yet")?;
    }
    for part in parts {
        write_part(out, side, part)?;
    }
    Ok(())
}

fn write_part(out: &mut String, side: &str, part: &Value) -> std::fmt::Result {
    let of = part["of"].as_str().unwrap_or_default();
    let behind = part["behind_trade"].as_u64();
    let behind = behind.map_or(String::new(), |id| format!(" behind trade {id}"));
    writeln!(out, "{side}: {of}: {} the same{behind}", part["same"])?;
    if part["is_other_history"] == true {
        writeln!(out, "  the exchange does not hold that trade: its history is another one")?;
    }
    for (key, whose) in [("only_journal", "only the journal"), ("only_other", side)] {
        let whose =
            if key == "only_other" { format!("only the {whose}") } else { whose.to_owned() };
        for line in part[key].as_array().into_iter().flatten() {
            writeln!(out, "  {whose}: {}", line.as_str().unwrap_or_default())?;
        }
        let more = part[format!("{key}_more")].as_u64().unwrap_or(0);
        if 0 < more {
            writeln!(out, "  {whose}: {more} more")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_values_of_a_difference_are_said() {
        let found = Differing {
            of: "BTCUSDT".to_owned(),
            same: 3,
            journal: (vec!["trade_id=7 price=100".to_owned()], 0),
            other: (vec!["trade_id=7 price=101".to_owned()], 2),
        };
        let told = json!({
            "database": unasked_json("there is none"),
            "exchange": exchange_json(&Windows::new(), &[found], &["BTCUSDT".to_owned()], &[]),
        });
        let said = text(&told);
        for line in [
            "database: not compared: there is none\n",
            "exchange: BTCUSDT: 3 the same\n",
            "history is another one\n",
            "  only the journal: trade_id=7 price=100\n",
            "  only the exchange: trade_id=7 price=101\n",
            "  only the exchange: 2 more\n",
        ] {
            assert!(said.contains(line), "{line}{said}");
        }
        assert_eq!(told["exchange"]["same"], false);
    }
}
