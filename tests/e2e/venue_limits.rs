//! What the venue takes of us, and counts: told, and left for the way out.

use crate::support::{Deployment, ExchangeProcess, number};
use crate::{rest, spot_engine};
use serde_json::Value;

/// What was counted of the venue's limits: what, in how many seconds.
fn count(status: &Value, counted: &str, interval_s: u64) -> Option<u64> {
    let mut limits = status["rate_limits"].as_array()?.iter();
    let row = limits.find(|it| it["counted"] == counted && it["interval_s"] == interval_s)?;
    row["count"].as_u64()
}

/// Asks for deep books until the exchange has counted so much; looks by the cheapest question.
fn use_up(port: u16, weight: u32) {
    while rest::used_weight(port, "/fapi/v1/time") < weight {
        rest::used_weight(port, "/fapi/v1/depth?symbol=BTCUSDT&limit=1000");
    }
}

/// The weights are counted by address and not by key: a neighbour uses up ours.
#[test]
fn a_neighbour_that_uses_up_the_requests_leaves_the_way_out() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    deployment.until("something rests", |status| 0 < number(&status["orders"]["open"]));
    // A minute may end meanwhile, and the venue's count with it.
    let mut is_near = |status: &Value| {
        let is_told = count(status, "request weight", 60).is_some_and(|count| 2_100 <= count);
        if !is_told {
            use_up(exchange.port, 2_150);
        }
        is_told && status["venues"][0]["near_limit"] == true
    };
    deployment.until("it is near the limit", &mut is_near);
    deployment.until("nothing is opened", |status| {
        is_near(status);
        number(&status["denied"]["VenueLimit"]) != 0
    });
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "crowded"]);
    deployment.until("all is taken back", |status| {
        number(&status["orders"]["open"]) == 0 && number(&status["orders"]["unknown"]) == 0
    });
    assert!(!deployment.log().contains("the venue refuses requests"), "{}", deployment.log());
    engine.stop();
}

#[test]
fn what_the_venue_counts_is_told() {
    for (exchange, deployment, of_orders) in [
        (ExchangeProcess::start(), None, [10, 60]),
        (spot_engine::exchange(), Some(spot_engine::deployment()), [10, 86_400]),
    ] {
        let deployment = deployment.map_or_else(
            || Deployment::at(exchange.port),
            |deployment| deployment.remote(exchange.port),
        );
        let engine = deployment.trading();
        let status = deployment.until("it has counted", |status| {
            let orders = of_orders.map(|interval_s| count(status, "orders", interval_s));
            let weight = count(status, "request weight", 60);
            orders.iter().chain([&weight]).all(|count| count.is_some_and(|count| 0 < count))
        });
        let limits = status["rate_limits"].as_array().unwrap();
        assert!(limits.iter().all(|it| it["limit"].is_u64()), "{status}");
        engine.stop();
    }
}
