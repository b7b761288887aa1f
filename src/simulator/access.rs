//! Who may call: bearer keys, what each may do, and the organization that a request names.

use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::answer::ApiError;
use super::organization::Organization;
use super::table::{PRESENT, Row, email_of, id_of, text};
use super::{Access, Credential, Moment};

/// What a key of a project begins with. Any such key is taken as one of this organization.
const PROJECT_KEY_PREFIX: &str = "sk-proj-";

/// The keys that are known.
#[derive(Debug)]
pub(super) struct Keyring {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    credential: Credential,
    /// The id of its row among the admin keys, where exactly that is one.
    row: Option<String>,
    revoked: bool,
}

impl Keyring {
    /// Knows these keys, the one in use first.
    pub(super) fn new(credentials: Vec<Credential>, organization: &Organization) -> Self {
        let keys = credentials
            .into_iter()
            .map(|credential| Key {
                row: row_of(credential.secret.expose_secret(), organization),
                credential,
                revoked: false,
            })
            .collect();
        Self { keys }
    }

    /// Lets a request in, and returns who makes it, as the audit log says it.
    pub(super) fn authenticate(
        &self,
        headers: &HeaderMap,
        writes: bool,
        organization: &Organization,
        moment: Moment,
    ) -> Result<Value, ApiError> {
        let secret = bearer(headers)?;
        let known = self.find(secret);
        let access = match known {
            Some(key) if key.works(organization, moment) => key.credential.access,
            None if secret.starts_with(PROJECT_KEY_PREFIX) => Access::None,
            Some(_) | None => return Err(wrong_key(secret)),
        };
        check_organization(headers, organization)?;
        let missing_scope = match (access, writes) {
            (Access::Full, _) | (Access::ReadOnly, false) => None,
            (Access::ReadOnly, true) => Some("api.management.write"),
            (Access::None, _) => Some("api.management.read"),
        };
        if let Some(scope) = missing_scope {
            return Err(ApiError::text(
                StatusCode::FORBIDDEN,
                format!(
                    "You have insufficient permissions for this operation. Missing scopes: {scope}."
                ),
            ));
        }
        Ok(actor(
            known.and_then(|key| key.row.as_deref()),
            organization,
        ))
    }

    /// Lets a request to the controls in: any key that was ever handed out will do.
    pub(super) fn knows(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let secret = bearer(headers)?;
        self.find(secret)
            .map(|_| ())
            .ok_or_else(|| wrong_key(secret))
    }

    fn find(&self, secret: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.credential.secret.expose_secret() == secret)
    }

    /// Makes the key in use stop working, and returns the id of its row.
    pub(super) fn revoke_first(&mut self) -> Option<String> {
        let key = self.keys.first_mut()?;
        key.revoked = true;
        key.row.clone()
    }
}

impl Key {
    /// A key stops working when it is revoked, when its row is deleted and when it has expired.
    fn works(&self, organization: &Organization, moment: Moment) -> bool {
        let row_allows = self.row.as_deref().is_none_or(|id| {
            organization.admin_keys.get(id, PRESENT).is_some_and(|row| {
                row.get("expires_at")
                    .and_then(Value::as_i64)
                    .is_none_or(|expires_at| moment.unix_s < expires_at)
            })
        });
        !self.revoked && row_allows
    }
}

/// Shortens a key the way the API shows it.
pub(super) fn redact(secret: &str) -> String {
    let tail: Vec<char> = secret.chars().rev().take(3).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!("sk-admin...{tail}")
}

/// The row whose redacted value can be this key's, where there is exactly one.
fn row_of(secret: &str, organization: &Organization) -> Option<String> {
    let mut matching = organization.admin_keys.rows().filter(|row| {
        text(row, "redacted_value")
            .and_then(|redacted| redacted.split_once("..."))
            .is_some_and(|(head, tail)| {
                secret.starts_with(head) && secret.ends_with(tail.trim_start_matches('.'))
            })
    });
    let row = matching.next()?;
    match matching.next() {
        Some(_) => None,
        None => id_of(row).map(str::to_owned),
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .filter(|secret| !secret.is_empty())
        .ok_or_else(|| {
            ApiError::object(
                StatusCode::UNAUTHORIZED,
                "You didn't provide an API key in an Authorization header with Bearer.".to_owned(),
                None,
            )
        })
}

fn wrong_key(secret: &str) -> ApiError {
    ApiError::object(
        StatusCode::UNAUTHORIZED,
        format!("Incorrect API key provided: {}.", redact(secret)),
        Some("invalid_api_key"),
    )
}

/// An organization that a request names must be this one.
fn check_organization(headers: &HeaderMap, organization: &Organization) -> Result<(), ApiError> {
    match headers.get("openai-organization") {
        Some(named) if named.as_bytes() != organization.id.as_bytes() => Err(no_such_organization(
            &String::from_utf8_lossy(named.as_bytes()),
        )),
        Some(_) | None => Ok(()),
    }
}

/// The 401 for another organization.
pub(super) fn no_such_organization(named: &str) -> ApiError {
    ApiError::object(
        StatusCode::UNAUTHORIZED,
        format!("No such organization: {named}."),
        Some("invalid_organization"),
    )
}

fn actor(key: Option<&str>, organization: &Organization) -> Value {
    let owner = |row: &Row| row.get("owner")?.get("id")?.as_str().map(str::to_owned);
    let Some(key) = key else {
        return json!({"type": "api_key"});
    };
    let user = organization
        .admin_keys
        .get(key, PRESENT)
        .and_then(owner)
        .and_then(|id| organization.users.get(&id, PRESENT));
    match user {
        Some(user) => json!({"type": "api_key", "api_key": {
            "id": key, "type": "user", "user": {"id": id_of(user), "email": email_of(user)},
        }}),
        None => json!({"type": "api_key", "api_key": {"id": key, "type": "user"}}),
    }
}

/// What a session of a member in the dashboard looks like in the audit log.
pub(super) fn dashboard_session(user: Option<&Row>) -> Value {
    let user = user.map_or_else(
        || json!({}),
        |user| json!({"id": id_of(user), "email": email_of(user)}),
    );
    json!({"type": "session", "session": {"user": user, "ip_address": "203.0.113.7"}})
}

/// A key made from a seed, for when none is given.
pub(super) fn key_from_seed(seed: u64) -> SecretString {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x006b_6579);
    super::organization::id(&mut rng, "sk-admin-test-").into()
}
