//! Standard output and standard error, and nothing else prints.
//!
//! A reader who closes the pipe has seen enough: that is silent and changes nothing, least of all what an apply does.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};

use super::failure::Failure;
use crate::outcome::Exit;
use crate::render::Paint;

/// Writes a result to standard output.
///
/// # Errors
/// Where it cannot be written, and not because its reader went away.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::caused("cannot write to standard output", error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a line of the story to standard error. Nobody is left to be told if that fails.
pub(super) fn say(line: &str) {
    // One write, so that lines of two processes in one log do not mix.
    let _ = io::stderr()
        .lock()
        .write_all(format!("{line}\n").as_bytes());
}

/// Writes to standard error without ending the line: a question.
pub(super) fn prompt(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
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
