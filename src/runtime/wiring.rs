//! The threads of a run, the lanes between them, and their order of ending.
//!
//! ```text
//! feed ──market──▶ hot ──commands──▶ order ──▶ venue
//! order ─private─▶ hot ──durable───▶ writer ──▶ disk
//! main ─operator─▶ hot ──alerts────▶ main   ──▶ people
//! ```

use super::aftermath::Aftermath;
use super::bell::Bell;
use super::books::{Books, Compared};
use super::clock::Clock;
use super::feed::{self, FeedParts, StandbyParts};
use super::gate::Gate;
use super::gateway::Gateway;
use super::gateway::narrator::Narrator;
use super::gateway::post_check::PostCheck;
use super::gateway::read_only::ReadGateway;
use super::history::{self, Recorder};
use super::holdings::{self, Files, Teller};
use super::hot::{Hot, Incoming, Inputs, StatusLane};
use super::keys::KeyWatch;
use super::lag::{AtDisk, Lag};
use super::lane::{Filler, Reader, lane};
use super::latency::Latency;
use super::operators::Memory;
use super::outputs::{Durable, Outputs};
use super::reference::{Reconnects, References};
use super::run::Venue;
use super::signals::Signals;
use super::startup::{Disk, StartError};
use super::supervisor::{Ending, Supervisor};
use super::threads;
use super::writer::{Told, WriterThread};
use crate::config::Config;
use crate::core::{Alert, Command, Core, Effects, EventKind, Status};
use crate::net::unix::ControlSocket;
use crate::net::{Dial, NetError};
use crate::ops::{FeedCounters, Holdings, Names, Report, screen::Screen};
use crate::store::{KnownTrades, LatchFiles, LatchTable, Ledgers, Standing, Writer, losses};
use crate::types::VenueId;
use crate::venue::{AccountDialect, MarketDialect, OrderDialect, UserDialect};
use parking_lot::Mutex;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Market events on their way to the hot thread. A depth frame is about ten of them: this is a
/// second of the busiest minute recorded. Full: D12.
pub(super) const MARKET_LANE: usize = 16_384;

/// Words of the venue about orders and account: a full burst of orders, each with five reports.
/// Full: the link counts as lost.
const PRIVATE_LANE: usize = 4_096;

/// Requests of operators, who type slowly, and a reading of reference data: an event an instrument.
const OPERATOR_LANE: usize = 256;

/// Commands: every effect of one event, twice. Full: refused, or repeated by deadline.
const COMMAND_LANE: usize = 2_048;

/// Entries for the disk, alerts for people, spent events, copies of the state.
const DURABLE_LANE: usize = 1_024;
const ALERT_LANE: usize = 1_024;
const SPENT_LANE: usize = 256;
const STATUS_COPIES: usize = 2;

/// What a run is put together from.
pub(super) struct Parts<'a> {
    pub(super) venue: &'a Venue,
    pub(super) dial: Dial,
    pub(super) market: Box<dyn MarketDialect>,
    pub(super) standby: Option<StandbyParts>,
    pub(super) account: Account,
    pub(super) core: Core,
    pub(super) disk: Disk,
    pub(super) standing: Vec<Standing>,
    pub(super) names: Names,
    pub(super) gate: Gate,
    pub(super) clock: Clock,
    pub(super) quarantine_until_ns: u64,
    pub(super) references: References,
    pub(super) key_watch: Option<KeyWatch>,
    pub(super) socket: ControlSocket,
    pub(super) signals: Signals,
}

/// Who speaks of the account.
pub(super) enum Account {
    /// Who may send orders.
    Trading {
        user: Box<dyn UserDialect>,
        orders: Box<dyn OrderDialect>,
        /// Says what would be sent, where nothing is.
        narrator: Option<Narrator>,
    },
    /// Who may ask, and has nothing to send anything else with.
    Reading(Box<dyn AccountDialect>),
}

