//! The law of owners under fire: at no moment of a run has the organization fewer owners than at its start or as
//! planned, whichever is less, however late an effect shows and whatever becomes of a promotion.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

use rosterctl::outcome::{Exit, Outcome};
use rosterctl::plan::{Action, Change};
use rosterctl::roster::{Role, UserId};
use rosterctl::simulator::{Author, FaultScript, Limit, Mutation, Settings};

use crate::support::{Case, file, outcomes, quiet, roster, user};

/// Ada, Bob and Cy are owners, and Eve is to be one in the place of the two others: Bob falls and Cy leaves, in two
/// lanes. Zed, who leaves too, is the first removal, so that Cy waits for the proof of it.
fn change_of_guard(script: &str, lag: Duration) -> Case {
    let users = vec![
        user("user-ada", "ada@acme.dev", "owner"),
        user("user-bob", "bob@acme.dev", "owner"),
        user("user-cy", "cy@acme.dev", "owner"),
        user("user-eve", "eve@acme.dev", "reader"),
        user("user-zed", "zed@acme.dev", "reader"),
    ];
    let settings = Settings {
        faults: FaultScript::parse(script).unwrap(),
        lag,
        ..quiet(roster(users, vec![]))
    };
    let text =
        file("\"bob@acme.dev\" = { role = \"reader\" }\n\"eve@acme.dev\" = { role = \"owner\" }")
            .replace(
                "owners_min = 1",
                "owners_min = 1\nrequired_owners = [\"eve@acme.dev\"]",
            );
    Case::new(settings, &text)
}

/// What goes wrong with the requests that set a role, one after the other.
fn roles(faults: &[&str]) -> String {
    let entry = |(at, fault): (usize, &&str)| {
        let nth = at + 1;
        format!(
            "[[faults]]\nendpoint = \"POST /organization/users/{{user_id}}\"\nnth = {nth}\nfault = {fault}\n"
        )
    };
    faults.iter().enumerate().map(entry).collect()
}

