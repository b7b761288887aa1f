//! `apply` over real HTTP: what is sent, what is said, what is kept.

use std::fs;

use rosterctl::roster::OrganizationId;
use rosterctl::state::StateDir;

use super::{Desk, MEMBERS, Organization, acme};

#[test]
fn the_main_job_from_end_to_end() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let members = MEMBERS.to_owned() + "\"lin@acme.dev\" = {}\n";
    let desk = Desk::at(&organization, &members);
    let ran = desk.run(&[
        "apply",
        "--yes",
        "--reference",
        "commit abc",
        "--out",
        "report.json",
    ]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 0
    --- out
    Done:
      - remove  eve@acme.dev  reader  done
      + invite  lin@acme.dev  reader  done

    Plan PLAN: 2 done.
    Verified: a complete listing after the last change shows all of it.
    Journal: .rosterctl/org-Acme/journal/TIME-PLAN.jsonl
    Exit 0: converged, or nothing to do.
    --- err
    Plan for org-Acme, read DATE HH:MM UTC

    Changes:
      - remove  eve@acme.dev  reader  undeclared
      + invite  lin@acme.dev  reader  declared, not in (members.toml:12)

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Cost: 1 member page; 1 member check; 1 removal; 1 invite page; 1 invite; no pace is known yet, so the time is open.
    Plan: 1 to remove, 1 to invite.
    Plan id PLAN.
      removals 0/1: sending 1
      invites 0/1: sending 1
      removals 1/1: reading eve@acme.dev back
      removals 1/1: the first one is gone
      verifying: listing invites and members once more
    ");
    let mut mutations = organization.mutations();
    mutations.sort();
    assert_eq!(
        mutations,
        ["create-invite lin@acme.dev", "delete-user eve@acme.dev"]
    );
    let report: serde_json::Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    assert_eq!(report["verification"]["converged"], true);
    assert_eq!(report["exit_code"], 0);
    let journal = fs::read_to_string(desk.journal()).unwrap();
    assert!(
        journal.contains("\"reference\":\"commit abc\""),
        "{journal}"
    );
    assert!(
        journal.trim_end().ends_with("\"by\":\"apply\"}"),
        "{journal}"
    );

    let again = desk.run(&["apply", "--format", "json"]);
    assert_eq!(
        (again.code, again.err.as_str()),
        (0, ""),
        "nothing to do is not asked about"
    );
    assert_eq!(again.json()["outcomes"], serde_json::json!([]));
    assert_eq!(organization.mutations().len(), 2);
    let kept = ["pace.json", "snapshot.json"]
        .map(|name| desk.read(&format!(".rosterctl/org-Acme/{name}")));
    assert!(kept[1].contains("\"people\": 3"), "{kept:?}");
}

#[test]
fn without_a_decision_nothing_is_even_read() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let unwritten = MEMBERS.replace("undeclared = \"remove\"\n", "");
    let mut shown = Desk::at(&organization, &unwritten)
        .run(&["apply", "--yes"])
        .shown();
    let frozen = MEMBERS.replace("[policy]", "[policy]\nfreeze = \"audit\"");
    shown += &Desk::at(&organization, &frozen)
        .run(&["apply", "--yes"])
        .shown();
    let desk = Desk::at(&organization, MEMBERS).with("ROSTERCTL_FREEZE", "incident 7");
    shown += &desk.run(&["apply", "--yes"]).shown();
    insta::assert_snapshot!(shown, @r#"
    exit 1
    --- out
    --- err
    error: [policy].undeclared is not written in members.toml, so nothing is applied
    hint: run `rosterctl plan` to see whom the file does not name, then write undeclared = "report" or "remove" under [policy]
    exit 3
    --- out
    Refused:
      ! frozen
          changes are frozen: audit
          Way on: empty `freeze` under [policy] and run again
    --- err
    exit 3
    --- out
    Refused:
      ! frozen
          changes are frozen: incident 7
          Way on: unset ROSTERCTL_FREEZE and run again
    --- err
    "#);
    assert_eq!(organization.requests(), 0);
}

