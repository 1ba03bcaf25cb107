//! Composition: the only layer that knows threads and clocks.
//!
//! In reading order: [`clock`], [`bell`], [`lane`], [`gate`] and [`threads`] are the parts; `hot`
//! with `outputs` is the loop around the core; `feed`, `gateway`, `writer` and `history` are the
//! threads around it, over `link` and `renewal`; `calls` asks a venue within its `allowance`;
//! `assemble`, `startup`, `run` and `wiring` put a run together, `waiting` attends to operators
//! before there is a venue; `supervisor` keeps a run and ends it, with `operators` and `aftermath`.
//! `restriction` says what a run may do less, `rehearsal` is the world of a dry-run; `backups`
//! copies what is on disk. `exchange` serves the simulated exchange, `backtest` and `record` are
//! the other two worlds; `panic` gets out of a venue, `offline` clears a latch and `doctor` looks
//! at everything without any of them.

mod aftermath;
mod allowance;
mod assemble;
mod atomic;
mod attestation;
mod backtest;
mod backups;
pub mod bell;
mod books;
mod calls;
pub mod clock;
mod doctor;
mod exchange;
mod feed;
mod fetch;
pub mod gate;
#[cfg(test)]
mod gate_tests;
mod gateway;
mod history;
mod holdings;
mod hot;
mod inquiry;
mod keys;
mod lag;
pub mod lane;
mod latency;
mod link;
mod listing;
mod offline;
mod operators;
mod outputs;
#[cfg(test)]
mod outputs_tests;
mod panic;
mod places;
mod quality;
mod questions;
mod reading;
mod record;
mod recorded;
mod reference;
mod rehearsal;
mod renewal;
pub mod replay;
mod restriction;
mod run;
mod signals;
mod startup;
mod supervisor;
pub mod threads;
mod waiting;
mod waits;
mod wiring;
mod writer;

pub use assemble::{AssembleError, prefix_of};
pub use attestation::attest;
pub use backtest::{Played, backtest};
pub use backups::{back_up, source as backup_source};
pub use doctor::doctor;
pub use exchange::{
    ExchangeDialect, ExchangeError, ExchangePlan, PAPER_KEY, PAPER_SECRET, serve_exchange,
};
pub use fetch::{fetch_fees, fetch_filters};
pub use inquiry::InquiryError;
pub use keys::{check_key, vouch};
pub use offline::{Belief, Offline, OfflineError, Reading, ask_trades, compare, note};
pub use panic::{PanicAct, PanicError, PanicPlan, PanicVenue, panic};
pub use quality::quality;
pub use record::{Recording, record};
pub use restriction::Restriction;
pub use run::{control_socket, run, run_restricted};
pub use startup::StartError;
pub use supervisor::Ending;
