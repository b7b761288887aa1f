//! Sections as tables in the room there is: what takes access first, and never in part.

use super::{Comment, LINK_BYTES_MAX, MORE_BYTES};
use crate::desired::Place;
use crate::render::phrase::Phrase;
use crate::render::story::{self, Row, Section, Tone};
use crate::render::{safe, words};

/// Returns the sections in the order of reading, in at most `room` bytes, and what is left of the room.
pub(super) fn tables(sections: &[Section], comment: &Comment<'_>, room: usize) -> (String, usize) {
    let file = safe::markdown_name(comment.everything_in);
    // Whatever does not fit is at least named, so that much is kept for every section.
    let mut room = room.saturating_sub(sections.len() * (MORE_BYTES + file.len()));
    let mut written = vec![String::new(); sections.len()];
    let mut order: Vec<usize> = (0..sections.len()).collect();
    order.sort_by_key(|index| claim(&sections[*index]));
    for index in order {
        let Written { table, left_out } = section_markdown(&sections[index], comment, &file, room);
        room -= table.len();
        written[index] = table + &left_out;
    }
    (written.concat(), room)
}

/// Who gets the room first: what refuses, then what takes access, then everything else in the order of reading.
fn claim(section: &Section) -> u8 {
    match section.tone {
        Tone::Alarm if section.title == story::REFUSED => 0,
        Tone::Change => 1,
        Tone::Alarm => 2,
        Tone::Difference => 3,
        Tone::Quiet => 4,
    }
}

/// A section, and the line that says what is not in it.
struct Written {
    /// In at most the bytes there were.
    table: String,
    /// Room for it is kept.
    left_out: String,
}

fn section_markdown(section: &Section, comment: &Comment<'_>, file: &str, room: usize) -> Written {
    let columns = Columns::of(section);
    let (start, end) = columns.frame(section);
    // What alarms has few rows; values of any length must not push the changes out of the comment.
    let room = match section.tone {
        Tone::Alarm => room / 4,
        Tone::Change | Tone::Difference | Tone::Quiet => room,
    };
    let room = room.saturating_sub(start.len() + end.len());
    let rows = section.rows.iter();
    let rows: Vec<String> = rows
        .map(|row| columns.row(row, comment.source_url))
        .collect();
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
            Tone::Difference | Tone::Quiet => (
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
