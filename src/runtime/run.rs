//! A whole run: the last run's word is taken over, the venue is found, a core is assembled, and the
//! threads around it are started.

use super::assemble::{Universe, hedge_names, symbols};
use super::backups;
use super::calls::Rest;
use super::clock::Clock;
use super::exchange::{self, ExchangePlan, PAPER_KEY, PAPER_SECRET, Running};
use super::feed::{BackupPlace, MarketPlace, StandbyParts};
use super::gateway::narrator::Narrator;
use super::keys::{self, KeyWatch};
use super::reading::Told;
use super::reference::References;
use super::rehearsal;
use super::replay::foundation;
use super::restriction::Restriction;
use super::signals::Signals;
use super::startup::{self, Beside, Disk, StartError};
use super::supervisor::Ending;
use super::threads;
use super::waiting::Room;
use super::wiring::{self, Account, Parts};
use crate::config::{BackupFeed, Config, DeadManConfig, DeadManOff, Endpoint, Wait};
use crate::core::safety::Latch;
use crate::core::{
    Core, DeadManTiming, InstrumentStatus, KeyFitness, Mode, Registry, Restored, Scope,
};
use crate::net::unix::ControlSocket;
use crate::net::{Address, Dial, NetError};
use crate::ops::{Names, Report, handlers, say, screen::Screen};
use crate::store::last_account::{self, LastPosition};
use crate::types::MS;
use crate::venue::{Credentials, Dialects, Directory, Listing, MarketDialect, VenueKind};
use std::path::PathBuf;
use std::time::Duration;

/// Where the venue of a run is, and the exchange behind it when it is ours.
pub(super) struct Venue {
    /// Public data, for everybody.
    pub(super) market: MarketPlace,
    /// The same at a second place.
    pub(super) backup: Option<BackupPlace>,
    /// The account: readings, the private stream, orders.
    pub(super) rest: Rest,
    pub(super) streams: Address,
    pub(super) order_entry: Address,
    pub(super) credentials: Credentials,
    pub(super) exchange: Option<Running>,
}

/// Runs a deployment to its end.
///
/// # Errors
/// [`StartError`] when it could not begin; once it has, every fault is handled and told, and the
/// run ends in order.
pub fn run(
    config: &Config,
    registry: &Registry,
    screen: &Screen,
    limit: Option<Duration>,
) -> Result<Ending, StartError> {
    run_restricted(config, Restriction::None, registry, screen, limit)
}

/// The same for one that may do less than its configuration allows.
///
/// # Errors
/// As [`run`], and where there is nothing real to restrict.
pub fn run_restricted(
    config: &Config,
    restriction: Restriction,
    registry: &Registry,
    screen: &Screen,
    limit: Option<Duration>,
) -> Result<Ending, StartError> {
    let clock = Clock::start();
    let runtime = threads::runtime(Wait::Park)?;
    let deployment = Deployment::of(config, restriction)?;
    let ended = runtime.block_on(begin(&deployment, registry, screen, limit, clock));
    // A lookup of a name that is still under way is left behind.
    runtime.shutdown_background();
    ended
}

/// A configuration as a run takes it.
struct Deployment {
    /// With the folders of this run.
    config: Config,
    restriction: Restriction,
    /// The engine that trades, where that is another one.
    beside: Option<Beside>,
}

impl Deployment {
    fn of(config: &Config, restriction: Restriction) -> Result<Self, StartError> {
        restriction.check(config)?;
        let live = || config.folders.clone();
        let beside = restriction.folder().map(|mode| Beside { live: live(), mode });
        Ok(Self { config: restriction.confine(config.clone()), restriction, beside })
    }
}

