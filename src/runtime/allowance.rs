//! How much a venue still takes of us, as it says itself, and who yields when that is little.
//!
//! What it counts is counted for all programs at our address, so only its own word is believed:
//! every answer and every message of order entry brings one ([`Usage`]), what it lists says how
//! much it takes.
//!
//! Decision: of what it takes the last quarter of the request weight is not for readings; questions
//! after single orders are few and go on to the end of it, cancels, stops and what else is safety
//! beyond. Nothing is opened in the last eighth of the weight or the last quarter of the orders:
//! they are for the way out (as `core/safety/rates.rs` keeps them).
//!
//! Decision: a count is believed for as long as its interval, and a minute at most. It can
//! be forgotten too early by that, and the next answer brings it back; it could not be believed for
//! ever, because who yields gets no answers.

use super::clock::Clock;
use crate::types::SECOND;
use crate::venue::{Counted, RateLimit, TooOften, Usage, VenueKind};
use parking_lot::Mutex;
use std::sync::Arc;

/// What a request is for: the first are the first that yield.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Errand {
    /// Much at once: the account, a book, what the venue lists.
    Reading,
    /// One small thing: an order, the clock, whether anybody is there.
    Question,
    /// What takes orders back, what protects, what keeps the private stream.
    Safety,
}

/// Why a request was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Withheld {
    #[error(
        "not asked: the venue counts {count} of the {limit} request weight that it takes in \
         {interval_s} s, and the rest is for the way out"
    )]
    NearLimit { count: u32, limit: u32, interval_s: u32 },
    #[error(
        "not asked: the venue was asked too often, and refuses requests for another {wait_s} s"
    )]
    Refused { wait_s: u64 },
}

/// Seconds of rest where the venue does not say how many, and the most that it is believed.
const REST_S: u32 = 5;
const REST_S_MAX: u32 = 300;

/// A count is not believed any longer.
const BELIEVED_S_MAX: u32 = 60;

/// More limits than a venue has.
const LIMITS_MAX: usize = 16;

/// One address of a venue, for all who ask there.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    kind: VenueKind,
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    limits: Vec<Limit>,
    refused: Option<Refused>,
    /// Whether it was said that readings wait.
    said: bool,
}

