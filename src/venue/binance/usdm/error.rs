//! What a code of the venue means: whose fault it is, whether trying again helps, and whether an
//! order that was answered so can exist (venue sheet sections 4 and 10, decision D10).
//!
//! Must hold: what is not in the table is the most dangerous plausible case: the outcome is
//! unknown. A row is `Rejected` only where the sheet says that the request did not take effect.
//!
//! Decision: `-1001` is unknown even with the words that section 4 lists as failed, because the
//! same words are the text of `-1001` itself (D10).

use crate::venue::binance::error::DUPLICATE;
use crate::venue::{Blame, Meaning, Outcome, Retry};

/// Words of a 503 that say that the request failed for certain (section 4).
const FAILED: [&str; 2] =
    ["Service Unavailable.", "Internal error; unable to process your request. Please try again."];

/// How the text of `-1008` begins; it failed for certain too (section 4).
const THROTTLED: &str = "Request throttled by system-level protection.";

/// What an error means that came with an HTTP status (or its WebSocket equivalent), a code (0 for
/// none) and a text.
pub(in crate::venue) fn meaning(status: u16, code: i32, text: &str) -> Meaning {
    let Meaning { blame, retry, outcome } = row(code);
    let is_failed = status == 503 && FAILED.contains(&text) && code != -1001;
    if is_failed || (code == -1008 && text.starts_with(THROTTLED)) {
        return Meaning { blame: Blame::Venue, retry: Retry::Later, outcome: Outcome::Rejected };
    }
    if status == 408 || 500 <= status || text == DUPLICATE {
        return Meaning { blame, retry, outcome: Outcome::Unknown };
    }
    Meaning { blame, retry, outcome }
}

fn row(code: i32) -> Meaning {
    use Blame::{Operator, Us, Venue};
    use Outcome::{Rejected, Unknown};
    use Retry::{Later, Never, Now};
    let (blame, retry, outcome) = match code {
        // Key, address, permissions, lock-out, region: a person must act.
        -1002 | -1022 | -2014 | -2015 | -2017 | -2023 => (Operator, Never, Rejected),
        -4087 | -4088 | -4109 | -4192 | -4402..=-4400 => (Operator, Never, Rejected),
        // Position mode is not the one that we speak.
        -4060 | -4061 => (Operator, Never, Rejected),
        // Money is missing.
        -2018 | -2019 => (Operator, Later, Rejected),
        // Too large a position for the leverage: `LeverageCap` should have denied it.
        -2027 => (Us, Later, Rejected),
        // Too fast, too many.
        -1003 | -1015 | -2025 | -4045 => (Us, Later, Rejected),
        // The signed time is off: measure the clock first.
        -1021 | -5028 => (Us, Later, Rejected),
        // The key of the private stream is gone: get a new one.
        -1125 => (Venue, Now, Rejected),
        // The request is not as the venue wants it.
        -1013 | -1130..=-1100 => (Us, Never, Rejected),
        -4005..=-4001 | -4016..=-4013 | -4023 | -4024 | -4131 | -4164 => (Us, Never, Rejected),
        -4117 | -4120 | -4142 | -5027..=-5024 | -5029 => (Us, Never, Rejected),
        -5043 | -5041..=-5037 => (Us, Never, Rejected),
        // Reduce-only found nothing to reduce: read the position first.
        -2022 | -4062 | -4118 => (Us, Later, Rejected),
        // The market moved on, or the symbol is closed.
        -2010 | -2020 | -2021 | -4140 | -4141 | -5021 | -5022 => (Venue, Later, Rejected),
        // The venue does not know the order.
        -2011 | -2013 => (Venue, Never, Rejected),
        // It is so already.
        -4046 | -4059 => (Us, Never, Rejected),
        // The id is taken: the order may well be there (section 5).
        -4116 => (Us, Never, Unknown),
        _ => (Venue, Later, Unknown),
    };
    Meaning { blame, retry, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, code: i32, text: &str) -> Outcome {
        meaning(status, code, text).outcome
    }

    #[test]
    fn an_order_is_rejected_only_by_an_answer_that_says_so() {
        let rejected = [
            (400, -1021, "Timestamp for this request is outside of the recvWindow."),
            (400, -1111, "Precision is over the maximum defined for this asset."),
            (400, -1100, ""),
            (400, -1130, ""),
            (400, -2019, "Margin is insufficient."),
            (400, -2022, "ReduceOnly Order is rejected."),
            (400, -2027, "Exceeded the maximum allowable position at current leverage."),
            (400, -4164, ""),
            (400, -5021, ""),
            (400, -5022, ""),
            (400, -5028, ""),
            (401, -2015, "Invalid API-key, IP, or permissions for action"),
            (429, -1003, "Too many requests"),
            (429, -1015, ""),
            (503, 0, "Service Unavailable."),
            (503, 0, "Internal error; unable to process your request. Please try again."),
            (
                503,
                -1008,
                "Request throttled by system-level protection. Reduce-only/close-position \
                          orders are exempt. Please try again.",
            ),
        ];
        for (status, code, text) in rejected {
            assert_eq!(outcome(status, code, text), Outcome::Rejected, "{status} {code} {text}");
        }
    }

    #[test]
    fn everything_else_leaves_the_outcome_unknown() {
        let unknown = [
            (503, 0, "Unknown error, please check your request or try again later."),
            (503, -1001, "Internal error; unable to process your request. Please try again."),
            (400, -1001, "Internal error; unable to process your request. Please try again."),
            (500, 0, "Service Unavailable."),
            (503, 0, "Service Unavailable"),
            (503, 0, "<html>"),
            (503, -1008, "Server busy"),
            (503, -2019, "Margin is insufficient."),
            (502, 0, ""),
            (408, -1007, ""),
            (408, -1021, ""),
            (400, -1000, ""),
            (400, -1006, ""),
            (400, -1007, ""),
            (400, -4116, "ClientOrderId is duplicated."),
            (400, -2010, "Duplicate order sent."),
            (400, -1099, ""),
            (400, -1131, ""),
            (400, -9999, ""),
            (400, 0, ""),
            (403, 0, "<html>"),
        ];
        for (status, code, text) in unknown {
            assert_eq!(outcome(status, code, text), Outcome::Unknown, "{status} {code} {text}");
        }
    }

    #[test]
    fn blame_and_retry_follow_the_sheet() {
        let rows = [
            (-2015, Blame::Operator, Retry::Never),
            (-1003, Blame::Us, Retry::Later),
            (-2019, Blame::Operator, Retry::Later),
            (-2027, Blame::Us, Retry::Later),
            (-4014, Blame::Us, Retry::Never),
            (-1007, Blame::Venue, Retry::Later),
            (-1125, Blame::Venue, Retry::Now),
            (-5022, Blame::Venue, Retry::Later),
        ];
        for (code, blame, retry) in rows {
            let meant = meaning(400, code, "");
            assert_eq!((meant.blame, meant.retry), (blame, retry), "{code}");
        }
    }
}
