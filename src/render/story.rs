//! What a plan has to tell, as titled sections of rows: the one reading of a plan that every format is written from.
//!
//! A format decides only how a row looks. Which rows there are, in which order and in which words is decided here,
//! so that no format can lose an action that another one shows. What takes access comes first.

use jiff::Timestamp;

use super::phrase::Phrase;
use super::{impact, loosened, withheld as withheld_people, words};
use crate::desired::Place;
use crate::document::PlanView;
use crate::guardrail::{Breach, BreachKind, Judgement};
use crate::plan::{
    Action, Change, DepartedLive, LeftoverKey, Note, Person, Plan, PlanId, Reason, Reported,
    UnmanagedRow, Vanished,
};
use crate::roster::{AdminKey, LiveRole, ProjectId, ProjectMembership};

/// Rows under one title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// What the rows are.
    pub(super) title: &'static str,
    /// How urgent they are.
    pub(super) tone: Tone,
    /// What the cells of a row are.
    pub(super) headers: &'static [&'static str],
    /// The rows, the most important first.
    pub(super) rows: Vec<Row>,
}

/// How much attention a section wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// It stops something, or somebody has access who should not.
    Alarm,
    /// It is going to happen.
    Change,
    /// It differs, and is left as it is.
    Difference,
    /// It is worth knowing.
    Quiet,
}

/// One row: a person, a breach or a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What kind of change it is.
    pub(super) sign: Sign,
    /// As many cells as the section has headers; empty ones where there is nothing to say.
    pub(super) cells: Vec<Phrase>,
    /// Sentences that belong under the row.
    pub(super) details: Vec<Phrase>,
    /// Where the members file says it.
    pub(super) place: Option<Place>,
    /// Whether it is a revocation.
    pub(super) revokes: bool,
}

/// The mark in front of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// Access is given.
    Give,
    /// Access is changed.
    Change,
    /// Access is taken.
    Take,
    /// Something stands in the way.
    Stop,
    /// Nothing happens.
    Nothing,
}

impl Sign {
    /// The mark, readable without colour.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Give => "+",
            Self::Change => "~",
            Self::Take => "-",
            Self::Stop => "!",
            Self::Nothing => " ",
        }
    }
}

/// The title of the section of what refuses the plan.
pub(super) const REFUSED: &str = "Refused";
/// The title of the section of admin keys that can undo the plan.
const LEFTOVER_KEYS: &str = "Admin keys that outlive their owner";
/// The headers of the section of people who should be gone and are not.
pub(super) const DEPARTED_HEADERS: &[&str] = &["Who", "Role", "Why", "Left because"];
/// Projects that a row names; the documents name all of them.
const PROJECTS_NAMED_MAX: usize = 3;
/// The headers of a section of actions.
pub(super) const ACTION_HEADERS: &[&str] = &["Change", "Who", "Role", "Why"];

/// Returns the sections that are not empty, in the order of reading.
pub(super) fn sections(view: &PlanView<'_>) -> Vec<Section> {
    let id = &view.ids.plan;
    let Judgement {
        plan,
        actions,
        withheld,
        accepted,
        breaches,
        caveats,
    } = view.judgement;
    let now = plan.observed_at;
    let sentences = |texts: &[String]| texts.iter().map(|text| sentence(text)).collect();
    [
        loosened::section(view.loosened),
        leftover_keys(plan, actions),
        departed(plan),
        refused(breaches, Some(id)),
        changes(
            if breaches.is_empty() {
                "Changes"
            } else {
                "Changes, not to be made"
            },
            actions,
            now,
        ),
        withheld_people::section(withheld, Some(id), now),
        impact::section(view.impact, now),
        accepted_breaches(accepted),
        reported(plan),
        vanished(plan),
        unmanaged(plan),
        Section {
            title: "Worth knowing",
            tone: Tone::Quiet,
            headers: &["Remark"],
            rows: plan
                .remarks
                .iter()
                .map(|remark| sentence(&remark.to_string()))
                .collect(),
        },
        Section {
            title: "Not checked",
            tone: Tone::Quiet,
            headers: &["Caveat"],
            rows: sentences(caveats),
        },
    ]
    .into_iter()
    .filter(|section| !section.rows.is_empty())
    .collect()
}

