//! `plan` and `list` over real HTTP: results on standard output, exit codes, nothing changed.

use std::process::Stdio;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{Desk, MEMBERS, Organization, acme};

#[test]
fn a_plan_is_a_result_and_an_exit_code() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let text = desk.run(&["plan", "--diff", "--out", "plan.json"]);
    insta::assert_snapshot!(text.shown(), @"
    exit 0
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Changes:
      - remove  eve@acme.dev  reader  undeclared

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove.
    Plan id PLAN.
    Next: rosterctl apply

    --- live
    +++ desired
    @@ -2,3 +2,2 @@
     bob@acme.dev reader user-bob
    -eve@acme.dev reader user-eve
     grace@acme.dev owner user-grace
    --- err
    ");
    let json = desk.run(&["plan", "--format", "json"]);
    assert_eq!((json.code, json.err.as_str()), (0, ""));
    let document = json.json();
    assert_eq!(document["verdict"], "approved");
    assert_eq!(document["actions"][0]["email"], "eve@acme.dev");
    // Two readings differ in their time and in nothing else.
    let mut saved: serde_json::Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    saved["observed_at"] = document["observed_at"].clone();
    assert_eq!(saved, document);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 2);
    assert!(organization.mutations().is_empty());
    assert!(!desk.path(".rosterctl").exists(), "a plan writes nothing");
}

#[test]
fn exit_codes_of_a_plan() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let same = MEMBERS.to_owned() + "\"eve@acme.dev\" = {}\n";
    let invite_outside = same.clone() + "\"x@elsewhere.dev\" = {}\n";
    let reported = MEMBERS.replace("\"remove\"", "\"report\"");
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let frozen = MEMBERS.replace("[policy]", "[policy]\nfreeze = \"audit\"");
    let (empty, _) = MEMBERS.split_once("\"ada").unwrap();
    for (members, plain, detailed) in [
        (same.as_str(), 0, 0),
        (MEMBERS, 0, 2),
        (&invite_outside, 0, 2),
        (&reported, 0, 0),
        (&capped, 3, 3),
        (&frozen, 0, 2),
        (empty, 3, 3),
    ] {
        let desk = Desk::at(&organization, members);
        assert_eq!(desk.run(&["plan"]).code, plain, "{members}");
        let ran = desk.run(&["plan", "--detailed-exitcode"]);
        assert_eq!(ran.code, detailed, "{members}");
    }
    let ran = Desk::at(&organization, &frozen).run(&["plan"]);
    assert_eq!(ran.err, "warning: changes are frozen: audit\n");
    let ran = Desk::at(&organization, empty).run(&["plan", "--format", "json"]);
    assert_eq!(ran.json()["breaches"][0]["breach"], "empty-desired");
}

#[test]
fn a_plan_announces_whose_access_ends_soon() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let day = |days: i64| {
        let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
        today.saturating_add(days.days())
    };
    let members = MEMBERS.replace(
        "\"bob@acme.dev\" = {}",
        &format!("\"bob@acme.dev\" = {{ expires = {} }}", day(10)),
    );
    let desk = Desk::at(&organization, &members);
    let said = format!("members.toml:11:1: bob@acme.dev expires on {}", day(10));
    // The day may change between two readings of the clock, so no count of days is asked for.
    for (args, announced) in [
        (&["plan"][..], true),
        (&["plan", "--format", "json"], true),
        (&["plan", "--expiry-notice-days", "8"], false),
    ] {
        let ran = desk.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.out.contains(&said), announced, "{ran:?}");
    }
}

