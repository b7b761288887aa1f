//! The organization: its rows, and the only functions that change them.
//!
//! Every change leaves a mutation (what a test compares a report with) and an event in the audit log (what a client can
//! read). A change acts on the present, whatever a lagging read may still show.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::table::{PRESENT, Row, Table, email_of, id_of, same_email, text};
use super::{Moment, Roster};

/// How long an invite can be accepted.
const INVITE_LIFE_S: i64 = 7 * 24 * 3600;

/// One change of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutation {
    /// 1, 2, 3 … in the order in which they took effect.
    pub seq: u64,
    /// What was done, such as `delete-user`.
    pub operation: &'static str,
    /// The id of what was changed.
    pub id: String,
    /// The person's address, where there is one.
    pub email: Option<String>,
    /// The role that was set, or that whoever is gone had.
    pub role: Option<String>,
    /// Who did it.
    pub author: Author,
}

/// Who changes the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Author {
    /// Whoever calls the API.
    Caller,
    /// Somebody else, in the dashboard.
    SomebodyElse,
}

/// Who makes a change, and when.
#[derive(Debug, Clone)]
pub(super) struct By {
    /// For the mutation.
    pub(super) author: Author,
    /// For the audit log, in its wire shape.
    pub(super) actor: Value,
    /// When.
    pub(super) moment: Moment,
}

/// Everything in the organization.
#[derive(Debug)]
pub(super) struct Organization {
    pub(super) id: String,
    pub(super) slug: Option<String>,
    pub(super) users: Table,
    pub(super) invites: Table,
    pub(super) projects: Table,
    /// By project id.
    pub(super) project_users: BTreeMap<String, Table>,
    /// By project id.
    pub(super) project_keys: BTreeMap<String, Table>,
    /// The project and the id of every key that a person owns, by that person's id. No key is made later.
    keys_of: BTreeMap<String, Vec<(String, String)>>,
    pub(super) admin_keys: Table,
    pub(super) audit_logs: Table,
    pub(super) audit_log_off: bool,
    pub(super) mutations: Vec<Mutation>,
    rng: fastrand::Rng,
}

impl Organization {
    /// The organization of a roster; `seed` decides the ids of what is added later.
    pub(super) fn new(roster: Roster, seed: u64) -> Self {
        let Roster {
            organization,
            slug,
            users,
            invites,
            mut projects,
            admin_api_keys,
            audit_logs,
            audit_log_off,
        } = roster;
        let mut project_users = BTreeMap::new();
        let mut project_keys = BTreeMap::new();
        let mut keys_of = BTreeMap::<String, Vec<_>>::new();
        for project in &mut projects {
            let (users, keys) = (rows_in(project, "users"), rows_in(project, "api_keys"));
            if let Some(id) = id_of(project) {
                for key in &keys {
                    if let (Some(owner), Some(key)) = (owner_of(key), id_of(key)) {
                        let key = (id.to_owned(), key.to_owned());
                        keys_of.entry(owner.to_owned()).or_default().push(key);
                    }
                }
                project_users.insert(id.to_owned(), Table::of(users));
                project_keys.insert(id.to_owned(), Table::of(keys));
            }
        }
        Self {
            id: organization,
            slug,
            users: Table::of(users),
            invites: Table::of(invites),
            projects: Table::of(projects),
            project_users,
            project_keys,
            keys_of,
            admin_keys: Table::of(admin_api_keys),
            audit_logs: Table::of(audit_logs),
            audit_log_off,
            mutations: Vec::new(),
            rng: fastrand::Rng::with_seed(seed ^ 0x6f72_6761_6e69_7a65),
        }
    }

    /// The organization as a roster again, as it truly is.
    pub(super) fn roster(&self) -> Roster {
        let rows = |table: &Table| table.rows().cloned().collect::<Vec<_>>();
        let mut projects = rows(&self.projects);
        for project in &mut projects {
            let Some(id) = id_of(project).map(str::to_owned) else {
                continue;
            };
            for (field, tables) in [
                ("users", &self.project_users),
                ("api_keys", &self.project_keys),
            ] {
                let found = tables.get(&id).map(rows).unwrap_or_default();
                if !found.is_empty() {
                    project.insert(field.to_owned(), json!(found));
                }
            }
        }
        Roster {
            organization: self.id.clone(),
            slug: self.slug.clone(),
            users: rows(&self.users),
            invites: rows(&self.invites),
            projects,
            admin_api_keys: rows(&self.admin_keys),
            audit_logs: rows(&self.audit_logs),
            audit_log_off: self.audit_log_off,
        }
    }

    /// What the response header `openai-organization` says.
    pub(super) fn header(&self) -> &str {
        self.slug.as_deref().unwrap_or(&self.id)
    }

    /// The member with an address, as they truly are.
    pub(super) fn user_with_email(&self, email: &str) -> Option<&Row> {
        self.users
            .rows()
            .find(|row| email_of(row).is_some_and(|other| same_email(other, email)))
    }

