//! A whole run: everything is put together here, started in order, and ended in order.
//!
//! The five threads and their lanes:
//!
//! ```text
//! feed ──market──▶ hot ──commands──▶ order ──▶ venue
//! order ─private─▶ hot ──durable───▶ writer ──▶ disk
//! main ─operator─▶ hot ──alerts────▶ main   ──▶ people
//! ```

use super::assemble::{Universe, id_prefix};
use super::bell::Bell;
use super::clock::Clock;
use super::exchange::{self, ExchangePlan, PAPER_KEY, PAPER_SECRET, Running};
use super::feed::Feed;
use super::gate::Gate;
use super::gateway::Gateway;
use super::hot::{Hot, Inputs, StatusLane};
use super::lane::{Filler, Reader, lane};
use super::latency::Latency;
use super::outputs::Outputs;
use super::startup::{self, Disk, StartError};
use super::supervisor::{Ending, Supervisor};
use super::threads;
use super::writer::WriterThread;
use crate::config::{Config, Endpoint};
use crate::core::{Core, Effects, Registry, Status};
use crate::net::Address;
use crate::net::http::{HttpClient, HttpLimits};
use crate::ops::{FeedCounters, Report, screen::Screen};
use crate::types::VenueId;
use crate::venue::Credentials;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Market events on their way to the hot thread. A depth frame is about ten of them: this is a
/// second of the busiest minute recorded. Full: D12.
const MARKET_LANE: usize = 16_384;

/// Words of the venue about orders and account: a full burst of orders, each with five reports.
/// Full: the link counts as lost.
const PRIVATE_LANE: usize = 4_096;

/// Requests of operators: people type slowly.
const OPERATOR_LANE: usize = 64;

/// Commands: every effect of one event, twice. Full: refused, or repeated by deadline.
const COMMAND_LANE: usize = 2_048;

/// Entries for the disk, alerts for people, spent events, copies of the state.
const DURABLE_LANE: usize = 1_024;
const ALERT_LANE: usize = 1_024;
const SPENT_LANE: usize = 256;
const STATUS_COPIES: usize = 2;

/// Where the venue of a run is, and the exchange behind it when it is ours.
pub(super) struct Venue {
    pub(super) rest: Address,
    pub(super) streams: Address,
    order_entry: Address,
    credentials: Credentials,
    exchange: Option<Running>,
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
    let runtime = threads::runtime(crate::config::Wait::Park)?;
    runtime.block_on(begin(config, registry, screen, limit, clock))
}

