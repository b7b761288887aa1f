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
    /// `TERM`: what the terminal can do.
    pub(super) term: Option<String>,
    /// Where the commit at hand can be read, in a run of GitHub Actions or of GitLab.
    pub(super) source_url: Option<String>,
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
            // A name that is no text is the name of no terminal.
            term: env::var("TERM").ok().filter(|term| !term.is_empty()),
            source_url: source_url(&variable)?,
        })
    }
}

/// The address of the commit that a CI run is about, under which its files can be read.
fn source_url<E>(
    variable: &impl Fn(&'static str) -> Result<Option<String>, E>,
) -> Result<Option<String>, E> {
    let github = (
        variable("GITHUB_SERVER_URL")?,
        variable("GITHUB_REPOSITORY")?,
        variable("GITHUB_SHA")?,
    );
    if let (Some(server), Some(repository), Some(commit)) = github {
        return Ok(Some(format!("{server}/{repository}/blob/{commit}")));
    }
    let gitlab = (variable("CI_PROJECT_URL")?, variable("CI_COMMIT_SHA")?);
    Ok(match gitlab {
        (Some(project), Some(commit)) => Some(format!("{project}/-/blob/{commit}")),
        (None, _) | (_, None) => None,
    })
}

fn variable(name: &'static str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::new(NotUnicode(name))),
    }
}
