//! `apply --only` and `apply --revocations-only`: a part of the plan, and nothing else.

use serde_json::json;

use super::{Desk, MEMBERS, Organization, acme};

/// Eve has departed, lin is to be invited, and whoever else is in is not declared.
fn members(revocations_max: u32) -> String {
    let members = MEMBERS.replace(
        "[guardrails]",
        &format!(
            "[guardrails]\nrevocation_fraction_max = 1.0\nrevocations_max = {revocations_max}"
        ),
    );
    format!("{members}\"lin@acme.dev\" = {{}}\n[departed]\n\"eve@acme.dev\" = {{}}\n")
}

#[test]
fn one_person_is_taken_out_while_too_many_revocations_refuse_the_rest() {
    let organization = Organization::start(&acme(&["bob", "eve", "ann", "ben"]), &[]);
    let desk = Desk::at(&organization, &members(2));
    assert_eq!(desk.run(&["apply", "--yes"]).code, 3);
    let refused = desk.run(&["apply", "--yes", "--only", "ann@acme.dev"]);
    insta::assert_snapshot!(refused.shown(), @"
    exit 3
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Refused:
      ! revocations-max  3, limit 2
          the whole plan: 3 revocations, and 2 is the limit of one run
          Way on: change revocations_max under [guardrails] in a reviewed commit; or once: --accept PLAN:revocations-max

    Changes, not to be made:
      - remove  ann@acme.dev  reader  undeclared

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Worth knowing:
        narrowed to ann@acme.dev: 3 other actions are left

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove. Refused by revocations-max: nothing is executed.
    Plan id PLAN.
    To accept these figures once: rosterctl apply --only ann@acme.dev --accept PLAN:revocations-max
    --- err
    ");
    // Nor is anybody invited while the whole plan is refused.
    let invite = ["apply", "--yes", "--only", "lin@acme.dev"];
    assert_eq!(desk.run(&invite).code, 3);
    assert!(organization.mutations().is_empty());

    let ran = desk.run(&["apply", "--yes", "--only", " Eve@Acme.dev"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 0
    --- out
    Done:
      - remove  eve@acme.dev  reader  done

    Plan PLAN: 1 done.
    Verified: a complete listing after the last change shows all of it.
    Journal: .rosterctl/org-Acme/journal/TIME-PLAN.jsonl
    Exit 0: converged, or nothing to do.
    --- err
    Plan for org-Acme, read DATE HH:MM UTC

    Changes:
      - remove  eve@acme.dev  reader  departed

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Worth knowing:
        narrowed to eve@acme.dev: 3 other actions are left

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; no pace is known yet, so the time is open.
    Plan: 1 to remove.
    Plan id PLAN.
      removals 0/1: sending 1
      removals 1/1: reading eve@acme.dev back
      removals 1/1: the first one is gone
      verifying: listing invites and members once more
    ");
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    // Of a part of the roster nothing is kept as the measure of the next run.
    assert!(!desk.path(".rosterctl/org-Acme/snapshot.json").exists());

    // Gone already is fine.
    let again = desk.run(&["apply", "--yes", "--only", "eve@acme.dev"]);
    insta::assert_snapshot!(again.shown(), @"
    exit 0
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Worth knowing:
        narrowed to eve@acme.dev: 3 other actions are left
        eve@acme.dev is neither in nor invited: nothing is to be done

    Cost: no requests.
    Plan: nothing to change.
    Plan id PLAN.
    --- err
    ");
    assert_eq!(organization.mutations().len(), 1);
}

#[test]
fn an_address_without_an_action_fails_and_nothing_is_done() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, &members(2));
    let only = ["apply", "--yes", "--only", "eve@acme.dev", "--only"];
    let ran = desk.run(&[&only[..], &["bob@acme.dev"]].concat());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err
            .contains("error: --only names bob@acme.dev, and the plan has no action for them"),
        "{ran:?}"
    );
    assert!(organization.mutations().is_empty());
    assert_eq!(desk.run(&["apply", "--only", "eve"]).code, 64);
}

#[test]
fn revocations_only_gives_nobody_anything() {
    let mut roster = acme(&["bob", "eve", "ann"]);
    roster["invites"] = json!([{
        "object": "organization.invite", "id": "invite-zoe", "email": "zoe@acme.dev",
        "role": "owner", "status": "pending", "created_at": 1_700_000_000,
    }]);
    let organization = Organization::start(&roster, &[]);
    let members = members(9).replace("[guardrails]", "invites = \"cancel\"\n[guardrails]");
    let desk = Desk::at(&organization, &members);
    let ran = desk.run(&["apply", "--yes", "--revocations-only"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains("narrowed to what takes access: 1 other action is left"),
        "{ran:?}"
    );
    let mut mutations = organization.mutations();
    mutations.sort();
    assert_eq!(
        mutations,
        [
            "delete-invite zoe@acme.dev",
            "delete-user ann@acme.dev",
            "delete-user eve@acme.dev",
        ]
    );
    // What is left is for a whole apply.
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(
        organization.mutations().last().unwrap(),
        "create-invite lin@acme.dev"
    );
}

#[test]
fn what_is_withheld_stays_withheld() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let members = MEMBERS.replace(
        "\"bob@acme.dev\" = {}",
        "\"bob@acme.dev\" = { role = \"owner\" }",
    );
    let desk = Desk::at(&organization, &members);
    let only = ["apply", "--yes", "--only", "bob@acme.dev"];
    assert_eq!(desk.run(&only).code, 5);
    assert!(organization.mutations().is_empty());
    // Bob's withheld action is none of eve's run.
    assert_eq!(
        desk.run(&["apply", "--yes", "--only", "eve@acme.dev"]).code,
        0
    );
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
}

#[test]
fn the_id_that_is_accepted_and_the_bound_are_of_the_narrowed_plan() {
    let organization = Organization::start(&acme(&["bob", "eve", "ann"]), &[]);
    let desk = Desk::at(&organization, &members(1));
    desk.run(&["plan", "--out", "plan.json"]);
    let only = ["apply", "--yes", "--only", "ann@acme.dev"];
    let ran = desk.run(&only);
    assert_eq!(ran.code, 3, "{ran:?}");
    let shown = "To accept these figures once: rosterctl ";
    let line = ran.out.lines().find_map(|line| line.strip_prefix(shown));
    // The command that the refusal prints is the one that goes on.
    let command: Vec<&str> = line.unwrap().split_whitespace().collect();
    // Eve's is another plan.
    let accept = command[command.len() - 2..].to_vec();
    let other = ["apply", "--yes", "--only", "eve@acme.dev"];
    assert_eq!(desk.run(&[&other[..], &accept].concat()).code, 3);
    assert!(organization.mutations().is_empty());

    let bound = ["--yes", "--plan", "plan.json"];
    let ran = desk.run(&[&command[..], &bound].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(organization.mutations(), ["delete-user ann@acme.dev"]);
    // Lin was reviewed as a reader to be invited; as anything else she is stale, but not for eve's run.
    desk.write(
        "members.toml",
        members(1).replace("\"lin@acme.dev\" = {}", "\"kim@acme.dev\" = {}"),
    );
    assert_eq!(
        desk.run(&[&["apply", "--only", "kim@acme.dev"], &bound[..]].concat())
            .code,
        4
    );
    assert_eq!(
        desk.run(&[&["apply", "--only", "eve@acme.dev"], &bound[..]].concat())
            .code,
        0
    );
}

#[test]
fn what_is_stale_in_a_narrowed_run_is_about_its_people_alone() {
    let organization = Organization::start(&acme(&["bob", "eve", "ann"]), &[]);
    let owner = "[members]\n\"ann@acme.dev\" = { role = \"owner\" }";
    let desk = Desk::at(&organization, &members(9).replace("[members]", owner));
    desk.run(&["plan", "--out", "plan.json"]);
    desk.write("members.toml", members(9));
    let args = [
        "apply",
        "--yes",
        "--plan",
        "plan.json",
        "--only",
        "ann@acme.dev",
    ];
    let ran = desk.run(&args);
    insta::assert_snapshot!(ran.shown(), @"
    exit 4
    --- out
    Stale: 1 action of the fresh plan is in no reviewed plan.
    --- reviewed
    +++ fresh
    @@ -1 +1 @@
    -re-role ann@acme.dev user-ann reader -> owner
    +remove ann@acme.dev user-ann reader
    Way on: write a new plan with `plan --out`, have it reviewed, and apply that one.
    --- err
    note: the members file is not the one that plan.json was made from; the plan is made from it as it is now
    ");
}
