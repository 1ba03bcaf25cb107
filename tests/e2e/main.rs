//! The running engine from outside: real processes, real sockets, real files.
//!
//! Every test has a folder, a configuration and ports of its own; every wait is a bounded look again
//! and again; nothing is asserted about how long anything takes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails loudly, says so, and looks for one thing among many"
)]

#[path = "../scenarios/mod.rs"]
mod scenarios;

mod account_drift;
mod amends;
mod attestations;
mod backups;
mod bad_disk;
mod bad_venue;
mod cancels;
mod clocks;
mod conditionals;
mod control;
mod crashes;
mod data;
mod dead_man;
mod doctor;
mod drill;
mod dry_run;
mod exchanges;
mod funding;
mod history;
mod inquiries;
mod journal_verbs;
mod journals;
mod kill_switch;
mod logons;
mod margin;
mod offline_resets;
mod operators;
mod over_the_wire;
mod panics;
mod proxy;
mod races;
mod read_only;
mod reconciles;
mod recordings;
mod renewals;
mod replays;
mod resets;
mod rest;
mod runs;
mod screens;
mod spot;
mod spot_engine;
mod standby;
mod state_files;
mod states;
mod stops;
mod support;
mod venue_limits;
mod zombies;
