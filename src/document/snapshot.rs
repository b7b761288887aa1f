//! The document of a whole roster, from which a plan can be made later without key or network.
//!
//! It holds everything that planning and judging read, flags that were not sent included, so that the plan made from
//! it has the id of the plan made from the organization at that moment. It holds no fact that is derived: who reads
//! it assembles the roster anew, and one that cannot be trusted is refused as it would be live.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FORMAT_VERSION;
use crate::roster::{
    AdminKey, Capabilities, Email, Flags, Invite, InviteId, InviteStatus, KeyHolder, KeyId,
    LiveRole, LiveRoster, Member, Observation, OrganizationId, ProjectId, ProjectMembership,
    RosterFault, SeenOrganization, UserId,
};

/// An organization's roster as it was read at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotDocument {
    /// The version of this format. A reader refuses a newer one.
    pub format_version: u32,
    /// The version of the program that wrote the document.
    pub rosterctl: String,
    /// The id of the organization in the members file.
    pub organization: String,
    /// What the provider called the organization: an id or a slug; null where it did not say.
    pub seen_organization: Option<String>,
    /// When the roster was read: the provider's date, RFC 3339; null where it did not say.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub observed_at: Option<Timestamp>,
    /// When the roster was read by the clock of the machine that read it, RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub taken_at: Timestamp,
    /// Whether addresses and names are masked. No plan can be made from such a document.
    pub redacted: bool,
    /// What the provider can do.
    pub capabilities: CapabilitiesDocument,
    /// Every member, by id.
    pub members: Vec<MemberDocument>,
    /// Every pending invite, by address.
    pub invites: Vec<InviteDocument>,
    /// Every admin key; null where they could not be read.
    pub admin_keys: Option<Vec<AdminKeyDocument>>,
    /// Why the admin keys could not be read, in a clause.
    pub admin_keys_unread: Option<String>,
}

/// What a provider can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilitiesDocument {
    /// Invites can be listed, sent and cancelled.
    pub invites: bool,
    /// A member's role can be set.
    pub roles: bool,
    /// An owner can be removed.
    pub owner_removal: bool,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberDocument {
    /// The member's id.
    #[schemars(with = "String")]
    pub id: UserId,
    /// The address; null for a member without one.
    #[schemars(with = "Option<String>")]
    pub email: Option<Email>,
    /// The display name that the person chose.
    pub name: Option<String>,
    /// The role, as the provider calls it.
    #[schemars(with = "String")]
    pub role: LiveRole,
    /// When the member joined, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub added_at: Option<Timestamp>,
    /// Whether it is the organization's default user; null: not sent, which is not `false`.
    pub is_default: Option<bool>,
    /// Whether it is a service account; null: not sent.
    pub is_service_account: Option<bool>,
    /// Whether the identity provider manages it; null: not sent.
    pub is_scim_managed: Option<bool>,
    /// When any API key of the member was last used, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub api_key_last_used_at: Option<Timestamp>,
    /// The projects listed in the member's row.
    pub projects: Vec<MembershipDocument>,
}

/// A project that a member's row names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembershipDocument {
    /// The project's id, if sent.
    #[schemars(with = "Option<String>")]
    pub id: Option<ProjectId>,
    /// The project's name, if sent.
    pub name: Option<String>,
    /// The role in the project, if sent.
    pub role: Option<String>,
}

/// A pending invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InviteDocument {
    /// The invite's id.
    #[schemars(with = "String")]
    pub id: InviteId,
    /// The invited address.
    #[schemars(with = "String")]
    pub email: Email,
    /// The role that accepting gives, as the provider calls it.
    #[schemars(with = "String")]
    pub role: LiveRole,
    /// When it was sent, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// Until when it can be accepted, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// An admin API key, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdminKeyDocument {
    /// The key's id.
    #[schemars(with = "String")]
    pub id: KeyId,
    /// The name that somebody gave it.
    pub name: Option<String>,
    /// The provider's shortened form, such as `sk-admin...def`.
    pub redacted_value: String,
    /// Who holds it.
    pub holder: HolderDocument,
    /// When it was made, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// When it stops working, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, RFC 3339.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
}

