//! Modes of trading, where they apply, and what moves them: one table.
//!
//! Must hold: a mode is raised only by an operator's word (D1, D2); the effective mode of an order
//! is the strictest of all scopes that it falls into. An automatic stop takes the smallest scope
//! that covers the fault and lands in REDUCING wherever orders can still be acknowledged; HALTED
//! is for a scope whose link or truth is lost, or for an operator's word (SAFETY, "States").
//!
//! Decision: KILLED is no row of the table. The latch stands above all modes, takes any of them in
//! one step, and what a reset uncovers is the mode beneath, CONSERVATIVE at best: a halt from
//! before the trip is not lifted by the way.

use crate::types::{InstrumentId, Stamp, StrategyId, Text, VenueId};

/// What strategies may do, from free to nothing (SAFETY, "States").
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Mode {
    /// Everything within limits.
    #[default]
    Running,
    /// Limits scaled down by the configured factor; where every resume lands.
    Conservative,
    /// Only what lowers a position.
    Reducing,
    /// Nothing, until a resume.
    Halted,
    /// Nothing, until a reset of the kill switch.
    Killed,
}

impl Mode {
    /// All of them, from free to nothing.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Conservative, Self::Reducing, Self::Halted, Self::Killed];

    /// The word that operators see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Conservative => "CONSERVATIVE",
            Self::Reducing => "REDUCING",
            Self::Halted => "HALTED",
            Self::Killed => "KILLED",
        }
    }
}

/// Where a mode applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everywhere.
    All,
    /// One instrument.
    Instrument(InstrumentId),
    /// One strategy.
    Strategy(StrategyId),
    /// One venue, which is one account there.
    Venue(VenueId),
}

/// Whose word a cause is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Author {
    /// A person's: may raise a mode.
    Operator,
    /// The engine's own: never raises one.
    Engine,
}

impl Author {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Engine => "engine",
        }
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $word:literal $author:ident:
        $running:ident $conservative:ident $reducing:ident $halted:ident),* $(,)?) => {
        /// What moves a mode, each with its row of the table of transitions.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub enum ModeCause {
            $($(#[$doc])* $name),*
        }

        impl ModeCause {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The words that stand in the state file and in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word),*
                }
            }

            /// Whose word it is.
            pub fn author(self) -> Author {
                match self {
                    $(Self::$name => Author::$author),*
                }
            }

            /// What it makes of the mode of its scope. The latch is beneath nothing: KILLED stays.
            pub fn transition(self, from: Mode) -> Mode {
                let [running, conservative, reducing, halted] = match self {
                    $(Self::$name => [
                        Mode::$running, Mode::$conservative, Mode::$reducing, Mode::$halted,
                    ]),*
                };
                match from {
                    Mode::Running => running,
                    Mode::Conservative => conservative,
                    Mode::Reducing => reducing,
                    Mode::Halted => halted,
                    Mode::Killed => Mode::Killed,
                }
            }
        }
    };
}

// The columns are the mode before: RUNNING, CONSERVATIVE, REDUCING, HALTED.
causes! {
    /// Nothing has happened yet: how a first start begins.
    #[default]
    Start "first start" Engine: Running Conservative Reducing Halted,
    /// `engine halt`.
    Halt "halt" Operator: Halted Halted Halted Halted,
    /// `engine resume` (D2).
    Resume "resume" Operator: Conservative Conservative Conservative Conservative,
    /// `engine resume --full` (D2): leaves CONSERVATIVE and nothing else.
    Promote "full resume" Operator: Running Running Reducing Halted,
    /// `engine kill-switch reset` (D3).
    Reset "kill switch reset" Operator: Conservative Conservative Reducing Halted,
    /// `engine breaker reset` (R30): new risk before its time is at conservative size.
    BreakerReset "breaker reset" Operator: Conservative Conservative Reducing Halted,
    /// `initial_state: halted` in the configuration, at the first start.
    InitialState "initial state" Engine: Halted Halted Halted Halted,
    /// The last run ended without saying so (D1).
    Crash "unclean end" Engine: Conservative Conservative Reducing Halted,
    /// What the last run kept cannot be read: a halt may have stood there.
    Unreadable "state unreadable" Engine: Halted Halted Halted Halted,
    /// Nobody has put a name to the configuration, which must have one (P29).
    Unattested "configuration not attested" Engine: Halted Halted Halted Halted,
    /// An engine that was started after this one bears our name: this one is the ghost.
    Superseded "superseded by a later start" Engine: Halted Halted Halted Halted,
    /// The state came out of a backup: what happened since is not in it.
    Restored "restored from a backup" Engine: Halted Halted Halted Halted,
    /// The venue refuses the key, its signature, or the address that it comes from (R132).
    KeyRefused "key refused" Engine: Halted Halted Halted Halted,
    /// Order entry or the private stream is gone for longer than three attempts take (R64).
    Disconnected "disconnected" Engine: Halted Halted Halted Halted,
    /// The market data of a venue is, and only that: orders can still be acknowledged.
    MarketDataLost "market data lost" Engine: Reducing Reducing Reducing Halted,
    /// The venue took positions by itself: liquidation, auto-deleveraging, delivery (E7, E12).
    Liquidation "liquidation" Engine: Reducing Reducing Reducing Halted,
    /// The venue warned of a liquidation (E7).
    MarginCall "margin call" Engine: Reducing Reducing Reducing Halted,
    /// Positions need more of their account than `risk.warn_margin_ratio_pct` (E7).
    MarginRatio "margin ratio" Engine: Reducing Reducing Reducing Halted,
    /// The day's loss is confirmed beyond its limit (E13): midnight lifts nothing.
    DailyLoss "daily loss" Engine: Reducing Reducing Reducing Halted,
    /// A strategy lost more than its budget allows (P21).
    StrategyLoss "strategy loss" Engine: Reducing Reducing Reducing Halted,
    /// Too many round trips of a strategy in a row lost (P22).
    LosingRun "losing run" Engine: Reducing Reducing Reducing Halted,
    /// The venue refused too many orders of a strategy in a row (P22).
    StrategyRejects "rejects in a row" Engine: Reducing Reducing Reducing Halted,
    /// A strategy traded more than it may without a person having looked (P23).
    ReviewDue "review due" Engine: Reducing Reducing Reducing Halted,
    /// An order outlived its time to live and every attempt to take it back (T7).
    StuckOrder "stuck order" Engine: Reducing Reducing Reducing Halted,
    /// A trade of ours at a price beyond its limit (T1).
    BadFill "fill beyond its limit" Engine: Reducing Reducing Reducing Halted,
    /// Too many books of an instrument lost by gaps (T15).
    GapStorm "gap storm" Engine: Reducing Reducing Reducing Halted,
    /// Too many orders of a strategy traded far from where they were decided (T10).
    Slippage "slippage" Engine: Reducing Reducing Reducing Halted,
    /// A hedge group was not hedged for longer than it may be (E5): each of its legs.
    Unhedged "leg unhedged" Engine: Reducing Reducing Reducing Halted,
    /// A position had no stop at the venue for longer than it may (E1).
    Unprotected "position unprotected" Engine: Reducing Reducing Reducing Halted,
    /// The venue's account differs from ours beyond tolerance: until a reading agrees.
    AccountDrift "account drift" Engine: Reducing Reducing Reducing Halted,
    /// It did so before within an hour.
    DriftAgain "account drift again" Engine: Reducing Reducing Reducing Halted,
}

