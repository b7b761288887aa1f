//! A plan as Markdown for a comment on a pull request, an issue or a job summary.
//!
//! A comment has a limit of 65,536 characters; this stays under 60,000 bytes. Revocations get the room first, and
//! when even they do not fit, none of them is shown: a list of some would read as a list of all, so a red headline
//! with their number and the file that has them takes the table's place.

use std::fmt::Write as _;

use super::next::{self, Step};
use super::phrase::Phrase;
use super::story::{self, Row, Section, Tone};
use super::{Totals, safe, words};
use crate::desired::Place;
use crate::document::PlanView;

/// Bytes of a comment at most.
const COMMENT_BYTES_MAX: usize = 60_000;
/// Bytes of our own words in a line that says what is left out.
const MORE_BYTES: usize = 120;

/// Bytes of each part of a link at most.
const LINK_BYTES_MAX: usize = 200;

/// A plan, and what its comment needs beside it.
#[derive(Debug, Clone, Copy)]
pub struct CommentView<'a> {
    /// The plan.
    pub plan: PlanView<'a>,
    /// The name under which a later comment finds this one, to replace it.
    pub marker: Option<&'a str>,
    /// Where everything is that the comment has no room for: a file's name.
    pub everything_in: &'a str,
    /// The address under which the members file can be read, such as `https://github.com/o/r/blob/SHA`.
    pub source_url: Option<&'a str>,
    /// A unified diff of the roster, shown folded if there is room.
    pub diff: Option<&'a str>,
}

/// Returns the comment.
pub fn markdown(view: &CommentView<'_>) -> String {
    let (head, foot) = (head(view), foot(view));
    let sections = story::sections(&view.plan);
    let file = safe::markdown_name(view.everything_in);
    // Whatever does not fit is at least named, so that much is kept for every section.
    let names = sections.len() * (MORE_BYTES + file.len());
    let mut room = COMMENT_BYTES_MAX.saturating_sub(head.len() + foot.len() + names);
    let mut written = vec![String::new(); sections.len()];
    let mut order: Vec<usize> = (0..sections.len()).collect();
    order.sort_by_key(|index| claim(&sections[*index]));
    for index in order {
        let Written { table, left_out } = section_markdown(&sections[index], view, &file, room);
        room -= table.len();
        written[index] = table + &left_out;
    }
    let diff = view.diff.map(folded_diff).filter(|diff| diff.len() <= room);
    let body = written.concat();
    format!("{head}{body}{}{foot}", diff.unwrap_or_default())
}

/// Who gets the room first: what refuses, then what takes access, then everything else in the order of reading.
fn claim(section: &Section) -> u8 {
    match section.tone {
        Tone::Alarm if section.title == story::REFUSED => 0,
        Tone::Change => 1,
        Tone::Alarm => 2,
        Tone::Quiet => 3,
    }
}

fn head(view: &CommentView<'_>) -> String {
    let judgement = view.plan.judgement;
    let organization = safe::markdown_code(&judgement.plan.organization);
    let marker = view.marker.map(marker_line).unwrap_or_default();
    let totals = Totals::of(judgement);
    let revocations = judgement
        .actions
        .iter()
        .filter(|action| action.change.is_revocation())
        .count();
    let alert = if !judgement.breaches.is_empty() {
        "> [!CAUTION]\n> This plan is refused: nothing of it is executed.\n\n".to_owned()
    } else if revocations > 0 {
        let revocations = words::count(revocations, "revocation");
        format!("> [!CAUTION]\n> {revocations}: read who loses access before you approve.\n\n")
    } else if totals.is_converged() {
        "No changes: live equals desired.\n\n".to_owned()
    } else {
        String::new()
    };
    format!("{marker}### Membership plan for {organization}: {totals}\n\n{alert}")
}

/// A comment that nobody sees, by which a later run finds this one.
fn marker_line(marker: &str) -> String {
    let name: String = marker
        .chars()
        .take(100)
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._/".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("<!-- rosterctl:plan:{name} -->\n")
}

fn foot(view: &CommentView<'_>) -> String {
    let PlanView {
        judgement,
        ids,
        cost,
        apply: _,
        redacted: _,
    } = view.plan;
    let mut text = String::new();
    for Step { label, command } in next::steps(&view.plan) {
        let _ = writeln!(text, "- {label}: {}", safe::markdown_code(&command));
    }
    let read = judgement
        .plan
        .observed_at
        .map_or_else(String::new, |at| format!(" · read {}", words::minute(at)));
    let (plan, cost, version) = (&ids.plan, words::cost(cost), env!("CARGO_PKG_VERSION"));
    let _ = writeln!(
        text,
        "\n<sub>Plan `{plan}`{read} · {cost} · rosterctl {version}</sub>"
    );
    text
}