async fn begin(
    deployment: &Deployment,
    registry: &Registry,
    screen: &Screen,
    limit: Option<Duration>,
    clock: Clock,
) -> Result<Ending, StartError> {
    let Deployment { config, restriction, beside } = deployment;
    let mut signals = Signals::new()?;
    say_restriction(*restriction);
    let disk = Disk::open(config, &clock, beside.as_ref())?;
    let (epoch, last_shutdown) = (disk.epoch, disk.last_shutdown());
    tracing::info!(last_shutdown, epoch, config = config.hash, "starting");
    let report = Report {
        instance: config.instance.clone(),
        trading_mode: startup::mode_name(config),
        restriction: restriction.word(),
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.hash.clone(),
        currency: config.reporting_currency.clone(),
        epoch,
        last_shutdown,
        names: names(config),
        durable: true,
        ..Report::default()
    };
    let prepared = prepare(deployment, registry, disk, report, &clock, &mut signals).await?;
    let Prepared { venue, dial, market, standby, account, core, room } = prepared;
    let Room { disk, standing, report, gate, socket, restored, .. } = room;
    let quarantine_until_ns = match venue.exchange {
        // The exchange is as young as this run: no order of the last one is on its way to it.
        Some(_) => 0,
        None => disk.quarantine_until_ns(config, &clock),
    };
    let references = References::new(
        &venue.market.rest,
        &dial,
        config.venue.kind,
        report.names.instruments.clone(),
        config.limits.filters_age_ns_max,
    )?;
    // Made from here on to the end of the run. A rehearsal leaves nothing that would be missed.
    let is_real = *restriction == Restriction::None;
    let _backups = is_real.then(|| backups::start(config, &clock)).transpose()?;
    let parts = Parts {
        venue: &venue,
        dial,
        market,
        standby,
        account,
        core,
        disk,
        standing,
        names: report.names.clone(),
        gate,
        key_watch: KeyWatch::new(config, &clock, &venue.market.rest, restored.key),
        clock,
        quarantine_until_ns,
        references,
        socket,
        signals,
    };
    last_account::forget(&config.folders.state)?;
    let threads = wiring::start(config, parts, report, screen.clone(), limit)?;
    let ending = threads.run().await;
    keep_account(config, &ending);
    Ok(ending)
}

/// What the account holds at an end in order, for a reset without an engine (D3). An embedded
/// exchange ends with its engine.
fn keep_account(config: &Config, ending: &Ending) {
    let Report { status, names, durable, .. } = &ending.report;
    let in_order = ending.clean && ending.fault.is_none() && status.reconciled && *durable;
    let ends_too = matches!(config.venue.endpoint, Endpoint::Embedded(_));
    if !in_order || ends_too {
        return;
    }
    let position = |it: &InstrumentStatus| LastPosition {
        symbol: names.instrument(it.id).to_owned(),
        qty: it.position,
    };
    let held: Vec<_> = status.instruments.iter().map(position).collect();
    if let Err(error) = last_account::write(&config.folders.state, &held) {
        tracing::error!(%error, "what the account holds could not be kept");
    }
}

/// What a run needs before its threads.
struct Prepared {
    venue: Venue,
    dial: Dial,
    market: Box<dyn MarketDialect>,
    standby: Option<StandbyParts>,
    account: Account,
    core: Core,
    room: Room,
}

/// Attends to operators, finds the venue, asks it what it lists, and builds a core that stands
/// where the last run stood. Sends nothing of ours.
async fn prepare(
    deployment: &Deployment,
    registry: &Registry,
    mut disk: Disk,
    mut report: Report,
    clock: &Clock,
    signals: &mut Signals,
) -> Result<Prepared, StartError> {
    let config = &deployment.config;
    let control = control_socket(config);
    let begun = async {
        let socket = ControlSocket::bind(&control).await?;
        let venue = venue(config, clock)?;
        Ok::<_, StartError>((socket, venue, startup::dial(&config.runtime)?))
    };
    let (socket, venue, dial) = match begun.await {
        Ok(begun) => begun,
        Err(error) => {
            disk.close_unused(clock);
            return Err(error);
        }
    };
    tracing::info!(socket = %control.display(), "ready for operators");
    report.venue = venue.rest.address.to_string();
    let is_fresh = venue.exchange.is_some();
    let (restored, standing) = disk.restore(config, &report.names, clock, is_fresh);
    say_what_stands(&restored, &report.names);
    if deployment.restriction != Restriction::ReadOnly {
        say_dead_man(config);
    }
    let mut room = Room::new(config, disk, (restored, standing), report, clock, socket);
    let found = tokio::select! {
        found = find(deployment, &venue, &dial, clock) => found,
        () = room.attend() => Err(StartError::Stopped),
        () = signals.next() => Err(StartError::Stopped),
    };
    let assembled = found
        .and_then(|found| assemble(deployment, registry, found, venue, (&mut room, &dial, clock)));
    match assembled {
        Ok((venue, (market, standby, account), core)) => {
            Ok(Prepared { venue, dial, market, standby, account, core, room })
        }
        Err(error) => {
            room.disk.close_unused(clock);
            Err(error)
        }
    }
}

