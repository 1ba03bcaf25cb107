//! Which books the core holds to be whole: what the feed cannot know by itself.
//!
//! The dialect follows the numbers of the updates; only the core holds the levels and can see that
//! they contradict each other (a crossed book). It then takes the book for lost, and the feed must
//! begin it again. Told by the hot thread with every copy of the state, read by the feed.

use crate::types::InstrumentId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One word per instrument, shared.
#[derive(Clone, Debug)]
pub(super) struct Books(Arc<[AtomicBool]>);

impl Books {
    /// None is whole.
    pub(super) fn new(instruments: usize) -> Self {
        Self((0..instruments).map(|_| AtomicBool::new(false)).collect())
    }

    pub(super) fn tell(&self, instrument: InstrumentId, whole: bool) {
        if let Some(word) = self.0.get(instrument.index()) {
            word.store(whole, Ordering::Relaxed);
        }
    }

    fn is_whole(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|word| word.load(Ordering::Relaxed))
    }
}

/// What the feed has handed out, compared with what the core makes of it.
#[derive(Debug)]
pub(super) struct Compared {
    core: Books,
    /// By instrument: handed out as whole, and found to be lost in the core at the last look.
    lines: Vec<(bool, bool)>,
}

impl Compared {
    pub(super) fn new(core: Books) -> Self {
        let lines = vec![(false, false); core.0.len()];
        Self { core, lines }
    }

    /// The feed handed out the beginning of a book, or its loss.
    pub(super) fn hand_out(&mut self, instrument: InstrumentId, whole: bool) {
        if let Some(line) = self.lines.get_mut(instrument.index()) {
            *line = (whole, false);
        }
    }

    /// Books that the core has taken for lost at this look and at the one before, though they were
    /// handed out as whole: once may be a word that is under way.
    pub(super) fn look(&mut self) -> Vec<InstrumentId> {
        let mut lost = Vec::new();
        for (at, (here, suspect)) in self.lines.iter_mut().enumerate() {
            let differs = *here && !self.core.is_whole(at);
            if differs && *suspect {
                lost.extend(u16::try_from(at).map(InstrumentId));
            }
            *suspect = differs;
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_begun_again_when_the_core_has_lost_it_twice_in_a_row() {
        let core = Books::new(2);
        let mut compared = Compared::new(core.clone());
        let (one, two) = (InstrumentId(0), InstrumentId(1));
        assert!(compared.look().is_empty() && compared.look().is_empty(), "nothing handed out");
        compared.hand_out(two, true);
        assert!(compared.look().is_empty(), "its word may be under way");
        core.tell(two, true);
        assert!(compared.look().is_empty() && compared.look().is_empty());
        core.tell(two, false);
        assert!(compared.look().is_empty());
        assert_eq!(compared.look(), [two]);
        compared.hand_out(two, false);
        assert!(compared.look().is_empty() && compared.look().is_empty(), "the feed knows it");
        compared.hand_out(one, true);
        core.tell(one, true);
        assert!(compared.look().is_empty() && compared.look().is_empty());
    }
}
