//! Trades that no stream told: asked for by id, instrument by instrument, before every reading of
//! the account (PEERS 6.3).
//!
//! Must hold: a reading is compared with what we believe only after the trades before it have been
//! read, so that a lost message is found as the trade that it was and not as a wrong position; what
//! is known up to an id stays known whichever way it was told; the questions stay within a quarter
//! of the venue's budget.
//!
//! Not here: whether a trade was told before (`orders`), and what it does to a position.
//!
//! Decision: the question names the last trade that is known, and not the one after it. The answer
//! then begins with that trade, and one that does not comes from a history that is another one: a
//! venue that was reset, or has forgotten. Nothing is counted from there; the ids begin anew.

use super::effect::{Command, Effect, Effects};
use crate::types::{Instrument, InstrumentId, MS, SECOND, TradesRead, VenueId};

/// A question weighs 5 of 2,400 a minute (venue sheet section 3): 120 of them are a quarter.
const QUESTION_NS: u64 = 500 * MS;

/// So many at once after a quiet time: a reconnect of a dozen instruments, three times.
const QUESTIONS_AT_ONCE: u64 = 36;

/// So many instruments are asked before an ordinary reading, in turn; all of them before one that
/// is to prove the account. With more, a reading every ten seconds would cost more than a quarter.
const IN_TURN: usize = 12;

/// How soon a question without an answer is repeated; doubled each time, up to 32 times.
const RETRY_NS: u64 = SECOND;
const DOUBLINGS_MAX: u32 = 5;

/// All questions after trades.
#[derive(Debug)]
pub(super) struct TradeReader {
    /// By instrument.
    lines: Vec<Line>,
    /// By venue.
    rounds: Vec<Round>,
    timeout_ns: u64,
    /// The questions that were asked are paid for when it is as late as this.
    paid_ns: u64,
    turn: usize,
}

/// What is known of one instrument.
#[derive(Clone, Copy, Debug)]
struct Line {
    venue: VenueId,
    /// Every trade up to this one is known; `None` until the venue has named its last.
    through_id: Option<u64>,
    asking: Asking,
    failures: u32,
    /// When the last question was asked that was answered whole.
    read_ns: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asking {
    Idle,
    Wanted { from_ns: u64 },
    Asked { at_ns: u64 },
}

/// How far the questions before a reading are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Round {
    /// None was begun.
    Idle,
    /// Begun.
    Open,
    /// All answered.
    Done,
}

/// Whether a reading is to prove the account, or only to look again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Thoroughness {
    /// Every instrument.
    All,
    /// The next few.
    InTurn,
}

impl TradeReader {
    pub(super) fn new(instruments: &[Instrument], venues: usize, timeout_ns: u64) -> Self {
        let line = |instrument: &Instrument| Line {
            venue: instrument.venue,
            through_id: None,
            asking: Asking::Idle,
            failures: 0,
            read_ns: 0,
        };
        Self {
            lines: instruments.iter().map(line).collect(),
            rounds: vec![Round::Idle; venues],
            timeout_ns,
            paid_ns: 0,
            turn: 0,
        }
    }

    /// What an earlier run knew.
    pub(super) fn restore(&mut self, instrument: InstrumentId, through_id: u64) {
        self.lines[instrument.index()].through_id = Some(through_id);
    }

    /// Up to which trade all are known.
    pub(super) fn through_id(&self, instrument: InstrumentId) -> Option<u64> {
        self.lines[instrument.index()].through_id
    }

    /// When the last question was asked that was answered whole.
    pub(super) fn read_ns(&self, instrument: InstrumentId) -> u64 {
        self.lines[instrument.index()].read_ns
    }

    /// A reading of a venue is due: true when the trades before it have been read.
    pub(super) fn prepare(&mut self, venue: VenueId, how: Thoroughness, now_ns: u64) -> bool {
        let round = self.rounds[venue.index()];
        match round {
            Round::Idle => self.begin(venue, how, now_ns),
            Round::Open => {}
            Round::Done => self.rounds[venue.index()] = Round::Idle,
        }
        round == Round::Done
    }

