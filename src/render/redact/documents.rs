//! Documents with every address in them masked and every name of a person left out.

use serde::Serialize;
use serde_json::Value;

use super::text;
use crate::document::{DeclaredDocument, RosterDocument, SnapshotDocument};

/// Masks a listed roster.
pub fn listed(document: &mut RosterDocument) {
    for row in &mut document.people {
        mask(&mut row.email);
        row.name = None;
    }
}

/// Masks a snapshot, which says so: no plan can be made from it.
pub fn snapshot(document: &mut SnapshotDocument) {
    document.redacted = true;
    for row in &mut document.members {
        row.email = row.email.as_ref().map(super::email);
        row.name = None;
    }
    for row in &mut document.invites {
        row.email = super::email(&row.email);
    }
    for key in document.admin_keys.iter_mut().flatten() {
        mask(&mut key.name);
    }
}

/// Masks the listed declared people.
pub fn declared(document: &mut DeclaredDocument) {
    for row in &mut document.members {
        row.email = text(&row.email);
        row.name = None;
        for alias in &mut row.aliases {
            *alias = text(alias);
        }
        mask(&mut row.ticket);
        mask(&mut row.reason);
    }
    for row in &mut document.departed {
        mask(&mut row.email);
        mask(&mut row.ticket);
        mask(&mut row.reason);
    }
}

fn mask(value: &mut Option<String>) {
    if let Some(value) = value {
        *value = text(value);
    }
}

/// Returns a document with every address in its values masked; the names of its fields stay.
///
/// # Errors
///
/// Only where the document itself cannot be JSON.
pub fn document(document: &impl Serialize) -> Result<Value, serde_json::Error> {
    serde_json::to_value(document).map(values)
}

/// Returns JSON with every address in its strings masked; the names of its fields stay.
pub fn values(value: Value) -> Value {
    match value {
        Value::String(string) => Value::String(text(&string)),
        Value::Array(items) => items.into_iter().map(values).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, value)| (name, values(value))).collect()
        }
        same @ (Value::Null | Value::Bool(_) | Value::Number(_)) => same,
    }
}
