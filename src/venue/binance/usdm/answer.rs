//! Answers to orders: which request they answer, and what they say of it (venue sheet sections 4,
//! 5, 9 and 10).
//!
//! Must hold: an order is `Rejected` only by an answer that [`super::error`] knows to mean that
//! nothing of it exists; an answer about another order than the one that was asked after is an
//! error; no answer is no report.

use super::command::Orders;
use super::error::meaning;
use crate::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, InstrumentId, OrderRef, OrderStatus, Price, Qty,
};
use crate::venue::binance::error::condition;
use crate::venue::binance::json::{VenueError, body, message, price, qty, refused, success};
use crate::venue::binance::order::status;
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::{Answer, DecodeError, Outcome, Question};
use serde::Deserialize;
use std::borrow::Cow;

/// The venue does not know the order that we ask after.
const NO_SUCH_ORDER: i32 = -2013;

/// The order has the terms already: an earlier amend was executed, whatever was said of it.
const SAME_TERMS: i32 = -5027;

/// An earlier amend of the order is not done yet.
const AMEND_PENDING: i32 = -5043;

impl Orders {
    /// What one message of the order-entry connection says.
    pub(super) fn report(&mut self, bytes: &[u8]) -> Result<Option<ExecutionReport>, DecodeError> {
        let reply: Reply<'_> = message(bytes, "answer")?;
        let Some(status) = reply.status else { return Ok(None) };
        let code = reply.error.as_ref().map_or(0, |error| error.code);
        self.condition = condition(status, code);
        let Some(id) = reply.id else { return Err(reply.refusal(status)) };
        let request = Request::read(&id, &self.prefix)
            .filter(|request| self.names.symbol(request.instrument).is_some())
            .ok_or(DecodeError::Field("id"))?;
        if status == 200 {
            let order = reply.result.ok_or(DecodeError::Field("result"))?;
            self.accepted(request, &order).map(Some)
        } else {
            Ok(Some(refusal(request, status, reply.error.as_ref())))
        }
    }

    /// The venue did what was asked.
    fn accepted(
        &self,
        request: Request,
        order: &Order<'_>,
    ) -> Result<ExecutionReport, DecodeError> {
        self.check_same(request.instrument, request.id, order)?;
        let kind = match request.kind {
            RequestKind::Place => ExecutionKind::New,
            RequestKind::Cancel => {
                let cum_qty = qty(order.executed, "executedQty")?;
                let status = order.status()?;
                if status == OrderStatus::Canceled {
                    ExecutionKind::Canceled { cum_qty }
                } else {
                    ExecutionKind::Status { status, cum_qty }
                }
            }
            RequestKind::Amend(_) => order.amended()?,
        };
        Ok(order.report(request.instrument, request.id, kind))
    }

    /// What the answer to a question says.
    pub(super) fn answered(
        &self,
        question: Question,
        answer: Option<&Answer>,
    ) -> Result<Option<ExecutionReport>, DecodeError> {
        let (instrument, id) = match question {
            Question::Order(instrument, id) => (instrument, id),
            // Which orders are gone is for the private stream to say.
            Question::CancelAll(_) => return success(answer).map(|_| None),
            // Says nothing of any order.
            Question::DeadMan(_) => return Ok(None),
        };
        if let Some(answer) = answer
            && answer.status == 400
            && matches!(refused(answer), DecodeError::Refused { code: NO_SUCH_ORDER, .. })
        {
            return Ok(Some(bare(instrument, id, ExecutionKind::NotFound)));
        }
        let order: Order<'_> = body(success(answer)?, "order")?;
        self.check_same(instrument, id, &order)?;
        let kind = order.standing()?;
        Ok(Some(order.report(instrument, id, kind)))
    }

    /// An answer about another order must never move this one.
    fn check_same(
        &self,
        instrument: InstrumentId,
        id: ClientOrderId,
        order: &Order<'_>,
    ) -> Result<(), DecodeError> {
        if self.prefix.read(order.client_id.as_bytes()) != Some(id) {
            return Err(DecodeError::Field("clientOrderId"));
        }
        if self.names.instrument(order.symbol.as_bytes()) != Some(instrument) {
            return Err(DecodeError::Field("symbol"));
        }
        Ok(())
    }
}

