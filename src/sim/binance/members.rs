//! Who has an account here: keys and listen keys.

use super::AccountSpec;
use super::fault::Fault;
use crate::sim::exchange::AccountIndex;
use sha2::{Digest, Sha256};

/// How long a listen key lives without being kept alive (USDⓈ-M sheet, section 8).
pub(super) const LISTEN_KEY_MS: u64 = 60 * 60 * 1_000;

/// One account's access.
pub(super) struct Member {
    key: String,
    secret: String,
    listen: Option<ListenKey>,
    listen_count: u64,
}

/// The name of a private stream.
#[derive(Clone, Debug, Eq, PartialEq)]
struct ListenKey {
    text: String,
    expires_unix_ms: u64,
}

/// All of them, by account.
pub(super) struct Members(Vec<Member>);

impl std::fmt::Debug for Members {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Members({})", self.0.len())
    }
}

impl Members {
    pub(super) fn new(accounts: Vec<AccountSpec>) -> Self {
        let member = |spec: AccountSpec| Member {
            key: spec.key,
            secret: spec.secret,
            listen: None,
            listen_count: 0,
        };
        Self(accounts.into_iter().map(member).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whose key it is, and the secret that goes with it.
    pub(super) fn by_key(&self, key: Option<&str>) -> Result<(AccountIndex, &str), Fault> {
        let key = key.filter(|key| !key.is_empty()).ok_or_else(Fault::key_format)?;
        let found = (0..).zip(&self.0).find(|(_, member)| member.key == key);
        let (index, member) = found.ok_or_else(Fault::key_unknown)?;
        Ok((AccountIndex(index), &member.secret))
    }

    /// The listen key of an account; a living one is kept alive instead of being replaced.
    pub(super) fn start(&mut self, now_unix_ms: u64, account: AccountIndex) -> String {
        let Some(member) = self.0.get_mut(account.index()) else { return String::new() };
        let expires_unix_ms = now_unix_ms.saturating_add(LISTEN_KEY_MS);
        let text = match member.listen.take() {
            Some(living) => living.text,
            None => {
                member.listen_count += 1;
                // Not guessable from the API key by anybody without the secret.
                let seed = format!("{}/{}/{now_unix_ms}", member.secret, member.listen_count);
                let hash = Sha256::digest(seed.as_bytes());
                hash.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        };
        member.listen = Some(ListenKey { text: text.clone(), expires_unix_ms });
        text
    }

    /// Keeps a listen key alive.
    pub(super) fn keep_alive(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
    ) -> Result<String, Fault> {
        let member = self.0.get_mut(account.index());
        let listen = member.and_then(|member| member.listen.as_mut());
        let listen = listen.ok_or_else(Fault::no_listen_key)?;
        listen.expires_unix_ms = now_unix_ms.saturating_add(LISTEN_KEY_MS);
        Ok(listen.text.clone())
    }

    /// Ends a listen key; false when there was none.
    pub(super) fn stop(&mut self, account: AccountIndex) -> bool {
        self.0.get_mut(account.index()).is_some_and(|member| member.listen.take().is_some())
    }

    /// Whose private stream a name is.
    pub(super) fn by_listen_key(&self, text: &str) -> Option<AccountIndex> {
        let named = |member: &Member| member.listen.as_ref().is_some_and(|key| key.text == text);
        let found = (0..).zip(&self.0).find(|(_, member)| named(member));
        found.map(|(index, _)| AccountIndex(index))
    }

    /// Takes the listen keys whose time is over.
    pub(super) fn expired(&mut self, now_unix_ms: u64) -> Vec<(AccountIndex, String)> {
        let mut expired = Vec::new();
        for (index, member) in (0..).zip(&mut self.0) {
            let over = |key: &mut ListenKey| key.expires_unix_ms <= now_unix_ms;
            if let Some(key) = member.listen.take_if(over) {
                expired.push((AccountIndex(index), key.text));
            }
        }
        expired
    }
}
