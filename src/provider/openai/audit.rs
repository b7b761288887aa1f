//! The audit log: one listing by kind and time, read tolerantly (API contract, section 8).
//!
//! The details of an entry stand under a key that is its kind, dot included. An entry that cannot be understood is
//! left out, because the log explains and decides nothing; a page that cannot be trusted makes the log unreadable.
//! How the API answers when the log is switched off is not documented, so the provider's own words tell that case
//! from a key that may not read it.

use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::OpenAi;
use super::paging::{self, Of};
use super::requests::Endpoint;
use super::wire::RowFault;
use crate::provider::{AuditSource, Listing, ProviderError, Transport};
use crate::roster::{
    Actor, ActorHolder, AuditEvent, AuditKind, AuditLog, AuditReading, Email, Happening, Id,
    LiveRole, Operation, Somebody,
};

static LIST_AUDIT_LOGS: Endpoint = Endpoint::new(
    Operation::ListAuditLogs,
    Method::GET,
    "GET /organization/audit_logs",
);

/// The name by which the default project is known; the API has no other mark of it (API contract, section 5).
const DEFAULT_PROJECT: &str = "Default project";
/// Words of which one stands in an answer that says that the log is off.
const OFF: [&str; 6] = [
    "not enabled",
    "not activated",
    "not turned on",
    "disabled",
    "turned off",
    "switched off",
];

/// An entry as it comes.
type Row = Map<String, Value>;

impl<T: Transport> AuditSource for OpenAi<T> {
    async fn audit_log(&self, kinds: &[AuditKind], since: Timestamp) -> AuditReading {
        let since_s = since.as_second().to_string();
        let mut filters = vec![("effective_at[gte]", since_s.as_str())];
        filters.extend(kinds.iter().map(|kind| ("event_types[]", kind.as_str())));
        let of = Of {
            ids: &[],
            filter: &filters,
        };
        let listing = paging::list(&self.api, &LIST_AUDIT_LOGS, of, |row: Row| {
            let id = text(&row, "id").ok_or(RowFault::NoId)?;
            Ok((id.to_owned(), event(&row)))
        });
        match listing.await {
            Ok(Listing { rows, seen: _ }) => AuditReading::Read(log(rows, since)),
            Err(error) => unread(&error),
        }
    }
}

/// The newest first, whatever order they came in; and none from before, whatever the filter did.
fn log(mut events: Vec<AuditEvent>, since: Timestamp) -> AuditLog {
    events.retain(|event| event.at.as_second() >= since.as_second());
    events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    AuditLog { since, events }
}

/// What an error says about the log.
fn unread(error: &ProviderError) -> AuditReading {
    let said = error.message.as_deref().unwrap_or_default();
    let words = said.to_lowercase();
    let is_off = words.contains("audit log") && OFF.iter().any(|word| words.contains(word));
    if is_off {
        return AuditReading::Off {
            reason: said.to_owned(),
        };
    }
    AuditReading::Unreadable {
        reason: error.to_string(),
    }
}

/// The entry, if it can be understood.
fn event(row: &Row) -> Option<AuditEvent> {
    let kind = text(row, "type")?;
    let details = row.get(kind).and_then(Value::as_object)?;
    Some(AuditEvent {
        id: text(row, "id")?.to_owned(),
        at: Timestamp::from_second(row.get("effective_at")?.as_i64()?).ok()?,
        what: happening(AuditKind::named(kind)?, details)?,
        by: row
            .get("actor")
            .and_then(Value::as_object)
            .map_or(Actor::Unsaid, actor),
        project: row
            .get("project")
            .and_then(Value::as_object)
            .and_then(|project| text(project, "name").or_else(|| text(project, "id")))
            .filter(|name| *name != DEFAULT_PROJECT)
            .map(str::to_owned),
    })
}

fn happening(kind: AuditKind, details: &Row) -> Option<Happening> {
    let role = |payload: &str| {
        let payload = details.get(payload)?.as_object()?;
        text(payload, "role").map(|role| LiveRole::observed(Some(role)))
    };
    Some(match kind {
        AuditKind::UserAdded => Happening::UserAdded {
            user: id(details, "id")?,
            role: role("data"),
        },
        AuditKind::UserUpdated => Happening::UserUpdated {
            user: id(details, "id")?,
            role: role("changes_requested"),
        },
        AuditKind::UserDeleted => Happening::UserDeleted {
            user: id(details, "id")?,
        },
        AuditKind::InviteSent => Happening::InviteSent {
            invite: id(details, "id")?,
            email: details
                .get("data")
                .and_then(Value::as_object)
                .and_then(email),
            role: role("data"),
        },
        AuditKind::InviteAccepted => Happening::InviteAccepted {
            invite: id(details, "id")?,
        },
        AuditKind::InviteDeleted => Happening::InviteDeleted {
            invite: id(details, "id")?,
        },
        AuditKind::RoleAssigned => Happening::RoleAssigned {
            principal: text(details, "principal_id")?.to_owned(),
        },
        AuditKind::RoleUnassigned => Happening::RoleUnassigned {
            principal: text(details, "principal_id")?.to_owned(),
        },
        AuditKind::KeyCreated => Happening::KeyCreated {
            key: id(details, "id")?,
        },
        AuditKind::ServiceAccountCreated => Happening::ServiceAccountCreated {
            account: id(details, "id")?,
        },
    })
}

