//! What happens before trading: the journal is opened, the last run's word is taken over, the venue
//! is asked what it lists.
//!
//! Must hold: a restart never raises a mode (D1); whatever cannot be read counts against trading; a
//! venue that does not answer is asked again and again and is no reason to die (D6).

use super::allowance::Errand;
use super::assemble::AssembleError;
use super::calls::{Calls, Rest};
use super::clock::Clock;
use super::exchange::ExchangeError;
use super::{attestation, link, places};
use crate::config::{Config, Folders, InitialState, RuntimeConfig};
use crate::core::safety::{Latch, TripReason};
use crate::core::{
    Attestation, KeyFitness, ModeCause, ModeRecord, OperatorCommand, OperatorRequest, Restored,
    Scope,
};
use crate::net::{Dial, Heartbeat, NetError, TlsRoots};
use crate::ops::Names;
use crate::store::journal::Shelter;
use crate::store::{
    Journal, KnownTrades, LastShutdown, LatchFiles, LatchTable, Ledgers, Losses, NamedLatch,
    Opened, Place, Record, ScopeName, Standing, Start, StoreError, Stored, Writer, epoch_beyond,
    heritage, high_water, journal, last_epoch, ledgers, losses, mode, next_epoch,
};
use crate::types::{InstrumentId, MS, SECOND, Stamp, Text};
use crate::venue::{Listing, Usage, VenueKind};
use std::time::Duration;

/// How long connecting may take: name, TCP, TLS and upgrade together.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Why the engine could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A socket or an address.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The embedded exchange.
    #[error("the simulated exchange: {0}")]
    Exchange(#[from] ExchangeError),
    /// The configuration does not fit the venue.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The machine.
    #[error("the machine refused: {0}")]
    Io(#[from] std::io::Error),
    /// There is no real venue to restrict anything at.
    #[error(
        "`--dry-run` and `--read-only` need a venue at an address: the exchange of this \
         configuration lives in the engine itself, and every order there is simulated already; run \
         it without, or name the configuration of the live engine"
    )]
    NothingReal,
    /// A person asked to stop before it began.
    #[error("stopped before it began")]
    Stopped,
}

/// Whom a restricted run runs beside.
pub(super) struct Beside {
    /// The folders of the engine that trades.
    pub(super) live: Folders,
    /// What the journal calls this run.
    pub(super) mode: &'static str,
}

/// The journal and what the last run left.
pub(super) struct Disk {
    pub(super) journal: Journal,
    pub(super) writer: Writer,
    pub(super) opened: Opened,
    pub(super) epoch: u32,
    pub(super) latch: LatchFiles,
    /// What stands, from [`Self::restore`] on.
    pub(super) table: LatchTable,
    /// What each strategy held, from [`Self::restore`] on.
    pub(super) ledgers: Ledgers,
    /// What is wrong with the state on disk, so that it counts as latched.
    fault: Option<String>,
    /// There was a start before this one.
    was_used: bool,
}

impl Disk {
    /// Opens everything, takes the next epoch and records the start. Beside a live engine it goes
    /// on from what that left or holds, of which it changes nothing.
    pub(super) fn open(
        config: &Config,
        clock: &Clock,
        beside: Option<&Beside>,
    ) -> Result<Self, StoreError> {
        let folders = &config.folders;
        let (mut journal, mut writer, mut opened) = journal::open(
            &folders.journal,
            &config.journal.lane_folder,
            config.journal.segment_bytes,
        )?;
        writer.keep(config.journal.files_max);
        say_lane(&opened);
        // Under the lock, so that there is one of these at a time.
        let left = beside.map(|it| inherited(&it.live, folders)).transpose()?;
        let used_before = left.as_ref().map(|left| 0 < left.epoch);
        if let Some(left) = left {
            let (epoch, shelter) = (opened.epoch.max(left.epoch), opened.shelter);
            opened = Opened { epoch, shelter, ..left };
        }
        let taken = next_epoch(&folders.state, opened.epoch);
        let (epoch, fault) = match taken {
            Ok(epoch) => (epoch, None),
            Err(error @ (StoreError::Damaged { .. } | StoreError::Io { .. })) => {
                tracing::error!(%error, "the epoch is not known; beginning KILLED beyond all of them");
                let epoch = epoch_beyond(&folders.state, opened.epoch, clock.stamp());
                (epoch, Some(error.to_string()))
            }
            Err(error) => return Err(error),
        };
        let start = Start {
            epoch,
            mode: Text::new(beside.map_or(mode_name(config), |it| it.mode)),
            config_hash: hash_bytes(&config.hash),
            version: Text::new(env!("CARGO_PKG_VERSION")),
        };
        journal.append(clock.stamp(), &Record::Start(start))?;
        let own = LatchFiles::new(&folders.state);
        let latch = match beside {
            None => own,
            Some(Beside { live, .. }) => own.heeding(&live.state),
        };
        let was_used = used_before.unwrap_or(1 < epoch);
        let (table, ledgers) = (LatchTable::default(), Ledgers::default());
        Ok(Self { journal, writer, opened, epoch, latch, table, ledgers, fault, was_used })
    }

