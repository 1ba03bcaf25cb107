//! Margin through the whole core: what an account cannot carry is not asked of the venue, what the
//! venue says of it stops what it must, and nothing of it stands in the way of an exit (SAFETY E7).

use crate::support::{
    BTC, ETH, Sent, USDT, VENUE, World, account, cash, cross, limit, price, qty, reduction, setup,
};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    AccountEvent, Alert, EventKind, MarginAlert, MarginLimits, Mode, ModeCause, OperatorCommand,
    Scope,
};
use tradekeel::types::{
    AccountMargin, AccountSnapshot, Cash, InstrumentMargin, MS, MarginMode, OrderRequest,
    QueryToken, SECOND, Side, VenuePosition, WalletMargin,
};

/// A world whose account holds so much, in hundred-millionths.
fn holding(units: i128) -> World {
    with(units, |_| {})
}

/// The same, with other limits of margin and wide ones of everything else.
pub(crate) fn with(units: i128, change: impl FnOnce(&mut MarginLimits)) -> World {
    let mut world = World::asleep(1, |setup| {
        change(&mut setup.limits.margin);
        for bounds in &mut setup.limits.instruments {
            (bounds.position_max, bounds.order_qty_max) = (qty("1000"), qty("1000"));
        }
    });
    let mut told = world.venue.snapshot(VENUE, QueryToken(0));
    told.balances = vec![(USDT, Cash::from_units(units))];
    world.venue.adopt(0, &told);
    world.awake();
    world
}

/// The account as the venue has it, but told by the test: the venue's own answer comes too late.
fn tell(world: &mut World, change: impl FnOnce(&mut AccountSnapshot)) {
    world.advance(300 * MS);
    world.operator(OperatorCommand::Reconcile).unwrap();
    let mut told = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    change(&mut told);
    world.step(account(AccountEvent::Snapshot(Box::new(told))));
}

fn read_again(world: &mut World) {
    world.advance(300 * MS);
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(50 * MS);
}

fn bid(amount: &str) -> OrderRequest {
    limit(Side::Buy, amount, "99")
}

/// The same at another price: two that are one are denied for that.
fn other_bid(amount: &str) -> OrderRequest {
    limit(Side::Buy, amount, "98")
}

fn venue_mode(world: &World) -> (Mode, ModeCause) {
    let held = world.status().venues[0].held;
    (held.mode, held.cause)
}

/// 10 at 100.1, at leverage 20, need 50.05, and 0.5005 of fees.
#[test]
fn what_the_account_cannot_carry_is_denied_before_the_venue_refuses_it() {
    let mut poor = holding(5_055_049_999);
    assert_eq!(poor.wish(0, bid("10")), Err(DenyReason::FreeMargin));
    poor.advance(50 * MS);
    assert_eq!((poor.venue_orders(), poor.status().counters.rejected), (0, 0));
    let mut enough = holding(5_055_050_000);
    assert!(enough.wish(0, bid("10")).is_ok());
    enough.advance(50 * MS);
    assert_eq!((enough.venue_orders(), enough.status().counters.rejected), (1, 0));
}

/// No reading has any of these orders: they are counted from the moment they leave.
#[test]
fn orders_that_no_reading_has_yet_take_up_margin_at_once() {
    let mut world = holding(6_000_000_000);
    let first = world.wish(0, bid("6")).unwrap();
    assert_eq!(world.wish(0, other_bid("6")), Err(DenyReason::FreeMargin));
    // Only one of a bid and an ask makes the position larger.
    assert!(world.wish(0, limit(Side::Sell, "6", "101")).is_ok());
    world.advance(10 * MS);
    world.cancel(0, first);
    assert_eq!(world.wish(0, other_bid("6")), Err(DenyReason::FreeMargin), "it may still trade");
    world.advance(10 * MS);
    assert!(world.wish(0, other_bid("6")).is_ok());
}

