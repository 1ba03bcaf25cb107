//! How much a venue takes of us, and what it has counted.

/// What a venue counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Counted {
    /// Requests of one address by their weight, whoever sends them.
    RequestWeight,
    /// New orders of one account.
    Orders,
}

impl Counted {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestWeight => "request weight",
            Self::Orders => "orders",
        }
    }
}

/// A venue's word on one of its limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimit {
    /// What is counted.
    pub counted: Counted,
    /// After so many seconds the count begins anew.
    pub interval_s: u32,
    /// The most that it takes; `None` where that was not said.
    pub limit: Option<u32>,
    /// What it has counted; `None` where that was not said.
    pub count: Option<u32>,
}

impl RateLimit {
    /// A limit of which nothing was counted yet.
    pub(super) const fn of(counted: Counted, interval_s: u32, limit: u32) -> Self {
        Self { counted, interval_s, limit: Some(limit), count: None }
    }
}

/// The venue was asked too often, and refuses requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooOften {
    /// Every further request makes it longer.
    pub banned: bool,
    /// For so many seconds; `None` where that was not said.
    pub wait_s: Option<u32>,
}

/// What a message or an answer says of its venue's limits, beside what it is about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// What was counted.
    pub limits: Vec<RateLimit>,
    /// It is a refusal because of requests.
    pub too_often: Option<TooOften>,
    /// It is a refusal because of orders.
    pub orders_full: bool,
}
