//! Names of private streams: who has one, and until when (USDⓈ-M sheet, section 8).

use crate::sim::binance::fault::Fault;
use crate::sim::exchange::AccountIndex;
use sha2::{Digest, Sha256};

/// How long a listen key lives without being kept alive.
pub(super) const LISTEN_KEY_MS: u64 = 60 * 60 * 1_000;

/// The name of a private stream.
#[derive(Clone, Debug, Eq, PartialEq)]
struct ListenKey {
    text: String,
    expires_unix_ms: u64,
}

/// What one account has, and how many it had.
#[derive(Clone, Debug, Default)]
struct Kept {
    living: Option<ListenKey>,
    count: u64,
}

/// All of them, by account.
#[derive(Debug)]
pub(super) struct ListenKeys(Vec<Kept>);

impl ListenKeys {
    pub(super) fn new(accounts: usize) -> Self {
        Self(vec![Kept::default(); accounts])
    }

    /// The listen key of an account; a living one is kept alive instead of being replaced.
    pub(super) fn start(&mut self, now_unix_ms: u64, account: AccountIndex, seed: &[u8]) -> String {
        let Some(kept) = self.0.get_mut(account.index()) else { return String::new() };
        let expires_unix_ms = now_unix_ms.saturating_add(LISTEN_KEY_MS);
        let text = match kept.living.take() {
            Some(living) => living.text,
            None => {
                kept.count += 1;
                // Not guessable from what is sent by anybody who does not know the account.
                let number = format!("/{}/{now_unix_ms}", kept.count);
                let hash = Sha256::new().chain_update(seed).chain_update(number).finalize();
                hash.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        };
        kept.living = Some(ListenKey { text: text.clone(), expires_unix_ms });
        text
    }

    /// Keeps a listen key alive.
    pub(super) fn keep_alive(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
    ) -> Result<String, Fault> {
        let kept = self.0.get_mut(account.index());
        let living = kept.and_then(|kept| kept.living.as_mut());
        let living = living.ok_or_else(Fault::no_listen_key)?;
        living.expires_unix_ms = now_unix_ms.saturating_add(LISTEN_KEY_MS);
        Ok(living.text.clone())
    }

    /// Ends the listen key of an account, and says which it was; nothing where there was none.
    pub(super) fn stop(&mut self, account: AccountIndex) -> Option<String> {
        self.0.get_mut(account.index())?.living.take().map(|key| key.text)
    }

    /// Whose private stream a name is.
    pub(super) fn owner(&self, text: &str) -> Option<AccountIndex> {
        let named = |kept: &Kept| kept.living.as_ref().is_some_and(|key| key.text == text);
        let found = (0..).zip(&self.0).find(|(_, kept)| named(kept));
        found.map(|(index, _)| AccountIndex(index))
    }

    /// Takes the listen keys whose time is over.
    pub(super) fn expired(&mut self, now_unix_ms: u64) -> Vec<(AccountIndex, String)> {
        let mut expired = Vec::new();
        for (index, kept) in (0..).zip(&mut self.0) {
            let over = |key: &mut ListenKey| key.expires_unix_ms <= now_unix_ms;
            if let Some(key) = kept.living.take_if(over) {
                expired.push((AccountIndex(index), key.text));
            }
        }
        expired
    }
}
