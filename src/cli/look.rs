//! One look at the organization, and what follows from it: the plan with what the guardrails say.
//!
//! `plan`, `apply` and `demo` look in the same way; what they do afterwards is their own.

use jiff::{Timestamp, tz::TimeZone};

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::files::MembersFile;
use super::impact::{ImpactWish, Impacted};
use super::provider::Provider;
use super::signals::Signals;
use super::terminal;
use super::watch::Watch;
use crate::desired::{DesiredRoster, EXPIRY_NOTICE_DAYS, Loosening, sha256};
use crate::document::{Bound, PlanIds, PlanView, ReviewedPlan};
use crate::guardrail::{
    Acceptance, AcceptanceFault, ApprovedPlan, Breach, History, Judgement, Surroundings,
    roster_unusable,
};
use crate::outcome::Exit;
use crate::pacing::PaceBook;
use crate::plan::{Narrowing, Plan};
use crate::provider::{Clock, Sockets, Transport};
use crate::reconcile::{ObserveError, Observed, Prepared, Terms, draft, observe, prepare};
use crate::render::safe::Shown;
use crate::render::{self, Paint, redact};
use crate::roster::Email;
use crate::schedule::{Cost, cost};
use crate::state::StateDir;

/// What a plan says where the measure of `roster-shrunk` is lost.
const DAMAGED: &str = "roster-shrunk is not enforced: .rosterctl holds a snapshot.json of the last verified run that \
                       cannot be read; restore it, or the next verified run replaces it";

/// Everything that a run goes by.
#[derive(Debug)]
pub(super) struct Run<T> {
    pub(super) desired: DesiredRoster,
    pub(super) provider: Provider<T>,
    pub(super) state: StateDir,
    pub(super) book: PaceBook,
    pub(super) clock: Clock,
    pub(super) signals: Signals,
    pub(super) watch: Watch,
    /// `OPENAI_ORG_ID`.
    pub(super) organization_id_env: Option<String>,
    pub(super) acceptances: Vec<Acceptance>,
    /// What part of the plan is to be done.
    pub(super) narrowing: Narrowing,
    /// What bounds the run, if anything does.
    pub(super) reviewed: Vec<ReviewedPlan>,
    /// What earlier runs left unfinished.
    pub(super) unfinished: Vec<ReviewedPlan>,
    /// SHA-256 of the members file.
    pub(super) members_sha256: Option<String>,
    pub(super) expiry_notice_days: u32,
    /// Whether a plan that revokes is refused when nobody knows what was revoked this week.
    pub(super) require_history: bool,
    /// Whether the projects are swept for what removals break.
    pub(super) impact: ImpactWish,
}

/// What a look found.
#[derive(Debug)]
pub(super) enum Look {
    /// No plan can be made of it: a sheet with nothing but the breaches.
    NoPlan(Box<Sheet>),
    /// A plan.
    Plan(Box<Planned>),
}

/// A plan, what it was made of, and how it stands.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) sheet: Sheet,
    pub(super) observed: Observed,
    pub(super) standing: Standing,
}

/// A plan with everything that is shown of it.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) judgement: Judgement,
    /// The same for whoever may not see addresses, if they are to be masked.
    masked: Option<Judgement>,
    ids: PlanIds,
    cost: Cost,
    /// What its removals break, as far as anybody looked.
    pub(super) impact: Option<Impacted>,
    /// Whether there is a plan at all.
    pub(super) is_plan: bool,
    pub(super) members_sha256: Option<String>,
    /// When the snapshot was taken that stands for the organization, if one does.
    snapshot_taken_at: Option<Timestamp>,
    loosened: Vec<Loosening>,
}

/// How a plan stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// It may be executed.
    Approved(Box<ApprovedPlan>),
    /// It holds an action that nobody reviewed.
    Stale,
    /// It has nothing to do about people whom it is narrowed to, and who are there.
    Idle(Vec<Email>),
    /// A guardrail refuses it.
    Refused,
    /// What was accepted is not of this plan.
    Unaccepted(AcceptanceFault),
}

