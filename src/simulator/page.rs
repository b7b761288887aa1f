//! Style-A paging: `limit`, `after`, and an answer with `first_id`, `last_id` and `has_more` (API contract, section 2).

use serde_json::{Value, json};

use super::answer::{Answer, ApiError};
use super::endpoints::Call;
use super::table::{Order, Row, Table, id_of};

/// Returns one page of the kept rows.
///
/// A cursor that never was in the list is a 400. One that has been removed meanwhile goes on where it stood.
pub(super) fn page(
    table: &Table,
    call: &Call,
    order: Order,
    keep: impl Fn(&Row) -> bool,
) -> Answer {
    let limit = call.query.limit()?;
    let after = cursor(table, call, "after")?;
    let mut rows = table.slice(order, after, call.view, limit + 1, keep);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    Ok(list(&rows, has_more))
}

/// Returns the page that ends right before the cursor `before`, where there is one.
pub(super) fn page_before(
    table: &Table,
    call: &Call,
    order: Order,
    keep: impl Fn(&Row) -> bool,
) -> Result<Option<Value>, ApiError> {
    let Some(before) = cursor(table, call, "before")? else {
        return Ok(None);
    };
    let limit = call.query.limit()?;
    let back = match order {
        Order::Oldest => Order::Newest,
        Order::Newest => Order::Oldest,
    };
    let mut rows = table.slice(back, Some(before), call.view, limit + 1, keep);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    rows.reverse();
    Ok(Some(list(&rows, has_more)))
}

fn cursor(table: &Table, call: &Call, name: &'static str) -> Result<Option<usize>, ApiError> {
    let Some(id) = call.query.one(name) else {
        return Ok(None);
    };
    match table.position(id) {
        Some(position) => Ok(Some(position)),
        None => Err(ApiError::bad(
            name,
            format!("Invalid cursor: no object with id '{id}'."),
        )),
    }
}

fn list(rows: &[&Row], has_more: bool) -> Value {
    json!({
        "object": "list",
        "data": rows,
        "first_id": rows.first().and_then(|row| id_of(row)),
        "last_id": rows.last().and_then(|row| id_of(row)),
        "has_more": has_more,
    })
}
