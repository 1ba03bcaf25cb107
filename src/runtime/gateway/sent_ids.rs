//! Which ids have left: one bit for each of the last ones, so that none leaves twice.
//!
//! Must hold: an id that is not known to be new is not new: one of another start, one that is below
//! all that is remembered.
//!
//! Decision: not "above the last one", because an order that waits for the venue's dead-man's
//! switch leaves after younger ones. It waits for seconds at most, in which a deployment reserves
//! thousands of ids; 65,536 of them are 8 KiB.

use crate::types::ClientOrderId;

/// How many ids are remembered.
const WINDOW: u32 = 1 << 16;

/// Ids in one word of the table.
const WORD: u32 = 64;

/// The ids of one start.
#[derive(Debug)]
pub(super) struct SentIds {
    epoch: u32,
    /// The highest that left; 0 when none did.
    highest: u32,
    /// By sequence modulo [`WINDOW`].
    bits: Box<[u64]>,
}

impl SentIds {
    pub(super) fn new(epoch: u32) -> Self {
        let words = (WINDOW / WORD) as usize;
        Self { epoch, highest: 0, bits: vec![0; words].into_boxed_slice() }
    }

    /// True when that id has not left yet.
    pub(super) fn is_new(&self, id: ClientOrderId) -> bool {
        let remembered = id.sequence != 0 && self.highest.saturating_sub(id.sequence) < WINDOW;
        let above = self.highest < id.sequence;
        id.epoch == self.epoch && remembered && (above || !self.has(id.sequence))
    }

    /// Remembers that it leaves.
    pub(super) fn mark(&mut self, id: ClientOrderId) {
        let from = self.highest.max(id.sequence.saturating_sub(WINDOW));
        for sequence in from..id.sequence {
            self.set(sequence + 1, false);
        }
        self.highest = self.highest.max(id.sequence);
        self.set(id.sequence, true);
    }

    fn has(&self, sequence: u32) -> bool {
        let (word, bit) = place(sequence);
        self.bits.get(word).is_none_or(|bits| bits & bit != 0)
    }

    fn set(&mut self, sequence: u32, sent: bool) {
        let (word, bit) = place(sequence);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits = if sent { *bits | bit } else { *bits & !bit };
        }
    }
}

/// The word and the bit of an id.
fn place(sequence: u32) -> (usize, u64) {
    let at = sequence % WINDOW;
    ((at / WORD) as usize, 1 << (at % WORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(sequence: u32) -> ClientOrderId {
        ClientOrderId { epoch: 3, sequence }
    }

    #[test]
    fn an_id_leaves_once_and_an_older_one_that_waited_leaves_too() {
        let mut sent = SentIds::new(3);
        sent.mark(id(7));
        assert!(!sent.is_new(id(7)) && sent.is_new(id(6)) && sent.is_new(id(8)));
        sent.mark(id(6));
        assert!(!sent.is_new(id(6)) && sent.is_new(id(5)));
        assert!(!sent.is_new(id(0)) && !sent.is_new(ClientOrderId { epoch: 4, sequence: 9 }));
    }

    #[test]
    fn what_is_below_the_window_is_not_new() {
        let mut sent = SentIds::new(3);
        sent.mark(id(WINDOW + 10));
        assert!(!sent.is_new(id(10)) && sent.is_new(id(11)));
        sent.mark(id(u32::MAX));
        assert!(!sent.is_new(id(u32::MAX)) && sent.is_new(id(u32::MAX - 1)));
    }

    proptest! {
        #[test]
        fn it_knows_what_a_plain_set_knows(
            sequences in proptest::collection::vec(1_u32..200_000, 1..200),
        ) {
            let (mut sent, mut plain) = (SentIds::new(3), std::collections::BTreeSet::new());
            for sequence in sequences {
                let highest = plain.last().copied().unwrap_or(0);
                let known = highest < sequence + WINDOW && !plain.contains(&sequence);
                prop_assert_eq!(sent.is_new(id(sequence)), known);
                if known {
                    plain.insert(sequence);
                    sent.mark(id(sequence));
                }
            }
        }
    }
}
