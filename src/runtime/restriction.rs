//! What a run may do less than its configuration allows: `--dry-run` (D18). It only ever restricts.
//!
//! Must hold: a restricted run keeps its files in a folder of its own below the deployment's, with
//! its own journal, epoch, lock and socket, so that it runs beside the engine that trades, and
//! changes nothing of it.

use super::gateway::narrator::Narrator;
use super::startup::StartError;
use crate::config::{Config, Endpoint, Folders};
use crate::ops::Names;
use crate::types::IdPrefix;

/// How much of a deployment a run does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Restriction {
    /// All of it.
    #[default]
    None,
    /// The live market and the real account as it was read at the start; orders go to a simulated
    /// exchange in this process.
    DryRun,
}

impl Restriction {
    /// What people read everywhere; nothing of a run that may do all.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::DryRun => Some("DRY-RUN"),
        }
    }

    /// Whether there is anything real to restrict.
    ///
    /// # Errors
    /// [`StartError::NothingReal`] where the exchange lives in the engine.
    pub fn check(self, config: &Config) -> Result<(), StartError> {
        match (self, &config.venue.endpoint) {
            (Self::None, _) | (_, Endpoint::Remote { .. }) => Ok(()),
            (Self::DryRun, Endpoint::Embedded(_)) => Err(StartError::NothingReal),
        }
    }

    /// The deployment with the folders of such a run.
    #[must_use]
    pub fn confine(self, mut config: Config) -> Config {
        if let Some(name) = self.folder() {
            config.folders = Folders::below(config.folders.root.join(name));
        }
        config
    }

    /// Who says what would be sent, where nothing is.
    pub(super) fn narrator(self, names: &Names, prefix: IdPrefix) -> Option<Narrator> {
        match self {
            Self::None => None,
            Self::DryRun => Some(Narrator::new(names.clone(), prefix)),
        }
    }

    /// Below the deployment's own.
    fn folder(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::DryRun => Some("dry-run"),
        }
    }
}
