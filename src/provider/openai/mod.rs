//! The `OpenAI` admin API: members, invites and admin keys (API contract, sections 3, 4 and 6).
//!
//! The JSON stays in here; what comes out are rows of a roster and classified errors. Nothing is cached and nothing
//! is decided: a read returns everything or an error, a write is one attempt.

pub(in crate::provider) mod answer;
mod audit;
mod keys;
pub(in crate::provider) mod paging;
mod projects;
pub(in crate::provider) mod requests;
#[cfg(test)]
mod tests;
pub(in crate::provider) mod wire;
mod words;

use http::Method;

use self::answer::Answer;
use self::keys::DELETE_ADMIN_KEY;
use self::requests::{Api, Endpoint};
use self::wire::{Deleted, InviteBody, InviteRow, RoleBody, User};
use crate::plan::Change;
use crate::provider::gate::Gate;
use crate::provider::{
    BaseUrl, Credential, ErrorKind, Listing, Performed, Permit, ProviderError, RosterSink,
    RosterSource, SeenAnswer, Transport,
};
use crate::roster::{
    Capabilities, Email, Invite, InviteId, Member, Operation, OrganizationId, Role, UserId,
};

static LIST_USERS: Endpoint =
    Endpoint::new(Operation::ListUsers, Method::GET, "GET /organization/users");
static RETRIEVE_USER: Endpoint = Endpoint::new(
    Operation::RetrieveUser,
    Method::GET,
    "GET /organization/users/{user_id}",
);
static MODIFY_USER: Endpoint = Endpoint::new(
    Operation::ModifyUser,
    Method::POST,
    "POST /organization/users/{user_id}",
);
static DELETE_USER: Endpoint = Endpoint::new(
    Operation::DeleteUser,
    Method::DELETE,
    "DELETE /organization/users/{user_id}",
);
static LIST_INVITES: Endpoint = Endpoint::new(
    Operation::ListInvites,
    Method::GET,
    "GET /organization/invites",
);
static RETRIEVE_INVITE: Endpoint = Endpoint::new(
    Operation::RetrieveInvite,
    Method::GET,
    "GET /organization/invites/{invite_id}",
);
static CREATE_INVITE: Endpoint = Endpoint::new(
    Operation::CreateInvite,
    Method::POST,
    "POST /organization/invites",
);
static DELETE_INVITE: Endpoint = Endpoint::new(
    Operation::DeleteInvite,
    Method::DELETE,
    "DELETE /organization/invites/{invite_id}",
);

/// The organization behind the `OpenAI` admin API.
#[derive(Debug)]
pub struct OpenAi<T> {
    api: Api<T>,
}

/// Why an answer that is JSON of the right shape is still not the answer to what was sent.
#[derive(Debug, thiserror::Error)]
pub(in crate::provider) enum Mismatch {
    /// Another row than the one that was named.
    #[error("the answer is about `{found}`, and `{sent}` was sent")]
    Id {
        /// The id in the request.
        sent: String,
        /// The id in the answer.
        found: String,
    },
    /// Another role than the one that was set.
    #[error("the answer says that the role is `{found}`, and `{sent}` was sent")]
    Role {
        /// The role in the request.
        sent: Role,
        /// The role in the answer.
        found: String,
    },
    /// An invite of another address or role, or of no address.
    #[error("the answer is not the invite that was sent")]
    Invite,
}

impl<T: Transport> OpenAi<T> {
    /// The organization that `key` administers. `organization` is sent along, so that a key of another one is
    /// refused; without it, the key alone says which organization is meant.
    pub fn new<'a>(
        gate: Gate<T>,
        base: BaseUrl,
        key: Credential,
        organization: impl Into<Option<&'a OrganizationId>>,
    ) -> Self {
        Self {
            api: Api::new(gate, base, key, organization.into()),
        }
    }

    /// The gate that all requests pass: its counters, and what it learned.
    pub fn gate(&self) -> &Gate<T> {
        &self.api.gate
    }

    async fn set_role(&self, member: &Member, to: Role) -> Result<Performed, ProviderError> {
        let id = member.id.as_str();
        let body = RoleBody { role: to.as_str() };
        self.api
            .write(&MODIFY_USER, &[id], Some(&body), |answer| {
                let found = member_of(&answer, id)?;
                if found.role.as_str().is_empty() || found.role == to.into() {
                    return Ok(performed(answer, SeenAnswer::Done));
                }
                let found = found.role.as_str().to_owned();
                Err(mismatch(&answer, Mismatch::Role { sent: to, found }))
            })
            .await
    }

    async fn invite_person(&self, email: &Email, role: Role) -> Result<Performed, ProviderError> {
        let body = InviteBody {
            email: email.as_str(),
            role: role.as_str(),
            projects: [],
        };
        self.api
            .write(&CREATE_INVITE, &[], Some(&body), |answer| {
                let invite = invite_of(&answer)?;
                if invite.email == *email && invite.role == role.into() {
                    return Ok(performed(answer, SeenAnswer::Invited(invite)));
                }
                Err(mismatch(&answer, Mismatch::Invite))
            })
            .await
    }

    async fn delete(&self, endpoint: &Endpoint, id: &str) -> Result<Performed, ProviderError> {
        let ids = [id];
        let write = self.api.write(endpoint, &ids, NO_BODY, |answer| {
            let Deleted { id: found, deleted } = answer.json()?;
            if found != id {
                let sent = id.to_owned();
                return Err(mismatch(&answer, Mismatch::Id { sent, found }));
            }
            if !deleted {
                let mut error = answer.error(ErrorKind::Rejected);
                error.message = Some("the answer says `deleted: false`".to_owned());
                return Err(error);
            }
            Ok(performed(answer, SeenAnswer::Done))
        });
        or_gone(write.await)
    }
}

