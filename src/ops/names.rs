//! The names that people use for what the core knows by index.

use crate::core::Scope;
use crate::store::ScopeName;
use crate::types::{AssetId, InstrumentId, StrategyId, Text, VenueId};

/// Names by index.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Names by `VenueId`.
    pub venues: Vec<String>,
    /// Symbols by `InstrumentId`.
    pub instruments: Vec<String>,
    /// Names by `StrategyId`.
    pub strategies: Vec<String>,
    /// Names by `AssetId`.
    pub assets: Vec<String>,
    /// Names of hedge groups, in the order of the configuration.
    pub hedges: Vec<String>,
    /// Where a person of the venue is asked.
    pub support: Option<String>,
}

/// A scope as an operator names it: at most one of these; everywhere when none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// A venue.
    pub venue: Option<&'a str>,
    /// An instrument.
    pub instrument: Option<&'a str>,
    /// A strategy.
    pub strategy: Option<&'a str>,
}

impl Names {
    /// Name of a venue.
    pub fn venue(&self, id: VenueId) -> &str {
        self.venues.get(id.index()).map_or("?", String::as_str)
    }

    /// Symbol of an instrument.
    pub fn instrument(&self, id: InstrumentId) -> &str {
        self.instruments.get(id.index()).map_or("?", String::as_str)
    }

    /// Name of a strategy.
    pub fn strategy(&self, id: StrategyId) -> &str {
        self.strategies.get(id.index()).map_or("?", String::as_str)
    }

    /// Name of an asset.
    pub fn asset(&self, id: AssetId) -> &str {
        self.assets.get(id.index()).map_or("?", String::as_str)
    }

    /// Name of a hedge group.
    pub fn hedge(&self, group: usize) -> &str {
        self.hedges.get(group).map_or("?", String::as_str)
    }

    /// What people call a scope.
    pub fn scope_name(&self, scope: Scope) -> &str {
        match scope {
            Scope::All => "everything",
            Scope::Venue(id) => self.venue(id),
            Scope::Instrument(id) => self.instrument(id),
            Scope::Strategy(id) => self.strategy(id),
        }
    }

    /// The scope that an operator named; an unknown name is an error that lists the known ones.
    pub fn scope(&self, named: Named<'_>) -> Result<Scope, String> {
        match (named.venue, named.instrument, named.strategy) {
            (None, None, None) => Ok(Scope::All),
            (Some(name), None, None) => {
                let at = find(&self.venues, name, "venue")?;
                u8::try_from(at).map(VenueId).map(Scope::Venue).map_err(|e| e.to_string())
            }
            (None, Some(symbol), None) => self.find_instrument(symbol).map(Scope::Instrument),
            (None, None, Some(name)) => {
                let at = find(&self.strategies, name, "strategy")?;
                u8::try_from(at).map(StrategyId).map(Scope::Strategy).map_err(|e| e.to_string())
            }
            _ => Err("name a venue, an instrument or a strategy, and only one".to_owned()),
        }
    }

    /// A scope as it is kept on disk.
    pub fn of_scope(&self, scope: Scope) -> ScopeName {
        match scope {
            Scope::All => ScopeName::All,
            Scope::Venue(id) => ScopeName::Venue(Text::new(self.venue(id))),
            Scope::Strategy(id) => ScopeName::Strategy(Text::new(self.strategy(id))),
            Scope::Instrument(id) => ScopeName::Instrument(Text::new(self.instrument(id))),
        }
    }

    /// The scope that was kept; `None` when the configuration does not name it any more.
    pub fn find_scope(&self, name: &ScopeName) -> Option<Scope> {
        let nobody = Named::default();
        let named = match name {
            ScopeName::All => nobody,
            ScopeName::Venue(name) => Named { venue: Some(name.as_str()), ..nobody },
            ScopeName::Strategy(name) => Named { strategy: Some(name.as_str()), ..nobody },
            ScopeName::Instrument(name) => Named { instrument: Some(name.as_str()), ..nobody },
        };
        self.scope(named).ok()
    }

    /// The instrument of a symbol.
    pub fn find_instrument(&self, symbol: &str) -> Result<InstrumentId, String> {
        let at = find(&self.instruments, &symbol.to_uppercase(), "instrument")?;
        u16::try_from(at).map(InstrumentId).map_err(|error| error.to_string())
    }
}

fn find(names: &[String], name: &str, what: &str) -> Result<usize, String> {
    names
        .iter()
        .position(|known| known == name)
        .ok_or_else(|| format!("no {what} `{name}` in this engine; it has {}", names.join(", ")))
}
