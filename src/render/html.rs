//! A plan or a report as one HTML page that needs nothing else and can run nothing.
//!
//! Its content policy allows the inline style and nothing more, so that even a mistake in escaping could not run a
//! script, load a picture or send a form.

use std::fmt::Write as _;

use super::next::{self, Step};
use super::phrase::Phrase;
use super::story::{self, Row, Section, Sign, Tone};
use super::{drift, report, safe, words};
use crate::document::{DriftView, PlanView, ReportView};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}\
th,td{border-bottom:1px solid #8884;padding:.3rem .6rem;text-align:left;vertical-align:top}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}\
.alarm h2{color:#c0392b}.take{color:#c0392b}.give{color:#1e8449}.change{color:#b9770e}\
bdi,code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\
p.detail{margin:.2rem 0 0;opacity:.8}";

/// Returns the page of a plan.
pub fn plan_html(view: &PlanView<'_>) -> String {
    let mut foot = vec![format!("Cost: {}.", safe::html(&words::cost(view.cost)))];
    for Step { label, command } in next::steps(view) {
        foot.push(format!("{label}: <code>{}</code>", safe::html(&command)));
    }
    let headline = [next::headline(view.judgement)];
    page(
        "Membership plan",
        &headline,
        &story::sections(view),
        &foot,
        view,
    )
}

/// Returns the page of a drift report.
pub fn drift_html(view: &DriftView<'_>) -> String {
    let mut foot = vec![format!("Drift id <code>{}</code>", view.plan.ids.drift)];
    for Step { label, command } in drift::steps(view) {
        foot.push(format!("{label}: <code>{}</code>", safe::html(&command)));
    }
    page(
        "Membership drift",
        &[drift::headline(view)],
        &drift::sections(view),
        &foot,
        &view.plan,
    )
}

/// Returns the page of a finished apply.
pub fn report_html(view: &ReportView<'_>) -> String {
    let headline = [
        report::summary(view),
        report::verdict(view),
        report::exit(view),
    ];
    let journal = view
        .journal
        .map(|path| format!("Journal: {}", Phrase::label(path).html()));
    let foot: Vec<String> = journal.into_iter().collect();
    page(
        "Membership apply",
        &headline,
        &report::sections(view),
        &foot,
        &view.plan,
    )
}

/// A page of sections; `foot` is HTML already.
fn page(
    what: &str,
    headline: &[String],
    sections: &[Section],
    foot: &[String],
    view: &PlanView<'_>,
) -> String {
    let mut body = String::new();
    for line in headline {
        let _ = writeln!(body, "<p><strong>{}</strong></p>", safe::html(line));
    }
    for section in sections {
        section_html(&mut body, section);
    }
    for line in foot {
        let _ = writeln!(body, "<p>{line}</p>");
    }
    let plan = &view.judgement.plan;
    let read = plan
        .observed_at
        .map_or_else(String::new, |at| format!(", read {}", words::minute(at)));
    let footer = format!("Plan id <code>{}</code>{read}", view.ids.plan);
    frame(what, &plan.organization, &body, &footer)
}

/// A page around a body and a footer that are HTML already.
pub(super) fn frame(what: &str, organization: &str, body: &str, footer: &str) -> String {
    let organization = safe::html(organization);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{what} for {organization}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{what} for <bdi>{organization}</bdi></h1>\n{body}\
         <footer>{footer}, rosterctl {version}</footer>\n</body>\n</html>\n"
    )
}

fn section_html(body: &mut String, section: &Section) {
    let Section {
        title,
        tone,
        headers,
        rows,
    } = section;
    let class = match tone {
        Tone::Alarm => "alarm",
        Tone::Change => "changes",
        Tone::Difference | Tone::Quiet => "quiet",
    };
    let _ = write!(
        body,
        "<section class=\"{class}\">\n<h2>{title} ({})</h2>\n<table>\n<tr><th></th>",
        rows.len()
    );
    for header in *headers {
        let _ = write!(body, "<th>{header}</th>");
    }
    body.push_str("</tr>\n");
    for row in rows {
        row_html(body, row);
    }
    body.push_str("</table>\n</section>\n");
}

fn row_html(body: &mut String, row: &Row) {
    let Row {
        sign,
        cells,
        details,
        place,
        revokes: _,
    } = row;
    let class = match sign {
        Sign::Take | Sign::Stop => "take",
        Sign::Give => "give",
        Sign::Change => "change",
        Sign::Nothing => "",
    };
    let _ = write!(body, "<tr><td class=\"{class}\">{}</td>", sign.as_str());
    let last = cells.len().saturating_sub(1);
    for (index, cell) in cells.iter().enumerate() {
        let mut under = Vec::new();
        if index == last {
            under.extend(details.iter().map(Phrase::html));
            under.extend(
                place
                    .as_ref()
                    .map(|place| Phrase::label(&format!("{}:{}", place.file, place.line)).html()),
            );
        }
        let _ = write!(body, "<td>{}{}</td>", cell.html(), paragraphs(&under));
    }
    body.push_str("</tr>\n");
}

fn paragraphs(texts: &[String]) -> String {
    let mut html = String::new();
    for text in texts {
        let _ = write!(html, "<p class=\"detail\">{text}</p>");
    }
    html
}
