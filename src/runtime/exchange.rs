//! The simulated exchange behind a real port: embedded in a paper run, or alone (`engine
//! exchange`).
//!
//! One thread owns the pure exchange; requests, messages and the market reach it one after the
//! other. Time is the machine's: `--speed` shortens the gaps of a recording and nothing else (D13).
//! Alone it may have a second port, by which drills and tests arm faults and ask for the truth.

pub(super) mod house;
pub(super) mod market;

use super::assemble::{self, AssembleError, Universe};
use super::clock::Clock;
use super::feed::FeedThread;
use super::recorded;
use super::signals::Signals;
use super::{listing, threads};
use crate::config::{Config, Endpoint, ExchangeAccount, ExchangeConfig, MarketSource, Wait};
use crate::net::NetError;
use crate::net::listen::{
    Admission, Answer, ConnectionId, Delivery, Incoming, ListenLimits, Listener, Reply,
};
use crate::net::ws::WsLimits;
use crate::sim::{HttpReply, HttpRequest, Outgoing, Unreliable};
use crate::store::StoreError;
use crate::types::{Cash, FundingRate, MS};
use crate::venue::{Listing, VenueKind};
pub use house::ExchangeDialect;
use market::Market;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// Key of the exchange's one account; known to everybody.
pub const PAPER_KEY: &str = "paper-key";

/// Its secret; known to everybody.
pub const PAPER_SECRET: &str = "paper-secret";

/// How often timers of the exchange (stream keys, countdowns) are looked at.
const TIMERS: Duration = Duration::from_millis(100);

/// How often what a fault holds back is looked at.
const HOLDING: Duration = Duration::from_millis(5);

/// Most requests that wait for an answer: a fault may let one wait for ever.
const WAITING_MAX: usize = 256;

/// Most market events between two looks at what clients ask.
const BATCH_MAX: usize = 64;

/// At the greatest speed the market waits while a client has half of what its queue takes to read,
/// so that nothing is lost (D12): it is looked at so often.
const BACK_PRESSURE: Duration = Duration::from_millis(1);

/// Why the exchange could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Its port.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Its recording.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What it was asked to list.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Its thread.
    #[error("no thread for the exchange: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running exchange.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) at: SocketAddr,
    /// Where faults are armed.
    pub(super) control: Option<SocketAddr>,
    /// True once a recording has been played to its end.
    pub(super) ended: watch::Receiver<bool>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// What fills a live market; ends with it.
    pub(super) feed: Option<FeedThread>,
}

/// What an exchange is made of.
#[derive(Clone, Debug)]
pub struct ExchangePlan {
    /// Market, money, fees and funding.
    pub exchange: ExchangeConfig,
    /// What it lists.
    pub symbols: Vec<String>,
    /// The leverage that each of them is traded with, in the same order.
    pub leverages: Vec<u32>,
    /// In which asset its accounts are kept.
    pub reporting: String,
    /// In which dialect its recordings were made.
    pub kind: VenueKind,
    /// How far its clock is from the machine's, milliseconds: a venue ahead of us is above zero.
    pub clock_offset_ms: i64,
    /// Where faults are armed and the truth is told; nowhere in a paper run.
    pub control: Option<SocketAddr>,
    /// For faults that are armed without a seed of their own.
    pub fault_seed: u64,
    /// Request weight that it takes in a minute, where that is not the venue's.
    pub weight_per_minute: Option<u32>,
    /// What it speaks.
    pub dialects: Vec<ExchangeDialect>,
    /// What Spot charges makers and takers, in hundredths of a basis point.
    pub spot_fees_centi_bps: (i32, i32),
    /// Who has an account; where nobody is named, the one that everybody knows.
    pub accounts: Option<Vec<ExchangeAccount>>,
}

impl ExchangePlan {
    /// The exchange that belongs to a deployment.
    pub fn of(config: &Config) -> Self {
        let exchange = match &config.venue.endpoint {
            Endpoint::Embedded(exchange) => exchange.clone(),
            Endpoint::Remote { .. } => Self::default().exchange,
        };
        let fees = (exchange.maker_fee_centi_bps, exchange.taker_fee_centi_bps);
        let starting = (config.reporting_currency.clone(), exchange.starting_balance);
        Self {
            exchange,
            symbols: assemble::symbols(config),
            leverages: config.limits.instruments.iter().map(|it| it.leverage).collect(),
            reporting: config.reporting_currency.clone(),
            kind: config.venue.kind,
            clock_offset_ms: 0,
            control: None,
            fault_seed: 0,
            weight_per_minute: None,
            dialects: vec![ExchangeDialect::of(config.venue.kind)],
            spot_fees_centi_bps: fees,
            accounts: house::own_account(config.venue.kind, starting),
        }
    }
}

