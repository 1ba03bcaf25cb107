//! Writes live frames to a recording: what the venue sends, byte by byte, with the time of
//! arrival.
//!
//! Must hold: a frame is written as it came, before anybody tries to understand it; a snapshot of
//! each book is asked for and written too, so that the recording can be played by itself. A
//! snapshot names no symbol, so its own is put before its members: the only byte that is not the
//! venue's.

use super::allowance::Errand;
use super::calls::Calls;
use super::clock::Clock;
use super::link;
use super::recorded;
use super::signals::Signals;
use super::startup::{self, StartError};
use crate::config::Config;
use crate::net::Address;
use crate::store::RecordingWriter;
use crate::types::Stamp;
use crate::venue::{Credentials, Dialects, MarketDialect};
use std::path::Path;
use std::time::Duration;

/// How often what was recorded is made safe.
const FLUSH: Duration = Duration::from_secs(1);

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Recording {
    /// Frames, snapshots included.
    pub frames: u64,
    /// Of these, snapshots.
    pub snapshots: u64,
}

/// Records until the time is up, a signal comes, or the connection breaks.
///
/// # Errors
/// [`StartError`] when the venue cannot be reached or the file cannot be written.
pub fn record(
    config: &Config,
    out: &Path,
    limit: Option<Duration>,
) -> Result<Recording, StartError> {
    let clock = Clock::start();
    let runtime = super::threads::runtime(crate::config::Wait::Park)?;
    let recorded = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let venue = super::run::venue(config, &clock)?;
        let dial = startup::dial(&config.runtime)?;
        let (kind, symbols) = (config.venue.kind, super::assemble::symbols(config));
        let listings = tokio::select! {
            listings = startup::listings(&venue.rest, &dial, kind, &symbols) => listings?,
            () = signals.next() => return Err(StartError::Stopped),
        };
        let universe = super::assemble::Universe::new(config, &listings)?;
        let directory = universe.directory(super::listing::nobody(), config.venue.recv_window_ms);
        let nobody = Credentials::new(String::new(), String::new());
        let Dialects { market, .. } =
            crate::venue::dialects(config.venue.kind, &directory, &nobody);
        let rest = Calls::new(&venue.rest, &dial)?;
        let mut recorder = Recorder {
            clock,
            dialect: market,
            rest,
            file: RecordingWriter::create(out)?,
            symbols,
            done: Recording::default(),
        };
        let ended = tokio::select! {
            ended = recorder.run(&venue.streams, &dial) => ended,
            () = signals.next() => Ok(()),
            () = wait(limit) => Ok(()),
        };
        let done = recorder.done;
        recorder.file.finish()?;
        ended.map(|()| done)
    });
    runtime.shutdown_background();
    recorded
}

struct Recorder {
    clock: Clock,
    dialect: Box<dyn MarketDialect>,
    rest: Calls,
    file: RecordingWriter,
    symbols: Vec<String>,
    done: Recording,
}

impl Recorder {
    async fn run(&mut self, base: &Address, dial: &crate::net::Dial) -> Result<(), StartError> {
        let mut connections = Vec::new();
        for stream in self.dialect.streams() {
            connections.push(link::open(dial, &base.with_target(&stream.target)?).await?);
        }
        let mut events = Vec::new();
        self.dialect.on_connect(&mut events);
        let mut flush = tokio::time::interval(FLUSH);
        loop {
            tokio::select! {
                biased;
                message = super::feed::next_of(&mut connections) => {
                    let message = message?;
                    let at = self.clock.stamp();
                    self.write(at, &message)?;
                    // Only to learn when a snapshot is wanted: what it says is in the file.
                    let _ = self.dialect.on_message(&message, &mut events);
                    events.clear();
                    self.snapshot().await?;
                }
                _ = flush.tick() => {
                    self.clock.follow_wall_clock();
                    self.file.flush()?;
                }
            }
        }
    }

    async fn snapshot(&mut self) -> Result<(), StartError> {
        let Some((instrument, call)) = self.dialect.snapshot_wanted() else { return Ok(()) };
        let answer = self.rest.make(&call, Errand::Reading).await.ok();
        let at = self.clock.stamp();
        let mut events = Vec::new();
        let used = self.dialect.on_snapshot(instrument, answer.as_ref(), &mut events);
        if let (Ok(()), Some(answer)) = (used, answer) {
            let symbol = self.symbols.get(instrument.index()).map_or("", String::as_str);
            self.write(at, &recorded::named(symbol, &answer.body))?;
            self.done.snapshots += 1;
        }
        Ok(())
    }

    fn write(&mut self, at: Stamp, bytes: &[u8]) -> Result<(), StartError> {
        self.file.write(at.unix_ns, bytes)?;
        self.done.frames += 1;
        Ok(())
    }
}

async fn wait(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}
