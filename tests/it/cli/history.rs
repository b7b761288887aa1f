//! What the weekly cap knows: the audit log, else the journals, else nothing, and it says which.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Desk, MEMBERS, Organization, acme};

const HOUR_S: i64 = 3600;

/// Entries of a kind, each so many hours old.
fn events(kind: &str, details: &Value, hours_ago: impl IntoIterator<Item = i64>) -> Vec<Value> {
    let now_s = Timestamp::now().as_second();
    let event = |hours: i64| {
        json!({
            "id": format!("audit_log-{kind}-{hours}"), "type": kind,
            "effective_at": now_s - hours * HOUR_S, "actor": null, kind: details,
        })
    };
    hours_ago.into_iter().map(event).collect()
}

/// Eve is to go, and the log has these entries, the oldest first.
fn organization(mut log: Vec<Value>) -> Organization {
    let mut roster = acme(&["bob", "eve"]);
    log.sort_by_key(|event| event["effective_at"].as_i64());
    roster["audit_logs"] = json!(log);
    Organization::start(&roster, &[])
}

fn without_a_log() -> Organization {
    let mut roster = acme(&["bob", "eve"]);
    roster["audit_log_off"] = json!(true);
    Organization::start(&roster, &[])
}

/// What stands in the plan about the weekly cap, and the exit code.
fn told(desk: &Desk, args: &[&str]) -> String {
    let ran = desk.run(args);
    let lines = ran.out.lines().map(str::trim).filter(|line| {
        line.contains("last seven days") || line.contains("revocations_max_per_week (")
    });
    format!(
        "exit {}: {}",
        ran.code,
        lines.collect::<Vec<_>>().join(" | ")
    )
}

#[test]
fn the_log_counts_removals_cancelled_invites_and_demotions_of_a_week() {
    let user = json!({"id": "user-x"});
    let set = |role: &str| json!({"id": "user-x", "changes_requested": {"role": role}});
    let capped = MEMBERS.replace("[guardrails]", "[guardrails]\nrevocations_max_per_week = 3");
    for (log, expected) in [
        (vec![], "exit 0: "),
        (events("user.deleted", &user, [1, 2]), "exit 0: "),
        (
            events("user.deleted", &user, [1, 2, 167]),
            "exit 3: 1 revocation beside 3 of the last seven days (audit log), and 3 is the limit",
        ),
        (events("user.deleted", &user, [1, 2, 169]), "exit 0: "),
        (
            [
                events("user.deleted", &user, [1]),
                events("invite.deleted", &json!({"id": "invite-x"}), [2]),
                events("user.updated", &set("reader"), [3]),
            ]
            .concat(),
            "exit 3: 1 revocation beside 3 of the last seven days (audit log), and 3 is the limit",
        ),
        (
            [
                events("user.added", &user, [1]),
                events("user.updated", &set("owner"), [2, 3, 4]),
            ]
            .concat(),
            "exit 0: ",
        ),
    ] {
        let organization = organization(log);
        let desk = Desk::at(&organization, &capped);
        assert_eq!(told(&desk, &["plan", "--require-history"]), expected);
    }
}

#[test]
fn without_a_log_the_journals_count_and_without_those_it_says_so() {
    let organization = without_a_log();
    let both = MEMBERS.replace("\"bob@acme.dev\" = {}\n", "");
    let capped = |members: &str| {
        members.replace("[guardrails]", "[guardrails]\nrevocations_max_per_week = 1")
    };
    let desk = Desk::at(&organization, &capped(MEMBERS));
    let nobody_knows = "the audit log is off (Audit logs are not enabled for this organization.), \
                        and no journal is kept here";
    assert_eq!(
        told(&desk, &["plan"]),
        format!("exit 0: revocations_max_per_week (1) is not enforced: {nobody_knows}")
    );
    for command in ["plan", "apply"] {
        let mut args = vec![command, "--require-history"];
        args.extend((command == "apply").then_some("--yes"));
        assert_eq!(
            told(&desk, &args),
            format!(
                "exit 3: the last seven days are not known ({nobody_knows}), and --require-history was given"
            )
        );
    }
    let refused = desk.run(&["plan", "--require-history"]).out;
    let way_on = "Way on: let the admin key read the audit log, or keep the journals under .rosterctl; or once: ";
    assert!(refused.contains(way_on), "{refused}");
    assert!(organization.mutations().is_empty());
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    desk.write("members.toml", capped(&both));
    assert_eq!(
        told(&desk, &["plan", "--require-history"]),
        "exit 3: 1 revocation beside 1 of the last seven days (journals), and 1 is the limit"
    );
}

#[test]
fn a_plan_that_takes_nothing_reads_no_log() {
    let organization = organization(Vec::new());
    let reads = || {
        let counters = organization.state()["counters"].clone();
        counters["GET /organization/audit_logs"]["requests"].clone()
    };
    let declared = MEMBERS.to_owned() + "\"eve@acme.dev\" = {}\n\"new@acme.dev\" = {}\n";
    let desk = Desk::at(&organization, &declared);
    assert_eq!(desk.run(&["plan", "--require-history"]).code, 0);
    assert_eq!(reads(), Value::Null);
    let desk = Desk::at(&organization, MEMBERS);
    assert_eq!(desk.run(&["plan"]).code, 0);
    assert_eq!(reads(), json!(1));
}
