//! Dialects: how venues are spoken to. Pure codecs and session state: bytes in, bytes out; no
//! socket, no clock, no thread.
//!
//! Each venue is a folder with one type per conversation, because each conversation belongs to one
//! thread: [`MarketDialect`] on the feed thread, [`UserDialect`] for the private stream,
//! [`OrderDialect`] on the order thread. To add a venue: one folder, one arm in [`dialects`].
//!
//! Must hold: no input makes a dialect panic; what it cannot read is a [`DecodeError`] and never a
//! guess; what it does not know of (new fields, new event kinds) is passed over.

pub mod binance;
mod error;
pub mod key;
pub mod panic;
mod rate_limit;
mod reference;

pub use error::{Blame, DecodeError, EncodeError, Meaning, Outcome, Retry};
pub use key::Credentials;
pub use rate_limit::{Counted, RateLimit, TooOften, Usage};
pub use reference::{
    Listing, SymbolFees, fee_call, listed_rate_limits, listings, reference_calls, symbol_fees,
};

use crate::core::Command;
use crate::types::{
    AccountSnapshot, BalanceChange, ClientOrderId, Condition, DeadManReport, DeadManRequest,
    ExecutionReport, IdPrefix, Instrument, InstrumentId, InstrumentKind, MarketEvent, Price, Qty,
    QueryToken, Side, StopOrder, StopReport, StopRequest, TradesRead, VenueId,
};
use binance::{spot, usdm};

/// Largest WebSocket message that is read at all; a larger one closes the connection (SAFETY 7).
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Largest single frame of one.
pub const FRAME_BYTES_MAX: usize = 256 << 10;

/// An HTTP request as bytes, without the host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// GET, POST, PUT or DELETE.
    pub method: &'static str,
    /// Path and query.
    pub target: String,
    /// Headers beyond the ones that every request has.
    pub headers: Vec<(&'static str, String)>,
}

/// The answer to a [`Call`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds, where the venue sent one.
    pub retry_after_s: Option<u32>,
    /// The venue's own headers (`x-…`), names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// One without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, retry_after_s: None, headers: Vec::new(), body: body.into() }
    }
}

/// One connection to open: where, relative to a configured address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stream {
    /// Which configured address it hangs under.
    pub base: StreamBase,
    /// Path and query.
    pub target: String,
}

/// The addresses of a venue that the configuration names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StreamBase {
    /// Public and private streams.
    Streams,
    /// Order entry over WebSocket.
    OrderEntry,
}

/// Public market data of some instruments of one venue.
pub trait MarketDialect: Send {
    /// The connections to open.
    fn streams(&self) -> Vec<Stream>;

    /// All connections are new: whatever was known is void. Says `BookLost` for every instrument.
    fn on_connect(&mut self, out: &mut Vec<MarketEvent>);

    /// True for the venue's notice that it will end this connection: time to open the next one.
    fn announces_end(&self, message: &[u8]) -> bool;

    /// One message of any of the connections. An error leaves the instrument's book lost when it
    /// can have been meant for it; the feed counts it.
    fn on_message(&mut self, bytes: &[u8], out: &mut Vec<MarketEvent>) -> Result<(), DecodeError>;

    /// Events of this instrument did not fit into the lane: its book is lost (D12).
    fn on_overrun(&mut self, instrument: InstrumentId, out: &mut Vec<MarketEvent>);

    /// The next snapshot to ask for, if one is wanted and not already asked for.
    fn snapshot_wanted(&mut self) -> Option<(InstrumentId, Call)>;

    /// The answer to it; `None` when there was none. An error asks for another one.
    fn on_snapshot(
        &mut self,
        instrument: InstrumentId,
        answer: Option<&Answer>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), DecodeError>;

    /// What was seen and dropped, for the status and for tests.
    fn counters(&self) -> MarketCounters;
}

/// What a market dialect has counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MarketCounters {
    /// Depth updates decoded.
    pub diffs_decoded: u64,
    /// Depth updates older than the snapshot, dropped.
    pub diffs_dropped: u64,
    /// Depth updates applied.
    pub diffs_applied: u64,
    /// Times that a book was lost (gap, bad frame, overrun, reconnect).
    pub books_lost: u64,
    /// Messages that could not be read.
    pub messages_bad: u64,
    /// Messages of a kind or symbol that we do not follow.
    pub messages_passed_over: u64,
}

