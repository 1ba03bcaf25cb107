//! Order entry: one command after the other, encoded, signed, checked against the latch, written.

use super::commands::{self, Commands};
use super::opening::{Connection, Ended, Entry};
use super::post_check::{Leaving, is_our_fault};
use super::{Desk, Shared};
use crate::core::{
    Command, EventKind, LinkChannel, LinkState, OperatorCommand, OperatorRequest, Scope,
    StopCommand, TripCause,
};
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Bytes, NetError, Sent};
use crate::runtime::allowance::Errand;
use crate::runtime::link;
use crate::runtime::renewal::{Opening, Renewal};
use crate::types::{ClientOrderId, NotSentReason, Text};
use crate::venue::{Call, DecodeError, OrderDialect, Outgoing, Question};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, timeout_at};

/// What the log calls it.
const LINK: &str = "order entry";

/// How long the answers may take to what was asked over a connection that is replaced.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The part that readings share.
type Trading = Shared<dyn OrderDialect>;

/// Serves commands for ever, with a connection or without.
pub(super) async fn serve(desk: Rc<Desk>, mut commands: Commands, order_entry: Address) {
    let bell = match commands.bell.ear() {
        Ok(bell) => bell,
        Err(error) => {
            tracing::error!(%error, "commands cannot be waited for: orders cannot be sent");
            return;
        }
    };
    let shared = &desk.shared;
    let (shared_too, dial) = (Rc::clone(shared), desk.dial.clone());
    let entry = Entry { shared: shared_too, dial, address: order_entry };
    let open = || -> Opening<Connection, Ended> { Box::pin(entry.clone().open()) };
    let mut waits = link::Waits::new(LINK);
    loop {
        match refuse_while(&desk, &mut commands, &bell, open()).await {
            Ok((reader, writer)) => {
                waits.up();
                shared.tell_link(LinkChannel::Orders, LinkState::Up).await;
                let mut session = Session { desk: &desk, shared, writer, buffer: Vec::new() };
                let error = session.run(&mut commands, &bell, (reader, &open)).await;
                shared.tell_link(LinkChannel::Orders, LinkState::Down).await;
                refuse_while(&desk, &mut commands, &bell, waits.down(&error)).await;
            }
            Err(error) => {
                let is_refused = matches!(error, Ended::Logon(_));
                refuse_while(&desk, &mut commands, &bell, waits.down(&error)).await;
                if is_refused {
                    refuse_while(&desk, &mut commands, &bell, shared.rested()).await;
                }
            }
        }
    }
}

/// While there is no connection: an order is refused, and never sent another way; a cancel goes
/// over HTTP, as questions do.
async fn refuse_while<T>(
    desk: &Rc<Desk>,
    commands: &mut Commands,
    bell: &Receiver,
    until: impl Future<Output = T>,
) -> T {
    let shared = &desk.shared;
    let mut until = std::pin::pin!(until);
    loop {
        tokio::select! {
            biased;
            ended = &mut until => return ended,
            command = commands.next(bell) => {
                match encode_apart(shared, &command) {
                    Some(Outgoing::Message) => refuse(shared, &command, NotSentReason::LinkDown),
                    Some(Outgoing::Call(call, asked)) => call_out(desk, &command, call, asked),
                    None => {}
                }
            }
        }
    }
}

/// One connection's time.
struct Session<'a> {
    desk: &'a Rc<Desk>,
    shared: &'a Rc<Trading>,
    writer: WsWriter,
    buffer: Vec<u8>,
}

