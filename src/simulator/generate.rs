//! A made-up organization: the same one for the same seed, with the people who make reconciling hard.
//!
//! Owners, one default user, service accounts, SCIM-managed members, pending, expired and accepted invites, keys in
//! and out of use, an archived project. Every member carries all three protection flags. Nobody in it is real.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::Roster;
use super::access::{dashboard_session, redact};
use super::organization::{id, object};
use super::table::{Row, email_of, id_of, text};

/// The domain of every address.
const DOMAIN: &str = "acme.dev";
const DAY_S: i64 = 24 * 3600;
/// How far back the audit log of a made-up organization goes, in days.
const LOG_DAYS: i64 = 30;
/// How long ago members were added at most, in days.
const AGE_DAYS_MAX: i64 = 700;

const FIRST_NAMES: [&str; 48] = [
    "Ada", "Grace", "Lin", "Omar", "Ines", "Jonas", "Priya", "Mateo", "Yuki", "Noor", "Elif",
    "Kofi", "Sofia", "Lars", "Mei", "Tariq", "Clara", "Diego", "Hana", "Ivan", "Leila", "Marco",
    "Nina", "Oskar", "Petra", "Rafael", "Sana", "Tomas", "Uma", "Viktor", "Wanda", "Xenia",
    "Yusuf", "Zoe", "Anton", "Bruna", "Cyril", "Dalia", "Emil", "Farah", "Goran", "Heidi", "Ilya",
    "Jana", "Karim", "Lucia", "Milan", "Nadia",
];
const LAST_NAMES: [&str; 48] = [
    "Abel",
    "Berger",
    "Castro",
    "Dietrich",
    "Eriksen",
    "Fontaine",
    "Gupta",
    "Haddad",
    "Ibrahim",
    "Jansen",
    "Kowalski",
    "Larsen",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Pereira",
    "Quist",
    "Rossi",
    "Santos",
    "Takahashi",
    "Ueda",
    "Varga",
    "Weber",
    "Xavier",
    "Yilmaz",
    "Zhang",
    "Andersen",
    "Bianchi",
    "Chen",
    "Duarte",
    "Engel",
    "Ferrari",
    "Garcia",
    "Horvat",
    "Ivanov",
    "Jung",
    "Keller",
    "Lopez",
    "Meyer",
    "Novak",
    "Olsen",
    "Petrov",
    "Richter",
    "Silva",
    "Tran",
    "Urban",
    "Vogel",
    "Winter",
];
const PROJECTS: [&str; 10] = [
    "Search",
    "Support bot",
    "Evaluation",
    "Onboarding",
    "Billing",
    "Translation",
    "Research",
    "Mobile",
    "Data platform",
    "Prototypes",
];
const MACHINES: [&str; 5] = [
    "ci-runner",
    "batch-worker",
    "nightly-evals",
    "docs-indexer",
    "canary",
];

/// What a row in the list of users is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Owner,
    Reader,
    ScimManaged,
    ServiceAccount,
}

impl Roster {
    /// Makes up an organization with so many rows in its list of users.
    ///
    /// Who is in it follows from `members` and `seed` alone; times are counted back from `now_s`, in Unix seconds.
    /// An owner holds `admin_key`.
    pub fn generate(members: usize, seed: u64, now_s: i64, admin_key: &SecretString) -> Self {
        Maker {
            rng: fastrand::Rng::with_seed(seed),
            now_s,
            people: 0,
        }
        .roster(members, admin_key)
    }
}

struct Maker {
    rng: fastrand::Rng,
    now_s: i64,
    /// How many people have a name so far; no two have the same.
    people: usize,
}

impl Maker {
    fn roster(mut self, members: usize, admin_key: &SecretString) -> Roster {
        let organization = id(&mut self.rng, "org-");
        let mut projects = self.projects(members);
        let mut users = Vec::with_capacity(members);
        for (position, kind) in self.kinds(members).into_iter().enumerate() {
            let row = self.user(position, kind);
            users.push(self.with_projects(row, kind, &mut projects));
        }
        if let Some(first) = users.iter_mut().find(|row| is_owner(row)) {
            first.insert("is_default".to_owned(), json!(true));
        }
        let invites = self.invites(members, &users);
        let admin_api_keys = self.admin_keys(&users, admin_key);
        let audit_logs = self.audit_logs(&users, &projects);
        Roster {
            organization,
            slug: None,
            users,
            invites,
            projects,
            admin_api_keys,
            audit_logs,
            audit_log_off: false,
        }
    }

    /// So many of each kind, in any order: 1 % owners and at least 3, 2 % machines, 5 % managed by SCIM.
    fn kinds(&mut self, members: usize) -> Vec<Kind> {
        let owners = (members / 100).max(3);
        let machines = members.div_ceil(50);
        let managed = members.div_ceil(20);
        let mut kinds: Vec<Kind> = std::iter::repeat_n(Kind::Owner, owners)
            .chain(std::iter::repeat_n(Kind::ServiceAccount, machines))
            .chain(std::iter::repeat_n(Kind::ScimManaged, managed))
            .chain(std::iter::repeat(Kind::Reader))
            .take(members)
            .collect();
        self.rng.shuffle(&mut kinds);
        kinds
    }

