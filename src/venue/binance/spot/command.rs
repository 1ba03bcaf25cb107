//! Orders out: commands as signed messages of the WebSocket API (spot sheet sections 5 and 11), or
//! as signed REST calls where they are questions or take back everything.
//!
//! Must hold: parameters are signed in the order of their names; a post-only order is a
//! `LIMIT_MAKER`, which has no time in force; the request's id says kind, instrument and our id, so
//! that an answer needs no table. `encode` of an order or a cancel does not allocate once its two
//! buffers have grown.
//!
//! Deliberately absent: a reduce-only flag, which Spot does not have: that an exit sells no more
//! than there is, the balance sees to. An amend, because the venue's only one gives the order
//! another id; the kernel denies it before it comes here.

use super::error::condition;
use super::rest::{self, Bases};
use crate::core::Command;
use crate::types::{
    AccountSnapshot, ClientOrderId, Condition, DeadManAnswer, DeadManReport, DeadManRequest,
    ExecutionReport, IdPrefix, InstrumentId, OrderTerms, QueryToken, TimeInForce, TradesRead,
};
use crate::venue::binance::json::clock;
use crate::venue::binance::logon::{logon, on_logon};
use crate::venue::binance::message::{Message, side};
use crate::venue::binance::names::Names;
use crate::venue::binance::notice::announces_end;
use crate::venue::binance::read_back::read_back;
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::{percent_encoded, write_price, write_qty};
use crate::venue::binance::trades;
use crate::venue::{
    AccountDialect, Answer, Call, Credentials, DecodeError, Directory, EncodeError, OrderDialect,
    Outgoing, Question, Stream, StreamBase, VenueTime, WrittenOrder,
};

/// Where the account's trades are told, and the orders that traded.
const TRADES: trades::Paths =
    trades::Paths { trades: "/api/v3/myTrades", orders: "/api/v3/allOrders" };

/// Where the WebSocket API is.
pub(super) const API: &str = "/ws-api/v3";

/// Order entry of one account.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) names: Names,
    pub(super) prefix: IdPrefix,
    pub(super) signer: Signer,
    bases: Bases,
    /// The text that is signed.
    payload: Vec<u8>,
    /// What the venue said of itself last.
    pub(super) condition: Option<Condition>,
}

impl Orders {
    pub(super) fn new(directory: &Directory, credentials: &Credentials) -> Self {
        Self {
            names: Names::new(directory),
            prefix: directory.prefix,
            signer: Signer::new(credentials, directory.recv_window_ms),
            bases: rest::bases(directory),
            payload: Vec::new(),
            condition: None,
        }
    }

    /// An answer that is an error may also say something of the venue.
    fn heed(&mut self, error: Option<&DecodeError>) {
        self.condition = match error {
            Some(DecodeError::Refused { status, code, .. }) => condition(*status, *code),
            Some(_) | None => None,
        };
    }

