//! The mids of the last while, to tell how far the market has moved in it.
//!
//! Must hold: the memory is bounded, whatever the number of quotes; a market that was not watched
//! for the whole time has no known move.

use super::signal::{self, Move};
use crate::core::Digest;
use crate::types::Price;
use std::collections::VecDeque;

/// Mids kept over the lookback: the moment that a move is since is right to 1/64 of it.
const SAMPLES: u64 = 64;

/// The mids of the lookback, oldest first, with the one that stood when it began.
#[derive(Debug)]
pub(super) struct Mids {
    lookback_ns: u64,
    samples: VecDeque<(u64, Price)>,
}

impl Mids {
    /// Nothing seen, with all the memory it will need.
    pub(super) fn over(lookback_ns: u64) -> Self {
        let room = usize::try_from(SAMPLES).unwrap_or_default() + 2;
        Self { lookback_ns, samples: VecDeque::with_capacity(room) }
    }

    /// Keeps the last mid of every 1/64 of the lookback, so that the memory is bounded.
    pub(super) fn observe(&mut self, now_ns: u64, mid: Price) {
        let step_ns = self.lookback_ns.div_ceil(SAMPLES).max(1);
        let is_same_step = |at_ns: u64| now_ns.saturating_sub(at_ns) < step_ns;
        if let Some((_, last)) = self.samples.back_mut().filter(|(at_ns, _)| is_same_step(*at_ns)) {
            *last = mid;
            return;
        }
        while self.samples.get(1).is_some_and(|(at_ns, _)| self.is_before(*at_ns, now_ns)) {
            self.samples.pop_front();
        }
        self.samples.push_back((now_ns, mid));
    }

    /// How far the market went since the lookback began; `None` while it was not watched so long.
    pub(super) fn moved(&self, now_ns: u64, mid: Price) -> Option<Move> {
        let before = self.samples.iter().rev().find(|(at_ns, _)| self.is_before(*at_ns, now_ns));
        before.map(|(_, then)| signal::relative_move(*then, mid))
    }

    /// Forgets all of it.
    pub(super) fn clear(&mut self) {
        self.samples.clear();
    }

    fn is_before(&self, at_ns: u64, now_ns: u64) -> bool {
        self.lookback_ns <= now_ns.saturating_sub(at_ns)
    }

    /// Its part of a state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        let with = |digest: Digest, (at_ns, mid): &(u64, Price)| {
            digest.with(at_ns.cast_signed()).with(mid.units())
        };
        self.samples.iter().fold(digest, with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::signal::BPS;

    #[test]
    fn the_move_is_from_the_mid_that_stood_when_the_lookback_began() {
        let mut mids = Mids::over(640);
        mids.observe(1_000, Price::whole(10_000));
        mids.observe(1_010, Price::whole(20_000));
        assert_eq!(mids.moved(1_639, Price::whole(10_001)), None);
        assert_eq!(mids.moved(1_640, Price::whole(10_001)), Some(BPS));
        assert_eq!(mids.moved(1_650, Price::whole(20_002)), Some(BPS));
        assert_eq!(
            mids.moved(9_000, Price::whole(20_002)),
            Some(BPS),
            "a price stands until the next"
        );
    }

    #[test]
    fn the_last_mid_of_a_step_is_the_one_that_stood() {
        let mut mids = Mids::over(640);
        mids.observe(1_000, Price::whole(20_000));
        mids.observe(1_009, Price::whole(10_000));
        assert_eq!(mids.moved(9_000, Price::whole(10_001)), Some(BPS));
        mids.clear();
        assert_eq!(mids.moved(9_000, Price::whole(10_001)), None);
    }

    #[test]
    fn any_number_of_quotes_stays_within_the_first_memory() {
        for (lookback_ns, step_ns) in [(640, 1), (640, 9), (640, 11), (1, 1), (65, 1), (127, 1)] {
            let mut mids = Mids::over(lookback_ns);
            let room = mids.samples.capacity();
            for turn in 0..10_000 {
                mids.observe(turn * step_ns, Price::whole(1));
            }
            assert_eq!(mids.samples.capacity(), room, "{lookback_ns} by {step_ns}");
        }
    }
}
