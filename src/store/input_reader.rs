//! Events made of records again, as `input` wrote them.
//!
//! Must hold: [`EventReader`] gives back exactly the event that [`super::each_record`] was given,
//! both stamps included; what the disk says is believed only as far as it can be an event.

use super::input::{AccountTold, MarketInput, ReadingHead, ReadingItem};
use super::record::Record;
use crate::core::{AccountEvent, Event, EventKind};
use crate::types::{
    AccountMargin, AccountSnapshot, InstrumentMargin, MarginTier, MarginTiers, Stamp,
};

/// What a record is to who reads inputs.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one stands on the stack for a moment")]
pub enum Taken {
    /// The input is complete.
    Event(Event),
    /// It belongs to an input of which more follows.
    More,
    /// It is no input.
    Other,
    /// It is part of an input and does not follow what was before.
    Broken,
}

/// Makes events of records again.
#[derive(Debug, Default)]
pub struct EventReader {
    received_ns: Option<u64>,
    reading: Option<Reading>,
}

/// A reading of the account of which items are missing.
#[derive(Debug)]
struct Reading {
    missing: u32,
    snapshot: AccountSnapshot,
    /// Steps of the margin of the last instrument, and how many are missing.
    tiers: (Vec<MarginTier>, u8),
}

impl EventReader {
    /// Takes the next record of the journal, which was written at `at`.
    pub fn take(&mut self, at: Stamp, record: &Record) -> Taken {
        if self.reading.is_some() {
            return self.take_item(at, record);
        }
        let kind = match record {
            Record::Received(received_ns) => {
                self.received_ns = Some(*received_ns);
                return Taken::More;
            }
            Record::Reading(head) => return self.begin(at, head),
            // Inputs may stand in what is lost.
            Record::ReadingItem(_) | Record::Lost { .. } => return Taken::Broken,
            Record::Market(MarketInput { age_ns, event }) => {
                let arrived = at.mono_ns.saturating_sub(u64::from(*age_ns));
                self.received_ns.get_or_insert(arrived);
                EventKind::Market(*event)
            }
            Record::Execution(report) => EventKind::Execution(*report),
            Record::Told(told) => EventKind::Account(match told {
                AccountTold::QueryFailed { venue, token } => {
                    AccountEvent::QueryFailed { venue: *venue, token: *token }
                }
                AccountTold::Balance(change) => AccountEvent::Balance(*change),
                AccountTold::MarginCall(venue) => AccountEvent::MarginCall(*venue),
                AccountTold::TradesRead(read) => AccountEvent::TradesRead(*read),
                AccountTold::TradesFailed(instrument) => AccountEvent::TradesFailed(*instrument),
                AccountTold::Key(key) => AccountEvent::Key(*key),
            }),
            Record::DeadMan(report) => EventKind::DeadMan(*report),
            Record::StopTold(report) => EventKind::Stop(*report),
            Record::Reference(event) => EventKind::Reference(*event),
            Record::Link(link) => EventKind::Link(*link),
            Record::Clock(sample) => EventKind::Clock(*sample),
            Record::Condition(told) => EventKind::Condition(*told),
            Record::Journal(state) => EventKind::Journal(*state),
            Record::Operator(request) => EventKind::Operator(*request),
            Record::Timer => EventKind::Timer,
            Record::Start(_)
            | Record::Order(_)
            | Record::Child { .. }
            | Record::Cancel { .. }
            | Record::StopOrder(_)
            | Record::StopCancel { .. }
            | Record::Denied(_)
            | Record::Amend(_)
            | Record::AmendDenied(_)
            | Record::Parent(_)
            | Record::Trip(_)
            | Record::PartTrip(_)
            | Record::Reset { .. }
            | Record::Mode { .. }
            | Record::Standing { .. }
            | Record::HighWater(_)
            | Record::Kept(_)
            | Record::Ledger(_)
            | Record::TradesKnown { .. }
            | Record::Account { .. }
            | Record::MarketGap
            | Record::Checkpoint(_)
            | Record::ConfigText(_)
            | Record::Asset(_)
            | Record::Instrument(_)
            | Record::TakenOver(_)
            | Record::Begin(_)
            | Record::Repaired(_)
            | Record::Carry(_)
            | Record::Stop { .. } => return self.pass(record),
        };
        self.finish(at, kind)
    }

    /// What is no input may stand anywhere but behind half of one. A segment may begin there.
    fn pass(&self, record: &Record) -> Taken {
        let begins_segment = matches!(record, Record::Carry(_) | Record::PartTrip(_));
        match self.received_ns {
            Some(_) if !begins_segment => Taken::Broken,
            Some(_) | None => Taken::Other,
        }
    }

    fn finish(&mut self, at: Stamp, kind: EventKind) -> Taken {
        let received_ns = self.received_ns.take().unwrap_or(at.mono_ns);
        Taken::Event(Event { at, received_ns, kind })
    }