    fn place(
        &mut self,
        id: ClientOrderId,
        terms: &OrderTerms,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let instrument = terms.instrument;
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Place, instrument, id };
        let (signer, prefix) = (&self.signer, &self.prefix);
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.place", request, prefix, signer, buffers);
        message.text("newClientOrderId", |out| prefix.write(id, out));
        message.word("newOrderRespType", "ACK");
        message.text("price", |out| write_price(terms.price, out));
        message.text("quantity", |out| write_qty(terms.qty, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("side", side(terms.side));
        message.word("symbol", symbol);
        let (kind, time_in_force) = kind(terms.time_in_force);
        if let Some(word) = time_in_force {
            message.word("timeInForce", word);
        }
        message.number("timestamp", venue_unix_ms);
        message.word("type", kind);
        message.end();
        Ok(Outgoing::Message)
    }

    fn cancel(
        &mut self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Cancel, instrument, id };
        let (signer, prefix) = (&self.signer, &self.prefix);
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.cancel", request, prefix, signer, buffers);
        message.text("origClientOrderId", |out| prefix.write(id, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("symbol", symbol);
        message.number("timestamp", venue_unix_ms);
        message.end();
        Ok(Outgoing::Message)
    }

    fn cancel_all(
        &self,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let parameters = format!("symbol={}", percent_encoded(symbol));
        let path = "/api/v3/openOrders";
        let call = self.signer.signed_call("DELETE", path, &parameters, venue_unix_ms);
        Ok(Outgoing::Call(call, Question::CancelAll(instrument)))
    }

    fn query(
        &self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let mut text = Vec::new();
        self.prefix.write(id, &mut text);
        let text = String::from_utf8_lossy(&text);
        let parameters = format!("origClientOrderId={text}&symbol={}", percent_encoded(symbol));
        let call = self.signer.signed_call("GET", "/api/v3/order", &parameters, venue_unix_ms);
        Ok(Outgoing::Call(call, Question::Order(instrument, id)))
    }
}

/// The type of an order, and its time in force where the type has one.
fn kind(time_in_force: TimeInForce) -> (&'static str, Option<&'static str>) {
    match time_in_force {
        TimeInForce::Gtc => ("LIMIT", Some("GTC")),
        TimeInForce::Gtx => ("LIMIT_MAKER", None),
        TimeInForce::Ioc => ("LIMIT", Some("IOC")),
        TimeInForce::Fok => ("LIMIT", Some("FOK")),
    }
}

impl OrderDialect for Orders {
    fn stream(&self) -> Stream {
        Stream { base: StreamBase::OrderEntry, target: API.to_owned() }
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
            Command::NewOrder(order) => self.place(order.id(), order.terms(), at_ms, buffer),
            Command::Cancel { id, instrument } => self.cancel(*id, *instrument, at_ms, buffer),
            Command::CancelAll { instrument } => self.cancel_all(*instrument, at_ms),
            Command::QueryOrder { id, instrument } => self.query(*id, *instrument, at_ms),
            Command::Amend(_)
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryAccount { .. }
            | Command::QueryTrades { .. } => Err(EncodeError::NotOneMessage),
        }
    }

    fn logs_on(&self) -> bool {
        self.signer.logs_on()
    }

    fn logon(&self, venue_unix_ms: u64) -> Vec<u8> {
        logon(&self.signer, venue_unix_ms)
    }

    fn on_logon(&mut self, bytes: &[u8]) -> Result<bool, DecodeError> {
        let heard = on_logon(&self.signer, bytes);
        self.heed(heard.as_ref().err());
        heard
    }

    fn read_back(&self, bytes: &[u8]) -> Option<WrittenOrder> {
        let written = read_back(bytes, &self.names, &self.prefix)?;
        Some(WrittenOrder { reduce_only: None, ..written })
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
        self.heed(heard.as_ref().err());
        out.extend(heard?);
        Ok(())
    }

    /// Nothing was sent for it: the venue has no such switch.
    fn on_dead_man(&self, request: DeadManRequest, _answer: Option<&Answer>) -> DeadManReport {
        DeadManReport { request, answer: DeadManAnswer::Refused }
    }
}

impl AccountDialect for Orders {
    fn account_calls(&self, venue_unix_ms: u64) -> Vec<Call> {
        rest::account_calls(&self.names, &self.signer, venue_unix_ms)
    }

    fn account(
        &mut self,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError> {
        let heard = rest::account(&self.names, &self.bases, &self.prefix, token, answers);
        self.heed(heard.as_ref().err());
        heard
    }

    fn trades_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        venue_unix_ms: u64,
    ) -> Result<Call, EncodeError> {
        trades::call(&TRADES, &self.names, &self.signer, instrument, from_id, venue_unix_ms)
    }

    fn owners_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        trades: &Answer,
        venue_unix_ms: u64,
    ) -> Result<Option<Call>, DecodeError> {
        let asked = trades::Asked { instrument, from_id };
        trades::owners_call(&TRADES, &self.names, &self.signer, asked, trades, venue_unix_ms)
    }

    fn trades(
        &mut self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        answers: &[Answer],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<TradesRead, DecodeError> {
        let asked = trades::Asked { instrument, from_id };
        let read = trades::read(&self.names, &self.prefix, asked, answers, out);
        self.heed(read.as_ref().err());
        read
    }

    fn take_condition(&mut self) -> Option<Condition> {
        self.condition.take()
    }

    fn ping_call(&self) -> Call {
        Call { method: "GET", target: "/api/v3/ping".to_owned(), headers: Vec::new() }
    }

    fn is_available(&self, answer: &Answer) -> bool {
        answer.status == 200 && answer.body.trim_ascii() == b"{}"
    }

    fn clock_call(&self) -> Call {
        clock_call()
    }

    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError> {
        clock(answer)
    }
}

/// The question after the venue's time.
pub(super) fn clock_call() -> Call {
    Call { method: "GET", target: "/api/v3/time".to_owned(), headers: Vec::new() }
}

#[cfg(test)]
mod tests;
