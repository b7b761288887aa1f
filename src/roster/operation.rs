//! What can be asked of a provider, and which of it a given provider can do.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One kind of call. Limits are per operation, so pacing, lanes and costs are too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// One page of the members.
    ListUsers,
    /// One member.
    RetrieveUser,
    /// Sets a member's role.
    ModifyUser,
    /// Removes a member.
    DeleteUser,
    /// One page of the invites.
    ListInvites,
    /// One invite.
    RetrieveInvite,
    /// Sends an invite.
    CreateInvite,
    /// Cancels an invite.
    DeleteInvite,
    /// One page of the admin API keys.
    ListAdminKeys,
    /// Revokes an admin API key.
    DeleteAdminKey,
    /// One page of the projects.
    ListProjects,
    /// One page of a project's members.
    ListProjectUsers,
    /// One page of a project's API keys.
    ListProjectKeys,
    /// One page of the audit log.
    ListAuditLogs,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 14] = [
        Self::ListUsers,
        Self::RetrieveUser,
        Self::ModifyUser,
        Self::DeleteUser,
        Self::ListInvites,
        Self::RetrieveInvite,
        Self::CreateInvite,
        Self::DeleteInvite,
        Self::ListAdminKeys,
        Self::DeleteAdminKey,
        Self::ListProjects,
        Self::ListProjectUsers,
        Self::ListProjectKeys,
        Self::ListAuditLogs,
    ];

    /// The operation's name in messages, documents and `pace.json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ListUsers => "list-users",
            Self::RetrieveUser => "retrieve-user",
            Self::ModifyUser => "modify-user",
            Self::DeleteUser => "delete-user",
            Self::ListInvites => "list-invites",
            Self::RetrieveInvite => "retrieve-invite",
            Self::CreateInvite => "create-invite",
            Self::DeleteInvite => "delete-invite",
            Self::ListAdminKeys => "list-admin-keys",
            Self::DeleteAdminKey => "delete-admin-key",
            Self::ListProjects => "list-projects",
            Self::ListProjectUsers => "list-project-users",
            Self::ListProjectKeys => "list-project-keys",
            Self::ListAuditLogs => "list-audit-logs",
        }
    }

    /// Whether it changes the organization.
    pub const fn is_write(self) -> bool {
        match self {
            Self::ModifyUser
            | Self::DeleteUser
            | Self::CreateInvite
            | Self::DeleteInvite
            | Self::DeleteAdminKey => true,
            Self::ListUsers
            | Self::RetrieveUser
            | Self::ListInvites
            | Self::RetrieveInvite
            | Self::ListAdminKeys
            | Self::ListProjects
            | Self::ListProjectUsers
            | Self::ListProjectKeys
            | Self::ListAuditLogs => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a provider's API can do at all. What it cannot is reported in the plan, never attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Invites can be listed, sent and cancelled.
    pub invites: bool,
    /// A member's role can be set.
    pub roles: bool,
    /// An owner can be removed.
    pub owner_removal: bool,
}

impl Capabilities {
    /// Everything.
    pub const ALL: Self = Self {
        invites: true,
        roles: true,
        owner_removal: true,
    };
}
