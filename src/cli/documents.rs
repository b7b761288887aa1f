//! Where a result goes: text or JSON on standard output, and the document in a file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::failure::Failure;
use super::files::OutFile;
use super::terminal;
use crate::render;

/// In which forms a result is wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct OutputArgs {
    /// Set the form of the result on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,

    /// Write the JSON document to a file as well
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Where results go, opened before the run.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    out: Option<OutFile>,
}

impl OutputArgs {
    /// Opens what is written to.
    pub(super) fn open(&self) -> Result<Output, Failure> {
        Ok(Output {
            format: self.format,
            out: self.out.as_deref().map(OutFile::open).transpose()?,
        })
    }
}

impl Output {
    /// Writes a result in each form that is wanted.
    pub(super) fn write(
        &mut self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let json = || {
            render::json(document)
                .map_err(|error| Failure::caused("the document cannot be written as JSON", error))
        };
        if let Some(out) = &mut self.out {
            out.write(&json()?)?;
        }
        match self.format {
            Format::Text => terminal::print(&text()),
            Format::Json => terminal::print(&json()?),
        }
    }
}
