//! The JSON of the API, read tolerantly, and its conversion to rows of a roster.
//!
//! The API has changed shape under its clients before (API contract, sections 3 and 14): rows have come nested, with
//! other names and with fewer fields. So a field that cannot be read is one that was not sent; only an id that
//! cannot be resolved, or an invite's missing address, make a row useless. A flag that was not sent stays unknown.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::roster::{
    AdminKey, Email, Flags, Id, IdError, Invite, InviteStatus, KeyHolder, LiveRole, Member,
    ProjectId, ProjectMembership, UserId,
};

/// A page of a list, of the style with `last_id` (API contract, section 2).
#[derive(Debug, Deserialize)]
pub(super) struct Page<W> {
    pub(super) data: Vec<W>,
    pub(super) has_more: bool,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) last_id: Option<String>,
}

/// A member: flat, or with id, name and address in `user`.
#[derive(Debug, Deserialize)]
pub(in crate::provider) struct User {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    role: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    added_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    created: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    is_default: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    is_service_account: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    is_scim_managed: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    api_key_last_used_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    #[serde(rename = "user")]
    account: Option<Account>,
    #[serde(default, deserialize_with = "lenient")]
    projects: Option<Projects>,
}

#[derive(Debug, Deserialize)]
struct Account {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Projects {
    data: Vec<Project>,
}

#[derive(Debug, Deserialize)]
struct Project {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    role: Option<String>,
}

/// An invite; an older form names its time `invited_at`.
#[derive(Debug, Deserialize)]
pub(super) struct InviteRow {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    role: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    invited_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    expires_at: Option<i64>,
}

/// An admin API key.
#[derive(Debug, Deserialize)]
pub(super) struct AdminKeyRow {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    redacted_value: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    expires_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    last_used_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    owner: Option<KeyOwner>,
}

#[derive(Debug, Deserialize)]
struct KeyOwner {
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
}

/// The answer to a deletion.
#[derive(Debug, Deserialize)]
pub(super) struct Deleted {
    pub(super) id: String,
    pub(super) deleted: bool,
}

/// The body that sets a role.
#[derive(Debug, Serialize)]
pub(super) struct RoleBody<'a> {
    pub(super) role: &'a str,
}

/// The body that invites. Without `projects` the person would join the default project (API contract, section 4).
#[derive(Debug, Serialize)]
pub(super) struct InviteBody<'a> {
    pub(super) email: &'a str,
    pub(super) role: &'a str,
    pub(super) projects: [(); 0],
}

/// Why a row is useless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::provider) enum RowFault {
    /// There is no id, neither in the row nor in a nested account.
    #[error("the row has no id")]
    NoId,
    /// The id cannot be part of a path.
    #[error("the row's id cannot be used")]
    Id(#[source] IdError),
    /// An invite that may still give access has no address.
    #[error("the invite {id} has no address that can be read")]
    NoAddress {
        /// The invite's id.
        id: String,
    },
}

impl User {
    /// The row as a member.
    pub(in crate::provider) fn into_member(self) -> Result<Member, RowFault> {
        let Self {
            id,
            name,
            email,
            role,
            added_at,
            created,
            is_default,
            is_service_account,
            is_scim_managed,
            api_key_last_used_at,
            account,
            projects,
        } = self;
        let account = account.unwrap_or(Account {
            id: None,
            name: None,
            email: None,
        });
        Ok(Member {
            id: resolve(id.or(account.id))?,
            // An address that cannot be read is none: the row is then known by its id.
            email: [email, account.email]
                .into_iter()
                .flatten()
                .find_map(|text| Email::parse(&text).ok()),
            name: [name, account.name]
                .into_iter()
                .flatten()
                .find(|name| !name.trim().is_empty()),
            role: LiveRole::observed(role.as_deref()),
            added_at: time(added_at.or(created)),
            flags: Flags {
                default_user: is_default,
                service_account: is_service_account,
                scim_managed: is_scim_managed,
            },
            api_key_last_used_at: time(api_key_last_used_at),
            projects: projects.map_or_else(Vec::new, Projects::into_memberships),
        })
    }
}

impl Projects {
    fn into_memberships(self) -> Vec<ProjectMembership> {
        let Self { data } = self;
        data.into_iter()
            .map(|Project { id, name, role }| ProjectMembership {
                id: id.and_then(|id| ProjectId::parse(&id).ok()),
                name,
                role,
            })
            .collect()
    }
}

impl InviteRow {
    /// The row's id as it came: what a cursor is made of.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The row as an invite; `None` for one without an address that gives no access any more.
    pub(super) fn into_invite(self) -> Result<Option<Invite>, RowFault> {
        let Self {
            id,
            email,
            role,
            status,
            created_at,
            invited_at,
            expires_at,
        } = self;
        let id = resolve(id)?;
        let status = InviteStatus::observed(status.as_deref().unwrap_or_default());
        let Some(email) = email.and_then(|text| Email::parse(&text).ok()) else {
            return match status {
                InviteStatus::Pending => Err(RowFault::NoAddress { id: id.to_string() }),
                InviteStatus::Accepted | InviteStatus::Expired => Ok(None),
            };
        };
        Ok(Some(Invite {
            id,
            email,
            role: LiveRole::observed(role.as_deref()),
            status,
            created_at: time(created_at.or(invited_at)),
            expires_at: time(expires_at),
        }))
    }
}

impl AdminKeyRow {
    /// The row as a key.
    pub(super) fn into_key(self) -> Result<AdminKey, RowFault> {
        let Self {
            id,
            name,
            redacted_value,
            created_at,
            expires_at,
            last_used_at,
            owner,
        } = self;
        Ok(AdminKey {
            id: resolve(id)?,
            name,
            redacted_value: redacted_value.unwrap_or_default(),
            holder: owner.map_or(KeyHolder::Unknown, KeyOwner::into_holder),
            created_at: time(created_at),
            expires_at: time(expires_at),
            last_used_at: time(last_used_at),
        })
    }
}

impl KeyOwner {
    fn into_holder(self) -> KeyHolder {
        let Self { kind, id } = self;
        match (kind.as_deref(), id.map(|id| UserId::parse(&id))) {
            (Some("user"), Some(Ok(id))) => KeyHolder::Person(id),
            (Some("service_account"), _) => KeyHolder::ServiceAccount,
            _ => KeyHolder::Unknown,
        }
    }
}

pub(super) fn resolve<K>(id: Option<String>) -> Result<Id<K>, RowFault> {
    Id::parse(&id.ok_or(RowFault::NoId)?).map_err(RowFault::Id)
}

/// Seconds since 1970; every time of the API is in them.
pub(super) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
}

/// Reads a field that may be missing, null or of another type: all three are "not sent".
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
