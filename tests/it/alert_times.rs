//! Every alert is raised within five seconds of its event (SAFETY T19, RTS 16(5)).
//!
//! Must hold: one row for each kind of alert. The rows are the arms of one `match` without a
//! wildcard, so a new kind does not compile until somebody wrote down how it comes about.

use crate::losses::{confirm, long, mark, moved, tick};
use crate::support::{
    BTC, ETH, History, Sent, USDT, VENUE, World, account, execution, instrument, limit, price, qty,
};
use tradekeel::core::{
    AccountEvent, Alert, DeadManTiming, EventKind, HedgeAlert, JournalState, KeyFitness,
    LinkChannel, LinkState, NoTradeWindow, Often, OnTrip, OperatorCommand, OrderFault,
    ReferenceEvent, Resting, SlippageLimits, Span, StopAlert, StopRule,
};
use tradekeel::core::{MarginAlert, Setup};
use tradekeel::types::{
    AccountSnapshot, BalanceCause, BalanceChange, ClientOrderId, Condition, ExecutionKind, Fee,
    Fill, Filters, ForeignOrder, Liquidity, MS, MarginMode, MarketData, OrderKind, OrderRef,
    OrderRequest, Quote, SECOND, Side, StopReport, StopReportKind, VenueCondition, VenuePosition,
    WorkingPrice,
};

/// From the event to the alert, at most.
const WITHIN_NS: u64 = 5 * SECOND;

/// A world in which it happens, and when.
type Provoked = (World, u64);

macro_rules! rows {
    ($($kind:pat => $provoke:path),* $(,)?) => {
        const ROWS: &[(&str, fn(&Alert) -> bool, fn() -> Provoked)] = &[
            $((stringify!($kind), |alert| matches!(alert, $kind), $provoke)),*
        ];

        /// Does not compile while a kind has no row.
        fn row(alert: &Alert) -> &'static str {
            match alert {
                $($kind => stringify!($kind)),*
            }
        }
    };
}

rows! {
    Alert::KillSwitch { .. } => drawdown,
    Alert::Hedge(HedgeAlert::Tripped { .. }) => hedge_tripped,
    Alert::Hedge(HedgeAlert::Unhedged { .. }) => leg_left_open,
    Alert::Hedge(HedgeAlert::Completed(_)) => hedge_completed,
    Alert::Mode { .. } => margin_call,
    Alert::WindowEntered => window_begins,
    Alert::WindowLeft => window_ends,
    Alert::MaintenanceBegan(_) => maintenance,
    Alert::MaintenanceOver(_) => maintenance_ends,
    Alert::ClockDrift { .. } => clock_drifts,
    Alert::ClockGood(_) => clock_is_good_again,
    Alert::Mismatch(_) => reading_differs,
    Alert::AccountDrift(_) => reading_differs_again,
    Alert::DriftOver { .. } => reading_agrees,
    Alert::Reconciled { .. } => connected,
    Alert::Link { .. } => link_lost,
    Alert::OrderUnknown(_) => order_without_an_answer,
    Alert::Order { fault: OrderFault::Stuck(_), .. } => last_cancel_in_vain,
    Alert::Order { fault: OrderFault::StuckTooLong(_), .. } => patience_over,
    Alert::Order { fault: OrderFault::BadFill(_), .. } => bad_fill,
    Alert::Order { fault: OrderFault::Slippage { .. }, .. } => slippage,
    Alert::Order { fault: OrderFault::SelfTrade, .. } => self_trade,
    Alert::ForeignFill { .. } => foreign_fill,
    Alert::MissedTrade(_) => trade_missed,
    Alert::HistoryLost { .. } => history_lost,
    Alert::Overfill(_) => overfill,
    Alert::LossRate => loss_of_a_minute,
    Alert::RejectStorm { .. } => refusals,
    Alert::GapStorm(_) => gaps,
    Alert::BreakerOpen => last_stop,
    Alert::Unexplained { .. } => money_gone,
    Alert::Margin(MarginAlert::Call(_)) => margin_call,
    Alert::Margin(MarginAlert::Ratio { .. }) => margin_needed,
    Alert::Margin(MarginAlert::Leverage { .. }) => other_leverage,
    Alert::Margin(MarginAlert::Mode { .. }) => isolated,
    Alert::Funding { .. } => funding,
    Alert::Fee { .. } => strange_fee,
    Alert::DeadManFired(_) => dead_man_runs_out,
    Alert::Journal(_) => journal_late,
    Alert::FiltersChanged(_) => rules_changed,
    Alert::Key(_) => key_loses_its_rights,
    Alert::DeadManUnarmed(_) => dead_man_is_not_answered,
    Alert::Stop { alert: StopAlert::Missing, .. } => no_stop,
    Alert::Stop { alert: StopAlert::Refused(_), .. } => stop_refused,
    Alert::Stop { alert: StopAlert::Triggered, .. } => stop_met,
    Alert::Stop { alert: StopAlert::Failed, .. } => stop_failed,
    Alert::Flat => flatten,
    Alert::FlattenStuck(_) => flatten_without_a_price,
}

