//! The document of a drift report: what differs, and who caused it as far as the audit log says.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ChangeName, FORMAT_VERSION, PersonDocument, PlanDocument, PlanView};
use crate::attribution::{Appeared, Cause, Differing, Drift};
use crate::guardrail::Withheld;
use crate::plan::{Action, Person};
use crate::roster::{
    Actor, ActorHolder, AdminKey, AuditEvent, AuditReading, Email, Somebody, UserId,
};

/// Everything that a document or a text needs to show what differs.
#[derive(Debug, Clone, Copy)]
pub struct DriftView<'a> {
    /// The plan that would settle it, and what the guardrails said about that.
    pub plan: PlanView<'a>,
    /// What differs; `None` where no plan can be made, so that nobody knows.
    pub drift: Option<&'a Drift>,
}

impl<'a> DriftView<'a> {
    /// What withholds an action, if anything does.
    pub fn withheld(&self, action: &Action) -> Option<&'a Withheld> {
        let withheld = &self.plan.judgement.withheld;
        withheld.iter().find(|row| row.actions.contains(action))
    }

    /// Whether something differs, as far as that is known.
    pub fn standing(&self) -> DriftStanding {
        match self.drift {
            None => DriftStanding::Unknown,
            Some(drift) if drift.differs() => DriftStanding::Found,
            Some(_) => DriftStanding::None,
        }
    }
}

/// What differs between the organization and the members file, and who caused it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// The version of the program that wrote the document.
    pub rosterctl: String,
    /// Whether anything differs. What could not be read is `unknown`, never `none`.
    pub drift: DriftStanding,
    /// SHA-256 over everything that differs, 64 hexadecimal digits: it changes when somebody should look again.
    pub drift_id: String,
    /// The organization: its id as the provider gave it, else as the file has it.
    pub organization: String,
    /// When the roster was read: the provider's date, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub observed_at: Option<Timestamp>,
    /// Whether addresses and names are masked.
    pub redacted: bool,
    /// What differs, in the order of reading.
    pub differences: Vec<DifferenceDocument>,
    /// Admin keys and service accounts that were not there after the last verified run.
    pub appeared: Vec<AppearedDocument>,
    /// What will happen soon, in sentences.
    pub notices: Vec<String>,
    /// What could not be looked at, in sentences.
    pub caveats: Vec<String>,
    /// The audit log that the causes are from; null where it was not asked.
    pub audit_log: Option<AuditLogDocument>,
    /// The plan that would settle it.
    pub plan: PlanDocument,
}

/// Whether anything differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriftStanding {
    /// Nothing does.
    None,
    /// Something does.
    Found,
    /// No plan can be made, so nobody knows.
    Unknown,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceDocument {
    /// Its kind: a change such as `remove`, `undecided`, a reported difference such as `undeclared-member`,
    /// `vanished`, `departed-still-live`, `leftover-key`, `unmanaged-owner`,
    /// `unmanaged-fraction`.
    pub kind: String,
    /// Whom it is about; empty for a figure of the whole roster, several for an identity that cannot be decided.
    pub people: Vec<PersonDocument>,
    /// What differs, in a clause.
    pub detail: String,
    /// The guardrails that would withhold it.
    pub withheld_by: Vec<String>,
    /// Who caused it; null where there is nobody to ask for.
    pub cause: Option<CauseDocument>,
}

/// Who caused something, as far as the audit log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CauseDocument {
    /// The entries that led to it, the oldest first.
    pub events: Vec<EventDocument>,
    /// Why there is none, in a clause; null where there is one.
    pub untold: Option<String>,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventDocument {
    /// The entry's id.
    pub id: String,
    /// The provider's name of its kind, such as `user.added`.
    pub event: String,
    /// When it took effect, RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// What happened, in a clause.
    pub detail: String,
    /// Whose doing it was.
    pub actor: ActorDocument,
}

