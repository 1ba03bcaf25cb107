//! Order entry of one account, on either market of the venue: what goes out ([`command`]), what
//! comes back ([`answer`]), and the account around it. What the markets do differently is an
//! [`Entry`].
//!
//! Must hold: whose order it is, is told by our prefix; an answer is of the request that its id
//! names; what the venue says of itself in an error is kept until it is asked for.

mod answer;
mod command;

use super::json::clock;
use super::limits;
use super::logon::{logon, on_logon};
use super::names::Names;
use super::notice::announces_end;
use super::read_back::read_back;
use super::sign::Signer;
use super::trades;
use crate::core::Command;
use crate::types::{
    AccountSnapshot, ClientOrderId, Condition, DeadManAnswer, DeadManReport, DeadManRequest,
    ExecutionReport, IdPrefix, InstrumentId, OrderTerms, QueryToken, StopOrder, StopReport,
    StopRequest, TradesRead,
};
use crate::venue::{
    AccountDialect, Answer, Call, Credentials, DecodeError, Directory, EncodeError, Meaning,
    OrderDialect, Outgoing, Question, Stream, StreamBase, Usage, VenueTime, WrittenOrder,
};

/// Where a market is spoken with.
#[derive(Debug)]
pub(super) struct Paths {
    /// The WebSocket API.
    pub(super) api: &'static str,
    /// One order.
    pub(super) order: &'static str,
    /// Cancels of all orders of a symbol.
    pub(super) cancel_all: &'static str,
    pub(super) trades: trades::Paths,
    pub(super) ping: &'static str,
    pub(super) time: &'static str,
}

/// What names an order and proves who sends it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) names: Names,
    pub(super) prefix: IdPrefix,
    pub(super) signer: Signer,
}

impl Desk {
    pub(super) fn new(directory: &Directory, credentials: &Credentials) -> Self {
        Self {
            names: Names::new(directory),
            prefix: directory.prefix,
            signer: Signer::new(credentials, directory.recv_window_ms),
        }
    }
}

/// The words of an order that differ between the markets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Wording {
    pub(super) kind: &'static str,
    /// Where the type has one.
    pub(super) time_in_force: Option<&'static str>,
    /// When the venue itself ends it, milliseconds since the Unix epoch.
    pub(super) good_till_date: Option<u64>,
    /// It says that it only lowers a position.
    pub(super) reduce_only: bool,
}

/// Order entry of one market.
pub(super) trait Entry: std::fmt::Debug + Send {
    const PATHS: Paths;

    /// Resting orders can be amended under their own id.
    const AMENDS: bool;

    /// An order can say that it only lowers a position.
    const REDUCES: bool;

    /// How a cancel of all orders is refused where there is none.
    const NOTHING_OPEN: Option<i32>;

    /// Its words for an order that leaves now.
    fn wording(terms: &OrderTerms, at: VenueTime) -> Wording;

    /// What an error means for the request.
    fn meaning(status: u16, code: i32, text: &str) -> Meaning;

    /// What an error says of the venue itself.
    fn condition(status: u16, code: i32) -> Option<Condition>;

    /// A command that the other market does not have.
    fn encode(
        &self,
        _desk: &Desk,
        _command: &Command,
        _venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        Err(EncodeError::NotOneMessage)
    }

    /// Nothing is sent for a switch that is not there.
    fn on_dead_man(&self, _desk: &Desk, _: DeadManRequest, _: Option<&Answer>) -> DeadManAnswer {
        DeadManAnswer::Refused
    }

    fn on_stop(&self, _desk: &Desk, _: StopRequest, _: Option<&Answer>) -> Option<StopReport> {
        None
    }

    fn read_stop_back(&self, _desk: &Desk, _call: &Call) -> Option<StopOrder> {
        None
    }

    fn account_calls(&self, desk: &Desk, venue_unix_ms: u64) -> Vec<Call>;

    fn account(
        &mut self,
        desk: &Desk,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError>;
}

/// Order entry of one account.
#[derive(Debug)]
pub(super) struct Orders<E> {
    desk: Desk,
    entry: E,
    /// The text that is signed.
    payload: Vec<u8>,
    /// What the venue said of itself last.
    condition: Option<Condition>,
}

impl<E: Entry> Orders<E> {
    pub(super) fn new(desk: Desk, entry: E) -> Self {
        Self { desk, entry, payload: Vec::new(), condition: None }
    }

    /// An answer that is an error may also say something of the venue.
    fn heed<T>(&mut self, heard: Result<T, DecodeError>) -> Result<T, DecodeError> {
        self.condition = match &heard {
            Err(DecodeError::Refused { status, code, .. }) => E::condition(*status, *code),
            Ok(_) | Err(_) => None,
        };
        heard
    }
}

impl<E: Entry> OrderDialect for Orders<E> {
    fn stream(&self) -> Stream {
        Stream { base: StreamBase::OrderEntry, target: E::PATHS.api.to_owned() }
    }

