//! Projects, their members and their API keys (API contract, section 5): read only.
//!
//! A listing of keys without `owner_project_access=any` may lack keys that work, so whoever asks says which it wants.

use http::Method;
use serde::Deserialize;

use super::requests::Endpoint;
use super::wire::{RowFault, lenient, resolve, time};
use super::{OpenAi, paging};
use crate::provider::{Listing, ProjectSource, ProviderError, Transport};
use crate::roster::{
    KeyHolder, KeyScope, Operation, Project, ProjectId, ProjectKey, ProjectUser, UserId,
};

static LIST_PROJECTS: Endpoint = Endpoint::new(
    Operation::ListProjects,
    Method::GET,
    "GET /organization/projects",
);
static LIST_PROJECT_USERS: Endpoint = Endpoint::new(
    Operation::ListProjectUsers,
    Method::GET,
    "GET /organization/projects/{project_id}/users",
);
static LIST_PROJECT_KEYS: Endpoint = Endpoint::new(
    Operation::ListProjectKeys,
    Method::GET,
    "GET /organization/projects/{project_id}/api_keys",
);

impl<T: Transport> ProjectSource for OpenAi<T> {
    async fn list_projects(&self) -> Result<Listing<Project>, ProviderError> {
        let of = paging::Of {
            ids: &[],
            filter: &[("include_archived", "true")],
        };
        paging::list(&self.api, &LIST_PROJECTS, of, |row: ProjectRow| {
            let project = row.into_project()?;
            Ok((project.id.to_string(), Some(project)))
        })
        .await
    }

    async fn list_project_users(
        &self,
        project: &ProjectId,
    ) -> Result<Listing<ProjectUser>, ProviderError> {
        let of = paging::Of {
            ids: &[project.as_str()],
            filter: &[],
        };
        paging::list(&self.api, &LIST_PROJECT_USERS, of, |row: ProjectUserRow| {
            let user = row.into_user()?;
            Ok((user.id.to_string(), Some(user)))
        })
        .await
    }

    async fn list_project_keys(
        &self,
        project: &ProjectId,
        scope: KeyScope,
    ) -> Result<Listing<ProjectKey>, ProviderError> {
        let of = paging::Of {
            ids: &[project.as_str()],
            filter: match scope {
                KeyScope::Any => &[("owner_project_access", "any")],
                KeyScope::Visible => &[],
            },
        };
        paging::list(&self.api, &LIST_PROJECT_KEYS, of, |row: ProjectKeyRow| {
            let key = row.into_key()?;
            Ok((key.id.to_string(), Some(key)))
        })
        .await
    }
}

