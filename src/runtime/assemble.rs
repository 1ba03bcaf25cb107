//! Puts the parts of a core together: what the configuration wants, what the venue lists, what the
//! last run left behind.
//!
//! Must hold: every world (live, paper, back-test) is assembled here, from the same parts.

use crate::config::{Config, StrategyConfig, TradingMode};
use crate::core::{Construct, Registry, Restored, Seat, Setup, StrategySetup, Valuation};
use crate::ops::Names;
use crate::types::{AssetId, IdPrefix, Instrument, InstrumentId, InstrumentKind, VenueId};
use crate::venue::{Directory, Listing};

/// Why a configuration does not fit the venue.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The venue does not list a configured symbol.
    #[error("the venue does not list `{symbol}`; look at `instruments` in the configuration")]
    NotListed {
        /// The symbol.
        symbol: String,
    },
    /// A recording holds none of the configured symbols.
    #[error("the recording holds none of {symbols}; look at `instruments` in the configuration")]
    NotRecorded {
        /// The symbols.
        symbols: String,
    },
    /// An instrument is settled in something else than equity is told in.
    #[error(
        "`{symbol}` is settled in {settle} and `reporting_currency` is {reporting}: these must be one"
    )]
    Settlement {
        /// The symbol.
        symbol: String,
        /// What it is settled in.
        settle: String,
        /// What equity is told in.
        reporting: String,
    },
    /// Two pairs of spot would share what one of them sells.
    #[error(
        "`{symbol}` and `{other}` both hold {asset}: on spot a position is what the account holds of \
         an asset, and nobody could tell whose it is; trade one of them"
    )]
    SharedAsset {
        /// One.
        symbol: String,
        /// The one before it.
        other: String,
        /// What both hold.
        asset: String,
    },
    /// A simulation of contracts cannot play a spot venue.
    #[error(
        "{0} simulates contracts and not a spot account: play `{1}` in paper mode, with the exchange \
         inside the engine or `engine exchange --dialect binance_spot`"
    )]
    NoSpot(&'static str, String),
    /// A strategy cannot be built from its settings.
    #[error("strategy `{name}`: {what}")]
    Strategy {
        /// Its name.
        name: String,
        /// All that is wrong.
        what: String,
    },
    /// A simulated exchange is to speak nothing.
    #[error("the exchange speaks no dialect; name one with --dialect")]
    NoDialect,
    /// More assets or instruments than there are indexes for.
    #[error("too many instruments or assets")]
    TooMany,
}

/// What the venue lists of what the configuration wants.
#[derive(Clone, Debug)]
pub(super) struct Universe {
    pub(super) instruments: Vec<Instrument>,
    pub(super) assets: Vec<String>,
    pub(super) valuations: Vec<Valuation>,
}

impl Universe {
    /// Finds every configured instrument among the listings. The reporting currency is the first
    /// asset.
    pub(super) fn new(config: &Config, listings: &[Listing]) -> Result<Self, AssembleError> {
        Self::of(&symbols(config), &config.reporting_currency, listings)
    }

    /// Finds every symbol among the listings.
    pub(super) fn of(
        symbols: &[String],
        reporting: &String,
        listings: &[Listing],
    ) -> Result<Self, AssembleError> {
        let mut assets = vec![reporting.clone()];
        let mut instruments = Vec::with_capacity(symbols.len());
        for (at, symbol) in symbols.iter().enumerate() {
            let listing = listings.iter().find(|listing| listing.symbol == *symbol);
            let symbol = symbol.clone();
            let listing = listing.ok_or(AssembleError::NotListed { symbol: symbol.clone() })?;
            if listing.settle != *reporting {
                let (settle, reporting) = (listing.settle.clone(), reporting.clone());
                return Err(AssembleError::Settlement { symbol, settle, reporting });
            }
            let id = u16::try_from(at).map_err(|_| AssembleError::TooMany)?;
            instruments.push(Instrument {
                id: InstrumentId(id),
                venue: VenueId(0),
                symbol,
                kind: listing.kind,
                base: index(&mut assets, &listing.base)?,
                quote: index(&mut assets, &listing.quote)?,
                settle: index(&mut assets, &listing.settle)?,
                filters: listing.filters,
            });
        }
        unshared(&instruments, &assets)?;
        Ok(Self::known(instruments, assets, reporting))
    }

    /// Of instruments and assets that were found before.
    pub(super) fn known(
        instruments: Vec<Instrument>,
        assets: Vec<String>,
        reporting: &String,
    ) -> Self {
        let valuations = assets.iter().zip(0_u8..).map(|(name, id)| {
            let asset = AssetId(id);
            let by = instruments.iter().find(|it| it.base == asset && it.quote == AssetId(0));
            match by {
                _ if name == reporting => Valuation::Reporting,
                Some(instrument) => Valuation::By(instrument.id),
                None => Valuation::Nothing,
            }
        });
        let valuations = valuations.collect();
        Self { instruments, assets, valuations }
    }

    /// What the dialects must know.
    pub(super) fn directory(&self, prefix: IdPrefix, recv_window_ms: u32) -> Directory {
        Directory {
            venue: VenueId(0),
            instruments: self.instruments.clone(),
            assets: self.assets.clone(),
            prefix,
            recv_window_ms,
        }
    }

    /// What people call all of it.
    pub(super) fn names(&self, config: &Config) -> Names {
        Names {
            venues: vec![config.venue.name.clone()],
            instruments: self.instruments.iter().map(|it| it.symbol.clone()).collect(),
            strategies: config.strategies.iter().map(|it| it.name.clone()).collect(),
            assets: self.assets.clone(),
            hedges: hedge_names(config),
            support: config.venue.support.clone(),
        }
    }

