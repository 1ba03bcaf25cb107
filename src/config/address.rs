//! Addresses of venues, and which of them trade real money.

use hyper::Uri;
use hyper::http::uri::Authority;

/// The address without a slash at its end; `None` unless it is one of the schemes, a host and
/// perhaps a port, and nothing else. A user name or a path in it could hide where it leads.
pub(super) fn read(text: &str, schemes: &[&str]) -> Option<String> {
    let scheme = schemes.iter().find(|scheme| text.starts_with(**scheme))?;
    let rest = text.strip_prefix(scheme)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let authority: Authority = rest.parse().ok()?;
    let plain = !rest.contains('@') && !authority.host().is_empty();
    let port_is_sound = match rest.rsplit_once(':') {
        Some((_, port)) if !rest.ends_with(']') => port.parse::<u16>().is_ok_and(|port| 0 < port),
        _ => true,
    };
    (plain && port_is_sound).then(|| format!("{scheme}{}", rest.to_ascii_lowercase()))
}

/// The REST address that a person gave: sound, and not one where others could read a signature.
///
/// # Errors
/// A sentence that says what it must be.
pub fn rest_address(text: &str) -> Result<String, String> {
    let read =
        read(text, &["https://", "http://"]).ok_or("write https://HOST or https://HOST:PORT")?;
    if is_exposed(&read) {
        return Err("plain http leaves this machine readable by others; use https://".to_owned());
    }
    Ok(read)
}

/// The host of a checked address, without brackets and without a dot at its end.
fn host(address: &str) -> String {
    let uri: Option<Uri> = address.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    host.trim_matches(['[', ']']).trim_end_matches('.').to_owned()
}

/// True when orders sent there trade real money: any host of Binance that is not named a demo or a
/// test network.
pub(super) fn is_live(address: &str) -> bool {
    let host = host(address);
    let is_binance = host == "binance.com" || host.ends_with(".binance.com");
    let first = host.split('.').next().unwrap_or_default();
    is_binance && !first.starts_with("demo") && !first.starts_with("testnet")
}

/// True when what is sent there can be read or changed on its way: plain text that leaves this
/// machine.
pub(super) fn is_exposed(address: &str) -> bool {
    let is_plain = address.starts_with("http://") || address.starts_with("ws://");
    let is_here = ["127.0.0.1", "::1", "localhost"].contains(&host(address).as_str());
    is_plain && !is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &[&str] = &["https://", "http://"];

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        let rows = [
            ("https://fapi.binance.com", Some("https://fapi.binance.com")),
            ("https://FAPI.binance.com/", Some("https://fapi.binance.com")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://[::1]", Some("http://[::1]")),
            ("wss://fapi.binance.com", None),
            ("fapi.binance.com", None),
            ("https://", None),
            ("https:///", None),
            ("https://:80", None),
            ("https://host:0", None),
            ("https://host:65536", None),
            ("https://host:", None),
            ("https://me@fapi.binance.com", None),
            ("https://host/path", None),
            ("https://host?query", None),
            ("https://host name", None),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text, REST).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn knows_where_real_money_is_traded() {
        let live = [
            "https://fapi.binance.com",
            "wss://ws-fapi.binance.com:443",
            "https://fapi.binance.com.",
            "https://binance.com",
            "https://api.demo.binance.com",
        ];
        let simulated = [
            "https://demo-fapi.binance.com",
            "https://testnet.binance.com",
            "https://testnet.binancefuture.com",
            "http://127.0.0.1:9000",
            "https://notbinance.com",
        ];
        assert!(live.iter().all(|address| is_live(address)));
        assert!(simulated.iter().all(|address| !is_live(address)));
    }

    #[test]
    fn plain_text_may_not_leave_the_machine() {
        let exposed = ["http://venue.example", "ws://10.0.0.1:80", "http://localhost.example"];
        let fine =
            ["https://venue.example", "ws://127.0.0.1:9", "http://localhost:9", "ws://[::1]:9"];
        assert!(exposed.iter().all(|address| is_exposed(address)));
        assert!(fine.iter().all(|address| !is_exposed(address)));
    }
}