/// The threads of a run.
pub(super) struct Threads {
    supervisor: Supervisor,
    hot: JoinHandle<(Core, Outputs)>,
    crew: Crew,
    history: Option<Recorder>,
    stop: watch::Sender<bool>,
}

/// The threads around the hot one.
pub(super) struct Crew {
    feed: JoinHandle<Result<(), StartError>>,
    order: JoinHandle<Result<(), StartError>>,
    writer: JoinHandle<()>,
}

/// What every thread around the core needs of the run.
struct Common<'a> {
    config: &'a Config,
    venue: &'a Venue,
    dial: Dial,
    clock: Clock,
    stopped: watch::Receiver<bool>,
}

/// Starts every thread; the main thread is the supervisor's.
pub(super) fn start(
    config: &Config,
    parts: Parts<'_>,
    report: Report,
    screen: Screen,
    limit: Option<Duration>,
) -> Result<Threads, StartError> {
    let Parts { venue, dial, core, disk, standing, names, gate, clock, .. } = parts;
    let bells = Bells::new()?;
    let (lanes, allowance) = (Lanes::new(&bells), venue.market.rest.allowance.clone());
    let (latency, feed_counters) = (Arc::new(Latency::new()), Arc::default());
    let (books, durability) = (Books::new(names.instruments.len()), disk.journal.durability());
    let lag = Lag::new(durability.clone(), config.limits.journal_lag_ns_max);
    let ((told, hears), (stop, stopped)) = (mpsc::channel(OPERATOR_LANE), watch::channel(false));
    let common = Common { config, venue, dial, clock: clock.clone(), stopped };

    let (recorder, history) = history::start(config, &names, disk.epoch, durability, &clock)?;
    let market = (parts.market, parts.standby);
    let feed = common.feed(market, lanes.market, Arc::clone(&feed_counters), &books)?;
    let given = GatewayParts {
        commands: lanes.commands.1,
        bell: Arc::clone(&bells.order),
        lane: lanes.private,
        gate: gate.clone(),
        post_check: post_check(config, disk.epoch),
        latency: Arc::clone(&latency),
    };
    let order = common.order(order_thread(&common, parts.account, given))?;
    let writer = writer(
        config,
        &clock,
        &bells,
        WriterParts {
            journal: disk.writer,
            latch: (disk.latch.clone(), disk.table),
            lanes: (lanes.durable.1, lanes.spent.1, lanes.holdings.1),
            kept: (standing, disk.ledgers),
            names: names.clone(),
            told: (told, lag.at_disk()),
        },
    )?;
    let outputs = Outputs::new(
        (disk.journal, config.journal.market_data, lag),
        lanes.commands.0,
        lanes.durable.0,
        lanes.alerts.0,
        lanes.spent.0,
        (gate.clone(), names),
        parts.quarantine_until_ns,
    );
    let hot = common.hot(core, lanes.inputs, outputs, (lanes.status, books), bells.hot)?;
    let supervisor = Supervisor {
        clock,
        screen,
        report,
        operator: lanes.operator,
        alerts: lanes.alerts.1,
        status_full: lanes.status_full,
        status_empty: lanes.status_empty,
        told: hears,
        gate,
        latency,
        feed_counters,
        allowance,
        history,
        flag: disk.latch,
        socket: parts.socket,
        signals: parts.signals,
        limit,
        references: Some(parts.references),
        key_watch: parts.key_watch,
        reconnects: Reconnects::default(),
        market_ended: venue.exchange.as_ref().map(|exchange| exchange.ended.clone()),
        memory: Memory::default(),
        aftermath: Aftermath::new(&config.folders),
        holdings: Teller::new(lanes.holdings.0),
    };
    Ok(Threads { supervisor, hot, crew: Crew { feed, order, writer }, history: recorder, stop })
}

/// What the order thread is given of the run.
struct GatewayParts {
    commands: Reader<Command>,
    bell: Arc<Bell>,
    lane: Filler<Incoming>,
    gate: Gate,
    post_check: PostCheck,
    latency: Arc<Latency>,
}

