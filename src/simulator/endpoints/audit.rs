//! The audit log, newest first (API contract, section 8).

use axum::http::StatusCode;
use serde_json::Value;

use super::Call;
use crate::simulator::answer::{Answer, ApiError};
use crate::simulator::page::{page, page_before};
use crate::simulator::table::{Order, Row, text};
use crate::simulator::world::World;

/// `GET /organization/audit_logs` with its filters: every one that is sent must hold.
pub(super) fn list(world: &mut World, call: &Call) -> Answer {
    if world.organization.audit_log_off {
        return Err(off());
    }
    let query = &call.query;
    let (gt, gte) = (
        query.integer("effective_at[gt]")?,
        query.integer("effective_at[gte]")?,
    );
    let (lt, lte) = (
        query.integer("effective_at[lt]")?,
        query.integer("effective_at[lte]")?,
    );
    let among = |name: &str, found: Option<&str>| {
        let wanted = query.all(name);
        wanted.is_empty() || found.is_some_and(|found| wanted.contains(&found))
    };
    let keep = |event: &Row| {
        let at = event
            .get("effective_at")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        let kind = text(event, "type");
        gt.is_none_or(|bound| at > bound)
            && gte.is_none_or(|bound| at >= bound)
            && lt.is_none_or(|bound| at < bound)
            && lte.is_none_or(|bound| at <= bound)
            && among("event_types", kind)
            && among(
                "project_ids",
                event.get("project").and_then(|project| id(project)),
            )
            && among("actor_ids", actor(event).and_then(id))
            && among(
                "actor_emails",
                actor(event).and_then(|user| user.get("email")?.as_str()),
            )
            && among(
                "resource_ids",
                kind.and_then(|kind| event.get(kind)).and_then(id),
            )
    };
    let log = &world.organization.audit_logs;
    match page_before(log, call, Order::Newest, keep)? {
        Some(earlier) => Ok(earlier),
        None => page(log, call, Order::Newest, keep),
    }
}

/// The answer while the log is switched off. The real one is not documented (API contract, section 8).
fn off() -> ApiError {
    let message = "Audit logs are not enabled for this organization.".to_owned();
    ApiError::object(StatusCode::FORBIDDEN, message, None)
}

/// The person behind an event: in a session, or behind a key.
fn actor(event: &Row) -> Option<&Value> {
    let actor = event.get("actor")?;
    ["session", "api_key"]
        .into_iter()
        .find_map(|kind| actor.get(kind)?.get("user"))
}

fn id(value: &Value) -> Option<&str> {
    value.get("id")?.as_str()
}
