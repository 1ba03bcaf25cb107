//! A person's words for the record while no engine runs (R76).

use crate::config::Config;
use crate::runtime::clock::Clock;
use crate::runtime::run;
use crate::runtime::startup::Disk;
use crate::store::StoreError;
use crate::types::Text;

/// Journals each of these lines, and returns when they are on disk.
///
/// # Errors
/// [`StoreError`]: an engine runs, or the disk does not take them; of the lines those before the
/// error are kept.
pub fn note(config: &Config, by: &str, lines: &[String]) -> Result<(), StoreError> {
    let clock = Clock::start();
    let mut disk = Disk::open(config, &clock, None)?;
    // What stood stands, as after any start that came to nothing.
    let _ = disk.restore(config, &run::names(config), &clock, false);
    let mut kept = Ok(());
    for line in lines {
        kept = kept.and_then(|()| disk.note(Text::new(by), Text::new(line), clock.stamp()));
    }
    disk.close_unused(&clock);
    kept
}
