//! What goes wrong on the way to the exchange and back (SAFETY 5.3, F1 to F9): which faults there
//! are, what they may befall, and which are armed.
//!
//! In reading order: here the table of faults and those that are armed; `unreliable`, an exchange
//! that has them; `passing`, what befalls connections; `wire`, what a message is about; `control`,
//! how they are armed; `truth`, what really happened.
//!
//! Must hold: the same seeds and the same requests give the same faults; one request meets one
//! fault at most; what is armed is bounded. Nothing here belongs to the dialect: it stands between
//! the exchange and the sockets.

mod control;
mod passing;
mod tally;
#[cfg(test)]
mod tests;
mod truth;
mod unreliable;
mod wire;

pub use control::ControlReply;
pub use unreliable::{Outgoing, Unreliable};

use super::rng::Rng;

/// Most faults armed at once.
pub const ARMED_MAX: usize = 64;

/// Longest delay, milliseconds (F7).
pub const DELAY_MS_MAX: u64 = 3_000;

/// How late an answer is that comes after what it had to come before, milliseconds: longer than
/// any thread of a busy machine takes to read what came first.
const BEHIND_MS: u64 = 250;

/// How long a connection lives on that has been told of its end, milliseconds: the venue says ten
/// minutes, which is longer than any drill.
const SHUTDOWN_MS: u64 = 10_000;

/// Parts of [`Armed::chance_ppm`] that are always.
pub const ALWAYS_PPM: u64 = 1_000_000;

/// A kind of request, or what a connection carries to the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Request {
    PlaceOpening,
    PlaceReducing,
    Amend,
    Cancel,
    CancelAll,
    Query,
    OpenOrders,
    Trades,
    Account,
    Stream,
    Market,
    OrderEntry,
    Other,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $word:literal $row:literal $reach:ident),* $(,)?) => {
        /// What can go wrong.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum FaultKind {
            $($(#[$doc])* $name),*
        }

        impl FaultKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word),*
                }
            }

            /// Its row in SAFETY 5.3.
            pub fn row(self) -> &'static str {
                match self {
                    $(Self::$name => $row),*
                }
            }

            fn reach(self) -> Reach {
                match self {
                    $(Self::$name => Reach::$reach),*
                }
            }
        }
    };
}

/// Which requests a fault can befall.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reach {
    Requests,
    All,
    Places,
    Cancels,
    Trades,
    RequestsAndStreams,
    Market,
    Stream,
    Connections,
}

faults! {
    /// Nothing arrives, nothing is answered.
    RequestLost "request_lost" "F1" Requests,
    /// It is done and not answered.
    AckLost "ack_lost" "F2" Requests,
    /// It is done and answered with the 503 that says nothing.
    UnknownExecuted "503_executed" "F3" Requests,
    /// It is not done and answered with the 503 that says nothing.
    UnknownUnexecuted "503_not_executed" "F4" Requests,
    /// It is not done, and the 503 says so: "Service Unavailable."
    Unavailable "503_unavailable" "F4" Requests,
    /// It is not done, and the 503 says so: "Internal error; …".
    InternalError "503_internal" "F4" Requests,
    /// It is not done, and -1008 says so.
    Throttled "503_throttled" "F4" Requests,
    /// Every trade of it is told twice.
    DuplicateFill "duplicate_fill" "F5" Trades,
    /// No trade of it is told.
    FillLost "fill_lost" "F5" Trades,
    /// It trades whole at once, and the acknowledgement comes behind the trade.
    FillBeforeAck "fill_before_ack" "F6" Places,
    /// Half of it trades before the cancel, and is told behind it.
    CancelBeforeFill "cancel_before_fill" "F6" Cancels,
    /// All of it trades before the cancel, which is refused; the trade is told behind the refusal.
    CancelFilled "cancel_filled" "F6" Cancels,
    /// The answer and all that it causes come late.
    Delay "delay" "F7" All,
    /// The request arrives late.
    Late "late" "F7" Requests,
    /// It is done, and instead of an answer the connection ends; or the market, or a trade, is not
    /// told, and its connection ends.
    Disconnect "disconnect" "F8" RequestsAndStreams,
    /// It is not done, and instead of an answer the connection ends.
    DisconnectLost "disconnect_lost" "F8" Requests,
    /// Half of it trades at once.
    PartialFill "partial_fill" "F9" Places,
    /// It is not told, and the connection stays.
    Silence "silence" "F1" Market,
    /// The connection is told that it will end (`serverShutdown`), and ends after a while.
    ServerShutdown "server_shutdown" "F8" Connections,
    /// It says that it has ended: `eventStreamTerminated` on Spot, `listenKeyExpired` on USDⓈ-M.
    StreamTerminated "stream_terminated" "F8" Stream,
}