impl Session<'_> {
    async fn run(
        &mut self,
        commands: &mut Commands,
        bell: &Receiver,
        (mut reader, open): (WsReader, &impl Fn() -> Opening<Connection, Ended>),
    ) -> Ended {
        let mut renewal = Renewal::after(LINK, self.desk.connection_age_max);
        let mut retiring = None;
        loop {
            let outcome = tokio::select! {
                biased;
                command = commands.next(bell) => self.send(&command).await.map_err(Ended::from),
                message = reader.next() => match message {
                    Ok(message) if self.shared.dialect.borrow().announces_end(&message) => {
                        renewal.hasten();
                        Ok(())
                    }
                    message => heard(self.shared, message),
                },
                message = last_answers(&mut retiring) => heard(self.shared, message),
                (next_reader, next_writer) = renewal.next(open) => {
                    let connection = (
                        std::mem::replace(&mut reader, next_reader),
                        std::mem::replace(&mut self.writer, next_writer),
                    );
                    let until = Instant::now() + LAST_ANSWERS;
                    retiring = Some(Retiring { connection, until });
                    Ok(())
                }
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
                call_out(self.desk, command, call, question);
                Ok(())
            }
            Some(Outgoing::Message) => self.write(command).await,
        }
    }

    /// The last look at the latches and at the bytes, and the write.
    async fn write(&mut self, command: &Command) -> Result<(), NetError> {
        let Some(leaving) = Leaving::of(command) else {
            narrate(self.desk, command);
            return self.writer.send(&self.buffer).await;
        };
        let Leaving { strategy, origin_ns, approved } = leaving;
        let (desk, shared) = (self.desk, self.shared);
        let pass = match strategy {
            None => None,
            Some(strategy) => match desk.gate.pass(strategy, approved.instrument) {
                Some(pass) => Some(pass),
                None => {
                    refuse(shared, command, NotSentReason::KillSwitch);
                    return Ok(());
                }
            },
        };
        let written = shared.dialect.borrow().read_back(&self.buffer);
        let now_ns = shared.clock.mono_ns();
        let verdict = desk.post_check.borrow_mut().check(&approved, strategy, written, now_ns);
        if let Err(reason) = verdict {
            drop(pass);
            refuse(shared, command, reason);
            if is_our_fault(reason) {
                trip(desk, approved.id, reason);
            }
            return Ok(());
        }
        narrate(desk, command);
        let sent = self.writer.send(&self.buffer).await;
        drop(pass);
        match &sent {
            Ok(()) => {
                let took_ns = self.shared.clock.mono_ns().saturating_sub(origin_ns);
                desk.latency.record(took_ns);
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

/// A connection that nothing more is sent over: answers may still come.
struct Retiring {
    connection: Connection,
    until: Instant,
}

/// The next answer to what was asked over the connection before. It ends when all must have come;
/// one that breaks earlier may have lost some, which is a fault of the link.
async fn last_answers(retiring: &mut Option<Retiring>) -> Result<Bytes, NetError> {
    if let Some(Retiring { connection: (reader, _), until }) = retiring {
        let answer = timeout_at(*until, reader.next()).await;
        if let Ok(answer) = answer {
            return answer;
        }
        *retiring = None;
    }
    std::future::pending().await
}

/// Says what would be sent, in a world where nothing is.
fn narrate(desk: &Desk, command: &Command) {
    if let Some(narrator) = &desk.narrator {
        narrator.say(command);
    }
}

/// Writes a command as the venue wants it. `None` when that is done some other way, or cannot be.
fn encode(shared: &Rc<Trading>, command: &Command, buffer: &mut Vec<u8>) -> Option<Outgoing> {
    if commands::read(shared, command) {
        return None;
    }
    let Some(at) = shared.venue_time() else {
        refuse(shared, command, NotSentReason::Unencodable);
        return None;
    };
    match shared.dialect.borrow_mut().encode(command, at, buffer) {
        Ok(outgoing) => Some(outgoing),
        Err(error) => {
            tracing::error!(%error, ?command, "the command could not be written");
            refuse(shared, command, NotSentReason::Unencodable);
            None
        }
    }
}

/// The same without a connection.
fn encode_apart(shared: &Rc<Trading>, command: &Command) -> Option<Outgoing> {
    if let (Command::Cancel { id, instrument }, Some(at)) = (command, shared.venue_time()) {
        let call = shared.dialect.borrow().cancel_call(*id, *instrument, at.unix_ms);
        let unwritten = |error: &_| tracing::error!(%error, %id, "the cancel could not be written");
        return call.inspect_err(unwritten).ok();
    }
    encode(shared, command, &mut Vec::new())
}

/// Tells the core that a new order or an amend did not leave; anything else it repeats by itself.
fn refuse(shared: &Trading, command: &Command, reason: NotSentReason) {
    let report = command.not_sent(reason).map(EventKind::Execution);
    report.into_iter().for_each(|kind| shared.tell(kind));
}

/// The bytes contradict the kernel: this program is wrong somewhere, and nobody knows where.
fn trip(desk: &Desk, id: ClientOrderId, reason: NotSentReason) {
    tracing::error!(%id, ?reason, "the bytes of an order contradict the kernel: tripping");
    desk.gate.hold(Scope::All);
    desk.shared.tell(EventKind::Operator(OperatorRequest {
        ticket: 0,
        by: Text::new("gateway"),
        reason: Text::new(&format!("order {id}: {reason:?}")),
        command: OperatorCommand::Trip(TripCause::PostCheck),
    }));
}

fn heard(shared: &Trading, message: Result<Bytes, NetError>) -> Result<(), Ended> {
    let (message, mut reports) = (message?, Vec::new());
    let read = shared.dialect.borrow_mut().on_message(&message, &mut reports);
    reports.into_iter().for_each(|report| shared.tell(EventKind::Execution(report)));
    shared.heed();
    shared.allowance.heed(&shared.dialect.borrow().usage(&message));
    match read {
        Err(error @ DecodeError::LoggedOff) => return Err(Ended::LoggedOff(error)),
        Err(error) => tracing::warn!(%error, "an answer to an order could not be read"),
        Ok(()) => {}
    }
    Ok(())
}

/// The last look at what is asked for over HTTP, and the asking. A stop that does not leave is
/// missed by the core, which asks what stands.
fn call_out(desk: &Rc<Desk>, command: &Command, call: Call, question: Question) {
    if let Command::Stop(StopCommand::Place(stop)) = command {
        let written = desk.shared.dialect.borrow().read_stop_back(&call);
        let verdict = desk.post_check.borrow_mut().check_stop(stop.order(), written);
        if let Err(reason) = verdict {
            return trip(desk, stop.order().id, reason);
        }
    }
    narrate(desk, command);
    ask(desk, call, question);
}

/// What asks after an order may wait; nothing else does.
fn errand(question: Question) -> Errand {
    match question {
        Question::Order(..) => Errand::Question,
        Question::Cancel(..)
        | Question::CancelAll(_)
        | Question::DeadMan(_)
        | Question::Stop(_) => Errand::Safety,
    }
}

/// Asks over HTTP, beside the stream of orders.
fn ask(desk: &Rc<Desk>, call: Call, question: Question) {
    let shared = Rc::clone(&desk.shared);
    // The core asks again by itself; what takes orders back goes all the same.
    if shared.unavailable.get() && matches!(question, Question::Order(..)) {
        return;
    }
    let desk = Rc::clone(desk);
    tokio::task::spawn_local(async move {
        let answer = desk.calls.make(&call, errand(question)).await;
        if let Err(error) = &answer {
            error.say("no answer to a question; the core asks again");
        }
        let mut reports = Vec::new();
        let answer = answer.ok();
        if let Question::DeadMan(request) = question {
            let report = shared.dialect.borrow().on_dead_man(request, answer.as_ref());
            shared.tell(EventKind::DeadMan(report));
        }
        if let Question::Stop(request) = question {
            let report = shared.dialect.borrow().on_stop(request, answer.as_ref());
            report.into_iter().for_each(|report| shared.tell(EventKind::Stop(report)));
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