impl Default for ExchangePlan {
    /// Bitcoin and Ether, 100,000 USDT, Binance's ordinary fees, no funding, market number 7.
    fn default() -> Self {
        Self {
            exchange: ExchangeConfig {
                market: MarketSource::Seed(7),
                starting_balance: Cash::whole(100_000),
                maker_fee_centi_bps: 200,
                taker_fee_centi_bps: 500,
                funding_rate: FundingRate::ZERO,
            },
            symbols: ["BTCUSDT", "ETHUSDT"].map(str::to_owned).into(),
            leverages: Vec::new(),
            reporting: "USDT".to_owned(),
            kind: VenueKind::BinanceUsdm,
            clock_offset_ms: 0,
            control: None,
            fault_seed: 0,
            weight_per_minute: None,
            dialects: vec![ExchangeDialect::BinanceUsdm],
            spot_fees_centi_bps: house::SPOT_FEES_CENTI_BPS,
            accounts: None,
        }
    }
}

/// Serves an exchange alone until a signal comes. `opened` is told where it listens.
///
/// # Errors
/// [`ExchangeError`] when the port is taken or the recording cannot be read.
pub fn serve_exchange(
    plan: &ExchangePlan,
    listen: SocketAddr,
    opened: impl FnOnce(SocketAddr, Option<SocketAddr>),
) -> Result<(), ExchangeError> {
    threads::runtime(Wait::Park)?.block_on(async {
        let mut signals = Signals::new()?;
        let running = start(plan, listen, Clock::start())?;
        opened(running.at, running.control);
        signals.next().await;
        Ok(())
    })
}

/// Starts one on a thread of its own; returns when its port is open.
pub(super) fn start(
    plan: &ExchangePlan,
    listen: SocketAddr,
    clock: Clock,
) -> Result<Running, ExchangeError> {
    let listings = listings(plan)?;
    let universe = Universe::of(&plan.symbols, &plan.reporting, &listings)?;
    let market = Market::played(plan, &universe)?;
    let mut server = Unreliable::new(house::server(plan, universe)?, plan.fault_seed);
    if plan.control.is_some() {
        server.keep_history();
    }
    let (clock_offset_ms, control) = (plan.clock_offset_ms, plan.control);
    open(Opening { server, market, clock_offset_ms, listen, control }, clock)
}

/// An exchange that is to be opened.
pub(super) struct Opening {
    pub(super) server: Unreliable,
    pub(super) market: Market,
    /// How far its clock is from the machine's, milliseconds.
    pub(super) clock_offset_ms: i64,
    pub(super) listen: SocketAddr,
    pub(super) control: Option<SocketAddr>,
}

/// Opens one on a thread of its own; returns when its port is open.
pub(super) fn open(opening: Opening, clock: Clock) -> Result<Running, ExchangeError> {
    let Opening { server, market, clock_offset_ms, listen, control } = opening;
    let (opened, port) = std::sync::mpsc::channel();
    let (ended_tx, ended) = watch::channel(false);
    let (stop, stopped) = oneshot::channel();
    let thread = threads::spawn("exchange", None, move || {
        let runtime = match threads::runtime(Wait::Park) {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = opened.send(Err(ExchangeError::Thread(error)));
                return;
            }
        };
        runtime.block_on(async move {
            let (listener, control) = match bind(listen, control) {
                Ok(ports) => ports,
                Err(error) => {
                    let _ = opened.send(Err(error.into()));
                    return;
                }
            };
            let _ = opened.send(Ok((listener.at(), control.as_ref().map(Listener::at))));
            let waiting = BTreeMap::new();
            let house =
                House { server, listener, control, waiting, asked: 0, clock, clock_offset_ms };
            tokio::select! {
                _ = stopped => {}
                () = house.run(market, ended_tx) => {}
            }
        });
    })?;
    let began = port.recv();
    let (at, control) =
        began.map_err(|_| std::io::Error::other("the exchange did not begin"))??;
    Ok(Running { at, control, ended, stop: Some(stop), thread: Some(thread), feed: None })
}

