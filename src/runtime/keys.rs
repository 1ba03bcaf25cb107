//! What the key of a deployment may do, asked at its venue (SAFETY E3): at each start, again and
//! again while it runs, and by `engine keys`.
//!
//! Must hold: what is not told is an error and never a permission that the key does not have; with
//! real money a run knows of its key that it is fit, or opens nothing. A person may answer for a
//! key by name where its venue does not tell, and nowhere else: what the venue says outweighs it.
//!
//! Decision: an unfit key is no exit. Who holds a position needs its engine for cancels and exits
//! (E3); what is denied is opening, in the kernel, whatever the mode.

use super::calls::Rest;
use super::clock::Clock;
use super::inquiry::{self, Inquiry, InquiryError};
use super::questions::Questions;
use crate::config::{Config, TradingMode};
use crate::core::{AccountEvent, EventKind, KeyFitness};
use crate::net::Address;
use crate::ops::keys::{CheckedKey, fingerprint};
use crate::store::vouched::{self, Vouched};
use crate::store::{StoreError, Stored};
use crate::types::MS;
use crate::venue::key::{permissions, permissions_call};
use std::time::Duration;
use tokio::sync::mpsc;

/// A start asks so often before the key counts as unproven, and waits so long in between.
const TRIES: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Asks what the key of a configuration may do.
///
/// # Errors
/// [`InquiryError`]: it is not known.
pub fn check_key(config: &Config) -> Result<CheckedKey, InquiryError> {
    inquiry::wait(async { told(&Inquiry::begin(config, Clock::start()).await?).await })
}

/// The same, by a run: what the venue allows it is one with what it allows the run.
async fn ask(config: &Config, clock: &Clock, rest: &Rest) -> Result<CheckedKey, InquiryError> {
    told(&Inquiry::at(config, clock.clone(), rest).await?).await
}

async fn told(inquiry: &Inquiry<'_>) -> Result<CheckedKey, InquiryError> {
    let config = inquiry.config;
    let wallet = Address::parse(inquiry.wallet.ok_or(InquiryError::NoWallet)?)?;
    let (kind, credentials) = (config.venue.kind, &config.venue.access.credentials);
    let wallet = Questions::new(&Rest::new(wallet, kind, &inquiry.clock), &inquiry.dial)?;
    let unix_ms = inquiry.venue_unix_ms();
    let call = permissions_call(kind, credentials, config.venue.recv_window_ms, unix_ms);
    let read = |answer: &_| permissions(kind, answer);
    let told = inquiry.ask_at(&wallet, "what the key may do", &call, read).await?;
    Ok(CheckedKey::new(credentials, told, unix_ms))
}

/// What speaks for a key.
enum Word {
    /// The venue's own.
    Told(CheckedKey),
    /// A person's, because the venue does not tell.
    Vouched(Vouched, InquiryError),
    /// Nobody's.
    None(InquiryError),
}

impl Word {
    fn on(asked: Result<CheckedKey, InquiryError>, config: &Config) -> Self {
        match asked.map_err(|error| (vouched(config, &error), error)) {
            Ok(key) => Self::Told(key),
            Err((Some(vouched), error)) => Self::Vouched(vouched, error),
            Err((None, error)) => Self::None(error),
        }
    }

    fn fitness(&self) -> KeyFitness {
        match self {
            Self::Told(key) if key.is_unfit() => KeyFitness::Unfit,
            Self::Told(_) => KeyFitness::Fit,
            Self::Vouched(..) => KeyFitness::Vouched,
            Self::None(_) => KeyFitness::Unproven,
        }
    }

    fn say(&self) {
        match self {
            Self::Told(key) => concerns(key),
            Self::Vouched(Vouched { by, reason, .. }, error) => {
                tracing::warn!(%error, by, reason, "the venue does not tell what the key may do");
            }
            Self::None(error) => tracing::error!(
                %error,
                "nobody can tell what the key may do: nothing is opened, exits and cancels pass; \
                 `engine keys check`, or `engine keys vouch` where the venue never tells"
            ),
        }
    }
}