/// Who holds an admin key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum HolderDocument {
    /// A member.
    Person {
        /// The member's id.
        #[schemars(with = "String")]
        user_id: UserId,
    },
    /// A service account.
    ServiceAccount,
    /// The provider did not say.
    Unknown,
}

/// Why no plan can be made from a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The text is no snapshot, or only a part of one.
    #[error("it is no whole snapshot of a roster")]
    NotADocument(#[from] serde_json::Error),
    /// It has a format that this program does not know.
    #[error("its format_version is {found}, and this version of rosterctl reads {FORMAT_VERSION}")]
    Format {
        /// The version it names.
        found: u32,
    },
    /// Its addresses are masked, so nobody in it can be found in a members file.
    #[error("it was taken with --redact-emails, so nobody in it can be compared with the file")]
    Redacted,
    /// It is of another organization.
    #[error("it was taken from {taken}, and the members file is of {declared}")]
    OtherOrganization {
        /// The organization it names.
        taken: String,
        /// The organization of the members file.
        declared: OrganizationId,
    },
}

/// The part of a document that says how to read the rest.
#[derive(Deserialize)]
struct Head {
    format_version: u32,
    #[serde(default)]
    redacted: bool,
}

impl SnapshotDocument {
    /// Writes a roster and the admin keys, or why those could not be read.
    pub fn new(
        organization: &OrganizationId,
        live: &LiveRoster,
        admin_keys: Result<&[AdminKey], &str>,
        taken_at: Timestamp,
    ) -> Self {
        let Observation {
            organization:
                SeenOrganization {
                    header: seen_organization,
                    date: observed_at,
                },
            members,
            invites,
            capabilities:
                Capabilities {
                    invites: invites_known,
                    roles,
                    owner_removal,
                },
        } = live.to_observation();
        Self {
            format_version: FORMAT_VERSION,
            rosterctl: env!("CARGO_PKG_VERSION").to_owned(),
            organization: organization.to_string(),
            seen_organization,
            observed_at,
            taken_at,
            redacted: false,
            capabilities: CapabilitiesDocument {
                invites: invites_known,
                roles,
                owner_removal,
            },
            members: members.into_iter().map(of_member).collect(),
            invites: invites.into_iter().map(of_invite).collect(),
            admin_keys: admin_keys
                .ok()
                .map(|keys| keys.iter().cloned().map(of_key).collect()),
            admin_keys_unread: admin_keys.err().map(str::to_owned),
        }
    }

    /// Reads a snapshot of an organization.
    pub fn parse(text: &str, declared: &OrganizationId) -> Result<Self, SnapshotError> {
        let Head {
            format_version,
            redacted,
        } = serde_json::from_str(text)?;
        if format_version != FORMAT_VERSION {
            return Err(SnapshotError::Format {
                found: format_version,
            });
        }
        if redacted {
            return Err(SnapshotError::Redacted);
        }
        let snapshot: Self = serde_json::from_str(text)?;
        if snapshot.organization != declared.as_str() {
            return Err(SnapshotError::OtherOrganization {
                taken: snapshot.organization,
                declared: declared.clone(),
            });
        }
        Ok(snapshot)
    }

    /// When the roster was read: by the provider's clock, else by the machine's.
    pub fn time(&self) -> Timestamp {
        self.observed_at.unwrap_or(self.taken_at)
    }

