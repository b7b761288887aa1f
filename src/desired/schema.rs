//! The members file's JSON Schema, for editors that complete and check while somebody types.
//!
//! It describes the shape: keys, words, types and bounds. What only the whole file can tell (a person declared twice,
//! a required owner who is none) stays the parser's; a file that is valid has no schema error, which tests hold for
//! every valid fixture. The types here are only described, never read into: reading reports all violations at once,
//! which a deserializer cannot.
#![expect(
    dead_code,
    reason = "these types exist for their schema and are never built"
)]

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// Returns the schema of a root members file (JSON Schema 2020-12).
pub fn members_schema() -> Value {
    schema::<MembersFile>("rosterctl members file, version 1")
}

/// Returns the schema of a file that `include` names (JSON Schema 2020-12).
pub fn included_schema() -> Value {
    schema::<IncludedFile>("rosterctl included members file, version 1")
}

fn schema<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    RecursiveTransform(without_null).transform(&mut schema);
    schema.insert("title".to_owned(), Value::from(title));
    schema.to_value()
}

/// TOML has no null: what may be absent is absent.
fn without_null(schema: &mut Schema) {
    let null = Value::from("null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| *name != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&null));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.insert(key, value);
            }
        }
    }
}

/// Who may be in one organization: all of its members, and nobody else.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MembersFile {
    /// The version of this format.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// Files that hold people of their own, each under a ceiling for its roles.
    include: Option<Vec<Include>>,
    organization: Organization,
    policy: Option<Policy>,
    guardrails: Option<Guardrails>,
    unmanaged: Option<Unmanaged>,
    /// The people who may be in, by e-mail address.
    members: BTreeMap<Address, Member>,
    /// The people who are gone, by e-mail address or id: removed, and never invited again.
    departed: Option<BTreeMap<PersonKey, Departed>>,
}

/// People of a file that another one includes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct IncludedFile {
    /// The people who may be in, by e-mail address.
    members: BTreeMap<Address, IncludedMember>,
}

/// Files that belong to this one.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Include {
    /// A pattern for paths inside this file's folder, such as `teams/*.toml`.
    #[schemars(regex(pattern = r"^[^/\\:][^\\:]*$"))]
    files: String,
    /// The highest role that an entry in these files may have.
    role_max: Role,
}

/// Which organization the file is about.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Organization {
    /// The organization's id, `org-…`.
    #[schemars(regex(pattern = r"^[^\s/\\]+$"))]
    id: String,
    /// What the response header `openai-organization` says, where it is no id.
    #[schemars(regex(pattern = r"^(?!org-)\S+$"))]
    slug: Option<String>,
}

/// Which classes of change are made, and which are only reported.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Policy {
    /// Members whom the file does not name. Unwritten: `plan` reports them, and `apply` does not start.
    undeclared: Option<RemoveOrReport>,
    /// Pending invites that the file does not name; `report` where unwritten.
    invites: Option<CancelOrReport>,
    /// Declared people who are not in; `invite` where unwritten.
    absent: Option<InviteOrReport>,
    /// Members whose role is not the declared one; `enforce` where unwritten.
    roles: Option<EnforceOrReport>,
    /// Admin keys of whoever is removed or demoted; `report` where unwritten.
    admin_keys: Option<RevokeOrReport>,
    /// Why nothing may be applied now; empty: nothing stands against it.
    freeze: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum RemoveOrReport {
    Remove,
    Report,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum CancelOrReport {
    Cancel,
    Report,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum InviteOrReport {
    Invite,
    Report,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum RevokeOrReport {
    Revoke,
    Report,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum EnforceOrReport {
    Enforce,
    Report,
}

/// Limits on one run; a figure equal to its limit is allowed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Guardrails {
    /// Removals, cancelled invites and demotions in one run; 10 where unwritten.
    revocations_max: Option<u32>,
    /// The same as a part of the people and invites before the run; 0.25 where unwritten.
    #[schemars(range(min = 0.0, max = 1.0))]
    revocation_fraction_max: Option<f64>,
    /// The same in seven days; 20 where unwritten.
    revocations_max_per_week: Option<u32>,
    /// Invites and promotions in one run; 20 where unwritten.
    changes_max: Option<u32>,
    /// Owners who must be left whenever the owners change; 2 where unwritten.
    owners_min: Option<u32>,
    /// Owners from whom nothing may be taken.
    required_owners: Option<Vec<Address>>,
    /// The exact domains that may be invited.
    email_domains: Option<Vec<Domain>>,
}

/// What is left alone, and shown in every plan.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Unmanaged {
    /// Address patterns: `*` and `?` before the `@`, an exact domain after it.
    emails: Option<Vec<Address>>,
    /// Ids of members.
    ids: Option<Vec<UserId>>,
    /// Once any member is SCIM-managed, undeclared invites are reported, not cancelled; true where unwritten.
    scim_invites: Option<bool>,
    /// A row without the API's protection flags is not removed; true where unwritten.
    flags_required: Option<bool>,
}

/// A person who may be in.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Member {
    /// The role; reader where unwritten, except for an owner, whom it does not demote.
    role: Option<Role>,
    /// The pinned identity: a changed address is then a rename.
    id: Option<UserId>,
    /// The pinned name.
    name: Option<String>,
    /// The last day (UTC) of access, a date without quotes.
    expires: Option<Day>,
    /// The ticket that explains the entry.
    ticket: Option<String>,
    /// The reason for the entry.
    reason: Option<String>,
    /// Addresses under which other systems know the person.
    aliases: Option<Vec<Address>>,
}

/// A person who may be in, declared in an included file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct IncludedMember {
    /// The role, up to the ceiling that the root file sets.
    role: Option<Role>,
    /// The pinned name.
    name: Option<String>,
    /// The last day (UTC) of access, a date without quotes.
    expires: Option<Day>,
    /// The ticket that explains the entry.
    ticket: Option<String>,
    /// The reason for the entry.
    reason: Option<String>,
    /// Addresses under which other systems know the person.
    aliases: Option<Vec<Address>>,
}

/// A person who is gone.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Departed {
    /// Since when, a date without quotes.
    since: Option<Day>,
    /// The ticket that explains it.
    ticket: Option<String>,
    /// The reason for it.
    reason: Option<String>,
    /// The id, where the key is an address.
    id: Option<UserId>,
}

/// A role that can be given.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum Role {
    Reader,
    Owner,
}

/// An e-mail address.
#[derive(JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(inline)]
struct Address(#[schemars(regex(pattern = r"^.+@[^@]+\.[^@]+$"))] String);

/// An e-mail address or a member's id.
#[derive(JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(inline)]
struct PersonKey(#[schemars(regex(pattern = r"^(.+@[^@]+\.[^@]+|[^@\s]+)$"))] String);

/// A domain name.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Domain(#[schemars(regex(pattern = r"^[^@*]+\.[^@*]+$"))] String);

/// A member's id.
#[derive(JsonSchema)]
#[schemars(inline)]
struct UserId(#[schemars(regex(pattern = r"^\S+$"))] String);

/// A day.
#[derive(JsonSchema)]
#[schemars(inline)]
struct Day(#[schemars(extend("format" = "date"))] String);
