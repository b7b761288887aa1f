//! Projects, their members and their API keys (API contract, section 5).

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::Value;

use super::Call;
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::organization::Organization;
use crate::simulator::page::page;
use crate::simulator::table::{Order, PRESENT, Row, Table, id_of, text};
use crate::simulator::world::World;

/// `GET /organization/projects`; archived ones only when asked for.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let archived = call.query.choice("include_archived", ["false", "true"])? == "true";
    page(&world.organization.projects, call, Order::Oldest, |row| {
        archived || !is_archived(row)
    })
}

/// `GET /organization/projects/{project_id}`.
pub(super) fn retrieve(world: &mut World, call: &Call) -> Answer {
    project(&world.organization, call).map(|row| Value::Object(row.clone()))
}

/// `GET /organization/projects/{project_id}/users`; 400 for an archived project, which has none.
pub(super) fn list_users(world: &mut World, call: &Call) -> Answer {
    let users = active(&world.organization, &world.organization.project_users, call)?;
    page(users, call, Order::Oldest, |_| true)
}

/// `GET /organization/projects/{project_id}/users/{user_id}`.
pub(super) fn retrieve_user(world: &mut World, call: &Call) -> Answer {
    let users = active(&world.organization, &world.organization.project_users, call)?;
    match users.get(call.id_at(1), call.view) {
        Some(row) => Ok(Value::Object(row.clone())),
        None => Err(ApiError::missing("project user", call.id_at(1))),
    }
}

/// `DELETE /organization/projects/{project_id}/users/{user_id}`; never from the default project.
pub(super) fn delete_user(world: &mut World, call: &Call) -> Result<(), ApiError> {
    let organization = &mut world.organization;
    active(organization, &organization.project_users, call)?;
    if organization.default_project().and_then(id_of) == Some(call.id()) {
        return Err(ApiError::object(
            StatusCode::BAD_REQUEST,
            "Users cannot be removed from the default project.".to_owned(),
            None,
        ));
    }
    organization
        .remove_project_user(call.id(), call.id_at(1), &call.by)
        .ok_or_else(|| ApiError::missing("project user", call.id_at(1)))
}

/// `GET /organization/projects/{project_id}/api_keys`.
///
/// Without `owner_project_access`, keys whose owner has no access any more are left out: only `any` lists everything.
pub(super) fn list_keys(world: &mut World, call: &Call) -> Answer {
    let wanted = call
        .query
        .choice("owner_project_access", ["active", "inactive", "any"])?;
    project(&world.organization, call)?;
    let keys = table(&world.organization.project_keys, call)?;
    page(keys, call, Order::Oldest, |row| {
        wanted == "any" || text(row, "owner_project_access").unwrap_or("active") == wanted
    })
}

/// `GET /organization/projects/{project_id}/api_keys/{api_key_id}`.
pub(super) fn retrieve_key(world: &mut World, call: &Call) -> Answer {
    let keys = table(&world.organization.project_keys, call)?;
    match keys.get(call.id_at(1), call.view) {
        Some(row) => Ok(Value::Object(row.clone())),
        None => Err(ApiError::missing("API key", call.id_at(1))),
    }
}

/// `DELETE /organization/projects/{project_id}/api_keys/{api_key_id}`; never a service account's.
pub(super) fn delete_key(world: &mut World, call: &Call) -> Result<(), ApiError> {
    let organization = &mut world.organization;
    let key = table(&organization.project_keys, call)?.get(call.id_at(1), PRESENT);
    let of_service_account = key
        .and_then(|row| row.get("owner")?.get("type")?.as_str())
        .is_some_and(|kind| kind == "service_account");
    if of_service_account {
        return Err(ApiError::object(
            StatusCode::BAD_REQUEST,
            "API keys cannot be deleted for service accounts, please delete the service account."
                .to_owned(),
            None,
        ));
    }
    organization
        .delete_project_key(call.id(), call.id_at(1), &call.by)
        .ok_or_else(|| ApiError::missing("API key", call.id_at(1)))
}

fn is_archived(project: &Row) -> bool {
    text(project, "status") == Some("archived")
}

/// The project that a path names.
fn project<'a>(organization: &'a Organization, call: &Call) -> Result<&'a Row, ApiError> {
    organization
        .projects
        .get(call.id(), call.view)
        .ok_or_else(|| no_project(call))
}

/// One of the tables that belong to the project of a path.
fn table<'a>(tables: &'a BTreeMap<String, Table>, call: &Call) -> Result<&'a Table, ApiError> {
    tables.get(call.id()).ok_or_else(|| no_project(call))
}

/// The same, for what an archived project does not have any more.
fn active<'a>(
    organization: &Organization,
    tables: &'a BTreeMap<String, Table>,
    call: &Call,
) -> Result<&'a Table, ApiError> {
    let row = project(organization, call)?;
    if is_archived(row) {
        let name = text(row, "name").unwrap_or("without a name");
        return Err(ApiError::object(
            StatusCode::BAD_REQUEST,
            format!("Project {name} is archived"),
            None,
        ));
    }
    table(tables, call)
}

fn no_project(call: &Call) -> ApiError {
    ApiError::flat(
        StatusCode::NOT_FOUND,
        format!("The project {} was not found", call.id()),
    )
}
