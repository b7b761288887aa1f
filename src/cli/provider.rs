//! Whichever API the command line chose, behind the same ports.

use jiff::Timestamp;

use crate::plan::Change;
use crate::provider::{
    AuditSource, Gate, KeySource, Legacy, Listing, OpenAi, Performed, Permit, ProjectSource,
    ProviderError, RosterSink, RosterSource, Transport,
};
use crate::roster::{
    AdminKey, AdminKeys, AuditKind, AuditReading, Capabilities, Invite, InviteId, KeyInUse,
    KeyScope, Member, Operation, Project, ProjectId, ProjectKey, ProjectUser, UserId,
};

/// The organization, by one of two APIs.
#[derive(Debug)]
pub(super) enum Provider<T> {
    /// The admin API.
    OpenAi(OpenAi<T>),
    /// The older pair of calls.
    Legacy(Legacy<T>),
}

impl<T: Transport> Provider<T> {
    /// The gate that all requests pass.
    pub(super) fn gate(&self) -> &Gate<T> {
        match self {
            Self::OpenAi(api) => api.gate(),
            Self::Legacy(api) => api.gate(),
        }
    }
}

impl<T: Transport> RosterSource for Provider<T> {
    fn capabilities(&self) -> Capabilities {
        match self {
            Self::OpenAi(api) => api.capabilities(),
            Self::Legacy(api) => api.capabilities(),
        }
    }

    async fn list_members(&self) -> Result<Listing<Member>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_members().await,
            Self::Legacy(api) => api.list_members().await,
        }
    }

    async fn list_invites(&self) -> Result<Listing<Invite>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_invites().await,
            Self::Legacy(api) => api.list_invites().await,
        }
    }

    async fn member(&self, id: &UserId) -> Result<Option<Member>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.member(id).await,
            Self::Legacy(api) => api.member(id).await,
        }
    }

    async fn invite(&self, id: &InviteId) -> Result<Option<Invite>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.invite(id).await,
            Self::Legacy(api) => api.invite(id).await,
        }
    }
}

impl<T: Transport> RosterSink for Provider<T> {
    async fn admit(&self, operation: Operation, wanted: usize) -> Result<Permit, ProviderError> {
        match self {
            Self::OpenAi(api) => api.admit(operation, wanted).await,
            Self::Legacy(api) => api.admit(operation, wanted).await,
        }
    }

    async fn perform(&self, change: &Change) -> Result<Performed, ProviderError> {
        match self {
            Self::OpenAi(api) => api.perform(change).await,
            Self::Legacy(api) => api.perform(change).await,
        }
    }
}

impl<T: Transport> KeySource for Provider<T> {
    async fn list_admin_keys(&self) -> Result<Listing<AdminKey>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_admin_keys().await,
            Self::Legacy(api) => api.list_admin_keys().await,
        }
    }

    fn in_use_among(&self, listed: &[AdminKey]) -> KeyInUse {
        match self {
            Self::OpenAi(api) => api.in_use_among(listed),
            Self::Legacy(api) => api.in_use_among(listed),
        }
    }

    async fn admin_keys(&self) -> AdminKeys {
        match self {
            Self::OpenAi(api) => api.admin_keys().await,
            Self::Legacy(api) => api.admin_keys().await,
        }
    }
}

impl<T: Transport> ProjectSource for Provider<T> {
    async fn list_projects(&self) -> Result<Listing<Project>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_projects().await,
            Self::Legacy(api) => api.list_projects().await,
        }
    }

    async fn list_project_users(
        &self,
        project: &ProjectId,
    ) -> Result<Listing<ProjectUser>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_project_users(project).await,
            Self::Legacy(api) => api.list_project_users(project).await,
        }
    }

    async fn list_project_keys(
        &self,
        project: &ProjectId,
        scope: KeyScope,
    ) -> Result<Listing<ProjectKey>, ProviderError> {
        match self {
            Self::OpenAi(api) => api.list_project_keys(project, scope).await,
            Self::Legacy(api) => api.list_project_keys(project, scope).await,
        }
    }
}

impl<T: Transport> AuditSource for Provider<T> {
    async fn audit_log(&self, kinds: &[AuditKind], since: Timestamp) -> AuditReading {
        match self {
            Self::OpenAi(api) => api.audit_log(kinds, since).await,
            Self::Legacy(api) => api.audit_log(kinds, since).await,
        }
    }
}
