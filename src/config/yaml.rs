//! YAML text becomes a tree of [`Node`]s that know their line and column.
//!
//! Must hold: any text gives a tree or faults, in bounded time and memory; aliases, tags and
//! duplicate keys are faults; a number is kept as it was written.
//!
//! Decision: `saphyr` with its own tree behind it, instead of a derive of serde, because a derive
//! stops at the first fault and knows no column. What `saphyr` resolves too early (numbers, as f64)
//! is read again from the source. Its loader stops at a duplicate key: the key is then renamed in
//! memory to one of Unicode's private characters and the text is parsed again, so that a duplicate
//! does not hide the other faults.

use super::fault::{Collector, Place};
use saphyr::{LoadableYamlNode, MarkedYaml, Marker, Scalar, YamlData};

/// Deepest nesting of a configuration; ours needs five.
const DEPTH_MAX: usize = 32;

/// Duplicate keys after which the rest of the file is not looked at.
const DUPLICATES_MAX: u32 = 32;

/// First of the characters that replace the first letter of a duplicate key.
const RENAMED: char = '\u{e000}';

/// What the parser says of a duplicate key.
const DUPLICATE: &str = "duplicated key in mapping";

/// One value of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing is written.
    Nothing,
    /// A number, a word, a flag: which one is decided by the key.
    Scalar(String, Style),
    /// Values in order.
    List(Vec<Node>),
    /// Keys with values, in order.
    Map(Vec<Entry>),
    /// Already a fault.
    Faulty,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In quotes: text, whatever it looks like.
    Quoted,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

/// The one document of `text`; `None` when it cannot be read at all.
pub(super) fn parse(text: &str, faults: &mut Collector) -> Option<Node> {
    let mut characters: Vec<char> = text.chars().collect();
    for round in 0..=DUPLICATES_MAX {
        let source: String = characters.iter().collect();
        let error = match MarkedYaml::load_from_str(&source) {
            Ok(documents) => return one_document(&documents, &characters, faults),
            Err(error) => error,
        };
        let place = place(error.marker());
        if error.info() != DUPLICATE {
            // A rename may have broken an odd key; the duplicate is the fault then.
            if round == 0 {
                faults.written(place, "", format!("this is not YAML: {}", error.info()));
            }
            return None;
        }
        faults.written(place, "", "this key was already given above; keep one of them");
        rename(&mut characters, error.marker().index(), round)?;
    }
    None
}

/// Makes the key at `index` one that is in no file.
fn rename(characters: &mut [char], index: usize, round: u32) -> Option<()> {
    let is_quoted = matches!(characters.get(index)?, '"' | '\'');
    let letter = characters.get_mut(index + usize::from(is_quoted))?;
    *letter = char::from_u32(u32::from(RENAMED) + round)?;
    Some(())
}

