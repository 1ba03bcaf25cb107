//! Request weight per minute and orders per interval (USDⓈ-M sheet, section 3; Spot sheet,
//! section 12).
//!
//! There is one client address: all weight is counted together; orders are counted by account.
//!
//! Decision: who goes on asking after a hundred refusals of one minute is banned for two minutes.
//! The venue says that it bans, and for how long at least; not after how many.

use super::fault::Fault;
use crate::sim::exchange::AccountIndex;
use crate::types::Liquidity;
use serde_json::{Value, json};

const MINUTE_MS: u64 = 60_000;

/// Orders that are forgotten for one that traded as a maker: more than itself, as on Spot.
const MAKER_CREDIT: u32 = 5;

/// Refusals in a minute after which a client is banned, and for how long.
const REFUSED_MAX: u32 = 100;
const BAN_MS: u64 = 120_000;

/// How much is allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimits {
    /// Request weight in a minute.
    pub weight_per_minute: u32,
    /// New orders of an account in 10 s.
    pub orders_per_ten_seconds: u32,
    /// New orders of an account in a minute, where that is counted.
    pub orders_per_minute: Option<u32>,
    /// New orders of an account in a day, where that is counted.
    pub orders_per_day: Option<u32>,
}

impl RateLimits {
    /// What the documentation of USDⓈ-M shows.
    pub const USDM: Self = Self {
        weight_per_minute: 2_400,
        orders_per_ten_seconds: 300,
        orders_per_minute: Some(1_200),
        orders_per_day: None,
    };

    /// What the documentation of Spot shows.
    pub const SPOT: Self = Self {
        weight_per_minute: 6_000,
        orders_per_ten_seconds: 50,
        orders_per_minute: None,
        orders_per_day: Some(160_000),
    };

    fn of(&self, window: &Window) -> Option<u32> {
        match window.letter {
            "10S" => Some(self.orders_per_ten_seconds),
            "1M" => self.orders_per_minute,
            _ => self.orders_per_day,
        }
    }
}

/// An interval in which orders are counted.
#[derive(Debug)]
struct Window {
    length_ms: u64,
    /// As `exchangeInfo` names it.
    interval: &'static str,
    interval_count: u32,
    /// As headers name it.
    letter: &'static str,
    /// As refusals name it.
    words: &'static str,
}

const fn window(
    length_ms: u64,
    (interval, interval_count): (&'static str, u32),
    letter: &'static str,
    words: &'static str,
) -> Window {
    Window { length_ms, interval, interval_count, letter, words }
}

/// All that the venue counts in.
const WINDOWS: [Window; 3] = [
    window(10_000, ("SECOND", 10), "10S", "TEN_SECONDS"),
    window(MINUTE_MS, ("MINUTE", 1), "1M", "MINUTE"),
    window(86_400_000, ("DAY", 1), "1D", "DAY"),
];

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

    fn set(&mut self, now_unix_ms: u64, length_ms: u64, count: u32) {
        *self = Self { interval: now_unix_ms / length_ms, count };
    }

    fn add(&mut self, now_unix_ms: u64, length_ms: u64, more: u32) {
        let count = self.at(now_unix_ms, length_ms).saturating_add(more);
        self.set(now_unix_ms, length_ms, count);
    }
}

/// What was used.
#[derive(Debug)]
pub(super) struct Usage {
    pub(super) limits: RateLimits,
    weight: Count,
    refused: Count,
    banned_until_unix_ms: u64,
    /// By account, then by window.
    orders: Vec<[Count; WINDOWS.len()]>,
}

impl Usage {
    pub(super) fn new(limits: RateLimits, accounts: usize) -> Self {
        Self {
            limits,
            weight: Count::default(),
            refused: Count::default(),
            banned_until_unix_ms: 0,
            orders: vec![Default::default(); accounts],
        }
    }

    /// Counts a request; refused requests count too.
    pub(super) fn spend(&mut self, now_unix_ms: u64, weight: u32) -> Result<(), Fault> {
        self.weight.add(now_unix_ms, MINUTE_MS, weight);
        let limit = self.limits.weight_per_minute;
        if self.is_banned(now_unix_ms) {
            return Err(Fault::banned(self.banned_until_unix_ms));
        }
        if self.weight(now_unix_ms) <= limit {
            return Ok(());
        }
        self.refused.add(now_unix_ms, MINUTE_MS, 1);
        if REFUSED_MAX < self.refused.at(now_unix_ms, MINUTE_MS) {
            self.banned_until_unix_ms = now_unix_ms.saturating_add(BAN_MS);
        }
        Err(Fault::too_many_requests(limit))
    }

