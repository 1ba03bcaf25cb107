//! What is to happen to two orders of one account that meet (USDⓈ-M sheet, section 5; Spot sheet,
//! section 5).

/// The self-trade prevention of an order.
///
/// Deliberately absent: `DECREMENT` and `TRANSFER`, which symbols on Spot may allow and these do
/// not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SelfTrade {
    /// They trade.
    None,
    /// The resting one goes.
    ExpireMaker,
    /// The taking one goes.
    ExpireTaker,
    /// Both go.
    ExpireBoth,
}

impl SelfTrade {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::None, Self::ExpireMaker, Self::ExpireTaker, Self::ExpireBoth];

    /// The one of a word of the venue.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// The venue's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ExpireMaker => "EXPIRE_MAKER",
            Self::ExpireTaker => "EXPIRE_TAKER",
            Self::ExpireBoth => "EXPIRE_BOTH",
        }
    }
}