/// What runs on the order thread.
enum OrderThread {
    Trading(Box<Gateway>),
    Reading(Box<ReadGateway>),
}

impl OrderThread {
    async fn run(self) -> Result<(), NetError> {
        match self {
            Self::Trading(gateway) => gateway.run().await,
            Self::Reading(gateway) => gateway.run().await,
        }
    }
}

fn order_thread(common: &Common<'_>, account: Account, parts: GatewayParts) -> OrderThread {
    let GatewayParts { commands, bell, lane, gate, post_check, latency } = parts;
    let (venue, clock, dial) = (VenueId(0), common.clock.clone(), common.dial.clone());
    let (rest, wait) = (common.venue.rest.clone(), common.config.runtime.wait);
    let clock_refresh_ns = common.config.limits.clock.refresh_ns;
    match account {
        Account::Reading(account) => OrderThread::Reading(Box::new(ReadGateway {
            venue,
            clock,
            account,
            rest,
            dial,
            commands,
            bell,
            lane,
            wait,
            clock_refresh_ns,
        })),
        Account::Trading { user, orders, narrator } => OrderThread::Trading(Box::new(Gateway {
            venue,
            clock,
            orders,
            user,
            order_entry: common.venue.order_entry.clone(),
            streams: common.venue.streams.clone(),
            rest,
            dial,
            connection_age_max: common.config.runtime.connection_age_max,
            commands,
            bell,
            lane,
            gate,
            post_check,
            wait,
            clock_refresh_ns,
            latency,
            narrator,
        })),
    }
}

/// What the gateway holds against every order: numbers of the configuration that the kernel never
/// had in its hands.
fn post_check(config: &Config, epoch: u32) -> PostCheck {
    let qty_max = config.instruments.iter().map(|it| it.order_qty_max).collect();
    PostCheck::new(epoch, qty_max, config.limits.order_rate)
}

/// What the writer thread is given of the run.
struct WriterParts {
    journal: Writer,
    latch: (LatchFiles, LatchTable),
    lanes: (Reader<Durable>, Reader<EventKind>, Reader<Box<Holdings>>),
    kept: (Vec<Standing>, Ledgers),
    names: Names,
    told: (mpsc::Sender<Told>, AtDisk),
}

fn writer(
    config: &Config,
    clock: &Clock,
    bells: &Bells,
    parts: WriterParts,
) -> std::io::Result<JoinHandle<()>> {
    let WriterParts { journal, latch, lanes, kept, names, told } = parts;
    let (told, at_disk) = told;
    let ((durable, spent, holdings), (standing, ledgers)) = (lanes, kept);
    let writer = WriterThread {
        journal,
        durable,
        spent,
        bell: Arc::clone(&bells.writer),
        clock: clock.clone(),
        latch: latch.0,
        table: latch.1,
        state_folder: config.folders.state.clone(),
        standing,
        // What cannot be read has latched the kill switch at the start.
        losses: losses::restore(&config.folders.state).unwrap_or_default(),
        ledgers,
        ledgers_moved: false,
        // What cannot be read was said at the start, and begins anew.
        trades: KnownTrades::read(&config.folders.state).unwrap_or_default(),
        trades_moved: false,
        holdings: Files::new(config.folders.state.clone(), holdings),
        names,
        told,
        sync_ns: config.journal.sync_ns,
        at_disk,
        slow_ns: config.limits.journal_lag_ns_max / 2,
        failed: false,
    };
    threads::spawn("writer", None, move || writer.run())
}

impl Threads {
    /// Runs to the end, and ends the threads in order: the hot thread first, so that nothing more
    /// is asked of the others.
    pub(super) async fn run(self) -> Ending {
        let Self { supervisor, hot, crew, history, stop } = self;
        let ending = supervisor.run(hot, &crew).await;
        let Crew { feed, order, writer } = crew;
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
        // The last: all that it follows is on disk.
        if let Some(history) = history {
            history.end();
        }
        ending
    }
}