/// Whose doing an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActorDocument {
    /// By what means.
    pub means: Means,
    /// The member's id.
    pub user_id: Option<String>,
    /// The member's address.
    pub email: Option<String>,
    /// The key's id, where a key was used.
    pub key_id: Option<String>,
    /// The service account that holds the key.
    pub service_account_id: Option<String>,
}

/// By what means something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// In the dashboard.
    Session,
    /// With an API key.
    ApiKey,
    /// The log does not say.
    Unknown,
}

/// Something that was not there after the last verified run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppearedDocument {
    /// `admin-key` or `service-account`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Who holds the key, where that is a member.
    pub holder: Option<PersonDocument>,
    /// When it was made, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// Who made it.
    pub cause: CauseDocument,
}

/// What came of reading the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditLogDocument {
    /// Whether it was read.
    pub reading: Reading,
    /// From when on it was read, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub since: Option<Timestamp>,
    /// How many entries about members, invites and keys it has.
    pub entries: Option<usize>,
    /// Why it was not read, in a clause.
    pub reason: Option<String>,
}

/// Whether the audit log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// It was.
    Read,
    /// The organization has it switched off.
    Off,
    /// It could not be.
    Unreadable,
}

impl DriftDocument {
    /// Writes a drift report.
    pub fn new(view: &DriftView<'_>) -> Self {
        let plan = PlanDocument::new(&view.plan);
        let bare = Self {
            format_version: FORMAT_VERSION,
            rosterctl: plan.rosterctl.clone(),
            drift: view.standing(),
            drift_id: plan.drift_id.clone(),
            organization: plan.organization.clone(),
            observed_at: plan.observed_at,
            redacted: plan.redacted,
            differences: Vec::new(),
            appeared: Vec::new(),
            notices: Vec::new(),
            caveats: Vec::new(),
            audit_log: None,
            plan,
        };
        let Some(drift) = view.drift else {
            return bare;
        };
        let Drift {
            rows,
            appeared,
            notices,
            log,
        } = drift;
        Self {
            differences: rows
                .iter()
                .map(|(row, cause)| DifferenceDocument::new(row, cause.as_ref(), view))
                .collect(),
            appeared: appeared
                .iter()
                .flatten()
                .map(|(what, cause)| AppearedDocument::new(what, cause))
                .collect(),
            notices: notices.clone(),
            caveats: drift.caveats(),
            audit_log: Some(AuditLogDocument::new(log)),
            ..bare
        }
    }
}

impl DifferenceDocument {
    fn new(row: &Differing, cause: Option<&Cause>, view: &DriftView<'_>) -> Self {
        let one = |person: &Person| vec![PersonDocument::new(person)];
        let (kind, people, detail, withheld) = match row {
            Differing::DepartedLive(row) => {
                let detail = format!("{}; {}, never removed here", row.why, row.protection);
                ("departed-still-live", one(&row.person), detail, None)
            }
            Differing::Action(action) => {
                let detail = format!("{}: {}", action.change, action.reason);
                let withheld = view.withheld(action);
                let kind = ChangeName::of(&action.change).as_str();
                (kind, one(&action.person), detail, withheld)
            }
            Differing::Undecided(conflict) => {
                let people = conflict.people.iter().map(PersonDocument::new).collect();
                ("undecided", people, conflict.detail.clone(), None)
            }
            Differing::Reported(row) => {
                let detail = row.difference.to_string();
                (row.difference.kind(), one(&row.person), detail, None)
            }
            Differing::Vanished(row) => {
                let person = Person {
                    email: Some(row.email.clone()),
                    id: Some(row.id.clone()),
                };
                let detail = "pinned, no longer live".to_owned();
                ("vanished", one(&person), detail, None)
            }
            Differing::LeftoverKey(row) => {
                let detail = format!("admin key {}: {}", row.key.id, row.fate.as_str());
                ("leftover-key", one(&row.person), detail, None)
            }
            Differing::UnmanagedOwner(row) => {
                let detail = format!("owner, left alone: {}", row.why);
                ("unmanaged-owner", one(&row.person), detail, None)
            }
            Differing::UnmanagedFraction { unmanaged, rows } => {
                let detail = format!("{unmanaged} of {rows} rows are left alone by the file");
                ("unmanaged-fraction", Vec::new(), detail, None)
            }
        };
        let breaches = withheld.map_or(&[][..], |row| &row.breaches);
        Self {
            kind: kind.to_owned(),
            people,
            detail,
            withheld_by: breaches
                .iter()
                .map(|breach| breach.kind.as_str().to_owned())
                .collect(),
            cause: cause.map(CauseDocument::new),
        }
    }
}