    /// Ends a run that never began: nothing was sent, so the end is as clean as the last one.
    pub(super) fn close_unused(mut self, clock: &Clock) {
        let clean = !self.was_unclean();
        let stopped = self.journal.append(clock.stamp(), &Record::Stop { clean });
        if let Err(error) = stopped.and_then(|_| self.writer.close()) {
            tracing::error!(%error, "the journal could not be closed");
        }
    }

    /// Until when no opening order may leave: an order of a run that crashed may still be on its
    /// way, and lands until its receive window is over (SAFETY E11).
    pub(super) fn quarantine_until_ns(&self, config: &Config, clock: &Clock) -> u64 {
        let Some(last) = self.opened.last_at.filter(|_| self.was_unclean()) else { return 0 };
        let longest_ns = u64::from(config.venue.recv_window_ms).saturating_mul(MS) + SECOND;
        let now = clock.stamp();
        let left_ns = last.unix_ns.saturating_add(longest_ns).saturating_sub(now.unix_ns);
        // A wall clock that was set back does not make it longer.
        let left_ns = left_ns.min(longest_ns);
        if 0 < left_ns {
            let wait_ms = left_ns / MS;
            tracing::warn!(wait_ms, "orders of the last run may be on their way: opening none yet");
        }
        now.mono_ns.saturating_add(left_ns)
    }

