//! HTTP/1.1 client: one warm connection to one host, one request at a time.
//!
//! Must hold: a request is written at most once; nothing is repeated here. An error whose
//! [`NetError::sent`] is `No` was raised before the request was given to the connection, or the
//! connection gave it back untouched. The connection is kept only after a whole answer, so an
//! answer can never be taken for that of another request.
//! Not here: signing, rate limits, what a status means, redirects (never followed).
//!
//! Decision: calls queue on one connection, first come first served. A caller that must not wait
//! behind slow reads (a cancel) owns a client of its own.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{HeaderMap, Method, Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::{Address, Bytes, Dial, NetError};

/// The bounds of one client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HttpLimits {
    /// A connection unused for this long is replaced before use. Keep it below the server's own
    /// limit: a request that meets a closing connection has an unknown outcome.
    pub idle_max: Duration,
    /// The largest answer that is accepted, in bytes.
    pub answer_bytes_max: usize,
}

impl HttpLimits {
    /// 30 s idle (common servers close after 60 s and more) and 8 MiB (the largest exchange-info
    /// answers of the sheets are near 4 MiB).
    pub const STANDARD: Self =
        Self { idle_max: Duration::from_secs(30), answer_bytes_max: 8 << 20 };
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds; `None` also where it was a date.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Bytes,
    headers: HeaderMap,
}

impl Reply {
    /// A header's first value, if it is there and is ASCII text. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers that are ASCII text, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }
}

/// A client for one host.
#[derive(Debug)]
pub struct HttpClient {
    address: Address,
    dial: Dial,
    limits: HttpLimits,
    warm: Mutex<Option<Warm>>,
}

impl HttpClient {
    /// A client that has not connected yet.
    ///
    /// # Errors
    /// [`NetError::Address`] when the address is not `http` or `https`.
    pub fn new(address: Address, dial: Dial, limits: HttpLimits) -> Result<Self, NetError> {
        if address.scheme().is_websocket() {
            let fault = "an HTTP address starts with http:// or https://";
            return Err(NetError::Address { text: address.to_string(), fault });
        }
        Ok(Self { address, dial, limits, warm: Mutex::new(None) })
    }

    /// The longest wait for an answer, as it was dialled.
    pub fn answer_max(&self) -> Duration {
        self.dial.answer_max
    }

    /// Opens the connection ahead of the first call.
    ///
    /// # Errors
    /// Those of [`Dial::open`].
    pub async fn warm_up(&self) -> Result<(), NetError> {
        let mut slot = self.warm.lock().await;
        let warm = self.ready(slot.take()).await?;
        *slot = Some(warm);
        Ok(())
    }

    /// Sends one request and reads the whole answer. `target` is path and query. The limit covers
    /// everything: the wait for other calls, connecting, sending, the answer.
    ///
    /// # Errors
    /// Look at [`NetError::sent`] first. `No`: [`NetError::Unsendable`], errors of connecting,
    /// [`NetError::ConnectTimeout`], [`NetError::AlreadyClosed`]. `Unknown`:
    /// [`NetError::NoAnswer`], [`NetError::AnswerTimeout`], [`NetError::TooBig`].
    pub async fn call(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: Bytes,
        limit: Duration,
    ) -> Result<Reply, NetError> {
        let deadline = Instant::now() + limit;
        let request = self.request(method, target, headers, body)?;
        let to = || self.address.host_and_port();
        let limit_ms = limit.as_millis();
        let connecting = async {
            let mut slot = self.warm.lock().await;
            let warm = self.ready(slot.take()).await?;
            Ok::<_, NetError>((slot, warm))
        };
        let (mut slot, mut warm) = timeout_at(deadline, connecting)
            .await
            .map_err(|_| NetError::ConnectTimeout { to: to(), limit_ms })??;
        let reply = timeout_at(deadline, self.exchange(&mut warm, request))
            .await
            .map_err(|_| NetError::AnswerTimeout { to: to(), limit_ms })??;
        warm.used_at = Instant::now();
        *slot = Some(warm);
        Ok(reply)
    }

    /// The connection in hand if it can carry another request, or a fresh one.
    async fn ready(&self, warm: Option<Warm>) -> Result<Warm, NetError> {
        // Lets the connection's task see an end of file that has already arrived.
        tokio::task::yield_now().await;
        if let Some(mut warm) = warm
            && warm.used_at.elapsed() < self.limits.idle_max
            && warm.sender.ready().await.is_ok()
        {
            return Ok(warm);
        }
        let stream = self.dial.open(&self.address).await?;
        let (sender, connection) =
            Builder::new().handshake(TokioIo::new(stream)).await.map_err(|error| {
                NetError::Handshake { to: self.address.host_and_port(), source: Box::new(error) }
            })?;
        // Its errors reach the caller through the request that they hit.
        let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Ok(Warm { sender, used_at: Instant::now(), task })
    }

    async fn exchange(
        &self,
        warm: &mut Warm,
        request: Request<Full<Bytes>>,
    ) -> Result<Reply, NetError> {
        match warm.sender.try_send_request(request).await {
            Ok(response) => self.read(response).await,
            Err(mut error) => match error.take_message() {
                Some(_untouched) => Err(NetError::AlreadyClosed),
                None => Err(self.no_answer(error.into_error().into())),
            },
        }
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Reply, NetError> {
        let (head, body) = response.into_parts();
        let bytes_max = self.limits.answer_bytes_max;
        let body = Limited::new(body, bytes_max).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                NetError::TooBig { what: "an HTTP answer", bytes_max }
            } else {
                self.no_answer(error)
            }
        })?;
        Ok(Reply {
            status: head.status.as_u16(),
            retry_after_s: retry_after_s(&head.headers),
            body: body.to_bytes(),
            headers: head.headers,
        })
    }

    fn no_answer(&self, source: Box<dyn std::error::Error + Send + Sync>) -> NetError {
        NetError::NoAnswer { to: self.address.host_and_port(), source }
    }

    fn request(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, NetError> {
        let wrong = |fault: String| NetError::Unsendable { what: "HTTP request", fault };
        if !target.starts_with('/') {
            return Err(wrong("its target does not start with /".to_owned()));
        }
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.address.host_header())
            .header(USER_AGENT, concat!("tradekeel/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|error| wrong(error.to_string()))?;
        for (name, value) in headers {
            let name: HeaderName =
                name.parse().map_err(|_| wrong(format!("header name {name:?}")))?;
            // The value may be a key, so the error names only the header.
            let value =
                HeaderValue::from_str(value).map_err(|_| wrong(format!("the value of {name}")))?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }
}

/// An open connection and the task that drives it; dropping it closes the connection.
#[derive(Debug)]
struct Warm {
    sender: SendRequest<Full<Bytes>>,
    used_at: Instant,
    task: AbortHandle,
}

impl Drop for Warm {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The seconds of `Retry-After`; venues send seconds, and a date would need a clock.
pub(super) fn retry_after_s(headers: &HeaderMap) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}
