//! What removals break: the keys that stop working with whoever owns them, and the projects left without an owner.
//!
//! A pure join of the plan's removals with what a sweep of the projects read. "Could not read" is never "owns
//! nothing": a project that was not read is named beside the rest. After an apply the same join says what became of
//! each key; what is still listed is the checklist of what to rotate.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::plan::{Action, Person};
use crate::roster::{AdminKey, KeyHolder, KeyId, Project, ProjectKey, ProjectUser, UserId};

/// A project as a sweep read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptProject {
    /// The project.
    pub project: Project,
    /// Its members, or why they could not be read. An archived project has none.
    pub users: Result<Vec<ProjectUser>, String>,
    /// Every key of it, whether its owner has access or not, or why they could not be read.
    pub keys: Result<Vec<ProjectKey>, String>,
}

/// What a plan's removals break.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Impact {
    /// The removed people who own anything, by address.
    pub people: Vec<PersonImpact>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// People whom the plan removes.
    pub removals: usize,
    /// Projects that were looked at.
    pub projects: usize,
}

/// What one removal breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonImpact {
    /// Who is removed.
    pub person: Person,
    /// Their keys, project by project.
    pub project_keys: Vec<OwnedKey>,
    /// Their admin keys, which outlive them.
    pub admin_keys: Vec<AdminKey>,
    /// Projects in which nobody who stays has the role owner.
    pub only_owner_of: Vec<Project>,
}

/// A key, and the project that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedKey {
    /// The project.
    pub project: Project,
    /// The key.
    pub key: ProjectKey,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The project whose keys or members it is; `None`: the admin keys.
    pub project: Option<Project>,
    /// Why, in a clause.
    pub why: String,
}

/// Joins the removals among `actions` with the projects and the admin keys, or with why those could not be read.
pub fn of(
    actions: &[Action],
    projects: &[SweptProject],
    admin_keys: Result<&[AdminKey], &str>,
) -> Impact {
    let removed = removals(actions);
    let mut people: BTreeMap<&UserId, PersonImpact> = BTreeMap::new();
    let mut unread = Vec::new();
    let mut of_projects: BTreeSet<&KeyId> = BTreeSet::new();
    let mut of_person = |id: &UserId, add: &mut dyn FnMut(&mut PersonImpact)| {
        if let Some((id, person)) = removed.get_key_value(id) {
            add(people.entry(id).or_insert_with(|| PersonImpact {
                person: (*person).clone(),
                project_keys: Vec::new(),
                admin_keys: Vec::new(),
                only_owner_of: Vec::new(),
            }));
        }
    };
    for swept in projects {
        let SweptProject {
            project,
            users,
            keys,
        } = swept;
        let whys = [users.as_ref().err(), keys.as_ref().err()];
        if let Some(why) = whys.into_iter().flatten().next() {
            let (project, why) = (Some(project.clone()), why.clone());
            unread.push(Unread { project, why });
        }
        for key in keys.iter().flatten() {
            of_projects.insert(&key.id);
            if let KeyHolder::Person(id) = &key.holder {
                let (project, key) = (project.clone(), key.clone());
                let owned = OwnedKey { project, key };
                of_person(id, &mut |person| person.project_keys.push(owned.clone()));
            }
        }
        let owners = || users.iter().flatten().filter(|user| user.is_owner());
        if owners().all(|user| removed.contains_key(&user.id)) {
            for user in owners() {
                of_person(&user.id, &mut |person| {
                    person.only_owner_of.push(project.clone());
                });
            }
        }
    }
    // The list of admin keys has been seen with keys of projects in it (API contract, section 6).
    let listed = admin_keys.unwrap_or_default();
    for key in listed.iter().filter(|key| !of_projects.contains(&key.id)) {
        if let KeyHolder::Person(id) = &key.holder {
            of_person(id, &mut |person| person.admin_keys.push(key.clone()));
        }
    }
    if let Err(why) = admin_keys {
        let (project, why) = (None, why.to_owned());
        unread.push(Unread { project, why });
    }
    let mut people: Vec<PersonImpact> = people.into_values().collect();
    for person in &mut people {
        person
            .project_keys
            .sort_by(|a, b| (&a.project, &a.key.id).cmp(&(&b.project, &b.key.id)));
    }
    people.sort_by(|a, b| a.person.cmp(&b.person));
    Impact {
        people,
        unread,
        removals: removed.len(),
        projects: projects.len(),
    }
}