    fn begin(&mut self, at: Stamp, head: &ReadingHead) -> Taken {
        let snapshot = AccountSnapshot {
            venue: head.venue,
            token: head.token,
            balances: Vec::new(),
            has_unnamed_assets: head.has_unnamed_assets,
            positions: Vec::new(),
            unnamed_positions: head.unnamed_positions,
            open_orders: Vec::new(),
            margin: head.has_margin.then(AccountMargin::default),
        };
        self.reading = Some(Reading { missing: head.items, snapshot, tiers: (Vec::new(), 0) });
        self.end_if_whole(at)
    }

    fn take_item(&mut self, at: Stamp, record: &Record) -> Taken {
        let (Some(reading), Record::ReadingItem(item)) = (&mut self.reading, record) else {
            let begins_segment = matches!(record, Record::Carry(_) | Record::PartTrip(_));
            return if begins_segment { Taken::Other } else { Taken::Broken };
        };
        if reading.add(item).is_none() {
            return Taken::Broken;
        }
        self.end_if_whole(at)
    }

    fn end_if_whole(&mut self, at: Stamp) -> Taken {
        match self.reading.take() {
            Some(reading) if reading.missing == 0 => {
                let snapshot = Box::new(reading.snapshot);
                self.finish(at, EventKind::Account(AccountEvent::Snapshot(snapshot)))
            }
            reading => {
                self.reading = reading;
                Taken::More
            }
        }
    }
}

impl Reading {
    /// `None` where the item does not belong here.
    fn add(&mut self, item: &ReadingItem) -> Option<()> {
        self.missing = self.missing.checked_sub(1)?;
        let is_step = matches!(item, ReadingItem::Tiers { .. });
        (is_step == (0 < self.tiers.1)).then_some(())?;
        let snapshot = &mut self.snapshot;
        match item {
            ReadingItem::Balance { asset, amount } => snapshot.balances.push((*asset, *amount)),
            ReadingItem::Position(position) => snapshot.positions.push(*position),
            ReadingItem::Order(order) => snapshot.open_orders.push(*order),
            ReadingItem::Wallet(wallet) => snapshot.margin.as_mut()?.wallets.push(*wallet),
            ReadingItem::Instrument { instrument, leverage, mode, tiers } => {
                self.tiers = (Vec::new(), tiers.unwrap_or_default());
                let (instrument, leverage, mode, tiers) = (*instrument, *leverage, *mode, None);
                let line = InstrumentMargin { instrument, leverage, mode, tiers };
                snapshot.margin.as_mut()?.instruments.push(line);
            }
            ReadingItem::Tiers { first, second } => return self.add_tiers(*first, *second),
            ReadingItem::Fees(rates) => snapshot.margin.as_mut()?.fees.push(*rates),
        }
        Some(())
    }

