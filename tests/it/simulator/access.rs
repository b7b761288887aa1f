//! Keys, scopes and organizations.

use http::{HeaderValue, Method};
use rosterctl::simulator::{Access, Credential};
use serde_json::{Value, json};

use super::{Bench, START_S, USERS, small, written};

#[tokio::test]
async fn a_key_opens_what_its_scopes_say() {
    let mut settings = written(&small());
    for (secret, access) in [
        ("sk-admin-test-reader", Access::ReadOnly),
        ("sk-admin-test-nothing", Access::None),
    ] {
        let secret = secret.into();
        settings.credentials.push(Credential { secret, access });
    }
    let mut bench = Bench::new(settings);
    let scope = |name: &str| json!({"error": format!("You have insufficient permissions for this operation. Missing scopes: {name}.")});
    let wrong = |tail: &str| {
        json!({"error": {"message": format!("Incorrect API key provided: sk-admin...{tail}."),
            "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}})
    };
    let (read, write) = (scope("api.management.read"), scope("api.management.write"));
    for (key, reads, writes) in [
        ("sk-admin-test-reader", (200, None), (403, Some(&write))),
        (
            "sk-admin-test-nothing",
            (403, Some(&read)),
            (403, Some(&read)),
        ),
        ("sk-proj-anything", (403, Some(&read)), (403, Some(&read))),
        (
            "sk-admin-test-forged",
            (401, Some(&wrong("ged"))),
            (401, Some(&wrong("ged"))),
        ),
    ] {
        key.clone_into(&mut bench.key);
        for (seen, (status, body)) in [
            (bench.get(USERS).await, reads),
            (bench.delete(&format!("{USERS}/user-3")).await, writes),
        ] {
            assert_eq!(seen.status, status, "{key}");
            if let Some(body) = body {
                assert_eq!(&seen.body, body, "{key}");
            }
            assert_eq!(
                seen.header("openai-organization").is_empty(),
                status == 401,
                "{key}"
            );
        }
    }
    assert_eq!(bench.get("/_sim/state").await.status, 401);
    assert_eq!(bench.simulator.mutations(), []);
}

#[tokio::test]
async fn another_organization_is_refused() {
    let bench = Bench::with(&small());
    for (named, status, code) in [
        ("org-small", 200, Value::Null),
        ("org-other", 401, json!("invalid_organization")),
    ] {
        let mut request = bench.request(Method::GET, USERS, &Value::Null);
        request
            .headers_mut()
            .insert("openai-organization", HeaderValue::from_static(named));
        let seen = bench.send(request).await;
        assert_eq!(
            (seen.status, &seen.body["error"]["code"]),
            (status, &code),
            "{named}"
        );
    }
    let mut request = bench.request(Method::GET, USERS, &Value::Null);
    request.headers_mut().remove("authorization");
    assert_eq!(bench.send(request).await.status, 401);
}

#[tokio::test(start_paused = true)]
async fn a_key_stops_when_it_expires() {
    let mut roster = small();
    roster["admin_api_keys"][0]["expires_at"] = json!(START_S + 60);
    let bench = Bench::with(&roster);
    for (advance_s, status) in [(59, 200), (1, 401)] {
        tokio::time::advance(std::time::Duration::from_secs(advance_s)).await;
        assert_eq!(bench.get(USERS).await.status, status, "{advance_s}");
    }
}
