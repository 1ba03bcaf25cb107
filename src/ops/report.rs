//! Everything that is shown of a running engine, in one plain value: what the screen, the socket
//! and the summary are made of.

use super::Names;
use crate::core::{LinkChannel, Status};
use crate::store::LatchTable;
use crate::venue::{MarketCounters, RateLimit};

/// What a run is called whose orders go to a simulated exchange in its own process.
pub const DRY_RUN: &str = "DRY-RUN";

/// What a run is called that has nothing to order with.
pub const READ_ONLY: &str = "READ-ONLY";

impl Report {
    /// True of a run that has nothing to order with.
    pub fn is_read_only(&self) -> bool {
        self.restriction == Some(READ_ONLY)
    }

    /// Whether a connection is up; `None` where there is none to be.
    pub fn link(&self, channel: LinkChannel) -> Option<bool> {
        let is_there = channel == LinkChannel::Market || !self.is_read_only();
        is_there.then(|| self.status.links[channel.index()])
    }
}

/// A running engine, as of a moment.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Name of the deployment.
    pub instance: String,
    /// `live`, `paper` or `lab`.
    pub trading_mode: &'static str,
    /// What a run is called that may do less than its configuration allows.
    pub restriction: Option<&'static str>,
    /// Where the venue is.
    pub venue: String,
    /// Version of the program.
    pub version: &'static str,
    /// SHA-256 of the configuration.
    pub config_hash: String,
    /// In which equity is told.
    pub currency: String,
    /// Number of this start.
    pub epoch: u32,
    /// How the last run ended, in words.
    pub last_shutdown: &'static str,
    /// Names by index.
    pub names: Names,
    /// The core.
    pub status: Status,
    /// The kill switch as it is kept: what stands, how often it tripped and by what.
    pub latches: LatchTable,
    /// Tick-to-order.
    pub latency: Percentiles,
    /// The feed.
    pub feed: FeedCounters,
    /// What the venue takes at the address where its market is read, and what it has counted there.
    pub rate_limits: Vec<RateLimit>,
    /// The database of the history.
    pub history: HistoryState,
    /// Since the start, milliseconds.
    pub uptime_ms: u64,
    /// False once the disk failed: what is asked still happens, and is not kept (D5).
    pub durable: bool,
}

/// What a histogram says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Half are faster, nanoseconds.
    pub p50_ns: u64,
    /// 99 of 100 are faster, nanoseconds.
    pub p99_ns: u64,
    /// 999 of 1,000 are faster, nanoseconds.
    pub p999_ns: u64,
    /// The slowest, nanoseconds.
    pub max_ns: u64,
}

/// How far the database of the history is behind the journal.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HistoryState {
    /// False where the configuration wants none.
    pub is_on: bool,
    /// The last record that is in it.
    pub sequence: u64,
    /// So many records are on disk and not in it.
    pub behind: u64,
    /// Rows of what it could not be told.
    pub gaps: u64,
    /// Why nothing is written at the moment.
    pub trouble: Option<String>,
}

impl HistoryState {
    /// In a word.
    pub fn word(&self) -> &'static str {
        match (self.is_on, &self.trouble) {
            (false, _) => "off",
            (true, Some(_)) => "waiting",
            (true, None) => "written",
        }
    }
}

/// What the feed has counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FeedCounters {
    /// Messages read.
    pub messages: u64,
    /// Quotes that did not fit into the lane: the next one said it all.
    pub quotes_coalesced: u64,
    /// Times that a book was lost because its updates did not fit into the lane.
    pub overruns: u64,
    /// Connections made.
    pub connects: u64,
    /// The backup is traded on, because the primary is silent.
    pub stands_in: bool,
    /// Times that it was.
    pub stood_in: u64,
    /// What the dialect counted.
    pub market: MarketCounters,
}
