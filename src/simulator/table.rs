//! Rows as they are served, with every version they ever had.
//!
//! Consistency lag is a question about the past: a read sees each row as it was some time ago, a write always acts on
//! the newest version. So a change adds a version and nothing is overwritten. Rows are JSON objects, never structs:
//! a field that is unknown, missing or mistyped is served exactly as it was written.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

/// A row in wire shape.
pub(super) type Row = Map<String, Value>;

/// A point in the time of the rows; `None` is before the start, when only the roster's own rows were there.
pub(super) type Point = Option<Duration>;

/// The point at which a read sees every write: the true present.
pub(super) const PRESENT: Point = Some(Duration::MAX);

/// The direction of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// In order of insertion.
    Oldest,
    /// Against it.
    Newest,
}

/// Rows in order of insertion. A removed row keeps its place, so a cursor on it still says where to go on.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: Vec<Vec<Version>>,
    /// The first slot of each id; rows without an id have none and are only ever listed.
    by_id: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Version {
    since: Point,
    /// `None`: removed.
    row: Option<Row>,
}

impl Table {
    /// A table that has held these rows from the start.
    pub(super) fn of(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut table = Self::default();
        for row in rows {
            table.insert_since(row, None);
        }
        table
    }

    /// Appends a row.
    pub(super) fn insert(&mut self, row: Row, since: Duration) {
        self.insert_since(row, Some(since));
    }

    fn insert_since(&mut self, row: Row, since: Point) {
        if let Some(id) = id_of(&row) {
            let slot = self.slots.len();
            self.by_id.entry(id.to_owned()).or_insert(slot);
        }
        self.slots.push(vec![Version {
            since,
            row: Some(row),
        }]);
    }

    /// Gives the row of an id a new version; `None` removes it.
    pub(super) fn put(&mut self, id: &str, row: Option<Row>, since: Duration) {
        if let Some(&slot) = self.by_id.get(id) {
            let since = Some(since);
            self.slots[slot].push(Version { since, row });
        }
    }

    /// Returns the row of an id as a read of that time sees it.
    pub(super) fn get(&self, id: &str, view: Point) -> Option<&Row> {
        self.by_id
            .get(id)
            .and_then(|&slot| seen(&self.slots[slot], view))
    }

    /// Returns where an id stands, also if it has been removed.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Returns at most `max` kept rows after a position, as a read of that time sees them.
    pub(super) fn slice(
        &self,
        order: Order,
        after: Option<usize>,
        view: Point,
        max: usize,
        keep: impl Fn(&Row) -> bool,
    ) -> Vec<&Row> {
        let slots = match order {
            Order::Oldest => &self.slots[after.map_or(0, |position| position + 1)..],
            Order::Newest => &self.slots[..after.unwrap_or(self.slots.len())],
        };
        let visible = |slot: usize| seen(&slots[slot], view).filter(|row| keep(row));
        match order {
            Order::Oldest => (0..slots.len()).filter_map(visible).take(max).collect(),
            Order::Newest => (0..slots.len())
                .rev()
                .filter_map(visible)
                .take(max)
                .collect(),
        }
    }

    /// Returns every row as it truly is.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.slots.iter().filter_map(|slot| seen(slot, PRESENT))
    }
}

fn seen(versions: &[Version], view: Point) -> Option<&Row> {
    versions
        .iter()
        .rev()
        .find(|version| version.since <= view)
        .and_then(|version| version.row.as_ref())
}

/// The id of a row: its own, or that of the nested user that the API has been seen to send instead.
pub(super) fn id_of(row: &Row) -> Option<&str> {
    text(row, "id").or_else(|| nested_user(row, "id"))
}

/// The address of a row, with the same fallback.
pub(super) fn email_of(row: &Row) -> Option<&str> {
    text(row, "email").or_else(|| nested_user(row, "email"))
}

/// A field that is a string.
pub(super) fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(field).and_then(Value::as_str)
}

fn nested_user<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.get("user")
        .and_then(|user| user.get(field))
        .and_then(Value::as_str)
}

/// Whether two addresses are the same mailbox for this organization.
pub(super) fn same_email(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str) -> Row {
        Row::from_iter([("id".to_owned(), Value::from(id))])
    }

    fn ids(table: &Table, order: Order, after: Option<&str>, view_s: u64) -> String {
        let after = after.map(|id| table.position(id).unwrap());
        table
            .slice(order, after, Some(Duration::from_secs(view_s)), 10, |_| {
                true
            })
            .into_iter()
            .filter_map(id_of)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_read_of_the_past_sees_the_past() {
        let mut table = Table::of([row("a"), row("b"), row("c")]);
        table.put("b", None, Duration::from_secs(10));
        table.insert(row("d"), Duration::from_secs(20));
        for (order, after, view_s, listed) in [
            (Order::Oldest, None, 9, "a b c"),
            (Order::Oldest, None, 10, "a c"),
            (Order::Oldest, None, 20, "a c d"),
            (Order::Newest, None, 20, "d c a"),
            (Order::Oldest, Some("b"), 20, "c d"),
            (Order::Newest, Some("c"), 9, "b a"),
        ] {
            assert_eq!(
                ids(&table, order, after, view_s),
                listed,
                "{after:?} at {view_s}"
            );
        }
        assert!(table.get("b", None).is_some());
        assert!(table.get("b", PRESENT).is_none());
    }

    #[test]
    fn a_nested_user_lends_its_id_and_address() {
        let nested: Row = serde_json::from_str(
            r#"{"role":"reader","user":{"id":"user-1","email":"a@acme.dev"}}"#,
        )
        .unwrap();
        assert_eq!(id_of(&nested), Some("user-1"));
        assert_eq!(email_of(&nested), Some("a@acme.dev"));
        assert!(same_email(" A@acme.DEV", "a@acme.dev"));
    }
}
