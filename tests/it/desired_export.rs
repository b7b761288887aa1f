//! The first members file: nobody is blessed, and nothing would be changed by it.

use jiff::civil::date;
use jiff::{Timestamp, civil::Date};
use proptest::prelude::*;
use rosterctl::desired::{DesiredRoster, ExportOptions, export, format};
use rosterctl::plan;
use rosterctl::provider::Clock;
use rosterctl::reconcile::observe;
use rosterctl::roster::{
    Capabilities, Email, Flags, Invite, InviteId, InviteStatus, LiveRole, LiveRoster, Member,
    Observation, OrganizationId, Role, SeenOrganization, UserId,
};

use rosterctl::simulator::{Population, Settings};

use crate::desired::{desired, source};
use crate::support::{Case, started_at};

const TODAY: Date = date(2026, 11, 24);
/// 2026-11-24T12:00:00Z.
const NOON: i64 = 1_795_521_600;

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_second(NOON - days * 86_400).unwrap()
}

fn member(n: usize, address: Option<&str>, role: &str) -> Member {
    Member {
        id: UserId::parse(&format!("user-{n}")).unwrap(),
        email: address.map(|address| Email::parse(address).unwrap()),
        name: Some(format!("Person {n}")),
        role: LiveRole::observed(Some(role)),
        added_at: Some(days_ago(400)),
        flags: Flags::PERSON,
        api_key_last_used_at: Some(days_ago(3)),
        projects: Vec::new(),
    }
}

fn invite(n: usize, address: &str, role: &str) -> Invite {
    Invite {
        id: InviteId::parse(&format!("invite-{n}")).unwrap(),
        email: Email::parse(address).unwrap(),
        role: LiveRole::observed(Some(role)),
        status: InviteStatus::Pending,
        created_at: Some(days_ago(1)),
        expires_at: Some(days_ago(-6)),
    }
}

fn live(members: Vec<Member>, invites: Vec<Invite>) -> LiveRoster {
    LiveRoster::assemble(Observation {
        organization: SeenOrganization {
            header: Some("acme-x7k2".to_owned()),
            date: Some(Timestamp::from_second(NOON).unwrap()),
        },
        members,
        invites,
        capabilities: Capabilities::ALL,
    })
    .unwrap()
}

fn exported(live: &LiveRoster) -> String {
    export(
        live,
        &ExportOptions {
            organization: OrganizationId::parse("org-1").unwrap(),
            email_domains: ["acme.dev".to_owned()].into(),
            today: TODAY,
        },
    )
}

/// The file as it is after somebody decided that everybody belongs.
fn with_reviewed_lines(text: &str) -> String {
    text.lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(entry) if entry.starts_with('"') || entry.starts_with("ids = ") => entry,
            Some(_) | None => line,
        })
        .fold(String::new(), |text, line| text + line + "\n")
}

fn actions(desired: &DesiredRoster, live: &LiveRoster) -> usize {
    plan::compute(desired, live, TODAY).actions.len()
}

