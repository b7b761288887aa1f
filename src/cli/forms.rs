//! The forms of a plan, of a plan that stays one, and of a finished apply.

use super::documents::Forms;
use super::look::Sheet;
use super::terminal;
use crate::document::{PlanDocument, ReportDocument, ReportView};
use crate::outcome::Exit;
use crate::plan::effect;
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

/// What an apply did.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportForms<'a>(pub(super) ReportView<'a>);

impl Forms for ReportForms<'_> {
    type Document = ReportDocument;

    fn document(&self) -> ReportDocument {
        ReportDocument::new(&self.0)
    }

    fn text(&self, paint: Paint) -> String {
        render::report_text(&self.0, paint)
    }

    fn github(&self) -> String {
        render::report_github(&self.0)
    }

    fn markdown(&self, comment: &Comment<'_>) -> String {
        render::report_markdown(&self.0, comment)
    }

    fn html(&self) -> String {
        render::report_html(&self.0)
    }

    fn gitlab(&self) -> Option<String> {
        Some(render::gitlab(self.0.plan.judgement))
    }
}