/// What was asked for before anything was built.
struct Found {
    listings: Vec<Listing>,
    key: KeyFitness,
    /// The real account, where a simulated one goes on from it.
    told: Option<Told>,
}

/// Asks the venue until it answers. May be given up at any time.
async fn find(
    deployment: &Deployment,
    venue: &Venue,
    dial: &Dial,
    clock: &Clock,
) -> Result<Found, StartError> {
    let config = &deployment.config;
    let (rest, kind) = (&venue.market.rest, config.venue.kind);
    let listings = startup::listings(rest, dial, kind, &symbols(config)).await?;
    let key = keys::fitness(config, clock, rest).await;
    let told = match deployment.restriction {
        Restriction::None | Restriction::ReadOnly => None,
        Restriction::DryRun => Some(rehearsal::read(config, venue, dial, &listings, clock).await?),
    };
    Ok(Found { listings, key, told })
}

/// Who reads the market, who reads it elsewhere, and who speaks of the account.
type Speakers = (Box<dyn MarketDialect>, Option<StandbyParts>, Account);

/// A core for what the venue lists, and who speaks with the venue.
fn assemble(
    deployment: &Deployment,
    registry: &Registry,
    found: Found,
    venue: Venue,
    (room, dial, clock): (&mut Room, &Dial, &Clock),
) -> Result<(Venue, Speakers, Core), StartError> {
    let Deployment { config, restriction, .. } = deployment;
    let universe = Universe::new(config, &found.listings)?;
    let venue = match &found.told {
        None => venue,
        Some(told) => rehearsal::venue(config, venue, &universe, told, (dial, clock))?,
    };
    room.report.names = universe.names(config);
    let prefix = restriction.id_prefix(config);
    let directory = universe.directory(prefix, config.venue.recv_window_ms);
    let narrator = restriction.narrator(&room.report.names, prefix);
    let spoken = conversations(*restriction, config.venue.kind, &directory, (&venue, narrator));
    room.restored.key = found.key;
    let restored = room.restored.clone();
    let journal = &mut room.disk.journal;
    if let Err(error) = foundation::record(journal, clock.stamp(), config, &universe, &restored) {
        // The first input meets the same error, and latches (D5).
        tracing::error!(%error, "what this run begins with could not be journaled");
    }
    let core = Core::new(universe.setup(config, registry, room.disk.epoch, restored)?);
    Ok((venue, spoken, core))
}

/// Who reads the market and who speaks of the account. Where that may only be read, an order
/// dialect is never handed out, and who reads the market has no key.
fn conversations(
    restriction: Restriction,
    kind: VenueKind,
    directory: &Directory,
    (venue, narrator): (&Venue, Option<Narrator>),
) -> Speakers {
    let backup = venue.backup.clone();
    let standby = backup.map(|place| StandbyParts::new(place, kind, directory));
    if restriction == Restriction::ReadOnly {
        let nobody = Credentials::new(String::new(), String::new());
        let Dialects { market, .. } = crate::venue::dialects(kind, directory, &nobody);
        let account = crate::venue::account_dialect(kind, directory, &venue.credentials);
        return (market, standby, Account::Reading(account));
    }
    let Dialects { market, user, orders } =
        crate::venue::dialects(kind, directory, &venue.credentials);
    (market, standby, Account::Trading { user, orders, narrator })
}

/// A run that does less than its configuration says so first.
fn say_restriction(restriction: Restriction) {
    match restriction {
        Restriction::None => {}
        Restriction::DryRun => tracing::warn!(
            "DRY-RUN: the venue's market, the real account as it is read at the start; orders go to \
             a simulated exchange in this process, and nothing of the live state is changed"
        ),
        Restriction::ReadOnly => tracing::warn!(
            "READ-ONLY: the venue's market and the real account, read again and again; no strategy, \
             no orders, no cancels, and nothing of the live state is changed"
        ),
    }
}

