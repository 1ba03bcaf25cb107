//! The behaviour of the engine, from outside: one test binary, one module per behaviour.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails loudly and says so")]

mod book;
mod sim_recording;
mod sim_samples;
