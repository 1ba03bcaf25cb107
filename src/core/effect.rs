//! Everything the core can ask of the world: the one closed list of outputs.

use super::alert::Alert;
use super::digest::Digest;
use super::event::OperatorRequest;
use super::kept::Kept;
use super::ledger::LedgerLine;
use super::mode::{ModeRecord, Scope};
use super::parent::ParentEvent;
use super::portfolio::HighWater;
use super::safety::{Approved, ApprovedAmend, ApprovedStop, DenyReason, Latch};
use crate::types::{
    Amendment, ClientOrderId, DeadManRequest, ExecutionKind, ExecutionReport, InstrumentId,
    NotSentReason, OrderRef, OrderRequest, OrderStatus, QueryToken, StopAsk, StopRequest,
    StrategyId, VenueId,
};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Most effects that one event may cause. Work that can pile up (expired orders, cancels after a
/// trip) looks at [`Effects::room`] and goes on with the next event; the rest is bounded by the
/// intents of the strategies.
pub const EFFECTS_MAX: usize = 1_024;

/// One requested output.
#[derive(Debug)]
pub enum Effect {
    /// A message to a venue.
    Send(Command),
    /// The kernel said no.
    Denied {
        /// The id that was reserved for it and is spent (D16).
        id: ClientOrderId,
        /// Who wished.
        strategy: StrategyId,
        /// What.
        request: OrderRequest,
        /// Why not.
        reason: DenyReason,
    },
    /// The kernel said no to an amend; the order is as it was.
    AmendDenied {
        /// Of which order.
        id: ClientOrderId,
        /// Who wished.
        strategy: StrategyId,
        /// Of what.
        instrument: InstrumentId,
        /// What it was to become.
        to: Amendment,
        /// Why not.
        reason: DenyReason,
    },
    /// A parent was opened, denied or ended.
    Parent(ParentEvent),
    /// An order reached a final status.
    Closed {
        /// Which.
        id: ClientOrderId,
        /// How.
        status: OrderStatus,
    },
    /// Must reach the disk before anything else does: the kill switch tripped.
    Tripped(Latch),
    /// The kill switch was cleared by a person.
    Reset {
        /// The latch that was cleared.
        latch: Latch,
        /// By whom and why.
        request: OperatorRequest,
    },
    /// A mode holds in a scope from here on and must survive a restart with its cause (D1).
    ModeChanged {
        /// Where.
        scope: Scope,
        /// Which, and why.
        record: ModeRecord,
    },
    /// The high-water mark moved and must survive a restart.
    HighWaterChanged(HighWater),
    /// Something of the limits of loss moved and must survive a restart.
    Kept(Kept),
    /// A strategy's ledger moved and must survive a restart (SAFETY E9).
    Ledger {
        /// Whose.
        strategy: StrategyId,
        /// Of what.
        instrument: InstrumentId,
        /// As it is from here on.
        line: LedgerLine,
    },
    /// Every trade of an instrument is known up to this one: must survive a restart, so that the
    /// next run asks from there.
    TradesKnown {
        /// Of what.
        instrument: InstrumentId,
        /// The last trade that is known.
        through_id: u64,
    },
    /// A person should know.
    Alert(Alert),
    /// The answer to an operator's request.
    Answer {
        /// The request's ticket.
        ticket: u32,
        /// Done, or why not.
        answer: Result<(), Refusal>,
    },
}

impl Effect {
    /// Takes it into a running digest, as it would be printed.
    pub fn digest(&self, digest: Digest) -> Digest {
        let mut digest = digest;
        if let Self::Closed { id, status } = self {
            // The one of these that comes as often as orders.
            let (epoch, sequence) = (id.epoch.into(), id.sequence.into());
            return digest.with(epoch).with(sequence).with(*status as i64);
        }
        // A digest takes all text.
        let _ = write!(digest, "{self:?}");
        digest
    }
}

/// A message to a venue.
#[derive(Debug)]
pub enum Command {
    /// A new order: only the kernel makes an [`Approved`].
    NewOrder(Approved),
    /// Make something else of an order that rests: only the kernel makes an [`ApprovedAmend`].
    Amend(ApprovedAmend),
    /// Take one order back.
    Cancel {
        /// Which.
        id: ClientOrderId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// Take back every order of the account on one instrument; only where the account is ours
    /// alone and nothing protective stands there (SAFETY E4).
    CancelAll {
        /// Of what.
        instrument: InstrumentId,
    },
    /// Set the venue's dead-man's switch of an instrument: the only thing that renews it is a core
    /// that steps (SAFETY E15).
    ArmDeadMan(DeadManRequest),
    /// Something of the stops that wait at the venue.
    Stop(StopCommand),
    /// Ask what became of an order.
    QueryOrder {
        /// Which.
        id: ClientOrderId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// Ask for the trades of the account in one instrument.
    QueryTrades {
        /// Of what.
        instrument: InstrumentId,
        /// The last trade that is known; `None` asks for the newest alone.
        from_id: Option<u64>,
    },
    /// Read the whole account.
    QueryAccount {
        /// Where.
        venue: VenueId,
        /// Number of the question.
        token: QueryToken,
    },
}

/// What is asked of the stops of one instrument. None is repeated by the sender: what is not
/// answered is asked after by the core.
#[derive(Debug)]
pub enum StopCommand {
    /// That this one wait: only the kernel makes an [`ApprovedStop`].
    Place(ApprovedStop),
    /// That this one go.
    Cancel {
        /// Which.
        id: ClientOrderId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// Which of ours wait.
    List {
        /// Of what.
        instrument: InstrumentId,
        /// When it was asked, monotonic nanoseconds.
        asked_ns: u64,
    },
}

impl StopCommand {
    /// What it asks for, as its answer repeats it.
    pub fn request(&self) -> StopRequest {
        let (instrument, ask) = match self {
            Self::Place(stop) => (stop.order().instrument, StopAsk::Place(stop.order().id)),
            Self::Cancel { id, instrument } => (*instrument, StopAsk::Cancel(*id)),
            Self::List { instrument, asked_ns } => {
                (*instrument, StopAsk::List { asked_ns: *asked_ns })
            }
        };
        StopRequest { instrument, ask }
    }
}

impl Command {
    /// What the core must be told when no byte of it leaves; `None` for what it repeats by itself.
    pub fn not_sent(&self, reason: NotSentReason) -> Option<ExecutionReport> {
        self.told(ExecutionKind::NotSent(reason), |number| ExecutionKind::AmendNotSent {
            number,
            reason,
        })
    }

    /// What the core must be told when a byte of it may have left and nobody knows more.
    pub fn outcome_unknown(&self) -> Option<ExecutionReport> {
        self.told(ExecutionKind::OutcomeUnknown, |number| ExecutionKind::AmendUnknown { number })
    }

    fn told(
        &self,
        of_order: ExecutionKind,
        of_amend: impl FnOnce(u8) -> ExecutionKind,
    ) -> Option<ExecutionReport> {
        let (id, instrument, kind) = match self {
            Self::NewOrder(order) => (order.id(), order.terms().instrument, of_order),
            Self::Amend(amend) => (amend.id(), amend.terms().instrument, of_amend(amend.number())),
            Self::Cancel { .. }
            | Self::CancelAll { .. }
            | Self::ArmDeadMan(_)
            | Self::Stop(_)
            | Self::QueryOrder { .. }
            | Self::QueryTrades { .. }
            | Self::QueryAccount { .. } => return None,
        };
        let order = OrderRef::Ours(id);
        Some(ExecutionReport {
            instrument,
            order,
            venue_order_id: None,
            transact_unix_ms: None,
            kind,
        })
    }
}

/// Why the core did not do what an operator asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The kill switch is on: reset it first.
    Killed,
    /// It is not in CONSERVATIVE: full size comes after a resume.
    ResumeFirst,
    /// The probation after the last resume is not over.
    InProbation,
    /// There is nothing to reset.
    NotTripped,
    /// The circuit breaker is not open.
    BreakerClosed,
    /// The latch has moved on since the operator looked.
    StaleGeneration,
    /// The drawdown is still beyond its limit, or unknown: only a new baseline can clear it.
    StillBreached,
    /// The account has not been reconciled since the trip.
    NotReconciled,
    /// Not every recovery criterion has been attested.
    CriteriaMissing,
    /// It tripped too short a time ago.
    CoolingDown {
        /// Seconds left, rounded up.
        left_s: u32,
    },
    /// Who waives the cooldown must not be who resets.
    SameApprover,
    /// It names a venue, an instrument or a strategy that is not configured.
    NotConfigured,
    /// The worst price must be within 1 to 2,000 basis points of the touch.
    CapOutOfRange,
}

impl Refusal {
    /// What an operator reads.
    pub fn text(self) -> Cow<'static, str> {
        let text = match self {
            Self::CriteriaMissing => {
                "a reset needs all four recovery criteria: cause, market, parameters, approval"
            }
            Self::CoolingDown { left_s } => {
                return format!(
                    "the cooldown has {left_s} s left; wait, or `--force --approved-by OTHER`"
                )
                .into();
            }
            Self::SameApprover => "who approves a forced reset must not be who resets",

            Self::Killed => "the kill switch is tripped; see `engine kill-switch status`",
            Self::ResumeFirst => "it is stopped there; `engine resume` first, at conservative size",
            Self::InProbation => {
                "the probation after the last resume is not over (`engine status`); `--force` skips it"
            }
            Self::NotTripped => "the kill switch is not tripped",
            Self::BreakerClosed => "the circuit breaker is closed: there is no cooldown to end",
            Self::StaleGeneration => {
                "the kill switch tripped again since; read `engine kill-switch status` once more"
            }
            Self::StillBreached => {
                "the drawdown is still beyond its limit or unknown; `--new-baseline` accepts the loss"
            }
            Self::NotReconciled => {
                "the account is not reconciled; run `engine status` and look at the link"
            }
            Self::NotConfigured => "no such venue, instrument or strategy is configured",
            Self::CapOutOfRange => "the cap must be 1 to 2000 basis points",
        };
        text.into()
    }
}

/// A bounded list of effects, reused for every step.
#[derive(Debug)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// With all the memory it will ever need.
    pub fn new() -> Self {
        Self(Vec::with_capacity(EFFECTS_MAX))
    }

    /// Appends one.
    pub fn push(&mut self, effect: Effect) {
        assert!(self.0.len() < EFFECTS_MAX, "one event must not cause unbounded effects");
        self.0.push(effect);
    }

    /// Appends one, if there is one.
    pub fn extend(&mut self, effect: Option<Effect>) {
        if let Some(effect) = effect {
            self.push(effect);
        }
    }

    /// How many more fit, less a reserve for the effects that no work may crowd out.
    pub fn room(&self) -> usize {
        const RESERVE: usize = EFFECTS_MAX / 4;
        (EFFECTS_MAX - RESERVE).saturating_sub(self.0.len())
    }

    /// True while one more wish of a strategy may be heard: what is left is for effects that are
    /// bounded by their nature.
    pub(super) fn has_room_for_wish(&self) -> bool {
        const RESERVE: usize = EFFECTS_MAX / 16;
        self.0.len() < EFFECTS_MAX - RESERVE
    }

    /// Takes all of them, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.0.drain(..)
    }

    /// Looks at them.
    pub fn as_slice(&self) -> &[Effect] {
        &self.0
    }
}

impl Default for Effects {
    fn default() -> Self {
        Self::new()
    }
}
