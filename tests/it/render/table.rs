//! The live roster as a table and as a document.

use rosterctl::desired::{Source, parse};
use rosterctl::document::{RosterDocument, roster_schema};
use rosterctl::render::{Paint, json, roster_table};
use rosterctl::roster::{Capabilities, LiveRole, LiveRoster, Observation, Role, SeenOrganization};

use super::fixtures::{assert_valid, invite, member, now};

fn live() -> LiveRoster {
    let mut ada = member("user-1", "ada@acme.dev", Role::Owner);
    ada.name = Some("Ada Lovelace".to_owned());
    let mut pinned = member("user-3", "new.name@acme.dev", Role::Reader);
    pinned.name = Some("x".repeat(10_000));
    let mut nobody = member("user-4", "x@acme.dev", Role::Reader);
    nobody.email = None;
    nobody.role = LiveRole::observed(None);
    LiveRoster::assemble(Observation {
        organization: SeenOrganization {
            header: Some("org-AbC123".to_owned()),
            date: Some(now()),
        },
        members: vec![
            nobody,
            pinned,
            member("user-2", "eve@acme.dev", Role::Reader),
            ada,
        ],
        invites: vec![invite("invite-1", "lin@acme.dev", Role::Reader)],
        capabilities: Capabilities::ALL,
    })
    .unwrap()
}

#[test]
fn a_table_says_who_is_in_and_who_is_declared() {
    let text = "version = 1\n[organization]\nid = \"org-AbC123\"\n[members]\n\
        \"Ada@acme.dev\" = { role = \"owner\" }\n\"old.name@acme.dev\" = { id = \"user-3\" }\n";
    let desired = parse(&[Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    }])
    .unwrap();
    let document = RosterDocument::new(&live(), Some(&desired), None);
    insta::assert_snapshot!(roster_table(&document, Paint::Plain), @"
    ADDRESS            NAME                                       ROLE    ID        STANDING                  DECLARED
    -                  -                                          -       user-4    member                    no
    ada@acme.dev       Ada Lovelace                               owner   user-1    member                    yes
    eve@acme.dev       -                                          reader  user-2    member                    no
    lin@acme.dev       -                                          reader  invite-1  invited until 2026-11-26  no
    new.name@acme.dev  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  reader  user-3    member                    yes
    ");
    assert_valid(&roster_schema(), &json(&document).unwrap());
}

#[test]
fn a_search_finds_addresses_names_and_ids() {
    let live = live();
    let found = |search: &str| {
        let people = RosterDocument::new(&live, None, Some(search)).people;
        people.into_iter().map(|row| row.role).collect::<Vec<_>>()
    };
    assert_eq!(found("LOVELACE"), ["owner"]);
    assert_eq!(found(" ada@ "), ["owner"]);
    assert_eq!(found("invite-1").len(), 1);
    assert_eq!(found("user-").len(), 4);
    let nobody = RosterDocument::new(&live, None, Some("gone@acme.dev"));
    insta::assert_snapshot!(roster_table(&nobody, Paint::Plain), @"Nobody found among 4 members and 1 pending invite.");
    let one = RosterDocument::new(&live, None, Some("lin@"));
    insta::assert_snapshot!(roster_table(&one, Paint::Plain), @"
    ADDRESS       NAME  ROLE    ID        STANDING                  DECLARED
    lin@acme.dev  -     reader  invite-1  invited until 2026-11-26  -
    ");
}
