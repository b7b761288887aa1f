//! Admin API keys (API contract, section 6). Secrets are never served, only their redacted form.

use serde_json::Value;

use super::Call;
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::page::page;
use crate::simulator::table::Order;
use crate::simulator::world::World;

/// `GET /organization/admin_api_keys`.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    let order = match call.query.choice("order", ["asc", "desc"])? {
        "desc" => Order::Newest,
        _ => Order::Oldest,
    };
    page(&world.organization.admin_keys, call, order, |_| true)
}

/// `GET /organization/admin_api_keys/{key_id}`.
pub(super) fn retrieve(world: &mut World, call: &Call) -> Answer {
    let keys = &world.organization.admin_keys;
    match keys.get(call.id(), call.view) {
        Some(row) => Ok(Value::Object(row.clone())),
        None => Err(ApiError::missing("admin API key", call.id())),
    }
}

/// `DELETE /organization/admin_api_keys/{key_id}`. The key in use may delete itself; nothing works after that.
pub(super) fn delete(world: &mut World, call: &Call) -> Result<(), ApiError> {
    world
        .organization
        .delete_admin_key(call.id(), &call.by)
        .ok_or_else(|| ApiError::missing("admin API key", call.id()))
}
