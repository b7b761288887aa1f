//! The environment, read once.

use std::env::{self, VarError};

use secrecy::SecretString;

use super::failure::Failure;

/// What the environment says. An empty variable counts as unset, as everywhere in a shell.
#[derive(Debug)]
pub(super) struct Environment {
    /// `OPENAI_ADMIN_KEY`.
    pub(super) admin_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`.
    pub(super) base_url: Option<String>,
    /// `OPENAI_ORG_ID`.
    pub(super) organization_id: Option<String>,
    /// `ROSTERCTL_FREEZE`.
    pub(super) freeze: Option<String>,
}

/// A variable that cannot be read. Its value is not in the error: it may be the key.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not UTF-8")]
struct NotUnicode(&'static str);

impl Environment {
    /// Reads every variable that this program heeds by itself.
    pub(super) fn read() -> Result<Self, Failure> {
        Ok(Self {
            admin_key: variable("OPENAI_ADMIN_KEY")?.map(SecretString::from),
            base_url: variable("OPENAI_BASE_URL")?,
            organization_id: variable("OPENAI_ORG_ID")?,
            freeze: variable("ROSTERCTL_FREEZE")?,
        })
    }
}

fn variable(name: &'static str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::new(NotUnicode(name))),
    }
}
