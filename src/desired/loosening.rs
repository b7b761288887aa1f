//! What a change to the members file loosens: the old file and the new one in, sentences out.
//!
//! A reviewer reads a plan, and a plan is judged by the very file that the change edits. So each way in which the new
//! file allows more than the old one is named, and [`stricter`] gives the limits that hold while both are in question.

use std::collections::BTreeSet;
use std::fmt;

use glob::Pattern;

use super::{DesiredRoster, Guardrails, Include, Place, Policy, Stance, Unmanaged};
use crate::roster::{Email, Role, UserId};

/// One way in which a file allows more than the one before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Loosening {
    /// Somebody who was declared departed may be invited again: the address or the id.
    TombstoneLifted(String),
    /// A declared person is no longer tied to the account they were.
    PinChanged {
        /// The declared person.
        email: Email,
        /// The account until now.
        from: UserId,
        /// The account from now on, if there is one.
        to: Option<UserId>,
        /// Where the entry is written now.
        place: Place,
    },
    /// A limit under `[guardrails]` lets more through.
    Limit {
        /// The key.
        name: &'static str,
        /// The figure until now.
        from: f64,
        /// The figure from now on.
        to: f64,
    },
    /// Somebody from whom nothing might be taken is no longer protected.
    RequiredOwnerDropped(Email),
    /// Somebody may be made an owner who might not.
    RequiredOwnerAdded(Email),
    /// A further domain may be invited.
    DomainAdded(String),
    /// A class of change under `[policy]` is no longer made: the key.
    Unenforced(&'static str),
    /// Changes are no longer frozen: why they were.
    FreezeLifted(String),
    /// Included files may declare people, or people of a higher role.
    CeilingRaised {
        /// The pattern of the files.
        files: String,
        /// The highest role that they might give, if they were included.
        from: Option<Role>,
        /// The highest role that they may give from now on.
        to: Role,
    },
    /// More rows are left alone: an address pattern or an id.
    UnmanagedAdded(String),
    /// A switch under `[unmanaged]` leaves more alone.
    UnmanagedSwitch {
        /// The key.
        name: &'static str,
        /// What it is from now on.
        to: bool,
    },
    /// Somebody is declared an owner who was not.
    OwnerAdded {
        /// The declared person.
        email: Email,
        /// Where the entry is written.
        place: Place,
    },
}

impl Loosening {
    /// The word for it in documents.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TombstoneLifted(_) => "tombstone-lifted",
            Self::PinChanged {
                email: _,
                from: _,
                to: _,
                place: _,
            } => "pin-changed",
            Self::Limit {
                name: _,
                from: _,
                to: _,
            } => "limit",
            Self::RequiredOwnerDropped(_) => "required-owner-dropped",
            Self::RequiredOwnerAdded(_) => "required-owner-added",
            Self::DomainAdded(_) => "domain-added",
            Self::Unenforced(_) => "unenforced",
            Self::FreezeLifted(_) => "freeze-lifted",
            Self::CeilingRaised {
                files: _,
                from: _,
                to: _,
            } => "ceiling-raised",
            Self::UnmanagedAdded(_) => "unmanaged-added",
            Self::UnmanagedSwitch { name: _, to: _ } => "unmanaged-switch",
            Self::OwnerAdded { email: _, place: _ } => "owner-added",
        }
    }

    /// Whether it is about a guardrail, of which [`stricter`] keeps the old figure.
    pub fn is_guardrail(&self) -> bool {
        match self {
            Self::Limit {
                name: _,
                from: _,
                to: _,
            }
            | Self::RequiredOwnerDropped(_)
            | Self::RequiredOwnerAdded(_)
            | Self::DomainAdded(_) => true,
            Self::TombstoneLifted(_)
            | Self::PinChanged {
                email: _,
                from: _,
                to: _,
                place: _,
            }
            | Self::Unenforced(_)
            | Self::FreezeLifted(_)
            | Self::CeilingRaised {
                files: _,
                from: _,
                to: _,
            }
            | Self::UnmanagedAdded(_)
            | Self::UnmanagedSwitch { name: _, to: _ }
            | Self::OwnerAdded { email: _, place: _ } => false,
        }
    }

    /// Where the new file says it, for what is an entry.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::PinChanged {
                email: _,
                from: _,
                to: _,
                place,
            }
            | Self::OwnerAdded { email: _, place } => Some(place),
            Self::TombstoneLifted(_)
            | Self::Limit {
                name: _,
                from: _,
                to: _,
            }
            | Self::RequiredOwnerDropped(_)
            | Self::RequiredOwnerAdded(_)
            | Self::DomainAdded(_)
            | Self::Unenforced(_)
            | Self::FreezeLifted(_)
            | Self::CeilingRaised {
                files: _,
                from: _,
                to: _,
            }
            | Self::UnmanagedAdded(_)
            | Self::UnmanagedSwitch { name: _, to: _ } => None,
        }
    }
}

