//! Everything that can happen to the core: the one closed list of inputs.

use super::mode::Scope;
use super::setup::KeyFitness;
use crate::types::{
    AccountSnapshot, BalanceChange, DeadManReport, ExecutionReport, Filters, InstrumentId,
    MarketEvent, QueryToken, Stamp, StopReport, Text, TradesRead, VenueCondition, VenueId,
};

/// An input with its two stamps (D11).
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The hot thread's own time when it took the event: the order of events, never going back.
    pub at: Stamp,
    /// Monotonic time at which the bytes arrived: data age and tick-to-order run from it.
    pub received_ns: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// Public market data.
    Market(MarketEvent),
    /// The venue's word on an order.
    Execution(ExecutionReport),
    /// The venue's word on the account.
    Account(AccountEvent),
    /// The venue's word on its dead-man's switch.
    DeadMan(DeadManReport),
    /// The venue's word on stops that wait there.
    Stop(StopReport),
    /// The venue's rules for orders, read again.
    Reference(ReferenceEvent),
    /// A connection came or went.
    Link(LinkEvent),
    /// A measurement of the venue's clock against ours.
    Clock(ClockSample),
    /// The venue's word on itself.
    Condition(VenueCondition),
    /// The record of what happens reaches the disk, or does not in time.
    Journal(JournalState),
    /// A person or the process itself asks for something.
    Operator(OperatorRequest),
    /// Time passed.
    Timer,
}

/// The venue's word on the account.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountEvent {
    /// All of it. Boxed because it is rare and large; every other event is a plain value.
    Snapshot(Box<AccountSnapshot>),
    /// The question could not be answered.
    QueryFailed {
        /// Who did not answer.
        venue: VenueId,
        /// Which question.
        token: QueryToken,
    },
    /// Trades were asked for and told ([`crate::types::ExecutionKind::TradeFound`], before this).
    TradesRead(TradesRead),
    /// They could not be.
    TradesFailed(InstrumentId),
    /// A wallet changed without a trade of ours.
    Balance(BalanceChange),
    /// The venue warns that it is near to liquidating positions.
    MarginCall(VenueId),
    /// What its key may do, told again.
    Key(KeyFitness),
}

/// The venue's rules for orders of one instrument, as they are now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReferenceEvent {
    /// Of what.
    pub instrument: InstrumentId,
    /// The rules; `None` when the venue does not list it any more.
    pub filters: Option<Filters>,
}

/// Whether what is journaled reaches the disk in time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum JournalState {
    /// It does.
    #[default]
    InTime,
    /// Something has waited for longer than `risk.max_journal_lag_ms`: the disk is slow.
    Late,
    /// As long, though nobody waits for the disk: the threads do not get the processor.
    Starved,
}

/// One connection to a venue and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LinkEvent {
    /// Which venue.
    pub venue: VenueId,
    /// Which of its connections.
    pub channel: LinkChannel,
    /// Up or down.
    pub state: LinkState,
}

/// The connections that trading on a venue needs. All must be up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkChannel {
    /// Public market data.
    Market,
    /// Order entry.
    Orders,
    /// The private stream of executions.
    User,
}

impl LinkChannel {
    /// All of them, for tables by channel.
    pub const ALL: [Self; 3] = [Self::Market, Self::Orders, Self::User];

    /// Place in a table by channel.
    pub fn index(self) -> usize {
        match self {
            Self::Market => 0,
            Self::Orders => 1,
            Self::User => 2,
        }
    }
}

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkState {
    /// Connected, and logged in where that is needed.
    Up,
    /// Not.
    Down,
}

/// One measurement of the venue's clock: its time minus ours at the midpoint of the round trip.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockSample {
    /// Whose clock.
    pub venue: VenueId,
    /// Venue minus us, nanoseconds; above zero when our clock is behind.
    pub offset_ns: i64,
    /// How long the answer took: the measurement is off by at most half of it.
    pub rtt_ns: u64,
}

/// A request with its author, so that the journal can name who did what and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OperatorRequest {
    /// Number by which the answer finds its asker; 0 when nobody waits for one.
    pub ticket: u32,
    /// Who asks.
    pub by: Text<32>,
    /// Why.
    pub reason: Text<96>,
    /// For what.
    pub command: OperatorCommand,
}

