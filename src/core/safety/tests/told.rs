//! What the kernel tells of itself.

use super::case::*;
use super::*;

#[test]
fn what_is_known_of_the_key_and_the_configuration_is_told() {
    let mut case = good();
    assert!(case.kernel.on_key(KeyFitness::Vouched) && !case.kernel.on_key(KeyFitness::Vouched));
    assert_eq!(case.kernel.key(), KeyFitness::Vouched);
    case.kernel.attestation = Attestation::Missing;
    assert_eq!(case.kernel.attestation(), Attestation::Missing);
}
