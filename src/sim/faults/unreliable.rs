//! An exchange with faults on the way to it and back: the same interface as [`Server`], between it
//! and the sockets.
//!
//! Must hold: with nothing armed every byte passes as it is, in its order; what is held back is
//! told when its time has come, earliest first.

use super::tally::Tally;
use super::wire::{self, Asked, Told};
use super::{BEHIND_MS, Course, FaultKind, Faults, Met};
use crate::sim::binance::{HttpReply, HttpRequest, Server};
use crate::sim::matching::Part;
use crate::types::MarketEvent;
use serde_json::json;
use std::collections::BTreeMap;

/// What goes out to a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outgoing {
    /// A message on a connection.
    Frame(u64, Vec<u8>),
    /// The end of a connection.
    Close(u64),
    /// The answer to the HTTP request of that number.
    Reply(u64, HttpReply),
    /// No answer to it: its connection ends.
    Hang(u64),
}

/// What waits for its time.
#[derive(Debug)]
pub(super) enum Held {
    Out(Outgoing),
    Text { connection: u64, text: Vec<u8> },
    Http { ticket: u64, request: OwnedRequest },
}

#[derive(Debug)]
pub(super) struct OwnedRequest {
    method: String,
    target: String,
    api_key: Option<String>,
    body: Vec<u8>,
}

impl OwnedRequest {
    fn of(request: &HttpRequest<'_>) -> Self {
        Self {
            method: request.method.to_owned(),
            target: request.target.to_owned(),
            api_key: request.api_key.map(str::to_owned),
            body: request.body.to_vec(),
        }
    }

    fn borrowed(&self) -> HttpRequest<'_> {
        HttpRequest {
            method: &self.method,
            target: &self.target,
            api_key: self.api_key.as_deref(),
            body: &self.body,
        }
    }
}

/// A part of what the exchange says of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Piece {
    Answer,
    Trade,
    Other,
}

/// The exchange and what goes wrong with it.
#[derive(Debug)]
pub struct Unreliable {
    pub(super) server: Server,
    pub(super) faults: Faults,
    /// What was asked for, where it is judged.
    pub(super) tally: Option<Tally>,
    pub(super) out: Vec<Outgoing>,
    held: BTreeMap<(u64, u64), Held>,
    held_count: u64,
}

impl Unreliable {
    /// With no fault armed.
    pub fn new(server: Server, seed: u64) -> Self {
        let faults = Faults::new(seed);
        let (tally, out, held) = (None, Vec::new(), BTreeMap::new());
        Self { server, faults, tally, out, held, held_count: 0 }
    }

    /// Remembers everything from here on, for `/control/truth`.
    pub fn keep_history(&mut self) {
        self.server.keep_history();
        self.tally = Some(Tally::default());
    }

    /// A client opens a connection; the status with which it is refused.
    ///
    /// # Errors
    /// The HTTP status of the refusal.
    pub fn on_open(&mut self, now_unix_ms: u64, connection: u64, target: &str) -> Result<(), u16> {
        self.tally.iter_mut().for_each(|tally| tally.on_open(target));
        self.server.on_open(now_unix_ms, connection, target)
    }

    /// A connection is gone.
    pub fn on_close(&mut self, connection: u64) {
        self.server.on_close(connection);
    }

    /// The market moved.
    pub fn on_market(&mut self, now_unix_ms: u64, event: &MarketEvent) {
        self.server.on_market(now_unix_ms, event);
        self.pass(now_unix_ms);
    }

    /// Runs timers, and tells what was held back long enough.
    pub fn advance(&mut self, now_unix_ms: u64) {
        self.server.advance(now_unix_ms);
        self.pass(now_unix_ms);
        while let Some(first) = self.held.first_entry().filter(|it| it.key().0 <= now_unix_ms) {
            match first.remove() {
                Held::Out(out) => self.out.push(out),
                Held::Text { connection, text } => {
                    self.server.on_text(now_unix_ms, connection, &text);
                    self.pass(now_unix_ms);
                }
                Held::Http { ticket, request } => {
                    let reply = self.server.on_http(now_unix_ms, &request.borrowed());
                    self.pass(now_unix_ms);
                    self.out.push(Outgoing::Reply(ticket, reply));
                }
            }
        }
    }

