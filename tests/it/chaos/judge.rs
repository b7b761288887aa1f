//! Whether a day broke the property: the report against the organization's own log, and the end state against the plan.

use std::collections::{BTreeMap, BTreeSet};

use rosterctl::journal::Record;
use rosterctl::outcome::{Exit, Outcome};
use rosterctl::plan::{Action, Change};
use rosterctl::roster::LiveRoster;
use rosterctl::simulator::{Author, Mutation};
use serde_json::Value;

use super::day::{Day, Ending};
use crate::owners::too_few;
use crate::support::made;

/// Everything that is wrong with a day; nothing, if the property holds.
pub(super) fn faults(day: &Day) -> Vec<String> {
    let log = day.case.simulator.mutations();
    let (ours, others): (Vec<Mutation>, Vec<Mutation>) = log
        .into_iter()
        .partition(|mutation| mutation.author == Author::Caller);
    let Ending::Finished(finished, before) = &day.ending else {
        return ours
            .iter()
            .map(|mutation| format!("exit {}, and yet {mutation:?}", day.exit().code()))
            .collect();
    };
    let mut faults = Vec::new();
    for (action, outcome) in &finished.executed {
        faults.extend(untrue(day, action, outcome, &ours, &others));
    }
    faults.extend(unsettled(&day.case.journal.records));
    for mutation in &ours {
        if !finished
            .executed
            .iter()
            .any(|(action, _)| made(&action.change, mutation))
        {
            faults.push(format!("outside the plan: {mutation:?}"));
        }
    }
    let rows = before.members().filter(|row| row.role.is_owner());
    let owners = rows.map(|row| row.id.to_string()).collect();
    faults.extend(too_few(
        &owners,
        &finished.executed,
        &day.case.simulator.mutations(),
    ));
    if day.exit() == Exit::Converged {
        let actions: Vec<&Action> = finished.executed.iter().map(|(action, _)| action).collect();
        faults.extend(unlike(day, before, &actions, &others));
    }
    faults
}

/// Intents that a run left open: it came to its end, whatever stopped it, so each has an outcome or is void.
fn unsettled(records: &[Record]) -> Vec<String> {
    let mut open = BTreeMap::new();
    for record in records {
        match record {
            Record::Intent(intent) => _ = open.insert(intent.seq, &intent.change),
            Record::Void { seq, at: _, why: _ }
            | Record::Outcome {
                seq,
                at: _,
                outcome: _,
            } => _ = open.remove(seq),
            Record::Plan(_) | Record::Closed { at: _, by: _ } => {}
        }
    }
    open.values()
        .map(|change| format!("{change} is left open in the journal"))
        .collect()
}

