//! What the key may do, by the venue's own word (R133, R134).

use super::patient::Patient;
use crate::config::TradingMode;
use crate::ops::doctor::Found;
use crate::ops::keys::CheckedKey;
use crate::runtime::inquiry::InquiryError;
use crate::runtime::keys::{check_key, vouched};
use crate::store::vouched::Vouched;

pub(super) fn permissions(patient: &Patient) -> Found {
    match check_key(&patient.config) {
        Ok(key) => judged(&key),
        Err(error) => match vouched(&patient.config, &error) {
            Some(Vouched { by, reason, .. }) => Found::warn(
                format!("{error}; {by} answers for the key: {reason}"),
                "look on the venue's page that this is still so",
            ),
            None => unknown(&error, patient.config.mode),
        },
    }
}

fn judged(key: &CheckedKey) -> Found {
    let concerns = key.concerns();
    let said = |is_fault| {
        let wanted = concerns.iter().filter(move |it| it.is_fault == is_fault);
        wanted.map(|it| it.said).collect::<Vec<_>>().join("; ")
    };
    let next = "on the venue's page; then `engine keys check`";
    match (key.is_unfit(), concerns.is_empty()) {
        (true, _) => Found::fail(said(true), next),
        (false, false) => Found::warn(said(false), next),
        (false, true) => Found::ok(format!(
            "reads and trades, withdraws nothing, bound to addresses, {} days old",
            key.age_days
        )),
    }
}

/// With real money a start opens nothing with a key that nobody vouches for.
fn unknown(error: &InquiryError, mode: TradingMode) -> Found {
    let said = error.to_string();
    match (error, mode) {
        (InquiryError::Refused(_), _) => Found::fail(
            said,
            "look at the variables of key and secret, and at the addresses that the key is bound to",
        ),
        (_, TradingMode::Live) => Found::fail(
            said,
            "with real money nothing is opened so: `engine keys check`; `engine keys vouch` where the venue never tells",
        ),
        (_, TradingMode::Paper | TradingMode::Lab) => {
            Found::warn(said, "look on the venue's page that the key cannot withdraw")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::key::KeyPermissions;
    use crate::venue::{Credentials, DecodeError};

    const GOOD: KeyPermissions = KeyPermissions::GOOD;

    fn judge(permissions: KeyPermissions) -> Found {
        let credentials = Credentials::new("key".to_owned(), "secret".to_owned());
        judged(&CheckedKey::new(&credentials, permissions, 0))
    }

    #[test]
    fn a_key_that_may_withdraw_fails_and_one_from_everywhere_warns() {
        assert!(matches!(judge(GOOD), Found::Ok(_)));
        let open = KeyPermissions { is_bound_to_addresses: false, ..GOOD };
        assert!(matches!(judge(open), Found::Warn { .. }));
        let Found::Fail { said, .. } = judge(KeyPermissions { withdraws: true, ..open }) else {
            unreachable!("it may withdraw");
        };
        assert!(said.contains("withdraw") && !said.contains("everywhere"), "{said}");
    }

    #[test]
    fn a_key_that_is_not_told_of_is_never_well() {
        let refused = || {
            InquiryError::Refused(DecodeError::Refused {
                status: 401,
                code: -2_015,
                text: String::new(),
            })
        };
        let silent = || InquiryError::NoWallet;
        assert!(matches!(unknown(&silent(), TradingMode::Paper), Found::Warn { .. }));
        assert!(matches!(unknown(&silent(), TradingMode::Live), Found::Fail { .. }));
        assert!(matches!(unknown(&refused(), TradingMode::Paper), Found::Fail { .. }));
    }
}
