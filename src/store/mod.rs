//! Disk: what must outlive the process, and the proof that it is what was written.
//!
//! Must hold: nothing that is read from disk is believed without a checksum, and nothing that
//! cannot be read is taken for "nothing"; a failed write or sync is final (J4). No thread and no
//! clock: the runtime owns both and says when.
//!
//! In reading order: [`Record`] is what the journal holds, [`journal`] how it gets there and back;
//! `atomic` replaces small state files, of which there are [`epoch`], `latch` (whose content is
//! [`LatchTable`]), [`mode`], [`high_water`], [`losses`], [`ledgers`], [`last_account`],
//! [`known_trades`] and [`attestation`]. [`positions`], [`compared`] and [`daily_pnl`] are for
//! people alone: no run reads them. [`heritage`] copies what binds of all these, [`backup`] all of
//! it; [`recording`] reads and writes raw markets. [`history`] is the journal as tables.

mod atomic;
pub mod attestation;
pub mod backup;
pub mod compared;
pub mod daily_pnl;
pub mod epoch;
mod error;
mod foundation;
pub mod heritage;
pub mod high_water;
pub mod history;
mod input;
mod input_reader;
pub mod journal;
pub mod known_trades;
pub mod last_account;
mod latch;
mod latch_table;
mod layout;
pub mod ledgers;
pub mod losses;
pub mod mode;
pub mod positions;
mod record;
pub mod recording;
#[cfg(test)]
mod samples;
pub mod vouched;
mod wire;

pub use atomic::{Stored, write_snapshot};
pub use epoch::{epoch_beyond, last_epoch, next_epoch};
pub use error::{Blame, Retry, StoreError};
pub use foundation::{Chunk, ListedInstrument, TakenOver};
pub use input::{AccountTold, Checkpoint, MarketInput, ReadingHead, ReadingItem, each_record};
pub use input_reader::{EventReader, Taken};
pub use journal::{Journal, LastShutdown, Opened, Writer};
pub use known_trades::KnownTrades;
pub use latch::{LatchFiles, LatchState};
pub use latch_table::{LatchTable, NamedLatch, Past, PastReset, ScopeName};
pub use ledgers::{Ledgers, NamedLedger};
pub use losses::Losses;
pub use mode::{Place, Standing};
pub use record::{
    AmendDenial, AmendIntent, Carried, Denial, OrderIntent, Record, Repair, Start, Unreadable,
};
pub use recording::{RecordedFrame, RecordingReader, RecordingWriter};
