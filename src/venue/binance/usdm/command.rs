//! Orders out: commands as signed messages of the WebSocket API (venue sheet section 9) or as
//! signed REST calls where that API has no method.
//!
//! Must hold: parameters are signed in the order of their names; reducing and protective orders
//! carry the venue's own reduce-only flag (SAFETY E8); every order is a limit order in one-way
//! mode; the request's id says kind, instrument and our id, so that an answer needs no table.
//! `encode` of an order, an amend or a cancel does not allocate once its two buffers have grown.

use super::fees::Fees;
use super::good_till;
use super::tiers::Tiers;
use crate::core::Command;
use crate::core::safety::ApprovedAmend;
use crate::types::{
    AccountSnapshot, ClientOrderId, Condition, DeadManReport, DeadManRequest, ExecutionReport,
    IdPrefix, InstrumentId, OrderTerms, Purpose, QueryToken, StopOrder, StopReport, StopRequest,
    TimeInForce, TradesRead,
};
#[cfg(test)]
use crate::venue::Written;
use crate::venue::binance::error::condition;
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
    trades::Paths { trades: "/fapi/v1/userTrades", orders: "/fapi/v1/allOrders" };

/// Order entry of one account.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) names: Names,
    pub(super) prefix: IdPrefix,
    pub(super) signer: Signer,
    /// The text that is signed.
    payload: Vec<u8>,
    /// What the venue said of itself last.
    pub(super) condition: Option<Condition>,
    tiers: Tiers,
    fees: Fees,
}

impl Orders {
    pub(super) fn new(directory: &Directory, credentials: &Credentials) -> Self {
        let names = Names::new(directory);
        Self {
            tiers: Tiers::new(&names),
            fees: Fees::new(&names),
            names,
            prefix: directory.prefix,
            signer: Signer::new(credentials, directory.recv_window_ms),
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
        at: VenueTime,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let instrument = terms.instrument;
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Place, instrument, id };
        let (signer, prefix) = (&self.signer, &self.prefix);
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.place", request, prefix, signer, buffers);
        let date = good_till::date(terms, at);
        if let Some(date) = date {
            message.number("goodTillDate", date);
        }
        message.text("newClientOrderId", |out| prefix.write(id, out));
        message.word("newOrderRespType", "ACK");
        message.text("price", |out| write_price(terms.price, out));
        message.text("quantity", |out| write_qty(terms.qty, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        if is_reduce_only(terms.purpose) {
            message.word("reduceOnly", "true");
        }
        message.word("side", side(terms.side));
        message.word("symbol", symbol);
        let word = if date.is_some() { "GTD" } else { time_in_force(terms.time_in_force) };
        message.word("timeInForce", word);
        message.number("timestamp", at.unix_ms);
        message.word("type", "LIMIT");
        message.end();
        Ok(Outgoing::Message)
    }

    /// Venues want both terms and the side; all else of the order stays, its date included.
    fn amend(
        &mut self,
        amend: &ApprovedAmend,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let (id, terms) = (amend.id(), amend.terms());
        self.modify(id, terms, amend.number(), venue_unix_ms, buffer)
    }

    fn modify(
        &mut self,
        id: ClientOrderId,
        terms: &OrderTerms,
        number: u8,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let instrument = terms.instrument;
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Amend(number), instrument, id };
        let (signer, prefix) = (&self.signer, &self.prefix);
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.modify", request, prefix, signer, buffers);
        message.text("origClientOrderId", |out| prefix.write(id, out));
        message.text("price", |out| write_price(terms.price, out));
        message.text("quantity", |out| write_qty(terms.qty, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("side", side(terms.side));
        message.word("symbol", symbol);
        message.number("timestamp", venue_unix_ms);
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

    /// The WebSocket API has no cancel-all. Conditional orders are not touched: those of ours
    /// only protect.
    fn cancel_all(
        &self,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let symbol = self.names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let parameters = format!("symbol={}", percent_encoded(symbol));
        let path = "/fapi/v1/allOpenOrders";
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
        let path = "/fapi/v1/order";
        let call = self.signer.signed_call("GET", path, &parameters, venue_unix_ms);
        Ok(Outgoing::Call(call, Question::Order(instrument, id)))
    }
}

fn is_reduce_only(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Opening => false,
        Purpose::Reducing | Purpose::Protective => true,
    }
}

fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Gtx => "GTX",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    }
}

impl OrderDialect for Orders {
    fn stream(&self) -> Stream {
        Stream { base: StreamBase::OrderEntry, target: "/ws-fapi/v1".to_owned() }
    }

    fn encode(
        &mut self,
        command: &Command,
        at: VenueTime,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        buffer.clear();
        match command {
            Command::NewOrder(approved) => self.place(approved.id(), approved.terms(), at, buffer),
            Command::Amend(amend) => self.amend(amend, at.unix_ms, buffer),
            Command::Cancel { id, instrument } => self.cancel(*id, *instrument, at.unix_ms, buffer),
            Command::CancelAll { instrument } => self.cancel_all(*instrument, at.unix_ms),
            Command::QueryOrder { id, instrument } => self.query(*id, *instrument, at.unix_ms),
            Command::ArmDeadMan(request) => self.arm_dead_man(*request, at.unix_ms),
            Command::Stop(command) => self.ask_stop(command, at.unix_ms),
            Command::QueryAccount { .. } | Command::QueryTrades { .. } => {
                Err(EncodeError::NotOneMessage)
            }
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
        read_back(bytes, &self.names, &self.prefix)
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

    fn on_dead_man(&self, request: DeadManRequest, answer: Option<&Answer>) -> DeadManReport {
        let answer = super::dead_man::answer(&self.names, request, answer);
        DeadManReport { request, answer }
    }

    fn on_stop(&self, request: StopRequest, answer: Option<&Answer>) -> Option<StopReport> {
        self.stop_answer(request, answer)
    }

    fn read_stop_back(&self, call: &Call) -> Option<StopOrder> {
        Orders::read_stop_back(self, call)
    }
}

impl AccountDialect for Orders {
    fn account_calls(&self, venue_unix_ms: u64) -> Vec<Call> {
        let mut calls = super::rest::account_calls(&self.signer, venue_unix_ms);
        calls.extend(self.fees.call(&self.names, &self.signer, venue_unix_ms));
        calls.extend(self.tiers.calls(&self.names, &self.signer, venue_unix_ms));
        calls
    }

    fn account(
        &mut self,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError> {
        let (account, others) =
            answers.split_at_checked(super::rest::ACCOUNT_PATHS.len()).unwrap_or((answers, &[]));
        let (fee, tiers) = others.split_at_checked(1).unwrap_or((others, &[]));
        self.fees.on_read(&self.names, fee.first());
        self.tiers.on_read(tiers);
        let heard = super::rest::account(&self.names, &self.prefix, token, account);
        self.heed(heard.as_ref().err());
        let mut snapshot = heard?;
        self.tiers.complete(&mut snapshot);
        self.fees.complete(&mut snapshot);
        Ok(snapshot)
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
        super::rest::ping_call()
    }

    fn is_available(&self, answer: &Answer) -> bool {
        answer.status == 200 && answer.body.trim_ascii() == b"{}"
    }

    fn clock_call(&self) -> Call {
        super::rest::clock_call()
    }

    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError> {
        clock(answer)
    }
}

#[cfg(test)]
mod tests;