#[test]
fn who_may_be_an_intruder_is_for_review() {
    let mut idle = member(3, Some("idle@acme.dev"), "reader");
    idle.api_key_last_used_at = Some(days_ago(90));
    let mut never = member(4, Some("never@acme.dev"), "reader");
    never.api_key_last_used_at = None;
    let mut fresh = member(5, Some("fresh@acme.dev"), "reader");
    (fresh.api_key_last_used_at, fresh.added_at) = (None, Some(days_ago(10)));
    let mut bot = member(6, Some("bot@acme.dev"), "reader");
    bot.flags.service_account = Some(true);
    let mut scim = member(7, Some("scim@acme.dev"), "reader");
    (scim.flags.scim_managed, scim.name) = (
        Some(true),
        Some("x\n\"y@acme.dev\" = {} # \u{202e}".to_owned()),
    );
    let mut odd = member(8, Some("odd@evil.dev"), "super\nuser");
    odd.name = Some("Quote \" and \\ and \n line".to_owned());
    let live = live(
        vec![
            member(1, Some("zoe@acme.dev"), "owner"),
            member(2, Some("bo@acme.dev"), "reader"),
            idle,
            never,
            fresh,
            bot,
            scim,
            odd,
            member(9, None, "reader"),
        ],
        vec![
            invite(1, "new@acme.dev", "owner"),
            invite(2, "bo@acme.dev", "reader"),
        ],
    );
    let text = exported(&live);
    insta::assert_snapshot!(text, @r##"
    # Written by `rosterctl export` on 2026-11-24: 9 members, 2 pending invites.
    # Nothing is removed while [policy] says "report". Decide on the lines under `# review`, run `rosterctl plan`,
    # and when it shows nobody unexpected, change the two lines of [policy] that say so.

    version = 1

    [organization]
    id = "org-1"
    slug = "acme-x7k2"

    [policy]
    undeclared = "report"   # change to "remove": then whoever is not in this file goes
    invites    = "report"   # change to "cancel": then invites that are not in this file go
    absent     = "invite"
    roles      = "enforce"

    [guardrails]
    revocations_max          = 3
    revocation_fraction_max  = 0.10
    revocations_max_per_week = 6
    changes_max              = 20
    owners_min               = 1
    required_owners          = []   # owners from whom nothing may be taken; only they can be made owners
    email_domains            = ["acme.dev"]

    [unmanaged]
    # review: people without an address; no plan is made until they are named here

    # ids = ["user-9"]

    [members]
    "zoe@acme.dev"   = { role = "owner", id = "user-1", name = "Person 1" }
    "bo@acme.dev"    = { role = "reader", id = "user-2", name = "Person 2" }
    "fresh@acme.dev" = { role = "reader", id = "user-5", name = "Person 5" }

    # review: each line below is somebody who is in or invited; who belongs is declared by deleting `# `

    # "new@acme.dev"   = { role = "owner" }  # invited, not accepted (until 2026-11-30)
    # "idle@acme.dev"  = { role = "reader", id = "user-3", name = "Person 3" }  # no API key used since 2026-08-26
    # "never@acme.dev" = { role = "reader", id = "user-4", name = "Person 4" }  # no API key used since joining on 2025-10-20
    # "odd@evil.dev"   = { id = "user-8", name = "Quote \" and \\ and \u000A line" }  # outside the domains; unknown role `super\nuser`

    # not declared:
    #   bot@acme.dev `Person 6` (reader, user-6): a service account: no person
    #   scim@acme.dev `x\n"y@acme.dev" = {} # \u{202e}` (reader, user-7): SCIM-managed: the identity provider adds and removes them

    [departed]
    "##);
    assert_eq!(desired(&text).members.len(), 3);
    let whole = desired(&with_reviewed_lines(&text));
    assert_eq!(whole.members.len(), 7);
    assert_eq!(whole.unmanaged.ids.len(), 1);
    assert_eq!(actions(&whole, &live), 0);
}

/// Everybody of a simulated organization, read as a run reads it.
fn simulated(members: usize, seed: u64) -> (LiveRoster, OrganizationId) {
    let now = started_at().as_second();
    let case = Case::new(Settings::quiet(Population::Members(members), seed, now), "");
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let observed = runtime.block_on(observe(&client, &case.stop)).unwrap();
    let organization = OrganizationId::parse(case.simulator.organization()).unwrap();
    (observed.live, organization)
}

#[test]
fn a_reviewed_export_of_a_simulated_organization_plans_to_nothing() {
    let mut reviewed = 0;
    for seed in 0..120 {
        let members = [1, 2, 5, 17, 40, 101, 260][usize::try_from(seed).unwrap() % 7];
        let (live, organization) = simulated(members, seed);
        let text = export(
            &live,
            &ExportOptions {
                organization,
                email_domains: ["acme.dev".to_owned()].into(),
                today: TODAY,
            },
        );
        reviewed += text.matches("\n# \"").count();
        assert_eq!(actions(&desired(&text), &live), 0, "{seed}: {text}");
        let whole = desired(&with_reviewed_lines(&text));
        let plan = plan::compute(&whole, &live, TODAY);
        assert_eq!(plan.actions, [], "{seed}: {text}");
        assert_eq!(plan.reported, [], "{seed}: {text}");
        // What the export wrote is laid out as `fmt` lays it out.
        let source = source(&text);
        assert_eq!(
            format(std::slice::from_ref(&source)).unwrap(),
            [source],
            "{seed}"
        );
    }
    assert!(reviewed > 1000, "{reviewed}");
}

fn person() -> impl Strategy<Value = (usize, usize, usize, usize, usize)> {
    (0usize..4, 0usize..3, 0usize..4, 0usize..6, 0usize..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_reviewed_export_plans_to_nothing(
        people in prop::collection::vec(person(), 0..30),
        invited in prop::collection::vec((0usize..40, 0usize..3), 0..6),
    ) {
        let mut members = vec![member(0, Some("first@acme.dev"), "owner")];
        for (n, (domain, role, flag, seen, name)) in people.into_iter().enumerate() {
            let n = n + 1;
            let domain = ["acme.dev", "acme.dev", "evil.dev", "straße.de"][domain];
            let address = format!("p{n}@{domain}");
            let mut row = member(n, (name != 4).then_some(address.as_str()), ["owner", "reader", "strange"][role]);
            row.name = [None, Some("  ".to_owned()), Some("A \"B\" \\ \u{202e}".to_owned()), Some("漢字".to_owned()), None][name].clone();
            row.flags = [Flags::PERSON, Flags::default(), Flags { scim_managed: Some(true), ..Flags::PERSON }, Flags { service_account: Some(true), ..Flags::PERSON }][flag];
            row.api_key_last_used_at = [Some(3), Some(90), Some(91), Some(500), None, None][seen].map(days_ago);
            row.added_at = [Some(400), Some(90), Some(91), None, None, Some(30)][seen].map(days_ago);
            members.push(row);
        }
        let invites = invited.into_iter().enumerate().map(|(n, (who, role))| {
            invite(n, &format!("p{who}@acme.dev"), ["owner", "reader", "strange"][role])
        }).collect();
        let live = live(members, invites);
        let text = exported(&live);
        // As written it changes nothing either: what is not declared is only reported.
        prop_assert_eq!(actions(&desired(&text), &live), 0, "{}", text);
        let whole = desired(&with_reviewed_lines(&text));
        prop_assert_eq!(actions(&whole, &live), 0, "{}", text);
        for row in live.members().filter(|row| row.protection().is_none()) {
            let declared = row.email.as_ref().is_some_and(|email| whole.members.contains_key(email));
            prop_assert!(declared || whole.unmanaged.ids.contains(&row.id), "{}", text);
        }
        for row in desired(&text).members.values() {
            prop_assert_eq!(row.email.domain(), "acme.dev");
            prop_assert!(row.role == Some(Role::Owner) || row.role == Some(Role::Reader));
        }
    }
}
