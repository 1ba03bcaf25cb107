//! What a refusal says beside the fate of a request, on either market of the venue: of the venue
//! itself, and to a person (venue sheet sections 4 and 10, spot sheet section 13).
//!
//! Not here: what a code means for a request, which each market's own table says.

use crate::types::Condition;

/// The words under which spot says that the order is already there (spot sheet section 13).
pub(super) const DUPLICATE: &str = "Duplicate order sent.";

/// What an error says of the venue itself. Throttling that protects it (`-1008`) is no maintenance:
/// it spares reductions, and waits for nobody.
pub(super) fn condition(status: u16, code: i32) -> Option<Condition> {
    match (status, code) {
        (_, -1021 | -5028) => Some(Condition::ClockOff),
        // A web application firewall answers 403 without a code; both end in a ban when ignored.
        (401 | 403, _) | (_, -1002 | -1022 | -2014 | -2015 | -2017 | -4056) => {
            Some(Condition::KeyRefused)
        }
        (503, -1008) => None,
        (503, _) => Some(Condition::Unavailable),
        _ => None,
    }
}

/// What a person must know of a refusal beside the venue's own words.
///
/// An account in portfolio margin mode is refused by these codes and by nothing that names it: its
/// keys trade at another address of the venue only. The venue does not document that; users of
/// other clients met it (JKorf/Binance.Net issue 1485).
pub(super) fn advice(code: i32) -> Option<&'static str> {
    match code {
        -2014 | -2015 => Some(
            "(check the key, its addresses and its permission for this market; on futures an account in \
             portfolio margin mode is refused so too, and is not supported: leave that mode, then \
             make a new key)",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_key_is_told_with_portfolio_margin_by_its_name() {
        for code in [-2014, -2015] {
            assert!(advice(code).is_some_and(|text| text.contains("portfolio margin mode")));
        }
        assert_eq!(advice(-2019), None);
    }

    #[test]
    fn a_wrong_time_a_refused_key_and_maintenance_are_the_venues_word() {
        let rows = [
            ((400, -1021), Some(Condition::ClockOff)),
            ((400, -5028), Some(Condition::ClockOff)),
            ((401, -2015), Some(Condition::KeyRefused)),
            ((400, -2014), Some(Condition::KeyRefused)),
            ((400, -2017), Some(Condition::KeyRefused)),
            ((400, -1022), Some(Condition::KeyRefused)),
            ((400, -1002), Some(Condition::KeyRefused)),
            ((400, -4056), Some(Condition::KeyRefused)),
            ((403, 0), Some(Condition::KeyRefused)),
            ((400, -2018), None),
            ((400, -2013), None),
            ((400, -2016), None),
            ((503, 0), Some(Condition::Unavailable)),
            ((503, -1001), Some(Condition::Unavailable)),
            ((503, -1008), None),
            ((400, -1001), None),
            ((502, 0), None),
            ((200, 0), None),
        ];
        for ((status, code), expected) in rows {
            assert_eq!(condition(status, code), expected, "{status} {code}");
        }
    }
}