    fn user(&mut self, position: usize, kind: Kind) -> Row {
        let added_at = self.now_s - self.rng.i64(DAY_S..AGE_DAYS_MAX * DAY_S);
        let (name, email) = match kind {
            Kind::ServiceAccount => {
                let name = MACHINES[position % MACHINES.len()];
                (format!("{name}-{position}"), None)
            }
            Kind::Owner | Kind::Reader | Kind::ScimManaged => {
                let (name, email) = self.person();
                (name, Some(email))
            }
        };
        // Half have a key; a few of them used it within the last hours.
        let used_at = match self.rng.u8(..20) {
            0 => Some(self.now_s - self.rng.i64(60..6 * 3600)),
            1..10 => Some((self.now_s - self.rng.i64(DAY_S..90 * DAY_S)).max(added_at)),
            _ => None,
        };
        object(json!({
            "object": "organization.user",
            "id": id(&mut self.rng, "user-"),
            "name": name,
            "email": email,
            "role": if kind == Kind::Owner { "owner" } else { "reader" },
            "added_at": added_at,
            "created": added_at - self.rng.i64(0..200 * DAY_S),
            "is_default": false,
            "is_service_account": kind == Kind::ServiceAccount,
            "is_scim_managed": kind == Kind::ScimManaged,
            "is_scale_tier_authorized_purchaser": false,
            "api_key_last_used_at": used_at,
        }))
    }

    /// A name that nobody has yet, and its address.
    fn person(&mut self) -> (String, String) {
        let (firsts, lasts) = (FIRST_NAMES.len(), LAST_NAMES.len());
        // 31 has no factor in common with the lists, so every pair comes up once before any comes again.
        let pair = self.people * 31 % (firsts * lasts);
        let round = self.people / (firsts * lasts);
        self.people += 1;
        let (first, last) = (FIRST_NAMES[pair % firsts], LAST_NAMES[pair / firsts]);
        let local = format!("{first}.{last}").to_ascii_lowercase();
        let number = if round == 0 {
            String::new()
        } else {
            (round + 1).to_string()
        };
        (
            format!("{first} {last}"),
            format!("{local}{number}@{DOMAIN}"),
        )
    }

    fn projects(&mut self, members: usize) -> Vec<Row> {
        let count = (members / 25).clamp(2, PROJECTS.len());
        let mut names = vec!["Default project"];
        names.extend(&PROJECTS[..count]);
        names.push("Hackathon");
        names
            .into_iter()
            .map(|name| {
                let archived = name == "Hackathon";
                object(json!({
                    "object": "organization.project",
                    "id": id(&mut self.rng, "proj_"),
                    "name": name,
                    "created_at": self.now_s - AGE_DAYS_MAX * DAY_S,
                    "archived_at": archived.then_some(self.now_s - 40 * DAY_S),
                    "status": if archived { "archived" } else { "active" },
                    "users": [],
                    "api_keys": [],
                }))
            })
            .collect()
    }

    /// Puts a member into one or two projects, with the keys they have there, and lists the projects on the member.
    fn with_projects(&mut self, mut user: Row, kind: Kind, projects: &mut [Row]) -> Row {
        let last = projects.len() - 1;
        let first = self.rng.usize(0..last);
        let second = self.rng.usize(0..last);
        let mut chosen = vec![first];
        if second != first && kind != Kind::ServiceAccount {
            chosen.push(second);
        }
        let mut listed = Vec::new();
        for (nth, position) in chosen.into_iter().enumerate() {
            let role = if kind == Kind::Owner || self.rng.u8(..10) == 0 {
                "owner"
            } else {
                "member"
            };
            let project = &mut projects[position];
            listed.push(json!({"id": id_of(project), "name": text(project, "name"), "role": role}));
            if kind != Kind::ServiceAccount {
                push(project, "users", project_user(&user, role));
            }
            if nth == 0
                && user
                    .get("api_key_last_used_at")
                    .is_some_and(|used| !used.is_null())
            {
                let key = self.project_key(&user, kind, role);
                push(project, "api_keys", key);
            }
        }
        user.insert(
            "projects".to_owned(),
            json!({"object": "list", "data": listed}),
        );
        user
    }

    fn project_key(&mut self, user: &Row, kind: Kind, role: &str) -> Value {
        let secret_end = id(&mut self.rng, "");
        let owner = json!({
            "id": id_of(user),
            "name": text(user, "name"),
            "created_at": user.get("added_at"),
            "role": role,
        });
        let owner = if kind == Kind::ServiceAccount {
            json!({"type": "service_account", "service_account": owner})
        } else {
            let mut owner = owner;
            owner["email"] = json!(email_of(user));
            json!({"type": "user", "user": owner})
        };
        json!({
            "object": "organization.project.api_key",
            "id": id(&mut self.rng, "key_"),
            "name": "default",
            "redacted_value": format!("sk-proj...{}", &secret_end[..3]),
            "created_at": user.get("added_at"),
            "last_used_at": user.get("api_key_last_used_at"),
            "owner_project_access": "active",
            "owner": owner,
        })
    }