/// One of the venue's limits.
#[derive(Clone, Copy, Debug)]
struct Limit {
    counted: Counted,
    interval_s: u32,
    limit: Option<u32>,
    /// And when it was told.
    count: Option<(u32, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Refused {
    until_ns: u64,
    banned: bool,
}

impl Allowance {
    /// Nothing was counted yet, as far as is known.
    pub(super) fn new(kind: VenueKind, clock: &Clock) -> Self {
        let mut kept = Kept { limits: Vec::new(), refused: None, said: false };
        kept.take(&kind.rate_limits(), 0);
        Self { kind, clock: clock.clone(), kept: Arc::new(Mutex::new(kept)) }
    }

    /// Whose it is.
    pub(super) fn kind(&self) -> VenueKind {
        self.kind
    }

    /// The venue's word.
    pub(super) fn heed(&self, usage: &Usage) {
        let now_ns = self.clock.mono_ns();
        let mut kept = self.kept.lock();
        kept.take(&usage.limits, now_ns);
        if let Some(too_often) = usage.too_often {
            let wait_s = kept.refuse(too_often, now_ns);
            let banned = too_often.banned;
            tracing::error!(wait_s, banned, "the venue refuses requests: too many");
        }
    }

    /// Whether a request may go now.
    pub(super) fn admit(&self, errand: Errand) -> Result<(), Withheld> {
        let mut kept = self.kept.lock();
        let admitted = kept.admit(errand, self.clock.mono_ns());
        match admitted {
            Err(why) if !std::mem::replace(&mut kept.said, true) => {
                tracing::warn!(%why, "requests that can wait are withheld");
            }
            Ok(()) if errand == Errand::Reading => kept.said = false,
            Ok(()) | Err(_) => {}
        }
        admitted
    }

    /// What is left is for the way out.
    pub(super) fn is_near_limit(&self) -> bool {
        self.kept.lock().is_near_limit(self.clock.mono_ns())
    }

    /// What was counted of what is taken, in words.
    pub(super) fn in_words(&self) -> String {
        let words = |it: RateLimit| {
            let (count, limit) = (it.count?, it.limit?);
            Some(format!("{count} of {limit} {} in {} s", it.counted.name(), it.interval_s))
        };
        self.told().into_iter().filter_map(words).collect::<Vec<_>>().join(", ")
    }

    /// All of it.
    pub(super) fn told(&self) -> Vec<RateLimit> {
        let now_ns = self.clock.mono_ns();
        let told = |it: &Limit| RateLimit {
            counted: it.counted,
            interval_s: it.interval_s,
            limit: it.limit,
            count: it.count_at(now_ns),
        };
        self.kept.lock().limits.iter().map(told).collect()
    }
}

impl Kept {
    /// A limit of nothing is no limit that could be meant.
    fn take(&mut self, limits: &[RateLimit], now_ns: u64) {
        for told in limits {
            let RateLimit { counted, interval_s, .. } = *told;
            let limit = told.limit.filter(|limit| 0 < *limit);
            let count = told.count.map(|count| (count, now_ns));
            let is_it = |it: &Limit| (it.counted, it.interval_s) == (counted, interval_s);
            match self.limits.iter().position(is_it) {
                Some(at) => {
                    let it = &mut self.limits[at];
                    it.limit = limit.or(it.limit);
                    it.count = count.or(it.count);
                }
                None if self.limits.len() < LIMITS_MAX => {
                    self.limits.push(Limit { counted, interval_s, limit, count });
                }
                None => {}
            }
        }
    }

    /// For so many seconds.
    fn refuse(&mut self, TooOften { banned, wait_s }: TooOften, now_ns: u64) -> u32 {
        let wait_s = wait_s.unwrap_or(REST_S).clamp(1, REST_S_MAX);
        let until_ns = now_ns.saturating_add(u64::from(wait_s) * SECOND);
        let last = self.refusal(now_ns).unwrap_or(Refused { until_ns, banned });
        let (until_ns, banned) = (last.until_ns.max(until_ns), last.banned || banned);
        self.refused = Some(Refused { until_ns, banned });
        wait_s
    }

    fn refusal(&self, now_ns: u64) -> Option<Refused> {
        self.refused.filter(|it| now_ns < it.until_ns)
    }

    fn admit(&self, errand: Errand, now_ns: u64) -> Result<(), Withheld> {
        let part_of: fn(u32) -> u32 = match errand {
            Errand::Safety => return Ok(()),
            Errand::Reading => |limit| limit - limit / 4,
            Errand::Question => |limit| limit,
        };
        if let Some(Refused { until_ns, banned }) = self.refusal(now_ns)
            && (banned || errand == Errand::Reading)
        {
            let wait_s = until_ns.saturating_sub(now_ns).div_ceil(SECOND);
            return Err(Withheld::Refused { wait_s });
        }
        let mut weights = self.limits.iter().filter(|it| it.counted == Counted::RequestWeight);
        match weights.find_map(|it| it.beyond(part_of, now_ns)) {
            Some(beyond) => Err(beyond),
            None => Ok(()),
        }
    }

    fn is_near_limit(&self, now_ns: u64) -> bool {
        let is_near = |it: &Limit| {
            let part_of: fn(u32) -> u32 = match it.counted {
                Counted::RequestWeight => |limit| limit - limit / 8,
                Counted::Orders => |limit| limit - limit / 4,
            };
            it.beyond(part_of, now_ns).is_some()
        };
        self.refusal(now_ns).is_some() || self.limits.iter().any(is_near)
    }
}

impl Limit {
    /// `None` where it was not told, or too long ago.
    fn count_at(&self, now_ns: u64) -> Option<u32> {
        let (count, told_ns) = self.count?;
        let believed_ns = u64::from(self.interval_s.min(BELIEVED_S_MAX)) * SECOND;
        (now_ns.saturating_sub(told_ns) < believed_ns).then_some(count)
    }

    /// What was counted has reached a part of the limit.
    fn beyond(&self, part_of: fn(u32) -> u32, now_ns: u64) -> Option<Withheld> {
        let (count, limit) = (self.count_at(now_ns)?, self.limit?);
        let interval_s = self.interval_s;
        (part_of(limit) <= count).then_some(Withheld::NearLimit { count, limit, interval_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(limits: &[RateLimit]) -> Kept {
        let mut kept = Kept { limits: Vec::new(), refused: None, said: false };
        kept.take(&VenueKind::BinanceUsdm.rate_limits(), 0);
        kept.take(limits, 0);
        kept
    }

    fn counted(counted: Counted, interval_s: u32, count: u32) -> RateLimit {
        RateLimit { counted, interval_s, limit: None, count: Some(count) }
    }

    fn weight(count: u32) -> RateLimit {
        counted(Counted::RequestWeight, 60, count)
    }

    fn admitted(kept: &Kept, now_ns: u64) -> [bool; 3] {
        let all = [Errand::Reading, Errand::Question, Errand::Safety];
        all.map(|errand| kept.admit(errand, now_ns).is_ok())
    }

    #[test]
    fn readings_yield_first_then_questions_and_what_is_safety_never() {
        let at = |count| admitted(&kept(&[weight(count)]), 1);
        assert_eq!(at(1_799), [true, true, true]);
        assert_eq!(at(1_800), [false, true, true]);
        assert_eq!(at(2_399), [false, true, true]);
        assert_eq!(at(2_400), [false, false, true]);
        assert_eq!(at(u32::MAX), [false, false, true]);
    }

    #[test]
    fn nothing_is_opened_in_what_is_left_for_the_way_out() {
        let near = |it| kept(&[it]).is_near_limit(1);
        assert_eq!([near(weight(2_099)), near(weight(2_100))], [false, true]);
        let orders = |interval_s, count| near(counted(Counted::Orders, interval_s, count));
        assert_eq!([orders(10, 224), orders(10, 225)], [false, true]);
        assert_eq!([orders(60, 899), orders(60, 900)], [false, true]);
        let unlimited = kept(&[counted(Counted::Orders, 7, 1_000_000)]);
        assert!(!unlimited.is_near_limit(1), "of seven seconds the venue has not told a limit");
        assert_eq!(admitted(&kept(&[counted(Counted::Orders, 10, 300)]), 1), [true; 3]);
    }

    #[test]
    fn the_venues_word_on_what_it_takes_stands_in_the_place_of_the_documented_one() {
        let told = |limit| RateLimit { limit, ..weight(2_100) };
        assert!(!kept(&[told(Some(6_000))]).is_near_limit(1));
        assert!(kept(&[told(Some(0))]).is_near_limit(1), "nothing at all cannot be meant");
        let mut kept = kept(&[]);
        let many: Vec<_> = (100..200).map(|at| counted(Counted::Orders, at, 1)).collect();
        kept.take(&many, 0);
        assert_eq!(kept.limits.len(), LIMITS_MAX);
    }

    #[test]
    fn a_count_is_believed_for_its_interval_and_a_minute_at_most() {
        let mut kept = kept(&[]);
        kept.take(&[weight(2_400), counted(Counted::Orders, 10, 300)], SECOND);
        let at = |kept: &Kept, s: u64| {
            let orders = kept.limits[1].count_at(s * SECOND).is_some();
            (admitted(kept, s * SECOND)[0], orders)
        };
        assert_eq!(at(&kept, 10), (false, true));
        assert_eq!(at(&kept, 11), (false, false));
        assert_eq!(at(&kept, 60), (false, false));
        assert_eq!(at(&kept, 61), (true, false));
        kept.take(&[counted(Counted::Orders, 86_400, 5)], 0);
        assert_eq!(kept.limits[3].count_at(60 * SECOND - 1), Some(5));
        assert_eq!(kept.limits[3].count_at(60 * SECOND), None);
        kept.take(&[weight(12)], 30 * SECOND);
        assert!(admitted(&kept, 30 * SECOND)[0], "the latest word counts");
    }

    #[test]
    fn a_refusal_holds_for_as_long_as_the_venue_says_and_a_ban_for_questions_too() {
        let mut kept = kept(&[]);
        let too_often = |banned, wait_s| TooOften { banned, wait_s };
        assert_eq!(kept.refuse(too_often(false, Some(7)), SECOND), 7);
        assert!(kept.is_near_limit(8 * SECOND - 1) && !kept.is_near_limit(8 * SECOND));
        assert_eq!(admitted(&kept, 8 * SECOND - 1), [false, true, true]);
        assert_eq!(admitted(&kept, 8 * SECOND), [true; 3]);
        let withheld = kept.admit(Errand::Reading, 2 * SECOND).unwrap_err();
        assert_eq!(withheld, Withheld::Refused { wait_s: 6 });
        // Said again, it is neither shorter nor milder.
        kept.refuse(too_often(true, Some(20)), SECOND);
        kept.refuse(too_often(false, Some(1)), SECOND);
        assert_eq!(admitted(&kept, 21 * SECOND - 1), [false, false, true]);
        assert_eq!(admitted(&kept, 21 * SECOND), [true; 3]);
        assert_eq!(kept.refuse(too_often(false, None), 0), REST_S);
        assert_eq!(kept.refuse(too_often(false, Some(0)), 0), 1);
        assert_eq!(kept.refuse(too_often(false, Some(u32::MAX)), 0), REST_S_MAX);
    }

    #[test]
    fn people_are_told_what_was_counted_of_what_is_taken() {
        let allowance = Allowance::new(VenueKind::BinanceSpot, &Clock::start());
        assert_eq!(allowance.in_words(), "");
        allowance.heed(&Usage { limits: vec![weight(4_500)], too_often: None });
        assert_eq!(allowance.in_words(), "4500 of 6000 request weight in 60 s");
        let withheld = allowance.clone().admit(Errand::Reading).unwrap_err().to_string();
        assert!(withheld.contains("counts 4500 of the 6000 request weight"), "{withheld}");
        assert_eq!(allowance.admit(Errand::Question), Ok(()));
        let refused = TooOften { banned: false, wait_s: Some(3) };
        allowance.heed(&Usage { limits: vec![weight(1)], too_often: Some(refused) });
        let withheld = allowance.admit(Errand::Reading).unwrap_err().to_string();
        assert!(withheld.contains("for another 3 s") && allowance.is_near_limit(), "{withheld}");
    }
}