#[test]
fn every_kind_of_alert_is_raised_within_five_seconds_of_its_event() {
    for (name, is_it, provoke) in ROWS {
        let (world, event_ns) = provoke();
        let waited_ns = wait_for(world, event_ns, *is_it);
        assert!(waited_ns <= WITHIN_NS, "{name}: {} ms and not heard", waited_ns / MS);
    }
}

/// The same alert for a flatten that has a price and no way to send.
#[test]
fn a_flatten_without_a_connection_is_told_as_soon() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.link(LinkChannel::Orders, LinkState::Down);
    world.flatten();
    let begun_ns = world.now_ns();
    let is_stuck = |alert: &Alert| row(alert) == "Alert::FlattenStuck(_)";
    assert!(wait_for(world, begun_ns, is_stuck) <= WITHIN_NS);
}

/// How long after the event it is heard, to ten milliseconds.
fn wait_for(mut world: World, event_ns: u64, is_it: fn(&Alert) -> bool) -> u64 {
    while !world.has_alert(is_it) && world.now_ns() <= event_ns + WITHIN_NS {
        world.advance(10 * MS);
    }
    world.now_ns().saturating_sub(event_ns)
}

fn now(world: World) -> Provoked {
    let at_ns = world.now_ns();
    (world, at_ns)
}

/// What `happens` in a calm world.
fn calm(happens: impl FnOnce(&mut World)) -> Provoked {
    changed(|_| {}, happens)
}

fn changed(change: impl FnOnce(&mut Setup), happens: impl FnOnce(&mut World)) -> Provoked {
    let mut world = World::with(1, change);
    let at_ns = world.now_ns();
    happens(&mut world);
    (world, at_ns)
}

/// The first valuation beyond the limit, and no other.
fn drawdown() -> Provoked {
    let mut world = long(|_| {});
    mark(&mut world, 8_400);
    now(world)
}

fn margin_call() -> Provoked {
    calm(|world| world.step(EventKind::Account(AccountEvent::MarginCall(VENUE))))
}

fn window(setup: &mut Setup) {
    let begin_s = 1_700_000_000;
    let span = Span::Once { from_s: begin_s + 10, to_s: begin_s + 20 };
    setup.limits.no_trade = vec![NoTradeWindow { span, resting: Resting::Cancel }];
}

fn window_begins() -> Provoked {
    (changed(window, |_| {}).0, 10 * SECOND)
}

fn window_ends() -> Provoked {
    (changed(window, |_| {}).0, 20 * SECOND)
}

fn say(world: &mut World, condition: Condition) {
    world.step(EventKind::Condition(VenueCondition { venue: VENUE, condition }));
}

fn maintenance() -> Provoked {
    calm(|world| say(world, Condition::Unavailable))
}

fn maintenance_ends() -> Provoked {
    let (mut world, _) = maintenance();
    world.advance(60 * SECOND);
    say(&mut world, Condition::Available);
    now(world)
}