    fn add_tiers(&mut self, first: MarginTier, second: Option<MarginTier>) -> Option<()> {
        let (tiers, missing) = &mut self.tiers;
        for tier in [Some(first), second].into_iter().flatten() {
            *missing = missing.checked_sub(1)?;
            tiers.push(tier);
        }
        if *missing == 0 {
            let line = self.snapshot.margin.as_mut()?.instruments.last_mut()?;
            line.tiers = Some(MarginTiers::new(tiers)?);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{ClockSample, LinkChannel, LinkEvent, LinkState};
    use crate::store::each_record;
    use crate::store::layout::RECORD_VERSION;
    use crate::types::{
        AssetId, BookDelta, Cash, FeeRates, InstrumentId, Level, MarginMode, MarketData,
        MarketEvent, Price, Qty, QueryToken, Side, VenueId, VenuePosition,
    };

    const AT: Stamp = Stamp { mono_ns: 9_000_000_000, unix_ns: 77 };

    fn event(received_ns: u64, kind: EventKind) -> Event {
        Event { at: AT, received_ns, kind }
    }

    /// Through bytes, as the disk would have it.
    fn records_of(event: &Event) -> Vec<Record> {
        let mut records = Vec::new();
        each_record(event, |record| {
            let payload = record.payload();
            records.push(Record::decode(record.kind(), RECORD_VERSION, &payload).unwrap());
        });
        records
    }

    fn read(records: &[Record]) -> Vec<Taken> {
        let mut reader = EventReader::default();
        records.iter().map(|record| reader.take(AT, record)).collect()
    }

    fn assert_reads_back(event: &Event) {
        let taken = read(&records_of(event));
        assert_eq!(taken.last(), Some(&Taken::Event(event.clone())));
        assert!(taken[..taken.len() - 1].iter().all(|it| *it == Taken::More));
    }

    fn tiers(count: i32) -> Option<MarginTiers> {
        let tier = |at: i32| MarginTier {
            notional_max: Cash::whole(at),
            maintenance_ppm: 4_000,
            leverage_max: 20,
        };
        MarginTiers::new(&(1..=count).map(tier).collect::<Vec<_>>())
    }

    fn reading(tier_counts: &[i32]) -> AccountSnapshot {
        let line = |(at, count): (u16, &i32)| InstrumentMargin {
            instrument: InstrumentId(at),
            leverage: 20,
            mode: MarginMode::Cross,
            tiers: tiers(*count),
        };
        AccountSnapshot {
            venue: VenueId(0),
            token: QueryToken(5),
            balances: vec![(AssetId(0), Cash::whole(5)), (AssetId(1), Cash::ZERO)],
            has_unnamed_assets: true,
            positions: vec![VenuePosition {
                instrument: InstrumentId(1),
                qty: Qty::whole(-2),
                entry: Price::whole(3),
            }],
            unnamed_positions: 7,
            open_orders: Vec::new(),
            margin: Some(AccountMargin {
                wallets: Vec::new(),
                instruments: (0..).zip(tier_counts).map(line).collect(),
                fees: vec![FeeRates { instrument: InstrumentId(0), maker_e8: -1, taker_e8: 5 }],
            }),
        }
    }

    #[test]
    fn both_stamps_of_an_event_read_back_however_far_apart() {
        let mark = MarketData::Mark(Price::whole(5));
        let market = MarketEvent { instrument: InstrumentId(3), sent_unix_ms: None, data: mark };
        let far = AT.mono_ns - u64::from(u32::MAX);
        for received_ns in [AT.mono_ns, AT.mono_ns - 1, far, far - 1, AT.mono_ns + 1, 0] {
            assert_reads_back(&event(received_ns, EventKind::Market(market)));
            assert_reads_back(&event(received_ns, EventKind::Timer));
        }
        let near = records_of(&event(far, EventKind::Market(market)));
        assert_eq!(
            (near.len(), records_of(&event(far - 1, EventKind::Market(market))).len()),
            (1, 2)
        );
    }

    #[test]
    fn a_time_of_arrival_is_of_one_event_only() {
        let (first, second) = (event(5, EventKind::Timer), event(AT.mono_ns, EventKind::Timer));
        let records = [records_of(&first), records_of(&second)].concat();
        let taken = read(&records);
        assert_eq!(taken[1..], [Taken::Event(first), Taken::Event(second)]);
    }

    #[test]
    fn a_reading_of_the_account_reads_back_with_every_count_of_tiers() {
        let none = AccountSnapshot { margin: None, ..reading(&[]) };
        let all = [reading(&[]), reading(&[0]), reading(&[1, 2, 3, 16, 0]), none];
        for snapshot in all {
            let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(snapshot)));
            assert_reads_back(&event(8, kind));
        }
        let empty = AccountSnapshot {
            balances: Vec::new(),
            positions: Vec::new(),
            margin: None,
            ..reading(&[])
        };
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(empty)));
        assert_eq!(records_of(&event(AT.mono_ns, kind.clone())).len(), 1);
        assert_reads_back(&event(AT.mono_ns, kind));
    }

    #[test]
    fn parts_that_do_not_follow_are_no_event() {
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(reading(&[3]))));
        let records = records_of(&event(AT.mono_ns, kind));
        let broken = |records: &[Record]| read(records).contains(&Taken::Broken);
        assert!(!broken(&records));
        assert!(broken(&records[1..]), "items without their head");
        for missing in 1..records.len() {
            let mut some = records.clone();
            some.remove(missing);
            let taken = read(&some);
            assert!(!taken.iter().any(|it| matches!(it, Taken::Event(_))), "without {missing}");
            some.push(Record::Timer);
            assert!(broken(&some), "without {missing}");
        }
        let arrived = Record::Received(1);
        assert!(broken(&[arrived, Record::Stop { clean: true }]));
    }

    #[test]
    fn a_segment_may_begin_between_two_parts() {
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(reading(&[2]))));
        let event = event(3, kind);
        let records = records_of(&event);
        let carry = Record::Carry(crate::store::Carried::default());
        let spread: Vec<Record> = records.iter().flat_map(|record| [carry, *record]).collect();
        assert_eq!(read(&spread).last(), Some(&Taken::Event(event)));
    }

    #[test]
    fn what_is_no_input_is_said_to_be_none() {
        let link =
            LinkEvent { venue: VenueId(0), channel: LinkChannel::User, state: LinkState::Down };
        let sample = ClockSample { venue: VenueId(0), offset_ns: -3, rtt_ns: 4 };
        assert_reads_back(&event(1, EventKind::Link(link)));
        assert_reads_back(&event(1, EventKind::Clock(sample)));
        assert_eq!(read(&[Record::MarketGap]), [Taken::Other]);
    }

    #[test]
    fn a_delta_takes_the_room_of_the_levels_that_are_meant() {
        let size = |count| {
            let delta = BookDelta { side: Side::Buy, count, levels: [Level::default(); 8] };
            let data = MarketData::BookDelta(delta);
            let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
            Record::Market(MarketInput { age_ns: 0, event }).payload().len()
        };
        assert_eq!([size(0), size(1), size(8), size(200)], [24, 40, 152, 152]);
    }
}
