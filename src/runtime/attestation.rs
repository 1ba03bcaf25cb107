//! The name under a configuration (SAFETY P29, G2): put by a person, looked for at each start.
//!
//! Must hold: a configuration that nobody put a name to, or of which that cannot be told, is one
//! that opens nothing where a name is asked for.

use super::clock::Clock;
use crate::config::{AttestationPolicy, Config, Loaded};
use crate::core::Attestation;
use crate::store::attestation::{self, Attested, Changed};
use crate::store::{StoreError, Stored};
use crate::types::MS;

/// Puts a name to a configuration, and returns what to say of it when that is on disk: every value
/// that changed since the last name, old and new.
///
/// # Errors
/// [`StoreError`]: what was attested before still is.
pub fn attest(loaded: &Loaded, by: &str, reason: &str) -> Result<Vec<String>, StoreError> {
    let Config { hash, folders, .. } = &loaded.config;
    let attested = Attested {
        hash: hash.clone(),
        by: by.to_owned(),
        reason: reason.to_owned(),
        unix_ms: Clock::start().stamp().unix_ns / MS,
        values: loaded.plain_values(),
    };
    let mut said = match attestation::read(&folders.state) {
        Stored::Good(before) => said_of(&attested.changes(&before), &before.by),
        Stored::Missing => vec!["nobody attested before".to_owned()],
        Stored::Damaged(error) => vec![format!("what was attested before is not known: {error}")],
    };
    attestation::write(&folders.state, &attested)?;
    said.push(format!("attested by {by}: {reason}; hash {hash}"));
    said.push("it counts from the next start on; a halt that stands needs `engine resume`".into());
    Ok(said)
}

fn said_of(changes: &[Changed], by: &str) -> Vec<String> {
    let mut said = vec![format!("{} value(s) changed since {by} attested:", changes.len())];
    said.extend(changes.iter().map(|Changed { path, old, new }| {
        let [old, new] = [old, new].map(|it| it.as_deref().unwrap_or("nothing"));
        format!("  {path}: {old} → {new}")
    }));
    said
}

/// Whether the last name was put to these very values; says so where it was not.
pub(super) fn of(config: &Config) -> Attestation {
    if config.attestation == AttestationPolicy::Off {
        return Attestation::Off;
    }
    let why = match attestation::read(&config.folders.state) {
        Stored::Good(attested) if attested.hash == config.hash => return Attestation::Given,
        Stored::Good(Attested { by, .. }) => format!("it is not the one that {by} attested"),
        Stored::Missing => "nobody has attested it".to_owned(),
        Stored::Damaged(error) => error.to_string(),
    };
    let file = config.path.display();
    tracing::error!(
        hash = config.hash,
        "the configuration is not attested: {why}; HALTED, and nothing is opened. Read it, then \
         `engine config attest {file} --by NAME --reason TEXT`, start again, `engine resume`"
    );
    Attestation::Missing
}
