//! A whole list, page by page, or an error: a truncated list would plan removals for everyone it lacks.
//!
//! The style is `limit` and `after`, with `has_more` and `last_id` in the answer (API contract, section 2). Whatever
//! makes the end of a list doubtful is an error that names the page, and no list comes out.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::requests::{Api, Endpoint};
use super::wire::{Page, RowFault};
use crate::provider::{ErrorKind, Listing, ProviderError, Transport};

/// Rows in a page: the most that the API gives.
const LIMIT: &str = "100";
/// Pages in a list at most; a million rows.
const PAGES_MAX: usize = 10_000;

/// Why a list cannot be trusted to be whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::provider) enum PageFault {
    /// There is more, and neither `last_id` nor a row to go on after.
    #[error("the page says that there is more, without a cursor to go on with")]
    NoCursor,
    /// A cursor that was followed before.
    #[error("the cursor `{0}` was given before: the list goes round")]
    CursorRepeats(String),
    /// An id that an earlier row has.
    #[error("row {row} has the id `{id}`, which an earlier row has")]
    RowRepeats {
        /// Position in the page, from 1.
        row: usize,
        /// The id.
        id: String,
    },
    /// A row that is no member, invite or key.
    #[error("row {row} cannot be used")]
    Row {
        /// Position in the page, from 1.
        row: usize,
        /// Why.
        #[source]
        source: RowFault,
    },
    /// More pages than any organization has.
    #[error("there is more after {PAGES_MAX} pages, the most that is read")]
    TooManyPages,
}

/// The rows that a list has given so far.
#[derive(Debug)]
pub(in crate::provider) struct Rows<R> {
    pub(in crate::provider) values: Vec<R>,
    ids: HashSet<String>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            ids: HashSet::new(),
        }
    }
}

impl<R> Rows<R> {
    /// Takes the rows of a page; returns the last one's id.
    ///
    /// `convert` gives a row's id and its value, if it has one that matters.
    pub(in crate::provider) fn take<W>(
        &mut self,
        page: Vec<W>,
        convert: impl Fn(W) -> Result<(String, Option<R>), RowFault>,
    ) -> Result<Option<String>, PageFault> {
        let mut last = None;
        for (row, wire) in (1..).zip(page) {
            let (id, value) = convert(wire).map_err(|source| PageFault::Row { row, source })?;
            if !self.ids.insert(id.clone()) {
                return Err(PageFault::RowRepeats { row, id });
            }
            last = Some(id);
            self.values.extend(value);
        }
        Ok(last)
    }
}

/// What a list is of, beside its endpoint: the ids in its path and what is asked of every page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Of<'a> {
    pub(super) ids: &'a [&'a str],
    pub(super) filter: &'a [(&'a str, &'a str)],
}

/// Reads every page of a list.
pub(super) async fn list<T: Transport, W: DeserializeOwned, R>(
    api: &Api<T>,
    endpoint: &Endpoint,
    of: Of<'_>,
    convert: impl Fn(W) -> Result<(String, Option<R>), RowFault>,
) -> Result<Listing<R>, ProviderError> {
    let patience = api.gate.patience();
    let mut rows = Rows::default();
    let mut cursors: HashSet<String> = HashSet::new();
    let mut cursor: Option<String> = None;
    let mut number = 1;
    let reading = api.gate.reading(endpoint.operation);
    loop {
        reading.page(number);
        let mut query = vec![("limit", LIMIT)];
        query.extend(of.filter);
        query.extend(cursor.as_deref().map(|cursor| ("after", cursor)));
        let read = api.read(endpoint, of.ids, &query, patience, |answer| {
            Ok((answer.json::<Page<W>>()?, answer))
        });
        let (page, answer) = read.await.map_err(|error| at_page(error, number))?;
        let Page {
            data,
            has_more,
            last_id,
        } = page;
        let doubt = |fault| doubted(&answer, number, fault);
        let last_row = rows.take(data, &convert).map_err(doubt)?;
        if !has_more {
            let (rows, seen) = (rows.values, answer.seen);
            return Ok(Listing { rows, seen });
        }
        if number == PAGES_MAX {
            return Err(doubt(PageFault::TooManyPages));
        }
        let next = last_id
            .filter(|id| !id.is_empty())
            .or(last_row)
            .ok_or_else(|| doubt(PageFault::NoCursor))?;
        if !cursors.insert(next.clone()) {
            return Err(doubt(PageFault::CursorRepeats(next)));
        }
        cursor = Some(next);
        number += 1;
    }
}