/// Who is an owner in the organization itself.
fn owners(case: &Case) -> Vec<String> {
    let state = case.simulator.state();
    let rows = state["users"].as_array().unwrap().iter();
    rows.filter(|row| row["role"] == "owner")
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_owner_whose_revocation_was_not_seen_in_time_is_not_certain_again() {
    // Eve's promotion fails, Bob's demotion takes effect and shows too late, and what comes of the second sending
    // is no proof that the first one took nothing.
    let failed = "{ status = { status = 400 } }";
    for second in [
        "{ status = { status = 429, retry_after_s = 60 } }",
        "{ status = { status = 400 } }",
        "{ status = { status = 403 } }",
        r#""reset-before""#,
    ] {
        let script = roles(&[failed, r#""reset-after""#, second]);
        let mut case = change_of_guard(&script, Duration::from_secs(70));
        let finished = case.run().await;
        assert_eq!(
            owners(&case),
            ["user-ada", "user-cy"],
            "{second}: {:#?}",
            outcomes(&finished)
        );
        assert_eq!(finished.exit(), Exit::Partial, "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_sent_and_nobody_saw_is_remembered() {
    // Eve's promotion fails. An earlier run had sent Bob's demotion, which takes effect while Zed is removed.
    let late = "[[faults]]\nendpoint = \"DELETE /organization/users/{user_id}\"\n\
                fault = { elsewhere = { set-role = { email = \"bob@acme.dev\", role = \"reader\" } } }\n";
    let failed = "{ status = { status = 400 } }";
    for second in [failed, "{ status = { status = 403 } }"] {
        let script = roles(&[failed, second]) + late;
        let mut case = change_of_guard(&script, Duration::ZERO);
        case.owners_in_doubt = BTreeSet::from([UserId::parse("user-bob").unwrap()]);
        let finished = case.run().await;
        assert_eq!(
            owners(&case),
            ["user-ada", "user-cy"],
            "{second}: {:#?}",
            outcomes(&finished)
        );
    }
}

/// Where the log of an organization breaks the law for a run over these owners that set out to do this: what others
/// take is not the run's, and cannot be known to it; what others give is.
pub(crate) fn too_few(
    at_start: &BTreeSet<String>,
    executed: &[(Action, Outcome)],
    log: &[Mutation],
) -> Option<String> {
    let mut planned = at_start.clone();
    for (action, _) in executed {
        let Some(member) = action.change.member() else {
            continue;
        };
        let promotes = matches!(
            action.change,
            Change::SetRole {
                member: _,
                to: Role::Owner
            }
        );
        let _ = if promotes {
            planned.insert(member.id.to_string())
        } else {
            planned.remove(member.id.as_str())
        };
    }
    let least = at_start.len().min(planned.len());
    let mut owners = at_start.clone();
    log.iter().find_map(|change| {
        let gives = change.role.as_deref() == Some("owner");
        match change.operation {
            "modify-user" if gives => _ = owners.insert(change.id.clone()),
            "modify-user" | "delete-user" if change.author == Author::Caller => {
                owners.remove(&change.id);
            }
            _ => {}
        }
        let left = owners.len();
        (left < least).then(|| format!("{left} owners, and {least} must stay: {change:?}"))
    })
}

/// An organization in which owners come and go, on a day on which both operations go wrong again and again and effects
/// may show later than anybody waits.
fn unrest(seed: u64) -> (Case, BTreeSet<String>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut users, mut lines, mut required) = (Vec::new(), String::new(), String::new());
    users.push(user("user-ada", "ada@acme.dev", "owner"));
    users.push(user("user-zed", "zed@acme.dev", "reader"));
    for (name, is, to, count) in [
        ("rises", "reader", Some("owner"), rng.usize(1..3)),
        ("falls", "owner", Some("reader"), rng.usize(1..4)),
        ("leaves", "owner", None, rng.usize(1..4)),
    ] {
        for at in 0..count {
            let email = format!("{name}{at}@acme.dev");
            users.push(user(&format!("user-{name}{at}"), &email, is));
            if let Some(to) = to {
                writeln!(lines, "\"{email}\" = {{ role = \"{to}\" }}").unwrap();
            }
            if to == Some("owner") {
                write!(required, "\"{email}\", ").unwrap();
            }
        }
    }
    let owners = users.iter().filter(|row| row["role"] == "owner");
    let owners = owners.map(|row| row["id"].as_str().unwrap().to_owned());
    let owners = owners.collect();
    let limit = Limit::Bucket {
        per_minute: NonZeroU32::new(rng.u32(1..10)).unwrap(),
        burst: NonZeroU32::new(rng.u32(1..6)).unwrap(),
    };
    let settings = Settings {
        seed,
        faults: FaultScript::parse(&trouble(&mut rng)).unwrap(),
        lag: Duration::from_secs(*rng.choice(&[0, 5, 65, 80, 110]).unwrap()),
        limit: if rng.bool() { limit } else { Limit::None },
        ..quiet(roster(users, vec![]))
    };
    let text = file(&lines).replace(
        "owners_min = 1",
        &format!("owners_min = 1\nrequired_owners = [{required}]"),
    );
    (Case::new(settings, &text), owners)
}

/// A script in which half of the first requests of both operations go wrong.
fn trouble(rng: &mut fastrand::Rng) -> String {
    let mut script = String::new();
    for method in ["POST", "DELETE"] {
        for nth in (1..=9).filter(|_| rng.bool()).collect::<Vec<_>>() {
            let pause = rng.u32(1..100);
            let fault = match rng.u8(..8) {
                0..3 => "\"reset-after\"".to_owned(),
                3 => "\"reset-before\"".to_owned(),
                4 => "{ status = { status = 400 } }".to_owned(),
                5 => "{ status = { status = 500, after = true } }".to_owned(),
                _ => format!("{{ status = {{ status = 429, retry_after_s = {pause} }} }}"),
            };
            writeln!(
                script,
                "[[faults]]\nendpoint = \"{method} /organization/users/{{user_id}}\"\nnth = {nth}\nfault = {fault}"
            )
            .unwrap();
        }
    }
    script
}

#[tokio::test(start_paused = true)]
async fn there_are_never_fewer_owners_than_the_law_permits() {
    let (mut late, mut withheld) = (0, 0);
    for seed in 0..400 {
        let (mut case, at_start) = unrest(seed);
        let finished = case.run().await;
        let fault = too_few(&at_start, &finished.executed, &case.simulator.mutations());
        assert_eq!(fault, None, "seed {seed}: {:#?}", outcomes(&finished));
        let lines = outcomes(&finished);
        let has = |word: &str| usize::from(lines.iter().any(|line| line.contains(word)));
        late += has("an earlier attempt was of unknown fate");
        withheld += has("owners are certain now");
    }
    // The law was put to the test, by what it forbids and by what came late.
    assert!(
        late >= 20 && withheld >= 50,
        "{late} late, {withheld} withheld"
    );
}
