//! Which place the market is read from next: the primary, or the backup that stands in for it.
//!
//! Must hold: without a backup there is only the primary, tried again and again; a place takes over
//! only when it has been heard and is fit; nothing flaps, because each place that was no help is
//! asked ever more slowly.

use super::prices::Disagreement;
use super::source::Unfit;
use super::{Connections, Feed};
use crate::net::NetError;
use crate::runtime::link;
use std::pin::pin;
use std::rc::Rc;
use tokio::time::Instant;

/// Why a place is not read any more.
pub(super) enum Ended {
    Failed(Fault),
    /// The other place is fit, and connected to.
    Succeeded(Connections),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Link(#[from] NetError),
    #[error("it tells no prices")]
    Silent,
    #[error(transparent)]
    Wrong(#[from] Disagreement),
    #[error("the primary is back and says otherwise: {0}")]
    Contradicted(Disagreement),
}

impl Feed {
    /// Where the market is read next, by connections that are open already; without them the
    /// primary is connected to.
    pub(super) async fn next_place(
        &mut self,
        ended: Ended,
        waits: &mut link::Waits,
    ) -> Option<Connections> {
        let stood_in = self.stands_in();
        match ended {
            Ended::Succeeded(connections) => {
                self.switch(!stood_in);
                Some(connections)
            }
            Ended::Failed(fault) if stood_in => {
                self.switch(false);
                if let Some(standby) = &mut self.standby {
                    standby.on_unfit(&fault);
                }
                None
            }
            Ended::Failed(fault) => self.wait(&fault, waits).await,
        }
    }

    /// Waits until the primary may be tried again, or the backup is fit to stand in.
    async fn wait(&mut self, fault: &Fault, waits: &mut link::Waits) -> Option<Connections> {
        let mut again = pin!(waits.down(fault));
        loop {
            let due = self.silence_due();
            let heard = tokio::select! {
                () = &mut again => return None,
                () = until(due) => self.standby.as_ref()?.hear_backup().await,
            };
            match heard {
                Ok(connections) => {
                    self.switch(true);
                    return Some(connections);
                }
                Err(unfit) => self.standby.as_mut()?.on_unfit(&unfit),
            }
        }
    }

    pub(super) fn stands_in(&self) -> bool {
        self.standby.as_ref().is_some_and(|standby| standby.stands_in)
    }

    /// From here on the market of the other place is told.
    fn switch(&mut self, stands_in: bool) {
        let Some(standby) = &mut self.standby else { return };
        standby.switch(stands_in, self.clock.mono_ns());
        self.counters.stands_in = stands_in;
        if stands_in {
            self.source = Rc::clone(&standby.backup);
            self.counters.stood_in += 1;
            tracing::error!("market data: the primary is silent; trading on the backup");
        } else {
            self.source = Rc::clone(&standby.primary);
            tracing::warn!("market data: leaving the backup for the primary");
        }
    }

    /// When the silence of the place that is traded on must be looked at; `None` without a backup.
    pub(super) fn silence_due(&self) -> Option<Instant> {
        self.standby.as_ref()?.due(self.clock.mono_ns())
    }

    /// What the hearing of the other place means for the one that is traded on.
    pub(super) fn on_heard(&mut self, heard: Result<Connections, Unfit>) -> Option<Ended> {
        let now_ns = self.clock.mono_ns();
        let standby = self.standby.as_mut()?;
        match heard {
            Ok(connections) if standby.stands_in => {
                standby.on_used();
                Some(Ended::Succeeded(connections))
            }
            // A primary that spoke meanwhile stays.
            Ok(connections) => standby.is_silent(now_ns).then_some(Ended::Succeeded(connections)),
            Err(Unfit::Price(disagreement)) if standby.stands_in => {
                Some(Ended::Failed(Fault::Contradicted(disagreement)))
            }
            Err(unfit) if standby.stands_in => {
                standby.on_still_gone(&unfit);
                None
            }
            Err(unfit) => {
                standby.on_unfit(&unfit);
                None
            }
        }
    }
}

/// Waits until then; for ever where there is no such time.
pub(super) async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
