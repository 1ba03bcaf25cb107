//! Tick-to-order: from the arrival of the bytes that an order answers to, to its last byte handed
//! to the socket.
//!
//! Kept by the order thread and read by whoever shows it; the hot thread takes no part.

use crate::ops::Percentiles;
use hdrhistogram::Histogram;
use parking_lot::Mutex;

/// Longest time that is told apart: a minute. A longer one counts as this.
const NS_MAX: u64 = 60_000_000_000;

/// A histogram with three significant digits.
#[derive(Debug)]
pub(super) struct Latency(Mutex<Histogram<u64>>);

impl Latency {
    /// Empty.
    pub(super) fn new() -> Self {
        Self(Mutex::new(empty()))
    }

    /// Takes one in.
    pub(super) fn record(&self, ns: u64) {
        self.0.lock().saturating_record(ns.clamp(1, NS_MAX));
    }

    /// What it says so far.
    pub(super) fn percentiles(&self) -> Percentiles {
        let histogram = self.0.lock();
        let at = |quantile| histogram.value_at_quantile(quantile);
        Percentiles {
            count: histogram.len(),
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: histogram.max(),
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::expect_used, reason = "the bounds are constants that the library accepts")]
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, NS_MAX, 3).expect("1 < 60 s with three digits is a histogram")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_median_and_the_tail() {
        let latency = Latency::new();
        (1..=1_000).for_each(|us| latency.record(us * 1_000));
        latency.record(u64::MAX);
        let said = latency.percentiles();
        assert_eq!(said.count, 1_001);
        assert!((495_000..=505_000).contains(&said.p50_ns), "{said:?}");
        assert!((985_000..=995_000).contains(&said.p99_ns), "{said:?}");
        assert!(59_000_000_000 < said.max_ns);
    }
}
