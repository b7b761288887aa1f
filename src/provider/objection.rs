//! What the provider objects to, and what to try next: advice for the person in front of the terminal.
//!
//! The words of the API are not stable, so an objection is only a reading of them: it chooses the hint and never
//! decides what happens next. That is the [`ErrorKind`]'s job.

use super::{ErrorKind, ProviderError};

/// What the provider objects to, as far as its answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// The key is not one that it knows.
    InvalidKey,
    /// The key was valid once.
    ExpiredKey,
    /// The key in use is of another kind: its prefix is one of a project, a service account or a user.
    OtherKindOfKey {
        /// The kind's prefix, such as `sk-proj-`.
        prefix: &'static str,
    },
    /// The key lacks these scopes; empty: the answer does not name them.
    MissingScopes(Vec<String>),
    /// The key is not one of the organization that the request names.
    OtherOrganization,
    /// The organization takes requests only from listed addresses, and this machine's is none of them.
    AddressNotListed,
    /// Requests from this country are not served.
    Country,
    /// A credit, budget or quota is used up.
    Quota,
    /// The answer is a web page: something between here and the provider wrote it.
    WebPage,
    /// The answer is a redirect, and redirects are not followed.
    Redirect,
    /// The server's certificate is not trusted, or it does not speak TLS.
    Tls,
    /// The answer is larger than any that the API sends.
    TooLarge,
}

/// The scope that lets an admin key read members, invites and keys (API contract, section 1).
const SCOPE_READ: &str = "api.management.read";
/// The scope that lets it change them.
const SCOPE_WRITE: &str = "api.management.write";

/// What to try next about an error.
pub(super) fn hint(error: &ProviderError) -> Option<String> {
    if let Some(objection) = &error.objection {
        return Some(of_objection(objection, error.endpoint));
    }
    let is_collection = error.endpoint.starts_with("GET ") && !error.endpoint.contains('{');
    let text = match error.kind {
        ErrorKind::NotFound if is_collection => {
            "check that OPENAI_BASE_URL is the API's base, ending in /v1"
        }
        ErrorKind::NotSent => {
            "check that the host is reachable from here: OPENAI_BASE_URL, HTTPS_PROXY, DNS"
        }
        ErrorKind::NoAnswer => "check the network between here and the provider, then run again",
        ErrorKind::Throttled { retry_after: _ } => {
            "run again later, or stay under the limit with --requests-per-minute"
        }
        ErrorKind::DelayTooLong { asked } => {
            return Some(format!(
                "wait and run again, or allow the wait with --delay-max {}",
                asked.as_secs() + 1
            ));
        }
        ErrorKind::Unauthorized => {
            "put a valid admin key of this organization into OPENAI_ADMIN_KEY"
        }
        ErrorKind::Forbidden => {
            return Some(of_objection(
                &Objection::MissingScopes(Vec::new()),
                error.endpoint,
            ));
        }
        ErrorKind::QuotaExhausted => {
            return Some(of_objection(&Objection::Quota, error.endpoint));
        }
        ErrorKind::Unavailable => "run again later; https://status.openai.com says what is known",
        ErrorKind::Unreadable => {
            "run again with -vv, and check that OPENAI_BASE_URL is the API's base"
        }
        ErrorKind::Paging { page: _ } => {
            "nothing was planned from an incomplete list; run again, and with -vv if it stays"
        }
        ErrorKind::NotFound | ErrorKind::Rejected | ErrorKind::Stopped => return None,
    };
    Some(text.to_owned())
}

fn of_objection(objection: &Objection, endpoint: &str) -> String {
    match objection {
        Objection::InvalidKey => "check OPENAI_ADMIN_KEY, or make a new admin key at \
             https://platform.openai.com/settings/organization/admin-keys"
            .to_owned(),
        Objection::ExpiredKey => "the admin key has expired: make a new one at \
             https://platform.openai.com/settings/organization/admin-keys"
            .to_owned(),
        Objection::OtherKindOfKey { prefix } => format!(
            "this needs an admin key (`sk-admin-…`), and the key in use begins with `{prefix}`; an owner makes one at \
             https://platform.openai.com/settings/organization/admin-keys"
        ),
        Objection::MissingScopes(scopes) => missing_scopes(scopes, endpoint),
        Objection::OtherOrganization => {
            "the key is of another organization: use a key of the one that [organization].id names, or correct the id"
                .to_owned()
        }
        Objection::AddressNotListed => {
            "the organization's IP allow-list does not have this machine's address: run from a listed one, or add it"
                .to_owned()
        }
        Objection::Country => {
            "the provider does not serve this country or region: run from a supported one".to_owned()
        }
        Objection::Quota => {
            "a credit or quota is used up: see https://platform.openai.com/settings/organization/billing".to_owned()
        }
        Objection::WebPage => {
            "a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL".to_owned()
        }
        Objection::Redirect => {
            "redirects are not followed: set OPENAI_BASE_URL to the API itself, ending in /v1".to_owned()
        }
        Objection::Tls => {
            "if a company proxy re-signs TLS, name its certificates with SSL_CERT_FILE; https needs a server that \
             speaks TLS"
                .to_owned()
        }
        Objection::TooLarge => "check that OPENAI_BASE_URL is the API's base, ending in /v1".to_owned(),
    }
}

/// Names the scopes, those of the answer or the one that the endpoint's method needs.
fn missing_scopes(scopes: &[String], endpoint: &str) -> String {
    let needed = if endpoint.starts_with("GET ") {
        SCOPE_READ
    } else {
        SCOPE_WRITE
    };
    let scopes = match scopes {
        [] => needed.to_owned(),
        scopes => scopes.join(", "),
    };
    format!(
        "the admin key needs the scope {scopes}; make a new key with it, because a key whose scopes are edited later \
         may go on failing"
    )
}
