//! The endpoints: one table of method, path template and the function that answers.
//!
//! A function gets the world and one call and returns an answer; it never waits. The name of an endpoint, such as
//! `DELETE /organization/users/{user_id}`, is also what limits and counters go by.

mod admin_keys;
mod audit;
mod control;
mod invites;
mod legacy;
mod projects;
mod users;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use super::answer::{Answer, ApiError};
use super::organization::By;
use super::query::Query;
use super::table::{Point, Row, text};
use super::world::World;
use super::{Simulator, exchange};

/// One method on one path template.
pub(super) struct Endpoint {
    /// `METHOD /path/{template}`, without the `/v1` before the path.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) act: Act,
}

/// What an endpoint does.
pub(super) enum Act {
    /// Answers with a document.
    Answer(fn(&mut World, &Call) -> Answer),
    /// Removes the object that the path names last. The answer names its type; nothing at all if that is empty.
    Remove(&'static str, fn(&mut World, &Call) -> Result<(), ApiError>),
}

/// One request that was let in.
pub(super) struct Call {
    /// The path's parameters, decoded, in order.
    pub(super) ids: Vec<String>,
    /// The query.
    pub(super) query: Query,
    /// The body.
    pub(super) body: Bytes,
    /// The point that a read sees.
    pub(super) view: Point,
    /// Who calls, and when.
    pub(super) by: By,
}

/// Every endpoint.
pub(super) static ENDPOINTS: [Endpoint; 22] = [
    endpoint("GET /organization/users", users::list),
    endpoint("GET /organization/users/{user_id}", users::retrieve),
    endpoint("POST /organization/users/{user_id}", users::modify),
    removal(
        "DELETE /organization/users/{user_id}",
        "organization.user.deleted",
        users::delete,
    ),
    endpoint("GET /organization/invites", invites::list),
    endpoint("POST /organization/invites", invites::create),
    endpoint("GET /organization/invites/{invite_id}", invites::retrieve),
    removal(
        "DELETE /organization/invites/{invite_id}",
        "organization.invite.deleted",
        invites::delete,
    ),
    endpoint("GET /organization/admin_api_keys", admin_keys::list),
    endpoint(
        "GET /organization/admin_api_keys/{key_id}",
        admin_keys::retrieve,
    ),
    removal(
        "DELETE /organization/admin_api_keys/{key_id}",
        "organization.admin_api_key.deleted",
        admin_keys::delete,
    ),
    endpoint("GET /organization/projects", projects::list),
    endpoint(
        "GET /organization/projects/{project_id}",
        projects::retrieve,
    ),
    endpoint(
        "GET /organization/projects/{project_id}/users",
        projects::list_users,
    ),
    endpoint(
        "GET /organization/projects/{project_id}/users/{user_id}",
        projects::retrieve_user,
    ),
    removal(
        "DELETE /organization/projects/{project_id}/users/{user_id}",
        "organization.project.user.deleted",
        projects::delete_user,
    ),
    endpoint(
        "GET /organization/projects/{project_id}/api_keys",
        projects::list_keys,
    ),
    endpoint(
        "GET /organization/projects/{project_id}/api_keys/{api_key_id}",
        projects::retrieve_key,
    ),
    removal(
        "DELETE /organization/projects/{project_id}/api_keys/{api_key_id}",
        "organization.project.api_key.deleted",
        projects::delete_key,
    ),
    endpoint("GET /organization/audit_logs", audit::list),
    endpoint("GET /organizations/{organization_id}/users", legacy::list),
    removal(
        "DELETE /organizations/{organization_id}/users/{user_id}",
        "",
        legacy::delete,
    ),
];

const fn endpoint(name: &'static str, answer: fn(&mut World, &Call) -> Answer) -> Endpoint {
    Endpoint {
        name,
        act: Act::Answer(answer),
    }
}

const fn removal(
    name: &'static str,
    object: &'static str,
    remove: fn(&mut World, &Call) -> Result<(), ApiError>,
) -> Endpoint {
    Endpoint {
        name,
        act: Act::Remove(object, remove),
    }
}

impl Endpoint {
    /// The method, and the path template after `/v1`.
    fn route(&self) -> (&'static str, &'static str) {
        self.name
            .split_once(' ')
            .expect("an endpoint's name is a method, a space and a path")
    }

    /// Performs a call.
    pub(super) fn perform(&self, world: &mut World, call: &Call) -> Answer {
        match self.act {
            Act::Answer(answer) => answer(world, call),
            Act::Remove(object, remove) => {
                remove(world, call).map(|()| removed(object, call.last_id(), true))
            }
        }
    }

    /// The answer to a removal, as it would be.
    pub(super) fn removed(&self, call: &Call, deleted: bool) -> Option<Value> {
        match self.act {
            Act::Answer(_) => None,
            Act::Remove(object, _) => Some(removed(object, call.last_id(), deleted)),
        }
    }

    /// Whether it answers in pages.
    pub(super) fn is_paged(&self) -> bool {
        !self.writes() && !self.name.ends_with('}') && !self.name.contains("/organizations/")
    }

    /// Whether it changes the organization.
    pub(super) fn writes(&self) -> bool {
        self.route().0 != Method::GET.as_str()
    }
}

impl Call {
    /// The last id in the path.
    pub(super) fn last_id(&self) -> &str {
        self.ids.last().map_or("", String::as_str)
    }

    /// The first id in the path.
    pub(super) fn id(&self) -> &str {
        self.id_at(0)
    }

    /// The n-th id in the path.
    fn id_at(&self, position: usize) -> &str {
        self.ids.get(position).map_or("", String::as_str)
    }

    /// The body as a JSON object.
    fn object(&self) -> Result<Row, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            ApiError::object(
                StatusCode::BAD_REQUEST,
                format!("The body of your request is not a JSON object ({error})."),
                None,
            )
        })
    }
}

/// The router: every endpoint under `/v1`, the controls under `/_sim`, and the API's own words for anything else.
pub(super) fn router(simulator: Simulator) -> Router {
    let mut router = control::router();
    for endpoint in &ENDPOINTS {
        let (method, path) = endpoint.route();
        let filter = Method::from_bytes(method.as_bytes())
            .ok()
            .and_then(|method| MethodFilter::try_from(method).ok())
            .expect("an endpoint's name begins with a method");
        let answer = async move |State(simulator): State<Simulator>,
                                 ids: RawPathParams,
                                 request: Request| {
            exchange::exchange(&simulator, endpoint, &ids, request).await
        };
        router = router.route(&format!("/v1{path}"), on(filter, answer));
    }
    router
        .fallback(exchange::no_such_path)
        .method_not_allowed_fallback(exchange::no_such_method)
        .with_state(simulator)
}

/// A field of a request's body that must be a string.
fn required<'a>(body: &'a Row, field: &'static str) -> Result<&'a str, ApiError> {
    text(body, field)
        .ok_or_else(|| ApiError::bad(field, format!("Missing required parameter: '{field}'.")))
}

/// The answer to a removal.
fn removed(object: &str, id: &str, deleted: bool) -> Value {
    if object.is_empty() {
        serde_json::json!({})
    } else {
        serde_json::json!({"object": object, "id": id, "deleted": deleted})
    }
}
