//! The words: who is in an organization, in types that cannot be wrong.
//!
//! Everything above speaks in these types. They are parsed once, at the edge, into forms that compare equal
//! exactly when the people are the same; nothing here reads a clock, a file or the network.

mod audit;
mod email;
mod id;
mod invisible;
mod key;
mod live;
mod member;
mod operation;
mod project;
mod role;

pub use audit::{
    Actor, ActorHolder, AuditEvent, AuditKind, AuditLog, AuditReading, Happening, Somebody,
};
pub use email::{Email, EmailError};
pub use id::{Id, IdError, InviteId, KeyId, OrganizationId, ProjectId, UserId, kind};
pub use invisible::is_invisible;
pub use key::{AdminKey, AdminKeys, KeyHolder, KeyInUse};
pub use live::{LiveRoster, Observation, RosterFault, SeenOrganization};
pub use member::{Flags, Invite, InviteStatus, Member, ProjectMembership, Protection};
pub use operation::{Capabilities, Operation};
pub use project::{KeyScope, Project, ProjectKey, ProjectUser};
pub use role::{LiveRole, Role, RoleError};
