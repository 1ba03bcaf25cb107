//! Open WebSocket connections, what each listens to, and the frames that wait to be sent.
//!
//! Must hold: memory is bounded; a client that does not read is disconnected, never waited for.

use super::session::Session;
use crate::sim::exchange::AccountIndex;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};

/// Most connections at once: an engine has five, and a test a few engines.
pub(super) const CONNECTIONS_MAX: usize = 256;

/// Most streams of one connection (USDⓈ-M sheet, section 7).
pub(super) const STREAMS_MAX: usize = 1_024;

/// Longest name of a stream: a listen key has 64 bytes, a market stream some 30.
pub(super) const NAME_BYTES_MAX: usize = 128;

/// Most bytes that wait, over all connections: seconds of a fast market with deep books.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// What a stream carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Feed {
    /// Best prices of a slot.
    BookTicker(usize),
    /// Best prices of every slot.
    BookTickers,
    /// Each trade of a slot.
    Trade(usize),
    /// Each trade of a slot in the aggregated form.
    AggTrade(usize),
    /// The mark of a slot, once a second.
    Mark(usize),
    /// Differences of the book of a slot.
    Depth(usize),
    /// So many best levels of a slot.
    Partial(usize, usize),
    /// Private events of an account; only the named ones unless none are named.
    User(AccountIndex, Vec<String>),
    /// A stream that we accept, as the venue does, and never send anything on.
    Silent,
}

/// A stream by its name.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) feed: Feed,
}

/// Which of the venue's addresses a connection came in by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Category {
    /// `/public`: books.
    Public,
    /// `/market`: trades.
    Market,
    /// `/private`: user data.
    Private,
    /// Without a prefix: everything, as before April 2026.
    Legacy,
}

/// What a connection is for.
#[derive(Clone, Debug)]
pub(super) enum Connection {
    /// Streams; `combined` wraps every frame with the name of its stream.
    Streams { category: Category, combined: bool, subscriptions: Vec<Subscription> },
    /// Requests and answers.
    Api { rate_limits: bool, session: Session },
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: BTreeMap<u64, Connection>,
    waiting: VecDeque<(u64, Vec<u8>)>,
    waiting_bytes: usize,
    closed: Vec<u64>,
}

impl Connections {
    pub(super) fn open(&mut self, id: u64, connection: Connection) -> Result<(), u16> {
        if CONNECTIONS_MAX <= self.open.len() {
            return Err(429);
        }
        self.open.insert(id, connection);
        Ok(())
    }

    /// The client is gone.
    pub(super) fn forget(&mut self, id: u64) {
        self.open.remove(&id);
        self.waiting.retain(|(connection, _)| *connection != id);
        self.waiting_bytes = self.waiting.iter().map(|(_, frame)| frame.len()).sum();
    }

    pub(super) fn get(&self, id: u64) -> Option<&Connection> {
        self.open.get(&id)
    }

    pub(super) fn find(&mut self, id: u64) -> Option<&mut Connection> {
        self.open.get_mut(&id)
    }

    /// True when somebody listens to a feed: frames that nobody wants are not written.
    pub(super) fn wants(&self, wanted: impl Fn(&Feed) -> bool) -> bool {
        self.subscriptions().any(|subscription| wanted(&subscription.feed))
    }

    fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.open.values().flat_map(|connection| match connection {
            Connection::Streams { subscriptions, .. } => subscriptions.as_slice(),
            Connection::Api { .. } => &[],
        })
    }

    /// The accounts whose private events a connection brings.
    pub(super) fn listened(&self, id: u64) -> Vec<AccountIndex> {
        let owner = |subscription: &Subscription| match subscription.feed {
            Feed::User(account, _) => Some(account),
            Feed::BookTicker(_)
            | Feed::BookTickers
            | Feed::Trade(_)
            | Feed::AggTrade(_)
            | Feed::Mark(_)
            | Feed::Depth(_)
            | Feed::Partial(..)
            | Feed::Silent => None,
        };
        match self.open.get(&id) {
            Some(Connection::Streams { subscriptions, .. }) => {
                subscriptions.iter().filter_map(owner).collect()
            }
            Some(Connection::Api { .. }) | None => Vec::new(),
        }
    }

    /// True for a connection of streams without private events.
    pub(super) fn is_public(&self, id: u64) -> bool {
        let streams = matches!(self.open.get(&id), Some(Connection::Streams { .. }));
        streams && self.listened(id).is_empty()
    }

    /// What a connection is told some time before it ends, the way that it is told everything
    /// (Spot sheet, section 8).
    pub(super) fn notice_of_end(&self, now_unix_ms: u64, id: u64) -> Option<Vec<u8>> {
        let event = json!({"e": "serverShutdown", "E": now_unix_ms});
        let notice = match self.open.get(&id)? {
            Connection::Streams { combined: true, .. } => {
                json!({"stream": "!serverShutdown", "data": event})
            }
            Connection::Streams { combined: false, .. } => event,
            Connection::Api { .. } => json!({"event": event}),
        };
        Some(notice.to_string().into_bytes())
    }

    /// Sends a frame to everybody who listens to a feed.
    pub(super) fn publish(&mut self, frame: &str, wanted: impl Fn(&Feed) -> bool) {
        let mut frames = Vec::new();
        for (id, connection) in &self.open {
            let Connection::Streams { combined, subscriptions, .. } = connection else { continue };
            for subscription in subscriptions.iter().filter(|each| wanted(&each.feed)) {
                let text = match combined {
                    true => format!(r#"{{"stream":"{}","data":{frame}}}"#, subscription.name),
                    false => frame.to_owned(),
                };
                frames.push((*id, text));
            }
        }
        frames.into_iter().for_each(|(id, text)| self.send(id, text));
    }

    /// Sends a frame to one connection. Where too much waits already, the client that is to have
    /// more is disconnected.
    pub(super) fn send(&mut self, id: u64, frame: String) {
        if WAITING_BYTES_MAX < self.waiting_bytes.saturating_add(frame.len()) {
            return self.disconnect(id);
        }
        self.waiting_bytes += frame.len();
        self.waiting.push_back((id, frame.into_bytes()));
    }

    /// Ends the connections that listen to a feed.
    pub(super) fn disconnect_all(&mut self, wanted: impl Fn(&Feed) -> bool) {
        let listens = |connection: &Connection| match connection {
            Connection::Streams { subscriptions, .. } => {
                subscriptions.iter().any(|subscription| wanted(&subscription.feed))
            }
            Connection::Api { .. } => false,
        };
        let ids: Vec<u64> =
            self.open.iter().filter(|(_, each)| listens(each)).map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.disconnect(id));
    }

    fn disconnect(&mut self, id: u64) {
        if self.open.remove(&id).is_some() {
            self.closed.push(id);
        }
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = (u64, Vec<u8>)> + '_ {
        self.waiting_bytes = 0;
        self.waiting.drain(..)
    }

    pub(super) fn drain_closed(&mut self) -> impl Iterator<Item = u64> + '_ {
        self.closed.drain(..)
    }
}
