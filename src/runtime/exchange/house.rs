//! Who has an account at a simulated exchange, and which markets it opens.
//!
//! Must hold: an account has the same number on every market; one that a market's file names
//! nothing for has nothing there.

use super::{ExchangePlan, PAPER_KEY, PAPER_SECRET};
use crate::config::ExchangeAccount;
use crate::runtime::assemble::{AssembleError, Universe};
use crate::sim::{AccountSpec, Fees, Server, SpotAccount};
use crate::types::{AssetId, Cash, Instrument, InstrumentId, InstrumentKind};
use crate::venue::VenueKind;
use crate::venue::key::Proof;
use std::collections::BTreeMap;

/// What the one account that everybody knows has of Bitcoin on Spot.
const BITCOINS: i32 = 10;

/// What Spot charges makers and takers alike where nobody says otherwise, in hundredths of a basis
/// point: its ordinary tenth of a percent.
pub(super) const SPOT_FEES_CENTI_BPS: (i32, i32) = (1_000, 1_000);

/// The least that a spot order may be worth, in the quote asset.
const SPOT_NOTIONAL_MIN: i32 = 5;

/// A language that a simulated exchange speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExchangeDialect {
    /// Binance Spot.
    BinanceSpot,
    /// Binance USDⓈ-M futures.
    BinanceUsdm,
}

impl ExchangeDialect {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 2] =
        [("binance_spot", Self::BinanceSpot), ("binance_usdm", Self::BinanceUsdm)];

    /// What a kind of venue speaks.
    pub(super) fn of(kind: VenueKind) -> Self {
        match kind {
            VenueKind::BinanceSpot => Self::BinanceSpot,
            VenueKind::BinanceUsdm => Self::BinanceUsdm,
        }
    }
}

/// The exchange of a plan, with all of its accounts open.
pub(super) fn server(plan: &ExchangePlan, universe: Universe) -> Result<Server, AssembleError> {
    let Universe { instruments, mut assets, .. } = universe;
    let accounts = plan.accounts.clone().unwrap_or_else(|| vec![everybodys(plan)]);
    let spot = spot_accounts(&accounts, &mut assets)?;
    let ids: Vec<InstrumentId> = instruments.iter().map(|it| it.id).collect();
    let speaks = |dialect| plan.dialects.contains(&dialect);
    let mut servers = Vec::new();
    if speaks(ExchangeDialect::BinanceUsdm) {
        let accounts = accounts.into_iter().map(usdm_account).collect();
        let (instruments, assets) = (instruments.clone(), assets.clone());
        servers.push(Server::new(instruments, assets, accounts, usdm_fees(plan)));
    }
    if speaks(ExchangeDialect::BinanceSpot) {
        let (maker_centi_bps, taker_centi_bps) = plan.spot_fees_centi_bps;
        let fees = Fees { maker_centi_bps, taker_centi_bps };
        let pairs = instruments.into_iter().map(pair).collect();
        servers.push(Server::spot(pairs, assets, spot, fees));
    }
    let mut server = servers.into_iter().reduce(Server::beside).ok_or(AssembleError::NoDialect)?;
    // Where it speaks Spot alone, there is none.
    server.set_funding_rate(plan.exchange.funding_rate);
    if let Some(weight_per_minute) = plan.weight_per_minute {
        server.set_weight_per_minute(weight_per_minute);
    }
    for (id, leverage) in ids.into_iter().zip(&plan.leverages) {
        // The configuration takes no leverage that the exchange does not.
        server.set_leverage(id, *leverage);
    }
    Ok(server)
}

/// The account of a deployment, where it is another than everybody's: on a spot venue it begins
/// with the money that is configured, and with nothing that nobody of it bought.
pub(super) fn own_account(
    kind: VenueKind,
    starting: (String, Cash),
) -> Option<Vec<ExchangeAccount>> {
    let is_spot = kind.instruments() == InstrumentKind::Spot;
    is_spot.then(|| {
        let (key, proof) = (PAPER_KEY.to_owned(), Proof::Secret(PAPER_SECRET.to_owned()));
        vec![ExchangeAccount { key, proof, spot: vec![starting], usdm: Cash::ZERO }]
    })
}

/// The account that there is where no others are named.
fn everybodys(plan: &ExchangePlan) -> ExchangeAccount {
    let balance = plan.exchange.starting_balance;
    ExchangeAccount {
        key: PAPER_KEY.to_owned(),
        proof: Proof::Secret(PAPER_SECRET.to_owned()),
        spot: vec![(plan.reporting.clone(), balance), ("BTC".to_owned(), Cash::whole(BITCOINS))],
        usdm: balance,
    }
}

fn usdm_account(account: ExchangeAccount) -> AccountSpec {
    AccountSpec { key: account.key, proof: account.proof, balance: account.usdm }
}

/// Every account has a wallet for every asset that is traded, beside what it names.
fn spot_accounts(
    accounts: &[ExchangeAccount],
    assets: &mut Vec<String>,
) -> Result<Vec<SpotAccount>, AssembleError> {
    let traded = u8::try_from(assets.len()).map_err(|_| AssembleError::TooMany)?;
    let mut open = Vec::new();
    for account in accounts {
        let none = (0..traded).map(|asset| (AssetId(asset), Cash::ZERO));
        let mut balances: BTreeMap<AssetId, Cash> = none.collect();
        for (name, amount) in &account.spot {
            let known = assets.iter().position(|asset| asset == name);
            let at = known.unwrap_or_else(|| {
                assets.push(name.clone());
                assets.len() - 1
            });
            let asset = u8::try_from(at).map_err(|_| AssembleError::TooMany)?;
            balances.insert(AssetId(asset), *amount);
        }
        let (key, proof) = (account.key.clone(), account.proof.clone());
        open.push(SpotAccount { key, proof, balances: balances.into_iter().collect() });
    }
    Ok(open)
}

fn usdm_fees(plan: &ExchangePlan) -> Fees {
    Fees {
        maker_centi_bps: plan.exchange.maker_fee_centi_bps,
        taker_centi_bps: plan.exchange.taker_fee_centi_bps,
    }
}

/// The pair of assets that a contract is named after: the same market, traded for what it is.
fn pair(mut instrument: Instrument) -> Instrument {
    instrument.kind = InstrumentKind::Spot;
    instrument.filters.notional_min = Cash::whole(SPOT_NOTIONAL_MIN);
    instrument.filters.mark_band = None;
    instrument
}
