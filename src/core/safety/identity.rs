//! An id is of this start and above every id that was reviewed before: none is ever used twice,
//! whoever hands it in, and a denied one is spent too (D16).

use super::verdict::{DenyReason, require};
use crate::types::ClientOrderId;

#[derive(Debug)]
pub(super) struct Ids {
    spent: ClientOrderId,
}

impl Ids {
    pub(super) fn new(epoch: u32) -> Self {
        Self { spent: ClientOrderId { epoch, sequence: 0 } }
    }

    pub(super) fn check(&self, id: ClientOrderId) -> Result<(), DenyReason> {
        let fresh = id.epoch == self.spent.epoch && self.spent.sequence < id.sequence;
        require(fresh, DenyReason::BadId)
    }

    /// It has been reviewed. One that was not good spends nothing: an id of another start must not
    /// use up those of this one.
    pub(super) fn spend(&mut self, id: ClientOrderId) {
        if self.check(id).is_ok() {
            self.spent = id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(epoch: u32, sequence: u32) -> ClientOrderId {
        ClientOrderId { epoch, sequence }
    }

    #[test]
    fn an_id_is_good_once_and_those_below_it_are_gone() {
        let mut ids = Ids::new(7);
        assert_eq!(ids.check(id(7, 0)), Err(DenyReason::BadId));
        assert_eq!(ids.check(id(7, 1)), Ok(()));
        ids.spend(id(7, 5));
        assert_eq!(ids.check(id(7, 5)), Err(DenyReason::BadId));
        assert_eq!(ids.check(id(7, 4)), Err(DenyReason::BadId));
        assert_eq!(ids.check(id(7, 6)), Ok(()));
    }

    #[test]
    fn an_id_of_another_start_is_bad_and_spends_nothing() {
        let mut ids = Ids::new(7);
        for epoch in [6, 8, 0, u32::MAX] {
            assert_eq!(ids.check(id(epoch, 9)), Err(DenyReason::BadId));
            ids.spend(id(epoch, 9));
        }
        assert_eq!(ids.check(id(7, 1)), Ok(()));
    }

    #[test]
    fn after_the_last_id_there_is_none() {
        let mut ids = Ids::new(7);
        ids.spend(id(7, u32::MAX));
        assert_eq!(ids.check(id(7, u32::MAX)), Err(DenyReason::BadId));
    }

    proptest! {
        #[test]
        fn no_id_passes_twice(
            handed_in in proptest::collection::vec((6_u32..9, 0_u32..40), 0..200),
        ) {
            let (mut ids, mut passed) = (Ids::new(7), Vec::new());
            for (epoch, sequence) in handed_in {
                let id = id(epoch, sequence);
                if ids.check(id).is_ok() {
                    prop_assert!(!passed.contains(&id) && id.epoch == 7);
                    passed.push(id);
                }
                ids.spend(id);
            }
        }
    }
}
