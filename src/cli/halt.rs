//! `engine halt`: the arguments of stopping strategies.

use super::argument::{Author, Target, Where};

/// `engine halt`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// What.
    #[command(flatten)]
    pub scope: Where,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}