    /// At least two pending invites, one that has expired and one that was accepted.
    fn invites(&mut self, members: usize, users: &[Row]) -> Vec<Row> {
        let pending = (members / 50).max(2);
        let mut invites: Vec<Row> = (0..pending)
            .map(|_| {
                let (_, email) = self.person();
                let sent_at = self.now_s - self.rng.i64(3600..6 * DAY_S);
                self.invite(&email, "reader", "pending", sent_at)
            })
            .collect();
        let (_, forgetful) = self.person();
        invites.push(self.invite(&forgetful, "reader", "expired", self.now_s - 60 * DAY_S));
        if let Some(email) = users.iter().find_map(email_of) {
            invites.push(self.invite(email, "reader", "accepted", self.now_s - 90 * DAY_S));
        }
        invites
    }

    fn invite(&mut self, email: &str, role: &str, status: &str, created_at: i64) -> Row {
        object(json!({
            "object": "organization.invite",
            "id": id(&mut self.rng, "invite-"),
            "email": email,
            "role": role,
            "status": status,
            "created_at": created_at,
            "expires_at": created_at + 7 * DAY_S,
            "accepted_at": (status == "accepted").then_some(created_at + 3600),
            "projects": [],
        }))
    }

    /// The key in use, held by the second owner where there is one, and another one.
    fn admin_keys(&mut self, users: &[Row], admin_key: &SecretString) -> Vec<Row> {
        let owners: Vec<&Row> = users.iter().filter(|row| is_owner(row)).collect();
        let Some(first) = owners.first() else {
            return Vec::new();
        };
        let holder = owners.get(1).unwrap_or(first);
        let in_use = redact(admin_key.expose_secret());
        // The other key must not look like the one in use.
        let other = if in_use.ends_with("Xq9") {
            "sk-admin...Xq8"
        } else {
            "sk-admin...Xq9"
        };
        [
            ("rosterctl", in_use.as_str(), *holder, 30),
            ("dashboard export", other, *first, 200),
        ]
        .into_iter()
        .map(|(name, redacted_value, owner, days)| {
            object(json!({
                "object": "organization.admin_api_key",
                "id": id(&mut self.rng, "key_"),
                "name": name,
                "redacted_value": redacted_value,
                "created_at": self.now_s - days * DAY_S,
                "expires_at": null,
                "last_used_at": self.now_s - DAY_S,
                "owner": {
                    "type": "user",
                    "object": "organization.user",
                    "id": id_of(owner),
                    "name": text(owner, "name"),
                    "created_at": owner.get("added_at"),
                    "role": "owner",
                },
            }))
        })
        .collect()
    }

    /// How the newest members came in, oldest event first.
    fn audit_logs(&mut self, users: &[Row], projects: &[Row]) -> Vec<Row> {
        let owner_session = dashboard_session(users.iter().find(|row| is_owner(row)));
        let project = projects
            .first()
            .map(|row| json!({"id": id_of(row), "name": text(row, "name")}));
        let mut events = Vec::new();
        for user in users {
            let added_at = user.get("added_at").and_then(Value::as_i64).unwrap_or(0);
            let Some(email) = email_of(user) else {
                continue;
            };
            if self.now_s - added_at > LOG_DAYS * DAY_S {
                continue;
            }
            let invite = id(&mut self.rng, "invite-");
            let data = json!({"email": email, "role": text(user, "role")});
            let newcomer = dashboard_session(Some(user));
            for (kind, at, actor, details) in [
                (
                    "invite.sent",
                    added_at - 3600,
                    &owner_session,
                    json!({"id": invite, "data": data}),
                ),
                (
                    "invite.accepted",
                    added_at,
                    &newcomer,
                    json!({"id": invite}),
                ),
                (
                    "user.added",
                    added_at,
                    &newcomer,
                    json!({"id": id_of(user), "data": {"role": text(user, "role")}}),
                ),
            ] {
                events.push(object(json!({
                    "id": id(&mut self.rng, "audit_log-"),
                    "type": kind,
                    "effective_at": at,
                    "project": project,
                    "actor": actor,
                    kind: details,
                })));
            }
        }
        events.sort_by_key(|event| event.get("effective_at").and_then(Value::as_i64));
        events
    }
}

fn is_owner(user: &Row) -> bool {
    text(user, "role") == Some("owner")
}

fn project_user(user: &Row, role: &str) -> Value {
    json!({
        "object": "organization.project.user",
        "id": id_of(user),
        "name": text(user, "name"),
        "email": email_of(user),
        "role": role,
        "added_at": user.get("added_at"),
    })
}

/// Appends to an array in a row.
fn push(row: &mut Row, field: &str, value: Value) {
    if let Some(Value::Array(values)) = row.get_mut(field) {
        values.push(value);
    }
}