/// SAFETY E14: an order in the reading that has gone since makes room for its successor.
#[test]
fn a_quote_that_is_replaced_needs_its_margin_once() {
    let mut world = holding(5_100_000_000);
    let mut last = world.wish(0, bid("10")).unwrap();
    for _ in 0..5 {
        read_again(&mut world);
        world.cancel(0, last);
        world.advance(10 * MS);
        last = world.wish(0, bid("10")).unwrap();
    }
    read_again(&mut world);
    assert_eq!(world.wish(0, other_bid("1")), Err(DenyReason::FreeMargin));
}

#[test]
fn a_loss_since_the_reading_is_margin_that_is_gone() {
    let mut world = holding(8_000_000_000);
    world.take(Side::Buy, "5");
    read_again(&mut world);
    assert!(world.wish(0, bid("10")).is_ok());
    world.advance(10 * MS);
    world.quote(BTC, "99.5", "99.7");
    // 15 at 99.7 need 74.8 and 0.75 of fees; of 80 some 76.7 are left.
    assert!(world.wish(0, limit(Side::Buy, "0.1", "98")).is_ok());
    world.quote(BTC, "98.9", "99.1");
    assert_eq!(world.wish(0, limit(Side::Buy, "0.1", "97")), Err(DenyReason::FreeMargin));
    assert!(world.wish(0, reduction(Side::Sell, "5", "99.1")).is_ok());
}

#[test]
fn what_the_venue_did_not_tell_opens_nothing_and_closes_all() {
    let silent: [fn(&mut AccountMargin); 4] = [
        |margin| *margin = AccountMargin::default(),
        |margin| margin.wallets.clear(),
        |margin| margin.instruments.retain(|row| row.instrument != BTC),
        |margin| margin.instruments.iter_mut().for_each(|row| row.tiers = None),
    ];
    for forget in silent {
        let mut world = World::calm();
        world.take(Side::Buy, "2");
        tell(&mut world, |told| told.margin.iter_mut().for_each(forget));
        assert_eq!(world.wish(0, bid("1")), Err(DenyReason::MarginUnknown));
        assert!(world.wish(0, reduction(Side::Sell, "1", "99.9")).is_ok());
        world.advance(10 * MS);
        world.flatten();
        world.advance(SECOND);
        assert_eq!(world.venue_position(BTC), qty("0"));
    }
    let mut world = World::calm();
    tell(&mut world, |told| told.margin = None);
    assert_eq!(world.wish(0, bid("1")), Err(DenyReason::MarginUnknown));
    read_again(&mut world);
    assert!(world.wish(0, bid("1")).is_ok());
}

#[test]
fn another_leverage_than_configured_is_said_with_both_values_and_opens_nothing() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    assert!(world.venue.set_leverage(BTC, 10));
    assert!(world.wish(0, bid("1")).is_ok(), "nobody has told yet");
    read_again(&mut world);
    let alert = Alert::Margin(MarginAlert::Leverage { instrument: BTC, configured: 20, venue: 10 });
    assert_eq!(world.alerts.iter().filter(|said| **said == alert).count(), 1);
    assert_eq!(world.wish(0, other_bid("1")), Err(DenyReason::LeverageDiffers));
    assert!(world.wish(0, OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9") }).is_ok());
    read_again(&mut world);
    assert_eq!(world.alerts.iter().filter(|said| **said == alert).count(), 1, "said once");
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), qty("0"));
    assert!(world.venue.set_leverage(BTC, 20));
    read_again(&mut world);
    assert!(world.wish(0, bid("1")).is_ok());
}

#[test]
fn isolated_margin_is_called_by_its_name_and_opens_nothing() {
    let mut world = World::calm();
    tell(&mut world, |told| {
        let rows = told.margin.iter_mut().flat_map(|margin| &mut margin.instruments);
        rows.for_each(|row| row.mode = MarginMode::Isolated);
    });
    let (configured, venue) = (MarginMode::Cross, MarginMode::Isolated);
    let alert = Alert::Margin(MarginAlert::Mode { instrument: BTC, configured, venue });
    assert!(world.has_alert(|said| *said == alert));
    assert_eq!(world.wish(0, bid("1")), Err(DenyReason::MarginModeDiffers));
}

