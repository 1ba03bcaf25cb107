//! The latches. Once tripped a scope stays tripped until a person resets it.
//!
//! Must hold: the first cause of a scope stays; every trip has a generation of its own, and a reset
//! names one; no word but an attested reset clears anything (D3). The table is fixed: a trip that
//! finds no place in it stops everything.
//!
//! Decision: the cooldown runs on the monotonic clock of this process and begins anew with each
//! start. The wall clock can be set forward, and the time of an earlier process cannot be told from
//! this one's; so a restart may lengthen a cooldown and never shortens it.

use super::verdict::{DenyReason, require};
use crate::core::effect::Refusal;
use crate::core::event::Criterion;
use crate::core::mode::Scope;
use crate::core::setup::Restored;
use crate::types::{Instrument, InstrumentId, Stamp, StrategyId, Text, VenueId};

/// Most latches that stand at once, the one of everything included: a person who has stopped seven
/// parts one by one wants to stop the whole.
pub const LATCHES_MAX: usize = 8;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal),* $(,)?) => {
        /// What tripped the switch first; later causes do not overwrite it. The numbers are written
        /// to disk and are never reused.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u8)]
        pub enum TripReason {
            $($(#[$doc])* $name = $number),*
        }

        impl TripReason {
            /// All of them: for each a test flattens to zero while the cause goes on (SAFETY E2).
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
    /// A person, by command.
    Operator = 1,
    /// `state/kill_switch.flag` appeared.
    FlagFile = 2,
    /// Equity fell too far below its high-water mark.
    Drawdown = 3,
    /// Our clock and the venue's are too far apart.
    ClockDrift = 4,
    /// Equity could not be told for too long while a position was open.
    EquityUnknown = 5,
    /// More of an order traded than was ordered.
    Overfill = 6,
    /// The journal cannot be written any more.
    Journal = 7,
    /// What the last run left on disk cannot be read: whether a latch was set is not known.
    StateUnreadable = 8,
    /// A trade on an account of ours alone that nobody here can explain (SAFETY E12).
    Unexplained = 100,
    /// A trade of an order of ours went the other way or was of another instrument (SAFETY T1).
    WrongFill = 101,
    /// The last look at the encoded bytes contradicted the kernel.
    PostCheck = 110,
}

/// One trip as it is kept on disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TripRecord {
    /// How often the switch has ever tripped, this one included.
    pub generation: u32,
    /// What tripped it.
    pub reason: TripReason,
    /// When.
    pub at: Stamp,
    /// The value that tripped it, in the unit of its limit (basis points, nanoseconds), else 0.
    pub value: i64,
    /// The limit that it passed, else 0.
    pub limit: i64,
    /// Who, where it was a person.
    pub by: Text<32>,
    /// Why, where a person said so.
    pub note: Text<96>,
}

/// A trip and what it stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Latch {
    /// What is stopped.
    pub scope: Scope,
    /// Why, when, by whom.
    pub trip: TripRecord,
}

/// A person's word that a latch may go, with what the kernel knows of the account.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct Release {
    /// Which latch.
    pub(in crate::core) generation: u32,
    pub(in crate::core) by: Text<32>,
    pub(in crate::core) now_ns: u64,
    /// The account is read and agrees.
    pub(in crate::core) is_reconciled: bool,
}

/// The latches in memory.
#[derive(Debug)]
pub(super) struct KillSwitch {
    table: Vec<Standing>,
    generation: u32,
    cooldown_ns: u64,
    /// By `InstrumentId`.
    venue_of: Vec<VenueId>,
    /// A bit for each venue.
    venues: u64,
}

/// One latch and what has been said about it.
#[derive(Clone, Copy, Debug)]
struct Standing {
    latch: Latch,
    /// When it was set, on the clock of this process.
    since_ns: u64,
    /// Venues whose account was read after that, and agrees, a bit for each.
    proven: u64,
    attested: Attested,
}

