//! How much a venue still takes of us, as it says itself, and who yields when that is little.
//!
//! What it counts is counted for all programs at our address, so only its own word is believed:
//! every answer and every message of order entry brings one ([`Usage`]), what it lists says how
//! much it takes.
//!
//! Decision: of what it takes the last quarter of the request weight is not for what can wait. The
//! account, the clock and single orders are asked after to the end of it, because nothing is safe
//! without them; cancels, stops and what else is safety go beyond. Nothing is opened in the last
//! eighth of the weight or the last quarter of the orders: they are for the way out (as
//! `core/safety/rates.rs` keeps them).
//!
//! Decision: a count is believed to the end of the venue's interval, which begins with its minute,
//! its day (spot sheet section 12), and a minute at most. One that is forgotten too early comes
//! back with the next answer; who yields gets none, so none may be believed too long.
//!
//! Must hold: nothing is logged under the lock: the thread of the orders takes it too.

use super::clock::Clock;
use crate::types::{SECOND, Stamp};
use crate::venue::{Counted, RateLimit, TooOften, Usage, VenueKind};
use parking_lot::Mutex;
use std::sync::Arc;

/// What a request is for: the first are the first that yield.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Errand {
    /// What can wait: a book, what the venue lists, what the key may do.
    Reading,
    /// What is there: the account, the clock, whether anybody answers.
    Account,
    /// What became of one order, and how to hear of all of them.
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
const BELIEVED_S_MAX: u64 = 60;

