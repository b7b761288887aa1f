//! From flags and environment to the organization: key, host, pace.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};

use super::environment::Environment;
use super::failure::Failure;
use super::files;
use super::provider::Provider;
use super::watch::Watch;
use crate::pacing::{PaceBook, PaceSettings};
use crate::provider::{
    BaseUrl, BaseUrlError, Credential, CredentialError, Gate, GateSettings, Legacy, OpenAi,
    Sockets, SocketsError, Stop,
};
use crate::roster::OrganizationId;

/// Bytes on standard input that can be a key at most.
const KEY_BYTES_MAX: u64 = 64 * 1024;

/// How the organization is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Provider options")]
pub(super) struct ProviderArgs {
    /// Read the admin key from a file, or from standard input for `-`; without it, from OPENAI_ADMIN_KEY
    #[arg(long, value_name = "FILE")]
    admin_key_file: Option<PathBuf>,

    /// Allow the key to be sent to this host, where OPENAI_BASE_URL points at it
    #[arg(long, value_name = "HOST")]
    api_host: Option<String>,

    /// Choose the API: the admin API, or the older pair that only lists and removes
    #[arg(long, value_enum, default_value_t, value_name = "API")]
    api: ApiName,

    /// Send at most this many requests a minute, for each operation
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<NonZeroU32>,

    /// End the run rather than wait longer than this many seconds because an answer asks for it
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    delay_max: u32,

    /// Send at most this many reads of one operation at the same time
    #[arg(long, value_name = "N", default_value = "4")]
    concurrency: NonZeroUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ApiName {
    #[default]
    Openai,
    Legacy,
}

/// Why the organization cannot be reached, before any request.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error("there is no admin key: OPENAI_ADMIN_KEY is not set")]
    NoKey,
    #[error("the admin key in {place} cannot be used")]
    Key {
        place: String,
        source: CredentialError,
    },
    #[error("the admin key cannot be read from standard input")]
    KeyUnread(#[source] io::Error),
    #[error("the older pair of calls needs the organization's id")]
    NoOrganization,
    #[error("the admin key would not be sent")]
    Base(#[from] BaseUrlError),
    #[error(transparent)]
    Sockets(#[from] SocketsError),
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let hint = match &error {
            ConnectError::NoKey => Some(
                "set it to an admin key of the organization, or name a file: --admin-key-file FILE",
            ),
            ConnectError::Key {
                place: _,
                source: _,
            } => Some("the file or variable holds the key and nothing else, as `sk-admin-…`"),
            ConnectError::NoOrganization => {
                Some("name the members file, or set OPENAI_ORG_ID to the id")
            }
            ConnectError::KeyUnread(_) | ConnectError::Base(_) | ConnectError::Sockets(_) => None,
        };
        let failure = Self::new(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl ProviderArgs {
    /// Connects to an organization; nothing is sent yet. Without an id, the key alone says which it is.
    pub(super) fn connect(
        &self,
        environment: &Environment,
        organization: Option<&OrganizationId>,
        book: Option<&PaceBook>,
        stop: &Stop,
        watch: &Watch,
    ) -> Result<Provider<Sockets>, Failure> {
        let key = self.key(environment)?;
        let base = BaseUrl::resolve(environment.base_url.as_deref(), self.api_host.as_deref())
            .map_err(ConnectError::Base)?;
        let sockets = Sockets::new(&base).map_err(ConnectError::Sockets)?;
        let settings = GateSettings {
            pace: PaceSettings {
                delay_max: Duration::from_secs(self.delay_max.into()),
                requests_per_minute_max: self.requests_per_minute,
                concurrency_max: self.concurrency,
            },
            seed: fastrand::u64(..),
            on_wait: watch.on_wait(),
        };
        let gate = Gate::new(sockets, watch.clock(), stop.clone(), settings, book)
            .telling(watch.on_read());
        Ok(match self.api {
            ApiName::Openai => Provider::OpenAi(OpenAi::new(gate, base, key, organization)),
            ApiName::Legacy => {
                let organization = organization.ok_or(ConnectError::NoOrganization)?;
                Provider::Legacy(Legacy::new(gate, base, key, organization))
            }
        })
    }

    /// The flags that another command needs to reach the same organization, each with a space before it.
    pub(super) fn repeated(&self) -> String {
        let mut flags = String::new();
        let mut add = |flag: &str, value: &str| {
            let _ = write!(flags, " {flag} {}", shell_word(value));
        };
        if let Some(path) = &self.admin_key_file {
            add("--admin-key-file", &path.display().to_string());
        }
        if let Some(host) = &self.api_host {
            add("--api-host", host);
        }
        if self.api == ApiName::Legacy {
            add("--api", "legacy");
        }
        if let Some(ceiling) = self.requests_per_minute {
            add("--requests-per-minute", &ceiling.to_string());
        }
        flags
    }

    fn key(&self, environment: &Environment) -> Result<Credential, Failure> {
        match &self.admin_key_file {
            Some(path) => {
                let place = files::shown(path);
                let text = read_key(path)?;
                parse_key(&text, place)
            }
            None => match &environment.admin_key {
                Some(text) => parse_key(text, "OPENAI_ADMIN_KEY".to_owned()),
                None => Err(ConnectError::NoKey.into()),
            },
        }
    }
}

/// Reads a key from a file, or from standard input for `-`.
pub(super) fn read_key(path: &Path) -> Result<SecretString, Failure> {
    if path != Path::new("-") {
        return files::read_text(path).map(|text| SecretString::from(text.trim()));
    }
    let mut text = String::new();
    io::stdin()
        .take(KEY_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(ConnectError::KeyUnread)?;
    Ok(SecretString::from(text.trim()))
}

fn parse_key(text: &SecretString, place: String) -> Result<Credential, Failure> {
    Credential::parse(text.expose_secret())
        .map_err(|source| ConnectError::Key { place, source }.into())
}

/// A word for a shell, quoted where it has to be.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_split_it() {
        for (word, quoted) in [
            ("members.toml", "members.toml"),
            ("my file.toml", "'my file.toml'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