    fn is_banned(&self, now_unix_ms: u64) -> bool {
        now_unix_ms < self.banned_until_unix_ms
    }

    /// When a refused client may come again: the count begins anew every minute, and a ban ends.
    pub(super) fn retry_at_unix_ms(&self, now_unix_ms: u64) -> u64 {
        match self.is_banned(now_unix_ms) {
            true => self.banned_until_unix_ms,
            false => (now_unix_ms / MINUTE_MS + 1).saturating_mul(MINUTE_MS),
        }
    }

    /// Counts a new order.
    pub(super) fn order(&mut self, now_unix_ms: u64, account: AccountIndex) -> Result<(), Fault> {
        let Some(counts) = self.orders.get_mut(account.index()) else { return Ok(()) };
        for (window, count) in WINDOWS.iter().zip(counts.iter_mut()) {
            count.add(now_unix_ms, window.length_ms, 1);
        }
        let over = WINDOWS.iter().zip(counts).find_map(|(window, count)| {
            let limit = self.limits.of(window)?;
            (limit < count.count).then_some((limit, window.words))
        });
        over.map_or(Ok(()), |(limit, words)| Err(Fault::too_many_orders(limit, words)))
    }

    /// Counts weight that nothing is refused for any more.
    pub(super) fn add(&mut self, now_unix_ms: u64, weight: u32) {
        self.weight.add(now_unix_ms, MINUTE_MS, weight);
    }

    /// An order began to trade: it is not counted as an unfilled one any more, and one that stood
    /// there first makes room for more (Spot sheet, section 12).
    pub(super) fn order_filled(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        liquidity: Liquidity,
    ) {
        let less = match liquidity {
            Liquidity::Taker => 1,
            Liquidity::Maker => MAKER_CREDIT,
        };
        let Some(counts) = self.orders.get_mut(account.index()) else { return };
        for (window, count) in WINDOWS.iter().zip(counts) {
            let left = count.at(now_unix_ms, window.length_ms).saturating_sub(less);
            count.set(now_unix_ms, window.length_ms, left);
        }
    }

    pub(super) fn weight(&self, now_unix_ms: u64) -> u32 {
        self.weight.at(now_unix_ms, MINUTE_MS)
    }

    /// The intervals that count here, with the limit and what an account used of it.
    fn orders(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
    ) -> impl Iterator<Item = (&'static Window, u32, u32)> {
        let counts = self.orders.get(account.index()).copied().unwrap_or_default();
        WINDOWS.iter().zip(counts).filter_map(move |(window, count)| {
            Some((window, self.limits.of(window)?, count.at(now_unix_ms, window.length_ms)))
        })
    }

    /// Headers of an answer that tell how many orders an account has sent.
    pub(super) fn order_headers(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
    ) -> impl Iterator<Item = (String, String)> {
        self.orders(now_unix_ms, account).map(|(window, _, used)| {
            (format!("X-MBX-ORDER-COUNT-{}", window.letter), used.to_string())
        })
    }

    /// `rateLimits` of `exchangeInfo`.
    pub(super) fn to_json(&self) -> Value {
        let weight = rate_limit("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight_per_minute);
        let orders = WINDOWS.iter().filter_map(|it| {
            Some(rate_limit("ORDERS", it.interval, it.interval_count, self.limits.of(it)?))
        });
        std::iter::once(weight).chain(orders).collect()
    }

    /// The limits of orders, `rateLimit/order`.
    pub(super) fn order_limits(&self) -> Value {
        let limits = WINDOWS.iter().filter_map(|it| {
            Some(rate_limit("ORDERS", it.interval, it.interval_count, self.limits.of(it)?))
        });
        limits.collect()
    }

    /// `rateLimits` of a WebSocket answer: what was used of what.
    pub(super) fn used(&self, now_unix_ms: u64, account: Option<AccountIndex>) -> Value {
        let mut weight = rate_limit("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight_per_minute);
        weight["count"] = json!(self.weight(now_unix_ms));
        let orders = account.into_iter().flat_map(|it| self.orders_used(now_unix_ms, it));
        std::iter::once(weight).chain(orders).collect()
    }

    /// What an account used of each limit of orders.
    pub(super) fn orders_used(
        &self,
        now_unix_ms: u64,
        account: AccountIndex,
    ) -> impl Iterator<Item = Value> {
        self.orders(now_unix_ms, account).map(|(window, limit, used)| {
            let mut it = rate_limit("ORDERS", window.interval, window.interval_count, limit);
            it["count"] = json!(used);
            it
        })
    }
}

fn rate_limit(kind: &str, interval: &str, count: u32, limit: u32) -> Value {
    json!({"rateLimitType": kind, "interval": interval, "intervalNum": count, "limit": limit})
}
