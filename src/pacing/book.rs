//! The pace book: what earlier runs learned, one figure per operation, as text.
//!
//! The file is a convenience and may be anything: a damaged or foreign one is an error value, so that whoever reads
//! it can set it aside and start without figures. A figure that no run can have measured is damage as well, and then
//! the others are not trusted either: nobody knows what else was changed. A figure of another organization says
//! nothing about this one.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pace::LearnedPace;
use crate::roster::{Operation, OrganizationId};

/// The version of the text.
const FORMAT_VERSION: u32 = 1;
/// How far ahead of this clock the clock of an earlier run may have been.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

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
    #[error("it is not what this program writes")]
    Damaged(#[source] serde_json::Error),
    /// Written by another version of this program.
    #[error("it has format version {0}, and this program reads {FORMAT_VERSION}")]
    Version(u32),
    /// Of another organization.
    #[error("it belongs to the organization `{0}`")]
    Foreign(OrganizationId),
    /// A figure that no run can have measured.
    #[error("its figure for `{0}` is one that no run can have measured")]
    Impossible(Operation),
    /// A figure of a time to come.
    #[error("its figure for `{0}` is of {1}, which is still to come")]
    Future(Operation, Timestamp),
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

    /// Reads the text that [`encode`](Self::encode) wrote for the same organization, not later than `now`.
    pub fn decode(
        text: &str,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<Self, BookError> {
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
        for (operation, learned) in &paces {
            trust(*operation, learned, now)?;
        }
        Ok(Self {
            organization: found,
            paces,
        })
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

    /// Keeps the figure of an operation; a pacer that learned nothing that could be trusted leaves the older one.
    pub fn learn(&mut self, operation: Operation, learned: Option<LearnedPace>) {
        if let Some(learned) = learned.filter(|learned| learned.pace.is_plausible()) {
            self.paces.insert(operation, learned);
        }
    }
}

/// Refuses a figure that nobody can have measured, or not yet.
fn trust(operation: Operation, learned: &LearnedPace, now: Timestamp) -> Result<(), BookError> {
    let LearnedPace {
        pace,
        last_sent,
        learned_at,
        vague: _,
    } = learned;
    if !pace.is_plausible() {
        return Err(BookError::Impossible(operation));
    }
    let latest = *last_sent.max(learned_at);
    if latest.duration_since(now) > AHEAD_MAX {
        return Err(BookError::Future(operation, latest));
    }
    Ok(())
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

    fn decode(text: &str, organization_id: &str) -> Result<PaceBook, BookError> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        PaceBook::decode(text, &organization(organization_id), now)
    }

    #[test]
    fn a_book_survives_its_text() {
        let text = book().encode();
        assert_eq!(decode(&text, "org-1").unwrap(), book());
        assert!(text.starts_with("{\n  \"format_version\": 1,"), "{text}");
    }

    #[test]
    fn a_damaged_or_foreign_text_is_never_trusted() {
        let text = book().encode();
        for damaged in [
            "",
            "null",
            "{}",
            &text[..text.len() / 2],
            &text.replace("delete-user", "delete-everyone"),
            &text.replace("\"burst\"", "\"bust\""),
            &text.replace("7.5", "\"7.5\""),
            &text.replace("7.5", "NaN"),
            &text.replace("\"burst\": 4", "\"burst\": -4"),
            &text.replace("\"burst\": 4", "\"burst\": 4294967296"),
        ] {
            let error = decode(damaged, "org-1").unwrap_err();
            assert!(matches!(error, BookError::Damaged(_)), "{damaged}");
        }
        let newer = text.replace("\"format_version\": 1", "\"format_version\": 2, \"new\": 0");
        let error = decode(&newer, "org-1").unwrap_err();
        assert!(matches!(error, BookError::Version(2)));
        let foreign = decode(&text, "org-2").unwrap_err();
        assert_eq!(
            foreign.to_string(),
            "it belongs to the organization `org-1`"
        );
    }

    #[test]
    fn a_figure_that_no_run_can_have_measured_is_never_trusted() {
        let text = book().encode();
        for (pattern, figures) in [
            (
                "\"per_minute\": 7.5",
                &["0.0", "-1.0", "1e-9", "0.09", "60001", "1e12", "1e300"][..],
            ),
            ("\"burst\": 4", &["0", "1025", "4294967295"]),
            ("\"requests\": 10", &["0", "1025", "4294967295"]),
            ("\"second\": 12.5", &["-0.1", "60.1", "1e300"]),
        ] {
            let name = pattern.split_once(": ").unwrap().0;
            for figure in figures {
                let changed = text.replace(pattern, &format!("{name}: {figure}"));
                assert_ne!(changed, text);
                let error = decode(&changed, "org-1").unwrap_err();
                assert!(
                    matches!(error, BookError::Impossible(_)),
                    "{name} {figure}: {error}"
                );
            }
        }
        // The largest and the smallest that an estimate comes to.
        for (pattern, figure) in [
            ("\"burst\": 4", "\"burst\": 1024"),
            ("\"requests\": 10", "\"requests\": 1024"),
            ("\"per_minute\": 7.5", "\"per_minute\": 0.1"),
        ] {
            decode(&text.replace(pattern, figure), "org-1").unwrap();
        }
    }

    #[test]
    fn a_figure_of_a_time_to_come_is_never_trusted() {
        let text = book().encode();
        for (time, is_trusted) in [
            ("1970-01-01T00:00:00Z", true),
            ("2026-11-25T11:59:59Z", true),
            ("2026-11-25T12:00:01Z", false),
            ("9999-12-30T22:00:00Z", false),
        ] {
            for field in ["last_sent", "learned_at"] {
                let before = format!("\"{field}\": \"2026-11-24T03:15:00Z\"");
                let changed = text.replace(&before, &format!("\"{field}\": \"{time}\""));
                assert_ne!(changed, text);
                let decoded = decode(&changed, "org-1");
                let is_future = matches!(decoded, Err(BookError::Future(_, _)));
                assert_eq!(
                    (decoded.is_ok(), is_future),
                    (is_trusted, !is_trusted),
                    "{time}"
                );
            }
        }
    }

    #[test]
    fn a_figure_that_would_not_be_trusted_is_not_kept() {
        let at = Timestamp::UNIX_EPOCH;
        let mut later = book();
        later.learn(
            Operation::DeleteUser,
            Some(LearnedPace {
                pace: Pace::Bucket {
                    per_minute: 1e6,
                    burst: 4,
                },
                last_sent: at,
                learned_at: at,
                vague: false,
            }),
        );
        assert_eq!(later, book());
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
