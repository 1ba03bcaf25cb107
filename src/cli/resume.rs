//! `engine resume`: the arguments of letting strategies trade again (D2).

use super::argument::{Author, Target, Where};

/// `engine resume`
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
    /// At full size; otherwise at conservative size
    #[arg(long)]
    pub full: bool,
}
