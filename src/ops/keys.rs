//! What a key of an account may do, judged (SAFETY E3, R131–R135): `engine keys check`.
//!
//! Must hold: a key is named by its fingerprint and by nothing of itself.

use crate::venue::Credentials;
use crate::venue::key::KeyPermissions;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// After so many days a person is told to make a new one (R135).
const AGE_DAYS_MAX: u64 = 30;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What a key is called where people and files must tell two apart: the first 16 digits of its
/// SHA-256. No way leads back from it to a key of 64 random characters.
pub fn fingerprint(credentials: &Credentials) -> String {
    let hash = Sha256::digest(credentials.key().as_bytes());
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A key and what it may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckedKey {
    /// What it is called.
    pub fingerprint: String,
    /// What its venue said.
    pub permissions: KeyPermissions,
    /// How old it is.
    pub age_days: u64,
}

/// What speaks against a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Concern {
    /// No engine opens anything with it.
    pub is_fault: bool,
    /// In words, with what to do.
    pub said: &'static str,
}

impl CheckedKey {
    /// At a time of the venue.
    pub fn new(credentials: &Credentials, permissions: KeyPermissions, unix_ms: u64) -> Self {
        let age_days = unix_ms.saturating_sub(permissions.created_unix_ms) / DAY_MS;
        Self { fingerprint: fingerprint(credentials), permissions, age_days }
    }

    /// True when nothing may be opened with it.
    pub fn is_unfit(&self) -> bool {
        self.concerns().iter().any(|concern| concern.is_fault)
    }

    /// Everything that speaks against it, the worst first.
    pub fn concerns(&self) -> Vec<Concern> {
        let it = &self.permissions;
        let rows = [
            (it.withdraws, true, "it may withdraw: make one that may not, and delete this one"),
            (!it.reads, true, "it may not read the account: allow it, or make another"),
            (!it.trades, true, "it may not trade here: allow it, or make another"),
            (it.transfers, false, "it may move money to other accounts: take that from it"),
            (it.trades_elsewhere, false, "it may trade on other markets: take that from it"),
            (
                !it.is_bound_to_addresses,
                false,
                "it works from everywhere: bind it to the addresses of this machine",
            ),
            (AGE_DAYS_MAX < self.age_days, false, "it is older than 30 days: make a new one"),
        ];
        let concern = |(holds, is_fault, said): (bool, bool, &'static str)| {
            holds.then_some(Concern { is_fault, said })
        };
        rows.into_iter().filter_map(concern).collect()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let it = &self.permissions;
        let concern = |it: &Concern| json!({"fault": it.is_fault, "said": it.said});
        json!({
            "fingerprint": self.fingerprint,
            "age_days": self.age_days,
            "reads": it.reads,
            "trades": it.trades,
            "withdraws": it.withdraws,
            "transfers": it.transfers,
            "trades_elsewhere": it.trades_elsewhere,
            "bound_to_addresses": it.is_bound_to_addresses,
            "fit": !self.is_unfit(),
            "concerns": self.concerns().iter().map(concern).collect::<Vec<_>>(),
        })
    }

    /// For people.
    pub fn text(&self) -> String {
        let it = &self.permissions;
        let yes = |holds: bool| if holds { "yes" } else { "no" };
        let rows = [
            ("key", format!("set, fingerprint {}", self.fingerprint)),
            ("age", format!("{} days", self.age_days)),
            ("reads the account", yes(it.reads).to_owned()),
            ("trades here", yes(it.trades).to_owned()),
            ("withdraws", yes(it.withdraws).to_owned()),
            ("moves money", yes(it.transfers).to_owned()),
            ("trades elsewhere", yes(it.trades_elsewhere).to_owned()),
            ("bound to addresses", yes(it.is_bound_to_addresses).to_owned()),
        ];
        let mut text: String =
            rows.iter().map(|(name, value)| format!("{name:20}{value}\n")).collect();
        for Concern { is_fault, said } in self.concerns() {
            let word = if is_fault { "FAULT" } else { "warning" };
            text.push_str(&format!("{word}: {said}\n"));
        }
        text.push_str(if self.is_unfit() { "unfit: nothing is opened with it\n" } else { "fit\n" });
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: KeyPermissions = KeyPermissions::GOOD;

    fn checked(permissions: KeyPermissions, age_days: u64) -> CheckedKey {
        let credentials = Credentials::new("key".to_owned(), "secret".to_owned());
        CheckedKey::new(&credentials, permissions, age_days * DAY_MS)
    }

    #[test]
    fn a_key_that_may_only_trade_here_is_fit_and_told_without_itself() {
        let key = checked(GOOD, 30);
        assert_eq!((key.concerns(), key.is_unfit()), (Vec::new(), false));
        let text = key.text();
        // SHA-256 of `key`, as every other tool tells it.
        assert!(text.contains("fingerprint 2c70e12b7a0646f9\n"), "{text}");
        assert!(text.ends_with("fit\n") && !text.contains("secret"));
    }

    #[test]
    fn each_permission_too_much_or_too_little_is_a_concern_of_its_weight() {
        let rows = [
            (KeyPermissions { withdraws: true, ..GOOD }, true),
            (KeyPermissions { reads: false, ..GOOD }, true),
            (KeyPermissions { trades: false, ..GOOD }, true),
            (KeyPermissions { transfers: true, ..GOOD }, false),
            (KeyPermissions { trades_elsewhere: true, ..GOOD }, false),
            (KeyPermissions { is_bound_to_addresses: false, ..GOOD }, false),
        ];
        for (permissions, is_fault) in rows {
            let key = checked(permissions, 1);
            let concerns = key.concerns();
            assert_eq!(concerns.len(), 1, "{permissions:?}");
            assert_eq!((concerns[0].is_fault, key.is_unfit()), (is_fault, is_fault));
            assert_eq!(key.json()["fit"], !is_fault);
            let word = if is_fault { "FAULT: " } else { "warning: " };
            assert!(key.text().contains(&format!("{word}{}", concerns[0].said)));
        }
    }

    #[test]
    fn a_key_of_more_than_thirty_days_is_to_be_replaced() {
        assert!(checked(GOOD, 30).concerns().is_empty());
        assert_eq!(checked(GOOD, 31).concerns().len(), 1);
        let younger = KeyPermissions { created_unix_ms: u64::MAX, ..GOOD };
        assert_eq!(checked(younger, 31).age_days, 0, "a clock that is behind is no fault of a key");
    }
}
