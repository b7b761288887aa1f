//! `[organization]`, `[policy]`, `[guardrails]` and `[unmanaged]`.

use std::collections::BTreeSet;

use crate::desired::parse::reader::{Key, Reader, Value};
use crate::desired::violation::{Spot, quote};
use crate::desired::{DesiredOrganization, EmailPattern, Guardrails, Policy, Stance, Unmanaged};
use crate::roster::{Email, OrganizationId, UserId};

const ORGANIZATION_KEYS: [&str; 2] = ["id", "slug"];
const POLICY_KEYS: [&str; 6] = [
    "undeclared",
    "invites",
    "absent",
    "roles",
    "admin_keys",
    "freeze",
];
const GUARDRAIL_KEYS: [&str; 7] = [
    "revocations_max",
    "revocation_fraction_max",
    "revocations_max_per_week",
    "changes_max",
    "owners_min",
    "required_owners",
    "email_domains",
];
const UNMANAGED_KEYS: [&str; 4] = ["emails", "ids", "scim_invites", "flags_required"];

/// Reads `[organization]`; `None` where its id is missing or wrong.
pub(super) fn organization(
    reader: &mut Reader<'_, '_>,
    table: &Key<'_>,
    value: Value<'_>,
) -> Option<DesiredOrganization> {
    let (mut id, mut slug, mut written) = (None, None, false);
    for (key, value) in reader.table("organization", value)? {
        let name = key.get_ref().as_ref();
        match name {
            "id" => {
                written = true;
                id = reader.parsed(name, &value, "an organization's id", organization_id);
            }
            "slug" => slug = reader.parsed(name, &value, "a slug", organization_slug),
            _ => reader.unknown_key(&key, Some("[organization]"), &ORGANIZATION_KEYS),
        }
    }
    if !written {
        reader
            .report(&table.span(), "[organization] has no `id`")
            .help("write the organization's id: id = \"org-…\"");
    }
    id.map(|id| DesiredOrganization { id, slug })
}

/// The id also names the state folder, so it may not lead out of it.
fn organization_id(text: &str) -> Result<OrganizationId, String> {
    if text.contains(['/', '\\']) {
        return Err("an id has no `/` and no `\\`".to_owned());
    }
    OrganizationId::parse(text).map_err(|error| error.to_string())
}

fn organization_slug(text: &str) -> Result<String, &'static str> {
    if text.starts_with("org-") {
        return Err("a text that begins with `org-` is an id");
    }
    let printable = |c: char| !c.is_whitespace() && !c.is_control();
    if text.is_empty() || !text.chars().all(printable) {
        return Err("it is empty or has white space");
    }
    Ok(text.to_owned())
}

pub(super) fn policy(reader: &mut Reader<'_, '_>, value: Value<'_>) -> Policy {
    use Stance::{Enforce, Report};
    let mut policy = Policy::default();
    let Some(table) = reader.table("policy", value) else {
        return policy;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let mut stance =
            |enforce| reader.word(name, &value, &[(enforce, Enforce), ("report", Report)]);
        match name {
            "undeclared" => policy.undeclared = stance("remove"),
            "invites" => policy.invites = stance("cancel").unwrap_or(policy.invites),
            "absent" => policy.absent = stance("invite").unwrap_or(policy.absent),
            "roles" => policy.roles = stance("enforce").unwrap_or(policy.roles),
            "admin_keys" => policy.admin_keys = stance("revoke").unwrap_or(policy.admin_keys),
            "freeze" => policy.freeze = reader.note(name, &value),
            _ => reader.unknown_key(&key, Some("[policy]"), &POLICY_KEYS),
        }
    }
    policy
}

/// `[guardrails]`, and where each required owner is written.
#[derive(Debug, Default)]
pub(super) struct WrittenGuardrails {
    pub(super) guardrails: Guardrails,
    pub(super) required_owners: Vec<(Email, Spot)>,
}

pub(super) fn guardrails(reader: &mut Reader<'_, '_>, value: Value<'_>) -> WrittenGuardrails {
    let mut limits = Guardrails::default();
    let mut required_owners = Vec::new();
    let table = reader.table("guardrails", value).unwrap_or_default();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let whole = match name {
            "revocations_max" => Some(&mut limits.revocations_max),
            "revocations_max_per_week" => Some(&mut limits.revocations_max_per_week),
            "changes_max" => Some(&mut limits.changes_max),
            "owners_min" => Some(&mut limits.owners_min),
            _ => None,
        };
        if let Some(limit) = whole {
            *limit = reader.whole(name, &value).unwrap_or(*limit);
            continue;
        }
        match name {
            "revocation_fraction_max" => {
                limits.revocation_fraction_max = reader
                    .fraction(name, &value)
                    .unwrap_or(limits.revocation_fraction_max);
            }
            "required_owners" => {
                for item in reader.list(name, value) {
                    let spot = reader.spot(&item.span());
                    let email =
                        reader.parsed("required_owners", &item, "an e-mail address", Email::parse);
                    required_owners.extend(email.map(|email| (email, spot)));
                }
            }
            "email_domains" => {
                for item in reader.list(name, value) {
                    let domain =
                        reader.parsed("email_domains", &item, "an exact domain", email_domain);
                    limits.email_domains.extend(domain);
                }
            }
            _ => reader.unknown_key(&key, Some("[guardrails]"), &GUARDRAIL_KEYS),
        }
    }
    limits.required_owners = required_owners
        .iter()
        .map(|(email, _)| email.clone())
        .collect();
    WrittenGuardrails {
        guardrails: limits,
        required_owners,
    }
}

/// Reads an exact domain, as `[guardrails].email_domains` lists them, into its ASCII form.
///
/// # Errors
///
/// Why the text is no such domain, in a clause.
pub fn email_domain(text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err("write only what follows the `@`".to_owned());
    }
    if text.contains('*') {
        return Err("there are no wildcards; name each domain".to_owned());
    }
    idna::domain_to_ascii_strict(text.trim())
        .ok()
        .filter(|ascii| ascii.contains('.'))
        .ok_or_else(|| format!("{} is not a domain name", quote(text)))
}

pub(super) fn unmanaged(reader: &mut Reader<'_, '_>, value: Value<'_>) -> Unmanaged {
    let mut unmanaged = Unmanaged::default();
    let table = reader.table("unmanaged", value).unwrap_or_default();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match name {
            "emails" => {
                for item in reader.list(name, value) {
                    let pattern =
                        reader.parsed("emails", &item, "an address pattern", EmailPattern::parse);
                    unmanaged.emails.extend(pattern);
                }
            }
            "ids" => unmanaged.ids = user_ids(reader, name, value),
            "scim_invites" => {
                unmanaged.scim_invites = reader
                    .boolean(name, &value)
                    .unwrap_or(unmanaged.scim_invites);
            }
            "flags_required" => {
                unmanaged.flags_required = reader
                    .boolean(name, &value)
                    .unwrap_or(unmanaged.flags_required);
            }
            _ => reader.unknown_key(&key, Some("[unmanaged]"), &UNMANAGED_KEYS),
        }
    }
    unmanaged
}

fn user_ids(reader: &mut Reader<'_, '_>, name: &str, value: Value<'_>) -> BTreeSet<UserId> {
    let mut ids = BTreeSet::new();
    for item in reader.list(name, value) {
        ids.extend(reader.parsed(name, &item, "a member's id", UserId::parse));
    }
    ids
}
