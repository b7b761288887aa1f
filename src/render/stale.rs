//! What a stale run says: the difference between what was reviewed and what would be done now.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use similar::TextDiff;

use super::safe::Shown;
use super::story::{Sign, Tone};
use super::{Paint, words};
use crate::document::{ActionDocument, ChangeName, ReviewedPlan, stale};
use crate::plan::Plan;

/// Returns how many actions no reviewed plan holds, and a unified diff of reviewed and fresh actions.
///
/// Lines of the diff that start with `-` were reviewed and are not needed any more, which is fine.
pub fn stale_text(reviewed: &[ReviewedPlan], fresh: &Plan, paint: Paint) -> String {
    let unreviewed = stale(reviewed, fresh).len();
    let actions = words::count(unreviewed, "action");
    let is = if unreviewed == 1 { "is" } else { "are" };
    let old = listing(
        reviewed
            .iter()
            .flat_map(|plan| plan.actions().iter().cloned()),
    );
    let new = listing(fresh.actions.iter().map(ActionDocument::new));
    let diff = TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(1)
        .header("reviewed", "fresh")
        .to_string();
    let mut text = paint.title(
        Tone::Alarm,
        &format!("Stale: {actions} of the fresh plan {is} in no reviewed plan."),
    );
    text.push('\n');
    for line in diff.lines() {
        let sign = match line.as_bytes().first() {
            Some(b'+') => Sign::Stop,
            _ => Sign::Nothing,
        };
        let _ = writeln!(text, "{}", paint.row(sign, line));
    }
    let _ = writeln!(
        text,
        "Way on: write a new plan with `plan --out`, have it reviewed, and apply that one."
    );
    text
}

/// The actions as sorted lines, each once.
fn listing(actions: impl Iterator<Item = ActionDocument>) -> String {
    let lines: BTreeSet<String> = actions.map(|action| line(&action)).collect();
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