/// A project; an older form names it by `title`.
#[derive(Debug, Deserialize)]
struct ProjectRow {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    archived_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct ProjectUserRow {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ProjectKeyRow {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    redacted_value: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    last_used_at: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    owner_project_access: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    owner: Option<ProjectKeyOwner>,
}

/// Who owns a project's key: a person in `user`, or a machine in `service_account`.
#[derive(Debug, Deserialize)]
struct ProjectKeyOwner {
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    user: Option<OwnerId>,
}

#[derive(Debug, Deserialize)]
struct OwnerId {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<String>,
}

impl ProjectRow {
    fn into_project(self) -> Result<Project, RowFault> {
        let Self {
            id,
            name,
            title,
            status,
            archived_at,
        } = self;
        Ok(Project {
            id: resolve(id)?,
            name: name.or(title),
            archived: match status.as_deref() {
                Some(status) => status == "archived",
                None => archived_at.is_some(),
            },
        })
    }
}

impl ProjectUserRow {
    fn into_user(self) -> Result<ProjectUser, RowFault> {
        let Self { id, role } = self;
        Ok(ProjectUser {
            id: resolve(id)?,
            role: role.unwrap_or_default(),
        })
    }
}

impl ProjectKeyRow {
    fn into_key(self) -> Result<ProjectKey, RowFault> {
        let Self {
            id,
            name,
            redacted_value,
            last_used_at,
            owner_project_access,
            owner,
        } = self;
        Ok(ProjectKey {
            id: resolve(id)?,
            name,
            redacted_value: redacted_value.unwrap_or_default(),
            holder: owner.map_or(KeyHolder::Unknown, ProjectKeyOwner::into_holder),
            last_used_at: time(last_used_at),
            owner_has_access: match owner_project_access.as_deref() {
                Some("active") => Some(true),
                Some("inactive") => Some(false),
                Some(_) | None => None,
            },
        })
    }
}

impl ProjectKeyOwner {
    fn into_holder(self) -> KeyHolder {
        let Self { kind, user } = self;
        if kind.as_deref() == Some("service_account") {
            return KeyHolder::ServiceAccount;
        }
        let id = user
            .and_then(|OwnerId { id }| id)
            .and_then(|id| UserId::parse(&id).ok());
        id.map_or(KeyHolder::Unknown, KeyHolder::Person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::canned::{Canned, say};

    fn proj() -> ProjectId {
        ProjectId::parse("proj_1").unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn projects_are_listed_with_the_archived_ones() {
        let play = Canned::play([say(
            200,
            r#"{"data":[{"id":"proj_1","name":" Search ","status":"active"},
                {"id":"proj_2","title":"old","archived_at":1},{"id":"proj_3","status":"archived","name":null}],
                "has_more":false}"#,
        )]);
        let rows = play.open_ai().list_projects().await.unwrap().rows;
        let seen: Vec<_> = rows.iter().map(|row| (row.label(), row.archived)).collect();
        assert_eq!(seen, [("Search", false), ("old", true), ("proj_3", true)]);
        assert_eq!(
            play.lines(),
            ["GET /v1/organization/projects?limit=100&include_archived=true"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_keys_of_a_project_are_read_as_far_as_they_go() {
        let page = r#"{"data":[
            {"id":"key_1","name":"ci","redacted_value":"sk-...abc","last_used_at":1700000000,"owner_project_access":"inactive",
             "owner":{"type":"user","user":{"id":"user-1"}}},
            {"id":"key_2","owner":{"type":"service_account","service_account":{"id":"user-9"}}},
            {"id":"key_3","owner":{"type":"user"}},{"id":"key_4","owner_project_access":"new-word"}],"has_more":false}"#;
        let play = Canned::play([say(200, page), say(200, page)]);
        let api = play.open_ai();
        let rows = api
            .list_project_keys(&proj(), KeyScope::Any)
            .await
            .unwrap()
            .rows;
        let seen: Vec<_> = rows
            .iter()
            .map(|row| (&row.holder, row.owner_has_access))
            .collect();
        let user = KeyHolder::Person(UserId::parse("user-1").unwrap());
        assert_eq!(
            seen,
            [
                (&user, Some(false)),
                (&KeyHolder::ServiceAccount, None),
                (&KeyHolder::Unknown, None),
                (&KeyHolder::Unknown, None),
            ]
        );
        assert_eq!(rows[0].last_used_at.unwrap().as_second(), 1_700_000_000);
        let visible = api.list_project_keys(&proj(), KeyScope::Visible).await;
        assert_eq!(visible.unwrap().rows, rows);
        assert_eq!(
            play.lines(),
            [
                "GET /v1/organization/projects/proj_1/api_keys?limit=100&owner_project_access=any",
                "GET /v1/organization/projects/proj_1/api_keys?limit=100",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_without_an_id_is_no_listing() {
        let play = Canned::play([say(200, r#"{"data":[{"role":"owner"}],"has_more":false}"#)]);
        assert!(play.open_ai().list_project_users(&proj()).await.is_err());
        let play = Canned::play([say(
            200,
            r#"{"data":[{"id":"user-1","role":"owner"},{"id":"user-2"}],"has_more":false}"#,
        )]);
        let rows = play
            .open_ai()
            .list_project_users(&proj())
            .await
            .unwrap()
            .rows;
        let owners: Vec<_> = rows.iter().map(ProjectUser::is_owner).collect();
        assert_eq!(owners, [true, false]);
    }
}