/// How far our wall clock may be behind the venue's where an interval ends.
const DISTANCE_S: u64 = 2;

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
    /// And until when it is believed, monotonic.
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
        kept.take(&kind.rate_limits(), Stamp::default());
        Self { kind, clock: clock.clone(), kept: Arc::new(Mutex::new(kept)) }
    }

    /// Whose it is.
    pub(super) fn kind(&self) -> VenueKind {
        self.kind
    }

    /// The venue's word.
    pub(super) fn heed(&self, usage: &Usage) {
        let now = self.clock.stamp();
        let wait_s = self.kept.lock().heed(usage, now);
        if let Some(wait_s) = wait_s {
            tracing::error!(wait_s, "the venue refuses requests: too many");
        }
    }

    /// Whether a request may go now.
    pub(super) fn admit(&self, errand: Errand) -> Result<(), Withheld> {
        if errand == Errand::Safety {
            return Ok(());
        }
        let (admitted, is_news) = self.kept.lock().admit_noting(errand, self.clock.mono_ns());
        if let (Err(why), true) = (&admitted, is_news) {
            tracing::warn!(%why, "requests that can wait are withheld");
        }
        admitted
    }

    /// What is left is for the way out.
    pub(super) fn is_near_limit(&self) -> bool {
        self.kept.lock().is_near_limit(self.clock.mono_ns())
    }

    /// What was counted of what is taken, in words, or that nothing is.
    pub(super) fn in_words(&self) -> String {
        let now_ns = self.clock.mono_ns();
        if self.kept.lock().refusal(now_ns).is_some() {
            return "it refuses requests".to_owned();
        }
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
    /// For how many seconds it refuses, where it says that it does.
    fn heed(&mut self, usage: &Usage, now: Stamp) -> Option<u32> {
        self.take(&usage.limits, now);
        if usage.orders_full {
            self.fill_orders(now);
        }
        usage.too_often.map(|too_often| self.refuse(too_often, now.mono_ns))
    }

    /// A limit of nothing is no limit that could be meant.
    fn take(&mut self, limits: &[RateLimit], now: Stamp) {
        for told in limits {
            let RateLimit { counted, interval_s, .. } = *told;
            let limit = told.limit.filter(|limit| 0 < *limit);
            let count = told.count.map(|count| (count, believed_until_ns(interval_s, now)));
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

    /// An order was one too many, in some interval: in the shortest at least.
    fn fill_orders(&mut self, now: Stamp) {
        let orders = self.limits.iter_mut().filter(|it| it.counted == Counted::Orders);
        if let Some(it) = orders.min_by_key(|it| it.interval_s) {
            it.count = it.limit.map(|limit| (limit, believed_until_ns(it.interval_s, now)));
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

    /// And whether it is news that something is withheld.
    fn admit_noting(&mut self, errand: Errand, now_ns: u64) -> (Result<(), Withheld>, bool) {
        let admitted = self.admit(errand, now_ns);
        let is_news = match admitted {
            Err(_) => !std::mem::replace(&mut self.said, true),
            Ok(()) => {
                self.said &= errand != Errand::Reading;
                false
            }
        };
        (admitted, is_news)
    }

    fn admit(&self, errand: Errand, now_ns: u64) -> Result<(), Withheld> {
        let part_of: fn(u32) -> u32 = match errand {
            Errand::Safety => return Ok(()),
            Errand::Reading => |limit| limit - limit / 4,
            Errand::Account | Errand::Question => |limit| limit,
        };
        if let Some(Refused { until_ns, banned }) = self.refusal(now_ns)
            && (banned || errand != Errand::Question)
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
        self.count.filter(|(_, until_ns)| now_ns < *until_ns).map(|(count, _)| count)
    }

    /// What was counted has reached a part of the limit.
    fn beyond(&self, part_of: fn(u32) -> u32, now_ns: u64) -> Option<Withheld> {
        let (count, limit) = (self.count_at(now_ns)?, self.limit?);
        let interval_s = self.interval_s;
        (part_of(limit) <= count).then_some(Withheld::NearLimit { count, limit, interval_s })
    }
}

/// Until when a count of such an interval is believed that was told now.
fn believed_until_ns(interval_s: u32, now: Stamp) -> u64 {
    let interval_s = u64::from(interval_s);
    let passed_s = (now.unix_ns / SECOND).checked_rem(interval_s).unwrap_or(0);
    let left_s = (interval_s - passed_s + DISTANCE_S).min(interval_s).min(BELIEVED_S_MAX);
    now.mono_ns.saturating_add(left_s * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When an interval of the venue's begins, so much after our own beginning.
    fn at(s: u64) -> Stamp {
        Stamp { mono_ns: s * SECOND, unix_ns: (1_760_054_400 + s) * SECOND }
    }

    fn kept(limits: &[RateLimit]) -> Kept {
        let mut kept = Kept { limits: Vec::new(), refused: None, said: false };
        kept.take(&VenueKind::BinanceUsdm.rate_limits(), at(0));
        kept.take(limits, at(0));
        kept
    }

    fn counted(counted: Counted, interval_s: u32, count: u32) -> RateLimit {
        RateLimit { counted, interval_s, limit: None, count: Some(count) }
    }

    fn weight(count: u32) -> RateLimit {
        counted(Counted::RequestWeight, 60, count)
    }

    fn admitted(kept: &Kept, now_ns: u64) -> [bool; 4] {
        let all = [Errand::Reading, Errand::Account, Errand::Question, Errand::Safety];
        all.map(|errand| kept.admit(errand, now_ns).is_ok())
    }

    #[test]
    fn what_can_wait_yields_first_then_questions_and_what_is_safety_never() {
        let at = |count| admitted(&kept(&[weight(count)]), 1);
        assert_eq!(at(1_799), [true, true, true, true]);
        assert_eq!(at(1_800), [false, true, true, true]);
        assert_eq!(at(2_399), [false, true, true, true]);
        assert_eq!(at(2_400), [false, false, false, true]);
        assert_eq!(at(u32::MAX), [false, false, false, true]);
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
        assert_eq!(admitted(&kept(&[counted(Counted::Orders, 10, 300)]), 1), [true; 4]);
    }

    #[test]
    fn the_venues_word_on_what_it_takes_stands_in_the_place_of_the_documented_one() {
        let told = |limit| RateLimit { limit, ..weight(2_100) };
        assert!(!kept(&[told(Some(6_000))]).is_near_limit(1));
        assert!(kept(&[told(Some(0))]).is_near_limit(1), "nothing at all cannot be meant");
        let mut kept = kept(&[]);
        let many: Vec<_> = (100..200).map(|at| counted(Counted::Orders, at, 1)).collect();
        kept.take(&many, at(0));
        assert_eq!(kept.limits.len(), LIMITS_MAX);
    }

    #[test]
    fn a_count_is_believed_to_the_end_of_its_interval_and_a_minute_at_most() {
        let mut kept = kept(&[]);
        kept.take(&[weight(2_400), counted(Counted::Orders, 10, 300)], at(1));
        let believed = |kept: &Kept, s: u64| {
            let [weight, orders, ..] = [0, 1, 2].map(|row| kept.limits[row].count_at(s * SECOND));
            (weight.is_some(), orders.is_some())
        };
        assert_eq!(believed(&kept, 10), (true, true));
        assert_eq!(believed(&kept, 11), (true, false));
        assert_eq!(believed(&kept, 60), (true, false));
        assert_eq!(believed(&kept, 61), (false, false));
        // Told at the end of the minute, it is void with the next one.
        kept.take(&[weight(2_400)], at(118));
        assert_eq!(believed(&kept, 121), (true, false));
        assert_eq!(believed(&kept, 122), (false, false));
        kept.take(&[counted(Counted::Orders, 86_400, 5), counted(Counted::Orders, 0, 5)], at(0));
        assert_eq!(kept.limits[3].count_at(60 * SECOND - 1), Some(5));
        assert_eq!(kept.limits[3].count_at(60 * SECOND), None);
        assert_eq!(kept.limits[4].count_at(0), None, "no time at all is no interval");
        kept.take(&[weight(2_400)], at(130));
        kept.take(&[weight(12)], at(131));
        assert!(admitted(&kept, 131 * SECOND)[0], "the latest word counts");
    }

    #[test]
    fn an_order_too_many_fills_the_shortest_interval() {
        let mut kept = kept(&[]);
        kept.heed(&Usage { orders_full: true, ..Usage::default() }, at(0));
        assert!(kept.is_near_limit(10 * SECOND - 1) && !kept.is_near_limit(10 * SECOND));
        assert_eq!(kept.limits[1].count_at(1), Some(300), "people are told no more than that");
        assert_eq!(admitted(&kept, 1), [true; 4]);
    }

    #[test]
    fn what_is_withheld_is_news_once_until_a_reading_goes_again() {
        let mut kept = kept(&[weight(2_400)]);
        let mut news = |errand, s: u64| kept.admit_noting(errand, s * SECOND).1;
        assert_eq!([news(Errand::Question, 1), news(Errand::Reading, 1)], [true, false]);
        assert_eq!([news(Errand::Reading, 61), news(Errand::Reading, 1)], [false, true]);
    }

    #[test]
    fn a_refusal_holds_for_as_long_as_the_venue_says_and_a_ban_for_questions_too() {
        let mut kept = kept(&[]);
        let too_often = |banned, wait_s| TooOften { banned, wait_s };
        assert_eq!(kept.refuse(too_often(false, Some(7)), SECOND), 7);
        assert!(kept.is_near_limit(8 * SECOND - 1) && !kept.is_near_limit(8 * SECOND));
        assert_eq!(admitted(&kept, 8 * SECOND - 1), [false, false, true, true]);
        assert_eq!(admitted(&kept, 8 * SECOND), [true; 4]);
        let withheld = kept.admit(Errand::Reading, 2 * SECOND).unwrap_err();
        assert_eq!(withheld, Withheld::Refused { wait_s: 6 });
        // Said again, it is neither shorter nor milder.
        kept.refuse(too_often(true, Some(20)), SECOND);
        kept.refuse(too_often(false, Some(1)), SECOND);
        assert_eq!(admitted(&kept, 21 * SECOND - 1), [false, false, false, true]);
        assert_eq!(admitted(&kept, 21 * SECOND), [true; 4]);
        assert_eq!(kept.refuse(too_often(false, None), 0), REST_S);
        assert_eq!(kept.refuse(too_often(false, Some(0)), 0), 1);
        assert_eq!(kept.refuse(too_often(false, Some(u32::MAX)), 0), REST_S_MAX);
    }

    #[test]
    fn people_are_told_what_was_counted_of_what_is_taken() {
        let allowance = Allowance::new(VenueKind::BinanceSpot, &Clock::start());
        assert_eq!(allowance.in_words(), "");
        allowance.heed(&Usage { limits: vec![weight(4_500)], ..Usage::default() });
        assert_eq!(allowance.in_words(), "4500 of 6000 request weight in 60 s");
        let withheld = allowance.clone().admit(Errand::Reading).unwrap_err().to_string();
        assert!(withheld.contains("counts 4500 of the 6000 request weight"), "{withheld}");
        assert_eq!(allowance.admit(Errand::Account), Ok(()));
        let too_often = Some(TooOften { banned: false, wait_s: Some(300) });
        allowance.heed(&Usage { limits: vec![weight(1)], too_often, ..Usage::default() });
        let withheld = allowance.admit(Errand::Reading).unwrap_err().to_string();
        assert!(
            withheld.contains("refuses requests for another") && allowance.is_near_limit(),
            "{withheld}"
        );
        assert_eq!(allowance.in_words(), "it refuses requests");
    }
}
