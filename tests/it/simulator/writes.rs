//! What changes the organization, and what refuses to.

use std::time::Duration;

use rosterctl::simulator::{Author, Elsewhere};
use serde_json::{Value, json};

use super::{Bench, INVITES, START_S, USERS, small, written};

#[tokio::test]
async fn an_invite_is_sent_as_it_was_asked_for() {
    let bench = Bench::with(&small());
    let search = json!([{"id": "proj_search", "role": "owner"}]);
    for (projects, granted) in [
        (json!([]), json!([])),
        (
            Value::Null,
            json!([{"id": "proj_default", "role": "member"}]),
        ),
        (search.clone(), search),
    ] {
        let mut body = json!({"email": "new@acme.dev", "role": "reader", "projects": projects});
        if projects.is_null() {
            body.as_object_mut().unwrap().remove("projects");
        }
        let seen = bench.post(INVITES, body).await;
        assert_eq!(seen.status, 200);
        let id = seen.body["id"].as_str().unwrap();
        assert_eq!(
            seen.body,
            json!({"object": "organization.invite", "id": id, "email": "new@acme.dev",
                "role": "reader", "status": "pending", "created_at": START_S,
                "expires_at": START_S + 604_800, "accepted_at": null, "projects": granted})
        );
        assert_eq!(bench.get(&format!("{INVITES}/{id}")).await.body, seen.body);
    }
    assert_eq!(bench.simulator.mutations().len(), 3);
}

