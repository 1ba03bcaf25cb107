//! The connections of one venue: which are up, which are lost (R64), whether anybody serves at the
//! other end (R67), and whether it has room for more than the way out.
//!
//! Must hold: a connection that has been down for as long as three attempts take is lost. That is
//! told from our own time and not from whoever connects: a connector that hangs loses it too.

use super::event::{LinkChannel, LinkState};
use super::mode::ModeCause;
use crate::types::SECOND;

/// Three attempts with their waits take 27.75 s at most (`net::Backoff`), and R64 says 30.
const LOST_NS: u64 = 30 * SECOND;

#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    /// By channel: since when it is down; `None` while it is up.
    down_ns: [Option<u64>; 3],
    service: Service,
    below_limit: bool,
}

/// Whether the venue takes requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Service {
    Normal,
    /// It is in maintenance.
    Down,
    /// It answers again, and its account has not been read since.
    Back,
}

impl Links {
    /// None is up, from the beginning on.
    pub(super) fn new() -> Self {
        Self { down_ns: [Some(0); 3], service: Service::Normal, below_limit: true }
    }

    pub(super) fn set(&mut self, channel: LinkChannel, state: LinkState, now_ns: u64) {
        let slot = &mut self.down_ns[channel.index()];
        match state {
            LinkState::Up => *slot = None,
            LinkState::Down => {
                slot.get_or_insert(now_ns);
            }
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.down_ns.iter().all(Option::is_none)
    }

    pub(super) fn is_channel_up(&self, channel: LinkChannel) -> bool {
        self.down_ns[channel.index()].is_none()
    }

    /// False from the first word of maintenance until the account has been read after it.
    pub(super) fn is_serving(&self) -> bool {
        self.service == Service::Normal
    }

    /// False while the venue counts nearly as much of ours as it takes.
    pub(super) fn is_below_limit(&self) -> bool {
        self.below_limit
    }

    pub(super) fn set_below_limit(&mut self, below_limit: bool) {
        self.below_limit = below_limit;
    }

    /// It takes no requests. True when that is news.
    pub(super) fn on_unavailable(&mut self) -> bool {
        std::mem::replace(&mut self.service, Service::Down) == Service::Normal
    }

    /// It answers again. True when it did not before.
    pub(super) fn on_available(&mut self) -> bool {
        let was_down = self.service == Service::Down;
        if was_down {
            self.service = Service::Back;
        }
        was_down
    }

    /// Its account has been read and is proven. True when that ends maintenance.
    pub(super) fn on_proven(&mut self) -> bool {
        let is_back = self.service == Service::Back;
        if is_back {
            self.service = Service::Normal;
        }
        is_back
    }

    /// What the loss of a connection does to the venue, if one is lost. Without market data orders
    /// can still be acknowledged.
    pub(super) fn loss(&self, now_ns: u64) -> Option<ModeCause> {
        let lost = |channel: LinkChannel| {
            let down_ns = self.down_ns[channel.index()];
            down_ns.is_some_and(|since_ns| LOST_NS <= now_ns.saturating_sub(since_ns))
        };
        if lost(LinkChannel::Orders) || lost(LinkChannel::User) {
            return Some(ModeCause::Disconnected);
        }
        lost(LinkChannel::Market).then_some(ModeCause::MarketDataLost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_lost_after_thirty_seconds_and_not_before() {
        for (channel, cause) in [
            (LinkChannel::Orders, ModeCause::Disconnected),
            (LinkChannel::User, ModeCause::Disconnected),
            (LinkChannel::Market, ModeCause::MarketDataLost),
        ] {
            let mut links = Links::new();
            LinkChannel::ALL.into_iter().for_each(|it| links.set(it, LinkState::Up, 1));
            assert!(links.is_up());
            links.set(channel, LinkState::Down, 5);
            // Told once more, it is down no shorter.
            links.set(channel, LinkState::Down, 6);
            assert!(!links.is_up() && !links.is_channel_up(channel));
            assert_eq!(links.loss(LOST_NS + 4), None);
            assert_eq!(links.loss(LOST_NS + 5), Some(cause));
            links.set(channel, LinkState::Up, LOST_NS + 6);
            assert_eq!(links.loss(u64::MAX), None);
        }
    }
}
