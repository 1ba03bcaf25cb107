//! Signed questions to a venue, outside of a run: of verbs that look something up.
//!
//! Must hold: questions only, signed with the venue's own time (SAFETY E10); no answer and an
//! answer that is not understood are told apart from a key that the venue does not take.

use super::allowance::Allowance;
use super::calls::Rest;
use super::clock::Clock;
use super::listing::nobody;
use super::questions::Questions;
use super::startup::{self, StartError};
use super::{reading, threads};
use crate::config::{Config, Endpoint, Wait};
use crate::net::{Address, Dial, NetError};
use crate::types::{MS, VenueId};
use crate::venue::{
    AccountDialect, Answer, Blame, Call, DecodeError, Directory, VenueKind, account_dialect,
    meaning,
};
use std::error::Error;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum InquiryError {
    /// The exchange of the configuration lives in the engine.
    #[error(
        "the simulated exchange of this configuration lives in the engine itself, and there is no \
         venue to ask: name another configuration with --config"
    )]
    Embedded,
    /// There is nowhere to ask after a key.
    #[error(
        "`venue.wallet_url` is not set, and what a key may do is told there alone; the venue's test \
         network does not tell it at all"
    )]
    NoWallet,
    /// No socket, no address, no thread.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The venue does not take the key.
    #[error("the venue refuses the key: {0}")]
    Refused(DecodeError),
    /// The configuration names what the venue does not have.
    #[error("the venue does not list {0}: look at its spelling under `instruments`")]
    Unlisted(String),
    /// The venue was not heard, or not understood.
    #[error("{what} could not be read: {why}; look at the addresses under `venue`, or ask again")]
    Unreachable {
        /// What was asked for.
        what: String,
        /// What came back.
        why: String,
    },
}

impl From<NetError> for InquiryError {
    fn from(error: NetError) -> Self {
        Self::Start(error.into())
    }
}

/// Somebody who asks the venue of a configuration.
pub(super) struct Inquiry<'a> {
    pub(super) config: &'a Config,
    pub(super) dial: Dial,
    /// Where it tells of keys.
    pub(super) wallet: Option<&'a str>,
    pub(super) allowance: Allowance,
    questions: Questions,
    dialect: Box<dyn AccountDialect>,
    pub(super) clock: Clock,
    /// The venue's clock less ours.
    offset_ns: i64,
}

impl<'a> Inquiry<'a> {
    /// Reads the venue's clock first.
    pub(super) async fn begin(config: &'a Config, clock: Clock) -> Result<Self, InquiryError> {
        let Endpoint::Remote { rest, .. } = &config.venue.endpoint else {
            return Err(InquiryError::Embedded);
        };
        let rest = Rest::new(Address::parse(rest)?, config.venue.kind, &clock);
        Self::at(config, clock, &rest).await
    }

    /// The same where others ask too.
    pub(super) async fn at(
        config: &'a Config,
        clock: Clock,
        rest: &Rest,
    ) -> Result<Self, InquiryError> {
        let Endpoint::Remote { wallet, .. } = &config.venue.endpoint else {
            return Err(InquiryError::Embedded);
        };
        let dial = startup::dial(&config.runtime)?;
        let questions = Questions::new(rest, &dial)?;
        let directory = Directory {
            venue: VenueId(0),
            instruments: Vec::new(),
            assets: Vec::new(),
            prefix: nobody(),
            recv_window_ms: config.venue.recv_window_ms,
        };
        let dialect =
            account_dialect(config.venue.kind, &directory, &config.venue.access.credentials);
        let wallet = wallet.as_deref();
        let (allowance, offset_ns) = (rest.allowance.clone(), 0);
        let mut this =
            Self { config, dial, wallet, allowance, questions, dialect, clock, offset_ns };
        (this.offset_ns, _) = this.time().await?;
        Ok(this)
    }

    /// The venue's time less ours at the midpoint, and how long the answer took, nanoseconds.
    pub(super) async fn time(&self) -> Result<(i64, u64), InquiryError> {
        let time = reading::time(&self.questions, self.dialect.as_ref(), &self.clock).await;
        time.map_err(|error| unheard("the venue's clock", error.as_ref()))
    }

    /// Whether the venue takes requests; how long the answer took, nanoseconds.
    pub(super) async fn ping(&self) -> Result<u64, InquiryError> {
        let asked_ns = self.clock.mono_ns();
        let answer = self.questions.ask(&self.dialect.ping_call()).await;
        let answer = answer.map_err(|error| unheard("the answer to a ping", &error))?;
        if self.dialect.is_available(&answer) {
            return Ok(self.clock.mono_ns().saturating_sub(asked_ns));
        }
        let why = format!("the venue answered {}: it takes no requests", answer.status);
        Err(InquiryError::Unreachable { what: "the answer to a ping".to_owned(), why })
    }

    /// The venue's time.
    pub(super) fn venue_unix_ms(&self) -> u64 {
        self.clock.stamp().unix_ns.saturating_add_signed(self.offset_ns) / MS
    }

    /// Asks where the venue is, and has the answer read.
    pub(super) async fn ask<T>(
        &self,
        what: &str,
        call: &Call,
        read: impl FnOnce(&Answer) -> Result<T, DecodeError>,
    ) -> Result<T, InquiryError> {
        self.ask_at(&self.questions, what, call, read).await
    }

    /// The same at another of its addresses.
    pub(super) async fn ask_at<T>(
        &self,
        questions: &Questions,
        what: &str,
        call: &Call,
        read: impl FnOnce(&Answer) -> Result<T, DecodeError>,
    ) -> Result<T, InquiryError> {
        let answer = questions.read(call).await.map_err(|error| unheard(what, &error))?;
        read(&answer).map_err(|error| match is_refusal(self.config.venue.kind, &error) {
            true => InquiryError::Refused(error),
            false => unheard(what, &error),
        })
    }
}

/// Waits for what is asked.
pub(super) fn wait<T>(
    asked: impl Future<Output = Result<T, InquiryError>>,
) -> Result<T, InquiryError> {
    let runtime = threads::runtime(Wait::Park).map_err(StartError::from)?;
    let told = runtime.block_on(asked);
    runtime.shutdown_background();
    told
}

/// A person must do something about it.
fn is_refusal(kind: VenueKind, error: &DecodeError) -> bool {
    match error {
        DecodeError::Refused { status, code, text } => {
            meaning(kind, *status, *code, text).blame == Blame::Operator
        }
        DecodeError::NotJson
        | DecodeError::Field(_)
        | DecodeError::Gap { .. }
        | DecodeError::LoggedOff
        | DecodeError::TooLarge(_)
        | DecodeError::Unsupported(_) => false,
    }
}

fn unheard(what: &str, error: &dyn Error) -> InquiryError {
    InquiryError::Unreachable { what: what.to_owned(), why: error.to_string() }
}
