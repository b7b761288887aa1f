//! Values in, text out: every format of a plan and of a report.
//!
//! Nothing here opens a file, looks at a terminal or reads a clock: a format is a function of values, so that a
//! snapshot test is all it takes to review one. Every value of the provider or the file is untrusted and passes
//! [`safe`] on its way out.

mod check;
mod declared;
mod diff;
mod drift;
mod github;
mod gitlab;
mod html;
mod impact;
mod json;
mod loosened;
mod markdown;
mod next;
mod paint;
mod phrase;
pub mod redact;
mod report;
pub mod safe;
mod stale;
mod story;
mod table;
mod text;
mod totals;
mod withheld;
mod words;

pub(crate) use words::{count, duration, request};

pub use check::check_github;
pub use declared::declared_table;
pub use diff::{diff, source_diff};
pub use drift::drift_text;
pub use github::{drift_github, failure_github, plan_github, report_github};
pub use gitlab::gitlab;
pub use html::{drift_html, plan_html, report_html};
pub use json::json;
pub use markdown::{
    Comment, drift_markdown, failure_markdown, plan_markdown, report_markdown, unread_markdown,
};
pub use paint::Paint;
pub use report::report_text;
pub use stale::{stale_github, stale_html, stale_markdown, stale_text};
pub use table::roster_table;
pub use text::{no_plan_text, plan_text, refusal_text};
pub use totals::Totals;

pub use crate::document::{ImpactView, PlanIds, PlanView, ReportView};
