//! What is allowed in a members file and still worth a word before it is merged.

use std::fmt;

use jiff::civil::Date;

use super::{DesiredRoster, Stance};

/// A fact about a valid members file that its author probably did not mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// `[members]` is empty.
    NobodyDeclared,
    /// Every entry has expired.
    EverybodyExpired,
    /// People who are not in would be invited, and no domain may be.
    NoInviteDomains,
    /// It is not written what happens to members whom the file does not name.
    UndeclaredUnwritten,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NobodyDeclared => {
                "[members] is empty: `plan` and `apply` refuse to remove everybody"
            }
            Self::EverybodyExpired => {
                "every entry in [members] has expired: `plan` and `apply` refuse to remove everybody"
            }
            Self::NoInviteDomains => {
                "[guardrails].email_domains is empty, so every invite is withheld: name the domains"
            }
            Self::UndeclaredUnwritten => {
                "[policy].undeclared is not written: `plan` only reports members whom the file does not name, and `apply` does not start"
            }
        })
    }
}

impl DesiredRoster {
    /// What its author should hear about the file, as of a day.
    pub fn warnings(&self, today: Date) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let anybody = self.active(today).next().is_some();
        if self.members.is_empty() {
            warnings.push(Warning::NobodyDeclared);
        } else if !anybody {
            warnings.push(Warning::EverybodyExpired);
        }
        let invites = anybody && self.policy.absent == Stance::Enforce;
        if invites && self.guardrails.email_domains.is_empty() {
            warnings.push(Warning::NoInviteDomains);
        }
        if self.policy.undeclared.is_none() {
            warnings.push(Warning::UndeclaredUnwritten);
        }
        warnings
    }
}