    fn encode(
        &mut self,
        command: &Command,
        at: VenueTime,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        buffer.clear();
        let at_ms = at.unix_ms;
        match command {
            Command::NewOrder(order) => self.place(order.id(), order.terms(), at, buffer),
            Command::Amend(amend) if E::AMENDS => self.amend(amend, at_ms, buffer),
            Command::Cancel { id, instrument } => self.cancel(*id, *instrument, at_ms, buffer),
            Command::CancelAll { instrument } => self.cancel_all(*instrument, at_ms),
            Command::QueryOrder { id, instrument } => self.query(*id, *instrument, at_ms),
            Command::Amend(_)
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryAccount { .. }
            | Command::QueryTrades { .. } => self.entry.encode(&self.desk, command, at_ms),
        }
    }

    fn cancel_call(
        &self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        self.cancel_apart(id, instrument, venue_unix_ms)
    }

    fn logs_on(&self) -> bool {
        self.desk.signer.logs_on()
    }

    fn logon(&self, venue_unix_ms: u64) -> Vec<u8> {
        logon(&self.desk.signer, venue_unix_ms)
    }

    fn on_logon(&mut self, bytes: &[u8]) -> Result<bool, DecodeError> {
        let heard = on_logon(&self.desk.signer, bytes);
        self.heed(heard)
    }

    fn read_back(&self, bytes: &[u8]) -> Option<WrittenOrder> {
        let written = read_back(bytes, &self.desk.names, &self.desk.prefix)?;
        Some(WrittenOrder { reduce_only: written.reduce_only.filter(|_| E::REDUCES), ..written })
    }

    fn announces_end(&self, message: &[u8]) -> bool {
        announces_end(message)
    }

    fn on_message(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<(), DecodeError> {
        out.extend(self.report(bytes)?);
        Ok(())
    }

    fn on_answer(
        &mut self,
        question: Question,
        answer: Option<&Answer>,
        out: &mut Vec<ExecutionReport>,
    ) -> Result<(), DecodeError> {
        let heard = self.answered(question, answer);
        out.extend(self.heed(heard)?);
        Ok(())
    }

    fn usage(&self, message: &[u8]) -> Usage {
        limits::of_message(message)
    }

    fn on_dead_man(&self, request: DeadManRequest, answer: Option<&Answer>) -> DeadManReport {
        DeadManReport { request, answer: self.entry.on_dead_man(&self.desk, request, answer) }
    }

    fn on_stop(&self, request: StopRequest, answer: Option<&Answer>) -> Option<StopReport> {
        self.entry.on_stop(&self.desk, request, answer)
    }

    fn read_stop_back(&self, call: &Call) -> Option<StopOrder> {
        self.entry.read_stop_back(&self.desk, call)
    }
}

impl<E: Entry> AccountDialect for Orders<E> {
    fn account_calls(&self, venue_unix_ms: u64) -> Vec<Call> {
        self.entry.account_calls(&self.desk, venue_unix_ms)
    }

    fn account(
        &mut self,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError> {
        let heard = self.entry.account(&self.desk, token, answers);
        self.heed(heard)
    }

    fn trades_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        venue_unix_ms: u64,
    ) -> Result<Call, EncodeError> {
        let Desk { names, signer, .. } = &self.desk;
        trades::call(&E::PATHS.trades, names, signer, instrument, from_id, venue_unix_ms)
    }

    fn owners_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        trades: &Answer,
        venue_unix_ms: u64,
    ) -> Result<Option<Call>, DecodeError> {
        let Desk { names, signer, .. } = &self.desk;
        let asked = trades::Asked { instrument, from_id };
        trades::owners_call(&E::PATHS.trades, names, signer, asked, trades, venue_unix_ms)
    }

    fn trades(
        &mut self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        answers: &[Answer],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<TradesRead, DecodeError> {
        let asked = trades::Asked { instrument, from_id };
        let heard = trades::read(&self.desk.names, &self.desk.prefix, asked, answers, out);
        self.heed(heard)
    }

    fn take_condition(&mut self) -> Option<Condition> {
        self.condition.take()
    }

    fn ping_call(&self) -> Call {
        plain_call(E::PATHS.ping)
    }

    fn is_available(&self, answer: &Answer) -> bool {
        answer.status == 200 && answer.body.trim_ascii() == b"{}"
    }

    fn clock_call(&self) -> Call {
        clock_call::<E>()
    }

    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError> {
        clock(answer)
    }
}

/// The question after the venue's time.
pub(super) fn clock_call<E: Entry>() -> Call {
    plain_call(E::PATHS.time)
}

/// A question that anybody may ask.
fn plain_call(path: &str) -> Call {
    Call { method: "GET", target: path.to_owned(), headers: Vec::new() }
}

#[cfg(test)]
mod tests;