/// What people have put their name to since the last attempt at a reset.
#[derive(Clone, Copy, Debug, Default)]
struct Attested {
    criteria: u8,
    waived_by: Option<Text<32>>,
}

impl KillSwitch {
    /// As the last run left it.
    pub(super) fn restored(
        restored: &Restored,
        cooldown_ns: u64,
        instruments: &[Instrument],
    ) -> Self {
        let whole = restored.latch.map(|trip| Latch { scope: Scope::All, trip });
        let latches = whole.into_iter().chain(restored.part_latches.iter().copied());
        let mut table = Vec::with_capacity(LATCHES_MAX);
        table.extend(latches.map(|latch| Standing::new(latch, 0)));
        let highest = table.iter().map(|it: &Standing| it.latch.trip.generation).max();
        let generation = restored.latch_generation.max(highest.unwrap_or(0));
        let venue_of: Vec<VenueId> = instruments.iter().map(|it| it.venue).collect();
        let venues = venue_of.iter().fold(0, |bits, venue| bits | bit_of(*venue));
        Self { table, generation, cooldown_ns, venue_of, venues }
    }

    /// Does nothing stop that strategy there?
    pub(super) fn check(
        &self,
        instrument: InstrumentId,
        strategy: Option<StrategyId>,
    ) -> Result<(), DenyReason> {
        require(!self.covers(instrument, strategy), DenyReason::KillSwitch)
    }

    pub(super) fn covers(&self, instrument: InstrumentId, strategy: Option<StrategyId>) -> bool {
        self.table.iter().any(|it| self.reaches(&it.latch, instrument, strategy))
    }

    /// True when that latch stops the orders of that strategy in that instrument.
    pub(super) fn reaches(
        &self,
        latch: &Latch,
        instrument: InstrumentId,
        strategy: Option<StrategyId>,
    ) -> bool {
        match latch.scope {
            Scope::All => true,
            Scope::Venue(venue) => self.venue_of.get(instrument.index()) == Some(&venue),
            Scope::Instrument(id) => id == instrument,
            Scope::Strategy(id) => strategy == Some(id),
        }
    }

    /// True when a latch stops that strategy everywhere.
    pub(super) fn stops(&self, strategy: StrategyId) -> bool {
        let own = Scope::Strategy(strategy);
        self.table.iter().any(|it| it.latch.scope == Scope::All || it.latch.scope == own)
    }

    /// Sets a latch. The first cause of a scope stays; `None` when it was set already.
    pub(super) fn trip(&mut self, trip: Trip, at: Stamp) -> Option<Latch> {
        let is_last_place = LATCHES_MAX <= self.table.len() + 1;
        let scope = if is_last_place { Scope::All } else { trip.scope };
        if self.table.iter().any(|it| it.latch.scope == scope) {
            return None;
        }
        self.generation = self.generation.saturating_add(1);
        let Trip { reason, value, limit, by, note, .. } = trip;
        let trip = TripRecord { generation: self.generation, reason, at, value, limit, by, note };
        let latch = Latch { scope, trip };
        self.table.push(Standing::new(latch, at.mono_ns));
        Some(latch)
    }

    /// A person puts a name to something that a reset needs.
    pub(super) fn attest(
        &mut self,
        generation: u32,
        criterion: Criterion,
        by: Text<32>,
    ) -> Result<(), Refusal> {
        let at = self.find(generation)?;
        let Attested { criteria, waived_by } = &mut self.table[at].attested;
        match criterion.bit() {
            Some(bit) => *criteria |= bit,
            None => *waived_by = Some(by),
        }
        Ok(())
    }

