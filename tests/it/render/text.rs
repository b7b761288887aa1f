//! The plan as text for a terminal.

use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::render::{Paint, PlanView, diff, plan_text, refusal_text};
use rosterctl::roster::{Capabilities, LiveRoster, Observation, Role, SeenOrganization};

use super::fixtures::{
    Shown, approved, breach, everything, invite, invited, member, plan, remove, withheld,
};

fn text(judgement: Judgement, removals: usize) -> String {
    plan_text(&Shown::new(judgement, removals).view(), Paint::Plain)
}

#[test]
fn nothing_to_do_is_one_line() {
    insta::assert_snapshot!(text(approved(plan(vec![])), 0), @"No changes. Live equals desired: 41 members and pending invites as declared (org-AbC123, read 2026-11-24 03:15 UTC).");
}

#[test]
fn every_kind_of_row_has_its_section() {
    insta::assert_snapshot!(text(everything(), 2), @r#"
    Plan for org-AbC123, read 2026-11-24 03:15 UTC

    Admin keys that outlive their owner:
      ! mallory@acme.dev  deploy  sk-admin...abc  used 3 hours ago (!)  its owner is removed; revoked by this plan
      ! lin@acme.dev      export  sk-admin...abc  used 3 hours ago (!)  its owner is demoted; left as it is
          An admin key goes on working without its owner, and can invite them back
          Way on: admin_keys = "revoke" under [policy] revokes the keys of whoever the file removes, demotes or declares departed by id; or revoke it in the dashboard

    Departed, still live:
      ! old@acme.dev  reader  departed since 2026-11-20  SCIM-managed, never removed here

    Changes:
      - remove         mallory@acme.dev  owner            undeclared; owner; API key used 2 hours ago (!); added yesterday; 2 projects: Search (owner), Default project (owner)
      ~ re-role        lin@acme.dev      owner -> reader  role differs
      - remove         eve@acme.dev      reader           departed since 2026-11-20 (HR-9)
      - cancel invite  bob@acme.dev      reader           undeclared
      - revoke key     mallory@acme.dev  sk-admin...abc   its owner is removed; named deploy
      + invite         ada@acme.dev      reader           declared, not in (members.toml:12)

    Withheld:
      - remove     root@acme.dev  owner  undeclared
          key-owner: root@acme.dev is withheld
          Way on: run with the admin key of another owner; or once: --accept 8db6ee3c20b66cb65b3c:key-owner
      ! undecided  twin@acme.dev
          identity-conflict: root@acme.dev is withheld
          Way on: run with the admin key of another owner

    Accepted in this run:
        changes-max  21, limit 20  the plan has 21, and the limit is 20

    Reported, left as it is:
        guest@acme.dev  undeclared invite (reader), left because members are SCIM-managed
        odd@acme.dev    has unknown role `admin`, declared reader; it is never set

    Vanished:
      ! gone@acme.dev  user-22  pinned, no longer live; not invited until the pin is taken out (members.toml:40)

    Unmanaged, left alone:
        support@openai.com  owner   matches `*@openai.com`
        bot@acme.dev        reader  service account

    Worth knowing:
        grace@acme.dev is user-24, whose address is now grace.hopper@acme.dev: rename the entry
        new@acme.dev is invited and has not accepted yet

    Not checked:
        the weekly cap is not enforced: no history is readable

    Cost: 2 removals, about 15 s at 8/min.
    Plan: 2 to remove, 1 to invite, 1 to re-role, 1 invite to cancel, 1 admin key to revoke; 2 withheld; 1 departed, still live; 2 reported; 1 vanished; 2 unmanaged.
    Plan id 8db6ee3c20b66cb65b3c.
    Next: rosterctl apply --accept 8db6ee3c20b66cb65b3c:changes-max
    With what is withheld: rosterctl apply --accept 8db6ee3c20b66cb65b3c:key-owner,changes-max
    "#);
}

#[test]
fn a_refused_plan_says_by_what_and_how_to_go_on() {
    let actions: Vec<_> = (0..3)
        .map(|n| {
            remove(member(
                &format!("user-{n}"),
                &format!("p{n}@acme.dev"),
                Role::Reader,
            ))
        })
        .collect();
    let mut judgement = approved(plan(actions));
    judgement.breaches = vec![
        breach(BreachKind::RevocationsMax, 38.0, 10.0),
        breach(BreachKind::RevocationFractionMax, 0.844, 0.25),
    ];
    insta::assert_snapshot!(text(judgement, 38), @"
    Plan for org-AbC123, read 2026-11-24 03:15 UTC

    Refused:
      ! revocations-max          38, limit 10
          the plan has 38, and the limit is 10
          Way on: change the limit under [guardrails] in a reviewed commit; or once: --accept 9b3d4ea672057e59f615:revocations-max
      ! revocation-fraction-max  84.4 %, limit 25.0 %
          the plan has 0.844, and the limit is 0.25
          Way on: change the limit under [guardrails] in a reviewed commit; or once: --accept 9b3d4ea672057e59f615:revocation-fraction-max

    Changes, not to be made:
      - remove  p0@acme.dev  reader  undeclared
      - remove  p1@acme.dev  reader  undeclared
      - remove  p2@acme.dev  reader  undeclared

    Cost: 38 removals, about 5 min at 8/min.
    Plan: 3 to remove. Refused by revocations-max, revocation-fraction-max: nothing is executed.
    Plan id 9b3d4ea672057e59f615.
    To accept these figures once: rosterctl apply --accept 9b3d4ea672057e59f615:revocations-max,revocation-fraction-max
    ");
}

#[test]
fn a_withheld_person_can_be_accepted_by_name_of_the_breach() {
    let kept = invited("ada@acme.dev", Role::Owner);
    let mut judgement = approved(plan(vec![kept.clone()]));
    judgement.actions = Vec::new();
    judgement.withheld = vec![withheld(BreachKind::OwnerGrant, vec![kept])];
    insta::assert_snapshot!(text(judgement, 0), @"
    Plan for org-AbC123, read 2026-11-24 03:15 UTC

    Withheld:
      + invite  ada@acme.dev  owner  declared, not in
          owner-grant: ada@acme.dev is withheld
          Way on: run with the admin key of another owner; or once: --accept b9d8afcef7741eb9ee2d:owner-grant

    Cost: no requests.
    Plan: nothing to change; 1 withheld.
    Plan id b9d8afcef7741eb9ee2d.
    With what is withheld: rosterctl apply --accept b9d8afcef7741eb9ee2d:owner-grant
    ");
}

#[test]
fn without_a_plan_there_is_nothing_to_accept() {
    let mut breach = breach(BreachKind::EmptyDesired, 0.0, 1.0);
    breach.way_on = "write [members]".to_owned();
    insta::assert_snapshot!(refusal_text(&[breach], Paint::Plain), @"
    Refused:
      ! empty-desired  0, limit 1
          the plan has 0, and the limit is 1
          Way on: write [members]
    ");
}

#[test]
fn colour_adds_nothing_but_escapes() {
    let shown = Shown::new(everything(), 2);
    let view = PlanView {
        impact: None,
        apply: None,
        ..shown.view()
    };
    let coloured = plan_text(&view, Paint::Coloured);
    assert!(coloured.contains("\u{1b}[31m"));
    let stripped = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(stripped, plan_text(&view, Paint::Plain));
}

#[test]
fn a_diff_has_one_line_per_person() {
    let roster = |members, invites| {
        LiveRoster::assemble(Observation {
            organization: SeenOrganization::default(),
            members,
            invites,
            capabilities: Capabilities::ALL,
        })
        .unwrap()
    };
    let ada = member("user-1", "ada@acme.dev", Role::Owner);
    let mut nobody = member("user-3", "x@acme.dev", Role::Reader);
    nobody.email = None;
    let live = roster(
        vec![
            ada.clone(),
            member("user-2", "eve@acme.dev", Role::Reader),
            nobody.clone(),
        ],
        vec![],
    );
    let after = roster(
        vec![ada, nobody],
        vec![invite("i", "new@acme.dev", Role::Reader)],
    );
    insta::assert_snapshot!(diff(&live, &after, Paint::Plain), @"
    --- live
    +++ desired
    @@ -2,2 +2,2 @@
     ada@acme.dev owner user-1
    -eve@acme.dev reader user-2
    +new@acme.dev reader (invited)
    ");
    assert_eq!(diff(&live, &live, Paint::Plain), "");
}
