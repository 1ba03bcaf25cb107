//! Orders out: commands as signed messages of the WebSocket API (venue sheet section 9) or as
//! signed REST calls where that API has no method.
//!
//! Must hold: parameters are signed in the order of their names; reducing and protective orders
//! carry the venue's own reduce-only flag (SAFETY E8); every order is a limit order in one-way
//! mode; the request's id says kind, instrument and our id, so that an answer needs no table.
//! `encode` of an order, an amend or a cancel does not allocate once its two buffers have grown.

use super::answer::{Request, RequestKind};
use super::error::condition;
use super::fees::Fees;
use super::good_till;
use super::names::Names;
use super::sign::Signer;
use super::text::{percent_encoded, write_integer, write_json_text, write_price, write_qty};
use super::tiers::Tiers;
use crate::core::Command;
use crate::core::safety::ApprovedAmend;
use crate::types::{
    AccountSnapshot, ClientOrderId, Condition, DeadManReport, DeadManRequest, ExecutionReport,
    IdPrefix, InstrumentId, OrderTerms, Purpose, QueryToken, Side, TimeInForce, TradesRead,
};
#[cfg(test)]
use crate::venue::Written;
use crate::venue::{
    AccountDialect, Answer, Call, Credentials, DecodeError, Directory, EncodeError, OrderDialect,
    Outgoing, Question, Stream, StreamBase, VenueTime, WrittenOrder,
};

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
        let mut message = Message::begin(request, prefix, &mut self.payload, buffer);
        message.text("apiKey", |out| out.extend_from_slice(signer.key().as_bytes()));
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
        message.end(signer);
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
        let mut message = Message::begin(request, prefix, &mut self.payload, buffer);
        message.text("apiKey", |out| out.extend_from_slice(signer.key().as_bytes()));
        message.text("origClientOrderId", |out| prefix.write(id, out));
        message.text("price", |out| write_price(terms.price, out));
        message.text("quantity", |out| write_qty(terms.qty, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("side", side(terms.side));
        message.word("symbol", symbol);
        message.number("timestamp", venue_unix_ms);
        message.end(signer);
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
        let mut message = Message::begin(request, prefix, &mut self.payload, buffer);
        message.text("apiKey", |out| out.extend_from_slice(signer.key().as_bytes()));
        message.text("origClientOrderId", |out| prefix.write(id, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("symbol", symbol);
        message.number("timestamp", venue_unix_ms);
        message.end(signer);
        Ok(Outgoing::Message)
    }

    /// The WebSocket API has no cancel-all. Conditional orders are not touched: we have none.
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

fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
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

/// A request under construction: each parameter goes into the JSON and into the text to be signed.
/// The caller names them in the order of their names.
struct Message<'a> {
    payload: &'a mut Vec<u8>,
    json: &'a mut Vec<u8>,
}

impl<'a> Message<'a> {
    fn begin(
        request: Request,
        prefix: &IdPrefix,
        payload: &'a mut Vec<u8>,
        json: &'a mut Vec<u8>,
    ) -> Self {
        payload.clear();
        json.clear();
        json.extend_from_slice(b"{\"id\":\"");
        request.write(prefix, json);
        json.extend_from_slice(b"\",\"method\":\"");
        json.extend_from_slice(request.kind.method().as_bytes());
        json.extend_from_slice(b"\",\"params\":{");
        Self { payload, json }
    }

    /// A parameter that is text in JSON.
    fn text(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.name(name);
        write(self.payload);
        self.json.push(b'"');
        write_json_text(self.payload.get(start..).unwrap_or_default(), self.json);
        self.json.extend_from_slice(b"\",");
    }

    fn word(&mut self, name: &str, word: &str) {
        self.text(name, |out| out.extend_from_slice(word.as_bytes()));
    }

    /// A parameter that is a number in JSON.
    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        write_integer(value, self.payload);
        write_integer(value, self.json);
        self.json.push(b',');
    }

    /// Writes the name; where the value begins in the text to be signed.
    fn name(&mut self, name: &str) -> usize {
        if !self.payload.is_empty() {
            self.payload.push(b'&');
        }
        self.payload.extend_from_slice(name.as_bytes());
        self.payload.push(b'=');
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        self.payload.len()
    }

    fn end(self, signer: &Signer) {
        self.json.extend_from_slice(b"\"signature\":\"");
        signer.write(self.payload, self.json);
        self.json.extend_from_slice(b"\"}}");
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
            Command::QueryAccount { .. } | Command::QueryTrades { .. } => {
                Err(EncodeError::NotOneMessage)
            }
        }
    }

    fn read_back(&self, bytes: &[u8]) -> Option<WrittenOrder> {
        super::read_back::read_back(bytes, &self.names, &self.prefix)
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
        super::trades::call(&self.names, &self.signer, instrument, from_id, venue_unix_ms)
    }

    fn owners_call(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        trades: &Answer,
        venue_unix_ms: u64,
    ) -> Result<Option<Call>, DecodeError> {
        let asked = super::trades::Asked { instrument, from_id };
        super::trades::owners_call(&self.names, &self.signer, asked, trades, venue_unix_ms)
    }

    fn trades(
        &mut self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        answers: &[Answer],
        out: &mut Vec<ExecutionReport>,
    ) -> Result<TradesRead, DecodeError> {
        let asked = super::trades::Asked { instrument, from_id };
        let read = super::trades::read(&self.names, &self.prefix, asked, answers, out);
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
        super::rest::clock(answer)
    }
}

#[cfg(test)]
mod tests;