impl Crew {
    /// One that has ended, which none does before it is told to.
    pub(super) fn ended(&self) -> Option<&'static str> {
        let feed = self.feed.is_finished().then_some("feed");
        let order = || self.order.is_finished().then_some("order");
        let writer = || self.writer.is_finished().then_some("writer");
        feed.or_else(order).or_else(writer)
    }
}

impl Common<'_> {
    fn feed(
        &self,
        (dialect, standby): (Box<dyn MarketDialect>, Option<StandbyParts>),
        lane: Filler<Incoming>,
        shared: Arc<Mutex<FeedCounters>>,
        books: &Books,
    ) -> Result<JoinHandle<Result<(), StartError>>, StartError> {
        let parts = FeedParts {
            venue: VenueId(0),
            clock: self.clock.clone(),
            dialect,
            place: self.venue.market.clone(),
            standby,
            dial: self.dial.clone(),
            lane,
            shared,
            compared: Compared::new(books.clone()),
            connection_age_max: self.config.runtime.connection_age_max,
            wait: self.config.runtime.wait,
            cpu: self.config.runtime.pins.feed,
        };
        feed::spawn("feed", parts, self.stopped.clone())
    }

    fn hot(
        &self,
        core: Core,
        inputs: Inputs,
        outputs: Outputs,
        (status, books): (StatusLane, Books),
        bell: Arc<Bell>,
    ) -> Result<JoinHandle<(Core, Outputs)>, StartError> {
        let hot = Hot {
            clock: self.clock.clone(),
            core,
            inputs,
            outputs,
            status,
            books,
            bell,
            wait: self.config.runtime.wait,
            effects: Effects::new(),
            last_ns: 0,
            next_timer_ns: 0,
            next_status_ns: 0,
            next_checkpoint_ns: 0,
        };
        Ok(threads::spawn("hot", self.config.runtime.pins.hot, move || hot.run())?)
    }

    fn order(
        &self,
        gateway: OrderThread,
    ) -> Result<JoinHandle<Result<(), StartError>>, StartError> {
        let (wait, mut stopped) = (self.config.runtime.wait, self.stopped.clone());
        let thread = threads::spawn("order", self.config.runtime.pins.order, move || {
            let body = async move {
                tokio::select! {
                    ran = gateway.run() => ran?,
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                Ok(())
            };
            threads::block_on(wait, body)?
        })?;
        Ok(thread)
    }
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

/// All lanes between the threads: what leads into the hot thread by its ends, the rest in pairs.
struct Lanes {
    inputs: Inputs,
    status: StatusLane,
    market: Filler<Incoming>,
    private: Filler<Incoming>,
    operator: Filler<Incoming>,
    status_full: Reader<Box<Status>>,
    status_empty: Filler<Box<Status>>,
    commands: Lane<Command>,
    durable: Lane<Durable>,
    alerts: Lane<Alert>,
    spent: Lane<EventKind>,
    holdings: Lane<Box<Holdings>>,
}

impl Lanes {
    fn new(bells: &Bells) -> Self {
        let (market, market_end) = lane(MARKET_LANE, &bells.hot);
        let (private, private_end) = lane(PRIVATE_LANE, &bells.hot);
        let (operator, operator_end) = lane(OPERATOR_LANE, &bells.hot);
        let (full, status_full) = lane(STATUS_COPIES, &bells.main);
        let (mut status_empty, empty) = lane(STATUS_COPIES, &bells.hot);
        for _ in 0..STATUS_COPIES {
            // An empty lane of this capacity has room.
            let _ = status_empty.push(Box::default());
        }
        Self {
            inputs: Inputs { operator: operator_end, private: private_end, market: market_end },
            status: StatusLane { full, empty },
            market,
            private,
            operator,
            status_full,
            status_empty,
            commands: lane(COMMAND_LANE, &bells.order),
            durable: lane(DURABLE_LANE, &bells.writer),
            alerts: lane(ALERT_LANE, &bells.main),
            spent: lane(SPENT_LANE, &bells.writer),
            holdings: lane(holdings::LANE, &bells.writer),
        }
    }
}
