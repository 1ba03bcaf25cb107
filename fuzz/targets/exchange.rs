//! The simulated exchange, both of its markets on one port: requests of strangers, and of a client that signs whatever it says.
//!
//! A line is `METHOD /path?query`, a body behind a tab; or a text for a stream (`>`) or for order
//! entry (`:` futures, `;` spot), whose parameters are signed for it; or a mark of the market (`=`);
//! or milliseconds that pass (`@`), in which funding is paid and who cannot bear it is liquidated.
#![no_main]

mod world;

use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use tradekeel::sim::{AccountSpec, Fees, HttpRequest, Server, SpotAccount};
use tradekeel::types::{
    AssetId, BookDelta, Cash, DELTA_LEVELS, FundingRate, InstrumentId, InstrumentKind, Level, MarketData,
    MarketEvent, Price, Qty, Quote, Side,
};
use tradekeel::venue::key::Proof;
use world::{assets, instruments, lines};

const NOW_MS: u64 = 1_700_000_000_000;

fn exchange() -> Server {
    let account = AccountSpec {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balance: Cash::whole(100_000),
    };
    let balances = vec![(AssetId(0), Cash::whole(100_000)), (AssetId(2), Cash::whole(10))];
    let on_spot = SpotAccount { key: "key".to_owned(), proof: Proof::Secret("secret".to_owned()), balances };
    let mut listed = instruments();
    listed.iter_mut().for_each(|it| it.kind = InstrumentKind::Spot);
    let spot = Server::spot(listed, assets(), vec![on_spot], Fees::default());
    let mut server =
        Server::new(instruments(), assets(), vec![account], Fees::default()).beside(spot);
    server.set_funding_rate(FundingRate::parse_bps("250").expect("a rate within the bounds"));
    let (bid, ask, qty) = (Price::whole(100), Price::whole(101), Qty::whole(5));
    let levels = |price| [Level { price, qty }; DELTA_LEVELS];
    let level =
        |side, price| MarketData::BookDelta(BookDelta { side, count: 1, levels: levels(price) });
    for data in [
        MarketData::BookBegin,
        level(Side::Buy, bid),
        level(Side::Sell, ask),
        MarketData::BookEnd { update_id: 1 },
        MarketData::Quote(Quote { bid, bid_qty: qty, ask, ask_qty: qty }),
        MarketData::Mark(ask),
    ] {
        let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
        server.on_market(NOW_MS, &event);
    }
    server
}

fn signature(payload: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("any key will do");
    mac.update(payload);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn http(server: &mut Server, line: &str) {
    let (head, body) = line.split_once('\t').unwrap_or((line, ""));
    let (method, target) = head.split_once(' ').unwrap_or(("GET", head));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = format!("{query}&timestamp={NOW_MS}");
    let signed =
        format!("{path}?{query}&signature={}", signature(format!("{query}{body}").as_bytes()));
    for target in [target, &signed] {
        let body = body.as_bytes();
        server.on_http(NOW_MS, &HttpRequest { method, target, api_key: Some("key"), body });
    }
}

/// What the market says that one is worth.
fn mark(server: &mut Server, text: &str) {
    let Some(price) = Price::parse(text.as_bytes()) else { return };
    let data = MarketData::Mark(price);
    let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
    server.on_market(NOW_MS, &event);
}

/// Order entry: the parameters as they came, and signed.
fn api(server: &mut Server, connection: u64, text: &str) {
    server.on_text(NOW_MS, connection, text.as_bytes());
    let Ok(mut request) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let Some(params) = request.get_mut("params").and_then(|params| params.as_object_mut()) else {
        return;
    };
    params.insert("apiKey".to_owned(), "key".into());
    params.insert("timestamp".to_owned(), NOW_MS.into());
    params.remove("signature");
    let plain = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let mut pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    pairs.sort();
    params.insert("signature".to_owned(), signature(pairs.join("&").as_bytes()).into());
    server.on_text(NOW_MS, connection, request.to_string().as_bytes());
}

fuzz_target!(|bytes: &[u8]| {
    let mut server = exchange();
    let _ = server.on_open(NOW_MS, 1, "/stream");
    let _ = server.on_open(NOW_MS, 2, "/ws-fapi/v1");
    let _ = server.on_open(NOW_MS, 3, "/ws-api/v3");
    let _ = server.on_open(NOW_MS, 4, "/public/stream");
    for line in lines(bytes).filter_map(|line| std::str::from_utf8(line).ok()) {
        match line.split_at_checked(1) {
            Some((">", text)) => {
                server.on_text(NOW_MS, 1, text.as_bytes());
                server.on_text(NOW_MS, 4, text.as_bytes());
            }
            Some((":", text)) => api(&mut server, 2, text),
            Some((";", text)) => api(&mut server, 3, text),
            Some(("=", text)) => mark(&mut server, text),
            Some(("@", text)) => {
                let ms = text.parse().unwrap_or(0);
                server.advance(NOW_MS.saturating_add(ms));
            }
            _ => http(&mut server, line),
        }
    }
    server.drain().for_each(drop);
});
