//! Breaches about people: each withholds the actions of the people it is about, and nothing else.

use std::collections::BTreeSet;

use super::withhold::Places;
use super::{Breach, BreachKind, Evidence};
use crate::plan::{Action, Change, Likeness, Plan, Reason, Suspicion};
use crate::roster::{Email, Role};

/// Every breach about a person that these actions of a plan have.
pub(super) fn breaches(plan: &Plan, actions: &[Action], evidence: &Evidence<'_>) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = suspicions(plan, actions).collect();
    for action in actions {
        let checks = [
            role_unwritten(action),
            email_domains(action, evidence),
            owner_grant(action, evidence),
            key_owner(action, evidence),
            required_owners(action, evidence),
            protection_unknown(action, evidence),
        ];
        breaches.extend(checks.into_iter().flatten());
    }
    breaches
}

/// The breaches of identities that cannot be decided: there are no actions to withhold, only people to name.
pub(super) fn conflicts(plan: &Plan) -> impl Iterator<Item = Breach> {
    plan.conflicts.iter().map(|conflict| Breach {
        kind: BreachKind::IdentityConflict,
        limit: None,
        figure: None,
        subjects: conflict.people.clone(),
        message: conflict.detail.clone(),
        way_on: format!("correct the id or the address at {}", conflict.place),
    })
}

fn about(kind: BreachKind, action: &Action, message: String, way_on: String) -> Breach {
    Breach {
        kind,
        limit: None,
        figure: None,
        subjects: vec![action.person.clone()],
        message,
        way_on,
    }
}

fn suspicions<'a>(plan: &'a Plan, actions: &[Action]) -> impl Iterator<Item = Breach> + use<'a> {
    let touched = if plan.suspicions.is_empty() {
        Places::default()
    } else {
        Places::of_actions(actions)
    };
    plan.suspicions.iter().filter(move |pair| touched.hold(&pair.declared) || touched.hold(&pair.live)).map(
        |Suspicion { likeness, declared, live }| {
            let (old, new) = (live.label(), declared.label());
            let (kind, message) = match likeness {
                Likeness::LookAlike => (
                    BreachKind::LookAlike,
                    format!(
                        "the declared {new}{} looks like the live {old}{}, and is another address",
                        foreign_letters(new),
                        foreign_letters(old)
                    ),
                ),
                Likeness::Name => (
                    BreachKind::PossibleRename,
                    format!("{old} is undeclared and has the name that the file pins to {new}, who is not in"),
                ),
                Likeness::Spelling => (
                    BreachKind::PossibleRename,
                    format!("{old} is undeclared, and {new}, who is not in, is spelled almost alike"),
                ),
            };
            let pin = live.id.as_ref().map_or(String::new(), |id| format!(" with id = \"{id}\""));
            let way_on = format!("if they are one person, declare {old}{pin} instead of {new}");
            let subjects = vec![declared.clone(), live.clone()];
            Breach { kind, limit: None, figure: None, subjects, message, way_on }
        },
    )
}

/// The characters outside ASCII, by number: on a screen two addresses that look alike are one.
fn foreign_letters(label: &str) -> String {
    let letters: Vec<String> = label
        .chars()
        .filter(|letter| !letter.is_ascii())
        .map(|letter| format!("{letter} is U+{:04X}", u32::from(letter)))
        .collect();
    match letters.as_slice() {
        [] => String::new(),
        letters => format!(" ({})", letters.join(", ")),
    }
}

fn role_unwritten(action: &Action) -> Option<Breach> {
    (action.reason == Reason::RoleUnwritten).then(|| {
        about(
            BreachKind::RoleUnwritten,
            action,
            format!(
                "{} is a live owner, and the entry has no role",
                action.person.label()
            ),
            "write role = \"owner\" or role = \"reader\" into the entry".to_owned(),
        )
    })
}

