//! One limit exceeded: which, by what figure, and the exact way on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plan::Person;

/// One limit exceeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Which limit.
    #[serde(rename = "breach")]
    pub kind: BreachKind,
    /// The limit, where it is a number.
    pub limit: Option<f64>,
    /// The plan's figure, where the limit is a number.
    pub figure: Option<f64>,
    /// Whom it is about; empty for a breach of the plan.
    pub subjects: Vec<Person>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The exact way on, in a sentence.
    pub way_on: String,
}

/// Every limit there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreachKind {
    /// An undeclared member and a declared absent one may be one person.
    PossibleRename,
    /// A declared address looks like a live one.
    LookAlike,
    /// A live owner's entry has no role.
    RoleUnwritten,
    /// An invite outside the listed domains.
    EmailDomains,
    /// An owner is made who is not a required owner.
    OwnerGrant,
    /// The admin key in use belongs to the person.
    KeyOwner,
    /// Something is taken from a required owner.
    RequiredOwners,
    /// The row lacks protection flags.
    ProtectionUnknown,
    /// An id and an address point at two people.
    IdentityConflict,
    /// Too many revocations in one run.
    RevocationsMax,
    /// Too large a part of the organization in one run.
    RevocationFractionMax,
    /// Too many revocations in seven days.
    RevocationsMaxPerWeek,
    /// Too many invites and promotions in one run.
    ChangesMax,
    /// Too few owners left.
    OwnersMin,
    /// Nothing proves which organization the key is of.
    OrganizationUnproven,
    /// Fewer than half of the last verified roster.
    RosterShrunk,
    /// No active entry in the file.
    EmptyDesired,
    /// No declared owner is a live person.
    NoOwnerLeft,
    /// The API's date and the local one disagree about an expiry.
    ClockSkew,
    /// The live roster cannot be trusted.
    RosterUnusable,
    /// The key is of another organization.
    WrongOrganization,
    /// Changes are frozen.
    Frozen,
}

/// What a breach stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The actions of the people it is about.
    Person,
    /// The whole plan.
    Plan,
    /// The making of a plan, or (frozen) its execution.
    Preflight,
}

impl BreachKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::PossibleRename,
        Self::LookAlike,
        Self::RoleUnwritten,
        Self::EmailDomains,
        Self::OwnerGrant,
        Self::KeyOwner,
        Self::RequiredOwners,
        Self::ProtectionUnknown,
        Self::IdentityConflict,
        Self::RevocationsMax,
        Self::RevocationFractionMax,
        Self::RevocationsMaxPerWeek,
        Self::ChangesMax,
        Self::OwnersMin,
        Self::OrganizationUnproven,
        Self::RosterShrunk,
        Self::EmptyDesired,
        Self::NoOwnerLeft,
        Self::ClockSkew,
        Self::RosterUnusable,
        Self::WrongOrganization,
        Self::Frozen,
    ];

    /// The breach's name, as `--accept` takes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PossibleRename => "possible-rename",
            Self::LookAlike => "look-alike",
            Self::RoleUnwritten => "role-unwritten",
            Self::EmailDomains => "email-domains",
            Self::OwnerGrant => "owner-grant",
            Self::KeyOwner => "key-owner",
            Self::RequiredOwners => "required-owners",
            Self::ProtectionUnknown => "protection-unknown",
            Self::IdentityConflict => "identity-conflict",
            Self::RevocationsMax => "revocations-max",
            Self::RevocationFractionMax => "revocation-fraction-max",
            Self::RevocationsMaxPerWeek => "revocations-max-per-week",
            Self::ChangesMax => "changes-max",
            Self::OwnersMin => "owners-min",
            Self::OrganizationUnproven => "organization-unproven",
            Self::RosterShrunk => "roster-shrunk",
            Self::EmptyDesired => "empty-desired",
            Self::NoOwnerLeft => "no-owner-left",
            Self::ClockSkew => "clock-skew",
            Self::RosterUnusable => "roster-unusable",
            Self::WrongOrganization => "wrong-organization",
            Self::Frozen => "frozen",
        }
    }

    /// The kind with a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What the breach stops.
    pub const fn scope(self) -> Scope {
        match self {
            Self::PossibleRename
            | Self::LookAlike
            | Self::RoleUnwritten
            | Self::EmailDomains
            | Self::OwnerGrant
            | Self::KeyOwner
            | Self::RequiredOwners
            | Self::ProtectionUnknown
            | Self::IdentityConflict => Scope::Person,
            Self::RevocationsMax
            | Self::RevocationFractionMax
            | Self::RevocationsMaxPerWeek
            | Self::ChangesMax
            | Self::OwnersMin
            | Self::OrganizationUnproven
            | Self::RosterShrunk => Scope::Plan,
            Self::EmptyDesired
            | Self::NoOwnerLeft
            | Self::ClockSkew
            | Self::RosterUnusable
            | Self::WrongOrganization
            | Self::Frozen => Scope::Preflight,
        }
    }

    /// Whether `--accept` can name it.
    pub const fn is_overridable(self) -> bool {
        match self.scope() {
            Scope::Person => !matches!(self, Self::IdentityConflict),
            Scope::Plan => true,
            Scope::Preflight => false,
        }
    }
}

impl fmt::Display for BreachKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for kind in BreachKind::ALL {
            assert_eq!(BreachKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(BreachKind::parse("force"), None);
    }

    #[test]
    fn what_the_design_calls_never_cannot_be_accepted() {
        let never: Vec<_> = BreachKind::ALL
            .into_iter()
            .filter(|kind| !kind.is_overridable())
            .map(BreachKind::as_str)
            .collect();
        assert_eq!(
            never,
            [
                "identity-conflict",
                "empty-desired",
                "no-owner-left",
                "clock-skew",
                "roster-unusable",
                "wrong-organization",
                "frozen"
            ]
        );
    }
}
