//! Where to connect: `http|https|ws|wss://host[:port][/path]`, parsed once.
//!
//! Must hold: an [`Address`] can be dialled and written into a request line as it is: the host is
//! not empty, the port is not 0, and neither blanks nor control characters are inside.
//! Not here: user names and fragments, which have no place in a venue's address.

use std::fmt;

use super::NetError;

/// How to speak on the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Plain HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// Plain WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Scheme {
    /// Whether the connection is inside TLS.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::Wss)
    }

    /// Whether the connection is upgraded to a WebSocket.
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// As written in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    fn default_port(self) -> u16 {
        if self.is_secure() { 443 } else { 80 }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Http, Self::Https, Self::Ws, Self::Wss]
            .into_iter()
            .find(|scheme| text.eq_ignore_ascii_case(scheme.name()))
    }
}

/// One endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    scheme: Scheme,
    host: String,
    port: u16,
    target: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`NetError::Address`] names the first fault.
    pub fn parse(text: &str) -> Result<Self, NetError> {
        Self::read(text).map_err(|fault| NetError::Address { text: text.to_owned(), fault })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if text.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err("blanks, control characters and non-ASCII letters are not allowed");
        }
        let (scheme, rest) = text.split_once("://").ok_or("no scheme")?;
        let scheme = Scheme::parse(scheme).ok_or("the scheme is not http, https, ws or wss")?;
        if rest.contains('#') {
            return Err("a fragment (#) is never sent; remove it");
        }
        let split = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(split);
        if authority.contains('@') {
            return Err("a user name does not belong into an address");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None => scheme.default_port(),
            Some(digits) => read_port(digits)?,
        };
        let target = match target.as_bytes().first() {
            None => "/".to_owned(),
            Some(b'/') => target.to_owned(),
            Some(_) => format!("/{target}"),
        };
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port, target })
    }

    /// How to speak.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Name or IP address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, starting with `/`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The same endpoint with another path and query.
    ///
    /// # Errors
    /// [`NetError::Address`] when the target does not start with `/` or holds what cannot be sent.
    pub fn with_target(&self, target: &str) -> Result<Self, NetError> {
        if !target.starts_with('/') {
            let fault = "the path does not start with /";
            return Err(NetError::Address { text: target.to_owned(), fault });
        }
        Self::parse(&format!("{}://{}{target}", self.scheme.name(), self.host_and_port()))
    }

    /// `host:port`, for people and for dialling.
    pub fn host_and_port(&self) -> String {
        format!("{}:{}", self.bracketed_host(), self.port)
    }

    /// The value of the `Host` header: the port only where it is not the scheme's own (RFC 9110).
    pub fn host_header(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.bracketed_host()
        } else {
            self.host_and_port()
        }
    }

    fn bracketed_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.host_header(), self.target)
    }
}

/// Splits `host[:port]` or `[v6][:port]`.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("the bracket [ is not closed")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err("the brackets do not hold an IPv6 address");
            }
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return Err("only :port may follow the bracket ]"),
            }
        }
        None => match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address needs brackets");
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err("no host");
    }
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if !host.bytes().all(is_host) {
        return Err("the host has a character that no host name has");
    }
    Ok((host, port))
}

fn read_port(digits: &str) -> Result<u16, &'static str> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the port is not a number");
    }
    match digits.parse() {
        Ok(0) | Err(_) => Err("the port is not between 1 and 65535"),
        Ok(port) => Ok(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_written_back() {
        for (text, host, port, target, back) in [
            ("ws://h", "h", 80, "/", "ws://h/"),
            ("WSS://H.example", "h.example", 443, "/", "wss://h.example/"),
            ("wss://h:9443/ws", "h", 9443, "/ws", "wss://h:9443/ws"),
            ("https://h:443/a?b=c", "h", 443, "/a?b=c", "https://h/a?b=c"),
            ("http://h?b=c", "h", 80, "/?b=c", "http://h/?b=c"),
            ("http://127.0.0.1:1", "127.0.0.1", 1, "/", "http://127.0.0.1:1/"),
            ("ws://[::1]:65535/x", "::1", 65535, "/x", "ws://[::1]:65535/x"),
            ("ws://[::1]", "::1", 80, "/", "ws://[::1]/"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host(), address.port(), address.target()), (host, port, target));
            assert_eq!(address.to_string(), back);
        }
    }

    #[test]
    fn a_wrong_address_is_refused_with_its_fault() {
        for (text, part) in [
            ("", "no scheme"),
            ("h:1", "no scheme"),
            ("ftp://h", "not http"),
            ("ws://", "no host"),
            ("ws:///x", "no host"),
            ("ws://:80", "no host"),
            ("ws://h:", "between"),
            ("ws://h:0", "between"),
            ("ws://h:65536", "between"),
            ("ws://h:+80", "not a number"),
            ("ws://h:8x", "not a number"),
            ("ws://::1", "brackets"),
            ("ws://[::1", "not closed"),
            ("ws://[h]", "IPv6"),
            ("ws://[::1]80", "may follow"),
            ("ws://u:p@h", "user name"),
            ("ws://h/#x", "fragment"),
            ("ws://h /x", "blanks"),
            ("ws://h/\r\nx", "control"),
            ("ws://h\u{e4}", "non-ASCII"),
            ("ws://h|x", "no host name has"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn another_target_keeps_the_endpoint() {
        let address = Address::parse("wss://[::1]:9/a").unwrap();
        let other = address.with_target("/stream?x=y").unwrap();
        assert_eq!(other.to_string(), "wss://[::1]:9/stream?x=y");
        assert!(address.with_target("stream").is_err());
        assert!(address.with_target("/a b").is_err());
    }
}