impl CauseDocument {
    fn new(cause: &Cause) -> Self {
        match cause {
            Cause::Told(events) => Self {
                events: events.iter().map(EventDocument::new).collect(),
                untold: None,
            },
            Cause::Untold(silence) => Self {
                events: Vec::new(),
                untold: Some(silence.to_string()),
            },
        }
    }
}

impl EventDocument {
    fn new(event: &AuditEvent) -> Self {
        let AuditEvent {
            id,
            at,
            what,
            by,
            project: _,
        } = event;
        Self {
            id: id.clone(),
            event: what.kind().as_str().to_owned(),
            at: *at,
            detail: what.to_string(),
            actor: ActorDocument::new(by),
        }
    }
}

impl ActorDocument {
    fn new(actor: &Actor) -> Self {
        let bare = Self {
            means: Means::Unknown,
            user_id: None,
            email: None,
            key_id: None,
            service_account_id: None,
        };
        let person = |means, Somebody { id, email }: &Somebody| Self {
            means,
            user_id: id.as_ref().map(UserId::to_string),
            email: email.as_ref().map(Email::to_string),
            ..bare.clone()
        };
        match actor {
            Actor::Session(somebody) => person(Means::Session, somebody),
            Actor::Key { id, holder } => Self {
                key_id: id.clone(),
                ..match holder {
                    ActorHolder::Person(somebody) => person(Means::ApiKey, somebody),
                    ActorHolder::ServiceAccount(account) => Self {
                        means: Means::ApiKey,
                        service_account_id: account.clone(),
                        ..bare
                    },
                    ActorHolder::Unsaid => Self {
                        means: Means::ApiKey,
                        ..bare
                    },
                }
            },
            Actor::Unsaid => bare,
        }
    }
}

impl AppearedDocument {
    fn new(what: &Appeared, cause: &Cause) -> Self {
        let cause = CauseDocument::new(cause);
        match what {
            Appeared::AdminKey(key, holder) => {
                let AdminKey {
                    id,
                    name,
                    redacted_value: _,
                    holder: _,
                    created_at,
                    expires_at: _,
                    last_used_at: _,
                } = key;
                let holder = holder.as_deref().map(Person::member);
                Self {
                    kind: "admin-key".to_owned(),
                    id: id.to_string(),
                    name: name.clone(),
                    holder: holder.as_ref().map(PersonDocument::new),
                    created_at: *created_at,
                    cause,
                }
            }
            Appeared::ServiceAccount(row) => Self {
                kind: "service-account".to_owned(),
                id: row.id.to_string(),
                name: row.name.clone(),
                holder: None,
                created_at: row.added_at,
                cause,
            },
        }
    }
}

impl AuditLogDocument {
    fn new(reading: &AuditReading) -> Self {
        let unread = |reading, reason: &str| Self {
            reading,
            since: None,
            entries: None,
            reason: Some(reason.to_owned()),
        };
        match reading {
            AuditReading::Read(log) => Self {
                reading: Reading::Read,
                since: Some(log.since),
                entries: Some(log.events.len()),
                reason: None,
            },
            AuditReading::Off { reason } => unread(Reading::Off, reason),
            AuditReading::Unreadable { reason } => unread(Reading::Unreadable, reason),
        }
    }
}
