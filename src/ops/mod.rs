//! The operator's side: what is shown, what may be asked, what is said aloud.
//!
//! Must hold: this layer reads reports and makes operator requests; it never touches the core, and
//! there is no request that places an order of its own making. Sockets are `net`'s, threads are
//! `runtime`'s.

pub mod backtest_report;
pub mod backup;
pub mod doctor;
pub mod handlers;
pub mod history;
mod holdings;
pub mod journal;
pub mod keys;
pub mod log;
mod names;
pub mod orders;
pub mod quality;
mod reading_json;
mod reading_text;
pub mod reference;
mod report;
pub mod say;
pub mod screen;
pub mod snapshot;
pub mod state;
mod status_json;
mod status_text;
pub mod stop_matrix;
mod summary;

pub use holdings::{Holdings, holdings};
pub use names::{Named, Names};
pub use reading_json::readings;
pub use reading_text::{Shown, differences, reading_text};
pub use report::{DRY_RUN, FeedCounters, HistoryState, Percentiles, READ_ONLY, Report};
pub use status_json::{kill_switch, status};
pub use status_text::status_text;
pub use summary::{SHUTDOWN_COMPLETE, summary};
