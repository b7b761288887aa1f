//! `[members]` and `[departed]`, entry by entry.

use jiff::civil::Date;

use crate::desired::parse::reader::{Key, Reader, Value};
use crate::desired::violation::{Spot, quote};
use crate::desired::{Departed, Entry};
use crate::roster::{Email, Role, UserId};

const MEMBER_KEYS: [&str; 7] = [
    "role", "id", "name", "expires", "ticket", "reason", "aliases",
];
const DEPARTED_KEYS: [&str; 4] = ["since", "id", "ticket", "reason"];
const ROLES: [(&str, Role); 2] = [
    (Role::Reader.as_str(), Role::Reader),
    (Role::Owner.as_str(), Role::Owner),
];

/// A declared person, and where each identity is written.
#[derive(Debug)]
pub(super) struct WrittenEntry {
    pub(super) entry: Entry,
    /// The key.
    pub(super) key: Spot,
    pub(super) role: Option<Spot>,
    pub(super) id: Option<Spot>,
    pub(super) expires: Option<Spot>,
    /// In the order of `entry.aliases`.
    pub(super) aliases: Vec<Spot>,
    /// Whether something in the entry could not be read, so that conclusions from what is absent would mislead.
    pub(super) flawed: bool,
}

/// A tombstone, and where each identity is written.
#[derive(Debug)]
pub(super) struct WrittenDeparted {
    pub(super) departed: Departed,
    /// The key.
    pub(super) key: Spot,
    pub(super) id: Option<Spot>,
}

pub(super) fn members(reader: &mut Reader<'_, '_>, value: Value<'_>) -> Vec<WrittenEntry> {
    let table = reader.table("members", value).unwrap_or_default();
    table
        .into_iter()
        .filter_map(|(key, value)| member(reader, &key, value))
        .collect()
}

/// What one line of `[members]` says, before it is known whose line it is.
#[derive(Debug, Default)]
struct Fields {
    role: Option<(Role, Spot)>,
    id: Option<(UserId, Spot)>,
    name: Option<String>,
    expires: Option<(Date, Spot)>,
    ticket: Option<String>,
    reason: Option<String>,
    aliases: Vec<(Email, Spot)>,
}

fn member(reader: &mut Reader<'_, '_>, key: &Key<'_>, value: Value<'_>) -> Option<WrittenEntry> {
    let before = reader.findings.found.len();
    let address = key.get_ref();
    let email = Email::parse(address).map_err(|error| {
        reader.not_a(
            &key.span(),
            address,
            "an e-mail address",
            &error.to_string(),
        );
    });
    // What the line says is read even when it is nobody's, so that all of its violations are reported.
    let fields = member_fields(reader, address, value);
    let flawed = reader.findings.found.len() > before;
    let spot = reader.spot(&key.span());
    let place = reader.findings.place(&spot);
    let (role, role_spot) = fields.role.unzip();
    let (id, id_spot) = fields.id.unzip();
    let (expires, expires_spot) = fields.expires.unzip();
    let (aliases, alias_spots) = fields.aliases.into_iter().unzip();
    email.ok().map(|email| WrittenEntry {
        entry: Entry {
            email,
            role,
            id,
            name: fields.name,
            expires,
            ticket: fields.ticket,
            reason: fields.reason,
            aliases,
            place,
        },
        key: spot,
        role: role_spot,
        id: id_spot,
        expires: expires_spot,
        aliases: alias_spots,
        flawed,
    })
}

fn member_fields(reader: &mut Reader<'_, '_>, address: &str, value: Value<'_>) -> Fields {
    let mut fields = Fields::default();
    for (field, value) in entry_table(reader, address, value, "{ role = \"reader\" }") {
        let name = field.get_ref().as_ref();
        let spot = reader.spot(&value.span());
        match name {
            "role" => fields.role = reader.word(name, &value, &ROLES).map(|role| (role, spot)),
            "id" => {
                let id = reader.parsed(name, &value, "a member's id", UserId::parse);
                fields.id = id.map(|id| (id, spot));
            }
            "name" => fields.name = reader.note(name, &value),
            "expires" => fields.expires = reader.date(name, &value).map(|date| (date, spot)),
            "ticket" => fields.ticket = reader.note(name, &value),
            "reason" => fields.reason = reader.note(name, &value),
            "aliases" => {
                for item in reader.list(name, value) {
                    let spot = reader.spot(&item.span());
                    let alias = reader.parsed(name, &item, "an e-mail address", Email::parse);
                    fields.aliases.extend(alias.map(|alias| (alias, spot)));
                }
            }
            _ => reader.unknown_key(&field, None, &MEMBER_KEYS),
        }
    }
    fields
}

pub(super) fn departed(reader: &mut Reader<'_, '_>, value: Value<'_>) -> Vec<WrittenDeparted> {
    let table = reader.table("departed", value).unwrap_or_default();
    table
        .into_iter()
        .filter_map(|(key, value)| tombstone(reader, &key, value))
        .collect()
}

fn tombstone(
    reader: &mut Reader<'_, '_>,
    key: &Key<'_>,
    value: Value<'_>,
) -> Option<WrittenDeparted> {
    let text = key.get_ref();
    let spot = reader.spot(&key.span());
    let (mut email, mut id, mut id_spot) = (None, None, None);
    // An id has no `@`; so a key that has one is an address, also where it is a wrong one.
    if text.contains('@') {
        match Email::parse(text) {
            Ok(parsed) => email = Some(parsed),
            Err(error) => reader.not_a(&key.span(), text, "an e-mail address", &error.to_string()),
        }
    } else {
        match UserId::parse(text) {
            Ok(parsed) => (id, id_spot) = (Some(parsed), Some(spot.clone())),
            Err(error) => {
                reader.not_a(&key.span(), text, "an address or an id", &error.to_string());
            }
        }
    }
    let named = email.is_some() || id.is_some();
    let (mut since, mut ticket, mut reason) = (None, None, None);
    for (field, value) in entry_table(reader, text, value, "{ since = 2026-11-20 }") {
        let name = field.get_ref().as_ref();
        match name {
            "since" => since = reader.date(name, &value),
            "id" if id_spot.as_ref() == Some(&spot) => {
                reader.report(&field.span(), format!("{} is an id already", quote(text)));
            }
            "id" => {
                id = reader.parsed(name, &value, "a member's id", UserId::parse);
                id_spot = Some(reader.spot(&value.span()));
            }
            "ticket" => ticket = reader.note(name, &value),
            "reason" => reason = reader.note(name, &value),
            _ => reader.unknown_key(&field, None, &DEPARTED_KEYS),
        }
    }
    named.then(|| WrittenDeparted {
        departed: Departed {
            email,
            id,
            since,
            ticket,
            reason,
            place: reader.findings.place(&spot),
        },
        key: spot,
        id: id_spot,
    })
}

/// The fields of one person's line.
fn entry_table<'v>(
    reader: &mut Reader<'_, '_>,
    key: &str,
    value: Value<'v>,
    example: &str,
) -> toml::de::DeTable<'v> {
    let before = reader.findings.found.len();
    let table = reader.table(key, value);
    if let Some(violation) = reader.findings.found.get_mut(before) {
        violation.help(format!("write a table, such as {example} or {{}}"));
    }
    table.unwrap_or_default()
}
