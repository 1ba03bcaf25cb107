//! What an operator may ask of a running engine, whatever carries the question: the unix socket,
//! and later HTTP, stand on these same handlers.
//!
//! Must hold: a question that cannot be understood changes nothing and is answered by what was
//! expected; stops need a name and nothing else; a reset needs the challenge of the latch that the
//! operator saw (D3).

use super::report::Report;
use super::{Named, Names, status_json};
use crate::core::safety::TripRecord;
use crate::core::{Baseline, Digest, OperatorCommand, Probation, Refusal, Scope, TripCause};
use crate::types::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A question, as one line of JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "verb", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Everything.
    Status,
    /// The kill switch alone.
    KillSwitchStatus,
    /// No strategy orders, until a resume.
    Halt {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
        /// Only this venue.
        venue: Option<String>,
        /// Only this instrument.
        instrument: Option<String>,
        /// Only this strategy.
        strategy: Option<String>,
    },
    /// Lift a halt.
    Resume {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
        /// Only this venue.
        venue: Option<String>,
        /// Only this instrument.
        instrument: Option<String>,
        /// Only this strategy.
        strategy: Option<String>,
        /// To RUNNING instead of CONSERVATIVE.
        #[serde(default)]
        full: bool,
        /// To RUNNING before the probation is over.
        #[serde(default)]
        force: bool,
    },
    /// Trip the kill switch.
    KillSwitchTrip {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
    },
    /// Clear the kill switch.
    KillSwitchReset {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
        /// The challenge that `kill-switch status` shows.
        confirm: String,
        /// Accept the present equity as the new high-water mark.
        #[serde(default)]
        new_baseline: bool,
    },
    /// Bring positions to zero.
    Flatten {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
        /// Only this instrument.
        instrument: Option<String>,
        /// Worst price, in basis points beyond the touch.
        cap_bps: u32,
    },
}

/// Who asks, and why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Author {
    /// A name.
    pub by: String,
    /// A reason.
    pub reason: String,
}

/// What a question needs.
#[derive(Debug)]
pub enum Asked {
    /// It is answered.
    Answered(Value),
    /// The core must do something first.
    Command {
        /// Who.
        by: Text<32>,
        /// Why.
        reason: Text<96>,
        /// What.
        command: OperatorCommand,
    },
}

/// Understands a question against the present state.
pub fn handle(line: &str, report: &Report) -> Asked {
    match serde_json::from_str(line) {
        Ok(request) => {
            understand(request, report).unwrap_or_else(|what| Asked::Answered(no(&what)))
        }
        Err(error) => Asked::Answered(no(&format!("the request could not be understood: {error}"))),
    }
}

/// The answer once the core has acted.
pub fn answer(result: Result<(), Refusal>, durable: bool) -> Value {
    match result {
        Ok(()) => json!({"ok": true, "durable": durable}),
        Err(refusal) => no(refusal.text()),
    }
}

/// A refusal.
pub fn no(what: &str) -> Value {
    json!({"ok": false, "error": what})
}

/// What an operator must type to clear this very trip: short, and different for every trip.
pub fn challenge(trip: &TripRecord) -> String {
    let digest = Digest::new().with(trip.generation.into()).with_count(trip.at.unix_ns);
    format!("reset-{}-{:04x}", trip.generation, digest.value() & 0xffff)
}

fn understand(request: Request, report: &Report) -> Result<Asked, String> {
    let names = &report.names;
    let (author, command) = match request {
        Request::Status => return Ok(Asked::Answered(status_json::status(report))),
        Request::KillSwitchStatus => {
            return Ok(Asked::Answered(status_json::kill_switch(report)));
        }
        Request::Halt { author, venue, instrument, strategy } => {
            let scope = scope(names, venue.as_ref(), instrument.as_ref(), strategy.as_ref())?;
            (author, OperatorCommand::Halt(scope))
        }
        Request::Resume { author, venue, instrument, strategy, full, force } => {
            let scope = scope(names, venue.as_ref(), instrument.as_ref(), strategy.as_ref())?;
            let probation = if force { Probation::Skip } else { Probation::Observe };
            match (full, force) {
                (true, _) => (author, OperatorCommand::Promote { scope, probation }),
                (false, false) => (author, OperatorCommand::Resume(scope)),
                (false, true) => return Err("--force goes with --full".to_owned()),
            }
        }
        Request::KillSwitchTrip { author } => (author, OperatorCommand::Trip(TripCause::Operator)),
        Request::KillSwitchReset { author, confirm, new_baseline } => {
            (author, reset(report, &confirm, new_baseline)?)
        }
        Request::Flatten { author, instrument, cap_bps } => {
            let instrument = instrument.map(|symbol| names.find_instrument(&symbol)).transpose()?;
            (author, OperatorCommand::Flatten { instrument, cap_bps })
        }
    };
    if author.by.trim().is_empty() || author.reason.trim().is_empty() {
        return Err("say who asks (--by) and why (--reason)".to_owned());
    }
    let (by, reason) = (Text::new(&author.by), Text::new(&author.reason));
    Ok(Asked::Command { by, reason, command })
}

