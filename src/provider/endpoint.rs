//! Where requests go: which hosts may be sent the admin key at all.
//!
//! Developer shells often export a gateway as `OPENAI_BASE_URL`. An admin key must not reach one by accident, so any
//! host but the API's own and this machine has to be named a second time, by the person who runs the command.

use url::{Host, Url};

/// The API's base (API contract, section 1).
const BASE_DEFAULT: &str = "https://api.openai.com/v1";
/// The API's host.
const HOST_DEFAULT: &str = "api.openai.com";

/// The base of every request: https, or http to this machine; a host that may have the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
}

/// Why a text cannot be the base of requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL with a host.
    #[error("OPENAI_BASE_URL is not a URL such as {BASE_DEFAULT}: {reason}")]
    NotAUrl {
        /// What the URL grammar objects to.
        reason: String,
    },
    /// Neither http nor https.
    #[error(
        "OPENAI_BASE_URL has the scheme `{scheme}`, and only https is taken, or http to this machine"
    )]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// http to another machine would show the key to the network.
    #[error(
        "OPENAI_BASE_URL is plain http to {host}, and plain http is taken to this machine only"
    )]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// A user name, a password, a query or a fragment: nothing that a base has.
    #[error("OPENAI_BASE_URL has {part}, and a base has none")]
    Surplus {
        /// Which part.
        part: &'static str,
    },
    /// The host was not named on the command line.
    #[error("OPENAI_BASE_URL points at {host}; to send the admin key there, say --api-host {host}")]
    HostNotNamed {
        /// The host.
        host: String,
    },
    /// Another host was named on the command line.
    #[error("--api-host is {named}, and the base URL points at {host}")]
    OtherHost {
        /// The host that was named.
        named: String,
        /// The host of the base URL.
        host: String,
    },
}

impl BaseUrl {
    /// The base to use: `OPENAI_BASE_URL` if it is set, for the hosts that may have the key.
    ///
    /// `api_host` is `--api-host HOST`. An empty variable counts as unset, as everywhere in a shell.
    pub fn resolve(env_base: Option<&str>, api_host: Option<&str>) -> Result<Self, BaseUrlError> {
        let text = env_base.map(str::trim).filter(|text| !text.is_empty());
        let base = Self::parse(text.unwrap_or(BASE_DEFAULT))?;
        let host = base.url.host_str().unwrap_or_default();
        match api_host.map(str::trim) {
            Some(named) if !base.is_named(named) => Err(BaseUrlError::OtherHost {
                named: named.to_owned(),
                host: base.authority(),
            }),
            None if host != HOST_DEFAULT && !base.is_loopback() => {
                Err(BaseUrlError::HostNotNamed {
                    host: host.to_owned(),
                })
            }
            Some(_) | None => Ok(base),
        }
    }

