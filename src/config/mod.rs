//! Configuration: one YAML file per deployment, read once, checked completely, then handed out in
//! parts.
//!
//! Must hold: an unknown key, a wrong type, a missing safety number or a broken relation is a
//! fault; all faults are reported at once with file, line and column; no safety number has a
//! default; a secret is never printed.

mod checked;

pub use checked::{
    Access, Config, Endpoint, ExchangeConfig, Folders, InitialState, InstrumentConfig,
    JournalConfig, LogConfig, LogFormat, MarketSource, Pins, RuntimeConfig, Secret, StrategyConfig,
    TradingMode, VenueConfig, Wait,
};