impl fmt::Display for Loosening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TombstoneLifted(who) => write!(f, "{who} is no longer declared departed"),
            Self::PinChanged {
                email,
                from,
                to: Some(to),
                place: _,
            } => write!(f, "the pin of {email} changes from {from} to {to}"),
            Self::PinChanged {
                email,
                from,
                to: None,
                place: _,
            } => write!(f, "the pin of {email} to {from} is gone"),
            Self::Limit { name, from, to } => write!(f, "{name} changes from {from} to {to}"),
            Self::RequiredOwnerDropped(email) => write!(f, "{email} is no required owner any more"),
            Self::RequiredOwnerAdded(email) => {
                write!(
                    f,
                    "{email} becomes a required owner, who may be made an owner"
                )
            }
            Self::DomainAdded(domain) => write!(f, "addresses at {domain} may be invited"),
            Self::Unenforced(name) => write!(f, "{name} is only reported from now on"),
            Self::FreezeLifted(reason) => write!(f, "the freeze is lifted: {reason}"),
            Self::CeilingRaised {
                files,
                from: Some(from),
                to,
            } => write!(
                f,
                "{files} may give the role {to}, no longer at most {from}"
            ),
            Self::CeilingRaised {
                files,
                from: None,
                to,
            } => write!(f, "{files} may declare people, of the role {to} at most"),
            Self::UnmanagedAdded(what) => write!(f, "{what} is left alone from now on"),
            Self::UnmanagedSwitch { name, to } => write!(f, "{name} is {to} from now on"),
            Self::OwnerAdded { email, place: _ } => write!(f, "{email} is declared an owner"),
        }
    }
}

/// Returns every way in which `head` allows more than `base`, in the order of the file's tables.
pub fn loosenings(base: &DesiredRoster, head: &DesiredRoster) -> Vec<Loosening> {
    let mut found = policy(&base.policy, &head.policy);
    found.extend(guardrails(&base.guardrails, &head.guardrails));
    found.extend(unmanaged(&base.unmanaged, &head.unmanaged));
    found.extend(people(base, head));
    found.extend(tombstones(base, head));
    found
}

/// Returns every include of `head` whose files may declare more than by `base`.
///
/// Patterns are compared as they are written: of one that is written in another way nobody can say what it adds.
pub fn ceilings(base: &[Include], head: &[Include]) -> Vec<Loosening> {
    // Of two includes of one file the lower ceiling holds.
    let lowest = |includes: &[Include], files: &Pattern| {
        let same = includes.iter().filter(|one| one.files == *files);
        same.map(|one| one.role_max).min()
    };
    let files: BTreeSet<&Pattern> = head.iter().map(|include| &include.files).collect();
    let raised = files.into_iter().filter_map(|files| {
        let (from, to) = (lowest(base, files), lowest(head, files)?);
        from.is_none_or(|from| to > from)
            .then(|| Loosening::CeilingRaised {
                files: files.to_string(),
                from,
                to,
            })
    });
    raised.collect()
}

/// Returns the guardrails of which each is the stricter one of both files.
///
/// Only domains that both files have may be invited; with no domain, every invite is a breach. From a required
/// owner of either file nothing may be taken, and only who is one in both may be made an owner.
pub fn stricter(base: &Guardrails, head: &Guardrails) -> Guardrails {
    Guardrails {
        revocations_max: base.revocations_max.min(head.revocations_max),
        revocation_fraction_max: base
            .revocation_fraction_max
            .min(head.revocation_fraction_max),
        revocations_max_per_week: base
            .revocations_max_per_week
            .min(head.revocations_max_per_week),
        changes_max: base.changes_max.min(head.changes_max),
        owners_min: base.owners_min.max(head.owners_min),
        required_owners: &base.required_owners | &head.required_owners,
        required_owners_disputed: &base.required_owners ^ &head.required_owners,
        email_domains: &base.email_domains & &head.email_domains,
    }
}

