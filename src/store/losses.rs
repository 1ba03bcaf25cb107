//! What the limits of loss must remember: where the day began, the circuit breaker, and which
//! strategies may only reduce. Kept beside the journal, checksummed as every state file is.
//!
//! Strategies are kept by name, because indexes change with the configuration. A name that the
//! configuration does not have stays on disk.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::core::safety::Freeze;
use crate::core::{BreakerMark, DayMark, STOPS_MAX};
use crate::types::Cash;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const NEXT: &str = "start, look at the day's loss and the strategies, then reset the kill switch";

/// All of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Losses {
    /// Where the day began.
    pub day: Option<DayMark>,
    /// The circuit breaker.
    pub breaker: Option<BreakerMark>,
    /// Strategies that may only reduce, by name, and why.
    pub frozen: Vec<(String, Freeze)>,
}

impl Losses {
    /// From here on a strategy may only reduce, or (`None`) as before.
    pub fn freeze(&mut self, name: &str, cause: Option<Freeze>) {
        self.frozen.retain(|(frozen, _)| frozen != name);
        self.frozen.extend(cause.map(|cause| (name.to_owned(), cause)));
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    day: Option<Day>,
    breaker: Option<Breaker>,
    frozen: Vec<Frozen>,
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

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Frozen {
    strategy: String,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Cause {
    Loss,
    LosingRun,
    Rejects,
    Review,
}

/// Keeps it; returns when it is on disk.
pub fn write(state_folder: &Path, losses: &Losses) -> Result<(), StoreError> {
    let day = losses.day.map(|mark| Day { number: mark.day, opening: mark.opening.to_string() });
    let breaker = losses.breaker.map(|mark| Breaker {
        opened: mark.opened,
        stop_ages_ns: mark.ages_ns[..usize::from(mark.stops).min(STOPS_MAX)].to_vec(),
        cooldown_ns: mark.cooldown_ns,
    });
    let frozen = |(name, cause): &(String, Freeze)| Frozen {
        strategy: name.clone(),
        cause: match cause {
            Freeze::Loss => Cause::Loss,
            Freeze::LosingRun => Cause::LosingRun,
            Freeze::Rejects => Cause::Rejects,
            Freeze::Review => Cause::Review,
        },
    };
    let frozen = losses.frozen.iter().map(frozen).collect();
    atomic::write(&path(state_folder), &Written { day, breaker, frozen })
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
    let frozen = written.frozen.into_iter().map(|Frozen { strategy, cause }| {
        let cause = match cause {
            Cause::Loss => Freeze::Loss,
            Cause::LosingRun => Freeze::LosingRun,
            Cause::Rejects => Freeze::Rejects,
            Cause::Review => Freeze::Review,
        };
        (strategy, cause)
    });
    Ok(Losses { day, breaker, frozen: frozen.collect() })
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
        let causes = [Freeze::Loss, Freeze::LosingRun, Freeze::Rejects, Freeze::Review];
        Losses {
            day: Some(DayMark {
                day: 20_000,
                opening: Cash::from_units(-1 - i128::from(u64::MAX)),
            }),
            breaker: Some(BreakerMark { opened: 3, stops: 2, ages_ns, cooldown_ns: 7 }),
            frozen: causes.map(|cause| (format!("s{}", cause as u8), cause)).to_vec(),
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
    fn a_freeze_stands_once_and_is_lifted_by_its_name() {
        let mut losses = losses();
        losses.freeze("s1", Some(Freeze::Review));
        assert_eq!(losses.frozen.iter().filter(|(name, _)| name == "s1").count(), 1);
        losses.freeze("s1", None);
        assert_eq!(losses.frozen.len(), 3);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), "{}").unwrap();
        assert!(restore(folder.path()).is_err());
        let day = Some(Day { number: 1, opening: "much".to_owned() });
        let written = Written { day, breaker: None, frozen: Vec::new() };
        atomic::write(&path(folder.path()), &written).unwrap();
        assert!(restore(folder.path()).unwrap_err().to_string().contains("`much`"));
        let stop_ages_ns = vec![0; STOPS_MAX + 1];
        let breaker = Some(Breaker { opened: 1, stop_ages_ns, cooldown_ns: 0 });
        let written = Written { day: None, breaker, frozen: Vec::new() };
        atomic::write(&path(folder.path()), &written).unwrap();
        assert!(restore(folder.path()).is_err());
    }
}
