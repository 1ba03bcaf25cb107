//! Random causes and random words of operators, in any order: what must hold of modes holds.

use super::case::kernel;
use crate::core::effect::{Effects, Refusal};
use crate::core::event::Criterion;
use crate::core::event::{Baseline, Probation};
use crate::core::mode::{Author, Mode, ModeCause, Scope};
use crate::core::safety::{Change, Kernel, Release, Trip, TripReason, kill_switch};
use crate::core::setup::Restored;
use crate::types::{InstrumentId, SECOND, Stamp, StrategyId, Text, VenueId};
use proptest::prelude::*;

const SCOPES: [Scope; 4] = [
    Scope::All,
    Scope::Venue(VenueId(0)),
    Scope::Instrument(InstrumentId(0)),
    Scope::Strategy(StrategyId(0)),
];

const PROBATION_NS: u64 = 10 * SECOND;

#[derive(Clone, Copy, Debug)]
enum Act {
    /// The engine stops by itself.
    Cause(Scope, ModeCause),
    Halt(Scope),
    Resume(Scope),
    Promote(Scope, Probation),
    Trip,
    Reset,
    /// The process ends and begins again.
    Restart,
    /// Seconds pass.
    Wait(u64),
}

fn any_act() -> impl Strategy<Value = Act> {
    let scope = || proptest::sample::select(&SCOPES[..]);
    let causes: Vec<_> =
        ModeCause::ALL.iter().copied().filter(|it| it.author() == Author::Engine).collect();
    let probation = proptest::sample::select(&[Probation::Observe, Probation::Skip][..]);
    prop_oneof![
        (scope(), proptest::sample::select(causes)).prop_map(|(at, why)| Act::Cause(at, why)),
        scope().prop_map(Act::Halt),
        scope().prop_map(Act::Resume),
        (scope(), probation).prop_map(|(at, probation)| Act::Promote(at, probation)),
        Just(Act::Trip),
        Just(Act::Reset),
        Just(Act::Restart),
        (0_u64..12).prop_map(Act::Wait),
    ]
}

struct Walk {
    kernel: Kernel,
    now_ns: u64,
}

impl Walk {
    fn now(&self) -> Stamp {
        Stamp { mono_ns: self.now_ns, unix_ns: self.now_ns }
    }

    fn own(&self) -> [Mode; 4] {
        SCOPES.map(|scope| self.kernel.mode_in(scope).mode)
    }

    /// What an order of the one strategy meets.
    fn effective(&self) -> Mode {
        let at = self.kernel.modes.at(InstrumentId(0), Some(StrategyId(0)));
        at.max(self.kernel.mode())
    }

    fn shift(&mut self, scope: Scope, cause: ModeCause) {
        let (by, note) = (Text::new("x"), Text::new("y"));
        self.kernel.change_mode(scope, Change { cause, by, note }, self.now());
    }

    fn act(&mut self, act: Act) -> Result<(), Refusal> {
        match act {
            Act::Cause(scope, cause) => self.shift(scope, cause),
            Act::Halt(scope) => self.shift(scope, ModeCause::Halt),
            Act::Resume(scope) => {
                self.kernel.check_resume()?;
                self.shift(scope, ModeCause::Resume);
            }
            Act::Promote(scope, probation) => {
                self.kernel.check_promotion(scope, probation, self.now_ns)?;
                self.shift(scope, ModeCause::Promote);
            }
            Act::Trip => {
                let trip = Trip::by_limit(TripReason::Operator, 0, 0);
                self.kernel.trip(trip, self.now(), &mut Effects::new());
            }
            Act::Reset => {
                let (generation, by) = (self.kernel.latch_generation(), Text::new("x"));
                for criterion in Criterion::ALL {
                    self.kernel.attest(generation, criterion, by)?;
                }
                (0..2).for_each(|at| self.kernel.on_proven(VenueId(at), self.now_ns));
                let now_ns = self.now_ns;
                let release = Release { generation, by, now_ns, is_reconciled: true };
                self.kernel.reset(&release, Baseline::Keep)?;
                self.shift(Scope::All, ModeCause::Reset);
            }
            Act::Restart => self.restart(),
            Act::Wait(seconds) => self.now_ns += seconds * SECOND,
        }
        Ok(())
    }

