//! Shapes, headers and determinism.

use http::Method;
use rosterctl::simulator::{LegacyShape, Population, Roster, Settings, Simulator, bind};
use serde_json::{Value, json};

use super::{Bench, INVITES, START_S, USERS, quiet, small, written};

/// Fields and their JSON types.
type Fields = &'static [(&'static str, &'static str)];

/// Object type, and the fields that the official document requires, each with its JSON type; `?` may be null.
const REQUIRED: [(&str, &str, Fields); 7] = [
    (
        USERS,
        "organization.user",
        &[("id", "string"), ("added_at", "number")],
    ),
    (
        INVITES,
        "organization.invite",
        &[
            ("id", "string"),
            ("email", "string"),
            ("role", "string"),
            ("status", "string"),
            ("created_at", "number"),
            ("projects", "array"),
        ],
    ),
    (
        "/v1/organization/projects?include_archived=true",
        "organization.project",
        &[("id", "string"), ("created_at", "number")],
    ),
    (
        "/v1/organization/projects/{project}/users",
        "organization.project.user",
        &[("id", "string"), ("role", "string"), ("added_at", "number")],
    ),
    (
        "/v1/organization/projects/{project}/api_keys?owner_project_access=any",
        "organization.project.api_key",
        &[
            ("id", "string"),
            ("redacted_value", "string"),
            ("name", "string"),
            ("created_at", "number"),
            ("last_used_at", "number?"),
            ("owner_project_access", "string"),
            ("owner", "object"),
        ],
    ),
    (
        "/v1/organization/admin_api_keys",
        "organization.admin_api_key",
        &[
            ("id", "string"),
            ("redacted_value", "string"),
            ("created_at", "number"),
            ("expires_at", "number?"),
            ("owner", "object"),
        ],
    ),
    (
        "/v1/organization/audit_logs",
        "",
        &[
            ("id", "string"),
            ("type", "string"),
            ("effective_at", "number"),
        ],
    ),
];

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[tokio::test]
async fn every_row_has_what_the_document_requires() {
    let bench = Bench::of(200);
    let projects = bench.get("/v1/organization/projects").await;
    let project = projects.ids()[1].to_owned();
    for (path, object, fields) in REQUIRED {
        let path = path.replace("{project}", &project);
        let (rows, _) = bench.pages(&path, 100).await;
        assert!(!rows.is_empty(), "{path}");
        for row in &rows {
            if !object.is_empty() {
                assert_eq!(row["object"], object, "{path}");
            }
            for (field, wanted) in fields {
                let found = type_of(&row[field]);
                let nullable = wanted.ends_with('?') && found == "null" && row.get(field).is_some();
                assert!(
                    found == wanted.trim_end_matches('?') || nullable,
                    "{path} {field}: {row}"
                );
            }
        }
    }
}

