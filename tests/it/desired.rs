//! The members file, from text to roster or violations.

use jiff::civil::date;
use rosterctl::desired::{DesiredRoster, Source, Stance, Warning, parse};
use rosterctl::roster::{Email, Role};

/// The least that a file must have before `[members]`.
pub(crate) const HEAD: &str = "version = 1\n[organization]\nid = \"org-1\"\n";

pub(crate) fn source(text: &str) -> Source {
    Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    }
}

/// Every violation of a text, one line each.
pub(crate) fn violations(text: &str) -> Vec<String> {
    match parse(&[source(text)]) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn desired(text: &str) -> DesiredRoster {
    parse(&[source(text)]).unwrap_or_else(|violations| panic!("{violations:#?}"))
}

#[test]
fn the_example_parses_and_shows_every_key() {
    let text = include_str!("../../members.toml.example");
    let roster = desired(text);
    assert_eq!(roster.organization.id.as_str(), "org-AbC123");
    assert_eq!(roster.organization.slug.as_deref(), Some("acme-x7k2"));
    assert_eq!(roster.policy.undeclared, Some(Stance::Report));
    assert_eq!(roster.policy.freeze, None);
    assert_eq!(roster.members.len(), 4);
    assert_eq!(roster.departed.len(), 2);
    let grace = &roster.members[&Email::parse("grace@acme.dev").unwrap()];
    assert_eq!(grace.expires, Some(date(2027, 3, 31)));
    assert_eq!(grace.ticket.as_deref(), Some("OPS-142"));
    assert_eq!(roster.warnings(date(2026, 11, 24)), []);
    for key in [
        "version",
        "id",
        "slug",
        "undeclared",
        "invites",
        "absent",
        "roles",
        "freeze",
        "revocations_max",
        "revocation_fraction_max",
        "revocations_max_per_week",
        "changes_max",
        "owners_min",
        "required_owners",
        "email_domains",
        "emails",
        "ids",
        "scim_invites",
        "flags_required",
        "role",
        "name",
        "expires",
        "ticket",
        "reason",
        "aliases",
        "since",
    ] {
        let shown = text.lines().any(|line| {
            line.split('#')
                .next()
                .is_some_and(|code| code.split(' ').any(|word| word == key))
        });
        assert!(shown, "{key}");
    }
}

#[test]
fn the_written_defaults_are_the_defaults() {
    let text = "version = 1\n[organization]\nid = \"org-1\"\n[guardrails]\nrevocations_max = 10\n\
        revocation_fraction_max = 0.25\nrevocations_max_per_week = 20\nchanges_max = 20\nowners_min = 2\n\
        [unmanaged]\nscim_invites = true\nflags_required = true\n[policy]\ninvites = \"report\"\n\
        absent = \"invite\"\nroles = \"enforce\"\n[members]\n";
    assert_eq!(desired(text), desired(&format!("{HEAD}[members]\n")));
}

#[test]
fn entries_may_be_inline_tables_or_tables() {
    let roster = desired(&format!(
        "{HEAD}[members]\n\"a@acme.dev\" = {{ role = \"owner\" }}\n\
         [members.\"B@Acme.dev\"]\nrole = \"reader\"\nexpires = 2027-01-01\n"
    ));
    let roles: Vec<_> = roster
        .members
        .values()
        .map(|entry| (entry.email.as_str(), entry.role, entry.place.to_string()))
        .collect();
    assert_eq!(
        roles,
        [
            (
                "a@acme.dev",
                Some(Role::Owner),
                "members.toml:5:1".to_owned()
            ),
            (
                "b@acme.dev",
                Some(Role::Reader),
                "members.toml:6:10".to_owned()
            ),
        ]
    );
}

#[test]
fn white_space_is_no_reason() {
    let roster = desired(&format!(
        "{HEAD}[policy]\nfreeze = \" \"\n[members]\n\"a@acme.dev\" = {{ name = \"\", ticket = \"\" }}\n"
    ));
    assert_eq!(roster.policy.freeze, None);
    let entry = &roster.members[&Email::parse("a@acme.dev").unwrap()];
    assert_eq!((&entry.name, &entry.ticket), (&None, &None));
}

#[test]
fn a_legal_file_may_still_deserve_a_word() {
    let today = date(2026, 11, 24);
    for (rest, warnings) in [
        (
            "[members]\n",
            vec![Warning::NobodyDeclared, Warning::UndeclaredUnwritten],
        ),
        (
            "[members]\n\"a@acme.dev\" = { expires = 2026-11-23 }\n",
            vec![Warning::EverybodyExpired, Warning::UndeclaredUnwritten],
        ),
        (
            "[policy]\nundeclared = \"remove\"\n[members]\n\"a@acme.dev\" = { expires = 2026-11-24 }\n",
            vec![Warning::NoInviteDomains],
        ),
        (
            "[policy]\nundeclared = \"remove\"\nabsent = \"report\"\n[members]\n\"a@acme.dev\" = {}\n",
            vec![],
        ),
    ] {
        assert_eq!(desired(&format!("{HEAD}{rest}")).warnings(today), warnings);
    }
}

#[test]
fn who_expires_is_known_before() {
    let roster = desired(&format!(
        "{HEAD}[members]\n\"a@acme.dev\" = {{ expires = 2026-11-24 }}\n\"b@acme.dev\" = {{ expires = 2026-12-08 }}\n\
         \"c@acme.dev\" = {{ expires = 2026-12-09 }}\n\"d@acme.dev\" = {{ expires = 2026-11-23 }}\n\"e@acme.dev\" = {{}}\n\
         \"f@acme.dev\" = {{ expires = 2026-11-25 }}\n"
    ));
    let today = date(2026, 11, 24);
    let said = |expiries: Vec<rosterctl::desired::Expiry>| -> Vec<String> {
        expiries.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        said(roster.expiring(today, 14)),
        [
            "members.toml:5:1: a@acme.dev expires on 2026-11-24, today",
            "members.toml:10:1: f@acme.dev expires on 2026-11-25, tomorrow",
            "members.toml:6:1: b@acme.dev expires on 2026-12-08, in 14 days",
        ]
    );
    // On the last day they are still in.
    assert_eq!(said(roster.lapsing(today, date(2026, 12, 8))).len(), 2);
    assert_eq!(said(roster.lapsing(today, date(2026, 12, 9))).len(), 3);
    assert!(roster.lapsing(today, today).is_empty());
}
