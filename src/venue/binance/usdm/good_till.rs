//! Good-till-date: the venue itself ends an order that this engine forgot or could not take back
//! (venue sheet section 5; R42).
//!
//! Must hold: the venue's end lies after ours, so that ours is what ends an order in good days; a
//! date that the venue would refuse is not sent.
//!
//! Decision: only opening limit orders carry one. A post-only order cannot (its time in force is
//! taken), one that cannot rest needs none, and nothing ends what lowers a position. The venue
//! wants at least ten minutes, so for the short lives of quotes the engine's own clock and the
//! dead-man's switch are the lines of defence.

use crate::types::{MS, OrderTerms, Purpose, TimeInForce};
use crate::venue::VenueTime;

/// How long after our own end the venue's lies: a cancel, its answer and a few repetitions.
const MARGIN_MS: u64 = 60_000;

/// The venue takes dates more than this ahead of its own time (-5040)...
const AHEAD_MS_MIN: u64 = 600_000;

/// ...as it is when the order arrives: within the receive window, and by a clock that is estimated.
const TRAVEL_MS: u64 = 5_000;

/// The date to send, milliseconds since the Unix epoch in whole seconds, because the venue keeps no
/// more; `None` when the engine alone ends the order.
pub(super) fn date(terms: &OrderTerms, at: VenueTime) -> Option<u64> {
    let fits = terms.purpose == Purpose::Opening && terms.time_in_force == TimeInForce::Gtc;
    let left_ns = terms.expires_ns.filter(|_| fits)?.saturating_sub(at.mono_ns);
    let end_ms = at.unix_ms.checked_add(left_ns / MS)?.checked_add(MARGIN_MS)?;
    let date = end_ms.checked_next_multiple_of(1_000)?;
    (at.unix_ms.checked_add(AHEAD_MS_MIN + TRAVEL_MS)? <= date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{InstrumentId, Price, Qty, Side};

    const AT: VenueTime = VenueTime { unix_ms: 1_702_555_533_821, mono_ns: 7_000 * MS };

    fn order(ttl_ms: u64) -> OrderTerms {
        OrderTerms {
            instrument: InstrumentId(0),
            side: Side::Buy,
            time_in_force: TimeInForce::Gtc,
            price: Price::whole(100),
            qty: Qty::whole(1),
            purpose: Purpose::Opening,
            expires_ns: Some(AT.mono_ns + ttl_ms * MS),
        }
    }

    #[test]
    fn it_lies_a_margin_after_our_own_end_in_whole_seconds() {
        assert_eq!(date(&order(900_000), AT), Some(1_702_556_494_000));
    }

    #[test]
    fn a_date_that_the_venue_would_refuse_is_not_sent() {
        // Rounded up to a second, 544.18 s and the margin are the first that fit.
        assert_eq!(date(&order(544_179), AT), None);
        let first = date(&order(544_180), AT).unwrap();
        assert!(AT.unix_ms + AHEAD_MS_MIN + TRAVEL_MS <= first);
        assert_eq!(date(&order(10_000), AT), None);
        assert_eq!(
            date(&order(u64::MAX / MS - 7_000), VenueTime { unix_ms: u64::MAX, ..AT }),
            None
        );
    }

    #[test]
    fn only_opening_limit_orders_with_an_end_have_one() {
        let order = order(900_000);
        assert_eq!(date(&OrderTerms { purpose: Purpose::Reducing, ..order }, AT), None);
        assert_eq!(date(&OrderTerms { time_in_force: TimeInForce::Gtx, ..order }, AT), None);
        assert_eq!(date(&OrderTerms { expires_ns: None, ..order }, AT), None);
    }
}