/// What the report says of one action, and the log does not.
fn untrue(
    day: &Day,
    action: &Action,
    outcome: &Outcome,
    ours: &[Mutation],
    others: &[Mutation],
) -> Vec<String> {
    let times = ours
        .iter()
        .filter(|change| made(&action.change, change))
        .count();
    let is_true = match outcome {
        // Read back, the effect of somebody else's change cannot be told from the effect of this one.
        Outcome::Done { request_id: _ } => {
            times > 0
                || (was_read_back(day, action)
                    && others.iter().any(|change| made(&action.change, change)))
        }
        Outcome::AlreadyDone { request_id: _ } => {
            is_gone(day, &action.change) || !is_claimed(day, action)
        }
        Outcome::Unknown { cause: _ } => true,
        Outcome::Failed { cause: _ }
        | Outcome::Withheld { cause: _ }
        | Outcome::NotAttempted { cause: _ } => times == 0,
    };
    let times_max = match action.change {
        // Sent once more when its effect was not seen, and setting a role twice is setting it.
        Change::SetRole { member: _, to: _ } => 2,
        Change::Remove { member: _ }
        | Change::CancelInvite { invite: _ }
        | Change::Invite { email: _, role: _ }
        | Change::RevokeKey {
            key: _,
            user: _,
            email: _,
        } => 1,
    };
    let intents = day.case.journal.records.iter().filter(
        |record| matches!(record, Record::Intent(intent) if intent.change == action.change),
    );
    [
        (!is_true).then(|| format!("{}: {outcome}, and {times} times in the log", action.change)),
        (times > times_max).then(|| format!("{}: {times} times in the log", action.change)),
        (times > intents.count())
            .then(|| format!("{}: took effect without an intent", action.change)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether the row that a change takes is gone at the end, whoever took it: a row never comes back.
fn is_gone(day: &Day, change: &Change) -> bool {
    let (table, id) = match change {
        Change::Remove { member } => ("users", member.id.as_str()),
        Change::CancelInvite { invite } => ("invites", invite.id.as_str()),
        Change::RevokeKey {
            key,
            user: _,
            email: _,
        } => ("admin_api_keys", key.id.as_str()),
        // These two take no row, so that they cannot be done already.
        Change::SetRole { member: _, to: _ } | Change::Invite { email: _, role: _ } => {
            return false;
        }
    };
    let state = day.case.simulator.state();
    let rows = state[table].as_array().cloned().unwrap_or_default();
    let is_live = |row: &Value| table != "invites" || row["status"] == "pending";
    !rows.iter().any(|row| row["id"] == id && is_live(row))
}

/// Whether the report stands by an action that it calls done.
fn is_claimed(day: &Day, action: &Action) -> bool {
    let Ending::Finished(finished, _) = &day.ending else {
        return false;
    };
    match &finished.verification {
        Some(Ok(found)) => !found.residual.contains(action),
        Some(Err(_)) | None => false,
    }
}

fn was_read_back(day: &Day, action: &Action) -> bool {
    let line = format!("reading back: {}", action.change);
    day.case.story().contains(&line)
}

/// How the organization differs from the plan's outcome, apart from what somebody else did.
fn unlike(day: &Day, before: &LiveRoster, actions: &[&Action], others: &[Mutation]) -> Vec<String> {
    let state = day.case.simulator.state();
    let touched: BTreeSet<&str> = others
        .iter()
        .flat_map(|change| [Some(change.id.as_str()), change.email.as_deref()])
        .flatten()
        .collect();
    let rows = |table: &str| state[table].as_array().cloned().unwrap_or_default();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let people: BTreeSet<(String, String)> = rows("users")
        .iter()
        .filter(|row| !touched.contains(row["email"].as_str().unwrap_or_default()))
        .map(|row| (text(row, "id"), text(row, "role")))
        .collect();
    let invited: BTreeSet<(String, String)> = rows("invites")
        .iter()
        .filter(|row| row["status"] == "pending")
        .map(|row| (text(row, "email"), text(row, "role")))
        .filter(|(email, _)| !touched.contains(email.as_str()))
        .collect();
    let mut people_meant: BTreeSet<(String, String)> = BTreeSet::new();
    for member in before.members() {
        let change = actions
            .iter()
            .find_map(|action| (action.change.member()?.id == member.id).then_some(&action.change));
        let role = match change {
            Some(Change::Remove { member: _ }) => continue,
            Some(Change::SetRole { member: _, to }) => to.as_str(),
            _ => member.role.as_str(),
        };
        let email = member.email.as_ref().map_or("", |email| email.as_str());
        if !touched.contains(email) {
            people_meant.insert((member.id.to_string(), role.to_owned()));
        }
    }
    let cancelled = |id: &str| {
        actions.iter().any(
            |action| matches!(&action.change, Change::CancelInvite { invite } if invite.id.as_str() == id),
        )
    };
    let mut invited_meant: BTreeSet<(String, String)> = before
        .invites()
        .iter()
        .filter(|invite| !cancelled(invite.id.as_str()))
        .map(|invite| (invite.email.to_string(), invite.role.as_str().to_owned()))
        .collect();
    for action in actions {
        if let Change::Invite { email, role } = &action.change {
            invited_meant.insert((email.to_string(), role.as_str().to_owned()));
        }
    }
    invited_meant.retain(|(email, _)| !touched.contains(email.as_str()));
    let revoked = |id: &str| {
        let mut keys = actions.iter().filter_map(|action| action.change.key());
        keys.any(|key| key.id.as_str() == id)
    };
    let keys: BTreeSet<(String, String)> = rows("admin_api_keys")
        .iter()
        .map(|row| (text(row, "id"), text(row, "name")))
        .filter(|(id, _)| revoked(id))
        .collect();
    [
        ("people", people, people_meant),
        ("invites", invited, invited_meant),
        ("revoked keys", keys, BTreeSet::new()),
    ]
    .into_iter()
    .filter(|(_, found, meant)| found != meant)
    .map(|(what, found, meant)| format!("exit 0, but {what} are {found:?}, not {meant:?}"))
    .collect()
}
