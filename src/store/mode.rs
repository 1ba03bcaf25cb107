//! The modes that a restart must not lift (D1), each with its cause.
//!
//! Scopes are kept by the names of the configuration and not by their indexes: between two runs the
//! file may have been edited, and a halt must not move to another instrument. A name that the
//! configuration does not have is the caller's to report; it stays in the file.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::core::{Mode, ModeCause, ModeRecord};
use crate::types::{MS, Stamp, Text};
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "mode.json";

const NEXT: &str = "start: the engine comes up HALTED; then `engine resume`";

/// What holds somewhere until an operator says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Where.
    pub place: Place,
    /// What, and why. The monotonic half of its stamp is that of a run that is over: zero.
    pub record: ModeRecord,
}

/// A scope by its name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Everywhere.
    All,
    /// A venue, by its name.
    Venue(String),
    /// An instrument, by its symbol.
    Instrument(String),
    /// A strategy, by its name.
    Strategy(String),
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    place: Place,
    mode: String,
    cause: String,
    unix_ms: u64,
    by: String,
    note: String,
}

impl Standing {
    fn written(&self) -> Written {
        let ModeRecord { mode, cause, at, by, note } = self.record;
        Written {
            place: self.place.clone(),
            mode: mode.name().to_owned(),
            cause: cause.name().to_owned(),
            unix_ms: at.unix_ns / MS,
            by: by.as_str().to_owned(),
            note: note.as_str().to_owned(),
        }
    }
}

impl Written {
    /// What it says; the word that says nothing otherwise.
    fn standing(self) -> Result<Standing, String> {
        let mode = Mode::ALL.into_iter().find(|mode| mode.name() == self.mode);
        let mode = mode.ok_or(self.mode)?;
        let cause = ModeCause::ALL.iter().find(|cause| cause.name() == self.cause);
        let cause = *cause.ok_or(self.cause)?;
        let at = Stamp { mono_ns: 0, unix_ns: self.unix_ms.saturating_mul(MS) };
        let (by, note) = (Text::new(&self.by), Text::new(&self.note));
        Ok(Standing { place: self.place, record: ModeRecord { mode, cause, at, by, note } })
    }
}

/// Keeps them; returns when they are on disk.
pub fn write(state_folder: &Path, standing: &[Standing]) -> Result<(), StoreError> {
    let written: Vec<Written> = standing.iter().map(Standing::written).collect();
    atomic::write(&state_folder.join(FILE), &written)
}

/// What the last run kept. Missing on the first start; damaged means HALTED, because a halt may
/// have stood there.
pub fn read(state_folder: &Path) -> Stored<Vec<Standing>> {
    let path = state_folder.join(FILE);
    let written: Vec<Written> = match atomic::read(&path, NEXT) {
        Stored::Good(written) => written,
        Stored::Missing => return Stored::Missing,
        Stored::Damaged(error) => return Stored::Damaged(error),
    };
    match written.into_iter().map(Written::standing).collect() {
        Ok(standing) => Stored::Good(standing),
        Err(word) => {
            let what = format!("`{word}` is no mode and no cause");
            Stored::Damaged(StoreError::Damaged { path, what, next: NEXT })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn standing(place: Place, mode: Mode, cause: ModeCause) -> Standing {
        let at = Stamp { mono_ns: 0, unix_ns: 1_723_161_253_937 * MS };
        let (by, note) = (Text::new("ada"), Text::new("the venue is in maintenance"));
        Standing { place, record: ModeRecord { mode, cause, at, by, note } }
    }

    #[test]
    fn every_scope_comes_back_with_every_mode_and_cause() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        for mode in Mode::ALL {
            for cause in ModeCause::ALL {
                let places = [
                    Place::All,
                    Place::Venue("binance".to_owned()),
                    Place::Instrument("BTCUSDT".to_owned()),
                    Place::Strategy("quoter".to_owned()),
                ];
                let all = places.map(|place| standing(place, mode, *cause));
                write(folder.path(), &all).unwrap();
                assert!(matches!(read(folder.path()), Stored::Good(found) if found == all));
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        fs::write(&path, "RUNNING").unwrap();
        assert!(matches!(read(folder.path()), Stored::Damaged(_)));
        let good = || standing(Place::All, Mode::Running, ModeCause::Start).written();
        for (mode, cause) in [("FAST", "halt"), ("HALTED", "boredom")] {
            let (mode, cause) = (mode.to_owned(), cause.to_owned());
            atomic::write(&path, &vec![Written { mode, cause, ..good() }]).unwrap();
            let Stored::Damaged(error) = read(folder.path()) else { panic!("it says nothing") };
            let text = error.to_string();
            assert!(text.contains("`FAST`") || text.contains("`boredom`"), "{text}");
        }
    }
}
