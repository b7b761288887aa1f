//! The end of an apply as text.

use rosterctl::outcome::Outcome;
use rosterctl::plan::Person;
use rosterctl::render::{Paint, ReportView, report_text};
use rosterctl::roster::Role;
use rosterctl::verify::{Foreign, Verification};

use super::fixtures::{Shown, approved, email, everything, member, plan, remove};

#[test]
fn what_did_not_happen_stands_first() {
    let shown = Shown::new(everything(), 2);
    let judgement = &shown.judgement;
    let cause = |text: &str| text.to_owned();
    let outcomes = [
        Outcome::Done {
            request_id: Some("req_1".to_owned()),
        },
        Outcome::AlreadyDone {
            request_id: Some("req_2".to_owned()),
        },
        Outcome::Failed {
            cause: cause("`DELETE /organization/users/{user_id}` failed: 403 (req_3)"),
        },
        Outcome::Unknown {
            cause: cause("no answer (req_4)"),
        },
    ];
    let verification = Verification {
        converged: false,
        residual: judgement.actions[..2].to_vec(),
        collateral: vec![Person::member(&member(
            "user-50",
            "lost@acme.dev",
            Role::Reader,
        ))],
        foreign: vec![Foreign {
            person: Person::address(&email("guest@acme.dev")),
            what: "appeared as reader".to_owned(),
        }],
    };
    let view = ReportView {
        aftermath: None,
        plan: shown.view(),
        outcomes: &outcomes,
        verification: Some(&verification),
        exit_code: 5,
        journal: Some(".rosterctl/org-AbC123/journal/20261124T031500Z-0123456789abcdef0123.jsonl"),
    };
    insta::assert_snapshot!(report_text(&view, Paint::Plain), @"
    Not done:
      - remove         mallory@acme.dev  owner            failed: `DELETE /organization/users/{user_id}` failed: 403 (req_3)
      - cancel invite  bob@acme.dev      reader           unknown: no answer (req_4)
      ~ re-role        lin@acme.dev      owner -> reader  not attempted
      - revoke key     mallory@acme.dev  sk-admin...abc   not attempted

    Done:
      + invite  ada@acme.dev  reader  done
      - remove  eve@acme.dev  reader  already done

    Withheld:
      - remove     root@acme.dev  owner  undeclared
          key-owner: root@acme.dev is withheld
          Way on: run with the admin key of another owner
      ! undecided  twin@acme.dev
          identity-conflict: root@acme.dev is withheld
          Way on: run with the admin key of another owner

    Executed, not visible yet:
      - remove  eve@acme.dev  reader  departed since 2026-11-20 (HR-9)
      + invite  ada@acme.dev  reader  declared, not in (members.toml:12)
          Late, or undone by somebody else meanwhile: the organization's audit log says which

    Gone, and not by this plan:
      ! lost@acme.dev  user-50

    Changed by somebody else meanwhile:
        guest@acme.dev  appeared as reader

    Plan 8db6ee3c20b66cb65b3c: 1 done, 1 already done, 1 failed, 1 unknown, 2 not attempted; 2 withheld by the guardrails.
    Not verified: 2 executed actions not visible yet, 1 person outside the plan gone.
    Journal: .rosterctl/org-AbC123/journal/20261124T031500Z-0123456789abcdef0123.jsonl
    Exit 5: some action failed, was withheld, is unknown or was not attempted.
    ");
}

#[test]
fn a_good_run_is_short() {
    let shown = Shown::new(
        approved(plan(vec![remove(member(
            "user-7",
            "eve@acme.dev",
            Role::Reader,
        ))])),
        1,
    );
    let verification = Verification {
        converged: true,
        residual: vec![],
        collateral: vec![],
        foreign: vec![],
    };
    let view = ReportView {
        aftermath: None,
        plan: shown.view(),
        outcomes: &[Outcome::Done { request_id: None }],
        verification: Some(&verification),
        exit_code: 0,
        journal: None,
    };
    insta::assert_snapshot!(report_text(&view, Paint::Plain), @"
    Done:
      - remove  eve@acme.dev  reader  done

    Plan 0073e2220bd5b08e8d9e: 1 done.
    Verified: a complete listing after the last change shows all of it.
    Exit 0: converged, or nothing to do.
    ");
}

/// The lines under the sections, for two removals with these outcomes.
fn ending(outcomes: &[Outcome; 2], converged: bool, exit_code: u8) -> String {
    let rows = [("user-7", "eve@acme.dev"), ("user-8", "bob@acme.dev")];
    let removals = rows.map(|(id, email)| remove(member(id, email, Role::Reader)));
    let shown = Shown::new(approved(plan(removals.to_vec())), 1);
    let left = if converged { 0..0 } else { 0..1 };
    let verification = Verification {
        converged,
        residual: shown.judgement.actions[left].to_vec(),
        collateral: vec![],
        foreign: vec![],
    };
    let view = ReportView {
        aftermath: None,
        plan: shown.view(),
        outcomes,
        verification: Some(&verification),
        exit_code,
        journal: None,
    };
    let text = report_text(&view, Paint::Plain);
    let at = text.find("Plan ").unwrap();
    text[at..].to_owned()
}

#[test]
fn what_is_verified_is_what_was_done() {
    let done = || Outcome::Done { request_id: None };
    let cause = || "the run was stopped".to_owned();
    let open = || Outcome::NotAttempted { cause: cause() };
    let unknown = || Outcome::Unknown { cause: cause() };
    let endings = [
        ending(&[done(), open()], true, 5),
        ending(&[unknown(), open()], true, 5),
        ending(&[done(), open()], false, 6),
        ending(&[done(), done()], false, 6),
    ];
    insta::assert_snapshot!(endings.join("\n"), @"
    Plan f66ca7a7a8902c5ab62c: 1 done, 1 not attempted.
    Verified in part: a complete listing after the last change shows what was done, which is not the whole plan.
    Exit 5: some action failed, was withheld, is unknown or was not attempted.

    Plan f66ca7a7a8902c5ab62c: 1 unknown, 1 not attempted.
    Not verified: nothing is known to have been done.
    Exit 5: some action failed, was withheld, is unknown or was not attempted.

    Plan f66ca7a7a8902c5ab62c: 1 done, 1 not attempted.
    Not verified: 1 executed action not visible yet.
    Exit 6: all that was sent is reported done and not confirmed, or somebody outside the plan is gone; 1 not attempted.

    Plan f66ca7a7a8902c5ab62c: 2 done.
    Not verified: 1 executed action not visible yet.
    Exit 6: all that was sent is reported done and not confirmed, or somebody outside the plan is gone.
    ");
}
