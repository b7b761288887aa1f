//! Reading what removals may break: every project, its keys and its members.
//!
//! A sweep is the expensive part of a plan, two requests for each project, so it is made where somebody asks for it or
//! where the pace that is known makes it cheap; otherwise the plan says what it would cost.

use std::collections::BTreeSet;
use std::time::Duration;

use super::ObserveError;
use crate::apply::describe;
use crate::impact::SweptProject;
use crate::pacing::PaceBook;
use crate::provider::{ProjectSource, Stop};
use crate::roster::{KeyScope, Operation, Project, ProjectId};
use crate::schedule::{Cost, sweep_cost};

/// A sweep that is sure to take less is made without being asked for.
const CHEAP_MAX: Duration = Duration::from_secs(30);

/// What came of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sweep {
    /// Every project was looked at.
    Read(Vec<SweptProject>),
    /// Nobody asked for it, and it is not known to be cheap: what it would cost.
    Open(Cost),
    /// The projects could not be listed: why, in a clause.
    Unread(String),
}

/// Sweeps every project, if `wanted`, or if it is cheap at the pace that `book` knows.
pub async fn sweep(
    provider: &impl ProjectSource,
    wanted: bool,
    book: &PaceBook,
    stop: &Stop,
) -> Result<Sweep, ObserveError> {
    tokio::select! {
        biased;
        swept = sweep_all(provider, wanted, book) => Ok(swept),
        () = stop.requested() => Err(ObserveError::Stopped),
    }
}

/// Reads the keys of some projects again.
pub async fn sweep_again(
    provider: &impl ProjectSource,
    projects: impl IntoIterator<Item = &Project>,
    stop: &Stop,
) -> Result<Vec<SweptProject>, ObserveError> {
    let again = async {
        let mut swept = Vec::new();
        let mut seen: BTreeSet<&ProjectId> = BTreeSet::new();
        for project in projects {
            if seen.insert(&project.id) {
                let keys = provider.list_project_keys(&project.id, KeyScope::Any).await;
                swept.push(SweptProject {
                    project: project.clone(),
                    users: Ok(Vec::new()),
                    keys: keys.map(|keys| keys.rows).map_err(|error| describe(&error)),
                });
            }
        }
        swept
    };
    tokio::select! {
        biased;
        swept = again => Ok(swept),
        () = stop.requested() => Err(ObserveError::Stopped),
    }
}

async fn sweep_all(provider: &impl ProjectSource, wanted: bool, book: &PaceBook) -> Sweep {
    let list = book.time_for(Operation::ListProjects, 1);
    if !wanted && list.is_none_or(|time| time >= CHEAP_MAX) {
        return Sweep::Open(sweep_cost(None, book));
    }
    let projects = match provider.list_projects().await {
        Ok(listing) => listing.rows,
        Err(error) => return Sweep::Unread(describe(&error)),
    };
    let active = projects.iter().filter(|project| !project.archived).count();
    let cost = sweep_cost(Some((projects.len(), active)), book);
    if !wanted && cost.time.is_none_or(|time| time >= CHEAP_MAX) {
        return Sweep::Open(cost);
    }
    let mut swept = Vec::with_capacity(projects.len());
    for project in projects {
        let (keys, users) = tokio::join!(
            provider.list_project_keys(&project.id, KeyScope::Any),
            async {
                if project.archived {
                    return Ok(Vec::new());
                }
                let listing = provider.list_project_users(&project.id).await;
                listing.map(|listing| listing.rows)
            }
        );
        swept.push(SweptProject {
            users: users.map_err(|error| describe(&error)),
            keys: keys.map(|keys| keys.rows).map_err(|error| describe(&error)),
            project,
        });
    }
    Sweep::Read(swept)
}
