//! The older, undocumented pair of the dashboard (API contract, section 1): a list without pages, and a removal.

use serde_json::{Value, json};

use super::Call;
use crate::simulator::LegacyShape;
use crate::simulator::access::no_such_organization;
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::table::{Order, Row, email_of, id_of, text};
use crate::simulator::world::World;

/// `GET /organizations/{organization_id}/users`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    check_organization(world, call)?;
    let rows = world
        .organization
        .users
        .slice(Order::Oldest, None, call.view, usize::MAX, |_| true);
    let members = rows.into_iter().map(|row| member(row, world.legacy));
    Ok(match world.legacy {
        LegacyShape::Nested => json!({"members": {"data": members.collect::<Vec<_>>()}}),
        LegacyShape::Plain => members.collect(),
    })
}

/// `DELETE /organizations/{organization_id}/users/{user_id}`. What it answers is not known; it is empty here.
pub(super) fn delete(world: &mut World, call: &Call) -> Result<(), ApiError> {
    check_organization(world, call)?;
    world
        .organization
        .remove_user(call.id_at(1), &call.by)
        .ok_or_else(|| ApiError::missing("user", call.id_at(1)))
}

fn check_organization(world: &World, call: &Call) -> Result<(), ApiError> {
    if world.organization.id == call.id() {
        Ok(())
    } else {
        Err(no_such_organization(call.id()))
    }
}

/// A member without the flags that protect one: this API does not know them.
fn member(row: &Row, shape: LegacyShape) -> Value {
    let (id, email, role) = (id_of(row), email_of(row), text(row, "role"));
    match shape {
        LegacyShape::Nested => json!({
            "role": role,
            "created": row.get("added_at"),
            "user": {"id": id, "name": text(row, "name"), "email": email},
        }),
        LegacyShape::Plain => json!({"id": id, "email": email, "role": role}),
    }
}
