//! What befalls frames on their way out, and the connections that they go over: of the private
//! stream, of the public ones, and of order entry.
//!
//! Must hold: with nothing armed every frame passes as it is; all frames of one trade meet the same
//! fault; a connection that is told of its end lives on until the end comes.

use super::{FaultKind, Met, Outgoing, Request, SHUTDOWN_MS, Unreliable, unreliable::Held, wire};

impl Unreliable {
    /// Passes on what no fault of a request is about.
    pub(super) fn pass(&mut self, now_unix_ms: u64) {
        let frames: Vec<(u64, Vec<u8>)> = self.server.drain().collect();
        let private = self.faults.awaits(Request::Stream);
        let mut trade: Option<Option<Met>> = None;
        for (to, frame) in frames {
            let met = match self.awaited(private, to, &frame) {
                None => None,
                Some(Request::Stream) => {
                    let met = *trade.get_or_insert_with(|| self.faults.draw(Request::Stream));
                    // The end of a connection is told once.
                    trade = Some(met.filter(|met| !met.kind.is_end()));
                    met
                }
                Some(carried) => self.faults.draw(carried),
            };
            self.carry(now_unix_ms, met, to, frame);
        }
        // What the end of a stream made the exchange say.
        self.out.extend(self.server.drain().map(|(to, frame)| Outgoing::Frame(to, frame)));
        self.pass_ends();
    }

    /// What a fault may wait for in that frame.
    fn awaited(&self, private: bool, to: u64, frame: &[u8]) -> Option<Request> {
        let waits = |request| self.faults.awaits(request);
        if private && wire::told(frame) == wire::Told::Trade {
            return Some(Request::Stream);
        }
        if waits(Request::Market) && self.server.is_public(to) {
            return Some(Request::Market);
        }
        (waits(Request::OrderEntry) && wire::answers_an_order(frame)).then_some(Request::OrderEntry)
    }

    fn carry(&mut self, now_unix_ms: u64, met: Option<Met>, to: u64, frame: Vec<u8>) {
        let out = Outgoing::Frame(to, frame);
        let Some(Met { kind, delay_ms }) = met else { return self.out.push(out) };
        match kind {
            FaultKind::DuplicateFill => self.out.extend([out.clone(), out]),
            FaultKind::Delay => self.hold(now_unix_ms + delay_ms, Held::Out(out)),
            FaultKind::ServerShutdown => {
                self.out.push(out);
                let notice = self.server.notice_of_end(now_unix_ms, to);
                self.out.extend(notice.map(|notice| Outgoing::Frame(to, notice)));
                self.hold(now_unix_ms + SHUTDOWN_MS, Held::Out(Outgoing::Close(to)));
            }
            FaultKind::StreamTerminated => {
                self.out.push(out);
                self.server.end_private(now_unix_ms, to);
            }
            FaultKind::Disconnect => self.out.push(Outgoing::Close(to)),
            // What else may befall it is that it is not said.
            FaultKind::RequestLost
            | FaultKind::AckLost
            | FaultKind::UnknownExecuted
            | FaultKind::UnknownUnexecuted
            | FaultKind::Unavailable
            | FaultKind::InternalError
            | FaultKind::Throttled
            | FaultKind::FillLost
            | FaultKind::FillBeforeAck
            | FaultKind::CancelBeforeFill
            | FaultKind::CancelFilled
            | FaultKind::Late
            | FaultKind::DisconnectLost
            | FaultKind::PartialFill
            | FaultKind::Silence => {}
        }
    }
}