/// 5 long at 100 need 2 not to be liquidated: two per cent of 100.
#[test]
fn the_ratio_and_the_distance_are_judged_with_every_order_filled() {
    const HUNDRED: i128 = 10_000_000_000;
    let both = |world: &mut World| [bid("5"), other_bid("5")].map(|it| world.wish(0, it).err());
    // 5 and 5 at 100.1 need 4.004.
    let mut world = with(HUNDRED, |limits| limits.ratio_bps_max = 400);
    assert_eq!(both(&mut world), [None, Some(DenyReason::MarginRatio)]);
    let mut world = with(HUNDRED, |limits| limits.ratio_bps_max = 401);
    assert_eq!(both(&mut world), [None, None]);
    // A move of 9.5 % costs 95.1 of the 1,001, and 4.4 must be left; one of 9.6 % leaves too little.
    let mut world = with(HUNDRED, |limits| limits.liquidation_bps_min = 950);
    assert_eq!(both(&mut world), [None, None]);
    let mut world = with(HUNDRED, |limits| limits.liquidation_bps_min = 960);
    assert_eq!(both(&mut world), [None, Some(DenyReason::NearLiquidation)]);
}

#[test]
fn a_margin_call_leaves_only_reductions_and_a_flatten_reaches_zero() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let resting = world.open(Side::Buy, "1", "99");
    world.advance(10 * MS);
    world.step(EventKind::Account(AccountEvent::MarginCall(VENUE)));
    assert!(world.has_alert(|said| *said == Alert::Margin(MarginAlert::Call(VENUE))));
    assert_eq!(venue_mode(&world), (Mode::Reducing, ModeCause::MarginCall));
    assert_eq!(world.wish(0, bid("1")), Err(DenyReason::ReducingOnly));
    world.advance(50 * MS);
    assert!(world.order(resting).is_none(), "what opens is taken back");
    assert!(world.wish(0, reduction(Side::Sell, "1", "99.9")).is_ok());
    world.advance(10 * MS);
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), qty("0"));
    world.operator(OperatorCommand::Resume(Scope::Venue(VENUE))).unwrap();
    world.advance(50 * MS);
    assert_eq!(venue_mode(&world).0, Mode::Conservative);
}

/// Positions that need too much: a resume does not hold while they do.
#[test]
fn a_ratio_beyond_the_warning_leaves_only_reductions_until_it_is_better() {
    let mut world = with(6_000_000_000, |limits| limits.ratio_bps_warn = 500);
    world.take(Side::Buy, "9");
    read_again(&mut world);
    let ratio_bps = world.status().venues[0].margin_ratio_bps.unwrap();
    assert!((600..660).contains(&ratio_bps), "{ratio_bps}");
    assert!(
        world.has_alert(|said| matches!(
            said,
            Alert::Margin(MarginAlert::Ratio { venue: VENUE, .. })
        ))
    );
    assert_eq!(venue_mode(&world), (Mode::Reducing, ModeCause::MarginRatio));
    world.operator(OperatorCommand::Resume(Scope::Venue(VENUE))).unwrap();
    assert_eq!(venue_mode(&world).0, Mode::Reducing);
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), qty("0"));
    world.operator(OperatorCommand::Resume(Scope::Venue(VENUE))).unwrap();
    assert_eq!(venue_mode(&world).0, Mode::Conservative);
}

