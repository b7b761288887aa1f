//! Plans made by hand: a line of a test is one row of a plan.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rosterctl::desired::Place;
use rosterctl::document::{PlanIds, PlanView};
use rosterctl::guardrail::{Breach, BreachKind, Judgement, Withheld};
use rosterctl::plan::{Action, Change, LeftoverKey, Note, OwnerFate, Person, Plan, Reason};
use rosterctl::roster::{
    AdminKey, Email, Flags, Invite, InviteId, InviteStatus, KeyHolder, KeyId, LiveRole, Member,
    Operation, Role, UserId,
};
use rosterctl::schedule::{Cost, OperationCost};
use serde_json::Value;

/// When the rosters of these tests were read.
pub(crate) const NOW: &str = "2026-11-24T03:15:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A time `hours` before the roster was read.
pub(crate) fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - hours * 3_600).unwrap()
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn place(line: usize) -> Place {
    Place {
        file: "members.toml".to_owned(),
        line,
        column: 1,
    }
}

pub(crate) fn member(id: &str, address: &str, role: Role) -> Member {
    Member {
        id: user(id),
        email: Some(email(address)),
        name: None,
        role: LiveRole::Known(role),
        added_at: None,
        flags: Flags::PERSON,
        api_key_last_used_at: None,
        projects: Vec::new(),
    }
}

pub(crate) fn invite(id: &str, address: &str, role: Role) -> Invite {
    Invite {
        id: InviteId::parse(id).unwrap(),
        email: email(address),
        role: LiveRole::Known(role),
        status: InviteStatus::Pending,
        created_at: Some(hours_ago(100)),
        expires_at: Some(hours_ago(-60)),
    }
}

fn action(change: Change, reason: Reason) -> Action {
    let person = match change.member() {
        Some(member) => Person::member(member),
        None => Person {
            email: change.email().cloned(),
            id: None,
        },
    };
    Action {
        change,
        person,
        reason,
        notes: Vec::new(),
        place: None,
    }
}

pub(crate) fn remove(member: Member) -> Action {
    action(Change::Remove { member }, Reason::Undeclared)
}

pub(crate) fn set_role(member: Member, to: Role) -> Action {
    action(Change::SetRole { member, to }, Reason::RoleDiffers)
}

pub(crate) fn cancel(invite: Invite) -> Action {
    action(Change::CancelInvite { invite }, Reason::Undeclared)
}

pub(crate) fn invited(address: &str, role: Role) -> Action {
    let email = email(address);
    action(Change::Invite { email, role }, Reason::Absent)
}

/// An admin key of a member, with a name of somebody's choice.
pub(crate) fn admin_key(id: &str, holder: &str, name: &str) -> AdminKey {
    AdminKey {
        id: KeyId::parse(id).unwrap(),
        name: Some(name.to_owned()),
        redacted_value: "sk-admin...abc".to_owned(),
        holder: KeyHolder::Person(user(holder)),
        created_at: Some(hours_ago(1000)),
        expires_at: None,
        last_used_at: Some(hours_ago(3)),
    }
}

pub(crate) fn revoke_key(key: AdminKey, holder: &Member) -> Action {
    let change = Change::RevokeKey {
        key,
        user: holder.id.clone(),
        email: holder.email.clone(),
    };
    let owner = OwnerFate::Removed;
    Action {
        person: Person::member(holder),
        ..action(change, Reason::KeyOutlives { owner })
    }
}

pub(crate) fn leftover_key(key: AdminKey, holder: &Member) -> LeftoverKey {
    LeftoverKey {
        person: Person::member(holder),
        key,
        fate: OwnerFate::Removed,
    }
}

pub(crate) fn with(action: Action, notes: impl IntoIterator<Item = Note>) -> Action {
    Action {
        notes: notes.into_iter().collect(),
        ..action
    }
}

/// A plan with these actions and nothing else, not judged yet.
pub(crate) fn plan(actions: Vec<Action>) -> Plan {
    Plan {
        organization: "org-AbC123".to_owned(),
        observed_at: Some(now()),
        today: "2026-11-24".parse().unwrap(),
        actions,
        conflicts: Vec::new(),
        suspicions: Vec::new(),
        reported: Vec::new(),
        unmanaged: Vec::new(),
        vanished: Vec::new(),
        departed_live: Vec::new(),
        leftover_keys: Vec::new(),
        remarks: Vec::new(),
        unchanged: 41,
        managed: 45,
        owners: BTreeSet::new(),
    }
}

/// A plan that no guardrail objects to.
pub(crate) fn approved(plan: Plan) -> Judgement {
    Judgement {
        actions: plan.actions.clone(),
        plan,
        withheld: Vec::new(),
        accepted: Vec::new(),
        breaches: Vec::new(),
        caveats: Vec::new(),
    }
}

/// A breach that is a matter of figures.
pub(crate) fn breach(kind: BreachKind, figure: f64, limit: f64) -> Breach {
    Breach {
        kind,
        limit: Some(limit),
        figure: Some(figure),
        subjects: Vec::new(),
        message: format!("the plan has {figure}, and the limit is {limit}"),
        way_on: "change the limit under [guardrails] in a reviewed commit".to_owned(),
    }
}

/// One person's breach, and the actions it withholds.
pub(crate) fn withheld(kind: BreachKind, actions: Vec<Action>) -> Withheld {
    let person = actions[0].person.clone();
    Withheld {
        breaches: vec![Breach {
            kind,
            limit: None,
            figure: None,
            subjects: vec![person.clone()],
            message: format!("{} is withheld", person.label()),
            way_on: "run with the admin key of another owner".to_owned(),
        }],
        person,
        actions,
    }
}

/// A cost of so many removals at eight a minute.
fn removals_cost(requests: usize) -> Cost {
    let time = Some(Duration::from_secs(requests as u64 * 60 / 8));
    Cost {
        operations: vec![OperationCost {
            operation: Operation::DeleteUser,
            requests,
            pace: Some("8/min".to_owned()),
            time,
        }],
        time,
    }
}

/// A plan in which every kind of row occurs.
pub(crate) fn everything() -> Judgement {
    super::everything::judgement()
}

/// A judged plan with its names and its cost: what every format takes.
pub(crate) struct Shown {
    pub(crate) judgement: Judgement,
    pub(crate) ids: PlanIds,
    pub(crate) cost: Cost,
}

impl Shown {
    /// Two removals cost something; everything else costs nothing here.
    pub(crate) fn new(judgement: Judgement, removals: usize) -> Self {
        Self {
            ids: PlanIds::of(&judgement),
            cost: if removals == 0 {
                Cost::default()
            } else {
                removals_cost(removals)
            },
            judgement,
        }
    }

    pub(crate) fn view(&self) -> PlanView<'_> {
        PlanView {
            impact: None,
            judgement: &self.judgement,
            ids: &self.ids,
            cost: &self.cost,
            apply: Some("rosterctl apply"),
            redacted: false,
            members_sha256: None,
            snapshot_taken_at: None,
            loosened: &[],
        }
    }
}

/// Fails unless a text is JSON that holds to a schema.
pub(crate) fn assert_valid(schema: &Value, text: &str) {
    let instance: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&instance)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new(), "{text}");
}
