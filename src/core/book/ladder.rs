//! One side of a book, by rank: a whole number of ticks of which the lowest is the best price.
//!
//! Near the best, a ring with one slot for every tick and one bit for every slot; beyond it, a
//! sorted list. Must hold, after every call:
//! - the window is `base .. base + WINDOW`, `base` a multiple of 64, and a level stands in the ring
//!   if and only if its rank is within the window and its bit is set;
//! - the far list holds only ranks beyond the window, worst first, so the best is never in it;
//! - when the ring is empty, so is the list.
//!
//! Recentring is the price of this. It happens when a level beats the window or when the best has
//! fallen through half of it, and moves only levels of the strip that leaves or enters: at most
//! `WINDOW` levels and 256 words, all to or from the end of the list, so nothing is shifted.
//! Sides and prices are not here: [`super::Book`] turns them into ranks.

use crate::types::Qty;

/// Ticks of the window: 95 % of the updates of a recorded BTCUSDT future lie within 2^14.
pub(super) const WINDOW: usize = 1 << 14;

/// The same, as a distance of ranks.
const SPAN: i64 = 1 << 14;

/// Words of 64 bits that cover the window.
const WORDS: usize = WINDOW / 64;

/// Most far levels: as many as the window has, so that even a full window can move into an empty
/// list without loss. The recording never holds more than a third of that on one side.
pub(super) const FAR_MAX: usize = WINDOW;

/// Ticks between the window's better edge and the best after recentring: room for the market to
/// improve before the next one. An eighth, because levels lie behind the best, not before it.
const LEAD: i64 = 1 << 11;

/// Ticks that the best may fall behind the better edge before the window follows.
const DRIFT_MAX: i64 = 1 << 13;

/// The best of an empty ladder: worse than all.
const NOTHING: i64 = i64::MAX;

/// One level.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rung {
    pub(super) rank: i64,
    pub(super) qty: Qty,
}

/// One side of a book.
pub(super) struct Ladder {
    base: i64,
    best: i64,
    near_count: usize,
    near: Box<[Qty; WINDOW]>,
    occupied: Box<[u64; WORDS]>,
    far: Vec<Rung>,
    dropped: u64,
}

impl Ladder {
    /// Empty, with all the memory it will ever need, written once so that no page is missing later.
    pub(super) fn new() -> Self {
        let mut far = vec![Rung { rank: 0, qty: Qty::ZERO }; FAR_MAX];
        far.clear();
        Self {
            base: 0,
            best: NOTHING,
            near_count: 0,
            near: Box::new([Qty::ZERO; WINDOW]),
            occupied: Box::new([0; WORDS]),
            far,
            dropped: 0,
        }
    }

    /// Forgets every level. A quantity counts only under its bit, so the bits are enough.
    pub(super) fn clear(&mut self) {
        self.occupied.fill(0);
        self.far.clear();
        (self.near_count, self.best) = (0, NOTHING);
    }

    /// The level has this quantity, which is above zero.
    pub(super) fn put(&mut self, rank: i64, qty: Qty) {
        if self.near_count == 0 || rank < self.base {
            self.recentre(rank);
        }
        if self.is_near(rank) { self.put_near(rank, qty) } else { self.put_far(rank, qty) }
    }

    /// The level is gone, if it was there.
    pub(super) fn remove(&mut self, rank: i64) {
        if self.is_near(rank) {
            self.remove_near(rank);
        } else if let Ok(at) = self.find_far(rank) {
            self.far.remove(at);
        }
    }

    /// The best level.
    pub(super) fn best(&self) -> Option<Rung> {
        (self.best != NOTHING).then(|| self.rung(self.best))
    }