    /// How the last run ended, in words.
    pub(super) fn last_shutdown(&self) -> &'static str {
        match self.opened.last_shutdown {
            _ if self.was_unclean() => "unclean",
            LastShutdown::FirstStart => "first start",
            LastShutdown::Clean | LastShutdown::Unclean => "clean",
        }
    }

    /// True unless the last run said that it ended in order. An empty journal beside an epoch that
    /// has been used is a journal that was lost.
    fn was_unclean(&self) -> bool {
        match self.opened.last_shutdown {
            LastShutdown::FirstStart => self.was_used,
            LastShutdown::Clean => false,
            LastShutdown::Unclean => true,
        }
    }

    /// Nothing tells of a run before this one.
    fn is_first_start(&self) -> bool {
        self.opened.last_shutdown == LastShutdown::FirstStart && !self.was_used
    }

    /// What binds this run, and what of it stands on disk from now on. A latch that only shows by
    /// the flag or by damage is put on record.
    pub(super) fn restore(
        &mut self,
        config: &Config,
        names: &Names,
        clock: &Clock,
        fresh_account: bool,
    ) -> (Restored, Vec<Standing>) {
        let now = clock.stamp();
        let mut table = self.latch.read().restore(&self.opened, now);
        if let Some(fault) = &self.fault {
            table.trip_now(TripReason::StateUnreadable, fault, now);
        }
        let attestation = attestation::of(config);
        let standing = self.standing(config, attestation, now);
        let found = |standing: &Standing| {
            places::scope_of(&standing.place, names).map(|scope| (scope, standing.record))
        };
        let modes: Vec<_> = standing.iter().filter_map(found).collect();
        let lost = standing.len() - modes.len();
        if 0 < lost {
            tracing::warn!(
                lost,
                "modes of names that the configuration does not have any more stay on disk"
            );
        }
        let high_water = match high_water::restore(&config.folders.state, self.opened.high_water) {
            _ if fresh_account => None,
            Ok(mark) => mark,
            Err(error) => {
                tracing::error!(%error, "the high-water mark is not known; beginning KILLED");
                table.trip_now(TripReason::StateUnreadable, &error.to_string(), now);
                None
            }
        };
        let losses = losses::restore(&config.folders.state).unwrap_or_else(|error| {
            tracing::error!(%error, "what was lost before is not known; beginning KILLED");
            table.trip_now(TripReason::StateUnreadable, &error.to_string(), now);
            Losses::default()
        });
        let ledgers = ledgers::restore(&config.folders.state, &self.opened.ledgers);
        let mut kept = ledgers.unwrap_or_else(|error| {
            tracing::error!(%error, "what each strategy held is not known; beginning KILLED");
            table.trip_now(TripReason::StateUnreadable, &error.to_string(), now);
            self.opened.ledgers.clone()
        });
        let ledgers = places::ledgers_of(&mut kept, names, fresh_account);
        self.ledgers = kept;
        if let Err(error) = ledgers::write(&config.folders.state, &self.ledgers) {
            tracing::error!(%error, "the ledgers could not be kept");
        }
        self.table = table;
        for latch in self.table.latches.clone() {
            self.journal_latch(&latch, now);
        }
        self.keep_latches();
        if let Err(error) = mode::write(&config.folders.state, &standing) {
            tracing::error!(%error, "the mode could not be kept");
        }
        let restored = Restored {
            modes,
            latch: self.table.whole().map(|latch| latch.trip),
            part_latches: self.part_latches(names),
            latch_generation: self.table.generation,
            high_water,
            day: losses.day.filter(|_| !fresh_account),
            breaker: losses.breaker,
            attestation,
            // Asked for when the venue answers.
            key: KeyFitness::default(),
            ledgers,
            trades: known_trades(config, names, fresh_account),
        };
        (restored, standing)
    }

    /// A trip of a run that has no core yet: the same steps, by hand. True when it is on disk.
    pub(super) fn trip(&mut self, latch: NamedLatch, at: Stamp) -> bool {
        self.table.on_trip(latch);
        let journaled = self.journal_latch(&latch, at);
        self.keep_latches() && journaled
    }

    /// A person's word for the record, and on disk.
    pub(super) fn note(
        &mut self,
        by: Text<32>,
        reason: Text<96>,
        at: Stamp,
    ) -> Result<(), StoreError> {
        let command = OperatorCommand::Note;
        let request = OperatorRequest { ticket: 0, by, reason, command };
        self.journal.append(at, &Record::Operator(request))?;
        self.writer.sync()
    }

    /// Puts on record what the journal may not know, so that no place can be lost alone. A part is
    /// told again at each start: the segment that carried it may be the last one that is read.
    fn journal_latch(&mut self, latch: &NamedLatch, at: Stamp) -> bool {
        let record = match latch.scope {
            ScopeName::All if self.opened.latch == Some(latch.trip) => return true,
            ScopeName::All => Record::Trip(latch.trip),
            ScopeName::Venue(_) | ScopeName::Strategy(_) | ScopeName::Instrument(_) => {
                Record::PartTrip(*latch)
            }
        };
        let kept = self.journal.append(at, &record).and_then(|_| self.writer.sync());
        if let Err(error) = &kept {
            tracing::error!(%error, "the latch could not be journaled");
        }
        kept.is_ok()
    }

    /// Writes the files of the latch, where there is anything to say.
    fn keep_latches(&self) -> bool {
        if self.table == LatchTable::default() {
            return true;
        }
        let kept = self.latch.write(&self.table);
        if let Err(error) = &kept {
            tracing::error!(%error, "the latch could not be kept");
        }
        kept.is_ok()
    }

    /// The latches of parts that the configuration names. The others stay on disk.
    fn part_latches(&self, names: &Names) -> Vec<Latch> {
        let mut found = Vec::new();
        for NamedLatch { scope, trip } in &self.table.latches {
            match names.find_scope(scope) {
                Some(Scope::All) => {}
                Some(scope) => found.push(Latch { scope, trip: *trip }),
                None => {
                    tracing::warn!(%scope, "a latch of what is not configured any more stays on disk");
                }
            }
        }
        found
    }

    /// The modes to begin in: never freer than the last run's, CONSERVATIVE after a crash.
    fn standing(&self, config: &Config, attestation: Attestation, at: Stamp) -> Vec<Standing> {
        let mut standing = match mode::read(&config.folders.state) {
            Stored::Good(standing) => standing,
            Stored::Missing if self.is_first_start() => first_standing(config.initial_state, at),
            Stored::Missing => {
                tracing::error!("mode.json is gone, and a halt may have stood there: HALTED");
                everywhere(ModeCause::Unreadable, at)
            }
            Stored::Damaged(error) => {
                tracing::error!(%error, "the mode of the last run is not known; beginning HALTED");
                everywhere(ModeCause::Unreadable, at)
            }
        };
        let crashed = self.was_unclean().then_some(ModeCause::Crash);
        let unattested = (attestation == Attestation::Missing).then_some(ModeCause::Unattested);
        for Standing { record, .. } in standing.iter_mut().filter(|it| it.place == Place::All) {
            for cause in crashed.into_iter().chain(unattested) {
                *record = record.moved(cause, at, Text::new("engine"), Text::default());
            }
        }
        standing
    }
}

/// No run was ever here. A name under the configuration or a flag may stand there all the same.
pub(super) fn is_untouched(folders: &Folders) -> bool {
    let is_blank = journal::look(&folders.journal)
        .is_ok_and(|it| it.last_shutdown == LastShutdown::FirstStart);
    is_blank && matches!(last_epoch(&folders.state), Stored::Missing)
}

