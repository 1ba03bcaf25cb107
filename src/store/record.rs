//! What the journal holds: one closed list of records, each with a number and a fixed layout.
//!
//! Must hold: a record is written without an allocation and read without a panic; a number is never
//! reused and a changed layout is a new version (J7). What this version cannot read is said as
//! [`Unreadable`] and never passed over. Reading an order gives its terms, never an `Approved`:
//! nothing that comes from disk can be sent.
//!
//! Not here: the frame around a record (`journal/frame.rs`).

use super::foundation::{Chunk, ListedInstrument, TakenOver};
use super::input::{AccountTold, Checkpoint, MarketInput, ReadingHead, ReadingItem};
use super::latch_table::NamedLatch;
use super::layout::RECORD_VERSION;
use super::ledgers::NamedLedger;
use super::wire::{Put, Take, Wire, largest, wire_struct};
use crate::core::safety::{Approved, ApprovedAmend, DenyReason, TripRecord};
use crate::core::{
    ClockSample, HighWater, JournalState, Kept, LinkEvent, MarketRecording, Mode, ModeRecord,
    OperatorRequest, ParentEvent, ReferenceEvent, Scope,
};
use crate::types::{
    Amendment, ClientOrderId, DeadManReport, ExecutionReport, InstrumentId, OrderRequest,
    OrderTerms, ParentId, QueryToken, StopOrder, StopReport, StrategyId, Text, VenueCondition,
    VenueId,
};

/// A start of the process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Start {
    /// Its number, as in every id that it makes.
    pub epoch: u32,
    /// How it runs, as the operator knows it: `live`, `paper`, `lab`, `dry-run`.
    pub mode: Text<16>,
    /// SHA-256 of the checked configuration without secrets.
    pub config_hash: [u8; 32],
    /// Version of the program.
    pub version: Text<32>,
}

/// An order that the kernel approved: the intent, written before its first byte leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderIntent {
    /// Its id.
    pub id: ClientOrderId,
    /// Whose wish it was; `None` for an exit that an operator asked for.
    pub strategy: Option<StrategyId>,
    /// All its terms.
    pub terms: OrderTerms,
    /// Monotonic time at which the bytes arrived that caused it.
    pub origin_ns: u64,
}

impl From<&Approved> for OrderIntent {
    fn from(order: &Approved) -> Self {
        Self {
            id: order.id(),
            strategy: order.strategy(),
            terms: *order.terms(),
            origin_ns: order.origin_ns(),
        }
    }
}

/// An amend that the kernel approved: the intent, written before its first byte leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AmendIntent {
    /// Of which order.
    pub id: ClientOrderId,
    /// Whose wish it was.
    pub strategy: StrategyId,
    /// Which amend of the order, as [`crate::types::amend_number`] counts.
    pub number: u8,
    /// All terms of the order, once it is amended.
    pub terms: OrderTerms,
    /// Monotonic time at which the bytes arrived that caused it.
    pub origin_ns: u64,
}

impl From<&Approved> for Record {
    fn from(order: &Approved) -> Self {
        match order.parent() {
            Some(parent) => Self::Child { order: order.into(), parent },
            None => Self::Order(order.into()),
        }
    }
}

impl From<&ApprovedAmend> for AmendIntent {
    fn from(amend: &ApprovedAmend) -> Self {
        Self {
            id: amend.id(),
            strategy: amend.strategy(),
            number: amend.number(),
            terms: *amend.terms(),
            origin_ns: amend.origin_ns(),
        }
    }
}

/// An amend that the kernel denied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AmendDenial {
    /// Of which order, which stays as it is.
    pub id: ClientOrderId,
    /// Who wished.
    pub strategy: StrategyId,
    /// Of what.
    pub instrument: InstrumentId,
    /// What it was to become.
    pub to: Amendment,
    /// Why not.
    pub reason: DenyReason,
}

/// A wish that the kernel denied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Denial {
    /// The id that is spent.
    pub id: ClientOrderId,
    /// Who wished.
    pub strategy: StrategyId,
    /// What.
    pub request: OrderRequest,
    /// Why not.
    pub reason: DenyReason,
}

