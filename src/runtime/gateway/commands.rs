//! Where commands come from, and which of them are questions about the account: asked by whoever
//! serves commands, with an order desk or without.

use super::{Shared, account, trades};
use crate::config::Wait;
use crate::core::Command;
use crate::runtime::bell::Bell;
use crate::runtime::lane::Reader;
use crate::venue::AccountDialect;
use std::rc::Rc;
use std::sync::Arc;
use tokio::net::unix::pipe::Receiver;

/// The lane of commands, and how to wait for one.
pub(super) struct Commands {
    pub(super) lane: Reader<Command>,
    pub(super) bell: Arc<Bell>,
    pub(super) wait: Wait,
}

impl Commands {
    pub(super) async fn next(&mut self, bell: &Receiver) -> Command {
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

/// Reads what a command asks to read of the account; false when it asks for something else. What
/// cannot be signed yet has failed: the core asks again.
pub(super) fn read<D: AccountDialect + ?Sized + 'static>(
    shared: &Rc<Shared<D>>,
    command: &Command,
) -> bool {
    let at = shared.venue_time();
    match (command, at) {
        (Command::QueryAccount { venue, token }, Some(at)) => {
            account::read(shared, *venue, *token, at.unix_ms);
        }
        (Command::QueryAccount { venue, token }, None) => account::failed(shared, *venue, *token),
        (Command::QueryTrades { instrument, from_id }, Some(at)) => {
            trades::read(shared, *instrument, *from_id, at.unix_ms);
        }
        (Command::QueryTrades { instrument, .. }, None) => trades::failed(shared, *instrument),
        (
            Command::NewOrder(_)
            | Command::Amend(_)
            | Command::Cancel { .. }
            | Command::CancelAll { .. }
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryOrder { .. },
            _,
        ) => return false,
    }
    true
}
