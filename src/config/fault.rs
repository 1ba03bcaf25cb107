//! What is wrong with a configuration, and where: every fault with file, line and column.
//!
//! Must hold: no fault ever carries the value of a variable, of a secret or of a file that holds
//! one; what a person typed is repeated only where it is short.

use std::fmt;
use std::path::PathBuf;

/// A place in the file, counted from one, in characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Place {
    /// Where a file begins: the place of what is missing altogether.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// Who has to act on a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// Somebody who edits the file.
    Written,
    /// Somebody who gives a key, a variable or a permission.
    Access,
}

/// One fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// The key, as in `risk.max_open_orders`; empty for the file as a whole.
    pub path: String,
    /// What is wrong and what is expected.
    pub what: String,
    /// Who has to act.
    pub kind: FaultKind,
}

/// All faults of one file, in the order of their places.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Faults {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it; at least one.
    pub list: Vec<Fault>,
}

impl Faults {
    /// A part could not be built and nobody said why: a gap between the table of keys and what is
    /// built from it. It refuses the file instead of ending the program.
    pub(super) fn unexplained(file: PathBuf) -> Self {
        let what = "is complete but could not be understood; please report this".to_owned();
        let kind = FaultKind::Written;
        Self { file, list: vec![Fault { place: Place::START, path: String::new(), what, kind }] }
    }

    /// True when nothing but keys, variables and permissions are at fault (exit 77 and not 78).
    pub fn are_access_only(&self) -> bool {
        self.list.iter().all(|fault| fault.kind == FaultKind::Access)
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    /// One line for each: `file:line:column: path: what`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            let Place { line, column } = fault.place;
            let (end, colon) = (if index == 0 { "" } else { "\n" }, colon_after(&fault.path));
            let (file, path) = (self.file.display(), &fault.path);
            write!(out, "{end}{file}:{line}:{column}: {path}{colon}{}", fault.what)?;
        }
        Ok(())
    }
}

fn colon_after(path: &str) -> &'static str {
    if path.is_empty() { "" } else { ": " }
}

/// Collects faults while a file is checked.
#[derive(Debug, Default)]
pub(super) struct Collector {
    list: Vec<Fault>,
}

impl Collector {
    pub(super) fn written(&mut self, place: Place, path: &str, what: impl Into<String>) {
        self.push(place, path, what.into(), FaultKind::Written);
    }

    pub(super) fn access(&mut self, place: Place, path: &str, what: impl Into<String>) {
        self.push(place, path, what.into(), FaultKind::Access);
    }

    /// Nothing when nothing was wrong.
    pub(super) fn finish(mut self, file: PathBuf) -> Result<(), Faults> {
        self.list.sort_by(|one, other| (one.place, &one.path).cmp(&(other.place, &other.path)));
        if self.list.is_empty() { Ok(()) } else { Err(Faults { file, list: self.list }) }
    }

    fn push(&mut self, place: Place, path: &str, what: String, kind: FaultKind) {
        self.list.push(Fault { place, path: path.to_owned(), what, kind });
    }
}

/// Longest text of the file that a fault repeats. Keys of venues are longer (Binance: 64), so one
/// that was pasted into the wrong place is not repeated.
const QUOTED_CHARS_MAX: usize = 32;

/// `text` for a fault, without control characters, if it is short.
pub(super) fn quoted(text: &str) -> String {
    if QUOTED_CHARS_MAX < text.chars().count() {
        return "this text".to_owned();
    }
    let shown: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    format!("`{shown}`")
}

/// The known word that `typed` was probably meant to be.
pub(super) fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distances = known.into_iter().map(|word| (distance(typed, word), word));
    // A third of the letters may be wrong: "max_open_ordres" is near, "mode" and "name" are not.
    distances.filter(|(distance, word)| distance * 3 <= word.len()).min().map(|(_, word)| word)
}

/// How many letters must be added, dropped or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().take(64).enumerate() {
        let mut diagonal = line;
        let mut beside = line + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(other.chars()) {
            let changed = diagonal + usize::from(left != right);
            diagonal = *cell;
            beside = changed.min(diagonal + 1).min(beside + 1);
            *cell = beside;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word_and_another_word_does_not() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        let known = ["max_open_orders", "max_unknown_orders", "mode"];
        assert_eq!(nearest("max_open_ordres", known), Some("max_open_orders"));
        assert_eq!(nearest("Mode", known), Some("mode"));
        assert_eq!(nearest("name", known), None);
    }

    #[test]
    fn long_text_is_not_repeated() {
        assert_eq!(quoted(&"x".repeat(32)), format!("`{}`", "x".repeat(32)));
        assert_eq!(quoted(&"x".repeat(33)), "this text");
        assert_eq!(quoted("a\u{1b}[2J"), "`a\u{fffd}[2J`");
    }
}
