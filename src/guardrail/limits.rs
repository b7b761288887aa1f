//! Breaches about the plan: each refuses it whole.

use std::collections::BTreeSet;

use super::{Breach, BreachKind, Evidence, History, preflight};
use crate::plan::{Action, Change, Plan};
use crate::roster::{Role, UserId};

/// Revocations up to which the fraction is not consulted: in a team of six, one person is a sixth.
const FRACTION_FREE: usize = 3;

/// Every breach about the plan that these actions of it have.
pub(super) fn breaches(plan: &Plan, actions: &[Action], evidence: &Evidence<'_>) -> Vec<Breach> {
    let revocations = actions
        .iter()
        .filter(|action| action.change.is_revocation())
        .count();
    let checks = [
        revocations_max(revocations, evidence),
        revocation_fraction_max(revocations, plan, evidence),
        revocations_max_per_week(revocations, evidence),
        changes_max(actions, evidence),
        owners_min(plan, actions, evidence),
        organization_unproven(actions, evidence),
        roster_shrunk(actions, evidence),
    ];
    checks.into_iter().flatten().collect()
}

/// What the guardrails could not look at, in sentences.
pub(super) fn caveats(actions: &[Action], evidence: &Evidence<'_>) -> Vec<String> {
    let revokes = actions.iter().any(|action| action.change.is_revocation());
    match &evidence.history {
        History::Unknown {
            reason,
            required: false,
        } if revokes => vec![format!(
            "revocations_max_per_week ({}) is not enforced: {reason}",
            evidence.desired.guardrails.revocations_max_per_week
        )],
        History::Unknown {
            reason: _,
            required: _,
        }
        | History::Known {
            revocations: _,
            source: _,
        } => Vec::new(),
    }
}

/// The members who count as owners after these actions.
pub fn owners_after(plan: &Plan, actions: &[Action]) -> BTreeSet<UserId> {
    let mut owners = plan.owners.clone();
    for action in actions {
        match &action.change {
            Change::Remove { member }
            | Change::SetRole {
                member,
                to: Role::Reader,
            } => _ = owners.remove(&member.id),
            Change::SetRole {
                member,
                to: Role::Owner,
            } => _ = owners.insert(member.id.clone()),
            Change::CancelInvite { invite: _ }
            | Change::Invite { email: _, role: _ }
            | Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => {}
        }
    }
    owners
}

/// A count as a document's number; counts of people are far below the 2^52 at which this would round.
#[expect(
    clippy::cast_precision_loss,
    reason = "an organization has fewer than 2^52 members"
)]
fn number(count: usize) -> f64 {
    count as f64
}

/// `1 owner`, `2 owners`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn limit(kind: BreachKind, limit: f64, figure: f64, message: String) -> Breach {
    let way_on = match kind {
        BreachKind::OrganizationUnproven => {
            "set `slug` under [organization], or pin a member's id".to_owned()
        }
        BreachKind::RosterShrunk => "find out who removed them".to_owned(),
        _ => format!(
            "change {} under [guardrails] in a reviewed commit",
            kind.as_str().replace('-', "_")
        ),
    };
    Breach {
        kind,
        limit: Some(limit),
        figure: Some(figure),
        subjects: Vec::new(),
        message,
        way_on,
    }
}

fn revocations_max(revocations: usize, evidence: &Evidence<'_>) -> Option<Breach> {
    let (max, figure) = (
        f64::from(evidence.desired.guardrails.revocations_max),
        number(revocations),
    );
    (figure > max).then(|| {
        let message = format!(
            "{}, and {max} is the limit of one run",
            counted(revocations, "revocation")
        );
        limit(BreachKind::RevocationsMax, max, figure, message)
    })
}

fn revocation_fraction_max(
    revocations: usize,
    plan: &Plan,
    evidence: &Evidence<'_>,
) -> Option<Breach> {
    let max = evidence.desired.guardrails.revocation_fraction_max;
    let fraction = number(revocations) / number(plan.managed.max(1));
    (revocations > FRACTION_FREE && fraction > max).then(|| {
        let message = format!(
            "{revocations} revocations are {:.1} % of {} managed people and invites, and {:.1} % is the limit",
            fraction * 100.0,
            plan.managed,
            max * 100.0
        );
        limit(BreachKind::RevocationFractionMax, max, fraction, message)
    })
}

fn revocations_max_per_week(revocations: usize, evidence: &Evidence<'_>) -> Option<Breach> {
    let max = f64::from(evidence.desired.guardrails.revocations_max_per_week);
    let (kind, figure) = (BreachKind::RevocationsMaxPerWeek, number(revocations));
    match &evidence.history {
        _ if revocations == 0 => None,
        History::Known {
            revocations: before,
            source,
        } => {
            let figure = figure + f64::from(*before);
            (figure > max).then(|| {
                let message = format!(
                    "{} beside {before} of the last seven days ({source}), and {max} is the limit",
                    counted(revocations, "revocation")
                );
                limit(kind, max, figure, message)
            })
        }
        History::Unknown {
            reason,
            required: true,
        } => {
            let message = format!(
                "the last seven days are not known ({reason}), and --require-history was given"
            );
            let way_on =
                "let the admin key read the audit log, or keep the journals under .rosterctl";
            Some(Breach {
                way_on: way_on.to_owned(),
                ..limit(kind, max, figure, message)
            })
        }
        History::Unknown {
            reason: _,
            required: false,
        } => None,
    }
}

fn changes_max(actions: &[Action], evidence: &Evidence<'_>) -> Option<Breach> {
    let changes = actions
        .iter()
        .filter(|action| action.change.gives())
        .count();
    let (max, figure) = (
        f64::from(evidence.desired.guardrails.changes_max),
        number(changes),
    );
    (figure > max).then(|| {
        let message =
            format!("{changes} invites and promotions, and {max} is the limit of one run");
        limit(BreachKind::ChangesMax, max, figure, message)
    })
}

fn owners_min(plan: &Plan, actions: &[Action], evidence: &Evidence<'_>) -> Option<Breach> {
    let after = owners_after(plan, actions);
    let (min, figure) = (
        f64::from(evidence.desired.guardrails.owners_min),
        number(after.len()),
    );
    (after != plan.owners && figure < min).then(|| {
        let message = format!(
            "{} would be left, and {min} is the least",
            counted(after.len(), "owner")
        );
        limit(BreachKind::OwnersMin, min, figure, message)
    })
}

fn organization_unproven(actions: &[Action], evidence: &Evidence<'_>) -> Option<Breach> {
    let takes = actions.iter().any(|action| action.change.takes());
    (takes && !preflight::organization_is_proven(evidence.desired, evidence.live)).then(|| {
        let message = format!(
            "nothing proves that this is {}: the answers do not name it, and no pinned id is live",
            evidence.desired.organization.id
        );
        limit(BreachKind::OrganizationUnproven, 1.0, 0.0, message)
    })
}

/// Whether so few people are live that the last verified run's roster is no measure any more.
pub const fn is_shrunk(people: usize, verified: usize) -> bool {
    people * 2 < verified
}

fn roster_shrunk(actions: &[Action], evidence: &Evidence<'_>) -> Option<Breach> {
    let verified = evidence.people_verified.filter(|_| !actions.is_empty())?;
    let people = evidence.live.people().count();
    is_shrunk(people, verified).then(|| {
        let message = format!(
            "{people} people are live, fewer than half of the {verified} of the last verified run"
        );
        limit(
            BreachKind::RosterShrunk,
            number(verified) / 2.0,
            number(people),
            message,
        )
    })
}