fn scope(
    names: &Names,
    venue: Option<&String>,
    instrument: Option<&String>,
    strategy: Option<&String>,
) -> Result<Scope, String> {
    let [venue, instrument, strategy] =
        [venue, instrument, strategy].map(|name| name.map(String::as_str));
    names.scope(Named { venue, instrument, strategy })
}

fn reset(report: &Report, confirm: &str, new_baseline: bool) -> Result<OperatorCommand, String> {
    let Some(trip) = &report.status.latch else {
        return Err(Refusal::NotTripped.text().to_owned());
    };
    if confirm != challenge(trip) {
        return Err("the challenge is not that of this trip: read `engine kill-switch status`, \
                    understand the cause, and confirm what it shows"
            .to_owned());
    }
    let baseline = if new_baseline { Baseline::New } else { Baseline::Keep };
    Ok(OperatorCommand::Reset { generation: trip.generation, baseline })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::safety::TripReason;
    use crate::types::{InstrumentId, Stamp, StrategyId, VenueId};

    fn report() -> Report {
        let mut report = Report {
            names: Names {
                venues: vec!["binance".to_owned()],
                instruments: vec!["BTCUSDT".to_owned(), "ETHUSDT".to_owned()],
                strategies: vec!["maker".to_owned()],
                assets: vec!["USDT".to_owned()],
            },
            ..Report::default()
        };
        report.status.latch = Some(TripRecord {
            generation: 3,
            reason: TripReason::Operator,
            at: Stamp { mono_ns: 1, unix_ns: 2 },
            value: 0,
            limit: 0,
            by: Text::new("ann"),
            note: Text::default(),
        });
        report
    }

    fn command(line: &str) -> OperatorCommand {
        match handle(line, &report()) {
            Asked::Command { command, .. } => command,
            Asked::Answered(value) => panic!("{value}"),
        }
    }

    fn error(line: &str) -> String {
        match handle(line, &report()) {
            Asked::Answered(value) => value["error"].as_str().unwrap_or_default().to_owned(),
            Asked::Command { command, .. } => panic!("{command:?}"),
        }
    }

    #[test]
    fn stops_and_resumes_name_their_scope() {
        let halt = r#"{"verb":"halt","by":"ann","reason":"news"}"#;
        assert_eq!(command(halt), OperatorCommand::Halt(Scope::All));
        let halt = r#"{"verb":"halt","by":"ann","reason":"news","instrument":"ethusdt"}"#;
        assert_eq!(command(halt), OperatorCommand::Halt(Scope::Instrument(InstrumentId(1))));
        let resume = r#"{"verb":"resume","by":"ann","reason":"over","strategy":"maker"}"#;
        assert_eq!(command(resume), OperatorCommand::Resume(Scope::Strategy(StrategyId(0))));
        let resume = r#"{"verb":"resume","by":"ann","reason":"over","full":true}"#;
        let (scope, probation) = (Scope::All, Probation::Observe);
        assert_eq!(command(resume), OperatorCommand::Promote { scope, probation });
        let resume = concat!(
            r#"{"verb":"resume","by":"ann","reason":"over","full":true,"force":true,"#,
            r#""venue":"binance"}"#
        );
        let (scope, probation) = (Scope::Venue(VenueId(0)), Probation::Skip);
        assert_eq!(command(resume), OperatorCommand::Promote { scope, probation });
    }

    #[test]
    fn a_reset_needs_the_challenge_of_this_trip() {
        let wrong = r#"{"verb":"kill-switch-reset","by":"ann","reason":"ok","confirm":"reset-3"}"#;
        assert!(error(wrong).contains("challenge"));
        let right = challenge(&report().status.latch.unwrap());
        let line = format!(
            r#"{{"verb":"kill-switch-reset","by":"ann","reason":"ok","confirm":"{right}"}}"#
        );
        let reset = OperatorCommand::Reset { generation: 3, baseline: Baseline::Keep };
        assert_eq!(command(&line), reset);
    }

    #[test]
    fn what_is_not_understood_changes_nothing_and_is_answered() {
        let lines = [
            "",
            "{}",
            "[1]",
            r#"{"verb":"buy","qty":1}"#,
            r#"{"verb":"halt"}"#,
            r#"{"verb":"halt","by":" ","reason":"x"}"#,
            r#"{"verb":"halt","by":"ann","reason":"x","instrument":"DOGE"}"#,
            r#"{"verb":"halt","by":"a","reason":"x","instrument":"BTCUSDT","strategy":"maker"}"#,
            r#"{"verb":"resume","by":"a","reason":"x","venue":"kraken"}"#,
            r#"{"verb":"resume","by":"a","reason":"x","force":true}"#,
        ];
        for line in lines {
            assert!(!error(line).is_empty(), "{line}");
        }
    }
}
