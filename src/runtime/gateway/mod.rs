//! The order thread: commands to the venue, and the venue's word on orders and account back.
//!
//! Conversations on one thread: order entry (`orders`, over connections that `opening` makes), the
//! private stream (`user`), readings of the account (`account`) and of its trades (`trades`), the
//! venue's clock (`clock`), a venue in maintenance (`probe`), and one that counts nearly as much of
//! ours as it takes (`crowding`). `read_only` is the same thread without the first two.
//!
//! Must hold: the latches are read and the order is checked once more on the encoded bytes, right
//! before they are written: under a latch nothing of a strategy leaves (SAFETY 3). An order of
//! which no byte left is `NotSent`, one of which a byte may have left is `OutcomeUnknown`; nothing
//! is ever sent twice by itself (D10). A full lane towards the hot thread means that a word about
//! an order was lost: the link is reported down and up again, which makes the core read the account
//! (D12).

mod account;
mod clock;
mod commands;
mod crowding;
pub(super) mod narrator;
mod opening;
mod orders;
pub(super) mod post_check;
mod probe;
pub(super) mod read_only;
mod sent_ids;
mod trades;
mod user;

use super::allowance::Allowance;
use super::bell::Bell;
use super::calls::{Calls, Rest};
use super::clock::Clock;
use super::gate::Gate;
use super::hot::Incoming;
use super::lane::{Filler, Reader};
use super::latency::Latency;
use super::link::Said;
use super::questions::Questions;
use crate::config::Wait;
use crate::core::{Command, EventKind, LinkChannel, LinkEvent, LinkState};
use crate::net::{Address, Dial};
use crate::types::{Condition, MS, SECOND, VenueCondition, VenueId};
use crate::venue::{AccountDialect, OrderDialect, UserDialect, VenueTime};
use commands::Commands;
use narrator::Narrator;
use post_check::PostCheck;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Everything that the order thread is given.
pub(super) struct Gateway {
    pub(super) venue: VenueId,
    pub(super) clock: Clock,
    pub(super) orders: Box<dyn OrderDialect>,
    pub(super) user: Box<dyn UserDialect>,
    pub(super) order_entry: Address,
    pub(super) streams: Address,
    pub(super) rest: Rest,
    pub(super) dial: Dial,
    /// Connections are replaced before they get older.
    pub(super) connection_age_max: Duration,
    pub(super) commands: Reader<Command>,
    pub(super) bell: Arc<Bell>,
    pub(super) lane: Filler<Incoming>,
    pub(super) gate: Gate,
    pub(super) post_check: PostCheck,
    pub(super) wait: Wait,
    pub(super) clock_refresh_ns: u64,
    pub(super) latency: Arc<Latency>,
    pub(super) narrator: Option<Narrator>,
}

/// What the conversations share; all of it on one thread. `D` is what may be said there: with an
/// [`AccountDialect`] nothing but questions.
pub(super) struct Shared<D: ?Sized> {
    venue: VenueId,
    clock: Clock,
    dialect: RefCell<Box<D>>,
    lane: RefCell<Filler<Incoming>>,
    /// For readings.
    questions: Questions,
    allowance: Allowance,
    /// Venue time at our monotonic zero, milliseconds; `None` until it has been measured.
    venue_epoch_ms: Cell<Option<u64>>,
    /// The venue refused our key, and is asked for no reading before.
    quiet_until_ns: Cell<u64>,
    /// The venue is in maintenance.
    unavailable: Cell<bool>,
    /// Wakes who asks a venue in maintenance whether it answers.
    probe: Notify,
    /// Wakes who measures the venue's clock.
    clock_off: Notify,
    /// A word about an order did not fit into the lane.
    lost: Cell<bool>,
}

/// What the sending of orders takes besides.
pub(super) struct Desk {
    shared: Rc<Shared<dyn OrderDialect>>,
    /// A cancel never waits behind a reading of the account.
    calls: Calls,
    dial: Dial,
    connection_age_max: Duration,
    gate: Gate,
    post_check: RefCell<PostCheck>,
    latency: Arc<Latency>,
    /// Says what would be sent, where nothing is.
    narrator: Option<Narrator>,
}

impl Gateway {
    /// Runs for ever.
    pub(super) async fn run(self) -> Result<(), crate::net::NetError> {
        let calls = || Calls::new(&self.rest, &self.dial);
        let asked = (Questions::new(&self.rest, &self.dial)?, self.rest.allowance.clone());
        let said = (self.clock.clone(), self.lane);
        let shared = Rc::new(Shared::new(self.venue, said, self.orders, asked));
        let clock = clock::follow(Rc::clone(&shared), self.clock_refresh_ns);
        let stream = user::PrivateStream {
            calls: calls()?,
            dial: self.dial.clone(),
            streams: self.streams,
            order_entry: self.order_entry.clone(),
            dialect: RefCell::new(self.user),
            age_max: self.connection_age_max,
        };
        let user = user::listen(Rc::clone(&shared), stream);
        let desk = Rc::new(Desk {
            shared: Rc::clone(&shared),
            calls: calls()?,
            dial: self.dial,
            connection_age_max: self.connection_age_max,
            gate: self.gate,
            post_check: RefCell::new(self.post_check),
            latency: self.latency,
            narrator: self.narrator,
        });
        let commands = Commands { lane: self.commands, bell: self.bell, wait: self.wait };
        let orders = orders::serve(desk, commands, self.order_entry);
        let probe = probe::follow(Rc::clone(&shared));
        let crowding = crowding::follow(Rc::clone(&shared));
        tokio::join!(clock, user, orders, probe, crowding);
        Ok(())
    }
}

