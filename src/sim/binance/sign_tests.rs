//! Signatures that widely used clients made, checked as the venue checks them: each of them orders,
//! encodes and places its parameters in its own way.

use super::params::Params;
use super::sign;
use crate::venue::key::Proof;
use serde_json::Value;

/// A block is a name, method and target, and the body where there is one; or a name and the text
/// of a socket.
const RECORDED: &str = include_str!("../../../tests/data/binance-usdm-client-requests.txt");
const SECRET: &str = "paper-secret";

struct Recorded<'a> {
    client: &'a str,
    /// What was signed, as it came.
    payload: Vec<u8>,
    signature: Vec<u8>,
}

fn recorded() -> Vec<Recorded<'static>> {
    let blocks = RECORDED.split("\n\n").filter(|block| !block.starts_with('#'));
    blocks.map(read).collect()
}

fn read(block: &str) -> Recorded<'_> {
    let mut lines = block.lines();
    let (client, first) = (lines.next().unwrap(), lines.next().unwrap());
    let (payload, signature) = match first.starts_with('{') {
        true => of_socket(first),
        false => {
            let (_, target) = first.split_once(' ').unwrap();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            let body = lines.next().unwrap_or_default();
            sign::split(query.as_bytes(), body.as_bytes()).unwrap()
        }
    };
    Recorded { client, payload, signature }
}

fn of_socket(text: &str) -> (Vec<u8>, Vec<u8>) {
    let message: Value = serde_json::from_str(text).unwrap();
    let params = Params::of_json(message["params"].as_object().unwrap()).unwrap();
    (params.sorted_payload(), params.need("signature").unwrap().as_bytes().to_vec())
}

#[test]
fn what_clients_sign_is_accepted_and_nothing_else() {
    let recorded = recorded();
    assert_eq!(recorded.len(), 24, "all blocks are read");
    let secret = Proof::Secret(SECRET.to_owned());
    for Recorded { client, payload, signature } in recorded {
        let checked = sign::check(&secret, &payload, &signature);
        if client.starts_with("refused ") {
            assert_eq!(checked.unwrap_err().code, -1022, "{client}");
            continue;
        }
        assert_eq!(checked, Ok(()), "{client}: {}", String::from_utf8_lossy(&payload));
        let mut changed = payload.clone();
        changed[0] ^= 1;
        assert_eq!(sign::check(&secret, &changed, &signature).unwrap_err().code, -1022, "{client}");
    }
}
