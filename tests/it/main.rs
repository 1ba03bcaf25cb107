//! The behaviour of the engine, from outside: one test binary, one module per behaviour.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails loudly and says so")]

mod approved_cannot_be_forged;
mod book;
#[path = "../scenarios/mod.rs"]
mod scenarios;
mod sim_recording;
mod sim_samples;
mod spot_samples;
mod support;

mod account_drift;
mod alert_times;
mod amends;
mod book_lost;
mod budgets;
mod dead_man;
mod determinism;
mod duplicates;
mod executions;
mod exits;
mod fees;
mod flatten;
mod halt_resume;
mod hedges;
mod in_process;
mod kill_switch;
mod limits_at_extremes;
mod losses;
mod maintenance;
mod margin;
mod missed_trades;
mod momentum;
mod no_trade;
mod order_bounds;
mod order_life;
mod paper;
mod parents;
mod partial_fills;
mod post_trade;
mod quoter;
mod random_walk;
mod readings;
mod reconcile;
mod reference_data;
mod replays;
mod restart;
mod shared;
mod shutdown;
mod stops;
mod stuck;
mod tidy;
mod ttl;
mod two_venues;
mod unknown_orders;
