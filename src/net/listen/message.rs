//! What passes between a listener and its owner.
//!
//! Must hold: a request that carries an [`Answer`] is answered at most once; dropping the answer
//! cuts the connection without a word, which is how the simulated exchange plays dead.

use std::borrow::Cow;
use std::net::SocketAddr;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::Delivery;

use crate::net::{Bytes, HeaderMap, Method, NetError};

/// The number of one WebSocket, never reused by its listener.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId(pub(super) u64);

impl ConnectionId {
    /// The connection of a number that [`Self::number`] gave; of any other number nothing is open.
    pub fn of(number: u64) -> Self {
        Self(number)
    }

    /// For logs and labels.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// One HTTP request, or the request that opens a WebSocket (its body is empty).
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub peer: SocketAddr,
    /// The method.
    pub method: Method,
    /// Path and query, as sent.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Request {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// What follows the question mark, as sent; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A header's first value, if it is there and is ASCII text. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The answer to a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status; one that does not exist goes out as 500.
    pub status: u16,
    /// Name and value; a pair that HTTP does not allow is left out.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A status and nothing else.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A body with its media type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".into(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// A JSON body.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "application/json", body)
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// The place for one answer.
#[derive(Debug)]
pub struct Answer<T>(oneshot::Sender<Spoken<T>>);

/// An answer on its way, and what follows a reply that goes on.
#[derive(Debug)]
pub(super) struct Spoken<T> {
    pub(super) answer: T,
    pub(super) rest: Option<mpsc::Receiver<Bytes>>,
}

impl<T> Answer<T> {
    pub(super) fn new() -> (Self, oneshot::Receiver<Spoken<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(sender), receiver)
    }

    /// Answers. A peer that has left meanwhile is no fault of the owner.
    pub fn send(self, answer: T) {
        drop(self.0.send(Spoken { answer, rest: None }));
    }
}

impl Answer<Reply> {
    /// Answers with a reply whose body goes on: `begin.body` is its first part, the others follow
    /// through [`Parts`], of which at most `waiting_max` wait for a slow reader.
    pub fn stream(self, begin: Reply, waiting_max: usize) -> Parts {
        let (parts, rest) = mpsc::channel(waiting_max);
        drop(self.0.send(Spoken { answer: begin, rest: Some(rest) }));
        Parts(Some(parts))
    }
}

/// The way out for a body in parts. Dropping it ends the body.
#[derive(Debug)]
pub struct Parts(Option<mpsc::Sender<Bytes>>);

impl Parts {
    /// Queues one part; never waits. A full queue belongs to a reader too slow to be served: the
    /// body ends there, and the page asks again.
    pub fn send(&mut self, part: impl Into<Bytes>) -> Delivery {
        let Some(parts) = &self.0 else { return Delivery::Gone };
        let delivery = match parts.try_send(part.into()) {
            Ok(()) => return Delivery::Queued,
            Err(TrySendError::Closed(_)) => Delivery::Gone,
            Err(TrySendError::Full(_)) => Delivery::Cut,
        };
        self.0 = None;
        delivery
    }
}

/// What to do with a WebSocket that asks to be opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Open it; frames may be sent to it at once.
    Accept,
    /// Refuse it with a plain HTTP answer.
    Refuse(Reply),
}

/// One thing that came in.
#[derive(Debug)]
pub enum Incoming {
    /// An HTTP request.
    Http {
        /// The request.
        request: Request,
        /// Where the reply goes.
        answer: Answer<Reply>,
    },
    /// A WebSocket asks to be opened.
    Opening {
        /// Its number.
        connection: ConnectionId,
        /// The request that asks.
        request: Request,
        /// Where the word goes.
        answer: Answer<Admission>,
    },
    /// A text or binary message.
    Message {
        /// From whom.
        connection: ConnectionId,
        /// The payload.
        payload: Bytes,
    },
    /// An accepted WebSocket has ended.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}

/// Why a WebSocket ended.
#[derive(Debug)]
pub enum CloseReason {
    /// The owner closed or cut it.
    Owner,
    /// It did not read and its queue was full.
    SlowReader,
    /// The peer closed it, broke it, broke the rules or fell silent.
    Peer(NetError),
}
