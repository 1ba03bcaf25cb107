//! The names that people use for what the core knows by index.

use crate::core::Scope;
use crate::store::ScopeName;
use crate::types::{AssetId, InstrumentId, StrategyId, Text, VenueId};

/// Names by index.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Symbols by `InstrumentId`.
    pub instruments: Vec<String>,
    /// Names by `StrategyId`.
    pub strategies: Vec<String>,
    /// Names by `AssetId`.
    pub assets: Vec<String>,
}

impl Names {
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

    /// The scope that an operator named; an unknown name is an error that lists the known ones.
    pub fn scope(&self, instrument: Option<&str>, strategy: Option<&str>) -> Result<Scope, String> {
        match (instrument, strategy) {
            (None, None) => Ok(Scope::All),
            (Some(symbol), None) => self.find_instrument(symbol).map(Scope::Instrument),
            (None, Some(name)) => {
                let at = find(&self.strategies, name, "strategy")?;
                u8::try_from(at).map(StrategyId).map(Scope::Strategy).map_err(|e| e.to_string())
            }
            (Some(_), Some(_)) => Err("name an instrument or a strategy, not both".to_owned()),
        }
    }

    /// A scope as it is kept on disk.
    pub fn of_scope(&self, scope: Scope) -> ScopeName {
        match scope {
            Scope::All => ScopeName::All,
            Scope::Venue(_) => ScopeName::Venue,
            Scope::Strategy(id) => ScopeName::Strategy(Text::new(self.strategy(id))),
            Scope::Instrument(id) => ScopeName::Instrument(Text::new(self.instrument(id))),
        }
    }

    /// The scope that was kept; `None` when the configuration does not name it any more.
    pub fn find_scope(&self, name: &ScopeName) -> Option<Scope> {
        match name {
            ScopeName::All => Some(Scope::All),
            ScopeName::Venue => Some(Scope::Venue(VenueId(0))),
            ScopeName::Strategy(name) => self.scope(None, Some(name.as_str())).ok(),
            ScopeName::Instrument(symbol) => self.scope(Some(symbol.as_str()), None).ok(),
        }
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
