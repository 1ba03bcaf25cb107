//! Tradekeel: a low-latency trading engine with a safety kernel in front of every order.
//!
//! This page is the map. The README is the operator's view, `RUNBOOK.md` the nights; decisions
//! stand where they bind, as a `Decision:` paragraph of a module.
//!
//! # The modules, in reading order
//!
//! - [`types`]: the nouns of trading, plain data; [`types::Price`], [`types::Qty`] and
//!   [`types::Cash`] are exact, and one file knows how.
//! - [`core`]: the machine, [`core::Core::step`]. One closed list of inputs ([`core::EventKind`]),
//!   one of outputs ([`core::Effect`]).
//! - [`core::safety`]: the kernel, the one gate between a wish and an order; one check a file.
//! - [`strategy`]: the strategies that come with the house, each one file.
//! - [`venue`]: dialects, pure: bytes in, events out; commands in, bytes out. Binance's two
//!   markets, USDⓈ-M futures and Spot, share what lies above `usdm` and `spot`.
//! - [`sim`]: the simulated exchange, pure; it speaks the same dialect from the other side.
//! - [`config`]: one table of keys; a file is read once, checked completely, handed out in parts.
//! - [`net`]: sockets, bytes only. [`store`]: journal, state files, recordings.
//! - [`ops`]: what people see and may ask. [`runtime`]: threads, clocks, composition.
//! - [`cli`]: one verb, one file; [`run()`] is the whole program.
//!
//! Who may name whom: `types` nobody; `core` types; `strategy` and `venue` core and types; `sim`
//! and `config` those; `store` core and types; `net` nobody; `ops` all but runtime; `runtime` and
//! `cli` everything below them.
//!
//! # Architecture invariants
//!
//! 1. **The core is deterministic.** Time is a field of an event. In `types`, `core`, `strategy`,
//!    `venue` and `sim` there is no clock, thread, lock, file, socket, hash map or randomness, so
//!    the same events give the same effects, on every machine.
//! 2. **Proof by type.** A strategy says [`types::OrderRequest`]; only the kernel can make a
//!    [`core::safety::Approved`]; only that becomes [`core::Command::NewOrder`], as only a
//!    [`core::safety::ApprovedAmend`] becomes [`core::Command::Amend`]. There is no flag and no
//!    operator's command around it: flatten passes a gate of the kernel too.
//! 3. **Denied is ours, rejected is the venue's.** [`core::safety::DenyReason`] stands in the order
//!    of the checks; every reason has a row in the kernel's tests.
//! 4. **Unknown is not zero.** What is not known is `None`, and `None` means no new risk. An order
//!    without an answer is `Unknown`: it counts at its worst case until the venue says otherwise.
//! 5. **The exchange is right.** At a start, after every reconnect and every few seconds its
//!    account is read; a difference stops new risk until it is adopted.
//! 6. **Stops stop, exits stay possible.** Cancels always pass, no stop closes a position or
//!    removes its protection, and flatten works in every state.
//! 7. **A trip is latched**: in memory at once, on disk right after, until a named person resets
//!    it.
//! 8. **Recorded before sent.** An order is in the mapped journal before its first byte leaves; ids
//!    are epoch and sequence, and the epoch is synced at the start, so that none is ever used
//!    twice.
//! 9. **Everything is bounded**, and what a full queue means is written where it is made.
//! 10. **One core in every world.** Live, paper and back-test differ only in who feeds events and
//!     who takes effects.
//!
//! Numbers are integers: floats stay out of everything that is sent or held. Data from venue, disk,
//! operator or configuration never panics; our own broken invariants do.
//!
//! # The way of data
//!
//! A frame of the market comes in on the feed thread (`runtime/feed.rs`, over `net/ws.rs`), where
//! the dialect scans it (`venue/binance/market.rs`, `scan.rs`), checks the chain of its book
//! (`sync.rs`) and makes [`types::MarketEvent`]s. They go through a bounded lane without locks
//! (`runtime/lane.rs`) to the hot thread (`runtime/hot.rs`), which takes operators first, then the
//! venue's word on orders, then the market, stamps the event and calls `core/mod.rs::step`: facts
//! first (`state.rs`, `book/`, `orders.rs`, `portfolio.rs`, `reconcile.rs`), then the kernel's
//! latches, then the strategies, whose wishes meet `safety/mod.rs::review` in `dispatch.rs`. The
//! effects leave through `runtime/outputs.rs`: an order is appended to the journal
//! (`store/journal/`) and pushed to the order thread (`runtime/gateway/orders.rs`), which asks the
//! gate (`runtime/gate.rs`) once more, writes the message (`venue/binance/orders/command.rs`,
//! signed by `sign.rs` unless `logon.rs` has logged the connection on) and sends it. The venue's
//! answers (`answer.rs`, and `user.rs` for the private stream) come back to the hot thread as
//! [`types::ExecutionReport`]s. The writer thread (`runtime/writer.rs`) syncs the journal and
//! keeps the state files; the main thread (`runtime/supervisor.rs`) draws the status and hears
//! operators. `runtime/run.rs` puts it together.
//!
//! A paper run is that whole path, with `runtime/exchange.rs` serving [`sim`] on a port of this
//! machine. A dry-run (`runtime/rehearsal.rs`) reads the real market on that path and sends its
//! orders to such a port, behind which the real account was taken over. A read-only run has
//! `runtime/gateway/read_only.rs` in the place of the order thread, which can only ask. A back-test
//! (`runtime/backtest`) is the core and `sim/direct.rs` in one thread, in the time of the market
//! that it plays. A replay (`runtime/replay`) is the core and the journal: every input that the hot
//! thread journaled, and every decision compared with the recorded one.
//!
//! # To add
//!
//! - **a strategy**: a file with its `construct` and a line in [`strategy::registry`]; or a program
//!   of your own, below;
//! - **a check**: a file in `core/safety/` that answers `Result<(), DenyReason>`, a variant at its
//!   precedence in `verdict.rs`, a line in `review`, a row in `tests.rs`;
//! - **a venue**: a folder in `venue/`, an arm in [`venue::dialects`], a word in the configuration;
//!   `core` and `runtime` stay as they are;
//! - **a check of `engine doctor`**: a row of `CHECKS` in `runtime/doctor/mod.rs`, a function;
//! - **a key of the configuration**: a row in `config/table.rs`; the schema and `config show`
//!   follow.
//!
//! # A program of your own
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     // `.with("my_kind", construct)` adds yours; see `examples/my_strategy`.
//!     tradekeel::run(tradekeel::strategy::registry())
//! }
//! ```

#![warn(missing_docs)]

pub mod types;

pub mod core;

pub mod strategy;

pub mod venue;

pub mod sim;

pub mod config;

pub mod net;

pub mod store;

pub mod ops;

pub mod runtime;

pub mod cli;

pub use cli::run;

/// The README's program must compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
