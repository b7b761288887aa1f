//! No format loses an action.

use proptest::prelude::*;
use rosterctl::document::PlanDocument;
use rosterctl::guardrail::{BreachKind, Judgement};
use rosterctl::plan::Action;
use rosterctl::render::{
    Comment, Paint, Totals, gitlab, json, plan_html, plan_markdown, plan_text,
};
use rosterctl::roster::Role;

use super::fixtures::{
    Shown, approved, breach, cancel, invite, invited, member, plan, remove, set_role, withheld,
};

/// One action of any kind about a person of its own.
fn action(n: usize, kind: u8, owner: bool) -> Action {
    let (role, other) = if owner {
        (Role::Owner, Role::Reader)
    } else {
        (Role::Reader, Role::Owner)
    };
    let address = format!("p{n:03}@acme.dev");
    let somebody = || member(&format!("user-{n:03}"), &address, role);
    match kind {
        0 => remove(somebody()),
        1 => set_role(somebody(), other),
        2 => cancel(invite(&format!("invite-{n:03}"), &address, role)),
        _ => invited(&address, role),
    }
}

prop_compose! {
    fn judged()(
        kinds in prop::collection::vec((0..4u8, any::<bool>(), 0..6u8), 0..20),
        refused in any::<bool>(),
    ) -> Judgement {
        let actions = kinds.iter().enumerate();
        let all: Vec<(Action, bool)> = actions
            .map(|(n, (kind, owner, fate))| (action(n, *kind, *owner), *fate == 0))
            .collect();
        let mut judgement = approved(plan(all.iter().map(|(action, _)| action.clone()).collect()));
        judgement.actions = all.iter().filter(|(_, held)| !held).map(|(a, _)| a.clone()).collect();
        judgement.withheld = all
            .iter()
            .filter(|(_, held)| *held)
            .map(|(action, _)| withheld(BreachKind::KeyOwner, vec![action.clone()]))
            .collect();
        if refused {
            judgement.breaches = vec![breach(BreachKind::RevocationsMax, 38.0, 10.0)];
        }
        judgement
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_format_loses_an_action(judgement in judged()) {
        let shown = Shown::new(judgement, 1);
        let view = shown.view();
        let comment = Comment {
            marker: None,
            everything_in: "plan.json",
            source_url: None,
            diff: None,
        };
        let document = PlanDocument::new(&view);
        let formats = [
            plan_text(&view, Paint::Plain),
            plan_html(&view),
            plan_markdown(&view, &comment),
            json(&document).unwrap(),
        ];
        for action in &shown.judgement.plan.actions {
            for text in &formats {
                prop_assert!(text.contains(action.person.label()), "{action:?}\n{text}");
            }
        }
        let totals = Totals::of(&shown.judgement);
        prop_assert_eq!(totals.actions(), shown.judgement.actions.len());
        prop_assert_eq!(document.lines().count(), shown.judgement.plan.actions.len());
        let figures: std::collections::BTreeMap<String, usize> =
            serde_json::from_str(&gitlab(&shown.judgement)).unwrap();
        prop_assert_eq!(figures.values().sum::<usize>(), totals.actions());
    }
}
