//! A person's words for the record while no engine runs (R76).

use super::OfflineError;
use crate::config::{Config, Endpoint};
use crate::runtime::clock::Clock;
use crate::runtime::run;
use crate::runtime::startup::{Disk, is_untouched};
use crate::types::Text;

/// Journals each of these lines, and returns when they are on disk.
///
/// # Errors
/// [`OfflineError`]: nothing was ever started here, an engine runs, or the disk does not take them;
/// of the lines those before the error are kept.
pub fn note(config: &Config, by: &str, lines: &[String]) -> Result<(), OfflineError> {
    if is_untouched(&config.folders) {
        // A first start takes its mode from the configuration, and this would have been it.
        let why = "nothing was ever started here, so there is no record yet: start it, then say it";
        return Err(OfflineError::Refused(why.to_owned()));
    }
    let clock = Clock::start();
    let mut disk = Disk::open(config, &clock, None)?;
    // What stood stands, as after any start that came to nothing.
    let is_embedded = matches!(config.venue.endpoint, Endpoint::Embedded(_));
    let _ = disk.restore(config, &run::names(config), &clock, is_embedded);
    let mut kept = Ok(());
    for line in lines {
        kept = kept.and_then(|()| disk.note(Text::new(by), Text::new(line), clock.stamp()));
    }
    disk.close_unused(&clock);
    Ok(kept?)
}
