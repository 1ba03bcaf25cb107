//! A connection is replaced before the venue cuts it: venues end each one after a day, and now and
//! then one earlier, which they announce (venue sheets of Binance, sections 7 and 8).
//!
//! The next one is opened beside the present one. For a moment both are open, and the present one
//! is read alone; then the next one takes its place, and what it says once more is passed over. So
//! nothing is lost between the two, and nothing is told twice.
//!
//! Must hold: a next one that cannot be opened costs nothing; the present one stays until the venue
//! ends it, and that is the fault it always was. However often an end is announced, connections are
//! opened no faster than a venue bears.
//!
//! Decision: what was said already is known by its bytes: a venue writes a message once for all
//! who listen. Where one does not, messages come twice for a moment: a book does not join up then
//! and is begun anew, and a trade is known by its id.

use futures_util::future::LocalBoxFuture;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long both are open before the next one is read: longer than a message is under way, so that
/// what the present one was still to bring has come.
const OVERLAP: Duration = Duration::from_secs(1);

/// How soon a next one that could not be opened is tried again, and how soon the end of one that
/// has just been opened is heeded: it is announced ten minutes ahead.
const AGAIN: Duration = Duration::from_secs(60);

/// How long the next one may repeat what was said while both were open.
const REPEATS: Duration = Duration::from_secs(10);

/// Most messages that are remembered for it: 8,000 a second while a connection is opened. What is
/// beyond comes twice.
const HEARD_MAX: usize = 1 << 16;

/// A connection that is being opened.
pub(super) type Opening<C, E> = LocalBoxFuture<'static, Result<C, E>>;

/// When the next connection takes the place of the present one.
pub(super) struct Renewal<C, E> {
    link: &'static str,
    age_max: Duration,
    overlap: Duration,
    stage: Stage<C, E>,
    /// When a next one was last begun to be opened.
    opened: Option<Instant>,
    heard: Heard,
}

enum Stage<C, E> {
    /// The present connection alone, until then.
    One(Instant),
    /// The next one is being opened.
    Opening(Opening<C, E>),
    /// Both are open, until then.
    Both(C, Instant),
}

impl<C, E: Display> Renewal<C, E> {
    /// Of a connection that has just been opened, and may get as old as that.
    pub(super) fn after(link: &'static str, age_max: Duration) -> Self {
        let stage = Stage::One(Instant::now() + age_max);
        Self { link, age_max, overlap: OVERLAP, stage, opened: None, heard: Heard::default() }
    }

    /// The venue announces the end of the present connection: the next one is opened at once.
    pub(super) fn hasten(&mut self) {
        let Stage::One(until) = &mut self.stage else { return };
        let now = Instant::now();
        let at = self.opened.map_or(now, |opened| now.max(opened + AGAIN));
        if at < *until {
            tracing::info!(link = self.link, "the venue announces its end: renewing it early");
            *until = at;
        }
    }

    /// The next connection, once it is to be read in the place of the present one. Dropping the
    /// wait loses nothing.
    pub(super) async fn next(&mut self, open: impl Fn() -> Opening<C, E>) -> C {
        loop {
            self.stage = match &mut self.stage {
                Stage::One(until) => {
                    sleep_until(*until).await;
                    self.heard.forget();
                    self.opened = Some(Instant::now());
                    Stage::Opening(open())
                }
                Stage::Opening(opening) => match opening.await {
                    Ok(next) => Stage::Both(next, Instant::now() + self.overlap),
                    Err(error) => {
                        let (link, again_s) = (self.link, AGAIN.as_secs());
                        tracing::warn!(link, %error, again_s, "cannot be renewed; it goes on as it is");
                        self.heard.forget();
                        Stage::One(Instant::now() + AGAIN)
                    }
                },
                Stage::Both(_, until) => {
                    sleep_until(*until).await;
                    let alone = Stage::One(Instant::now() + self.age_max);
                    let both = std::mem::replace(&mut self.stage, alone);
                    if let Stage::Both(next, _) = both {
                        tracing::info!(link = self.link, "renewed");
                        self.heard.sift_until(Instant::now() + REPEATS);
                        return next;
                    }
                    both
                }
            };
        }
    }

    /// False for a message that the connection before this one has brought already.
    pub(super) fn is_news(&mut self, message: &[u8]) -> bool {
        match self.stage {
            Stage::One(_) => self.heard.is_news(message),
            Stage::Opening(_) | Stage::Both(..) => {
                self.heard.note(message);
                true
            }
        }
    }
}

/// What the present connection said while the next one was open, or about to be.
#[derive(Default)]
struct Heard {
    digests: BTreeSet<u64>,
    state: RandomState,
    until: Option<Instant>,
}

impl Heard {
    fn forget(&mut self) {
        self.digests = BTreeSet::new();
        self.until = None;
    }

    fn note(&mut self, message: &[u8]) {
        if self.digests.len() < HEARD_MAX {
            self.digests.insert(self.state.hash_one(message));
        }
    }