fn clock_drifts() -> Provoked {
    calm(|world| world.clock(600))
}

fn clock_is_good_again() -> Provoked {
    let (mut world, _) = clock_drifts();
    world.clock(0);
    now(world)
}

/// One reading of the account in which 3 BTC are held that nobody bought.
fn read(world: &mut World) {
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    let mut told = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    hold(&mut told);
    world.step(account(AccountEvent::Snapshot(Box::new(told))));
}

fn hold(told: &mut AccountSnapshot) {
    told.positions.retain(|held| held.instrument != BTC);
    told.positions.push(VenuePosition { instrument: BTC, qty: qty("3"), entry: price("100") });
}

/// The reading before, and then so many that differ.
fn readings(count: usize) -> Provoked {
    let mut world = World::calm();
    world.faults.lost_requests = 1_000;
    (0..count).for_each(|_| read(&mut world));
    now(world)
}

fn reading_differs() -> Provoked {
    readings(1)
}

fn reading_differs_again() -> Provoked {
    readings(2)
}

/// What was adopted from the second is what the third says.
fn reading_agrees() -> Provoked {
    readings(3)
}

fn connected() -> Provoked {
    let mut world = World::asleep(1, |_| {});
    world.link_up();
    now(world)
}

fn link_lost() -> Provoked {
    calm(World::link_down)
}

fn order_without_an_answer() -> Provoked {
    calm(|world| {
        world.faults.lost_requests = 1_000;
        world.open(Side::Buy, "1", "99");
    })
}

/// An order that is to go after a second; nothing sent arrives any more.
fn deaf() -> (World, ClientOrderId) {
    let mut world = World::calm();
    let short = OrderRequest { ttl_ns: Some(SECOND), ..limit(Side::Buy, "1", "99") };
    let id = world.wish(0, short).unwrap();
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    (world, id)
}

fn last_cancel_in_vain() -> Provoked {
    let (mut world, id) = deaf();
    while world.cancels_of(id) < 5 {
        world.advance(10 * MS);
    }
    now(world)
}

fn patience_over() -> Provoked {
    let (world, _) = deaf();
    let at_ns = world.now_ns() + SECOND + 15 * SECOND;
    (world, at_ns)
}

fn fill(side: Side, at: &str, cum: &str) -> Fill {
    let (price, qty, liquidity) = (price(at), qty(cum), Liquidity::Taker);
    Fill { trade_id: 900, side, price, qty, cum_qty: qty, fee: None, liquidity }
}

fn traded(amount: &str, at: &str) -> Provoked {
    calm(|world| {
        let id = world.open(Side::Buy, "1", "99");
        world.report(id, ExecutionKind::Trade(fill(Side::Buy, at, amount)));
    })
}

fn bad_fill() -> Provoked {
    traded("0.5", "99.1")
}

fn overfill() -> Provoked {
    traded("2", "99")
}

fn slippage() -> Provoked {
    let strict = |setup: &mut Setup| {
        let orders = Often { max: 2, window_ns: 60 * SECOND };
        setup.limits.slippage = SlippageLimits { max_bps: 30, orders };
    };
    changed(strict, |world| {
        let kind = OrderKind::Ioc(price("100.9"));
        let id = world.wish(0, OrderRequest { kind, ..limit(Side::Buy, "1", "1") }).unwrap();
        world.report(id, ExecutionKind::Trade(fill(Side::Buy, "100.8", "1")));
    })
}

fn self_trade() -> Provoked {
    calm(|world| {
        let [bid, ask] = [(Side::Buy, "99"), (Side::Sell, "101")]
            .map(|(side, at)| (world.open(side, "1", at), side, at));
        for (id, side, at) in [bid, ask] {
            world.report(id, ExecutionKind::Trade(fill(side, at, "0.5")));
        }
    })
}

fn foreign_fill() -> Provoked {
    calm(|world| {
        let trade = ExecutionKind::Trade(fill(Side::Buy, "100", "0.5"));
        world.step(execution(OrderRef::Foreign(ForeignOrder::Manual), trade));
    })
}

