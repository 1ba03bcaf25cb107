//! The rounds of getting out: read, take back, close, read again.
//!
//! Must hold: as the module above says. Questions are repeated, because they change nothing; what
//! is sent is sent once, and the next reading tells what came of it.

use super::super::clock::Clock;
use super::super::link;
use super::{PanicAct, PanicError, PanicPlan, Scene, TRIES_MAX};
use crate::core::exit_slice;
use crate::core::safety::exit_price;
use crate::net::http::HttpClient;
use crate::types::{Filters, MS, Qty, Side};
use crate::venue::panic::{Held, PanicDialect, PanicExit, RestingKey};
use crate::venue::{Answer, Blame, Call, DecodeError, Retry, meaning};
use std::fmt;
use std::time::Duration;

/// Between two rounds, and between two tries of a question.
const PAUSE: Duration = Duration::from_secs(1);

/// Readings in a row that must say zero: an order that was on its way shows in the second.
const READINGS_OF_ZERO: u32 = 2;

/// More symbols than these are not asked after one by one.
const SYMBOLS_MAX: usize = 20;

/// Longest rest that a venue is believed when it says that it is asked too often, seconds.
const REST_S_MAX: u32 = 120;

/// The way out, as far as it has been gone.
pub(super) struct Way<'a> {
    plan: &'a PanicPlan,
    dialect: Box<dyn PanicDialect>,
    client: HttpClient,
    clock: Clock,
    /// The venue's time when our own monotonic clock began.
    epoch_ms: Option<u64>,
    sent: u32,
    say: &'a mut dyn FnMut(fmt::Arguments<'_>),
}

impl<'a> Way<'a> {
    pub(super) fn new(
        plan: &'a PanicPlan,
        dialect: Box<dyn PanicDialect>,
        client: HttpClient,
        clock: Clock,
        say: &'a mut dyn FnMut(fmt::Arguments<'_>),
    ) -> Self {
        Self { plan, dialect, client, clock, epoch_ms: None, sent: 0, say }
    }
}

