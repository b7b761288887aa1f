//! A plan for a pull request, a CI run, a merge request and a browser.

use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::outcome::Outcome;
use rosterctl::render::{
    Comment, ReportView, failure_markdown, gitlab, plan_github, plan_html, plan_markdown,
    report_github, report_html, report_markdown,
};
use rosterctl::roster::Role;

use super::fixtures::{
    Shown, approved, breach, everything, invited, member, plan, remove, withheld,
};

const COMMENT: Comment<'_> = Comment {
    marker: Some("default"),
    everything_in: "plan.json",
    source_url: Some("https://github.com/acme/access/blob/0123abc"),
    diff: None,
};

fn comment(judgement: Judgement) -> String {
    plan_markdown(&Shown::new(judgement, 2).view(), &COMMENT)
}

/// So many removals, and as many invites.
fn many(people: usize) -> Judgement {
    let removals = (0..people).map(|n| {
        let address = format!("somebody.with.a.long.name.{n:05}@acme.dev");
        remove(member(&format!("user-{n:05}"), &address, Role::Reader))
    });
    let invites = (0..people).map(|n| invited(&format!("new-{n:05}@acme.dev"), Role::Reader));
    approved(plan(removals.chain(invites).collect()))
}

#[test]
fn a_comment_puts_revocations_first_and_folds_what_is_quiet() {
    insta::assert_snapshot!(comment(everything()), @r#"
    <!-- rosterctl:plan:default -->
    ### Membership plan for `org-AbC123`: 2 to remove, 1 to invite, 1 to re-role, 1 invite to cancel, 1 admin key to revoke; 2 withheld; 1 departed, still live; 2 reported; 1 vanished; 2 unmanaged

    > [!CAUTION]
    > 4 revocations: read who loses access before you approve.

    #### Admin keys that outlive their owner

    | | Who | Key | Value | Last use | What | Details |
    |---|---|---|---|---|---|---|
    | `!` | `mallory@acme.dev` | `deploy` | `sk-admin...abc` | used 3 hours ago (!) | its owner is removed; revoked by this plan |  |
    | `!` | `lin@acme.dev` | `export` | `sk-admin...abc` | used 3 hours ago (!) | its owner is demoted; left as it is | An admin key goes on working without its owner, and can invite them back<br>Way on: admin_keys = "revoke" under [policy] revokes the keys of whoever the file removes, demotes or declares departed by id; or revoke it in the dashboard |

    #### Departed, still live

    | | Who | Role | Why | Left because |
    |---|---|---|---|---|
    | `!` | `old@acme.dev` | reader | `departed since 2026-11-20` | SCIM-managed, never removed here |

    #### Changes

    | | Change | Who | Role | Why | Where |
    |---|---|---|---|---|---|
    | `-` | remove | `mallory@acme.dev` | owner | undeclared; owner; API key used 2 hours ago (!); added yesterday; 2 projects: `Search` (`owner`), `Default project` (`owner`) |  |
    | `~` | re-role | `lin@acme.dev` | owner -> reader | role differs |  |
    | `-` | remove | `eve@acme.dev` | reader | `departed since 2026-11-20 (HR-9)` |  |
    | `-` | cancel invite | `bob@acme.dev` | reader | undeclared |  |
    | `-` | revoke key | `mallory@acme.dev` | `sk-admin...abc` | its owner is removed; named `deploy` |  |
    | `+` | invite | `ada@acme.dev` | reader | declared, not in | [`members.toml:12`](https://github.com/acme/access/blob/0123abc/members.toml#L12) |

    #### Withheld

    | | Change | Who | Role | Why | Details |
    |---|---|---|---|---|---|
    | `-` | remove | `root@acme.dev` | owner | undeclared | key-owner: `root@acme.dev is withheld`<br>Way on: `run with the admin key of another owner`; or once: --accept 8db6ee3c20b66cb65b3c:key-owner |
    | `!` | undecided | `twin@acme.dev` |  |  | identity-conflict: `root@acme.dev is withheld`<br>Way on: `run with the admin key of another owner` |

    <details><summary>Accepted in this run (1)</summary>

    | | Guardrail | Figure | What |
    |---|---|---|---|
    |  | changes-max | 21, limit 20 | `the plan has 21, and the limit is 20` |

    </details>

    <details><summary>Reported, left as it is (2)</summary>

    | | Who | What |
    |---|---|---|
    |  | `guest@acme.dev` | `undeclared invite (reader), left because members are SCIM-managed` |
    |  | `odd@acme.dev` | ``has unknown role `admin`, declared reader; it is never set`` |

    </details>

    #### Vanished

    | | Who | Id | What | Where |
    |---|---|---|---|---|
    | `!` | `gone@acme.dev` | `user-22` | pinned, no longer live; not invited until the pin is taken out | [`members.toml:40`](https://github.com/acme/access/blob/0123abc/members.toml#L40) |

    <details><summary>Unmanaged, left alone (2)</summary>

    | | Who | Role | Why |
    |---|---|---|---|
    |  | `support@openai.com` | owner | `` matches `*@openai.com` `` |
    |  | `bot@acme.dev` | reader | `service account` |

    </details>

    <details><summary>Worth knowing (2)</summary>

    | | Remark |
    |---|---|
    |  | `grace@acme.dev is user-24, whose address is now grace.hopper@acme.dev: rename the entry` |
    |  | `new@acme.dev is invited and has not accepted yet` |

    </details>

    <details><summary>Not checked (1)</summary>

    | | Caveat |
    |---|---|
    |  | `the weekly cap is not enforced: no history is readable` |

    </details>

    - Next: `rosterctl apply --accept 8db6ee3c20b66cb65b3c:changes-max`
    - With what is withheld: `rosterctl apply --accept 8db6ee3c20b66cb65b3c:key-owner,changes-max`

    <sub>Plan `8db6ee3c20b66cb65b3c` · read 2026-11-24 03:15 UTC · 2 removals, about 15 s at 8/min · rosterctl 0.1.0</sub>
    "#);
}

#[test]
fn a_refused_or_empty_plan_replaces_the_comment_too() {
    let mut refused = many(1);
    refused.breaches = vec![breach(BreachKind::RevocationsMax, 38.0, 10.0)];
    insta::assert_snapshot!(comment(refused), @"
    <!-- rosterctl:plan:default -->
    ### Membership plan for `org-AbC123`: 1 to remove, 1 to invite

    > [!CAUTION]
    > This plan is refused: nothing of it is executed.

    #### Refused

    | | Guardrail | Figure | Details |
    |---|---|---|---|
    | `!` | revocations-max | 38, limit 10 | `the plan has 38, and the limit is 10`<br>Way on: `change the limit under [guardrails] in a reviewed commit`; or once: --accept 36982816c336c23e15c4:revocations-max |

    #### Changes, not to be made

    | | Change | Who | Role | Why |
    |---|---|---|---|---|
    | `-` | remove | `somebody.with.a.long.name.00000@acme.dev` | reader | undeclared |
    | `+` | invite | `new-00000@acme.dev` | reader | declared, not in |

    - To accept these figures once: `rosterctl apply --accept 36982816c336c23e15c4:revocations-max`

    <sub>Plan `36982816c336c23e15c4` · read 2026-11-24 03:15 UTC · 2 removals, about 15 s at 8/min · rosterctl 0.1.0</sub>
    ");
    insta::assert_snapshot!(comment(approved(plan(vec![]))), @"
    <!-- rosterctl:plan:default -->
    ### Membership plan for `org-AbC123`: nothing to change

    No changes: live equals desired.


    <sub>Plan `e5b78646c08c6eb9d7c2` · read 2026-11-24 03:15 UTC · 2 removals, about 15 s at 8/min · rosterctl 0.1.0</sub>
    ");
}

#[test]
fn revocations_have_the_room_before_everything_else() {
    let text = comment(many(500));
    assert!(text.len() < 60_000, "{}", text.len());
    for n in 0..500 {
        assert!(text.contains(&format!("name.{n:05}@")), "{n}");
    }
    let invites = text.matches("`new-").count();
    assert!(invites < 500);
    assert!(text.contains(&format!(
        "and {} more; `plan.json` has all of them.",
        500 - invites
    )));
}

#[test]
fn revocations_that_do_not_fit_are_not_shown_in_part() {
    let text = comment(many(2_000));
    assert!(text.len() < 60_000, "{}", text.len());
    assert!(!text.contains("somebody.with"));
    assert!(text.contains(
        "> [!CAUTION]\n> **2000 revocations do not fit here. Read them in `plan.json` before you approve.**"
    ));
    assert!(text.contains("2000 to remove, 2000 to invite"));
}

#[test]
fn a_long_list_of_withheld_people_leaves_room_for_the_changes() {
    let mut judgement = many(100);
    let one = |n: usize| {
        let action = remove(member(
            &format!("w-{n}"),
            &format!("w{n}@acme.dev"),
            Role::Owner,
        ));
        withheld(BreachKind::KeyOwner, vec![action])
    };
    judgement.withheld = (0..1_000).map(one).collect();
    let text = comment(judgement);
    assert!(text.len() < 60_000, "{}", text.len());
    assert!(text.contains("name.00099@") && text.contains("`new-00099@"));
    assert!(text.contains("`w0@acme.dev`"), "{text}");
    assert!(text.contains("more; `plan.json` has all of them."));
}

#[test]
fn a_diff_is_shown_only_where_there_is_room() {
    let shown = Shown::new(many(1), 1);
    let comment = |diff: &str| {
        let comment = Comment {
            diff: Some(diff),
            ..COMMENT
        };
        plan_markdown(&shown.view(), &comment)
    };
    assert!(comment("-a ``` b\n").contains("````diff\n-a ``` b\n````\n"));
    assert!(!comment(&"-a\n".repeat(30_000)).contains("diff"));
}

#[test]
fn annotations_name_the_line_of_the_file() {
    let mut judgement = everything();
    judgement.breaches = vec![breach(BreachKind::RevocationFractionMax, 0.5, 0.25)];
    insta::assert_snapshot!(plan_github(&Shown::new(judgement, 2).view()), @r#"
    ::error title=Refused::revocation-fraction-max  50.0 %25, limit 25.0 %25. the plan has 0.5, and the limit is 0.25. Way on: change the limit under [guardrails] in a reviewed commit; or once: --accept 8db6ee3c20b66cb65b3c:revocation-fraction-max
    ::warning title=Admin keys that outlive their owner::mallory@acme.dev  deploy  sk-admin...abc  used 3 hours ago (!)  its owner is removed; revoked by this plan
    ::warning title=Admin keys that outlive their owner::lin@acme.dev  export  sk-admin...abc  used 3 hours ago (!)  its owner is demoted; left as it is. An admin key goes on working without its owner, and can invite them back. Way on: admin_keys = "revoke" under [policy] revokes the keys of whoever the file removes, demotes or declares departed by id; or revoke it in the dashboard
    ::warning title=Departed%2C still live::old@acme.dev  reader  departed since 2026-11-20  SCIM-managed, never removed here
    ::warning title=Changes%2C not to be made::remove  mallory@acme.dev  owner  undeclared; owner; API key used 2 hours ago (!); added yesterday; 2 projects: Search (owner), Default project (owner)
    ::warning title=Changes%2C not to be made::re-role  lin@acme.dev  owner -> reader  role differs
    ::warning title=Changes%2C not to be made::remove  eve@acme.dev  reader  departed since 2026-11-20 (HR-9)
    ::warning title=Changes%2C not to be made::cancel invite  bob@acme.dev  reader  undeclared
    ::warning title=Changes%2C not to be made::revoke key  mallory@acme.dev  sk-admin...abc  its owner is removed; named deploy
    ::warning title=Withheld::remove  root@acme.dev  owner  undeclared. key-owner: root@acme.dev is withheld. Way on: run with the admin key of another owner; or once: --accept 8db6ee3c20b66cb65b3c:key-owner
    ::warning title=Membership::and 2 more; the JSON document has all of them
    ::notice file=members.toml,line=12,col=1,title=Changes%2C not to be made::invite  ada@acme.dev  reader  declared, not in
    ::notice title=Membership::Plan: 2 to remove, 1 to invite, 1 to re-role, 1 invite to cancel, 1 admin key to revoke; 2 withheld; 1 departed, still live; 2 reported; 1 vanished; 2 unmanaged. Refused by revocation-fraction-max: nothing is executed. Plan id 8db6ee3c20b66cb65b3c.
    "#);
}

#[test]
fn annotations_count_what_the_page_would_not_show() {
    let text = plan_github(&Shown::new(many(40), 40).view());
    assert_eq!(text.matches("::warning ").count(), 10);
    assert!(text.contains("::warning title=Membership::and 31 more;"));
    assert_eq!(text.lines().count(), 21);
}

#[test]
fn a_merge_request_gets_three_figures() {
    assert_eq!(
        gitlab(&everything()),
        "{\"create\":1,\"delete\":4,\"update\":1}\n"
    );
}

#[test]
fn a_page_needs_nothing_else() {
    let page = plan_html(&Shown::new(everything(), 2).view());
    for part in [
        "<!doctype html>",
        "Content-Security-Policy",
        "mallory@acme.dev",
        "</html>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for foreign in ["http://", "https://", "src=", "<link", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let row = page
        .lines()
        .find(|line| line.contains("<td>remove</td><td><bdi>mallory"))
        .unwrap();
    insta::assert_snapshot!(row, @r#"<tr><td class="take">-</td><td>remove</td><td><bdi>mallory@acme.dev</bdi></td><td>owner</td><td>undeclared; owner; API key used 2 hours ago (!); added yesterday; 2 projects: <bdi>Search</bdi> (<bdi>owner</bdi>), <bdi>Default project</bdi> (<bdi>owner</bdi>)</td></tr>"#);
}

#[test]
fn a_report_has_every_format_too() {
    let shown = Shown::new(everything(), 2);
    let cause = || "`DELETE /organization/users/{user_id}` failed: 403".to_owned();
    let outcomes = [
        Outcome::Done { request_id: None },
        Outcome::Done { request_id: None },
        Outcome::Failed { cause: cause() },
    ];
    let view = ReportView {
        aftermath: None,
        plan: shown.view(),
        outcomes: &outcomes,
        verification: None,
        exit_code: 5,
        journal: Some(".rosterctl/org-AbC123/journal/x.jsonl"),
    };
    insta::assert_snapshot!(report_markdown(&view, &COMMENT), @"
    <!-- rosterctl:plan:default -->
    ### Membership apply for `org-AbC123`

    Plan 8db6ee3c20b66cb65b3c: 2 done, 1 failed, 3 not attempted; 2 withheld by the guardrails.

    > [!CAUTION]
    > Not verified. Exit 5: some action failed, was withheld, is unknown or was not attempted.

    #### Not done

    | | Change | Who | Role | Outcome |
    |---|---|---|---|---|
    | `-` | remove | `mallory@acme.dev` | owner | failed: `` `DELETE /organization/users/{user_id}` failed: 403 `` |
    | `-` | cancel invite | `bob@acme.dev` | reader | not attempted |
    | `~` | re-role | `lin@acme.dev` | owner -> reader | not attempted |
    | `-` | revoke key | `mallory@acme.dev` | `sk-admin...abc` | not attempted |

    #### Done

    | | Change | Who | Role | Outcome |
    |---|---|---|---|---|
    | `+` | invite | `ada@acme.dev` | reader | done |
    | `-` | remove | `eve@acme.dev` | reader | done |

    #### Withheld

    | | Change | Who | Role | Why | Details |
    |---|---|---|---|---|---|
    | `-` | remove | `root@acme.dev` | owner | undeclared | key-owner: `root@acme.dev is withheld`<br>Way on: `run with the admin key of another owner` |
    | `!` | undecided | `twin@acme.dev` |  |  | identity-conflict: `root@acme.dev is withheld`<br>Way on: `run with the admin key of another owner` |


    <sub>Plan `8db6ee3c20b66cb65b3c` · read 2026-11-24 03:15 UTC · 2 removals, about 15 s at 8/min · rosterctl 0.1.0</sub>
    ");
    insta::assert_snapshot!(report_github(&view), @"
    ::error title=Not done::remove  mallory@acme.dev  owner  failed: `DELETE /organization/users/{user_id}` failed: 403
    ::error title=Not done::cancel invite  bob@acme.dev  reader  not attempted
    ::error title=Not done::re-role  lin@acme.dev  owner -> reader  not attempted
    ::error title=Not done::revoke key  mallory@acme.dev  sk-admin...abc  not attempted
    ::warning title=Withheld::remove  root@acme.dev  owner  undeclared. key-owner: root@acme.dev is withheld. Way on: run with the admin key of another owner
    ::warning title=Withheld::undecided  twin@acme.dev. identity-conflict: root@acme.dev is withheld. Way on: run with the admin key of another owner
    ::notice title=Done::invite  ada@acme.dev  reader  done
    ::notice title=Done::remove  eve@acme.dev  reader  done
    ::notice title=Membership::Plan 8db6ee3c20b66cb65b3c: 2 done, 1 failed, 3 not attempted; 2 withheld by the guardrails. Not verified. Exit 5: some action failed, was withheld, is unknown or was not attempted.
    ");
    let page = report_html(&view);
    assert!(page.contains("<h2>Not done (4)</h2>") && page.contains("<h2>Done (2)</h2>"));
}

#[test]
fn a_run_without_a_plan_replaces_the_comment_of_an_earlier_one() {
    let reasons = ["empty-desired: [members] has no active entry".to_owned()];
    insta::assert_snapshot!(failure_markdown(&reasons, &COMMENT), @"
    <!-- rosterctl:plan:default -->
    ### No membership plan

    > [!CAUTION]
    > There is no plan, because:

    - `empty-desired: [members] has no active entry`
    ");
    let many = failure_markdown(&vec!["x".repeat(10_000); 500], &COMMENT);
    assert!(many.len() < 60_000 && many.ends_with("- and 480 more\n"));
}