    /// All levels, best first.
    pub(super) fn rungs(&self) -> impl Iterator<Item = Rung> + '_ {
        let near = self.blocks_from(self.best).flat_map(move |(start, word)| {
            bits(word).map(move |bit| self.rung(start + i64::from(bit)))
        });
        near.chain(self.far.iter().rev().copied())
    }

    /// How many levels.
    pub(super) fn len(&self) -> usize {
        self.near_count + self.far.len()
    }

    /// How many levels were lost to a full far list.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn rung(&self, rank: i64) -> Rung {
        Rung { rank, qty: self.near[slot(rank)] }
    }

    fn is_near(&self, rank: i64) -> bool {
        (0..SPAN).contains(&(rank - self.base))
    }

    fn put_near(&mut self, rank: i64, qty: Qty) {
        let (word, bit) = place(rank);
        self.near_count += usize::from(self.occupied[word] & bit == 0);
        self.occupied[word] |= bit;
        self.near[slot(rank)] = qty;
        self.best = self.best.min(rank);
    }

    fn remove_near(&mut self, rank: i64) {
        let (word, bit) = place(rank);
        if self.occupied[word] & bit == 0 {
            return;
        }
        self.occupied[word] &= !bit;
        self.near_count -= 1;
        if rank == self.best {
            self.find_best();
        }
    }

    /// The best went: looks for the next behind it, and lets the window follow it.
    fn find_best(&mut self) {
        let next = self.blocks_from(self.best).find(|(_, word)| *word != 0);
        self.best = next.map_or(NOTHING, |(start, word)| start + i64::from(word.trailing_zeros()));
        if next.is_none() {
            if let Some(nearest) = self.far.last() {
                self.recentre(nearest.rank);
            }
        } else if DRIFT_MAX < self.best - self.base {
            self.recentre(self.best);
        }
    }

    /// Lays the window around `best`, which is, or is about to be, the best level.
    fn recentre(&mut self, best: i64) {
        let base = (best - LEAD) & !63;
        let before = std::mem::replace(&mut self.base, base);
        if base < before {
            self.evict(before);
        } else {
            self.admit();
        }
    }

    /// The window moved to better prices: what it covered `before` and does not cover any more goes
    /// to the far list, worst first. All of it is better than what is there, so it is appended.
    fn evict(&mut self, before: i64) {
        let first = before.max(self.base + SPAN);
        let strip = || blocks(first, before + SPAN);
        let leaving = strip().map(|start| self.word(start).count_ones() as usize).sum();
        self.make_room(leaving);
        for start in strip().rev() {
            let word = std::mem::take(&mut self.occupied[place(start).0]);
            for bit in bits(word.reverse_bits()) {
                let rung = self.rung(start + 63 - i64::from(bit));
                self.far.push(rung);
            }
        }
        self.near_count -= leaving;
    }

    /// The window moved to worse prices, over nothing: what it covers now comes from the far list.
    fn admit(&mut self) {
        while let Some(rung) = self.far.pop_if(|rung| rung.rank - self.base < SPAN) {
            self.put_near(rung.rank, rung.qty);
        }
    }

    /// Drops the farthest levels until `count` more fit into the far list.
    fn make_room(&mut self, count: usize) {
        let excess = (self.far.len() + count).saturating_sub(FAR_MAX);
        self.far.drain(..excess);
        self.dropped += excess as u64;
    }

    /// In a full list the farthest level makes room, which may be this one.
    fn put_far(&mut self, rank: i64, qty: Qty) {
        let rung = Rung { rank, qty };
        match self.find_far(rank) {
            Ok(at) => self.far[at] = rung,
            Err(at) if self.far.len() < FAR_MAX => self.far.insert(at, rung),
            Err(0) => self.dropped += 1,
            Err(at) => {
                self.dropped += 1;
                self.far[..at].rotate_left(1);
                self.far[at - 1] = rung;
            }
        }
    }

    fn find_far(&self, rank: i64) -> Result<usize, usize> {
        self.far.binary_search_by(|rung| rank.cmp(&rung.rank))
    }

    /// The blocks of 64 ranks of the window from the one with `rank` on, with their bits; none for
    /// a rank beyond the window.
    fn blocks_from(&self, rank: i64) -> impl Iterator<Item = (i64, u64)> + '_ {
        blocks(rank, self.base + SPAN).map(|start| (start, self.word(start)))
    }

    fn word(&self, rank: i64) -> u64 {
        self.occupied[place(rank).0]
    }
}

/// Place of a rank in the ring.
#[expect(clippy::cast_possible_truncation, reason = "masked to the ring first")]
fn slot(rank: i64) -> usize {
    (rank.cast_unsigned() % WINDOW as u64) as usize
}

/// Word and bit of a rank.
fn place(rank: i64) -> (usize, u64) {
    let slot = slot(rank);
    (slot / 64, 1 << (slot % 64))
}

/// The first ranks of the blocks of 64 from the one with `from` up to `to`, which begins one.
fn blocks(from: i64, to: i64) -> impl DoubleEndedIterator<Item = i64> {
    (from >> 6..to >> 6).map(|block| block << 6)
}