/// A section, and the line that says what is not in it.
struct Written {
    /// In at most the bytes there were.
    table: String,
    /// Room for it is kept.
    left_out: String,
}

fn section_markdown(section: &Section, view: &CommentView<'_>, file: &str, room: usize) -> Written {
    let columns = Columns::of(section);
    let (start, end) = columns.frame(section);
    // What alarms has few rows; values of any length must not push the changes out of the comment.
    let room = match section.tone {
        Tone::Alarm => room / 4,
        Tone::Change | Tone::Quiet => room,
    };
    let room = room.saturating_sub(start.len() + end.len());
    let rows = section.rows.iter();
    let rows: Vec<String> = rows.map(|row| columns.row(row, view.source_url)).collect();
    let revoking = || {
        section
            .rows
            .iter()
            .zip(&rows)
            .filter(|(row, _)| row.revokes)
    };
    let revocations: usize = revoking().map(|(_, text)| text.len()).sum();
    if section.tone == Tone::Change && revocations > room {
        let count = words::count(revoking().count(), "revocation");
        let alert = format!(
            "> [!CAUTION]\n> **{count} do not fit here. Read them in {file} before you approve.**\n\n"
        );
        return Written {
            table: String::new(),
            left_out: alert,
        };
    }
    let mut used = 0;
    let fits = |row: &&String| {
        used += row.len();
        used <= room
    };
    match rows.iter().take_while(fits).count() {
        0 => Written {
            table: String::new(),
            left_out: format!("{}: {} in {file}.\n\n", section.title, rows.len()),
        },
        fitting => Written {
            table: format!("{start}{}{end}", rows[..fitting].concat()),
            left_out: match rows.len() - fitting {
                0 => String::new(),
                more => format!("and {more} more; {file} has all of them.\n\n"),
            },
        },
    }
}

/// Which columns a section's table has beside those of its headers.
#[derive(Clone, Copy)]
struct Columns {
    details: bool,
    places: bool,
}

impl Columns {
    fn of(section: &Section) -> Self {
        Self {
            details: section.rows.iter().any(|row| !row.details.is_empty()),
            places: section.rows.iter().any(|row| row.place.is_some()),
        }
    }

    /// What stands before and after a section's rows: quiet ones are folded.
    fn frame(self, section: &Section) -> (String, String) {
        let Section {
            title,
            tone,
            headers,
            rows,
        } = section;
        let mut names = headers.to_vec();
        names.extend(self.details.then_some("Details"));
        names.extend(self.places.then_some("Where"));
        let rule = "---|".repeat(names.len());
        let table = format!("| | {} |\n|---|{rule}\n", names.join(" | "));
        match tone {
            Tone::Alarm | Tone::Change => (format!("#### {title}\n\n{table}"), "\n".to_owned()),
            Tone::Quiet => (
                format!(
                    "<details><summary>{title} ({})</summary>\n\n{table}",
                    rows.len()
                ),
                "\n</details>\n\n".to_owned(),
            ),
        }
    }

    fn row(self, row: &Row, source_url: Option<&str>) -> String {
        let Row {
            sign,
            cells,
            details,
            place,
            revokes: _,
        } = row;
        let mut written = vec![match sign.as_str() {
            " " => String::new(),
            mark => format!("`{mark}`"),
        }];
        written.extend(cells.iter().map(Phrase::markdown_cell));
        if self.details {
            let details: Vec<String> = details.iter().map(Phrase::markdown_cell).collect();
            written.push(details.join("<br>"));
        }
        if self.places {
            let place = place.as_ref().map(|place| link(place, source_url));
            written.push(place.unwrap_or_default());
        }
        format!("| {} |\n", written.join(" | "))
    }
}

/// A place, as a link where the file's name can stand in one.
fn link(place: &Place, source_url: Option<&str>) -> String {
    let Place {
        file,
        line,
        column: _,
    } = place;
    let code = safe::markdown_cell(&format!("{file}:{line}"));
    let plain = |text: &str| {
        let char_is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte);
        text.len() <= LINK_BYTES_MAX && text.bytes().all(char_is_plain)
    };
    match source_url.filter(|url| plain(url) && plain(file)) {
        Some(url) => format!("[{code}]({}/{file}#L{line})", url.trim_end_matches('/')),
        None => code,
    }
}

/// The diff in a block whose fence is longer than any run of backticks in it.
fn folded_diff(diff: &str) -> String {
    let longest = diff
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("<details><summary>Diff</summary>\n\n{fence}diff\n{diff}{fence}\n\n</details>\n\n")
}
