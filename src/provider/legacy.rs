//! The older pair of calls: list and remove, nothing else.
//!
//! `GET` and `DELETE /organizations/{org}/users[/{id}]` were the dashboard's, never documented, and are seen in the
//! field only (API contract, section 1). The list has no pages and no protection flags, so a missing flag stays
//! unknown and each removal needs somebody to accept that. What a removal answers is not known: any 2xx is taken,
//! and the list says whether the person is gone.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::gate::Gate;
use super::openai::paging::{PageFault, Rows, at_page, doubted};
use super::openai::requests::{Api, Endpoint, cannot};
use super::openai::wire::User;
use super::openai::{NO_BODY, answer::Answer, or_gone, performed};
use super::{
    AuditSource, BaseUrl, Credential, ErrorKind, KeySource, Listing, Performed, Permit,
    ProjectSource, ProviderError, RosterSink, RosterSource, SeenAnswer, Transport,
};
use crate::plan::Change;
use crate::roster::{
    AdminKey, AdminKeys, AuditKind, AuditReading, Capabilities, Flags, Invite, InviteId, KeyInUse,
    KeyScope, Member, Operation, OrganizationId, Project, ProjectId, ProjectKey, ProjectUser,
    SeenOrganization, UserId,
};

static LIST_USERS: Endpoint = Endpoint::new(
    Operation::ListUsers,
    Method::GET,
    "GET /organizations/{organization_id}/users",
);
static DELETE_USER: Endpoint = Endpoint::new(
    Operation::DeleteUser,
    Method::DELETE,
    "DELETE /organizations/{organization_id}/users/{user_id}",
);

/// The organization behind the older pair of calls.
#[derive(Debug)]
pub struct Legacy<T> {
    api: Api<T>,
    organization: OrganizationId,
}

/// The list in one of the shapes that were seen; the other is a plain array.
#[derive(Debug, Deserialize)]
struct Users {
    members: Members,
}

#[derive(Debug, Deserialize)]
struct Members {
    data: Vec<User>,
    /// Not seen; if it comes and is true, the list is not whole and nothing says how to go on.
    #[serde(default)]
    has_more: bool,
}

impl<T: Transport> Legacy<T> {
    /// The organization that `key` may change.
    pub fn new(
        gate: Gate<T>,
        base: BaseUrl,
        key: Credential,
        organization: &OrganizationId,
    ) -> Self {
        Self {
            api: Api::new(gate, base, key, Some(organization)),
            organization: organization.clone(),
        }
    }

    /// The gate that all requests pass: its counters, and what it learned.
    pub fn gate(&self) -> &Gate<T> {
        &self.api.gate
    }

    async fn remove(&self, member: &Member) -> Result<Performed, ProviderError> {
        let ids = [self.organization.as_str(), member.id.as_str()];
        let write = self.api.write(&DELETE_USER, &ids, NO_BODY, |answer| {
            if denies(&answer) {
                let mut error = answer.error(ErrorKind::Rejected);
                error.message = Some("the answer says `deleted: false`".to_owned());
                return Err(error);
            }
            Ok(performed(answer, SeenAnswer::Done))
        });
        or_gone(write.await)
    }
}

impl<T: Transport> RosterSource for Legacy<T> {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            invites: false,
            roles: false,
            owner_removal: false,
        }
    }

    async fn list_members(&self) -> Result<Listing<Member>, ProviderError> {
        let ids = [self.organization.as_str()];
        let patience = self.api.gate.patience();
        let read = self.api.read(&LIST_USERS, &ids, &[], patience, |answer| {
            let members = match answer.json()? {
                Value::Array(_) => Members {
                    data: answer.json()?,
                    has_more: false,
                },
                _ => answer.json::<Users>()?.members,
            };
            Ok((members, answer))
        });
        let (members, answer) = read.await.map_err(|error| at_page(error, 1))?;
        let Members {
            data: page,
            has_more,
        } = members;
        let doubt = |fault| doubted(&answer, 1, fault);
        if has_more {
            return Err(doubt(PageFault::NoCursor));
        }
        let mut rows = Rows::default();
        let taken = rows.take(page, |row: User| {
            let member = row.into_member()?;
            let flags = protecting(member.flags);
            Ok((member.id.to_string(), Some(Member { flags, ..member })))
        });
        let _last = taken.map_err(doubt)?;
        Ok(Listing {
            rows: rows.values,
            seen: answer.seen,
        })
    }

    async fn list_invites(&self) -> Result<Listing<Invite>, ProviderError> {
        Ok(Listing {
            rows: Vec::new(),
            seen: SeenOrganization::default(),
        })
    }

    /// Lists everybody: there is no call for one member.
    async fn member(&self, id: &UserId) -> Result<Option<Member>, ProviderError> {
        let Listing { rows, seen: _ } = self.list_members().await?;
        Ok(rows.into_iter().find(|member| member.id == *id))
    }

    async fn invite(&self, _id: &InviteId) -> Result<Option<Invite>, ProviderError> {
        Err(cannot(Operation::RetrieveInvite))
    }
}

