//! Records for tests: one of each kind, and any at all.

mod replay;

use super::latch_table::{NamedLatch, ScopeName};
use super::ledgers::NamedLedger;
use super::record::{
    AmendDenial, AmendIntent, Carried, Denial, OrderIntent, Record, Repair, Start,
};
use crate::core::safety::{DenyReason, TripReason, TripRecord};
use crate::core::{
    Baseline, BreakerMark, ClockSample, Criterion, DayMark, HighWater, JournalState, Kept,
    LedgerLine, LinkChannel, LinkEvent, LinkState, Mode, ModeCause, ModeRecord, OperatorCommand,
    OperatorRequest, Parent, ParentEvent, Probation, STOPS_MAX, Scope, TripCause,
};
use crate::types::*;
use proptest::prelude::*;

/// The `generation`th trip.
pub(super) fn trip(generation: u32) -> TripRecord {
    TripRecord {
        generation,
        reason: TripReason::Drawdown,
        at: Stamp { mono_ns: 5, unix_ns: 6 },
        value: 1_501,
        limit: 1_500,
        by: Text::new("drawdown"),
        note: Text::new("equity 84,990 of 100,000"),
    }
}

/// A person who resets.
pub(super) fn request() -> OperatorRequest {
    OperatorRequest {
        ticket: 7,
        by: Text::new("ada"),
        reason: Text::new("the feed was wrong; checked with the venue"),
        command: OperatorCommand::Reset { generation: 1, baseline: Baseline::Keep },
    }
}

/// One of each kind, in the order of their numbers.
pub(super) fn one_of_each() -> Vec<Record> {
    Record::KINDS.iter().map(|kind| Dice(0x9E37_79B9 + u64::from(*kind)).record(*kind)).collect()
}

/// A cycle through all kinds but those that a segment begins with and that a repair writes.
pub(super) fn many_of_all(count: usize) -> Vec<Record> {
    let kinds: Vec<u16> =
        Record::KINDS.iter().copied().filter(|kind| ![15, 124, 125].contains(kind)).collect();
    let number = |at: usize| u32::try_from(at).unwrap() + 1;
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are sound as they fall")]
    let sound = |at: usize| match Dice(at as u64 + 1).record(kinds[at % kinds.len()]) {
        // Epochs and ids rise in every journal.
        Record::Start(start) => Record::Start(Start { epoch: number(at), ..start }),
        Record::Order(order) => Record::Order(OrderIntent { id: nth_id(number(at)), ..order }),
        Record::StopOrder(stop) => Record::StopOrder(StopOrder { id: nth_id(number(at)), ..stop }),
        Record::Child { order, parent } => {
            Record::Child { order: OrderIntent { id: nth_id(number(at)), ..order }, parent }
        }
        other => other,
    };
    (0..count).map(sound).collect()
}