fn minute(setup: &mut Setup) {
    setup.limits.appetite.minute_loss_max = crate::support::cash(1_000);
}

fn loss_of_a_minute() -> Provoked {
    let mut world = long(minute);
    let at_ns = world.now_ns();
    confirm(&mut world, 9_899);
    (world, at_ns)
}

fn last_stop() -> Provoked {
    let mut world = long(|setup| {
        minute(setup);
        setup.limits.appetite.breaker.stops_max = 1;
    });
    let at_ns = world.now_ns();
    confirm(&mut world, 9_899);
    (world, at_ns)
}

fn refusals() -> Provoked {
    changed(
        |setup| setup.limits.appetite.rejects.ratio_bps_max = 1_000,
        |world| {
            world.faults.lost_requests = 1_000;
            for _ in 0..20 {
                let id = world.open(Side::Buy, "1", "99");
                world.report(id, ExecutionKind::Rejected { code: -2019 });
            }
        },
    )
}

fn gaps() -> Provoked {
    changed(
        |setup| setup.limits.gaps = Often { max: 3, window_ns: 60 * SECOND },
        |world| {
            for _ in 0..4 {
                world.market(BTC, MarketData::BookLost);
                world.quote(BTC, "99.9", "100.1");
            }
        },
    )
}

/// From the first reading that shows it.
fn money_gone() -> Provoked {
    let mut world = long(|_| {});
    moved(&mut world, -20_000);
    world.operator(OperatorCommand::Reconcile).unwrap();
    while !world.has_alert(|alert| matches!(alert, Alert::Mismatch(_))) {
        world.advance(MS);
    }
    tick(&mut world, ETH, "9.9");
    now(world)
}

fn margin_needed() -> Provoked {
    let mut world = crate::margin::with(6_000_000_000, |limits| limits.ratio_bps_warn = 500);
    world.take(Side::Buy, "9");
    world.operator(OperatorCommand::Reconcile).unwrap();
    now(world)
}

fn other_leverage() -> Provoked {
    calm(|world| {
        assert!(world.venue.set_leverage(BTC, 10));
        world.operator(OperatorCommand::Reconcile).unwrap();
    })
}

fn isolated() -> Provoked {
    calm(|world| {
        world.advance(300 * MS);
        world.operator(OperatorCommand::Reconcile).unwrap();
        let mut told = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
        let rows = told.margin.iter_mut().flat_map(|margin| &mut margin.instruments);
        rows.for_each(|row| row.mode = MarginMode::Isolated);
        world.step(account(AccountEvent::Snapshot(Box::new(told))));
    })
}

fn funding() -> Provoked {
    calm(|world| {
        let (asset, amount) = (USDT, crate::support::cash(-1));
        let change = BalanceChange { venue: VENUE, asset, amount, cause: BalanceCause::Funding };
        world.step(account(AccountEvent::Balance(change)));
    })
}

fn strange_fee() -> Provoked {
    calm(|world| {
        let id = world.open(Side::Buy, "1", "99");
        let fee = Some(Fee { asset: USDT, amount: crate::support::cash(1) });
        world.report(id, ExecutionKind::Trade(Fill { fee, ..fill(Side::Buy, "99", "1") }));
    })
}

fn guarded() -> World {
    World::with(1, |setup| {
        setup.dead_man = Some(DeadManTiming { countdown_ms: 60_000, renew_ns: 20 * SECOND });
    })
}

fn bid(world: &mut World) {
    let wish = limit(Side::Buy, "1", "99");
    world.say(0, tradekeel::core::Intent::Place(ClientOrderId::default(), wish));
}

fn dead_man_runs_out() -> Provoked {
    let mut world = guarded();
    bid(&mut world);
    let armed = world.sent.iter().find_map(|sent| match sent {
        Sent::DeadMan(request) => Some(request.asked_ns),
        Sent::New(..)
        | Sent::Amend(..)
        | Sent::Cancel(_)
        | Sent::CancelAll(_)
        | Sent::Query(_)
        | Sent::Account
        | Sent::Stop(_) => None,
    });
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    (world, armed.unwrap() + 60 * SECOND)
}

