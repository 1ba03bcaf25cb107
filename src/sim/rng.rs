//! A seeded generator of random numbers: xoshiro256++ seeded by splitmix64.
//!
//! Must hold: integer arithmetic only, so the same seed gives the same bits on every machine (D15).
//! Not for secrets.

/// Mean of [`Rng::waiting`], in the units that it counts in.
pub const WAITING_MEAN: u64 = 1_000;

/// Means of -1000·ln(u) over the 64 equal parts of 0 < u < 1, the first part apart: the tail
/// beyond it is drawn again, shifted, which is exact because an exponential has no memory.
const WAITING: [u16; 64] = [
    0, 3773, 3249, 2910, 2657, 2456, 2288, 2145, 2019, 1908, 1808, 1717, 1633, 1556, 1485, 1418,
    1356, 1297, 1241, 1189, 1139, 1091, 1045, 1002, 960, 920, 882, 845, 809, 775, 741, 709, 678,
    647, 618, 589, 562, 535, 508, 483, 458, 433, 409, 386, 363, 341, 319, 298, 277, 257, 237, 217,
    198, 179, 161, 143, 125, 107, 90, 73, 56, 40, 24, 8,
];

/// 1000·ln(64): where the tail of [`WAITING`] begins.
const TAIL: u64 = 4_159;

/// Longest tail that is drawn: 64^-8 is rarer than anything a test or a year of market sees.
const TAILS_MAX: u64 = 8;

/// The generator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// Every seed is a good one, zero too.
    pub fn new(seed: u64) -> Self {
        let mut mixed = seed;
        Self { state: std::array::from_fn(|_| splitmix64(&mut mixed)) }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let bits = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        bits
    }

    /// A number below `bound`, each as likely up to one part in 2^64 of `bound`; 0 for a bound
    /// of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number of `low..=high`; `low` when the range is empty.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(i128::from(high) - i128::from(low)).unwrap_or(0);
        low.saturating_add_unsigned(self.below(span.saturating_add(1)))
    }

    /// True `parts` times in a thousand.
    pub fn chance(&mut self, parts: u64) -> bool {
        self.below(1_000) < parts
    }

    /// An exponential waiting time with the mean [`WAITING_MEAN`].
    pub fn waiting(&mut self) -> u64 {
        for tails in 0..TAILS_MAX {
            let part = usize::try_from(self.below(64)).unwrap_or(0);
            if let Some(&waiting @ 1..) = WAITING.get(part) {
                return tails * TAIL + u64::from(waiting);
            }
        }
        TAILS_MAX * TAIL
    }

    /// A number around 0 with a spread (standard deviation) of about 1,000: twelve dice.
    pub fn bell(&mut self) -> i64 {
        (0..12).map(|_| self.within(-500, 500)).sum()
    }
}

fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *state;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_are_the_published_ones() {
        // xoshiro256++ from the state 1, 2, 3, 4: first outputs of the reference implementation.
        let mut rng = Rng { state: [1, 2, 3, 4] };
        assert_eq!([rng.bits(), rng.bits(), rng.bits()], [41943041, 58720359, 3588806011781223]);
        // splitmix64 from the state 1234567.
        let mut state = 1_234_567;
        assert_eq!(splitmix64(&mut state), 6_457_827_717_110_365_317);
    }

    #[test]
    fn stays_in_its_ranges() {
        let mut rng = Rng::new(0);
        for _ in 0..10_000 {
            assert!(rng.below(7) < 7);
            assert!((-3..=4).contains(&rng.within(-3, 4)));
        }
        assert_eq!((rng.below(0), rng.below(1), rng.within(5, 4)), (0, 0, 5));
        rng.within(i64::MIN, i64::MAX);
    }

    #[test]
    fn waiting_times_have_the_mean_and_the_tail_of_an_exponential() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u64> = (0..200_000).map(|_| rng.waiting()).collect();
        let mean = drawn.iter().sum::<u64>() / 200_000;
        let beyond_three_means = drawn.iter().filter(|waiting| 3_000 < **waiting).count();
        assert!((980..=1_020).contains(&mean), "{mean}");
        // exp(-3) = 4.98 %.
        assert!((8_500..=11_500).contains(&beyond_three_means), "{beyond_three_means}");
    }
}