#[tokio::test]
async fn a_role_is_set_and_a_deletion_is_final() {
    let bench = Bench::with(&small());
    let path = format!("{USERS}/user-3");
    let promoted = bench
        .post(&path, json!({"role": "owner", "developer_persona": "ops"}))
        .await;
    assert_eq!(
        (&promoted.body["role"], &promoted.body["developer_persona"]),
        (&json!("owner"), &json!("ops"))
    );
    assert_eq!(bench.get(&path).await.body, promoted.body);
    let gone = bench.delete(&path).await;
    assert_eq!(
        gone.body,
        json!({"object": "organization.user.deleted", "id": "user-3", "deleted": true})
    );
    for seen in [
        bench.delete(&path).await,
        bench.get(&path).await,
        bench.post(&path, json!({})).await,
    ] {
        assert_eq!(
            (seen.status, &seen.body["error"]["code"]),
            (404, &json!("not_found"))
        );
    }
    let done: Vec<_> = bench
        .simulator
        .mutations()
        .into_iter()
        .map(|change| (change.seq, change.operation, change.role.unwrap()))
        .collect();
    assert_eq!(
        done,
        [
            (1, "modify-user", "owner".to_owned()),
            (2, "delete-user", "owner".to_owned())
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_and_changes_nothing() {
    let bench = Bench::with(&small());
    let invite = |email: &str, role: &str| json!({"email": email, "role": role, "projects": []});
    for (path, body, status, says) in [
        (
            INVITES,
            invite("Ada@acme.dev", "reader"),
            409,
            "User Ada@acme.dev is already a member.",
        ),
        (
            INVITES,
            invite("x@acme.dev", "member"),
            400,
            "Invalid value: 'member'",
        ),
        (
            INVITES,
            invite("nobody", "reader"),
            400,
            "'nobody' is not a valid email address.",
        ),
        (
            INVITES,
            json!({"role": "reader"}),
            400,
            "Missing required parameter: 'email'.",
        ),
        (INVITES, json!([1]), 400, "is not a JSON object"),
        (
            INVITES,
            json!({"email": "x@acme.dev", "role": "reader", "projects": [{"id": "proj_9", "role": "member"}]}),
            400,
            "The project proj_9 was not found.",
        ),
        (
            "/v1/organization/users/user-3",
            json!({"role": "admin"}),
            400,
            "Invalid value: \"admin\"",
        ),
        (
            "/v1/organization/users",
            json!({}),
            405,
            "Not allowed to POST on /v1/organization/users.",
        ),
        (
            "/v1/nothing",
            json!({}),
            404,
            "Invalid URL (POST /v1/nothing)",
        ),
    ] {
        let seen = bench.post(path, body).await;
        let message = seen.body["error"]["message"].as_str().unwrap();
        assert!(
            seen.status == status && message.contains(says),
            "{}: {message}",
            seen.status
        );
    }
    for (path, status, body) in [
        ("invites/accepted", 400, json!("invite_already_accepted")),
        (
            "projects/proj_search/api_keys/key_machine",
            400,
            Value::Null,
        ),
    ] {
        let seen = bench.delete(&format!("/v1/organization/{path}")).await;
        assert_eq!(
            (seen.status, &seen.body["error"]["code"]),
            (status, &body),
            "{path}"
        );
    }
    for (path, body) in [
        (
            "proj_9/users",
            json!({"code": 404, "message": "The project proj_9 was not found"}),
        ),
        (
            "proj_old/users",
            json!({"error": {"message": "Project Old is archived", "type": "invalid_request_error",
                "param": null, "code": null}}),
        ),
    ] {
        let seen = bench
            .get(&format!("/v1/organization/projects/{path}"))
            .await;
        assert_eq!(seen.body, body, "{path}");
    }
    assert_eq!(bench.simulator.mutations(), []);
}

#[tokio::test]
async fn keys_are_deleted_one_by_one() {
    let bench = Bench::with(&small());
    for (path, object) in [
        (
            "projects/proj_search/api_keys/key_lin",
            "organization.project.api_key.deleted",
        ),
        (
            "projects/proj_search/users/user-3",
            "organization.project.user.deleted",
        ),
        (
            "admin_api_keys/key_admin",
            "organization.admin_api_key.deleted",
        ),
    ] {
        let seen = bench.delete(&format!("/v1/organization/{path}")).await;
        assert_eq!(
            (seen.status, &seen.body["object"]),
            (200, &json!(object)),
            "{path}"
        );
    }
    // The key that did it was the admin key's own: nothing works after that.
    assert_eq!(bench.get(USERS).await.status, 401);
    assert_eq!(bench.simulator.mutations().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn only_reads_lag() {
    let mut settings = written(&small());
    settings.lag = Duration::from_secs(5);
    let bench = Bench::new(settings);
    let path = format!("{USERS}/user-3");
    assert_eq!(bench.delete(&path).await.status, 200);
    assert_eq!(bench.delete(&path).await.status, 404);
    let invited = bench
        .post(
            INVITES,
            json!({"email": "new@acme.dev", "role": "reader", "projects": []}),
        )
        .await;
    let invite = format!("{INVITES}/{}", invited.body["id"].as_str().unwrap());
    for (after_ms, user, listed, new) in [(0, 200, 3, 404), (4_999, 200, 3, 404), (1, 404, 2, 200)]
    {
        tokio::time::advance(Duration::from_millis(after_ms)).await;
        assert_eq!(bench.get(&path).await.status, user, "{after_ms}");
        assert_eq!(bench.get(USERS).await.ids().len(), listed, "{after_ms}");
        assert_eq!(bench.get(&invite).await.status, new, "{after_ms}");
        let truth = bench.get("/_sim/state").await.body;
        assert_eq!(truth["users"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn somebody_else_can_change_it_too() {
    let bench = Bench::with(&small());
    let email = |text: &str| text.to_owned();
    for (change, changed) in [
        (
            Elsewhere::Add {
                email: email("eve@acme.dev"),
                role: email("reader"),
            },
            true,
        ),
        (
            Elsewhere::Add {
                email: email("eve@acme.dev"),
                role: email("reader"),
            },
            false,
        ),
        (
            Elsewhere::SetRole {
                email: email("lin@acme.dev"),
                role: email("owner"),
            },
            true,
        ),
        (
            Elsewhere::AcceptInvite {
                email: email("pending@acme.dev"),
            },
            true,
        ),
        (
            Elsewhere::AcceptInvite {
                email: email("expired@acme.dev"),
            },
            false,
        ),
    ] {
        assert_eq!(bench.simulator.elsewhere(&change), changed, "{change:?}");
    }
    let seen = bench
        .post(
            "/_sim/elsewhere",
            json!({"remove": {"email": "bo@acme.dev"}}),
        )
        .await;
    assert_eq!((seen.status, &seen.body), (200, &json!({"changed": true})));
    assert_eq!(
        bench
            .post("/_sim/elsewhere", json!({"burn": {}}))
            .await
            .status,
        400
    );
    let users = bench.simulator.state()["users"].clone();
    let emails: Vec<_> = users
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["email"].as_str().unwrap())
        .collect();
    assert_eq!(
        emails,
        [
            "ada@acme.dev",
            "lin@acme.dev",
            "eve@acme.dev",
            "pending@acme.dev"
        ]
    );
    let mutations = bench.simulator.mutations();
    assert!(
        mutations
            .iter()
            .all(|change| change.author == Author::SomebodyElse)
    );
    let seen = bench.post("/_sim/elsewhere", json!("revoke-key")).await;
    assert_eq!(seen.body, json!({"changed": true}));
    assert_eq!(bench.get(USERS).await.status, 401);
    assert_eq!(bench.get("/_sim/state").await.status, 200);
}
