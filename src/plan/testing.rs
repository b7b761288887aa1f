//! Small rosters for tests: a line of a test is a person.

use jiff::{Timestamp, civil::Date};

use crate::desired::{
    Departed, DesiredOrganization, DesiredRoster, Entry, Guardrails, Place, Policy, Stance,
    Unmanaged,
};
use crate::roster::{
    AdminKey, Capabilities, Email, Flags, Invite, InviteId, InviteStatus, KeyHolder, KeyId,
    LiveRole, LiveRoster, Member, Observation, OrganizationId, Role, SeenOrganization, UserId,
};

/// The day on which tests happen.
pub(crate) const TODAY: Date = jiff::civil::date(2026, 11, 24);

/// A normalised address.
pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// A member's id.
pub(crate) fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

/// A reader with all flags sent as false.
pub(crate) fn member(id: &str, address: &str) -> Member {
    Member {
        id: user(id),
        email: Some(email(address)),
        name: None,
        role: LiveRole::Known(Role::Reader),
        added_at: None,
        flags: Flags::PERSON,
        api_key_last_used_at: None,
        projects: Vec::new(),
    }
}

/// An admin key of a member, that looks like `sk-admin...abc`.
pub(crate) fn admin_key(id: &str, holder: &str) -> AdminKey {
    AdminKey {
        id: KeyId::parse(id).unwrap(),
        name: Some(format!("name of {id}")),
        redacted_value: "sk-admin...abc".to_owned(),
        holder: KeyHolder::Person(user(holder)),
        created_at: None,
        expires_at: None,
        last_used_at: None,
    }
}

/// An owner with all flags sent as false.
pub(crate) fn owner(id: &str, address: &str) -> Member {
    Member {
        role: LiveRole::Known(Role::Owner),
        ..member(id, address)
    }
}

/// A pending reader's invite, created at `created` seconds.
pub(crate) fn invite(id: &str, address: &str, role: Role, created: i64) -> Invite {
    Invite {
        id: InviteId::parse(id).unwrap(),
        email: email(address),
        role: LiveRole::Known(role),
        status: InviteStatus::Pending,
        created_at: Some(Timestamp::from_second(created).unwrap()),
        expires_at: None,
    }
}

/// An entry with nothing but its address.
pub(crate) fn entry(address: &str) -> Entry {
    Entry {
        email: email(address),
        role: None,
        id: None,
        name: None,
        expires: None,
        ticket: None,
        reason: None,
        aliases: Vec::new(),
        place: Place {
            file: "members.toml".to_owned(),
            line: 1,
            column: 1,
        },
    }
}

/// An entry with role owner.
pub(crate) fn owner_entry(address: &str) -> Entry {
    Entry {
        role: Some(Role::Owner),
        ..entry(address)
    }
}

/// A file that has admin keys revoked which outlive their owner.
pub(crate) fn revoking_keys(mut file: DesiredRoster) -> DesiredRoster {
    file.policy.admin_keys = Stance::Enforce;
    file
}

/// A tombstone of an id.
pub(crate) fn departed_id(id: &str) -> Departed {
    Departed {
        email: None,
        id: Some(user(id)),
        ..departed("nobody@acme.dev")
    }
}

/// A tombstone of an address.
pub(crate) fn departed(address: &str) -> Departed {
    Departed {
        email: Some(email(address)),
        id: None,
        since: Some(TODAY),
        ticket: None,
        reason: None,
        place: Place {
            file: "members.toml".to_owned(),
            line: 9,
            column: 1,
        },
    }
}

/// A members file in which everything is enforced, with these entries.
pub(crate) fn desired(entries: impl IntoIterator<Item = Entry>) -> DesiredRoster {
    DesiredRoster {
        organization: DesiredOrganization {
            id: OrganizationId::parse("org-test").unwrap(),
            slug: None,
        },
        policy: Policy {
            undeclared: Some(Stance::Enforce),
            invites: Stance::Enforce,
            ..Policy::default()
        },
        guardrails: Guardrails::default(),
        unmanaged: Unmanaged::default(),
        members: entries
            .into_iter()
            .map(|entry| (entry.email.clone(), entry))
            .collect(),
        departed: Vec::new(),
    }
}

/// A live roster of these rows, observed at noon of [`TODAY`].
pub(crate) fn live(
    members: impl IntoIterator<Item = Member>,
    invites: impl IntoIterator<Item = Invite>,
) -> LiveRoster {
    let noon = TODAY
        .at(12, 0, 0, 0)
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .unwrap()
        .timestamp();
    LiveRoster::assemble(Observation {
        organization: SeenOrganization {
            header: Some("org-test".to_owned()),
            date: Some(noon),
        },
        members: members.into_iter().collect(),
        invites: invites.into_iter().collect(),
        capabilities: Capabilities::ALL,
    })
    .unwrap()
}
