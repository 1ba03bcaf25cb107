//! `engine stop-matrix`: the arguments of showing what each stop does to each kind of order.

/// `engine stop-matrix`
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Arguments {}
