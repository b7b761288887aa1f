//! Files of the command line: the members file with its includes, and what is written to `--out`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::terminal;
use crate::desired::{self, DesiredRoster, Source, Violation, diagnostics};
use crate::outcome::Exit;
use crate::render::Paint;
use crate::render::safe::Shown;

/// The members file where none is named.
pub(super) const MEMBERS_FILE: &str = "members.toml";
/// Bytes of a file at most; 100,000 members have about 10 MiB.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Files that the includes of one members file may name.
const INCLUDED_MAX: usize = 10_000;

/// How included files are matched, as the members file's own rules say.
const MATCHING: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Why a file is no text.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("there is no file {path}")]
    Missing { path: String },
    #[error("cannot read {path}")]
    Unreadable { path: String, source: io::Error },
    #[error("{path} is not UTF-8: line {line} has a byte that no UTF-8 text has there")]
    NotUtf8 { path: String, line: usize },
    #[error("{path} is larger than {} MiB", FILE_BYTES_MAX >> 20)]
    TooLarge { path: String },
    #[error("{path} is included, and lies outside the members file's folder")]
    Outside { path: String },
    #[error("the includes name more than {INCLUDED_MAX} files")]
    TooMany,
}

/// A members file, read.
#[derive(Debug)]
pub(super) struct MembersFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its texts, the root first.
    pub(super) sources: Vec<Source>,
}

impl MembersFile {
    /// Reads the file and every file that it includes.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let root = read_source(path).map_err(|failure| {
            if path.exists() {
                failure
            } else {
                failure.hint("name another one as in `rosterctl plan FILE` and `rosterctl members list --file FILE`, or write a first one with `rosterctl export`")
            }
        })?;
        let mut sources = vec![root];
        for included in included(path, &sources[0])? {
            sources.push(read_source(&included)?);
        }
        Ok(Self {
            path: path.to_owned(),
            sources,
        })
    }

    /// The file, and as far as it can be read every file that it includes.
    pub(super) fn paths(path: &Path) -> Vec<PathBuf> {
        let included = read_source(path).and_then(|root| included(path, &root));
        let mut paths = included.unwrap_or_default();
        paths.push(path.to_owned());
        paths
    }

    /// The roster that the file declares, or everything that is wrong with it.
    pub(super) fn parse(&self) -> Result<DesiredRoster, Vec<Violation>> {
        desired::parse(&self.sources)
    }

    /// The roster that the file declares. What is wrong with it goes to standard error.
    pub(super) fn declared(&self) -> Result<DesiredRoster, Failure> {
        self.parse().map_err(|violations| {
            let coloured = terminal::paint_err() == Paint::Coloured;
            terminal::say(&diagnostics::render(&violations, &self.sources, coloured));
            terminal::say("");
            self.invalid(&violations)
        })
    }

    /// The failure that ends a command whose violations have been shown.
    pub(super) fn invalid(&self, found: &[Violation]) -> Failure {
        let violations = match found.len() {
            1 => "1 violation".to_owned(),
            several => format!("{several} violations"),
        };
        let parts = found.iter().map(ToString::to_string).collect();
        Failure::new(format!("{} has {violations}", self.path.display())).of(parts)
    }
}

/// Reads a text file for a command line.
pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    read_bounded(path).map_err(|error| {
        let hint = hint(&error);
        Failure::new(error).hint(hint)
    })
}

fn read_source(path: &Path) -> Result<Source, Failure> {
    let mut name = path.display().to_string();
    if cfg!(windows) {
        // Annotations, comments and documents name the file as the repository does; it opens by this name as well.
        name = name.replace('\\', "/");
    }
    Ok(Source {
        name,
        text: read_text(path)?,
    })
}

fn read_bounded(path: &Path) -> Result<String, FileError> {
    let shown = || path.display().to_string();
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    };
    let bytes = read().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing { path: shown() },
        _ => FileError::Unreadable {
            path: shown(),
            source,
        },
    })?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > FILE_BYTES_MAX) {
        return Err(FileError::TooLarge { path: shown() });
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        FileError::NotUtf8 {
            path: shown(),
            line,
        }
    })
}

fn hint(error: &FileError) -> String {
    match error {
        FileError::Missing { path } => {
            format!("see which files there are: ls {}", folder(path))
        }
        FileError::Unreadable { path, source: _ } => format!("see who may read it: ls -l {path}"),
        FileError::NotUtf8 { path, line: _ } => {
            format!("save it as UTF-8; from Latin-1: iconv -f latin1 -t utf-8 {path}")
        }
        FileError::TooLarge { path } => format!("see what it is: ls -l {path}"),
        FileError::Outside { path } => format!("see where it leads: readlink -f {path}"),
        FileError::TooMany => "name them more narrowly under `include`".to_owned(),
    }
}

