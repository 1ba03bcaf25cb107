//! What the limits of loss must remember: where the day began, and the circuit breaker. Kept beside
//! the journal, checksummed as every state file is. Which strategies were stopped is a mode's.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::core::{BreakerMark, DayMark, Kept, STOPS_MAX};
use crate::types::Cash;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const NEXT: &str = "start, look at the day's loss and the strategies, then reset the kill switch";

/// All of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Losses {
    /// Where the day began.
    pub day: Option<DayMark>,
    /// The circuit breaker.
    pub breaker: Option<BreakerMark>,
}

impl Losses {
    /// Takes in what moved.
    pub fn keep(&mut self, kept: Kept) {
        match kept {
            Kept::Day(mark) => self.day = Some(mark),
            Kept::Breaker(mark) => self.breaker = Some(mark),
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    day: Option<Day>,
    breaker: Option<Breaker>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Day {
    number: u32,
    /// Exact decimal text: JSON has no integer of this width.
    opening: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Breaker {
    opened: u32,
    stop_ages_ns: Vec<u64>,
    cooldown_ns: u64,
}

/// Keeps it; returns when it is on disk.
pub fn write(state_folder: &Path, losses: &Losses) -> Result<(), StoreError> {
    let day = losses.day.map(|mark| Day { number: mark.day, opening: mark.opening.to_string() });
    let breaker = losses.breaker.map(|mark| Breaker {
        opened: mark.opened,
        stop_ages_ns: mark.ages_ns[..usize::from(mark.stops).min(STOPS_MAX)].to_vec(),
        cooldown_ns: mark.cooldown_ns,
    });
    atomic::write(&path(state_folder), &Written { day, breaker })
}

/// What the last run kept; nothing at the first start. An error means that it is not known: the
/// caller latches.
pub fn restore(state_folder: &Path) -> Result<Losses, StoreError> {
    let path = path(state_folder);
    let written = match atomic::read::<Written>(&path, NEXT) {
        Stored::Missing => return Ok(Losses::default()),
        Stored::Damaged(error) => return Err(error),
        Stored::Good(written) => written,
    };
    let damaged = |what: String| StoreError::Damaged { path: path.clone(), what, next: NEXT };
    let day = match written.day {
        None => None,
        Some(Day { number, opening }) => {
            let cash = Cash::parse(opening.as_bytes());
            let opening = cash.ok_or_else(|| damaged(format!("`{opening}` is no amount")))?;
            Some(DayMark { day: number, opening })
        }
    };
    let breaker = match written.breaker {
        None => None,
        Some(breaker) => Some(mark(&breaker).ok_or_else(|| damaged("too many stops".to_owned()))?),
    };
    Ok(Losses { day, breaker })
}

fn mark(breaker: &Breaker) -> Option<BreakerMark> {
    let mut ages_ns = [0; STOPS_MAX];
    let ages = &breaker.stop_ages_ns;
    ages_ns.get_mut(..ages.len())?.copy_from_slice(ages);
    let stops = u8::try_from(ages.len()).ok()?;
    let &Breaker { opened, cooldown_ns, .. } = breaker;
    Some(BreakerMark { opened, stops, ages_ns, cooldown_ns })
}

fn path(state_folder: &Path) -> PathBuf {
    state_folder.join("losses.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn losses() -> Losses {
        let mut ages_ns = [0; STOPS_MAX];
        ages_ns[..2].copy_from_slice(&[u64::MAX, 5]);
        Losses {
            day: Some(DayMark {
                day: 20_000,
                opening: Cash::from_units(-1 - i128::from(u64::MAX)),
            }),
            breaker: Some(BreakerMark { opened: 3, stops: 2, ages_ns, cooldown_ns: 7 }),
        }
    }

    #[test]
    fn everything_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(restore(folder.path()).unwrap(), Losses::default());
        for losses in [losses(), Losses::default()] {
            write(folder.path(), &losses).unwrap();
            assert_eq!(restore(folder.path()).unwrap(), losses);
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "{}").unwrap();
        assert!(restore(folder.path()).is_err());
        let day = Some(Day { number: 1, opening: "much".to_owned() });
        let written = Written { day, breaker: None };
        atomic::write(&path(folder.path()), &written).unwrap();
        assert!(restore(folder.path()).unwrap_err().to_string().contains("`much`"));
        let stop_ages_ns = vec![0; STOPS_MAX + 1];
        let breaker = Some(Breaker { opened: 1, stop_ages_ns, cooldown_ns: 0 });
        let written = Written { day: None, breaker };
        atomic::write(&path(folder.path()), &written).unwrap();
        assert!(restore(folder.path()).is_err());
    }
}
