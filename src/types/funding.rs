//! The rate at which one side of a perpetual pays the other.
//!
//! Must hold: exact; what a long pays at a rate is to the last unit what a short of the same size
//! receives.

use super::num::{Cash, SCALE};

/// Units of 1e-8 in a basis point.
const E8_PER_BPS: i128 = 10_000;

/// Part of a notional that a long pays to a short, in units of 1e-8, as the venue writes it; below
/// zero the short pays. Within ±250 basis points: beyond what Binance ever lets a rate be.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FundingRate(i32);

impl FundingRate {
    /// Nobody pays.
    pub const ZERO: Self = Self(0);

    /// The largest, either way, in basis points.
    pub const BPS_MAX: i32 = 250;

    /// Reads basis points with at most four decimals; `None` for what is no such number or beyond
    /// [`Self::BPS_MAX`].
    pub fn parse_bps(text: &str) -> Option<Self> {
        let bps = Cash::parse(text.as_bytes())?;
        let is_whole = bps.units() % E8_PER_BPS == 0;
        let e8 = i64::try_from(bps.units() / E8_PER_BPS).ok()?;
        Self::from_e8(e8).filter(|_| is_whole)
    }

    /// From units of 1e-8; `None` beyond [`Self::BPS_MAX`].
    pub fn from_e8(e8: i64) -> Option<Self> {
        let most = i64::from(Self::BPS_MAX) * 10_000;
        let within = (-most..=most).contains(&e8);
        i32::try_from(e8).ok().filter(|_| within).map(Self)
    }

    /// What a position of that notional, signed as the position, receives; below zero it pays.
    /// Towards zero; `None` beyond the range.
    pub fn payment(self, notional: Cash) -> Option<Cash> {
        notional.checked_ratio(-i128::from(self.0), i128::from(SCALE))
    }
}

impl std::fmt::Display for FundingRate {
    /// As the venue does: `0.00010000` is one basis point.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.8}", Cash::from_units(self.0.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_in_basis_points_and_written_as_the_venue_does() {
        let rows = [
            ("1", Some("0.00010000")),
            ("-3.8246", Some("-0.00038246")),
            ("0", Some("0.00000000")),
            ("250", Some("0.02500000")),
            ("-250", Some("-0.02500000")),
            ("250.0001", None),
            ("-250.0001", None),
            ("0.00001", None),
            ("99999999999999999999999", None),
            ("one", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let read = FundingRate::parse_bps(text).map(|rate| rate.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_long_pays_what_a_short_receives_to_the_last_unit() {
        let rate = FundingRate::parse_bps("3.8246").unwrap();
        // 0.00038246 × 12,345.67890123, towards zero.
        let notional = Cash::parse(b"12345.67890123").unwrap();
        let paid = Cash::parse(b"-4.72172835").unwrap();
        assert_eq!(rate.payment(notional), Some(paid));
        assert_eq!(rate.payment(notional.negated()), Some(paid.negated()));
        assert_eq!(FundingRate::ZERO.payment(notional), Some(Cash::ZERO));
        assert_eq!(rate.payment(Cash::from_units(i128::MAX)), None);
    }
}
