//! A plan from a snapshot: no key, no request, nothing written. It shows what a file would do, and approves nothing,
//! because `apply` reads the organization itself.
//!
//! The clock stands still at the time of the snapshot: an expiry that has come since is a matter of the next reading.

use std::path::Path;

use jiff::Timestamp;

use super::environment::Environment;
use super::failure::Failure;
use super::files::{MembersFile, read_text, shown};
use super::impact::Impacted;
use super::look::{Look, Planned, Sheet, judged};
use super::terminal;
use crate::desired::{DesiredRoster, sha256};
use crate::document::{Bound, SnapshotDocument, SnapshotError};
use crate::guardrail::{Acceptance, Breach, BreachKind, History, Surroundings, roster_unusable};
use crate::outcome::Exit;
use crate::pacing::PaceBook;
use crate::plan::Narrowing;
use crate::reconcile::{Observed, Terms, draft};
use crate::roster::KeyInUse;
use crate::state::StateDir;

/// Plans from a snapshot.
pub(super) fn look(
    snapshot: &Path,
    file: &MembersFile,
    desired: &DesiredRoster,
    acceptances: &[Acceptance],
    expiry_notice_days: u32,
    environment: &Environment,
) -> Result<Look, Failure> {
    let id = &desired.organization.id;
    let text = read_text(snapshot)?;
    let document = SnapshotDocument::parse(&text, id).map_err(|error| unusable(snapshot, error))?;
    let at = document.time();
    let planned = match document.roster() {
        Err(faults) => Err(vec![roster_unusable(&faults)]),
        Ok(live) => {
            let observed = Observed {
                live,
                admin_keys: document.admin_keys(),
                key_in_use: KeyInUse::Unknown {
                    reason: "the plan is made from a snapshot".to_owned(),
                },
            };
            let terms = Terms {
                surroundings: Surroundings {
                    local_now: document.taken_at,
                    organization_id_env: environment.organization_id.as_deref(),
                },
                acceptances,
                bound: Bound::default(),
                narrowing: Narrowing::default(),
                history: History::Unknown {
                    reason: "a snapshot does not say what was revoked".to_owned(),
                    required: false,
                },
                expiry_notice_days,
                people_verified: StateDir::beside(&file.path, id)?
                    .snapshot()
                    .map(|verified| verified.people),
            };
            let plan = draft(desired, &observed, document.taken_at);
            judged(desired, observed, plan, &terms, &PaceBook::new(id.clone()))
        }
    };
    let caveat = caveat(at);
    Ok(match planned {
        Ok(mut planned) => {
            no_impact(&mut planned);
            planned.sheet.of_snapshot(at, caveat);
            planned.sheet.members_sha256 = Some(sha256(&file.sources));
            Look::Plan(Box::new(planned))
        }
        Err(breaches) => {
            // The text of a refusal is its reasons alone.
            terminal::say(&format!("note: {caveat}"));
            let unusable = |breach: &Breach| breach.kind == BreachKind::RosterUnusable;
            if breaches.iter().any(unusable) {
                terminal::say(
                    "hint: if it is the file that is wrong, mend it; else take another snapshot: rosterctl snapshot --out FILE",
                );
            }
            let mut sheet = Sheet::without_plan(desired, at, breaches);
            sheet.of_snapshot(at, caveat);
            Look::NoPlan(Box::new(sheet))
        }
    })
}

fn caveat(at: Timestamp) -> String {
    let time = at.strftime("%Y-%m-%d %H:%M UTC");
    format!("this is planned from a snapshot taken at {time}; the live organization was not read")
}

/// Says that nobody looked at what the removals break, if there are any.
fn no_impact(planned: &mut Planned) {
    if planned.sheet.judgement.plan.removes_somebody() {
        let why = "a snapshot does not hold them".to_owned();
        planned.sheet.impact = Some(Impacted::Unread(why));
    }
}

fn unusable(path: &Path, error: SnapshotError) -> Failure {
    let (exit, hint) = match &error {
        SnapshotError::NotADocument(_) => (
            Exit::Failure,
            "name a file that `rosterctl snapshot --out` wrote, or take it anew",
        ),
        SnapshotError::Format { found: _ } => (
            Exit::Refused,
            "plan with the version of rosterctl that took it, or take it anew with this one",
        ),
        SnapshotError::Redacted => (
            Exit::Refused,
            "take it without --redact-emails, keep it from strangers, and mask the plan instead: plan --redact-emails",
        ),
        SnapshotError::OtherOrganization {
            taken: _,
            declared: _,
        } => (
            Exit::Refused,
            "name the members file of that organization, or take a snapshot of this one",
        ),
    };
    let what = format!("no plan can be made from the snapshot {}", shown(path));
    Failure::caused(what, error).hint(hint).exit(exit)
}
