//! Every scenario, run again from its record: the same inputs must give the same decisions.
//!
//! Must hold: what is fed goes through the bytes of the journal; a strategy is replaced by what it
//! uttered, since the wishes of a puppet are the test's and no input of the core; a difference
//! fails the test whose scenario it is.

use std::fmt;
use std::sync::{Arc, Mutex};
use tradekeel::core::{
    Book, Core, Digest, Effect, Event, Intent, Intents, Order, OrderUpdate, Seat, Setup, Strategy,
    View,
};
use tradekeel::ops::Names;
use tradekeel::runtime::replay::{Difference, Judge, checkpoint, decision};
use tradekeel::store::{Record, each_record};
use tradekeel::types::{Fill, InstrumentId, Quote, Stamp, Trade};

/// Version of the records that are written.
const VERSION: u16 = 1;

/// How many inputs lie between two checkpoints.
const INPUTS_PER_CHECKPOINT: u64 = 64;

/// What a strategy uttered in one callback, and its digest from there on.
#[derive(Clone, Debug)]
struct Uttered {
    callback: u64,
    wishes: Vec<Intent>,
    digest: u64,
}

/// A strategy whose words are kept.
struct Taped {
    inner: Box<dyn Strategy>,
    callbacks: u64,
    digest: u64,
    words: Arc<Mutex<Vec<Uttered>>>,
}

/// A strategy that says what another one said.
#[derive(Debug)]
struct Echo {
    timer_ns: Option<u64>,
    callbacks: u64,
    digest: u64,
    words: std::vec::IntoIter<Uttered>,
    next: Option<Uttered>,
}

impl fmt::Debug for Taped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(out)
    }
}

impl Taped {
    fn keep(&mut self, before: usize, intents: &Intents) {
        self.callbacks += 1;
        let wishes = intents.as_slice()[before..].to_vec();
        let digest = self.inner.digest();
        if !wishes.is_empty() || digest != self.digest {
            self.digest = digest;
            let callback = self.callbacks;
            self.words.lock().unwrap().push(Uttered { callback, wishes, digest });
        }
    }
}

impl Echo {
    fn utter(&mut self, intents: &mut Intents) {
        self.callbacks += 1;
        let Some(uttered) = self.next.take_if(|it| it.callback == self.callbacks) else { return };
        self.next = self.words.next();
        self.digest = uttered.digest;
        for wish in uttered.wishes {
            match wish {
                Intent::Place(_, request) => drop(intents.place(request)),
                Intent::PlaceUnder(parent, _, request) => {
                    intents.place_under(parent, request);
                }
                Intent::OpenParent { instrument, side, qty, .. } => {
                    intents.open_parent(instrument, side, qty);
                }
                Intent::EndParent(id) => intents.end_parent(id),
                Intent::Cancel(id) => intents.cancel(id),
                Intent::Amend(id, to) => intents.amend(id, to),
            }
        }
    }
}

macro_rules! callbacks {
    ($($name:ident($($argument:ident: $kind:ty),*)),* $(,)?) => {
        impl Strategy for Taped {
            fn timer_ns(&self) -> Option<u64> {
                self.inner.timer_ns()
            }
            $(fn $name(&mut self, view: &View<'_>, $($argument: $kind,)* intents: &mut Intents) {
                let before = intents.as_slice().len();
                self.inner.$name(view, $($argument,)* intents);
                self.keep(before, intents);
            })*
            fn on_stop(&mut self, view: &View<'_>) {
                self.inner.on_stop(view);
                let digest = self.inner.digest();
                assert_eq!(digest, self.digest, "an end is told without a wish");
            }
            fn digest(&self) -> u64 {
                self.inner.digest()
            }
        }

        impl Strategy for Echo {
            fn timer_ns(&self) -> Option<u64> {
                self.timer_ns
            }
            $(fn $name(&mut self, _: &View<'_>, $(_: $kind,)* intents: &mut Intents) {
                self.utter(intents);
            })*
            fn digest(&self) -> u64 {
                self.digest
            }
        }
    };
}
callbacks!(
    on_start(),
    on_quote(instrument: InstrumentId, quote: &Quote),
    on_trade(instrument: InstrumentId, trade: &Trade),
    on_book(instrument: InstrumentId, book: &Book),
    on_fill(order: &Order, fill: &Fill),
    on_order(update: &OrderUpdate),
    on_timer(),
);

/// What is kept of a seat beside its strategy.
#[derive(Debug)]
struct Chair {
    seat: Seat,
    words: Arc<Mutex<Vec<Uttered>>>,
    first_digest: u64,
}

/// The record of a scenario.
#[derive(Debug)]
pub(crate) struct Tape {
    setup: Setup,
    chairs: Vec<Chair>,
    names: Names,
    bytes: Vec<u8>,
    told: Digest,
    inputs: u64,
}

/// Stands in a seat that is kept only for its other parts.
#[derive(Debug)]
struct Nobody(Option<u64>);

impl Strategy for Nobody {
    fn timer_ns(&self) -> Option<u64> {
        self.0
    }
}

impl Tape {
    /// Keeps the words of all strategies of a setup from here on.
    pub(crate) fn begin(setup: &mut Setup) -> Self {
        let names = Names {
            venues: vec!["one".to_owned(), "two".to_owned()],
            instruments: setup.instruments.iter().map(|it| it.symbol.clone()).collect(),
            strategies: (0..setup.strategies.len()).map(|at| format!("strategy{at}")).collect(),
            ..Names::default()
        };
        let chairs = setup.strategies.iter_mut().map(tape).collect();
        let copy = Setup { strategies: Vec::new(), ..copy_of(setup) };
        Self { setup: copy, chairs, names, bytes: Vec::new(), told: Digest::new(), inputs: 0 }
    }

