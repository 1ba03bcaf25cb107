//! Trades that no order here explains: why they happened, and what each cause does, one row each
//! (SAFETY E12).
//!
//! Must hold: only what nobody can explain trips the switch, and only on an account that is ours
//! alone: on one that others use, a stranger is expected.

/// How soon a person must look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// Now.
    P0,
    /// Today.
    P1,
}

/// What it stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reach {
    /// Nothing.
    Nothing,
    /// The venue may only reduce: it takes positions by itself.
    Venue,
    /// Everything, until a person resets it.
    Latch,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $words:literal: $severity:ident $reach:ident),* $(,)?) => {
        /// Why a trade happened that no order here explains.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum ForeignCause {
            $($(#[$doc])* $name),*
        }

        impl ForeignCause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What operators read.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words),*
                }
            }

            /// How soon a person must look.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity),*
                }
            }

            pub(super) fn reach(self) -> Reach {
                match self {
                    $(Self::$name => Reach::$reach),*
                }
            }
        }
    };
}

causes! {
    /// The venue liquidates the account.
    Liquidation "a liquidation by the venue": P0 Venue,
    /// Auto-deleveraging: the venue closes a winner for want of a loser's money.
    Deleveraging "auto-deleveraging by the venue": P0 Venue,
    /// Delivery or delisting.
    Delivery "a delivery by the venue": P0 Venue,
    /// A person: at the venue's own page or app, or by `engine panic`.
    Manual "by a person": P0 Nothing,
    /// Another program, on an account that others use.
    OtherClient "by another client": P1 Nothing,
    /// An order of an earlier run of ours, or one long over.
    EarlierOrder "of an earlier order of ours": P0 Nothing,
    /// Nobody: a stolen key, or a second engine.
    Unexplained "by nobody that is known here": P0 Latch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_explains_sets_the_latch() {
        for cause in ForeignCause::ALL {
            let trips = cause.reach() == Reach::Latch;
            assert_eq!(trips, *cause == ForeignCause::Unexplained, "{cause:?}");
            assert!(!trips || cause.severity() == Severity::P0);
        }
    }
}
