//! Flags that every command takes: how much is logged, in which form, and whether anything is coloured.
//!
//! Logs are for whoever looks for a fault, so they go to standard error and are quiet by default. Nothing above the
//! level debug carries an address. Only this program logs: the HTTP stack's own lines could repeat headers.

use std::borrow::Cow;
use std::io;

use anstream::{AutoStream, ColorChoice};
use clap::{ArgAction, Args, ValueEnum};
use serde_json::Value;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::{status, terminal};
use crate::render::redact;

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalArgs {
    /// Log more: -v what is done, -vv every request
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,

    /// Set the form of the log
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORM")]
    log_format: LogFormat,

    /// Say when to colour; auto heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,

    /// Mask addresses in everything that is shown, logged or written
    #[arg(long, global = true)]
    redact_emails: bool,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl GlobalArgs {
    /// Sets up colours and the log for the whole process.
    pub(super) fn install(&self) {
        match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
        if self.redact_emails {
            terminal::redact_emails();
        }
        let level = match self.verbose {
            0 => Level::WARN,
            1 => Level::INFO,
            2.. => Level::DEBUG,
        };
        let ours = Targets::new()
            .with_target(env!("CARGO_CRATE_NAME"), level)
            .with_default(LevelFilter::OFF);
        let is_json = matches!(self.log_format, LogFormat::Json);
        let layer = fmt::layer()
            .with_writer(move || LogWriter { is_json })
            .with_target(false)
            .log_internal_errors(false);
        let layer = match self.log_format {
            LogFormat::Text => {
                let is_plain = AutoStream::choice(&io::stderr()) == ColorChoice::Never;
                layer.with_ansi(!is_plain).boxed()
            }
            LogFormat::Json => layer.json().boxed(),
        };
        // A second call in one process, as in a test, keeps the first log.
        let _ = tracing_subscriber::registry()
            .with(layer.with_filter(ours))
            .try_init();
    }
}

/// Standard error, with the addresses of each line masked, if they are to be. A line comes in one piece.
#[derive(Debug)]
struct LogWriter {
    is_json: bool,
}

impl io::Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shown = if terminal::redacts() {
            let text = String::from_utf8_lossy(line);
            Cow::Owned(masked(&text, self.is_json).into_bytes())
        } else {
            Cow::Borrowed(line)
        };
        status::beside(|| io::stderr().lock().write_all(&shown))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

fn masked(line: &str, is_json: bool) -> String {
    let value = is_json.then(|| serde_json::from_str::<Value>(line));
    match value {
        Some(Ok(value)) => format!("{}\n", redact::values(value)),
        Some(Err(_)) | None => redact::text(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_shows_no_address() {
        for (line, is_json, shown) in [
            (
                "INFO batch of ada@acme.dev\n",
                false,
                "INFO batch of a***@acme.dev\n",
            ),
            (
                "{\"cause\":\"\\u001bada@acme.dev\"}\n",
                true,
                "{\"cause\":\"\\u001ba***@acme.dev\"}\n",
            ),
            ("{ ada@acme.dev\n", true, "{ a***@acme.dev\n"),
        ] {
            assert_eq!(masked(line, is_json), shown);
        }
    }
}