fn nth_id(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

/// A cycle through the kinds that leave no trace in the state.
pub(super) fn many(count: usize) -> Vec<Record> {
    // Without the records that a test of the latch would trip over: those have tests of their own.
    let kinds = [2, 3, 4, 5, 6, 9, 11, 12, 13];
    (0..count).map(|at| Dice(at as u64 + 1).record(kinds[at % kinds.len()])).collect()
}

/// Any record.
pub(super) fn any_record() -> impl Strategy<Value = Record> {
    let kind = proptest::sample::select(Record::KINDS);
    (kind, any::<u64>()).prop_map(|(kind, seed)| Dice(seed | 1).record(kind))
}

/// Values drawn from a seed (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()].clone()
    }

    fn number(&mut self) -> i64 {
        let edges = [0, 1, -1, i64::MAX, -i64::MAX, self.0.cast_signed() >> 8];
        self.pick(&edges)
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn byte(&mut self) -> u8 {
        self.roll().to_le_bytes()[3]
    }

    fn maybe<T>(&mut self, value: T) -> Option<T> {
        (!self.roll().is_multiple_of(3)).then_some(value)
    }

    fn text<const N: usize>(&mut self) -> Text<N> {
        let words =
            ["", "ada", "größe €1", "a long reason that may well be cut somewhere", "\u{7f}"];
        Text::new(&format!("{}{}", self.pick(&words), self.pick(&words)))
    }

    fn id(&mut self) -> ClientOrderId {
        ClientOrderId { epoch: self.word(), sequence: self.word() }
    }

    fn price(&mut self) -> Price {
        Price::from_units(self.number())
    }

    fn qty(&mut self) -> Qty {
        Qty::from_units(self.number())
    }

    fn cash(&mut self) -> Cash {
        Cash::from_units(i128::from(self.number()) * i128::from(self.number()))
    }

    fn stamp(&mut self) -> Stamp {
        Stamp { mono_ns: self.roll(), unix_ns: self.roll() }
    }

    fn instrument(&mut self) -> InstrumentId {
        InstrumentId(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn side(&mut self) -> Side {
        self.pick(&Side::BOTH)
    }

    fn purpose(&mut self) -> Purpose {
        self.pick(&[Purpose::Opening, Purpose::Reducing, Purpose::Protective])
    }

    fn scope(&mut self) -> Scope {
        let scopes = [
            Scope::All,
            Scope::Instrument(self.instrument()),
            Scope::Strategy(StrategyId(self.byte())),
            Scope::Venue(VenueId(self.byte())),
        ];
        self.pick(&scopes)
    }

    fn terms(&mut self) -> OrderTerms {
        let forces = [TimeInForce::Gtc, TimeInForce::Gtx, TimeInForce::Ioc, TimeInForce::Fok];
        OrderTerms {
            instrument: self.instrument(),
            side: self.side(),
            time_in_force: self.pick(&forces),
            price: self.price(),
            qty: self.qty(),
            purpose: self.purpose(),
            expires_ns: Some(self.roll()),
        }
    }

    fn order_request(&mut self) -> OrderRequest {
        let price = self.price();
        let kinds = [
            OrderKind::Limit(price),
            OrderKind::PostOnly(price),
            OrderKind::Ioc(price),
            OrderKind::Fok(price),
            OrderKind::Market,
        ];
        OrderRequest {
            instrument: self.instrument(),
            side: self.side(),
            kind: self.pick(&kinds),
            qty: self.qty(),
            purpose: self.purpose(),
            ttl_ns: self.maybe(1_500),
        }
    }

    fn fill(&mut self) -> Fill {
        let fee = Fee { asset: AssetId(self.byte()), amount: self.cash() };
        Fill {
            trade_id: self.roll(),
            side: self.side(),
            price: self.price(),
            qty: self.qty(),
            cum_qty: self.qty(),
            fee: self.maybe(fee),
            liquidity: self.pick(&[Liquidity::Maker, Liquidity::Taker]),
        }
    }

    fn report(&mut self) -> ExecutionReport {
        let (cum_qty, code, status) =
            (self.qty(), self.word().cast_signed(), OrderStatus::PendingCancel);
        let kinds = [
            ExecutionKind::New,
            ExecutionKind::Trade(self.fill()),
            ExecutionKind::Canceled { cum_qty },
            ExecutionKind::Expired { cum_qty },
            ExecutionKind::Rejected { code },
            ExecutionKind::CancelRejected { code },
            ExecutionKind::NotSent(NotSentReason::Throttled),
            ExecutionKind::OutcomeUnknown,
            ExecutionKind::Status { status, cum_qty },
            ExecutionKind::NotFound,
            ExecutionKind::Stands { price: self.price(), qty: self.qty(), cum_qty },
            ExecutionKind::Amended { price: self.price(), qty: self.qty(), cum_qty },
            ExecutionKind::AmendRejected { number: self.byte(), code },
            ExecutionKind::AmendUnknown { number: self.byte() },
            ExecutionKind::AmendNotSent { number: self.byte(), reason: NotSentReason::Throttled },
            ExecutionKind::TradeFound(self.fill()),
        ];
        let orders = [OrderRef::Ours(self.id()), OrderRef::Foreign(ForeignOrder::Deleveraging)];
        ExecutionReport {
            instrument: self.instrument(),
            order: self.pick(&orders),
            venue_order_id: self.maybe(u64::MAX),
            transact_unix_ms: self.maybe(1_723_161_253_937),
            kind: self.pick(&kinds),
        }
    }

    fn request(&mut self) -> OperatorRequest {
        let commands = [
            OperatorCommand::Halt(self.scope()),
            OperatorCommand::Resume(self.scope()),
            OperatorCommand::ResumeFull,
            OperatorCommand::Promote { scope: self.scope(), probation: Probation::Skip },
            OperatorCommand::Trip(TripCause::FlagFile),
            OperatorCommand::TripScope(self.scope()),
            OperatorCommand::Attest {
                generation: self.word(),
                criterion: Criterion::CooldownWaived,
            },
            OperatorCommand::Reset { generation: self.word(), baseline: Baseline::New },
            OperatorCommand::Flatten { instrument: Some(self.instrument()), cap_bps: 50 },
            OperatorCommand::Flatten { instrument: None, cap_bps: u32::MAX },
            OperatorCommand::ResetBreaker,
            OperatorCommand::Reconcile,
            OperatorCommand::Note,
            OperatorCommand::Stop,
        ];
        OperatorRequest {
            ticket: self.word(),
            by: self.text(),
            reason: self.text(),
            command: self.pick(&commands),
        }
    }

    fn trip(&mut self) -> TripRecord {
        let reasons = [TripReason::Operator, TripReason::Overfill, TripReason::StateUnreadable];
        TripRecord {
            generation: self.word(),
            reason: self.pick(&reasons),
            at: self.stamp(),
            value: self.number(),
            limit: self.number(),
            by: self.text(),
            note: self.text(),
        }
    }

    fn part_latch(&mut self) -> NamedLatch {
        let scopes = [
            ScopeName::All,
            ScopeName::Venue(self.text()),
            ScopeName::Strategy(self.text()),
            ScopeName::Instrument(self.text()),
        ];
        NamedLatch { scope: self.pick(&scopes), trip: self.trip() }
    }

    fn carried(&mut self) -> Carried {
        let (trip, mark) = (self.trip(), HighWater { peak: self.cash() });
        Carried {
            epoch: self.word(),
            generation: self.word(),
            latch: self.maybe(trip),
            high_water: self.maybe(mark),
            damaged: self.pick(&[false, true]),
        }
    }

    fn mode_record(&mut self) -> ModeRecord {
        ModeRecord {
            mode: self.pick(&Mode::ALL),
            cause: self.pick(ModeCause::ALL),
            at: self.stamp(),
            by: self.text(),
            note: self.text(),
        }
    }

    fn link(&mut self) -> LinkEvent {
        LinkEvent {
            venue: VenueId(self.byte()),
            channel: self.pick(&LinkChannel::ALL),
            state: self.pick(&[LinkState::Up, LinkState::Down]),
        }
    }

    fn breaker(&mut self) -> BreakerMark {
        BreakerMark {
            opened: self.word(),
            stops: self.byte(),
            ages_ns: [(); STOPS_MAX].map(|()| self.roll()),
            cooldown_ns: self.roll(),
        }
    }

    fn kept(&mut self) -> Kept {
        let mark = self.breaker();
        let all =
            [Kept::Day(DayMark { day: self.word(), opening: self.cash() }), Kept::Breaker(mark)];
        self.pick(&all)
    }

    fn amend(&mut self) -> AmendIntent {
        AmendIntent {
            id: self.id(),
            strategy: StrategyId(self.byte()),
            number: self.byte(),
            terms: self.terms(),
            origin_ns: self.roll(),
        }
    }

    fn amend_denial(&mut self) -> AmendDenial {
        AmendDenial {
            id: self.id(),
            strategy: StrategyId(self.byte()),
            instrument: self.instrument(),
            to: self.terms().amendable(),
            reason: self.pick(DenyReason::ALL),
        }
    }

    fn order_intent(&mut self) -> OrderIntent {
        OrderIntent {
            id: self.id(),
            strategy: self.maybe(StrategyId(3)),
            terms: self.terms(),
            origin_ns: self.roll(),
        }
    }

    fn parent_event(&mut self) -> ParentEvent {
        let parent = Parent {
            id: ParentId(self.id()),
            strategy: StrategyId(self.byte()),
            instrument: self.instrument(),
            side: self.side(),
            qty: self.qty(),
        };
        let events = [
            ParentEvent::Opened(parent),
            ParentEvent::Denied { parent, reason: self.pick(DenyReason::ALL) },
            ParentEvent::Ended(parent.id),
            ParentEvent::Stopped(parent.strategy),
        ];
        self.pick(&events)
    }

    fn trades_known(&mut self) -> Record {
        Record::TradesKnown { instrument: self.text(), through_id: self.roll() }
    }

    fn dead_man(&mut self) -> DeadManReport {
        DeadManReport {
            request: DeadManRequest {
                instrument: self.instrument(),
                countdown_ms: self.word(),
                asked_ns: self.roll(),
            },
            answer: self.pick(&[
                DeadManAnswer::Set,
                DeadManAnswer::Refused,
                DeadManAnswer::Unknown,
            ]),
        }
    }

    fn stop_order(&mut self) -> StopOrder {
        StopOrder {
            id: self.id(),
            instrument: self.instrument(),
            side: self.pick(&Side::BOTH),
            trigger: self.price(),
            working: self.pick(&[WorkingPrice::Contract, WorkingPrice::Mark]),
        }
    }

    fn stop_report(&mut self) -> StopReport {
        use StopReportKind::{Failed, Listed, Over, Refused, Stands, Triggered, Unknown};
        let id = self.id();
        let standing = StandingStop { id, trigger: self.price() };
        let (buy, sell) = (Some(standing), self.pick(&[None, Some(standing)]));
        let refused = Refused { id, code: self.pick(&[-2021, -4130]) };
        let listed = Listed { asked_ns: self.roll(), buy, sell };
        let all = [Stands(id), refused, Triggered(id), Over(id), Unknown(id), Failed(id), listed];
        StopReport { instrument: self.instrument(), kind: self.pick(&all) }
    }

    fn repair(&mut self) -> Repair {
        Repair { by: self.text(), reason: self.text(), faults: self.word() }
    }

    fn ledger_line(&mut self) -> LedgerLine {
        LedgerLine {
            revision: self.roll(),
            position: self.qty(),
            cost: self.cash(),
            realised: self.cash(),
            fees: self.cash(),
        }
    }

    fn record(&mut self, kind: u16) -> Record {
        let venue = VenueId(self.byte());
        match kind {
            1 => Record::Start(Start {
                epoch: self.word(),
                mode: self.text(),
                config_hash: [self.byte(); 32],
                version: self.text(),
            }),
            2 => Record::Order(self.order_intent()),
            3 => Record::Cancel { id: self.id(), instrument: self.instrument() },
            4 => Record::Execution(self.report()),
            5 => Record::Denied(Denial {
                id: self.id(),
                strategy: StrategyId(self.byte()),
                request: self.order_request(),
                reason: self.pick(DenyReason::ALL),
            }),
            6 => Record::Operator(self.request()),
            7 => Record::Trip(self.trip()),
            8 => Record::Reset { generation: self.word(), request: self.request() },
            9 => Record::Mode { scope: self.scope(), mode: self.pick(&Mode::ALL) },
            10 => Record::HighWater(HighWater { peak: self.cash() }),
            11 => Record::Account { venue, token: QueryToken(self.word()), findings: self.word() },
            12 => Record::Link(self.link()),
            13 => {
                Record::Clock(ClockSample { venue, offset_ns: self.number(), rtt_ns: self.roll() })
            }
            14 => Record::Stop { clean: self.pick(&[false, true]) },
            15 => Record::Carry(self.carried()),
            60 => Record::Kept(self.kept()),
            80 => Record::DeadMan(self.dead_man()),
            90 => Record::Standing { scope: self.scope(), record: self.mode_record() },
            91 => {
                use Condition::{
                    Available, BelowLimit, ClockOff, KeyRefused, NearLimit, Unavailable,
                };
                let all = [ClockOff, Unavailable, Available, KeyRefused, NearLimit, BelowLimit];
                Record::Condition(VenueCondition { venue, condition: self.pick(&all) })
            }
            95 => {
                let all = [JournalState::InTime, JournalState::Late, JournalState::Starved];
                Record::Journal(self.pick(&all))
            }
            110 => Record::PartTrip(self.part_latch()),
            170 => self.trades_known(),
            171 => Record::StopOrder(self.stop_order()),
            172 => Record::StopCancel { id: self.id(), instrument: self.instrument() },
            173 => Record::StopTold(self.stop_report()),
            111 => Record::Ledger(NamedLedger {
                strategy: self.text(),
                instrument: self.text(),
                line: self.ledger_line(),
            }),
            120 => Record::Amend(self.amend()),
            121 => Record::AmendDenied(self.amend_denial()),
            122 => Record::Child { order: self.order_intent(), parent: ParentId(self.id()) },
            123 => Record::Parent(self.parent_event()),
            124 => Record::Lost { count: self.roll() >> 32 },
            125 => Record::Repaired(self.repair()),
            140.. => self.record_of_replay(kind, venue),
            _ => unreachable!("kind {kind} has no sample"),
        }
    }
}
