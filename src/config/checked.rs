//! The configuration after checking: every value in range, every relation true.

use crate::core::{Budget, DeadManTiming, Limits, MarketRecording, Params, Sharing, Timing};
use crate::types::{Cash, FundingRate, InstrumentId, Qty};
use crate::venue::{Credentials, VenueKind};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A whole deployment.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// SHA-256 of the checked values without secrets, as hex: said at start, in the journal and in
    /// the status, so that two people know that they speak of the same numbers.
    pub hash: String,
    /// Every value by its path in its one spelling, secrets left out: what the hash is taken of,
    /// and what a run tells its journal.
    pub values: BTreeMap<String, String>,
    /// Names the folder of this deployment (D20).
    pub instance: String,
    /// Real money or not.
    pub mode: TradingMode,
    /// Whether it trades as soon as it is reconciled.
    pub initial_state: InitialState,
    /// Where it keeps its files.
    pub folders: Folders,
    /// In which equity is told.
    pub reporting_currency: String,
    /// The venue.
    pub venue: VenueConfig,
    /// Whose account it is.
    pub sharing: Sharing,
    /// What is traded, by `InstrumentId`.
    pub instruments: Vec<InstrumentConfig>,
    /// Who trades, by `StrategyId`.
    pub strategies: Vec<StrategyConfig>,
    /// The numbers that bind.
    pub limits: Limits,
    /// How long things may take.
    pub timing: Timing,
    /// Whether somebody must put a name to it.
    pub attestation: AttestationPolicy,
    /// The venue's dead-man's switch.
    pub dead_man: DeadManConfig,
    /// Threads.
    pub runtime: RuntimeConfig,
    /// Journal.
    pub journal: JournalConfig,
    /// Backups.
    pub backup: BackupConfig,
    /// The journal as tables.
    pub history: HistoryConfig,
    /// Log.
    pub log: LogConfig,
    /// One-way delay of messages to and from the simulated venue in a back-test, nanoseconds.
    pub backtest_latency_ns: u64,
}

/// Real money or not (D18).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TradingMode {
    /// Real money on a real venue.
    Live,
    /// A simulated exchange, embedded or at an address.
    Paper,
    /// The embedded exchange only; an address is a fault.
    Lab,
}

/// Whether somebody must put a name to a configuration before anything is opened with it (P29).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AttestationPolicy {
    /// Yes, to these very values.
    Required,
    /// No.
    Off,
}

/// Whether trading begins by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InitialState {
    /// As soon as the account is reconciled.
    Active,
    /// Not before `engine resume`.
    Halted,
}

/// Folders of a deployment, all below one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folders {
    /// The one: `instances/<instance>` unless the file names another.
    pub root: PathBuf,
    /// Epoch, latch, high-water mark, socket.
    pub state: PathBuf,
    /// Journal segments.
    pub journal: PathBuf,
    /// Log files.
    pub logs: PathBuf,
    /// Backups.
    pub backups: PathBuf,
    /// The database of the history; below the one unless the file names another.
    pub history: PathBuf,
}

impl Folders {
    /// All of them below that one.
    pub fn below(root: PathBuf) -> Self {
        let names = ["state", "journal", "logs", "backups", "history"];
        let [state, journal, logs, backups, history] = names.map(|name| root.join(name));
        Self { root, state, journal, logs, backups, history }
    }
}

/// One venue and the account on it.
#[derive(Clone, Debug)]
pub struct VenueConfig {
    /// Its name in reports.
    pub name: String,
    /// Which dialect it speaks.
    pub kind: VenueKind,
    /// Where it is.
    pub endpoint: Endpoint,
    /// A second place for its public market data.
    pub backup: Option<BackupFeed>,
    /// Where a person of the venue is asked.
    pub support: Option<String>,
    /// Key and secret.
    pub access: Access,
    /// How long the venue may take a signed request after its timestamp, milliseconds.
    pub recv_window_ms: u32,
}

/// Where a venue is.
#[derive(Clone, Debug, PartialEq)]
pub enum Endpoint {
    /// In this process: the simulated exchange on a port of its own of 127.0.0.1.
    Embedded(ExchangeConfig),
    /// At addresses: `http(s)://host[:port]` and `ws(s)://host[:port]`, without a path for REST and
    /// streams, with the path for order entry.
    Remote {
        /// REST.
        rest: String,
        /// Public and private streams.
        streams: String,
        /// Order entry over WebSocket.
        order_entry: String,
        /// REST of what a key may do, where the venue tells that at all; the scheme and the host.
        wallet: Option<String>,
    },
}

/// A second place for the public market data of a venue. Nothing of the account ever goes there.
#[derive(Clone, Debug, PartialEq)]
pub struct BackupFeed {
    /// REST, for snapshots of books.
    pub rest: String,
    /// Public streams.
    pub streams: String,
    /// When it is traded on.
    pub rules: BackupRules,
}

