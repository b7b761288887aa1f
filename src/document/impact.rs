//! What removals break, and what became of it, in documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CostDocument, ImpactView, KeyDocument, PersonDocument};
use crate::impact::{Aftermath, Impact, KeyFate, OwnedKey, PersonImpact, Survivor, Unread};
use crate::roster::{Project, ProjectKey};

/// What the removals of a plan break.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImpactDocument {
    /// Whether anybody looked.
    pub status: ImpactStatus,
    /// People whom the plan removes; null where nobody looked.
    pub removals: Option<usize>,
    /// Projects that were looked at; null where nobody looked.
    pub projects: Option<usize>,
    /// The removed people who own anything.
    pub people: Vec<PersonImpactDocument>,
    /// What could not be read.
    pub unread: Vec<UnreadDocument>,
    /// What looking would cost, where nobody looked.
    pub cost: Option<CostDocument>,
    /// Why nobody could look, in a clause.
    pub why: Option<String>,
}

/// Whether anybody looked at what removals break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImpactStatus {
    /// Every project was looked at.
    Known,
    /// Nobody looked: `--impact` does.
    Open,
    /// The projects could not be listed.
    Unread,
}

/// What one removal breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonImpactDocument {
    /// Who is removed.
    pub person: PersonDocument,
    /// Their keys in projects.
    pub project_keys: Vec<OwnedKeyDocument>,
    /// Their admin keys, which outlive them.
    pub admin_keys: Vec<KeyDocument>,
    /// Projects in which nobody who stays has the role owner.
    pub only_owner_of: Vec<ProjectDocument>,
}

/// A key, and the project that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnedKeyDocument {
    /// The project.
    pub project: ProjectDocument,
    /// The key.
    pub key: KeyDocument,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectDocument {
    /// Its id.
    pub id: String,
    /// The name that somebody gave it.
    pub name: Option<String>,
    /// Whether it is archived.
    pub archived: bool,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadDocument {
    /// The project whose keys or members it is; null: the admin keys.
    pub project: Option<ProjectDocument>,
    /// Why, in a clause.
    pub why: String,
}

impl ImpactDocument {
    /// Writes what is known.
    pub fn new(view: ImpactView<'_>) -> Self {
        let bare = |status| Self {
            status,
            removals: None,
            projects: None,
            people: Vec::new(),
            unread: Vec::new(),
            cost: None,
            why: None,
        };
        match view {
            ImpactView::Known(Impact {
                people,
                unread,
                removals,
                projects,
            }) => Self {
                removals: Some(*removals),
                projects: Some(*projects),
                people: people.iter().map(person).collect(),
                unread: unread.iter().map(unread_row).collect(),
                ..bare(ImpactStatus::Known)
            },
            ImpactView::Open(cost) => Self {
                cost: Some(CostDocument::new(cost)),
                ..bare(ImpactStatus::Open)
            },
            ImpactView::Unread(why) => Self {
                why: Some(why.to_owned()),
                ..bare(ImpactStatus::Unread)
            },
        }
    }
}

fn person(row: &PersonImpact) -> PersonImpactDocument {
    let PersonImpact {
        person,
        project_keys,
        admin_keys,
        only_owner_of,
    } = row;
    PersonImpactDocument {
        person: PersonDocument::new(person),
        project_keys: project_keys.iter().map(owned).collect(),
        admin_keys: admin_keys.iter().map(KeyDocument::admin).collect(),
        only_owner_of: only_owner_of.iter().map(project).collect(),
    }
}

fn owned(row: &OwnedKey) -> OwnedKeyDocument {
    let OwnedKey { project, key } = row;
    let ProjectKey {
        id,
        name,
        redacted_value,
        holder: _,
        last_used_at,
        owner_has_access: _,
    } = key;
    OwnedKeyDocument {
        project: self::project(project),
        key: KeyDocument {
            id: id.to_string(),
            name: name.clone(),
            redacted_value: redacted_value.clone(),
            last_used_at: *last_used_at,
        },
    }
}

fn project(project: &Project) -> ProjectDocument {
    let Project { id, name, archived } = project;
    ProjectDocument {
        id: id.to_string(),
        name: name.clone(),
        archived: *archived,
    }
}

fn unread_row(row: &Unread) -> UnreadDocument {
    let Unread { project, why } = row;
    UnreadDocument {
        project: project.as_ref().map(self::project),
        why: why.clone(),
    }
}

/// What became of the keys of people who were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AftermathDocument {
    /// Keys that are still listed, or may be: the checklist of what to rotate.
    pub survivors: Vec<SurvivorDocument>,
    /// Keys that are listed no more.
    pub gone: usize,
}

/// A key that is still listed after its owner was removed, or may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SurvivorDocument {
    /// Who owned it.
    pub person: PersonDocument,
    /// The project that it is of; null for an admin key.
    pub project: Option<ProjectDocument>,
    /// The key.
    pub key: KeyDocument,
    /// `works`, `unread` (it could not be read again) or `lapsed` (listed, and its owner has no access).
    pub state: String,
}

impl AftermathDocument {
    /// Writes what became of the keys.
    pub fn new(aftermath: &Aftermath) -> Self {
        let Aftermath { survivors, gone } = aftermath;
        Self {
            survivors: survivors.iter().map(survivor).collect(),
            gone: *gone,
        }
    }
}

fn survivor(row: &Survivor) -> SurvivorDocument {
    let Survivor {
        person,
        project,
        id,
        name,
        redacted_value,
        last_used_at,
        fate,
    } = row;
    let state = match fate {
        KeyFate::Works => "works",
        KeyFate::Unread => "unread",
        KeyFate::Lapsed => "lapsed",
    };
    SurvivorDocument {
        person: PersonDocument::new(person),
        project: project.as_ref().map(self::project),
        key: KeyDocument {
            id: id.to_string(),
            name: name.clone(),
            redacted_value: redacted_value.clone(),
            last_used_at: *last_used_at,
        },
        state: state.to_owned(),
    }
}
