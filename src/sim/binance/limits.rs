//! Request weight per minute and orders per 10 s and minute (USDⓈ-M sheet, section 3).
//!
//! There is one client address: all weight is counted together; orders are counted by account.

use super::fault::Fault;
use crate::sim::exchange::AccountIndex;
use serde_json::{Value, json};

const TEN_SECONDS_MS: u64 = 10_000;
const MINUTE_MS: u64 = 60_000;

/// How much is allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimits {
    /// Request weight in a minute.
    pub weight_per_minute: u32,
    /// New orders of an account in 10 s.
    pub orders_per_ten_seconds: u32,
    /// New orders of an account in a minute.
    pub orders_per_minute: u32,
}

impl RateLimits {
    /// What the venue's documentation shows.
    pub const VENUE: Self =
        Self { weight_per_minute: 2_400, orders_per_ten_seconds: 300, orders_per_minute: 1_200 };
}

/// A count that begins anew with every interval.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    interval: u64,
    count: u32,
}

impl Count {
    fn at(self, now_unix_ms: u64, length_ms: u64) -> u32 {
        if self.interval == now_unix_ms / length_ms { self.count } else { 0 }
    }

    fn add(&mut self, now_unix_ms: u64, length_ms: u64, more: u32) {
        let count = self.at(now_unix_ms, length_ms).saturating_add(more);
        *self = Self { interval: now_unix_ms / length_ms, count };
    }
}

/// What was used.
#[derive(Debug)]
pub(super) struct Usage {
    pub(super) limits: RateLimits,
    weight: Count,
    orders: Vec<[Count; 2]>,
}

impl Usage {
    pub(super) fn new(limits: RateLimits, accounts: usize) -> Self {
        Self { limits, weight: Count::default(), orders: vec![Default::default(); accounts] }
    }

    /// Counts a request; refused requests count too.
    pub(super) fn spend(&mut self, now_unix_ms: u64, weight: u32) -> Result<(), Fault> {
        self.weight.add(now_unix_ms, MINUTE_MS, weight);
        let limit = self.limits.weight_per_minute;
        if limit < self.weight(now_unix_ms) { Err(Fault::too_many_requests(limit)) } else { Ok(()) }
    }

    /// Counts a new order.
    pub(super) fn order(&mut self, now_unix_ms: u64, account: AccountIndex) -> Result<(), Fault> {
        let Some([ten, minute]) = self.orders.get_mut(account.index()) else { return Ok(()) };
        ten.add(now_unix_ms, TEN_SECONDS_MS, 1);
        minute.add(now_unix_ms, MINUTE_MS, 1);
        if self.limits.orders_per_ten_seconds < ten.count {
            return Err(Fault::too_many_orders(self.limits.orders_per_ten_seconds, "TEN_SECONDS"));
        }
        if self.limits.orders_per_minute < minute.count {
            return Err(Fault::too_many_orders(self.limits.orders_per_minute, "MINUTE"));
        }
        Ok(())
    }

    pub(super) fn weight(&self, now_unix_ms: u64) -> u32 {
        self.weight.at(now_unix_ms, MINUTE_MS)
    }

    pub(super) fn orders(&self, now_unix_ms: u64, account: AccountIndex) -> [u32; 2] {
        self.orders.get(account.index()).map_or([0, 0], |[ten, minute]| {
            [ten.at(now_unix_ms, TEN_SECONDS_MS), minute.at(now_unix_ms, MINUTE_MS)]
        })
    }

    /// `rateLimits` of `exchangeInfo`.
    pub(super) fn to_json(&self) -> Value {
        let limits = &self.limits;
        json!([
            rate_limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight_per_minute),
            rate_limit("ORDERS", "MINUTE", 1, limits.orders_per_minute),
            rate_limit("ORDERS", "SECOND", 10, limits.orders_per_ten_seconds),
        ])
    }

    /// `rateLimits` of a WebSocket answer: what was used of what.
    pub(super) fn used(&self, now_unix_ms: u64, account: Option<AccountIndex>) -> Value {
        let mut weight = rate_limit("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight_per_minute);
        weight["count"] = json!(self.weight(now_unix_ms));
        let mut used = vec![weight];
        if let Some(account) = account {
            let [tens, minutes] = self.orders(now_unix_ms, account);
            let mut ten = rate_limit("ORDERS", "SECOND", 10, self.limits.orders_per_ten_seconds);
            let mut minute = rate_limit("ORDERS", "MINUTE", 1, self.limits.orders_per_minute);
            (ten["count"], minute["count"]) = (json!(tens), json!(minutes));
            used.extend([ten, minute]);
        }
        Value::Array(used)
    }
}

fn rate_limit(kind: &str, interval: &str, count: u32, limit: u32) -> Value {
    json!({"rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit})
}
