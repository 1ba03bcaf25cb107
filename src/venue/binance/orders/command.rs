//! Orders out: commands as signed messages of the WebSocket API (venue sheet section 9, spot sheet
//! sections 5 and 11), or as signed REST calls where they are questions, take back everything, or
//! take one order back while there is no connection.
//!
//! Must hold: parameters are signed in the order of their names; every order is a limit order; the
//! request's id says kind, instrument and our id, so that an answer needs no table. An order, an
//! amend or a cancel takes no memory once the two buffers have grown.
//!
//! Decision: what the kernel did not see (SAFETY P20) the venue prevents: where an order would meet
//! one of its own account, the one that rests goes. So a way out is never the one that is lost.
//! Futures do so unasked; on Spot it depends on the symbol and the account.

use super::{Desk, Entry, Orders, Wording};
use crate::core::safety::ApprovedAmend;
use crate::types::{ClientOrderId, InstrumentId, OrderTerms};
use crate::venue::binance::message::{Message, side};
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::binance::text::{percent_encoded, write_price, write_qty};
use crate::venue::{Call, EncodeError, Outgoing, Question, VenueTime};

const SELF_TRADE: &str = "EXPIRE_MAKER";

impl<E: Entry> Orders<E> {
    pub(super) fn place(
        &mut self,
        id: ClientOrderId,
        terms: &OrderTerms,
        at: VenueTime,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let instrument = terms.instrument;
        let Desk { names, prefix, signer } = &self.desk;
        let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let Wording { kind, time_in_force, good_till_date, reduce_only } = E::wording(terms, at);
        let request = Request { kind: RequestKind::Place, instrument, id };
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.place", request, prefix, signer, buffers);
        if let Some(date) = good_till_date {
            message.number("goodTillDate", date);
        }
        message.text("newClientOrderId", |out| prefix.write(id, out));
        message.word("newOrderRespType", "ACK");
        message.text("price", |out| write_price(terms.price, out));
        message.text("quantity", |out| write_qty(terms.qty, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        if reduce_only {
            message.word("reduceOnly", "true");
        }
        message.word("selfTradePreventionMode", SELF_TRADE);
        message.word("side", side(terms.side));
        message.word("symbol", symbol);
        if let Some(word) = time_in_force {
            message.word("timeInForce", word);
        }
        message.number("timestamp", at.unix_ms);
        message.word("type", kind);
        message.end();
        Ok(Outgoing::Message)
    }

    /// Venues want both terms and the side; all else of the order stays, its date included.
    pub(super) fn amend(
        &mut self,
        amend: &ApprovedAmend,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let (id, terms) = (amend.id(), amend.terms());
        self.modify(id, terms, amend.number(), venue_unix_ms, buffer)
    }

    pub(super) fn modify(
        &mut self,
        id: ClientOrderId,
        terms: &OrderTerms,
        number: u8,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let instrument = terms.instrument;
        let Desk { names, prefix, signer } = &self.desk;
        let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Amend(number), instrument, id };
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

    pub(super) fn cancel(
        &mut self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<Outgoing, EncodeError> {
        let Desk { names, prefix, signer } = &self.desk;
        let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let request = Request { kind: RequestKind::Cancel, instrument, id };
        let buffers = (&mut self.payload, buffer);
        let mut message = Message::begin("order.cancel", request, prefix, signer, buffers);
        message.text("origClientOrderId", |out| prefix.write(id, out));
        message.number("recvWindow", u64::from(signer.recv_window_ms()));
        message.word("symbol", symbol);
        message.number("timestamp", venue_unix_ms);
        message.end();
        Ok(Outgoing::Message)
    }

    /// The WebSocket API cannot do it on futures. Conditional orders are not touched: those of ours
    /// only protect.
    pub(super) fn cancel_all(
        &self,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let Desk { names, signer, .. } = &self.desk;
        let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let parameters = format!("symbol={}", percent_encoded(symbol));
        let path = E::PATHS.cancel_all;
        let call = signer.signed_call("DELETE", path, &parameters, venue_unix_ms);
        Ok(Outgoing::Call(call, Question::CancelAll(instrument)))
    }

    pub(super) fn query(
        &self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let call = self.order_call("GET", id, instrument, venue_unix_ms)?;
        Ok(Outgoing::Call(call, Question::Order(instrument, id)))
    }

    /// A cancel that does not wait for the connection.
    pub(super) fn cancel_apart(
        &self,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        let call = self.order_call("DELETE", id, instrument, venue_unix_ms)?;
        Ok(Outgoing::Call(call, Question::Cancel(instrument, id)))
    }

    /// What is asked of one order by REST.
    fn order_call(
        &self,
        method: &'static str,
        id: ClientOrderId,
        instrument: InstrumentId,
        venue_unix_ms: u64,
    ) -> Result<Call, EncodeError> {
        let Desk { names, prefix, signer } = &self.desk;
        let symbol = names.symbol(instrument).ok_or(EncodeError::UnknownInstrument)?;
        let mut text = Vec::new();
        prefix.write(id, &mut text);
        let text = String::from_utf8_lossy(&text);
        let parameters = format!("origClientOrderId={text}&symbol={}", percent_encoded(symbol));
        Ok(signer.signed_call(method, E::PATHS.order, &parameters, venue_unix_ms))
    }
}
