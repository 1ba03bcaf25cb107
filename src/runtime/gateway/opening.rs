//! How a connection for orders is made: opened, and logged on where the venue wants that.
//!
//! Must hold: nothing is sent on it before the venue said that we are logged on; a logon that is
//! refused is told as any refusal is, and not tried again before the venue takes requests.

use super::Shared;
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Dial, NetError};
use crate::runtime::link;
use crate::venue::{DecodeError, OrderDialect};
use std::rc::Rc;
use std::time::Duration;

/// Both halves of it.
pub(super) type Connection = (WsReader, WsWriter);

/// Why there is no connection, or no more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the connection failed: {0}")]
    Link(#[from] NetError),
    #[error("the logon failed: {0}")]
    Logon(DecodeError),
    #[error("the venue did not tell its time and answer a logon within {0:?}")]
    Unanswered(Duration),
    #[error(transparent)]
    LoggedOff(DecodeError),
}

/// Where orders are entered.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) shared: Rc<Shared<dyn OrderDialect>>,
    pub(super) dial: Dial,
    pub(super) address: Address,
}

impl Entry {
    /// A connection that takes orders.
    pub(super) async fn open(self) -> Result<Connection, Ended> {
        let target = self.shared.dialect.borrow().stream().target;
        let mut connection = link::open(&self.dial, &self.address.with_target(&target)?).await?;
        if self.shared.dialect.borrow().logs_on() {
            let limit = self.dial.limit;
            let logged_on = tokio::time::timeout(limit, self.log_on(&mut connection)).await;
            logged_on.map_err(|_| Ended::Unanswered(limit))??;
        }
        Ok(connection)
    }

    async fn log_on(&self, (reader, writer): &mut Connection) -> Result<(), Ended> {
        let shared = &self.shared;
        let at = shared.venue_time_measured().await;
        let message = shared.dialect.borrow().logon(at.unix_ms);
        writer.send(&message).await?;
        loop {
            let message = reader.next().await?;
            let heard = shared.dialect.borrow_mut().on_logon(&message);
            shared.heed();
            if heard.map_err(Ended::Logon)? {
                return Ok(());
            }
        }
    }
}
