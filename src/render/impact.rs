//! What removals break, and the checklist of keys to rotate after them, as sections of rows.

use jiff::Timestamp;

use super::phrase::Phrase;
use super::story::{Row, Section, Sign, Tone};
use super::words;
use crate::document::ImpactView;
use crate::impact::{Aftermath, Impact, KeyFate, OwnedKey, PersonImpact, Survivor, Unread};
use crate::roster::{AdminKey, Project, ProjectKey};

/// The title of what removals break.
const IMPACT: &str = "What the removals break";

/// What is known of what removals break; no rows where nobody is removed.
pub(super) fn section(view: Option<ImpactView<'_>>, now: Option<Timestamp>) -> Section {
    let quiet = |rows| Section {
        title: IMPACT,
        tone: Tone::Quiet,
        headers: &["Impact"],
        rows,
    };
    match view {
        None => quiet(Vec::new()),
        Some(ImpactView::Known(impact)) if impact.people.is_empty() && impact.unread.is_empty() => {
            let Impact {
                people: _,
                unread: _,
                removals,
                projects,
            } = impact;
            let people = match removals {
                1 => "The person who is removed owns".to_owned(),
                several => format!("None of the {several} people who are removed owns"),
            };
            let no = if *removals == 1 { "no key" } else { "a key" };
            let projects = words::count(*projects, "project");
            quiet(vec![words_only(&format!(
                "{people} {no}, and of {projects} none is left without an owner"
            ))])
        }
        Some(ImpactView::Known(impact)) => known(impact, now),
        Some(ImpactView::Open(cost)) => {
            let cost = match cost.operations.as_slice() {
                [_only_the_list] => "the list of projects, then two pages for each".to_owned(),
                _ => words::cost(cost),
            };
            quiet(vec![words_only(&format!(
                "Not looked at. --impact reads the keys and members of every project: {cost}"
            ))])
        }
        Some(ImpactView::Unread(why)) => {
            let text =
                Phrase::ours("The projects could not be listed: ").then(Phrase::sentence(why));
            quiet(vec![bare(Sign::Nothing, vec![text])])
        }
    }
}

fn bare(sign: Sign, cells: Vec<Phrase>) -> Row {
    Row {
        sign,
        cells,
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

fn words_only(text: &str) -> Row {
    bare(Sign::Nothing, vec![Phrase::ours(text)])
}

fn known(impact: &Impact, now: Option<Timestamp>) -> Section {
    let mut rows: Vec<Row> = impact
        .people
        .iter()
        .flat_map(|person| person_rows(person, now))
        .collect();
    rows.extend(impact.unread.iter().map(unread));
    Section {
        title: IMPACT,
        tone: Tone::Alarm,
        headers: &["Who", "Breaks", "Project", "Key", "Value", "Last use"],
        rows,
    }
}

fn person_rows(row: &PersonImpact, now: Option<Timestamp>) -> Vec<Row> {
    let PersonImpact {
        person,
        project_keys,
        admin_keys,
        only_owner_of,
    } = row;
    let who = || Phrase::label(person.label());
    let mut rows = Vec::new();
    for OwnedKey { project, key } in project_keys {
        let ProjectKey {
            id,
            name,
            redacted_value,
            holder: _,
            last_used_at,
            owner_has_access: _,
        } = key;
        rows.push(bare(
            sign(*last_used_at, now),
            vec![
                who(),
                Phrase::ours("project key"),
                self::project(project),
                Phrase::name(name.as_deref().unwrap_or(id.as_str())),
                Phrase::name(redacted_value),
                used(*last_used_at, now),
            ],
        ));
    }
    for AdminKey {
        id,
        name,
        redacted_value,
        holder: _,
        created_at: _,
        expires_at: _,
        last_used_at,
    } in admin_keys
    {
        rows.push(bare(
            sign(*last_used_at, now),
            vec![
                who(),
                Phrase::ours("admin key, outlives them"),
                Phrase::default(),
                Phrase::name(name.as_deref().unwrap_or(id.as_str())),
                Phrase::name(redacted_value),
                used(*last_used_at, now),
            ],
        ));
    }
    for project in only_owner_of {
        let nothing = Phrase::default;
        rows.push(bare(
            Sign::Stop,
            vec![
                who(),
                Phrase::ours("no project owner is left"),
                self::project(project),
                nothing(),
                nothing(),
                nothing(),
            ],
        ));
    }
    rows
}

/// What was used in the last day is in use.
fn sign(at: Option<Timestamp>, now: Option<Timestamp>) -> Sign {
    if at.is_some_and(|at| !words::day_mark(at, now).is_empty()) {
        Sign::Stop
    } else {
        Sign::Nothing
    }
}

fn used(at: Option<Timestamp>, now: Option<Timestamp>) -> Phrase {
    Phrase::ours(at.map_or_else(
        || "never".to_owned(),
        |at| format!("{}{}", words::ago(at, now), words::day_mark(at, now)),
    ))
}

fn project(project: &Project) -> Phrase {
    let archived = if project.archived { " (archived)" } else { "" };
    Phrase::name(project.label()).then(Phrase::ours(archived))
}

fn unread(row: &Unread) -> Row {
    let Unread { project, why } = row;
    let nothing = Phrase::default;
    let cells = vec![
        nothing(),
        Phrase::ours("not read"),
        project
            .as_ref()
            .map_or_else(|| Phrase::ours("(admin keys)"), self::project),
        nothing(),
        nothing(),
        Phrase::sentence(why),
    ];
    bare(Sign::Stop, cells)
}

/// What is to be rotated after an apply, and how many keys are gone.
pub(super) fn checklist(aftermath: Option<&Aftermath>, now: Option<Timestamp>) -> Vec<Section> {
    let Some(Aftermath { survivors, gone }) = aftermath else {
        return Vec::new();
    };
    let gone = match gone {
        0 => Vec::new(),
        1 => vec![words_only("1 key of whoever was removed is listed no more")],
        several => vec![words_only(&format!(
            "{several} keys of whoever was removed are listed no more"
        ))],
    };
    vec![
        Section {
            title: "Keys to rotate, of whoever was removed",
            tone: Tone::Alarm,
            headers: &[
                "Done", "Who", "Project", "Key", "Value", "Last use", "State",
            ],
            rows: survivors.iter().map(|row| survivor(row, now)).collect(),
        },
        Section {
            title: "Keys that are gone",
            tone: Tone::Quiet,
            headers: &["Remark"],
            rows: gone,
        },
    ]
}

fn survivor(row: &Survivor, now: Option<Timestamp>) -> Row {
    let Survivor {
        person,
        project,
        id,
        name,
        redacted_value,
        last_used_at,
        fate,
    } = row;
    let (sign, state) = match (fate, project) {
        (KeyFate::Works, None) => (Sign::Stop, "works, and can invite them back: revoke it"),
        (KeyFate::Works, Some(_)) => (
            Sign::Stop,
            "still works: give its users another, then delete it",
        ),
        (KeyFate::Unread, _) => (Sign::Stop, "could not be read again: look whether it works"),
        (KeyFate::Lapsed, _) => (
            Sign::Nothing,
            "has stopped: give its users another, then delete it",
        ),
    };
    bare(
        sign,
        vec![
            Phrase::ours("[ ]"),
            Phrase::label(person.label()),
            project
                .as_ref()
                .map_or_else(|| Phrase::ours("(admin key)"), self::project),
            Phrase::name(name.as_deref().unwrap_or(id.as_str())),
            Phrase::name(redacted_value),
            used(*last_used_at, now),
            Phrase::ours(state),
        ],
    )
}
