//! What an operator may ask of a running engine, whatever carries the question: the unix socket,
//! and later HTTP, stand on these same handlers.
//!
//! Must hold: a question that cannot be understood changes nothing and is answered by what was
//! expected; stops need a name and nothing else; a reset needs the challenge of the latch that the
//! operator saw (D3).

use super::report::Report;
use super::{Named, Names, reading_json, status_json};
use crate::core::safety::TripRecord;
use crate::core::{
    Baseline, Criterion, Digest, OperatorCommand, OperatorRequest, Probation, Refusal, Scope,
    TripCause,
};
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
    /// Both sides of the last reading of each account.
    Readings,
    /// Read the accounts now.
    Reconcile {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
    },
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
        /// Only this venue.
        venue: Option<String>,
        /// Only this strategy.
        strategy: Option<String>,
        /// Only this instrument.
        symbol: Option<String>,
    },
    /// Clear one latch of the kill switch.
    KillSwitchReset(Box<Reset>),
    /// End the cooldown of the circuit breaker.
    BreakerReset {
        /// Who and why.
        #[serde(flatten)]
        author: Author,
    },
    /// Keep a word in the record.
    Note {
        /// Who, and the word.
        #[serde(flatten)]
        author: Author,
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

/// A word that a latch may go (D3).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reset {
    /// Who and why.
    #[serde(flatten)]
    pub author: Author,
    /// The challenge that `kill-switch status` shows: it names the latch.
    pub confirm: String,
    /// Accept the present equity as the new high-water mark.
    #[serde(default)]
    pub new_baseline: bool,
    /// What happened, and how that is known.
    #[serde(default)]
    pub cause: String,
    /// Why the market counts as normal again.
    #[serde(default)]
    pub market: String,
    /// What was found in limits and settings.
    #[serde(default)]
    pub parameters: String,
    /// Who agreed, and where that is written.
    #[serde(default)]
    pub approval: String,
    /// Do not wait for the cooldown. Skips nothing else.
    #[serde(default)]
    pub force: bool,
    /// The other person who agrees to that.
    pub approved_by: Option<String>,
}

/// What is a fact once a trip is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tripped {
    /// No order of its scope is being written any more, and none will be.
    pub acknowledged: bool,
    /// It is on disk.
    pub durable: bool,
    /// Opening orders in its scope that the venue has not confirmed gone; `None` when not known.
    pub opening_orders: Option<u32>,
}

/// Who asks, and why.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
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
        /// What people put their names to first.
        attested: Vec<OperatorRequest>,
    },
}

/// Understands a question against the present state.
pub fn handle(line: &str, report: &Report) -> Asked {
    match serde_json::from_str(line) {
        Ok(request) => match understand(request, report) {
            Ok(Asked::Command { .. }) if report.is_read_only() => {
                Asked::Answered(no(NOTHING_TO_DO))
            }
            Ok(asked) => asked,
            Err(what) => Asked::Answered(no(&what)),
        },
        Err(error) => Asked::Answered(no(&format!("the request could not be understood: {error}"))),
    }
}

/// What a read-only run says to every command.
const NOTHING_TO_DO: &str = "this run is READ-ONLY: it trades nothing and stops nothing; leave \
                             `--read-only` out to ask the engine that trades";

/// The answer once the core has acted.
pub fn answer(result: Result<(), Refusal>, durable: bool) -> Value {
    match result {
        Ok(()) => json!({"ok": true, "durable": durable}),
        Err(refusal) => no(&refusal.text()),
    }
}

