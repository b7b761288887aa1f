//! The simulator against its own table of what the official document says, in process and once over sockets.

mod access;
mod answers;
mod faults;
mod limits;
mod paging;
mod parking;
mod writes;

use http::{HeaderMap, Method, Request};
use rosterctl::provider::{Transport as _, TransportError};
use rosterctl::simulator::{InProcess, Population, Roster, Settings, Simulator};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// 2026-11-24 03:15:00 UTC.
const START_S: i64 = 1_795_490_100;
const USERS: &str = "/v1/organization/users";
const INVITES: &str = "/v1/organization/invites";

/// A simulator and a caller.
struct Bench {
    simulator: Simulator,
    transport: InProcess,
    key: String,
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let simulator = Simulator::new(settings);
        Self {
            transport: simulator.in_process(),
            key: simulator.admin_key().expose_secret().to_owned(),
            simulator,
        }
    }

    /// A made-up organization with so many users.
    fn of(members: usize) -> Self {
        Self::new(quiet(members))
    }

    /// An organization with these rows.
    fn with(roster: &Value) -> Self {
        Self::new(written(roster))
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Seen {
        let request = self.request(method, path, &body);
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, body: &Value) -> Request<Vec<u8>> {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .body(body)
            .unwrap()
    }

    async fn send(&self, request: Request<Vec<u8>>) -> Seen {
        self.attempt(request).await.unwrap()
    }

    /// The same for an answer that may be lost, or be no JSON; then its text is the body.
    async fn attempt(&self, request: Request<Vec<u8>>) -> Result<Seen, TransportError> {
        let (parts, body) = self.transport.send(request).await?.into_parts();
        Ok(Seen {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&body)
                .unwrap_or_else(|_| String::from_utf8(body).unwrap().into()),
        })
    }

    async fn get(&self, path: &str) -> Seen {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn delete(&self, path: &str) -> Seen {
        self.call(Method::DELETE, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Seen {
        self.call(Method::POST, path, body).await
    }

    /// Every row of a list, by cursor, and how many pages there were.
    async fn pages(&self, path: &str, limit: usize) -> (Vec<Value>, usize) {
        let mut rows = Vec::new();
        let mut after = String::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        for pages in 1.. {
            let page = self
                .get(&format!("{path}{separator}limit={limit}&after={after}"))
                .await
                .body;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] == json!(false) {
                return (rows, pages);
            }
            page["last_id"].as_str().unwrap().clone_into(&mut after);
        }
        unreachable!("a list has an end")
    }
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn ids(&self) -> Vec<&str> {
        self.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect()
    }
}

fn quiet(members: usize) -> Settings {
    Settings::quiet(Population::Members(members), 7, START_S)
}

fn written(roster: &Value) -> Settings {
    let roster = Roster::parse(&roster.to_string()).unwrap();
    Settings::quiet(Population::Roster(Box::new(roster)), 7, START_S)
}

/// Three people, an invite of each status, two projects, keys and an event.
fn small() -> Value {
    let user = |n: usize, name: &str, role: &str| {
        json!({"object": "organization.user", "id": format!("user-{n}"), "name": name,
            "email": format!("{name}@acme.dev"), "role": role, "added_at": START_S - 1000,
            "is_default": n == 1, "is_service_account": false, "is_scim_managed": false})
    };
    let invite = |id: &str, status: &str| {
        json!({"object": "organization.invite", "id": id, "email": format!("{id}@acme.dev"),
            "role": "reader", "status": status, "created_at": START_S - 500, "projects": []})
    };
    let key = |id: &str, owner: Value| {
        json!({"object": "organization.project.api_key", "id": id, "name": id,
            "redacted_value": "sk-proj...abc", "created_at": 1, "last_used_at": null,
            "owner_project_access": "active", "owner": owner})
    };
    let lin = json!({"type": "user", "user": {"id": "user-3", "name": "lin",
        "email": "lin@acme.dev", "created_at": 1, "role": "member"}});
    let machine = json!({"type": "service_account",
        "service_account": {"id": "sa-1", "name": "ci", "created_at": 1, "role": "member"}});
    json!({
        "organization": "org-small",
        "users": [user(1, "ada", "owner"), user(2, "bo", "owner"), user(3, "lin", "reader")],
        "invites": [invite("pending", "pending"), invite("accepted", "accepted"), invite("expired", "expired")],
        "projects": [
            {"object": "organization.project", "id": "proj_default", "name": "Default project",
                "created_at": 1, "status": "active"},
            {"object": "organization.project", "id": "proj_search", "name": "Search", "created_at": 1,
                "status": "active",
                "users": [{"object": "organization.project.user", "id": "user-3", "name": "lin",
                    "email": "lin@acme.dev", "role": "member", "added_at": 1}],
                "api_keys": [key("key_lin", lin), key("key_machine", machine)]},
            {"object": "organization.project", "id": "proj_old", "name": "Old", "created_at": 1,
                "archived_at": 2, "status": "archived"},
        ],
        "admin_api_keys": [{"object": "organization.admin_api_key", "id": "key_admin", "name": "ci",
            "redacted_value": "sk-admin-...", "created_at": 1, "expires_at": null,
            "owner": {"type": "user", "id": "user-2"}}],
    })
}
