//! Who put a name to which configuration, and its values, so that the next one can be told apart
//! (SAFETY P29, G2). One file, replaced as a whole.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NEXT: &str = "`engine config attest FILE --by NAME --reason TEXT` writes it anew";

/// A name under a configuration.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// SHA-256 of the checked values without secrets, as hex.
    pub hash: String,
    /// Who.
    pub by: String,
    /// Why it is as it is.
    pub reason: String,
    /// When, milliseconds of Unix time.
    pub unix_ms: u64,
    /// Every value by its path, secrets left out.
    pub values: BTreeMap<String, String>,
}

/// One value that is not what it was: `None` where it was not there, or is not any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Changed {
    /// Its path.
    pub path: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

impl Attested {
    /// Every value that differs from those of `before`, by path.
    pub fn changes(&self, before: &Self) -> Vec<Changed> {
        let mut paths: Vec<&String> = before.values.keys().chain(self.values.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        let changed = |path: &String| {
            let [old, new] = [before, self].map(|it| it.values.get(path).cloned());
            (old != new).then(|| Changed { path: path.clone(), old, new })
        };
        paths.into_iter().filter_map(changed).collect()
    }
}

/// Keeps it; returns when it is on disk.
pub fn write(state_folder: &Path, attested: &Attested) -> Result<(), StoreError> {
    atomic::write(&path(state_folder), attested)
}

/// The last one. Damaged is not attested: the caller opens nothing.
pub fn read(state_folder: &Path) -> Stored<Attested> {
    atomic::read(&path(state_folder), NEXT)
}

fn path(state_folder: &Path) -> PathBuf {
    state_folder.join("attestation.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attested(values: &[(&str, &str)]) -> Attested {
        let text = |text: &str| text.to_owned();
        let values = values.iter().map(|(path, value)| (text(path), text(value))).collect();
        Attested { hash: text("ab"), by: text("ada"), reason: text("pilot"), unix_ms: 7, values }
    }

    #[test]
    fn what_was_attested_comes_back_and_what_is_not_ours_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        let kept = attested(&[("risk.max_positions", "3")]);
        write(folder.path(), &kept).unwrap();
        assert!(matches!(read(folder.path()), Stored::Good(found) if found == kept));
        std::fs::write(path(folder.path()), "{\"hash\": \"ab\"}").unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("it is read") };
        assert!(error.to_string().contains("engine config attest"), "{error}");
    }

    #[test]
    fn changes_are_told_old_and_new_by_path() {
        let before = attested(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let after = attested(&[("b", "2"), ("c", "4"), ("d", "5")]);
        let told: Vec<_> =
            after.changes(&before).into_iter().map(|it| (it.path, it.old, it.new)).collect();
        let row = |path: &str, old: Option<&str>, new: Option<&str>| {
            (path.to_owned(), old.map(str::to_owned), new.map(str::to_owned))
        };
        let expected =
            [row("a", Some("1"), None), row("c", Some("3"), Some("4")), row("d", None, Some("5"))];
        assert_eq!(told, expected);
        assert!(after.changes(&after).is_empty());
    }
}
