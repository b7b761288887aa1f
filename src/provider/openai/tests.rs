//! The adapter against canned answers: what is sent, and what is made of what comes back.

use super::*;
use crate::provider::canned::{Act, Canned, chain, say};
use crate::provider::{Effect, KeySource as _, Retry};
use crate::roster::{Flags, KeyHolder, KeyInUse, LiveRole};

const ADA: &str = r#"{"object":"organization.user","id":"user-1","name":"Ada","email":"Ada@Acme.dev",
    "role":"owner","added_at":1711471533,"is_default":false,"is_service_account":false,
    "is_scim_managed":true,"api_key_last_used_at":1711471600,"projects":{"object":"list","data":
    [{"id":"proj_1","name":"Web","role":"member"}]},"something_new":{"a":1}}"#;

async fn ada() -> Member {
    let play = Canned::play([say(200, ADA)]);
    let id = UserId::parse("user-1").unwrap();
    play.open_ai().member(&id).await.unwrap().unwrap()
}

fn page(rows: &str) -> Act {
    say(200, &format!(r#"{{"data":[{rows}],"has_more":false}}"#))
}

#[tokio::test(start_paused = true)]
async fn every_request_carries_the_key_and_the_organization() {
    let play = Canned::play([page("")]);
    play.open_ai().list_members().await.unwrap();
    let request = play.requests().remove(0);
    let header = |name: &str| request.headers()[name].clone();
    assert_eq!(header("authorization"), "Bearer sk-admin-test0123456789");
    assert!(header("authorization").is_sensitive());
    assert_eq!(header("openai-organization"), "org-acme");
    assert_eq!(header("accept"), "application/json");
    assert!(!request.headers().contains_key("content-type"));
}

#[tokio::test(start_paused = true)]
async fn a_whole_row_is_read() {
    let ada = ada().await;
    assert_eq!(ada.email.unwrap().as_str(), "ada@acme.dev");
    assert_eq!(ada.name.unwrap(), "Ada");
    assert_eq!(ada.role, LiveRole::Known(Role::Owner));
    assert_eq!(ada.added_at.unwrap().as_second(), 1_711_471_533);
    assert_eq!(ada.api_key_last_used_at.unwrap().as_second(), 1_711_471_600);
    assert_eq!(ada.flags.scim_managed, Some(true));
    assert!(ada.flags.unknown().is_empty());
    assert_eq!(ada.projects[0].id.as_ref().unwrap().as_str(), "proj_1");
}

#[tokio::test(start_paused = true)]
async fn a_row_of_another_shape_is_read_as_far_as_it_goes() {
    for (row, email, role, added_s, flags) in [
        // The nested form of December 2025.
        (
            r#"{"object":"organization.user","created":1711471533,"is_default":false,"is_service_account":false,
               "is_scim_managed":false,"role":"member","user":{"id":"user-1","object":"user","email":"a@acme.dev"}}"#,
            Some("a@acme.dev"),
            "reader",
            Some(1_711_471_533),
            Flags::PERSON,
        ),
        // What a server of required fields only sends.
        (
            r#"{"object":"organization.user","id":"user-1","added_at":0}"#,
            None,
            "",
            Some(0),
            Flags::default(),
        ),
        // Nulls, other types, and a role and an address that nobody knows.
        (
            r#"{"id":"user-1","email":null,"name":null,"role":null,"added_at":null,"user":null,"projects":null}"#,
            None,
            "",
            None,
            Flags::default(),
        ),
        (
            r#"{"id":"user-1","email":7,"name":[],"role":{},"added_at":"x","user":"u","projects":[1],"is_default":"no"}"#,
            None,
            "",
            None,
            Flags::default(),
        ),
        (
            r#"{"id":"user-1","email":" ","role":"billing","added_at":99999999999999}"#,
            None,
            "billing",
            None,
            Flags::default(),
        ),
        (
            r#"{"id":"user-1","email":"not an address","user":{"id":"other","email":"b@acme.dev"}}"#,
            Some("b@acme.dev"),
            "",
            None,
            Flags::default(),
        ),
    ] {
        let play = Canned::play([page(row)]);
        let rows = play.open_ai().list_members().await.unwrap().rows;
        let [member] = rows.as_slice() else {
            panic!("one row, not {rows:?}")
        };
        assert_eq!(member.id.as_str(), "user-1", "{row}");
        assert_eq!(member.email.as_ref().map(Email::as_str), email, "{row}");
        assert_eq!(member.role.as_str(), role, "{row}");
        assert_eq!(
            member.added_at.map(jiff::Timestamp::as_second),
            added_s,
            "{row}"
        );
        assert_eq!(member.flags, flags, "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn invites_are_read_in_both_forms_and_never_lost() {
    let rows = r#"{"object":"organization.invite","id":"invite-1","email":"A@acme.dev","role":"reader",
         "status":"pending","created_at":1711471533,"expires_at":1711471999},
        {"id":"invite-2","email":"b@acme.dev","role":"owner","status":"waiting","invited_at":1711471533},
        {"id":"invite-3","email":"c@acme.dev","role":"reader","status":"accepted","projects":[]},
        {"id":"invite-4","email":null,"role":"reader","status":"expired"}"#;
    let play = Canned::play([page(rows)]);
    let invites = play.open_ai().list_invites().await.unwrap().rows;
    let read: Vec<_> = invites
        .iter()
        .map(|invite| {
            format!(
                "{} {} {} {:?} {:?}",
                invite.id,
                invite.email,
                invite.role,
                invite.status,
                invite.created_at.map(jiff::Timestamp::as_second)
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            "invite-1 a@acme.dev reader Pending Some(1711471533)",
            "invite-2 b@acme.dev owner Pending Some(1711471533)",
            "invite-3 c@acme.dev reader Accepted None",
        ]
    );
    for status in [r#","status":"pending""#, r#","status":"odd""#, ""] {
        let row = format!(r#"{{"id":"invite-9","email":"x"{status}}}"#);
        let play = Canned::play([page(&row)]);
        let error = play.open_ai().list_invites().await.unwrap_err();
        assert_eq!(
            chain(&error),
            "page 1 of `GET /organization/invites` cannot be trusted (status 200): row 1 cannot be used: \
             the invite invite-9 has no address that can be read"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_there_is_none_and_who_is_another_is_an_error() {
    let id = UserId::parse("user-1").unwrap();
    let gone = Canned::play([say(404, r#"{"error":{"message":"No such user"}}"#)]);
    assert_eq!(gone.open_ai().member(&id).await.unwrap(), None);

    let other = Canned::play(vec![say(200, r#"{"id":"user-2"}"#); 5]);
    let error = other.open_ai().member(&id).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "the answer to `GET /organization/users/{user_id}` is not the API's (status 200): \
         the answer is about `user-2`, and `user-1` was sent"
    );

    let proxy = Canned::play(vec![say(404, "<html>"); 5]);
    let error = proxy.open_ai().member(&id).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable);
}

#[tokio::test(start_paused = true)]
async fn changes_are_sent_as_the_api_wants_them() {
    let member = ada().await;
    let email = Email::parse("new@acme.dev").unwrap();
    let invite = r#"{"id":"invite/1","email":"New@acme.dev","role":"reader","status":"pending","created_at":5}"#;
    let play = Canned::play([
        say(200, ADA),
        say(201, invite).header("x-request-id", "req_1"),
        say(200, r#"{"id":"invite/1","deleted":true}"#),
        say(200, r#"{"id":"user-1","deleted":true}"#),
    ]);
    let api = play.open_ai();
    let to = Role::Owner;
    let set_role = Change::SetRole {
        member: member.clone(),
        to,
    };
    assert_eq!(
        api.perform(&set_role).await.unwrap().answer,
        SeenAnswer::Done
    );
    let role = Role::Reader;
    let performed = api.perform(&Change::Invite { email, role }).await.unwrap();
    assert_eq!(performed.request_id.as_deref(), Some("req_1"));
    let SeenAnswer::Invited(invite) = performed.answer else {
        panic!("an invite, not {:?}", performed.answer)
    };
    for change in [Change::CancelInvite { invite }, Change::Remove { member }] {
        assert_eq!(api.perform(&change).await.unwrap().answer, SeenAnswer::Done);
    }
    let sent: Vec<_> = play
        .lines()
        .into_iter()
        .zip(play.requests())
        .map(|(line, request)| format!("{line} {}", String::from_utf8_lossy(request.body())))
        .collect();
    assert_eq!(
        sent,
        [
            r#"POST /v1/organization/users/user-1 {"role":"owner"}"#,
            r#"POST /v1/organization/invites {"email":"new@acme.dev","role":"reader","projects":[]}"#,
            "DELETE /v1/organization/invites/invite%2F1 ",
            "DELETE /v1/organization/users/user-1 ",
        ]
    );
    assert_eq!(
        play.requests()[0].headers()["content-type"],
        "application/json"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_done_only_if_the_answer_says_so() {
    let unknown = Err((ErrorKind::Unreadable, Effect::Unknown, Retry::Observe));
    for (act, seen) in [
        (
            say(200, r#"{"id":"user-1","deleted":true}"#),
            Ok(SeenAnswer::Done),
        ),
        (
            say(202, r#"{"id":"user-1","deleted":true}"#),
            Ok(SeenAnswer::Done),
        ),
        (
            say(404, r#"{"error":{"message":"m"}}"#),
            Ok(SeenAnswer::AlreadyGone),
        ),
        (say(404, r#"{"error":"m"}"#), Ok(SeenAnswer::AlreadyGone)),
        (
            say(404, r#"{"code":404,"message":"m"}"#),
            Ok(SeenAnswer::AlreadyGone),
        ),
        (say(404, "<html>"), unknown.clone()),
        (say(404, ""), unknown.clone()),
        (say(404, r#"{"message":"no Route"}"#), unknown.clone()),
        (
            say(200, r#"{"id":"user-1","deleted":false}"#),
            Err((ErrorKind::Rejected, Effect::None, Retry::Never)),
        ),
        (
            say(200, r#"{"id":"user-2","deleted":true}"#),
            unknown.clone(),
        ),
        (say(200, r#"{"deleted":true}"#), unknown.clone()),
        (say(200, r#"{"id":"user-1"}"#), unknown.clone()),
        (say(204, ""), unknown.clone()),
        (say(200, "<html>"), unknown.clone()),
        (say(302, ""), unknown.clone()),
        (Act::Flood, unknown.clone()),
        (
            Act::Break,
            Err((ErrorKind::NoAnswer, Effect::Unknown, Retry::Observe)),
        ),
        (
            Act::Hang,
            Err((ErrorKind::NoAnswer, Effect::Unknown, Retry::Observe)),
        ),
        (
            Act::Refuse,
            Err((ErrorKind::NotSent, Effect::None, Retry::Backoff)),
        ),
        (
            say(408, ""),
            Err((ErrorKind::Unavailable, Effect::Unknown, Retry::Observe)),
        ),
        (
            say(500, ""),
            Err((ErrorKind::Unavailable, Effect::Unknown, Retry::Observe)),
        ),
        (
            say(429, ""),
            Err((
                ErrorKind::Throttled { retry_after: None },
                Effect::None,
                Retry::Paced,
            )),
        ),
        (
            say(400, r#"{"error":"m"}"#),
            Err((ErrorKind::Rejected, Effect::None, Retry::Never)),
        ),
        (
            say(401, ""),
            Err((ErrorKind::Unauthorized, Effect::None, Retry::Never)),
        ),
        (
            say(403, ""),
            Err((ErrorKind::Forbidden, Effect::None, Retry::Never)),
        ),
    ] {
        let what = format!("{act:?}");
        let play = Canned::play([act]);
        let member = ada().await;
        let performed = play.open_ai().perform(&Change::Remove { member }).await;
        let performed = performed
            .map(|performed| performed.answer)
            .map_err(|error| (error.kind.clone(), error.effect(), error.retry()));
        assert_eq!(performed, seen, "{what}");
        assert_eq!(play.lines().len(), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_something_else_leaves_the_fate_of_a_write_unknown() {
    let email = Email::parse("new@acme.dev").unwrap();
    let role = Role::Reader;
    let invite = Change::Invite { email, role };
    let set_role = Change::SetRole {
        member: ada().await,
        to: Role::Reader,
    };
    for (change, body) in [
        (
            &invite,
            r#"{"id":"invite-1","email":"other@acme.dev","role":"reader","status":"pending"}"#,
        ),
        (
            &invite,
            r#"{"id":"invite-1","email":"new@acme.dev","role":"owner","status":"pending"}"#,
        ),
        (
            &invite,
            r#"{"email":"new@acme.dev","role":"reader","status":"pending"}"#,
        ),
        (
            &invite,
            r#"{"id":"invite-1","role":"reader","status":"accepted"}"#,
        ),
        (&invite, "{}"),
        (&set_role, ADA),
        (&set_role, r#"{"id":"user-2","role":"reader"}"#),
        (&set_role, "[]"),
    ] {
        let play = Canned::play([say(200, body)]);
        let error = play.open_ai().perform(change).await.unwrap_err();
        assert_eq!(error.retry(), Retry::Observe, "{body}");
    }
    // An answer that does not repeat the role is taken for what it is: a success.
    let play = Canned::play([say(200, r#"{"id":"user-1","added_at":1}"#)]);
    assert!(play.open_ai().perform(&set_role).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_write_without_the_scope_says_which_one_it_needs() {
    let member = ada().await;
    let play = Canned::play([say(403, r#"{"error":"Insufficient permissions."}"#)]);
    let error = play
        .open_ai()
        .perform(&Change::Remove { member })
        .await
        .unwrap_err();
    assert!(error.hint().unwrap().contains("scope api.management.write"));
}

#[tokio::test(start_paused = true)]
async fn only_changes_are_admitted() {
    let api = Canned::play([]).open_ai();
    for operation in Operation::ALL {
        let admitted = api.admit(operation, 50).await;
        assert_eq!(admitted.is_ok(), operation.is_write(), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_in_use_is_the_only_one_that_fits() {
    let key = |id: &str, redacted: &str, owner: &str| {
        format!(r#"{{"id":"{id}","redacted_value":"{redacted}","owner":{owner},"created_at":1}}"#)
    };
    let ada = r#"{"type":"user","id":"user-1"}"#;
    let machine =
        r#"{"type":"service_account","object":"organization.service_account","id":"sa_1"}"#;
    let other = key("key_2", "sk-admin...zzz", ada);
    let person = || KeyHolder::Person(UserId::parse("user-1").unwrap());
    for (rows, holder) in [
        (
            vec![other.clone(), key("key_1", "sk-admin...789", ada)],
            Ok(person()),
        ),
        (
            vec![key("key_1", "sk-admin-te...789", machine)],
            Ok(KeyHolder::ServiceAccount),
        ),
        (
            vec![key("key_1", "sk-admin...789", "{}")],
            Ok(KeyHolder::Unknown),
        ),
        (
            vec![key("key_1", "sk-admin...789", "null")],
            Ok(KeyHolder::Unknown),
        ),
        (
            vec![
                key("key_1", "sk-admin...789", ada),
                key("key_3", "sk-admin...6789", ada),
            ],
            Err("2 of the listed admin keys look like the one in use"),
        ),
        (
            vec![other],
            Err("none of the 1 listed admin keys looks like the one in use"),
        ),
        (
            vec![
                key("key_1", "sk-admin-...", ada),
                r#"{"id":"key_4"}"#.to_owned(),
            ],
            Err("none of the 2 listed admin keys looks like the one in use"),
        ),
    ] {
        let play = Canned::play([page(&rows.join(","))]);
        let found = match play.open_ai().admin_keys().await.in_use {
            KeyInUse::Found(key) => Ok(key.holder),
            KeyInUse::Unknown { reason } => Err(reason),
        };
        assert_eq!(found, holder.map_err(str::to_owned), "{rows:?}");
    }
    let play = Canned::play([say(403, r#"{"error":"No."}"#)]);
    let KeyInUse::Unknown { reason } = play.open_ai().admin_keys().await.in_use else {
        panic!("a list that is refused names no key")
    };
    assert_eq!(
        reason,
        "the list of admin keys could not be read: the key may not call `GET /organization/admin_api_keys` \
         (status 403): No."
    );
}
