//! What the members file says about how far a run may go: policy, guardrails, and what is left alone.

use std::collections::BTreeSet;
use std::fmt;

use wildmatch::WildMatch;

use crate::roster::{Email, UserId};

/// Whether a class of change is made or only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// The change is planned and made.
    Enforce,
    /// The difference is shown and left.
    Report,
}

/// `[policy]`: every class of change is enforced or only reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Members that the file does not name. `None`: not written; `plan` reports and `apply` refuses to start.
    pub undeclared: Option<Stance>,
    /// Pending invites that the file does not name.
    pub invites: Stance,
    /// Declared people who are not in.
    pub absent: Stance,
    /// Members whose role is not the declared one.
    pub roles: Stance,
    /// Admin keys whose owner is removed or demoted: revoked, or only named.
    pub admin_keys: Stance,
    /// Why nothing may be applied now, if so.
    pub freeze: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            undeclared: None,
            invites: Stance::Report,
            absent: Stance::Enforce,
            roles: Stance::Enforce,
            admin_keys: Stance::Report,
            freeze: None,
        }
    }
}

/// `[guardrails]`: the limits on one plan. A figure equal to its limit is no breach.
#[derive(Debug, Clone, PartialEq)]
pub struct Guardrails {
    /// Revocations in one run.
    pub revocations_max: u32,
    /// Revocations in one run, as a part (0 to 1) of managed live people and pending invites before the run.
    pub revocation_fraction_max: f64,
    /// Revocations in seven days, this run included.
    pub revocations_max_per_week: u32,
    /// Invites and promotions in one run.
    pub changes_max: u32,
    /// Owners after the plan, when the plan changes who is an owner.
    pub owners_min: u32,
    /// People from whom nothing may be taken; each is an active entry with role owner.
    pub required_owners: BTreeSet<Email>,
    /// Required owners of only one of two files that are compared: nothing may be taken from them, and nobody makes
    /// them owners by this file. A single file has none.
    pub required_owners_disputed: BTreeSet<Email>,
    /// The domains (ASCII, exact) that may be invited.
    pub email_domains: BTreeSet<String>,
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            revocations_max: 10,
            revocation_fraction_max: 0.25,
            revocations_max_per_week: 20,
            changes_max: 20,
            owners_min: 2,
            required_owners: BTreeSet::new(),
            required_owners_disputed: BTreeSet::new(),
            email_domains: BTreeSet::new(),
        }
    }
}

/// `[unmanaged]`: hands off, but shown in every plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmanaged {
    /// Address patterns, as written: a glob for the local part, a literal domain.
    pub emails: Vec<EmailPattern>,
    /// Ids of members.
    pub ids: BTreeSet<UserId>,
    /// Once any member is SCIM-managed, undeclared invites are reported, not cancelled.
    pub scim_invites: bool,
    /// A row without the API's protection flags is a breach; otherwise a missing flag reads as false.
    pub flags_required: bool,
}

impl Default for Unmanaged {
    fn default() -> Self {
        Self {
            emails: Vec::new(),
            ids: BTreeSet::new(),
            scim_invites: true,
            flags_required: true,
        }
    }
}

impl Unmanaged {
    /// The first pattern that matches an address.
    pub fn pattern_for(&self, email: &Email) -> Option<&EmailPattern> {
        self.emails.iter().find(|pattern| pattern.matches(email))
    }
}

/// A glob for the local part of an address (`*` and `?`) and a literal domain.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailPattern {
    local: WildMatch,
    domain: String,
}

/// Why a text is no address pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailPatternError {
    /// There is no `@`, or nothing before it.
    #[error("an address pattern is a pattern, `@` and a domain, such as `*@acme.dev`")]
    Shape,
    /// The domain has a wildcard or is no domain name.
    #[error(
        "`{0}` is not a literal domain name; only the part before the `@` may have `*` and `?`"
    )]
    Domain(String),
}

impl EmailPattern {
    /// Parses a pattern; the domain must be a literal one.
    pub fn parse(text: &str) -> Result<Self, EmailPatternError> {
        let (local, domain) = text
            .trim()
            .rsplit_once('@')
            .filter(|(local, _)| !local.is_empty())
            .ok_or(EmailPatternError::Shape)?;
        let ascii = idna::domain_to_ascii_strict(domain)
            .ok()
            .filter(|ascii| ascii.contains('.'));
        let Some(ascii) = ascii else {
            return Err(EmailPatternError::Domain(domain.to_owned()));
        };
        Ok(Self {
            local: WildMatch::new(&local.to_ascii_lowercase()),
            domain: ascii,
        })
    }

    /// Whether the pattern matches an address.
    pub fn matches(&self, email: &Email) -> bool {
        self.domain == email.domain() && self.local.matches(email.local())
    }
}

impl fmt::Display for EmailPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_literal_domain() {
        let pattern = EmailPattern::parse("*@OpenAI.com").unwrap();
        assert_eq!(pattern.to_string(), "*@openai.com");
        for (email, matches) in [
            ("a@openai.com", true),
            ("a@x.openai.com", false),
            ("a@openai.com.evil.dev", false),
        ] {
            assert_eq!(
                pattern.matches(&Email::parse(email).unwrap()),
                matches,
                "{email}"
            );
        }
        for text in ["*", "@acme.dev", "*@*", "*@*.dev", "a@localhost"] {
            assert!(EmailPattern::parse(text).is_err(), "{text}");
        }
    }
}
