//! What a venue says of the margin of an account, and what it asks for positions of a size.
//!
//! Must hold: what is asked never falls with the size, and beyond the last tier it is not known.

use super::{AssetId, Cash, InstrumentId, Liquidity, SCALE, Size};

/// Most tiers of one instrument: Binance has ten to twelve.
pub const TIERS_MAX: usize = 16;

/// Millionths: what rates of margin are told in.
pub const PPM: i128 = 1_000_000;

/// The margin of an account, as its venue told it with everything else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountMargin {
    /// By asset that positions are settled in.
    pub wallets: Vec<WalletMargin>,
    /// How instruments that we know are set up. Absence means that it was not told.
    pub instruments: Vec<InstrumentMargin>,
    /// What it charges for trades; what is missing was not told this time.
    pub fees: Vec<FeeRates>,
}

/// What one wallet carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WalletMargin {
    /// Of what.
    pub asset: AssetId,
    /// What no position and no order needs.
    pub available: Cash,
    /// What stands behind all positions that share it: wallet and open profit and loss.
    pub balance: Cash,
}

/// How the account trades one instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstrumentMargin {
    /// Which.
    pub instrument: InstrumentId,
    /// Notional per initial margin.
    pub leverage: u32,
    /// What stands behind a position.
    pub mode: MarginMode,
    /// What positions of a size need; `None` where it could not be read.
    pub tiers: Option<MarginTiers>,
}

/// What a venue charges this account for trades of one instrument, in units of 1e-8 of the
/// notional; below zero is a rebate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FeeRates {
    /// Which.
    pub instrument: InstrumentId,
    /// For an order that rested.
    pub maker_e8: i64,
    /// For an order that took.
    pub taker_e8: i64,
}

impl FeeRates {
    /// The fee of a trade; `None` when it does not fit.
    pub fn fee(&self, liquidity: Liquidity, notional: Cash) -> Option<Cash> {
        let rate_e8 = match liquidity {
            Liquidity::Maker => self.maker_e8,
            Liquidity::Taker => self.taker_e8,
        };
        notional.checked_ratio(rate_e8.into(), SCALE.into())
    }
}

/// What stands behind a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MarginMode {
    /// The whole wallet, shared by all positions.
    Cross,
    /// What was put aside for it.
    Isolated,
}

impl MarginMode {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Isolated => "isolated",
        }
    }
}

/// One step of what a venue asks for positions of a size.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MarginTier {
    /// Largest notional of it.
    pub notional_max: Cash,
    /// Maintenance margin of what lies within it, in millionths of the notional.
    pub maintenance_ppm: u32,
    /// Highest leverage that such a position may have.
    pub leverage_max: u32,
}

/// All steps for one instrument, smallest notional first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarginTiers {
    tiers: [MarginTier; TIERS_MAX],
    /// What the rate of a tier asks too much for what lies in the tiers below it, in millionths of
    /// a unit: the `cum` of Binance's table.
    deductions: [u128; TIERS_MAX],
    count: usize,
}

/// The step that positions of one size lie in.
#[derive(Clone, Copy, Debug)]
pub struct MarginStep<'a> {
    /// Which.
    pub tier: &'a MarginTier,
    deduction: u128,
}

impl MarginStep<'_> {
    /// What a position of that size needs not to be liquidated: each part of it by the rate of the
    /// tier that it lies in, rounded up.
    pub fn maintenance(&self, size: Size) -> Cash {
        size.ppm_up(self.tier.maintenance_ppm, self.deduction)
    }

    /// What it takes to open a position of that size at `leverage`, rounded up, or at the highest
    /// leverage that its size may have. `None` without leverage.
    pub fn initial(&self, size: Size, leverage: u32) -> Option<Cash> {
        let leverage = leverage.min(self.tier.leverage_max);
        (0 < leverage).then(|| size.divided_up(leverage))
    }
}

impl MarginTiers {
    /// `None` unless there are 1 to [`TIERS_MAX`] of them and each asks for more than the one
    /// before: a larger notional, a rate that does not fall, a leverage of at least one that does
    /// not rise.
    pub fn new(tiers: &[MarginTier]) -> Option<Self> {
        let rises = |pair: &[MarginTier]| match pair {
            [low, high] => {
                low.notional_max < high.notional_max
                    && low.maintenance_ppm <= high.maintenance_ppm
                    && high.leverage_max <= low.leverage_max
            }
            _ => false,
        };
        let first = tiers.first()?;
        let last = tiers.last()?;
        let is_sound = Cash::ZERO < first.notional_max
            && i128::from(last.maintenance_ppm) < PPM
            && 0 < last.leverage_max
            && tiers.windows(2).all(rises);
        let mut kept = Self {
            tiers: [MarginTier::default(); TIERS_MAX],
            deductions: [0; TIERS_MAX],
            count: tiers.len(),
        };
        kept.tiers.get_mut(..tiers.len())?.copy_from_slice(tiers);
        let mut below = (first, 0_u128);
        for (tier, deduction) in tiers.iter().zip(&mut kept.deductions) {
            let (last, sum) = below;
            let rise = tier.maintenance_ppm.checked_sub(last.maintenance_ppm)?;
            let up_to = u128::try_from(last.notional_max.units()).ok()?;
            *deduction = sum.checked_add(up_to.checked_mul(rise.into())?)?;
            below = (tier, *deduction);
        }
        is_sound.then_some(kept)
    }

