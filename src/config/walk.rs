//! The walk over a file: key by key against the table, collecting values and faults.
//!
//! Must hold: a fault never ends the walk; what is not in the table is a fault; what a variable
//! holds is never repeated.

use super::fault::{Collector, Place, nearest, quoted};
use super::interpolate::{self, Lookup};
use super::keys::{Key, Kind, Need, keys_of};
use super::scalar::{self, Checked};
use super::table::KEYS;
use super::values::{Item, Origin, Values};
use super::yaml::{Entry, Node, Style, Value};

/// Settings that one strategy may have.
const SETTINGS_MAX: usize = 64;

/// What is written instead of a group that is not wanted.
const OFF: &str = "off";

/// Takes every value of a file.
pub(super) struct Walk<'a> {
    pub(super) lookup: Lookup<'a>,
    pub(super) faults: &'a mut Collector,
    pub(super) values: Values,
}

/// Where in the table, and where in the file.
struct At<'a> {
    key: &'a Key,
    path: String,
    /// Of the value, or of the key when nothing is written behind it.
    place: Place,
}

impl Walk<'_> {
    /// The whole file.
    pub(super) fn file(&mut self, node: &Node) {
        self.group("", "", Place::START, node);
    }

    /// A group: what the table knows of, in its order, then what it does not know.
    fn group(&mut self, pattern: &str, path: &str, start: Place, node: &Node) {
        let entries: &[Entry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Faulty => return,
            Value::Nothing | Value::Scalar(..) | Value::List(_) => {
                self.faults.written(node.place, path, "is not a group of keys");
                return;
            }
        };
        for key in keys_of(pattern) {
            let path = join(path, key.name());
            match entries.iter().find(|entry| entry.key == key.name()) {
                Some(entry) => {
                    self.entry(key, &path, entry);
                    self.mark(&path, entry);
                }
                None => self.missing(key, path, start),
            }
        }
        self.unknown(pattern, path, entries);
    }

    /// What is written but faulty is not missing.
    fn mark(&mut self, path: &str, entry: &Entry) {
        if !self.values.has(path) {
            self.push(path, Checked::Faulty, entry.place, Origin::File);
        }
    }

    fn entry(&mut self, key: &Key, path: &str, entry: &Entry) {
        if matches!(entry.node.value, Value::Nothing) {
            // Every line of it may be commented out where every key of it has a default.
            if matches!((key.kind, key.need), (Kind::Group, Need::Default(_))) {
                return self.missing(key, path.to_owned(), entry.place);
            }
            let what = format!("holds nothing; expected {}", expected_in_full(key));
            self.faults.written(entry.place, path, what);
            return;
        }
        let at = At { key, path: path.to_owned(), place: entry.node.place };
        match key.kind {
            Kind::Group => {
                self.push(&at.path, Checked::Group, entry.place, Origin::File);
                self.group(key.path, &at.path, entry.place, &entry.node);
            }
            Kind::GroupOrOff if is_off(&entry.node) => {
                self.push(&at.path, Checked::Text(OFF.to_owned()), at.place, Origin::File);
            }
            Kind::GroupOrOff => {
                self.push(&at.path, Checked::Group, entry.place, Origin::File);
                self.group(key.path, &at.path, entry.place, &entry.node);
            }
            Kind::Groups(max) => self.groups(&at, max, &entry.node),
            Kind::Symbols(max) => self.scalars(&at, max, Kind::Symbol, &entry.node),
            Kind::Words(words) => {
                self.scalars(&at, words.len(), Kind::Choice(words), &entry.node);
            }
            Kind::Settings => self.settings(&at, entry),
            Kind::Secret => self.secret(&at, &entry.node),
            Kind::Flag
            | Kind::Choice(_)
            | Kind::Whole(..)
            | Kind::Number(..)
            | Kind::Percent(_)
            | Kind::WholeOrOff(..)
            | Kind::NumberOrOff(..)
            | Kind::Speed(_)
            | Kind::Name
            | Kind::Symbol
            | Kind::Moment
            | Kind::Asset
            | Kind::Line
            | Kind::Address(_)
            | Kind::Filter
            | Kind::Path
            | Kind::SecretFile => self.scalar(&at, key.kind, &entry.node),
        }
    }

    fn missing(&mut self, key: &Key, path: String, start: Place) {
        match key.need {
            // A relation says when an address is missing, or what only contracts have.
            Need::Optional | Need::Remote | Need::Contracts => {}
            Need::Required => {
                let what = format!("is missing; expected {}", expected_in_full(key));
                self.faults.written(start, &path, what);
            }
            Need::Default(_) if matches!(key.kind, Kind::Group) => {
                for inner in keys_of(key.path) {
                    self.missing(inner, join(&path, inner.name()), start);
                }
            }
            Need::Default(text) => {
                let instance = self.values.text("instance").unwrap_or_default();
                let text = text.replace("<instance>", instance);
                if let Ok(checked) = scalar::read(key.kind, &text, Style::Plain) {
                    self.push(&path, checked, start, Origin::Default);
                }
            }
        }
    }

    fn unknown(&mut self, pattern: &str, path: &str, entries: &[Entry]) {
        let is_known = |name: &str| keys_of(pattern).any(|key| key.name() == name);
        for entry in entries.iter().filter(|entry| !is_known(&entry.key)) {
            let hint = match nearest(&entry.key, keys_of(pattern).map(Key::name)) {
                Some(word) => format!("; did you mean `{word}`?"),
                None => elsewhere(&entry.key),
            };
            let what = format!("there is no key {} here{hint}", quoted(&entry.key));
            self.faults.written(entry.place, path, what);
        }
    }

    fn groups(&mut self, at: &At<'_>, max: usize, node: &Node) {
        for (index, element) in self.list(at, max, node).iter().enumerate() {
            let path = format!("{}[{index}]", at.path);
            self.push(&path, Checked::Group, element.place, Origin::File);
            self.group(&format!("{}[]", at.key.path), &path, element.place, element);
        }
    }

    fn scalars(&mut self, at: &At<'_>, max: usize, kind: Kind, node: &Node) {
        for (index, element) in self.list(at, max, node).iter().enumerate() {
            let path = format!("{}[{index}]", at.path);
            self.scalar(&At { key: at.key, path, place: element.place }, kind, element);
        }
    }

    fn list<'n>(&mut self, at: &At<'_>, max: usize, node: &'n Node) -> &'n [Node] {
        match &node.value {
            Value::List(nodes) if (1..=max).contains(&nodes.len()) => {
                self.push(&at.path, Checked::List(nodes.len()), at.place, Origin::File);
                return nodes;
            }
            Value::Faulty => {}
            Value::Nothing | Value::Scalar(..) | Value::List(_) | Value::Map(_) => {
                let what = format!("is not {}", at.key.kind.expected());
                self.faults.written(at.place, &at.path, what);
            }
        }
        &[]
    }

    /// Settings of a strategy: any keys; whether they are known is asked of the strategy itself.
    fn settings(&mut self, at: &At<'_>, entry: &Entry) {
        match &entry.node.value {
            Value::Map(entries) if entries.len() <= SETTINGS_MAX => {
                self.push(&at.path, Checked::Group, entry.place, Origin::File);
                let mut entries: Vec<&Entry> = entries.iter().collect();
                // Their order means nothing, so it may not change the hash.
                entries.sort_by(|one, other| one.key.cmp(&other.key));
                for entry in entries {
                    let path = join(&at.path, &entry.key);
                    self.setting(&path, entry);
                    self.mark(&path, entry);
                }
            }
            Value::Faulty => {}
            Value::Nothing | Value::Scalar(..) | Value::List(_) | Value::Map(_) => {
                let what = format!("is not a group of at most {SETTINGS_MAX} keys");
                self.faults.written(at.place, &at.path, what);
            }
        }
    }

    fn setting(&mut self, path: &str, entry: &Entry) {
        let Value::Scalar(text, style) = &entry.node.value else {
            let what = "is not a number, a text, true or false";
            self.faults.written(entry.node.place, path, what);
            return;
        };
        let Some((text, style, origin)) = self.expand(path, entry.node.place, text, *style) else {
            return;
        };
        match scalar::setting(&text, style) {
            Ok(checked) => self.push(path, checked, entry.node.place, origin),
            Err(what) => self.faults.written(entry.node.place, path, what),
        }
    }

    /// Only the name of the variable is taken: its value is read where it is used, and kept nowhere
    /// else.
    fn secret(&mut self, at: &At<'_>, node: &Node) {
        let name = match &node.value {
            Value::Scalar(text, _) => interpolate::only_variable(text),
            Value::Nothing | Value::List(_) | Value::Map(_) => None,
            Value::Faulty => return,
        };
        match name {
            Some(name) => {
                let name = name.to_owned();
                self.push(&at.path, Checked::Variable(name), at.place, Origin::File);
            }
            None => {
                let what = format!(
                    "a secret does not stand in this file: write {}",
                    at.key.kind.expected()
                );
                self.faults.written(at.place, &at.path, what);
            }
        }
    }

    fn scalar(&mut self, at: &At<'_>, kind: Kind, node: &Node) {
        let (text, style) = match &node.value {
            Value::Scalar(text, style) => (text, *style),
            Value::Faulty => return,
            Value::Nothing | Value::List(_) | Value::Map(_) => {
                let what = format!("is not {}", kind.expected());
                self.faults.written(at.place, &at.path, what);
                return;
            }
        };
        let Some((text, style, origin)) = self.expand(&at.path, at.place, text, style) else {
            return;
        };
        match scalar::read(kind, &text, style) {
            Ok(checked) => self.push(&at.path, checked, at.place, origin),
            Err(what) => {
                let found = found(&text, style, &origin, kind);
                self.faults.written(at.place, &at.path, format!("{found} {what}"));
            }
        }
    }

    /// The text with its variables filled in. In a flow list a variable has to stand in quotes, so
    /// quotes around a variable do not make a number a text.
    fn expand(
        &mut self,
        path: &str,
        place: Place,
        text: &str,
        style: Style,
    ) -> Option<(String, Style, Origin)> {
        match interpolate::expand(text, self.lookup) {
            Ok(expanded) if !text.contains("${") => Some((expanded.text, style, Origin::File)),
            Ok(expanded) if expanded.variables.is_empty() => {
                Some((expanded.text, Style::Plain, Origin::File))
            }
            Ok(expanded) => {
                Some((expanded.text, Style::Plain, Origin::Variables(expanded.variables)))
            }
            Err(faults) => {
                for fault in faults {
                    if fault.is_of_environment() {
                        self.faults.access(place, path, fault.to_string());
                    } else {
                        self.faults.written(place, path, fault.to_string());
                    }
                }
                None
            }
        }
    }

    fn push(&mut self, path: &str, checked: Checked, place: Place, origin: Origin) {
        self.values.push(Item { path: path.to_owned(), checked, place, origin });
    }
}

