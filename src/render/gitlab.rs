//! GitLab's report for the widget of a merge request: three figures, in the shape it takes for any planning tool.

use serde_json::json;

use super::Totals;
use crate::guardrail::Judgement;

/// Returns `{"create":n,"update":n,"delete":n}`, counting what would be executed.
pub fn gitlab(judgement: &Judgement) -> String {
    let totals = Totals::of(judgement);
    let report = json!({
        "create": totals.invite,
        "update": totals.set_role,
        "delete": totals.remove + totals.cancel_invite + totals.revoke_key,
    });
    format!("{report}\n")
}
