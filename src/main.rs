//! The engine with the strategies that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tradekeel::run(tradekeel::strategy::registry())
}
