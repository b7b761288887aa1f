//! One run at a time on an organization: an advisory lock that the system releases whatever happens to its holder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::{StateDir, StateError};

/// Held for the whole of an apply; released when dropped, or when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl StateDir {
    /// Takes the lock, and writes into it who holds it.
    pub fn lock(&self, now: Timestamp) -> Result<Lock, StateError> {
        self.create()?;
        let path = self.path().join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(StateError::io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = if holder.trim().is_empty() {
                    "it has not said who it is".to_owned()
                } else {
                    holder.trim().to_owned()
                };
                return Err(StateError::Locked { holder });
            }
            Err(TryLockError::Error(source)) => {
                return Err(StateError::Io {
                    what: "lock",
                    path,
                    source,
                });
            }
        }
        let since = now
            .to_zoned_datetime(TimeZone::UTC)
            .strftime("%Y-%m-%d %H:%M:%S UTC");
        let holder = format!("process {} since {since}\n", std::process::id());
        let write = file
            .set_len(0)
            .and_then(|()| file.write_all(holder.as_bytes()));
        write.map_err(StateError::io("write", &path))?;
        Ok(Lock { _file: file })
    }
}
