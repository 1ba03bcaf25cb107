//! A status that came as JSON, as lines for a person.

use serde_json::Value;
use std::fmt::Write as _;

/// One line per value; lists and objects one step further in.
pub fn status_text(status: &Value) -> String {
    let mut out = String::with_capacity(1_024);
    // Writing to a string cannot fail.
    let _ = write_members(status, 0, &mut out);
    out
}

fn write_members(value: &Value, depth: usize, out: &mut String) -> std::fmt::Result {
    let indent = depth * 2;
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match plain(member) {
                    Some(text) => writeln!(out, "{:indent$}{name:18} {text}", "")?,
                    None => {
                        writeln!(out, "{:indent$}{name}", "")?;
                        write_members(member, depth + 1, out)?;
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let members = item.as_object().into_iter().flatten();
                let members = members.filter_map(|(name, member)| {
                    plain(member).map(|text| format!("{name} {text}"))
                });
                let line = members.collect::<Vec<_>>().join("   ");
                let line = plain(item).unwrap_or(line);
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            writeln!(out, "{:indent$}{}", "", plain(value).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// A value that fits on its name's line.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Object(members) if members.is_empty() => Some("none".to_owned()),
        Value::Array(items) if items.is_empty() => Some("none".to_owned()),
        Value::Object(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_has_a_line() {
        let status = json!({
            "mode": "RUNNING", "latched": false, "trip": null, "denied": {},
            "link": {"market": true}, "instruments": [{"symbol": "BTCUSDT", "position": "0.5"}],
        });
        let lines = status_text(&status);
        assert!(lines.contains("mode               RUNNING\n"), "{lines}");
        assert!(
            lines.contains("latched            no\n") && lines.contains("denied             none")
        );
        assert!(lines.contains("  market             yes\n"), "{lines}");
        assert!(lines.contains("  position 0.5   symbol BTCUSDT\n"), "{lines}");
    }
}
