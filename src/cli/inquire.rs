//! Asking the venue of a deployment, without an engine: what every verb that does so says when
//! there is no answer.

use super::config::deployment;
use super::console::Console;
use super::exit::Exit;
use crate::config::Config;
use crate::core::Registry;
use crate::runtime::InquiryError;
use std::io;
use std::path::Path;

/// What the venue of the configuration in `file` says to `ask`; `Err` is the exit code, and why has
/// been said.
pub(super) fn venue<T>(
    file: &Path,
    ask: impl FnOnce(&Config) -> Result<T, InquiryError>,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Result<T, Exit>> {
    let config = match deployment(file, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(Err(exit)),
    };
    match ask(&config) {
        Ok(told) => Ok(Ok(told)),
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Err(exit(&error)))
        }
    }
}

fn exit(error: &InquiryError) -> Exit {
    match error {
        InquiryError::Refused(_) => Exit::Permission,
        InquiryError::Unreachable { .. } => Exit::Unreachable,
        InquiryError::Embedded
        | InquiryError::NoWallet
        | InquiryError::Unlisted(_)
        | InquiryError::Start(_) => Exit::Failed,
    }
}
