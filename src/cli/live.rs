//! The live roster for commands that only look at it.

use jiff::Timestamp;

use super::connect::ProviderArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::signals::Signals;
use super::terminal;
use super::watch::Watch;
use crate::desired::DesiredRoster;
use crate::guardrail::{Breach, BreachKind, Surroundings, preflight, roster_unusable};
use crate::outcome::Exit;
use crate::provider::Clock;
use crate::reconcile::{ObserveError, Observed, observe};
use crate::render;
use crate::roster::{LiveRoster, OrganizationId};

/// Reads the live roster. `Err(exit)`: it was refused, and that has been said.
pub(super) async fn read(
    provider: &ProviderArgs,
    environment: &Environment,
    organization: Option<&OrganizationId>,
    desired: Option<&DesiredRoster>,
) -> Result<Result<LiveRoster, Exit>, Failure> {
    let read = read_all(provider, environment, organization, desired).await?;
    Ok(read.map(|observed| observed.live))
}

/// Reads the live roster and the admin keys. `Err(exit)`: it was refused, and that has been said.
pub(super) async fn read_all(
    provider: &ProviderArgs,
    environment: &Environment,
    organization: Option<&OrganizationId>,
    desired: Option<&DesiredRoster>,
) -> Result<Result<Observed, Exit>, Failure> {
    let clock = Clock::starting_at(Timestamp::now());
    let signals = Signals::listen()?;
    let watch = Watch::at_stderr(environment, clock);
    if let Some(desired) = desired {
        watch.expects_members(desired.members.len());
    }
    let provider = provider.connect(environment, organization, None, &signals.stop, &watch)?;
    let observed = match observe(&provider, &signals.stop).await {
        Ok(observed) => observed,
        Err(ObserveError::Unusable(faults)) => {
            return Ok(Err(refused(&[roster_unusable(&faults)])));
        }
        Err(error) => return Err(Failure::new(error)),
    };
    if let Some(desired) = desired {
        let surroundings = Surroundings {
            local_now: clock.now(),
            organization_id_env: environment.organization_id.as_deref(),
        };
        if let Some(breach) = wrong_organization(desired, &observed.live, surroundings) {
            return Ok(Err(refused(&[breach])));
        }
    }
    Ok(Ok(observed))
}

/// "Not in the list" must not be read from the list of another organization.
fn wrong_organization(
    desired: &DesiredRoster,
    live: &LiveRoster,
    surroundings: Surroundings<'_>,
) -> Option<Breach> {
    preflight(desired, live, surroundings)
        .into_iter()
        .find(|breach| breach.kind == BreachKind::WrongOrganization)
}

fn refused(breaches: &[Breach]) -> Exit {
    terminal::say(render::refusal_text(breaches, terminal::paint_err()).trim_end());
    Exit::Refused
}
