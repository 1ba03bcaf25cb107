//! Order entry: one command after the other, encoded, signed, checked against the latch, written.

use super::post_check::{Leaving, is_our_fault};
use super::{Shared, account, trades};
use crate::config::Wait;
use crate::core::{
    Command, EventKind, LinkChannel, LinkState, OperatorCommand, OperatorRequest, Scope, TripCause,
};
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Bytes, NetError, Sent};
use crate::runtime::bell::Bell;
use crate::runtime::lane::Reader;
use crate::runtime::link;
use crate::types::{ClientOrderId, NotSentReason, Text};
use crate::venue::{Call, Outgoing, Question};
use std::rc::Rc;
use std::sync::Arc;
use tokio::net::unix::pipe::Receiver;

/// Where commands come from, and how to wait for one.
pub(super) struct Commands {
    pub(super) lane: Reader<Command>,
    pub(super) bell: Arc<Bell>,
    pub(super) wait: Wait,
}

/// Serves commands for ever, with a connection or without.
pub(super) async fn serve(shared: Rc<Shared>, mut commands: Commands, order_entry: Address) {
    let bell = match commands.bell.ear() {
        Ok(bell) => bell,
        Err(error) => {
            tracing::error!(%error, "commands cannot be waited for: orders cannot be sent");
            return;
        }
    };
    let target = shared.dialect.borrow().stream().target;
    let mut waits = link::Waits::new("order entry");
    loop {
        let opened = match order_entry.with_target(&target) {
            Ok(address) => link::open(&shared.dial, &address).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok((reader, writer)) => {
                waits.up();
                shared.tell_link(LinkChannel::Orders, LinkState::Up).await;
                let mut session = Session { shared: &shared, writer, buffer: Vec::new() };
                let error = session.run(&mut commands, &bell, reader).await;
                shared.tell_link(LinkChannel::Orders, LinkState::Down).await;
                refuse_while(&shared, &mut commands, &bell, waits.down(&error)).await;
            }
            Err(error) => refuse_while(&shared, &mut commands, &bell, waits.down(&error)).await,
        }
    }
}

impl Commands {
    async fn next(&mut self, bell: &Receiver) -> Command {
        loop {
            if let Some(command) = self.lane.pop() {
                return command;
            }
            match self.wait {
                Wait::Spin | Wait::Yield => tokio::task::yield_now().await,
                Wait::Park => self.bell.wait_async(bell, || self.lane.is_empty()).await,
            }
        }
    }
}

/// While there is no connection: an order is refused, a cancel is left to the core's own retry,
/// and questions go over HTTP as ever.
async fn refuse_while(
    shared: &Rc<Shared>,
    commands: &mut Commands,
    bell: &Receiver,
    until: impl Future<Output = ()>,
) {
    let mut until = std::pin::pin!(until);
    loop {
        tokio::select! {
            biased;
            () = &mut until => return,
            command = commands.next(bell) => {
                let mut buffer = Vec::new();
                match encode(shared, &command, &mut buffer) {
                    Some(Outgoing::Message) => refuse(shared, &command, NotSentReason::LinkDown),
                    Some(Outgoing::Call(call, question)) => ask(shared, call, question),
                    None => {}
                }
            }
        }
    }
}

/// One connection's time.
struct Session<'a> {
    shared: &'a Rc<Shared>,
    writer: WsWriter,
    buffer: Vec<u8>,
}

impl Session<'_> {
    async fn run(
        &mut self,
        commands: &mut Commands,
        bell: &Receiver,
        mut reader: WsReader,
    ) -> NetError {
        loop {
            let outcome = tokio::select! {
                biased;
                command = commands.next(bell) => self.send(&command).await,
                message = reader.next() => message.map(|message| on_message(self.shared, &message)),
            };
            if let Err(error) = outcome {
                return error;
            }
            self.shared.own_up().await;
        }
    }

    async fn send(&mut self, command: &Command) -> Result<(), NetError> {
        match encode(self.shared, command, &mut self.buffer) {
            None => Ok(()),
            Some(Outgoing::Call(call, question)) => {
                narrate(self.shared, command);
                ask(self.shared, call, question);
                Ok(())
            }
            Some(Outgoing::Message) => self.write(command).await,
        }
    }

    /// The last look at the latches and at the bytes, and the write.
    async fn write(&mut self, command: &Command) -> Result<(), NetError> {
        let Some(leaving) = Leaving::of(command) else {
            narrate(self.shared, command);
            return self.writer.send(&self.buffer).await;
        };
        let Leaving { strategy, origin_ns, approved } = leaving;
        let shared = self.shared;
        let pass = match strategy {
            None => None,
            Some(strategy) => match shared.gate.pass(strategy, approved.instrument) {
                Some(pass) => Some(pass),
                None => {
                    refuse(shared, command, NotSentReason::KillSwitch);
                    return Ok(());
                }
            },
        };
        let written = shared.dialect.borrow().read_back(&self.buffer);
        let now_ns = shared.clock.mono_ns();
        let verdict = shared.post_check.borrow_mut().check(&approved, strategy, written, now_ns);
        if let Err(reason) = verdict {
            drop(pass);
            refuse(shared, command, reason);
            if is_our_fault(reason) {
                trip(shared, approved.id, reason);
            }
            return Ok(());
        }
        narrate(shared, command);
        let sent = self.writer.send(&self.buffer).await;
        drop(pass);
        match &sent {
            Ok(()) => {
                let took_ns = self.shared.clock.mono_ns().saturating_sub(origin_ns);
                self.shared.latency.record(took_ns);
            }
            Err(error) if error.sent() == Sent::No => {
                refuse(self.shared, command, NotSentReason::LinkDown);
            }
            Err(_) => {
                let unknown = command.outcome_unknown().map(EventKind::Execution);
                unknown.into_iter().for_each(|kind| self.shared.tell(kind));
            }
        }
        sent
    }
}

