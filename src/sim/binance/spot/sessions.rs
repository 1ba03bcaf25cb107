//! Order-entry connections: what each of them listens to (Spot sheet, sections 10 and 11).
//!
//! Must hold: an account is listened to once on a connection; what a connection listens to is
//! bounded and forgotten with it.
//!
//! Deliberately absent: a session of an Ed25519 key. The accounts here have HMAC secrets, which the
//! venue lets sign every request and nothing else; a logon is refused in its words.

use super::Spot;
use super::refusal;
use crate::sim::binance::desk::Desk;
use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Subscriptions that one connection may begin in its life.
const SUBSCRIPTIONS_MAX: u64 = 65_535;

/// One connection.
#[derive(Clone, Debug, Default)]
struct Session {
    connected_unix_ms: u64,
    /// Number of each subscription, and whose events it brings.
    subscriptions: Vec<(u64, AccountIndex)>,
    begun: u64,
}

/// All of them, by connection.
#[derive(Debug, Default)]
pub(super) struct Sessions(BTreeMap<u64, Session>);

impl Sessions {
    pub(super) fn open(&mut self, now_unix_ms: u64, connection: u64) {
        let session = Session { connected_unix_ms: now_unix_ms, ..Session::default() };
        self.0.insert(connection, session);
    }

    pub(super) fn close(&mut self, connection: u64) {
        self.0.remove(&connection);
    }

    /// The connections that listen to an account, each with the number of its subscription.
    pub(super) fn listening(&self, account: AccountIndex) -> Vec<(u64, u64)> {
        let of = |(connection, session): (&u64, &Session)| {
            let found = session.subscriptions.iter().find(|(_, owner)| *owner == account);
            found.map(|(number, _)| (*connection, *number))
        };
        self.0.iter().filter_map(of).collect()
    }

    fn subscribe(&mut self, connection: u64, account: AccountIndex) -> Result<u64, Fault> {
        let session = self.0.entry(connection).or_default();
        if session.subscriptions.iter().any(|(_, owner)| *owner == account) {
            return Err(Fault::subscribed_already());
        }
        if SUBSCRIPTIONS_MAX <= session.begun {
            return Err(Fault::too_many_subscriptions());
        }
        let number = session.begun;
        session.begun += 1;
        session.subscriptions.push((number, account));
        Ok(number)
    }

    /// Ends one subscription of a connection, or all.
    fn unsubscribe(&mut self, connection: u64, only: Option<u64>) -> Vec<u64> {
        let Some(session) = self.0.get_mut(&connection) else { return Vec::new() };
        let ends = |number: u64| only.is_none_or(|only| only == number);
        let numbers = session.subscriptions.iter().map(|(number, _)| *number);
        let ended = numbers.filter(|number| ends(*number)).collect();
        session.subscriptions.retain(|(number, _)| !ends(*number));
        ended
    }
}

impl Desk<Spot> {
    /// `session.*` and `userDataStream.*`; `None` for any other method.
    pub(super) fn session(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        method: &str,
        params: &Params,
    ) -> Option<Result<Value, Fault>> {
        Some(match method {
            "session.logon" => self.logon(now_unix_ms, params),
            "session.status" | "session.logout" => Ok(self.status(now_unix_ms, connection)),
            "session.subscriptions" => Ok(self.told_subscriptions(connection)),
            "userDataStream.subscribe.signature" => {
                let owner = self.signed(now_unix_ms, params);
                let number = owner.and_then(|it| self.own.sessions.subscribe(connection, it));
                number.map(|number| json!({"subscriptionId": number}))
            }
            // Without a signature of its own it needs a session, which nobody here has.
            "userDataStream.subscribe" => Err(refusal::not_logged_on()),
            "userDataStream.unsubscribe" => self.unsubscribe(now_unix_ms, connection, params),
            _ => return None,
        })
    }

    fn logon(&self, now_unix_ms: u64, params: &Params) -> Result<Value, Fault> {
        self.signed(now_unix_ms, params)?;
        Err(Fault::hmac_key())
    }

    fn status(&self, now_unix_ms: u64, connection: u64) -> Value {
        let session = self.own.sessions.0.get(&connection);
        json!({
            "apiKey": null,
            "authorizedSince": null,
            "connectedSince": session.map_or(0, |session| session.connected_unix_ms),
            "returnRateLimits": true,
            "serverTime": now_unix_ms,
            "userDataStream": session.is_some_and(|session| !session.subscriptions.is_empty()),
        })
    }

    fn told_subscriptions(&self, connection: u64) -> Value {
        let session = self.own.sessions.0.get(&connection);
        let all = session.into_iter().flat_map(|session| &session.subscriptions);
        all.map(|(number, _)| json!({"subscriptionId": number})).collect()
    }

    fn unsubscribe(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        params: &Params,
    ) -> Result<Value, Fault> {
        let only = params.number("subscriptionId")?;
        let ended = self.own.sessions.unsubscribe(connection, only);
        if only.is_some() && ended.is_empty() {
            return Err(Fault::not_subscribed());
        }
        for number in ended {
            let event = json!({"e": "eventStreamTerminated", "E": now_unix_ms});
            self.send_event(connection, number, &event);
        }
        Ok(json!({}))
    }

    /// Sends a private event the way that the venue wraps it.
    pub(super) fn send_event(&mut self, connection: u64, number: u64, event: &Value) {
        let frame = json!({"subscriptionId": number, "event": event});
        self.connections.send(connection, frame.to_string());
    }
}