/// What an armed fault waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// Any request about an order: new, amend, cancel, or a question after it.
    Orders,
    /// A new order.
    Place,
    /// A new order that is not reduce-only.
    PlaceOpening,
    /// A new order that is reduce-only.
    PlaceReducing,
    /// An amend.
    Amend,
    /// A cancel of one order.
    Cancel,
    /// A cancel of all orders of a symbol.
    CancelAll,
    /// A question after one order.
    Query,
    /// A question after open orders.
    OpenOrders,
    /// A question after trades.
    Trades,
    /// Any other question about the account.
    Account,
    /// The private stream, when the market trades an order.
    Stream,
    /// A connection of public streams, when it is told anything.
    Market,
    /// A connection of order entry, when an order is answered.
    OrderEntry,
}

impl Target {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 14] = [
        ("orders", Self::Orders),
        ("place", Self::Place),
        ("place_opening", Self::PlaceOpening),
        ("place_reducing", Self::PlaceReducing),
        ("amend", Self::Amend),
        ("cancel", Self::Cancel),
        ("cancel_all", Self::CancelAll),
        ("query", Self::Query),
        ("open_orders", Self::OpenOrders),
        ("trades", Self::Trades),
        ("account", Self::Account),
        ("stream", Self::Stream),
        ("market", Self::Market),
        ("order_entry", Self::OrderEntry),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, target)| *target == self).map_or("", |(word, _)| word)
    }

    fn meets(self, request: Request) -> bool {
        match self {
            Self::Orders => matches!(
                request,
                Request::PlaceOpening
                    | Request::PlaceReducing
                    | Request::Amend
                    | Request::Cancel
                    | Request::CancelAll
                    | Request::Query
            ),
            Self::Place => matches!(request, Request::PlaceOpening | Request::PlaceReducing),
            Self::PlaceOpening => request == Request::PlaceOpening,
            Self::PlaceReducing => request == Request::PlaceReducing,
            Self::Amend => request == Request::Amend,
            Self::Cancel => request == Request::Cancel,
            Self::CancelAll => request == Request::CancelAll,
            Self::Query => request == Request::Query,
            Self::OpenOrders => request == Request::OpenOrders,
            Self::Trades => request == Request::Trades,
            Self::Account => request == Request::Account,
            Self::Stream => request == Request::Stream,
            Self::Market => request == Request::Market,
            Self::OrderEntry => request == Request::OrderEntry,
        }
    }

    /// True where it is a request, and not what a connection carries to the client.
    fn is_request(self) -> bool {
        !matches!(self, Self::Stream | Self::Market | Self::OrderEntry)
    }
}

/// What becomes of a request on its way in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Course {
    /// It never arrives.
    Lost,
    /// The same, and its connection ends.
    Hung,
    /// It arrives later.
    Late,
    /// It is answered and not served.
    Refused,
    /// It is served.
    Served,
}

impl FaultKind {
    fn course(self) -> Course {
        match self {
            Self::RequestLost => Course::Lost,
            Self::DisconnectLost => Course::Hung,
            Self::Late => Course::Late,
            Self::UnknownUnexecuted | Self::Unavailable | Self::InternalError | Self::Throttled => {
                Course::Refused
            }
            Self::AckLost
            | Self::UnknownExecuted
            | Self::DuplicateFill
            | Self::FillLost
            | Self::FillBeforeAck
            | Self::CancelBeforeFill
            | Self::CancelFilled
            | Self::Delay
            | Self::Disconnect
            | Self::PartialFill
            | Self::Silence
            | Self::ServerShutdown
            | Self::StreamTerminated => Course::Served,
        }
    }

    /// Whether a connection or what it carries is over by it.
    fn is_end(self) -> bool {
        matches!(self, Self::ServerShutdown | Self::StreamTerminated)
    }