    /// True while something is held back: an owner looks every 10 ms or so then.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// A text message on a connection.
    pub fn on_text(&mut self, now_unix_ms: u64, connection: u64, text: &[u8]) {
        self.tally.iter_mut().for_each(|tally| tally.on_text(text));
        self.advance(now_unix_ms);
        let mut asked = self.faults.is_armed().then(|| wire::of_text(text));
        if let (Some(asked), Some(key)) = (&mut asked, self.server.session_key(connection))
            && asked.key.is_empty()
        {
            key.clone_into(&mut asked.key);
        }
        let met = asked.and_then(|asked| Some((self.faults.draw(asked.request)?, asked)));
        let Some((met, asked)) = met else {
            self.server.on_text(now_unix_ms, connection, text);
            return self.pass(now_unix_ms);
        };
        match met.kind.course() {
            Course::Lost => {}
            Course::Hung => self.out.push(Outgoing::Close(connection)),
            Course::Late => {
                let text = text.to_vec();
                self.hold(now_unix_ms + met.delay_ms, Held::Text { connection, text });
            }
            Course::Refused => self.refuse(met.kind, &asked, connection),
            Course::Served => {
                self.prepare(now_unix_ms, met.kind, &asked);
                self.server.on_text(now_unix_ms, connection, text);
                self.follow(now_unix_ms, met.kind, &asked);
                self.alter(now_unix_ms, met, &asked, connection);
            }
        }
    }

    /// A request over HTTP, under a number by which it is answered.
    pub fn on_http(&mut self, now_unix_ms: u64, ticket: u64, request: &HttpRequest<'_>) {
        self.tally.iter_mut().for_each(|tally| tally.on_http(request));
        self.advance(now_unix_ms);
        let asked = self.faults.is_armed().then(|| wire::of_http(request));
        let met = asked.and_then(|asked| Some((self.faults.draw(asked.request)?, asked)));
        let Some((met, asked)) = met else {
            let reply = self.server.on_http(now_unix_ms, request);
            self.pass(now_unix_ms);
            return self.out.push(Outgoing::Reply(ticket, reply));
        };
        match met.kind.course() {
            Course::Lost => {}
            Course::Hung => self.out.push(Outgoing::Hang(ticket)),
            Course::Late => {
                let request = OwnedRequest::of(request);
                self.hold(now_unix_ms + met.delay_ms, Held::Http { ticket, request });
            }
            Course::Refused => {
                self.out.extend(refusal(met.kind).map(|reply| Outgoing::Reply(ticket, reply)));
            }
            Course::Served => {
                self.prepare(now_unix_ms, met.kind, &asked);
                let reply = self.server.on_http(now_unix_ms, request);
                self.follow(now_unix_ms, met.kind, &asked);
                // No connection of streams has that number.
                self.alter(now_unix_ms, met, &asked, u64::MAX);
                self.answer(now_unix_ms, met, ticket, reply);
            }
        }
    }

