//! One suite of scenarios: what a trader does, the fault that meets it, and what must hold in the
//! end. Each is written once, in [`SCENARIOS`], and played in process (`tests/it/in_process.rs`:
//! the core against the simulated exchange, in virtual time) and over the wire
//! (`tests/e2e/over_the_wire.rs`: a process of the engine against a process of the exchange), on
//! contracts and on Spot.
//!
//! In reading order: `script`, the words; `table`, the scenarios; `trader`, the strategy that says
//! the wishes; `stage`, what either way of playing must be able to do; `play`, how; `life`, what a
//! journal tells of orders; `judge`, what must hold in the end; `deployment`, the configuration.
//!
//! Must hold: the same script, the same strategy, the same configuration and the same judge in
//! every cell; nothing is waited for by time, but by looking again.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one thing among many")]

mod deployment;
mod judge;
mod life;
mod play;
mod script;
mod stage;
mod table;
mod trader;

pub(crate) use deployment::{STILL, text};
pub(crate) use play::play_all;
pub(crate) use script::{End, Market};
pub(crate) use stage::{Exchange, Stage, Standing, Traded, Word, nonzero};
pub(crate) use trader::registry;