fn changes(title: &'static str, actions: &[Action], now: Option<Timestamp>) -> Section {
    Section {
        title,
        tone: Tone::Change,
        headers: ACTION_HEADERS,
        rows: by_risk(actions)
            .into_iter()
            .map(|action| action_row(action, now))
            .collect(),
    }
}

/// Actions in the order of reading: what takes access first, owners before everybody else.
pub(super) fn by_risk(actions: &[Action]) -> Vec<&Action> {
    let mut ordered: Vec<&Action> = actions.iter().collect();
    ordered.sort_by_key(|action| risk(&action.change));
    ordered
}

/// Where a change stands in the order of reading; the lowest first.
pub(super) fn risk(change: &Change) -> u8 {
    match change {
        _ if change.revokes_owner() => 0,
        Change::Remove { member: _ } => 1,
        Change::CancelInvite { invite: _ } => 2,
        Change::SetRole { member: _, to: _ } if change.is_revocation() => 3,
        Change::SetRole { member: _, to: _ } => 4,
        Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => 5,
        Change::Invite { email: _, role: _ } => 6,
    }
}

/// The row of an action.
pub(super) fn action_row(action: &Action, now: Option<Timestamp>) -> Row {
    let Action {
        change,
        person,
        reason,
        notes,
        place,
    } = action;
    let (sign, verb) = verb(change);
    let name = change.key().and_then(|key| key.name.as_deref());
    let name = name.map(|name| Phrase::ours("named ").then(Phrase::name(name)));
    let why = std::iter::once(self::reason(reason))
        .chain(notes.iter().map(|n| note(n, now)))
        .chain(name);
    Row {
        sign,
        cells: vec![
            Phrase::ours(verb),
            who(change, person),
            role_change(change),
            Phrase::join(why, "; "),
        ],
        details: Vec::new(),
        place: place.clone(),
        revokes: change.takes(),
    }
}

/// The sign and the word of a change.
pub(super) fn verb(change: &Change) -> (Sign, &'static str) {
    match change {
        Change::SetRole { member: _, to: _ } => (Sign::Change, "re-role"),
        Change::CancelInvite { invite: _ } => (Sign::Take, "cancel invite"),
        Change::Remove { member: _ } => (Sign::Take, "remove"),
        Change::Invite { email: _, role: _ } => (Sign::Give, "invite"),
        Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => (Sign::Take, "revoke key"),
    }
}

/// The address that the change is sent for, else the person's.
fn who(change: &Change, person: &Person) -> Phrase {
    change.email().map_or_else(
        || Phrase::label(person.label()),
        |email| Phrase::label(email.as_str()),
    )
}

fn role_change(change: &Change) -> Phrase {
    match change {
        Change::SetRole { member, to } => role(&member.role)
            .then(Phrase::ours(" -> "))
            .then(Phrase::ours(to.as_str())),
        Change::CancelInvite { invite } => role(&invite.role),
        Change::Remove { member } => role(&member.role),
        Change::Invite { email: _, role } => Phrase::ours(role.as_str()),
        // An admin key is its owner's whole role.
        Change::RevokeKey {
            key,
            user: _,
            email: _,
        } => Phrase::name(&key.redacted_value),
    }
}

/// A live role: our word, or the provider's.
pub(super) fn role(role: &LiveRole) -> Phrase {
    match role {
        LiveRole::Known(role) => Phrase::ours(role.as_str()),
        LiveRole::Other(_) => Phrase::label(&role.to_string()),
    }
}

fn reason(reason: &Reason) -> Phrase {
    match reason {
        Reason::Departed {
            since: _,
            ticket: Some(_),
        } => Phrase::label(&reason.to_string()),
        Reason::Undeclared
        | Reason::Expired { last_day: _ }
        | Reason::Departed {
            since: _,
            ticket: None,
        }
        | Reason::RoleDiffers
        | Reason::RoleUnwritten
        | Reason::Absent
        | Reason::InviteRoleDiffers
        | Reason::InviteSurplus
        | Reason::InviteOfRemoved
        | Reason::KeyOutlives { owner: _ } => Phrase::ours(reason.to_string()),
    }
}

fn note(note: &Note, now: Option<Timestamp>) -> Phrase {
    match note {
        Note::Owner => Phrase::ours("owner"),
        Note::KeyUsed { at, recent } => {
            let mark = if *recent { " (!)" } else { "" };
            Phrase::ours(format!("API key used {}{mark}", words::ago(*at, now)))
        }
        Note::AddedRecently { at } => Phrase::ours(format!("added {}", words::ago(*at, now))),
        Note::Projects { projects } => self::projects(projects),
        Note::Renamed { declared } => {
            Phrase::ours("declared as ").then(Phrase::label(declared.as_str()))
        }
    }
}

