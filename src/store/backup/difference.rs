//! What differs between two sets of state files, value by value (R95).

use super::create::{read, state_files};
use crate::store::StoreError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One value that differs; `None` where it is not there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Its file, and its path in it.
    pub path: String,
    /// On one side.
    pub left: Option<String>,
    /// On the other.
    pub right: Option<String>,
}

/// Every value that differs between two folders that hold `state` folders, by file and path. A file
/// that is no JSON is one value.
///
/// # Errors
/// [`StoreError`] when a folder or a file cannot be read.
pub fn difference(left: &Path, right: &Path) -> Result<Vec<Difference>, StoreError> {
    let (left, right) = (values(left)?, values(right)?);
    let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let differs = |path: &String| {
        let (left, right) = (left.get(path).cloned(), right.get(path).cloned());
        (left != right).then(|| Difference { path: path.clone(), left, right })
    };
    Ok(paths.into_iter().filter_map(differs).collect())
}

fn values(state: &Path) -> Result<BTreeMap<String, String>, StoreError> {
    let mut found = BTreeMap::new();
    for name in state_files(state)? {
        let Some(bytes) = read(&state.join(&name))? else { continue };
        match serde_json::from_slice::<Value>(&bytes) {
            // Around the value is only what checks it.
            Ok(Value::Object(mut sealed)) if sealed.contains_key("value") => {
                let value = sealed.remove("value").unwrap_or_default();
                flatten(&value, name, &mut found);
            }
            Ok(value) => flatten(&value, name, &mut found),
            Err(_) => drop(found.insert(name, String::from_utf8_lossy(&bytes).trim().to_owned())),
        }
    }
    Ok(found)
}

fn flatten(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(value, format!("{path}.{name}"), found))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(at, value)| flatten(value, format!("{path}[{at}]"), found)),
        Value::String(text) => drop(found.insert(path, text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            found.insert(path, value.to_string());
        }
    }
}