    /// May that latch go? What was attested counts for one attempt.
    ///
    /// A cause of class `security` would ask for more (a new key, R41): here is its place.
    pub(super) fn may_release(&mut self, release: &Release) -> Result<(), Refusal> {
        let at = self.find(release.generation)?;
        let standing = &mut self.table[at];
        let Attested { criteria, waived_by } = std::mem::take(&mut standing.attested);
        if criteria != Criterion::ALL_BITS {
            return Err(Refusal::CriteriaMissing);
        }
        if waived_by == Some(release.by) {
            return Err(Refusal::SameApprover);
        }
        let left_ns = standing.cooldown_left_ns(self.cooldown_ns, release.now_ns);
        if waived_by.is_none() && 0 < left_ns {
            return Err(Refusal::CoolingDown { left_s: seconds(left_ns) });
        }
        let is_proven = standing.proven & self.venues == self.venues && release.is_reconciled;
        if is_proven { Ok(()) } else { Err(Refusal::NotReconciled) }
    }

    /// Clears one latch.
    pub(super) fn clear(&mut self, generation: u32) -> Option<Latch> {
        let at = self.find(generation).ok()?;
        Some(self.table.remove(at).latch)
    }

    /// The account of a venue was read, and agrees, by a question of that time.
    pub(super) fn on_proven(&mut self, venue: VenueId, asked_ns: u64) {
        let after = |it: &&mut Standing| it.since_ns <= asked_ns;
        self.table.iter_mut().filter(after).for_each(|it| it.proven |= bit_of(venue));
    }

    pub(super) fn latches(&self) -> impl Iterator<Item = &Latch> {
        self.table.iter().map(|it| &it.latch)
    }

    /// How long a reset of that latch must wait.
    pub(super) fn cooldown_left_ns(&self, generation: u32, now_ns: u64) -> u64 {
        let standing = self.find(generation).ok().and_then(|at| self.table.get(at));
        standing.map_or(0, |it| it.cooldown_left_ns(self.cooldown_ns, now_ns))
    }

    /// The latch of everything.
    pub(super) fn latch(&self) -> Option<&TripRecord> {
        self.latches().find(|latch| latch.scope == Scope::All).map(|latch| &latch.trip)
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    fn find(&self, generation: u32) -> Result<usize, Refusal> {
        let at = self.table.iter().position(|it| it.latch.trip.generation == generation);
        let nothing =
            if self.table.is_empty() { Refusal::NotTripped } else { Refusal::StaleGeneration };
        at.ok_or(nothing)
    }
}

impl Standing {
    fn new(latch: Latch, since_ns: u64) -> Self {
        Self { latch, since_ns, proven: 0, attested: Attested::default() }
    }

    fn cooldown_left_ns(&self, cooldown_ns: u64, now_ns: u64) -> u64 {
        self.since_ns.saturating_add(cooldown_ns).saturating_sub(now_ns)
    }
}

/// The bit of a venue among those whose account was read: a deployment has a handful.
fn bit_of(venue: VenueId) -> u64 {
    assert!(venue.index() < 64, "a deployment has fewer venues");
    1 << venue.index()
}

/// Whole seconds, rounded up: nobody is told to come back too early.
fn seconds(ns: u64) -> u32 {
    u32::try_from(ns.div_ceil(crate::types::SECOND)).unwrap_or(u32::MAX)
}

/// A cause to trip, with the numbers that tell why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::core) struct Trip {
    pub(in crate::core) scope: Scope,
    pub(in crate::core) reason: TripReason,
    pub(in crate::core) value: i64,
    pub(in crate::core) limit: i64,
    pub(in crate::core) by: Text<32>,
    pub(in crate::core) note: Text<96>,
}

