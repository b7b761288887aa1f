//! Pages, cursors and filters.

use rosterctl::simulator::Elsewhere;
use serde_json::json;

use super::{Bench, INVITES, START_S, USERS, small};

#[tokio::test]
async fn a_list_is_whole_and_without_repeats_for_every_page_size() {
    let bench = Bench::of(205);
    let all = bench.simulator.state()["users"].clone();
    for (limit, pages) in [(1, 205), (20, 11), (41, 5), (100, 3)] {
        let (rows, counted) = bench.pages(USERS, limit).await;
        assert_eq!(
            (json!(rows), counted),
            (all.clone(), pages),
            "limit {limit}"
        );
    }
    assert_eq!(bench.get(USERS).await.ids().len(), 20);
}

#[tokio::test]
async fn the_last_page_may_be_exactly_full_or_empty() {
    let bench = Bench::of(40);
    let first = bench.get(USERS).await;
    assert_eq!(first.body["has_more"], true);
    let second = bench
        .get(&format!(
            "{USERS}?after={}",
            first.body["last_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(second.body["has_more"], false);
    let empty = bench
        .get(&format!(
            "{USERS}?after={}",
            second.body["last_id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(
        empty.body,
        json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false})
    );
}

#[tokio::test]
async fn a_cursor_outlives_its_row_but_must_have_had_one() {
    let bench = Bench::with(&small());
    bench.delete(&format!("{USERS}/user-2")).await;
    let rest = bench.get(&format!("{USERS}?after=user-2")).await;
    assert_eq!(rest.ids(), ["user-3"]);
    let unknown = bench.get(&format!("{USERS}?after=user-99")).await;
    assert_eq!(unknown.status, 400);
    assert_eq!(unknown.body["error"]["param"], "after");
}

#[tokio::test]
async fn filters_keep_what_was_asked_for() {
    let bench = Bench::with(&small());
    for (path, ids) in [
        (
            "users?emails[]=LIN@acme.dev&emails[]=nobody@acme.dev",
            "user-3",
        ),
        (
            "users?emails=ada@acme.dev&emails=bo@acme.dev",
            "user-1 user-2",
        ),
        ("users?emails[]=nobody@acme.dev", ""),
        ("invites", "pending accepted expired"),
        ("projects", "proj_default proj_search"),
        (
            "projects?include_archived=true",
            "proj_default proj_search proj_old",
        ),
        ("projects/proj_search/api_keys", "key_lin key_machine"),
        ("admin_api_keys?order=desc", "key_admin"),
    ] {
        let seen = bench.get(&format!("/v1/organization/{path}")).await;
        assert_eq!(seen.ids().join(" "), ids, "{path}");
    }
}

#[tokio::test]
async fn keys_of_whoever_is_gone_are_listed_only_when_asked_for() {
    let bench = Bench::with(&small());
    bench.delete(&format!("{USERS}/user-3")).await;
    let keys = "/v1/organization/projects/proj_search/api_keys";
    for (query, ids) in [
        ("", "key_machine"),
        ("?owner_project_access=active", "key_machine"),
        ("?owner_project_access=inactive", "key_lin"),
        ("?owner_project_access=any", "key_lin key_machine"),
    ] {
        assert_eq!(
            bench.get(&format!("{keys}{query}")).await.ids().join(" "),
            ids,
            "{query}"
        );
    }
    let members = bench
        .get("/v1/organization/projects/proj_search/users")
        .await;
    assert_eq!(members.ids(), [""; 0]);
    assert_eq!(
        bench
            .get(&format!("{keys}?owner_project_access=all"))
            .await
            .status,
        400
    );
}

#[tokio::test(start_paused = true)]
async fn the_audit_log_is_newest_first_and_filters_every_way() {
    let bench = Bench::with(&small());
    bench
        .post(&format!("{USERS}/user-3"), json!({"role": "owner"}))
        .await;
    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    bench.delete(&format!("{INVITES}/pending")).await;
    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    bench.delete(&format!("{USERS}/user-3")).await;
    let (t0, t1, t2) = (START_S, START_S + 10, START_S + 20);
    for (query, kinds) in [
        (String::new(), "user.deleted invite.deleted user.updated"),
        (
            format!("effective_at[gte]={t1}"),
            "user.deleted invite.deleted",
        ),
        (format!("effective_at[gt]={t1}"), "user.deleted"),
        (format!("effective_at[lt]={t1}"), "user.updated"),
        (
            format!("effective_at[gt]={t0}&effective_at[lte]={t1}"),
            "invite.deleted",
        ),
        (
            "event_types[]=user.deleted&event_types[]=user.updated".to_owned(),
            "user.deleted user.updated",
        ),
        ("resource_ids[]=pending".to_owned(), "invite.deleted"),
        (
            "actor_emails[]=bo@acme.dev&limit=1".to_owned(),
            "user.deleted",
        ),
        ("actor_ids[]=user-1".to_owned(), ""),
        (
            "project_ids[]=proj_default".to_owned(),
            "user.deleted invite.deleted user.updated",
        ),
    ] {
        let seen = bench
            .get(&format!("/v1/organization/audit_logs?{query}"))
            .await;
        let found: Vec<_> = seen.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["type"].as_str().unwrap())
            .collect();
        assert_eq!(found.join(" "), kinds, "{query}");
    }
    let all = bench.get("/v1/organization/audit_logs").await;
    let ids = all.ids();
    let older = bench
        .get(&format!("/v1/organization/audit_logs?after={}", ids[0]))
        .await;
    assert_eq!(older.ids(), ids[1..]);
    let newer = bench
        .get(&format!(
            "/v1/organization/audit_logs?before={}&limit=1",
            ids[2]
        ))
        .await;
    assert_eq!(newer.ids(), ids[1..2]);
    assert_eq!(newer.body["has_more"], true);
    assert_eq!(
        all.body["data"][0],
        json!({"id": ids[0], "type": "user.deleted", "effective_at": t2,
            "project": {"id": "proj_default", "name": "Default project"},
            "actor": {"type": "api_key", "api_key": {"id": "key_admin", "type": "user",
                "user": {"id": "user-2", "email": "bo@acme.dev"}}},
            "user.deleted": {"id": "user-3"}})
    );
}

#[tokio::test(start_paused = true)]
async fn the_audit_log_tells_whose_doing_it_was() {
    let bench = Bench::with(&small());
    let email = "eve@acme.dev".to_owned();
    for change in [
        Elsewhere::Invite {
            email: email.clone(),
            role: "reader".to_owned(),
        },
        Elsewhere::AcceptInvite { email },
        Elsewhere::AddServiceAccount {
            name: "deploy".to_owned(),
        },
        Elsewhere::AddAdminKey {
            name: "laptop".to_owned(),
            email: "bo@acme.dev".to_owned(),
        },
    ] {
        assert!(bench.simulator.elsewhere(&change), "{change:?}");
    }
    let log = bench.get("/v1/organization/audit_logs").await;
    let told: Vec<String> = log.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            format!(
                "{} by {} in {}",
                event["type"], event["actor"]["session"]["user"]["email"], event["project"]
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "api_key.created" by "ada@acme.dev" in null
    "service_account.created" by "ada@acme.dev" in null
    "user.added" by "ada@acme.dev" in null
    "invite.accepted" by "ada@acme.dev" in null
    "invite.sent" by "ada@acme.dev" in null
    "#);
}

#[tokio::test(start_paused = true)]
async fn an_audit_log_that_is_off_is_refused() {
    let bench = Bench::with(&json!({"organization": "org-1", "audit_log_off": true}));
    let seen = bench.get("/v1/organization/audit_logs").await;
    assert_eq!(seen.status, 403);
    assert_eq!(
        seen.body["error"]["message"],
        "Audit logs are not enabled for this organization."
    );
}
