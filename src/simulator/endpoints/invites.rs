//! Invites (API contract, section 4).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Call, required};
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::organization::Organization;
use crate::simulator::page::page;
use crate::simulator::table::{Order, PRESENT, Row, id_of, text};
use crate::simulator::world::World;

/// `GET /organization/invites`, of any status.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    page(&world.organization.invites, call, Order::Oldest, |_| true)
}

/// `GET /organization/invites/{invite_id}`.
pub(super) fn retrieve(world: &mut World, call: &Call) -> Answer {
    let invites = &world.organization.invites;
    match invites.get(call.id(), call.view) {
        Some(row) => Ok(Value::Object(row.clone())),
        None => Err(ApiError::missing("invite", call.id())),
    }
}

/// `POST /organization/invites`. A second invite for one address is sent like the first; a member cannot be invited.
pub(super) fn create(world: &mut World, call: &Call) -> Answer {
    let body = call.object()?;
    let email = required(&body, "email")?.trim();
    if !email.contains('@') {
        return Err(ApiError::bad(
            "email",
            format!("'{email}' is not a valid email address."),
        ));
    }
    let role = required(&body, "role")?;
    if !matches!(role, "owner" | "reader") {
        return Err(ApiError::bad(
            "role",
            format!("Invalid value: '{role}'. Supported values are: 'owner' and 'reader'."),
        ));
    }
    let projects = projects(&body, &world.organization)?;
    if world.organization.user_with_email(email).is_some() {
        return Err(ApiError::object(
            StatusCode::CONFLICT,
            format!("User {email} is already a member."),
            Some("user_already_member"),
        ));
    }
    let invite = world.organization.invite(email, role, &projects, &call.by);
    Ok(Value::Object(invite))
}

/// `DELETE /organization/invites/{invite_id}`. One that has been accepted stays.
pub(super) fn delete(world: &mut World, call: &Call) -> Result<(), ApiError> {
    let organization = &mut world.organization;
    let status = organization
        .invites
        .get(call.id(), PRESENT)
        .map(|row| text(row, "status") == Some("accepted"));
    if status == Some(true) {
        return Err(ApiError::object(
            StatusCode::BAD_REQUEST,
            format!(
                "Invite {} has already been accepted and cannot be deleted.",
                call.id()
            ),
            Some("invite_already_accepted"),
        ));
    }
    organization
        .delete_invite(call.id(), &call.by)
        .ok_or_else(|| ApiError::missing("invite", call.id()))
}

/// The projects of a new invite: none for an empty list, the default project when nothing is sent.
fn projects(body: &Row, organization: &Organization) -> Result<Value, ApiError> {
    let Some(sent) = body.get("projects") else {
        let default = organization.default_project().and_then(id_of);
        return Ok(match default {
            Some(id) => json!([{"id": id, "role": "member"}]),
            None => json!([]),
        });
    };
    let wrong = |problem: String| ApiError::bad("projects", problem);
    let rows = sent
        .as_array()
        .ok_or_else(|| wrong("'projects' must be an array.".to_owned()))?;
    for row in rows {
        let field = |name: &str| row.get(name).and_then(Value::as_str);
        let id = field("id").ok_or_else(|| wrong("A project needs an 'id'.".to_owned()))?;
        if organization.projects.get(id, PRESENT).is_none() {
            return Err(wrong(format!("The project {id} was not found.")));
        }
        if !matches!(field("role"), Some("member" | "owner")) {
            return Err(wrong(format!(
                "The role in project {id} must be 'member' or 'owner'."
            )));
        }
    }
    Ok(sent.clone())
}
