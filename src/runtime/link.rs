//! What every connection to a venue has in common: how it is opened, how often it is tried again,
//! how a change of it is told.

use super::hot::Incoming;
use super::lane::Filler;
use crate::core::EventKind;
use crate::net::{
    Address, Attempt, Backoff, Bytes, Dial, Heartbeat, Method, NetError,
    http::HttpClient,
    ws::{self, WsLimits, WsReader, WsWriter},
};
use crate::types::MS;
use crate::venue::{Answer, Call};
use std::cell::RefCell;
use std::time::Duration;

/// Longest wait for an answer over HTTP: a venue's own time-out is 10 s, and an answer later than
/// the receive window is worth nothing.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// A venue answers a ping within the round trip; three that are not answered are a dead link.
const HEARTBEAT: Heartbeat =
    Heartbeat { ping_every: Duration::from_secs(5), silence_max: Duration::from_secs(16) };

/// Opens a WebSocket with the bounds that all venues share.
pub(super) async fn open(dial: &Dial, address: &Address) -> Result<(WsReader, WsWriter), NetError> {
    ws::open(dial, address, &[], WsLimits::STANDARD, HEARTBEAT).await
}

/// Makes a dialect's call.
pub(super) async fn call(client: &HttpClient, call: &Call) -> Result<Answer, NetError> {
    let method = Method::from_bytes(call.method.as_bytes()).unwrap_or(Method::GET);
    let headers: Vec<(&str, &str)> =
        call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = client.call(method, &call.target, &headers, Bytes::new(), ANSWER_MAX).await?;
    let (status, retry_after_s) = (reply.status, reply.retry_after_s);
    Ok(Answer { status, retry_after_s, body: reply.body.to_vec() })
}

/// When to try a connection again, and what to say about it.
#[derive(Debug)]
pub(super) struct Waits {
    name: &'static str,
    backoff: Backoff,
    tries: u64,
}

impl Waits {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, backoff: Backoff::new(), tries: 0 }
    }

    pub(super) fn up(&mut self) {
        tracing::info!(link = self.name, "connected");
        self.backoff.reset();
    }

    /// Says why it is down and waits until it may be tried again: three times within 30 s, then
    /// slowly (R64).
    pub(super) async fn down(&mut self, error: &dyn std::error::Error) {
        self.tries = self.tries.wrapping_add(1);
        // Any number spreads the waits of several engines; it need not be hard to guess.
        let random = u64::from(std::process::id()).wrapping_mul(self.tries);
        let attempt = self.backoff.next(random);
        let wait_ms = attempt.wait().as_millis();
        match attempt {
            Attempt::Quick(_) => {
                tracing::warn!(link = self.name, %error, wait_ms, "down; trying again");
            }
            Attempt::Probe(_) => {
                tracing::error!(link = self.name, %error, wait_ms, "down; probing slowly");
            }
        }
        tokio::time::sleep(attempt.wait()).await;
    }
}

/// Something that must be told, however full the lane is.
#[derive(Debug)]
pub(super) struct Said(Incoming);

impl Said {
    pub(super) fn new(kind: EventKind, received_ns: u64) -> Self {
        Self(Incoming { received_ns, kind })
    }

    /// Waits for room: for what is rare and must not be lost. Borrows the lane for each try only,
    /// so that others of the thread may use it meanwhile.
    pub(super) async fn into(self, lane: &RefCell<Filler<Incoming>>) {
        let mut item = self.0;
        loop {
            let pushed = lane.borrow_mut().push(item);
            match pushed {
                Err(back) if !lane.borrow().is_abandoned() => item = back,
                Ok(()) | Err(_) => return,
            }
            tokio::time::sleep(Duration::from_nanos(MS)).await;
        }
    }
}