    fn sift_until(&mut self, until: Instant) {
        self.until = Some(until);
    }

    fn is_news(&mut self, message: &[u8]) -> bool {
        let Some(until) = self.until else { return true };
        if until < Instant::now() {
            self.forget();
            return true;
        }
        !self.digests.remove(&self.state.hash_one(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::time::timeout;

    /// Long enough for whatever is due.
    const LOOK: Duration = Duration::from_millis(50);

    fn at_once(overlap: Duration) -> Renewal<u32, &'static str> {
        let mut renewal = Renewal::after("test", Duration::ZERO);
        renewal.overlap = overlap;
        renewal
    }

    fn opened(number: u32) -> Opening<u32, &'static str> {
        Box::pin(std::future::ready(Ok(number)))
    }

    #[tokio::test]
    async fn the_next_one_takes_its_place_when_both_were_open() {
        let mut renewal = at_once(Duration::ZERO);
        assert_eq!(renewal.next(|| opened(2)).await, 2);
        assert_eq!(renewal.next(|| opened(3)).await, 3);
    }

    #[tokio::test]
    async fn a_young_one_is_left_alone() {
        let mut renewal = Renewal::<u32, &str>::after("test", Duration::from_secs(3_600));
        assert_eq!(timeout(LOOK, renewal.next(|| opened(2))).await.ok(), None);
        assert!(matches!(renewal.stage, Stage::One(_)));
    }

    #[tokio::test]
    async fn one_whose_end_is_announced_is_replaced_at_once_and_its_successor_not_so_soon() {
        let mut renewal = Renewal::<u32, &str>::after("test", Duration::from_secs(3_600));
        renewal.overlap = Duration::ZERO;
        renewal.hasten();
        assert_eq!(renewal.next(|| opened(2)).await, 2);
        renewal.hasten();
        assert_eq!(timeout(LOOK, renewal.next(|| opened(3))).await.ok(), None);
        let Stage::One(until) = renewal.stage else { panic!("alone until it is heeded") };
        assert!(until <= Instant::now() + AGAIN, "it is heeded, only later");
    }

    #[tokio::test]
    async fn an_end_that_is_announced_while_the_next_one_is_being_opened_changes_nothing() {
        let mut renewal = at_once(Duration::from_secs(3_600));
        assert_eq!(timeout(LOOK, renewal.next(|| opened(2))).await.ok(), None);
        renewal.hasten();
        assert!(matches!(renewal.stage, Stage::Both(2, _)));
    }

    #[tokio::test]
    async fn one_that_cannot_be_opened_leaves_the_present_one() {
        let mut renewal = at_once(Duration::ZERO);
        let tries = Cell::new(0);
        let refused = || -> Opening<u32, &'static str> {
            tries.set(tries.get() + 1);
            Box::pin(std::future::ready(Err("refused")))
        };
        assert_eq!(timeout(LOOK, renewal.next(refused)).await.ok(), None);
        assert_eq!(tries.get(), 1);
        let Stage::One(until) = renewal.stage else { panic!("alone again") };
        assert!(Instant::now() < until);
    }

    #[tokio::test]
    async fn a_wait_that_is_dropped_goes_on_where_it_was() {
        let mut renewal = at_once(Duration::ZERO);
        let tries = Cell::new(0);
        let never = || -> Opening<u32, &'static str> {
            tries.set(tries.get() + 1);
            Box::pin(std::future::pending())
        };
        assert_eq!(timeout(LOOK, renewal.next(never)).await.ok(), None);
        assert_eq!(timeout(LOOK, renewal.next(never)).await.ok(), None);
        assert_eq!(tries.get(), 1);
    }

    #[tokio::test]
    async fn what_both_bring_is_told_once() {
        let mut renewal = at_once(Duration::from_secs(3_600));
        assert!(renewal.is_news(b"before"));
        assert_eq!(timeout(LOOK, renewal.next(|| opened(2))).await.ok(), None);
        assert!(renewal.is_news(b"while both are open"));
        let Stage::Both(_, until) = &mut renewal.stage else { panic!("both are open") };
        *until = Instant::now();
        assert_eq!(renewal.next(|| opened(3)).await, 2);
        assert!(!renewal.is_news(b"while both are open"));
        assert!(renewal.is_news(b"before"), "it was not heard while both were open");
        assert!(renewal.is_news(b"after"));
    }

    #[tokio::test]
    async fn a_repetition_long_after_is_news() {
        let mut renewal = at_once(Duration::ZERO);
        renewal.heard.note(b"the same");
        renewal.heard.sift_until(Instant::now() - Duration::from_millis(1));
        assert!(renewal.is_news(b"the same"));
        assert!(renewal.heard.digests.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut heard = Heard::default();
        for number in 0..HEARD_MAX + 10 {
            heard.note(&number.to_le_bytes());
        }
        assert_eq!(heard.digests.len(), HEARD_MAX);
    }
}
