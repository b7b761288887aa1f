//! Which listed admin key this run uses: its holder must not be locked out half way.
//!
//! The list shows keys in a shortened form only. One that fits the key in use, and only one, is it; otherwise any
//! owner may hold it, which is an answer of its own.

use http::Method;

use super::requests::Endpoint;
use super::wire::AdminKeyRow;
use super::{OpenAi, paging};
use crate::provider::{KeySource, Listing, ProviderError, Transport};
use crate::roster::{AdminKey, KeyInUse, Operation};

static LIST_ADMIN_KEYS: Endpoint = Endpoint::new(
    Operation::ListAdminKeys,
    Method::GET,
    "GET /organization/admin_api_keys",
);

pub(super) static DELETE_ADMIN_KEY: Endpoint = Endpoint::new(
    Operation::DeleteAdminKey,
    Method::DELETE,
    "DELETE /organization/admin_api_keys/{key_id}",
);

impl<T: Transport> KeySource for OpenAi<T> {
    async fn list_admin_keys(&self) -> Result<Listing<AdminKey>, ProviderError> {
        paging::list(
            &self.api,
            &LIST_ADMIN_KEYS,
            paging::Of::default(),
            |row: AdminKeyRow| {
                let key = row.into_key()?;
                Ok((key.id.to_string(), Some(key)))
            },
        )
        .await
    }

    fn in_use_among(&self, listed: &[AdminKey]) -> KeyInUse {
        let fits = |key: &&AdminKey| self.api.key.matches_redacted(&key.redacted_value);
        let mut fitting = listed.iter().filter(fits);
        match (fitting.next(), fitting.count()) {
            (Some(key), 0) => KeyInUse::Found(key.clone()),
            (None, _) => KeyInUse::Unknown {
                reason: format!(
                    "none of the {} listed admin keys looks like the one in use",
                    listed.len()
                ),
            },
            (Some(_), others) => KeyInUse::Unknown {
                reason: format!(
                    "{} of the listed admin keys look like the one in use",
                    others + 1
                ),
            },
        }
    }
}