async fn begin(
    config: &Config,
    registry: &Registry,
    screen: &Screen,
    limit: Option<Duration>,
    clock: Clock,
) -> Result<Ending, StartError> {
    let disk = Disk::open(config, &clock)?;
    let last_shutdown = disk.last_shutdown();
    tracing::info!(last_shutdown, epoch = disk.epoch, config = config.hash, "starting");
    let venue = venue(config, &clock)?;
    let dial = startup::dial()?;
    let listings = startup::listings(&venue.rest, &dial, config.venue.kind);
    let listings = tokio::select! {
        listings = listings => listings?,
        () = super::supervisor::signalled() => return Err(StartError::Stopped),
    };
    let universe = Universe::new(config, &listings)?;
    let names = universe.names(config);
    let (restored, standing) = disk.restore(config, &names, &clock, venue.exchange.is_some());
    let gate = Gate::default();
    if restored.latch.is_some() {
        gate.shut();
    }
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let core = Core::new(universe.setup(config, registry, disk.epoch, restored)?);

    let bells = Bells::new()?;
    let lanes = Lanes::new(&bells);
    let latency = Arc::new(Latency::new());
    let feed_counters = Arc::new(Mutex::new(FeedCounters::default()));
    let (stop, stopped) = watch::channel(false);
    let dialects = crate::venue::dialects(config.venue.kind, &directory, &venue.credentials);

    let feed = {
        let (clock, dial) = (clock.clone(), dial.clone());
        let (streams, rest) = (venue.streams.clone(), venue.rest.clone());
        let (shared, wait) = (Arc::clone(&feed_counters), config.runtime.wait);
        let (dialect, filler) = (dialects.market, lanes.market.0);
        let mut stopped = stopped.clone();
        threads::spawn("feed", config.runtime.pins.feed, move || {
            let body = async move {
                let rest = HttpClient::new(rest, dial.clone(), HttpLimits::STANDARD)?;
                let feed = Feed {
                    venue: VenueId(0),
                    clock,
                    dialect,
                    streams,
                    rest: Rc::new(rest),
                    dial,
                    lane: RefCell::new(filler),
                    shared,
                    counters: FeedCounters::default(),
                    overrun: Vec::new(),
                    events: Vec::new(),
                };
                tokio::select! {
                    () = feed.run() => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                Ok::<(), StartError>(())
            };
            threads::runtime(wait)?.block_on(threads::run_local(wait, body))
        })?
    };
    let order = {
        let gateway = Gateway {
            venue: VenueId(0),
            clock: clock.clone(),
            orders: dialects.orders,
            user: dialects.user,
            order_entry: venue.order_entry.clone(),
            streams: venue.streams.clone(),
            rest: venue.rest.clone(),
            dial,
            commands: lanes.commands.1,
            bell: Arc::clone(&bells.order),
            lane: lanes.private.0,
            gate: gate.clone(),
            wait: config.runtime.wait,
            clock_refresh_ns: config.limits.clock.refresh_ns,
            latency: Arc::clone(&latency),
        };
        let (wait, mut stopped) = (config.runtime.wait, stopped);
        threads::spawn("order", config.runtime.pins.order, move || {
            let body = async move {
                tokio::select! {
                    ran = gateway.run() => ran?,
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                Ok::<(), StartError>(())
            };
            threads::runtime(wait)?.block_on(threads::run_local(wait, body))
        })?
    };
    let (told, hears) = mpsc::channel(OPERATOR_LANE);
    let writer = {
        let writer = WriterThread {
            journal: disk.writer,
            durable: lanes.durable.1,
            spent: lanes.spent.1,
            bell: Arc::clone(&bells.writer),
            clock: clock.clone(),
            latch: disk.latch.clone(),
            state_folder: config.folders.state.clone(),
            standing,
            names: names.clone(),
            told,
            sync_ns: config.journal.sync_ns,
            failed: false,
        };
        threads::spawn("writer", None, move || writer.run())?
    };
    let hot = {
        let outputs = Outputs::new(
            disk.journal,
            lanes.commands.0,
            lanes.durable.0,
            lanes.alerts.0,
            lanes.spent.0,
            gate.clone(),
        );
        let hot = Hot {
            clock: clock.clone(),
            core,
            inputs: Inputs {
                operator: lanes.operator.1,
                private: lanes.private.1,
                market: lanes.market.1,
            },
            outputs,
            status: StatusLane { full: lanes.status_full.0, empty: lanes.status_empty.1 },
            bell: Arc::clone(&bells.hot),
            wait: config.runtime.wait,
            effects: Effects::new(),
            next_timer_ns: 0,
            next_status_ns: 0,
        };
        threads::spawn("hot", config.runtime.pins.hot, move || hot.run())?
    };
    let report = Report {
        instance: config.instance.clone(),
        trading_mode: startup::mode_name(config),
        venue: venue.rest.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        config_hash: config.hash.clone(),
        currency: config.reporting_currency.clone(),
        epoch: disk.epoch,
        last_shutdown,
        names,
        durable: true,
        ..Report::default()
    };
    let supervisor = Supervisor {
        clock,
        screen: screen.clone(),
        report,
        operator: lanes.operator.0,
        alerts: lanes.alerts.1,
        status_full: lanes.status_full.1,
        status_empty: lanes.status_empty.0,
        told: hears,
        gate,
        latency,
        feed_counters,
        flag: disk.latch,
        socket: control_socket(config),
        limit,
        market_ended: venue.exchange.as_ref().map(|exchange| exchange.ended.clone()),
        waiting: Vec::new(),
        next_ticket: 1,
        flag_seen: false,
    };
    let ending = supervisor.run(hot).await;
    // Nobody listens any more when a thread has ended by itself.
    let _ = stop.send(true);
    for (name, thread) in [("feed", feed), ("order", order)] {
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(thread = name, %error, "ended with an error"),
            Err(_) => tracing::error!(thread = name, "ended in a panic"),
        }
    }
    if writer.join().is_err() {
        tracing::error!(thread = "writer", "ended in a panic");
    }
    drop(venue.exchange);
    ending
}

/// Where operators reach the engine of a deployment.
pub fn control_socket(config: &Config) -> PathBuf {
    config.folders.state.join("engine.sock")
}

/// Who sleeps on which bell.
struct Bells {
    hot: Arc<Bell>,
    order: Arc<Bell>,
    writer: Arc<Bell>,
    main: Arc<Bell>,
}

impl Bells {
    fn new() -> std::io::Result<Self> {
        let bell = || Bell::new().map(Arc::new);
        Ok(Self { hot: bell()?, order: bell()?, writer: bell()?, main: bell()? })
    }
}

type Lane<T> = (Filler<T>, Reader<T>);

/// All lanes between the threads.
struct Lanes {
    market: Lane<super::hot::Incoming>,
    private: Lane<super::hot::Incoming>,
    operator: Lane<super::hot::Incoming>,
    commands: Lane<crate::core::Command>,
    durable: Lane<super::outputs::Durable>,
    alerts: Lane<crate::core::Alert>,
    spent: Lane<crate::core::EventKind>,
    status_full: Lane<Box<Status>>,
    status_empty: Lane<Box<Status>>,
}

impl Lanes {
    fn new(bells: &Bells) -> Self {
        let mut this = Self {
            market: lane(MARKET_LANE, &bells.hot),
            private: lane(PRIVATE_LANE, &bells.hot),
            operator: lane(OPERATOR_LANE, &bells.hot),
            commands: lane(COMMAND_LANE, &bells.order),
            durable: lane(DURABLE_LANE, &bells.writer),
            alerts: lane(ALERT_LANE, &bells.main),
            spent: lane(SPENT_LANE, &bells.writer),
            status_full: lane(STATUS_COPIES, &bells.main),
            status_empty: lane(STATUS_COPIES, &bells.hot),
        };
        for _ in 0..STATUS_COPIES {
            // An empty lane of this capacity has room.
            let _ = this.status_empty.0.push(Box::default());
        }
        this
    }
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
