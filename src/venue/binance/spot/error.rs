//! What a code of Spot means: whose fault it is, whether trying again helps, and whether an order
//! that was answered so can exist (spot sheet section 13, decision D10).
//!
//! Must hold: what is not in the table is the most dangerous plausible case: the outcome is
//! unknown. So is every 5xx: Spot knows no words under which one is certain to have failed.

use crate::types::Condition;
use crate::venue::binance::error::{self, DUPLICATE};
use crate::venue::{Blame, Meaning, Outcome, Retry};

/// The account may not trade what was asked, and only a person changes that (section 13).
const FORBIDDEN: [&str; 5] = [
    "This action is disabled on this account.",
    "This account may not place or cancel orders.",
    "This symbol is not permitted for this account.",
    "Rest API trading is not enabled.",
    "WebSocket API trading is not enabled.",
];

/// Money is missing.
const INSUFFICIENT: &str = "Account has insufficient balance for requested action.";

/// The service is shut down (section 13).
const SHUT_DOWN: i32 = -1016;

/// What an error means that came with an HTTP status (or its WebSocket equivalent), a code (0 for
/// none) and a text.
pub(in crate::venue) fn meaning(status: u16, code: i32, text: &str) -> Meaning {
    let meant = match code {
        -2010 => of_the_engine(text),
        _ => row(code),
    };
    match status == 408 || 500 <= status {
        true => Meaning { outcome: Outcome::Unknown, ..meant },
        false => meant,
    }
}

/// What an error says of the venue itself.
pub(super) fn condition(status: u16, code: i32) -> Option<Condition> {
    match code {
        SHUT_DOWN => Some(Condition::Unavailable),
        _ => error::condition(status, code),
    }
}

/// What the matching engine refused, of which only the text tells why.
fn of_the_engine(text: &str) -> Meaning {
    let (blame, retry, outcome) = match text {
        // The id stands in the book: the order that was sent before may be ours.
        DUPLICATE => (Blame::Us, Retry::Never, Outcome::Unknown),
        INSUFFICIENT => (Blame::Operator, Retry::Later, Outcome::Rejected),
        _ if FORBIDDEN.contains(&text) => (Blame::Operator, Retry::Never, Outcome::Rejected),
        _ => (Blame::Venue, Retry::Later, Outcome::Rejected),
    };
    Meaning { blame, retry, outcome }
}

fn row(code: i32) -> Meaning {
    use Blame::{Operator, Us, Venue};
    use Outcome::{Rejected, Unknown};
    use Retry::{Later, Never, Now};
    let (blame, retry, outcome) = match code {
        // Key, address, permissions: a person must act.
        -1002 | -1022 | -2014 | -2015 | -4056 => (Operator, Never, Rejected),
        // Too fast, too many.
        -1003 | -1015 => (Us, Later, Rejected),
        // The signed time is off: measure the clock first.
        -1021 => (Us, Later, Rejected),
        // The request is not as the venue wants it, or one of its filters says no.
        -1013 | -1130..=-1100 | -2039 => (Us, Never, Rejected),
        // The venue does not know the order, or not any more.
        -2011 | -2013 | -2026 => (Venue, Never, Rejected),
        // An amendment was refused.
        -2038 => (Venue, Later, Rejected),
        // The private stream: it is there already, is gone, or the connection has had too many.
        -2035 | -2036 | -2042 => (Venue, Now, Rejected),
        // Busy, shut down, timed out, half done, and what nobody knows.
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
            (400, -1013, "Filter failure: LOT_SIZE"),
            (400, -1111, "Parameter 'price' has too much precision."),
            (400, -1100, ""),
            (400, -1130, ""),
            (400, -1021, "Timestamp for this request is outside of the recvWindow."),
            (400, -1022, "Signature for this request is not valid."),
            (400, -2010, INSUFFICIENT),
            (400, -2010, "Order would immediately match and take."),
            (400, -2010, "Market is closed."),
            (400, -2011, "Unknown order sent."),
            (400, -2013, "Order does not exist."),
            (401, -2015, "Invalid API-key, IP, or permissions for action."),
            (429, -1003, "Too much request weight used"),
            (429, -1015, "Too many new orders"),
        ];
        for (status, code, text) in rejected {
            assert_eq!(outcome(status, code, text), Outcome::Rejected, "{status} {code} {text}");
        }
    }

    #[test]
    fn everything_else_leaves_the_outcome_unknown() {
        let unknown = [
            (400, -2010, DUPLICATE),
            (500, -2010, INSUFFICIENT),
            (503, 0, "Service Unavailable."),
            (503, -1008, "Request throttled by system-level protection."),
            (400, -1008, ""),
            (400, -1006, ""),
            (400, -1007, "Timeout waiting for response from backend server."),
            (408, -1007, ""),
            (408, -2013, ""),
            (502, 0, "<html>"),
            (400, -1000, ""),
            (400, -1001, ""),
            (400, -1016, ""),
            (409, -2021, ""),
            (400, -2022, ""),
            (400, -1099, ""),
            (400, -1131, ""),
            (400, -9_999, ""),
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
            (-2015, "", Blame::Operator, Retry::Never),
            (-1003, "", Blame::Us, Retry::Later),
            (-1013, "", Blame::Us, Retry::Never),
            (-2010, INSUFFICIENT, Blame::Operator, Retry::Later),
            (-2010, FORBIDDEN[0], Blame::Operator, Retry::Never),
            (-2010, "Market is closed.", Blame::Venue, Retry::Later),
            (-1007, "", Blame::Venue, Retry::Later),
            (-2035, "", Blame::Venue, Retry::Now),
        ];
        for (code, text, blame, retry) in rows {
            let meant = meaning(400, code, text);
            assert_eq!((meant.blame, meant.retry), (blame, retry), "{code} {text}");
        }
    }

    #[test]
    fn a_service_that_is_shut_down_is_in_maintenance() {
        assert_eq!(condition(400, SHUT_DOWN), Some(Condition::Unavailable));
        assert_eq!(condition(503, 0), Some(Condition::Unavailable));
        assert_eq!(condition(400, -1021), Some(Condition::ClockOff));
        assert_eq!(condition(400, -2010), None);
    }
}