#[test]
fn an_acceptance_holds_for_one_plan() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let desk = Desk::at(&organization, &capped);
    let refused = desk.run(&["plan"]);
    insta::assert_snapshot!(refused.shown(), @"
    exit 3
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Refused:
      ! revocations-max  1, limit 0
          1 revocation, and 0 is the limit of one run
          Way on: change revocations_max under [guardrails] in a reviewed commit; or once: --accept PLAN:revocations-max

    Changes, not to be made:
      - remove  eve@acme.dev  reader  undeclared

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove. Refused by revocations-max: nothing is executed.
    Plan id PLAN.
    To accept these figures once: rosterctl apply --accept PLAN:revocations-max
    --- err
    ");
    let (_, id) = refused.out.split_once("Plan id ").unwrap();
    let id = &id[..20];
    let accept = |breach: &str| format!("{id}:{breach}");
    for (acceptance, code) in [
        (accept("revocations-max"), 0),
        (accept("owners-min"), 64),
        (format!("{}:revocations-max", "0".repeat(20)), 3),
    ] {
        let ran = desk.run(&["plan", "--accept", &acceptance]);
        assert_eq!(ran.code, code, "{ran:?}");
    }
}

#[test]
fn a_reader_who_goes_away_changes_nothing() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    for (args, code) in [
        (vec!["plan", "--detailed-exitcode"], 2),
        (vec!["list"], 0),
        (vec!["apply", "--yes"], 0),
    ] {
        let mut command = desk.command(&args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
    }
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

#[test]
fn the_list_finds_a_person_with_and_without_a_file() {
    let mut roster = acme(&["bob", "eve"]);
    roster["invites"] = serde_json::json!([{
        "object": "organization.invite", "id": "invite-1", "email": "lin@acme.dev", "role": "reader",
        "status": "pending", "created_at": 1_700_000_000, "expires_at": 1_893_456_000,
    }]);
    let organization = Organization::start(&roster, &[]);
    let desk = Desk::at(&organization, MEMBERS);
    insta::assert_snapshot!(desk.run(&["list"]).shown(), @"
    exit 0
    --- out
    ADDRESS         NAME   ROLE    ID          STANDING                  DECLARED
    ada@acme.dev    ada    owner   user-ada    member                    yes
    bob@acme.dev    bob    reader  user-bob    member                    yes
    eve@acme.dev    eve    reader  user-eve    member                    no
    grace@acme.dev  grace  owner   user-grace  member                    yes
    lin@acme.dev    -      reader  invite-1    invited until DATE  no
    --- err
    ");
    let found = desk.run(&["list", "--search", "EVE", "--format", "json"]);
    assert_eq!(found.json()["people"].as_array().unwrap().len(), 1);
    std::fs::remove_file(desk.path("members.toml")).unwrap();
    insta::assert_snapshot!(desk.run(&["list", "--search", "eve"]).shown(), @"
    exit 0
    --- out
    ADDRESS       NAME  ROLE    ID        STANDING  DECLARED
    eve@acme.dev  eve   reader  user-eve  member    -
    --- err
    ");
    insta::assert_snapshot!(desk.run(&["list", "--search", "zed"]).shown(), @"
    exit 0
    --- out
    Nobody found among 4 members and 1 pending invite.
    --- err
    ");
    desk.write("other.toml", MEMBERS.replace("org-Acme", "org-Other"));
    assert_eq!(desk.run(&["list", "other.toml"]).code, 1);
}

#[test]
fn the_older_pair_says_what_it_cannot_do() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let members = MEMBERS.replace("\"bob@acme.dev\" = {}", "\"lin@acme.dev\" = {}");
    let desk = Desk::at(&organization, &members);
    insta::assert_snapshot!(desk.run(&["plan", "--api", "legacy"]).shown(), @"
    exit 0
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Withheld:
      - remove  bob@acme.dev  reader  undeclared
          protection-unknown: the API did not send is_default, is_service_account, is_scim_managed for bob@acme.dev
          Way on: set flags_required = false under [unmanaged] to read a missing flag as false; or once: --accept PLAN:protection-unknown
      - remove  eve@acme.dev  reader  undeclared
          protection-unknown: the API did not send is_default, is_service_account, is_scim_managed for eve@acme.dev
          Way on: set flags_required = false under [unmanaged] to read a missing flag as false; or once: --accept PLAN:protection-unknown

    Reported, left as it is:
        lin@acme.dev  declared (reader), not in

    Cost: no requests.
    Plan: nothing to change; 2 withheld; 1 reported.
    Plan id PLAN.
    With what is withheld: rosterctl apply --api legacy --accept PLAN:protection-unknown
    --- err
    ");
}