fn policy(base: &Policy, head: &Policy) -> Vec<Loosening> {
    let enforced = Some(Stance::Enforce);
    let freeze = base.freeze.clone().filter(|_| head.freeze.is_none());
    [
        ("undeclared", base.undeclared, head.undeclared),
        ("invites", Some(base.invites), Some(head.invites)),
        ("roles", Some(base.roles), Some(head.roles)),
        ("admin_keys", Some(base.admin_keys), Some(head.admin_keys)),
    ]
    .into_iter()
    .filter(|(_, before, after)| *before == enforced && *after != enforced)
    .map(|(name, _, _)| Loosening::Unenforced(name))
    .chain(freeze.map(Loosening::FreezeLifted))
    .collect()
}

fn guardrails(base: &Guardrails, head: &Guardrails) -> Vec<Loosening> {
    let figures = |limits: &Guardrails| {
        [
            ("revocations_max", f64::from(limits.revocations_max)),
            ("revocation_fraction_max", limits.revocation_fraction_max),
            (
                "revocations_max_per_week",
                f64::from(limits.revocations_max_per_week),
            ),
            ("changes_max", f64::from(limits.changes_max)),
        ]
    };
    let raised = figures(base).into_iter().zip(figures(head));
    let limit = |name, from, to| Loosening::Limit { name, from, to };
    let mut found: Vec<Loosening> = raised
        .filter(|((_, from), (_, to))| to > from)
        .map(|((name, from), (_, to))| limit(name, from, to))
        .collect();
    let (from, to) = (f64::from(base.owners_min), f64::from(head.owners_min));
    if to < from {
        found.push(limit("owners_min", from, to));
    }
    let dropped = base.required_owners.difference(&head.required_owners);
    found.extend(dropped.cloned().map(Loosening::RequiredOwnerDropped));
    let added = head.required_owners.difference(&base.required_owners);
    found.extend(added.cloned().map(Loosening::RequiredOwnerAdded));
    let added = head.email_domains.difference(&base.email_domains);
    found.extend(added.cloned().map(Loosening::DomainAdded));
    found
}

fn unmanaged(base: &Unmanaged, head: &Unmanaged) -> Vec<Loosening> {
    let emails = head.emails.iter().filter(|one| !base.emails.contains(one));
    let emails = emails.map(ToString::to_string);
    let ids = head.ids.difference(&base.ids).map(ToString::to_string);
    let mut found: Vec<Loosening> = emails.chain(ids).map(Loosening::UnmanagedAdded).collect();
    let switch = |name, to| Loosening::UnmanagedSwitch { name, to };
    if !base.scim_invites && head.scim_invites {
        found.push(switch("scim_invites", true));
    }
    if base.flags_required && !head.flags_required {
        found.push(switch("flags_required", false));
    }
    found
}

fn people(base: &DesiredRoster, head: &DesiredRoster) -> Vec<Loosening> {
    let mut found = Vec::new();
    for (email, entry) in &head.members {
        let before = base.members.get(email);
        let pin = before.and_then(|before| before.id.as_ref());
        if let Some(from) = pin.filter(|from| entry.id.as_ref() != Some(from)) {
            found.push(Loosening::PinChanged {
                email: email.clone(),
                from: from.clone(),
                to: entry.id.clone(),
                place: entry.place.clone(),
            });
        }
        let owner = Some(Role::Owner);
        if entry.role == owner && before.is_none_or(|before| before.role != owner) {
            found.push(Loosening::OwnerAdded {
                email: email.clone(),
                place: entry.place.clone(),
            });
        }
    }
    found
}

