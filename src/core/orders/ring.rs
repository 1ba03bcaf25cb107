//! The latest of something, in memory taken once: a new one takes the place of the oldest.

/// So many of them at most.
#[derive(Debug)]
pub(super) struct Ring<T> {
    items: Vec<T>,
    next: usize,
    max: usize,
}

impl<T: Copy> Ring<T> {
    pub(super) fn new(max: usize) -> Self {
        Self { items: Vec::with_capacity(max), next: 0, max }
    }

    /// Answers the one whose place it took.
    pub(super) fn push(&mut self, item: T) -> Option<T> {
        let oldest = match self.items.get_mut(self.next) {
            Some(place) => Some(std::mem::replace(place, item)),
            None => {
                self.items.push(item);
                None
            }
        };
        self.next = (self.next + 1) % self.max;
        oldest
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.iter_mut()
    }

    pub(super) fn update(&mut self, which: impl Fn(&T) -> bool, with: T) {
        if let Some(item) = self.items.iter_mut().find(|item| which(item)) {
            *item = with;
        }
    }
}