fn actor(actor: &Row) -> Actor {
    let part = |name: &str| actor.get(name).and_then(Value::as_object);
    match (text(actor, "type"), part("session"), part("api_key")) {
        (Some("session") | None, Some(session), _) => {
            Actor::Session(somebody(session).unwrap_or_default())
        }
        (Some("api_key") | None, _, Some(key)) => Actor::Key {
            id: text(key, "id").map(str::to_owned),
            holder: holder(key),
        },
        _ => Actor::Unsaid,
    }
}

fn holder(key: &Row) -> ActorHolder {
    let account = key.get("service_account").and_then(Value::as_object);
    match (text(key, "type"), account, somebody(key)) {
        (Some("service_account"), account, _) => {
            let id = account.and_then(|account| text(account, "id"));
            ActorHolder::ServiceAccount(id.map(str::to_owned))
        }
        (_, _, Some(person)) => ActorHolder::Person(person),
        (_, Some(account), None) => {
            ActorHolder::ServiceAccount(text(account, "id").map(str::to_owned))
        }
        (_, None, None) => ActorHolder::Unsaid,
    }
}

/// The person in `user`.
fn somebody(row: &Row) -> Option<Somebody> {
    let user = row.get("user")?.as_object()?;
    Some(Somebody {
        id: id(user, "id"),
        email: email(user),
    })
}

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field)?.as_str().filter(|text| !text.is_empty())
}

fn id<K>(row: &Row, field: &str) -> Option<Id<K>> {
    Id::parse(text(row, field)?).ok()
}

