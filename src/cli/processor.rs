//! Says before anything else whether this processor has what the program was built for (D29),
//! because otherwise the system ends it without a word at the first instruction it does not know.
//!
//! Decision: the processor is asked itself. `is_x86_feature_detected!` answers from the build where
//! the build assumes a feature, so it would always say yes here.

/// What the build assumes and the processor lacks; empty when all is well.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
pub(super) fn missing() -> Vec<&'static str> {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    let bit = |word: u32, at: u32| word >> at & 1 == 1;
    let basic = __cpuid(1).ecx;
    let is_extended_known = 7 <= __cpuid(0).eax;
    let extended = if is_extended_known { __cpuid_count(7, 0).ebx } else { 0 };
    let far = if 0x8000_0001 <= __cpuid(0x8000_0000).eax { __cpuid(0x8000_0001).ecx } else { 0 };
    // Intel's and AMD's manuals, instruction CPUID: name, assumed by this build, present.
    [
        ("avx", cfg!(target_feature = "avx"), bit(basic, 28) && bit(basic, 27)),
        ("avx2", cfg!(target_feature = "avx2"), bit(extended, 5)),
        ("bmi1", cfg!(target_feature = "bmi1"), bit(extended, 3)),
        ("bmi2", cfg!(target_feature = "bmi2"), bit(extended, 8)),
        ("f16c", cfg!(target_feature = "f16c"), bit(basic, 29)),
        ("fma", cfg!(target_feature = "fma"), bit(basic, 12)),
        ("lzcnt", cfg!(target_feature = "lzcnt"), bit(far, 5)),
        ("movbe", cfg!(target_feature = "movbe"), bit(basic, 22)),
        ("popcnt", cfg!(target_feature = "popcnt"), bit(basic, 23)),
        ("sse4.2", cfg!(target_feature = "sse4.2"), bit(basic, 20)),
    ]
    .into_iter()
    .filter(|(_, is_assumed, is_present)| *is_assumed && !is_present)
    .map(|(name, ..)| name)
    .collect()
}

/// Other processors are built for at their least.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn missing() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests {
    #[test]
    fn this_processor_has_what_the_kernel_says_it_has() {
        // The test runs, so nothing that the build assumes can be missing.
        assert_eq!(super::missing(), Vec::<&str>::new());
    }
}