    /// The roster, or everything that is wrong with it.
    pub fn roster(&self) -> Result<LiveRoster, Vec<RosterFault>> {
        let CapabilitiesDocument {
            invites,
            roles,
            owner_removal,
        } = self.capabilities;
        LiveRoster::assemble(Observation {
            organization: SeenOrganization {
                header: self.seen_organization.clone(),
                date: self.observed_at,
            },
            members: self.members.iter().cloned().map(to_member).collect(),
            invites: self.invites.iter().cloned().map(to_invite).collect(),
            capabilities: Capabilities {
                invites,
                roles,
                owner_removal,
            },
        })
    }

    /// Every admin key, or why they could not be read, in a clause.
    pub fn admin_keys(&self) -> Result<Vec<AdminKey>, String> {
        match (&self.admin_keys, &self.admin_keys_unread) {
            (Some(keys), _) => Ok(keys.iter().cloned().map(to_key).collect()),
            (None, Some(why)) => Err(why.clone()),
            (None, None) => Err("the snapshot does not hold them".to_owned()),
        }
    }
}

fn of_member(member: Member) -> MemberDocument {
    let Member {
        id,
        email,
        name,
        role,
        added_at,
        flags:
            Flags {
                default_user: is_default,
                service_account: is_service_account,
                scim_managed: is_scim_managed,
            },
        api_key_last_used_at,
        projects,
    } = member;
    let project = |ProjectMembership { id, name, role }| MembershipDocument { id, name, role };
    MemberDocument {
        id,
        email,
        name,
        role,
        added_at,
        is_default,
        is_service_account,
        is_scim_managed,
        api_key_last_used_at,
        projects: projects.into_iter().map(project).collect(),
    }
}

fn to_member(member: MemberDocument) -> Member {
    let MemberDocument {
        id,
        email,
        name,
        role,
        added_at,
        is_default: default_user,
        is_service_account: service_account,
        is_scim_managed: scim_managed,
        api_key_last_used_at,
        projects,
    } = member;
    let project = |MembershipDocument { id, name, role }| ProjectMembership { id, name, role };
    Member {
        id,
        email,
        name,
        role,
        added_at,
        flags: Flags {
            default_user,
            service_account,
            scim_managed,
        },
        api_key_last_used_at,
        projects: projects.into_iter().map(project).collect(),
    }
}

fn of_invite(invite: Invite) -> InviteDocument {
    let Invite {
        id,
        email,
        role,
        // A roster holds pending ones only.
        status: _,
        created_at,
        expires_at,
    } = invite;
    InviteDocument {
        id,
        email,
        role,
        created_at,
        expires_at,
    }
}

fn to_invite(invite: InviteDocument) -> Invite {
    let InviteDocument {
        id,
        email,
        role,
        created_at,
        expires_at,
    } = invite;
    Invite {
        id,
        email,
        role,
        status: InviteStatus::Pending,
        created_at,
        expires_at,
    }
}

fn of_key(key: AdminKey) -> AdminKeyDocument {
    let AdminKey {
        id,
        name,
        redacted_value,
        holder,
        created_at,
        expires_at,
        last_used_at,
    } = key;
    let holder = match holder {
        KeyHolder::Person(user_id) => HolderDocument::Person { user_id },
        KeyHolder::ServiceAccount => HolderDocument::ServiceAccount,
        KeyHolder::Unknown => HolderDocument::Unknown,
    };
    AdminKeyDocument {
        id,
        name,
        redacted_value,
        holder,
        created_at,
        expires_at,
        last_used_at,
    }
}

fn to_key(key: AdminKeyDocument) -> AdminKey {
    let AdminKeyDocument {
        id,
        name,
        redacted_value,
        holder,
        created_at,
        expires_at,
        last_used_at,
    } = key;
    let holder = match holder {
        HolderDocument::Person { user_id } => KeyHolder::Person(user_id),
        HolderDocument::ServiceAccount => KeyHolder::ServiceAccount,
        HolderDocument::Unknown => KeyHolder::Unknown,
    };
    AdminKey {
        id,
        name,
        redacted_value,
        holder,
        created_at,
        expires_at,
        last_used_at,
    }
}
