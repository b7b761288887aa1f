//! Ctrl-C and SIGTERM: the first asks the run to stop, a second Ctrl-C ends the wait for what is in flight.
//!
//! A SIGTERM after a SIGINT is not a second Ctrl-C: CI sends both within ten seconds, and nobody is there to insist.

use std::io;

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

/// Signals in the order of their arrival. The listeners live as long as this, so that none is missed in between.
#[cfg(unix)]
struct Arrivals {
    interrupts: tokio::signal::unix::Signal,
    terminates: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            terminates: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupts.recv() => Signal::Interrupt,
            _ = self.terminates.recv() => Signal::Terminate,
        }
    }
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
