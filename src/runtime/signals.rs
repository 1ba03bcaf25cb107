//! The signals that end a run in order: Ctrl-C, SIGTERM, and SIGHUP, which comes when the terminal
//! or the connection to the machine is gone and must not leave orders behind.
//!
//! Must hold: whoever waits for a signal has asked for it before anything that a signal must end in
//! order: one that comes between two waits is kept for the next.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What ends a run.
#[derive(Debug)]
pub(super) struct Signals([Signal; 3]);

impl Signals {
    /// Listens from here on. Needs a tokio runtime around it.
    pub(super) fn new() -> io::Result<Self> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    /// Waits for the next of them. Dropping the wait loses nothing.
    pub(super) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
