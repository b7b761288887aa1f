//! Ctrl-C, SIGTERM and SIGHUP: the first asks the run to stop, a second Ctrl-C ends the wait for what is in flight.
//!
//! A SIGTERM after a SIGINT is not a second Ctrl-C: CI sends both within ten seconds, and nobody is there to insist.
//! A terminal that is closed sends SIGHUP, unless the run was started to outlive it (`nohup`). A write beyond the
//! limit of a file's size is an error like that of a full disk, and no signal that ends the process.

use std::io;
#[cfg(unix)]
use std::io::IsTerminal as _;

use super::failure::Failure;
use super::{status, terminal};
use crate::provider::Stop;

/// The two requests that signals make.
#[derive(Debug, Clone, Default)]
pub(super) struct Signals {
    /// Send nothing more, settle what is in flight.
    pub(super) stop: Stop,
    /// Do not even wait for that.
    pub(super) leave: Stop,
}

/// Which signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Interrupt,
    /// The polite request to end, from the system or from a terminal that goes away.
    Terminate,
}

impl Signals {
    /// Listens for signals as long as the runtime lives, and says what the first one does to a run.
    pub(super) fn listen() -> Result<Self, Failure> {
        Self::listen_saying(terminal::say)
    }

    /// Listens for signals where stopping needs no word.
    pub(super) fn quiet() -> Result<Self, Failure> {
        Self::listen_saying(|_| {})
    }

    fn listen_saying(say: fn(&str)) -> Result<Self, Failure> {
        let signals = Self::default();
        let mut arrivals = Arrivals::new()
            .map_err(|error| Failure::caused("signals cannot be listened to", error))?;
        let listening = signals.clone();
        tokio::spawn(async move {
            let mut interrupts = 0;
            loop {
                let signal = arrivals.next().await;
                interrupts += u32::from(signal == Signal::Interrupt);
                listening.heed(interrupts, say);
            }
        });
        Ok(signals)
    }

    fn heed(&self, interrupts: u32, say: fn(&str)) {
        if !self.stop.is_requested() {
            // The terminal has written ^C into whatever line there was; where there are rows, it goes with them.
            let end = if status::is_shown() { "" } else { "\n" };
            say(&format!(
                "{end}stopping: nothing more is sent, and what is in flight is settled"
            ));
            self.stop.request();
        } else if interrupts > 1 {
            self.leave.request();
        }
    }
}

/// Makes a write beyond the limit of a file's size (`ulimit -f`) an error: by itself the signal ends the process,
/// whatever is in flight.
#[cfg(unix)]
pub(super) fn outlive_file_limit() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    // That somebody listens is enough, and lasts as long as the process: nobody has to hear it.
    signal(SignalKind::from_raw(libc::SIGXFSZ))
        .map(|_| ())
        .map_err(|error| Failure::caused("signals cannot be listened to", error))
}

/// There is no such signal.
#[cfg(windows)]
pub(super) fn outlive_file_limit() -> Result<(), Failure> {
    Ok(())
}

/// Signals in the order of their arrival. The listeners live as long as this, so that none is missed in between.
#[cfg(unix)]
struct Arrivals {
    interrupts: tokio::signal::unix::Signal,
    terminates: tokio::signal::unix::Signal,
    /// `None` for a run that outlives its terminal.
    hangups: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangups = (!is_hangup_ignored()).then(|| signal(SignalKind::hangup()));
        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            terminates: signal(SignalKind::terminate())?,
            hangups: hangups.transpose()?,
        })
    }

    async fn next(&mut self) -> Signal {
        let hangup = async {
            match &mut self.hangups {
                Some(hangups) => hangups.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupts.recv() => Signal::Interrupt,
            _ = self.terminates.recv() => Signal::Terminate,
            _ = hangup => Signal::Terminate,
        }
    }
}

/// Whether whoever started the run asked that it outlive its terminal.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => is_hangup_ignored_in(&status),
        // Elsewhere nobody says so; but `nohup` leaves no stream at a terminal.
        Err(_) => {
            !(io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal())
        }
    }
}

/// What Linux says of it: a bit for each signal, the first one being number 1.
#[cfg(unix)]
fn is_hangup_ignored_in(status: &str) -> bool {
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & (1 << (libc::SIGHUP - 1)) != 0)
}

#[cfg(windows)]
struct Arrivals {
    interrupts: tokio::signal::windows::CtrlC,
    terminates: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupts: tokio::signal::windows::ctrl_c()?,
            terminates: tokio::signal::windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupts.recv() => Signal::Interrupt,
            _ = self.terminates.recv() => Signal::Terminate,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_is_ignored_where_the_system_says_so() {
        for (status, is_ignored) in [
            (
                "Name:\trosterctl\nSigIgn:\t0000000000001001\nSigCgt:\t0\n",
                true,
            ),
            (
                "SigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n",
                false,
            ),
            ("SigIgn:\tnothing\n", false),
            ("", false),
        ] {
            assert_eq!(is_hangup_ignored_in(status), is_ignored, "{status}");
        }
    }
}
