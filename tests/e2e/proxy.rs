//! A venue that misbehaves: it stands before a real exchange and alters what passes.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tradekeel::config::Wait;
use tradekeel::net::http::{HttpClient, HttpLimits};
use tradekeel::net::listen::{
    Admission, Answer, ConnectionId, Incoming, ListenLimits, Listener, Reply, Request,
};
use tradekeel::net::ws::{self, WsLimits};
use tradekeel::net::{Address, Bytes, Dial, Heartbeat, TlsRoots};

const LIMIT: Duration = Duration::from_secs(5);

/// What becomes of a message of the exchange, the how-manieth it is being told.
pub(crate) type Frames = fn(&[u8], u64) -> Vec<u8>;

/// What becomes of an answer of the exchange, by its path; nothing is never answered.
pub(crate) type Http = fn(&str, u16, &[u8]) -> Option<(u16, Vec<u8>)>;

/// How it misbehaves.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) market: Frames,
    pub(crate) orders: Frames,
    pub(crate) private: Frames,
    pub(crate) http: Http,
}

impl Rules {
    /// It does not.
    pub(crate) const GOOD: Self = Self {
        market: |bytes, _| bytes.to_vec(),
        orders: |bytes, _| bytes.to_vec(),
        private: |bytes, _| bytes.to_vec(),
        http: |_, status, body| Some((status, body.to_vec())),
    };
}

/// Of orders that are not ours the private stream says nothing.
pub(crate) fn silent_about_others(bytes: &[u8], _: u64) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let other = text.contains("somebody-else");
    if other { br#"{"e":"NOTHING","E":1}"#.to_vec() } else { bytes.to_vec() }
}

/// And it has no history of trades.
pub(crate) fn without_history(path: &str, status: u16, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let asked = path.contains("/userTrades");
    Some((status, if asked { b"[]".to_vec() } else { body.to_vec() }))
}

/// A proxy on a port of its own, for as long as the test's process lives.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    rules: Arc<Mutex<Rules>>,
}

impl Proxy {
    pub(crate) fn before(exchange: u16, rules: Rules) -> Self {
        let rules = Arc::new(Mutex::new(rules));
        let (opened, port) = std::sync::mpsc::channel();
        let shared = Arc::clone(&rules);
        let body = move || {
            tradekeel::runtime::threads::runtime(Wait::Park).unwrap().block_on(async {
                let limits = ListenLimits {
                    ws: WsLimits { write_bytes_max: 8 << 20, ..WsLimits::STANDARD },
                    read_max: Duration::from_secs(60),
                    ..ListenLimits::STANDARD
                };
                let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).unwrap();
                opened.send(listener.at().port()).unwrap();
                House::new(exchange, listener, shared).serve().await
            });
        };
        drop(tradekeel::runtime::threads::spawn("proxy", None, body).unwrap());
        Self { port: port.recv().unwrap(), rules }
    }

    pub(crate) fn behave(&self) {
        *self.rules.lock() = Rules::GOOD;
    }

    pub(crate) fn misbehave(&self, rules: Rules) {
        *self.rules.lock() = rules;
    }
}

/// From the exchange, for one client; `None` when that connection has ended.
type Heard = (ConnectionId, String, Option<Bytes>);

struct House {
    exchange: u16,
    listener: Listener,
    rules: Arc<Mutex<Rules>>,
    client: HttpClient,
    dial: Dial,
    upstream: BTreeMap<u64, mpsc::UnboundedSender<Bytes>>,
    heard: (mpsc::UnboundedSender<Heard>, mpsc::UnboundedReceiver<Heard>),
    never: Vec<Answer<Reply>>,
    count: u64,
}

impl House {
    fn new(exchange: u16, listener: Listener, rules: Arc<Mutex<Rules>>) -> Self {
        let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
        let rest = Address::parse(&format!("http://127.0.0.1:{exchange}")).unwrap();
        let client = HttpClient::new(rest, dial.clone(), HttpLimits::STANDARD).unwrap();
        let (upstream, heard) = (BTreeMap::new(), mpsc::unbounded_channel());
        Self {
            exchange,
            listener,
            rules,
            client,
            dial,
            upstream,
            heard,
            never: Vec::new(),
            count: 0,
        }
    }

    async fn serve(mut self) {
        loop {
            tokio::select! {
                incoming = self.listener.next() => self.on_incoming(incoming).await,
                Some((connection, target, bytes)) = self.heard.1.recv() => {
                    self.on_heard(connection, &target, bytes);
                }
            }
        }
    }

    async fn on_incoming(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Http { request, answer } => self.on_http(request, answer).await,
            Incoming::Opening { connection, request, answer } => {
                match self.open(connection, &request.target).await {
                    Some(()) => answer.send(Admission::Accept),
                    None => answer.send(Admission::Refuse(Reply::status(503))),
                }
            }
            Incoming::Message { connection, payload } => {
                if let Some(upstream) = self.upstream.get(&connection.number()) {
                    let _ = upstream.send(payload);
                }
            }
            Incoming::Closed { connection, .. } => {
                self.upstream.remove(&connection.number());
            }
        }
    }

    async fn on_http(&mut self, request: Request, answer: Answer<Reply>) {
        let key = request.header("x-mbx-apikey").unwrap_or("").to_owned();
        let headers = [("x-mbx-apikey", key.as_str())];
        let (method, target) = (request.method.clone(), request.target.as_str());
        let called = self.client.call(method, target, &headers, request.body.clone(), LIMIT).await;
        let Ok(reply) = called else { return answer.send(Reply::status(502)) };
        let http = self.rules.lock().http;
        match http(request.path(), reply.status, &reply.body) {
            Some((status, body)) => {
                let reply = Reply::json(status, body);
                answer.send(if status == 429 {
                    reply.with_header("retry-after", "1")
                } else {
                    reply
                });
            }
            None => self.never.push(answer),
        }
    }

    async fn open(&mut self, connection: ConnectionId, target: &str) -> Option<()> {
        let address = Address::parse(&format!("ws://127.0.0.1:{}", self.exchange)).unwrap();
        let address = address.with_target(target).unwrap();
        let calm = Heartbeat { ping_every: LIMIT, silence_max: LIMIT * 12 };
        let opened = ws::open(&self.dial, &address, &[], WsLimits::STANDARD, calm).await;
        let (mut reader, mut writer) = opened.ok()?;
        let (sender, mut to_send) = mpsc::unbounded_channel::<Bytes>();
        self.upstream.insert(connection.number(), sender);
        let (heard, target) = (self.heard.0.clone(), target.to_owned());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    read = reader.next() => {
                        let ended = read.is_err();
                        let _ = heard.send((connection, target.clone(), read.ok()));
                        if ended {
                            return;
                        }
                    }
                    sent = to_send.recv() => match sent {
                        Some(bytes) => drop(writer.send(&bytes).await),
                        None => return,
                    }
                }
            }
        });
        Some(())
    }

    fn on_heard(&mut self, connection: ConnectionId, target: &str, bytes: Option<Bytes>) {
        let Some(bytes) = bytes else {
            let _ = self.listener.outbox().close(connection, 1000, "the exchange is gone");
            return;
        };
        let rules = *self.rules.lock();
        let alter = match target {
            target if target.starts_with("/ws-fapi") => rules.orders,
            target if target.starts_with("/private") => rules.private,
            _ => rules.market,
        };
        self.count += 1;
        let altered = alter(&bytes, self.count);
        let _ = self.listener.outbox().send(connection, altered);
    }
}