fn email_domains(action: &Action, evidence: &Evidence<'_>) -> Option<Breach> {
    let Change::Invite { email, role: _ } = &action.change else {
        return None;
    };
    let domains = &evidence.desired.guardrails.email_domains;
    (!domains.contains(email.domain())).then(|| {
        let listed = domains
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        let listed = if listed.is_empty() {
            "none is listed".to_owned()
        } else {
            format!("listed: {listed}")
        };
        about(
            BreachKind::EmailDomains,
            action,
            format!(
                "the domain {} may not be invited ({listed})",
                email.domain()
            ),
            format!(
                "add \"{}\" to email_domains under [guardrails]",
                email.domain()
            ),
        )
    })
}

fn owner_grant(action: &Action, evidence: &Evidence<'_>) -> Option<Breach> {
    let grants = match &action.change {
        Change::Invite { email: _, role } => *role == Role::Owner,
        Change::SetRole { member: _, to } => *to == Role::Owner,
        Change::Remove { member: _ }
        | Change::CancelInvite { invite: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => false,
    };
    let limits = &evidence.desired.guardrails;
    let is_in = |owners: &BTreeSet<Email>| {
        let email = action.person.email.as_ref();
        email.is_some_and(|email| owners.contains(email))
    };
    let (is_required, is_disputed) = (
        is_in(&limits.required_owners),
        is_in(&limits.required_owners_disputed),
    );
    if !grants || (is_required && !is_disputed) {
        return None;
    }
    let (lack, way_on) = if is_disputed {
        (
            "is in required_owners of only one of both files",
            "merge required_owners in a change of its own, and then this one",
        )
    } else {
        (
            "is not in required_owners",
            "add the address to required_owners under [guardrails]",
        )
    };
    let who = action.person.label();
    Some(about(
        BreachKind::OwnerGrant,
        action,
        format!("{who} would become an owner and {lack}"),
        way_on.to_owned(),
    ))
}

fn key_owner(action: &Action, evidence: &Evidence<'_>) -> Option<Breach> {
    let user = action.change.user().filter(|_| action.change.takes())?;
    let key = evidence.key_in_use;
    let may_take_it = action.change.revokes_owner() || action.change.key().is_some();
    let message = if key.person() == Some(user) {
        format!("the admin key in use belongs to {}", action.person.label())
    } else if key.may_belong_to_any_owner() && may_take_it {
        format!(
            "the admin key in use may belong to {}: {}",
            action.person.label(),
            key.why_unknown()
        )
    } else {
        return None;
    };
    Some(about(
        BreachKind::KeyOwner,
        action,
        message,
        "run with the admin key of another owner".to_owned(),
    ))
}

fn required_owners(action: &Action, evidence: &Evidence<'_>) -> Option<Breach> {
    // An invite that is cancelled for another one takes nothing from anybody.
    let replaced = matches!(
        action.reason,
        Reason::InviteRoleDiffers | Reason::InviteSurplus
    );
    if !action.change.is_revocation() || replaced {
        return None;
    }
    let desired = evidence.desired;
    let is_required = |email: &Email| {
        let pinned = desired
            .members
            .get(email)
            .and_then(|entry| entry.id.as_ref());
        action.person.email.as_ref() == Some(email)
            || action.change.email() == Some(email)
            || (pinned.is_some() && pinned == action.person.id.as_ref())
    };
    let owner = desired
        .guardrails
        .required_owners
        .iter()
        .find(|email| is_required(email))?;
    Some(about(
        BreachKind::RequiredOwners,
        action,
        format!("{} is the required owner {owner}", action.person.label()),
        "take the address out of required_owners under [guardrails]".to_owned(),
    ))
}

fn protection_unknown(action: &Action, evidence: &Evidence<'_>) -> Option<Breach> {
    let member = action.change.removed()?;
    let unknown = member.flags.unknown();
    (evidence.desired.unmanaged.flags_required && !unknown.is_empty()).then(|| {
        about(
            BreachKind::ProtectionUnknown,
            action,
            format!(
                "the API did not send {} for {}",
                unknown.join(", "),
                action.person.label()
            ),
            "set flags_required = false under [unmanaged] to read a missing flag as false"
                .to_owned(),
        )
    })
}