/// Its port, and the one by which it is made to fail.
fn bind(
    listen: SocketAddr,
    control: Option<SocketAddr>,
) -> Result<(Listener, Option<Listener>), NetError> {
    let listener = Listener::bind(listen, limits())?;
    let control = control.map(|at| Listener::bind(at, ListenLimits::STANDARD)).transpose()?;
    Ok((listener, control))
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An exchange that has ended already is stopped.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Clients keep connections open between their calls, and read long books.
fn limits() -> ListenLimits {
    let ws = WsLimits { write_bytes_max: 4 << 20, ..WsLimits::STANDARD };
    let read_max = Duration::from_secs(75);
    ListenLimits { ws, read_max, outgoing_max: 16_384, ..ListenLimits::STANDARD }
}

/// What the exchange lists: of a recording, with the ticks and steps that it shows.
fn listings(plan: &ExchangePlan) -> Result<Vec<Listing>, StoreError> {
    match &plan.exchange.market {
        MarketSource::Seed(_) => Ok(plan.symbols.iter().map(|it| listing::simulated(it)).collect()),
        MarketSource::Recording { path, .. } => recorded::listings(&plan.symbols, plan.kind, path),
    }
}

struct House {
    server: Unreliable,
    listener: Listener,
    control: Option<Listener>,
    /// Requests that are not answered yet, by number; the oldest give way.
    waiting: BTreeMap<u64, Answer<Reply>>,
    asked: u64,
    clock: Clock,
    clock_offset_ms: i64,
}

impl House {
    async fn run(mut self, mut market: Market, ended: watch::Sender<bool>) {
        let mut timers = tokio::time::interval(TIMERS);
        let begin_ns = self.clock.mono_ns();
        loop {
            let held_back = market.is_unpaced() && self.listener.outbox().is_crowded();
            let since_ns = self.clock.mono_ns().saturating_sub(begin_ns);
            tokio::select! {
                incoming = self.listener.next() => self.on_incoming(incoming),
                incoming = next_of(&mut self.control) => self.on_control(incoming),
                () = tokio::time::sleep(HOLDING), if self.server.is_holding() => {
                    self.server.advance(self.now_unix_ms());
                }
                () = tokio::time::sleep(BACK_PRESSURE), if held_back => {}
                () = market.due(since_ns), if !held_back => {
                    self.on_market(&mut market, begin_ns);
                    if market.is_over() {
                        // Nobody listens when the exchange runs alone.
                        let _ = ended.send(true);
                    }
                }
                _ = timers.tick() => self.server.advance(self.now_unix_ms()),
            }
            self.flush();
        }
    }

    fn on_market(&mut self, market: &mut Market, begin_ns: u64) {
        for _ in 0..BATCH_MAX {
            let since_ns = self.clock.mono_ns().saturating_sub(begin_ns);
            let Some(event) = market.pop(since_ns) else { return };
            self.server.on_market(self.now_unix_ms(), &event);
        }
    }

    fn on_incoming(&mut self, incoming: Incoming) {
        let now_unix_ms = self.now_unix_ms();
        match incoming {
            Incoming::Http { request, answer } => {
                self.asked += 1;
                self.waiting.insert(self.asked, answer);
                if WAITING_MAX < self.waiting.len() {
                    self.waiting.pop_first();
                }
                self.server.on_http(
                    now_unix_ms,
                    self.asked,
                    &HttpRequest {
                        method: request.method.as_str(),
                        target: &request.target,
                        api_key: request.header("x-mbx-apikey"),
                        body: &request.body,
                    },
                );
            }
            Incoming::Opening { connection, request, answer } => {
                let opened = self.server.on_open(now_unix_ms, connection.number(), &request.target);
                answer.send(match opened {
                    Ok(()) => Admission::Accept,
                    Err(status) => Admission::Refuse(Reply::status(status)),
                });
            }
            Incoming::Message { connection, payload } => {
                self.server.on_text(now_unix_ms, connection.number(), &payload);
            }
            Incoming::Closed { connection, .. } => self.server.on_close(connection.number()),
        }
    }

    /// A drill or a test asks for something.
    fn on_control(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Http { request, answer } => {
                let now_unix_ms = self.now_unix_ms();
                let method = request.method.as_str();
                let reply = self.server.control(now_unix_ms, method, &request.target);
                answer.send(Reply::json(reply.status, reply.body.to_string()));
            }
            Incoming::Opening { answer, .. } => {
                answer.send(Admission::Refuse(Reply::status(404)));
            }
            Incoming::Message { .. } | Incoming::Closed { .. } => {}
        }
    }

    /// Hands out what is to go. A client that does not read is cut by the listener, with a reason.
    fn flush(&mut self) {
        for out in self.server.drain() {
            match out {
                Outgoing::Frame(number, frame) => {
                    let delivery = self.listener.outbox().send(ConnectionId::of(number), frame);
                    if delivery == Delivery::Cut {
                        tracing::warn!(connection = number, "a client that did not read was cut");
                    }
                }
                Outgoing::Close(number) => {
                    let connection = ConnectionId::of(number);
                    // One that has left meanwhile is closed.
                    let _ = self.listener.outbox().close(connection, 1000, "the stream has ended");
                }
                Outgoing::Reply(number, reply) => {
                    if let Some(answer) = self.waiting.remove(&number) {
                        answer.send(reply_of(reply));
                    }
                }
                Outgoing::Hang(number) => drop(self.waiting.remove(&number)),
            }
        }
    }

    fn now_unix_ms(&self) -> u64 {
        let machine_ms = self.clock.stamp().unix_ns / MS;
        machine_ms.saturating_add_signed(self.clock_offset_ms)
    }
}

fn reply_of(reply: HttpReply) -> Reply {
    let mut out = Reply::json(reply.status, reply.body);
    for (name, value) in reply.headers {
        out = out.with_header(name, value);
    }
    out
}

/// What came in on the second port, if there is one.
async fn next_of(control: &mut Option<Listener>) -> Incoming {
    match control {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}
