//! Reading the organization whole.

use crate::provider::{KeySource, Listing, ProviderError, RosterSource, Stop};
use crate::roster::{
    AdminKey, AdminKeys, KeyInUse, LiveRoster, Observation, RosterFault, SeenOrganization,
};

/// What one complete reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Who is in.
    pub live: LiveRoster,
    /// Every admin key, or why they could not be read, in a clause.
    pub admin_keys: Result<Vec<AdminKey>, String>,
    /// Whose admin key this run uses.
    pub key_in_use: KeyInUse,
}

/// Why there is no roster.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// A request failed.
    #[error("the organization could not be read")]
    Provider(#[source] ProviderError),
    /// What was read cannot be a whole roster.
    #[error("the organization's roster cannot be trusted")]
    Unusable(Vec<RosterFault>),
    /// The answers are of two organizations.
    #[error("one answer is of the organization `{first}`, another of `{second}`")]
    TwoOrganizations {
        /// What the list of invites said.
        first: String,
        /// What the list of members said.
        second: String,
    },
    /// Somebody asked the run to stop.
    #[error("stopped before the organization was read")]
    Stopped,
}

/// Reads the whole roster and finds the key in use.
///
/// Invites are listed completely before the members are: one that is accepted in between then shows as a member,
/// not as nobody.
pub async fn observe<P: RosterSource + KeySource>(
    provider: &P,
    stop: &Stop,
) -> Result<Observed, ObserveError> {
    let read = async {
        let (live, keys) = tokio::join!(roster(provider), provider.admin_keys());
        let AdminKeys { listed, in_use } = keys;
        Ok(Observed {
            live: live?,
            admin_keys: listed,
            key_in_use: in_use,
        })
    };
    tokio::select! {
        biased;
        read = read => read,
        () = stop.requested() => Err(ObserveError::Stopped),
    }
}

/// Lists invites, then members, and assembles them.
pub(super) async fn roster(provider: &impl RosterSource) -> Result<LiveRoster, ObserveError> {
    let invites = provider
        .list_invites()
        .await
        .map_err(ObserveError::Provider)?;
    let members = provider
        .list_members()
        .await
        .map_err(ObserveError::Provider)?;
    let Listing {
        rows: members,
        seen,
    } = members;
    let organization = one_organization(invites.seen, seen)?;
    let capabilities = provider.capabilities();
    let observation = Observation {
        organization,
        members,
        invites: invites.rows,
        capabilities,
    };
    LiveRoster::assemble(observation).map_err(ObserveError::Unusable)
}

fn one_organization(
    first: SeenOrganization,
    last: SeenOrganization,
) -> Result<SeenOrganization, ObserveError> {
    match (first.header, &last.header) {
        (Some(first), Some(second)) if first != *second => Err(ObserveError::TwoOrganizations {
            first,
            second: second.clone(),
        }),
        (header, _) => Ok(SeenOrganization {
            header: last.header.or(header),
            date: last.date.or(first.date),
        }),
    }
}
