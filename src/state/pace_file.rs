//! `pace.json`: what earlier runs learned about the limits of the API.
//!
//! It is read by every run and may be anything by then. What is not this organization's own book of this version is
//! set aside under a name that says what it is, and nothing that was set aside before is lost for it: somebody may
//! still want to see what happened to it, or go back to the version that wrote it.

use std::error::Error as _;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::folder::{StateDir, StateError};
use crate::pacing::{BookError, PaceBook};

/// The file's name in the folder.
const NAME: &str = "pace.json";
/// Bytes of the file at most; one figure for each operation has less than 10 KiB.
const BYTES_MAX: u64 = 1 << 20;
/// Files of one kind that are kept beside it at most.
const KEPT_MAX: usize = 100;

/// Why a file is no pace book of this organization.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file system says no, or it is no text.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// It is larger than any that this program writes.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// It is a text, and none that may be trusted.
    #[error(transparent)]
    Book(#[from] BookError),
}

/// A file that is not used.
#[derive(Debug)]
pub struct SetAside {
    /// Where it was.
    pub path: PathBuf,
    /// Why it is not used.
    pub why: Unusable,
    /// Where it is now; where it cannot be moved, the next apply replaces it.
    pub kept_as: io::Result<PathBuf>,
}

impl fmt::Display for SetAside {
    /// `.rosterctl/org-1/pace.json is not used: it belongs to …; it is now pace.json.foreign, …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why, kept_as } = self;
        write!(f, "{} is not used: {why}", path.display())?;
        let mut cause = why.source();
        while let Some(inner) = cause {
            write!(f, ": {inner}")?;
            cause = inner.source();
        }
        match kept_as {
            Ok(kept) => write!(f, "; it is kept as {}", kept.display())?,
            Err(error) => write!(
                f,
                "; it cannot be set aside ({error}), so the next apply replaces it"
            )?,
        }
        f.write_str(", and the pace is learned anew")
    }
}

impl Unusable {
    /// What the file is, as the end of its new name.
    fn kind(&self) -> String {
        match self {
            Self::Unreadable(_)
            | Self::TooLarge
            | Self::Book(
                BookError::Damaged(_) | BookError::Impossible(_) | BookError::Future(_, _),
            ) => "damaged".to_owned(),
            Self::Book(BookError::Version(version)) => format!("version-{version}"),
            Self::Book(BookError::Foreign(_)) => "foreign".to_owned(),
        }
    }
}

impl StateDir {
    /// The learned paces, as known at `now`. A file that may not be trusted is set aside: then the book is empty.
    pub fn pace_book(&self, now: Timestamp) -> (PaceBook, Option<SetAside>) {
        let path = self.path().join(NAME);
        let empty = || PaceBook::new(self.organization.clone());
        let why = match read(&path) {
            Ok(None) => return (empty(), None),
            Ok(Some(text)) => match PaceBook::decode(&text, &self.organization, now) {
                Ok(book) => return (book, None),
                Err(error) => Unusable::Book(error),
            },
            Err(unusable) => unusable,
        };
        let kept_as = set_aside(&path, &why.kind());
        (empty(), Some(SetAside { path, why, kept_as }))
    }

    /// Replaces the learned paces.
    pub fn write_pace_book(&self, book: &PaceBook) -> Result<(), StateError> {
        self.replace(NAME, &book.encode())
    }
}

/// The text of the file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, Unusable> {
    use io::ErrorKind::{NotADirectory, NotFound};
    let mut bytes = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        Err(error) => return Err(Unusable::Unreadable(error)),
    };
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(Unusable::Unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > BYTES_MAX) {
        return Err(Unusable::TooLarge);
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|error| Unusable::Unreadable(io::Error::other(error)))?;
    Ok(Some(text))
}

/// Moves a file to the first free name of its kind.
fn set_aside(path: &Path, kind: &str) -> io::Result<PathBuf> {
    let name = |turn: usize| match turn {
        1 => path.with_file_name(format!("{NAME}.{kind}")),
        _ => path.with_file_name(format!("{NAME}.{kind}-{turn}")),
    };
    let free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    let Some(target) = (1..=KEPT_MAX).map(name).find(free) else {
        let full = format!("there are {KEPT_MAX} beside it already");
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, full));
    };
    fs::rename(path, &target)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pacing::{LearnedPace, Pace};
    use crate::roster::{Operation, OrganizationId};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn state(folder: &Path, organization: &str) -> StateDir {
        let organization = OrganizationId::parse(organization).unwrap();
        let state = StateDir::beside(&folder.join("members.toml"), &organization).unwrap();
        state.create().unwrap();
        state
    }

    fn text(organization: &str) -> String {
        let mut book = PaceBook::new(OrganizationId::parse(organization).unwrap());
        let pace = Pace::Window {
            requests: 10,
            second: None,
        };
        let learned = LearnedPace {
            pace,
            last_sent: NOW,
            learned_at: NOW,
            vague: false,
        };
        book.learn(Operation::DeleteUser, Some(learned));
        book.encode()
    }

    #[test]
    fn what_may_not_be_trusted_is_set_aside_by_a_name_that_says_what_it_is() {
        let own = text("org-1");
        for (found, kept) in [
            (own.as_bytes()[..40].to_vec(), "pace.json.damaged"),
            (
                own.replace("10", "4294967295").into_bytes(),
                "pace.json.damaged",
            ),
            (b"\xff\xfe".to_vec(), "pace.json.damaged"),
            (vec![b' '; 2 << 20], "pace.json.damaged"),
            (text("org-2").into_bytes(), "pace.json.foreign"),
            (
                own.replace("version\": 1", "version\": 2").into_bytes(),
                "pace.json.version-2",
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let state = state(folder.path(), "org-1");
            let path = state.path().join("pace.json");
            fs::write(&path, &found).unwrap();
            let (book, aside) = state.pace_book(NOW);
            assert_eq!(book.pace(Operation::DeleteUser), None);
            let aside = aside.unwrap();
            assert_eq!(aside.kept_as.unwrap(), path.with_file_name(kept));
            assert_eq!(fs::read(path.with_file_name(kept)).unwrap(), found);
            assert!(!path.exists());
            assert!(state.pace_book(NOW).1.is_none());
        }
    }

    #[test]
    fn what_was_set_aside_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), "org-1");
        let path = state.path().join("pace.json");
        for (text, kept) in [
            ("first", "pace.json.damaged"),
            ("second", "pace.json.damaged-2"),
            ("third", "pace.json.damaged-3"),
        ] {
            fs::write(&path, text).unwrap();
            let aside = state.pace_book(NOW).1.unwrap();
            assert_eq!(aside.kept_as.unwrap(), path.with_file_name(kept));
        }
        let first = fs::read_to_string(path.with_file_name("pace.json.damaged")).unwrap();
        assert_eq!(first, "first");
    }

    #[test]
    fn a_whole_book_of_this_organization_is_read_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path(), "org-1");
        fs::write(state.path().join("pace.json"), text("org-1")).unwrap();
        let (book, aside) = state.pace_book(NOW);
        assert!(aside.is_none());
        assert!(book.pace(Operation::DeleteUser).is_some());
        assert_eq!(book.encode(), text("org-1"));
    }
}