impl MarketCounters {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            diffs_decoded: self.diffs_decoded + other.diffs_decoded,
            diffs_dropped: self.diffs_dropped + other.diffs_dropped,
            diffs_applied: self.diffs_applied + other.diffs_applied,
            books_lost: self.books_lost + other.books_lost,
            messages_bad: self.messages_bad + other.messages_bad,
            messages_passed_over: self.messages_passed_over + other.messages_passed_over,
        }
    }
}

/// What the private stream says.
#[derive(Clone, Debug, PartialEq)]
pub enum UserEvent {
    /// From here on it tells everything.
    Subscribed,
    /// Of an order.
    Execution(ExecutionReport),
    /// Of a wallet.
    Balance(BalanceChange),
    /// The venue warns that it is near to liquidating positions.
    MarginCall,
    /// The stream will say no more: get a new one and read the account.
    Expired,
    /// The venue's word on a stop.
    Stop(StopReport),
    /// Something changed that only a full reading of the account tells.
    AccountChanged,
}

/// How a private stream is opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UserOpening {
    /// By the answer to this request, which goes to [`UserDialect::on_key`].
    Key(Call),
    /// By this connection, on which [`UserDialect::subscription`] is said first. It is a private
    /// stream from [`UserEvent::Subscribed`] on.
    Subscription(Stream),
}

/// The private stream of one account.
pub trait UserDialect: Send {
    /// How it is opened.
    fn opening(&self) -> UserOpening;

    /// The connection to open with the answer; only after [`UserOpening::Key`].
    fn on_key(&mut self, _answer: &Answer) -> Result<Stream, DecodeError> {
        Err(DecodeError::Field("key"))
    }

    /// What is said first on a connection of [`UserOpening::Subscription`], signed as of
    /// `venue_unix_ms`.
    fn subscription(&self, _venue_unix_ms: u64) -> Vec<u8> {
        Vec::new()
    }

    /// Request that keeps its key alive, and how often it must be made, in seconds; `None` where
    /// there is no key.
    fn keep_alive(&self) -> Option<(Call, u32)> {
        None
    }

    /// True for the venue's notice that it will end this connection: time to open the next one.
    fn announces_end(&self, message: &[u8]) -> bool;

    /// One message.
    fn on_message(&mut self, bytes: &[u8], out: &mut Vec<UserEvent>) -> Result<(), DecodeError>;
}

/// One instant on two clocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VenueTime {
    /// The venue's, as estimated (SAFETY E10): milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// Ours: what the ends of orders are told in.
    pub mono_ns: u64,
}

/// What an order dialect wants done.
#[derive(Debug)]
pub enum Outgoing {
    /// The buffer holds a message for the order-entry connection.
    Message,
    /// An HTTP request; its answer goes to [`OrderDialect::on_answer`] with this question.
    Call(Call, Question),
}

/// What an HTTP request of an order dialect was about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Question {
    /// Take back all orders of an instrument.
    CancelAll(InstrumentId),
    /// What became of an order.
    Order(InstrumentId, ClientOrderId),
    /// Take back one order.
    Cancel(InstrumentId, ClientOrderId),
    /// Set the dead-man's switch of an instrument; the answer is for
    /// [`OrderDialect::on_dead_man`].
    DeadMan(DeadManRequest),
    /// Something of the stops of an instrument; the answer is for [`OrderDialect::on_stop`].
    Stop(StopRequest),
}

/// What encoded bytes ask for of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// That there be one more.
    New,
    /// That one becomes what they say.
    Amended,
}

/// What the encoded bytes of a new order or of an amend say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WrittenOrder {
    /// Which of the two.
    pub written: Written,
    /// Its id.
    pub id: ClientOrderId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
    /// Whether it carries the venue's own reduce-only flag; an amend never does, and the order
    /// keeps its own. `None` where the venue has no such flag.
    pub reduce_only: Option<bool>,
}

impl WrittenOrder {
    /// True when it says what was approved, as far as the venue has words for it.
    pub fn says(&self, approved: &Self) -> bool {
        let reduce_only = self.reduce_only.or(approved.reduce_only);
        *approved == Self { reduce_only, ..*self }
    }
}

