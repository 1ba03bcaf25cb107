//! Order entry of Spot: what it has of its own.
//!
//! Must hold: a post-only order is a `LIMIT_MAKER`, which has no time in force.
//!
//! Deliberately absent: a reduce-only flag, which Spot does not have: that an exit sells no more
//! than there is, the balance sees to. An amend, because the venue's only one gives the order
//! another id; the kernel denies it before it comes here.

use super::error;
use super::rest::{self, Bases};
use crate::types::{AccountSnapshot, Condition, OrderTerms, QueryToken, TimeInForce};
use crate::venue::binance::orders::{Desk, Entry, Paths, Wording};
use crate::venue::binance::trades;
use crate::venue::{Answer, Call, DecodeError, Directory, Meaning, VenueTime};

/// There is nothing to take back.
const NOTHING_OPEN: i32 = -2011;

/// What each instrument buys and sells.
#[derive(Debug)]
pub(in crate::venue::binance) struct Spot {
    bases: Bases,
}

impl Spot {
    pub(in crate::venue::binance) fn new(directory: &Directory) -> Self {
        Self { bases: rest::bases(directory) }
    }
}

impl Entry for Spot {
    const PATHS: Paths = Paths {
        api: "/ws-api/v3",
        order: "/api/v3/order",
        cancel_all: "/api/v3/openOrders",
        trades: trades::Paths { trades: "/api/v3/myTrades", orders: "/api/v3/allOrders" },
        ping: "/api/v3/ping",
        time: "/api/v3/time",
    };
    const AMENDS: bool = false;
    const REDUCES: bool = false;
    const NOTHING_OPEN: Option<i32> = Some(NOTHING_OPEN);

    fn wording(terms: &OrderTerms, _at: VenueTime) -> Wording {
        let (kind, time_in_force) = match terms.time_in_force {
            TimeInForce::Gtc => ("LIMIT", Some("GTC")),
            TimeInForce::Gtx => ("LIMIT_MAKER", None),
            TimeInForce::Ioc => ("LIMIT", Some("IOC")),
            TimeInForce::Fok => ("LIMIT", Some("FOK")),
        };
        Wording { kind, time_in_force, good_till_date: None, reduce_only: false }
    }

    fn meaning(status: u16, code: i32, text: &str) -> Meaning {
        error::meaning(status, code, text)
    }

    fn condition(status: u16, code: i32) -> Option<Condition> {
        error::condition(status, code)
    }

    fn account_calls(&self, desk: &Desk, venue_unix_ms: u64) -> Vec<Call> {
        rest::account_calls(&desk.names, &desk.signer, venue_unix_ms)
    }

    fn account(
        &mut self,
        desk: &Desk,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError> {
        rest::account(&desk.names, &self.bases, &desk.prefix, token, answers)
    }
}