#[test]
fn without_a_terminal_it_takes_a_flag() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let ran = Desk::at(&organization, MEMBERS).run(&["apply"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("- remove  eve@acme.dev"), "{}", ran.err);
    assert!(
        ran.err
            .ends_with("hint: read the plan above, and say --yes to apply it\n"),
        "{}",
        ran.err
    );
    assert!(organization.mutations().is_empty());
}

#[test]
fn who_is_withheld_keeps_it_from_being_a_success() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let members = MEMBERS.to_owned() + "\"x@elsewhere.dev\" = {}\n";
    let ran = Desk::at(&organization, &members).run(&["apply", "--yes"]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.out.contains("email-domains"), "{}", ran.out);
    assert!(organization.mutations().is_empty());
}

#[test]
fn a_refused_plan_goes_only_with_its_own_id() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max = 0");
    let desk = Desk::at(&organization, &capped);
    let refused = desk.run(&["apply", "--yes"]);
    assert_eq!(refused.code, 3);
    assert!(organization.mutations().is_empty());
    let (_, command) = refused.out.split_once("once: rosterctl ").unwrap();
    let args: Vec<&str> = command
        .lines()
        .next()
        .unwrap()
        .split(' ')
        .chain(["--yes"])
        .collect();
    assert_eq!(desk.run(&args).code, 0, "{args:?}");
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    // The same acceptance is for another plan now.
    assert_eq!(desk.run(&args).code, 3);
}

#[test]
fn one_run_at_a_time() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let id = OrganizationId::parse("org-Acme").unwrap();
    let state = StateDir::beside(&desk.path("members.toml"), &id).unwrap();
    let held = state.lock("2026-11-24T03:15:00Z".parse().unwrap()).unwrap();
    let ran = desk.run(&["apply", "--yes"]);
    assert_eq!(ran.code, 1);
    let holder = format!(
        "error: another run is at work on this organization: process {} since 2026-11-24 03:15:00 UTC\n",
        std::process::id()
    );
    assert!(ran.err.starts_with(&holder), "{}", ran.err);
    assert_eq!(organization.requests(), 0);
    drop(held);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
}

#[test]
fn a_run_that_was_cut_short_is_read_back_first() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    // As if the process had died between the request and its outcome.
    let path = desk.journal();
    let journal = fs::read_to_string(&path).unwrap();
    let (before, _) = journal.split_once("{\"record\":\"outcome\"").unwrap();
    fs::write(&path, before).unwrap();
    let ran = desk.run(&["apply", "--yes"]);
    insta::assert_snapshot!(ran.shown(), @"
    exit 0
    --- out
    No changes. Live equals desired: 3 members and pending invites as declared (org-Acme, read DATE HH:MM UTC).
    --- err
    an earlier run was cut short: reading back what it had under way, for up to a minute
      plan PLAN of DATE HH:MM UTC: 0 of 1 actions had their outcome, 1 read back
      remove eve@acme.dev (reader): already done
      its journal is closed; what is left is planned anew
    ");
    let journal = fs::read_to_string(&path).unwrap();
    assert!(
        journal.trim_end().ends_with("\"by\":\"resume\"}"),
        "{journal}"
    );
}

#[test]
fn the_command_that_goes_on_keeps_what_is_accepted_already() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let capped = MEMBERS.replace(
        "[guardrails]\nemail_domains = [\"acme.dev\"]",
        "[guardrails]\nrevocations_max = 0",
    );
    let capped = capped + "\"new@acme.dev\" = {}\n";
    let desk = Desk::at(&organization, &capped);
    let refused = desk.run(&["plan"]).out;
    let (_, id) = refused.split_once("Plan id ").unwrap();
    let id = &id[..20];
    for (accepted, on) in [
        ("email-domains", "email-domains,revocations-max"),
        ("revocations-max", "revocations-max"),
    ] {
        let ran = desk.run(&["plan", "--accept", &format!("{id}:{accepted}")]);
        let command = format!(": rosterctl apply --accept {id}:{on}\n");
        assert!(ran.out.contains(&command), "{accepted}: {ran:?}");
    }
}
