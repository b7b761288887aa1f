//! What a run that was cut leaves in doubt: the next one reads it back, says so, and takes no owner too many.

use jiff::{SignedDuration, Timestamp};
use rosterctl::journal::{IntentRecord, Record, encode};
use rosterctl::plan::Change;
use rosterctl::roster::{Email, Flags, LiveRole, Member, Role, UserId};
use serde_json::json;

use super::{Desk, MEMBERS, Organization, acme};
use crate::support::plan_record;

/// The journal of a run that was cut so long ago, while it made a reader of Grace.
fn cut(ago: SignedDuration) -> String {
    let at = Timestamp::now() - ago;
    let grace = Member {
        id: UserId::parse("user-grace").unwrap(),
        email: Some(Email::parse("grace@acme.dev").unwrap()),
        name: None,
        role: LiveRole::Known(Role::Owner),
        added_at: None,
        flags: Flags::PERSON,
        api_key_last_used_at: None,
        projects: Vec::new(),
    };
    let change = Change::SetRole {
        member: grace,
        to: Role::Reader,
    };
    let records = [
        Record::Plan(plan_record(at)),
        Record::Intent(IntentRecord { seq: 1, at, change }),
    ];
    records.iter().map(encode).collect()
}

#[test]
fn an_owner_in_doubt_keeps_another_one_from_being_removed() {
    let mut roster = acme(&["bob", "eve"]);
    roster["users"][3]["role"] = json!("owner");
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, MEMBERS);
    desk.write(
        ".rosterctl/org-Acme/journal/20200101T000000Z-00.jsonl",
        cut(SignedDuration::from_mins(2)),
    );
    // The key's owner is not known, which counts for every owner.
    let ran = desk.run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let accept = format!("{}:key-owner", plan["plan_id"].as_str().unwrap());
    let ran = desk.run(&["apply", "--yes", "--accept", &accept]);
    assert_eq!(ran.code, 5, "{ran:?}");
    let read_back = "set the role of grace@acme.dev from owner to reader: unknown: the run was cut short, \
                     and its effect is not seen";
    assert!(ran.err.contains(read_back), "{ran:?}");
    assert!(
        ran.out
            .contains("withheld: 2 owners are certain now, and 2 must stay"),
        "{ran:?}"
    );
    assert_eq!(organization.mutations(), [""; 0]);
}
