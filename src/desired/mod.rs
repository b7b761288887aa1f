//! The members file: text in; a roster, text, or every violation out.
//!
//! Nothing here opens a file: a [`Source`] is a name and a text, so that every rule can be tested on a string and
//! an error can always say `file:line:column`. Reading never touches the network either.

mod compare;
pub mod diagnostics;
mod edit;
mod expiry;
mod export;
mod format;
mod line;
mod loosening;
mod parse;
mod policy;
mod roster;
mod schema;
mod source;
mod violation;
mod warning;

pub use compare::{
    BadRow, Column, CompareOptions, CompareRefusal, Comparison, Finding, Says, compare,
};
pub use edit::{Edit, EditError, Fields, Setting, Tombstone, edit};
pub use expiry::{EXPIRY_NOTICE_DAYS, Expiry};
pub use export::{ExportOptions, export};
pub use format::format;
pub use loosening::{Loosening, ceilings, loosenings, stricter};
pub use parse::{Include, email_domain, includes, parse};
pub use policy::{EmailPattern, EmailPatternError, Guardrails, Policy, Stance, Unmanaged};
pub use roster::{Departed, DesiredOrganization, DesiredRoster, Entry};
pub use schema::{included_schema, members_schema};
pub use source::{Place, Source, sha256};
pub use violation::{Label, Violation};
pub use warning::Warning;
