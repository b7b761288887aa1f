//! `plan --base`: what a change to the members file loosens, over real HTTP.

use rosterctl::document::plan_schema;
use serde_json::{Value, json};

use super::{Desk, MEMBERS, Organization, Ran, acme};

/// A file from which the change at hand loosens everything that can be.
const BEFORE: &str = r#"version = 1
[organization]
id = "org-Acme"
[policy]
undeclared = "remove"
freeze = "audit until Friday, ask vera@acme.dev"
[guardrails]
revocations_max = 1
required_owners = ["ada@acme.dev"]
email_domains = ["acme.dev"]
[members]
"ada@acme.dev" = { role = "owner", id = "user-ada" }
"grace@acme.dev" = { role = "owner" }
"bob@acme.dev" = {}
[departed]
"mallory@acme.dev" = {}
"#;

/// The file after it: bob is an owner, mallory may come back, and two people go.
const AFTER: &str = r#"version = 1
[organization]
id = "org-Acme"
[policy]
undeclared = "remove"
[guardrails]
revocations_max = 50
email_domains = ["acme.dev", "other.dev"]
[unmanaged]
emails = ["*@bots.acme.dev"]
[members]
"ada@acme.dev" = { role = "owner" }
"grace@acme.dev" = { role = "owner" }
"bob@acme.dev" = { role = "owner" }
"#;

fn desk(organization: &Organization) -> Desk {
    let desk = Desk::at(organization, AFTER);
    desk.write("before.toml", BEFORE);
    desk
}

fn plan(desk: &Desk, more: &[&str]) -> Ran {
    desk.run(&[&["plan", "--base", "before.toml"][..], more].concat())
}

