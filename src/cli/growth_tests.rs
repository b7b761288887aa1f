//! Journal and report grow linearly: a thousand removals take a thousand times the room of one, not a million times.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use super::demo::{Stage, settings};
use super::documents::Forms as _;
use super::execute::{Manner, execute};
use super::forms::ReportForms;
use super::look::{Look, Standing};
use super::progress::Progress;
use crate::document::ReportView;
use crate::outcome::Exit;
use crate::render::{self, Paint};
use crate::simulator::{Population, Roster, Settings, Simulator};

/// How far the room of one removal may differ: times and numbers have more digits at one time than at another.
const TOLERANCE: f64 = 0.02;

/// What a run leaves, in bytes.
#[derive(Debug, Clone, Copy)]
struct Left {
    removals: u32,
    journal: usize,
    document: usize,
    text: usize,
    html: usize,
}

/// An organization of two owners, and so many who are to leave.
fn organization(removals: u32) -> Roster {
    let row = |id: &str, role: &str| {
        format!(
            r#"{{"object": "organization.user", "id": "user-{id}", "name": "{id}", "email": "{id}@acme.dev",
                "role": "{role}", "added_at": 1700000000, "is_default": false, "is_service_account": false,
                "is_scim_managed": false}}"#
        )
    };
    let mut rows = vec![row("ada", "owner"), row("grace", "owner")];
    rows.extend((0..removals).map(|at| row(&format!("r{at:05}"), "reader")));
    Roster::parse(&format!(
        r#"{{"organization": "org-Acme", "users": [{}], "invites": [], "projects": [], "admin_api_keys": []}}"#,
        rows.join(",")
    ))
    .unwrap()
}

/// Removes them, and measures what that leaves.
async fn removed(removals: u32) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::new(folder.path()).unwrap();
    stage.say = |_| {};
    stage.simulator = Simulator::new(Settings {
        population: Population::Roster(Box::new(organization(removals))),
        lag: Duration::ZERO,
        ..settings().unwrap()
    });
    let mut members = String::from(
        "version = 1\n[organization]\nid = \"org-Acme\"\n[policy]\nundeclared = \"remove\"\n\
         [guardrails]\nrevocations_max = 10000\nrevocations_max_per_week = 10000\nrevocation_fraction_max = 1.0\n\
         [members]\n",
    );
    for owner in ["ada", "grace"] {
        writeln!(members, "\"{owner}@acme.dev\" = {{ role = \"owner\" }}").unwrap();
    }
    let run = stage.run(&members).unwrap();
    let Look::Plan(planned) = run.look().await.unwrap() else {
        panic!("there is a plan");
    };
    let Standing::Approved(approved) = planned.standing else {
        panic!("it is approved");
    };
    let manner = Manner {
        verify_timeout: Duration::from_secs(30),
        reference: None,
    };
    let mut progress = Progress::new(&run.watch, approved.actions(), |_, _| {
        (None, Duration::ZERO)
    });
    let executed = execute(&run, *approved, &planned.observed, &manner, &mut progress);
    let executed = Box::pin(executed).await.unwrap();
    assert_eq!(executed.exit, Exit::Converged);
    let view = ReportView {
        plan: planned.sheet.view(None),
        outcomes: &executed.outcomes,
        verification: executed.verification.as_ref(),
        aftermath: None,
        exit_code: executed.exit.code(),
        journal: None,
    };
    let forms = ReportForms { view };
    Left {
        removals,
        journal: fs::read(executed.journal.unwrap()).unwrap().len(),
        document: render::json(&forms.document()).unwrap().len(),
        text: forms.text(Paint::Plain).len(),
        html: forms.html().len(),
    }
}

#[tokio::test(start_paused = true)]
async fn journal_and_report_grow_linearly() {
    let few = removed(50).await;
    let more = removed(100).await;
    let many = removed(200).await;
    for (name, bytes) in [
        (
            "journal",
            (|left: &Left| left.journal) as fn(&Left) -> usize,
        ),
        ("document", |left| left.document),
        ("text", |left| left.text),
        ("html", |left| left.html),
    ] {
        // What the first so many have in common is no matter.
        let each = |from: &Left, to: &Left| {
            let bytes = u32::try_from(bytes(to) - bytes(from)).unwrap();
            f64::from(bytes) / f64::from(to.removals - from.removals)
        };
        let (first, second) = (each(&few, &more), each(&more, &many));
        assert!(first > 10.0, "{name}: {first} B");
        let apart = (second / first - 1.0).abs();
        assert!(apart < TOLERANCE, "{name}: {first} B each, then {second} B");
    }
}
