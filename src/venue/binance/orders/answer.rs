//! Answers to orders: which request they answer, and what they say of it (venue sheet sections 4,
//! 5, 9 and 10, spot sheet sections 4, 5 and 11).
//!
//! Must hold: an order is `Rejected` only by an answer of which the market's own table knows that
//! nothing of it exists; an answer about another order than the one that was asked after is an
//! error; no answer is no report.

use super::{Entry, Orders};
use crate::types::{ExecutionKind, ExecutionReport, OrderStatus};
use crate::venue::binance::json::{body, message, success};
use crate::venue::binance::logon::is_logged_off;
use crate::venue::binance::reply::{Order, Reply, bare, found, refusal_code};
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::{Answer, DecodeError, Outcome, Question};

/// The order has the terms already: an earlier amend was executed, whatever was said of it.
const SAME_TERMS: i32 = -5027;

/// An earlier amend of the order is not done yet.
const AMEND_PENDING: i32 = -5043;

impl<E: Entry> Orders<E> {
    /// What one message of the order-entry connection says.
    pub(super) fn report(&mut self, bytes: &[u8]) -> Result<Option<ExecutionReport>, DecodeError> {
        let reply: Reply<'_> = message(bytes, "answer")?;
        // A notice, and no answer.
        let Some(status) = reply.status else { return Ok(None) };
        if self.desk.signer.logs_on() && is_logged_off(&reply) {
            return Err(DecodeError::LoggedOff);
        }
        let code = reply.error.as_ref().map_or(0, |error| error.code);
        self.condition = E::condition(status, code);
        let Some(id) = reply.id else { return Err(reply.refusal(status)) };
        let request = self.request(&id).ok_or(DecodeError::Field("id"))?;
        if status == 200 {
            let order = reply.result.ok_or(DecodeError::Field("result"))?;
            self.accepted(request, &order).map(Some)
        } else {
            let error = reply.error.as_ref();
            let said = error.map_or((0, ""), |error| (error.code, error.msg.as_ref()));
            Ok(Some(refused::<E>(request, status, said)))
        }
    }

    /// What this engine asked under that id, if it can have.
    fn request(&self, id: &str) -> Option<Request> {
        let request = Request::read(id, &self.desk.prefix)?;
        let is_amend = matches!(request.kind, RequestKind::Amend(_));
        let is_known = self.desk.names.symbol(request.instrument).is_some();
        (is_known && (E::AMENDS || !is_amend)).then_some(request)
    }

    /// The venue did what was asked.
    fn accepted(
        &self,
        request: Request,
        order: &Order<'_>,
    ) -> Result<ExecutionReport, DecodeError> {
        let of = (&self.desk.names, &self.desk.prefix);
        order.check_same(of, request.instrument, request.id)?;
        let kind = match request.kind {
            RequestKind::Place => ExecutionKind::New,
            RequestKind::Cancel => order.taken_back()?,
            RequestKind::Amend(_) => amended(order)?,
        };
        Ok(order.report(request.instrument, request.id, kind))
    }

    /// What the answer to a question says.
    pub(super) fn answered(
        &self,
        question: Question,
        answer: Option<&Answer>,
    ) -> Result<Option<ExecutionReport>, DecodeError> {
        let is_nothing_open = |code| E::NOTHING_OPEN == Some(code);
        let (instrument, id) = match question {
            Question::Order(instrument, id) => (instrument, id),
            Question::Cancel(instrument, id) => {
                let request = Request { kind: RequestKind::Cancel, instrument, id };
                return self.taken_back(request, answer).map(Some);
            }
            // Which orders are gone is for the private stream to say.
            Question::CancelAll(_) if refusal_code(answer).is_some_and(is_nothing_open) => {
                return Ok(None);
            }
            Question::CancelAll(_) => return success(answer).map(|_| None),
            // Says nothing of any order.
            Question::DeadMan(_) | Question::Stop(_) => return Ok(None),
        };
        found(answer, (&self.desk.names, &self.desk.prefix), instrument, id).map(Some)
    }

    /// What the answer to a cancel by REST says.
    fn taken_back(
        &self,
        request: Request,
        answer: Option<&Answer>,
    ) -> Result<ExecutionReport, DecodeError> {
        match success(answer) {
            Ok(told) => self.accepted(request, &body(told, "order")?),
            Err(DecodeError::Refused { status, code, text }) if answer.is_some() => {
                Ok(refused::<E>(request, status, (code, &text)))
            }
            Err(error) => Err(error),
        }
    }
}

/// The venue did not do what was asked, or does not know whether it did.
fn refused<E: Entry>(request: Request, status: u16, (code, text): (i32, &str)) -> ExecutionReport {
    let kind = match (E::meaning(status, code, text).outcome, request.kind) {
        (Outcome::Unknown, RequestKind::Amend(number)) => ExecutionKind::AmendUnknown { number },
        (Outcome::Unknown, RequestKind::Place | RequestKind::Cancel) => {
            ExecutionKind::OutcomeUnknown
        }
        (Outcome::Rejected, RequestKind::Amend(number)) => match code {
            SAME_TERMS | AMEND_PENDING => ExecutionKind::AmendUnknown { number },
            _ => ExecutionKind::AmendRejected { number, code },
        },
        (Outcome::Rejected, RequestKind::Place) => ExecutionKind::Rejected { code },
        (Outcome::Rejected, RequestKind::Cancel) => ExecutionKind::CancelRejected { code },
    };
    bare(request.instrument, request.id, kind)
}

/// Where an order is after an amend: one that had traded as much is taken back by it.
fn amended(order: &Order<'_>) -> Result<ExecutionKind, DecodeError> {
    let (status, cum_qty) = (order.status()?, order.cum_qty()?);
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
            let (price, qty) = order.terms()?;
            ExecutionKind::Amended { price, qty, cum_qty }
        }
    })
}
