//! Every limit of a setup at numbers that no configuration lets through: zero, one, less than
//! nothing, the largest there is. None makes the core panic; none that is zero or less opens
//! anything; and none keeps an operator's flatten from reaching zero, but for the rates (SAFETY E2).

use crate::support::{BTC, ETH, Sent, VENUE, World, cash, limit, price, qty, reduction};
use proptest::prelude::*;
use tradekeel::core::{
    Appetite, BreakerLimits, Budget, ClockLimits, DayLimits, DrawdownLimits, ExposureLimits,
    HedgeGroup, InstrumentLimits, Intent, Limits, MarginLimits, Often, OnTrip, OperatorCommand,
    PriceMoveLimits, Rate, RejectLimits, RepeatLimits, Scope, SlippageLimits, StrategyLimits,
    TripCause,
};
use tradekeel::types::{
    Cash, ClientOrderId, MS, MarketData, OrderKind, OrderRequest, Qty, QueryToken, SECOND, Side,
    VenuePosition,
};

/// Sets a limit to a number, as far as its type takes it.
type Set = fn(&mut Limits, &mut Budget, i128);

/// What a zero of it must do to an honest opening order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Zero {
    /// Deny it.
    Denies,
    /// The same, and an operator's flatten as well: the venue would ban who sends too much.
    DeniesAll,
    /// It is no maximum of anything that this order adds to: a time, a count of what has not happened
    /// or is held already, a threshold of an alert.
    Passes,
}

use Zero::{Denies, DeniesAll, Passes};

fn narrow(number: i128) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

fn wide(number: i128) -> u64 {
    u64::try_from(number.max(0)).unwrap_or(u64::MAX)
}

fn money(number: i128) -> Cash {
    Cash::from_units(number)
}

