//! A plan that somebody reviewed, as an upper bound of what may be done.
//!
//! The document is never executed. The fresh plan is always computed from the file and the roster of the moment, and
//! an action of it that no reviewed plan holds is stale. What was reviewed and is not needed any more is fine. A
//! document is only believed as far as its own id: whoever edits an action of it edits the id away.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    ActionDocument, BreachDocument, ChangeName, FORMAT_VERSION, PersonDocument, PlanDocument,
};
use crate::guardrail::{Breach, BreachKind, ReviewedBreach};
use crate::journal::{BreachRecord, PlanRecord};
use crate::plan::{Action, Change, Plan, PlanId};
use crate::roster::LiveRole;

/// A reviewed plan whose actions have the id that it names.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewedPlan {
    id: PlanId,
    organization: String,
    read_at: Option<Timestamp>,
    /// Withheld ones included: the id is over all of them.
    actions: Vec<ActionDocument>,
    lines: BTreeSet<String>,
    breaches: Vec<ReviewedBreach>,
    members_sha256: Option<String>,
}

/// How far a clock may be behind the one of the provider, whose time a plan has.
const AHEAD_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Why a reviewed plan cannot bound a run.
#[derive(Debug, thiserror::Error)]
pub enum ReviewedError {
    /// The text is no plan document.
    #[error("it is no plan document")]
    NotADocument(#[from] serde_json::Error),
    /// It has a format that this program does not know.
    #[error("its format_version is {found}, and this version of rosterctl reads {FORMAT_VERSION}")]
    Format {
        /// The version it names.
        found: u32,
    },
    /// Its addresses are masked, so nothing can be compared with it.
    #[error("it was written with --redact-emails, so no action can be compared with it")]
    Redacted,
    /// Its actions do not have its id.
    #[error(
        "it names the plan {written}, and its actions are the plan {recomputed}: it was edited"
    )]
    Altered {
        /// The id it names.
        written: String,
        /// The id of its actions.
        recomputed: String,
    },
    /// It is about another organization.
    #[error("it is a plan for {reviewed}, and this is {live}")]
    OtherOrganization {
        /// The organization it names.
        reviewed: String,
        /// The organization at hand.
        live: String,
    },
    /// It does not say when its roster was read.
    #[error("it does not say when its roster was read, so nobody can say how old it is")]
    Undated,
    /// It says that its roster was read at a time that is yet to come, so nobody can say how old it is.
    #[error("its roster was read at {read_at}, which is yet to come")]
    Ahead {
        /// When the roster was read.
        read_at: Timestamp,
    },
    /// It is too old.
    #[error("its roster was read at {read_at}, and --plan-max-age is {days_max} days")]
    TooOld {
        /// When the roster was read.
        read_at: Timestamp,
        /// The greatest age, in days.
        days_max: u64,
    },
}

/// The part of a document that says how to read the rest.
#[derive(Deserialize)]
struct Head {
    format_version: u32,
}

impl ReviewedPlan {
    /// Reads a plan document, and recomputes its id.
    pub fn parse(text: &str) -> Result<Self, ReviewedError> {
        let Head { format_version } = serde_json::from_str(text)?;
        if format_version != FORMAT_VERSION {
            return Err(ReviewedError::Format {
                found: format_version,
            });
        }
        let document: PlanDocument = serde_json::from_str(text)?;
        if document.redacted {
            return Err(ReviewedError::Redacted);
        }
        let mut breaches: Vec<ReviewedBreach> = document
            .breaches
            .iter()
            .chain(&document.accepted)
            .filter_map(of_document)
            .collect();
        let withheld = document.withheld.iter().flat_map(|row| &row.breaches);
        breaches.extend(withheld.filter_map(of_document));
        let withheld = document.withheld.into_iter().filter_map(|row| row.action);
        let plan = Self::new(
            document.organization,
            document.observed_at,
            document.actions.into_iter().chain(withheld).collect(),
            breaches,
            &document.plan_id,
        )?;
        Ok(Self {
            members_sha256: document.members_sha256,
            ..plan
        })
    }

    /// Takes the plan of an unfinished journal, which is as good as a reviewed one: it was approved once.
    pub fn of_journal(record: &PlanRecord) -> Result<Self, ReviewedError> {
        Self::new(
            record.organization.clone(),
            Some(record.at),
            record.actions.iter().map(ActionDocument::new).collect(),
            record.accepted.iter().filter_map(of_record).collect(),
            &record.plan_id,
        )
    }