impl<T: Transport> RosterSink for Legacy<T> {
    async fn admit(&self, operation: Operation, wanted: usize) -> Result<Permit, ProviderError> {
        self.api.admit(operation, &[&DELETE_USER], wanted).await
    }

    async fn perform(&self, change: &Change) -> Result<Performed, ProviderError> {
        match change {
            Change::Remove { member } => self.remove(member).await,
            Change::SetRole { member: _, to: _ }
            | Change::CancelInvite { invite: _ }
            | Change::Invite { email: _, role: _ }
            | Change::RevokeKey {
                key: _,
                user: _,
                email: _,
            } => Err(cannot(change.operation())),
        }
    }
}

impl<T: Transport> KeySource for Legacy<T> {
    async fn list_admin_keys(&self) -> Result<Listing<AdminKey>, ProviderError> {
        Err(cannot(Operation::ListAdminKeys))
    }

    fn in_use_among(&self, _listed: &[AdminKey]) -> KeyInUse {
        KeyInUse::Unknown {
            reason: "the older API does not list admin keys".to_owned(),
        }
    }

    async fn admin_keys(&self) -> AdminKeys {
        let in_use = self.in_use_among(&[]);
        AdminKeys {
            listed: Err(in_use.why_unknown().to_owned()),
            in_use,
        }
    }
}

impl<T: Transport> ProjectSource for Legacy<T> {
    async fn list_projects(&self) -> Result<Listing<Project>, ProviderError> {
        Err(cannot(Operation::ListProjects))
    }

    async fn list_project_users(
        &self,
        _project: &ProjectId,
    ) -> Result<Listing<ProjectUser>, ProviderError> {
        Err(cannot(Operation::ListProjectUsers))
    }

    async fn list_project_keys(
        &self,
        _project: &ProjectId,
        _scope: KeyScope,
    ) -> Result<Listing<ProjectKey>, ProviderError> {
        Err(cannot(Operation::ListProjectKeys))
    }
}

/// Flags that protect a row count, wherever they come from; those that open it are not this API's to say.
fn protecting(flags: Flags) -> Flags {
    let Flags {
        default_user,
        service_account,
        scim_managed,
    } = flags;
    Flags {
        default_user: default_user.filter(|is_set| *is_set),
        service_account: service_account.filter(|is_set| *is_set),
        scim_managed: scim_managed.filter(|is_set| *is_set),
    }
}

/// Whether a success says of itself that it is none.
fn denies(answer: &Answer) -> bool {
    answer
        .json::<Value>()
        .is_ok_and(|body| body.get("deleted") == Some(&Value::Bool(false)))
}

