//! A configuration from the values that a run told its journal: what a replay works with, whatever
//! became of the file since.
//!
//! Must hold: what is built has the hash of the values, or it is not built; it can sign nothing, as
//! the values hold no secret.
//!
//! Decision: the values are written as a file again and read like any other, each through a
//! variable, so that there is one way from text to [`Config`] and no question of quotes.

use super::keys::OFF;
use super::table::KEYS;
use super::{Config, Faults, Kind, check};
use crate::core::Registry;
use std::collections::BTreeMap;
use std::path::Path;

/// What stands where a secret was.
const SECRET: &str = "SECRET";

/// Why recorded values are no configuration to this program.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// They do not pass its checks: a key or a strategy has gone or changed.
    #[error(transparent)]
    Faulty(#[from] Faults),
    /// They pass, and mean something else than they did.
    #[error("the recorded values make a configuration with another hash ({found})")]
    Other {
        /// Its hash.
        found: String,
    },
}

/// The configuration whose values and hash these were.
pub fn rebuild(
    values: &BTreeMap<String, String>,
    hash: &str,
    registry: &Registry,
) -> Result<Config, RebuildError> {
    let variables: Vec<&String> = values.values().collect();
    let lookup = |name: &str| {
        if name == SECRET {
            return Some(SECRET.into());
        }
        let at: usize = name.strip_prefix('V')?.parse().ok()?;
        variables.get(at).map(Into::into)
    };
    let config =
        check(Path::new("the journal"), text(values).as_bytes(), registry, &lookup)?.config;
    match config.hash == hash {
        true => Ok(config),
        false => Err(RebuildError::Other { found: config.hash }),
    }
}

/// A part of the file to be.
enum Tree {
    Value(String),
    /// Where a group could stand.
    Off,
    Group(BTreeMap<String, Tree>),
    List(BTreeMap<usize, Tree>),
}

/// The values as a file of variables.
fn text(values: &BTreeMap<String, String>) -> String {
    let mut root = Tree::Group(BTreeMap::new());
    for (at, path) in values.keys().enumerate() {
        match kind_of(path) {
            Some(Kind::Groups(_) | Kind::Symbols(_) | Kind::Words(_)) => {
                root.set(path, Tree::List(BTreeMap::new()));
            }
            // No variable may stand for a group, and a value of one can only be that word.
            Some(Kind::GroupOrOff) => root.set(path, Tree::Off),
            _ => root.set(path, Tree::Value(format!("${{V{at}}}"))),
        }
    }
    if !values.keys().any(|path| path.starts_with("exchange.")) {
        for path in ["venue.api_key", "venue.api_secret"] {
            root.set(path, Tree::Value(format!("${{{SECRET}}}")));
        }
    }
    let mut text = String::new();
    root.write(&mut text);
    text
}

fn kind_of(path: &str) -> Option<Kind> {
    let mut pattern = String::with_capacity(path.len());
    let mut inside = false;
    for character in path.chars() {
        inside &= character != ']';
        if !inside {
            pattern.push(character);
        }
        inside |= character == '[';
    }
    KEYS.iter().find(|key| key.path == pattern).map(|key| key.kind)
}

impl Tree {
    /// Puts a part in its place. A list is there before its elements: they sort after it.
    fn set(&mut self, path: &str, part: Self) {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, rest) = path.split_at(end);
        let next = match self {
            Self::Group(members) => {
                let empty = || Self::Group(BTreeMap::new());
                members.entry(name.to_owned()).or_insert_with(empty)
            }
            Self::List(members) => {
                let Ok(at) = name.trim_end_matches(']').parse() else { return };
                members.entry(at).or_insert_with(|| Self::Group(BTreeMap::new()))
            }
            Self::Value(_) | Self::Off => return,
        };
        match rest.strip_prefix(['.', '[']) {
            Some(rest) => next.set(rest, part),
            None => *next = part,
        }
    }

    /// JSON, which is YAML, in short lines.
    fn write(&self, out: &mut String) {
        match self {
            Self::Value(value) => out.push_str(&format!("\"{value}\"")),
            Self::Off => out.push_str(OFF),
            Self::Group(members) => {
                out.push('{');
                for (at, (name, part)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ",\n " };
                    out.push_str(&format!("{comma}\"{name}\": "));
                    part.write(out);
                }
                out.push('}');
            }
            Self::List(members) => {
                out.push('[');
                for (at, part) in members.values().enumerate() {
                    out.push_str(if at == 0 { "" } else { ",\n " });
                    part.write(out);
                }
                out.push(']');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn shipped(text: &str) -> Config {
        let lookup = |name: &str| name.starts_with("BINANCE").then(|| OsString::from("of-a-test"));
        let registry = crate::strategy::registry();
        check(Path::new("shipped.yaml"), text.as_bytes(), &registry, &lookup).unwrap().config
    }

    /// All that binds a core; the path of the file and key and secret are not the same.
    fn binds(config: &Config) -> String {
        let Config { strategies, limits, timing, dead_man, sharing, instruments, .. } = config;
        format!("{strategies:?} {limits:?} {timing:?} {dead_man:?} {sharing:?} {instruments:?}")
    }

    #[test]
    fn the_shipped_files_are_built_again_from_their_values() {
        let files =
            [include_str!("../../configs/paper.yaml"), include_str!("../../configs/live.yaml")];
        for file in files {
            let config = shipped(file);
            let registry = crate::strategy::registry();
            let again = rebuild(&config.values, &config.hash, &registry).unwrap();
            assert_eq!(again.values, config.values);
            assert_eq!(binds(&again), binds(&config));
        }
    }

    #[test]
    fn values_that_were_altered_or_are_not_known_are_no_configuration() {
        let config = shipped(include_str!("../../configs/paper.yaml"));
        let registry = crate::strategy::registry();
        let mut altered = config.values.clone();
        altered.insert("kill_switch.max_drawdown_pct".to_owned(), "14".to_owned());
        let error = rebuild(&altered, &config.hash, &registry).unwrap_err();
        assert!(matches!(error, RebuildError::Other { .. }), "{error}");
        let mut unknown = config.values.clone();
        unknown.insert("risk.no_such_key".to_owned(), "1".to_owned());
        let error = rebuild(&unknown, &config.hash, &registry).unwrap_err().to_string();
        assert!(error.contains("no_such_key"), "{error}");
        let error = rebuild(&BTreeMap::new(), &config.hash, &registry).unwrap_err();
        assert!(matches!(error, RebuildError::Faulty(_)), "{error}");
        let error = rebuild(&config.values, &config.hash, &Registry::default()).unwrap_err();
        assert!(error.to_string().contains("strategies[0].kind"), "{error}");
    }
}