impl Run<Sockets> {
    /// Sets a run up: nothing is sent and nothing is written yet.
    pub(super) fn new(
        file: &MembersFile,
        desired: DesiredRoster,
        provider: &ProviderArgs,
        acceptances: &[Acceptance],
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let clock = Clock::starting_at(Timestamp::now());
        let signals = Signals::listen()?;
        let state = StateDir::beside(&file.path, &desired.organization.id)?;
        let (book, set_aside) = state.pace_book(clock.now());
        if let Some(set_aside) = set_aside {
            let notice = set_aside.to_string();
            terminal::say(&format!("warning: {}", Shown::sentence(&notice)));
        }
        let id = Some(&desired.organization.id);
        let watch = Watch::at_stderr(environment, clock);
        let people = state.snapshot().map(|snapshot| snapshot.people);
        watch.expects_members(people.unwrap_or(desired.members.len()));
        let provider = provider.connect(environment, id, Some(&book), &signals.stop, &watch)?;
        Ok(Self {
            desired,
            provider,
            state,
            book,
            clock,
            signals,
            watch,
            organization_id_env: environment.organization_id.clone(),
            acceptances: acceptances.to_vec(),
            narrowing: Narrowing::default(),
            reviewed: Vec::new(),
            unfinished: Vec::new(),
            members_sha256: Some(sha256(&file.sources)),
            expiry_notice_days: EXPIRY_NOTICE_DAYS,
            require_history: false,
            impact: ImpactWish::IfCheap,
        })
    }
}

impl<T: Transport> Run<T> {
    /// Reads the organization. What cannot be a whole roster is a breach, not an error.
    pub(super) async fn observe(&self) -> Result<Result<Observed, Vec<Breach>>, Failure> {
        match observe(&self.provider, &self.signals.stop).await {
            Ok(observed) => {
                tracing::info!(
                    members = observed.live.members().len(),
                    invites = observed.live.invites().len(),
                    "read the organization"
                );
                Ok(Ok(observed))
            }
            Err(ObserveError::Unusable(faults)) => Ok(Err(vec![roster_unusable(&faults)])),
            Err(
                error @ (ObserveError::Provider(_)
                | ObserveError::TwoOrganizations {
                    first: _,
                    second: _,
                }
                | ObserveError::Stopped),
            ) => Err(Failure::new(error)),
        }
    }

    /// Computes the plan, before it is judged.
    pub(super) fn draft(&self, observed: &Observed) -> Plan {
        draft(&self.desired, observed, self.clock.now())
    }

    /// Judges a drafted plan.
    pub(super) fn judge(&self, observed: Observed, plan: Plan, history: History) -> Look {
        let terms = Terms {
            surroundings: self.surroundings(),
            acceptances: &self.acceptances,
            narrowing: self.narrowing.clone(),
            bound: Bound {
                reviewed: &self.reviewed,
                unfinished: &self.unfinished,
            },
            history,
            expiry_notice_days: self.expiry_notice_days,
            people_verified: self.state.snapshot().map(|snapshot| snapshot.people),
        };
        match judged(&self.desired, observed, plan, &terms, &self.book) {
            Ok(mut planned) => {
                let sha256 = &mut planned.sheet.members_sha256;
                sha256.clone_from(&self.members_sha256);
                if self.state.is_snapshot_damaged() {
                    planned.sheet.caveat(DAMAGED.to_owned());
                }
                Look::Plan(Box::new(planned))
            }
            Err(breaches) => self.no_plan(breaches),
        }
    }

    /// What a look is that no plan can be made of.
    pub(super) fn no_plan(&self, breaches: Vec<Breach>) -> Look {
        let sheet = Sheet::without_plan(&self.desired, self.clock.now(), breaches);
        Look::NoPlan(Box::new(sheet))
    }

    /// Reads the organization and judges the plan.
    pub(super) async fn look(&self) -> Result<Look, Failure> {
        Ok(match self.observe().await? {
            Ok(observed) => {
                let plan = self.draft(&observed);
                let history = self.history(&plan, &observed).await?;
                let mut look = self.judge(observed, plan, history);
                if let Look::Plan(planned) = &mut look {
                    self.look_at_impact(planned).await?;
                }
                look
            }
            Err(breaches) => self.no_plan(breaches),
        })
    }

    /// What preflight looks at beside the rosters, now.
    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            local_now: self.clock.now(),
            organization_id_env: self.organization_id_env.as_deref(),
        }
    }
}

/// Judges a drafted plan, or says why there is none.
pub(super) fn judged(
    desired: &DesiredRoster,
    observed: Observed,
    plan: Plan,
    terms: &Terms<'_>,
    book: &PaceBook,
) -> Result<Planned, Vec<Breach>> {
    let (judgement, standing) = match prepare(desired, &observed, plan, terms) {
        Prepared::NoPlan(breaches) => return Err(breaches),
        Prepared::Approved(approved) => {
            (approved.judgement().clone(), Standing::Approved(approved))
        }
        Prepared::Stale(judgement) => (*judgement, Standing::Stale),
        Prepared::Idle(people, judgement) => (*judgement, Standing::Idle(people)),
        Prepared::Refused(refusal) => (refusal.judgement().clone(), Standing::Refused),
        Prepared::Unaccepted(fault, judgement) => (*judgement, Standing::Unaccepted(fault)),
    };
    let cost = cost(&judgement.actions, &observed.live, book);
    Ok(Planned {
        sheet: Sheet::new(judgement, cost, true),
        observed,
        standing,
    })
}

