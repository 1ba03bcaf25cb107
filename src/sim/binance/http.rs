//! REST: from a request to the operation it means, whatever the dialect (USDⓈ-M sheet, sections 2
//! and 3; Spot sheet, sections 2 to 4).

use super::desk::{Desk, Dialect};
use super::fault::Fault;
use super::params::Params;
use super::{HttpReply, HttpRequest, sign};
use crate::sim::exchange::AccountIndex;
use serde_json::Value;

/// What is asked, and what the asker must show for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Endpoint<Public, Private> {
    /// Nothing.
    Open(Public),
    /// A key.
    Keyed(Private),
    /// A key, a signature and a time.
    Signed(Private),
}

/// Method, path, weight, what it is. The weight of some grows with the question.
pub(super) type Route<D> =
    (&'static str, &'static str, u32, Endpoint<<D as Dialect>::Public, <D as Dialect>::Private>);

impl<D: Dialect> Desk<D> {
    /// Answers a request. Any bytes are a request.
    pub(super) fn on_http(&mut self, now_unix_ms: u64, request: &HttpRequest<'_>) -> HttpReply {
        self.advance(now_unix_ms);
        let mut account = None;
        let answer = self.answer(now_unix_ms, request, &mut account);
        let weight = self.usage.weight(now_unix_ms).to_string();
        let mut headers = vec![("X-MBX-USED-WEIGHT-1M".to_owned(), weight)];
        if let Some(account) = account.filter(|_| answer.is_ok() && D::counts_orders(request)) {
            headers.extend(self.usage.order_headers(now_unix_ms, account));
        }
        if answer.as_ref().is_err_and(Fault::is_for_now) {
            let wait_ms = self.usage.retry_at_unix_ms(now_unix_ms).saturating_sub(now_unix_ms);
            headers.push(("Retry-After".to_owned(), wait_ms.div_ceil(1_000).to_string()));
        }
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(fault) => (fault.status, fault.to_json()),
        };
        HttpReply { status, headers, body: body.to_string().into_bytes() }
    }

    fn answer(
        &mut self,
        now_unix_ms: u64,
        request: &HttpRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        let (path, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let mut routes = D::routes().iter();
        let route = routes.find(|(method, known, ..)| *method == request.method && *known == path);
        let (_, _, weight, endpoint) = *route.ok_or_else(Fault::no_such_path)?;
        let params = Params::of_form(query.as_bytes(), request.body, D::TWICE)?;
        self.usage.spend(now_unix_ms, D::weight_of(endpoint, weight, &params)?)?;
        let asked = match endpoint {
            Endpoint::Open(asked) => return D::public(self, now_unix_ms, asked, &params),
            Endpoint::Keyed(asked) | Endpoint::Signed(asked) => asked,
        };
        let checked = self.check_owner(now_unix_ms, endpoint, request, &params);
        let answer = checked.and_then(|owner| {
            *account = Some(owner);
            D::private(self, now_unix_ms, asked, owner, &params)
        });
        if answer.is_err() {
            self.usage.add(now_unix_ms, D::weight_of_refused(endpoint));
        }
        answer
    }

    /// Whose request it is.
    fn check_owner(
        &self,
        now_unix_ms: u64,
        endpoint: Endpoint<D::Public, D::Private>,
        request: &HttpRequest<'_>,
        params: &Params,
    ) -> Result<AccountIndex, Fault> {
        let (_, query) = request.target.split_once('?').unwrap_or((request.target, ""));
        let (owner, proof) = self.members.by_key(request.api_key)?;
        if matches!(endpoint, Endpoint::Signed(_)) {
            sign::check_time(now_unix_ms, params, D::TIMES)?;
            let (payload, signature) = sign::split(query.as_bytes(), request.body)?;
            sign::check(proof, &payload, &signature)?;
        }
        Ok(owner)
    }
}
