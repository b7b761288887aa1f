//! The folder itself, and the small files that are replaced whole.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::roster::{AdminKey, KeyId, LiveRoster, Member, OrganizationId, UserId};

/// The folder's name beside the members file.
const FOLDER: &str = ".rosterctl";

/// What cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The organization's id cannot be the name of a folder.
    #[error("the organization id `{0}` cannot be the name of a folder")]
    NotAFolderName(OrganizationId),
    /// The file system says no.
    #[error("cannot {what} {path}")]
    Io {
        /// `create`, `read`, `write`, `lock`.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another run holds the lock.
    #[error("another run is at work on this organization: {holder}")]
    Locked {
        /// What the holder wrote about itself.
        holder: String,
    },
    /// A journal is damaged: a person has to look at it.
    #[error("{path} cannot be read")]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: crate::journal::JournalFault,
    },
}

impl StateError {
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// The state of one organization on disk.
#[derive(Debug, Clone)]
pub struct StateDir {
    path: PathBuf,
    pub(super) organization: OrganizationId,
}

/// What the last verified run left, as far as a later one compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of the file's format.
    pub format_version: u32,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// How many people were live.
    pub people: usize,
    /// Every admin key; absent where they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_keys: Option<BTreeSet<KeyId>>,
    /// Every service account among the members; absent in a file of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_accounts: Option<BTreeSet<UserId>>,
}

impl Snapshot {
    const FORMAT_VERSION: u32 = 1;

    /// What there is of a roster, and of the admin keys where they could be read.
    pub fn of(roster: &LiveRoster, admin_keys: Option<&[AdminKey]>, taken_at: Timestamp) -> Self {
        let (people, accounts): (Vec<&Member>, Vec<&Member>) =
            roster.members().partition(|member| member.is_person());
        Self {
            format_version: Self::FORMAT_VERSION,
            taken_at,
            people: people.len(),
            admin_keys: admin_keys.map(|keys| keys.iter().map(|key| key.id.clone()).collect()),
            service_accounts: Some(accounts.iter().map(|row| row.id.clone()).collect()),
        }
    }
}

impl StateDir {
    /// The state folder of an organization, beside its members file. Nothing is created yet.
    pub fn beside(members_file: &Path, organization: &OrganizationId) -> Result<Self, StateError> {
        let name = organization.as_str();
        let is_safe = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !is_safe || name.starts_with('.') {
            return Err(StateError::NotAFolderName(organization.clone()));
        }
        let beside = members_file.parent().unwrap_or(Path::new(""));
        Ok(Self {
            path: beside.join(FOLDER).join(name),
            organization: organization.clone(),
        })
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the folder with its journal folder, readable by the owner only and ignored by git.
    pub fn create(&self) -> Result<(), StateError> {
        let journals = self.journals();
        create_private(&journals).map_err(StateError::io("create", &journals))?;
        let root = self.path.parent().unwrap_or(&self.path);
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(StateError::io("write", &ignore))?;
        }
        Ok(())
    }

    pub(super) fn journals(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// The snapshot of the last verified run; `None` where there is none or it cannot be read.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let text = fs::read_to_string(self.path.join("snapshot.json")).ok()?;
        let snapshot: Snapshot = serde_json::from_str(&text).ok()?;
        (snapshot.format_version == Snapshot::FORMAT_VERSION).then_some(snapshot)
    }

    /// Whether there is a snapshot that cannot be read, as one of a newer version cannot.
    pub fn is_snapshot_damaged(&self) -> bool {
        self.path.join("snapshot.json").exists() && self.snapshot().is_none()
    }

    /// Replaces the snapshot: only after a verified apply, or an accepted shrinkage.
    pub fn write_snapshot(&self, snapshot: &Snapshot) -> Result<(), StateError> {
        let text = serde_json::to_string_pretty(snapshot).map_err(io::Error::from);
        let text = text.map_err(StateError::io("write", &self.path))?;
        self.replace("snapshot.json", &(text + "\n"))
    }

    /// Replaces a file whole: a reader sees the old text or the new one.
    pub(super) fn replace(&self, name: &str, text: &str) -> Result<(), StateError> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            sync_folder(&self.path)
        };
        write().map_err(StateError::io("write", &path))
    }
}

/// Makes a rename or a new file in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and its entries are durable with the file.
    if cfg!(unix) {
        fs::File::open(path)?.sync_all()
    } else {
        Ok(())
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
