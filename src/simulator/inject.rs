//! What a fault makes of an answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, ApiError, Shape};
use super::endpoints::{Call, Endpoint};
use super::fault::{ErrorShape, Refusal};
use super::table::{PRESENT, Point, Table};
use super::world::World;
use super::{Fault, Moment};

/// What goes back over the wire.
#[derive(Debug)]
pub(super) enum Reply {
    /// A whole answer.
    Whole(Answer),
    /// A whole error with this many seconds in `Retry-After`.
    RetryAfter(ApiError, u64),
    /// An answer with a pause in the middle of its body.
    Slow(Answer, Duration),
    /// Half of the document.
    Half(Answer),
    /// A page that is no JSON.
    Html(StatusCode),
    /// Nothing: the connection breaks.
    Reset,
}

/// For how long reads see the past.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stale {
    /// Until then, since the start.
    pub(super) until: Duration,
    /// What they see.
    pub(super) view: Point,
}

impl World {
    /// Performs a call, with or without something going wrong.
    pub(super) fn reply(
        &mut self,
        endpoint: &Endpoint,
        call: &Call,
        fault: Option<Fault>,
    ) -> Reply {
        let Some(fault) = fault else {
            return Reply::Whole(self.perform(endpoint, call));
        };
        let kind = fault.kind();
        let reply = match fault {
            Fault::Status(refusal) => {
                if refusal.after {
                    // What it would have answered is lost, as it would be.
                    let _lost = self.perform(endpoint, call);
                }
                refused(refusal)
            }
            Fault::Html { status, after } => {
                if after {
                    let _lost = self.perform(endpoint, call);
                }
                Reply::Html(status_of(status))
            }
            Fault::ResetBefore => Reply::Reset,
            Fault::ResetAfter => {
                let _lost = self.perform(endpoint, call);
                Reply::Reset
            }
            Fault::SlowBody { ms } => {
                Reply::Slow(self.perform(endpoint, call), Duration::from_millis(ms))
            }
            Fault::Truncated => Reply::Half(self.perform(endpoint, call)),
            Fault::NotDeleted => match endpoint.removed(call, false) {
                Some(denial) if self.is_live(endpoint, call) => Reply::Whole(Ok(denial)),
                Some(_) | None => return Reply::Whole(self.perform(endpoint, call)),
            },
            Fault::NotFound if self.is_live(endpoint, call) => {
                Reply::Whole(Err(ApiError::missing("object", call.last_id())))
            }
            Fault::NotFound => return Reply::Whole(self.perform(endpoint, call)),
            Fault::RepeatedCursor => {
                let answer = self.perform(endpoint, call);
                match answer
                    .as_ref()
                    .ok()
                    .and_then(|page| page["last_id"].as_str())
                {
                    Some(cursor) => {
                        let cursor = cursor.to_owned();
                        self.stuck.insert(endpoint.name, cursor.clone());
                        Reply::Whole(answer.map(|page| leading_to(page, &cursor)))
                    }
                    None => return Reply::Whole(answer),
                }
            }
            // Both happened when the request arrived.
            Fault::StaleReads { ms: _ } | Fault::Elsewhere(_) => {
                return Reply::Whole(self.perform(endpoint, call));
            }
        };
        self.injected(kind);
        reply
    }

    /// Lets happen what a fault does to the organization rather than to the answer.
    pub(super) fn befall(&mut self, fault: &Fault, moment: Moment) {
        let happened = match fault {
            Fault::StaleReads { ms } => {
                self.stale = Some(Stale {
                    until: moment.elapsed + Duration::from_millis(*ms),
                    // What happens at this very moment is not seen any more.
                    view: moment.elapsed.checked_sub(Duration::from_nanos(1)),
                });
                true
            }
            Fault::Elsewhere(change) => self.elsewhere(change, moment),
            Fault::Status(_)
            | Fault::Html { .. }
            | Fault::ResetBefore
            | Fault::ResetAfter
            | Fault::SlowBody { ms: _ }
            | Fault::Truncated
            | Fault::NotDeleted
            | Fault::NotFound
            | Fault::RepeatedCursor => false,
        };
        if happened {
            self.injected(fault.kind());
        }
    }

    fn injected(&mut self, kind: String) {
        *self.faults_injected.entry(kind).or_default() += 1;
    }

    /// Performs a call as it should be, but for a cursor that is stuck: it leads to itself once, and is then forgotten.
    fn perform(&mut self, endpoint: &Endpoint, call: &Call) -> Answer {
        let answer = endpoint.perform(self, call);
        let stuck = self
            .stuck
            .get(endpoint.name)
            .is_some_and(|cursor| call.query.one("after") == Some(cursor.as_str()));
        match (answer, stuck) {
            (Ok(page), true) => {
                let cursor = self.stuck.remove(endpoint.name).unwrap_or_default();
                Ok(leading_to(page, &cursor))
            }
            (answer, _) => answer,
        }
    }

    /// Whether the object that a path names last is truly there.
    fn is_live(&self, endpoint: &Endpoint, call: &Call) -> bool {
        let organization = &self.organization;
        let project = |tables: &BTreeMap<String, Table>| {
            tables
                .get(call.id())
                .is_some_and(|table| table.get(call.last_id(), PRESENT).is_some())
        };
        let has = |table: &Table| table.get(call.last_id(), PRESENT).is_some();
        match endpoint.name.split('/').rev().nth(1) {
            Some("users") if endpoint.name.contains("projects") => {
                project(&organization.project_users)
            }
            Some("api_keys") => project(&organization.project_keys),
            Some("users") => has(&organization.users),
            Some("invites") => has(&organization.invites),
            Some("admin_api_keys") => has(&organization.admin_keys),
            Some("projects") => has(&organization.projects),
            Some(_) | None => false,
        }
    }
}

/// The same page, but its cursor leads nowhere new.
fn leading_to(mut page: Value, cursor: &str) -> Value {
    page["last_id"] = json!(cursor);
    page["has_more"] = json!(true);
    page
}

fn refused(refusal: Refusal) -> Reply {
    let Refusal {
        status,
        after: _,
        retry_after_s,
        code,
        message,
        shape,
    } = refusal;
    let status = status_of(status);
    let message = message.unwrap_or_else(|| {
        let reason = status.canonical_reason().unwrap_or("error");
        format!("The server had an error while processing your request: {reason}.")
    });
    let error = match shape {
        ErrorShape::Object => {
            let mut error = ApiError::object(status, message, None);
            if let Shape::Object { code: slot, .. } = &mut error.shape {
                *slot = code.map(Cow::Owned);
            }
            error
        }
        ErrorShape::Text => ApiError::text(status, message),
        ErrorShape::Flat => ApiError::flat(status, message),
    };
    match retry_after_s {
        Some(seconds) => Reply::RetryAfter(error, seconds),
        None => Reply::Whole(Err(error)),
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