/// The venue did not do what was asked, or does not know whether it did.
fn refusal(request: Request, status: u16, error: Option<&VenueError<'_>>) -> ExecutionReport {
    let (code, text) = error.map_or((0, ""), |error| (error.code, error.msg.as_ref()));
    let kind = match (meaning(status, code, text).outcome, request.kind) {
        (Outcome::Unknown, RequestKind::Amend(number)) => ExecutionKind::AmendUnknown { number },
        (Outcome::Unknown, _) => ExecutionKind::OutcomeUnknown,
        (Outcome::Rejected, RequestKind::Amend(number)) => match code {
            SAME_TERMS | AMEND_PENDING => ExecutionKind::AmendUnknown { number },
            _ => ExecutionKind::AmendRejected { number, code },
        },
        (Outcome::Rejected, RequestKind::Place) => ExecutionKind::Rejected { code },
        (Outcome::Rejected, RequestKind::Cancel) => ExecutionKind::CancelRejected { code },
    };
    bare(request.instrument, request.id, kind)
}

fn bare(instrument: InstrumentId, id: ClientOrderId, kind: ExecutionKind) -> ExecutionReport {
    let order = OrderRef::Ours(id);
    ExecutionReport { instrument, order, venue_order_id: None, transact_unix_ms: None, kind }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    status: Option<u16>,
    #[serde(borrow)]
    result: Option<Order<'a>>,
    #[serde(borrow)]
    error: Option<VenueError<'a>>,
}

impl Reply<'_> {
    /// Said without a request: the key or the connection is no good any more.
    fn refusal(self, status: u16) -> DecodeError {
        match self.error {
            Some(error) => error.refusal(status),
            None => DecodeError::Refused { status, code: 0, text: String::new() },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    symbol: &'a str,
    order_id: u64,
    #[serde(rename = "clientOrderId", borrow)]
    client_id: Cow<'a, str>,
    status: Option<&'a str>,
    price: Option<&'a str>,
    #[serde(rename = "origQty")]
    ordered: Option<&'a str>,
    #[serde(rename = "executedQty")]
    executed: Option<&'a str>,
    update_time: Option<u64>,
}

impl Order<'_> {
    fn status(&self) -> Result<OrderStatus, DecodeError> {
        self.status.and_then(status).ok_or(DecodeError::Field("status"))
    }

    /// Where it is now, and while it is open under which terms.
    fn standing(&self) -> Result<ExecutionKind, DecodeError> {
        let (status, cum_qty) = (self.status()?, qty(self.executed, "executedQty")?);
        if status.is_final() {
            return Ok(ExecutionKind::Status { status, cum_qty });
        }
        let (price, qty) = self.terms()?;
        Ok(ExecutionKind::Stands { price, qty, cum_qty })
    }

    /// The same, as the answer to an amend: one that had traded as much is taken back by it.
    fn amended(&self) -> Result<ExecutionKind, DecodeError> {
        let (status, cum_qty) = (self.status()?, qty(self.executed, "executedQty")?);
        Ok(match status {
            OrderStatus::Canceled => ExecutionKind::Canceled { cum_qty },
            OrderStatus::Expired => ExecutionKind::Expired { cum_qty },
            OrderStatus::Filled | OrderStatus::Rejected | OrderStatus::NotSent => {
                ExecutionKind::Status { status, cum_qty }
            }
            OrderStatus::PendingNew
            | OrderStatus::New
            | OrderStatus::PartiallyFilled
            | OrderStatus::PendingCancel
            | OrderStatus::Unknown => {
                let (price, qty) = self.terms()?;
                ExecutionKind::Amended { price, qty, cum_qty }
            }
        })
    }

    fn terms(&self) -> Result<(Price, Qty), DecodeError> {
        Ok((price(self.price, "price")?, qty(self.ordered, "origQty")?))
    }

    fn report(
        &self,
        instrument: InstrumentId,
        id: ClientOrderId,
        kind: ExecutionKind,
    ) -> ExecutionReport {
        let venue_order_id = Some(self.order_id);
        let transact_unix_ms = self.update_time;
        let order = OrderRef::Ours(id);
        ExecutionReport { instrument, order, venue_order_id, transact_unix_ms, kind }
    }
}

#[cfg(test)]
mod tests;
