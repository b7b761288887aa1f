//! The live roster: a complete observation of an organization, or the reasons why it cannot be trusted.
//!
//! "Could not read" is never "is empty": a roster without people, without an owner, or in which one id or address
//! stands twice would plan removals from a wrong picture, so it is not assembled at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::{Capabilities, Email, Invite, InviteId, InviteStatus, Member, UserId};

/// Everything that one complete reading of the provider returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// What the answers said about the organization.
    pub organization: SeenOrganization,
    /// Every member.
    pub members: Vec<Member>,
    /// Every invite, of any status, listed completely before the members were.
    pub invites: Vec<Invite>,
    /// What the provider can do.
    pub capabilities: Capabilities,
}

/// What the provider's answers say about which organization they are of, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenOrganization {
    /// The response header `openai-organization`: an id that starts with `org-`, or a slug.
    pub header: Option<String>,
    /// The response header `Date` of the last answer.
    pub date: Option<Timestamp>,
}

impl SeenOrganization {
    /// The header, where it is an organization's id.
    pub fn id(&self) -> Option<&str> {
        self.header
            .as_deref()
            .filter(|header| header.starts_with("org-"))
    }

    /// The header, where it is a slug.
    pub fn slug(&self) -> Option<&str> {
        self.header
            .as_deref()
            .filter(|header| !header.starts_with("org-"))
    }
}

/// Why an observation is no roster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RosterFault {
    /// There is not one person among the members.
    #[error("the organization's list of members has no person in it")]
    NoPeople,
    /// No member has the role owner; every organization has one.
    #[error("no member is an owner, and every organization has one: the list is not whole")]
    NoOwner,
    /// Two rows have one id.
    #[error("the id {0} stands twice in the list of {1}")]
    DuplicateId(String, &'static str),
    /// Two members have one address.
    #[error("the address {email} belongs to two members, {first} and {second}")]
    DuplicateEmail {
        /// The address.
        email: Email,
        /// The member that was listed first.
        first: UserId,
        /// The other one.
        second: UserId,
    },
}

/// The members and the pending invites of an organization, complete and free of contradiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRoster {
    organization: SeenOrganization,
    capabilities: Capabilities,
    /// By id: a place among them is found by halving, and needs no index.
    members: Vec<Member>,
    /// Places in `members`.
    by_email: BTreeMap<Email, usize>,
    /// Pending ones only, by address and then by age, newest first.
    invites: Vec<Invite>,
}

impl LiveRoster {
    /// Assembles the roster, or returns everything that is wrong with the observation.
    ///
    /// Accepted and expired invites give no access and are dropped.
    pub fn assemble(observation: Observation) -> Result<Self, Vec<RosterFault>> {
        let Observation {
            organization,
            members: rows,
            invites,
            capabilities,
        } = observation;
        let mut faults = Vec::new();
        let mut members = BTreeMap::new();
        let mut by_email: BTreeMap<Email, UserId> = BTreeMap::new();
        for member in rows {
            if let Some(email) = &member.email
                && let Some(first) = by_email.insert(email.clone(), member.id.clone())
                && first != member.id
            {
                let (email, second) = (email.clone(), member.id.clone());
                faults.push(RosterFault::DuplicateEmail {
                    email,
                    first,
                    second,
                });
            }
            if let Some(twin) = members.insert(member.id.clone(), member) {
                faults.push(RosterFault::DuplicateId(twin.id.to_string(), "members"));
            }
        }
        if !members.values().any(Member::is_person) {
            faults.push(RosterFault::NoPeople);
        } else if !members.values().any(|member| member.role.is_owner()) {
            faults.push(RosterFault::NoOwner);
        }
        let mut seen: BTreeSet<&InviteId> = BTreeSet::new();
        for invite in &invites {
            if !seen.insert(&invite.id) {
                faults.push(RosterFault::DuplicateId(invite.id.to_string(), "invites"));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self::assume(Observation {
            organization,
            members: members.into_values().collect(),
            invites,
            capabilities,
        }))
    }

    /// Takes an observation as a roster without looking at it: for one that was derived from an assembled roster.
    pub(crate) fn assume(observation: Observation) -> Self {
        let Observation {
            organization,
            mut members,
            mut invites,
            capabilities,
        } = observation;
        members.sort_by(|a, b| a.id.cmp(&b.id));
        let by_email = members
            .iter()
            .zip(0..)
            .filter_map(|(row, place)| Some((row.email.clone()?, place)))
            .collect();
        invites.retain(|invite| invite.status == InviteStatus::Pending);
        invites
            .sort_by(|a, b| (&a.email, b.created_at, &a.id).cmp(&(&b.email, a.created_at, &b.id)));
        Self {
            organization,
            capabilities,
            members,
            by_email,
            invites,
        }
    }

    /// What the answers said about the organization.
    pub fn organization(&self) -> &SeenOrganization {
        &self.organization
    }

    /// What the provider can do.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Every member, by id.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.members.iter()
    }

    /// Every member who is a person, by id.
    pub fn people(&self) -> impl Iterator<Item = &Member> {
        self.members().filter(|member| member.is_person())
    }

