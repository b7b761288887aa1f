//! Faults: what can go wrong with one request, and the script that says with which.
//!
//! A script counts the requests of an endpoint that were let in, so that a limit or a wrong key never uses a fault up:
//!
//! ```toml
//! [[faults]]
//! endpoint = "DELETE /organization/users/{user_id}"   # any when left out
//! nth = 2                                             # 1 when left out
//! times = 3                                           # 1 when left out
//! fault = { status = { status = 429, retry_after_s = 2 } }
//! ```
//!
//! A fault without figures is its name alone, such as `fault = "reset-after"`.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::Elsewhere;
use super::endpoints::{Act, ENDPOINTS, Endpoint};

/// One thing that goes wrong with one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// An error in one of the API's shapes.
    Status(Refusal),
    /// An HTML page of a proxy instead of JSON.
    Html {
        /// The status.
        status: u16,
        /// Whether the request took effect all the same.
        #[serde(default)]
        after: bool,
    },
    /// The connection breaks before the request took effect.
    ResetBefore,
    /// The connection breaks after the request took effect.
    ResetAfter,
    /// The request takes effect, and half of the answer comes so much later.
    SlowBody {
        /// The pause in the middle of the body, in milliseconds.
        ms: u64,
    },
    /// The request takes effect, and the answer is half of its JSON.
    Truncated,
    /// A removal answers `deleted: false` and does nothing.
    NotDeleted,
    /// A row that is there is said not to be.
    NotFound,
    /// A page gives a cursor that leads to itself.
    RepeatedCursor,
    /// From now on reads see what is there now, for a while.
    StaleReads {
        /// For how long, in milliseconds.
        ms: u64,
    },
    /// Somebody else changes something before the request takes effect.
    Elsewhere(Elsewhere),
}

/// An error to answer with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The status, 400 to 599.
    pub status: u16,
    /// Whether the request took effect all the same. Only a 5xx can leave that open.
    #[serde(default)]
    pub after: bool,
    /// `Retry-After`, in seconds.
    #[serde(default)]
    pub retry_after_s: Option<u64>,
    /// The machine-readable reason.
    #[serde(default)]
    pub code: Option<String>,
    /// The sentence.
    #[serde(default)]
    pub message: Option<String>,
    /// The shape of the body.
    #[serde(default)]
    pub shape: ErrorShape,
}

/// The shapes of an error (API contract, section 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorShape {
    /// `{"error":{"message","type","param","code"}}`.
    #[default]
    Object,
    /// `{"error":"…"}`.
    Text,
    /// `{"code":404,"message":"…"}`.
    Flat,
}

/// Which requests go wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultScript {
    /// Every entry. Of several that are due for one request, the first is used.
    #[serde(default)]
    pub faults: Vec<Scripted>,
}

/// One entry of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripted {
    /// The endpoint, such as `DELETE /organization/users/{user_id}`; any when it is left out.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// From its so manieth request on, counted from 1.
    #[serde(default = "one")]
    pub nth: NonZeroU64,
    /// For so many requests.
    #[serde(default = "one")]
    pub times: NonZeroU64,
    /// What goes wrong.
    pub fault: Fault,
}

/// Why a text is no script.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is not TOML, or not of this shape.
    #[error("the fault script cannot be read")]
    Shape(#[source] Box<toml::de::Error>),
    /// No such endpoint.
    #[error("the simulator has no endpoint `{0}`")]
    NoEndpoint(String),
    /// The fault makes no sense there.
    #[error("the fault `{fault}` cannot happen to `{endpoint}`")]
    Misplaced {
        /// What goes wrong.
        fault: String,
        /// Where.
        endpoint: String,
    },
    /// A client error that takes effect, or a status that is no error.
    #[error(
        "no request is answered {0} in that way: an error is 400 to 599, and only a 5xx can have taken effect"
    )]
    Status(u16),
}

const fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}

impl FaultScript {
    /// Reads a script.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let script: Self =
            toml::from_str(text).map_err(|error| ScriptError::Shape(Box::new(error)))?;
        for Scripted {
            endpoint,
            nth: _,
            times: _,
            fault,
        } in &script.faults
        {
            fault.check()?;
            let Some(name) = endpoint else { continue };
            let Some(found) = ENDPOINTS.iter().find(|endpoint| endpoint.name == name) else {
                return Err(ScriptError::NoEndpoint(name.clone()));
            };
            if !fault.fits(found) {
                return Err(ScriptError::Misplaced {
                    fault: fault.kind(),
                    endpoint: name.clone(),
                });
            }
        }
        Ok(script)
    }
}

impl Scripted {
    /// An entry for one request.
    pub fn nth(endpoint: &str, nth: NonZeroU64, fault: Fault) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            nth,
            times: one(),
            fault,
        }
    }
}

