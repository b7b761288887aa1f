//! `drift` over real HTTP: what counts as a difference, who caused it, and what "could not read" is.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use jiff::Timestamp;
use rosterctl::document::drift_schema;
use serde_json::{Value, json};

use super::{Desk, MEMBERS, Organization, acme};

const DAY_S: i64 = 86_400;

/// A member in wire shape.
fn user(name: &str, role: &str, added_days_ago: i64) -> Value {
    let added_at = Timestamp::now().as_second() - added_days_ago * DAY_S;
    json!({
        "object": "organization.user", "id": format!("user-{name}"), "name": name,
        "email": format!("{name}@acme.dev"), "role": role, "added_at": added_at,
        "is_default": false, "is_service_account": false, "is_scim_managed": false,
    })
}

/// Two owners and Bob, and these rows beside them.
fn with(rows: &[Value]) -> Value {
    let mut roster = acme(&["bob"]);
    let users = roster["users"].as_array_mut().unwrap();
    users.extend_from_slice(rows);
    roster
}

/// Makes a change as somebody else.
fn elsewhere(organization: &Organization, change: &Value) {
    let address = organization.base_url().trim_start_matches("http://");
    let address = address.trim_end_matches("/v1");
    let body = change.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /_sim/elsewhere HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        organization.admin_key(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(r#"{"changed":true}"#), "{answer}");
}

/// The document of a drift, valid against its schema.
fn document(desk: &Desk) -> (i32, Value) {
    let ran = desk.run(&["drift", "--format", "json"]);
    let document = ran.json();
    assert!(
        jsonschema::is_valid(&drift_schema(), &document),
        "{document:#}"
    );
    assert_eq!(document["drift_id"], document["plan"]["drift_id"]);
    (ran.code, document)
}

#[test]
fn every_difference_exits_two_and_none_exits_zero() {
    let flagged = |name: &str, flag: &str| {
        let mut row = user(name, "reader", 100);
        row[flag] = json!(true);
        row
    };
    let mut invited = with(&[]);
    invited["invites"] = json!([{
        "object": "organization.invite", "id": "invite-1", "email": "lin@acme.dev", "role": "reader",
        "status": "pending", "created_at": 1_700_000_000,
    }]);
    let member = |line: &str| format!("{MEMBERS}{line}\n");
    let reporting = MEMBERS.replace("\"remove\"", "\"report\"");
    let unmanaged =
        |what: &str| MEMBERS.replace("[members]", &format!("[unmanaged]\n{what}\n[members]"));
    let departed = format!("{MEMBERS}[departed]\n\"old@acme.dev\" = {{}}\n");
    let many: Vec<Value> = ["a1", "a2", "a3"]
        .map(|name| user(name, "reader", 9))
        .into();
    let case = |roster: Value, members: &str, code: i32, kinds: &str| {
        let organization = Organization::start(&roster, &[]);
        let desk = Desk::at(&organization, members);
        let (found, document) = document(&desk);
        let rows = document["differences"].as_array().unwrap();
        let found_kinds: Vec<&str> = rows
            .iter()
            .map(|row| row["kind"].as_str().unwrap())
            .collect();
        assert_eq!(
            (found, found_kinds.join(" ").as_str()),
            (code, kinds),
            "{members}"
        );
        let standing = if code == 0 { "none" } else { "found" };
        assert_eq!(document["drift"], standing);
        assert!(organization.mutations().is_empty());
        assert!(!desk.path(".rosterctl").exists(), "a drift writes nothing");
    };
    let eve = || with(&[user("eve", "reader", 100)]);
    case(with(&[]), MEMBERS, 0, "");
    case(eve(), MEMBERS, 2, "remove");
    case(eve(), &reporting, 2, "undeclared-member");
    case(with(&[]), &member("\"lin@acme.dev\" = {}"), 2, "invite");
    case(
        with(&[]),
        &member("\"lin@elsewhere.dev\" = {}"),
        2,
        "invite",
    );
    case(invited, MEMBERS, 2, "undeclared-invite");
    case(
        with(&[]),
        &member("\"lin@acme.dev\" = { id = \"user-lin\" }"),
        2,
        "vanished",
    );
    case(
        with(&[flagged("old", "is_scim_managed")]),
        &departed,
        2,
        "departed-still-live",
    );
    case(with(&[flagged("old", "is_scim_managed")]), MEMBERS, 0, "");
    case(
        with(&[user("oz", "owner", 9)]),
        &unmanaged("ids = [\"user-oz\"]"),
        2,
        "unmanaged-owner unmanaged-fraction",
    );
    case(
        with(&many[..1]),
        &unmanaged("emails = [\"a1@acme.dev\"]"),
        2,
        "unmanaged-fraction",
    );
    case(
        with(&many),
        &unmanaged("emails = [\"a1@acme.dev\"]").replace(
            "\"bob@acme.dev\" = {}",
            "\"bob@acme.dev\" = {}\n\"a2@acme.dev\" = {}\n\"a3@acme.dev\" = {}",
        ),
        0,
        "",
    );
    case(
        with(&[user("eleanora", "reader", 100)]),
        &member("\"eleanorah@acme.dev\" = {}"),
        2,
        "remove invite",
    );
}

#[test]
fn what_cannot_be_read_is_never_no_drift() {
    let organization = Organization::start(&with(&[]), &[]);
    // A key of nobody's.
    let desk = Desk::at(&organization, MEMBERS).with("OPENAI_ADMIN_KEY", "sk-admin-test-0000");
    let ran = desk.run(&["drift", "--markdown-out", "drift.md"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    let markdown = desk.read("drift.md");
    assert!(markdown.contains("### Membership drift could not be read"));
    assert!(!markdown.contains("No drift"), "{markdown}");

    let nobody = json!({"organization": "org-Acme", "users": []});
    let mut no_owner = with(&[]);
    for row in no_owner["users"].as_array_mut().unwrap() {
        row["role"] = json!("reader");
    }
    let same_address = {
        let mut row = user("bob", "reader", 1);
        row["id"] = json!("user-bob-2");
        with(&[row])
    };
    for roster in [nobody, no_owner, same_address] {
        let organization = Organization::start(&roster, &[]);
        let desk = Desk::at(&organization, MEMBERS);
        let (code, document) = document(&desk);
        assert_eq!((code, &document["drift"]), (3, &json!("unknown")));
        assert_eq!(document["plan"]["breaches"][0]["breach"], "roster-unusable");
        assert_eq!(document["audit_log"], Value::Null);
        let text = desk.run(&["drift"]);
        assert!(
            text.out.contains("what differs is not known"),
            "{}",
            text.out
        );
        assert_eq!(desk.run(&["plan"]).code, 3);
    }
    // An id twice, and a page that leads to itself: no list comes out, so that nothing can be compared.
    let twice = Organization::start(&with(&[user("bob", "reader", 1)]), &[]);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("faults.toml");
    let fault = "[[faults]]\nendpoint = \"GET /organization/users\"\ntimes = 9\nfault = \"repeated-cursor\"\n";
    std::fs::write(&script, fault).unwrap();
    let faults = ["--faults", script.to_str().unwrap()];
    let names: Vec<String> = (0..150).map(|n| format!("p{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let round = Organization::start(&acme(&names), &faults);
    for organization in [twice, round] {
        let desk = Desk::at(&organization, MEMBERS);
        for command in ["drift", "plan"] {
            let ran = desk.run(&[command]);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        }
    }
}

/// Eve, Mallory and Zoe are in, Lin is not, and the log says how all but Zoe came to that.
fn with_a_history() -> Value {
    let now_s = Timestamp::now().as_second();
    let kim = json!({"type": "session", "session": {"user": {"id": "user-grace", "email": "grace@acme.dev"}}});
    let ci = json!({"type": "api_key", "api_key": {"id": "key_tf", "type": "service_account", "service_account": {"id": "svc-1"}}});
    let event = |kind: &str, days_ago: i64, actor: &Value, details: Value| {
        json!({"id": format!("log-{kind}-{days_ago}"), "type": kind, "effective_at": now_s - days_ago * DAY_S,
            "actor": actor, kind: details})
    };
    let mut roster = with(&[
        user("eve", "reader", 4),
        user("mallory", "owner", 3),
        user("zoe", "reader", 90),
    ]);
    roster["audit_logs"] = json!([
        event(
            "invite.sent",
            5,
            &kim,
            json!({"id": "invite-eve", "data": {"email": "eve@acme.dev", "role": "reader"}})
        ),
        event(
            "invite.accepted",
            4,
            &Value::Null,
            json!({"id": "invite-eve"})
        ),
        event(
            "user.added",
            4,
            &Value::Null,
            json!({"id": "user-eve", "data": {"role": "reader"}})
        ),
        event(
            "user.added",
            3,
            &ci,
            json!({"id": "user-mallory", "data": {"role": "member"}})
        ),
        event(
            "user.updated",
            2,
            &kim,
            json!({"id": "user-mallory", "changes_requested": {"role": "owner"}})
        ),
        event("user.deleted", 1, &ci, json!({"id": "user-lin"})),
    ]);
    roster
}

/// The file in which Lin is pinned.
fn pinning_lin() -> String {
    format!("{MEMBERS}\"lin@acme.dev\" = {{ id = \"user-lin\" }}\n")
}

#[test]
fn each_difference_is_told_with_who_caused_it() {
    let mut roster = with_a_history();
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, &pinning_lin());
    insta::assert_snapshot!(desk.run(&["drift"]).shown(), @"
    exit 2
    --- out
    Drift of org-Acme, read DATE HH:MM UTC, audit log since DATE

    Differences:
      - remove  mallory@acme.dev  owner   undeclared; owner; added 3 days ago; withheld: key-owner
          DATE HH:MM UTC  added as reader, by key key_tf of service account svc-1
          DATE HH:MM UTC  role set to owner, by grace@acme.dev in the dashboard
      - remove  eve@acme.dev      reader  undeclared; added 4 days ago
          DATE HH:MM UTC  invite sent to eve@acme.dev as reader, by grace@acme.dev in the dashboard
          DATE HH:MM UTC  invite accepted, by somebody whom the log does not name
          DATE HH:MM UTC  added as reader, by somebody whom the log does not name
      - remove  zoe@acme.dev      reader  undeclared
          by whom is not known: it happened on DATE, and the audit log was read since DATE

    Vanished:
      ! lin@acme.dev  user-lin  pinned, no longer live; not invited until the pin is taken out (members.toml:12)
          DATE HH:MM UTC  removed, by key key_tf of service account svc-1

    Not checked:
        whether admin keys or service accounts appeared is not known: no verified run is on record here

    Drift: 2 to remove; 1 withheld; 1 vanished.
    Drift id PLAN.
    Next: rosterctl plan
    --- err
    ");
    let counters = organization.state()["counters"].clone();
    let reads = &counters["GET /organization/audit_logs"]["requests"];
    assert_eq!(reads, &json!(1), "one read");
    let since = desk.run(&["drift", "--since", "100"]);
    assert!(
        since
            .out
            .contains("before the oldest entry of the audit log"),
        "{}",
        since.out
    );
    roster["audit_log_off"] = json!(true);
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, MEMBERS);
    insta::assert_snapshot!(desk.run(&["drift"]).shown(), @"
    exit 2
    --- out
    Drift of org-Acme, read DATE HH:MM UTC

    Differences:
      - remove  mallory@acme.dev  owner   undeclared; owner; added 3 days ago; withheld: key-owner
      - remove  eve@acme.dev      reader  undeclared; added 4 days ago
      - remove  zoe@acme.dev      reader  undeclared

    Not checked:
        who caused what differs is not known: the audit log is off: Audit logs are not enabled for this organization.
        whether admin keys or service accounts appeared is not known: no verified run is on record here
        revocations_max_per_week (20) is not enforced: the audit log is off (Audit logs are not enabled for this organization.), and no journal is kept here

    Drift: 2 to remove; 1 withheld.
    Drift id PLAN.
    Next: rosterctl plan
    --- err
    ");
}

#[test]
fn keys_and_service_accounts_that_appeared_are_reported_and_left() {
    let mut roster = with(&[]);
    roster["admin_api_keys"] = json!([{
        "object": "organization.admin_api_key", "id": "key_1", "name": "ci", "redacted_value": "sk-admin...abc",
        "created_at": 1_700_000_000, "expires_at": null, "owner": {"type": "user", "id": "user-ada"},
    }]);
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let (code, before) = document(&desk);
    assert_eq!((code, before["appeared"].as_array().unwrap().len()), (0, 0));
    assert_eq!(
        before["caveats"][0],
        "whether admin keys or service accounts appeared is not known: no verified run is on record here"
    );
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(document(&desk).1["caveats"], json!([]));
    elsewhere(
        &organization,
        &json!({"add-service-account": {"name": "deploy"}}),
    );
    elsewhere(
        &organization,
        &json!({"add-admin-key": {"name": "laptop", "email": "grace@acme.dev"}}),
    );
    let (code, after) = document(&desk);
    assert_eq!(code, 2);
    let appeared: Vec<String> = after["appeared"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let (kind, name, holder) = (&row["kind"], &row["name"], &row["holder"]["email"]);
            let event = &row["cause"]["events"][0];
            format!(
                "{kind} {name} {holder}: {} by {}",
                event["event"], event["actor"]["email"]
            )
        })
        .collect();
    insta::assert_snapshot!(appeared.join("\n"), @r#"
    "admin-key" "laptop" "grace@acme.dev": "api_key.created" by "ada@acme.dev"
    "service-account" "deploy" null: "service_account.created" by "ada@acme.dev"
    "#);
    assert_eq!(
        after["drift_id"], before["drift_id"],
        "no row of the roster differs"
    );
    // The next verified run has seen them.
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(document(&desk).0, 0);
}

#[test]
fn what_happens_soon_is_announced_and_is_no_difference() {
    let now_s = Timestamp::now().as_second();
    for (days, is_told) in [(13, true), (15, false)] {
        let mut roster = with(&[]);
        roster["admin_api_keys"] = json!([{
            "object": "organization.admin_api_key", "id": "key_1", "redacted_value": "sk-admin-test...xyz",
            "created_at": 1_700_000_000, "expires_at": now_s + days * DAY_S,
            "owner": {"type": "user", "id": "user-ada"},
        }]);
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "sk-admin-test-uvwxyz").unwrap();
        let key = ["--admin-key-file", key.to_str().unwrap()];
        let organization = Organization::start(&roster, &key);
        let soon =
            (Timestamp::now() + jiff::SignedDuration::from_hours(24 * 5)).strftime("%Y-%m-%d");
        let members = MEMBERS.replace(
            "\"bob@acme.dev\" = {}",
            &format!("\"bob@acme.dev\" = {{ expires = {soon} }}"),
        );
        let desk = Desk::at(&organization, &members);
        let ran = desk.run(&["drift"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(
            ran.out.contains("the admin key in use, key_1, expires on"),
            is_told
        );
        assert!(ran.out.contains("bob@acme.dev expires on"), "{}", ran.out);
        let quiet = desk.run(&["drift", "--expiry-notice-days", "2"]);
        assert!(
            !quiet.out.contains("bob@acme.dev expires on"),
            "{}",
            quiet.out
        );
    }
}

#[test]
fn a_drift_in_every_form_from_one_reading() {
    let organization = Organization::start(&with_a_history(), &[]);
    let desk = Desk::at(&organization, &pinning_lin());
    assert_eq!(desk.run(&["drift"]).code, 2);
    let of_one = organization.requests();
    let files = [
        "--out",
        "d.json",
        "--markdown-out",
        "d.md",
        "--html-out",
        "d.html",
        "--gitlab-out",
        "d.gitlab.json",
    ];
    let args = ["drift", "--format", "github"];
    let ran = desk.run(&[&args[..], &files[..]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{ran:?}");
    assert_eq!(organization.requests(), 2 * of_one, "one reading");
    insta::assert_snapshot!(ran.shown(), @"
    exit 2
    --- out
    ::warning title=Differences::remove  mallory@acme.dev  owner  undeclared; owner; added 3 days ago; withheld: key-owner. DATE HH:MM UTC  added as reader, by key key_tf of service account svc-1. DATE HH:MM UTC  role set to owner, by grace@acme.dev in the dashboard
    ::warning title=Differences::remove  eve@acme.dev  reader  undeclared; added 4 days ago. DATE HH:MM UTC  invite sent to eve@acme.dev as reader, by grace@acme.dev in the dashboard. DATE HH:MM UTC  invite accepted, by somebody whom the log does not name. DATE HH:MM UTC  added as reader, by somebody whom the log does not name
    ::warning title=Differences::remove  zoe@acme.dev  reader  undeclared. by whom is not known: it happened on DATE, and the audit log was read since DATE
    ::warning file=members.toml,line=12,col=1,title=Vanished::lin@acme.dev  user-lin  pinned, no longer live; not invited until the pin is taken out. DATE HH:MM UTC  removed, by key key_tf of service account svc-1
    ::notice title=Membership::Drift: 2 to remove; 1 withheld; 1 vanished. Drift id PLAN.
    --- err
    ");
    let document: Value = serde_json::from_str(&desk.read("d.json")).unwrap();
    assert!(jsonschema::is_valid(&drift_schema(), &document));
    let id = &document["drift_id"].as_str().unwrap()[..20];
    let figures: Value = serde_json::from_str(&desk.read("d.gitlab.json")).unwrap();
    assert_eq!(figures["delete"], 2);
    for (file, has) in [
        ("d.md", "<!-- rosterctl:drift:members.toml -->"),
        (
            "d.md",
            "`invite sent to eve@acme.dev as reader`, by `grace@acme.dev in the dashboard`",
        ),
        (
            "d.html",
            "by <bdi>key key_tf of service account svc-1</bdi>",
        ),
    ] {
        let text = desk.read(file);
        assert!(text.contains(has) && text.contains(id), "{file}: {text}");
    }
}

#[test]
fn a_masked_drift_shows_no_address_and_the_same_rows() {
    let organization = Organization::start(&with_a_history(), &[]);
    let desk = Desk::at(&organization, &pinning_lin());
    let (_, plain) = document(&desk);
    let files = [
        "--out",
        "d.json",
        "--markdown-out",
        "d.md",
        "--html-out",
        "d.html",
    ];
    for format in ["text", "json", "github"] {
        let args = ["drift", "--redact-emails", "--format", format];
        let ran = desk.run(&[&args[..], &files[..]].concat());
        assert_eq!(ran.code, 2);
        let all = [
            ran.out,
            ran.err,
            desk.read("d.json"),
            desk.read("d.md"),
            desk.read("d.html"),
        ];
        for name in ["eve", "mallory", "zoe", "lin", "grace"] {
            let shown = all
                .iter()
                .find(|text| text.contains(&format!("{name}@acme.dev")));
            assert_eq!(shown, None, "{format}");
        }
    }
    let masked: Value = serde_json::from_str(&desk.read("d.json")).unwrap();
    assert!(jsonschema::is_valid(&drift_schema(), &masked));
    assert_eq!(masked["redacted"], true);
    assert_eq!(masked["drift_id"], plain["drift_id"]);
    let kinds = |document: &Value| {
        let rows = document["differences"].as_array().unwrap().iter();
        rows.map(|row| json!([row["kind"], row["withheld_by"], row["people"][0]["user_id"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&masked), kinds(&plain));
}

#[test]
fn an_issue_stays_within_its_limit_whoever_is_in() {
    let names: Vec<String> = (0..1_500)
        .map(|n| format!("somebody-with-a-long-name-{n}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let organization = Organization::start(&acme(&names), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let ran = desk.run(&["drift", "--markdown-out", "d.md", "--out", "d.json"]);
    assert_eq!(ran.code, 2);
    let markdown = desk.read("d.md");
    assert!(markdown.len() <= 60_000, "{}", markdown.len());
    assert!(
        markdown.contains("1500 revocations do not fit here"),
        "{markdown}"
    );
    assert!(markdown.contains("d.json"));
}

#[test]
fn what_an_apply_would_refuse_differs_all_the_same() {
    let organization = Organization::start(&with(&[user("eve", "reader", 100)]), &[]);
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let desk = Desk::at(&organization, &capped);
    let (code, document) = document(&desk);
    assert_eq!((code, &document["drift"]), (2, &json!("found")));
    assert_eq!(document["plan"]["verdict"], "refused");
    let text = desk.run(&["drift"]).out;
    for line in ["An apply would be refused:", "  - remove  eve@acme.dev"] {
        assert!(text.contains(line), "{text}");
    }
    // The older pair has neither an audit log nor admin keys, and says so.
    let desk = Desk::at(&organization, MEMBERS);
    let ran = desk.run(&["drift", "--api", "legacy", "--format", "json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let document = ran.json();
    assert_eq!(document["audit_log"]["reading"], "unreadable");
    assert_eq!(document["audit_log"]["reason"], "this API has no audit log");
}
