//! Edits of files: shown as a diff, checked against what else happened meanwhile, written whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::NamedTempFile;

use super::failure::Failure;
use super::files::{MEMBERS_FILE, MembersFile, read_text, shown};
use super::terminal;
use crate::desired::{DesiredRoster, Edit, EditError, Source, diagnostics, edit};
use crate::outcome::Exit;
use crate::render::{self, Paint};

/// Which file is edited, and whether it is only shown how.
#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// Members file
    #[arg(long, value_name = "FILE", default_value = MEMBERS_FILE)]
    pub(super) file: PathBuf,

    /// Show the diff and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// A file was written by somebody else between reading and writing.
#[derive(Debug, thiserror::Error)]
#[error("{path} has changed since it was read, so nothing was written")]
struct Changed {
    path: String,
}

impl EditArgs {
    /// Reads the file that is to be edited; one with violations is refused, as `check` would.
    pub(super) fn read(&self) -> Result<(MembersFile, DesiredRoster), Failure> {
        let file = MembersFile::read(&self.file)?;
        let desired = file.declared()?;
        Ok((file, desired))
    }

    /// Makes edits and writes what they change.
    pub(super) fn make(&self, file: &MembersFile, edits: &[Edit]) -> Result<Exit, Failure> {
        let after = edit(&file.sources, edits).map_err(|error| refused(file, error))?;
        rewrite(file, &after, self.dry_run)
    }
}

/// Shows what changes, and writes it unless the run is dry.
pub(super) fn rewrite(file: &MembersFile, after: &[Source], dry: bool) -> Result<Exit, Failure> {
    let changed: Vec<(&Source, &Source)> = file
        .sources
        .iter()
        .zip(after)
        .filter(|(before, after)| before.text != after.text)
        .collect();
    if changed.is_empty() {
        terminal::say("Nothing changes.");
        return Ok(Exit::Converged);
    }
    let diff = diff(&changed);
    if dry {
        terminal::print(&diff)?;
        terminal::say("Nothing was written: this was a dry run.");
        return Ok(Exit::Converged);
    }
    let mut prepared = Vec::new();
    for (before, after) in &changed {
        prepared.push(Replacement::prepare(before, after)?);
    }
    // Checked together and last, so that of two people at one file the second one hears of the first.
    for replacement in &prepared {
        replacement.check()?;
    }
    for replacement in prepared {
        replacement.commit()?;
    }
    terminal::print(&diff)?;
    let names: Vec<String> = changed
        .iter()
        .map(|(before, _)| shown(Path::new(&before.name)))
        .collect();
    terminal::say(&format!("Wrote {}.", names.join(" and ")));
    Ok(Exit::Converged)
}

/// What changes in which files, as unified diffs.
pub(super) fn diff(changed: &[(&Source, &Source)]) -> String {
    let paint = terminal::paint_out();
    changed
        .iter()
        .map(|(before, after)| render::source_diff(&before.name, &before.text, &after.text, paint))
        .collect()
}