/// A long of one, and the stop of it that was asked for.
fn stopped() -> (World, ClientOrderId) {
    let mut world = World::with(1, |setup| {
        let (distance_bps, working) = (500, WorkingPrice::Mark);
        let rule = StopRule { distance_bps, working, within_ns: SECOND };
        setup.limits.instruments[0].protective_stop = Some(rule);
    });
    world.take(Side::Buy, "1");
    let stop = world.placed_stops().next().unwrap();
    (world, stop)
}

fn stop_told(told: impl FnOnce(ClientOrderId) -> StopReportKind) -> Provoked {
    let (mut world, id) = stopped();
    let event_ns = world.now_ns();
    world.step(EventKind::Stop(StopReport { instrument: BTC, kind: told(id) }));
    (world, event_ns)
}

fn no_stop() -> Provoked {
    let (mut world, id) = stopped();
    world.faults.lost_requests = 1_000;
    let event_ns = world.now_ns();
    world.step(EventKind::Stop(StopReport { instrument: BTC, kind: StopReportKind::Over(id) }));
    (world, event_ns + SECOND)
}

fn stop_refused() -> Provoked {
    stop_told(|id| StopReportKind::Refused { id, code: -2021 })
}

fn stop_met() -> Provoked {
    stop_told(StopReportKind::Triggered)
}

fn stop_failed() -> Provoked {
    stop_told(StopReportKind::Failed)
}

fn dead_man_is_not_answered() -> Provoked {
    let mut world = guarded();
    world.faults.lost_requests = 1_000;
    bid(&mut world);
    now(world)
}

fn journal_late() -> Provoked {
    calm(|world| world.step(EventKind::Journal(JournalState::Late)))
}

fn rules_changed() -> Provoked {
    calm(|world| {
        let rules = instrument(BTC, "BTCUSDT").filters;
        let filters = Some(Filters { qty_min: qty("2"), ..rules });
        world.step(EventKind::Reference(ReferenceEvent { instrument: BTC, filters }));
    })
}

fn key_loses_its_rights() -> Provoked {
    calm(|world| world.step(EventKind::Account(AccountEvent::Key(KeyFitness::Unfit))))
}

fn hedge_tripped() -> Provoked {
    let mut world = crate::hedges::paired(OnTrip::Hold);
    crate::kill_switch::trip(&mut world);
    now(world)
}

/// Two seconds is what the group allows.
fn leg_left_open() -> Provoked {
    let mut world = crate::hedges::paired(OnTrip::Hold);
    world.take(Side::Buy, "1");
    let late_ns = world.now_ns() + 2 * SECOND;
    (world, late_ns)
}

fn hedge_completed() -> Provoked {
    let mut world = crate::hedges::paired(OnTrip::CompleteHedge);
    world.take(Side::Buy, "2");
    let short = OrderRequest { instrument: ETH, ..limit(Side::Sell, "10", "9.9") };
    world.wish(0, OrderRequest { kind: OrderKind::Ioc(price("9.9")), ..short }).unwrap();
    world.advance(20 * MS);
    crate::kill_switch::trip(&mut world);
    now(world)
}

fn flatten() -> Provoked {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.flatten();
    now(world)
}

fn flatten_without_a_price() -> Provoked {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.market_lives = false;
    world.market(BTC, MarketData::BookBegin);
    world.market(BTC, MarketData::Quote(Quote::default()));
    world.flatten();
    now(world)
}

fn trade_missed() -> Provoked {
    calm(|world| {
        world.history = History::Tells;
        world.open(Side::Buy, "2", "99");
        world.advance(20 * MS);
        world.trade(BTC, "98", "1", Side::Sell);
        world.lose_what_is_under_way();
        world.operator(OperatorCommand::Reconcile).unwrap();
    })
}

fn history_lost() -> Provoked {
    calm(|world| {
        world.history = History::Another;
        world.operator(OperatorCommand::Reconcile).unwrap();
    })
}