#[test]
fn what_the_change_loosens_stands_on_top_and_the_stricter_guardrails_judge() {
    let organization = Organization::start(&acme(&["bob", "eve", "kim"]), &[]);
    let desk = desk(&organization);
    assert_eq!(desk.run(&["plan"]).code, 0, "its own limits let it pass");
    let args = [
        "--out",
        "plan.json",
        "--markdown-out",
        "plan.md",
        "--html-out",
        "plan.html",
    ];
    let ran = plan(&desk, &args);
    insta::assert_snapshot!(ran.shown(), @"
    exit 3
    --- out
    Plan for org-Acme, read DATE HH:MM UTC

    Loosened by this change:
      ! the freeze is lifted: audit until Friday, ask vera@acme.dev
      ! revocations_max changes from 1 to 50
      ! ada@acme.dev is no required owner any more
      ! addresses at other.dev may be invited
          This plan is judged by the stricter of both files' guardrails; once merged, the file is judged by its own. Way on: merge the guardrails in a change of their own, and then this one
      ! *@bots.acme.dev is left alone from now on
      ! the pin of ada@acme.dev to user-ada is gone (members.toml:12)
      ! bob@acme.dev is declared an owner (members.toml:14)
      ! mallory@acme.dev is no longer declared departed

    Refused:
      ! revocations-max  2, limit 1
          2 revocations, and 1 is the limit of one run
          Way on: change revocations_max under [guardrails] in a reviewed commit; or once: --accept PLAN:revocations-max

    Changes, not to be made:
      - remove  eve@acme.dev  reader  undeclared
      - remove  kim@acme.dev  reader  undeclared

    Withheld:
      ~ re-role  bob@acme.dev  reader -> owner  role differs; owner (members.toml:14)
          owner-grant: bob@acme.dev would become an owner and is not in required_owners
          Way on: add the address to required_owners under [guardrails]; or once: --accept PLAN:owner-grant

    What the removals break:
        Not looked at. --impact reads the keys and members of every project: the list of projects, then two pages for each

    Cost: 1 member page; 1 member check; 2 removals; 1 invite page; no pace is known yet, so the time is open.
    Plan: 2 to remove; 1 withheld. Refused by revocations-max: nothing is executed.
    Plan id PLAN.
    To accept these figures once: rosterctl apply --accept PLAN:revocations-max
    With what is withheld: rosterctl apply --accept PLAN:owner-grant,revocations-max
    --- err
    ");
    let document: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert!(
        jsonschema::is_valid(&plan_schema(), &document),
        "{document:#}"
    );
    let loosened = document["loosened"].as_array().unwrap();
    let kinds: Vec<&Value> = loosened.iter().map(|row| &row["kind"]).collect();
    let expected = json!([
        "freeze-lifted",
        "limit",
        "required-owner-dropped",
        "domain-added",
        "unmanaged-added",
        "pin-changed",
        "owner-added",
        "tombstone-lifted"
    ]);
    assert_eq!(json!(kinds), expected);
    let place = json!({"file": "members.toml", "line": 14, "column": 1});
    assert_eq!(loosened[6]["place"], place);
    let github = plan(&desk, &["--format", "github"]).out;
    let warned = "::warning file=members.toml,line=14,col=1,title=Loosened by this change::";
    assert!(github.contains(warned), "{github}");
    for text in [&desk.read("plan.md"), &desk.read("plan.html"), &github] {
        for row in loosened {
            let clause = row["message"].as_str().unwrap().rsplit(' ').next();
            assert!(text.contains(clause.unwrap()), "{row}: {text}");
        }
    }
}

#[test]
fn what_is_loosened_names_nobody_when_addresses_are_masked() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let desk = desk(&organization);
    let ran = plan(&desk, &["--redact-emails", "--out", "plan.json"]);
    let document = desk.read("plan.json");
    for text in [&ran.out, &ran.err, &document] {
        for name in ["ada@", "bob@", "vera@", "mallory@"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
    let loosened = "m***@acme.dev is no longer declared departed";
    assert!(ran.out.contains(loosened), "{ran:?}");
}

#[test]
fn a_change_that_loosens_nothing_says_nothing_of_it() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    desk.write("before.toml", MEMBERS);
    let (with, without) = (plan(&desk, &[]), desk.run(&["plan"]));
    assert_eq!(with.shown(), without.shown());
}

#[test]
fn a_snapshot_is_planned_from_with_the_file_before() {
    let organization = Organization::start(&acme(&["bob", "eve", "kim"]), &[]);
    let desk = desk(&organization);
    assert_eq!(desk.run(&["snapshot", "--out", "roster.json"]).code, 0);
    let ran = plan(&desk, &["--roster", "roster.json"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("bob@acme.dev is declared an owner"));
}

#[test]
fn a_file_before_that_cannot_be_compared_names_a_way_on() {
    let desk = Desk::new(AFTER);
    desk.write("other.toml", BEFORE.replace("org-Acme", "org-Other"));
    desk.write("broken.toml", BEFORE.replace("{}", "{ role = \"king\" }"));
    let mut shown = String::new();
    for base in ["absent.toml", "other.toml", "broken.toml"] {
        shown += &desk.run(&["plan", "--base", base]).shown();
        shown += "\n";
    }
    insta::assert_snapshot!(shown, @r#"
    exit 1
    --- out
    --- err
    error: there is no file absent.toml to compare with
    hint: for a first members file leave --base out; for any other, write the file as it was before the change: git show origin/main:members.toml > base.toml

    exit 3
    --- out
    --- err
    error: other.toml is of organization org-Other, and this file is of org-Acme
    hint: name the same organization's file before the change; a file that changes its organization is planned without --base

    exit 1
    --- out
    --- err
    error: unknown value `king` for `role`
      --> broken.toml:14:27
       |
    14 | "bob@acme.dev" = { role = "king" }
       |                           ^^^^^^
       |
    help: the values are `reader` and `owner`

    error: unknown key `role`
      --> broken.toml:16:24
       |
    16 | "mallory@acme.dev" = { role = "king" }
       |                        ^^^^
       |
    help: the keys here are `since`, `id`, `ticket` and `reason`

    error: broken.toml has 2 violations
    hint: that is the file before the change; if the change mends it, plan without --base and review the whole file
    "#);
}

#[test]
fn nobody_becomes_an_owner_by_a_line_of_the_change_itself() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let owner = "\"bob@acme.dev\" = { role = \"owner\" }";
    let before = MEMBERS.replace("\"bob@acme.dev\" = {}", owner);
    let limits = "[guardrails]\nrequired_owners = [\"bob@acme.dev\"]";
    let after = before.replace("[guardrails]", limits);
    let desk = Desk::at(&organization, &after);
    desk.write("before.toml", &before);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 2);
    let ran = plan(&desk, &["--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["actions"], json!([]), "{ran:?}");
    let breach = &document["withheld"][0]["breaches"][0];
    assert_eq!(breach["breach"], "owner-grant", "{ran:?}");
    let kinds: Vec<&Value> = document["loosened"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["kind"])
        .collect();
    assert_eq!(json!(kinds), json!(["required-owner-added"]));
}

#[test]
fn what_is_loosened_stands_above_a_refusal_to_plan() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let desk = desk(&organization);
    desk.write(
        "members.toml",
        AFTER
            .replace("[guardrails]", "freeze = \"\"\n[guardrails]")
            .replace("\"owner\"", "\"reader\""),
    );
    let ran = plan(&desk, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let at = |words: &str| {
        ran.out
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {ran:?}"))
    };
    assert!(at("revocations_max changes from 1 to 50") < at("no-owner-left"));
}

#[test]
fn raised_ceilings_are_loosened_and_a_base_needs_its_includes() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let include = |role: &str| {
        let include = format!(
            "version = 1\ninclude = [{{ files = \"teams/*.toml\", role_max = \"{role}\" }}]"
        );
        MEMBERS.replace("version = 1", &include)
    };
    desk.write("teams/x.toml", "[members]\n");
    desk.write("members.toml", include("owner"));
    desk.write("before.toml", include("reader"));
    let raised = "teams/*.toml may give the role owner, no longer at most reader";
    assert!(plan(&desk, &[]).out.contains(raised));
    desk.write("before/members.toml", include("reader"));
    let ran = desk.run(&["plan", "--base", "before/members.toml"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("git worktree add"), "{ran:?}");
}
