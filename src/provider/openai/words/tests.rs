//! Refusals, word by word: their class, what they say and what they tell people to try.

use super::*;
use crate::provider::RosterSource as _;
use crate::provider::canned::{Act, Canned, chain, say};

const ADMIN: &str = "sk-admin-test0123456789";
const PROJECT: &str = "sk-proj-test0123456789";

/// A key, and the status, message and code with which it is refused.
const REFUSALS: [(&str, u16, &str, &str); 17] = [
    (ADMIN, 400, "Invalid limit", "invalid_value"),
    (
        ADMIN,
        401,
        "Incorrect API key provided: sk-admin-test0123456789.",
        "invalid_api_key",
    ),
    (
        PROJECT,
        401,
        "Incorrect API key provided: sk-proj-***6789.",
        "invalid_api_key",
    ),
    (ADMIN, 401, "Your API key has expired.", "expired_api_key"),
    (
        ADMIN,
        401,
        "No such organization: org-acme",
        "invalid_organization",
    ),
    (
        ADMIN,
        401,
        "Your IP address is not in the allowlist.",
        "ip_not_authorized",
    ),
    (
        ADMIN,
        401,
        "You must be a member of an organization to use the API",
        "x",
    ),
    (
        ADMIN,
        403,
        "You have insufficient permissions. Missing scopes: api.management.read.",
        "x",
    ),
    (
        PROJECT,
        403,
        "You have insufficient permissions. Missing scopes: api.management.read.",
        "x",
    ),
    (
        ADMIN,
        403,
        "Country, region, or territory not supported",
        "unsupported_country_region_territory",
    ),
    (
        ADMIN,
        401,
        "Missing scopes: api.management.read, api.usage.read.",
        "x",
    ),
    (ADMIN, 403, "No.", "x"),
    (ADMIN, 404, "Invalid URL (GET /organization/users)", "x"),
    (ADMIN, 409, "Lock timeout", "x"),
    (
        ADMIN,
        429,
        "You exceeded your current quota",
        "insufficient_quota",
    ),
    (
        ADMIN,
        429,
        "Slow down, try again after 3600 seconds.",
        "rate_limit_exceeded",
    ),
    (ADMIN, 500, "The server had an error", "server_error"),
];

/// The three shapes of one message.
fn shapes(status: u16, message: &str, code: &str) -> [String; 3] {
    [
        serde_json::json!({"error": {"message": message, "type": "x", "param": null, "code": code}}),
        serde_json::json!({"error": message}),
        serde_json::json!({"code": status, "message": message}),
    ]
    .map(|body| body.to_string())
}

/// The error that a list of members ends with, and its hint.
async fn told(key: &str, act: Act) -> String {
    let error = Canned::play(vec![act; 12])
        .open_ai_with(key)
        .list_members()
        .await
        .unwrap_err();
    let hint = error.hint().unwrap_or_default();
    format!("{}\n    hint: {hint}", chain(&error))
}

