//! The gate after a narrowed plan: the narrowed plan and the whole one are both judged.
//!
//! Whoever narrows a run must not get past a limit by doing a plan in parts. One thing is let through: when too many
//! revocations refuse the whole plan, the people whom the file declares departed can still be taken out at once,
//! because each of them was written down by name.

use super::approve::{Evidence, approve};
use super::{Accepted, ApprovedPlan, Breach, BreachKind, Judgement, Refusal};
use crate::plan::{Action, Plan, Reason};

/// Judges what a plan was narrowed to. Besides its own breaches, those about the `full` plan refuse it.
///
/// A plan that was narrowed to nothing does nothing, so that nothing refuses it.
pub fn approve_narrowed(
    full: &Plan,
    narrowed: Plan,
    evidence: &Evidence<'_>,
) -> Result<ApprovedPlan, Box<Refusal>> {
    let departed_only = takes_from_departed_only(full, &narrowed);
    let is_empty = narrowed.actions.is_empty();
    let mut judgement = match approve(narrowed, evidence) {
        Ok(approved) => approved.judgement,
        Err(refusal) => refusal.judgement,
    };
    if !is_empty {
        for breach in of_whole(full, evidence) {
            if departed_only && breach.kind == BreachKind::RevocationsMax {
                continue;
            }
            settle(&mut judgement, breach, &evidence.accepted);
        }
    }
    if judgement.breaches.is_empty() {
        Ok(ApprovedPlan { judgement })
    } else {
        Err(Box::new(Refusal { judgement }))
    }
}

/// The breaches that would refuse the whole plan, with nothing accepted of it.
fn of_whole(full: &Plan, evidence: &Evidence<'_>) -> Vec<Breach> {
    let evidence = Evidence {
        accepted: Accepted::default(),
        ..evidence.clone()
    };
    let mut breaches = match approve(full.clone(), &evidence) {
        Ok(_) => Vec::new(),
        Err(refusal) => refusal.judgement.breaches,
    };
    for breach in &mut breaches {
        breach.message = format!("the whole plan: {}", breach.message);
    }
    breaches
}

/// Puts a breach of the whole plan with those of the narrowed one, of which one of its kind says enough.
fn settle(judgement: &mut Judgement, breach: Breach, accepted: &Accepted) {
    let (rows, other) = if accepted.holds(&breach) {
        (&mut judgement.accepted, None)
    } else {
        (&mut judgement.breaches, Some(&mut judgement.accepted))
    };
    if let Some(other) = other {
        // What was accepted at the figure of the narrowed plan is not accepted at that of the whole one.
        other.retain(|row| row.kind != breach.kind);
    }
    if !rows.iter().any(|row| row.kind == breach.kind) {
        rows.push(breach);
    }
}

/// Whether a narrowed plan revokes, and only from people whom the file declares departed.
fn takes_from_departed_only(full: &Plan, narrowed: &Plan) -> bool {
    let is_departed = |action: &Action| {
        matches!(
            action.reason,
            Reason::Departed {
                since: _,
                ticket: _
            }
        )
    };
    // The invite of a departed member is cancelled because the member is removed.
    let of_departed = |action: &Action| {
        full.actions
            .iter()
            .any(|other| is_departed(other) && other.person.is(&action.person))
    };
    let mut revocations = narrowed
        .actions
        .iter()
        .filter(|action| action.change.is_revocation())
        .peekable();
    revocations.peek().is_some() && revocations.all(of_departed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::DesiredRoster;
    use crate::guardrail::History;
    use crate::plan::testing::{TODAY, departed, desired, email, live, member, owner, owner_entry};
    use crate::plan::{Narrowing, compute, narrow};
    use crate::roster::{KeyInUse, LiveRoster};

    /// Two owners stay; eve has departed; ann and ben are undeclared.
    fn rosters(limit: impl Fn(&mut DesiredRoster)) -> (DesiredRoster, LiveRoster) {
        let mut file = desired([owner_entry("ada@acme.dev"), owner_entry("grace@acme.dev")]);
        file.departed = vec![departed("eve@acme.dev")];
        file.guardrails.revocation_fraction_max = 1.0;
        limit(&mut file);
        let rows = [
            owner("user-ada", "ada@acme.dev"),
            owner("user-grace", "grace@acme.dev"),
            member("user-eve", "eve@acme.dev"),
            member("user-ann", "ann@acme.dev"),
            member("user-ben", "ben@acme.dev"),
        ];
        (file, live(rows, []))
    }

    /// The kinds that refuse, and those that are accepted.
    fn judged(
        limit: impl Fn(&mut DesiredRoster),
        only: &[&str],
        accepted: &[BreachKind],
    ) -> (Vec<BreachKind>, Vec<BreachKind>) {
        let (file, roster) = rosters(limit);
        let key = KeyInUse::Unknown {
            reason: "nobody knows".to_owned(),
        };
        let evidence = Evidence {
            desired: &file,
            live: &roster,
            key_in_use: &key,
            history: History::Known {
                revocations: 0,
                source: "audit log",
            },
            people_verified: None,
            accepted: accepted
                .iter()
                .copied()
                .collect::<std::collections::BTreeSet<_>>()
                .into(),
        };
        let full = compute(&file, &roster, TODAY);
        let narrowing = Narrowing {
            only: only.iter().map(|address| email(address)).collect(),
            revocations_only: false,
        };
        let narrowed = narrow(&full, &file, &roster, &narrowing).plan;
        let actions = narrowed.actions.clone();
        let judged = approve_narrowed(&full, narrowed, &evidence);
        let judgement = match &judged {
            Ok(approved) => approved.judgement(),
            Err(refusal) => refusal.judgement(),
        };
        assert_eq!(judgement.actions, actions);
        let kinds = |rows: &[Breach]| rows.iter().map(|row| row.kind).collect();
        (kinds(&judgement.breaches), kinds(&judgement.accepted))
    }

    #[test]
    fn only_departed_people_pass_too_many_revocations_of_the_whole_plan() {
        let max = |limit| move |file: &mut DesiredRoster| file.guardrails.revocations_max = limit;
        let kind = BreachKind::RevocationsMax;
        for (limit, only, accepted, refused, used) in [
            (3, &["ann@acme.dev"][..], &[][..], &[][..], &[][..]),
            (2, &["eve@acme.dev"], &[], &[], &[]),
            (2, &["ann@acme.dev"], &[], &[kind], &[]),
            (2, &["eve@acme.dev", "ann@acme.dev"], &[], &[kind], &[]),
            (2, &["ann@acme.dev"], &[kind], &[], &[kind]),
            // The narrowed plan has the limit too, departed or not.
            (0, &["eve@acme.dev"], &[], &[kind], &[]),
            (0, &["eve@acme.dev"], &[kind], &[], &[kind]),
            // Nothing is done, so that nothing refuses it.
            (2, &["gus@acme.dev"], &[], &[], &[]),
        ] {
            assert_eq!(
                judged(max(limit), only, accepted),
                (refused.to_vec(), used.to_vec()),
                "{limit} {only:?} {accepted:?}"
            );
        }
    }

    #[test]
    fn another_breach_of_the_whole_plan_refuses_departed_people_too() {
        let kind = BreachKind::RevocationsMaxPerWeek;
        let week = |file: &mut DesiredRoster| file.guardrails.revocations_max_per_week = 2;
        assert_eq!(judged(week, &["eve@acme.dev"], &[]), (vec![kind], vec![]));
        assert_eq!(
            judged(week, &["eve@acme.dev"], &[kind]),
            (vec![], vec![kind])
        );
    }
}