impl Fault {
    /// The kind's name, as the counters say it.
    pub fn kind(&self) -> String {
        match self {
            Self::Status(refusal) => format!("status-{}", refusal.status),
            Self::Html { status, after: _ } => format!("html-{status}"),
            Self::ResetBefore => "reset-before".to_owned(),
            Self::ResetAfter => "reset-after".to_owned(),
            Self::SlowBody { ms: _ } => "slow-body".to_owned(),
            Self::Truncated => "truncated".to_owned(),
            Self::NotDeleted => "not-deleted".to_owned(),
            Self::NotFound => "not-found".to_owned(),
            Self::RepeatedCursor => "repeated-cursor".to_owned(),
            Self::StaleReads { ms: _ } => "stale-reads".to_owned(),
            Self::Elsewhere(change) => change.kind().to_owned(),
        }
    }

    /// Whether it can happen to this endpoint at all.
    pub(super) fn fits(&self, endpoint: &Endpoint) -> bool {
        match self {
            Self::NotDeleted => match endpoint.act {
                // The older removal says nothing at all.
                Act::Remove(object, _) => !object.is_empty(),
                Act::Answer(_) => false,
            },
            Self::NotFound => endpoint.name.ends_with('}'),
            Self::RepeatedCursor => endpoint.is_paged(),
            Self::ResetAfter
            | Self::Status(_)
            | Self::Html { .. }
            | Self::ResetBefore
            | Self::SlowBody { ms: _ }
            | Self::Truncated
            | Self::StaleReads { ms: _ }
            | Self::Elsewhere(_) => true,
        }
    }

    fn check(&self) -> Result<(), ScriptError> {
        let (status, after) = match self {
            Self::Status(refusal) => (refusal.status, refusal.after),
            Self::Html { status, after } => (*status, *after),
            Self::ResetBefore
            | Self::ResetAfter
            | Self::SlowBody { ms: _ }
            | Self::Truncated
            | Self::NotDeleted
            | Self::NotFound
            | Self::RepeatedCursor
            | Self::StaleReads { ms: _ }
            | Self::Elsewhere(_) => return Ok(()),
        };
        if (400..600).contains(&status) && (!after || status >= 500) {
            Ok(())
        } else {
            Err(ScriptError::Status(status))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_every_kind_of_fault() {
        let text = r#"
            [[faults]]
            endpoint = "DELETE /organization/users/{user_id}"
            nth = 2
            times = 3
            fault = "reset-after"

            [[faults]]
            endpoint = "POST /organization/invites"
            fault = { status = { status = 429, retry_after_s = 2, code = "insufficient_quota", shape = "text" } }

            [[faults]]
            fault = { html = { status = 502, after = true } }

            [[faults]]
            fault = { slow-body = { ms = 10 } }

            [[faults]]
            fault = { elsewhere = { set-role = { email = "a@acme.dev", role = "owner" } } }

            [[faults]]
            fault = { elsewhere = "revoke-key" }

            [[faults]]
            endpoint = "GET /organization/users"
            fault = "repeated-cursor"
        "#;
        let kinds: Vec<_> = FaultScript::parse(text)
            .unwrap()
            .faults
            .iter()
            .map(|entry| format!("{}+{} {}", entry.nth, entry.times, entry.fault.kind()))
            .collect();
        assert_eq!(
            kinds,
            [
                "2+3 reset-after",
                "1+1 status-429",
                "1+1 html-502",
                "1+1 slow-body",
                "1+1 set-role-elsewhere",
                "1+1 revoke-key",
                "1+1 repeated-cursor",
            ]
        );
    }

    #[test]
    fn a_script_that_makes_no_sense_is_refused() {
        for (entry, fault) in [
            (r#"fault = "burn""#, "the fault script cannot be read"),
            (r#"fualt = "truncated""#, "the fault script cannot be read"),
            (
                "fault = \"truncated\"\nnth = 0",
                "the fault script cannot be read",
            ),
            (
                "fault = \"truncated\"\nendpoint = \"GET /users\"",
                "the simulator has no endpoint `GET /users`",
            ),
            (
                "fault = \"not-deleted\"\nendpoint = \"GET /organization/users\"",
                "the fault `not-deleted` cannot happen to `GET /organization/users`",
            ),
            (
                "fault = { status = { status = 400, after = true } }",
                "no request is answered 400 in that way: an error is 400 to 599, and only a 5xx can have taken effect",
            ),
        ] {
            let text = format!("[[faults]]\n{entry}\n");
            let found = FaultScript::parse(&text).unwrap_err().to_string();
            assert_eq!(found, fault, "{entry}");
        }
    }
}
