//! An account of assets, spoken to in process: what it holds, locks and pays.

use super::*;
use crate::sim::testing::{BTC, USDT, cash, instruments, price, qty, small_book};
use crate::types::{OrderStatus, Side, TimeInForce, WalletMargin};

const BITCOIN: AssetId = AssetId(1);

/// A thousand USDT, two BTC, and a tenth of a percent of whatever is received.
fn direct() -> Direct {
    let fees = Fees { maker_centi_bps: 1_000, taker_centi_bps: 1_000 };
    let wallets = BTreeMap::from([(USDT, cash("1000")), (BITCOIN, cash("2"))]);
    let prefix = IdPrefix::new("tk").unwrap();
    let mut direct = Direct::spot(instruments(), prefix, fees, wallets);
    small_book().iter().for_each(|event| direct.on_market(1, event, &mut Vec::new()));
    direct
}

fn terms(side: Side, at: &str, amount: &str, purpose: Purpose) -> OrderTerms {
    OrderTerms {
        instrument: BTC,
        side,
        time_in_force: TimeInForce::Gtc,
        price: price(at),
        qty: qty(amount),
        purpose,
        expires_ns: None,
    }
}

fn id(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

fn fee(out: &[EventKind]) -> Option<Fee> {
    out.iter().find_map(|event| {
        let EventKind::Execution(report) = event else { return None };
        report.trade()?.fee
    })
}

#[test]
fn a_fee_is_taken_from_what_is_received() {
    let (mut direct, mut out) = (direct(), Vec::new());
    direct.place(5, id(1), &terms(Side::Buy, "100.1", "2", Purpose::Opening), &mut out);
    assert_eq!(fee(&out), Some(Fee { asset: BITCOIN, amount: cash("0.002") }));
    out.clear();
    direct.place(6, id(2), &terms(Side::Sell, "100.0", "2", Purpose::Opening), &mut out);
    assert_eq!(fee(&out), Some(Fee { asset: USDT, amount: cash("0.2") }));
}

#[test]
fn a_position_is_all_of_the_base_and_orders_lock_what_they_spend() {
    let (mut direct, mut out) = (direct(), Vec::new());
    direct.place(5, id(1), &terms(Side::Buy, "99.5", "2", Purpose::Opening), &mut out);
    direct.place(6, id(2), &terms(Side::Sell, "101", "1", Purpose::Opening), &mut out);
    let told = direct.snapshot(VenueId(0), QueryToken(1));
    let held = VenuePosition { instrument: BTC, qty: qty("2"), entry: Price::ZERO };
    assert_eq!((&told.positions[..], told.open_orders.len()), (&[held][..], 2));
    let wallet = |asset, available, balance| WalletMargin {
        asset,
        available: cash(available),
        balance: cash(balance),
    };
    let margin = told.margin.unwrap();
    assert_eq!(margin.wallets, [wallet(USDT, "801", "1000"), wallet(BITCOIN, "1", "2")]);
    assert!(margin.instruments.is_empty() && margin.fees[0].taker_e8 == 100_000);
}

/// There is no reduce-only order: what lowers a position is a sale like any other.
#[test]
fn a_reduction_is_a_sale_like_any_other() {
    let (mut direct, mut out) = (direct(), Vec::new());
    direct.place(5, id(1), &terms(Side::Sell, "100.0", "2", Purpose::Reducing), &mut out);
    direct.handle(6, &Command::QueryOrder { id: id(1), instrument: BTC }, &mut out);
    let Some(EventKind::Execution(report)) = out.last() else { panic!("{out:?}") };
    let status = ExecutionKind::Status { status: OrderStatus::Filled, cum_qty: qty("2") };
    assert_eq!(report.kind, status);
    assert!(direct.snapshot(VenueId(0), QueryToken(1)).positions.is_empty());
}