impl Sheet {
    /// What stands for the plan where there is none: nothing to do, and why.
    pub(super) fn without_plan(
        desired: &DesiredRoster,
        now: Timestamp,
        breaches: Vec<Breach>,
    ) -> Self {
        let organization = desired.organization.id.to_string();
        let plan = Plan::empty(
            organization,
            None,
            now.to_zoned_datetime(TimeZone::UTC).date(),
        );
        let judgement = Judgement {
            plan,
            actions: Vec::new(),
            withheld: Vec::new(),
            accepted: Vec::new(),
            breaches,
            caveats: Vec::new(),
        };
        Self::new(judgement, Cost::default(), false)
    }

    fn new(judgement: Judgement, cost: Cost, is_plan: bool) -> Self {
        Self {
            // The names are of the real addresses, so that `--accept` takes what a masked plan prints.
            ids: PlanIds::of(&judgement),
            masked: terminal::redacts().then(|| redact::judgement(&judgement)),
            judgement,
            cost,
            impact: None,
            is_plan,
            members_sha256: None,
            snapshot_taken_at: None,
            loosened: Vec::new(),
        }
    }

    /// Says that it is made from a snapshot, and when that was taken.
    pub(super) fn of_snapshot(&mut self, taken_at: Timestamp, caveat: String) {
        self.snapshot_taken_at = Some(taken_at);
        self.caveat(caveat);
    }

    /// Says what was not looked at.
    fn caveat(&mut self, caveat: String) {
        if let Some(masked) = &mut self.masked {
            masked.caveats.push(caveat.clone());
        }
        self.judgement.caveats.push(caveat);
    }

    /// Says what its members file allows more than the one before it.
    pub(super) fn of_change(&mut self, loosened: Vec<Loosening>) {
        self.loosened = if self.masked.is_some() {
            loosened.iter().map(redact::loosening).collect()
        } else {
            loosened
        };
    }

    /// The judgement as it may be shown.
    fn shown(&self) -> &Judgement {
        self.masked.as_ref().unwrap_or(&self.judgement)
    }

    /// The plan, as every format shows it; `apply` is the command that applies it.
    pub(super) fn view<'a>(&'a self, apply: Option<&'a str>) -> PlanView<'a> {
        PlanView {
            judgement: self.shown(),
            ids: &self.ids,
            cost: &self.cost,
            impact: self.impact.as_ref().map(Impacted::view),
            apply,
            redacted: self.masked.is_some(),
            members_sha256: self.members_sha256.as_deref(),
            snapshot_taken_at: self.snapshot_taken_at,
            loosened: &self.loosened,
        }
    }

    /// The plan as text, or why there is none.
    pub(super) fn text(&self, apply: Option<&str>, paint: Paint) -> String {
        if self.is_plan {
            render::plan_text(&self.view(apply), paint)
        } else {
            render::no_plan_text(&self.view(apply), paint)
        }
    }

    /// Whether nothing is to be executed and nothing is held back.
    pub(super) fn is_settled(&self) -> bool {
        self.judgement.actions.is_empty() && self.judgement.withheld.is_empty()
    }

    /// Whether two looks found the same to do, to hold back and to report.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.ids == other.ids && self.judgement.actions.len() == other.judgement.actions.len()
    }
}

/// The failure of a plan that is narrowed to people about whom it has nothing to do.
pub(super) fn idle(people: &[Email]) -> Failure {
    let people: Vec<_> = people.iter().map(Email::as_str).collect();
    let failure = Failure::new(format!(
        "--only names {}, and the plan has no action for them: nothing was changed",
        people.join(", ")
    ));
    failure.hint(
        "`rosterctl plan` shows what the file says about them; correct the file or the address",
    )
}

/// The failure of an acceptance that does not hold.
pub(super) fn unaccepted(fault: &AcceptanceFault) -> Failure {
    let (exit, hint) = match fault {
        AcceptanceFault::OtherPlan { named: _, fresh: _ } => (
            Exit::Refused,
            "read the plan above; what it says about `--accept` is for this plan",
        ),
        AcceptanceFault::Lacking(_) => (
            Exit::Usage,
            "take it out of `--accept`; the plan above says what it has",
        ),
    };
    Failure::new(fault.clone()).hint(hint).exit(exit)
}
