//! What a key of an account is, by what an exchange knows its owner, and what it may do as its
//! venue tells it (SAFETY E3, R133, R134).
//!
//! Must hold: a permission that the venue does not tell is not known, and never "no"; no secret is
//! printed, and what held one is wiped.

use super::binance;
use super::{Answer, Call, DecodeError, VenueKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

/// Key and secret of an account. Never printed, wiped when dropped.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Credentials {
    key: String,
    secret: String,
}

impl Credentials {
    /// From what the configuration found.
    pub fn new(key: String, secret: String) -> Self {
        Self { key, secret }
    }

    /// The key: sent with every request, so not secret to the venue, but not for logs either.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The secret: for signing only.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Credentials(***)")
    }
}

/// How the PKCS#8 form of every Ed25519 key begins (RFC 8410, version 1): its seed follows.
const ED25519_HEAD: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The seed of an Ed25519 key, where a secret is one: what stands between the lines of its PEM
/// file, as OpenSSL and the venues' own tools write it. `None` for a secret of any other kind. No
/// secret that a venue made for HMAC begins like this: its first 21 characters are always the same.
pub fn ed25519_seed(secret: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(secret).ok()?);
    let seed = bytes.strip_prefix(&ED25519_HEAD)?;
    <[u8; 32]>::try_from(seed).ok().map(Zeroizing::new)
}

/// How every Ed25519 public key begins (RFC 8410): the 32 bytes of the key follow.
const ED25519_PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// An Ed25519 public key: its PEM file, or what stands between the lines of one. `None` for
/// anything else.
pub fn ed25519_public_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let body = match text.strip_prefix("-----BEGIN PUBLIC KEY-----") {
        Some(inner) => inner.strip_suffix("-----END PUBLIC KEY-----")?,
        None => text,
    };
    let body: String = body.split_ascii_whitespace().collect();
    let bytes = BASE64_STANDARD.decode(body).ok()?;
    bytes.strip_prefix(&ED25519_PUBLIC_HEAD)?.try_into().ok()
}

/// By what an exchange knows that a request is of the owner of an account.
#[derive(Clone, Eq, PartialEq)]
pub enum Proof {
    /// An HMAC with the secret that both of them know.
    Secret(String),
    /// A signature with the private half of this Ed25519 key.
    PublicKey([u8; 32]),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Secret(_) => "Secret(***)",
            Self::PublicKey(_) => "PublicKey(***)",
        })
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyPermissions {
    /// Read the account.
    pub reads: bool,
    /// Trade what this kind of venue trades.
    pub trades: bool,
    /// Send money away.
    pub withdraws: bool,
    /// Move money to other accounts of the same owner or of others at the venue.
    pub transfers: bool,
    /// Trade on other markets than this kind of venue's, or borrow.
    pub trades_elsewhere: bool,
    /// Only from addresses that its owner named.
    pub is_bound_to_addresses: bool,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_unix_ms: u64,
}

#[cfg(test)]
impl KeyPermissions {
    /// Of a key that nothing speaks against, made as long ago as can be.
    pub const GOOD: Self = Self {
        reads: true,
        trades: true,
        withdraws: false,
        transfers: false,
        trades_elsewhere: false,
        is_bound_to_addresses: true,
        created_unix_ms: 0,
    };
}

/// The question after the permissions of the key that it is signed with, for the address at which
/// the venue answers it.
pub fn permissions_call(
    kind: VenueKind,
    credentials: &Credentials,
    recv_window_ms: u32,
    venue_unix_ms: u64,
) -> Call {
    match kind {
        VenueKind::BinanceSpot | VenueKind::BinanceUsdm => {
            binance::permissions_call(credentials, recv_window_ms, venue_unix_ms)
        }
    }
}

/// What the answer to [`permissions_call`] says.
///
/// # Errors
/// [`DecodeError`] when any of it is missing, or the venue refused.
pub fn permissions(kind: VenueKind, answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    match kind {
        VenueKind::BinanceSpot => binance::spot::permissions(answer),
        VenueKind::BinanceUsdm => binance::usdm::permissions(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The venue's own example (spot sheet section 2).
    const BODY: &str = "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u";

    #[test]
    fn a_seed_is_taken_out_of_the_one_form_that_holds_it() {
        let seed = ed25519_seed(BODY).unwrap();
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "8244616b4606b8400a66fd0efcbea9af1611fd2540e975b3808b20007d9bcf6e");
        let hmac = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
        assert_eq!(hmac.len(), BODY.len());
        for other in [hmac, "", &BODY[..60], &BODY.replacen("MC4", "MC5", 1), "paper-secret"] {
            assert_eq!(ed25519_seed(other), None, "{other}");
        }
    }

    /// The public half of the same key.
    const PUBLIC: &str = "MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=";

    #[test]
    fn a_public_key_is_taken_out_of_its_file_or_of_one_line() {
        let (head, tail) = ("-----BEGIN PUBLIC KEY-----\n", "\n-----END PUBLIC KEY-----\n");
        for text in [PUBLIC.to_owned(), format!("{head}{PUBLIC}{tail}"), format!(" {PUBLIC}\n")] {
            let key = ed25519_public_key(&text).unwrap();
            let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let told = "19420abfd752a565c15625e9da6eaf0086fc40c14960183214442c14996a800d";
            assert_eq!(hex, told, "{text}");
        }
        let private = BODY.to_owned();
        for other in
            [private, String::new(), format!("{head}{PUBLIC}"), PUBLIC.replace("VwAy", "VuAy")]
        {
            assert_eq!(ed25519_public_key(&other), None, "{other}");
        }
    }

    #[test]
    fn a_proof_is_never_printed() {
        let shown = format!("{:?} {:?}", Proof::Secret("abc".into()), Proof::PublicKey([65; 32]));
        assert_eq!(shown, "Secret(***) PublicKey(***)");
    }
}
