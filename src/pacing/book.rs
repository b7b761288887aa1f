//! The pace book: what earlier runs learned, one figure per operation, as text.
//!
//! The file is a convenience and may be anything: a damaged or foreign one is an error value, so that whoever reads
//! it can set it aside and start without figures. A wrong figure would only cost time, but a figure of another
//! organization says nothing about this one.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::pace::LearnedPace;
use crate::roster::{Operation, OrganizationId};

/// The version of the text.
const FORMAT_VERSION: u32 = 1;

/// The learned paces of one organization.
#[derive(Debug, Clone, PartialEq)]
pub struct PaceBook {
    organization: OrganizationId,
    paces: BTreeMap<Operation, LearnedPace>,
}

/// Why a text is no pace book of this organization.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Not the JSON that `encode` writes.
    #[error("the pace book is damaged")]
    Damaged(#[source] serde_json::Error),
    /// Written by another version of this program.
    #[error("the pace book has format version {0}, and this program reads {FORMAT_VERSION}")]
    Version(u32),
    /// Of another organization.
    #[error("the pace book belongs to `{0}`")]
    Foreign(OrganizationId),
    /// A figure that no limit can have.
    #[error("the pace book has an impossible figure for `{0}`")]
    Impossible(Operation),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format_version: u32,
    organization: OrganizationId,
    paces: BTreeMap<Operation, LearnedPace>,
}

/// Read first: what a later version writes may differ in everything else.
#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl PaceBook {
    /// A book without figures.
    pub const fn new(organization: OrganizationId) -> Self {
        Self {
            organization,
            paces: BTreeMap::new(),
        }
    }

    /// Reads the text that [`encode`](Self::encode) wrote for the same organization.
    pub fn decode(text: &str, organization: &OrganizationId) -> Result<Self, BookError> {
        let Version { format_version } = serde_json::from_str(text).map_err(BookError::Damaged)?;
        if format_version != FORMAT_VERSION {
            return Err(BookError::Version(format_version));
        }
        let Text {
            format_version: _,
            organization: found,
            paces,
        } = serde_json::from_str(text).map_err(BookError::Damaged)?;
        if found != *organization {
            return Err(BookError::Foreign(found));
        }
        match paces
            .iter()
            .find(|(_, learned)| !learned.pace.is_plausible())
        {
            Some((operation, _)) => Err(BookError::Impossible(*operation)),
            None => Ok(Self {
                organization: found,
                paces,
            }),
        }
    }

    /// The book as JSON text.
    #[expect(
        clippy::missing_panics_doc,
        reason = "text keys and finite numbers are always JSON"
    )]
    pub fn encode(&self) -> String {
        let text = Text {
            format_version: FORMAT_VERSION,
            organization: self.organization.clone(),
            paces: self.paces.clone(),
        };
        let json = serde_json::to_string_pretty(&text);
        json.expect("a map with text keys and finite numbers is JSON") + "\n"
    }

    /// The figure of an operation, if one was learned.
    pub fn pace(&self, operation: Operation) -> Option<&LearnedPace> {
        self.paces.get(&operation)
    }

    /// How long `requests` requests of an operation take; `None` when its pace is not known.
    pub fn time_for(&self, operation: Operation, requests: usize) -> Option<Duration> {
        Some(self.pace(operation)?.pace.time_for(requests))
    }

    /// Keeps the figure of an operation; a pacer that learned nothing leaves the older one.
    pub fn learn(&mut self, operation: Operation, learned: Option<LearnedPace>) {
        if let Some(learned) = learned {
            self.paces.insert(operation, learned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::Pace;

    fn organization(text: &str) -> OrganizationId {
        OrganizationId::parse(text).unwrap()
    }

    fn book() -> PaceBook {
        let at = "2026-11-24T03:15:00Z".parse().unwrap();
        let learned = |pace| {
            Some(LearnedPace {
                pace,
                last_sent: at,
                learned_at: at,
                vague: false,
            })
        };
        let mut book = PaceBook::new(organization("org-1"));
        book.learn(Operation::ListUsers, learned(Pace::Clear));
        book.learn(
            Operation::DeleteUser,
            learned(Pace::Bucket {
                per_minute: 7.5,
                burst: 4,
            }),
        );
        book.learn(
            Operation::CreateInvite,
            learned(Pace::Window {
                requests: 10,
                second: Some(12.5),
            }),
        );
        book
    }

    #[test]
    fn a_book_survives_its_text() {
        let text = book().encode();
        assert_eq!(
            PaceBook::decode(&text, &organization("org-1")).unwrap(),
            book()
        );
        assert!(text.starts_with("{\n  \"format_version\": 1,"), "{text}");
    }

    #[test]
    fn a_damaged_or_foreign_text_is_never_trusted() {
        let text = book().encode();
        let decode = |text: &str| PaceBook::decode(text, &organization("org-1")).unwrap_err();
        for damaged in [
            "",
            "null",
            "{}",
            &text[..text.len() / 2],
            &text.replace("delete-user", "delete-everyone"),
            &text.replace("\"burst\"", "\"bust\""),
            &text.replace("7.5", "\"7.5\""),
        ] {
            assert!(
                matches!(decode(damaged), BookError::Damaged(_)),
                "{damaged}"
            );
        }
        for figure in ["0.0", "-1.0", "1e300"] {
            let error = decode(&text.replace("7.5", figure));
            assert!(
                matches!(error, BookError::Impossible(Operation::DeleteUser)),
                "{figure}"
            );
        }
        let newer = text.replace("\"format_version\": 1", "\"format_version\": 2, \"new\": 0");
        assert!(matches!(decode(&newer), BookError::Version(2)));
        let foreign = PaceBook::decode(&text, &organization("org-2")).unwrap_err();
        assert_eq!(foreign.to_string(), "the pace book belongs to `org-1`");
    }

    #[test]
    fn the_book_knows_how_long_many_requests_take() {
        let time = |operation| book().time_for(operation, 34).map(|time| time.as_secs());
        assert_eq!(time(Operation::DeleteUser), Some(240));
        assert_eq!(time(Operation::ListUsers), Some(0));
        assert_eq!(time(Operation::ModifyUser), None);
    }

    #[test]
    fn a_pacer_that_learned_nothing_leaves_the_older_figure() {
        let mut later = book();
        later.learn(Operation::DeleteUser, None);
        assert_eq!(later, book());
    }
}