/// The answer to a trip.
pub fn tripped(fact: &Tripped) -> Value {
    json!({
        "ok": true,
        "acknowledged": fact.acknowledged,
        "durable": fact.durable,
        "opening_orders": fact.opening_orders,
    })
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

/// The command that clears that very trip, for people to complete.
pub fn reset_command(trip: &TripRecord) -> String {
    let confirm = challenge(trip);
    format!(
        "engine kill-switch reset --confirm {confirm} --by NAME --reason TEXT --cause-understood \
         TEXT --market-normal TEXT --parameters-reviewed TEXT --approval TEXT"
    )
}

fn understand(request: Request, report: &Report) -> Result<Asked, String> {
    let names = &report.names;
    let (author, command) = match request {
        Request::Status => return Ok(Asked::Answered(status_json::status(report))),
        Request::KillSwitchStatus => {
            return Ok(Asked::Answered(status_json::kill_switch(report)));
        }
        Request::Readings => return Ok(Asked::Answered(reading_json::readings(report))),
        Request::Reconcile { author } => (author, OperatorCommand::Reconcile),
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
        Request::KillSwitchTrip { author, venue, strategy, symbol } => {
            let scope = scope(names, venue.as_ref(), symbol.as_ref(), strategy.as_ref())?;
            let command = match scope {
                Scope::All => OperatorCommand::Trip(TripCause::Operator),
                Scope::Venue(_) | Scope::Instrument(_) | Scope::Strategy(_) => {
                    OperatorCommand::TripScope(scope)
                }
            };
            (author, command)
        }
        Request::KillSwitchReset(asked) => return reset(*asked, report),
        Request::BreakerReset { author } => (author, OperatorCommand::ResetBreaker),
        Request::Note { author } => (author, OperatorCommand::Note),
        Request::Flatten { author, instrument, cap_bps } => {
            let instrument = instrument.map(|symbol| names.find_instrument(&symbol)).transpose()?;
            (author, OperatorCommand::Flatten { instrument, cap_bps })
        }
    };
    let (by, reason) = named(&author)?;
    Ok(Asked::Command { by, reason, command, attested: Vec::new() })
}

fn named(author: &Author) -> Result<(Text<32>, Text<96>), String> {
    if author.by.trim().is_empty() || author.reason.trim().is_empty() {
        return Err("say who asks (--by) and why (--reason)".to_owned());
    }
    Ok((Text::new(&author.by), Text::new(&author.reason)))
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

/// The latch that the challenge names, and every name that a reset needs.
fn reset(asked: Reset, report: &Report) -> Result<Asked, String> {
    let (by, reason) = named(&asked.author)?;
    let latches = &report.status.latches;
    if latches.is_empty() {
        return Err(Refusal::NotTripped.text().into_owned());
    }
    let trip =
        latches.iter().map(|it| &it.latch.trip).find(|trip| asked.confirm == challenge(trip));
    let Some(trip) = trip else {
        return Err(
            "the challenge is not that of a standing trip: read `engine kill-switch status`, \
                    understand the cause, and confirm what it shows"
                .to_owned(),
        );
    };
    let generation = trip.generation;
    let attested = attested(&asked, generation)?;
    let baseline = if asked.new_baseline { Baseline::New } else { Baseline::Keep };
    let command = OperatorCommand::Reset { generation, baseline };
    Ok(Asked::Command { by, reason, command, attested })
}

/// The four recovery criteria in the words of who resets, approval and waiver in the name of who
/// gave them; each is a record of its own in the journal.
fn attested(asked: &Reset, generation: u32) -> Result<Vec<OperatorRequest>, String> {
    let Reset { author, approved_by, force, .. } = asked;
    let other = approved_by.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if *force && other.is_none_or(|other| other == author.by.trim()) {
        return Err("--force needs --approved-by with the name of another person".to_owned());
    }
    let approver = other.unwrap_or(&author.by);
    let words = [
        (Criterion::CauseUnderstood, "--cause-understood", &asked.cause, &*author.by),
        (Criterion::MarketNormal, "--market-normal", &asked.market, &author.by),
        (Criterion::ParametersReviewed, "--parameters-reviewed", &asked.parameters, &author.by),
        (Criterion::ApprovalGiven, "--approval", &asked.approval, approver),
    ];
    let missing: Vec<_> = words.iter().filter(|it| it.2.trim().is_empty()).map(|it| it.1).collect();
    if !missing.is_empty() {
        return Err(format!(
            "a reset needs a word on each recovery criterion: {}",
            missing.join(", ")
        ));
    }
    let said = |criterion, word: &str, by: &str| OperatorRequest {
        ticket: 0,
        by: Text::new(by),
        reason: Text::new(word),
        command: OperatorCommand::Attest { generation, criterion },
    };
    let mut attested: Vec<_> =
        words.iter().map(|(criterion, _, word, by)| said(*criterion, word, by)).collect();
    if *force {
        attested.push(said(Criterion::CooldownWaived, &author.reason, approver));
    }
    Ok(attested)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::LatchStatus;
    use crate::core::safety::{Latch, TripReason};
    use crate::types::{InstrumentId, Stamp, StrategyId, VenueId};

    fn report() -> Report {
        let mut report = Report {
            names: Names {
                venues: vec!["binance".to_owned()],
                instruments: vec!["BTCUSDT".to_owned(), "ETHUSDT".to_owned()],
                strategies: vec!["maker".to_owned()],
                assets: vec!["USDT".to_owned()],
                hedges: Vec::new(),
                support: None,
            },
            ..Report::default()
        };
        let trip = TripRecord {
            generation: 3,
            reason: TripReason::Operator,
            at: Stamp { mono_ns: 1, unix_ns: 2 },
            value: 0,
            limit: 0,
            by: Text::new("ann"),
            note: Text::default(),
        };
        let whole = Latch { scope: Scope::All, trip };
        let part = Latch {
            scope: Scope::Strategy(StrategyId(0)),
            trip: TripRecord { generation: 4, ..trip },
        };
        report.status.latch = Some(trip);
        report.status.latches = [whole, part]
            .map(|latch| LatchStatus { latch, opening_orders: 0, cooldown_left_ns: 0 })
            .to_vec();
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
    fn a_reading_is_asked_for_by_name_and_looked_at_by_anybody() {
        let asked = r#"{"verb":"reconcile","by":"ann","reason":"bob traded"}"#;
        assert_eq!(command(asked), OperatorCommand::Reconcile);
        let nameless = r#"{"verb":"reconcile","by":" ","reason":"bob traded"}"#;
        assert!(error(nameless).contains("--by"));
        let Asked::Answered(told) = handle(r#"{"verb":"readings"}"#, &report()) else {
            panic!("nothing has to happen for it")
        };
        assert_eq!((&told["ok"], &told["venues"]), (&json!(true), &json!(0)));
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

    /// A good reset of the latch with that index, after `change`.
    fn reset_line(at: usize, change: impl FnOnce(&mut Reset)) -> String {
        let text = |text: &str| text.to_owned();
        let mut reset = Reset {
            author: Author { by: text("ann"), reason: text("looked") },
            confirm: challenge(&report().status.latches[at].latch.trip),
            cause: text("a bad tick"),
            market: text("calm"),
            parameters: text("unchanged"),
            approval: text("ticket 12"),
            ..Reset::default()
        };
        change(&mut reset);
        serde_json::to_string(&Request::KillSwitchReset(Box::new(reset))).unwrap()
    }

    fn attested_by(line: &str) -> Vec<(Criterion, String)> {
        let Asked::Command { attested, .. } = handle(line, &report()) else { panic!("{line}") };
        let said = attested.iter().map(|request| {
            let OperatorCommand::Attest { criterion, .. } = request.command else {
                panic!("{request:?}")
            };
            (criterion, request.by.to_string())
        });
        said.collect()
    }

    #[test]
    fn a_reset_names_its_latch_by_the_challenge() {
        assert!(
            error(&reset_line(0, |it| it.confirm = "reset-3".to_owned())).contains("challenge")
        );
        for (at, generation) in [(0, 3), (1, 4)] {
            let reset = OperatorCommand::Reset { generation, baseline: Baseline::Keep };
            assert_eq!(command(&reset_line(at, |_| {})), reset);
        }
    }

    #[test]
    fn a_reset_needs_a_word_on_each_criterion() {
        type Gap = fn(&mut Reset);
        let gaps: [(Gap, &str); 4] = [
            (|it| it.cause.clear(), "--cause-understood"),
            (|it| it.market = " ".to_owned(), "--market-normal"),
            (|it| it.parameters.clear(), "--parameters-reviewed"),
            (|it| it.approval.clear(), "--approval"),
        ];
        for (gap, flag) in gaps {
            assert!(error(&reset_line(0, gap)).ends_with(flag), "{flag}");
        }
        let said = attested_by(&reset_line(0, |_| {}));
        assert_eq!(said, Criterion::ALL.map(|criterion| (criterion, "ann".to_owned())));
    }

    #[test]
    fn a_forced_reset_needs_another_person() {
        for name in [None, Some(""), Some("ann"), Some(" ann ")] {
            let line = reset_line(0, |it| {
                it.force = true;
                it.approved_by = name.map(str::to_owned);
            });
            assert!(error(&line).contains("--approved-by"), "{name:?}");
        }
        let line = reset_line(0, |it| {
            it.force = true;
            it.approved_by = Some("bob".to_owned());
        });
        let said = attested_by(&line);
        assert_eq!(
            said[3..],
            [
                (Criterion::ApprovalGiven, "bob".to_owned()),
                (Criterion::CooldownWaived, "bob".to_owned()),
            ]
        );
    }

    #[test]
    fn a_trip_names_its_scope() {
        let trip = r#"{"verb":"kill-switch-trip","by":"ann","reason":"news"}"#;
        assert_eq!(command(trip), OperatorCommand::Trip(TripCause::Operator));
        let trip = r#"{"verb":"kill-switch-trip","by":"ann","reason":"x","strategy":"maker"}"#;
        let scope = Scope::Strategy(StrategyId(0));
        assert_eq!(command(trip), OperatorCommand::TripScope(scope));
        let trip = r#"{"verb":"kill-switch-trip","by":"ann","reason":"x","symbol":"ethusdt"}"#;
        let scope = Scope::Instrument(InstrumentId(1));
        assert_eq!(command(trip), OperatorCommand::TripScope(scope));
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