impl<D: ?Sized> Shared<D> {
    fn new(
        venue: VenueId,
        (clock, lane): (Clock, Filler<Incoming>),
        dialect: Box<D>,
        (questions, allowance): (Questions, Allowance),
    ) -> Self {
        Self {
            venue,
            clock,
            dialect: RefCell::new(dialect),
            lane: RefCell::new(lane),
            questions,
            allowance,
            venue_epoch_ms: Cell::new(None),
            quiet_until_ns: Cell::new(0),
            unavailable: Cell::new(false),
            probe: Notify::new(),
            clock_off: Notify::new(),
            lost: Cell::new(false),
        }
    }
}

/// Between two looks whether the venue's time is known.
const CLOCK_LOOK: Duration = Duration::from_millis(10);

/// Without a reading where the venue refuses our key: it bans who goes on (R132).
const REFUSED_NS: u64 = 60 * SECOND;

impl<D: AccountDialect + ?Sized> Shared<D> {
    /// Venue time as estimated: the monotonic clock and the measured distance (SAFETY E10).
    fn venue_time(&self) -> Option<VenueTime> {
        let epoch_ms = self.venue_epoch_ms.get()?;
        let mono_ns = self.clock.mono_ns();
        Some(VenueTime { unix_ms: epoch_ms.saturating_add(mono_ns / MS), mono_ns })
    }

    /// The same, as soon as it has been measured: what is said first on a connection is signed with
    /// it, and it is asked for while that connects.
    async fn venue_time_measured(&self) -> VenueTime {
        loop {
            match self.venue_time() {
                Some(at) => return at,
                None => tokio::time::sleep(CLOCK_LOOK).await,
            }
        }
    }

    /// The venue takes no readings for a while.
    fn is_quiet(&self) -> bool {
        self.clock.mono_ns() < self.quiet_until_ns.get() || self.unavailable.get()
    }

    /// Waits until it does again.
    async fn rested(&self) {
        let left_ns = self.quiet_until_ns.get().saturating_sub(self.clock.mono_ns());
        tokio::time::sleep(Duration::from_nanos(left_ns)).await;
    }

    /// No readings for a while. Cancels and questions after single orders go on: they are few, and
    /// worth their price.
    fn be_quiet(&self) {
        self.quiet_until_ns.set(self.clock.mono_ns().saturating_add(REFUSED_NS));
    }

    /// Tells the hot thread; what does not fit is a word lost.
    fn tell(&self, kind: EventKind) {
        let received_ns = self.clock.mono_ns();
        if self.lane.borrow_mut().push(Incoming { received_ns, kind }).is_err() {
            self.lost.set(true);
        }
    }

    /// Acts on what the venue said of itself with its last answer: a clock that is off is measured
    /// at once, a venue in maintenance or one that refuses our key is left alone.
    fn heed(&self) {
        let Some(condition) = self.dialect.borrow_mut().take_condition() else { return };
        match condition {
            Condition::ClockOff => {
                tracing::warn!("the venue refuses our time: measuring its clock");
                self.clock_off.notify_one();
            }
            Condition::Unavailable if self.unavailable.replace(true) => return,
            Condition::Unavailable => self.probe.notify_one(),
            // The latter two are ours to say ([`crowding`]).
            Condition::Available | Condition::NearLimit | Condition::BelowLimit => {}
            Condition::KeyRefused => self.be_quiet(),
        }
        self.tell(EventKind::Condition(VenueCondition { venue: self.venue, condition }));
    }

    /// Tells a change of a connection, however full the lane is.
    async fn tell_link(&self, channel: LinkChannel, state: LinkState) {
        let event = EventKind::Link(LinkEvent { venue: self.venue, channel, state });
        let received_ns = self.clock.mono_ns();
        Said::new(event, received_ns).into(&self.lane).await;
    }

    /// When a word was lost: the core must not trust what it believes until it has read the
    /// account again.
    async fn own_up(&self) {
        if self.lost.replace(false) {
            tracing::error!("the hot thread does not keep up: reading the account again");
            self.tell_link(LinkChannel::User, LinkState::Down).await;
            self.tell_link(LinkChannel::User, LinkState::Up).await;
        }
    }
}