fn tombstones(base: &DesiredRoster, head: &DesiredRoster) -> Vec<Loosening> {
    let mut found = Vec::new();
    for gone in &base.departed {
        let has_email = head.departed.iter().any(|still| still.email == gone.email);
        let has_id = head.departed.iter().any(|still| still.id == gone.id);
        let email = gone.email.as_ref().filter(|_| !has_email);
        let id = gone.id.as_ref().filter(|_| !has_id);
        let lifted = [email.map(ToString::to_string), id.map(ToString::to_string)];
        found.extend(lifted.into_iter().flatten().map(Loosening::TombstoneLifted));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Source, parse};

    fn file(rest: &str) -> DesiredRoster {
        let text = format!("version = 1\n[organization]\nid = \"org-Acme\"\n{rest}");
        let name = "members.toml".to_owned();
        parse(&[Source { name, text }]).unwrap()
    }

    #[test]
    fn what_allows_more_is_named_and_what_allows_less_is_not() {
        for (base, head, said) in [
            (
                "[guardrails]\nrevocations_max = 1",
                "[guardrails]\nrevocations_max = 2",
                "revocations_max changes from 1 to 2",
            ),
            (
                "[guardrails]\nowners_min = 2",
                "[guardrails]\nowners_min = 1",
                "owners_min changes from 2 to 1",
            ),
            (
                "",
                "[guardrails]\nemail_domains = [\"x.dev\"]",
                "addresses at x.dev may be invited",
            ),
            (
                "[policy]\nundeclared = \"remove\"",
                "[policy]\nundeclared = \"report\"",
                "undeclared is only reported from now on",
            ),
            (
                "[policy]\nadmin_keys = \"revoke\"",
                "",
                "admin_keys is only reported from now on",
            ),
            (
                "[policy]\nfreeze = \"audit\"",
                "",
                "the freeze is lifted: audit",
            ),
            (
                "",
                "[unmanaged]\nemails = [\"*@x.dev\"]",
                "*@x.dev is left alone from now on",
            ),
            (
                "",
                "[unmanaged]\nids = [\"user-1\"]",
                "user-1 is left alone from now on",
            ),
            (
                "",
                "[unmanaged]\nflags_required = false",
                "flags_required is false from now on",
            ),
            (
                "[unmanaged]\nscim_invites = false",
                "",
                "scim_invites is true from now on",
            ),
            (
                "[departed]\n\"e@x.dev\" = {}",
                "",
                "e@x.dev is no longer declared departed",
            ),
        ] {
            let whole = |part: &str| file(&format!("[members]\n{part}"));
            let (base, head) = (whole(base), whole(head));
            let found: Vec<_> = loosenings(&base, &head)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, [said]);
            assert_eq!(loosenings(&head, &base), [], "{said}");
            assert_eq!(loosenings(&head, &head), [], "{said}");
        }
    }

    #[test]
    fn pins_and_owners_have_a_place() {
        let base = file("[members]\n\"a@x.dev\" = { id = \"user-1\" }");
        for (head, said) in [
            (
                "{ id = \"user-2\" }",
                "the pin of a@x.dev changes from user-1 to user-2",
            ),
            ("{}", "the pin of a@x.dev to user-1 is gone"),
            (
                "{ id = \"user-1\", role = \"owner\" }",
                "a@x.dev is declared an owner",
            ),
        ] {
            let head = file(&format!("[members]\n\"a@x.dev\" = {head}"));
            let found = loosenings(&base, &head);
            assert_eq!(found[0].to_string(), said);
            assert_eq!((found.len(), found[0].place().unwrap().line), (1, 5));
        }
    }

    #[test]
    fn included_files_that_may_declare_more_are_named() {
        let includes = |list: &str| {
            let name = "members.toml".to_owned();
            let text = format!("version = 1\ninclude = [{list}]\n");
            crate::desired::includes(&Source { name, text })
        };
        let [none, reader, owner, both] = [
            "",
            "{ files = \"t/*.toml\", role_max = \"reader\" }",
            "{ files = \"t/*.toml\", role_max = \"owner\" }",
            "{ files = \"t/*.toml\", role_max = \"owner\" }, { files = \"t/*.toml\", role_max = \"reader\" }",
        ]
        .map(includes);
        for (base, head, said) in [
            (
                &reader,
                &owner,
                "t/*.toml may give the role owner, no longer at most reader",
            ),
            (
                &none,
                &reader,
                "t/*.toml may declare people, of the role reader at most",
            ),
            (
                &both,
                &owner,
                "t/*.toml may give the role owner, no longer at most reader",
            ),
        ] {
            let found: Vec<_> = ceilings(base, head)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, [said]);
            assert_eq!(ceilings(head, base), []);
            assert_eq!(ceilings(head, head), []);
        }
    }

    #[test]
    fn the_stricter_guardrail_holds() {
        let domains = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let base = Guardrails {
            revocations_max: 1,
            owners_min: 1,
            email_domains: domains(&["a.dev", "b.dev"]),
            ..Guardrails::default()
        };
        let head = Guardrails {
            changes_max: 3,
            required_owners: [Email::parse("a@a.dev").unwrap()].into(),
            email_domains: domains(&["b.dev", "c.dev"]),
            ..Guardrails::default()
        };
        let both = Guardrails {
            revocations_max: 1,
            required_owners_disputed: head.required_owners.clone(),
            email_domains: domains(&["b.dev"]),
            ..head.clone()
        };
        assert_eq!(stricter(&base, &head), both);
        assert_eq!(stricter(&head, &base), both);
        assert_eq!(guardrails(&both, &base).len(), 4);
    }
}
