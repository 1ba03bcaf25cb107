//! The JSON Schema of the configuration, for editors: made from the table of keys.
//!
//! It knows keys, types and ranges. Relations between keys and the settings of strategies are only
//! known to `engine config check`.

use super::keys::{Key, Kind, Need, OFF, keys_of};
use serde_json::{Map, Value, json};

/// A scalar with a variable in it may stand for any value.
const VARIABLE: &str = r"\$\{";

/// The schema as text, two spaces a level, with a line end.
pub fn schema() -> String {
    let mut root = group("");
    let title = json!("Configuration of one Tradekeel deployment");
    let draft = json!("http://json-schema.org/draft-07/schema#");
    root.extend([("$schema".to_owned(), draft), ("title".to_owned(), title)]);
    root.insert("if".to_owned(), json!({ "not": { "required": ["exchange"] } }));
    root.insert("then".to_owned(), json!({ "properties": { "venue": { "required": remote() } } }));
    format!("{:#}\n", Value::Object(root))
}

/// What a venue at an address needs.
fn remote() -> Vec<&'static str> {
    keys_of("venue").filter(|key| key.need == Need::Remote).map(Key::name).collect()
}

fn group(pattern: &str) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in keys_of(pattern) {
        properties.insert(key.name().to_owned(), value(key));
        if key.need == Need::Required {
            required.push(key.name());
        }
    }
    let group = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "required": required,
    });
    if let Value::Object(map) = group { map } else { Map::new() }
}

fn value(key: &Key) -> Value {
    let mut value = shape(key);
    if let Value::Object(map) = &mut value {
        let expected = key.kind.expected();
        let unit = if matches!(key.kind, Kind::Group) {
            String::new()
        } else {
            format!(" Expected: {expected}.")
        };
        map.insert("description".to_owned(), json!(format!("{}{unit}", key.meaning)));
        if let Need::Default(text) = key.need
            && !text.is_empty()
        {
            map.insert("default".to_owned(), default(key.kind, text));
        }
    }
    value
}

fn shape(key: &Key) -> Value {
    match key.kind {
        Kind::Group => Value::Object(group(key.path)),
        Kind::GroupOrOff => {
            json!({ "anyOf": [Value::Object(group(key.path)), { "const": "off" }] })
        }
        Kind::Groups(max) => {
            let items = group(&format!("{}[]", key.path));
            json!({ "type": "array", "minItems": 1, "maxItems": max, "items": items })
        }
        Kind::Symbols(max) => {
            let items = json!({ "type": "string" });
            json!({ "type": "array", "minItems": 1, "maxItems": max, "items": items })
        }
        Kind::Words(words) => {
            let items = or_variable(json!({ "enum": words }));
            json!({ "type": "array", "minItems": 1, "maxItems": words.len(), "items": items })
        }
        Kind::Settings => {
            let types = ["number", "string", "boolean"];
            json!({ "type": "object", "additionalProperties": { "type": types } })
        }
        Kind::Flag => or_variable(json!({ "type": "boolean" })),
        Kind::Choice(words) => or_variable(json!({ "enum": words })),
        Kind::Whole(min, max, _) => {
            or_variable(json!({ "type": "integer", "minimum": min, "maximum": max }))
        }
        Kind::Number(min, max, ..) => or_variable(range(min, max)),
        Kind::WholeOrOff(min, max, _) => {
            let whole = json!({ "type": "integer", "minimum": min, "maximum": max });
            or_variable(json!({ "anyOf": [whole, { "const": OFF }] }))
        }
        Kind::NumberOrOff(min, max, ..) => {
            or_variable(json!({ "anyOf": [range(min, max), { "const": OFF }] }))
        }
        Kind::Percent(max) => or_variable(range("1", max)),
        Kind::Speed(max) => {
            let whole = json!({ "type": "integer", "minimum": 1, "maximum": max });
            or_variable(json!({ "anyOf": [whole, { "const": "max" }] }))
        }
        Kind::Name
        | Kind::Symbol
        | Kind::Moment
        | Kind::Asset
        | Kind::Line
        | Kind::Address(_)
        | Kind::Filter
        | Kind::Path
        | Kind::SecretFile => json!({ "type": "string", "minLength": 1 }),
        Kind::Secret => json!({ "type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$" }),
    }
}

fn or_variable(shape: Value) -> Value {
    json!({ "anyOf": [shape, { "type": "string", "pattern": VARIABLE }] })
}

fn range(min: &str, max: &str) -> Value {
    json!({ "type": "number", "minimum": number(min), "maximum": number(max) })
}

fn default(kind: Kind, text: &str) -> Value {
    let is_number = matches!(kind, Kind::Whole(..) | Kind::Number(..));
    if is_number { number(text) } else { json!(text) }
}

/// Numbers of the table are numbers of JSON too.
fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