/// Whom the actions remove.
fn removals(actions: &[Action]) -> BTreeMap<&UserId, &Person> {
    actions
        .iter()
        .filter_map(|action| Some((&action.change.removed()?.id, &action.person)))
        .collect()
}

/// What became of the keys of people who were removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aftermath {
    /// The keys that are still listed, or may be: what works first.
    pub survivors: Vec<Survivor>,
    /// Keys that are listed no more.
    pub gone: usize,
}

/// A key that is still listed after its owner was removed, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// Who owned it.
    pub person: Person,
    /// The project that it is of; `None`: an admin key.
    pub project: Option<Project>,
    /// Its id.
    pub id: KeyId,
    /// The name that somebody gave it: untrusted text.
    pub name: Option<String>,
    /// The provider's shortened form.
    pub redacted_value: String,
    /// When it was last used; `None`: never, or not sent.
    pub last_used_at: Option<Timestamp>,
    /// What is known of it now.
    pub fate: KeyFate,
}

/// What is known of a key after its owner was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFate {
    /// It still works.
    Works,
    /// Nobody knows: it could not be read again.
    Unread,
    /// It is listed, and its owner has no access: whatever used it has stopped.
    Lapsed,
}

/// Says what became of each key that belongs to somebody in `removed`, by a second reading of the same projects.
///
/// `admin_keys`: every admin key now; `None`: they could not be read again.
pub fn after(
    impact: &Impact,
    removed: &BTreeSet<UserId>,
    projects: &[SweptProject],
    admin_keys: Option<&[AdminKey]>,
) -> Aftermath {
    let mut aftermath = Aftermath::default();
    let is_removed = |row: &&PersonImpact| {
        let id = row.person.id.as_ref();
        id.is_some_and(|id| removed.contains(id))
    };
    for row in impact.people.iter().filter(is_removed) {
        for OwnedKey { project, key } in &row.project_keys {
            let now = projects
                .iter()
                .find(|swept| swept.project.id == project.id)
                .and_then(|swept| swept.keys.as_ref().ok());
            let now = now.map(|keys| keys.iter().find(|other| other.id == key.id));
            let (fate, key) = match now {
                None => (KeyFate::Unread, key),
                Some(None) => {
                    aftermath.gone += 1;
                    continue;
                }
                Some(Some(now)) if now.owner_has_access == Some(false) => (KeyFate::Lapsed, now),
                Some(Some(now)) => (KeyFate::Works, now),
            };
            aftermath.survivors.push(Survivor {
                person: row.person.clone(),
                project: Some(project.clone()),
                id: key.id.clone(),
                name: key.name.clone(),
                redacted_value: key.redacted_value.clone(),
                last_used_at: key.last_used_at,
                fate,
            });
        }
        for key in &row.admin_keys {
            let fate = match admin_keys {
                None => KeyFate::Unread,
                Some(keys) if keys.iter().any(|other| other.id == key.id) => KeyFate::Works,
                Some(_) => {
                    aftermath.gone += 1;
                    continue;
                }
            };
            aftermath.survivors.push(Survivor {
                person: row.person.clone(),
                project: None,
                id: key.id.clone(),
                name: key.name.clone(),
                redacted_value: key.redacted_value.clone(),
                last_used_at: key.last_used_at,
                fate,
            });
        }
    }
    aftermath.survivors.sort_by_key(|survivor| survivor.fate);
    aftermath
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compute;
    use crate::plan::testing::{TODAY, admin_key, desired, live, member, owner, owner_entry, user};
    use crate::roster::ProjectId;

    fn project(id: &str) -> Project {
        Project {
            id: ProjectId::parse(id).unwrap(),
            name: Some(format!("name of {id}")),
            archived: id == "proj_old",
        }
    }

    fn key(id: &str, holder: &str) -> ProjectKey {
        ProjectKey {
            id: KeyId::parse(id).unwrap(),
            name: None,
            redacted_value: "sk-...abc".to_owned(),
            holder: match holder {
                "machine" => KeyHolder::ServiceAccount,
                person => KeyHolder::Person(user(person)),
            },
            last_used_at: None,
            owner_has_access: Some(true),
        }
    }

    fn swept(id: &str, owners: &[&str], keys: Vec<ProjectKey>) -> SweptProject {
        let project_user = |id: &&str| ProjectUser {
            id: user(id),
            role: "owner".to_owned(),
        };
        SweptProject {
            project: project(id),
            users: Ok(owners.iter().map(project_user).collect()),
            keys: Ok(keys),
        }
    }

    /// Eve and Bob go, Ada stays.
    fn actions() -> Vec<Action> {
        let roster = live(
            [
                owner("user-ada", "ada@acme.dev"),
                member("user-bob", "bob@acme.dev"),
                owner("user-eve", "eve@acme.dev"),
            ],
            [],
        );
        compute(&desired([owner_entry("ada@acme.dev")]), &roster, TODAY).actions
    }

    fn projects() -> Vec<SweptProject> {
        vec![
            swept(
                "proj_a",
                &["user-eve", "user-ada"],
                vec![
                    key("key_2", "user-eve"),
                    key("key_1", "user-eve"),
                    key("key_ada", "user-ada"),
                    key("key_machine", "machine"),
                ],
            ),
            // Both owners go.
            swept("proj_b", &["user-eve", "user-bob"], vec![]),
            swept("proj_old", &[], vec![key("key_old", "user-bob")]),
            swept("proj_empty", &[], vec![]),
            SweptProject {
                keys: Err("status 500".to_owned()),
                ..swept("proj_dark", &["user-bob"], vec![])
            },
        ]
    }

    fn lines(impact: &Impact) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &impact.people {
            let who = row.person.label();
            let keys = row.project_keys.iter();
            lines.extend(keys.map(|owned| format!("{who} {} {}", owned.project.id, owned.key.id)));
            lines.extend(
                row.admin_keys
                    .iter()
                    .map(|key| format!("{who} admin {}", key.id)),
            );
            let only = row.only_owner_of.iter();
            lines.extend(only.map(|project| format!("{who} only owner of {}", project.id)));
        }
        lines
    }

    #[test]
    fn removed_people_are_joined_with_what_they_own() {
        let keys = [
            admin_key("key_admin", "user-eve"),
            admin_key("key_other", "user-ada"),
            // A project's key among the admin keys.
            admin_key("key_1", "user-eve"),
        ];
        let impact = of(&actions(), &projects(), Ok(&keys));
        assert_eq!(
            lines(&impact),
            [
                "bob@acme.dev proj_old key_old",
                "bob@acme.dev only owner of proj_b",
                "bob@acme.dev only owner of proj_dark",
                "eve@acme.dev proj_a key_1",
                "eve@acme.dev proj_a key_2",
                "eve@acme.dev admin key_admin",
                "eve@acme.dev only owner of proj_b",
            ]
        );
        assert_eq!((impact.removals, impact.projects), (2, 5));
        let unread: Vec<_> = impact
            .unread
            .iter()
            .map(|row| {
                (
                    row.project.as_ref().map(|project| project.id.as_str()),
                    row.why.as_str(),
                )
            })
            .collect();
        assert_eq!(unread, [(Some("proj_dark"), "status 500")]);
        let blind = of(&actions(), &projects(), Err("status 403"));
        assert_eq!(blind.unread.last().unwrap().project, None);
        let nobody = of(&[], &projects(), Ok(&keys));
        assert_eq!((nobody.people.len(), nobody.removals), (0, 0));
    }

    #[test]
    fn every_key_of_somebody_removed_has_a_fate() {
        let keys = [
            admin_key("key_admin", "user-eve"),
            admin_key("key_admin2", "user-eve"),
        ];
        let impact = of(&actions(), &projects(), Ok(&keys));
        let removed = [user("user-eve"), user("user-bob")].into();
        let lapsed = ProjectKey {
            owner_has_access: Some(false),
            ..key("key_1", "user-eve")
        };
        let again = vec![swept("proj_a", &[], vec![lapsed])];
        let fates = |aftermath: &Aftermath| {
            let line = |row: &Survivor| format!("{} {:?}", row.id, row.fate);
            aftermath.survivors.iter().map(line).collect::<Vec<_>>()
        };
        let aftermath = after(&impact, &removed, &again, Some(&keys[..1]));
        // proj_old was not read again; key_2 and key_admin2 are listed no more.
        assert_eq!(
            fates(&aftermath),
            ["key_admin Works", "key_old Unread", "key_1 Lapsed"]
        );
        assert_eq!(aftermath.gone, 2);
        // Whoever was not removed after all keeps their keys, and nobody asks.
        let bob = [user("user-bob")].into();
        assert_eq!(
            fates(&after(&impact, &bob, &again, None)),
            ["key_old Unread"]
        );
        let unread = after(&impact, &removed, &again, None);
        assert!(fates(&unread).contains(&"key_admin Unread".to_owned()));
    }
}
