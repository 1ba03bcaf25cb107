//! The engine with the strategies that come with it.

use std::process::ExitCode;

/// Threads that allocate beside the hot thread (sockets, JSON) do not wait for one another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tradekeel::run(tradekeel::strategy::registry())
}
