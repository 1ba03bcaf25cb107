//! What the program tells its caller by its exit code (D24). The numbers are those of `sysexits.h`
//! where one fits, so that systemd's `RestartPreventExitStatus` can name those that a restart does
//! not cure.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Done, and all is well.
    Ok = 0,
    /// It was tried and failed.
    Failed = 1,
    /// The command line is not understood.
    Usage = 2,
    /// Two things that had to agree do not.
    Mismatch = 3,
    /// A check of `engine doctor` failed.
    Unfit = 4,
    /// No engine, or no venue, answers.
    Unreachable = 69,
    /// A fault of this program or of the machine it runs on.
    Internal = 70,
    /// The kill switch is tripped.
    Latched = 75,
    /// A key, a variable or a permission is missing or wrong.
    Permission = 77,
    /// The configuration is wrong.
    Config = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
