//! Several forms of one result, from one reading of the organization.

use std::path::Path;

use rosterctl::document::{plan_schema, report_schema};
use serde_json::Value;

use super::{Desk, MEMBERS, Organization, Ran, acme};

const FILES: [&str; 8] = [
    "--out",
    "result.json",
    "--markdown-out",
    "result.md",
    "--html-out",
    "result.html",
    "--gitlab-out",
    "result.gitlab.json",
];

fn with_files<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(FILES).collect()
}

fn assert_valid(schema: &Value, document: &Value) {
    assert!(jsonschema::is_valid(schema, document), "{document:#}");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn assert_commands(ran: &Ran) {
    let is_command = |line: &str| {
        ["::error ", "::warning ", "::notice "]
            .iter()
            .any(|command| line.starts_with(command))
    };
    assert!(
        !ran.out.is_empty() && ran.out.lines().all(is_command),
        "{ran:?}"
    );
}

#[test]
fn a_plan_in_every_form_from_one_reading() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS)
        .with("GITHUB_SERVER_URL", "https://github.example")
        .with("GITHUB_REPOSITORY", "acme/roster")
        .with("GITHUB_SHA", "abc123");
    let members = MEMBERS.to_owned() + "\"lin@acme.dev\" = {}\n";
    desk.write("members.toml", members);
    assert_eq!(desk.run(&["plan"]).code, 0);
    let of_one = organization.requests();

    let ran = desk.run(&with_files(&["plan", "--format", "github", "--diff"]));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(organization.requests(), 2 * of_one);
    insta::assert_snapshot!(ran.shown(), @"
    exit 0
    --- out
    ::warning title=Changes::remove  eve@acme.dev  reader  undeclared
    ::notice file=members.toml,line=12,col=1,title=Changes::invite  lin@acme.dev  reader  declared, not in
    ::notice title=Membership::Plan: 1 to remove, 1 to invite. Plan id PLAN.
    --- err
    ");
    assert_commands(&ran);
    let document = json(&desk.read("result.json"));
    assert_valid(&plan_schema(), &document);
    assert_eq!(document["actions"].as_array().unwrap().len(), 2);
    assert_eq!(
        json(&desk.read("result.gitlab.json")),
        json(r#"{"create":1,"update":0,"delete":1}"#)
    );
    let markdown = desk.read("result.md");
    for part in [
        "<!-- rosterctl:plan:members.toml -->\n",
        "`eve@acme.dev`",
        "https://github.example/acme/roster/blob/abc123/members.toml#L",
        "```diff\n--- live\n+++ desired\n",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let html = desk.read("result.html");
    assert!(html.contains("<bdi>eve@acme.dev</bdi>") && html.ends_with("</html>\n"));
}

#[test]
fn an_apply_in_every_form() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let done = desk.run(&with_files(&["apply", "--yes", "--format", "github"]));
    assert_eq!(done.code, 0, "{done:?}");
    assert_commands(&done);
    let report = json(&desk.read("result.json"));
    assert_valid(&report_schema(), &report);
    assert_eq!(report["outcomes"][0]["outcome"], "done");
    assert!(
        desk.read("result.md")
            .contains("### Membership apply for `org-Acme`")
    );
    assert!(desk.read("result.html").contains("Membership apply for"));

    // What stays a plan is one in every form for people, and a report for programs.
    let capped = MEMBERS.replace("\"bob@acme.dev\" = {}", "");
    desk.write(
        "members.toml",
        capped.replace("[guardrails]", "[guardrails]\nrevocations_max = 0"),
    );
    let refused = desk.run(&with_files(&["apply", "--yes", "--format", "json"]));
    assert_eq!(refused.code, 3, "{refused:?}");
    assert_valid(&report_schema(), &refused.json());
    assert_eq!(refused.out, desk.read("result.json"));
    let markdown = desk.read("result.md");
    assert!(markdown.contains("> This plan is refused"), "{markdown}");
    assert!(markdown.contains("--accept "), "{markdown}");
}

#[test]
fn a_run_without_a_result_says_so_in_the_comment() {
    let desk = Desk::new(&MEMBERS.replace("version = 1", "version = 1\nverison = 1\ncolour = 2"));
    let invalid = desk.run(&with_files(&["plan", "--format", "github"]));
    assert_eq!(invalid.code, 1);
    assert_commands(&invalid);
    assert_eq!(invalid.out.lines().count(), 2, "{invalid:?}");
    insta::assert_snapshot!(desk.read("result.md"), @"
    <!-- rosterctl:plan:members.toml -->
    ### No membership plan

    > [!CAUTION]
    > There is no plan, because:

    - ``members.toml:2:1: unknown key `verison`; did you mean `version`?``
    - `` members.toml:3:1: unknown key `colour`; the keys here are `version`, `include`, `organization`, `policy`, `guardrails`, `unmanaged`, `members` and `departed` ``
    ");
    // Zeros would read as "nothing changes", and an empty file as a result.
    for none in ["result.json", "result.html", "result.gitlab.json"] {
        assert!(!desk.path(none).exists(), "{none}");
    }

    desk.write("members.toml", MEMBERS);
    let no_key = desk.run(&with_files(&["apply", "--yes"]));
    assert_eq!((no_key.code, no_key.out.as_str()), (1, ""));
    assert!(desk.read("result.md").contains("there is no admin key"));
}

#[test]
fn a_file_is_replaced_only_by_a_result() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let old = "a report of another day, longer than any".repeat(1000);
    let args = with_files(&["apply", "--yes"]);
    for (members, environment, code) in [
        (MEMBERS.replace("version", "verison"), "", 1),
        (MEMBERS.to_owned(), "sk-admin-test-wrong", 1),
    ] {
        for kept in ["result.json", "result.html", "result.gitlab.json"] {
            desk.write(kept, &old);
        }
        desk.write("members.toml", members);
        let mut command = desk.command(&args);
        let failed = Ran::of(command.env("OPENAI_ADMIN_KEY", environment));
        assert_eq!(failed.code, code, "{failed:?}");
        for kept in ["result.json", "result.html", "result.gitlab.json"] {
            assert_eq!(desk.read(kept), old, "{kept}");
        }
    }
    assert_eq!(desk.run(&args).code, 0);
    assert_valid(&report_schema(), &json(&desk.read("result.json")));
    assert!(desk.read("result.html").ends_with("</html>\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_written_hides_nothing_of_what_was_done() {
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    let args = [
        "apply",
        "--yes",
        "--out",
        "/dev/full",
        "--html-out",
        "x.html",
    ];
    let ran = desk.run(&args);
    assert_eq!(organization.mutations(), ["delete-user eve@acme.dev"]);
    // Code 1 would say that nothing was sent.
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.out.contains("- remove  eve@acme.dev  reader  done"));
    assert!(ran.err.contains("error: cannot write /dev/full"), "{ran:?}");
    assert!(
        ran.err
            .contains("hint: what was done is in .rosterctl/org-Acme/journal/2"),
        "{ran:?}"
    );
    assert!(desk.read("x.html").ends_with("</html>\n"));

    let nothing_to_do = desk.run(&["plan", "--out", "/dev/full"]);
    assert_eq!(nothing_to_do.code, 1, "{nothing_to_do:?}");
}

#[test]
fn no_plan_has_no_figures() {
    let organization = Organization::start(&acme(&["bob"]), &[]);
    let (empty, _) = MEMBERS.split_once("\"ada").unwrap();
    let desk = Desk::at(&organization, empty);
    // Older ones would be taken for this plan's.
    desk.write(
        "result.gitlab.json",
        r#"{"create":1,"update":0,"delete":1}"#,
    );
    let ran = desk.run(&with_files(&["plan"]));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_valid(&plan_schema(), &json(&desk.read("result.json")));
    assert!(!desk.path("result.gitlab.json").exists());
    assert!(desk.read("result.md").contains("empty-desired"));
    assert!(desk.read("result.html").contains("empty-desired"));
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_asked() {
    let desk = Desk::new(MEMBERS);
    for (args, code, error) in [
        (
            vec!["plan", "--out", "x", "--html-out", "x"],
            64,
            "error: two forms of the result would go to x\n",
        ),
        (
            vec!["plan", "--gitlab-out", "no/such/folder"],
            1,
            "error: cannot write no/such/folder\n",
        ),
        (
            vec!["plan", "--diff", "--format", "github"],
            64,
            "error: --diff is text, and another --format was asked for\n",
        ),
    ] {
        let ran = desk.run(&args);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.err.starts_with(error), "{ran:?}");
        assert!(!Path::new("x").exists());
    }
}

#[test]
fn no_result_overwrites_what_the_run_reads() {
    const READ: [&str; 5] = [
        "members.toml",
        "teams/a.toml",
        "old.toml",
        "plan.json",
        "roster.json",
    ];
    let organization = Organization::start(&acme(&["bob", "eve"]), &[]);
    let desk = Desk::at(&organization, MEMBERS);
    desk.write("old.toml", MEMBERS);
    let include = "include = [{ files = \"teams/*.toml\", role_max = \"reader\" }]";
    let including = MEMBERS.replace("[organization]", &format!("{include}\n[organization]"));
    desk.write("including.toml", including);
    desk.write("teams/a.toml", "[members]\n\"tim@acme.dev\" = {}\n");
    assert_eq!(desk.run(&["plan", "including.toml"]).code, 0);
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).code, 0);
    assert_eq!(desk.run(&["snapshot", "--out", "roster.json"]).code, 0);
    let before = READ.map(|file| desk.read(file));
    for args in [
        "plan --out members.toml",
        "plan --markdown-out ./members.toml",
        "apply --yes --html-out members.toml",
        "drift --gitlab-out members.toml",
        "snapshot --out members.toml",
        "plan --base old.toml --out ./old.toml",
        "apply --yes --plan plan.json --out plan.json",
        "plan --roster roster.json --out roster.json",
        "plan including.toml --out teams/a.toml",
        "apply --yes including.toml --markdown-out teams/../teams/a.toml",
        "snapshot including.toml --out teams/a.toml",
        "plan --out a --markdown-out ./a",
        "plan --out -",
        "snapshot --out -",
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        let ran = desk.run(&args);
        assert_eq!(ran.code, 64, "{args:?}: {ran:?}");
        assert!(ran.err.contains("hint: "), "{args:?}: {ran:?}");
    }
    let after = READ.map(|file| desk.read(file));
    assert_eq!(before, after);
    assert!(organization.mutations().is_empty());
}
