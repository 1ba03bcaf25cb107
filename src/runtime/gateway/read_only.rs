//! The thread of a read-only run in the place of the order thread: the account's questions, and no
//! way to anything else.
//!
//! Must hold by type, not by a flag: there is no order dialect here, so nothing can be encoded or
//! signed but questions; no connection for orders and none for the private stream, whose key would
//! be the live engine's; the one way out takes questions alone. What the core wants sent all the
//! same is refused, or left without an answer.

use super::commands::{self, Commands};
use super::{Shared, clock, probe};
use crate::config::Wait;
use crate::core::{Command, EventKind, LinkChannel, LinkState};
use crate::net::{Dial, NetError};
use crate::runtime::bell::Bell;
use crate::runtime::calls::Rest;
use crate::runtime::clock::Clock;
use crate::runtime::hot::Incoming;
use crate::runtime::lane::{Filler, Reader};
use crate::runtime::questions::Questions;
use crate::types::{NotSentReason, VenueId};
use crate::venue::AccountDialect;
use std::rc::Rc;
use std::sync::Arc;

/// Everything that the thread is given.
pub(in crate::runtime) struct ReadGateway {
    pub(in crate::runtime) venue: VenueId,
    pub(in crate::runtime) clock: Clock,
    pub(in crate::runtime) account: Box<dyn AccountDialect>,
    pub(in crate::runtime) rest: Rest,
    pub(in crate::runtime) dial: Dial,
    pub(in crate::runtime) commands: Reader<Command>,
    pub(in crate::runtime) bell: Arc<Bell>,
    pub(in crate::runtime) lane: Filler<Incoming>,
    pub(in crate::runtime) wait: Wait,
    pub(in crate::runtime) clock_refresh_ns: u64,
}

impl ReadGateway {
    /// Runs for ever.
    pub(in crate::runtime) async fn run(self) -> Result<(), NetError> {
        let questions = Questions::new(&self.rest, &self.dial)?;
        let asked = (questions, self.rest.allowance);
        let shared = Shared::new(self.venue, (self.clock, self.lane), self.account, asked);
        let shared = Rc::new(shared);
        let clock = clock::follow(Rc::clone(&shared), self.clock_refresh_ns);
        let probe = probe::follow(Rc::clone(&shared));
        let commands = Commands { lane: self.commands, bell: self.bell, wait: self.wait };
        let served = serve(shared, commands);
        tokio::join!(clock, probe, served);
        Ok(())
    }
}

/// Serves questions for ever; anything else leaves nothing behind but its refusal.
async fn serve(shared: Rc<Shared<dyn AccountDialect>>, mut commands: Commands) {
    let bell = match commands.bell.ear() {
        Ok(bell) => bell,
        Err(error) => {
            tracing::error!(%error, "commands cannot be waited for: the account is not read");
            return;
        }
    };
    // Without it nothing is signed.
    shared.venue_time_measured().await;
    // What the core waits for before it asks: the account can be reached.
    for channel in [LinkChannel::Orders, LinkChannel::User] {
        shared.tell_link(channel, LinkState::Up).await;
    }
    loop {
        let command = commands.next(&bell).await;
        if !commands::read(&shared, &command) {
            let report = command.not_sent(NotSentReason::LinkDown).map(EventKind::Execution);
            report.into_iter().for_each(|kind| shared.tell(kind));
        }
        shared.own_up().await;
    }
}
