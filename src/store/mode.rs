//! The mode and the halts that a restart must not lift (D1).
//!
//! Scopes are kept by the names of the configuration and not by their indexes: between two runs the
//! file may have been edited, and a halt must not move to another instrument. A name that the
//! configuration does not have is the caller's to report.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::core::Mode;
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "mode.json";

const NEXT: &str = "start: the engine comes up HALTED; then `engine resume`";

/// What holds until an operator says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The mode of everything.
    pub mode: Mode,
    /// Why, as people read it.
    pub cause: String,
    /// What is halted apart from it.
    pub halts: Vec<Halt>,
}

/// One halt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// Of what.
    pub what: Halted,
    /// Why, as people read it.
    pub cause: String,
}

/// What can be halted apart from everything.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Halted {
    /// An instrument, by its symbol.
    Instrument(String),
    /// A strategy, by its name.
    Strategy(String),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    mode: String,
    cause: String,
    halts: Vec<Halt>,
}

/// Keeps it; returns when it is on disk.
pub fn write(state_folder: &Path, standing: &Standing) -> Result<(), StoreError> {
    let written = Written {
        mode: standing.mode.name().to_owned(),
        cause: standing.cause.clone(),
        halts: standing.halts.clone(),
    };
    atomic::write(&state_folder.join(FILE), &written)
}

/// What the last run kept. Missing on the first start; damaged means HALTED, because a halt may
/// have stood there.
pub fn read(state_folder: &Path) -> Stored<Standing> {
    let path = state_folder.join(FILE);
    let written: Written = match atomic::read(&path, NEXT) {
        Stored::Good(written) => written,
        Stored::Missing => return Stored::Missing,
        Stored::Damaged(error) => return Stored::Damaged(error),
    };
    let Some(mode) = mode_of(&written.mode) else {
        let what = format!("`{}` is no mode", written.mode);
        return Stored::Damaged(StoreError::Damaged { path, what, next: NEXT });
    };
    Stored::Good(Standing { mode, cause: written.cause, halts: written.halts })
}

fn mode_of(name: &str) -> Option<Mode> {
    let all = [Mode::Running, Mode::Conservative, Mode::Reducing, Mode::Halted, Mode::Killed];
    all.into_iter().find(|mode| mode.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_mode_and_every_halt_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        let halts = vec![
            Halt { what: Halted::Instrument("BTCUSDT".to_owned()), cause: "gap".to_owned() },
            Halt { what: Halted::Strategy("quoter".to_owned()), cause: "ada: tuning".to_owned() },
        ];
        for mode in [Mode::Running, Mode::Conservative, Mode::Reducing, Mode::Halted, Mode::Killed]
        {
            let cause = "ada: the venue is in maintenance".to_owned();
            let standing = Standing { mode, cause, halts: halts.clone() };
            write(folder.path(), &standing).unwrap();
            assert!(matches!(read(folder.path()), Stored::Good(found) if found == standing));
        }
    }

    #[test]
    fn a_mode_that_cannot_be_read_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "RUNNING").unwrap();
        assert!(matches!(read(folder.path()), Stored::Damaged(_)));
        let (mode, cause) = ("FAST".to_owned(), String::new());
        atomic::write(&path, &Written { mode, cause, halts: Vec::new() }).unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("FAST is no mode") };
        assert!(error.to_string().contains("`FAST`"), "{error}");
    }
}
