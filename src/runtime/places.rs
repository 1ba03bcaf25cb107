//! Scopes and ledgers by name and by index: the disk and people know names, the core knows
//! indexes.

use crate::core::{LedgerLine, Scope};
use crate::ops::Names;
use crate::store::{Ledgers, NamedLedger, Place};
use crate::types::{InstrumentId, StrategyId, VenueId};

/// The name of a scope.
pub(super) fn place_of(scope: Scope, names: &Names) -> Place {
    match scope {
        Scope::All => Place::All,
        Scope::Venue(id) => Place::Venue(names.venue(id).to_owned()),
        Scope::Instrument(id) => Place::Instrument(names.instrument(id).to_owned()),
        Scope::Strategy(id) => Place::Strategy(names.strategy(id).to_owned()),
    }
}

/// The scope of a name; `None` when the configuration does not have it.
pub(super) fn scope_of(place: &Place, names: &Names) -> Option<Scope> {
    let at = |names: &[String], name: &String| names.iter().position(|known| known == name);
    match place {
        Place::All => Some(Scope::All),
        Place::Venue(name) => {
            u8::try_from(at(&names.venues, name)?).ok().map(VenueId).map(Scope::Venue)
        }
        Place::Instrument(symbol) => {
            let at = u16::try_from(at(&names.instruments, symbol)?).ok()?;
            Some(Scope::Instrument(InstrumentId(at)))
        }
        Place::Strategy(name) => {
            let at = u8::try_from(at(&names.strategies, name)?).ok()?;
            Some(Scope::Strategy(StrategyId(at)))
        }
    }
}

/// The ledgers of what the configuration names, by index. The others are emptied, and so are all
/// where the account begins anew.
pub(super) fn ledgers_of(
    ledgers: &mut Ledgers,
    names: &Names,
    fresh_account: bool,
) -> Vec<(StrategyId, InstrumentId, LedgerLine)> {
    let found = |ledger: &NamedLedger| {
        let strategy = Place::Strategy(ledger.strategy.as_str().to_owned());
        let instrument = Place::Instrument(ledger.instrument.as_str().to_owned());
        match (scope_of(&strategy, names)?, scope_of(&instrument, names)?) {
            (Scope::Strategy(strategy), Scope::Instrument(instrument)) => {
                Some((strategy, instrument, ledger.line))
            }
            _ => None,
        }
    };
    ledgers.empty_unless(|ledger| !fresh_account && found(ledger).is_some());
    ledgers.iter().filter_map(|ledger| found(&ledger)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_found_again_by_its_name_and_no_other() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let names = Names {
            venues: list(&["binance"]),
            instruments: list(&["BTCUSDT", "ETHUSDT"]),
            strategies: list(&["BTCUSDT", "maker"]),
            assets: Vec::new(),
            hedges: Vec::new(),
            support: None,
        };
        let scopes = [
            Scope::All,
            Scope::Venue(VenueId(0)),
            Scope::Instrument(InstrumentId(1)),
            Scope::Strategy(StrategyId(0)),
        ];
        for scope in scopes {
            assert_eq!(scope_of(&place_of(scope, &names), &names), Some(scope));
        }
        assert_eq!(scope_of(&Place::Instrument("DOGEUSDT".to_owned()), &names), None);
    }
}