    fn restart(&mut self) {
        let restored = Restored {
            modes: SCOPES.map(|scope| (scope, self.kernel.mode_in(scope))).to_vec(),
            latch: self.kernel.latch().copied(),
            part_latches: Vec::new(),
            latch_generation: self.kernel.latch_generation(),
            ..Restored::default()
        };
        self.kernel = walking(&restored);
        self.now_ns = 0;
    }
}

fn walking(restored: &Restored) -> Kernel {
    let mut kernel = kernel();
    kernel.modes.restore(restored);
    kernel.modes.watch_for(PROBATION_NS);
    kernel.kill_switch = kill_switch(restored, 0, &[super::case::instrument()]);
    kernel
}

proptest! {
    #[test]
    fn nothing_but_an_operators_word_raises(acts in proptest::collection::vec(any_act(), 1..60)) {
        let mut walk = Walk { kernel: walking(&Restored::default()), now_ns: 0 };
        for act in acts {
            let (own, effective, left_ns) =
                (walk.own(), walk.effective(), walk.kernel.probation_left_ns(walk.now_ns));
            let latched = walk.kernel.latch().is_some();
            let done = walk.act(act);
            let after = walk.own();
            match act {
                Act::Cause(..) | Act::Halt(_) | Act::Wait(_) => {
                    prop_assert!(effective <= walk.effective(), "{act:?}");
                    prop_assert!(own.iter().zip(&after).all(|(before, after)| before <= after));
                }
                Act::Trip => prop_assert_eq!(walk.effective(), Mode::Killed),
                Act::Resume(scope) => {
                    prop_assert_eq!(done.is_err(), latched);
                    let landed = walk.kernel.mode_in(scope).mode;
                    prop_assert!(latched || landed == Mode::Conservative);
                }
                Act::Promote(scope, probation) => {
                    let at = SCOPES.iter().position(|other| *other == scope).unwrap_or(0);
                    let early = probation == Probation::Observe && 0 < left_ns;
                    let refused = latched || Mode::Reducing <= own[at] || early;
                    prop_assert_eq!(done.is_err(), refused);
                    prop_assert!(refused || after[at] == Mode::Running);
                }
                Act::Reset => {
                    prop_assert_eq!(done.is_ok(), latched);
                    prop_assert!(!latched || Mode::Conservative <= walk.effective());
                    prop_assert!(own.iter().zip(&after).all(|(before, after)| before <= after));
                }
                Act::Restart => {
                    prop_assert_eq!((after, walk.effective()), (own, effective));
                    let watched = after.contains(&Mode::Conservative);
                    let left_ns = walk.kernel.probation_left_ns(0);
                    prop_assert_eq!(left_ns, if watched { PROBATION_NS } else { 0 });
                }
            }
            if latched && !matches!(act, Act::Reset) {
                prop_assert_eq!(walk.effective(), Mode::Killed, "{:?}", act);
            }
            // Out of CONSERVATIVE towards RUNNING leads a full resume and nothing else.
            let left = own.iter().zip(&after).any(|(before, after)| {
                *before != Mode::Running && *after == Mode::Running
            });
            prop_assert!(!left || matches!(act, Act::Promote(..)), "{act:?}");
        }
    }
}

#[test]
fn a_stop_by_the_engine_begins_the_probation_anew_and_a_halt_does_not() {
    let mut walk = Walk { kernel: walking(&Restored::default()), now_ns: 0 };
    let promote = Act::Promote(Scope::All, Probation::Observe);
    assert_eq!(walk.act(promote), Ok(()), "nothing was resumed");
    walk.act(Act::Resume(Scope::All)).unwrap();
    walk.now_ns = PROBATION_NS - 1;
    assert_eq!(walk.act(promote), Err(Refusal::InProbation));
    walk.act(Act::Halt(SCOPES[2])).unwrap();
    walk.act(Act::Cause(SCOPES[3], ModeCause::StuckOrder)).unwrap();
    walk.now_ns = PROBATION_NS;
    assert_eq!(walk.act(promote), Err(Refusal::InProbation));
    assert_eq!(walk.kernel.probation_left_ns(walk.now_ns), PROBATION_NS - 1);
    walk.now_ns = 2 * PROBATION_NS - 1;
    assert_eq!(walk.act(Act::Promote(SCOPES[2], Probation::Skip)), Err(Refusal::ResumeFirst));
    assert_eq!(walk.act(promote), Ok(()));
}
