//! A journal on disk: appended to, never rewritten, durable before anything is sent.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::{Timestamp, tz::TimeZone};

use super::folder::{StateDir, StateError, sync_folder};
use crate::apply::JournalSink;
use crate::journal::{
    self, Closing, Decoded, IntentRecord, PlanRecord, Record, Replay, Revocations,
};

/// An open journal.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    file: File,
    seq: u64,
    /// A write failed: the last line may be torn, and only at the end of the file is that no damage.
    is_torn: bool,
}

/// A journal that no run has closed: its open intents have to be read back.
#[derive(Debug)]
pub struct Unfinished {
    /// The journal, open for appending after its last whole record.
    pub journal: JournalFile,
    /// What it proves.
    pub replay: Replay,
}

impl JournalFile {
    /// Starts a journal with the plan as its first record, durable when this returns.
    pub fn start(state: &StateDir, plan: PlanRecord) -> Result<Self, StateError> {
        state.create()?;
        let time = plan
            .at
            .to_zoned_datetime(TimeZone::UTC)
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let short = plan.plan_id.get(..20).unwrap_or(&plan.plan_id);
        // Two runs in one second have two names; the lock keeps them from being at work at once.
        let (mut path, mut options) = (
            state.journals().join(format!("{time}-{short}.jsonl")),
            OpenOptions::new(),
        );
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(&path);
        for turn in 2..100 {
            if !opened
                .as_ref()
                .is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
            {
                break;
            }
            path = state
                .journals()
                .join(format!("{time}-{short}-{turn}.jsonl"));
            opened = options.open(&path);
        }
        let file = opened.map_err(StateError::io("create", &path))?;
        let mut journal = Self {
            path,
            file,
            seq: 0,
            is_torn: false,
        };
        let write = journal
            .commit(&[Record::Plan(plan)])
            .and_then(|()| sync_folder(&state.journals()));
        write.map_err(StateError::io("write", &journal.path))?;
        Ok(journal)
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every intent, as the file holds them: what was ever about to be sent.
    pub fn intents(&self) -> Result<Vec<IntentRecord>, StateError> {
        let intent = |record| match record {
            Record::Intent(intent) => Some(intent),
            Record::Plan(_)
            | Record::Void {
                seq: _,
                at: _,
                why: _,
            }
            | Record::Outcome {
                seq: _,
                at: _,
                outcome: _,
            }
            | Record::Closed { at: _, by: _ } => None,
        };
        let records = read(&self.path)?.records;
        Ok(records.into_iter().filter_map(intent).collect())
    }

    /// Writes the last record.
    pub fn close(&mut self, at: Timestamp, by: Closing) -> Result<(), StateError> {
        let write = self.commit(&[Record::Closed { at, by }]);
        write.map_err(StateError::io("write", &self.path))
    }
}

impl JournalFile {
    /// Writes, unless an earlier write failed: a whole line after a torn one would be damage in the middle, and every
    /// later run would refuse the journal.
    fn write(&mut self, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        if self.is_torn {
            return Err(io::Error::other("an earlier write to it failed"));
        }
        let written = write(&mut self.file);
        self.is_torn = written.is_err();
        written
    }
}

impl JournalSink for JournalFile {
    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let lines: String = records.iter().map(journal::encode).collect();
        self.write(|file| file.write_all(lines.as_bytes()))
    }

    fn commit(&mut self, records: &[Record]) -> io::Result<()> {
        self.append(records)?;
        self.write(|file| file.sync_data())
    }
}

impl StateDir {
    /// The journals that no run has closed, oldest first.
    ///
    /// # Errors
    /// A journal that is damaged elsewhere than at its end: what it proves is not known, so nothing may be applied
    /// until a person has looked at it.
    pub fn unfinished(&self) -> Result<Vec<Unfinished>, StateError> {
        let mut found = Vec::new();
        for path in self.journal_paths()? {
            let Decoded {
                records,
                whole_bytes,
            } = read(&path)?;
            let fault = |source| StateError::Journal {
                path: path.clone(),
                source,
            };
            let replay = journal::replay(&records).map_err(fault)?;
            // A run that was cut before its plan was durable has sent nothing.
            if replay.closed || replay.plan.is_none() {
                continue;
            }
            let file = OpenOptions::new()
                .append(true)
                .open(&path)
                .map_err(StateError::io("write", &path))?;
            let torn = file.set_len(u64::try_from(whole_bytes).unwrap_or(u64::MAX));
            torn.map_err(StateError::io("write", &path))?;
            let seq = replay
                .open
                .iter()
                .map(|intent| intent.seq)
                .max()
                .unwrap_or_default();
            found.push(Unfinished {
                journal: JournalFile {
                    path,
                    file,
                    seq,
                    is_torn: false,
                },
                replay,
            });
        }
        Ok(found)
    }

    /// What the journals say of revocations since a time; `None` without a single journal.
    pub fn revocations_since(&self, since: Timestamp) -> Result<Option<Revocations>, StateError> {
        let paths = self.journal_paths()?;
        if paths.is_empty() {
            return Ok(None);
        }
        let mut found = Revocations::default();
        for path in paths {
            found.add(&read(&path)?.records, since);
        }
        Ok(Some(found))
    }

    fn journal_paths(&self) -> Result<Vec<PathBuf>, StateError> {
        let folder = self.journals();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => {
                return Err(StateError::Io {
                    what: "read",
                    path: folder,
                    source,
                });
            }
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(StateError::io("read", &folder))?.path();
            if path.extension() == Some(OsStr::new("jsonl")) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }
}

fn read(path: &Path) -> Result<Decoded, StateError> {
    let bytes = fs::read(path).map_err(StateError::io("read", path))?;
    journal::decode(&bytes).map_err(|source| StateError::Journal {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_a_write_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        fs::write(&path, "{\"intent").unwrap();
        let mut journal = JournalFile {
            file: File::open(&path).unwrap(),
            path: path.clone(),
            seq: 0,
            is_torn: false,
        };
        let closed = Record::Closed {
            at: Timestamp::UNIX_EPOCH,
            by: Closing::Apply,
        };
        // A file that is open for reading fails every write; then there is room again.
        journal.append(std::slice::from_ref(&closed)).unwrap_err();
        journal.file = OpenOptions::new().append(true).open(&path).unwrap();
        journal.append(std::slice::from_ref(&closed)).unwrap_err();
        journal.commit(&[closed]).unwrap_err();
        journal
            .close(Timestamp::UNIX_EPOCH, Closing::Apply)
            .unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"intent");
    }
}