    /// Everything that a core is built from.
    pub(super) fn setup(
        self,
        config: &Config,
        registry: &Registry,
        epoch: u32,
        restored: Restored,
    ) -> Result<Setup, AssembleError> {
        let strategies = config.strategies.iter().map(|strategy| seat(strategy, registry));
        Ok(Setup {
            strategies: strategies.collect::<Result<_, _>>()?,
            instruments: self.instruments,
            valuations: self.valuations,
            limits: config.limits.clone(),
            timing: config.timing,
            sharing: config.sharing,
            dead_man: config.dead_man.timing(),
            epoch,
            restored,
        })
    }
}

/// On spot each base is one instrument's alone, and nobody's money.
fn unshared(instruments: &[Instrument], assets: &[String]) -> Result<(), AssembleError> {
    let spot = |it: &&Instrument| it.kind == InstrumentKind::Spot;
    for (at, one) in instruments.iter().enumerate().filter(|(_, it)| spot(it)) {
        let rivals = instruments.iter().enumerate().filter(|(place, it)| *place != at && spot(it));
        for (_, other) in rivals.filter(|(_, other)| other.venue == one.venue) {
            if one.base == other.base || one.base == other.quote {
                let asset = assets.get(one.base.index()).cloned().unwrap_or_default();
                let (symbol, other) = (one.symbol.clone(), other.symbol.clone());
                return Err(AssembleError::SharedAsset { symbol, other, asset });
            }
        }
    }
    Ok(())
}

/// Refuses a spot venue by name where only contracts are simulated.
pub(super) fn contracts_only(config: &Config, what: &'static str) -> Result<(), AssembleError> {
    match config.venue.kind.instruments() {
        InstrumentKind::Perpetual => Ok(()),
        InstrumentKind::Spot => Err(AssembleError::NoSpot(what, config.instance.clone())),
    }
}

/// The symbols that a configuration trades, by index.
pub(super) fn symbols(config: &Config) -> Vec<String> {
    config.instruments.iter().map(|it| it.symbol.clone()).collect()
}

/// What stands before every id of ours: the program, live or not, and the deployment, so that two
/// deployments on one account never take each other's orders for their own (D20).
pub(super) fn id_prefix(config: &Config) -> IdPrefix {
    let mode = match config.mode {
        TradingMode::Live => 'l',
        TradingMode::Paper => 'p',
        TradingMode::Lab => 'x',
    };
    prefix(mode, &config.instance)
}

/// The same of a run that told its journal how it ran: its mode and its deployment's name.
pub fn prefix_of(mode: &str, instance: &str) -> Option<IdPrefix> {
    let mode = match mode {
        "live" => 'l',
        "paper" => 'p',
        "lab" => 'x',
        _ => return None,
    };
    Some(prefix(mode, instance))
}

fn prefix(mode: char, instance: &str) -> IdPrefix {
    let hash = instance
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let text = format!("tk{mode}{hash:08x}");
    // Eleven lower-case letters and digits are a prefix.
    IdPrefix::new(&text).unwrap_or_else(|| unreachable!("`{text}` is a prefix"))
}

fn seat(config: &StrategyConfig, registry: &Registry) -> Result<Seat, AssembleError> {
    let failed = |what: String| AssembleError::Strategy { name: config.name.clone(), what };
    let construct: Construct = registry
        .find(&config.kind)
        .ok_or_else(|| failed(format!("there is no kind `{}`", config.kind)))?;
    let setup = StrategySetup { instruments: &config.instruments, params: config.params.clone() };
    let strategy = construct(setup).map_err(|faults| {
        failed(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    Ok(Seat {
        name: config.name.clone(),
        instruments: config.instruments.clone(),
        budget: config.budget,
        strategy,
    })
}

fn index(assets: &mut Vec<String>, name: &str) -> Result<AssetId, AssembleError> {
    let at = assets.iter().position(|known| known == name).unwrap_or_else(|| {
        assets.push(name.to_owned());
        assets.len() - 1
    });
    u8::try_from(at).map(AssetId).map_err(|_| AssembleError::TooMany)
}
/// Hedge groups by their names.
pub(super) fn hedge_names(config: &Config) -> Vec<String> {
    config.limits.hedge_groups.iter().map(|group| group.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::listing::simulated;

    fn listed(symbol: &str, base: &str) -> Listing {
        let kind = InstrumentKind::Spot;
        Listing { kind, base: base.to_owned(), ..simulated(symbol) }
    }

    #[test]
    fn two_pairs_of_spot_never_hold_the_same_asset() {
        let of = |second: Listing| {
            let symbols = ["BTCUSDT".to_owned(), second.symbol.clone()];
            Universe::of(&symbols, &"USDT".to_owned(), &[listed("BTCUSDT", "BTC"), second])
        };
        assert!(of(listed("ETHUSDT", "ETH")).is_ok());
        let shared = of(listed("XBTUSDT", "BTC")).unwrap_err();
        assert!(matches!(shared, AssembleError::SharedAsset { .. }), "{shared}");
        let money = of(listed("USDTUSDT", "USDT")).unwrap_err();
        assert!(matches!(money, AssembleError::SharedAsset { .. }), "{money}");
        let contract = Listing { kind: InstrumentKind::Perpetual, ..listed("XBTUSDT", "BTC") };
        assert!(of(contract).is_ok(), "contracts hold nothing");
    }
}
