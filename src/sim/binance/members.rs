//! Who has an account here, by key.

use super::AccountKey;
use super::fault::Fault;
use crate::sim::exchange::AccountIndex;
use crate::venue::key::Proof;

/// One of them.
struct Member {
    key: String,
    proof: Proof,
    /// The venue takes it.
    is_valid: bool,
}

/// All of them, by account.
pub(super) struct Members(Vec<Member>);

impl std::fmt::Debug for Members {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Members({})", self.0.len())
    }
}

impl Members {
    pub(super) fn new(keys: Vec<AccountKey>) -> Self {
        let member = |AccountKey { key, proof }| Member { key, proof, is_valid: true };
        Self(keys.into_iter().map(member).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whose key it is, and by what its owner is known.
    pub(super) fn by_key(&self, key: Option<&str>) -> Result<(AccountIndex, &Proof), Fault> {
        let key = key.filter(|key| !key.is_empty()).ok_or_else(Fault::key_format)?;
        let found = (0..).zip(&self.0).find(|(_, member)| member.key == key && member.is_valid);
        let (index, member) = found.ok_or_else(Fault::key_unknown)?;
        Ok((AccountIndex(index), &member.proof))
    }

    /// The key of an account, as long as the venue takes it.
    pub(super) fn key(&self, account: AccountIndex) -> Option<&str> {
        let member = self.0.get(account.index()).filter(|member| member.is_valid);
        member.map(|member| member.key.as_str())
    }

    /// From here on the venue takes a key, or does not; false where nobody has it.
    pub(super) fn set_valid(&mut self, key: &str, is_valid: bool) -> bool {
        let found = self.0.iter_mut().find(|member| member.key == key);
        found.map(|member| member.is_valid = is_valid).is_some()
    }

    /// What nobody can know of an account from what is sent.
    pub(super) fn seed(&self, account: AccountIndex) -> &[u8] {
        match self.0.get(account.index()).map(|member| &member.proof) {
            Some(Proof::Secret(secret)) => secret.as_bytes(),
            Some(Proof::PublicKey(key)) => key,
            None => &[],
        }
    }
}