impl Way<'_> {
    pub(super) async fn out(&mut self) -> Result<(), PanicError> {
        let mut rules = Vec::new();
        let (mut best, mut idle, mut zeros) = (None, 0, 0);
        let everything = self.plan.symbols.clone();
        let mut symbols = everything.clone();
        loop {
            let scene = self.read(&symbols).await?;
            (self.say)(format_args!("{scene}"));
            if scene.is_zero() {
                zeros += u32::from(symbols == everything);
                if zeros == READINGS_OF_ZERO {
                    return Ok(());
                }
                symbols.clone_from(&everything);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            zeros = 0;
            let left = scene.left();
            idle = if best.is_none_or(|best| left < best) { 0 } else { idle + 1 };
            best = Some(best.map_or(left, |best: (i128, usize)| best.min(left)));
            if super::IDLE_ROUNDS_MAX <= idle {
                return Err(PanicError::NotZero { left: scene.to_string() });
            }
            self.cancel(&scene).await;
            if rules.is_empty() && !scene.held.is_empty() {
                let read = |dialect: &dyn PanicDialect, answers: &[Answer]| {
                    dialect.on_rules(first(answers)?)
                };
                rules = self.ask("the venue's rules", |it, _| vec![it.rules_call()], read).await?;
            }
            for held in &scene.held {
                self.exit(held, &rules).await?;
            }
            symbols = scene.symbols();
            if SYMBOLS_MAX < symbols.len() {
                symbols.clone_from(&everything);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The venue's own word on what stands and what is held.
    async fn read(&mut self, symbols: &[String]) -> Result<Scene, PanicError> {
        // Measured with each round: a signature carries the venue's time, not ours (SAFETY E10).
        self.epoch_ms = None;
        let calls = |it: &dyn PanicDialect, at| it.positions_calls(at);
        let read = |dialect: &dyn PanicDialect, answers: &[Answer]| dialect.on_positions(answers);
        let held = match self.plan.act {
            PanicAct::CancelAll => Vec::new(),
            PanicAct::Flatten => self.ask("positions", calls, read).await?,
        };
        let calls = |it: &dyn PanicDialect, at| it.orders_calls(symbols, at);
        let orders = self.ask("open orders", calls, |it, answers| it.on_orders(answers)).await?;
        Ok(self.plan.scene(orders, held))
    }

    /// Takes back what is to go: symbol by symbol where nothing of it stays, else one by one.
    async fn cancel(&mut self, scene: &Scene) {
        let mut swept: Vec<&str> = Vec::new();
        for order in &scene.orders {
            let symbol = order.symbol.as_str();
            let whole = matches!(order.key, RestingKey::Order(_))
                && scene.kept.iter().all(|it| it != symbol);
            if whole && swept.contains(&symbol) {
                continue;
            }
            let Some(at_ms) = self.venue_ms().await else { return };
            if whole {
                swept.push(symbol);
                let call = self.dialect.cancel_all_call(symbol, at_ms);
                self.send(&format!("cancel all of {symbol}"), &call).await;
            } else {
                let call = self.dialect.cancel_call(order, at_ms);
                self.send(&format!("cancel {} of {symbol}", order.key), &call).await;
            }
        }
    }

    /// Sends one exit for a position, as large as one order may be.
    async fn exit(&mut self, held: &Held, rules: &[(String, Filters)]) -> Result<(), PanicError> {
        let symbol = held.symbol.as_str();
        let found = rules.iter().find(|(known, _)| known == symbol).map(|(_, filters)| *filters);
        let Some(filters) = found else {
            (self.say)(format_args!("{symbol}: the venue lists no rules for it; close it by hand"));
            return Ok(());
        };
        let qty = exit_slice(held.qty.abs(), &filters);
        if qty == Qty::ZERO {
            (self.say)(format_args!("{symbol}: {} is less than the venue takes", held.qty));
            return Ok(());
        }
        let read =
            |dialect: &dyn PanicDialect, answers: &[Answer]| dialect.on_quote(first(answers)?);
        let quote = self.ask("the price", |it, _| vec![it.quote_call(symbol)], read).await?;
        let side = Side::reducing(held.qty).unwrap_or(Side::Sell);
        let Some(price) = exit_price(&quote, held.mark, side, self.plan.cap_bps, &filters) else {
            (self.say)(format_args!("{symbol}: nobody is there to trade with; trying again"));
            return Ok(());
        };
        let Some(at_ms) = self.venue_ms().await else { return Ok(()) };
        self.sent += 1;
        let id = format!("panic_{at_ms}_{}", self.sent);
        let (symbol, leg) = (held.symbol.clone(), held.leg);
        let exit = PanicExit { symbol, leg, side, qty, price, id };
        let verb = if side == Side::Buy { "buy" } else { "sell" };
        let what = format!("{verb} {qty} of {} at {price} or better, to reduce", exit.symbol);
        let call = self.dialect.exit_call(&exit, at_ms);
        self.send(&what, &call).await;
        Ok(())
    }

    /// Sends once. What came of it, the next reading tells.
    async fn send(&mut self, what: &str, call: &Call) {
        let answer = link::call(&self.client, call).await;
        let taken = answer.as_ref().map(|answer| self.dialect.on_taken(answer));
        match taken {
            Ok(Ok(())) => (self.say)(format_args!("{what}: taken")),
            Ok(Err(error)) => (self.say)(format_args!("{what}: {error}; asking what stands")),
            Err(error) => (self.say)(format_args!("{what}: {error}; asking what stands")),
        }
        if let Ok(answer) = answer {
            self.rest(&answer).await;
        }
    }

    /// Asks until there is an answer that can be used. Asking changes nothing, so it may be
    /// repeated.
    async fn ask<T>(
        &mut self,
        what: &'static str,
        calls: impl Fn(&dyn PanicDialect, u64) -> Vec<Call>,
        read: impl Fn(&dyn PanicDialect, &[Answer]) -> Result<T, DecodeError>,
    ) -> Result<T, PanicError> {
        let mut why = String::new();
        for _ in 0..TRIES_MAX {
            why = match self.ask_once(&calls, &read).await {
                Ok(told) => return Ok(told),
                Err(PanicError::Unreadable { why, .. }) => why,
                Err(error) => return Err(error),
            };
            (self.say)(format_args!("{what}: {why}; asking again"));
            tokio::time::sleep(PAUSE).await;
        }
        Err(PanicError::Unreadable { what, why })
    }

    async fn ask_once<T>(
        &mut self,
        calls: impl Fn(&dyn PanicDialect, u64) -> Vec<Call>,
        read: impl Fn(&dyn PanicDialect, &[Answer]) -> Result<T, DecodeError>,
    ) -> Result<T, PanicError> {
        let unreadable = |why: String| PanicError::Unreadable { what: "", why };
        let at_ms = self.measure().await.map_err(unreadable)?;
        let mut answers = Vec::new();
        for call in calls(self.dialect.as_ref(), at_ms) {
            let answer = link::call(&self.client, &call).await;
            let answer = answer.map_err(|error| unreadable(error.to_string()))?;
            self.rest(&answer).await;
            answers.push(answer);
        }
        read(self.dialect.as_ref(), &answers).map_err(|error| {
            // A signature that is too old, or not: measured again before the next try.
            self.epoch_ms = None;
            if self.is_hopeless(&error) {
                PanicError::Key(error)
            } else {
                unreadable(error.to_string())
            }
        })
    }

    /// True where only a person can make it better.
    fn is_hopeless(&self, error: &DecodeError) -> bool {
        let DecodeError::Refused { status, code, text } = error else { return false };
        let meant = meaning(self.plan.venue.0, *status, *code, text);
        meant.blame == Blame::Operator && meant.retry == Retry::Never
    }

    /// Obeys a venue that is asked too often.
    async fn rest(&mut self, answer: &Answer) {
        if matches!(answer.status, 429 | 418) {
            let rest_s = answer.retry_after_s.unwrap_or(1).min(REST_S_MAX);
            (self.say)(format_args!("the venue is asked too often; resting {rest_s} s"));
            tokio::time::sleep(Duration::from_secs(rest_s.into())).await;
        }
    }

    /// The venue's time, for a signature; says so where it cannot be had.
    async fn venue_ms(&mut self) -> Option<u64> {
        match self.measure().await {
            Ok(at_ms) => Some(at_ms),
            Err(why) => {
                (self.say)(format_args!("the venue's clock: {why}; asking what stands"));
                None
            }
        }
    }

    /// The venue's time as estimated, measured where it is not known.
    async fn measure(&mut self) -> Result<u64, String> {
        if self.epoch_ms.is_none() {
            self.client.warm_up().await.map_err(|error| error.to_string())?;
            let before_ns = self.clock.mono_ns();
            let answer = link::call(&self.client, &self.dialect.clock_call()).await;
            let answer = answer.map_err(|error| error.to_string())?;
            self.rest(&answer).await;
            let told_ms = self.dialect.on_clock(&answer).map_err(|error| error.to_string())?;
            let middle_ns = before_ns.midpoint(self.clock.mono_ns());
            self.epoch_ms = Some(told_ms.saturating_sub(middle_ns / MS));
        }
        Ok(self.epoch_ms.unwrap_or(0).saturating_add(self.clock.mono_ns() / MS))
    }
}

fn first(answers: &[Answer]) -> Result<&Answer, DecodeError> {
    answers.first().ok_or(DecodeError::Field("answers"))
}
