//! What goes wrong with one message, by the names that the simulated exchange has for it (SAFETY
//! 5.3): here each fault is what it comes to in process.
//!
//! Must hold: one message meets one fault at most, the one that was armed first. In process there
//! is no private stream beside an answer: where an answer is lost, nobody says so unasked.

use super::{Message, World};
use tradekeel::core::{Command, EventKind, LinkChannel, LinkState};
use tradekeel::sim::{FaultKind, Target};
use tradekeel::types::{MS, MarketData, MarketEvent, OrderTerms, Qty, Trade};

/// How late comes what comes behind, and how long a connection stays broken.
const BEHIND_NS: u64 = 250 * MS;

/// What faults of a command are armed on.
pub(super) fn target(command: &Command) -> Option<Target> {
    match command {
        Command::NewOrder(_) => Some(Target::Place),
        Command::Amend(_) => Some(Target::Amend),
        Command::Cancel { .. } => Some(Target::Cancel),
        Command::CancelAll { .. }
        | Command::ArmDeadMan(_)
        | Command::Stop(_)
        | Command::QueryOrder { .. }
        | Command::QueryTrades { .. }
        | Command::QueryAccount { .. } => None,
    }
}

fn is_trade(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Execution(report) if report.trade().is_some())
}

impl World {
    /// The next message of that kind meets this, after those that were armed before.
    pub(crate) fn arm(&mut self, fault: FaultKind, on: Target) {
        self.armed.push_back((fault, on));
    }

    /// How many wait for theirs.
    pub(crate) fn armed(&self) -> usize {
        self.armed.len()
    }

    pub(super) fn met(&mut self, on: Option<Target>) -> Option<FaultKind> {
        let at = self.armed.iter().position(|(_, target)| Some(*target) == on)?;
        self.armed.remove(at).map(|(fault, _)| fault)
    }

    /// What becomes of a command, and of what the venue says of it.
    pub(super) fn meet(&mut self, fault: FaultKind, command: &Command) {
        match fault {
            FaultKind::RequestLost => {}
            FaultKind::UnknownUnexecuted => self.say_unknown(command),
            FaultKind::UnknownExecuted => {
                self.say_unknown(command);
                self.serve(command);
            }
            FaultKind::AckLost => {
                let told = self.serve(command);
                self.tell(0, told.into_iter().skip(1));
            }
            FaultKind::Disconnect => {
                self.serve(command);
                self.break_link(LinkChannel::Orders);
            }
            FaultKind::PartialFill => {
                let told = self.serve(command);
                let traded = self.trade_with(command, |qty| Qty::from_units(qty.units() / 2));
                self.tell(0, told.into_iter().chain(traded));
            }
            FaultKind::FillBeforeAck => {
                let told = self.serve(command);
                let traded = self.trade_with(command, |qty| qty);
                self.tell(0, traded);
                self.tell(BEHIND_NS, told);
            }
            FaultKind::CancelFilled => {
                let traded = self.trade_with(command, |qty| qty);
                let told = self.serve(command);
                self.tell(0, told);
                self.tell(BEHIND_NS, traded);
            }
            FaultKind::CancelBeforeFill => {
                let traded = self.trade_with(command, |qty| Qty::from_units(qty.units() / 2));
                let told = self.serve(command);
                self.tell(0, told);
                self.tell(BEHIND_NS, traded);
            }
            FaultKind::Unavailable
            | FaultKind::InternalError
            | FaultKind::Throttled
            | FaultKind::DuplicateFill
            | FaultKind::FillLost
            | FaultKind::Delay
            | FaultKind::Late
            | FaultKind::DisconnectLost
            | FaultKind::Silence
            | FaultKind::ServerShutdown
            | FaultKind::StreamTerminated => panic!("{fault:?} befalls no command in process"),
        }
    }

    /// What becomes of the word on a trade that the market made.
    pub(super) fn meet_on_stream(&mut self) {
        if !self.answers.iter().any(is_trade) {
            return;
        }
        let Some(fault) = self.met(Some(Target::Stream)) else { return };
        let (trades, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.answers).into_iter().partition(is_trade);
        self.answers = others;
        if fault == FaultKind::DuplicateFill {
            self.answers.extend(trades.iter().flat_map(|trade| [trade.clone(), trade.clone()]));
        } else if fault == FaultKind::Disconnect {
            self.break_link(LinkChannel::User);
        } else {
            assert_eq!(fault, FaultKind::FillLost, "no other befalls a trade in process");
        }
    }

    fn say_unknown(&mut self, command: &Command) {
        let unknown = command.outcome_unknown().map(EventKind::Execution);
        self.tell(0, unknown);
    }

    /// The venue takes it in; what it says is nobody's yet.
    fn serve(&mut self, command: &Command) -> Vec<EventKind> {
        let mut told = Vec::new();
        self.venue.handle(self.unix_ms(), command, &mut told);
        told
    }

    /// The market trades so much of what may trade of an order, at its price.
    fn trade_with(&mut self, command: &Command, part: fn(Qty) -> Qty) -> Vec<EventKind> {
        let mut told = Vec::new();
        let Some(terms) = self.terms_of(command) else { return told };
        let (price, aggressor) = (terms.price, terms.side.opposite());
        let trade = Trade { id: u64::MAX, price, qty: part(terms.qty), aggressor };
        let data = MarketData::Trade(trade);
        let event = MarketEvent { instrument: terms.instrument, sent_unix_ms: None, data };
        self.venue.on_market(self.unix_ms(), &event, &mut told);
        told
    }

    fn terms_of(&self, command: &Command) -> Option<OrderTerms> {
        match command {
            Command::NewOrder(approved) => Some(*approved.terms()),
            Command::Amend(approved) => Some(*approved.terms()),
            Command::Cancel { id, .. } => self.order(*id).map(|order| order.terms),
            Command::CancelAll { .. }
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryOrder { .. }
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. } => None,
        }
    }

    fn tell(&mut self, behind_ns: u64, told: impl IntoIterator<Item = EventKind>) {
        for kind in told {
            self.post_behind(behind_ns, Message::ToCore(kind));
        }
    }

    /// A connection breaks, and is made again.
    fn break_link(&mut self, channel: LinkChannel) {
        self.post(Message::Link(channel, LinkState::Down));
        self.post_behind(BEHIND_NS, Message::Link(channel, LinkState::Up));
    }
}
