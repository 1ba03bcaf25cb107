//! What the file says. The reader refuses a missing limit and a key that is not there, so what
//! comes here is whole: this says which file, which numbers, which key.

use super::patient::Patient;
use crate::config::{AttestationPolicy, Config, Endpoint, Secret, TradingMode};
use crate::core::Attestation;
use crate::ops::doctor::Found;
use crate::ops::keys::fingerprint;
use crate::runtime::{attestation as attested, startup};
use crate::types::MS;
use crate::venue::VenueKind;

pub(super) fn file(patient: &Patient) -> Found {
    let Config { path, hash, instance, venue, mode, .. } = &patient.config;
    let kind = VenueKind::ALL.iter().find(|(_, kind)| *kind == venue.kind);
    let kind = kind.map_or("", |(word, _)| word);
    let (path, hash) = (path.display(), hash.get(..12).unwrap_or(hash));
    let money = match mode {
        TradingMode::Live => ", REAL MONEY",
        TradingMode::Paper | TradingMode::Lab => "",
    };
    let mode = startup::mode_name(&patient.config);
    Found::ok(format!("{path}, hash {hash}: instance {instance}, mode {mode}{money}, {kind}"))
}

pub(super) fn limits(patient: &Patient) -> Found {
    let limits = &patient.config.limits;
    let currency = &patient.config.reporting_currency;
    Found::ok(format!(
        "all set: drawdown {} bps, order {} {currency}, gross {} {currency}, {} open orders, data \
         {} ms, clock {} ms",
        limits.drawdown.max_bps,
        limits.order_notional_max,
        limits.gross_notional_max,
        limits.open_orders_max,
        limits.data_age_ns_max / MS,
        limits.clock.kill_ns / MS,
    ))
}

pub(super) fn attestation(patient: &Patient) -> Found {
    let config = &patient.config;
    if config.attestation == AttestationPolicy::Off {
        return Found::skip("`governance.attestation` is off: no name is asked for");
    }
    match attested::of(config) {
        Attestation::Given | Attestation::Off => Found::ok("a person's name is under these values"),
        Attestation::Missing => Found::fail(
            "nobody's name is under these very values: nothing would be opened",
            format!(
                "read them, then `engine config attest {} --by NAME --reason TEXT`",
                config.path.display()
            ),
        ),
    }
}

pub(super) fn key(patient: &Patient) -> Found {
    let config = &patient.config;
    if let Endpoint::Embedded(_) = config.venue.endpoint {
        return Found::skip("the simulated exchange in the engine needs none");
    }
    let access = &config.venue.access;
    let from = match &access.key_origin {
        Secret::Variable(name) => format!("variable {name}"),
        Secret::File(path) => path.display().to_string(),
        Secret::Embedded => "the engine".to_owned(),
    };
    Found::ok(format!("set, fingerprint {}, from {from}", fingerprint(&access.credentials)))
}

#[cfg(test)]
mod tests {
    use super::super::patient::tests::paper;
    use super::*;
    use crate::config::Folders;
    use crate::venue::Credentials;

    #[test]
    fn a_key_is_named_by_its_fingerprint_alone() {
        let mut config = paper();
        assert!(matches!(key(&Patient::new(config.clone())), Found::Skip(_)));
        let at = || "http://127.0.0.1:9".to_owned();
        let (rest, streams, order_entry) = (at(), at(), at());
        config.venue.endpoint = Endpoint::Remote { rest, streams, order_entry, wallet: None };
        config.venue.access.credentials = Credentials::new("key".to_owned(), "secret".to_owned());
        config.venue.access.key_origin = Secret::Variable("SOME_KEY".to_owned());
        let found = key(&Patient::new(config));
        let expected = "set, fingerprint 2c70e12b7a0646f9, from variable SOME_KEY";
        assert_eq!(found, Found::ok(expected));
    }

    #[test]
    fn a_name_that_is_asked_for_and_missing_fails() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = paper();
        config.folders = Folders::below(folder.path().to_owned());
        config.attestation = AttestationPolicy::Off;
        assert!(matches!(attestation(&Patient::new(config.clone())), Found::Skip(_)));
        config.attestation = AttestationPolicy::Required;
        let Found::Fail { next, .. } = attestation(&Patient::new(config)) else {
            unreachable!("nobody attested");
        };
        assert!(next.contains("engine config attest"), "{next}");
    }
}
