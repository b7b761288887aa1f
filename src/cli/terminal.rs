//! Standard output and standard error, and nothing else prints.
//!
//! A reader who closes the pipe has seen enough: that is silent and changes nothing, least of all what an apply does.
//! Whether addresses are masked is one switch of the whole process, as its colours are: what is printed here, or goes
//! to a log or a file, is masked once more as a text, so that a sentence nobody thought of shows no address either.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};

use super::failure::Failure;
use super::status;
use crate::outcome::Exit;
use crate::render::{Paint, redact};

/// Set once, before anything is printed.
static REDACTS: AtomicBool = AtomicBool::new(false);

/// Masks addresses from now on.
pub(super) fn redact_emails() {
    REDACTS.store(true, Ordering::Relaxed);
}

/// Whether addresses are masked.
pub(super) fn redacts() -> bool {
    REDACTS.load(Ordering::Relaxed)
}

/// A text as it may be shown: with its addresses masked, if they are to be.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    if redacts() {
        Cow::Owned(redact::text(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// Where it cannot be written, and not because its reader went away.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_as_is(&masked(text))
}

/// Writes a text that is not masked: JSON, whose values are masked before, or a file that somebody asked for.
///
/// # Errors
/// As [`print`].
pub(super) fn print_as_is(text: &str) -> Result<(), Failure> {
    let write = || {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
    match status::beside(write) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::caused("cannot write to standard output", error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line of the story to standard error. Nobody is left to be told if that fails.
pub(super) fn say(line: &str) {
    // One write, so that lines of two processes in one log do not mix.
    let line = format!("{}\n", masked(line));
    let _ = status::beside(|| io::stderr().lock().write_all(line.as_bytes()));
}

/// Writes to standard error without ending the line: a question.
pub(super) fn prompt(text: &str) {
    let _ = status::beside(|| {
        let mut err = io::stderr().lock();
        err.write_all(masked(text).as_bytes())
            .and_then(|()| err.flush())
    });
}

/// Whether the text on standard output is coloured.
pub(super) fn paint_out() -> Paint {
    paint(AutoStream::choice(&io::stdout()))
}

/// Whether the text on standard error is coloured.
pub(super) fn paint_err() -> Paint {
    paint(AutoStream::choice(&io::stderr()))
}

fn paint(choice: ColorChoice) -> Paint {
    match choice {
        ColorChoice::Never => Paint::Plain,
        ColorChoice::Auto | ColorChoice::AlwaysAnsi | ColorChoice::Always => Paint::Coloured,
    }
}

/// Prints what clap has to say: help and version to standard output, a wrong command line to standard error.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.exit_code() == 0 {
        Exit::Converged
    } else {
        Exit::Usage
    }
}
