//! `apply --only` and `apply --revocations-only`: a part of the plan, guarded like the whole.

use super::{Desk, MEMBERS, Organization, acme};

#[test]
fn only_the_named_person_is_removed() {
    let organization = Organization::start(&acme(&["bob", "eve", "mal"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let ran = desk.run(&["apply", "--yes", "--only", "EVE@acme.dev"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert!(
        ran.shown()
            .contains("this is a part of the whole plan: 1 other action is left out"),
        "{}",
        ran.shown()
    );
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    // Gone already is what was wanted.
    let again = desk.run(&["apply", "--yes", "--only", "eve@acme.dev"]);
    assert_eq!(again.code, 0, "{}", again.shown());
    assert_eq!(organization.mutations().len(), 1);
}

#[test]
fn somebody_for_whom_nothing_is_planned_is_no_departure() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let ran = desk.run(&["apply", "--yes", "--only", "bob@acme.dev"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(
        ran.shown()
            .contains("nothing is planned for bob@acme.dev, who is in or invited"),
        "{}",
        ran.shown()
    );
    assert!(organization.mutations().is_empty());
}

#[test]
fn a_whole_plan_that_is_refused_refuses_its_part_unless_they_departed() {
    let one = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 1");
    let organization = Organization::start(&acme(&["bob", "eve", "mal"]), &[]);
    let desk = Desk::at(&organization, &one);
    let only = ["apply", "--yes", "--only", "eve@acme.dev"];
    let refused = desk.run(&only);
    assert_eq!(refused.code, 3, "{}", refused.shown());
    assert!(refused.shown().contains("revocations-max"));
    assert!(organization.mutations().is_empty());
    desk.write(
        "members.toml",
        format!("{one}\n[departed]\n\"eve@acme.dev\" = {{}}\n"),
    );
    let departed = desk.run(&only);
    assert_eq!(departed.code, 0, "{}", departed.shown());
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

#[test]
fn access_is_taken_and_none_given() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let members = MEMBERS.replace("[members]", "[members]\n\"new@acme.dev\" = {}");
    let desk = Desk::at(&organization, &members);
    let ran = desk.run(&["apply", "--yes", "--revocations-only"]);
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}
