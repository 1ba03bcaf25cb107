//! What is looked at, and what several checks need of it: read once, by the first that asks.

use crate::config::{Config, Wait};
use crate::net::NetError;
use crate::net::unix::ask;
use crate::ops::handlers::Request;
use crate::ops::state::{self, Verified};
use crate::runtime::clock::Clock;
use crate::runtime::fetch::{self, Listed};
use crate::runtime::offline::{self, Account};
use crate::runtime::run::control_socket;
use crate::runtime::startup::is_untouched;
use crate::runtime::threads;
use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;

/// How long a running engine may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A deployment.
pub(super) struct Patient {
    pub(super) config: Config,
    pub(super) clock: Clock,
    status: OnceLock<Result<Option<Value>, String>>,
    listed: OnceLock<Result<Listed, String>>,
    account: OnceLock<Result<Account, String>>,
    verified: OnceLock<Result<Verified, String>>,
}

impl Patient {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            clock: Clock::start(),
            status: OnceLock::new(),
            listed: OnceLock::new(),
            account: OnceLock::new(),
            verified: OnceLock::new(),
        }
    }

    /// What to add to a verb, so that it means this deployment.
    pub(super) fn flag(&self) -> String {
        format!("--config {}", self.config.path.display())
    }

    /// Nothing tells of a run before the next one.
    pub(super) fn is_first_start(&self) -> bool {
        is_untouched(&self.config.folders)
    }

    /// How the engine says that it is; `None` when none runs.
    pub(super) fn status(&self) -> Result<Option<&Value>, &str> {
        let told = self.status.get_or_init(|| self.ask(&Request::Status));
        told.as_ref().map(Option::as_ref).map_err(String::as_str)
    }

    /// Asks the running engine; `None` when none runs.
    pub(super) fn ask(&self, request: &Request) -> Result<Option<Value>, String> {
        let line = serde_json::to_string(request).map_err(|error| error.to_string())?;
        let socket = control_socket(&self.config);
        let asked = threads::runtime(Wait::Park).map_err(|error| error.to_string())?;
        match asked.block_on(ask(&socket, &line, ANSWER_MAX)) {
            Ok(reply) => serde_json::from_str(&reply).map(Some).map_err(|error| error.to_string()),
            Err(NetError::NoEngine { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What the venue lists.
    pub(super) fn listed(&self) -> Result<&Listed, &str> {
        let read = || fetch::listed(&self.config).map_err(|error| error.to_string());
        self.listed.get_or_init(read).as_ref().map_err(String::as_str)
    }

    /// The account beside what the last run believed.
    pub(super) fn account(&self) -> Result<&Account, &str> {
        let read = || offline::account(&self.config).map_err(|error| error.unread());
        self.account.get_or_init(read).as_ref().map_err(String::as_str)
    }

    /// What of the disk is whole.
    pub(super) fn verified(&self) -> Result<&Verified, &str> {
        let look = || state::verify(&self.config).map_err(|error| error.to_string());
        self.verified.get_or_init(look).as_ref().map_err(String::as_str)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::config;
    use std::path::Path;

    /// The configuration that everybody begins with.
    pub(in crate::runtime::doctor) fn paper() -> Config {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/paper.yaml");
        config::load(&path, &crate::strategy::registry(), &|_| None).unwrap().config
    }

    #[test]
    fn where_no_engine_runs_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = paper();
        config.folders = config::Folders::below(folder.path().to_owned());
        let patient = Patient::new(config);
        assert_eq!(patient.status(), Ok(None));
    }
}