/// What every segment begins with, so that reading the last one tells the state (bounded start).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Carried {
    /// Highest epoch of any start.
    pub epoch: u32,
    /// How often the kill switch has ever tripped.
    pub generation: u32,
    /// The trip that no reset has cleared.
    pub latch: Option<TripRecord>,
    /// The last high-water mark.
    pub high_water: Option<HighWater>,
    /// True from damage found at a start until a reset: a trip may stand in what cannot be read.
    pub damaged: bool,
}

impl Carried {
    /// Takes in what `record` changes of it.
    pub fn observe(&mut self, record: &Record) {
        match record {
            Record::Start(start) => self.epoch = self.epoch.max(start.epoch),
            Record::HighWater(mark) => self.high_water = Some(*mark),
            Record::Trip(trip) => self.on_trip(trip),
            Record::PartTrip(latch) => {
                self.generation = self.generation.max(latch.trip.generation);
            }
            Record::Reset { generation, .. } => self.on_reset(*generation),
            Record::Carry(carried) => *self = *carried,
            Record::Order(_)
            | Record::Child { .. }
            | Record::Parent(_)
            | Record::Amend(_)
            | Record::AmendDenied(_)
            | Record::Cancel { .. }
            | Record::Execution(_)
            | Record::Denied(_)
            | Record::Operator(_)
            | Record::Mode { .. }
            | Record::Standing { .. }
            | Record::Condition(_)
            | Record::Journal(_)
            | Record::Account { .. }
            | Record::Link(_)
            | Record::Clock(_)
            | Record::Kept(_)
            | Record::Ledger(_)
            | Record::TradesKnown { .. }
            | Record::DeadMan(_)
            | Record::StopOrder(_)
            | Record::StopCancel { .. }
            | Record::StopTold(_)
            | Record::Received(_)
            | Record::Timer
            | Record::Market(_)
            | Record::Told(_)
            | Record::Reference(_)
            | Record::Reading(_)
            | Record::ReadingItem(_)
            | Record::MarketGap
            | Record::Checkpoint(_)
            | Record::ConfigText(_)
            | Record::Asset(_)
            | Record::Instrument(_)
            | Record::TakenOver(_)
            | Record::Begin(_)
            | Record::Stop { .. } => {}
            Record::Lost { .. } | Record::Repaired(_) => self.damaged = true,
        }
    }

    fn on_trip(&mut self, trip: &TripRecord) {
        self.generation = self.generation.max(trip.generation);
        if self.latch.is_none_or(|latch| latch.generation < trip.generation) {
            self.latch = Some(*trip);
        }
    }

    /// A word about another latch does not clear this one.
    fn on_reset(&mut self, generation: u32) {
        if self.latch.is_some_and(|latch| latch.generation == generation) {
            self.latch = None;
            self.damaged = false;
        }
    }
}

/// A person had damage of the journal repaired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Repair {
    /// Who.
    pub by: Text<32>,
    /// Why.
    pub reason: Text<96>,
    /// How many faults there were.
    pub faults: u32,
}

wire_struct!(Repair { by: Text<32>, reason: Text<96>, faults: u32 });
wire_struct!(Start { epoch: u32, mode: Text<16>, config_hash: [u8; 32], version: Text<32> });
wire_struct!(OrderIntent {
    id: ClientOrderId,
    strategy: Option<StrategyId>,
    terms: OrderTerms,
    origin_ns: u64,
});
wire_struct!(Denial {
    id: ClientOrderId,
    strategy: StrategyId,
    request: OrderRequest,
    reason: DenyReason,
});
wire_struct!(AmendIntent {
    id: ClientOrderId,
    strategy: StrategyId,
    number: u8,
    terms: OrderTerms,
    origin_ns: u64,
});
wire_struct!(AmendDenial {
    id: ClientOrderId,
    strategy: StrategyId,
    instrument: InstrumentId,
    to: Amendment,
    reason: DenyReason,
});
wire_struct!(Carried {
    epoch: u32,
    generation: u32,
    latch: Option<TripRecord>,
    high_water: Option<HighWater>,
    damaged: bool,
});

/// Why bytes that are whole are no record to this version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unreadable {
    /// A kind that this version does not know.
    Kind(u16),
    /// A layout of a known kind that this version does not know.
    Version {
        /// The kind.
        kind: u16,
        /// Its version.
        version: u16,
    },
    /// The layout is known and a field of it says nothing.
    Content(u16),
}

macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $number:literal = $variant:ident
            $( ( $item:ident: $item_kind:ty ) )?
            $( { $( $(#[$field_doc:meta])* $field:ident: $field_kind:ty),* $(,)? } )?
    ),* $(,)?) => {
        /// One record. The numbers are written to disk and are never reused.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Record {
            $($(#[$doc])* $variant
                $( ($item_kind) )?
                $( { $( $(#[$field_doc])* $field: $field_kind),* } )?
            ),*
        }

        impl Record {
            /// The name of every kind.
            pub const NAMES: &[&str] = &[$(stringify!($variant)),*];

            /// The number of every kind.
            pub const KINDS: &[u16] = &[$($number),*];

            /// Most bytes that any payload takes.
            pub(super) const PAYLOAD_MAX: usize = largest(&[$(
                (0_usize $(+ <$item_kind as Wire>::SIZE)? $($(+ <$field_kind as Wire>::SIZE)*)?)
                    .next_multiple_of(8)
            ),*]);

            /// Its number on disk.
            pub fn kind(&self) -> u16 {
                match self {
                    $(Self::$variant $( ($item) )? $( { $($field),* } )? => {
                        $(let _ = $item;)?
                        $($(let _ = $field;)*)?
                        $number
                    })*
                }
            }

            /// Its name.
            pub fn name(&self) -> &'static str {
                let place = Self::KINDS.iter().position(|kind| *kind == self.kind());
                place.and_then(|place| Self::NAMES.get(place)).copied().unwrap_or_default()
            }

            /// What it says, for people and programs that read a journal.
            pub fn describe(&self) -> serde_json::Value {
                match self {
                    $(Self::$variant $( ($item) )? $( { $($field),* } )? => {
                        super::wire::fields(vec![
                            $(("0", $item.describe()),)?
                            $($((stringify!($field), $field.describe()),)*)?
                        ])
                    })*
                }
            }

            /// Writes the payload to the start of `out`, padded with zeros to a multiple of eight.
            /// Answers its length.
            pub(super) fn encode(&self, out: &mut [u8; Self::PAYLOAD_MAX]) -> usize {
                match self {
                    $(Self::$variant $( ($item) )? $( { $($field),* } )? => {
                        let size = (0_usize $(+ $item.size())? $($(+ $field.size())*)?)
                            .next_multiple_of(8);
                        Put::new(out).padded(size, |_out| {
                            $($item.put(_out);)?
                            $($($field.put(_out);)*)?
                        });
                        size
                    })*
                }
            }

            /// The payload, for who keeps records elsewhere than in the journal.
            pub fn payload(&self) -> Vec<u8> {
                let mut bytes = [0; Self::PAYLOAD_MAX];
                let size = self.encode(&mut bytes);
                bytes[..size].to_vec()
            }

            /// Reads a payload.
            pub fn decode(kind: u16, version: u16, payload: &[u8]) -> Result<Self, Unreadable> {
                if !Self::KINDS.contains(&kind) {
                    return Err(Unreadable::Kind(kind));
                }
                if version != RECORD_VERSION {
                    return Err(Unreadable::Version { kind, version });
                }
                Self::take(kind, payload).ok_or(Unreadable::Content(kind))
            }

            fn take(kind: u16, payload: &[u8]) -> Option<Self> {
                let _from = &mut Take::new(payload);
                match kind {
                    $($number => {
                        $(let $item = <$item_kind as Wire>::take(_from)?;)?
                        $($(let $field = <$field_kind as Wire>::take(_from)?;)*)?
                        let size = (0_usize $(+ $item.size())? $($(+ $field.size())*)?)
                            .next_multiple_of(8);
                        (payload.len() == size).then_some(())?;
                        Some(Self::$variant $( ($item) )? $( { $($field),* } )?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

records! {
    /// The process began.
    1 = Start(start: Start),
    /// An order is about to leave.
    2 = Order(order: OrderIntent),
    /// A cancel is about to leave.
    3 = Cancel {
        /// Of which order.
        id: ClientOrderId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// The venue's word on an order.
    4 = Execution(report: ExecutionReport),
    /// The kernel said no.
    5 = Denied(denial: Denial),
    /// A person asked for something.
    6 = Operator(request: OperatorRequest),
    /// The kill switch tripped.
    7 = Trip(trip: TripRecord),
    /// The kill switch was cleared.
    8 = Reset {
        /// The generation that was cleared.
        generation: u32,
        /// By whom and why.
        request: OperatorRequest,
    },
    /// From here on this mode holds in this scope. Read only: [`Record::Standing`] also says why.
    9 = Mode {
        /// Where.
        scope: Scope,
        /// Which.
        mode: Mode,
    },
    /// The high-water mark moved.
    10 = HighWater(mark: HighWater),
    /// The account was read and adopted.
    11 = Account {
        /// Whose word it is.
        venue: VenueId,
        /// Which question it answers.
        token: QueryToken,
        /// How many differences there were.
        findings: u32,
    },
    /// A connection came or went.
    12 = Link(link: LinkEvent),
    /// The venue's clock was measured.
    13 = Clock(sample: ClockSample),
    /// The process ends by itself.
    14 = Stop {
        /// Whether nothing was left undone: every opening order confirmed gone.
        clean: bool,
    },
    /// A segment begins: the state up to here.
    15 = Carry(carried: Carried),
    /// Something of the limits of loss moved.
    60 = Kept(kept: Kept),
    /// The venue's word on its dead-man's switch.
    80 = DeadMan(report: DeadManReport),
    /// From here on this mode holds in this scope.
    90 = Standing {
        /// Where.
        scope: Scope,
        /// Which, and why.
        record: ModeRecord,
    },
    /// The venue's word on itself.
    91 = Condition(told: VenueCondition),
    /// What is journaled reaches the disk in time, or not.
    95 = Journal(state: JournalState),
    /// The kill switch tripped for a part only, or a segment begins while it stands.
    110 = PartTrip(latch: NamedLatch),
    /// A strategy's ledger moved.
    111 = Ledger(ledger: NamedLedger),
    /// An amend is about to leave.
    120 = Amend(amend: AmendIntent),
    /// The kernel said no to an amend.
    121 = AmendDenied(denial: AmendDenial),
    /// An order is about to leave that counts against a parent; one without stands as
    /// [`Record::Order`].
    122 = Child {
        /// The order.
        order: OrderIntent,
        /// Against which.
        parent: ParentId,
    },
    /// A parent was opened, denied or ended. None is read back: a start ends those before it.
    123 = Parent(event: ParentEvent),
    /// Stands where records were lost, from its own sequence on; the chain is not known from here
    /// to the end of the segment. Written by a repair only.
    124 = Lost {
        /// How many; none where only the chain was broken.
        count: u64,
    },
    /// The journal was repaired: the engine is KILLED until a reset.
    125 = Repaired(repair: Repair),
    /// When the bytes of the input that follows arrived, on the monotonic clock.
    140 = Received(received_ns: u64),
    /// Time passed.
    141 = Timer,
    /// What the market did.
    142 = Market(input: MarketInput),
    /// The venue's word on the account, short of a whole reading.
    143 = Told(told: AccountTold),
    /// The venue's rules for orders of an instrument, read again.
    144 = Reference(event: ReferenceEvent),
    /// A reading of the account begins.
    145 = Reading(head: ReadingHead),
    /// A part of the reading that was begun.
    146 = ReadingItem(item: ReadingItem),
    /// Market data is not recorded from here on: it would have outrun the disk.
    147 = MarketGap,
    /// What a replay must have come to.
    148 = Checkpoint(checkpoint: Checkpoint),
    /// Some text of the configuration that a run began with.
    149 = ConfigText(chunk: Chunk),
    /// An asset that a run knows, in the order of their numbers.
    150 = Asset(name: Text<32>),
    /// An instrument that a run knows, in the order of their numbers.
    151 = Instrument(listed: ListedInstrument),
    /// Something that a run took over from the last one.
    152 = TakenOver(part: TakenOver),
    /// Everything that the core began with has been told: inputs follow.
    153 = Begin(recording: MarketRecording),
    /// Every trade of an instrument is known up to this one.
    170 = TradesKnown {
        /// Of what: its symbol.
        instrument: Text<32>,
        /// The last that is known.
        through_id: u64,
    },
    /// A stop is about to leave for the venue, to wait there.
    171 = StopOrder(order: StopOrder),
    /// A request that takes a stop back is about to leave.
    172 = StopCancel {
        /// Which.
        id: ClientOrderId,
        /// Of what.
        instrument: InstrumentId,
    },
    /// The venue's word on stops.
    173 = StopTold(report: StopReport),
}

#[cfg(test)]
mod tests;
