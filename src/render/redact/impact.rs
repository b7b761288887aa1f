//! What removals break, with every address in it masked: names of keys and projects are texts of somebody's choice.

use super::text;
use super::values::{admin_key, person};
use crate::impact::{Aftermath, Impact, OwnedKey, PersonImpact, Survivor, Unread};
use crate::roster::{Project, ProjectKey};

/// Returns an impact with its addresses masked.
pub fn impact(impact: &Impact) -> Impact {
    let Impact {
        people,
        unread,
        removals,
        projects,
    } = impact;
    Impact {
        people: people.iter().map(person_impact).collect(),
        unread: unread
            .iter()
            .map(|Unread { project, why }| Unread {
                project: project.as_ref().map(self::project),
                why: text(why),
            })
            .collect(),
        removals: *removals,
        projects: *projects,
    }
}

/// Returns what became of keys with its addresses masked.
pub fn aftermath(aftermath: &Aftermath) -> Aftermath {
    let Aftermath { survivors, gone } = aftermath;
    Aftermath {
        survivors: survivors.iter().map(survivor).collect(),
        gone: *gone,
    }
}

fn person_impact(row: &PersonImpact) -> PersonImpact {
    let PersonImpact {
        person,
        project_keys,
        admin_keys,
        only_owner_of,
    } = row;
    PersonImpact {
        person: self::person(person),
        project_keys: project_keys.iter().map(owned).collect(),
        admin_keys: admin_keys.iter().map(admin_key).collect(),
        only_owner_of: only_owner_of.iter().map(project).collect(),
    }
}

fn owned(row: &OwnedKey) -> OwnedKey {
    let OwnedKey { project, key } = row;
    let ProjectKey {
        id,
        name,
        redacted_value,
        holder,
        last_used_at,
        owner_has_access,
    } = key;
    OwnedKey {
        project: self::project(project),
        key: ProjectKey {
            id: id.clone(),
            name: name.as_deref().map(text),
            redacted_value: text(redacted_value),
            holder: holder.clone(),
            last_used_at: *last_used_at,
            owner_has_access: *owner_has_access,
        },
    }
}

fn project(project: &Project) -> Project {
    let Project { id, name, archived } = project;
    Project {
        id: id.clone(),
        name: name.as_deref().map(text),
        archived: *archived,
    }
}

fn survivor(row: &Survivor) -> Survivor {
    let Survivor {
        person,
        project,
        id,
        name,
        redacted_value,
        last_used_at,
        fate,
    } = row;
    Survivor {
        person: self::person(person),
        project: project.as_ref().map(self::project),
        id: id.clone(),
        name: name.as_deref().map(text),
        redacted_value: text(redacted_value),
        last_used_at: *last_used_at,
        fate: *fate,
    }
}