impl Trip {
    /// Everything, by a measured value against its limit.
    pub(in crate::core) fn by_limit(reason: TripReason, value: i64, limit: i64) -> Self {
        let (by, note) = (Text::new("kernel"), Text::default());
        Self { scope: Scope::All, reason, value, limit, by, note }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;

    const BTC: InstrumentId = InstrumentId(0);
    const ETH: InstrumentId = InstrumentId(1);
    const MAKER: StrategyId = StrategyId(0);
    const TAKER: StrategyId = StrategyId(1);

    /// Bitcoin on the first venue, Ether on the second, and one more on the first.
    fn instruments() -> Vec<Instrument> {
        let good = crate::core::safety::tests::case::instrument();
        let on = |id, venue| Instrument { id, venue: VenueId(venue), ..good.clone() };
        vec![on(BTC, 0), on(ETH, 1), on(InstrumentId(2), 0)]
    }

    fn read(switch: &mut KillSwitch, asked_ns: u64) {
        [VenueId(0), VenueId(1)].into_iter().for_each(|venue| switch.on_proven(venue, asked_ns));
    }

    fn switch() -> KillSwitch {
        KillSwitch::restored(&Restored::default(), 10 * SECOND, &instruments())
    }

    fn trip_in(scope: Scope) -> Trip {
        Trip { scope, ..Trip::by_limit(TripReason::Operator, 0, 0) }
    }

    fn at(mono_ns: u64) -> Stamp {
        Stamp { mono_ns, unix_ns: 0 }
    }

    fn attest_all(switch: &mut KillSwitch, generation: u32) {
        for criterion in Criterion::ALL {
            switch.attest(generation, criterion, Text::new("ada")).unwrap();
        }
    }

    fn release(generation: u32, now_ns: u64) -> Release {
        Release { generation, by: Text::new("ada"), now_ns, is_reconciled: true }
    }

    #[test]
    fn each_scope_stops_what_falls_into_it_and_nothing_else() {
        let free = |scope: Scope| {
            let mut switch = switch();
            switch.trip(trip_in(scope), at(1)).unwrap();
            [(BTC, MAKER), (BTC, TAKER), (ETH, MAKER), (ETH, TAKER)]
                .map(|(instrument, strategy)| switch.check(instrument, Some(strategy)).is_ok())
        };
        assert_eq!(free(Scope::All), [false; 4]);
        assert_eq!(free(Scope::Venue(VenueId(0))), [false, false, true, true]);
        assert_eq!(free(Scope::Venue(VenueId(1))), [true, true, false, false]);
        assert_eq!(free(Scope::Instrument(BTC)), [false, false, true, true]);
        assert_eq!(free(Scope::Strategy(MAKER)), [false, true, false, true]);
    }

    #[test]
    fn latches_stand_side_by_side_and_go_one_by_one() {
        let mut switch = switch();
        let one = switch.trip(trip_in(Scope::Strategy(MAKER)), at(1)).unwrap();
        let two = switch.trip(trip_in(Scope::Instrument(BTC)), at(2)).unwrap();
        let all = switch.trip(trip_in(Scope::All), at(3)).unwrap();
        assert_eq!([one, two, all].map(|it| it.trip.generation), [1, 2, 3]);
        assert!(switch.trip(trip_in(Scope::All), at(4)).is_none(), "the first cause stays");
        assert_eq!(switch.latch(), Some(&all.trip));
        switch.clear(3).unwrap();
        assert!(switch.latch().is_none() && !switch.stops(TAKER) && switch.stops(MAKER));
        assert_eq!(switch.check(BTC, Some(TAKER)), Err(DenyReason::KillSwitch));
        switch.clear(2).unwrap();
        assert!(switch.check(BTC, Some(TAKER)).is_ok() && switch.clear(2).is_none());
    }

    #[test]
    fn the_trip_that_finds_no_place_stops_everything() {
        let mut switch = switch();
        let part = |at: usize| Scope::Strategy(StrategyId(u8::try_from(at).unwrap()));
        for strategy in 0..LATCHES_MAX - 1 {
            switch.trip(trip_in(part(strategy)), at(1)).unwrap();
        }
        assert!(switch.latch().is_none());
        let last = switch.trip(trip_in(part(LATCHES_MAX)), at(1)).unwrap();
        assert_eq!(last.scope, Scope::All);
        assert!(switch.trip(trip_in(part(LATCHES_MAX + 1)), at(1)).is_none());
        assert_eq!(switch.latches().count(), LATCHES_MAX);
    }

    #[test]
    fn a_reset_needs_every_criterion_each_time() {
        let mut switch = switch();
        switch.trip(trip_in(Scope::All), at(0)).unwrap();
        read(&mut switch, 0);
        let late = release(1, 10 * SECOND);
        assert_eq!(switch.may_release(&late), Err(Refusal::CriteriaMissing));
        for missing in Criterion::ALL {
            for criterion in Criterion::ALL.into_iter().filter(|it| *it != missing) {
                switch.attest(1, criterion, Text::new("ada")).unwrap();
            }
            assert_eq!(switch.may_release(&late), Err(Refusal::CriteriaMissing), "{missing:?}");
        }
        attest_all(&mut switch, 1);
        assert_eq!(switch.may_release(&late), Ok(()));
        assert_eq!(switch.may_release(&late), Err(Refusal::CriteriaMissing));
        assert_eq!(switch.may_release(&release(2, 0)), Err(Refusal::StaleGeneration));
    }

    #[test]
    fn the_cooldown_refuses_until_its_last_nanosecond_and_only_another_person_waives_it() {
        let mut switch = switch();
        switch.trip(trip_in(Scope::All), at(SECOND)).unwrap();
        read(&mut switch, SECOND);
        let mut attempt = |now_ns: u64, waived_by: Option<&str>| {
            attest_all(&mut switch, 1);
            if let Some(by) = waived_by {
                switch.attest(1, Criterion::CooldownWaived, Text::new(by)).unwrap();
            }
            switch.may_release(&release(1, now_ns))
        };
        assert_eq!(attempt(SECOND, None), Err(Refusal::CoolingDown { left_s: 10 }));
        let end_ns = 11 * SECOND;
        assert_eq!(attempt(end_ns - 1, None), Err(Refusal::CoolingDown { left_s: 1 }));
        assert_eq!(attempt(end_ns, None), Ok(()));
        assert_eq!(attempt(SECOND, Some("ada")), Err(Refusal::SameApprover));
        assert_eq!(attempt(SECOND, Some("bob")), Ok(()));
        assert_eq!(attempt(SECOND, None), Err(Refusal::CoolingDown { left_s: 10 }));
    }

    #[test]
    fn a_restart_begins_the_cooldown_anew_and_keeps_what_stands() {
        let mut first = switch();
        let latch = first.trip(trip_in(Scope::Strategy(MAKER)), at(50 * SECOND)).unwrap();
        let restored = Restored { part_latches: vec![latch], ..Restored::default() };
        let second = KillSwitch::restored(&restored, 10 * SECOND, &instruments());
        assert_eq!(second.cooldown_left_ns(1, 0), 10 * SECOND);
        assert_eq!(second.generation(), 1);
        assert_eq!(second.check(ETH, Some(MAKER)), Err(DenyReason::KillSwitch));
    }

    #[test]
    fn every_venue_must_have_been_read_however_many_instruments_it_has() {
        for alone in [VenueId(0), VenueId(1)] {
            let mut switch = switch();
            switch.trip(trip_in(Scope::All), at(0)).unwrap();
            switch.on_proven(alone, 0);
            attest_all(&mut switch, 1);
            let verdict = switch.may_release(&release(1, 10 * SECOND));
            assert_eq!(verdict, Err(Refusal::NotReconciled), "{alone:?}");
        }
    }

    #[test]
    fn only_a_reading_that_was_asked_for_after_the_trip_counts() {
        let mut switch = switch();
        switch.trip(trip_in(Scope::Instrument(BTC)), at(5)).unwrap();
        let far = release(1, 60 * SECOND);
        for (asked_ns, verdict) in [(4, Err(Refusal::NotReconciled)), (5, Ok(()))] {
            switch.on_proven(VenueId(0), 9);
            switch.on_proven(VenueId(1), asked_ns);
            attest_all(&mut switch, 1);
            assert_eq!(switch.may_release(&far), verdict);
        }
        attest_all(&mut switch, 1);
        let doubted = Release { is_reconciled: false, ..far };
        assert_eq!(switch.may_release(&doubted), Err(Refusal::NotReconciled));
    }
}
