//! stub
use super::*;
pub(super) fn usdm(_directory: &Directory, _credentials: &Credentials) -> Dialects {
    unreachable!()
}