/// Says what would be sent, in a world where nothing is.
fn narrate(shared: &Shared, command: &Command) {
    if let Some(narrator) = &shared.narrator {
        narrator.say(command);
    }
}

/// Writes a command as the venue wants it. `None` when that is done some other way, or cannot be.
fn encode(shared: &Rc<Shared>, command: &Command, buffer: &mut Vec<u8>) -> Option<Outgoing> {
    let Some(at) = shared.venue_time() else {
        refuse(shared, command, NotSentReason::Unencodable);
        if let Command::QueryAccount { venue, token } = command {
            account::failed(shared, *venue, *token);
        }
        if let Command::QueryTrades { instrument, .. } = command {
            trades::failed(shared, *instrument);
        }
        return None;
    };
    if let Command::QueryTrades { instrument, from_id } = command {
        trades::read(shared, *instrument, *from_id, at.unix_ms);
        return None;
    }
    if let Command::QueryAccount { venue, token } = command {
        account::read(shared, *venue, *token, at.unix_ms);
        return None;
    }
    match shared.dialect.borrow_mut().encode(command, at, buffer) {
        Ok(outgoing) => Some(outgoing),
        Err(error) => {
            tracing::error!(%error, ?command, "the command could not be written");
            refuse(shared, command, NotSentReason::Unencodable);
            None
        }
    }
}

/// Tells the core that a new order or an amend did not leave; anything else it repeats by itself.
fn refuse(shared: &Shared, command: &Command, reason: NotSentReason) {
    let report = command.not_sent(reason).map(EventKind::Execution);
    report.into_iter().for_each(|kind| shared.tell(kind));
}

/// The bytes contradict the kernel: this program is wrong somewhere, and nobody knows where.
fn trip(shared: &Shared, id: ClientOrderId, reason: NotSentReason) {
    tracing::error!(%id, ?reason, "the bytes of an order contradict the kernel: tripping");
    shared.gate.hold(Scope::All);
    shared.tell(EventKind::Operator(OperatorRequest {
        ticket: 0,
        by: Text::new("gateway"),
        reason: Text::new(&format!("order {id}: {reason:?}")),
        command: OperatorCommand::Trip(TripCause::PostCheck),
    }));
}

fn on_message(shared: &Shared, message: &Bytes) {
    let mut reports = Vec::new();
    if let Err(error) = shared.dialect.borrow_mut().on_message(message, &mut reports) {
        tracing::warn!(%error, "an answer to an order could not be read");
    }
    reports.into_iter().for_each(|report| shared.tell(EventKind::Execution(report)));
    shared.heed();
}

/// Asks over HTTP, beside the stream of orders.
fn ask(shared: &Rc<Shared>, call: Call, question: Question) {
    // The core asks again by itself; what takes orders back goes all the same.
    if shared.unavailable.get() && matches!(question, Question::Order(..)) {
        return;
    }
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let answer = link::call(&shared.order_calls, &call).await;
        if let Err(error) = &answer {
            tracing::warn!(%error, ?question, "no answer; the core asks again");
        }
        let mut reports = Vec::new();
        let answer = answer.ok();
        if let Question::DeadMan(request) = question {
            let report = shared.dialect.borrow().on_dead_man(request, answer.as_ref());
            shared.tell(EventKind::DeadMan(report));
        }
        let heard = shared.dialect.borrow_mut().on_answer(question, answer.as_ref(), &mut reports);
        if let Err(error) = heard {
            tracing::warn!(%error, ?question, "an answer could not be used; the core asks again");
        }
        reports.into_iter().for_each(|report| shared.tell(EventKind::Execution(report)));
        shared.heed();
        shared.own_up().await;
    });
}
