//! What goes wrong on purpose, by script and by chance.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use rosterctl::provider::TransportError;
use rosterctl::simulator::{FaultScript, Simulator, bind};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Bench, INVITES, USERS, quiet, small, written};

/// An organization in which the next matching request goes wrong.
fn scripted(script: &str) -> Bench {
    let mut settings = written(&small());
    settings.faults = FaultScript::parse(&format!("[[faults]]\n{script}\n")).unwrap();
    Bench::new(settings)
}

fn on(endpoint: &str, fault: &str) -> Bench {
    scripted(&format!("endpoint = \"{endpoint}\"\nfault = {fault}"))
}

#[tokio::test(start_paused = true)]
async fn each_fault_of_a_removal_says_one_thing_and_does_another() {
    let gone = r#"{"deleted":true,"id":"user-3","object":"organization.user.deleted"}"#;
    for (fault, answer, effect, kind) in [
        (r#""reset-before""#, "lost", false, "reset-before"),
        (r#""reset-after""#, "lost", true, "reset-after"),
        (
            "{ status = { status = 500, after = true } }",
            r#"500 {"error":{"code":null,"message":"The server had an error while processing your request: Internal Server Error.","param":null,"type":"server_error"}}"#,
            true,
            "status-500",
        ),
        (
            r#"{ status = { status = 409, message = "Busy.", shape = "flat" } }"#,
            r#"409 {"code":409,"message":"Busy."}"#,
            false,
            "status-409",
        ),
        (
            r#"{ status = { status = 429, message = "No.", code = "insufficient_quota" } }"#,
            r#"429 {"error":{"code":"insufficient_quota","message":"No.","param":null,"type":"invalid_request_error"}}"#,
            false,
            "status-429",
        ),
        (
            r#""truncated""#,
            &format!("200 {:?}", &gone[..33]),
            true,
            "truncated",
        ),
        (
            r#""not-deleted""#,
            r#"200 {"deleted":false,"id":"user-3","object":"organization.user.deleted"}"#,
            false,
            "not-deleted",
        ),
        (
            r#""not-found""#,
            r#"404 {"error":{"code":"not_found","message":"No object found with id 'user-3'.","param":null,"type":"invalid_request_error"}}"#,
            false,
            "not-found",
        ),
        (
            "{ slow-body = { ms = 5000 } }",
            &format!("200 {gone}"),
            true,
            "slow-body",
        ),
    ] {
        let bench = on("DELETE /organization/users/{user_id}", fault);
        let start = Instant::now();
        let request = bench.request(Method::DELETE, &format!("{USERS}/user-3"), &Value::Null);
        let seen = match bench.attempt(request).await {
            Ok(seen) => format!("{} {}", seen.status, seen.body),
            Err(TransportError::Lost { .. }) => "lost".to_owned(),
            Err(other) => other.to_string(),
        };
        assert_eq!(seen, answer, "{fault}");
        assert_eq!(
            bench.simulator.mutations().len(),
            usize::from(effect),
            "{fault}"
        );
        assert_eq!(
            bench.simulator.faults(),
            BTreeMap::from([(kind.to_owned(), 1)])
        );
        let pause = if kind == "slow-body" { 5 } else { 0 };
        assert_eq!(start.elapsed(), Duration::from_secs(pause), "{fault}");
    }
}

#[tokio::test]
async fn a_proxy_answers_without_any_of_the_headers() {
    let bench = on("GET /organization/users", "{ html = { status = 502 } }");
    let seen = bench.get(USERS).await;
    assert_eq!(seen.status, 502);
    assert!(seen.body.as_str().unwrap().starts_with("<html>"));
    assert_eq!(seen.header("content-type"), "text/html");
    assert_eq!(seen.header("openai-organization"), "");
    assert_eq!(seen.header("x-request-id"), "");
}

#[tokio::test]
async fn a_retry_after_can_be_scripted() {
    let bench = on(
        "GET /organization/users",
        "{ status = { status = 429, retry_after_s = 7 } }",
    );
    assert_eq!(bench.get(USERS).await.header("retry-after"), "7");
    assert_eq!(bench.get(USERS).await.status, 200);
}

#[tokio::test]
async fn a_cursor_that_is_stuck_leads_to_itself_once() {
    let bench = on("GET /organization/users", r#""repeated-cursor""#);
    let first = bench.get(&format!("{USERS}?limit=2")).await;
    let seen = |page: &Value| (page["last_id"].clone(), page["has_more"].clone());
    let stuck = (json!("user-2"), json!(true));
    assert_eq!(seen(&first.body), stuck);
    let after = format!("{USERS}?limit=2&after=user-2");
    assert_eq!(seen(&bench.get(&after).await.body), stuck);
    assert_eq!(
        seen(&bench.get(&after).await.body),
        (json!("user-3"), json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn stale_reads_show_what_was_there_and_only_for_a_while() {
    let bench =
        scripted("endpoint = \"GET /organization/users\"\nfault = { stale-reads = { ms = 3000 } }");
    tokio::time::advance(Duration::from_secs(1)).await;
    bench.get(USERS).await;
    let path = format!("{USERS}/user-3");
    assert_eq!(bench.delete(&path).await.status, 200);
    for (advance_ms, status) in [(0, 200), (2_999, 200), (1, 404)] {
        tokio::time::advance(Duration::from_millis(advance_ms)).await;
        assert_eq!(bench.get(&path).await.status, status, "{advance_ms}");
        assert_eq!(bench.delete(&path).await.status, 404);
    }
}

#[tokio::test]
async fn somebody_else_acts_before_the_request_takes_effect() {
    let bench = on(
        "DELETE /organization/users/{user_id}",
        r#"{ elsewhere = { remove = { email = "lin@acme.dev" } } }"#,
    );
    assert_eq!(bench.delete(&format!("{USERS}/user-3")).await.status, 404);
    assert_eq!(bench.simulator.mutations().len(), 1);

    let bench = on(
        "POST /organization/invites",
        r#"{ elsewhere = "revoke-key" }"#,
    );
    let body = json!({"email": "x@acme.dev", "role": "reader", "projects": []});
    // The key was good when the request arrived, and is good for nothing after that.
    assert_eq!(bench.post(INVITES, body.clone()).await.status, 200);
    assert_eq!(bench.post(INVITES, body).await.status, 401);
}

#[tokio::test]
async fn a_script_counts_only_what_was_let_in() {
    let bench = scripted(
        "endpoint = \"GET /organization/users\"\nnth = 2\ntimes = 2\nfault = { status = { status = 503 } }",
    );
    let mut statuses = Vec::new();
    for n in 0..5 {
        let mut request = bench.request(Method::GET, USERS, &Value::Null);
        if n == 1 {
            request.headers_mut().remove("authorization");
        }
        statuses.push(bench.send(request).await.status);
        bench.get(INVITES).await;
    }
    assert_eq!(statuses, [200, 401, 503, 503, 200]);
}

async fn chaos(seed: u64, probability: f64) -> (Vec<String>, BTreeMap<String, u64>) {
    let mut settings = quiet(40);
    settings.seed = seed;
    settings.chaos = probability;
    let bench = Bench::new(settings);
    let ids: Vec<String> = bench.simulator.state()["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    let mut answers = Vec::new();
    for id in &ids {
        for (method, path) in [
            (Method::GET, format!("{USERS}?limit=10")),
            (Method::GET, format!("{USERS}/{id}")),
            (Method::DELETE, format!("{USERS}/{id}")),
        ] {
            let request = bench.request(method, &path, &Value::Null);
            answers.push(match bench.attempt(request).await {
                Ok(answer) => format!("{} {}", answer.status, answer.body),
                Err(error) => error.to_string(),
            });
        }
    }
    (answers, bench.simulator.faults())
}

#[tokio::test(start_paused = true)]
async fn chance_is_a_matter_of_the_seed() {
    assert_eq!(chaos(1, 0.2).await, chaos(1, 0.2).await);
    assert_ne!(chaos(1, 0.2).await, chaos(2, 0.2).await);
    assert_eq!(chaos(1, 0.0).await.1, BTreeMap::new());
    let mut kinds = BTreeMap::<String, u64>::new();
    for seed in 0..12 {
        for (kind, count) in chaos(seed, 0.2).await.1 {
            *kinds.entry(kind).or_default() += count;
        }
    }
    let names: Vec<_> = kinds.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "accept-invite-elsewhere",
            "add-elsewhere",
            "html-502",
            "not-deleted",
            "not-found",
            "remove-elsewhere",
            "repeated-cursor",
            "reset-after",
            "reset-before",
            "revoke-key",
            "set-role-elsewhere",
            "slow-body",
            "stale-reads",
            "status-429",
            "status-500",
            "truncated",
        ]
    );
}

#[tokio::test]
async fn a_reset_breaks_a_real_connection() {
    let mut settings = written(&small());
    settings.faults = FaultScript::parse(
        r#"
        [[faults]]
        endpoint = "DELETE /organization/users/{user_id}"
        fault = "reset-after"
        "#,
    )
    .unwrap();
    let simulator = Simulator::new(settings);
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let line: Value =
        serde_json::from_str(&simulator.ready(listener.local_addr().unwrap()).to_line()).unwrap();
    let serving = tokio::spawn(simulator.serve(listener));
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    let delete = async || {
        client
            .delete(format!(
                "{}/organization/users/user-3",
                line["base_url"].as_str().unwrap()
            ))
            .bearer_auth(line["admin_key"].as_str().unwrap())
            .send()
            .await
    };
    let error = delete().await.unwrap_err();
    assert!(error.is_request() && !error.is_connect(), "{error:?}");
    assert_eq!(simulator.mutations().len(), 1);
    assert_eq!(delete().await.unwrap().status(), 404);
    serving.abort();
}
