//! The JSON Schemas under which the documents are published.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use super::{
    CheckDocument, DeclaredDocument, DriftDocument, FORMAT_VERSION, PlanDocument, ReportDocument,
    RosterDocument, SnapshotDocument,
};

/// Returns the schema of a plan document (JSON Schema 2020-12).
pub fn plan_schema() -> Value {
    schema::<PlanDocument>("plan")
}

/// Returns the schema of a report document (JSON Schema 2020-12).
pub fn report_schema() -> Value {
    schema::<ReportDocument>("report")
}

/// Returns the schema of a drift report (JSON Schema 2020-12).
pub fn drift_schema() -> Value {
    schema::<DriftDocument>("drift")
}

/// Returns the schema of a listed roster (JSON Schema 2020-12).
pub fn roster_schema() -> Value {
    schema::<RosterDocument>("roster")
}

/// Returns the schema of a roster from which a plan can be made (JSON Schema 2020-12).
pub fn snapshot_schema() -> Value {
    schema::<SnapshotDocument>("snapshot")
}

/// Returns the schema of a checked members file (JSON Schema 2020-12).
pub fn check_schema() -> Value {
    schema::<CheckDocument>("check")
}

/// Returns the schema of the listed declared people (JSON Schema 2020-12).
pub fn declared_schema() -> Value {
    schema::<DeclaredDocument>("declared people")
}

fn schema<T: JsonSchema>(name: &str) -> Value {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<T>();
    schema.insert(
        "title".to_owned(),
        Value::from(format!("rosterctl {name}, format {FORMAT_VERSION}")),
    );
    schema.to_value()
}