fn folder(path: &str) -> String {
    match Path::new(path).parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.display().to_string(),
        Some(_) | None => ".".to_owned(),
    }
}

/// The files that the root includes, each once, sorted.
fn included(root: &Path, source: &Source) -> Result<Vec<PathBuf>, Failure> {
    let folder = root.parent().unwrap_or(Path::new(""));
    let prefix = match folder.to_str() {
        Some("") => String::new(),
        Some(folder) => format!("{}/", glob::Pattern::escape(folder.trim_end_matches('/'))),
        None => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    for include in desired::includes(source) {
        let pattern = format!("{prefix}{}", include.files.as_str());
        let paths = glob::glob_with(&pattern, MATCHING)
            .map_err(|error| Failure::caused("the includes cannot be followed", error))?;
        for path in paths {
            let path =
                path.map_err(|error| Failure::caused("the includes cannot be followed", error))?;
            if path.is_file() && path != root {
                found.push(inside(folder, path)?);
            }
            if found.len() > INCLUDED_MAX {
                return Err(Failure::new(FileError::TooMany).hint(hint(&FileError::TooMany)));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Refuses a file that a symbolic link takes out of the members file's folder: its owners are not the file's.
fn inside(folder: &Path, path: PathBuf) -> Result<PathBuf, Failure> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let is_inside = fs::canonicalize(folder)
        .and_then(|folder| Ok(fs::canonicalize(&path)?.starts_with(folder)))
        .map_err(|error| Failure::caused(format!("cannot read {}", path.display()), error))?;
    if is_inside {
        return Ok(path);
    }
    let error = FileError::Outside {
        path: path.display().to_string(),
    };
    let hint = hint(&error);
    Err(Failure::new(error).hint(hint))
}

/// The file of `--out`: that it can be written is known before anything is done, so that a run does not fail at its end
/// for a typing error.
///
/// It changes only when there is a result: what a run without one leaves is what was there before, and no empty file
/// that looks like a result.
#[derive(Debug)]
pub(super) struct OutFile {
    path: PathBuf,
    /// Open from the start where there was something already: a pipe's reader waits for its end. `None` where the file
    /// is made with the result.
    file: Option<File>,
}

impl OutFile {
    /// Makes sure that the file can be written, and changes nothing yet. Refuses one that the run reads.
    pub(super) fn open(path: &Path, read: &[PathBuf]) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let failure = Failure::new("a file is wanted, and `-` is standard output");
            let hint = "standard output has the result without it, in the form of --format; for a file of that name: ./-";
            return Err(failure.hint(hint).exit(Exit::Usage));
        }
        let target = spot(path);
        if let Some(read) = read.iter().find(|read| spot(read) == target) {
            let failure = format!(
                "the result would overwrite {}, which this run reads",
                shown(read)
            );
            let hint = "name another file, as in --out plan.json";
            return Err(Failure::new(failure).hint(hint).exit(Exit::Usage));
        }
        let file = open_or_try(path).map_err(|error| {
            let hint = format!(
                "see what is there: ls -ld {}",
                folder(&path.display().to_string())
            );
            Failure::caused(format!("cannot write {}", path.display()), error).hint(hint)
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes the document, in place of what was there.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let path = &self.path;
        let written = self.replace(text);
        written.map_err(|error| {
            // Half a document is none, and looks like one.
            let _ = remove_if_file(path);
            Failure::caused(format!("cannot write {}", path.display()), error)
        })
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else {
            return File::create(&self.path)?.write_all(text.as_bytes());
        };
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        file.write_all(text.as_bytes())
    }

    /// Removes what was there: the result has no such document, and an older one would be taken for its.
    pub(super) fn withdraw(&self) -> Result<(), Failure> {
        remove_if_file(&self.path).map_err(|error| {
            Failure::caused(format!("cannot remove {}", self.path.display()), error)
        })
    }
}

/// Opens what is there, as it is. Where there is nothing, makes a file and removes it again.
fn open_or_try(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(Some),
    }
    match options.clone().create_new(true).open(path) {
        Ok(_) => fs::remove_file(path).map(|()| None),
        // A link to a file that is not there yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            options.create(true).open(path).map(Some)
        }
        Err(error) => Err(error),
    }
}

/// Removes a file, not a device or a pipe.
fn remove_if_file(path: &Path) -> io::Result<()> {
    let target = spot(path);
    if target.is_file() {
        fs::remove_file(target)?;
    }
    Ok(())
}

/// Where a path leads, by one name: whatever links and dots are in it, also if there is no file yet.
pub(super) fn spot(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")));
        match (parent, path.file_name()) {
            (Ok(parent), Some(name)) => parent.join(name),
            (Ok(_) | Err(_), _) => path.to_owned(),
        }
    })
}

/// A path for a sentence, inert.
pub(super) fn shown(path: &Path) -> String {
    Shown::label(&path.display().to_string()).to_string()
}
