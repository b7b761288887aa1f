//! The ports: what the rest of the program asks of a provider.

use std::future::Future;

use jiff::Timestamp;

use super::ProviderError;
use crate::plan::Change;
use crate::roster::{
    AdminKey, AdminKeys, AuditKind, AuditReading, Capabilities, Invite, InviteId, KeyInUse,
    KeyScope, Member, Operation, Project, ProjectId, ProjectKey, ProjectUser, SeenOrganization,
    UserId,
};

/// Rows of one complete listing: every page, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// Every row, in the provider's order.
    pub rows: Vec<T>,
    /// What the last answer's headers said.
    pub seen: SeenOrganization,
}

/// Reads the organization.
pub trait RosterSource {
    /// What the provider can do at all.
    fn capabilities(&self) -> Capabilities;

    /// Lists every member.
    fn list_members(&self) -> impl Future<Output = Result<Listing<Member>, ProviderError>>;

    /// Lists every invite, of any status; none where the provider has no invites.
    fn list_invites(&self) -> impl Future<Output = Result<Listing<Invite>, ProviderError>>;

    /// Reads one member by id; `None`: not a member.
    fn member(&self, id: &UserId) -> impl Future<Output = Result<Option<Member>, ProviderError>>;

    /// Reads one invite by id; `None`: there is no such invite.
    fn invite(&self, id: &InviteId) -> impl Future<Output = Result<Option<Invite>, ProviderError>>;
}

/// Leave to send writes of one operation now. All waiting is over; a permit that is dropped costs nothing.
#[derive(Debug)]
#[must_use = "a permit is leave to send, and nothing is sent by having it"]
pub struct Permit {
    /// The operation that was admitted.
    pub operation: Operation,
    /// How many writes may be sent one after the other without another wait, at least 1.
    pub sends: usize,
}

/// What one write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performed {
    /// Whether this write took effect, or had nothing left to do.
    pub answer: SeenAnswer,
    /// The provider's `x-request-id`.
    pub request_id: Option<String>,
}

/// The provider's answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeenAnswer {
    /// It took effect.
    Done,
    /// It took effect, and this is the new invite.
    Invited(Invite),
    /// The member or invite was not there: a 404 in one of the API's error shapes.
    AlreadyGone,
}

/// Changes the organization. Only `apply` holds one.
pub trait RosterSink: RosterSource + KeySource {
    /// Waits until the operation's pace admits at least one write; `wanted` is how many the caller would send.
    fn admit(
        &self,
        operation: Operation,
        wanted: usize,
    ) -> impl Future<Output = Result<Permit, ProviderError>>;

    /// Makes one change: one attempt, no waiting and no retry.
    ///
    /// A `Throttled` answer closes the operation's pace until the hint is over: admit again before the next send.
    fn perform(&self, change: &Change) -> impl Future<Output = Result<Performed, ProviderError>>;
}

/// Reads who holds the admin keys.
pub trait KeySource {
    /// Lists the admin keys.
    fn list_admin_keys(&self) -> impl Future<Output = Result<Listing<AdminKey>, ProviderError>>;

    /// Finds the key that this run uses among the listed ones.
    fn in_use_among(&self, listed: &[AdminKey]) -> KeyInUse;

    /// Lists the admin keys once, and finds the one in use. A list that cannot be read is an answer, no error.
    fn admin_keys(&self) -> impl Future<Output = AdminKeys> {
        async {
            match self.list_admin_keys().await {
                Ok(Listing { rows, seen: _ }) => AdminKeys {
                    in_use: self.in_use_among(&rows),
                    listed: Ok(rows),
                },
                Err(error) => {
                    let reason = format!("the list of admin keys could not be read: {error}");
                    AdminKeys {
                        in_use: KeyInUse::Unknown {
                            reason: reason.clone(),
                        },
                        listed: Err(reason),
                    }
                }
            }
        }
    }
}

/// Reads the projects: what a removal may break. One paced read for each page of each listing.
pub trait ProjectSource {
    /// Lists every project, the archived ones too.
    fn list_projects(&self) -> impl Future<Output = Result<Listing<Project>, ProviderError>>;

    /// Lists the members of a project. An archived one has none, and asking for them is an error.
    fn list_project_users(
        &self,
        project: &ProjectId,
    ) -> impl Future<Output = Result<Listing<ProjectUser>, ProviderError>>;

    /// Lists the API keys of a project.
    fn list_project_keys(
        &self,
        project: &ProjectId,
        scope: KeyScope,
    ) -> impl Future<Output = Result<Listing<ProjectKey>, ProviderError>>;
}

/// Reads the organization's own record of who changed it.
pub trait AuditSource {
    /// Reads every entry of these kinds from `since` on, page by page and paced like every read.
    ///
    /// A log that is off or cannot be read is an answer, no error: nothing is decided by it, it only explains.
    fn audit_log(
        &self,
        kinds: &[AuditKind],
        since: Timestamp,
    ) -> impl Future<Output = AuditReading>;
}

/// Sends one request and returns one answer: sockets, or a simulator in this process.
pub trait Transport {
    /// Sends the request. The answer's body is complete and bounded.
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> impl Future<Output = Result<http::Response<Vec<u8>>, TransportError>>;
}

/// No answer came, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection was never made, so nothing was sent.
    #[error("could not connect to {host}")]
    NotSent {
        /// Host and port.
        host: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There was a connection, but no TLS that can be trusted, so nothing was sent.
    #[error("no trusted TLS connection to {host}")]
    Tls {
        /// Host and port.
        host: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request may have been received; the answer was lost.
    #[error("the connection to {host} broke before the answer was complete")]
    Lost {
        /// Host and port.
        host: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is larger than anything the API sends.
    #[error("the answer of {host} is larger than {bytes_max} bytes")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        bytes_max: usize,
    },
}
