//! The names of a plan: one for exactly its actions, one for everything that differs.

use std::fmt::{self, Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;

use super::{Action, Change, Person, Plan, Reported, Vanished};
use crate::roster::Email;

/// The first line under every hash, so that no other document of this program can have a plan's id.
const DOMAIN: &str = "rosterctl.plan.1";
/// Hexadecimal digits that are shown and that `--accept` takes.
const DIGITS_SHOWN: usize = 20;

/// The SHA-256 over a plan's canonical lines: two plans with one id do exactly the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId {
    hex: String,
}

impl PlanId {
    /// Hashes lines, in any order, for an organization.
    pub fn of(organization: &str, mut lines: Vec<String>) -> Self {
        lines.sort_unstable();
        let mut text = format!("{DOMAIN}\n{organization}\n");
        for line in lines {
            text.push_str(&line);
            text.push('\n');
        }
        let mut hex = String::with_capacity(64);
        for byte in digest(&SHA256, text.as_bytes()).as_ref() {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self { hex }
    }

    /// The id of these actions.
    pub fn of_actions(organization: &str, actions: &[Action]) -> Self {
        Self::of(
            organization,
            actions
                .iter()
                .map(|action| action.change.canonical())
                .collect(),
        )
    }

    /// All 64 digits.
    pub fn full(&self) -> &str {
        &self.hex
    }

    /// Whether `text` names this plan: the digits that are shown, or all of them.
    pub fn is_named_by(&self, text: &str) -> bool {
        text == self.full() || text == &self.hex[..DIGITS_SHOWN]
    }
}

/// The digits that are shown.
impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex[..DIGITS_SHOWN])
    }
}

impl Change {
    /// The change as one compact JSON array: what it does, and nothing about why, when or from which file.
    pub fn canonical(&self) -> String {
        let address = |email: &Option<Email>| email.as_ref().map(|email| email.as_str().to_owned());
        match self {
            Self::Invite { email, role } => json!(["invite", email.as_str(), role.as_str()]),
            Self::SetRole { member, to } => {
                json!([
                    "set-role",
                    member.id.as_str(),
                    address(&member.email),
                    member.role.as_str(),
                    to.as_str()
                ])
            }
            Self::CancelInvite { invite } => {
                json!([
                    "cancel-invite",
                    invite.id.as_str(),
                    invite.email.as_str(),
                    invite.role.as_str()
                ])
            }
            Self::Remove { member } => {
                json!([
                    "remove",
                    member.id.as_str(),
                    address(&member.email),
                    member.role.as_str()
                ])
            }
            // An admin key is of no project.
            Self::RevokeKey {
                key,
                user,
                email: _,
            } => json!(["revoke-key", null, key.id.as_str(), user.as_str()]),
        }
        .to_string()
    }
}

impl Plan {
    /// The name of exactly this plan's actions, whoever is withheld later.
    pub fn id(&self) -> PlanId {
        PlanId::of_actions(&self.organization, &self.actions)
    }

    /// The name of everything that differs: when it changes, somebody should look again.
    ///
    /// `withheld` names each withheld person and the breaches that withhold them.
    pub fn drift_id<'a>(
        &self,
        withheld: impl IntoIterator<Item = (&'a Person, Vec<&'static str>)>,
    ) -> PlanId {
        let mut lines: Vec<String> = self
            .actions
            .iter()
            .map(|action| action.change.canonical())
            .collect();
        for Reported { person, difference } in &self.reported {
            lines.push(json!(["reported", person.email, person.id, difference]).to_string());
        }
        for (person, breaches) in withheld {
            lines.push(json!(["withheld", person.email, person.id, breaches]).to_string());
        }
        for Vanished {
            email,
            id,
            place: _,
        } in &self.vanished
        {
            lines.push(json!(["vanished", email, id]).to_string());
        }
        for row in self
            .unmanaged
            .iter()
            .filter(|row| row.role.is_owner() && !row.invite)
        {
            lines.push(json!(["unmanaged-owner", row.person.email, row.person.id]).to_string());
        }
        PlanId::of(&self.organization, lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{admin_key, email, invite, member, user};
    use crate::roster::Role;

    #[test]
    fn canonical_lines_hold_what_a_change_does() {
        let ada = member("user-1", "ada@acme.dev");
        let nobody = crate::roster::Member {
            email: None,
            ..ada.clone()
        };
        for (change, line) in [
            (
                Change::Invite {
                    email: email("x@acme.dev"),
                    role: Role::Reader,
                },
                r#"["invite","x@acme.dev","reader"]"#,
            ),
            (
                Change::SetRole {
                    member: ada.clone(),
                    to: Role::Owner,
                },
                r#"["set-role","user-1","ada@acme.dev","reader","owner"]"#,
            ),
            (
                Change::CancelInvite {
                    invite: invite("i-1", "x@acme.dev", Role::Owner, 0),
                },
                r#"["cancel-invite","i-1","x@acme.dev","owner"]"#,
            ),
            (
                Change::Remove { member: ada },
                r#"["remove","user-1","ada@acme.dev","reader"]"#,
            ),
            (
                Change::RevokeKey {
                    key: admin_key("key_1", "user-1"),
                    user: user("user-1"),
                    email: Some(email("ada@acme.dev")),
                },
                r#"["revoke-key",null,"key_1","user-1"]"#,
            ),
            (
                Change::Remove { member: nobody },
                r#"["remove","user-1",null,"reader"]"#,
            ),
        ] {
            assert_eq!(change.canonical(), line);
        }
    }

    #[test]
    fn an_id_depends_on_the_lines_and_the_organization_only() {
        let lines = |order: [&str; 2]| order.map(str::to_owned).to_vec();
        let id = PlanId::of("org-1", lines(["[\"a\"]", "[\"b\"]"]));
        assert_eq!(id, PlanId::of("org-1", lines(["[\"b\"]", "[\"a\"]"])));
        assert_ne!(id, PlanId::of("org-2", lines(["[\"a\"]", "[\"b\"]"])));
        assert_eq!(id.to_string().len(), 20);
        assert!(id.is_named_by(&id.to_string()) && id.is_named_by(id.full()));
        assert!(
            !id.is_named_by(&id.full()[..19])
                && !id.is_named_by(&id.full()[..21])
                && !id.is_named_by("")
        );
        // `printf 'rosterctl.plan.1\norg-1\n["a"]\n["b"]\n' | sha256sum`
        assert_eq!(
            id.full(),
            "96f880477eb4e9f67eb8bb4688cadc3275bd9915bcd674057cc3a9d28662d4b0"
        );
    }
}
