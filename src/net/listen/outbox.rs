//! The way out to the WebSockets of a listener.
//!
//! Must hold: sending never waits. Each connection has a queue of its own with a bound; one that is
//! full belongs to a reader too slow to be served, and that connection is cut and counted, so one
//! slow reader cannot hold back or bloat the others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::{CloseReason, ConnectionId};
use crate::net::Bytes;

/// What became of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Delivery {
    /// It is in the queue.
    Queued,
    /// There is no such connection (any longer).
    Gone,
    /// The queue was full; the connection is cut.
    Cut,
}

/// A handle to all open WebSockets; clones share them.
#[derive(Clone, Debug)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue_max: usize,
    lines: Mutex<BTreeMap<ConnectionId, Line>>,
    slow_cut_count: AtomicU64,
}

/// The owner's end of one connection.
#[derive(Debug)]
struct Line {
    frames: mpsc::Sender<Outgoing>,
    cut: oneshot::Sender<CloseReason>,
}

/// The connection's end.
#[derive(Debug)]
pub(super) struct Tap {
    pub(super) frames: mpsc::Receiver<Outgoing>,
    pub(super) cut: oneshot::Receiver<CloseReason>,
}

#[derive(Debug)]
pub(super) enum Outgoing {
    Text(Bytes),
    Close { code: u16, reason: &'static str },
}

impl Outbox {
    pub(super) fn new(queue_max: usize) -> Self {
        let shared = Shared {
            queue_max,
            lines: Mutex::new(BTreeMap::new()),
            slow_cut_count: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Queues one text message. Bytes that are not UTF-8 end the connection.
    pub fn send(&self, connection: ConnectionId, text: impl Into<Bytes>) -> Delivery {
        self.push(connection, Outgoing::Text(text.into()))
    }

    /// Queues a close frame; the connection ends when the peer has answered it or a second is over.
    /// The reason is at most 123 bytes (RFC 6455 section 5.5).
    pub fn close(&self, connection: ConnectionId, code: u16, reason: &'static str) -> Delivery {
        self.push(connection, Outgoing::Close { code, reason })
    }

    /// Ends a connection at once, without a close frame and with what is queued unsent.
    pub fn cut(&self, connection: ConnectionId) {
        self.end(connection, CloseReason::Owner);
    }

    /// Open WebSockets.
    pub fn open_count(&self) -> usize {
        self.shared.lines.lock().len()
    }

    /// True while half of the queue of any connection is taken: whoever can wait should.
    pub fn is_crowded(&self) -> bool {
        let half = self.shared.queue_max / 2;
        self.shared.lines.lock().values().any(|line| line.frames.capacity() <= half)
    }

    pub(super) fn slow_cut_count(&self) -> u64 {
        self.shared.slow_cut_count.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, connection: ConnectionId) -> Tap {
        let (frames, frames_out) = mpsc::channel(self.shared.queue_max);
        let (cut, cut_out) = oneshot::channel();
        self.shared.lines.lock().insert(connection, Line { frames, cut });
        Tap { frames: frames_out, cut: cut_out }
    }

    pub(super) fn remove(&self, connection: ConnectionId) {
        self.shared.lines.lock().remove(&connection);
    }

    pub(super) fn count_slow(&self) {
        self.shared.slow_cut_count.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, connection: ConnectionId, frame: Outgoing) -> Delivery {
        let pushed = match self.shared.lines.lock().get(&connection) {
            None => return Delivery::Gone,
            Some(line) => line.frames.try_send(frame),
        };
        match pushed {
            Ok(()) => Delivery::Queued,
            Err(TrySendError::Closed(_)) => Delivery::Gone,
            Err(TrySendError::Full(_)) => {
                self.end(connection, CloseReason::SlowReader);
                Delivery::Cut
            }
        }
    }

    fn end(&self, connection: ConnectionId, reason: CloseReason) {
        if let Some(line) = self.shared.lines.lock().remove(&connection) {
            drop(line.cut.send(reason));
        }
    }
}
