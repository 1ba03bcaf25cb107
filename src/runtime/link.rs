//! What every connection to a venue has in common: how it is opened, how often it is tried again,
//! how a change of it is told.

use super::hot::Incoming;
use super::lane::Filler;
use crate::core::EventKind;
use crate::net::{
    Address, Attempt, Backoff, Bytes, Dial, Method, NetError,
    http::HttpClient,
    ws::{self, WsLimits, WsReader, WsWriter},
};
use crate::types::MS;
use crate::venue::{Answer, Call};
use std::cell::RefCell;
use std::error::Error;
use std::time::Duration;
use tokio::time::Instant;

/// A connection that has held so long has proved itself: its end is a new fault. One that is cut
/// again and again is tried ever more slowly, because venues ban who connects too often.
const PROVEN_AFTER: Duration = Duration::from_secs(30);

/// The longest wait that is believed: a connection that is tried every five minutes is back soon
/// enough.
const TOLD_WAIT_MAX: Duration = Duration::from_secs(300);

/// Opens a WebSocket with the bounds that all venues share.
pub(super) async fn open(dial: &Dial, address: &Address) -> Result<(WsReader, WsWriter), NetError> {
    ws::open(dial, address, &[], WsLimits::STANDARD, dial.heartbeat).await
}

/// Makes a dialect's call.
pub(super) async fn call(client: &HttpClient, call: &Call) -> Result<Answer, NetError> {
    let method = Method::from_bytes(call.method.as_bytes()).unwrap_or(Method::GET);
    let headers: Vec<(&str, &str)> =
        call.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply =
        client.call(method, &call.target, &headers, Bytes::new(), client.answer_max()).await?;
    let (status, retry_after_s) = (reply.status, reply.retry_after_s);
    let own = reply.headers().filter(|(name, _)| name.starts_with("x-"));
    let headers = own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Answer { status, retry_after_s, headers, body: reply.body.to_vec() })
}

/// When to try a connection again, and what to say about it.
#[derive(Debug)]
pub(super) struct Waits {
    name: &'static str,
    backoff: Backoff,
    tries: u64,
    up_since: Option<Instant>,
}

impl Waits {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, backoff: Backoff::new(), tries: 0, up_since: None }
    }

    pub(super) fn up(&mut self) {
        tracing::info!(link = self.name, "connected");
        self.up_since = Some(Instant::now());
    }

    /// Says why it is down and waits until it may be tried again: three times within 30 s, then
    /// slowly (R64), and not before a venue that was asked too often takes connections again.
    pub(super) async fn down(&mut self, error: &(dyn Error + 'static)) {
        let held = self.up_since.take().map(|since| since.elapsed());
        let attempt = self.next(held);
        let wait = attempt.wait().max(told_wait(error));
        let wait_ms = wait.as_millis();
        match attempt {
            Attempt::Quick(_) => {
                tracing::warn!(link = self.name, %error, wait_ms, "down; trying again");
            }
            Attempt::Probe(_) => {
                tracing::error!(link = self.name, %error, wait_ms, "down; probing slowly");
            }
        }
        tokio::time::sleep(wait).await;
    }

    /// What follows a connection that held so long, or none.
    fn next(&mut self, held: Option<Duration>) -> Attempt {
        if held.is_some_and(|held| PROVEN_AFTER <= held) {
            self.backoff.reset();
        }
        self.tries = self.tries.wrapping_add(1);
        // Any number spreads the waits of several engines; it need not be hard to guess.
        let random = u64::from(std::process::id()).wrapping_mul(self.tries);
        self.backoff.next(random)
    }
}

/// How long a venue that was asked too often refuses connections, as it says.
fn told_wait(error: &(dyn Error + 'static)) -> Duration {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    let told = causes.find_map(|cause| match cause.downcast_ref() {
        Some(NetError::Upgrade { status: 429 | 418, retry_after_s, .. }) => *retry_after_s,
        Some(_) | None => None,
    });
    Duration::from_secs(told.unwrap_or(0).into()).min(TOLD_WAIT_MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_that_says_when_to_connect_again_is_obeyed() {
        #[derive(Debug, thiserror::Error)]
        #[error("it is down: {0}")]
        struct Wrapped(#[from] NetError);
        let with = |status, retry_after_s| {
            Wrapped(NetError::Upgrade { to: "h:1".to_owned(), status, retry_after_s })
        };
        let refused = |retry_after_s| with(429, retry_after_s);
        let wait_s = |error: &(dyn Error + 'static)| told_wait(error).as_secs();
        assert_eq!(wait_s(&refused(Some(7))), 7);
        assert_eq!(wait_s(&refused(Some(7)).0), 7);
        assert_eq!(wait_s(&refused(Some(u32::MAX))), 300);
        assert_eq!(wait_s(&refused(None)), 0);
        assert_eq!([wait_s(&with(418, Some(9))), wait_s(&with(503, Some(9)))], [9, 0]);
        assert_eq!(wait_s(&std::fmt::Error), 0);
    }

    #[test]
    fn only_a_connection_that_held_begins_the_waits_anew() {
        let mut waits = Waits::new("test");
        let mut ms_after = |held: Option<Duration>| waits.next(held).wait().as_millis();
        assert!((500..=750).contains(&ms_after(None)));
        let too_soon = PROVEN_AFTER - Duration::from_nanos(1);
        assert!((2_000..=3_000).contains(&ms_after(Some(too_soon))));
        assert!((500..=750).contains(&ms_after(Some(PROVEN_AFTER))));
    }
}