fn is_off(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text, Style::Plain) if text == OFF)
}

fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") }
}

/// What was found, without repeating what may be secret: an address or a path may hold a password.
fn found(text: &str, style: Style, origin: &Origin, kind: Kind) -> String {
    match (origin, kind, style) {
        (Origin::Variables(names), ..) => format!("what {} holds", names.join(", ")),
        (_, Kind::Address(_) | Kind::Path | Kind::SecretFile, _) => "this".to_owned(),
        (.., Style::Quoted) => format!("the text {}", quoted(text)),
        (.., Style::Plain) => quoted(text),
    }
}

/// A missing group is one fault that names what belongs into it.
pub(super) fn expected_in_full(key: &Key) -> String {
    let element = if matches!(key.kind, Kind::Groups(_)) { "[]" } else { "" };
    let pattern = format!("{}{element}", key.path);
    let inner: Vec<&str> = keys_of(&pattern).map(Key::name).collect();
    let with = if inner.is_empty() { String::new() } else { format!(": {}", inner.join(", ")) };
    key.kind.expected() + &with
}

/// Where a key of this name does stand.
fn elsewhere(name: &str) -> String {
    let key = KEYS.iter().find(|key| key.name() == name && !key.group().is_empty());
    key.map(|key| format!("; it belongs under `{}`", key.group())).unwrap_or_default()
}