/// What the engine of other folders left or holds: a copy of its state is made, its journal is
/// looked at.
fn inherited(live: &Folders, own: &Folders) -> Result<Opened, StoreError> {
    let used = heritage::inherit(&live.state, &own.state)?;
    let left = journal::look(&live.journal)?;
    Ok(Opened { epoch: left.epoch.max(used), ..left })
}

/// Up to which trade the last run knew all of each instrument; nothing of an account that begins
/// anew.
fn known_trades(config: &Config, names: &Names, fresh_account: bool) -> Vec<(InstrumentId, u64)> {
    let known = KnownTrades::read(&config.folders.state).unwrap_or_else(|error| {
        tracing::error!(%error, "what traded while the engine was down will not be listed");
        KnownTrades::default()
    });
    let found = (0_u16..).map(InstrumentId).zip(&names.instruments);
    let found = found.filter_map(|(id, symbol)| Some((id, known.of(symbol)?)));
    found.filter(|_| !fresh_account).collect()
}

fn first_standing(initial: InitialState, at: Stamp) -> Vec<Standing> {
    match initial {
        InitialState::Active => everywhere(ModeCause::Start, at),
        InitialState::Halted => everywhere(ModeCause::InitialState, at),
    }
}

/// What a cause makes of everything at the start.
fn everywhere(cause: ModeCause, at: Stamp) -> Vec<Standing> {
    let (by, note) = (Text::new("engine"), Text::default());
    let record = ModeRecord::default().moved(cause, at, by, note);
    vec![Standing { place: Place::All, record }]
}

/// The word of the trading mode.
pub(super) fn mode_name(config: &Config) -> &'static str {
    match config.mode {
        crate::config::TradingMode::Live => "live",
        crate::config::TradingMode::Paper => "paper",
        crate::config::TradingMode::Lab => "lab",
    }
}

/// What became of the last run's lane, and where this one's lies.
fn say_lane(opened: &Opened) {
    if 0 < opened.saved {
        let records = opened.saved;
        tracing::info!(records, "the last run left records in memory: they are on disk now");
    }
    if let Shelter::Disk(why) = &opened.shelter {
        tracing::warn!(%why, "the journal's lane lies on disk: orders may wait for the disk");
    }
}

/// The hash's bytes; zeros where it is not 64 hex digits, which the configuration makes it.
fn hash_bytes(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let digits = hex.get(at * 2..at * 2 + 2).unwrap_or("00");
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    bytes
}

/// How connections are opened, and how long is waited for whom they lead to (R73).
pub(super) fn dial(runtime: &RuntimeConfig) -> Result<Dial, NetError> {
    Ok(Dial {
        heartbeat: Heartbeat::new(runtime.heartbeat_every, runtime.missed_heartbeats_max),
        answer_max: runtime.answer_max,
        ..Dial::new(TlsRoots::bundled()?, CONNECT_MAX)
    })
}

/// What the venue lists, asked for until it answers. May be given up at any time.
pub(super) async fn listings(
    rest: &Rest,
    dial: &Dial,
    kind: VenueKind,
    symbols: &[String],
) -> Result<Vec<Listing>, NetError> {
    let calls = Calls::new(rest, dial)?;
    let mut waits = link::Waits::new("reference data");
    loop {
        match ask(&calls, kind, symbols).await {
            Ok(listings) => return Ok(listings),
            Err(error) => waits.down(error.as_ref()).await,
        }
    }
}

/// The same, asked for once. What the venue takes of requests and orders is told with it.
pub(super) async fn ask(
    calls: &Calls,
    kind: VenueKind,
    symbols: &[String],
) -> Result<Vec<Listing>, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for call in crate::venue::reference_calls(kind, symbols) {
        let answer = calls.make(&call, Errand::Reading).await?;
        calls.allowance().heed(&Usage {
            limits: crate::venue::listed_rate_limits(kind, &answer),
            ..Usage::default()
        });
        all.extend(crate::venue::listings(kind, &answer)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Pins, Wait};

    #[test]
    fn a_run_waits_for_its_venue_as_it_is_configured() {
        let runtime = RuntimeConfig {
            wait: Wait::Park,
            pins: Pins::default(),
            connection_age_max: Duration::from_secs(9),
            key_check_every: Duration::from_secs(9),
            answer_max: Duration::from_secs(15),
            heartbeat_every: Duration::from_secs(120),
            missed_heartbeats_max: 5,
        };
        let dial = dial(&runtime).unwrap();
        assert_eq!(dial.answer_max, Duration::from_secs(15));
        assert_eq!(dial.heartbeat, Heartbeat::new(Duration::from_secs(120), 5));
    }
}