    /// Every pending invite, by address, the newest of an address first.
    pub fn invites(&self) -> &[Invite] {
        &self.invites
    }

    /// The member with an id.
    pub fn member(&self, id: &UserId) -> Option<&Member> {
        self.place(id).map(|place| &self.members[place])
    }

    /// Where the member with an id stands among all, in the order of [`Self::members`].
    pub(crate) fn place(&self, id: &UserId) -> Option<usize> {
        let found = self.members.binary_search_by(|member| member.id.cmp(id));
        found.ok()
    }

    /// Where the member with an address stands among all.
    pub(crate) fn place_by_email(&self, email: &Email) -> Option<usize> {
        self.by_email.get(email).copied()
    }

    /// Every address, in order, with the place of its member among all.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&Email, usize)> {
        self.by_email.iter().map(|(email, place)| (email, *place))
    }

    /// The member with an address.
    pub fn member_by_email(&self, email: &Email) -> Option<&Member> {
        self.place_by_email(email).map(|place| &self.members[place])
    }

    /// The pending invites of an address, the newest first.
    pub fn invites_of(&self, email: &Email) -> &[Invite] {
        let start = self.invites.partition_point(|invite| invite.email < *email);
        let len = self.invites[start..].partition_point(|invite| invite.email == *email);
        &self.invites[start..start + len]
    }

    /// The roster taken apart again: what a pure change to it starts from.
    pub fn to_observation(&self) -> Observation {
        let Self {
            organization,
            capabilities,
            members,
            by_email: _,
            invites,
        } = self;
        Observation {
            organization: organization.clone(),
            members: members.clone(),
            invites: invites.clone(),
            capabilities: *capabilities,
        }
    }
}

/// One line: how many members and invites, of which organization.
impl fmt::Display for LiveRoster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self
            .organization
            .header
            .as_deref()
            .unwrap_or("an organization without a name");
        write!(
            f,
            "{header}: {} members, {} pending invites",
            self.members.len(),
            self.invites.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Flags, LiveRole, Role};

    fn member(id: &str, email: &str, role: Role) -> Member {
        Member {
            id: UserId::parse(id).unwrap(),
            email: Some(Email::parse(email).unwrap()),
            name: None,
            role: LiveRole::Known(role),
            added_at: None,
            flags: Flags::PERSON,
            api_key_last_used_at: None,
            projects: Vec::new(),
        }
    }

    fn invite(id: &str, email: &str, status: InviteStatus, age_secs: i64) -> Invite {
        Invite {
            id: InviteId::parse(id).unwrap(),
            email: Email::parse(email).unwrap(),
            role: LiveRole::Known(Role::Reader),
            status,
            created_at: Some(Timestamp::from_second(1_000_000 - age_secs).unwrap()),
            expires_at: None,
        }
    }

    fn observation(members: Vec<Member>, invites: Vec<Invite>) -> Observation {
        Observation {
            organization: SeenOrganization::default(),
            members,
            invites,
            capabilities: Capabilities::ALL,
        }
    }

    #[test]
    fn a_contradictory_observation_is_no_roster() {
        let ada = || member("user-1", "ada@acme.dev", Role::Owner);
        for (rows, invites, fault) in [
            (
                vec![],
                vec![],
                "the organization's list of members has no person in it",
            ),
            (
                vec![member("user-1", "ada@acme.dev", Role::Reader)],
                vec![],
                "no member is an owner, and every organization has one: the list is not whole",
            ),
            (
                vec![ada(), ada()],
                vec![],
                "the id user-1 stands twice in the list of members",
            ),
            (
                vec![ada(), member("user-2", "ADA@acme.dev", Role::Reader)],
                vec![],
                "the address ada@acme.dev belongs to two members, user-1 and user-2",
            ),
            (
                vec![ada()],
                vec![
                    invite("i-1", "x@acme.dev", InviteStatus::Pending, 0),
                    invite("i-1", "y@acme.dev", InviteStatus::Expired, 0),
                ],
                "the id i-1 stands twice in the list of invites",
            ),
        ] {
            let faults = LiveRoster::assemble(observation(rows, invites)).unwrap_err();
            assert_eq!(
                faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
                [fault]
            );
        }
    }

    #[test]
    fn only_pending_invites_are_kept_newest_first() {
        let roster = LiveRoster::assemble(observation(
            vec![member("user-1", "ada@acme.dev", Role::Owner)],
            vec![
                invite("i-1", "lin@acme.dev", InviteStatus::Pending, 50),
                invite("i-2", "lin@acme.dev", InviteStatus::Pending, 5),
                invite("i-3", "lin@acme.dev", InviteStatus::Expired, 1),
                invite("i-4", "bo@acme.dev", InviteStatus::Accepted, 1),
            ],
        ))
        .unwrap();
        let ids: Vec<_> = roster
            .invites_of(&Email::parse("lin@acme.dev").unwrap())
            .iter()
            .map(|i| i.id.as_str())
            .collect();
        assert_eq!(ids, ["i-2", "i-1"]);
        assert_eq!(roster.invites().len(), 2);
    }
}
