//! The dead-man's switch of a venue: a timer that takes back every open order of an instrument
//! unless it is set again in time (SAFETY E15).

use super::InstrumentId;

/// A request to set the switch of one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeadManRequest {
    /// Of what.
    pub instrument: InstrumentId,
    /// How long after it arrives the venue takes the orders back, milliseconds; 0 disarms.
    pub countdown_ms: u32,
    /// When it was asked for, monotonic nanoseconds: tells which request an answer answers, and the
    /// switch fires no earlier than this and the countdown.
    pub asked_ns: u64,
}

/// What became of a [`DeadManRequest`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeadManReport {
    /// Which.
    pub request: DeadManRequest,
    /// What the venue said.
    pub answer: DeadManAnswer,
}

/// The venue's answer to a [`DeadManRequest`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeadManAnswer {
    /// It is set.
    Set,
    /// It is not: the switch stands as before.
    Refused,
    /// No answer, or one that says nothing: it may be set, now or later.
    Unknown,
}