/// An answer with a page from which no list can be made.
pub(in crate::provider) fn doubted(
    answer: &Answer,
    page: usize,
    fault: PageFault,
) -> ProviderError {
    answer.error(ErrorKind::Paging { page }).because(fault)
}

/// A page that cannot be read is a list that cannot be read.
pub(in crate::provider) fn at_page(error: ProviderError, page: usize) -> ProviderError {
    let is_success = error.status.is_none_or(|status| status < 300);
    match error.kind {
        ErrorKind::Unreadable if is_success => ProviderError {
            kind: ErrorKind::Paging { page },
            ..error
        },
        ErrorKind::NotSent
        | ErrorKind::NoAnswer
        | ErrorKind::Throttled { retry_after: _ }
        | ErrorKind::DelayTooLong { asked: _ }
        | ErrorKind::QuotaExhausted
        | ErrorKind::Unauthorized
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Rejected
        | ErrorKind::Unavailable
        | ErrorKind::Unreadable
        | ErrorKind::Paging { page: _ }
        | ErrorKind::Stopped => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::pacing::PaceSettings;
    use crate::provider::canned::{Act, Canned, chain, say};
    use crate::provider::{ReadNotice, RosterSource as _, Stop};
    use crate::roster::Operation;

    /// A page of members with these ids.
    fn page(ids: &[&str], has_more: bool, last_id: Option<&str>) -> Act {
        let data: Vec<_> = ids
            .iter()
            .map(|id| serde_json::json!({"id": id, "email": format!("{id}@acme.dev")}))
            .collect();
        let page = serde_json::json!({"data": data, "has_more": has_more, "last_id": last_id});
        say(200, &page.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn pages_follow_each_other_by_cursor() {
        let play = Canned::play([
            page(&["u1", "u2"], true, Some("u 2")),
            page(&["u3"], true, None),
            page(&["u4"], true, Some("")),
            page(&[], false, None).header("openai-organization", "org-acme"),
        ]);
        let listing = play.open_ai().list_members().await.unwrap();
        let ids: Vec<_> = listing.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["u1", "u2", "u3", "u4"]);
        assert_eq!(listing.seen.id(), Some("org-acme"));
        assert_eq!(
            play.lines(),
            [
                "GET /v1/organization/users?limit=100",
                "GET /v1/organization/users?limit=100&after=u+2",
                "GET /v1/organization/users?limit=100&after=u3",
                "GET /v1/organization/users?limit=100&after=u4",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_may_not_be_whole_is_an_error_that_names_the_page() {
        let first = || page(&["u1", "u2"], true, Some("u2"));
        let bad = |body: &str| vec![say(200, body); 5];
        let row = |json: &str| {
            let page = format!(r#"{{"data":[{{"id":"x"}},{json}],"has_more":false}}"#);
            vec![first(), say(200, &page)]
        };
        let mut told = Vec::new();
        for (case, acts) in [
            ("no cursor", vec![page(&[], true, None)]),
            (
                "cursor repeats",
                vec![first(), page(&["u3"], true, Some("u2"))],
            ),
            (
                "row repeats",
                vec![first(), page(&["u3", "u1"], false, None)],
            ),
            (
                "row twice in a page",
                vec![page(&["u3", "u3"], false, None)],
            ),
            ("too large", vec![first(), Act::Flood]),
            ("no id", row(r#"{"email":"a@acme.dev"}"#)),
            ("id of another type", row(r#"{"id":7}"#)),
            ("empty id", row(r#"{"id":""}"#)),
            ("dots", row(r#"{"id":".."}"#)),
            ("dot", row(r#"{"user":{"id":"."}}"#)),
            ("row is no object", bad(r#"{"data":[7],"has_more":false}"#)),
            ("no data", bad(r#"{"has_more":false}"#)),
            ("no has_more", bad(r#"{"data":[]}"#)),
            ("data is null", bad(r#"{"data":null,"has_more":false}"#)),
            ("truncated", bad(r#"{"data":[{"id":"u"#)),
            ("empty", bad("")),
            ("web page", bad("<!doctype html><title>Login</title>")),
        ] {
            let play = Canned::play(acts);
            let error = play.open_ai().list_members().await.unwrap_err();
            told.push(format!("{case}\n  {}", chain(&error)));
        }
        insta::assert_snapshot!(told.join("\n"), @"
        no cursor
          page 1 of `GET /organization/users` cannot be trusted (status 200): the page says that there is more, without a cursor to go on with
        cursor repeats
          page 2 of `GET /organization/users` cannot be trusted (status 200): the cursor `u2` was given before: the list goes round
        row repeats
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 has the id `u1`, which an earlier row has
        row twice in a page
          page 1 of `GET /organization/users` cannot be trusted (status 200): row 2 has the id `u3`, which an earlier row has
        too large
          page 2 of `GET /organization/users` cannot be trusted: the answer of 127.0.0.1:1 is larger than 33554432 bytes
        no id
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 cannot be used: the row has no id
        id of another type
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 cannot be used: the row has no id
        empty id
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 cannot be used: the row's id cannot be used: `` cannot be an id
        dots
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 cannot be used: the row's id cannot be used: `..` cannot be an id
        dot
          page 2 of `GET /organization/users` cannot be trusted (status 200): row 2 cannot be used: the row's id cannot be used: `.` cannot be an id
        row is no object
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is not the JSON that the API sends: invalid type: integer `7`, expected struct User at line 1 column 10
        no data
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is not the JSON that the API sends: missing field `data` at line 1 column 18
        no has_more
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is not the JSON that the API sends: missing field `has_more` at line 1 column 11
        data is null
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is not the JSON that the API sends: invalid type: null, expected a sequence at line 1 column 12
        truncated
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is not the JSON that the API sends: EOF while parsing a string at line 1 column 17
        empty
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is empty
        web page
          page 1 of `GET /organization/users` cannot be trusted (status 200): the answer is a web page
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_tells_of_its_pages_and_of_its_end() {
        let operation = Operation::ListUsers;
        let asked = |number| ReadNotice::Page { operation, number };
        let (first, last) = (page(&["u1"], true, None), page(&["u2"], false, None));
        let forbidden = say(403, "{}");
        for acts in [[first.clone(), last], [first, forbidden]] {
            let play = Canned::play(acts);
            let told = Arc::new(Mutex::new(Vec::new()));
            let tells = Arc::clone(&told);
            let gate = play.gate(&Stop::default(), PaceSettings::DEFAULT);
            let gate = gate.telling(Arc::new(move |notice| tells.lock().unwrap().push(notice)));
            let api = Canned::open_ai_behind(gate, "sk-admin-test0123456789");
            let _ = api.list_members().await;
            let told = told.lock().unwrap().clone();
            assert_eq!(told, [asked(1), asked(2), ReadNotice::End { operation }]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_without_end_is_given_up() {
        let pages = (0..=PAGES_MAX).map(|n| page(&[&format!("u{n}")], true, None));
        let play = Canned::play(pages);
        let error = play.open_ai().list_members().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Paging { page: PAGES_MAX });
        assert_eq!(play.lines().len(), PAGES_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_on_a_later_page_fails_the_list() {
        let forbidden = say(403, r#"{"error":"Missing scopes: api.management.read."}"#);
        let play = Canned::play([page(&["u1"], true, None), forbidden]);
        let error = play.open_ai().list_members().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Forbidden);
    }
}