/// 60 less fees, of which 9 long at 100 need 3.6: some 6.2 % of 900.
#[test]
fn the_distance_to_liquidation_is_the_venues_own_and_is_told_with_a_trip() {
    let mut world = holding(6_000_000_000);
    world.take(Side::Buy, "9");
    read_again(&mut world);
    let ours = world.status().instruments[BTC.index()].liquidation_bps.unwrap();
    let slot = world.venue.exchange().slot(BTC).unwrap();
    let theirs = world.venue.exchange().liquidation_price(world.venue.account(), slot);
    let theirs = (100_00000000 - theirs.units()) / 1_000_000;
    assert!((ours - theirs).abs() <= 25 && ours <= theirs, "ours {ours}, the venue's {theirs}");
    world.operator(OperatorCommand::TripScope(Scope::All)).unwrap();
    let told = world.alerts.iter().find_map(|said| {
        let Alert::KillSwitch { liquidation_bps, .. } = said else { return None };
        Some(*liquidation_bps)
    });
    assert_eq!(told, Some(Some(ours)));
    assert_eq!(world.status().instruments[ETH.index()].liquidation_bps, None, "nothing is held");
}

/// A start with a position, before its first price: one more reading, when it can be valued, and
/// not one after the other until then (the venue counts them).
#[test]
fn what_could_not_be_valued_at_a_reading_is_read_again_once() {
    let mut world = World::asleep(1, |_| {});
    let mut told = world.venue.snapshot(VENUE, QueryToken(0));
    told.positions = vec![VenuePosition { instrument: BTC, qty: qty("2"), entry: price("100") }];
    world.venue.adopt(0, &told);
    world.link_up();
    world.quote(ETH, "9.9", "10.1");
    world.advance(4 * SECOND);
    let readings = |world: &World| world.sent.iter().filter(|sent| **sent == Sent::Account).count();
    assert_eq!(readings(&world), 1);
    world.quote(BTC, "99.9", "100.1");
    assert_eq!(world.wish(0, bid("1")), Err(DenyReason::MarginUnknown));
    world.advance(500 * MS);
    assert_eq!(readings(&world), 2);
    assert!(world.wish(0, bid("1")).is_ok());
    world.advance(2 * SECOND);
    assert_eq!(readings(&world), 2);
}

/// The venue tells of what is not configured: nothing of the reading is taken.
#[test]
fn margin_of_an_unknown_instrument_makes_the_reading_unusable() {
    let mut world = World::calm();
    let before = world.status().counters.unusable;
    tell(&mut world, |told| {
        let strange =
            InstrumentMargin { instrument: tradekeel::types::InstrumentId(9), ..cross(BTC) };
        let wallet = WalletMargin { asset: USDT, available: cash(1), balance: cash(1) };
        let (wallets, instruments) = (vec![wallet], vec![strange]);
        let fees = Vec::new();
        told.margin = Some(AccountMargin { wallets, instruments, fees });
    });
    assert_eq!(world.status().counters.unusable, before + 1);
    assert_eq!(setup().limits.margin.mode, MarginMode::Cross);
    world.advance(20 * SECOND);
    assert!(world.wish(0, bid("1")).is_ok());
}

/// At a hundred and twenty-five times the venue takes 50,000: an ask of 100.1 makes that 499.5.
#[test]
fn what_the_venue_would_refuse_for_its_leverage_is_denied_before() {
    let mut world = World::asleep(1, |setup| {
        for bounds in &mut setup.limits.instruments {
            (bounds.position_max, bounds.order_qty_max) = (qty("1000"), qty("1000"));
            bounds.leverage = 125;
            setup.instruments.iter_mut().for_each(|it| it.filters.qty_max = qty("1000"));
        }
    });
    assert!(world.venue.set_leverage(BTC, 125));
    world.awake();
    assert!(world.wish(0, bid("400")).is_ok());
    assert_eq!(world.wish(0, other_bid("99.501")), Err(DenyReason::LeverageCap));
    assert!(world.wish(0, other_bid("99.5")).is_ok());
    // The other side is the other side's.
    assert!(world.wish(0, limit(Side::Sell, "400", "101")).is_ok());
    world.advance(50 * MS);
    assert_eq!((world.venue_orders(), world.status().counters.rejected), (3, 0));
}