/// When the backup of the market data is traded on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackupRules {
    /// When the primary has told no price for so long.
    pub after: std::time::Duration,
    /// While its prices are no further from the last ones of the primary.
    pub tolerance_bps: u32,
    /// Until the primary has told prices for so long again.
    pub return_after: std::time::Duration,
}

/// The simulated exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangeConfig {
    /// Where its market comes from.
    pub market: MarketSource,
    /// What the account starts with, in the quote asset.
    pub starting_balance: Cash,
    /// Fee of a resting order, in hundredths of a basis point; below zero is a rebate.
    pub maker_fee_centi_bps: i32,
    /// Fee of a taking order, in hundredths of a basis point.
    pub taker_fee_centi_bps: i32,
    /// What longs pay to shorts every eight hours.
    pub funding_rate: FundingRate,
}

/// Where a simulated market comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum MarketSource {
    /// Synthetic order flow: same seed, same market.
    Seed(u64),
    /// A recording.
    Recording {
        /// The file.
        path: PathBuf,
        /// Gaps between frames are divided by this; `None` plays as fast as the reader takes it.
        speed: Option<u32>,
    },
}

/// Key and secret, once read, or why they could not be.
#[derive(Clone, Debug)]
pub struct Access {
    /// Ready for signing.
    pub credentials: Credentials,
    /// Where the key came from, for `config show`: never the value.
    pub key_origin: Secret,
    /// Where the secret came from.
    pub secret_origin: Secret,
}

/// Where a secret came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Secret {
    /// An environment variable.
    Variable(String),
    /// A file that only its owner can read.
    File(PathBuf),
    /// The embedded exchange's own, known to everybody.
    Embedded,
}

/// One instrument that is traded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InstrumentConfig {
    /// The venue's spelling, upper case; `BTC/USDT` and `BTC-USDT` are accepted in the file.
    pub symbol: String,
    /// Largest |position| at worst case.
    pub position_max: Qty,
    /// Largest single order.
    pub order_qty_max: Qty,
}

/// One strategy.
#[derive(Clone, Debug)]
pub struct StrategyConfig {
    /// Its own name; unique.
    pub name: String,
    /// Its kind in the registry.
    pub kind: String,
    /// What it may trade.
    pub instruments: Vec<InstrumentId>,
    /// What it may use.
    pub budget: Budget,
    /// Its own settings, not yet looked at.
    pub params: Params,
}

/// The venue's dead-man's switch (SAFETY E4, E15).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeadManConfig {
    /// It is kept so.
    On(DeadManTiming),
    /// It is not, and why.
    Off(DeadManOff),
}

/// Why there is no dead-man's switch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeadManOff {
    /// The file says `off`.
    Written,
    /// The account is shared, and `dead_man.cancels_others` does not accept what that means.
    SharedAccount,
    /// The venue has none.
    NotAtVenue,
}

impl DeadManConfig {
    /// How it is kept.
    pub fn timing(self) -> Option<DeadManTiming> {
        match self {
            Self::On(timing) => Some(timing),
            Self::Off(_) => None,
        }
    }
}

/// Threads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuntimeConfig {
    /// What a thread does when it has nothing to do.
    pub wait: Wait,
    /// Which processor each critical thread stays on.
    pub pins: Pins,
    /// How old a connection to the venue may get before it is replaced.
    pub connection_age_max: std::time::Duration,
    /// How often the venue is asked what the key may do.
    pub key_check_every: std::time::Duration,
    /// The longest wait for an answer of the venue over HTTP.
    pub answer_max: std::time::Duration,
    /// How often a connection to the venue is asked for a sign of life.
    pub heartbeat_every: std::time::Duration,
    /// So many in a row without one, and it counts as dead.
    pub missed_heartbeats_max: u32,
}

/// What a thread does when it has nothing to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wait {
    /// Looks again at once: fastest, needs a processor of its own.
    Spin,
    /// Lets others run and looks again.
    Yield,
    /// Sleeps until it is rung.
    Park,
}

/// Processors by index; `None` leaves the thread where the system puts it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pins {
    /// The hot thread.
    pub hot: Option<u16>,
    /// The feed thread.
    pub feed: Option<u16>,
    /// The order thread.
    pub order: Option<u16>,
}

/// Journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalConfig {
    /// Size of one segment file.
    pub segment_bytes: u64,
    /// The folder in memory that the hot thread writes in.
    pub lane_folder: PathBuf,
    /// Most segment files on disk.
    pub files_max: u64,
    /// Longest time between two syncs to disk.
    pub sync_ns: u64,
    /// How much of the market is recorded.
    pub market_data: MarketRecording,
}

/// Backups.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackupConfig {
    /// A running engine makes one so often.
    pub every_ns: u64,
    /// Most that are kept.
    pub keep: u64,
}

/// The journal as tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryConfig {
    /// Whether it is written.
    pub is_on: bool,
}

/// Log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogConfig {
    /// `trace`, `debug`, `info`, `warn` or `error`, or a filter per module.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}