    /// The project that everybody is in unless told otherwise. The API marks it by its name only.
    pub(super) fn default_project(&self) -> Option<&Row> {
        self.projects
            .rows()
            .find(|row| text(row, "name") == Some("Default project"))
    }

    /// Removes a member. Their keys stay, without access (API contract, section 5.3). `None`: there is no such member.
    pub(super) fn remove_user(&mut self, id: &str, by: &By) -> Option<()> {
        let user = self.users.get(id, PRESENT)?.clone();
        let at = by.moment.elapsed;
        self.users.put(id, None, at);
        for members in self.project_users.values_mut() {
            if members.get(id, PRESENT).is_some() {
                members.put(id, None, at);
            }
        }
        self.close_keys(id, None, by);
        self.record("user.deleted", json!({"id": id}), by);
        self.mutated("delete-user", id, email_of(&user), text(&user, "role"), by);
        Some(())
    }

    /// Sets fields of a member, and returns the member. `None`: there is no such member.
    pub(super) fn update_user(&mut self, id: &str, fields: Row, by: &By) -> Option<Row> {
        let mut user = self.users.get(id, PRESENT)?.clone();
        let role = fields.get("role").cloned();
        user.extend(fields);
        self.users.put(id, Some(user.clone()), by.moment.elapsed);
        let changes = role.map_or_else(|| json!({}), |role| json!({"role": role}));
        self.record(
            "user.updated",
            json!({"id": id, "changes_requested": changes}),
            by,
        );
        self.mutated("modify-user", id, email_of(&user), text(&user, "role"), by);
        Some(user)
    }

    /// Adds a member, and returns their id.
    pub(super) fn add_user(&mut self, email: &str, role: &str, by: &By) -> String {
        let id = self.fresh_id("user-");
        let user = json!({
            "object": "organization.user",
            "id": id,
            "name": null,
            "email": email,
            "role": role,
            "added_at": by.moment.unix_s,
            "is_default": false,
            "is_service_account": false,
            "is_scim_managed": false,
            "api_key_last_used_at": null,
        });
        self.users.insert(object(user), by.moment.elapsed);
        self.record("user.added", json!({"id": id, "data": {"role": role}}), by);
        self.mutated("add-user", &id, Some(email), Some(role), by);
        id
    }

    /// Adds a service account, which is listed among the members.
    pub(super) fn add_service_account(&mut self, name: &str, by: &By) {
        let id = self.fresh_id("user-");
        let account = json!({
            "object": "organization.user",
            "id": id,
            "name": name,
            "email": null,
            "role": "reader",
            "added_at": by.moment.unix_s,
            "is_default": false,
            "is_service_account": true,
            "is_scim_managed": false,
            "api_key_last_used_at": null,
        });
        self.users.insert(object(account), by.moment.elapsed);
        let data = json!({"id": id, "data": {"role": "member"}});
        self.record("service_account.created", data, by);
        self.mutated("add-service-account", &id, None, Some("reader"), by);
    }

    /// Makes an admin key for a member. Its secret is nobody's matter here.
    pub(super) fn add_admin_key(&mut self, name: &str, owner: &str, by: &By) {
        let id = self.fresh_id("key_");
        let key = json!({
            "object": "organization.admin_api_key",
            "id": id,
            "name": name,
            "redacted_value": format!("sk-admin...{}", &id[id.len() - 3..]),
            "created_at": by.moment.unix_s,
            "expires_at": null,
            "last_used_at": null,
            "owner": {"type": "user", "object": "organization.user", "id": owner, "role": "owner"},
        });
        self.admin_keys.insert(object(key), by.moment.elapsed);
        self.record(
            "api_key.created",
            json!({"id": id, "data": {"scopes": []}}),
            by,
        );
        self.mutated("add-admin-key", &id, None, None, by);
    }

    /// Sends an invite, and returns it.
    pub(super) fn invite(&mut self, email: &str, role: &str, projects: &Value, by: &By) -> Row {
        let id = self.fresh_id("invite-");
        let invite = object(json!({
            "object": "organization.invite",
            "id": id,
            "email": email,
            "role": role,
            "status": "pending",
            "created_at": by.moment.unix_s,
            "expires_at": by.moment.unix_s + INVITE_LIFE_S,
            "accepted_at": null,
            "projects": projects,
        }));
        self.invites.insert(invite.clone(), by.moment.elapsed);
        let data = json!({"id": id, "data": {"email": email, "role": role}});
        self.record("invite.sent", data, by);
        self.mutated("create-invite", &id, Some(email), Some(role), by);
        invite
    }

    /// Deletes an invite. `None`: there is no such invite.
    pub(super) fn delete_invite(&mut self, id: &str, by: &By) -> Option<()> {
        let invite = self.invites.get(id, PRESENT)?.clone();
        self.invites.put(id, None, by.moment.elapsed);
        self.record("invite.deleted", json!({"id": id}), by);
        self.mutated(
            "delete-invite",
            id,
            email_of(&invite),
            text(&invite, "role"),
            by,
        );
        Some(())
    }