    /// The steps.
    pub fn as_slice(&self) -> &[MarginTier] {
        self.tiers.get(..self.count).unwrap_or_default()
    }

    /// The step that a notional lies in; `None` beyond the last one.
    pub fn step(&self, notional: Cash) -> Option<MarginStep<'_>> {
        let mut steps = self.as_slice().iter().zip(&self.deductions);
        let (tier, deduction) = steps.find(|(tier, _)| notional <= tier.notional_max)?;
        Some(MarginStep { tier, deduction: *deduction })
    }

    /// What a position of that notional needs not to be liquidated. `None` beyond the last tier.
    pub fn maintenance(&self, notional: Cash) -> Option<Cash> {
        Some(self.step(notional)?.maintenance(Size::of(notional)?))
    }

    /// What it takes to open a position of that notional at `leverage`. `None` beyond the last tier
    /// and without leverage.
    pub fn initial(&self, notional: Cash, leverage: u32) -> Option<Cash> {
        self.step(notional)?.initial(Size::of(notional)?, leverage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tier(notional_max: i32, maintenance_ppm: u32, leverage_max: u32) -> MarginTier {
        MarginTier { notional_max: Cash::whole(notional_max), maintenance_ppm, leverage_max }
    }

    fn tiers() -> MarginTiers {
        let all = [tier(50_000, 4_000, 125), tier(600_000, 5_000, 100), tier(3_000_000, 6_500, 75)];
        MarginTiers::new(&all).unwrap()
    }

    /// Binance's own way is rate times notional less the `cum` of its table: 50 and 950 here.
    #[test]
    fn each_part_is_asked_for_by_its_own_tier() {
        let rows = [(0, 0), (50_000, 200), (100_000, 450), (600_000, 2_950), (1_000_000, 5_550)];
        for (notional, needed) in rows {
            let asked = tiers().maintenance(Cash::whole(notional));
            assert_eq!(asked, Some(Cash::whole(needed)), "{notional}");
        }
        let last = Cash::whole(3_000_000);
        assert!(tiers().maintenance(last).is_some() && tiers().initial(last, 1).is_some());
        let beyond = last.saturating_add(Cash::from_units(1));
        assert_eq!((tiers().maintenance(beyond), tiers().initial(beyond, 1)), (None, None));
    }

    #[test]
    fn a_size_may_not_have_more_leverage_than_its_tier() {
        let initial = |notional, leverage| tiers().initial(Cash::whole(notional), leverage);
        assert_eq!(initial(50_000, 125), Some(Cash::whole(400)));
        assert_eq!(initial(60_000, 125), Some(Cash::whole(600)));
        assert_eq!(initial(60_000, 20), Some(Cash::whole(3_000)));
        assert_eq!(initial(60_000, 0), None);
        assert_eq!(tiers().initial(Cash::from_units(21), 20), Some(Cash::from_units(2)));
    }

    #[test]
    fn steps_that_do_not_rise_are_none() {
        let bad: [&[MarginTier]; 6] = [
            &[],
            &[tier(0, 1, 1)],
            &[tier(5, 1_000_000, 1)],
            &[tier(5, 1, 0)],
            &[tier(5, 2, 9), tier(5, 3, 8)],
            &[tier(5, 2, 9), tier(6, 1, 8)],
        ];
        for tiers in bad {
            assert_eq!(MarginTiers::new(tiers), None, "{tiers:?}");
        }
        let many: Vec<_> = (1..=17).map(|at| tier(at, 1, 1)).collect();
        assert_eq!(MarginTiers::new(&many), None);
        assert!(MarginTiers::new(&many[1..]).is_some());
    }

    proptest! {
        /// Part by part, as the sheets describe it.
        #[test]
        fn a_position_is_asked_for_the_sum_of_its_parts(units in 0_i128..300_000_000_000_000) {
            let (mut below, mut wide) = (0, 0);
            for tier in tiers().as_slice() {
                let part = (units.min(tier.notional_max.units()) - below).max(0);
                wide += part * i128::from(tier.maintenance_ppm);
                below = tier.notional_max.units();
            }
            let up = wide / PPM + i128::from(wide % PPM != 0);
            let asked = tiers().maintenance(Cash::from_units(units));
            prop_assert_eq!(asked, Some(Cash::from_units(up)));
        }

        #[test]
        fn more_is_never_asked_less_for(
            less in 0_i128..300_000_000_000_000, more in 0_i128..100_000_000_000,
        ) {
            let [less, more] = [less, less + more].map(Cash::from_units);
            prop_assert!(tiers().maintenance(less) <= tiers().maintenance(more)
                || tiers().maintenance(more).is_none());
        }
    }
}