#[test]
fn every_status_has_a_class() {
    let words = Words::read(br#"{"error":"words"}"#);
    assert!(words.is_some());
    let mut runs: Vec<(u16, u16, String)> = Vec::new();
    for status in 400..=599 {
        let code = StatusCode::from_u16(status).unwrap();
        let own = format!("{:?}", classify(code, words.as_ref()));
        let foreign = format!("{:?}", classify(code, None));
        let classes = if own == foreign {
            own
        } else {
            format!("{own}, or {foreign} in no error shape")
        };
        match runs.last_mut() {
            Some((_, last, same)) if *same == classes => *last = status,
            _ => runs.push((status, status, classes)),
        }
    }
    let table: Vec<_> = runs
        .iter()
        .map(|(first, last, classes)| format!("{first}-{last} {classes}"))
        .collect();
    insta::assert_snapshot!(table.join("\n"), @"
    400-400 Rejected, or Unreadable in no error shape
    401-401 Unauthorized
    402-402 Rejected, or Unreadable in no error shape
    403-403 Forbidden
    404-404 NotFound, or Unreadable in no error shape
    405-407 Rejected, or Unreadable in no error shape
    408-408 Unavailable
    409-428 Rejected, or Unreadable in no error shape
    429-429 Throttled { retry_after: None }
    430-499 Rejected, or Unreadable in no error shape
    500-599 Unavailable
    ");
}

#[test]
fn only_the_three_shapes_are_the_providers_words() {
    for (body, message) in [
        (
            r#"{"error":{"message":"m","type":"t","param":null,"code":"c"}}"#,
            Some("m"),
        ),
        (r#"{"error":{"message":"m"}}"#, Some("m")),
        (r#"{"error":"m"}"#, Some("m")),
        (r#"{"code":404,"message":"m"}"#, Some("m")),
        (r#"{"error":{}}"#, None),
        (r#"{"error":{"message":7}}"#, None),
        (r#"{"error":null}"#, None),
        (
            r#"{"timestamp":"t","status":404,"error":"Not Found","path":"/x"}"#,
            None,
        ),
        (r#"{"message":"no Route matched with those values"}"#, None),
        (r#"{"code":"404","message":"m"}"#, None),
        (r#"["error"]"#, None),
        (r#""error""#, None),
        ("{}", None),
        ("", None),
        ("Not Found", None),
        ("<html>", None),
    ] {
        let words = Words::read(body.as_bytes());
        assert_eq!(
            words.as_ref().map(|words| words.message.as_str()),
            message,
            "{body}"
        );
    }
}

#[test]
fn scopes_are_read_from_the_sentence() {
    for (message, found) in [
        (
            "You have insufficient permissions for this operation. Missing scopes: api.management.read. Check that you have it.",
            vec!["api.management.read"],
        ),
        ("Missing scopes: a.b, c.d.", vec!["a.b", "c.d"]),
        ("missing scopes: a.b", vec!["a.b"]),
        ("Missing scopes: Check", vec![]),
        ("Missing scopes: ", vec![]),
        ("Insufficient permissions", vec![]),
    ] {
        assert_eq!(scopes(message), found, "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_what_is_wrong_and_what_to_try_in_every_shape() {
    let mut table = Vec::new();
    for (key, status, message, code) in REFUSALS {
        let [object, text, flat] = shapes(status, message, code);
        let object = told(key, say(status, &object).header("x-request-id", "req_1")).await;
        table.push(format!("{status} {code}\n  {object}"));
        for (shape, body) in [("bare", text), ("flat", flat)] {
            let other = told(key, say(status, &body).header("x-request-id", "req_1")).await;
            if other != object {
                table.push(format!("  {shape}: {other}"));
            }
        }
    }
    insta::assert_snapshot!(table.join("\n"), @"
    400 invalid_value
      `GET /organization/users` was rejected (status 400, request req_1): Invalid limit
        hint: 
    401 invalid_api_key
      the key was not accepted for `GET /organization/users` (status 401, request req_1): Incorrect API key provided: sk[redacted].
        hint: check OPENAI_ADMIN_KEY, or make a new admin key at https://platform.openai.com/settings/organization/admin-keys
    401 invalid_api_key
      the key was not accepted for `GET /organization/users` (status 401, request req_1): Incorrect API key provided: sk-proj-***6789.
        hint: this needs an admin key (`sk-admin-…`), and the key in use begins with `sk-proj-`; an owner makes one at https://platform.openai.com/settings/organization/admin-keys
    401 expired_api_key
      the key was not accepted for `GET /organization/users` (status 401, request req_1): Your API key has expired.
        hint: the admin key has expired: make a new one at https://platform.openai.com/settings/organization/admin-keys
    401 invalid_organization
      the key was not accepted for `GET /organization/users` (status 401, request req_1): No such organization: org-acme
        hint: the key is of another organization: use a key of the one that [organization].id names, or correct the id
    401 ip_not_authorized
      the key was not accepted for `GET /organization/users` (status 401, request req_1): Your IP address is not in the allowlist.
        hint: the organization's IP allow-list does not have this machine's address: run from a listed one, or add it
    401 x
      the key was not accepted for `GET /organization/users` (status 401, request req_1): You must be a member of an organization to use the API
        hint: check OPENAI_ADMIN_KEY, or make a new admin key at https://platform.openai.com/settings/organization/admin-keys
    403 x
      the key may not call `GET /organization/users` (status 403, request req_1): You have insufficient permissions. Missing scopes: api.management.read.
        hint: the admin key needs the scope api.management.read; make a new key with it, because a key whose scopes are edited later may go on failing
    403 x
      the key may not call `GET /organization/users` (status 403, request req_1): You have insufficient permissions. Missing scopes: api.management.read.
        hint: this needs an admin key (`sk-admin-…`), and the key in use begins with `sk-proj-`; an owner makes one at https://platform.openai.com/settings/organization/admin-keys
    403 unsupported_country_region_territory
      the key may not call `GET /organization/users` (status 403, request req_1): Country, region, or territory not supported
        hint: the provider does not serve this country or region: run from a supported one
    401 x
      the key was not accepted for `GET /organization/users` (status 401, request req_1): Missing scopes: api.management.read, api.usage.read.
        hint: the admin key needs the scope api.management.read, api.usage.read; make a new key with it, because a key whose scopes are edited later may go on failing
    403 x
      the key may not call `GET /organization/users` (status 403, request req_1): No.
        hint: the admin key needs the scope api.management.read; make a new key with it, because a key whose scopes are edited later may go on failing
    404 x
      `GET /organization/users` found nothing (status 404, request req_1): Invalid URL (GET /organization/users)
        hint: check that OPENAI_BASE_URL is the API's base, ending in /v1
    409 x
      `GET /organization/users` was rejected (status 409, request req_1): Lock timeout
        hint: 
    429 insufficient_quota
      `GET /organization/users` was refused for good: waiting does not help (status 429, request req_1): You exceeded your current quota
        hint: a credit or quota is used up: see https://platform.openai.com/settings/organization/billing
    429 rate_limit_exceeded
      `GET /organization/users` would have to wait 3600 s, longer than --delay-max
        hint: wait and run again, or allow the wait with --delay-max 3601
    500 server_error
      `GET /organization/users` failed at the provider (status 500, request req_1): The server had an error
        hint: run again later; https://status.openai.com says what is known
    ");
}

#[tokio::test(start_paused = true)]
async fn what_the_api_did_not_write_is_named_as_such() {
    let mut table = Vec::new();
    let page = "<!DOCTYPE html><title>Sign in</title>";
    for act in [
        say(200, page),
        say(302, "").header("location", "https://login.acme.dev"),
        say(401, page),
        say(403, page),
        say(404, page),
        say(404, r#"{"message":"no Route matched"}"#),
        say(407, ""),
        say(413, "too large"),
        say(429, "slow down"),
        say(503, page),
        say(503, ""),
        Act::Refuse,
        Act::Break,
    ] {
        let what = match &act {
            Act::Say(status, _, body) => format!("{status} {body}"),
            other => format!("{other:?}"),
        };
        let told = told(ADMIN, act).await;
        table.push(format!("{what}\n  {told}"));
    }
    insta::assert_snapshot!(table.join("\n"), @r#"
    200 <!DOCTYPE html><title>Sign in</title>
      page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is a web page
        hint: a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL
    302 
      the answer to `GET /organization/users` is not the API's (status 302): the answer is a redirect
        hint: redirects are not followed: set OPENAI_BASE_URL to the API itself, ending in /v1
    401 <!DOCTYPE html><title>Sign in</title>
      the key was not accepted for `GET /organization/users` (status 401): the answer is a web page
        hint: a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL
    403 <!DOCTYPE html><title>Sign in</title>
      the key may not call `GET /organization/users` (status 403): the answer is a web page
        hint: a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL
    404 <!DOCTYPE html><title>Sign in</title>
      the answer to `GET /organization/users` is not the API's (status 404): the answer is a web page
        hint: a proxy, gateway or portal answered instead of the API: check HTTPS_PROXY and OPENAI_BASE_URL
    404 {"message":"no Route matched"}
      the answer to `GET /organization/users` is not the API's (status 404): the answer is in none of the API's error shapes
        hint: run again with -vv, and check that OPENAI_BASE_URL is the API's base
    407 
      the answer to `GET /organization/users` is not the API's (status 407): the answer is empty
        hint: run again with -vv, and check that OPENAI_BASE_URL is the API's base
    413 too large
      the answer to `GET /organization/users` is not the API's (status 413): the answer is in none of the API's error shapes
        hint: run again with -vv, and check that OPENAI_BASE_URL is the API's base
    429 slow down
      `GET /organization/users` was throttled (status 429): the answer is in none of the API's error shapes
        hint: run again later, or stay under the limit with --requests-per-minute
    503 <!DOCTYPE html><title>Sign in</title>
      `GET /organization/users` failed at the provider (status 503): the answer is a web page
        hint: run again later; https://status.openai.com says what is known
    503 
      `GET /organization/users` failed at the provider (status 503): the answer is empty
        hint: run again later; https://status.openai.com says what is known
    Refuse
      `GET /organization/users` was not sent: could not connect to 127.0.0.1:1: connection refused
        hint: check that the host is reachable from here: OPENAI_BASE_URL, HTTPS_PROXY, DNS
    Break
      no complete answer to `GET /organization/users`: the connection to 127.0.0.1:1 broke before the answer was complete: connection reset
        hint: check the network between here and the provider, then run again
    "#);
}
