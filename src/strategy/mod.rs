//! The strategies that come with the house, each one file.
//!
//! To add one: a file with its `construct`, and a line in [`registry`]. A strategy outside of this
//! crate is the same thing in a program of its own: see `examples/my_strategy` (D22).

mod backoff;
mod idle;
mod mids;
mod momentum;
mod quoter;
mod signal;

use crate::core::Registry;

/// All of them, by the kind that the configuration names.
pub fn registry() -> Registry {
    Registry::default()
        .with("idle", idle::construct)
        .with("quoter", quoter::construct)
        .with("momentum", momentum::construct)
}

#[cfg(test)]
mod tests {
    use super::registry;
    use crate::core::{Param, ParamFault, Params, Strategy, StrategySetup};
    use crate::types::InstrumentId;

    const QUOTER: &[(&str, &str)] = &[
        ("order_qty", "0.01"),
        ("half_spread_bps", "1.5"),
        ("volatility_factor", "2"),
        ("inventory_skew_bps", "0.5"),
        ("max_inventory", "0.1"),
        ("requote_bps", "0.2"),
        ("ttl_ms", "10000"),
        ("pause_ms", "250"),
    ];

    const MOMENTUM: &[(&str, &str)] = &[
        ("order_qty", "0.01"),
        ("lookback_ms", "1000"),
        ("threshold_bps", "3"),
        ("hold_ms", "5000"),
        ("cooldown_ms", "2000"),
        ("ttl_ms", "1000"),
    ];

    fn build(
        kind: &str,
        settings: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
        let number = |text: &str| Param::Number(text.parse().unwrap());
        let params = Params::new(settings.map(|(key, it)| (key.to_owned(), number(it))).collect());
        let instruments = &[InstrumentId(0), InstrumentId(1)];
        registry().find(kind).unwrap()(StrategySetup { instruments, params })
    }

    #[test]
    fn offers_three() {
        assert_eq!(registry().kinds().collect::<Vec<_>>(), ["idle", "quoter", "momentum"]);
    }

    #[test]
    fn each_is_built_from_its_settings_and_no_others() {
        for (kind, settings) in [("idle", &[][..]), ("quoter", QUOTER), ("momentum", MOMENTUM)] {
            assert!(build(kind, settings.iter().copied()).is_ok(), "{kind}");
            let faults = build(kind, settings.iter().copied().chain([("typo", "1")])).unwrap_err();
            assert_eq!(faults.len(), 1, "{kind}");
            for (missing, _) in settings {
                let rest = settings.iter().copied().filter(|(key, _)| key != missing);
                assert_eq!(build(kind, rest).unwrap_err()[0].key, *missing, "{kind}");
            }
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let changed = |settings: &'static [(&str, &str)], at: &'static str, to: &'static str| {
            settings.iter().map(move |(key, it)| (*key, if *key == at { to } else { *it }))
        };
        let rows = [
            ("quoter", QUOTER, "max_inventory", "0.009"),
            ("quoter", QUOTER, "requote_bps", "0"),
            ("quoter", QUOTER, "half_spread_bps", "1000.000001"),
            ("quoter", QUOTER, "ttl_ms", "0"),
            ("quoter", QUOTER, "pause_ms", "0"),
            ("momentum", MOMENTUM, "threshold_bps", "0"),
            ("momentum", MOMENTUM, "lookback_ms", "0"),
            ("momentum", MOMENTUM, "order_qty", "0"),
        ];
        for (kind, settings, key, to) in rows {
            let faults = build(kind, changed(settings, key, to)).unwrap_err();
            assert_eq!(faults.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), [key]);
        }
        assert!(build("quoter", changed(QUOTER, "max_inventory", "0.01")).is_ok());
    }

    #[test]
    fn the_same_settings_give_the_same_digest() {
        for (kind, settings) in [("quoter", QUOTER), ("momentum", MOMENTUM)] {
            let digest = || build(kind, settings.iter().copied()).unwrap().digest();
            assert_eq!(digest(), digest());
            assert_ne!(digest(), 0, "{kind}");
        }
    }
}