impl<T: Transport> RosterSource for OpenAi<T> {
    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn list_members(&self) -> Result<Listing<Member>, ProviderError> {
        paging::list(
            &self.api,
            &LIST_USERS,
            paging::Of::default(),
            |row: User| {
                let member = row.into_member()?;
                Ok((member.id.to_string(), Some(member)))
            },
        )
        .await
    }

    async fn list_invites(&self) -> Result<Listing<Invite>, ProviderError> {
        paging::list(
            &self.api,
            &LIST_INVITES,
            paging::Of::default(),
            |row: InviteRow| {
                let id = row.id().unwrap_or_default().to_owned();
                Ok((id, row.into_invite()?))
            },
        )
        .await
    }

    async fn member(&self, id: &UserId) -> Result<Option<Member>, ProviderError> {
        self.api
            .retrieve(&RETRIEVE_USER, &[id.as_str()], |answer| {
                member_of(&answer, id.as_str())
            })
            .await
    }

    async fn invite(&self, id: &InviteId) -> Result<Option<Invite>, ProviderError> {
        self.api
            .retrieve(&RETRIEVE_INVITE, &[id.as_str()], |answer| {
                let invite = invite_of(&answer)?;
                if invite.id == *id {
                    return Ok(invite);
                }
                let (sent, found) = (id.to_string(), invite.id.to_string());
                Err(mismatch(&answer, Mismatch::Id { sent, found }))
            })
            .await
    }
}

impl<T: Transport> RosterSink for OpenAi<T> {
    async fn admit(&self, operation: Operation, wanted: usize) -> Result<Permit, ProviderError> {
        let writes = [
            &MODIFY_USER,
            &DELETE_USER,
            &CREATE_INVITE,
            &DELETE_INVITE,
            &DELETE_ADMIN_KEY,
        ];
        self.api.admit(operation, &writes, wanted).await
    }

    async fn perform(&self, change: &Change) -> Result<Performed, ProviderError> {
        match change {
            Change::SetRole { member, to } => self.set_role(member, *to).await,
            Change::CancelInvite { invite } => {
                self.delete(&DELETE_INVITE, invite.id.as_str()).await
            }
            Change::Remove { member } => self.delete(&DELETE_USER, member.id.as_str()).await,
            Change::Invite { email, role } => self.invite_person(email, *role).await,
            Change::RevokeKey {
                key,
                user: _,
                email: _,
            } => self.delete(&DELETE_ADMIN_KEY, key.id.as_str()).await,
        }
    }
}

/// A request without a body.
pub(in crate::provider) const NO_BODY: Option<&()> = None;

/// The member in an answer that must be about `id`.
fn member_of(answer: &Answer, id: &str) -> Result<Member, ProviderError> {
    let member = answer
        .json::<User>()?
        .into_member()
        .map_err(|fault| answer.error(ErrorKind::Unreadable).because(fault))?;
    if member.id.as_str() == id {
        return Ok(member);
    }
    let (sent, found) = (id.to_owned(), member.id.to_string());
    Err(mismatch(answer, Mismatch::Id { sent, found }))
}

/// The invite in an answer, which must have an address whatever its status.
fn invite_of(answer: &Answer) -> Result<Invite, ProviderError> {
    match answer.json::<InviteRow>()?.into_invite() {
        Ok(Some(invite)) => Ok(invite),
        Ok(None) => Err(mismatch(answer, Mismatch::Invite)),
        Err(fault) => Err(answer.error(ErrorKind::Unreadable).because(fault)),
    }
}

fn mismatch(answer: &Answer, mismatch: Mismatch) -> ProviderError {
    answer.error(ErrorKind::Unreadable).because(mismatch)
}

pub(in crate::provider) fn performed(answer: Answer, seen: SeenAnswer) -> Performed {
    Performed {
        answer: seen,
        request_id: answer.request_id,
    }
}

/// A deletion of what is not there is done: the API itself said so.
pub(in crate::provider) fn or_gone(
    sent: Result<Performed, ProviderError>,
) -> Result<Performed, ProviderError> {
    match sent {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(Performed {
            answer: SeenAnswer::AlreadyGone,
            request_id: error.request_id,
        }),
        other => other,
    }
}
