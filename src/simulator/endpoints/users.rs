//! Members (API contract, section 3).

use serde_json::Value;

use super::Call;
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::page::page;
use crate::simulator::table::{Order, Row, email_of, same_email};
use crate::simulator::world::World;

/// The fields that a member can be given, beside the role.
const METADATA: [&str; 2] = ["technical_level", "developer_persona"];
/// The roles that are accepted; `member` is the older word for `reader`.
const ROLES: [&str; 3] = ["owner", "reader", "member"];

/// `GET /organization/users`, all of them or those with the addresses asked for.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let emails = call.query.all("emails");
    page(&world.organization.users, call, Order::Oldest, |row| {
        emails.is_empty()
            || email_of(row)
                .is_some_and(|email| emails.iter().any(|wanted| same_email(wanted, email)))
    })
}

/// `GET /organization/users/{user_id}`.
pub(super) fn retrieve(world: &mut World, call: &Call) -> Answer {
    let users = &world.organization.users;
    match users.get(call.id(), call.view) {
        Some(row) => Ok(Value::Object(row.clone())),
        None => Err(ApiError::missing("user", call.id())),
    }
}

/// `POST /organization/users/{user_id}`: a role, or metadata.
pub(super) fn modify(world: &mut World, call: &Call) -> Answer {
    let body = call.object()?;
    let mut fields = Row::new();
    match body.get("role") {
        None | Some(Value::Null) => {}
        Some(Value::String(role)) if ROLES.contains(&role.as_str()) => {
            fields.insert("role".to_owned(), Value::from(role.as_str()));
        }
        Some(other) => {
            return Err(ApiError::bad(
                "role",
                format!("Invalid value: {other}. Supported values are: 'owner' and 'reader'."),
            ));
        }
    }
    for field in METADATA {
        if let Some(value) = body.get(field) {
            fields.insert(field.to_owned(), value.clone());
        }
    }
    world
        .organization
        .update_user(call.id(), fields, &call.by)
        .map(Value::Object)
        .ok_or_else(|| ApiError::missing("user", call.id()))
}

/// `DELETE /organization/users/{user_id}`.
pub(super) fn delete(world: &mut World, call: &Call) -> Result<(), ApiError> {
    world
        .organization
        .remove_user(call.id(), &call.by)
        .ok_or_else(|| ApiError::missing("user", call.id()))
}
