//! What can be wrong between a venue and us: what a refusal means, why bytes could not be
//! understood and why a command could not be written.
//!
//! Must hold: each says whose fault it is and whether asking again helps; a text of the venue is
//! cut and made harmless before it comes here.

/// What a refusal means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Meaning {
    /// Whose fault it is.
    pub blame: Blame,
    /// Whether asking again helps.
    pub retry: Retry,
    /// Whether a request that was refused so can have taken effect.
    pub outcome: Outcome,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blame {
    /// Ours: the engine asked for the wrong thing, or too often.
    Us,
    /// The venue's, or its market's.
    Venue,
    /// Of what lies between.
    Network,
    /// A person's: key, permissions, money, account settings.
    Operator,
}

/// Whether asking again helps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// At once. For orders: as a new order with a new id, never the same one (D10).
    Now,
    /// After a while, or after something has been put right.
    Later,
    /// No.
    Never,
}

/// Whether a refused request can have taken effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It cannot.
    Rejected,
    /// It can: only the venue's own word on the order tells.
    Unknown,
}

impl DecodeError {
    /// Whose fault it is; [`super::meaning`] says it of a refusal.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Gap { .. } => Blame::Network,
            Self::Unsupported(_) => Blame::Operator,
            Self::NotJson
            | Self::Field(_)
            | Self::Refused { .. }
            | Self::LoggedOff
            | Self::TooLarge(_) => Blame::Venue,
        }
    }

    /// Whether asking again helps; [`super::meaning`] says it of a refusal.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Gap { .. } | Self::LoggedOff => Retry::Now,
            Self::Unsupported(_) => Retry::Never,
            Self::NotJson | Self::Field(_) | Self::Refused { .. } | Self::TooLarge(_) => {
                Retry::Later
            }
        }
    }
}

/// Why bytes of a venue could not be understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, cut off, or nested too deep.
    #[error("not readable JSON")]
    NotJson,
    /// A field is missing or is not what it must be.
    #[error("field `{0}` is missing or ill-formed")]
    Field(&'static str),
    /// The sequence of updates does not join up.
    #[error("update {got} does not follow {expected}")]
    Gap {
        /// What had to follow.
        expected: u64,
        /// What came.
        got: u64,
    },
    /// The venue answered with an error.
    #[error("the venue answered {status} (code {code}): {text}")]
    Refused {
        /// HTTP status, or the status field of a WebSocket answer.
        status: u16,
        /// The venue's own code, 0 where it gave none.
        code: i32,
        /// Its words, cut to 256 bytes, without control characters.
        text: String,
    },
    /// The connection was logged on, and is not any more.
    #[error("the venue does not know who is on the connection: it must be made and logged on anew")]
    LoggedOff,
    /// Too large to be looked at.
    #[error("message of {0} bytes is too large")]
    TooLarge(usize),
    /// The account is set up in a way that is not traded on (SAFETY E7).
    #[error("the account is in {0}, which is not supported; switch it off at the venue")]
    Unsupported(&'static str),
}

/// Why a command could not be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// The instrument is not one of this venue's.
    #[error("the instrument is not traded on this venue")]
    UnknownInstrument,
    /// This command is not a single message.
    #[error("the command has no single message on this venue")]
    NotOneMessage,
}