#[tokio::test]
async fn one_object_is_what_the_list_shows() {
    let bench = Bench::of(60);
    let projects = bench.get("/v1/organization/projects").await;
    let project = projects.ids()[1].to_owned();
    for list in [
        USERS.to_owned(),
        INVITES.to_owned(),
        "/v1/organization/projects".to_owned(),
        "/v1/organization/admin_api_keys".to_owned(),
        format!("/v1/organization/projects/{project}/users"),
        format!("/v1/organization/projects/{project}/api_keys"),
    ] {
        let (rows, _) = bench.pages(&list, 100).await;
        let id = rows[0]["id"].as_str().unwrap();
        let seen = bench.get(&format!("{list}/{id}")).await;
        assert_eq!((seen.status, &seen.body), (200, &rows[0]), "{list}");
        let absent = bench.get(&format!("{list}/nobody")).await;
        assert_eq!(absent.status, 404, "{list}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_says_when_by_whom_and_which() {
    let bench = Bench::of(5);
    tokio::time::advance(std::time::Duration::from_secs(75)).await;
    let seen = bench.get(USERS).await;
    assert_eq!(seen.header("date"), "Tue, 24 Nov 2026 03:16:15 GMT");
    assert_eq!(
        seen.header("openai-organization"),
        bench.simulator.organization()
    );
    assert_eq!(seen.header("openai-version"), "2020-10-01");
    assert_eq!(seen.header("openai-processing-ms"), "0");
    assert!(seen.header("x-request-id").starts_with("req_"));
    let next = bench.get("/v1/organization/users/nobody").await;
    assert_ne!(next.header("x-request-id"), seen.header("x-request-id"));

    let mut roster = small();
    roster["slug"] = json!("acme-x7k2");
    let seen = Bench::with(&roster).get(USERS).await;
    assert_eq!(seen.header("openai-organization"), "acme-x7k2");
}

#[tokio::test]
async fn one_seed_makes_one_organization() {
    let state = |members, seed| {
        Simulator::new(Settings::quiet(Population::Members(members), seed, START_S)).state()
    };
    assert_eq!(state(120, 1), state(120, 1));
    assert_ne!(state(120, 1), state(120, 2));
    for members in [0, 1, 2, 5, 500] {
        assert_eq!(
            state(members, 3)["users"].as_array().unwrap().len(),
            members
        );
    }
}

#[tokio::test]
async fn a_made_up_organization_has_everybody_in_it() {
    let state = Simulator::new(quiet(500)).state();
    let users = state["users"].as_array().unwrap();
    let count = |field: &str| users.iter().filter(|row| row[field] == json!(true)).count();
    assert_eq!(count("is_default"), 1);
    assert_eq!(count("is_service_account"), 10);
    assert_eq!(count("is_scim_managed"), 25);
    assert_eq!(users.iter().filter(|row| row["role"] == "owner").count(), 5);
    let emails: std::collections::BTreeSet<_> = users
        .iter()
        .filter_map(|row| row["email"].as_str())
        .collect();
    assert_eq!(emails.len(), 490);
    assert!(users.iter().all(|row| {
        ["is_default", "is_service_account", "is_scim_managed"]
            .iter()
            .all(|flag| row[flag].is_boolean())
    }));
    let holder = &state["admin_api_keys"][0]["owner"]["id"];
    assert!(
        users
            .iter()
            .any(|row| row["id"] == *holder && row["role"] == "owner")
    );
}

#[tokio::test]
async fn a_written_row_is_served_as_written() {
    let odd = json!([
        {"role": "reader", "created": 5, "user": {"object": "user", "id": "user-9", "email": "n@acme.dev"}},
        {"object": "organization.user", "future": {"field": [1, null]}, "role": 7},
    ]);
    let bench = Bench::with(&json!({"organization": "org-odd", "users": odd}));
    let seen = bench.get(USERS).await;
    assert_eq!(seen.body["data"], odd);
    assert_eq!(seen.body["first_id"], "user-9");
    assert_eq!(seen.body["last_id"], Value::Null);
    assert_eq!(bench.get(&format!("{USERS}/user-9")).await.body, odd[0]);
}

#[tokio::test]
async fn the_state_is_a_roster_again_with_counters_and_mutations() {
    let bench = Bench::with(&small());
    bench.get(USERS).await;
    bench.delete(&format!("{USERS}/user-3")).await;
    let mut state = bench.get("/_sim/state").await.body;
    let document = state.as_object_mut().unwrap();
    assert_eq!(
        document.remove("counters").unwrap(),
        json!({
            "GET /organization/users": {"requests": 1, "throttled": 0},
            "DELETE /organization/users/{user_id}": {"requests": 1, "throttled": 0},
        })
    );
    assert_eq!(
        document.remove("mutations").unwrap(),
        json!([{"seq": 1, "operation": "delete-user", "id": "user-3", "email": "lin@acme.dev",
            "role": "reader", "author": "caller"}])
    );
    assert_eq!(document.remove("faults").unwrap(), json!({}));
    let roster = Roster::parse(&state.to_string()).unwrap();
    assert_eq!(roster.users.len(), 2);
    assert_eq!(
        roster.projects[1]["api_keys"][0]["owner_project_access"],
        "inactive"
    );
}

#[tokio::test]
async fn the_older_list_comes_in_either_shape() {
    let path = "/v1/organizations/org-small/users";
    let seen = Bench::with(&small()).get(path).await;
    assert_eq!(
        seen.body["members"]["data"][2],
        json!({"role": "reader", "created": START_S - 1000,
            "user": {"id": "user-3", "name": "lin", "email": "lin@acme.dev"}})
    );
    let mut settings = written(&small());
    settings.legacy = LegacyShape::Plain;
    let bench = Bench::new(settings);
    let seen = bench.get(path).await;
    assert_eq!(
        seen.body[0],
        json!({"id": "user-1", "email": "ada@acme.dev", "role": "owner"})
    );
    assert_eq!(bench.delete(&format!("{path}/user-3")).await.status, 200);
    assert_eq!(bench.delete(&format!("{path}/user-3")).await.status, 404);
    assert_eq!(
        bench.get("/v1/organizations/org-other/users").await.status,
        401
    );
}

#[tokio::test]
async fn it_is_served_over_sockets_on_loopback_only() {
    let simulator = Simulator::new(quiet(30));
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let ready = simulator.ready(listener.local_addr().unwrap());
    let line: Value = serde_json::from_str(&ready.to_line()).unwrap();
    let serving = tokio::spawn(simulator.serve(listener));
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .build()
        .unwrap();
    let answer = client
        .request(
            Method::GET,
            format!("{}/organization/users", line["base_url"].as_str().unwrap()),
        )
        .bearer_auth(line["admin_key"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["openai-organization"],
        line["organization"].as_str().unwrap()
    );
    let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
    serving.abort();

    let refusal = bind("0.0.0.0:0".parse().unwrap()).await.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "cannot listen on 0.0.0.0:0: a simulator is served on loopback only, such as 127.0.0.1:0"
    );
    let open = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    assert!(simulator.serve(open).await.is_err());
}