    fn new(
        organization: String,
        read_at: Option<Timestamp>,
        actions: Vec<ActionDocument>,
        breaches: Vec<ReviewedBreach>,
        written: &str,
    ) -> Result<Self, ReviewedError> {
        let lines: Vec<String> = actions.iter().map(ActionDocument::canonical).collect();
        let id = PlanId::of(&organization, lines.clone());
        if id.full() != written {
            return Err(ReviewedError::Altered {
                written: written.to_owned(),
                recomputed: id.full().to_owned(),
            });
        }
        Ok(Self {
            id,
            organization,
            read_at,
            actions,
            lines: lines.into_iter().collect(),
            breaches,
            members_sha256: None,
        })
    }

    /// Refuses a plan of another organization, or one whose roster was read too long before `now`.
    pub fn check(
        &self,
        organization: &str,
        now: Timestamp,
        age_max: Duration,
    ) -> Result<(), ReviewedError> {
        if self.organization != organization {
            return Err(ReviewedError::OtherOrganization {
                reviewed: self.organization.clone(),
                live: organization.to_owned(),
            });
        }
        let read_at = self.read_at.ok_or(ReviewedError::Undated)?;
        let age = now.duration_since(read_at);
        if age < -AHEAD_MAX {
            return Err(ReviewedError::Ahead { read_at });
        }
        if age > jiff::SignedDuration::try_from(age_max).unwrap_or(jiff::SignedDuration::MAX) {
            return Err(ReviewedError::TooOld {
                read_at,
                days_max: age_max.as_secs() / 86_400,
            });
        }
        Ok(())
    }

    /// What was wrong with it when it was reviewed.
    pub fn breaches(&self) -> &[ReviewedBreach] {
        &self.breaches
    }

    /// The SHA-256 of the members file that it was made from, if it says so.
    pub fn members_sha256(&self) -> Option<&str> {
        self.members_sha256.as_deref()
    }

    /// The id that its actions have.
    pub fn id(&self) -> &PlanId {
        &self.id
    }

    /// What was reviewed, the withheld actions included.
    pub fn actions(&self) -> &[ActionDocument] {
        &self.actions
    }

    /// Returns the actions of a fresh plan that this one does not hold; none when it bounds the plan.
    pub fn bounds<'a>(&self, fresh: &'a Plan) -> Vec<&'a Action> {
        stale(std::slice::from_ref(self), fresh)
    }

    /// Whether the action was reviewed.
    ///
    /// A cancelled invite that was accepted meanwhile has become a member: its removal takes the access that was
    /// to be taken, as long as the role is no higher.
    fn holds(&self, change: &Change) -> bool {
        if self.lines.contains(&change.canonical()) {
            return true;
        }
        let Change::Remove { member } = change else {
            return false;
        };
        let email = member.email.as_ref().map(crate::roster::Email::as_str);
        email.is_some()
            && self.actions.iter().any(|action| {
                action.change == ChangeName::CancelInvite
                    && action.email.as_deref() == email
                    && is_no_higher(&member.role, action.before.as_deref())
            })
    }

    /// Whether a fresh breach is no worse than one that was reviewed: same kind, figure and subjects no larger.
    pub fn covers(&self, fresh: &Breach) -> bool {
        self.breaches.iter().any(|reviewed| reviewed.covers(fresh))
    }
}

/// Returns the actions of a fresh plan that none of the reviewed plans holds.
pub fn stale<'a>(reviewed: &[ReviewedPlan], fresh: &'a Plan) -> Vec<&'a Action> {
    fresh
        .actions
        .iter()
        .filter(|action| !reviewed.iter().any(|plan| plan.holds(&action.change)))
        .collect()
}

fn is_no_higher(live: &LiveRole, reviewed: Option<&str>) -> bool {
    match (live, &LiveRole::observed(reviewed)) {
        (LiveRole::Known(live), LiveRole::Known(reviewed)) => live <= reviewed,
        // Nobody knows the rank of a word that this program does not know.
        (live, reviewed) => live == reviewed,
    }
}

/// The breach of a document; `None` for a kind that this version does not know, which then covers nothing.
fn of_document(document: &BreachDocument) -> Option<ReviewedBreach> {
    let BreachDocument {
        breach,
        limit: _,
        figure,
        subjects,
        message: _,
        way_on: _,
    } = document;
    let label = |person: &PersonDocument| person.email.clone().or_else(|| person.user_id.clone());
    Some(ReviewedBreach {
        kind: BreachKind::parse(breach)?,
        figure: *figure,
        subjects: subjects.iter().filter_map(label).collect(),
    })
}

fn of_record(record: &BreachRecord) -> Option<ReviewedBreach> {
    let BreachRecord {
        breach,
        figure,
        subjects,
    } = record;
    Some(ReviewedBreach {
        kind: BreachKind::parse(breach)?,
        figure: *figure,
        subjects: subjects.iter().cloned().collect(),
    })
}
