//! What a strategy may open with: kinds of orders, and sides (SAFETY P5, RTS 6 article 15).

use crate::types::{OrderKind, Side};

/// A set of kinds and sides; empty until something is allowed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Permissions {
    kinds: [bool; Self::KINDS.len()],
    sides: [bool; Self::SIDES.len()],
}

impl Permissions {
    /// The words for kinds of orders.
    pub const KINDS: [&str; 5] = ["limit", "post_only", "ioc", "fok", "market"];

    /// The words for sides.
    pub const SIDES: [&str; 2] = ["buy", "sell"];

    /// Everything.
    pub const ALL: Self = Self { kinds: [true; 5], sides: [true; 2] };

    /// The kinds and sides of these words; `None` when one of them is unknown.
    pub fn of<'a>(
        kinds: impl IntoIterator<Item = &'a str>,
        sides: impl IntoIterator<Item = &'a str>,
    ) -> Option<Self> {
        let mut allowed = Self::default();
        for word in kinds {
            *allowed.kinds.get_mut(Self::KINDS.iter().position(|kind| *kind == word)?)? = true;
        }
        for word in sides {
            *allowed.sides.get_mut(Self::SIDES.iter().position(|side| *side == word)?)? = true;
        }
        Some(allowed)
    }

    /// True when orders of this kind may be opened.
    pub fn has_kind(&self, kind: &OrderKind) -> bool {
        self.kinds[match kind {
            OrderKind::Limit(_) => 0,
            OrderKind::PostOnly(_) => 1,
            OrderKind::Ioc(_) => 2,
            OrderKind::Fok(_) => 3,
            OrderKind::Market => 4,
        }]
    }

    /// True when orders of this side may be opened.
    pub fn has_side(&self, side: Side) -> bool {
        self.sides[side.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Price;

    #[test]
    fn each_word_allows_its_own_and_nothing_else() {
        let price = Price::whole(1);
        let kinds = [
            OrderKind::Limit(price),
            OrderKind::PostOnly(price),
            OrderKind::Ioc(price),
            OrderKind::Fok(price),
            OrderKind::Market,
        ];
        for (at, word) in Permissions::KINDS.into_iter().enumerate() {
            let allowed = Permissions::of([word], []).unwrap();
            let has: Vec<bool> = kinds.iter().map(|kind| allowed.has_kind(kind)).collect();
            assert!((0..kinds.len()).all(|other| has[other] == (other == at)), "{word}");
            assert!(!allowed.has_side(Side::Buy) && !allowed.has_side(Side::Sell));
        }
        for (word, side) in Permissions::SIDES.into_iter().zip(Side::BOTH) {
            let allowed = Permissions::of([], [word]).unwrap();
            assert!(allowed.has_side(side) && !allowed.has_side(side.opposite()));
        }
        assert_eq!(Permissions::of(["stop"], []), None);
        assert_eq!(Permissions::of([], ["short"]), None);
        assert_eq!(Permissions::of(Permissions::KINDS, Permissions::SIDES), Some(Permissions::ALL));
    }
}
