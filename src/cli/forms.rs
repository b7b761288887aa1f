//! The forms of a plan, of a plan that stays one, and of a finished apply.

use super::documents::Forms;
use super::look::Sheet;
use super::terminal;
use crate::document::{
    ActionDocument, PlanDocument, ReportDocument, ReportView, ReviewedPlan, stale,
};
use crate::outcome::Exit;
use crate::plan::{Plan, effect};
use crate::render::{self, Comment, Paint, redact};
use crate::roster::LiveRoster;

/// A plan, or why there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlanForms<'a> {
    pub(super) sheet: &'a Sheet,
    /// The command that applies it.
    pub(super) apply: Option<&'a str>,
    /// The roster to compare with what the plan would make of it, where a diff is wanted.
    pub(super) diff: Option<&'a LiveRoster>,
}

impl PlanForms<'_> {
    fn diff(&self, paint: Paint) -> Option<String> {
        let live = self.diff?;
        let after = effect(live, &self.sheet.judgement.actions);
        let diff = if terminal::redacts() {
            render::diff(&redact::roster(live), &redact::roster(&after), paint)
        } else {
            render::diff(live, &after, paint)
        };
        Some(diff).filter(|diff| !diff.is_empty())
    }
}

impl Forms for PlanForms<'_> {
    type Document = PlanDocument;

    fn document(&self) -> PlanDocument {
        PlanDocument::new(&self.sheet.view(self.apply))
    }

    fn text(&self, paint: Paint) -> String {
        let text = self.sheet.text(self.apply, paint);
        match self.diff(paint) {
            Some(diff) => format!("{text}\n{diff}"),
            None => text,
        }
    }

    fn github(&self) -> String {
        render::plan_github(&self.sheet.view(self.apply))
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        let diff = self.diff(Paint::Plain);
        let comment = Comment {
            diff: diff.as_deref(),
            ..*comment
        };
        render::plan_markdown(&self.sheet.view(self.apply), &comment)
    }

    fn html(&self) -> String {
        render::plan_html(&self.sheet.view(self.apply))
    }

    fn gitlab(&self) -> Option<String> {
        self.sheet
            .is_plan
            .then(|| render::gitlab(&self.sheet.judgement))
    }
}

/// The report of an apply that executed nothing: in every form for people it is its plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct StayForms<'a> {
    pub(super) plan: PlanForms<'a>,
    pub(super) exit: Exit,
    /// Whether the text has been shown on the way to the question.
    pub(super) is_shown: bool,
}

impl Forms for StayForms<'_> {
    type Document = ReportDocument;

    fn document(&self) -> ReportDocument {
        ReportDocument::new(&ReportView {
            plan: self.plan.sheet.view(None),
            outcomes: &[],
            verification: None,
            aftermath: None,
            exit_code: self.exit.code(),
            journal: None,
        })
    }

    fn text(&self, paint: Paint) -> String {
        if self.is_shown {
            String::new()
        } else {
            self.plan.text(paint)
        }
    }

    fn github(&self) -> String {
        self.plan.github()
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        self.plan.markdown(comment)
    }

    fn html(&self) -> String {
        self.plan.html()
    }

    fn gitlab(&self) -> Option<String> {
        self.plan.gitlab()
    }
}

/// The report of an apply that executed nothing because part of its plan was not reviewed.
#[derive(Debug, Clone, Copy)]
pub(super) struct StaleForms<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) reviewed: &'a [ReviewedPlan],
}

impl StaleForms<'_> {
    fn fresh(&self) -> &Plan {
        &self.sheet.judgement.plan
    }
}

impl Forms for StaleForms<'_> {
    type Document = ReportDocument;

    fn document(&self) -> ReportDocument {
        let stay = StayForms {
            plan: PlanForms {
                sheet: self.sheet,
                apply: None,
                diff: None,
            },
            exit: Exit::Stale,
            is_shown: false,
        };
        let unreviewed = stale(self.reviewed, self.fresh());
        ReportDocument {
            stale: unreviewed.into_iter().map(ActionDocument::new).collect(),
            ..stay.document()
        }
    }

    fn text(&self, paint: Paint) -> String {
        render::stale_text(self.reviewed, self.fresh(), paint)
    }

    fn github(&self) -> String {
        render::stale_github(self.reviewed, self.fresh())
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        render::stale_markdown(self.reviewed, self.fresh(), comment)
    }

    fn html(&self) -> String {
        render::stale_html(self.reviewed, self.fresh())
    }

    fn gitlab(&self) -> Option<String> {
        None
    }
}

/// What an apply did.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportForms<'a> {
    pub(super) view: ReportView<'a>,
}

impl Forms for ReportForms<'_> {
    type Document = ReportDocument;

    fn document(&self) -> ReportDocument {
        ReportDocument::new(&self.view)
    }

    fn text(&self, paint: Paint) -> String {
        render::report_text(&self.view, paint)
    }

    fn github(&self) -> String {
        render::report_github(&self.view)
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        render::report_markdown(&self.view, comment)
    }

    fn html(&self) -> String {
        render::report_html(&self.view)
    }

    fn gitlab(&self) -> Option<String> {
        Some(render::gitlab(self.view.plan.judgement))
    }
}