fn email(row: &Row) -> Option<Email> {
    Email::parse(text(row, "email")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::canned::{Canned, say};

    /// Noon of a day.
    fn noon() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    async fn read(status: u16, body: &str) -> (Canned, AuditReading) {
        let play = Canned::play([say(status, body)]);
        let kinds = [AuditKind::UserAdded, AuditKind::RoleAssigned];
        let reading = play.open_ai().audit_log(&kinds, noon()).await;
        (play, reading)
    }

    async fn events(rows: &str) -> Vec<AuditEvent> {
        let page = format!(r#"{{"data":[{rows}],"has_more":false}}"#);
        match read(200, &page).await.1 {
            AuditReading::Read(log) => log.events,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn kinds_and_time_are_filters_of_every_page() {
        let page = |id: &str, more: bool| {
            let row =
                format!(r#"{{"id":"{id}","type":"logout.succeeded","effective_at":1795521600}}"#);
            say(200, &format!(r#"{{"data":[{row}],"has_more":{more}}}"#))
        };
        let play = Canned::play([page("log-2", true), page("log-1", false)]);
        let reading = play
            .open_ai()
            .audit_log(&[AuditKind::UserAdded, AuditKind::RoleAssigned], noon())
            .await;
        assert_eq!(
            reading,
            AuditReading::Read(AuditLog {
                since: noon(),
                events: Vec::new()
            })
        );
        let filters = "limit=100&effective_at%5Bgte%5D=1795521600&event_types%5B%5D=user.added\
                       &event_types%5B%5D=role.assignment.created";
        assert_eq!(
            play.lines(),
            [
                format!("GET /v1/organization/audit_logs?{filters}"),
                format!("GET /v1/organization/audit_logs?{filters}&after=log-2"),
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn every_kind_and_every_actor_is_understood() {
        let at = r#""effective_at":1795521700"#;
        let session = r#""actor":{"type":"session","session":{"user":{"id":"user-1","email":"Ada@acme.dev"}}}"#;
        let key = r#""actor":{"type":"api_key","api_key":{"id":"key_1","type":"user","user":{"id":"user-1","email":"ada@acme.dev"}}}"#;
        let machine = r#""actor":{"type":"api_key","api_key":{"id":"key_2","type":"service_account","service_account":{"id":"svc_1"}}}"#;
        let rows = [
            format!(
                r#"{{"id":"a9","type":"user.added",{at},{session},"user.added":{{"id":"user-2","data":{{"role":"member"}}}}}}"#
            ),
            format!(
                r#"{{"id":"a8","type":"user.updated",{at},{key},"user.updated":{{"id":"user-2","changes_requested":{{"role":"owner"}}}}}}"#
            ),
            format!(
                r#"{{"id":"a7","type":"user.deleted",{at},{machine},"user.deleted":{{"id":"user-2"}}}}"#
            ),
            format!(
                r#"{{"id":"a6","type":"invite.sent",{at},"actor":null,"invite.sent":{{"id":"invite-1","data":{{"email":"Lin@acme.dev","role":"owner"}}}}}}"#
            ),
            format!(
                r#"{{"id":"a5","type":"invite.accepted",{at},"invite.accepted":{{"id":"invite-1"}}}}"#
            ),
            format!(
                r#"{{"id":"a4","type":"invite.deleted",{at},"actor":{{"type":"api_key"}},"invite.deleted":{{"id":"invite-1"}}}}"#
            ),
            format!(
                r#"{{"id":"a3","type":"role.assignment.created",{at},"role.assignment.created":{{"id":"ra_1","principal_id":"user-2","principal_type":"user"}}}}"#
            ),
            format!(
                r#"{{"id":"a2","type":"api_key.created",{at},"project":{{"id":"proj_1","name":"Web"}},"api_key.created":{{"id":"key_3"}}}}"#
            ),
            format!(
                r#"{{"id":"a1","type":"service_account.created",{at},"project":{{"id":"proj_0","name":"Default project"}},"service_account.created":{{"id":"user-svc"}}}}"#
            ),
        ];
        let told: Vec<String> = events(&rows.join(","))
            .await
            .into_iter()
            .map(|event| {
                let AuditEvent {
                    id,
                    at: _,
                    what,
                    by,
                    project,
                } = event;
                format!("{id} {}: {what}, by {by}, in {project:?}", what.kind())
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        a9 user.added: added as reader, by ada@acme.dev in the dashboard, in None
        a8 user.updated: role set to owner, by key key_1 of ada@acme.dev, in None
        a7 user.deleted: removed, by key key_2 of service account svc_1, in None
        a6 invite.sent: invite sent to lin@acme.dev as owner, by somebody whom the log does not name, in None
        a5 invite.accepted: invite accepted, by somebody whom the log does not name, in None
        a4 invite.deleted: invite cancelled, by somebody whom the log does not name, in None
        a3 role.assignment.created: role given, by somebody whom the log does not name, in None
        a2 api_key.created: key made, by somebody whom the log does not name, in Some("Web")
        a1 service_account.created: service account made, by somebody whom the log does not name, in None
        "#);
    }

    #[tokio::test(start_paused = true)]
    async fn an_entry_that_cannot_be_understood_is_left_out() {
        let at = r#""effective_at":1795521700"#;
        for row in [
            format!(r#"{{"id":"a","type":"tenant.user.added",{at},"tenant.user.added":{{"id":"user-1"}}}}"#),
            format!(r#"{{"id":"a","type":"user.added",{at}}}"#),
            format!(r#"{{"id":"a","type":"user.added",{at},"user.added":{{"id":7}}}}"#),
            format!(r#"{{"id":"a","type":"user.added",{at},"user.added":{{"id":".."}}}}"#),
            r#"{"id":"a","type":"user.added","effective_at":"today","user.added":{"id":"user-1"}}"#.to_owned(),
            // Older than asked for: the filter did not hold.
            r#"{"id":"a","type":"user.added","effective_at":1795521599,"user.added":{"id":"user-1"}}"#.to_owned(),
        ] {
            assert_eq!(events(&row).await, [], "{row}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_is_off_or_out_of_reach_is_an_answer() {
        let object = |message: &str| {
            format!(r#"{{"error":{{"message":"{message}","type":"invalid_request_error"}}}}"#)
        };
        let mut told = Vec::new();
        for (status, body) in [
            (403, object("Audit logs are not enabled for this organization.")),
            (404, object("Audit logging is disabled.")),
            (403, r#"{"error":"You have insufficient permissions for this operation. Missing scopes: api.audit_logs.read."}"#.to_owned()),
            (404, object("Not found.")),
            (400, object("Unknown event type.")),
            (200, r#"{"data":[{"type":"user.added"}],"has_more":false}"#.to_owned()),
        ] {
            told.push(match read(status, &body).await.1 {
                AuditReading::Read(log) => panic!("{log:?}"),
                AuditReading::Off { reason } => format!("off: {reason}"),
                AuditReading::Unreadable { reason } => format!("unreadable: {reason}"),
            });
        }
        insta::assert_snapshot!(told.join("\n"), @"
        off: Audit logs are not enabled for this organization.
        off: Audit logging is disabled.
        unreadable: the key may not call `GET /organization/audit_logs` (status 403): You have insufficient permissions for this operation. Missing scopes: api.audit_logs.read.
        unreadable: `GET /organization/audit_logs` found nothing (status 404): Not found.
        unreadable: `GET /organization/audit_logs` was rejected (status 400): Unknown event type.
        unreadable: page 1 of `GET /organization/audit_logs` cannot be trusted (status 200)
        ");
    }
}