/// Questions about one account: nothing here can place, change or take back an order.
pub trait AccountDialect: Send {
    /// The calls that together read the whole account, signed as of `venue_unix_ms`.
    fn account_calls(&self, venue_unix_ms: u64) -> Vec<Call>;

    /// The account from the answers to [`Self::account_calls`], in the same order. Anything but a
    /// complete reading is an error: half a truth is none.
    fn account(
        &mut self,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError>;

    /// The question after trades of the account from the last known one on; without one after the
    /// newest alone.
    fn trades_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        venue_unix_ms: u64,
    ) -> Result<Call, EncodeError>;

    /// The question after the orders of the trades that the answer to [`Self::trades_call`] tells;
    /// `None` where none is new or the venue tells both at once.
    fn owners_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        trades: &Answer,
        venue_unix_ms: u64,
    ) -> Result<Option<Call>, DecodeError>;

    /// What the answers to both tell: each trade that is new as
    /// [`crate::types::ExecutionKind::TradeFound`], in order, and how far they are known now.
    fn trades(
        &mut self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        answers: &[Answer],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<TradesRead, DecodeError>;

    /// Request for the venue's clock.
    fn clock_call(&self) -> Call;

    /// The venue's time, milliseconds since the Unix epoch.
    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError>;

    /// What the venue said of itself in the last message, answer or account, once.
    fn take_condition(&mut self) -> Option<Condition>;

    /// The smallest request that there is: whether the venue answers at all.
    fn ping_call(&self) -> Call;

    /// True when the answer to [`Self::ping_call`] is that of a venue that works.
    fn is_available(&self, answer: &Answer) -> bool;
}

/// Order entry of one account, and everything that reading it takes.
pub trait OrderDialect: AccountDialect {
    /// The connection to open.
    fn stream(&self) -> Stream;

    /// True where a connection must be logged on before it takes orders: [`Self::logon`] is said
    /// first on each one, and nothing else before [`Self::on_logon`] says that it is.
    fn logs_on(&self) -> bool {
        false
    }

    /// What is said first on a connection, signed as of `venue_unix_ms`.
    fn logon(&self, _venue_unix_ms: u64) -> Vec<u8> {
        Vec::new()
    }

    /// One message that came before the connection was logged on: true when it says that it is. An
    /// error means that this connection will not be.
    fn on_logon(&mut self, _bytes: &[u8]) -> Result<bool, DecodeError> {
        Ok(false)
    }