    /// Whether the host is this machine: an address of 127.0.0.0/8, `::1` or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(domain)) => domain == "localhost",
            None => false,
        }
    }

    /// Whether requests are sent without TLS; only to this machine.
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Host and port, the port where it is not the scheme's own.
    pub fn authority(&self) -> String {
        self.url.authority().to_owned()
    }

    /// The URL of an endpoint below the base. Segments and values are percent-encoded.
    pub(super) fn join(&self, segments: &[&str], query: &[(&str, &str)]) -> http::Uri {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        http::Uri::try_from(url.as_str()).expect("a percent-encoded URL is a URI")
    }

    fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text).map_err(|error| BaseUrlError::NotAUrl {
            reason: error.to_string(),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BaseUrlError::Scheme {
                scheme: url.scheme().to_owned(),
            });
        }
        for (part, present) in [
            ("a user name", !url.username().is_empty()),
            ("a password", url.password().is_some()),
            ("a query", url.query().is_some()),
            ("a fragment", url.fragment().is_some()),
        ] {
            if present {
                return Err(BaseUrlError::Surplus { part });
            }
        }
        let base = Self { url };
        if base.is_plain() && !base.is_loopback() {
            return Err(BaseUrlError::PlainHttp {
                host: base.authority(),
            });
        }
        Ok(base)
    }

    /// Whether the command line names this host, with or without the port.
    fn is_named(&self, named: &str) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        [host, self.url.authority()]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_to_the_api_to_this_machine_or_to_a_named_host() {
        for (env, named, base) in [
            (None, None, "https://api.openai.com/v1"),
            (Some(""), None, "https://api.openai.com/v1"),
            (
                Some(" "),
                Some("api.openai.com"),
                "https://api.openai.com/v1",
            ),
            (
                Some("https://API.openai.com/v1/"),
                None,
                "https://api.openai.com/v1/",
            ),
            (
                Some("http://127.0.0.1:4010"),
                None,
                "http://127.0.0.1:4010/",
            ),
            (Some("http://127.9.9.9:1/v1"), None, "http://127.9.9.9:1/v1"),
            (Some("http://[::1]:8080/v1"), None, "http://[::1]:8080/v1"),
            (
                Some("http://localhost:8080"),
                None,
                "http://localhost:8080/",
            ),
            (
                Some("https://gw.acme.dev/openai"),
                Some("GW.acme.dev"),
                "https://gw.acme.dev/openai",
            ),
            (
                Some("https://gw.acme.dev:8443"),
                Some("gw.acme.dev:8443"),
                "https://gw.acme.dev:8443/",
            ),
            (
                Some("https://gw.acme.dev:8443"),
                Some("gw.acme.dev"),
                "https://gw.acme.dev:8443/",
            ),
        ] {
            let resolved = BaseUrl::resolve(env, named).unwrap();
            assert_eq!(resolved.url.as_str(), base, "{env:?}");
        }
    }

    #[test]
    fn any_other_base_is_refused() {
        let cases = [
            ("https://gw.acme.dev/v1", None),
            ("https://gw.acme.dev/v1", Some("other.acme.dev")),
            ("https://gw.acme.dev:8443", Some("gw.acme.dev:443")),
            ("https://api.openai.com.evil.dev/v1", None),
            ("https://api.openai.com@evil.dev/v1", None),
            ("https://u:p@api.openai.com/v1", None),
            ("https://api.openai.com/v1?x=1", None),
            ("https://api.openai.com/v1#x", None),
            ("http://api.openai.com/v1", None),
            ("http://gw.acme.dev/v1", Some("gw.acme.dev")),
            ("http://localhost.evil.dev/v1", None),
            ("http://0.0.0.0:8080/v1", None),
            ("ftp://api.openai.com", None),
            ("api.openai.com/v1", None),
            ("https://", None),
        ]
        .map(|(env, named)| BaseUrl::resolve(Some(env), named).unwrap_err().to_string());
        insta::assert_snapshot!(cases.join("\n"), @"
        OPENAI_BASE_URL points at gw.acme.dev; to send the admin key there, say --api-host gw.acme.dev
        --api-host is other.acme.dev, and the base URL points at gw.acme.dev
        --api-host is gw.acme.dev:443, and the base URL points at gw.acme.dev:8443
        OPENAI_BASE_URL points at api.openai.com.evil.dev; to send the admin key there, say --api-host api.openai.com.evil.dev
        OPENAI_BASE_URL has a user name, and a base has none
        OPENAI_BASE_URL has a user name, and a base has none
        OPENAI_BASE_URL has a query, and a base has none
        OPENAI_BASE_URL has a fragment, and a base has none
        OPENAI_BASE_URL is plain http to api.openai.com, and plain http is taken to this machine only
        OPENAI_BASE_URL is plain http to gw.acme.dev, and plain http is taken to this machine only
        OPENAI_BASE_URL is plain http to localhost.evil.dev, and plain http is taken to this machine only
        OPENAI_BASE_URL is plain http to 0.0.0.0:8080, and plain http is taken to this machine only
        OPENAI_BASE_URL has the scheme `ftp`, and only https is taken, or http to this machine
        OPENAI_BASE_URL is not a URL such as https://api.openai.com/v1: relative URL without a base
        OPENAI_BASE_URL is not a URL such as https://api.openai.com/v1: empty host
        ");
    }

    #[test]
    fn ids_cannot_leave_their_segment() {
        let base = BaseUrl::resolve(Some("http://127.0.0.1:1/v1/"), None).unwrap();
        for (id, path) in [
            ("user-1", "user-1"),
            ("a/../b", "a%2F..%2Fb"),
            ("a?b#c%2F", "a%3Fb%23c%252F"),
            ("ä", "%C3%A4"),
        ] {
            assert_eq!(
                base.join(&["organization", "users", id], &[]).to_string(),
                format!("http://127.0.0.1:1/v1/organization/users/{path}")
            );
        }
        assert_eq!(
            base.join(
                &["organization", "users"],
                &[("limit", "100"), ("after", "a&b=c")]
            ),
            "http://127.0.0.1:1/v1/organization/users?limit=100&after=a%26b%3Dc"
        );
    }
}
