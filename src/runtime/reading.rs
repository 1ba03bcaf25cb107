//! One reading of a venue outside of a run's threads: its clock and the whole account.
//!
//! Must hold: questions only, whatever the dialect wants; signed with the venue's own time (SAFETY
//! E10).

use super::clock::Clock;
use super::questions::Questions;
use crate::types::{AccountSnapshot, MS, QueryToken};
use crate::venue::AccountDialect;
use std::error::Error;

/// What the venue said.
#[derive(Debug)]
pub(super) struct Told {
    /// Its clock less ours at the midpoint, nanoseconds.
    pub(super) offset_ns: i64,
    /// How long its word on that took.
    pub(super) rtt_ns: u64,
    pub(super) account: AccountSnapshot,
}

/// What was asked for, and why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{what} could not be read: {source}")]
pub(super) struct Unheard {
    pub(super) what: &'static str,
    pub(super) source: Box<dyn Error>,
}

/// Reads both.
pub(super) async fn read(
    client: &Questions,
    dialect: &mut dyn AccountDialect,
    clock: &Clock,
) -> Result<Told, Unheard> {
    let unheard = |what| move |source: Box<dyn Error>| Unheard { what, source };
    let (offset_ns, rtt_ns) =
        time(client, dialect, clock).await.map_err(unheard("the venue's clock"))?;
    let venue_unix_ms = clock.stamp().unix_ns.saturating_add_signed(offset_ns) / MS;
    let account = account(client, dialect, venue_unix_ms).await;
    let account = account.map_err(unheard("the account"))?;
    Ok(Told { offset_ns, rtt_ns, account })
}

/// The venue's time less ours at the midpoint, and how long the answer took.
pub(super) async fn time(
    client: &Questions,
    dialect: &dyn AccountDialect,
    clock: &Clock,
) -> Result<(i64, u64), Box<dyn Error>> {
    clock.follow_wall_clock();
    let before = clock.stamp();
    let answer = client.ask(&dialect.clock_call()).await?;
    let rtt_ns = clock.mono_ns().saturating_sub(before.mono_ns);
    let there_ns = dialect.on_clock(&answer)?.saturating_mul(MS);
    let here_ns = before.unix_ns.saturating_add(rtt_ns / 2);
    let offset_ns = i128::from(there_ns) - i128::from(here_ns);
    Ok((i64::try_from(offset_ns).unwrap_or(i64::MAX), rtt_ns))
}

async fn account(
    client: &Questions,
    dialect: &mut dyn AccountDialect,
    venue_unix_ms: u64,
) -> Result<AccountSnapshot, Box<dyn Error>> {
    let mut answers = Vec::new();
    for call in &dialect.account_calls(venue_unix_ms) {
        answers.push(client.ask(call).await?);
    }
    Ok(dialect.account(QueryToken(1), &answers)?)
}