    /// Encodes a command as of a time, and signs it where that is needed (SAFETY E10).
    /// `buffer` is cleared first. An error means that no byte may leave for it. `QueryAccount` is
    /// not one command but several calls: see
    /// [`AccountDialect::account_calls`].
    fn encode(
        &mut self,
        command: &Command,
        at: VenueTime,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError>;

    /// The request that takes one order back where there is no connection to say it on: the only
    /// command that may go another way, because saying it twice does no harm.
    fn cancel_call(
        &self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError>;

    /// A new order or an amend read back from the bytes that [`Self::encode`] wrote, by other code:
    /// the gateway's second opinion before they leave. `None` when they say neither whole.
    fn read_back(&self, bytes: &[u8]) -> Option<WrittenOrder>;

    /// True for the venue's notice that it will end this connection: time to open the next one.
    fn announces_end(&self, message: &[u8]) -> bool;

    /// One message of the order-entry connection. After [`DecodeError::LoggedOff`] it takes no more
    /// orders: what was asked on it without an answer is not known.
    fn on_message(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<(), DecodeError>;

    /// What a message of the order-entry connection says of the venue's limits, beside what it is
    /// about.
    fn usage(&self, message: &[u8]) -> Usage;

    /// The answer to a question; `None` when there was none (no answer is no "no").
    fn on_answer(
        &mut self,
        question: Question,
        answer: Option<&Answer>,
        out: &mut Vec<ExecutionReport>,
    ) -> Result<(), DecodeError>;

    /// What the answer to [`Question::DeadMan`] says. `Set` only when the venue itself says that
    /// the countdown which was asked for runs, and `Refused` only when it can have no effect.
    fn on_dead_man(&self, request: DeadManRequest, answer: Option<&Answer>) -> DeadManReport;

    /// What the answer to [`Question::Stop`] says; `None` for a list that cannot be read, which is
    /// asked for again, and where the venue has no stops.
    fn on_stop(&self, _request: StopRequest, _answer: Option<&Answer>) -> Option<StopReport> {
        None
    }

    /// A stop read back from the request that [`Self::encode`] made, by other code: the gateway's
    /// second opinion before it leaves. `None` where it does not ask for exactly one.
    fn read_stop_back(&self, _call: &Call) -> Option<StopOrder> {
        None
    }
}

/// Which venues can be spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VenueKind {
    /// Binance Spot.
    BinanceSpot,
    /// Binance USDⓈ-M futures.
    BinanceUsdm,
}

impl VenueKind {
    /// All of them, with the word that the configuration uses.
    pub const ALL: [(&'static str, Self); 2] =
        [("binance_spot", Self::BinanceSpot), ("binance_usdm", Self::BinanceUsdm)];

    /// What is traded there.
    pub fn instruments(self) -> InstrumentKind {
        match self {
            Self::BinanceSpot => InstrumentKind::Spot,
            Self::BinanceUsdm => InstrumentKind::Perpetual,
        }
    }

    /// How much it takes, as its documentation shows it: what holds until it says how much.
    pub fn rate_limits(self) -> [RateLimit; 3] {
        match self {
            Self::BinanceSpot => binance::limits::SPOT,
            Self::BinanceUsdm => binance::limits::USDM,
        }
    }

    /// What the venue's dead-man's switch costs; `None` where it has none.
    pub fn dead_man_cost(self) -> Option<DeadManCost> {
        match self {
            Self::BinanceSpot => None,
            Self::BinanceUsdm => Some(usdm::DEAD_MAN_COST),
        }
    }
}

/// What keeping a dead-man's switch costs, in the venue's own request weights.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeadManCost {
    /// One request about one instrument.
    pub request_weight: u32,
    /// All that the venue takes in a minute, of whatever kind.
    pub weight_per_minute: u32,
}

/// What a dialect must know of the world: the configured instruments of its venue with the index
/// of every asset's name, and whose ids are ours.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The venue's own index.
    pub venue: VenueId,
    /// All configured instruments of the venue.
    pub instruments: Vec<Instrument>,
    /// Names of assets by `AssetId`.
    pub assets: Vec<String>,
    /// What stands before our ids.
    pub prefix: IdPrefix,
    /// How long the venue may take a signed request after its timestamp, milliseconds.
    pub recv_window_ms: u32,
}

/// The three conversations with one venue.
pub struct Dialects {
    /// For the feed thread.
    pub market: Box<dyn MarketDialect>,
    /// For the private stream.
    pub user: Box<dyn UserDialect>,
    /// For the order thread.
    pub orders: Box<dyn OrderDialect>,
}

impl std::fmt::Debug for Dialects {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Dialects")
    }
}

/// The conversations of a kind of venue.
pub fn dialects(kind: VenueKind, directory: &Directory, credentials: &Credentials) -> Dialects {
    match kind {
        VenueKind::BinanceSpot => spot::dialects(directory, credentials),
        VenueKind::BinanceUsdm => usdm::dialects(directory, credentials),
    }
}

/// The questions about an account of a kind of venue: for who may not send orders.
pub fn account_dialect(
    kind: VenueKind,
    directory: &Directory,
    credentials: &Credentials,
) -> Box<dyn AccountDialect> {
    dialects(kind, directory, credentials).orders
}

/// What an answer over HTTP says of the venue's limits, beside what it is about.
pub fn usage(kind: VenueKind, answer: &Answer) -> Usage {
    match kind {
        VenueKind::BinanceSpot | VenueKind::BinanceUsdm => binance::limits::of_answer(answer),
    }
}

/// What a refusal of a venue means, from its HTTP status, its code (0 for none) and its text.
pub fn meaning(kind: VenueKind, status: u16, code: i32, text: &str) -> Meaning {
    match kind {
        VenueKind::BinanceSpot => spot::meaning(status, code, text),
        VenueKind::BinanceUsdm => usdm::meaning(status, code, text),
    }
}