    /// Whether it can befall that.
    pub fn fits(self, target: Target) -> bool {
        let places = matches!(target, Target::Place | Target::PlaceOpening | Target::PlaceReducing);
        match self.reach() {
            Reach::All => target.is_request() || target == Target::Stream,
            Reach::Requests => target.is_request(),
            Reach::RequestsAndStreams => target != Target::OrderEntry,
            Reach::Market => target == Target::Market,
            Reach::Stream => target == Target::Stream,
            Reach::Connections => !target.is_request(),
            Reach::Places => places,
            Reach::Cancels => target == Target::Cancel,
            Reach::Trades => places || target == Target::Stream,
        }
    }
}

/// A fault that waits for its request.
#[derive(Clone, Debug)]
pub struct Armed {
    /// Its number.
    pub id: u32,
    /// What goes wrong.
    pub kind: FaultKind,
    /// With what.
    pub target: Target,
    /// How many times more; `None` is until it is disarmed.
    pub left: Option<u32>,
    /// How often out of [`ALWAYS_PPM`].
    pub chance_ppm: u64,
    /// How late, where it is a delay: milliseconds.
    pub delay_ms: u64,
    /// How often it happened.
    pub fired: u64,
    rng: Rng,
}

/// What a request meets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Met {
    pub(super) kind: FaultKind,
    pub(super) delay_ms: u64,
}

/// All that are armed, and how often each kind happened.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    armed: Vec<Armed>,
    last_id: u32,
    fired: Vec<u64>,
}

impl Faults {
    /// None armed. `seed` is for those that are armed without a seed of their own.
    pub fn new(seed: u64) -> Self {
        Self { seed, armed: Vec::new(), last_id: 0, fired: vec![0; FaultKind::ALL.len()] }
    }

    /// Arms one; its number, or `None` when there is no room for more.
    pub fn arm(
        &mut self,
        kind: FaultKind,
        target: Target,
        left: Option<u32>,
        chance_ppm: u64,
        delay_ms: u64,
        seed: Option<u64>,
    ) -> Option<u32> {
        if ARMED_MAX <= self.armed.len() {
            return None;
        }
        self.last_id += 1;
        let seed = seed.unwrap_or_else(|| self.seed.wrapping_add(u64::from(self.last_id)));
        let rng = Rng::new(seed);
        let id = self.last_id;
        self.armed.push(Armed { id, kind, target, left, chance_ppm, delay_ms, fired: 0, rng });
        Some(id)
    }

    /// Disarms all; what happened stays counted.
    pub fn disarm(&mut self) {
        self.armed.clear();
    }

    /// Those that are armed, and those that have happened as often as they were to.
    pub fn armed(&self) -> &[Armed] {
        &self.armed
    }

    /// How often a kind happened, armed now or not.
    pub fn fired(&self, kind: FaultKind) -> u64 {
        let at = FaultKind::ALL.iter().position(|known| *known == kind);
        at.and_then(|at| self.fired.get(at)).copied().unwrap_or(0)
    }

    /// Whether anything waits at all.
    pub(super) fn is_armed(&self) -> bool {
        self.armed.iter().any(|armed| armed.left != Some(0))
    }

    /// Whether anything waits for that: looking closer costs time.
    pub(super) fn awaits(&self, request: Request) -> bool {
        self.armed.iter().any(|armed| armed.left != Some(0) && armed.target.meets(request))
    }

    /// What becomes of a request: the first that waits for it and has its chance.
    pub(super) fn draw(&mut self, request: Request) -> Option<Met> {
        let waits = |armed: &&mut Armed| armed.left != Some(0) && armed.target.meets(request);
        let hits = |armed: &mut Armed| armed.rng.below(ALWAYS_PPM) < armed.chance_ppm;
        let mut waiting = self.armed.iter_mut().filter(waits);
        let armed = waiting.find_map(|armed| hits(armed).then_some(armed))?;
        armed.fired += 1;
        armed.left = armed.left.map(|left| left - 1);
        let met = Met { kind: armed.kind, delay_ms: armed.delay_ms };
        let at = FaultKind::ALL.iter().position(|known| *known == met.kind);
        if let Some(count) = at.and_then(|at| self.fired.get_mut(at)) {
            *count += 1;
        }
        Some(met)
    }
}
