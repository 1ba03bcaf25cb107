//! Order-entry connections: what each of them listens to (Spot sheet, sections 10 and 11).
//!
//! Must hold: an account is listened to once on a connection; what a connection listens to is
//! bounded and forgotten with it, and what a session listens to ends with the session.

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
    /// Number of each subscription, and whose events it brings.
    subscriptions: Vec<(u64, AccountIndex)>,
    begun: u64,
}

/// All of them, by connection.
#[derive(Debug, Default)]
pub(super) struct Sessions(BTreeMap<u64, Session>);

impl Sessions {
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
    pub(super) fn session_or_stream(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        method: &str,
        params: &Params,
    ) -> Option<Result<Value, Fault>> {
        if let Some(told) = self.session(now_unix_ms, connection, method, params) {
            return Some(told.map(|told| self.with_stream(connection, told)));
        }
        Some(match method {
            "session.subscriptions" => Ok(self.told_subscriptions(connection)),
            "userDataStream.subscribe.signature" => {
                let owner = self.signed(now_unix_ms, connection, params);
                owner.and_then(|owner| self.listen(connection, owner))
            }
            // Without a signature of its own it needs a session.
            "userDataStream.subscribe" => {
                let owner = self.logged_on(connection).ok_or_else(refusal::not_logged_on);
                owner.and_then(|owner| self.listen(connection, owner))
            }
            "userDataStream.unsubscribe" => self.unsubscribe(now_unix_ms, connection, params),
            _ => return None,
        })
    }

    /// What is told of a session, and whether it listens.
    fn with_stream(&self, connection: u64, mut told: Value) -> Value {
        let session = self.own.sessions.0.get(&connection);
        let listens = session.is_some_and(|session| !session.subscriptions.is_empty());
        told["userDataStream"] = json!(listens);
        told
    }

    fn listen(&mut self, connection: u64, owner: AccountIndex) -> Result<Value, Fault> {
        let number = self.own.sessions.subscribe(connection, owner)?;
        Ok(json!({"subscriptionId": number}))
    }

    /// The session of an account is over, and with it what it listens to.
    pub(super) fn end_subscription(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        account: AccountIndex,
    ) {
        let listening = self.own.sessions.listening(account);
        let own = listening.into_iter().find(|(listener, _)| *listener == connection);
        if let Some((_, number)) = own {
            self.terminate(now_unix_ms, connection, Some(number));
        }
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
        let ended = self.terminate(now_unix_ms, connection, only);
        if only.is_some() && ended == 0 {
            return Err(Fault::not_subscribed());
        }
        Ok(json!({}))
    }

    /// Ends one subscription of a connection, or all; how many there were.
    pub(super) fn terminate(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        only: Option<u64>,
    ) -> usize {
        let ended = self.own.sessions.unsubscribe(connection, only);
        for number in &ended {
            let event = json!({"e": "eventStreamTerminated", "E": now_unix_ms});
            self.send_event(connection, *number, &event);
        }
        ended.len()
    }

    /// Sends a private event the way that the venue wraps it.
    pub(super) fn send_event(&mut self, connection: u64, number: u64, event: &Value) {
        let frame = json!({"subscriptionId": number, "event": event});
        self.connections.send(connection, frame.to_string());
    }
}