fn amount(number: i128) -> Qty {
    Qty::from_units(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The group of the instruments: wide open but for what a row makes of it.
fn hedge(limits: &mut Limits) -> &mut HedgeGroup {
    if limits.hedge_groups.is_empty() {
        limits.hedge_groups.push(HedgeGroup {
            name: "pair".to_owned(),
            legs: vec![(BTC, 10_000), (ETH, 10_000)],
            net_delta_max: Cash::MAX,
            hedged_within: Cash::ZERO,
            unhedged_ns_max: u64::MAX,
            on_trip: OnTrip::Hold,
        });
    }
    &mut limits.hedge_groups[0]
}

#[rustfmt::skip]
const ROWS: &[(&str, Zero, Set)] = &[
    ("drawdown.max_bps", Denies, |l, _, n| l.drawdown.max_bps = narrow(n)),
    ("drawdown.confirm_valuations", Passes, |l, _, n| l.drawdown.confirm_valuations = narrow(n)),
    ("drawdown.confirm_ns", Passes, |l, _, n| l.drawdown.confirm_ns = wide(n)),
    ("drawdown.unknown_ns_max", Passes, |l, _, n| l.drawdown.unknown_ns_max = wide(n)),
    ("clock.warn_ns", Passes, |l, _, n| l.clock.warn_ns = wide(n)),
    ("clock.kill_ns", Denies, |l, _, n| l.clock.kill_ns = wide(n)),
    ("clock.kill_samples", Denies, |l, _, n| l.clock.kill_samples = narrow(n)),
    ("clock.refresh_ns", Denies, |l, _, n| l.clock.refresh_ns = wide(n)),
    ("reset_cooldown_ns", Passes, |l, _, n| l.reset_cooldown_ns = wide(n)),
    ("order_notional_max", Denies, |l, _, n| l.order_notional_max = money(n)),
    ("price_band_bps", Passes, |l, _, n| l.price_band_bps = narrow(n)),
    ("gaps.max", Passes, |l, _, n| l.gaps.max = narrow(n)),
    ("gaps.window_ns", Passes, |l, _, n| l.gaps.window_ns = wide(n)),
    ("funding_bps_max", Passes, |l, _, n| l.funding_bps_max = narrow(n)),
    ("fee_tolerance_centi_bps", Passes, |l, _, n| l.fee_tolerance_centi_bps = Some(narrow(n))),
    ("slippage.max_bps", Passes, |l, _, n| l.slippage.max_bps = i64::try_from(n).unwrap_or(i64::MAX)),
    ("slippage.orders.max", Passes, |l, _, n| l.slippage.orders.max = narrow(n)),
    ("slippage.orders.window_ns", Passes, |l, _, n| l.slippage.orders.window_ns = wide(n)),
    ("price_move.max_bps", Passes, |l, _, n| l.price_move.max_bps = narrow(n)),
    ("price_move.window_ns", Passes, |l, _, n| l.price_move.window_ns = wide(n)),
    ("repeats.max", Denies, |l, _, n| l.repeats.max = narrow(n)),
    ("repeats.window_ns", Passes, |l, _, n| l.repeats.window_ns = wide(n)),
    ("signal_age_ns_max", Passes, |l, _, n| l.signal_age_ns_max = wide(n)),
    ("order_ttl_ns_max", Denies, |l, _, n| l.order_ttl_ns_max = wide(n)),
    ("order_rate.per_second", Denies, |l, _, n| l.order_rate.per_second = narrow(n)),
    ("order_rate.burst", DeniesAll, |l, _, n| l.order_rate.burst = narrow(n)),
    ("orders_per_minute_max", DeniesAll, |l, _, n| l.orders_per_minute_max = narrow(n)),
    ("depth_bps_max", Passes, |l, _, n| l.depth_bps_max = Some(narrow(n))),
    ("open_orders_max", Denies, |l, _, n| l.open_orders_max = narrow(n)),
    ("unknown_orders_max", Denies, |l, _, n| l.unknown_orders_max = narrow(n)),
    ("gross_notional_max", Denies, |l, _, n| l.gross_notional_max = money(n)),
    ("data_age_ns_max", Denies, |l, _, n| l.data_age_ns_max = wide(n)),
    ("filters_age_ns_max", Denies, |l, _, n| l.filters_age_ns_max = wide(n)),
    ("journal_lag_ns_max", Passes, |l, _, n| l.journal_lag_ns_max = wide(n)),
    ("conservative_bps", Passes, |l, _, n| l.conservative_bps = narrow(n)),
    ("day.max_bps", Denies, |l, _, n| l.appetite.day.max_bps = narrow(n)),
    ("minute_loss_max", Denies, |l, _, n| l.appetite.minute_loss_max = money(n)),
    ("exposure.net_max", Denies, |l, _, n| l.appetite.exposure.net_max = money(n)),
    ("exposure.underlying_gross_max", Denies, |l, _, n| l.appetite.exposure.underlying_gross_max = money(n)),
    ("exposure.underlying_net_max", Denies, |l, _, n| l.appetite.exposure.underlying_net_max = money(n)),
    ("exposure.leverage_bps_max", Denies, |l, _, n| l.appetite.exposure.leverage_bps_max = narrow(n)),
    ("exposure.concentration_bps_max", Denies, |l, _, n| l.appetite.exposure.concentration_bps_max = narrow(n)),
    ("exposure.positions_max", Passes, |l, _, n| l.appetite.exposure.positions_max = narrow(n)),
    ("exposure.conservative_bps_max", Passes, |l, _, n| l.appetite.exposure.conservative_bps_max = narrow(n)),
    ("rejects.ratio_bps_max", Passes, |l, _, n| l.appetite.rejects.ratio_bps_max = narrow(n)),
    ("breaker.stops_max", Passes, |l, _, n| l.appetite.breaker.stops_max = narrow(n)),
    ("breaker.window_ns", Passes, |l, _, n| l.appetite.breaker.window_ns = wide(n)),
    ("breaker.cooldown_ns", Passes, |l, _, n| l.appetite.breaker.cooldown_ns = wide(n)),
    ("probation_ns", Passes, |l, _, n| l.probation_ns = wide(n)),
    ("margin.fee_centi_bps", Passes, |l, _, n| l.margin.fee_centi_bps = narrow(n)),
    ("margin.ratio_bps_max", Denies, |l, _, n| l.margin.ratio_bps_max = narrow(n)),
    ("margin.ratio_bps_warn", Passes, |l, _, n| l.margin.ratio_bps_warn = narrow(n)),
    ("margin.liquidation_bps_min", Passes, |l, _, n| l.margin.liquidation_bps_min = narrow(n)),
    ("hedge_group.net_delta_max", Denies, |l, _, n| hedge(l).net_delta_max = money(n)),
    ("hedge_group.hedged_within", Passes, |l, _, n| hedge(l).hedged_within = money(n)),
    ("hedge_group.unhedged_ns_max", Denies, |l, _, n| hedge(l).unhedged_ns_max = wide(n)),
    ("instrument.position_max", Denies, |l, _, n| l.instruments[0].position_max = amount(n)),
    ("instrument.order_qty_max", Denies, |l, _, n| l.instruments[0].order_qty_max = amount(n)),
    ("instrument.open_orders_max", Denies, |l, _, n| l.instruments[0].open_orders_max = narrow(n)),
    ("instrument.unknown_orders_max", Denies, |l, _, n| l.instruments[0].unknown_orders_max = narrow(n)),
    ("instrument.leverage", Denies, |l, _, n| l.instruments[0].leverage = narrow(n)),
    ("budget.position_notional_max", Denies, |_, b, n| b.position_notional_max = money(n)),
    ("budget.open_orders_max", Denies, |_, b, n| b.open_orders_max = narrow(n)),
    ("budget.rate.per_second", Denies, |_, b, n| b.rate.per_second = narrow(n)),
    ("budget.rate.burst", Denies, |_, b, n| b.rate.burst = narrow(n)),
    ("budget.orders_per_trade_max", Denies, |_, b, n| b.orders_per_trade_max = Some(narrow(n))),
    ("budget.losses.loss_max", Denies, |_, b, n| b.losses.loss_max = money(n)),
    ("budget.losses.losing_trips_max", Passes, |_, b, n| b.losses.losing_trips_max = Some(narrow(n))),
    ("budget.losses.rejects_max", Passes, |_, b, n| b.losses.rejects_max = Some(narrow(n))),
    ("budget.losses.fills_per_minute_max", Passes, |_, b, n| b.losses.fills_per_minute_max = Some(narrow(n))),
    ("budget.losses.unreviewed_max", Passes, |_, b, n| b.losses.unreviewed_max = Some(money(n))),
];

/// Does not compile when a limit is new: write its row above, then its name here.
#[expect(dead_code, reason = "only its patterns matter")]
fn every_limit(limits: &Limits) {
    let Limits {
        drawdown:
            DrawdownLimits { max_bps: _, confirm_valuations: _, confirm_ns: _, unknown_ns_max: _ },
        clock: ClockLimits { warn_ns: _, kill_ns: _, kill_samples: _, refresh_ns: _ },
        reset_cooldown_ns: _,
        order_notional_max: _,
        price_band_bps: _,
        gaps: Often { max: _, window_ns: _ },
        funding_bps_max: _,
        fee_tolerance_centi_bps: _,
        slippage: SlippageLimits { max_bps: _, orders: Often { max: _, window_ns: _ } },
        price_move: PriceMoveLimits { max_bps: _, window_ns: _ },
        repeats: RepeatLimits { max: _, window_ns: _ },
        signal_age_ns_max: _,
        order_ttl_ns_max: _,
        order_rate: Rate { per_second: _, burst: _ },
        orders_per_minute_max: _,
        depth_bps_max: _,
        open_orders_max: _,
        unknown_orders_max: _,
        gross_notional_max: _,
        data_age_ns_max: _,
        filters_age_ns_max: _,
        journal_lag_ns_max: _,
        conservative_bps: _,
        appetite,
        probation_ns: _,
        conservative_taker: _,
        no_trade: _,
        hedge_groups: _,
        margin:
            MarginLimits {
                mode: _,
                fee_centi_bps: _,
                ratio_bps_max: _,
                ratio_bps_warn: _,
                liquidation_bps_min: _,
            },
        instruments: _,
    } = limits;
    let Appetite {
        day: DayLimits { max_bps: _, rollover_hour: _ },
        minute_loss_max: _,
        exposure:
            ExposureLimits {
                net_max: _,
                underlying_gross_max: _,
                underlying_net_max: _,
                leverage_bps_max: _,
                concentration_bps_max: _,
                positions_max: _,
                conservative_bps_max: _,
            },
        rejects: RejectLimits { ratio_bps_max: _, storm: _ },
        breaker: BreakerLimits { stops_max: _, window_ns: _, cooldown_ns: _ },
    } = appetite;
}

/// The same for what is bound one by one.
#[expect(dead_code, reason = "only its patterns matter")]
fn every_limit_of_one(instrument: InstrumentLimits, budget: &Budget) {
    let InstrumentLimits {
        position_max: _,
        order_qty_max: _,
        open_orders_max: _,
        unknown_orders_max: _,
        restricted: _,
        shared: _,
        leverage: _,
        protective_stop: _,
    } = instrument;
    let Budget {
        position_notional_max: _,
        open_orders_max: _,
        rate: Rate { per_second: _, burst: _ },
        orders_per_trade_max: _,
        parents: _,
        partial_fill: _,
        permissions: _,
        losses:
            StrategyLimits {
                loss_max: _,
                losing_trips_max: _,
                rejects_max: _,
                fills_per_minute_max: _,
                unreviewed_max: _,
            },
    } = budget;
}

/// An account that holds 2 BTC from before, under limits with those changes.
fn world(changes: &[(Set, i128)]) -> World {
    let mut world = World::asleep(1, |setup| {
        for (set, number) in changes {
            let budget = &mut setup.strategies[0].budget;
            set(&mut setup.limits, budget, *number);
        }
    });
    let mut told = world.venue.snapshot(VENUE, QueryToken(0));
    told.positions = vec![VenuePosition { instrument: BTC, qty: qty("2"), entry: price("100") }];
    world.venue.adopt(0, &told);
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.quote(ETH, "9.9", "10.1");
    world.advance(600 * MS);
    assert!(world.status().reconciled);
    world
}

/// True when the order left; a strategy that was never let begin says nothing.
fn opens(world: &mut World, request: OrderRequest) -> bool {
    let orders = |world: &World| world.sent.iter().filter(|it| matches!(it, Sent::New(..))).count();
    let before = orders(world);
    world.say(0, Intent::Place(ClientOrderId::default(), request));
    before < orders(world)
}

/// What honest trading, a bad day and an operator bring, under whatever limits.
fn live_through(world: &mut World) {
    opens(world, limit(Side::Buy, "1", "99.9"));
    world.advance(20 * MS);
    let at_once =
        OrderRequest { kind: OrderKind::Ioc(price("100.1")), ..limit(Side::Buy, "1", "1") };
    opens(world, at_once);
    world.advance(20 * MS);
    opens(world, reduction(Side::Sell, "1", "100.1"));
    world.market(BTC, MarketData::BookLost);
    world.clock(-900);
    for bid in ["90", "60", "20"] {
        world.quote(BTC, bid, "100.1");
        world.advance(SECOND);
    }
    world.link_down();
    world.advance(SECOND);
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.advance(SECOND);
    let _ = world.operator(OperatorCommand::Resume(Scope::All));
    opens(world, limit(Side::Buy, "1", "99.8"));
    world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap();
    world.flatten();
    world.advance(3 * SECOND);
}

#[test]
fn nothing_is_opened_under_a_limit_of_zero_or_less_and_a_flatten_reaches_zero() {
    let mut wrong = Vec::new();
    for (name, zero, set) in ROWS {
        for number in [0, -1, i128::from(i64::MIN)] {
            let mut world = world(&[(*set, number)]);
            let opened = opens(&mut world, limit(Side::Buy, "1", "99.9"));
            if opened != (*zero == Passes) {
                wrong.push(format!("{name} at {number} opens: {opened}"));
            }
            live_through(&mut world);
            let flat = world.venue_position(BTC) == Qty::ZERO;
            if flat != (*zero != DeniesAll) {
                wrong.push(format!("{name} at {number} reaches zero: {flat}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn the_largest_number_is_as_good_as_no_limit_and_never_wraps() {
    for (name, _, set) in ROWS {
        for number in
            [1, i128::from(u32::MAX), i128::from(i64::MAX), i128::from(u64::MAX), i128::MAX]
        {
            let mut world = world(&[(*set, number)]);
            live_through(&mut world);
            let rate = name.contains("order_rate") || name.contains("per_minute");
            let flat = world.venue_position(BTC) == Qty::ZERO;
            assert!(flat || (rate && number == 1), "{name} at {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_mixture_of_limits_makes_it_panic(
        picks in proptest::collection::vec((0..ROWS.len(), 0_usize..6), 1..8),
    ) {
        let numbers = [0, 1, -1, i128::from(i64::MAX), i128::from(i64::MIN), i128::MAX];
        let changes: Vec<(Set, i128)> =
            picks.into_iter().map(|(row, number)| (ROWS[row].2, numbers[number])).collect();
        let mut world = world(&changes);
        live_through(&mut world);
        prop_assert!(world.venue_position(BTC).abs() <= qty("4"));
        prop_assert!(world.status().equity.is_none_or(|equity| equity <= cash(1_000_000)));
    }
}
