//! The house rules, read off every file of `src`: headings, lengths, layers, purity, finished work.
//!
//! The words that are looked for are put together from pieces, so that this file is not found by
//! itself should it ever be read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 600;
const COLUMNS_MAX: usize = 100;

/// Who may name whom.
const LAYERS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("core", &["types"]),
    ("strategy", &["core", "types"]),
    ("venue", &["core", "types"]),
    ("sim", &["venue", "core", "types"]),
    ("net", &[]),
    ("store", &["core", "types"]),
    ("config", &["venue", "strategy", "core", "types"]),
    ("ops", &["config", "store", "net", "sim", "core", "types", "venue"]),
    ("runtime", &["ops", "config", "store", "net", "sim", "strategy", "core", "types", "venue"]),
    ("cli", &["runtime", "ops", "config", "core", "net", "types"]),
];

const PURE: [&str; 5] = ["types", "core", "strategy", "venue", "sim"];

/// What a pure layer has no use for.
const IMPURE: [&str; 20] = [
    "std::time",
    "std::thread",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::io",
    "tokio",
    "Instant",
    "SystemTime",
    "rand::",
    "f32",
    "f64",
    "static mut",
    "thread_local",
    "RefCell",
    "Mutex",
    "RwLock",
    "HashMap",
    "HashSet",
];

/// One file of `src`.
struct Source {
    /// From `src` on, with slashes.
    name: String,
    text: String,
}

impl Source {
    /// The module below the root that it belongs to.
    fn layer(&self) -> &str {
        self.name.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// True when all of it is compiled for tests only.
    fn is_test(&self) -> bool {
        let stem = self.name.trim_end_matches(".rs");
        let parts = stem.split('/');
        parts.clone().any(|part| part == "tests")
            || stem.ends_with("_tests")
            || ["sim/testing", "venue/binance/support", "store/samples"].contains(&stem)
    }

    /// Its code without comments and without the tests at its end, with line numbers from 1.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        let lines = lines.enumerate().filter(|_| !self.is_test());
        let code = lines.map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()));
        code.filter(|(_, line)| !line.trim().is_empty())
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let source = |path: &PathBuf| Source {
        name: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(path).unwrap(),
    };
    let sources: Vec<Source> = paths.iter().map(source).collect();
    assert!(100 < sources.len(), "the house is larger than {} files", sources.len());
    sources
}

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// Fails with all faults at once, one a line.
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// True when `word` stands in `line` as a word of its own.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.as_bytes()[..at].last().is_some_and(is_part);
        let after = line.as_bytes()[at + word.len()..].first().is_some_and(is_part);
        !before && (!after || word.ends_with(':'))
    })
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let silent = sources().into_iter().filter(|it| !it.text.starts_with("//! "));
    assert_none(
        &silent.map(|it| format!("{}: the first line is not `//! `", it.name)).collect::<Vec<_>>(),
    );
}

#[test]
fn files_and_lines_are_short() {
    let mut faults = Vec::new();
    for source in sources() {
        let count = source.text.lines().count();
        if LINES_MAX < count {
            faults.push(format!("{}: {count} lines, at most {LINES_MAX}", source.name));
        }
        let mut is_table = false;
        for (at, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            is_table = (is_table || line.contains("rustfmt::skip")) && !line.is_empty();
            // A table has its own shape; a text of a protocol is not broken for its length.
            let is_exempt = is_table || line.contains('"') || line.contains("http");
            if COLUMNS_MAX < columns && !is_exempt {
                faults.push(format!("{}:{}: {columns} columns", source.name, at + 1));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn layers_name_only_those_below_them() {
    let layers: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    let mut faults = Vec::new();
    for source in sources() {
        let Some((layer, below)) = LAYERS.iter().find(|(layer, _)| *layer == source.layer()) else {
            assert!(["main", "lib"].contains(&source.layer()), "{} has no layer", source.name);
            continue;
        };
        for (at, line) in source.code() {
            for other in layers.iter().filter(|other| *other != layer && !below.contains(other)) {
                if has_word(line, &format!("crate::{other}")) {
                    faults.push(format!("{}:{at}: {layer} may not name {other}", source.name));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn pure_layers_are_pure() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.layer())) {
        for (at, line) in source.code() {
            for word in IMPURE.iter().filter(|word| has_word(line, word)) {
                let signal = source.layer() == "strategy" && *word == "f64";
                if !signal {
                    faults.push(format!("{}:{at}: `{word}` in a pure layer", source.name));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn no_mark_of_unfinished_work_is_left() {
    let marks = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"], ["unimple", "mented!"]];
    let phrases = [["for ", "now"], ["no ", "longer"], ["previ", "ously"], ["stub", "bed"]];
    let marks = marks.iter().chain(&phrases).map(|pieces| pieces.concat());
    let marks: Vec<String> = marks.chain([["to", "do!"].concat()]).collect();
    let mut faults = Vec::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            for mark in marks.iter().filter(|mark| has_word(line, mark)) {
                faults.push(format!("{}:{}: `{mark}`", source.name, at + 1));
            }
        }
    }
    assert_none(&faults);
}

/// A file that no `mod` line names is dead, and nobody sees it rot.
#[test]
fn every_file_is_reached_from_the_root() {
    let sources = sources();
    let names: BTreeSet<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let mut reached: BTreeSet<String> = ["lib.rs", "main.rs"].map(String::from).into();
    let mut waiting: Vec<String> = reached.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let source = sources.iter().find(|source| source.name == name).unwrap();
        for found in modules(source).into_iter().filter(|found| names.contains(found.as_str())) {
            if reached.insert(found.clone()) {
                waiting.push(found);
            }
        }
    }
    let dead = names.iter().filter(|name| !reached.contains(**name));
    assert_none(&dead.map(|name| format!("{name}: no `mod` line leads here")).collect::<Vec<_>>());
}

/// The files that the `mod` lines of a file may mean.
fn modules(source: &Source) -> Vec<String> {
    let (folder, file) = source.name.rsplit_once('/').unwrap_or(("", &source.name));
    let stem = file.trim_end_matches(".rs");
    let own = if ["lib", "main", "mod"].contains(&stem) { "" } else { stem };
    let below = [folder, own].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
    let join = |parts: &[&str], file: &str| {
        parts.iter().copied().chain([file]).collect::<Vec<_>>().join("/")
    };
    let (mut found, mut path) = (Vec::new(), None);
    for line in source.text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            path = rest.strip_suffix("\"]");
        }
        let words: Vec<&str> = line.trim_end_matches(';').split(' ').collect();
        let Some(at) = words.iter().position(|word| *word == "mod") else { continue };
        let declares = line.ends_with(';') && (at == 0 || words[0].starts_with("pub"));
        let Some(module) = words.get(at + 1).filter(|_| declares) else { continue };
        let beside: Vec<&str> = Some(folder).into_iter().filter(|it| !it.is_empty()).collect();
        match path.take() {
            Some(path) => found.push(join(&beside, path)),
            None => found.extend([
                join(&below, &format!("{module}.rs")),
                join(&below, &format!("{module}/mod.rs")),
            ]),
        }
    }
    found
}

#[test]
fn the_reader_of_words_tells_words_from_their_parts() {
    assert!(has_word("use std::time::Duration;", "std::time"));
    assert!(has_word("let x: f64 = 1;", "f64") && has_word("rand::random()", "rand::"));
    assert!(!has_word("InstantFill", "Instant") && !has_word("operand::x", "rand::"));
    assert!(!has_word("crate::core_like", "crate::core"));
}
