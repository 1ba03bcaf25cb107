//! Messages of the private stream, from the sheet and from the venue's own client.

use super::*;
use crate::types::{AssetId, ClientOrderId, ForeignOrder, InstrumentId, Price, Side, VenueId};
use crate::venue::binance::support::{Dice, credentials, spot_directory};

/// Worked example of the sheet as a trade of one of our orders.
const TRADE: &str = r#"{"subscriptionId":0,"event":{"e":"executionReport","E":1499405658658,
    "s":"BTCUSDT","c":"tkp1-1-z","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000",
    "p":"7100.50000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE",
    "X":"PARTIALLY_FILLED","r":"NONE","i":4293153,"l":"0.00100000","z":"0.00100000",
    "L":"7100.50000000","n":"0.00000100","N":"BTC","T":1499405658657,"t":77,"I":8641984,
    "w":true,"m":true,"M":false,"O":1499405658657,"Z":"7.10050000","Y":"7.10050000",
    "Q":"0.00000000","W":1499405658657,"V":"NONE"}}"#;

const ID: ClientOrderId = ClientOrderId { epoch: 1, sequence: 35 };

fn user() -> User {
    User::new(&spot_directory(&["BTCUSDT"]), &credentials())
}

fn read(text: &str) -> Result<Vec<UserEvent>, DecodeError> {
    let mut out = Vec::new();
    user().on_message(text.as_bytes(), &mut out).map(|()| out)
}

/// The only report in a message, and whether the account must be read as well.
fn report(text: &str) -> (ExecutionReport, bool) {
    let out = read(text).unwrap();
    let Some(UserEvent::Execution(report)) = out.first() else { panic!("{out:?}") };
    (*report, out[1..] == [UserEvent::AccountChanged])
}

/// The worked example as another execution type and status, without a trade in it.
fn told(execution: &str, status: &str) -> String {
    TRADE
        .replace("\"x\":\"TRADE\"", &format!("\"x\":\"{execution}\""))
        .replace("PARTIALLY_FILLED", status)
        .replace("\"l\":\"0.00100000\"", "\"l\":\"0\"")
        .replace("\"t\":77", "\"t\":-1")
        .replace("\"N\":\"BTC\"", "\"N\":null")
}

#[test]
fn the_stream_is_a_signed_subscription_on_the_api() {
    let user = user();
    let UserOpening::Subscription(stream) = user.opening() else { panic!("a key") };
    assert_eq!((stream.base, stream.target.as_str()), (StreamBase::OrderEntry, "/ws-api/v3"));
    let text = user.subscription(1_702_555_533_821);
    let message: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(message["method"], "userDataStream.subscribe.signature");
    let key = credentials().key().to_owned();
    let payload = format!("apiKey={key}&recvWindow=5000&timestamp=1702555533821");
    let mut signature = Vec::new();
    Signer::new(&credentials(), 0).write(payload.as_bytes(), &mut signature);
    assert_eq!(message["params"]["signature"].as_str().unwrap().as_bytes(), signature);
    assert_eq!(user.keep_alive(), None);
}

#[test]
fn only_the_answer_to_the_subscription_says_that_it_is_one() {
    let yes = r#"{"id":"user","status":200,"result":{"subscriptionId":0},"rateLimits":[]}"#;
    assert_eq!(read(yes), Ok(vec![UserEvent::Subscribed]));
    assert_eq!(read(&yes.replacen("user", "other", 1)), Ok(Vec::new()));
    let no = r#"{"id":"user","status":400,"error":{"code":-1022,"msg":"Signature"}}"#;
    assert!(matches!(read(no), Err(DecodeError::Refused { code: -1022, .. })));
    let mut out = Vec::new();
    let gone = r#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key"}}"#;
    assert!(user().on_message(gone.as_bytes(), &mut out).is_err());
    assert_eq!(out, [UserEvent::Expired], "it will say no more");
}

#[test]
fn a_trade_is_told_with_all_that_it_cost() {
    let (report, is_changed) = report(TRADE);
    let fill = Fill {
        trade_id: 77,
        side: Side::Buy,
        price: Price::parse(b"7100.5").unwrap(),
        qty: Qty::parse(b"0.001").unwrap(),
        cum_qty: Qty::parse(b"0.001").unwrap(),
        fee: Some(Fee { asset: AssetId(2), amount: Cash::parse(b"0.000001").unwrap() }),
        liquidity: Liquidity::Maker,
    };
    let expected = ExecutionReport {
        instrument: InstrumentId(0),
        order: OrderRef::Ours(ID),
        venue_order_id: Some(4_293_153),
        transact_unix_ms: Some(1_499_405_658_657),
        kind: ExecutionKind::Trade(fill),
    };
    assert_eq!((report, is_changed), (expected, false));
}

