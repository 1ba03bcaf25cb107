//! How scenarios are played on a stage.

use super::judge::{self, After, Before, TRADED, quantity};
use super::life::{self, Life};
use super::script::{CALM, Market, Scenario, Step};
use super::stage::{Stage, Word};
use super::table::SCENARIOS;
use super::trader;
use tradekeel::types::{Price, Side};

/// What rings for the trader, and at what it trades: `deployment` has its market.
const BELL: &str = "ETHUSDT";
const BELL_PRICE: Price = Price::whole(3_000);

/// How often is looked at most.
const LOOKS_MAX: usize = 500;

/// Plays those that are wanted one after the other, on one stage for as long as nothing has
/// stopped there.
pub(crate) fn play_all<S: Stage>(market: Market, wanted: impl Fn(&Scenario) -> bool) {
    let mut open: Option<S> = None;
    for (number, scenario) in SCENARIOS.iter().enumerate().filter(|(_, it)| wanted(it)) {
        if let Some((_, why)) = scenario.absent.filter(|(absent, _)| *absent == market) {
            println!("{market:?}: not played: {}: {why}", scenario.name);
            continue;
        }
        println!("{market:?}: {}", scenario.name);
        let mut stage = open.take().unwrap_or_else(|| S::open(market));
        let wishes = life::lives(&stage.journal()).len();
        let before = Before { wishes, trades: stage.exchange().trades.len() };
        Play { stage: &mut stage, market, scenario, number, before }.run();
        match scenario.mode == CALM.mode {
            true => open = Some(stage),
            false => close(stage, market),
        }
    }
    open.into_iter().for_each(|stage| close(stage, market));
}

fn close<S: Stage>(mut stage: S, market: Market) {
    until(&mut stage, S::wait, "the wallets are right", |stage| {
        let ours = stage.wallets().ok_or("no reading of the account")?;
        let wrong = judge::wrong_wallets(market, &ours, &stage.exchange().wallets);
        wrong.map_or(Ok(()), Err)
    });
    stage.close();
}

/// Looks until it is so, and says what it looked like at last where it never is.
fn until<T>(
    of: &mut T,
    wait: impl Fn(&mut T),
    what: &str,
    mut is: impl FnMut(&mut T) -> Result<(), String>,
) {
    let mut last = String::new();
    for _ in 0..LOOKS_MAX {
        match is(of) {
            Ok(()) => return,
            Err(so) => last = so,
        }
        wait(of);
    }
    panic!("waited in vain until {what}:\n{last}");
}

struct Play<'a, S> {
    stage: &'a mut S,
    market: Market,
    scenario: &'static Scenario,
    number: usize,
    before: Before,
}

impl<S: Stage> Play<'_, S> {
    fn run(&mut self) {
        for (at, step) in self.scenario.steps.iter().enumerate() {
            self.step(at, step);
        }
        self.until("all is as it must be", |play| {
            let (exchange, engine) = (play.stage.exchange(), play.stage.standing());
            let after = After { engine, journal: play.stage.journal(), exchange };
            let wrong = judge::wrong(play.scenario, play.market, play.before, &after);
            wrong.is_empty().then_some(()).ok_or_else(|| wrong.join("\n"))
        });
    }

    fn step(&mut self, at: usize, step: &Step) {
        match step {
            Step::Place(..) | Step::Cancel(_) | Step::Amend(..) => self.wish(at, step),
            Step::Until(name, seen) => self.until(&format!("{name}: {seen:?}"), |play| {
                let life = play.life(name);
                life.is(*seen).then_some(()).ok_or_else(|| format!("{life:?}"))
            }),
            Step::Fault(fault, on) => self.stage.fault(*fault, *on),
            Step::Trade(name, qty) => {
                let (_, ticket) = self.scenario.places().find(|(it, _)| it == name).unwrap();
                let price = self.life(name).price;
                self.stage.trade(TRADED, ticket.side.opposite(), price, quantity(qty));
            }
            Step::Trip => self.stage.say(Word::Trip),
            Step::Halt => self.stage.say(Word::Halt),
            Step::Flatten => self.stage.say(Word::Flatten),
            Step::Crash => self.stage.crash(),
        }
    }

    /// Rings until the wish has left; what the kernel denies is a fault of the script.
    fn wish(&mut self, at: usize, step: &Step) {
        self.until("the engine may trade", |play| {
            let standing = play.stage.standing();
            standing.is_ready.then_some(()).ok_or_else(|| format!("{standing:?}"))
        });
        self.until(&format!("{step:?} has left"), |play| {
            play.stage.trade(BELL, Side::Buy, BELL_PRICE, trader::cue(play.number, at));
            play.has_left(at, step).then_some(()).ok_or_else(|| format!("{:?}", play.lives()))
        });
        let denied: Vec<Life> =
            self.lives().into_iter().filter(|life| life.denied.is_some()).collect();
        assert!(denied.is_empty(), "{}: {denied:?}", self.scenario.name);
    }

    fn has_left(&mut self, at: usize, step: &Step) -> bool {
        let said = |wish: fn(&Step) -> bool| {
            self.scenario.steps[..=at].iter().filter(|step| wish(step)).count()
        };
        match step {
            Step::Place(..) => said(|step| matches!(step, Step::Place(..))) <= self.lives().len(),
            Step::Amend(name, ..) => {
                let amends = said(|step| matches!(step, Step::Amend(..)));
                let life = self.life(name);
                amends <= life.amends || life.denied.is_some()
            }
            Step::Cancel(name) => 0 < self.life(name).cancels,
            _ => true,
        }
    }

    fn until(&mut self, what: &str, is: impl FnMut(&mut Self) -> Result<(), String>) {
        let what = format!("{what}: {:?}, {}", self.market, self.scenario.name);
        until(self, |play| play.stage.wait(), &what, is);
    }

    /// The wishes of this scenario so far.
    fn lives(&mut self) -> Vec<Life> {
        life::lives(&self.stage.journal()).split_off(self.before.wishes)
    }

    fn life(&mut self, wanted: &str) -> Life {
        let at = self.scenario.places().position(|(name, _)| name == wanted).unwrap();
        self.lives().swap_remove(at)
    }
}
