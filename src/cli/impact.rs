//! What removals break, before an apply, and what became of it after.

use std::collections::BTreeSet;

use super::execute::Executed;
use super::failure::Failure;
use super::look::{Planned, Run, Sheet};
use super::provider::Provider;
use super::terminal;
use crate::document::ImpactView;
use crate::impact::{Aftermath, Impact, after, of};
use crate::provider::{KeySource as _, Transport};
use crate::reconcile::{Sweep, sweep, sweep_again};
use crate::render::redact;
use crate::roster::UserId;
use crate::schedule::Cost;

/// Whether the projects are swept for what removals break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImpactWish {
    /// Whatever it costs.
    Wanted,
    /// If the pace that is known makes it cheap.
    IfCheap,
    /// Not at all, and not a word about it.
    Never,
}

impl ImpactWish {
    /// What `--impact` asks for.
    pub(super) fn of_flag(given: bool) -> Self {
        if given { Self::Wanted } else { Self::IfCheap }
    }
}

/// What is known of what removals break.
#[derive(Debug)]
pub(super) enum Impacted {
    /// Every project was looked at.
    Known {
        /// As it is.
        impact: Impact,
        /// As it may be shown, if addresses are masked.
        masked: Option<Impact>,
    },
    /// Nobody looked: what it would cost.
    Open(Cost),
    /// The projects could not be listed.
    Unread(String),
}

impl Impacted {
    /// As every format shows it.
    pub(super) fn view(&self) -> ImpactView<'_> {
        match self {
            Self::Known { impact, masked } => ImpactView::Known(masked.as_ref().unwrap_or(impact)),
            Self::Open(cost) => ImpactView::Open(cost),
            Self::Unread(why) => ImpactView::Unread(why),
        }
    }
}

impl<T: Transport> Run<T> {
    /// Looks at what the removals of a plan break, the withheld ones too: whoever accepts them should know.
    pub(super) async fn look_at_impact(&self, planned: &mut Planned) -> Result<(), Failure> {
        let wanted = match self.impact {
            ImpactWish::Wanted => true,
            // It knows no projects, so there is nothing to offer.
            ImpactWish::IfCheap if matches!(self.provider, Provider::Legacy(_)) => return Ok(()),
            ImpactWish::IfCheap => false,
            ImpactWish::Never => return Ok(()),
        };
        if !planned.sheet.judgement.plan.removes_somebody() {
            return Ok(());
        }
        let swept = sweep(&self.provider, wanted, &self.book, &self.signals.stop).await;
        planned.sheet.impact = Some(match swept.map_err(Failure::new)? {
            Sweep::Read(projects) => {
                let keys = planned.observed.admin_keys.as_deref();
                let keys = keys.map_err(String::as_str);
                let actions = &planned.sheet.judgement.plan.actions;
                let impact = of(actions, &projects, keys);
                let masked = terminal::redacts().then(|| redact::impact(&impact));
                Impacted::Known { impact, masked }
            }
            Sweep::Open(cost) => Impacted::Open(cost),
            Sweep::Unread(why) => Impacted::Unread(why),
        });
        Ok(())
    }

    /// Looks again at the keys of whoever was removed; `None`: nobody looked before, or nobody was removed.
    pub(super) async fn aftermath(&self, sheet: &Sheet, executed: &Executed) -> Option<Aftermath> {
        let Some(Impacted::Known { impact, masked: _ }) = &sheet.impact else {
            return None;
        };
        let results = sheet.judgement.actions.iter().zip(&executed.outcomes);
        let removed: BTreeSet<UserId> = results
            .filter(|(_, outcome)| outcome.is_done())
            .filter_map(|(action, _)| Some(action.change.removed()?.id.clone()))
            .collect();
        if removed.is_empty() {
            return None;
        }
        let theirs = impact.people.iter().filter(|row| {
            let id = row.person.id.as_ref();
            id.is_some_and(|id| removed.contains(id))
        });
        let has_admin_keys = theirs.clone().any(|row| !row.admin_keys.is_empty());
        let projects = theirs.flat_map(|row| &row.project_keys);
        let projects = projects.map(|owned| &owned.project);
        // A run that is stopped says of no key that it is gone.
        let swept = sweep_again(&self.provider, projects, &self.signals.stop)
            .await
            .unwrap_or_default();
        let keys = if has_admin_keys && !self.signals.stop.is_requested() {
            self.provider.list_admin_keys().await.ok()
        } else {
            None
        };
        let keys = keys.as_ref().map(|listing| listing.rows.as_slice());
        Some(after(impact, &removed, &swept, keys))
    }
}
