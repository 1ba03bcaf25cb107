//! Who has an account here, by key.

use super::AccountKey;
use super::fault::Fault;
use crate::sim::exchange::AccountIndex;

/// All of them, by account.
pub(super) struct Members(Vec<AccountKey>);

impl std::fmt::Debug for Members {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Members({})", self.0.len())
    }
}

impl Members {
    pub(super) fn new(keys: Vec<AccountKey>) -> Self {
        Self(keys)
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

    /// The secret of an account.
    pub(super) fn secret(&self, account: AccountIndex) -> &str {
        self.0.get(account.index()).map_or("", |member| &member.secret)
    }
}
