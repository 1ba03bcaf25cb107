//! A whole run: the last run's word is taken over, the venue is found, a core is assembled, and the
//! threads around it are started.

use super::assemble::{Universe, id_prefix};
use super::clock::Clock;
use super::exchange::{self, ExchangePlan, PAPER_KEY, PAPER_SECRET, Running};
use super::gate::Gate;
use super::reference::References;
use super::signals::Signals;
use super::startup::{self, Disk, StartError};
use super::supervisor::Ending;
use super::threads;
use super::wiring::{self, Parts};
use crate::config::{Config, DeadManConfig, DeadManOff, Endpoint, Wait};
use crate::core::{Core, DeadManTiming, Mode, Registry, Restored};
use crate::net::unix::ControlSocket;
use crate::net::{Address, Dial};
use crate::ops::{Names, Report, say, screen::Screen};
use crate::store::Standing;
use crate::types::MS;
use crate::venue::{Credentials, Dialects};
use std::path::PathBuf;
use std::time::Duration;

/// Where the venue of a run is, and the exchange behind it when it is ours.
pub(super) struct Venue {
    pub(super) rest: Address,
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
    let clock = Clock::start();
    let runtime = threads::runtime(Wait::Park)?;
    let ended = runtime.block_on(begin(config, registry, screen, limit, clock));
    // A lookup of a name that is still under way is left behind.
    runtime.shutdown_background();
    ended
}

async fn begin(
    config: &Config,
    registry: &Registry,
    screen: &Screen,
    limit: Option<Duration>,
    clock: Clock,
) -> Result<Ending, StartError> {
    let mut signals = Signals::new()?;
    let mut disk = Disk::open(config, &clock)?;
    let (epoch, last_shutdown) = (disk.epoch, disk.last_shutdown());
    tracing::info!(last_shutdown, epoch, config = config.hash, "starting");
    let prepared = tokio::select! {
        prepared = prepare(config, registry, &mut disk, &clock) => prepared,
        () = signals.next() => Err(StartError::Stopped),
    };
    let Prepared { venue, dial, dialects, core, names, standing, gate, socket } = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            disk.close_unused(&clock);
            return Err(error);
        }
    };
    let report = Report {
        instance: config.instance.clone(),
        trading_mode: startup::mode_name(config),
        venue: venue.rest.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.hash.clone(),
        currency: config.reporting_currency.clone(),
        epoch,
        last_shutdown,
        names: names.clone(),
        durable: true,
        ..Report::default()
    };
    let quarantine_until_ns = match venue.exchange {
        // The exchange is as young as this run: no order of the last one is on its way to it.
        Some(_) => 0,
        None => disk.quarantine_until_ns(config, &clock),
    };
    let references = References::new(
        &venue.rest,
        &dial,
        config.venue.kind,
        names.instruments.clone(),
        config.limits.filters_age_ns_max,
    )?;
    let parts = Parts {
        venue: &venue,
        dial,
        dialects,
        core,
        disk,
        standing,
        names,
        gate,
        clock,
        quarantine_until_ns,
        references,
        socket,
        signals,
    };
    let threads = wiring::start(config, parts, report, screen.clone(), limit)?;
    Ok(threads.run().await)
}

/// What a run needs before its threads.
struct Prepared {
    venue: Venue,
    dial: Dial,
    dialects: Dialects,
    core: Core,
    names: Names,
    standing: Vec<Standing>,
    gate: Gate,
    socket: ControlSocket,
}

/// Finds the venue, asks it what it lists, and builds a core that stands where the last run stood.
/// Sends nothing of ours; may be given up at any time.
async fn prepare(
    config: &Config,
    registry: &Registry,
    disk: &mut Disk,
    clock: &Clock,
) -> Result<Prepared, StartError> {
    let venue = venue(config, clock)?;
    let dial = startup::dial()?;
    let listings = startup::listings(&venue.rest, &dial, config.venue.kind).await?;
    let universe = Universe::new(config, &listings)?;
    let names = universe.names(config);
    let control = control_socket(config);
    let socket = ControlSocket::bind(&control).await?;
    tracing::info!(socket = %control.display(), "ready for operators");
    let (restored, standing) = disk.restore(config, &names, clock, venue.exchange.is_some());
    let gate = Gate::default();
    say_what_stands(&restored, &names);
    say_dead_man(config);
    if restored.latch.is_some() {
        gate.shut();
    }
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let dialects = crate::venue::dialects(config.venue.kind, &directory, &venue.credentials);
    let core = Core::new(universe.setup(config, registry, disk.epoch, restored)?);
    Ok(Prepared { venue, dial, dialects, core, names, standing, gate, socket })
}

/// A run that begins stopped says so, and what begins it (DESIGN, section 8).
fn say_what_stands(restored: &Restored, names: &Names) {
    if let Some(trip) = &restored.latch {
        let why = say::trip_reason(trip.reason);
        tracing::error!("KILLED since an earlier run: {why}; see `engine kill-switch status`");
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
    match &config.venue.endpoint {
        Endpoint::Remote { rest, streams, order_entry } => Ok(Venue {
            rest: Address::parse(rest)?,
            streams: Address::parse(streams)?,
            order_entry: Address::parse(order_entry)?,
            credentials: config.venue.access.credentials.clone(),
            exchange: None,
        }),
        Endpoint::Embedded(_) => {
            let plan = ExchangePlan::of(config);
            let running = exchange::start(&plan, ([127, 0, 0, 1], 0).into(), clock.clone())?;
            let at = running.at;
            let socket = Address::parse(&format!("ws://{at}"))?;
            let credentials = Credentials::new(PAPER_KEY.to_owned(), PAPER_SECRET.to_owned());
            Ok(Venue {
                rest: Address::parse(&format!("http://{at}"))?,
                streams: socket.clone(),
                order_entry: socket,
                credentials,
                exchange: Some(running),
            })
        }
    }
}