/// The numbers of the set bits, lowest first.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (word != 0).then(|| word.trailing_zeros());
        word &= word.wrapping_sub(1);
        lowest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // FAR_MAX is as many as SPAN.
    fn put_all(ladder: &mut Ladder, ranks: impl Iterator<Item = i64>) {
        ranks.for_each(|rank| ladder.put(rank, Qty::whole(1)));
    }

    fn ranks(ladder: &Ladder) -> Vec<i64> {
        ladder.rungs().map(|rung| rung.rank).collect()
    }

    #[test]
    fn a_full_far_list_drops_the_farthest_whatever_the_order() {
        let (room, excess) = (SPAN, 10);
        let far = || (0..room + excess).map(|count| 10 * SPAN + count);
        let kept: Vec<_> = std::iter::once(0).chain(far().take(FAR_MAX)).collect();
        let orders: [Box<dyn Iterator<Item = i64>>; 2] = [Box::new(far()), Box::new(far().rev())];
        for order in orders {
            let mut ladder = Ladder::new();
            put_all(&mut ladder, std::iter::once(0).chain(order));
            assert_eq!(ladder.dropped(), 10);
            assert_eq!(ranks(&ladder), kept);
        }
    }

    #[test]
    fn a_full_far_list_still_takes_changes_and_removals() {
        let mut ladder = Ladder::new();
        put_all(&mut ladder, std::iter::once(0).chain((0..SPAN).map(|it| SPAN + it)));
        ladder.put(SPAN + 5, Qty::whole(9));
        ladder.remove(SPAN + 6);
        ladder.put(SPAN * 9, Qty::whole(1));
        assert_eq!((ladder.dropped(), ladder.len()), (0, 1 + FAR_MAX));
        assert!(ladder.rungs().any(|it| it == Rung { rank: SPAN + 5, qty: Qty::whole(9) }));
    }

    #[test]
    fn a_full_window_moves_out_and_back_without_loss() {
        let mut ladder = Ladder::new();
        put_all(&mut ladder, std::iter::once(0).chain(-LEAD..SPAN - LEAD));
        let before = ranks(&ladder);
        assert_eq!((ladder.near_count, before.len()), (WINDOW, WINDOW));
        ladder.put(-10 * SPAN, Qty::whole(1));
        assert_eq!((ladder.near_count, ladder.far.len()), (1, FAR_MAX));
        ladder.remove(-10 * SPAN);
        assert_eq!((ranks(&ladder), ladder.dropped()), (before, 0));
        assert_eq!(ladder.best().map(|it| it.rank), Some(-LEAD));
    }

    #[test]
    fn a_window_that_moves_out_of_a_full_list_costs_the_farthest_only() {
        let mut ladder = Ladder::new();
        put_all(&mut ladder, (0..3).chain((0..SPAN).map(|it| SPAN + it)));
        ladder.put(-10 * SPAN, Qty::whole(1));
        let kept = (0..3).chain((0..SPAN - 3).map(|it| SPAN + it));
        assert_eq!(ranks(&ladder), std::iter::once(-10 * SPAN).chain(kept).collect::<Vec<_>>());
        assert_eq!(ladder.dropped(), 3);
    }

    #[test]
    fn the_window_follows_a_best_that_falls_through_half_of_it_and_not_before() {
        let mut ladder = Ladder::new();
        put_all(&mut ladder, [0, DRIFT_MAX - LEAD, DRIFT_MAX - LEAD + 1].into_iter());
        ladder.remove(0);
        assert_eq!(ladder.base, -LEAD);
        ladder.remove(DRIFT_MAX - LEAD);
        assert_eq!(ladder.base, (DRIFT_MAX - 2 * LEAD + 1) & !63);
    }

    #[test]
    fn nothing_is_left_after_clear_and_any_place_can_follow() {
        let mut ladder = Ladder::new();
        put_all(&mut ladder, [5, 6, SPAN * 2].into_iter());
        ladder.clear();
        assert_eq!((ladder.len(), ladder.best(), ranks(&ladder)), (0, None, vec![]));
        put_all(&mut ladder, [SPAN * 40, SPAN * 80].into_iter());
        assert_eq!(ranks(&ladder), [SPAN * 40, SPAN * 80]);
    }
}