    fn begin(&mut self, venue: VenueId, how: Thoroughness, now_ns: u64) {
        let count = self.lines.iter().filter(|line| line.venue == venue).count();
        let most = if how == Thoroughness::All { count } else { count.min(IN_TURN) };
        let mut left = most;
        for step in 0..self.lines.len() {
            let at = (self.turn + step) % self.lines.len();
            let line = &mut self.lines[at];
            if line.venue == venue && 0 < left {
                line.asking = Asking::Wanted { from_ns: now_ns };
                left -= 1;
            }
        }
        self.turn = self.turn.wrapping_add(most);
        self.rounds[venue.index()] = Round::Open;
    }

    /// Asks what is wanted, as far as the budget goes; gives up waiting for what is not answered.
    pub(super) fn on_time(&mut self, now_ns: u64, effects: &mut Effects) {
        if self.rounds.iter().all(|round| *round != Round::Open) {
            return;
        }
        for at in 0..self.lines.len() {
            let Line { asking, through_id, .. } = self.lines[at];
            match asking {
                Asking::Asked { at_ns } if self.timeout_ns <= now_ns.saturating_sub(at_ns) => {
                    self.fail(at, now_ns);
                }
                Asking::Wanted { from_ns } if from_ns <= now_ns && 0 < effects.room() => {
                    let credit_ns = QUESTION_NS * (QUESTIONS_AT_ONCE - 1);
                    if now_ns.saturating_add(credit_ns) < self.paid_ns {
                        continue;
                    }
                    self.paid_ns = self.paid_ns.max(now_ns).saturating_add(QUESTION_NS);
                    self.lines[at].asking = Asking::Asked { at_ns: now_ns };
                    let instrument = id_of(at);
                    let ask = Command::QueryTrades { instrument, from_id: through_id };
                    effects.push(Effect::Send(ask));
                }
                Asking::Idle | Asking::Asked { .. } | Asking::Wanted { .. } => {}
            }
        }
    }

    /// An answer, after all trades that it told. True when more is known than before.
    pub(super) fn on_read(&mut self, read: &TradesRead, now_ns: u64) -> bool {
        let line = &mut self.lines[read.instrument.index()];
        let Asking::Asked { at_ns } = line.asking else { return false };
        if read.from_id != line.through_id {
            return false;
        }
        let before = line.through_id;
        line.failures = 0;
        line.through_id = read.through_id;
        line.asking = if read.is_all && read.through_id.is_some() {
            line.read_ns = at_ns;
            Asking::Idle
        } else {
            Asking::Wanted { from_ns: now_ns }
        };
        let venue = line.venue;
        self.end_round(venue);
        before != read.through_id
    }

    /// The question could not be answered.
    pub(super) fn on_failed(&mut self, instrument: InstrumentId, now_ns: u64) {
        if matches!(self.lines[instrument.index()].asking, Asking::Asked { .. }) {
            self.fail(instrument.index(), now_ns);
        }
    }

    /// Nothing is asked there until the next reading is due.
    pub(super) fn on_link_down(&mut self, venue: VenueId) {
        let there = self.lines.iter_mut().filter(|line| line.venue == venue);
        there.for_each(|line| line.asking = Asking::Idle);
        self.rounds[venue.index()] = Round::Idle;
    }

    fn fail(&mut self, at: usize, now_ns: u64) {
        let line = &mut self.lines[at];
        let wait_ns = RETRY_NS << line.failures.min(DOUBLINGS_MAX);
        line.failures = line.failures.saturating_add(1);
        line.asking = Asking::Wanted { from_ns: now_ns.saturating_add(wait_ns) };
    }

    fn end_round(&mut self, venue: VenueId) {
        let mut there = self.lines.iter().filter(|line| line.venue == venue);
        let round = &mut self.rounds[venue.index()];
        if *round == Round::Open && there.all(|line| line.asking == Asking::Idle) {
            *round = Round::Done;
        }
    }
}

fn id_of(at: usize) -> InstrumentId {
    InstrumentId(u16::try_from(at).unwrap_or(u16::MAX))
}