/// What may be asked. There is no command that places an order of the operator's own making:
/// `Flatten` says *that* positions go, the core and the kernel say how (D4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OperatorCommand {
    /// No strategy orders in the scope until a resume. Not a trip.
    Halt(Scope),
    /// Lift a halt. Lands in CONSERVATIVE (D2).
    Resume(Scope),
    /// Leave CONSERVATIVE for RUNNING everywhere (D2): [`Self::Promote`] of everything.
    ResumeFull,
    /// Leave CONSERVATIVE for RUNNING in one scope (D2).
    Promote {
        /// Where.
        scope: Scope,
        /// Whether the probation after a resume must be over.
        probation: Probation,
    },
    /// Trip the kill switch.
    Trip(TripCause),
    /// Trip the kill switch for a part only: a person's word.
    TripScope(Scope),
    /// Put a name to something that a reset needs; what was found is the request's reason.
    Attest {
        /// The latch generation that it is said of.
        generation: u32,
        /// What.
        criterion: Criterion,
    },
    /// Clear the kill switch (D3).
    Reset {
        /// The latch generation that the operator saw: a newer trip is not cleared by an old word.
        generation: u32,
        /// What becomes of the drawdown's high-water mark.
        baseline: Baseline,
    },
    /// End the cooldown of the circuit breaker (R30). Lands in CONSERVATIVE, as every resume does.
    ResetBreaker,
    /// Bring positions to zero with reduce-only orders (SAFETY E2, D4).
    Flatten {
        /// Which; all when `None`.
        instrument: Option<InstrumentId>,
        /// Worst price, in basis points beyond the touch.
        cap_bps: u32,
    },
    /// Read the venue's account now and compare.
    Reconcile,
    /// A word for the record, and nothing else: what was done by hand, and why (R76).
    Note,
    /// Prepare the end of the process: strategies stop, opening orders are cancelled.
    Stop,
}

impl OperatorCommand {
    /// What it trips, where it is a trip.
    pub fn tripped_scope(self) -> Option<Scope> {
        match self {
            Self::Trip(_) => Some(Scope::All),
            Self::TripScope(scope) => Some(scope),
            Self::Halt(_)
            | Self::Resume(_)
            | Self::ResumeFull
            | Self::Promote { .. }
            | Self::Attest { .. }
            | Self::Reset { .. }
            | Self::ResetBreaker
            | Self::Flatten { .. }
            | Self::Reconcile
            | Self::Note
            | Self::Stop => None,
        }
    }
}

/// What a reset of the kill switch needs: the four recovery criteria of the runbooks (S0 section
/// 5), and a second person's word where the cooldown is not waited for (D3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Criterion {
    /// What happened is understood.
    CauseUnderstood,
    /// The market is normal again.
    MarketNormal,
    /// Limits and settings have been looked at.
    ParametersReviewed,
    /// Somebody who may has agreed.
    ApprovalGiven,
    /// Another person agrees not to wait for the cooldown.
    CooldownWaived,
}

impl Criterion {
    /// The four that every reset needs.
    pub const ALL: [Self; 4] =
        [Self::CauseUnderstood, Self::MarketNormal, Self::ParametersReviewed, Self::ApprovalGiven];

    /// All bits of the four.
    pub(super) const ALL_BITS: u8 = 0b1111;

    /// Its bit among the four; the waiver has none.
    pub(super) fn bit(self) -> Option<u8> {
        match self {
            Self::CauseUnderstood => Some(1),
            Self::MarketNormal => Some(2),
            Self::ParametersReviewed => Some(4),
            Self::ApprovalGiven => Some(8),
            Self::CooldownWaived => None,
        }
    }
}

/// What a return to full size does with the probation after a resume.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Probation {
    /// Waits for its end.
    Observe,
    /// Does not, by force.
    Skip,
}

/// Who pulled the kill switch by hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TripCause {
    /// A person, by command.
    Operator,
    /// `state/kill_switch.flag` appeared.
    FlagFile,
    /// The journal cannot be written any more (D5).
    Journal,
    /// The last look at the encoded bytes contradicted the kernel.
    PostCheck,
}

/// What a reset does with the high-water mark of the drawdown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Baseline {
    /// It stays: a reset beyond the limit is refused.
    Keep,
    /// The present equity becomes the mark.
    New,
}