/// The mode of a scope, with what brought it about.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ModeRecord {
    /// The mode.
    pub mode: Mode,
    /// What moved it there.
    pub cause: ModeCause,
    /// When.
    pub at: Stamp,
    /// Who, where it was a person.
    pub by: Text<32>,
    /// Why, where a person said so.
    pub note: Text<96>,
}

impl ModeRecord {
    /// The mode after `cause`; the same record when that moves nothing: the first cause stays.
    #[must_use]
    pub fn moved(self, cause: ModeCause, at: Stamp, by: Text<32>, note: Text<96>) -> Self {
        let mode = cause.transition(self.mode);
        if mode == self.mode { self } else { Self { mode, cause, at, by, note } }
    }
}

/// The table of transitions as Markdown: what the runbook shows.
pub fn transitions() -> String {
    let from = Mode::ALL.map(Mode::name).join(" | ");
    let mut table = format!("| cause | whose word | {from} |\n|---|---|---|---|---|---|---|\n");
    for cause in ModeCause::ALL {
        let to = Mode::ALL.map(|mode| cause.transition(mode).name()).join(" | ");
        let (cause, author) = (cause.name(), cause.author().name());
        table.push_str(&format!("| {cause} | {author} | {to} |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_operators_word_raises() {
        for cause in ModeCause::ALL.iter().filter(|cause| cause.author() == Author::Engine) {
            for from in Mode::ALL {
                assert!(from <= cause.transition(from), "{cause:?} from {from:?}");
            }
        }
    }

    #[test]
    fn every_resume_lands_in_conservative_and_only_a_full_one_leaves_it() {
        for from in Mode::ALL.into_iter().filter(|from| *from != Mode::Killed) {
            assert_eq!(ModeCause::Resume.transition(from), Mode::Conservative);
            assert!(Mode::Conservative <= ModeCause::Reset.transition(from));
        }
        let leaves = |cause: &&ModeCause| cause.transition(Mode::Conservative) == Mode::Running;
        let leaving: Vec<_> = ModeCause::ALL.iter().filter(leaves).collect();
        assert_eq!(leaving, [&ModeCause::Promote]);
    }

    /// Nothing but the latch leads into KILLED, and no cause leads out of it.
    #[test]
    fn killed_is_the_latchs_alone() {
        for cause in ModeCause::ALL {
            for from in Mode::ALL {
                let killed = cause.transition(from) == Mode::Killed;
                assert_eq!(killed, from == Mode::Killed, "{cause:?} from {from:?}");
            }
        }
    }

    #[test]
    fn a_cause_that_moves_nothing_does_not_take_the_first_ones_place() {
        let (by, note) = (Text::new("ann"), Text::new("news"));
        let at = |mono_ns| Stamp { mono_ns, unix_ns: 0 };
        let halted = ModeRecord::default().moved(ModeCause::Halt, at(1), by, note);
        assert_eq!((halted.mode, halted.cause, halted.at), (Mode::Halted, ModeCause::Halt, at(1)));
        let (nobody, nothing) = (Text::default(), Text::default());
        assert_eq!(halted.moved(ModeCause::Unreadable, at(2), nobody, nothing), halted);
    }

    #[test]
    fn no_two_causes_share_a_name() {
        for cause in ModeCause::ALL {
            let same = ModeCause::ALL.iter().filter(|other| other.name() == cause.name());
            assert_eq!(same.count(), 1, "{cause:?}");
        }
    }
}
