//! Sweeps of the projects against the simulator: when they are made, and what of them cannot be read.

use rosterctl::impact::SweptProject;
use rosterctl::pacing::{LearnedPace, Pace, PaceBook};
use rosterctl::provider::{Clock, Stop};
use rosterctl::reconcile::{Sweep, sweep, sweep_again};
use rosterctl::roster::{Operation, OrganizationId, Project, ProjectId};
use rosterctl::simulator::{FaultScript, Roster, Settings};
use serde_json::json;

use crate::support::{Case, quiet, roster, row, started_at, user};

/// Ada, an active project with a key of hers, and an archived one.
fn settings(faults: &str) -> Settings {
    let project = |id: &str, status: &str| {
        row(json!({
            "object": "organization.project", "id": id, "name": id, "created_at": 1, "status": status,
            "users": [{"object": "organization.project.user", "id": "user-ada", "role": "owner", "added_at": 1}],
            "api_keys": [{
                "object": "organization.project.api_key", "id": format!("key_{id}"), "name": "ci",
                "redacted_value": "sk-...abc", "created_at": 1, "last_used_at": null,
                "owner_project_access": "inactive", "owner": {"type": "user", "user": {"id": "user-ada"}},
            }],
        }))
    };
    let rows = Roster {
        projects: vec![project("proj_1", "active"), project("proj_2", "archived")],
        ..roster(vec![user("user-ada", "ada@acme.dev", "owner")], vec![])
    };
    Settings {
        faults: FaultScript::parse(faults).unwrap(),
        ..quiet(rows)
    }
}

fn book(paces: &[(Operation, Pace)]) -> PaceBook {
    let mut book = PaceBook::new(OrganizationId::parse("org-test").unwrap());
    for (operation, pace) in paces {
        let learned = LearnedPace {
            pace: *pace,
            last_sent: started_at(),
            learned_at: started_at(),
            vague: false,
        };
        book.learn(*operation, Some(learned));
    }
    book
}

/// Requests to all endpoints of projects.
fn requests(case: &Case) -> u64 {
    let keys = "GET /organization/projects/{project_id}/api_keys";
    let users = "GET /organization/projects/{project_id}/users";
    ["GET /organization/projects", keys, users]
        .map(|endpoint| case.requests(endpoint))
        .iter()
        .sum()
}

const SLOW: Pace = Pace::Window {
    requests: 1,
    second: None,
};

#[tokio::test(start_paused = true)]
async fn a_sweep_is_made_when_it_is_asked_for_or_known_to_be_cheap() {
    use Operation::{ListProjectKeys, ListProjectUsers, ListProjects};
    let clear = [ListProjects, ListProjectKeys, ListProjectUsers].map(|of| (of, Pace::Clear));
    let slow = [
        (ListProjects, Pace::Clear),
        (ListProjectKeys, SLOW),
        (ListProjectUsers, SLOW),
    ];
    let half = [(ListProjects, Pace::Clear), (ListProjectKeys, Pace::Clear)];
    for (paces, wanted, is_made, sent) in [
        (&[][..], false, false, 0),
        (&clear[..], false, true, 4),
        (&half[..], false, false, 1),
        (&slow[..], false, false, 1),
        (&[(ListProjects, SLOW)][..], false, false, 1),
        (&[][..], true, true, 4),
        (&slow[..], true, true, 4),
    ] {
        let case = Case::new(settings(""), "");
        let clock = Clock::starting_at(started_at());
        let client = case.client(case.simulator.in_process(), clock);
        let swept = sweep(&client, wanted, &book(paces), &Stop::default())
            .await
            .unwrap();
        assert_eq!(
            matches!(swept, Sweep::Read(_)),
            is_made,
            "{paces:?} {swept:?}"
        );
        assert_eq!(requests(&case), sent, "{paces:?}");
        if let Sweep::Read(projects) = swept {
            // An archived project has no members, and nobody asks for them; its keys are listed.
            let counts = projects.iter().map(|swept| {
                let SweptProject {
                    project: _,
                    users,
                    keys,
                } = swept;
                (users.as_ref().unwrap().len(), keys.as_ref().unwrap().len())
            });
            assert_eq!(counts.collect::<Vec<_>>(), [(1, 1), (0, 1)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_said_and_never_empty() {
    let forbidden = "[[faults]]\nendpoint = \"GET /organization/projects\"\nfault = { status = { status = 403 } }";
    let case = Case::new(settings(forbidden), "");
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let swept = sweep(&client, true, &book(&[]), &Stop::default())
        .await
        .unwrap();
    assert!(
        matches!(&swept, Sweep::Unread(why) if why.contains("403")),
        "{swept:?}"
    );

    let rejected = "[[faults]]\nendpoint = \"GET /organization/projects/{project_id}/api_keys\"\ntimes = 9\n\
                    fault = { status = { status = 400 } }";
    let case = Case::new(settings(rejected), "");
    let client = case.client(case.simulator.in_process(), clock);
    let Sweep::Read(projects) = sweep(&client, true, &book(&[]), &Stop::default())
        .await
        .unwrap()
    else {
        panic!("the projects are listed");
    };
    assert!(
        projects
            .iter()
            .all(|swept| swept.keys.is_err() && swept.users.is_ok())
    );

    let gone = Project {
        id: ProjectId::parse("proj_gone").unwrap(),
        name: None,
        archived: false,
    };
    let again = sweep_again(&client, [&gone, &gone], &Stop::default())
        .await
        .unwrap();
    assert_eq!(again.len(), 1);
    assert!(again[0].keys.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_sweep() {
    let mut settings = settings("");
    settings.latency = std::time::Duration::from_secs(5);
    let case = Case::new(settings, "");
    let clock = Clock::starting_at(started_at());
    let client = case.client(case.simulator.in_process(), clock);
    let stop = Stop::default();
    stop.request();
    let swept = sweep(&client, true, &book(&[]), &stop).await;
    assert!(swept.is_err(), "{swept:?}");
}