impl<T: Transport> AuditSource for Legacy<T> {
    async fn audit_log(&self, _: &[AuditKind], _: Timestamp) -> AuditReading {
        AuditReading::Unreadable {
            reason: "this API has no audit log".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::PaceSettings;
    use crate::provider::canned::{Act, Canned, chain, say};
    use crate::provider::{Effect, Stop};
    use crate::roster::{LiveRole, Role};

    fn legacy(acts: impl IntoIterator<Item = Act>) -> (Canned, Legacy<Canned>) {
        let play = Canned::play(acts);
        let gate = play.gate(&Stop::default(), PaceSettings::DEFAULT);
        let legacy = Legacy::new(
            gate,
            BaseUrl::resolve(Some("http://127.0.0.1:1/v1"), None).unwrap(),
            Credential::parse("sk-test0123456789").unwrap(),
            &OrganizationId::parse("org-acme").unwrap(),
        );
        (play, legacy)
    }

    const NESTED: &str = r#"{"members":{"data":[
        {"role":"owner","created":1711471533,"user":{"id":"user-1","name":"Ada","email":"Ada@acme.dev"}},
        {"role":"reader","created":1711471533,"is_scim_managed":true,"is_default":false,
         "user":{"id":"user-2","name":"Bo","email":"bo@acme.dev"}}]}}"#;
    const PLAIN: &str = r#"[{"id":"user-1","email":"Ada@acme.dev","role":"owner"},
        {"id":"user-2","email":"bo@acme.dev","role":"reader"}]"#;

    #[tokio::test(start_paused = true)]
    async fn both_shapes_of_the_list_are_read() {
        for (shape, scim_managed) in [(NESTED, Some(true)), (PLAIN, None)] {
            let (play, legacy) = legacy([say(200, shape)]);
            let rows = legacy.list_members().await.unwrap().rows;
            let seen: Vec<_> = rows
                .iter()
                .map(|row| (row.id.as_str(), row.email.as_ref().unwrap().as_str()))
                .collect();
            assert_eq!(
                seen,
                [("user-1", "ada@acme.dev"), ("user-2", "bo@acme.dev")]
            );
            assert_eq!(rows[0].role, LiveRole::Known(Role::Owner));
            // What would open a row is unknown; what protects it is taken.
            assert_eq!(rows[0].flags, Flags::default());
            assert_eq!(
                rows[1].flags,
                Flags {
                    scim_managed,
                    ..Flags::default()
                }
            );
            assert_eq!(play.lines(), ["GET /v1/organizations/org-acme/users"]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_may_not_be_whole_is_an_error() {
        for (body, what) in [
            (
                NESTED.replace("]}}", r#"],"has_more":true}}"#),
                "the page says that there is more, without a cursor to go on with",
            ),
            (
                PLAIN.replace("user-2", "user-1"),
                "row 2 has the id `user-1`, which an earlier row has",
            ),
            (
                PLAIN.replace("user-2", ""),
                "row 2 cannot be used: the row's id cannot be used: `` cannot be an id",
            ),
            (
                r#"{"data":[]}"#.to_owned(),
                "the answer is not the JSON that the API sends: missing field `members` at line 1 column 11",
            ),
        ] {
            let (_, legacy) = legacy(vec![say(200, &body); 5]);
            let error = legacy.list_members().await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Paging { page: 1 });
            assert!(chain(&error).ends_with(what), "{}", chain(&error));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn any_2xx_is_taken_and_the_list_tells_who_is_there() {
        for (act, answer) in [
            (say(200, ""), Ok(SeenAnswer::Done)),
            (say(204, ""), Ok(SeenAnswer::Done)),
            (say(202, "{}"), Ok(SeenAnswer::Done)),
            (say(200, r#"{"deleted":true}"#), Ok(SeenAnswer::Done)),
            (
                say(200, r#"{"deleted":false}"#),
                Err((ErrorKind::Rejected, Effect::None)),
            ),
            (
                say(404, r#"{"error":"no such user"}"#),
                Ok(SeenAnswer::AlreadyGone),
            ),
            (
                say(404, "<html>"),
                Err((ErrorKind::Unreadable, Effect::Unknown)),
            ),
        ] {
            let (play, legacy) = legacy([say(200, PLAIN), act, say(200, PLAIN)]);
            let member = legacy.list_members().await.unwrap().rows.remove(1);
            let id = member.id.clone();
            let performed = legacy.perform(&Change::Remove { member }).await;
            let seen = performed
                .map(|performed| performed.answer)
                .map_err(|error| (error.kind.clone(), error.effect()));
            assert_eq!(seen, answer);
            assert!(legacy.member(&id).await.unwrap().is_some());
            assert_eq!(
                play.lines()[1..],
                [
                    "DELETE /v1/organizations/org-acme/users/user-2",
                    "GET /v1/organizations/org-acme/users"
                ]
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_it_cannot_do_is_not_attempted() {
        let (play, legacy) = legacy([say(200, PLAIN)]);
        let member = legacy.list_members().await.unwrap().rows.remove(1);
        let set_role = Change::SetRole {
            member,
            to: Role::Owner,
        };
        let error = legacy.perform(&set_role).await.unwrap_err();
        assert_eq!(
            chain(&error),
            "`modify-user` was rejected: this API cannot do it"
        );
        assert!(legacy.admit(Operation::ModifyUser, 1).await.is_err());
        assert_eq!(
            legacy.admit(Operation::DeleteUser, 1).await.unwrap().sends,
            1
        );
        assert!(legacy.list_invites().await.unwrap().rows.is_empty());
        assert!(legacy.admin_keys().await.in_use.may_belong_to_any_owner());
        assert_eq!(play.lines().len(), 1);
    }
}