fn one_document(
    documents: &[MarkedYaml<'_>],
    characters: &[char],
    faults: &mut Collector,
) -> Option<Node> {
    match documents {
        [document] => Some(Reader { characters, faults }.node(document, 0)),
        [] => {
            faults.written(Place::START, "", "the file is empty; start with `engine init`");
            None
        }
        [_, second, ..] => {
            let what = "a second document begins; one file holds one deployment";
            faults.written(place(&second.span.start), "", what);
            None
        }
    }
}

/// Columns of the parser begin at zero.
fn place(marker: &Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

struct Reader<'a> {
    characters: &'a [char],
    faults: &'a mut Collector,
}

impl Reader<'_> {
    fn node(&mut self, marked: &MarkedYaml<'_>, depth: usize) -> Node {
        let place = place(&marked.span.start);
        let value = match self.oddity(marked, depth) {
            Some(what) => {
                self.faults.written(place, "", what);
                Value::Faulty
            }
            None => self.value(marked, depth),
        };
        Node { place, value }
    }

    /// What makes a node one that a configuration does not need.
    fn oddity(&self, marked: &MarkedYaml<'_>, depth: usize) -> Option<&'static str> {
        if DEPTH_MAX <= depth {
            return Some("is nested too deep");
        }
        match self.first_character(marked) {
            Some('*' | '&') => Some("anchors and aliases are not read; write the value out"),
            Some('!') => Some("tags are not read; write the plain value"),
            _ => None,
        }
    }

    fn value(&mut self, marked: &MarkedYaml<'_>, depth: usize) -> Value {
        match &marked.data {
            YamlData::Value(scalar) => self.scalar(scalar, marked),
            YamlData::Representation(text, ..) => Value::Scalar(text.to_string(), Style::Plain),
            YamlData::Sequence(nodes) => {
                Value::List(nodes.iter().map(|node| self.node(node, depth + 1)).collect())
            }
            YamlData::Mapping(entries) => {
                let entries = entries.iter();
                Value::Map(entries.filter_map(|(key, node)| self.entry(key, node, depth)).collect())
            }
            YamlData::Tagged(..) | YamlData::Alias(_) | YamlData::BadValue => {
                let what = "tags are not read; write the plain value";
                self.faults.written(place(&marked.span.start), "", what);
                Value::Faulty
            }
        }
    }

    fn entry(
        &mut self,
        key: &MarkedYaml<'_>,
        node: &MarkedYaml<'_>,
        depth: usize,
    ) -> Option<Entry> {
        let place = place(&key.span.start);
        let Value::Scalar(name, _) = self.node(key, depth + 1).value else {
            self.faults.written(place, "", "a key is a single word");
            return None;
        };
        let is_renamed = name.starts_with(|first: char| {
            (u32::from(RENAMED)..=u32::from(RENAMED) + DUPLICATES_MAX).contains(&u32::from(first))
        });
        (!is_renamed).then(|| Entry { key: name, place, node: self.node(node, depth + 1) })
    }

    fn scalar(&self, scalar: &Scalar<'_>, marked: &MarkedYaml<'_>) -> Value {
        let style = match self.first_character(marked) {
            Some('"' | '\'') => Style::Quoted,
            _ => Style::Plain,
        };
        match scalar {
            Scalar::Null => Value::Nothing,
            Scalar::String(text) => Value::Scalar(text.to_string(), style),
            Scalar::Boolean(_) | Scalar::Integer(_) | Scalar::FloatingPoint(_) => {
                Value::Scalar(self.written(marked), style)
            }
        }
    }

    fn first_character(&self, marked: &MarkedYaml<'_>) -> Option<char> {
        let is_written = marked.span.start.index() < marked.span.end.index();
        is_written.then(|| self.characters.get(marked.span.start.index()).copied()).flatten()
    }

    /// The source of a node.
    fn written(&self, marked: &MarkedYaml<'_>) -> String {
        let range = marked.span.start.index()..marked.span.end.index();
        let characters = self.characters.get(range).unwrap_or_default();
        characters.iter().collect::<String>().trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn faults(text: &str) -> Vec<String> {
        let mut faults = Collector::default();
        parse(text, &mut faults);
        let faults = faults.finish(PathBuf::from("f"));
        faults
            .err()
            .map(|faults| faults.to_string())
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn node(text: &str) -> Node {
        parse(text, &mut Collector::default()).unwrap()
    }

    #[test]
    fn keeps_numbers_as_written_and_knows_quotes() {
        let Value::Map(entries) = node("a: 1.50 # one\nb: '5'\nc:\nd: 0x10\ne: true\n").value
        else {
            panic!("a map");
        };
        let values: Vec<Value> = entries.into_iter().map(|entry| entry.node.value).collect();
        let plain = |text: &str| Value::Scalar(text.to_owned(), Style::Plain);
        let quoted = Value::Scalar("5".to_owned(), Style::Quoted);
        assert_eq!(values, [plain("1.50"), quoted, Value::Nothing, plain("0x10"), plain("true")]);
    }

    #[test]
    fn every_duplicate_is_found_and_hides_nothing() {
        let text = "a: 1\na: 2\n'b': 1\n\"b\": 2\nc:\n  a: 1\n  a: 2\na: 3\nd: *x\n";
        let said = faults(text);
        assert_eq!(said, ["f:9:4: this is not YAML: while parsing node, found unknown anchor"]);
        let text = "a: 1\na: 2\n'b': 1\n\"b\": 2\nc:\n  a: 1\n  a: 2\na: 3\nd: !x 1\n";
        let places: Vec<String> = faults(text).iter().map(|line| line[2..5].to_owned()).collect();
        assert_eq!(places, ["2:1", "4:1", "7:3", "8:1", "9:4"]);
    }

    #[test]
    fn refuses_what_a_configuration_does_not_need() {
        let rows = [
            ("a: &x 1", "f:1:4: anchors and aliases are not read"),
            ("a: &x [1]\nb: *x", "f:1:4: anchors and aliases are not read"),
            ("a: !!str 5", "f:1:4: tags are not read"),
            ("a: !mine 5", "f:1:4: tags are not read"),
            ("a: 1\n---\nb: 1", "f:3:1: a second document begins"),
            ("", "f:1:1: the file is empty"),
            ("# nothing\n", "f:1:1: the file is empty"),
            ("? [a]\n: 1", "f:1:3: a key is a single word"),
            ("a: [1,", "f:"),
            ("a: b: c", "f:1:5: this is not YAML: mapping values are not allowed"),
        ];
        for (text, expected) in rows {
            let said = faults(text).join("\n");
            assert!(said.starts_with(expected), "{text:?}: {said}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        use super::super::source::LINE_CHARS_MAX;
        let block = "- ".repeat(LINE_CHARS_MAX / 2 - 1);
        let flow = format!("{block}{}", "[\n".repeat(255));
        assert!(!faults(&flow).is_empty());
        let stairs: String =
            (0..LINE_CHARS_MAX - 2).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert!(faults(&stairs).join("\n").contains("is nested too deep"));
        assert!(faults(&format!("{}1", "- ".repeat(32))).join("").contains("nested too deep"));
        assert!(faults(&format!("{}1", "- ".repeat(31))).is_empty());
    }

    #[test]
    fn a_bomb_of_aliases_does_not_go_off() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{},", level - 1).repeat(9);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(',')));
        }
        assert!(!faults(&text).is_empty());
    }
}
