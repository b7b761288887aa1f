//! The adapters against the simulator: what one says, the other must have meant.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rosterctl::pacing::PaceSettings;
use rosterctl::plan::Change;
use rosterctl::provider::{
    BaseUrl, Clock, Credential, ErrorKind, Gate, GateSettings, KeySource as _, Legacy, OpenAi,
    ProjectSource as _, RosterSink as _, RosterSource as _, SeenAnswer, Sockets, Stop, Transport,
};
use rosterctl::roster::{
    Email, InviteStatus, KeyHolder, KeyInUse, KeyScope, Member, Operation, OrganizationId, Role,
    UserId,
};
use rosterctl::simulator::{
    Access, Hints, InProcess, LegacyShape, Limit, Population, Roster, Settings, Simulator, bind,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// 2026-11-24 03:15:00 UTC.
const START_S: i64 = 1_795_490_100;

fn quiet(members: usize) -> Settings {
    Settings::quiet(Population::Members(members), 7, START_S)
}

fn gate<T: Transport>(transport: T) -> Gate<T> {
    let settings = GateSettings {
        pace: PaceSettings::DEFAULT,
        seed: 7,
        on_wait: Arc::new(|_| ()),
    };
    let clock = Clock::starting_at(Timestamp::from_second(START_S).unwrap());
    Gate::new(transport, clock, Stop::default(), settings, None)
}

fn base() -> BaseUrl {
    BaseUrl::resolve(Some("http://127.0.0.1:1/v1"), None).unwrap()
}

fn organization(simulator: &Simulator) -> OrganizationId {
    OrganizationId::parse(simulator.organization()).unwrap()
}

fn admin(simulator: &Simulator) -> Credential {
    Credential::parse(simulator.admin_key().expose_secret()).unwrap()
}

fn client(simulator: &Simulator) -> OpenAi<InProcess> {
    client_with(simulator, admin(simulator))
}

fn client_with(simulator: &Simulator, key: Credential) -> OpenAi<InProcess> {
    let organization = organization(simulator);
    OpenAi::new(gate(simulator.in_process()), base(), key, &organization)
}

fn reader(members: &[Member]) -> Member {
    members
        .iter()
        .find(|member| !member.role.is_owner() && member.protection().is_none())
        .unwrap()
        .clone()
}

#[tokio::test(start_paused = true)]
async fn every_member_of_every_page_is_read() {
    for (members, requests) in [(1, 1), (100, 1), (101, 2), (250, 3)] {
        let simulator = Simulator::new(quiet(members));
        let client = client(&simulator);
        let listing = client.list_members().await.unwrap();
        assert_eq!(listing.rows.len(), members);
        assert_eq!(listing.seen.id(), Some(simulator.organization()));
        assert_eq!(listing.seen.date.unwrap().as_second(), START_S);
        let counts = client.gate().counts();
        assert_eq!(counts[&Operation::ListUsers].requests, requests);
        assert!(
            listing
                .rows
                .iter()
                .all(|row| row.flags.unknown().is_empty())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_does_not_come_back() {
    let simulator = Simulator::new(quiet(30));
    let client = client(&simulator);
    let KeyInUse::Found(own) = client.admin_keys().await.in_use else {
        panic!("the key in use is listed")
    };
    let keys = client.list_admin_keys().await.unwrap().rows;
    let key = keys.into_iter().find(|key| key.id != own.id).unwrap();
    let KeyHolder::Person(user) = key.holder.clone() else {
        panic!("it is a person's")
    };
    let revoke = |key| Change::RevokeKey {
        key,
        user: user.clone(),
        email: None,
    };
    let change = revoke(key.clone());
    let performed = client.perform(&change).await.unwrap();
    assert_eq!(performed.answer, SeenAnswer::Done);
    let again = client.perform(&change).await.unwrap();
    assert_eq!(again.answer, SeenAnswer::AlreadyGone);
    let left = client.list_admin_keys().await.unwrap().rows;
    assert!(left.iter().all(|row| row.id != key.id));
    client.perform(&revoke(own)).await.unwrap();
    let error = client.list_admin_keys().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    let done: Vec<_> = simulator
        .mutations()
        .into_iter()
        .map(|mutation| mutation.operation)
        .collect();
    assert_eq!(done, ["delete-admin-key"; 2]);
}

#[tokio::test(start_paused = true)]
async fn the_keys_of_a_removed_person_are_only_in_the_complete_listing() {
    let simulator = Simulator::new(quiet(120));
    let client = client(&simulator);
    let projects = client.list_projects().await.unwrap().rows;
    assert!(projects.iter().any(|project| project.archived));
    let members = client.list_members().await.unwrap().rows;
    let mut owned = None;
    for project in projects.iter().filter(|project| !project.archived) {
        let keys = client.list_project_keys(&project.id, KeyScope::Any).await;
        let users = client.list_project_users(&project.id).await.unwrap().rows;
        assert!(!users.is_empty());
        for key in keys.unwrap().rows {
            let member = members.iter().find(|member| {
                key.holder == KeyHolder::Person(member.id.clone()) && member.protection().is_none()
            });
            owned = owned.or(member.map(|member| (project.id.clone(), key, member.clone())));
        }
    }
    let (project, key, member) = owned.unwrap();
    client.perform(&Change::Remove { member }).await.unwrap();
    let any = client.list_project_keys(&project, KeyScope::Any).await;
    let left = any.unwrap().rows.into_iter().find(|row| row.id == key.id);
    assert_eq!(left.unwrap().owner_has_access, Some(false));
    let visible = client.list_project_keys(&project, KeyScope::Visible).await;
    assert!(visible.unwrap().rows.iter().all(|row| row.id != key.id));
}

#[tokio::test(start_paused = true)]
async fn every_change_is_seen_by_the_next_reading() {
    let simulator = Simulator::new(quiet(30));
    let client = client(&simulator);
    let member = reader(&client.list_members().await.unwrap().rows);
    let id = member.id.clone();

    let to = Role::Owner;
    let promotion = Change::SetRole {
        member: member.clone(),
        to,
    };
    let performed = client.perform(&promotion).await.unwrap();
    assert_eq!(performed.answer, SeenAnswer::Done);
    assert!(performed.request_id.is_some());
    let promoted = client.member(&id).await.unwrap().unwrap();
    assert!(promoted.role.is_owner());

    let removal = Change::Remove { member: promoted };
    assert_eq!(
        client.perform(&removal).await.unwrap().answer,
        SeenAnswer::Done
    );
    assert_eq!(client.member(&id).await.unwrap(), None);
    let again = client.perform(&removal).await.unwrap().answer;
    assert_eq!(again, SeenAnswer::AlreadyGone);

    let email = Email::parse("new@acme.dev").unwrap();
    let role = Role::Reader;
    let invitation = Change::Invite {
        email: email.clone(),
        role,
    };
    let SeenAnswer::Invited(invite) = client.perform(&invitation).await.unwrap().answer else {
        panic!("an invite is answered with itself")
    };
    assert_eq!(
        (&invite.email, invite.status),
        (&email, InviteStatus::Pending)
    );
    assert_eq!(client.invite(&invite.id).await.unwrap().unwrap(), invite);
    assert!(client.list_invites().await.unwrap().rows.contains(&invite));

    let cancellation = Change::CancelInvite {
        invite: invite.clone(),
    };
    assert_eq!(
        client.perform(&cancellation).await.unwrap().answer,
        SeenAnswer::Done
    );
    assert_eq!(client.invite(&invite.id).await.unwrap(), None);

    let done: Vec<_> = simulator
        .mutations()
        .into_iter()
        .map(|mutation| mutation.operation)
        .collect();
    assert_eq!(
        done,
        [
            "modify-user",
            "delete-user",
            "create-invite",
            "delete-invite"
        ]
    );
    let state = simulator.state();
    let projects: Vec<_> = state["invites"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|invite| invite["email"] == "new@acme.dev")
        .map(|invite| invite["projects"].clone())
        .collect();
    assert!(
        projects.iter().all(|projects| *projects == json!([])),
        "{projects:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_key_in_use_belongs_to_its_holder() {
    let simulator = Simulator::new(quiet(30));
    let client = client(&simulator);
    let KeyInUse::Found(key) = client.admin_keys().await.in_use else {
        panic!("the key in use is listed")
    };
    let KeyHolder::Person(holder) = key.holder else {
        panic!("a person holds it, not {:?}", key.holder)
    };
    let member = client.member(&holder).await.unwrap().unwrap();
    assert!(member.role.is_owner());
}

#[tokio::test(start_paused = true)]
async fn keys_that_may_not_are_told_what_they_lack() {
    let secret = |text: &str| SecretString::from(text);
    let credential = |text: &str, access| rosterctl::simulator::Credential {
        secret: secret(text),
        access,
    };
    let simulator = Simulator::new(Settings {
        credentials: vec![
            credential("sk-admin-testreadonly00000000", Access::ReadOnly),
            credential("sk-proj-testproject0000000000", Access::None),
            credential("sk-admin-testnothing000000000", Access::None),
        ],
        ..quiet(20)
    });
    let member = reader(&client(&simulator).list_members().await.unwrap().rows);
    let with = |text: &str| client_with(&simulator, Credential::parse(text).unwrap());

    let unknown = with("sk-admin-testunknown0000000000");
    let error = unknown.list_members().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.request_id.is_some());

    for (key, word) in [
        ("sk-proj-testproject0000000000", "`sk-proj-`"),
        ("sk-admin-testnothing000000000", "api.management.read"),
    ] {
        let error = with(key).list_members().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Forbidden);
        assert!(error.hint().unwrap().contains(word), "{:?}", error.hint());
    }

    let read_only = with("sk-admin-testreadonly00000000");
    assert_eq!(read_only.list_members().await.unwrap().rows.len(), 20);
    let error = read_only
        .perform(&Change::Remove { member })
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert!(error.hint().unwrap().contains("api.management.write"));
    assert!(simulator.mutations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_of_another_organization_is_refused() {
    let simulator = Simulator::new(quiet(5));
    let other = OrganizationId::parse("org-other").unwrap();
    let client = OpenAi::new(
        gate(simulator.in_process()),
        base(),
        admin(&simulator),
        &other,
    );
    let error = client.list_members().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorized);
    assert!(error.hint().unwrap().contains("another organization"));
}

#[tokio::test(start_paused = true)]
async fn rows_as_a_server_of_required_fields_sends_them_are_read() {
    let roster = json!({
        "organization": "org-acme",
        "users": [
            {"object": "organization.user", "id": "user-1", "added_at": 0},
            {"object": "organization.user", "created": 5, "role": "member", "is_scim_managed": true,
             "user": {"object": "user", "id": "user-2", "email": "Bo@acme.dev", "name": "Bo"}},
        ],
        "invites": [{"object": "organization.invite", "id": "invite-1", "email": "c@acme.dev",
                     "role": "reader", "status": "pending", "invited_at": 9}],
        "projects": [],
        "admin_api_keys": [],
    });
    let roster = Roster::parse(&roster.to_string()).unwrap();
    let settings = Settings::quiet(Population::Roster(Box::new(roster)), 7, START_S);
    let client = client(&Simulator::new(settings));
    let members = client.list_members().await.unwrap().rows;
    let seen: Vec<_> = members
        .iter()
        .map(|row| {
            (
                row.id.as_str(),
                row.email.is_some(),
                row.flags.unknown().len(),
            )
        })
        .collect();
    assert_eq!(seen, [("user-1", false, 3), ("user-2", true, 2)]);
    let invites = client.list_invites().await.unwrap().rows;
    assert_eq!(invites[0].created_at.unwrap().as_second(), 9);
}

#[tokio::test(start_paused = true)]
async fn the_older_pair_lists_and_removes() {
    for legacy in [LegacyShape::Nested, LegacyShape::Plain] {
        let simulator = Simulator::new(Settings {
            legacy,
            ..quiet(30)
        });
        let organization = organization(&simulator);
        let client = Legacy::new(
            gate(simulator.in_process()),
            base(),
            admin(&simulator),
            &organization,
        );
        let members = client.list_members().await.unwrap().rows;
        assert_eq!(members.len(), 30);
        assert!(members.iter().all(|row| row.flags.unknown().len() == 3));
        let member = reader(&members);
        let id = member.id.clone();
        let removal = Change::Remove { member };
        assert_eq!(
            client.perform(&removal).await.unwrap().answer,
            SeenAnswer::Done
        );
        assert_eq!(client.member(&id).await.unwrap(), None);
        assert_eq!(
            client.perform(&removal).await.unwrap().answer,
            SeenAnswer::AlreadyGone
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_limited_list_is_read_to_its_end() {
    for hints in [Hints::None, Hints::RetryAfter, Hints::Headers, Hints::Body] {
        let simulator = Simulator::new(Settings {
            limit: Limit::Bucket {
                per_minute: 30.try_into().unwrap(),
                burst: 2.try_into().unwrap(),
            },
            hints,
            latency: Duration::from_millis(80),
            ..quiet(950)
        });
        let client = client(&simulator);
        let listing = client.list_members().await.unwrap();
        assert_eq!(listing.rows.len(), 950, "{hints:?}");
        let counts = client.gate().counts()[&Operation::ListUsers];
        assert_eq!(counts.requests - counts.throttled, 10, "{hints:?}");
        let told = simulator.counters()["GET /organization/users"];
        assert_eq!(
            (told.requests, told.throttled),
            (counts.requests, counts.throttled)
        );
    }
}

#[tokio::test]
async fn it_works_over_sockets() {
    let simulator = Simulator::new(quiet(120));
    let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let ready = simulator.ready(listener.local_addr().unwrap());
    let base = BaseUrl::resolve(Some(&ready.base_url), None).unwrap();
    let sockets = Sockets::new(&base).unwrap();
    let organization = organization(&simulator);
    let client = OpenAi::new(gate(sockets), base, admin(&simulator), &organization);
    let calls = async {
        let members = client.list_members().await.unwrap().rows;
        assert_eq!(members.len(), 120);
        let member = reader(&members);
        let id = member.id.clone();
        let removal = Change::Remove { member };
        assert_eq!(
            client.perform(&removal).await.unwrap().answer,
            SeenAnswer::Done
        );
        assert_eq!(client.member(&id).await.unwrap(), None);
        let nobody = UserId::parse("user-a/../b").unwrap();
        assert_eq!(client.member(&nobody).await.unwrap(), None);
    };
    tokio::select! {
        served = simulator.serve(listener) => panic!("served to an end: {served:?}"),
        () = calls => {}
    }
    assert_eq!(simulator.mutations().len(), 1);
}
