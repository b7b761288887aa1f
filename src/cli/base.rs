//! The members file before a change, as `plan --base` names it.
//!
//! The file under review sets the limits that it is reviewed by, so the file before it has a say: what the change
//! loosens is shown above the plan, and the plan is judged by the stricter of both files' guardrails.

use std::path::Path;

use super::failure::Failure;
use super::files::{MembersFile, shown};
use crate::desired::{DesiredRoster, Loosening, ceilings, includes, loosenings, stricter};
use crate::outcome::Exit;

/// Returns what `file` allows more than the one before it, and puts the stricter guardrails of both into it.
pub(super) fn compare(
    base: &Path,
    file: &MembersFile,
    desired: &mut DesiredRoster,
) -> Result<Vec<Loosening>, Failure> {
    if !base.exists() {
        let failure = Failure::new(format!("there is no file {} to compare with", shown(base)));
        return Err(failure.hint(
            "for a first members file leave --base out; for any other, write the file as it was before the change: \
             git show origin/main:members.toml > base.toml",
        ));
    }
    let base_file = MembersFile::read(base)?;
    let before = base_file.declared().map_err(|failure| {
        failure.hint(if includes(&base_file.sources[0]).is_empty() {
            "that is the file before the change; if the change mends it, plan without --base and review the whole file"
        } else {
            "that is the file before the change, and what it includes lies beside it: take the whole folder, as in \
             git worktree add ../before origin/main, and --base ../before/members.toml"
        })
    })?;
    let (old, new) = (&before.organization.id, &desired.organization.id);
    if old != new {
        let failure = Failure::new(format!(
            "{} is of organization {old}, and this file is of {new}",
            shown(base)
        ));
        return Err(failure
            .hint(
                "name the same organization's file before the change; a file that changes its organization is \
                 planned without --base",
            )
            .exit(Exit::Refused));
    }
    let roots = [&base_file, file].map(|file| includes(&file.sources[0]));
    let mut loosened = ceilings(&roots[0], &roots[1]);
    loosened.extend(loosenings(&before, desired));
    desired.guardrails = stricter(&before.guardrails, &desired.guardrails);
    Ok(loosened)
}