    /// Before the core sees it.
    pub(crate) fn input(&mut self, event: &Event) {
        each_record(event, |record| write(&mut self.bytes, event.at, record));
        self.inputs += 1;
    }

    /// What the core asked for.
    pub(crate) fn effect(&mut self, effect: &Effect, core: &Core, at: Stamp) {
        match decision(effect, &self.names, core) {
            Some(record) => write(&mut self.bytes, at, &record),
            None => self.told = effect.digest(self.told),
        }
    }

    /// After all effects of an input.
    pub(crate) fn end_of_step(&mut self, core: &Core, at: Stamp) {
        if self.inputs.is_multiple_of(INPUTS_PER_CHECKPOINT) {
            let checkpoint = checkpoint(core, self.told, false);
            write(&mut self.bytes, at, &Record::Checkpoint(checkpoint));
        }
    }

    /// Everything so far, with the digest of the whole state at the end.
    pub(crate) fn records(&self, core: &Core) -> Vec<(Stamp, Record)> {
        self.each(core).collect()
    }

    fn each(&self, core: &Core) -> impl Iterator<Item = (Stamp, Record)> {
        let at = read(&self.bytes).last().map_or(Stamp::default(), |(at, _)| at);
        let end = Record::Checkpoint(checkpoint(core, self.told, true));
        read(&self.bytes).chain([(at, end)])
    }

    /// What was written since `from`, which is moved on.
    pub(crate) fn records_from(&self, from: &mut usize) -> impl Iterator<Item = Record> {
        let written = &self.bytes[*from..];
        *from = self.bytes.len();
        read(written).map(|(_, record)| record)
    }

    /// A core as the scenario's began, fed with `records` and compared.
    pub(crate) fn judge(
        &self,
        records: impl IntoIterator<Item = (Stamp, Record)>,
    ) -> Result<Judge, Box<Difference>> {
        let strategies = self.chairs.iter().map(Chair::echo).collect();
        let setup = Setup { strategies, ..copy_of(&self.setup) };
        let mut judge = Judge::new(Core::new(setup), self.names.clone());
        let (mut sequence, mut last) = (0, Stamp::default());
        for (at, record) in records {
            (sequence, last) = (sequence + 1, at);
            judge.take(sequence, at, &record)?;
        }
        judge.end(sequence, last, true)?;
        Ok(judge)
    }

    /// Replays all of it; a difference fails the test.
    pub(crate) fn assert_same(&self, core: &Core) {
        if std::thread::panicking() || self.inputs == 0 {
            return;
        }
        let judge = self.judge(self.each(core)).unwrap_or_else(|it| panic!("replay: {it:#?}"));
        assert_eq!(judge.tally().inputs, self.inputs);
        assert_eq!(judge.core().digest(), core.digest());
    }
}

impl Chair {
    fn echo(&self) -> Seat {
        let mut words = self.words.lock().unwrap().clone().into_iter();
        let (next, timer_ns) = (words.next(), self.seat.strategy.timer_ns());
        let echo = Echo { timer_ns, callbacks: 0, digest: self.first_digest, words, next };
        Seat { strategy: Box::new(echo), ..seat_of(&self.seat) }
    }
}

/// Keeps the words of the strategy in a seat.
fn tape(seat: &mut Seat) -> Chair {
    let kept = seat_of(seat);
    let inner = std::mem::replace(&mut seat.strategy, Box::new(Nobody(None)));
    let (words, digest) = (Arc::default(), inner.digest());
    let shared = Arc::clone(&words);
    seat.strategy = Box::new(Taped { inner, callbacks: 0, digest, words: shared });
    Chair { seat: kept, words, first_digest: digest }
}

fn seat_of(seat: &Seat) -> Seat {
    Seat {
        name: seat.name.clone(),
        instruments: seat.instruments.clone(),
        budget: seat.budget,
        strategy: Box::new(Nobody(seat.strategy.timer_ns())),
    }
}

fn copy_of(setup: &Setup) -> Setup {
    Setup {
        instruments: setup.instruments.clone(),
        valuations: setup.valuations.clone(),
        strategies: Vec::new(),
        limits: setup.limits.clone(),
        timing: setup.timing,
        sharing: setup.sharing,
        dead_man: setup.dead_man,
        epoch: setup.epoch,
        restored: setup.restored.clone(),
    }
}

fn read(mut rest: &[u8]) -> impl Iterator<Item = (Stamp, Record)> {
    std::iter::from_fn(move || {
        let (head, tail) = rest.split_first_chunk::<20>()?;
        let word = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let (payload, next) = tail.split_at(usize::from(word(2)));
        rest = next;
        let at = Stamp { mono_ns: long(4), unix_ns: long(12) };
        Some((at, Record::decode(word(0), VERSION, payload).unwrap()))
    })
}

fn write(out: &mut Vec<u8>, at: Stamp, record: &Record) {
    let payload = record.payload();
    out.extend(record.kind().to_le_bytes());
    out.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
    out.extend(at.mono_ns.to_le_bytes());
    out.extend(at.unix_ns.to_le_bytes());
    out.extend(payload);
}
