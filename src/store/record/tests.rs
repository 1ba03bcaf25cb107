//! Records read back as they were written, and what cannot be read says so.

use super::*;
use crate::store::samples;
use proptest::prelude::*;

fn payload_of(record: &Record) -> Vec<u8> {
    let mut bytes = [0xAA; Record::PAYLOAD_MAX];
    let size = record.encode(&mut bytes);
    bytes[..size].to_vec()
}

#[test]
fn every_kind_has_a_number_of_its_own_and_a_sample() {
    let mut kinds: Vec<u16> = samples::one_of_each().iter().map(Record::kind).collect();
    assert_eq!(kinds, Record::KINDS);
    kinds.dedup();
    assert_eq!(kinds.len(), Record::KINDS.len());
    assert!(!kinds.contains(&0), "zero is what an empty disk says");
}

#[test]
fn every_kind_reads_back() {
    for record in samples::one_of_each() {
        let payload = payload_of(&record);
        let read = Record::decode(record.kind(), RECORD_VERSION, &payload);
        assert_eq!(read, Ok(record));
        assert_eq!(payload.len() % 8, 0);
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    assert_eq!(Record::decode(999, 1, &[]), Err(Unreadable::Kind(999)));
    let newer = Record::decode(14, 2, &[0; 8]);
    assert_eq!(newer, Err(Unreadable::Version { kind: 14, version: 2 }));
    assert_eq!(Record::decode(14, 1, &[2, 0, 0, 0, 0, 0, 0, 0]), Err(Unreadable::Content(14)));
    assert_eq!(Record::decode(14, 1, &[1]), Err(Unreadable::Content(14)));
}

/// The layout of version 1, byte for byte: a change here is a change of what is on disk.
#[test]
fn the_layout_of_a_cancel_is_fixed() {
    let id = ClientOrderId { epoch: 1, sequence: 2 };
    let cancel = Record::Cancel { id, instrument: InstrumentId(3) };
    assert_eq!(payload_of(&cancel), [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_trip_is_carried_until_its_own_reset() {
    let mut carried = Carried { damaged: true, ..Carried::default() };
    let (old, new) = (samples::trip(1), samples::trip(2));
    carried.observe(&Record::Trip(new));
    carried.observe(&Record::Trip(old));
    assert_eq!((carried.latch, carried.generation), (Some(new), 2));
    let request = samples::request();
    carried.observe(&Record::Reset { generation: 1, request });
    assert!(carried.latch == Some(new) && carried.damaged);
    carried.observe(&Record::Reset { generation: 2, request });
    assert!(carried.latch.is_none() && carried.generation == 2 && !carried.damaged);
}

proptest! {
    #[test]
    fn any_record_reads_back(record in samples::any_record()) {
        let payload = payload_of(&record);
        prop_assert_eq!(Record::decode(record.kind(), RECORD_VERSION, &payload), Ok(record));
    }

    #[test]
    fn any_bytes_are_a_record_or_none(
        kind in 0_u16..180,
        payload in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        if let Ok(record) = Record::decode(kind, RECORD_VERSION, &payload) {
            let again = payload_of(&record);
            prop_assert_eq!(Record::decode(kind, RECORD_VERSION, &again), Ok(record));
        }
    }
}
