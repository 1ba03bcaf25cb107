//! Proof by type: what is not approved by the kernel does not compile into an order, and who may only
//! ask after an account cannot write one; each for that reason only (D28).

#[test]
fn an_approved_order_comes_from_the_kernel_alone() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