/// `2 projects: Search (owner), Default project (member)`.
fn projects(projects: &[ProjectMembership]) -> Phrase {
    let each = |project: &ProjectMembership| {
        let ProjectMembership { id, name, role } = project;
        let id = id.as_ref().map(ProjectId::as_str);
        let name = Phrase::name(name.as_deref().or(id).unwrap_or("?"));
        match role {
            Some(role) => name
                .then(Phrase::ours(" ("))
                .then(Phrase::name(role))
                .then(Phrase::ours(")")),
            None => name,
        }
    };
    let named = Phrase::join(projects.iter().take(PROJECTS_NAMED_MAX).map(each), ", ");
    let more = match projects.len().saturating_sub(PROJECTS_NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = words::count(projects.len(), "project");
    Phrase::ours(format!("{count}: "))
        .then(named)
        .then(Phrase::ours(more))
}

/// A row that is one sentence, in which values may stand.
pub(super) fn sentence(text: &str) -> Row {
    Row {
        sign: Sign::Nothing,
        cells: vec![Phrase::sentence(text)],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

/// The admin keys that outlive their owner. Whoever has one can undo the plan, so they stand above everything else.
pub(super) fn leftover_keys(plan: &Plan, actions: &[Action]) -> Section {
    let now = plan.observed_at;
    let row = |row: &LeftoverKey| {
        let LeftoverKey { person, key, fate } = row;
        let what = match (revokes(actions, key), revokes(&plan.actions, key)) {
            (true, _) => "revoked by this plan",
            (false, true) => "its revocation is withheld",
            (false, false) => "left as it is",
        };
        let used = key.last_used_at.map_or_else(
            || "never used".to_owned(),
            |at| format!("used {}{}", words::ago(at, now), words::day_mark(at, now)),
        );
        Row {
            sign: Sign::Stop,
            cells: vec![
                Phrase::label(person.label()),
                Phrase::name(key.name.as_deref().unwrap_or(key.id.as_str())),
                Phrase::name(&key.redacted_value),
                Phrase::ours(used),
                Phrase::ours(format!("{}; {what}", fate.as_str())),
            ],
            details: Vec::new(),
            place: None,
            revokes: false,
        }
    };
    let mut rows: Vec<Row> = plan.leftover_keys.iter().map(row).collect();
    let is_planned = |row: &LeftoverKey| revokes(&plan.actions, &row.key);
    if let Some(last) = rows.last_mut() {
        let danger = "An admin key goes on working without its owner, and can invite them back";
        last.details.push(Phrase::ours(danger));
        if !plan.leftover_keys.iter().all(is_planned) {
            last.details.push(Phrase::ours(
                "Way on: admin_keys = \"revoke\" under [policy] revokes the keys of whoever the file removes, demotes \
                 or declares departed by id; or revoke it in the dashboard",
            ));
        }
    }
    Section {
        title: LEFTOVER_KEYS,
        tone: Tone::Alarm,
        headers: &["Who", "Key", "Value", "Last use", "What"],
        rows,
    }
}

fn revokes(actions: &[Action], key: &AdminKey) -> bool {
    let mut revoked = actions.iter().filter_map(|action| action.change.key());
    revoked.any(|other| other.id == key.id)
}

fn departed(plan: &Plan) -> Section {
    Section {
        title: "Departed, still live",
        tone: Tone::Alarm,
        headers: DEPARTED_HEADERS,
        rows: plan.departed_live.iter().map(departed_row).collect(),
    }
}

/// The row of somebody who should be gone and is never removed here.
pub(super) fn departed_row(row: &DepartedLive) -> Row {
    Row {
        sign: Sign::Stop,
        cells: vec![
            Phrase::label(row.person.label()),
            role(&row.role),
            Phrase::label(&row.why),
            Phrase::ours(format!("{}, never removed here", row.protection)),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

/// What refuses a plan, or the making of one: then there is no id, and nothing to accept.
pub(super) fn refused(breaches: &[Breach], id: Option<&PlanId>) -> Section {
    let row = |breach: &Breach| Row {
        sign: Sign::Stop,
        cells: vec![Phrase::ours(breach.kind.as_str()), figures(breach)],
        details: breach_details(breach, id),
        place: None,
        revokes: false,
    };
    Section {
        title: REFUSED,
        tone: Tone::Alarm,
        headers: &["Guardrail", "Figure"],
        rows: breaches.iter().map(row).collect(),
    }
}

fn accepted_breaches(breaches: &[Breach]) -> Section {
    let row = |breach: &Breach| Row {
        sign: Sign::Nothing,
        cells: vec![
            Phrase::ours(breach.kind.as_str()),
            figures(breach),
            Phrase::sentence(&breach.message),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    };
    Section {
        title: "Accepted in this run",
        tone: Tone::Quiet,
        headers: &["Guardrail", "Figure", "What"],
        rows: breaches.iter().map(row).collect(),
    }
}

/// Figure and limit: `38, limit 10`; `1, at least 2`.
fn figures(breach: &Breach) -> Phrase {
    let text = |value: f64| {
        if breach.kind == BreachKind::RevocationFractionMax {
            format!("{:.1} %", value * 100.0)
        } else {
            format!("{value}")
        }
    };
    let bound = match breach.kind {
        BreachKind::OwnersMin | BreachKind::RosterShrunk => "at least",
        // It has no figure that would say anything: proven or not.
        BreachKind::OrganizationUnproven => return Phrase::default(),
        _ => "limit",
    };
    match (breach.figure, breach.limit) {
        (Some(figure), Some(limit)) => {
            Phrase::ours(format!("{}, {bound} {}", text(figure), text(limit)))
        }
        (Some(value), None) | (None, Some(value)) => Phrase::ours(text(value)),
        (None, None) => Phrase::default(),
    }
}

pub(super) fn breach_details(breach: &Breach, id: Option<&PlanId>) -> Vec<Phrase> {
    let accept = id
        .filter(|_| breach.kind.is_overridable())
        .map(|id| Phrase::ours(format!("; or once: --accept {id}:{}", breach.kind)));
    vec![
        Phrase::sentence(&breach.message),
        Phrase::ours("Way on: ")
            .then(Phrase::sentence(&breach.way_on))
            .then(accept.unwrap_or_default()),
    ]
}

fn reported(plan: &Plan) -> Section {
    Section {
        title: "Reported, left as it is",
        tone: Tone::Difference,
        headers: &["Who", "What"],
        rows: plan.reported.iter().map(reported_row).collect(),
    }
}

/// The row of a difference that is only shown.
pub(super) fn reported_row(row: &Reported) -> Row {
    Row {
        sign: Sign::Nothing,
        cells: vec![
            Phrase::label(row.person.label()),
            Phrase::sentence(&row.difference.to_string()),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

fn vanished(plan: &Plan) -> Section {
    Section {
        title: "Vanished",
        tone: Tone::Alarm,
        headers: &["Who", "Id", "What"],
        rows: plan.vanished.iter().map(vanished_row).collect(),
    }
}

/// The row of somebody whose pinned id is gone.
pub(super) fn vanished_row(row: &Vanished) -> Row {
    Row {
        sign: Sign::Stop,
        cells: vec![
            Phrase::label(row.email.as_str()),
            Phrase::label(row.id.as_str()),
            Phrase::ours("pinned, no longer live; not invited until the pin is taken out"),
        ],
        details: Vec::new(),
        place: Some(row.place.clone()),
        revokes: false,
    }
}

fn unmanaged(plan: &Plan) -> Section {
    let mut rows: Vec<_> = plan.unmanaged.iter().collect();
    // An unmanaged owner is the one row of these that a reviewer must not overlook.
    rows.sort_by_key(|row| !row.role.is_owner());
    Section {
        title: "Unmanaged, left alone",
        tone: Tone::Quiet,
        headers: &["Who", "Role", "Why"],
        rows: rows.into_iter().map(unmanaged_row).collect(),
    }
}

/// The row of somebody who is left alone.
pub(super) fn unmanaged_row(row: &UnmanagedRow) -> Row {
    Row {
        sign: Sign::Nothing,
        cells: vec![
            Phrase::label(row.person.label()),
            role(&row.role).then(Phrase::ours(if row.invite { " (invite)" } else { "" })),
            Phrase::label(&row.why.to_string()),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}