/// What people call what the configuration names; the venue adds the names of assets.
pub(super) fn names(config: &Config) -> Names {
    Names {
        venues: vec![config.venue.name.clone()],
        instruments: config.instruments.iter().map(|it| it.symbol.clone()).collect(),
        strategies: config.strategies.iter().map(|it| it.name.clone()).collect(),
        assets: vec![config.reporting_currency.clone()],
        hedges: hedge_names(config),
        support: config.venue.support.clone(),
    }
}

/// A run that begins stopped says so, and what begins it (DESIGN, section 8).
fn say_what_stands(restored: &Restored, names: &Names) {
    let whole = restored.latch.map(|trip| Latch { scope: Scope::All, trip });
    for latch in whole.iter().chain(&restored.part_latches) {
        let (why, scope) = (say::trip_reason(latch.trip.reason), names.of_scope(latch.scope));
        let reset = handlers::reset_command(&latch.trip);
        tracing::error!("KILLED since an earlier run ({scope}): {why}; when it is mended: {reset}");
    }
    let stands = restored.modes.iter().filter(|(_, record)| Mode::Running < record.mode);
    for (scope, record) in stands {
        let (mode, cause) = (record.mode.name(), record.cause.name());
        let (scope, by) = (names.scope_name(*scope), record.by.as_str());
        tracing::warn!(
            mode,
            scope,
            cause,
            by,
            "beginning stopped or limited; see `engine status`, `engine resume`"
        );
    }
}

/// Whether the venue takes orders back when this engine dies, and what it means when not (E15).
fn say_dead_man(config: &Config) {
    let why = match config.dead_man {
        DeadManConfig::On(DeadManTiming { countdown_ms, renew_ns }) => {
            let renew_ms = renew_ns / MS;
            tracing::info!(
                countdown_ms,
                renew_ms,
                "dead-man's switch on: the venue takes orders back when this engine falls silent; \
                 its effect on stops is unverified"
            );
            return;
        }
        DeadManConfig::Off(DeadManOff::Written) => "the configuration says `dead_man: off`",
        DeadManConfig::Off(DeadManOff::SharedAccount) => {
            "the account is shared, and `dead_man.cancels_others` is not true"
        }
        DeadManConfig::Off(DeadManOff::NotAtVenue) => "this venue has none",
    };
    tracing::warn!(
        "no dead-man's switch: {why}; after a crash or a lost machine, open orders stand at the \
         venue until the next start"
    );
}

/// Where operators reach the engine of a deployment.
pub fn control_socket(config: &Config) -> PathBuf {
    config.folders.state.join("engine.sock")
}

/// Finds the venue, and starts it when it is the embedded exchange.
pub(super) fn venue(config: &Config, clock: &Clock) -> Result<Venue, StartError> {
    let answers_at = |text: &str| -> Result<Rest, NetError> {
        Ok(Rest::new(Address::parse(text)?, config.venue.kind, clock))
    };
    match &config.venue.endpoint {
        Endpoint::Remote { rest, streams, order_entry, wallet: _ } => {
            let (rest, streams) = (answers_at(rest)?, Address::parse(streams)?);
            let backup = config.venue.backup.as_ref();
            let backup = backup.map(|it| {
                let BackupFeed { rest, streams, rules } = it;
                let (rest, streams) = (answers_at(rest)?, Address::parse(streams)?);
                Ok::<_, NetError>(BackupPlace {
                    place: MarketPlace { rest, streams },
                    rules: *rules,
                })
            });
            Ok(Venue {
                market: MarketPlace { rest: rest.clone(), streams: streams.clone() },
                backup: backup.transpose()?,
                rest,
                streams,
                order_entry: Address::parse(order_entry)?,
                credentials: config.venue.access.credentials.clone(),
                exchange: None,
            })
        }
        Endpoint::Embedded(_) => {
            let plan = ExchangePlan::of(config);
            let running = exchange::start(&plan, ([127, 0, 0, 1], 0).into(), clock.clone())?;
            let at = running.at;
            let socket = Address::parse(&format!("ws://{at}"))?;
            let credentials = Credentials::new(PAPER_KEY.to_owned(), PAPER_SECRET.to_owned());
            let rest = answers_at(&format!("http://{at}"))?;
            Ok(Venue {
                market: MarketPlace { rest: rest.clone(), streams: socket.clone() },
                backup: None,
                rest,
                streams: socket.clone(),
                order_entry: socket,
                credentials,
                exchange: Some(running),
            })
        }
    }
}
