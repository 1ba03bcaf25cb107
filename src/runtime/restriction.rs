//! What a run may do less than its configuration allows: `--dry-run` and `--read-only` (D18). It
//! only ever restricts.
//!
//! Must hold: a restricted run keeps its files in a folder of its own below the deployment's, with
//! its own journal, epoch, lock and socket, so that it runs beside the engine that trades, and
//! changes nothing of it.

use super::gateway::narrator::Narrator;
use super::startup::StartError;
use super::{assemble, listing};
use crate::config::{Config, DeadManConfig, DeadManOff, Endpoint, Folders};
use crate::core::Sharing;
use crate::ops::{DRY_RUN, Names, READ_ONLY};
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
    /// The live market and the real account, read again and again; nobody wishes anything, and what
    /// could send an order is not there.
    ReadOnly,
}

impl Restriction {
    /// What people read everywhere; nothing of a run that may do all.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::DryRun => Some(DRY_RUN),
            Self::ReadOnly => Some(READ_ONLY),
        }
    }

    /// Whether there is anything real to restrict.
    ///
    /// # Errors
    /// [`StartError::NothingReal`] where the exchange lives in the engine.
    pub fn check(self, config: &Config) -> Result<(), StartError> {
        match (self, &config.venue.endpoint) {
            (Self::None, _) | (_, Endpoint::Remote { .. }) => Ok(()),
            (Self::DryRun | Self::ReadOnly, Endpoint::Embedded(_)) => Err(StartError::NothingReal),
        }
    }

    /// The deployment with the folders of such a run. A read-only one has no strategies, and takes
    /// the account for somebody else's: nothing there is its own to take back or to guard.
    #[must_use]
    pub fn confine(self, mut config: Config) -> Config {
        if self == Self::ReadOnly {
            config.strategies.clear();
            config.sharing = Sharing::Shared;
            config.dead_man = DeadManConfig::Off(DeadManOff::SharedAccount);
        }
        if let Some(name) = self.folder() {
            config.folders = Folders::below(config.folders.root.join(name));
        }
        config
    }

    /// Who says what would be sent, where nothing is.
    pub(super) fn narrator(self, names: &Names, prefix: IdPrefix) -> Option<Narrator> {
        match self {
            Self::None | Self::ReadOnly => None,
            Self::DryRun => Some(Narrator::new(names.clone(), prefix)),
        }
    }

    /// What stands before the ids of such a run: nothing is a read-only run's own.
    pub(super) fn id_prefix(self, config: &Config) -> IdPrefix {
        match self {
            Self::None | Self::DryRun => assemble::id_prefix(config),
            Self::ReadOnly => listing::nobody(),
        }
    }

    /// The folder's name below the deployment's own, and what the journal calls such a run.
    pub(super) fn folder(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::DryRun => Some("dry-run"),
            Self::ReadOnly => Some("read-only"),
        }
    }
}
