//! What a key may do: `/sapi/v1/account/apiRestrictions` (spot sheet section 9). It is answered at
//! the address of the spot interface, for keys of futures too, and not by the testnet.
//!
//! Must hold: what is not told is an error: a field that is not there is no permission that is not
//! there. `canWithdraw` of an account is another thing and is not asked for.

use super::json::{body, success};
use super::sign::Signer;
use crate::venue::key::KeyPermissions;
use crate::venue::{Answer, Call, Credentials, DecodeError};
use serde::Deserialize;

const PATH: &str = "/sapi/v1/account/apiRestrictions";

pub(in crate::venue) fn permissions_call(
    credentials: &Credentials,
    recv_window_ms: u32,
    venue_unix_ms: u64,
) -> Call {
    Signer::new(credentials, recv_window_ms).signed_call("GET", PATH, "", venue_unix_ms)
}

/// For who trades futures.
pub(super) fn permissions(answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    let told = told(answer)?;
    let trades_elsewhere = told.enable_spot_and_margin_trading || told.trades_apart();
    Ok(KeyPermissions { trades_elsewhere, ..told.permissions(told.enable_futures) })
}

/// For who trades spot.
pub(super) fn spot_permissions(answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    let told = told(answer)?;
    let trades_elsewhere = told.enable_futures || told.trades_apart();
    let trades = told.enable_spot_and_margin_trading;
    Ok(KeyPermissions { trades_elsewhere, ..told.permissions(trades) })
}

fn told(answer: &Answer) -> Result<Told, DecodeError> {
    body(success(Some(answer))?, "apiRestrictions")
}

impl Told {
    fn permissions(&self, trades: bool) -> KeyPermissions {
        KeyPermissions {
            reads: self.enable_reading,
            trades,
            withdraws: self.enable_withdrawals,
            transfers: self.enable_internal_transfer || self.permits_universal_transfer,
            trades_elsewhere: false,
            is_bound_to_addresses: self.ip_restrict,
            created_unix_ms: self.create_time,
        }
    }

    /// On what is neither spot nor futures, or by another way.
    fn trades_apart(&self) -> bool {
        self.enable_margin
            || self.enable_vanilla_options
            || self.enable_portfolio_margin_trading
            || self.enable_fix_api_trade
    }
}

/// The venue's words. What is younger than the rest may be left out, and widens nothing that counts
/// against a key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the venue's answer is a list of flags")]
struct Told {
    ip_restrict: bool,
    create_time: u64,
    enable_reading: bool,
    enable_withdrawals: bool,
    enable_internal_transfer: bool,
    permits_universal_transfer: bool,
    enable_futures: bool,
    enable_margin: bool,
    enable_spot_and_margin_trading: bool,
    #[serde(default)]
    enable_vanilla_options: bool,
    #[serde(default)]
    enable_portfolio_margin_trading: bool,
    #[serde(default)]
    enable_fix_api_trade: bool,
}

#[cfg(test)]
mod tests {
    use super::super::support::{Dice, answer, credentials, shared};
    use super::*;

    const TOLD: &str = include_str!("../../../tests/data/binance-api-restrictions.json");

    #[test]
    fn the_question_is_signed_like_every_other() {
        let call = permissions_call(&credentials(), 5_000, 7);
        assert_eq!(call.method, "GET");
        assert!(call.target.starts_with(
            "/sapi/v1/account/apiRestrictions?recvWindow=5000&timestamp=7&signature="
        ));
        assert_eq!(call.headers[0].0, "X-MBX-APIKEY");
    }

    #[test]
    fn each_permission_is_read_from_its_own_field() {
        let plain = permissions(&answer(200, TOLD)).unwrap();
        let expected = KeyPermissions {
            reads: true,
            trades: true,
            withdraws: false,
            transfers: false,
            trades_elsewhere: false,
            is_bound_to_addresses: true,
            created_unix_ms: 1_760_000_000_000,
        };
        assert_eq!(plain, expected);
        let with = |field: &str| {
            let (no, yes) = (format!("\"{field}\": false"), format!("\"{field}\": true"));
            let changed = TOLD.replacen(&no, &yes, 1);
            assert_ne!(changed, TOLD, "{field}");
            permissions(&answer(200, changed)).unwrap()
        };
        assert_eq!(with("enableWithdrawals"), KeyPermissions { withdraws: true, ..expected });
        for field in ["enableInternalTransfer", "permitsUniversalTransfer"] {
            assert_eq!(with(field), KeyPermissions { transfers: true, ..expected }, "{field}");
        }
        for field in [
            "enableMargin",
            "enableSpotAndMarginTrading",
            "enableVanillaOptions",
            "enablePortfolioMarginTrading",
            "enableFixApiTrade",
        ] {
            let found = with(field);
            assert_eq!(found, KeyPermissions { trades_elsewhere: true, ..expected }, "{field}");
        }
    }

    #[test]
    fn a_key_for_spot_trades_there_and_futures_are_elsewhere() {
        let plain = spot_permissions(&answer(200, TOLD)).unwrap();
        assert!(!plain.trades && plain.trades_elsewhere, "a key for futures");
        let moved = |text: &str| {
            let off = TOLD.replacen("\"enableFutures\": true", "\"enableFutures\": false", 1);
            off.replacen(&format!("\"{text}\": false"), &format!("\"{text}\": true"), 1)
        };
        let spot = spot_permissions(&answer(200, moved("enableSpotAndMarginTrading"))).unwrap();
        assert!(spot.trades && !spot.trades_elsewhere);
        let margin = spot_permissions(&answer(200, moved("enableMargin"))).unwrap();
        assert!(!margin.trades && margin.trades_elsewhere);
    }

    #[test]
    fn what_counts_against_a_key_must_be_told() {
        for field in [
            "ipRestrict",
            "createTime",
            "enableReading",
            "enableWithdrawals",
            "enableInternalTransfer",
            "permitsUniversalTransfer",
            "enableFutures",
            "enableMargin",
            "enableSpotAndMarginTrading",
        ] {
            let without = TOLD.replacen(field, "other", 1);
            assert_ne!(without, TOLD, "{field}");
            assert!(permissions(&answer(200, without)).is_err(), "{field}");
        }
        assert!(permissions(&answer(404, "<html>")).is_err());
        assert!(permissions(&answer(200, "{}")).is_err());
        let refused = permissions(&answer(401, r#"{"code":-2015,"msg":"Invalid API-key"}"#));
        assert!(matches!(refused, Err(DecodeError::Refused { code: -2015, .. })));
    }

    #[test]
    fn the_sample_of_the_venue_is_read() {
        let file = "venues/samples/binance-sdk/wallet__rest_api__test_account_api.json";
        let Some(file) = shared(file) else { return };
        let whole: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let sample = &whole["samples"]["get_api_key_permission"]["sample"];
        assert!(sample.is_object(), "the sample is there under another name");
        permissions(&answer(200, sample.to_string())).unwrap();
    }

    #[test]
    fn no_answer_makes_it_panic() {
        for broken in Dice(31).broken(TOLD.as_bytes(), 2_000) {
            let _ = permissions(&answer(200, broken));
        }
    }
}