    /// Accepts a pending invite: its address becomes a member. `None`: there is no such pending invite.
    pub(super) fn accept_invite(&mut self, id: &str, by: &By) -> Option<String> {
        let mut invite = self.invites.get(id, PRESENT)?.clone();
        if text(&invite, "status") != Some("pending") {
            return None;
        }
        invite.insert("status".to_owned(), json!("accepted"));
        invite.insert("accepted_at".to_owned(), json!(by.moment.unix_s));
        self.invites
            .put(id, Some(invite.clone()), by.moment.elapsed);
        self.record("invite.accepted", json!({"id": id}), by);
        let (email, role) = (email_of(&invite)?, text(&invite, "role")?);
        Some(self.add_user(email, role, by))
    }

    /// Deletes an admin key. `None`: there is no such key.
    pub(super) fn delete_admin_key(&mut self, id: &str, by: &By) -> Option<()> {
        self.admin_keys.get(id, PRESENT)?;
        self.admin_keys.put(id, None, by.moment.elapsed);
        self.record("api_key.deleted", json!({"id": id}), by);
        self.mutated("delete-admin-key", id, None, None, by);
        Some(())
    }

    /// Deletes a project's API key. `None`: there is no such key.
    pub(super) fn delete_project_key(&mut self, project: &str, id: &str, by: &By) -> Option<()> {
        let keys = self.project_keys.get_mut(project)?;
        keys.get(id, PRESENT)?;
        keys.put(id, None, by.moment.elapsed);
        self.record("api_key.deleted", json!({"id": id}), by);
        self.mutated("delete-project-key", id, None, None, by);
        Some(())
    }

    /// Takes a member out of a project; their keys there lose access. `None`: they are not in it.
    pub(super) fn remove_project_user(&mut self, project: &str, id: &str, by: &By) -> Option<()> {
        let members = self.project_users.get_mut(project)?;
        let email = email_of(members.get(id, PRESENT)?).map(str::to_owned);
        members.put(id, None, by.moment.elapsed);
        self.close_keys(id, Some(project), by);
        self.mutated("delete-project-user", id, email.as_deref(), None, by);
        Some(())
    }

    /// Makes an id that nothing has.
    pub(super) fn fresh_id(&mut self, prefix: &str) -> String {
        id(&mut self.rng, prefix)
    }

    /// Marks the keys of a person who has no access any more, in one project or in all.
    fn close_keys(&mut self, user: &str, project: Option<&str>, by: &By) {
        for (place, key) in self.keys_of.get(user).into_iter().flatten() {
            if project.is_some_and(|project| project != place) {
                continue;
            }
            let Some(keys) = self.project_keys.get_mut(place) else {
                continue;
            };
            if let Some(mut row) = keys.get(key, PRESENT).cloned() {
                row.insert("owner_project_access".to_owned(), json!("inactive"));
                keys.put(key, Some(row), by.moment.elapsed);
            }
        }
    }

    /// Writes an event to the audit log. What an admin key does belongs to the default project (API contract, 8).
    fn record(&mut self, kind: &str, details: Value, by: &By) {
        let id = self.fresh_id("audit_log-");
        let mut event = object(json!({
            "id": id,
            "type": kind,
            "effective_at": by.moment.unix_s,
            "actor": by.actor,
        }));
        // What a person does in the dashboard to the organization is in no project.
        if let Some(project) = self
            .default_project()
            .filter(|_| by.author == Author::Caller)
        {
            let project = json!({"id": id_of(project), "name": text(project, "name")});
            event.insert("project".to_owned(), project);
        }
        event.insert(kind.to_owned(), details);
        self.audit_logs.insert(event, by.moment.elapsed);
    }

    fn mutated(
        &mut self,
        operation: &'static str,
        id: &str,
        email: Option<&str>,
        role: Option<&str>,
        by: &By,
    ) {
        let seq = self.mutations.len() as u64 + 1;
        self.mutations.push(Mutation {
            seq,
            operation,
            id: id.to_owned(),
            email: email.map(str::to_owned),
            role: role.map(str::to_owned),
            author: by.author,
        });
    }
}

/// Makes an opaque id, 24 characters after its prefix.
pub(super) fn id(rng: &mut fastrand::Rng, prefix: &str) -> String {
    let tail: String = (0..24).map(|_| rng.alphanumeric()).collect();
    format!("{prefix}{tail}")
}

/// The fields of a JSON object; none of anything else.
pub(super) fn object(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Row::new()
        }
    }
}

/// Takes the objects of an array out of a row.
fn rows_in(row: &mut Row, field: &str) -> Vec<Row> {
    match row.remove(field) {
        Some(Value::Array(rows)) => rows.into_iter().map(object).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The person who owns a project's key.
fn owner_of(key: &Row) -> Option<&str> {
    key.get("owner")?.get("user")?.get("id")?.as_str()
}
