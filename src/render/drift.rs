//! A drift report in every format: what differs, and under each row who caused it.
//!
//! The rows are those of a plan, because the reader of a report is the reader of the next plan. What an apply would
//! withhold stands among the rest with the guardrail's name: for drift it is a difference like any other. Why the log
//! says nothing stands once where it is true of all rows, and under a row where it is true of that one.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::phrase::Phrase;
use super::story::{self, ACTION_HEADERS, Row, Section, Sign, Tone};
use super::{Paint, Totals, next, text, words};
use crate::attribution::{Appeared, Cause, Differing, Drift, Silence};
use crate::document::{DriftStanding, DriftView};
use crate::plan::{Action, Conflict, Person};
use crate::roster::{AdminKey, AuditEvent, AuditReading};

/// Returns the report as text, ending in a newline.
pub fn drift_text(view: &DriftView<'_>, paint: Paint) -> String {
    let sections = sections(view);
    let written: Vec<String> = sections
        .iter()
        .map(|section| text::section_text(section, paint) + "\n")
        .collect();
    let headline = paint.title(Tone::Change, &headline(view));
    let mut text = format!(
        "Drift of {}\n\n{}{headline}\n",
        stamp(view),
        written.concat()
    );
    if view.standing() == DriftStanding::Found {
        let _ = writeln!(text, "Drift id {}.", view.plan.ids.drift);
    }
    for next::Step { label, command } in steps(view) {
        let _ = writeln!(text, "{label}: {command}");
    }
    text
}

/// `Drift: 2 to remove; 1 reported; 1 unmanaged owner.`, or that there is none, or that nobody knows.
pub(super) fn headline(view: &DriftView<'_>) -> String {
    let judgement = view.plan.judgement;
    let Some(drift) = view.drift else {
        return "No plan can be made, so what differs is not known.".to_owned();
    };
    if !drift.differs() {
        let unchanged = words::count(judgement.plan.unchanged, "member");
        return format!(
            "No drift: live equals desired, {unchanged} and pending invites as declared."
        );
    }
    // Unmanaged rows are no difference by themselves; those that are one follow.
    let totals = Totals {
        unmanaged: 0,
        ..Totals::of(judgement)
    };
    let owners = |row: &Differing| matches!(row, Differing::UnmanagedOwner(_));
    let leftover = |row: &Differing| matches!(row, Differing::LeftoverKey(_));
    let many = |row: &Differing| matches!(row, Differing::UnmanagedFraction { .. });
    let rows =
        |is: &dyn Fn(&Differing) -> bool| drift.rows.iter().filter(|(row, _)| is(row)).count();
    let appeared = drift.appeared.as_deref().unwrap_or_default();
    let keys = |(what, _): &&(Appeared, Cause)| matches!(what, Appeared::AdminKey(_, _));
    let keys = appeared.iter().filter(keys).count();
    let mut parts = vec![totals.to_string()];
    for (number, noun) in [
        (rows(&owners), "unmanaged owner"),
        (rows(&leftover), "leftover admin key"),
        (keys, "new admin key"),
        (appeared.len() - keys, "new service account"),
    ] {
        if number > 0 {
            parts.push(words::count(number, noun));
        }
    }
    if rows(&many) > 0 {
        parts.push("too much of the roster unmanaged".to_owned());
    }
    format!("Drift: {}.", parts.join("; "))
}

/// `org-AbC123, read 2026-11-24 03:15 UTC, audit log since 2026-10-25`.
fn stamp(view: &DriftView<'_>) -> String {
    let plan = &view.plan.judgement.plan;
    let mut stamp = Phrase::label(&plan.organization).line();
    if let Some(at) = plan.observed_at {
        let _ = write!(stamp, ", read {}", words::minute(at));
    }
    if let Some(AuditReading::Read(log)) = view.drift.map(|drift| &drift.log) {
        let _ = write!(stamp, ", audit log since {}", words::date(log.since));
    }
    stamp
}