fn concerns(key: &CheckedKey) {
    let fingerprint = key.fingerprint.as_str();
    for concern in key.concerns() {
        let said = concern.said;
        match concern.is_fault {
            true => tracing::error!(fingerprint, "the key is unfit, nothing is opened: {said}"),
            false => tracing::warn!(fingerprint, "the key: {said}"),
        }
    }
}

/// Who answers for the key of which the venue did not tell; nobody can for one that it does not
/// take.
pub(super) fn vouched(config: &Config, error: &InquiryError) -> Option<Vouched> {
    if matches!(error, InquiryError::Refused(_)) {
        return None;
    }
    match vouched::read(&config.folders.state) {
        Stored::Good(it) if it.fingerprint == fingerprint(&config.venue.access.credentials) => {
            return Some(it);
        }
        Stored::Good(Vouched { by, .. }) => tracing::warn!(by, "the key vouched for is another"),
        Stored::Missing => {}
        Stored::Damaged(error) => tracing::error!(%error, "nobody answers for the key"),
    }
    None
}

/// Puts a name to the key of a configuration, and returns what it is called.
///
/// # Errors
/// [`StoreError`]: nobody answers for it.
pub fn vouch(config: &Config, by: &str, reason: &str) -> Result<String, StoreError> {
    let fingerprint = fingerprint(&config.venue.access.credentials);
    let vouched = Vouched {
        fingerprint: fingerprint.clone(),
        by: by.to_owned(),
        reason: reason.to_owned(),
        unix_ms: Clock::start().stamp().unix_ns / MS,
    };
    vouched::write(&config.folders.state, &vouched)?;
    Ok(fingerprint)
}

/// Whether the key of a start is one to trade with; says so where it is not.
pub(super) async fn fitness(config: &Config, clock: &Clock, rest: &Rest) -> KeyFitness {
    match config.mode {
        TradingMode::Paper | TradingMode::Lab => return KeyFitness::Exempt,
        TradingMode::Live => {}
    }
    let mut asked = ask(config, clock, rest).await;
    for _ in 1..TRIES {
        if !matches!(asked, Err(InquiryError::Unreachable { .. })) {
            break;
        }
        tokio::time::sleep(TRY_AGAIN).await;
        asked = ask(config, clock, rest).await;
    }
    let word = Word::on(asked, config);
    word.say();
    word.fitness()
}

/// Asks after the key while a run goes on: its rights are changed on a page of the venue, and
/// nothing tells the engine.
pub(super) struct KeyWatch {
    config: Config,
    clock: Clock,
    rest: Rest,
    known: KeyFitness,
}

impl KeyWatch {
    /// `None` where nobody asks.
    pub(super) fn new(
        config: &Config,
        clock: &Clock,
        rest: &Rest,
        known: KeyFitness,
    ) -> Option<Self> {
        let (config, clock, rest) = (config.clone(), clock.clone(), rest.clone());
        (known != KeyFitness::Exempt).then_some(Self { config, clock, rest, known })
    }

    async fn watch(mut self, out: mpsc::Sender<Vec<EventKind>>) {
        loop {
            tokio::time::sleep(self.config.runtime.key_check_every).await;
            let asked = ask(&self.config, &self.clock, &self.rest).await;
            let word = Word::on(asked, &self.config);
            if self.is_news(&word) {
                word.say();
                self.known = word.fitness();
            }
            // Each time: what found no room is made good by the next one. Nobody takes it when the
            // run ends.
            let told = EventKind::Account(AccountEvent::Key(self.known));
            let _ = out.send(vec![told]).await;
        }
    }

    /// What the venue said last stands while it does not answer.
    fn is_news(&self, word: &Word) -> bool {
        let was_told = matches!(self.known, KeyFitness::Fit | KeyFitness::Unfit);
        match word {
            Word::Vouched(_, error) | Word::None(error) if was_told => {
                tracing::warn!(%error, "what the key may do could not be asked again");
                false
            }
            Word::Told(_) | Word::Vouched(..) | Word::None(_) => word.fitness() != self.known,
        }
    }
}

/// Watches for ever; where there is nothing to watch, nothing happens for ever.
pub(super) async fn follow(watch: Option<KeyWatch>, out: mpsc::Sender<Vec<EventKind>>) {
    if let Some(watch) = watch {
        watch.watch(out).await;
    }
    std::future::pending::<()>().await;
}
