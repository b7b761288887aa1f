//! What a stale run says, in every format: the difference between what was reviewed and what would be done now.
//!
//! Lines of the diff that start with `+` were reviewed by nobody. Those that start with `-` were reviewed and are not
//! needed any more, which is fine.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use similar::TextDiff;

use super::github::failure_github;
use super::markdown::{Comment, fenced};
use super::safe::{self, Shown};
use super::story::{Sign, Tone};
use super::{Paint, html, words};
use crate::document::{ActionDocument, ChangeName, ReviewedPlan, stale};
use crate::plan::{Plan, Remark};

/// How one goes on from a stale run.
const WAY_ON: &str = "write a new plan with `plan --out`, have it reviewed, and apply that one.";

/// Returns how many actions no reviewed plan holds, and a unified diff of reviewed and fresh actions.
pub fn stale_text(reviewed: &[ReviewedPlan], fresh: &Plan, paint: Paint) -> String {
    let mut text = paint.title(Tone::Alarm, &headline(reviewed, fresh));
    text.push('\n');
    for line in diff(reviewed, fresh).lines() {
        let sign = match line.as_bytes().first() {
            Some(b'+') => Sign::Stop,
            _ => Sign::Nothing,
        };
        let _ = writeln!(text, "{}", paint.row(sign, line));
    }
    let _ = writeln!(text, "Way on: {WAY_ON}");
    text
}

/// Returns a comment for a pull request: a stale plan's replaces that of the reviewed one.
pub fn stale_markdown(reviewed: &[ReviewedPlan], fresh: &Plan, comment: &Comment<'_>) -> String {
    let marker = comment.marker_line("plan");
    let organization = safe::markdown_code(&fresh.organization);
    let headline = headline(reviewed, fresh);
    let diff = diff(reviewed, fresh);
    let diff = if diff.len() <= DIFF_BYTES_MAX {
        fenced("diff", &diff)
    } else {
        format!(
            "The difference is in {}.\n",
            safe::markdown_name(comment.everything_in)
        )
    };
    format!(
        "{marker}### Membership apply for {organization}: nothing was changed\n\n\
         > [!CAUTION]\n> {headline}\n\n{diff}\nWay on: {WAY_ON}\n"
    )
}

/// Returns one workflow command per action that nobody reviewed, and the headline.
pub fn stale_github(reviewed: &[ReviewedPlan], fresh: &Plan) -> String {
    let unreviewed = stale(reviewed, fresh);
    let mut reasons = vec![headline(reviewed, fresh)];
    reasons.extend(unreviewed.iter().map(|action| {
        let line = line(&ActionDocument::new(action));
        format!("not reviewed: {}", line.trim_end())
    }));
    failure_github(&reasons)
}

/// Returns a page of its own.
pub fn stale_html(reviewed: &[ReviewedPlan], fresh: &Plan) -> String {
    let diff = safe::escape_html(&diff(reviewed, fresh));
    let headline = headline(reviewed, fresh);
    let body = format!(
        "<p><strong>{headline}</strong></p>\n<pre>{diff}</pre>\n<p>Way on: {}</p>\n",
        safe::html(WAY_ON)
    );
    html::frame(
        "Stale membership plan",
        &fresh.organization,
        &body,
        "Nothing was changed",
    )
}

/// Bytes of a diff in a comment at most.
const DIFF_BYTES_MAX: usize = 50_000;

fn headline(reviewed: &[ReviewedPlan], fresh: &Plan) -> String {
    let unreviewed = stale(reviewed, fresh).len();
    let actions = words::count(unreviewed, "action");
    let is = if unreviewed == 1 { "is" } else { "are" };
    format!("Stale: {actions} of the fresh plan {is} in no reviewed plan.")
}

/// The actions of all reviewed plans and of the fresh one, compared line by line.
fn diff(reviewed: &[ReviewedPlan], fresh: &Plan) -> String {
    let fresh_actions: Vec<_> = fresh.actions.iter().map(ActionDocument::new).collect();
    let reviewed = reviewed.iter().flat_map(ReviewedPlan::actions);
    let old = listing(reviewed.filter(|action| is_in_question(action, fresh, &fresh_actions)));
    let new = listing(fresh_actions.iter());
    TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(1)
        .header("reviewed", "fresh")
        .to_string()
}

/// Whether a reviewed action is about somebody whom a narrowed plan is about; of the others nobody asked.
fn is_in_question(
    reviewed: &ActionDocument,
    fresh: &Plan,
    fresh_actions: &[ActionDocument],
) -> bool {
    let only = fresh.remarks.iter().find_map(|remark| match remark {
        Remark::Narrowed {
            only,
            revocations_only: _,
            left: _,
        } => Some(only),
        _ => None,
    });
    let Some(only) = only else {
        return true;
    };
    let email = reviewed.email.as_deref();
    let is_named = only.iter().any(|named| Some(named.as_str()) == email);
    is_named
        || fresh_actions.iter().any(|action| {
            (email.is_some() && action.email.as_deref() == email)
                || (action.user_id.is_some() && action.user_id == reviewed.user_id)
        })
}

/// The actions as sorted lines, each once.
fn listing<'a>(actions: impl Iterator<Item = &'a ActionDocument>) -> String {
    let lines: BTreeSet<String> = actions.map(line).collect();
    lines.into_iter().collect::<Vec<_>>().concat()
}

/// `remove eve@acme.dev user-7 reader`; `re-role lin@acme.dev user-9 owner -> reader`.
fn line(action: &ActionDocument) -> String {
    let ActionDocument {
        change,
        user_id,
        invite_id,
        key,
        email,
        before,
        after,
        reason: _,
        notes: _,
        place: _,
    } = action;
    let verb = match change {
        ChangeName::Remove => "remove",
        ChangeName::Invite => "invite",
        ChangeName::SetRole => "re-role",
        ChangeName::CancelInvite => "cancel-invite",
        ChangeName::RevokeKey => "revoke-key",
    };
    let id = user_id.as_ref().or(invite_id.as_ref());
    let key_id = key.as_ref().map(|key| &key.id);
    let values = [email.as_ref(), id, key_id, before.as_ref()];
    let mut line = values
        .into_iter()
        .flatten()
        .fold(verb.to_owned(), |line, value| {
            format!("{line} {}", Shown::label(value))
        });
    if let Some(after) = after {
        let arrow = if before.is_some() { "-> " } else { "" };
        let _ = write!(line, " {arrow}{}", Shown::label(after));
    }
    line.push('\n');
    line
}
