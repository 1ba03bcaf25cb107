//! Order-entry connections that are logged on: their requests need neither key nor signature, only
//! a time (Spot sheet, section 11; USDⓈ-M sheet, sections 2 and 9).
//!
//! Must hold: only who signs with an Ed25519 key logs on; a session is forgotten with its
//! connection, and ends with the first request after its key became invalid.
//!
//! Decision: a request that names a key is judged by that key and its signature alone, also on a
//! connection that is logged on: the venue lets a request be signed by another key than the
//! session's. The sheets do not say what a signature without a key is; it is refused like a missing
//! key.

use super::connections::Connection;
use super::desk::{Desk, Dialect};
use super::fault::Fault;
use super::params::Params;
use super::sign;
use crate::sim::exchange::AccountIndex;
use crate::venue::key::Proof;
use serde_json::{Value, json};

/// What an order-entry connection knows of who uses it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Session {
    pub(super) connected_unix_ms: u64,
    logon: Option<Logon>,
}

/// Who is logged on, and since when.
#[derive(Clone, Copy, Debug)]
struct Logon {
    account: AccountIndex,
    since_unix_ms: u64,
}

impl<D: Dialect> Desk<D> {
    /// `session.logon`, `session.status` and `session.logout`; `None` for any other method.
    pub(super) fn session(
        &mut self,
        now_unix_ms: u64,
        connection: u64,
        method: &str,
        params: &Params,
    ) -> Option<Result<Value, Fault>> {
        let done = match method {
            "session.logon" => self.log_on(now_unix_ms, connection, params),
            "session.status" => Ok(()),
            "session.logout" => {
                self.log_off(now_unix_ms, connection);
                Ok(())
            }
            _ => return None,
        };
        Some(done.map(|()| self.told_session(now_unix_ms, connection)))
    }

    /// Whose requests those of a connection are that name no key.
    pub(super) fn logged_on(&self, connection: u64) -> Option<AccountIndex> {
        let Connection::Api { session, .. } = self.connections.get(connection)? else {
            return None;
        };
        session.logon.map(|logon| logon.account)
    }

    /// The key that a connection is logged on with.
    pub(super) fn session_key(&self, connection: u64) -> Option<&str> {
        self.members.key(self.logged_on(connection)?)
    }

    /// Ends a session whose key has become invalid; true where it was one.
    pub(super) fn revoke(&mut self, now_unix_ms: u64, connection: u64) -> bool {
        let account = self.logged_on(connection);
        let is_over = account.is_some_and(|account| self.members.key(account).is_none());
        if is_over {
            self.log_off(now_unix_ms, connection);
        }
        is_over
    }

    /// Whose request it is: by its own key and signature, or by the session that it is said in.
    pub(super) fn signed(
        &self,
        now_unix_ms: u64,
        connection: u64,
        params: &Params,
    ) -> Result<AccountIndex, Fault> {
        match self.logged_on(connection) {
            Some(owner) if is_bare(params) => {
                sign::check_time(now_unix_ms, params, D::TIMES)?;
                Ok(owner)
            }
            Some(_) | None => Ok(self.proved(now_unix_ms, params)?.0),
        }
    }

    /// Whose request it is that needs a key and no signature.
    pub(super) fn keyed(&self, connection: u64, params: &Params) -> Result<AccountIndex, Fault> {
        match (params.find("apiKey"), self.logged_on(connection)) {
            (None, Some(owner)) => Ok(owner),
            (key, _) => Ok(self.members.by_key(key)?.0),
        }
    }

    /// Whose request it is by its own key, time and signature, and by what that is known.
    fn proved(&self, now_unix_ms: u64, params: &Params) -> Result<(AccountIndex, &Proof), Fault> {
        let (owner, proof) = self.members.by_key(params.find("apiKey"))?;
        let signature = params.need("signature")?;
        sign::check_time(now_unix_ms, params, D::TIMES)?;
        sign::check(proof, &params.sorted_payload(), signature.as_bytes())?;
        Ok((owner, proof))
    }

    /// A second logon changes whose session it is.
    fn log_on(&mut self, now_unix_ms: u64, connection: u64, params: &Params) -> Result<(), Fault> {
        let (account, proof) = self.proved(now_unix_ms, params)?;
        if matches!(proof, Proof::Secret(_)) {
            return Err(Fault::hmac_key());
        }
        if let Some(Connection::Api { session, .. }) = self.connections.find(connection) {
            session.logon = Some(Logon { account, since_unix_ms: now_unix_ms });
        }
        Ok(())
    }

    fn log_off(&mut self, now_unix_ms: u64, connection: u64) {
        let Some(Connection::Api { session, .. }) = self.connections.find(connection) else {
            return;
        };
        if let Some(Logon { account, .. }) = session.logon.take() {
            D::on_log_off(self, now_unix_ms, connection, account);
        }
    }

    fn told_session(&self, now_unix_ms: u64, connection: u64) -> Value {
        let (session, rate_limits) = match self.connections.get(connection) {
            Some(Connection::Api { session, rate_limits }) => (*session, *rate_limits),
            Some(Connection::Streams { .. }) | None => (Session::default(), false),
        };
        let key = session.logon.and_then(|logon| self.members.key(logon.account));
        json!({
            "apiKey": key,
            "authorizedSince": session.logon.map(|logon| logon.since_unix_ms),
            "connectedSince": session.connected_unix_ms,
            "returnRateLimits": rate_limits,
            "serverTime": now_unix_ms,
        })
    }
}

/// True for a request that says nothing of who sent it.
fn is_bare(params: &Params) -> bool {
    params.find("apiKey").is_none() && params.find("signature").is_none()
}

impl Fault {
    fn hmac_key() -> Self {
        Self::new(400, -4056, "HMAC_SHA256 API key is not supported.")
    }
}