/// The failure of an edit, with its violations shown.
pub(super) fn refused(file: &MembersFile, error: EditError) -> Failure {
    let show = |violations: &[_], sources: &[Source]| {
        let coloured = terminal::paint_err() == Paint::Coloured;
        terminal::say(&diagnostics::render(violations, sources, coloured));
        terminal::say("");
    };
    match &error {
        EditError::Violations(violations) => {
            show(violations, &file.sources);
            return file.invalid(violations);
        }
        EditError::Result {
            violations,
            sources,
        } => show(violations, sources),
        EditError::MixedLineEnds { file: _ }
        | EditError::Layout {
            place: _,
            reason: _,
        }
        | EditError::Declared { email: _ }
        | EditError::NotIncluded { file: _ }
        | EditError::Departed { email: _ }
        | EditError::NotDeclared { email: _ }
        | EditError::TombstonesTooYoung(_) => {}
    }
    let hint = match &error {
        EditError::MixedLineEnds { file: _ } => {
            Some("give all lines one end: dos2unix, or unix2dos")
        }
        EditError::Declared { email: _ } => {
            Some("change the entry with `members set`, or pass --if-absent")
        }
        EditError::NotDeclared { email: _ } => {
            Some("see who is declared with `members list`, or pass --if-present")
        }
        EditError::NotIncluded { file: _ } => {
            Some("name it under `include` of the members file first, with the role it may give")
        }
        EditError::Violations(_)
        | EditError::Result {
            violations: _,
            sources: _,
        }
        | EditError::Layout {
            place: _,
            reason: _,
        }
        | EditError::Departed { email: _ }
        | EditError::TombstonesTooYoung(_) => None,
    };
    let failure = Failure::new(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A file's new text, written beside it and not yet in its place.
struct Replacement {
    /// The file itself, behind any symbolic link.
    path: PathBuf,
    /// What it said when it was read.
    before: String,
    written: NamedTempFile,
    /// Kept open for its lock: of two edits at one time, the second one finds it taken, or the text changed.
    held: File,
}

impl Replacement {
    fn prepare(before: &Source, after: &Source) -> Result<Self, Failure> {
        let name = Path::new(&before.name);
        let failed = |source| Failure::caused(format!("cannot write {}", shown(name)), source);
        let path = fs::canonicalize(name).map_err(failed)?;
        let old = File::open(&path).map_err(failed)?;
        hold(&old, name)?;
        let written = successor(&path, &old, &after.text, name)?;
        Ok(Self {
            path,
            before: before.text.clone(),
            written,
            held: old,
        })
    }

    fn check(&self) -> Result<(), Failure> {
        if read_text(&self.path)? == self.before {
            return Ok(());
        }
        let path = shown(&self.path);
        Err(Failure::new(Changed { path }).hint("run the command again: it reads the file anew"))
    }

    fn commit(self) -> Result<(), Failure> {
        let Self {
            path,
            before: _,
            written,
            held,
        } = self;
        put_in_place(written, &path, held)
            .map_err(|error| Failure::caused(format!("cannot write {}", shown(&path)), error))
    }
}

/// Why a file is not replaced by another text.
#[derive(Debug, thiserror::Error)]
enum Kept {
    #[error("{path} is read-only, so nothing was written")]
    ReadOnly { path: String },
    #[error("another rosterctl is writing {path}, so nothing was written")]
    Busy { path: String },
}

/// Takes a file's advisory lock, where there are such locks that leave the file readable.
fn hold(file: &File, name: &Path) -> Result<(), Failure> {
    if cfg!(unix) && matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        let path = shown(name);
        return Err(Failure::new(Kept::Busy { path }).hint("run the command again"));
    }
    Ok(())
}

/// A new text beside a file, with the file's rights and, as far as that is allowed, its owner.
///
/// Renaming would replace a file that may not be written, so that is refused here.
fn successor(path: &Path, old: &File, text: &str, name: &Path) -> Result<NamedTempFile, Failure> {
    let failed = |source| Failure::caused(format!("cannot write {}", shown(name)), source);
    let metadata = old.metadata().map_err(failed)?;
    if metadata.permissions().readonly() {
        let path = shown(name);
        let hint = format!("if it may be edited: chmod u+w {path}");
        return Err(Failure::new(Kept::ReadOnly { path }).hint(hint));
    }
    let mut written = NamedTempFile::new_in(folder(path)).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only root can give a file away, and an edit by root must not take it from its owner.
        let _ = fchown(
            written.as_file(),
            Some(metadata.uid()),
            Some(metadata.gid()),
        );
    }
    written
        .write_all(text.as_bytes())
        .and_then(|()| written.as_file().set_permissions(metadata.permissions()))
        .and_then(|()| written.as_file().sync_all())
        .map_err(failed)?;
    Ok(written)
}

/// Puts a written file in the place of an open one, whose lock is held meanwhile.
fn put_in_place(written: NamedTempFile, path: &Path, old: File) -> io::Result<()> {
    // Windows replaces no file that is open, and `hold` has no lock on it there.
    let held = cfg!(unix).then_some(old);
    let renamed = written.persist(path).map_err(|error| error.error);
    drop(held);
    renamed.and_then(|_| sync_folder(path))
}

/// A file exists, and nobody said that it may be replaced.
#[derive(Debug, thiserror::Error)]
#[error("{path} exists, and is not replaced")]
struct Exists {
    path: String,
}

/// Writes a new file, whole or not at all; one that exists is replaced only if that was asked for.
pub(super) fn write_new(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let failed = |source| Failure::caused(format!("cannot write {}", shown(path)), source);
    if replace && let Ok(behind) = fs::canonicalize(path) {
        // A link stays one, and the file keeps its rights.
        let old = File::open(&behind).map_err(failed)?;
        let written = successor(&behind, &old, text, path)?;
        return put_in_place(written, &behind, old).map_err(failed);
    }
    let mut written = new_file(folder(path)).map_err(failed)?;
    written
        .write_all(text.as_bytes())
        .and_then(|()| written.as_file().sync_all())
        .map_err(failed)?;
    match written.persist_noclobber(path) {
        Ok(_) => sync_folder(path).map_err(failed),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(failed(error.error)),
    }
}

/// The failure to write where something is.
pub(super) fn exists(path: &Path) -> Failure {
    let path = shown(path);
    Failure::new(Exists { path }).hint("name another file, or pass --force to replace it")
}

/// A temporary file that becomes an ordinary one, readable as the user's other files are.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "elsewhere a file has no mode to set")
    )]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// A renamed file is only safe once its folder is on the disk too. Not every system can be asked for that.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder(path))?.sync_all()?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_changed_meanwhile_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [root, team] = ["members.toml", "team.toml"].map(|name| folder.path().join(name));
        let source = |path: &Path, text: &str| Source {
            name: path.display().to_string(),
            text: text.to_owned(),
        };
        fs::write(&root, "a").unwrap();
        fs::write(&team, "somebody else's").unwrap();
        let file = MembersFile {
            path: root.clone(),
            sources: vec![source(&root, "a"), source(&team, "b")],
        };
        let after = [source(&root, "A"), source(&team, "B")];
        let failure = rewrite(&file, &after, false).unwrap_err();
        assert!(
            failure
                .to_string()
                .contains("has changed since it was read")
        );
        // Both or neither: the first file had not changed.
        assert_eq!(fs::read_to_string(&root).unwrap(), "a");
        assert_eq!(fs::read_to_string(&team).unwrap(), "somebody else's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