/// The sections that are not empty, in the order of reading.
pub(super) fn sections(view: &DriftView<'_>) -> Vec<Section> {
    let judgement = view.plan.judgement;
    let refused = story::refused(&judgement.breaches, None);
    let Some(drift) = view.drift else {
        return vec![refused];
    };
    let mut parts = Parts::default();
    for (row, cause) in &drift.rows {
        parts.take(row, cause.as_ref(), view);
    }
    // What takes access first, owners before everybody else, as in a plan.
    parts.changes.sort_by_key(|(risk, _)| *risk);
    let changes = parts.changes.into_iter().map(|(_, row)| row).collect();
    let section = |title, tone, headers, rows| Section {
        title,
        tone,
        headers,
        rows,
    };
    let quiet = |title, headers, texts: &[String]| {
        let rows = texts.iter().map(|text| story::sentence(text)).collect();
        section(title, Tone::Quiet, headers, rows)
    };
    let remarks: Vec<String> = judgement
        .plan
        .remarks
        .iter()
        .map(ToString::to_string)
        .collect();
    let caveats = [drift.caveats(), judgement.caveats.clone()].concat();
    let soon = drift
        .notices
        .iter()
        .map(|text| story::sentence(text))
        .collect();
    let mut leftover = story::leftover_keys(&judgement.plan, &judgement.actions);
    if let Some(last) = leftover.rows.last_mut() {
        last.details.splice(0..0, parts.keys);
    }
    let mut sections = vec![
        leftover,
        section(
            "Departed, still live",
            Tone::Alarm,
            story::DEPARTED_HEADERS,
            parts.departed,
        ),
        section("Differences", Tone::Change, ACTION_HEADERS, changes),
        section(
            "Reported, left as it is",
            Tone::Change,
            &["Who", "What"],
            parts.reported,
        ),
        section(
            "Vanished",
            Tone::Alarm,
            &["Who", "Id", "What"],
            parts.vanished,
        ),
        section(
            "Unmanaged",
            Tone::Alarm,
            &["Who", "Role", "Why"],
            parts.unmanaged,
        ),
        appeared(drift),
        Section {
            title: "An apply would be refused",
            ..refused
        },
        section("Soon", Tone::Alarm, &["Notice"], soon),
        quiet("Worth knowing", &["Remark"], &remarks),
        quiet("Not checked", &["Caveat"], &caveats),
    ];
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// Rows by the section that they belong to.
#[derive(Default)]
struct Parts {
    departed: Vec<Row>,
    /// With their place in the order of reading.
    changes: Vec<(u8, Row)>,
    reported: Vec<Row>,
    vanished: Vec<Row>,
    unmanaged: Vec<Row>,
    /// Who made the admin keys that outlive their owner.
    keys: Vec<Phrase>,
}

impl Parts {
    fn take(&mut self, differing: &Differing, cause: Option<&Cause>, view: &DriftView<'_>) {
        let with_cause = |row: Row| Row {
            details: cause.map(told).unwrap_or_default(),
            ..row
        };
        match differing {
            Differing::DepartedLive(row) => {
                self.departed.push(with_cause(story::departed_row(row)));
            }
            Differing::Action(action) => {
                let row = with_cause(action_row(action, view));
                self.changes.push((story::risk(&action.change), row));
            }
            Differing::Undecided(conflict) => {
                self.changes.push((0, with_cause(undecided_row(conflict))));
            }
            Differing::Reported(row) => self.reported.push(with_cause(story::reported_row(row))),
            Differing::Vanished(row) => self.vanished.push(with_cause(story::vanished_row(row))),
            // They stand at the top, with those whose owner goes by an action; only the cause is left to say.
            Differing::LeftoverKey(row) => {
                let causes = cause.map(told).unwrap_or_default();
                let of = |what: Phrase| {
                    Phrase::label(row.key.id.as_str())
                        .then(Phrase::ours(": "))
                        .then(what)
                };
                self.keys.extend(causes.into_iter().map(of));
            }
            Differing::UnmanagedOwner(row) => {
                self.unmanaged.push(with_cause(Row {
                    sign: Sign::Stop,
                    ..story::unmanaged_row(row)
                }));
            }
            Differing::UnmanagedFraction { unmanaged, rows } => {
                self.unmanaged.push(fraction_row(*unmanaged, *rows));
            }
        }
    }
}

/// The row of an action, and what would withhold it.
fn action_row(action: &Action, view: &DriftView<'_>) -> Row {
    let mut row = story::action_row(action, view.plan.judgement.plan.observed_at);
    let breaches = view.withheld(action).map_or(&[][..], |row| &row.breaches);
    if let (Some(why), false) = (row.cells.last_mut(), breaches.is_empty()) {
        let names: Vec<&str> = breaches.iter().map(|breach| breach.kind.as_str()).collect();
        *why = std::mem::take(why).then(Phrase::ours(format!("; withheld: {}", names.join(", "))));
    }
    row
}

fn undecided_row(conflict: &Conflict) -> Row {
    // The entry and the live row that has its address are two people with one name.
    let mut people: Vec<&str> = conflict.people.iter().map(Person::label).collect();
    people.sort_unstable();
    people.dedup();
    let people = people.into_iter().map(Phrase::label);
    Row {
        sign: Sign::Stop,
        cells: vec![
            Phrase::ours("undecided"),
            Phrase::join(people, ", "),
            Phrase::default(),
            Phrase::sentence(&conflict.detail),
        ],
        details: Vec::new(),
        place: Some(conflict.place.clone()),
        revokes: false,
    }
}

fn fraction_row(unmanaged: usize, rows: usize) -> Row {
    Row {
        sign: Sign::Stop,
        cells: vec![
            Phrase::ours(format!("{unmanaged} of {rows} rows")),
            Phrase::default(),
            Phrase::ours("[unmanaged] leaves alone more than a fifth of the roster"),
        ],
        details: Vec::new(),
        place: None,
        revokes: false,
    }
}

fn appeared(drift: &Drift) -> Section {
    let row = |(what, cause): &(Appeared, Cause)| {
        let cells = match what {
            Appeared::AdminKey(key, holder) => {
                let holder = holder.as_deref().map(|row| Phrase::label(row.label()));
                let of = holder.map_or_else(Phrase::default, |who| Phrase::ours("of ").then(who));
                vec![Phrase::ours("admin key"), key_name(key), of]
            }
            Appeared::ServiceAccount(row) => {
                let name = row.name.as_deref().map(Phrase::label).unwrap_or_default();
                let kind = Phrase::ours("service account");
                vec![kind, Phrase::label(row.id.as_str()), name]
            }
        };
        Row {
            sign: Sign::Give,
            cells,
            details: told(cause),
            place: None,
            revokes: false,
        }
    };
    Section {
        title: "Appeared since the last verified run",
        tone: Tone::Alarm,
        headers: &["What", "Which", "Whose"],
        rows: drift.appeared.iter().flatten().map(row).collect(),
    }
}

fn key_name(key: &AdminKey) -> Phrase {
    let id = Phrase::label(key.id.as_str());
    match &key.name {
        Some(name) => id.then(Phrase::ours(" ")).then(Phrase::label(name)),
        None => id,
    }
}

/// The entries that led to a row, one sentence each, or why there is none.
fn told(cause: &Cause) -> Vec<Phrase> {
    match cause {
        Cause::Told(events) => events.iter().map(entry).collect(),
        // It is true of every row, and stands once, among what was not checked.
        Cause::Untold(Silence::Off | Silence::Unreadable) => Vec::new(),
        Cause::Untold(
            silence @ (Silence::BeforeRead { at: _, since: _ }
            | Silence::BeforeLog { at: _, oldest: _ }
            | Silence::Nothing { since: _ }),
        ) => vec![Phrase::ours(format!("by whom is not known: {silence}"))],
    }
}

/// `2026-11-20 09:12 UTC  invite sent to eve@acme.dev as reader, by kim@acme.dev in the dashboard`.
fn entry(event: &AuditEvent) -> Phrase {
    let AuditEvent {
        id: _,
        at,
        what,
        by,
        project: _,
    } = event;
    let when: Timestamp = *at;
    Phrase::ours(format!("{}  ", words::minute(when)))
        .then(Phrase::sentence(&what.to_string()))
        .then(Phrase::ours(", by "))
        .then(Phrase::sentence(&by.to_string()))
}

/// What a reader does next, for the formats that are read elsewhere.
pub(super) fn steps(view: &DriftView<'_>) -> Vec<next::Step> {
    let command = view
        .plan
        .apply
        .filter(|_| view.standing() == DriftStanding::Found);
    let step = |command: &str| next::Step {
        label: "Next",
        command: command.to_owned(),
    };
    command.map(step).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Place;
    use crate::roster::{Email, UserId};

    #[test]
    fn people_of_one_address_are_named_once() {
        let entry = Person::address(&Email::parse("zoe@x.dev").unwrap());
        let live = Person {
            id: Some(UserId::parse("user-1").unwrap()),
            ..entry.clone()
        };
        let row = undecided_row(&Conflict {
            people: vec![entry, live],
            detail: "who is who".to_owned(),
            place: Place {
                file: "members.toml".to_owned(),
                line: 1,
                column: 1,
            },
        });
        assert_eq!(row.cells[1].line(), "zoe@x.dev");
    }
}
