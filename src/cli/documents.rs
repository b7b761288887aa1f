//! Where a result goes: one form on standard output, others in files, all of them from one reading.
//!
//! Every file is tried before the run, so that nothing fails at its end for a typing error, and changes only when there
//! is a result. A run that comes to none still writes its Markdown: a comment that showed an earlier plan would
//! mislead.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::environment::Environment;
use super::failure::Failure;
use super::files::{MembersFile, OutFile, shown, spot};
use super::terminal;
use crate::outcome::Exit;
use crate::render::{self, Comment, Paint, redact};

/// In which forms a result is wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output options")]
pub(super) struct OutputArgs {
    /// Set the form of the result on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,

    /// Write the JSON document to a file as well
    ///
    /// The file is replaced only when there is a result: a run that fails before leaves an older one as it was.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,

    /// Write Markdown for a comment or a job summary to a file
    #[arg(long, value_name = "FILE")]
    pub(super) markdown_out: Option<PathBuf>,

    /// Write a self-contained HTML page to a file
    #[arg(long, value_name = "FILE")]
    html_out: Option<PathBuf>,

    /// Write GitLab's report of figures for the merge request to a file
    #[arg(long, value_name = "FILE")]
    gitlab_out: Option<PathBuf>,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For GitHub Actions: annotations
    Github,
}

/// A result that can be written in every form. Each is made only where it is wanted.
pub(super) trait Forms {
    /// The JSON document, as its schema is published.
    type Document: Serialize;

    /// The JSON document.
    fn document(&self) -> Self::Document;

    /// For people; empty where they have read it already.
    fn text(&self, paint: Paint) -> String;

    /// Workflow commands for GitHub Actions, one a line.
    fn github(&self) -> String;

    /// A comment on a pull request; `comment` says what it needs beside the result.
    fn markdown(&self, comment: &Comment<'_>) -> String;

    /// A page that needs nothing else.
    fn html(&self) -> String;

    /// GitLab's three figures; `None` where there are none, because zeros would read as "nothing changes".
    fn gitlab(&self) -> Option<String>;
}

/// Where results go, opened before the run.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    out: Option<OutFile>,
    markdown: Option<OutFile>,
    html: Option<OutFile>,
    gitlab: Option<OutFile>,
    /// The name under which a later comment finds this one: the members file's.
    marker: String,
    /// Where everything is that a comment has no room for.
    everything_in: String,
    /// Under which address the members file can be read.
    source_url: Option<String>,
    /// What the Markdown is where there is no result.
    pub(super) failed: fn(&[String], &Comment<'_>) -> String,
}

impl OutputArgs {
    /// Opens what is written to, for a result about a members file; `read` is whatever else the run reads.
    pub(super) fn open(
        &self,
        file: &Path,
        read: &[&Path],
        environment: &Environment,
    ) -> Result<Output, Failure> {
        let Self {
            format,
            out,
            markdown_out,
            html_out,
            gitlab_out,
        } = self;
        let paths = [out, markdown_out, html_out, gitlab_out];
        let mut named: Vec<(PathBuf, &PathBuf)> = paths
            .into_iter()
            .flatten()
            .map(|path| (spot(path), path))
            .collect();
        named.sort();
        let twice = named.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some([(_, twice), ..]) = twice {
            let failure = format!("two forms of the result would go to {}", shown(twice));
            return Err(Failure::new(failure)
                .hint("name a file for each")
                .exit(Exit::Usage));
        }
        let mut read: Vec<PathBuf> = read.iter().map(|path| path.to_path_buf()).collect();
        if !named.is_empty() {
            read.extend(MembersFile::paths(file));
        }
        let open = |path: &Option<PathBuf>| {
            let path = path.as_deref();
            path.map(|path| OutFile::open(path, &read)).transpose()
        };
        Ok(Output {
            format: *format,
            out: open(out)?,
            markdown: open(markdown_out)?,
            html: open(html_out)?,
            gitlab: open(gitlab_out)?,
            marker: file.display().to_string(),
            everything_in: out.as_deref().map_or_else(
                || "--format json".to_owned(),
                |path| path.display().to_string(),
            ),
            source_url: environment.source_url.clone(),
            failed: render::failure_markdown,
        })
    }
}

impl Output {
    /// Writes a result in each form that is wanted.
    ///
    /// # Errors
    /// Where one cannot be written; the others are.
    pub(super) fn write(&mut self, result: &impl Forms) -> Result<(), Failure> {
        let json = || json(&result.document());
        let out = match &mut self.out {
            Some(out) => json().and_then(|text| out.write(&text)),
            None => Ok(()),
        };
        let markdown = match self.markdown.take() {
            Some(mut file) => {
                let text = result.markdown(&self.comment());
                file.write(&terminal::masked(&text))
            }
            None => Ok(()),
        };
        let html = match &mut self.html {
            Some(file) => file.write(&terminal::masked(&result.html())),
            None => Ok(()),
        };
        let gitlab = match (&mut self.gitlab, result.gitlab()) {
            (Some(file), Some(figures)) => file.write(&figures),
            (Some(file), None) => file.withdraw(),
            (None, _) => Ok(()),
        };
        let shown = match self.format {
            Format::Text => terminal::print(&result.text(terminal::paint_out())),
            Format::Json => json().and_then(|text| terminal::print_as_is(&text)),
            Format::Github => terminal::print(&result.github()),
        };
        first_failure([out, markdown, html, gitlab, shown])
    }

    /// Ends a run: where it failed before there was a result, says so in the comment and on the workflow's page.
    pub(super) fn end(mut self, ended: Result<Exit, Failure>) -> Result<Exit, Failure> {
        if let Err(failure) = &ended {
            let reasons = failure.reasons();
            if let Some(mut markdown) = self.markdown.take() {
                let text = (self.failed)(&reasons, &self.comment());
                markdown.write(&terminal::masked(&text))?;
            }
            if self.format == Format::Github {
                terminal::print(&render::failure_github(&reasons))?;
            }
        }
        ended
    }

    fn comment(&self) -> Comment<'_> {
        Comment {
            marker: Some(&self.marker),
            everything_in: &self.everything_in,
            source_url: self.source_url.as_deref(),
            diff: None,
        }
    }
}

/// The first failure; those after it are said here.
fn first_failure<const N: usize>(written: [Result<(), Failure>; N]) -> Result<(), Failure> {
    let mut failures = written.into_iter().filter_map(Result::err);
    let first = failures.next();
    for failure in failures {
        failure.report();
    }
    first.map_or(Ok(()), Err)
}

/// A document as JSON, with the addresses in its values masked, if they are to be.
pub(super) fn json(document: &impl Serialize) -> Result<String, Failure> {
    let written = if terminal::redacts() {
        // The text of a document cannot be masked: the letter of an escape would count as one of the address.
        redact::document(document).and_then(|masked| render::json(&masked))
    } else {
        render::json(document)
    };
    written.map_err(|error| Failure::caused("the document cannot be written as JSON", error))
}

/// The failure of a command whose result is of no use without addresses.
pub(super) fn needs_addresses(what: &str) -> Failure {
    Failure::new(format!("{what} is written with its addresses"))
        .hint("take --redact-emails out")
        .exit(Exit::Usage)
}
