//! `engine version`: which program this is, for reports and for a proof after a roll-back.

use super::console::Console;
use super::exit::Exit;
use std::io;

/// `engine version`
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Arguments {}

/// Says it.
pub(super) fn execute(_: &Arguments, console: &mut Console<'_>) -> io::Result<Exit> {
    let level = if cfg!(target_feature = "avx2") { "-v3" } else { "" };
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    console.say(format_args!("engine {}", env!("CARGO_PKG_VERSION")))?;
    console
        .say(format_args!("commit: {}", option_env!("TRADEKEEL_COMMIT").unwrap_or("not said")))?;
    let processor = std::env::consts::ARCH.replace('_', "-");
    let system = std::env::consts::OS;
    console.say(format_args!("built for: {processor}{level} {system}, {build}"))?;
    Ok(Exit::Ok)
}