#[test]
fn a_fee_in_an_asset_that_nobody_named_has_the_account_read() {
    let (report, is_changed) = report(&TRADE.replace("\"N\":\"BTC\"", "\"N\":\"DOGE\""));
    let ExecutionKind::Trade(fill) = report.kind else { panic!("{report:?}") };
    assert_eq!((fill.fee, is_changed), (None, true));
}

#[test]
fn each_execution_type_is_what_it_says() {
    let cum_qty = Qty::parse(b"0.001").unwrap();
    let rows = [
        ("NEW", "NEW", ExecutionKind::New, false),
        ("CANCELED", "CANCELED", ExecutionKind::Canceled { cum_qty }, false),
        ("EXPIRED", "EXPIRED", ExecutionKind::Expired { cum_qty }, false),
        (
            "TRADE_PREVENTION",
            "EXPIRED_IN_MATCH",
            ExecutionKind::Status { status: crate::types::OrderStatus::Expired, cum_qty },
            true,
        ),
        (
            "REJECTED",
            "REJECTED",
            ExecutionKind::Status { status: crate::types::OrderStatus::Rejected, cum_qty },
            true,
        ),
    ];
    for (execution, status, kind, is_changed) in rows {
        let (report, changed) = report(&told(execution, status));
        assert_eq!((report.kind, changed), (kind, is_changed), "{execution}");
    }
    assert!(read(&told("TRADE", "FILLED")).is_err(), "a trade without a number");
    assert_eq!(read(&told("DANCED", "DANCING")), Ok(vec![UserEvent::AccountChanged]));
}

#[test]
fn a_cancel_and_an_amend_are_of_the_order_that_they_name_beside_their_own_id() {
    let cancel = told("CANCELED", "CANCELED")
        .replace("\"c\":\"tkp1-1-z\"", "\"c\":\"9x\"")
        .replace("\"C\":\"\"", "\"C\":\"tkp1-1-z\"");
    assert_eq!(report(&cancel).0.order, OrderRef::Ours(ID));
    let others = cancel.replace("\"C\":\"tkp1-1-z\"", "\"C\":\"web_7\"");
    assert_eq!(report(&others).0.order, OrderRef::Foreign(ForeignOrder::Manual));
    let amend = told("REPLACED", "NEW")
        .replace("\"c\":\"tkp1-1-z\"", "\"c\":\"9x\"")
        .replace("\"C\":\"\"", "\"C\":\"tkp1-1-z\"");
    let (told, is_changed) = report(&amend);
    assert_eq!((told.order, is_changed), (OrderRef::Ours(ID), true));
    assert!(matches!(told.kind, ExecutionKind::Amended { .. }));
}

#[test]
fn money_that_comes_or_goes_is_a_transfer() {
    let update = |asset: &str, amount: &str| {
        format!(
            r#"{{"subscriptionId":0,"event":{{"e":"balanceUpdate","E":1,"a":"{asset}","d":"{amount}","T":1}}}}"#
        )
    };
    let (venue, cause) = (VenueId(0), BalanceCause::Transfer);
    let amount = Cash::whole(-100);
    let expected = UserEvent::Balance(BalanceChange { venue, asset: AssetId(2), amount, cause });
    assert_eq!(read(&update("BTC", "-100.00000000")), Ok(vec![expected]));
    assert_eq!(read(&update("DOGE", "1")), Ok(vec![UserEvent::AccountChanged]));
    assert_eq!(read(&update("BTC", "0")), Ok(Vec::new()));
    assert!(read(&update("BTC", "much")).is_err());
}

#[test]
fn wallets_after_a_trade_are_passed_over_and_the_end_is_heard() {
    let event =
        |event: &str| read(&format!(r#"{{"subscriptionId":0,"event":{{"e":"{event}","E":1}}}}"#));
    assert_eq!(event("outboundAccountPosition"), Ok(Vec::new()));
    assert_eq!(event("listStatus"), Ok(Vec::new()));
    assert_eq!(event("externalLockUpdate"), Ok(vec![UserEvent::AccountChanged]));
    assert_eq!(event("eventStreamTerminated"), Ok(vec![UserEvent::Expired]));
    for notice in [r#"{"e":"serverShutdown","E":1}"#, r#"{"event":{"e":"serverShutdown","E":1}}"#] {
        assert_eq!(read(notice), Ok(Vec::new()), "the stream goes on until then");
        assert!(user().announces_end(notice.as_bytes()));
    }
}

#[test]
fn an_order_of_a_symbol_that_nobody_named_has_the_account_read() {
    let other = TRADE.replace("BTCUSDT", "DOGEUSDT");
    assert_eq!(read(&other), Ok(vec![UserEvent::AccountChanged]));
}

#[test]
fn no_message_makes_it_panic() {
    let mut user = user();
    let mut out = Vec::new();
    for broken in Dice(59).broken(TRADE.as_bytes(), 3_000) {
        let _ = user.on_message(&broken, &mut out);
    }
}
