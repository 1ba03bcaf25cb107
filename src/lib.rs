//! Tradekeel: a low-latency trading engine with a safety kernel in front of every order.
//!
//! The map is written when the house stands.

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