    /// What goes out now, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Outgoing> + '_ {
        self.out.drain(..)
    }

    pub(super) fn hold(&mut self, due_unix_ms: u64, held: Held) {
        self.held_count += 1;
        self.held.insert((due_unix_ms, self.held_count), held);
    }

    fn refuse(&mut self, kind: FaultKind, asked: &Asked, connection: u64) {
        let Some((status, code, text)) = wire::words(kind) else { return };
        let error = wire::body(code, text);
        let reply = json!({"id": asked.number, "status": status, "error": error});
        self.out.push(Outgoing::Frame(connection, reply.to_string().into_bytes()));
    }

    /// What happens to the order before the request is served.
    fn prepare(&mut self, now_unix_ms: u64, kind: FaultKind, asked: &Asked) {
        if kind == FaultKind::CancelFilled {
            self.trade(now_unix_ms, asked, Part::All);
        } else if kind == FaultKind::CancelBeforeFill {
            self.trade(now_unix_ms, asked, Part::Half);
        } else if let (FaultKind::PartialFill, Some(qty)) = (kind, asked.qty) {
            self.server.limit_next_take(&asked.symbol, qty);
        }
    }

    /// What happens to it right after.
    fn follow(&mut self, now_unix_ms: u64, kind: FaultKind, asked: &Asked) {
        if kind == FaultKind::FillBeforeAck {
            self.trade(now_unix_ms, asked, Part::All);
        } else if kind == FaultKind::PartialFill {
            self.server.forget_next_take();
            self.trade(now_unix_ms, asked, Part::HalfIfWhole);
        }
    }

    fn trade(&mut self, now_unix_ms: u64, asked: &Asked, part: Part) {
        self.server.trade_resting(now_unix_ms, &asked.key, &asked.symbol, &asked.client_id, part);
    }

    /// Passes on what the exchange says of a request, the way that the fault wants it.
    fn alter(&mut self, now_unix_ms: u64, met: Met, asked: &Asked, connection: u64) {
        let frames: Vec<(u64, Vec<u8>)> = self.server.drain().collect();
        for (to, frame) in frames {
            let piece = match to == connection {
                true if !wire::is_event(&frame) => Piece::Answer,
                _ if wire::told(&frame) == Told::Trade => Piece::Trade,
                _ => Piece::Other,
            };
            let out = Outgoing::Frame(to, frame);
            match (met.kind, piece) {
                (FaultKind::AckLost | FaultKind::Disconnect, Piece::Answer)
                | (FaultKind::FillLost, Piece::Trade) => {}
                (FaultKind::UnknownExecuted, Piece::Answer) => {
                    self.refuse(met.kind, asked, connection);
                }
                (FaultKind::DuplicateFill, Piece::Trade) => self.out.extend([out.clone(), out]),
                (FaultKind::FillBeforeAck, Piece::Answer)
                | (FaultKind::CancelBeforeFill | FaultKind::CancelFilled, Piece::Trade) => {
                    self.hold(now_unix_ms + BEHIND_MS, Held::Out(out));
                }
                (FaultKind::Delay, _) => self.hold(now_unix_ms + met.delay_ms, Held::Out(out)),
                _ => self.out.push(out),
            }
        }
        self.pass_ends();
        if met.kind == FaultKind::Disconnect && connection != u64::MAX {
            self.out.push(Outgoing::Close(connection));
        }
    }

    pub(super) fn pass_ends(&mut self) {
        let closed: Vec<u64> = self.server.drain_closed().collect();
        self.out.extend(closed.into_iter().map(Outgoing::Close));
    }

    fn answer(&mut self, now_unix_ms: u64, met: Met, ticket: u64, reply: HttpReply) {
        let out = Outgoing::Reply(ticket, reply);
        let behind_ms = match met.kind == FaultKind::Delay {
            true => met.delay_ms,
            false => BEHIND_MS,
        };
        match (met.kind, refusal(met.kind)) {
            (FaultKind::AckLost, _) => {}
            (FaultKind::Disconnect, _) => self.out.push(Outgoing::Hang(ticket)),
            (FaultKind::FillBeforeAck | FaultKind::Delay, _) => {
                self.hold(now_unix_ms + behind_ms, Held::Out(out));
            }
            (_, Some(refused)) => self.out.push(Outgoing::Reply(ticket, refused)),
            (_, None) => self.out.push(out),
        }
    }
}

fn refusal(kind: FaultKind) -> Option<HttpReply> {
    let (status, code, text) = wire::words(kind)?;
    let body = wire::body(code, text).to_string().into_bytes();
    Some(HttpReply { status, headers: Vec::new(), body })
}
