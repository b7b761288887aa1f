//! `members compare`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueParser;

use super::super::failure::Failure;
use super::super::files::read_text;
use super::super::rewrite::EditArgs;
use super::super::{terminal, today};
use super::people::read_input;
use crate::desired::{Column, CompareOptions, CompareRefusal, compare};
use crate::outcome::Exit;

/// Compare the file with an export of the HR or identity system
///
/// Reports declared people who have left, whose last day is another one, or who are not in the export. Only an
/// explicit word or a date makes an edit, nobody is ever added, and an export that is doubtful as a whole is refused.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Export as CSV with a header, or as JSON lines; `-` is standard input
    #[arg(value_name = "EXPORT")]
    export: PathBuf,

    /// Name the header of a column (email, status or end); an empty one leaves the column out
    #[arg(long = "column", value_name = "COLUMN=HEADER", value_parser = ValueParser::from(column))]
    columns: Vec<(Column, String)>,

    /// Word that says that a person has left, beside the usual ones; repeat it for each
    #[arg(long = "left-status", value_name = "WORD")]
    left_words: Vec<String>,

    /// Edit the file: a tombstone for who has left, `expires` for whose last day is to come
    #[arg(long)]
    write: bool,

    #[command(flatten)]
    edit: EditArgs,
}

fn column(text: &str) -> Result<(Column, String), String> {
    let (name, header) = text.split_once('=').ok_or("write COLUMN=HEADER")?;
    let column = Column::ALL
        .into_iter()
        .find(|column| column.as_str() == name)
        .ok_or("the columns are email, status and end")?;
    Ok((column, header.to_owned()))
}

pub(super) fn run(args: &CompareArgs) -> Result<Exit, Failure> {
    let CompareArgs {
        export,
        columns,
        left_words,
        write,
        edit,
    } = args;
    let (file, desired) = edit.read()?;
    let text = if export == Path::new("-") {
        read_input()?
    } else {
        read_text(export)?
    };
    let options = CompareOptions {
        columns: columns.iter().cloned().collect::<BTreeMap<_, _>>(),
        left_words: left_words.iter().map(|word| word.to_lowercase()).collect(),
    };
    let comparison = compare(&desired, &text, &options, today()).map_err(refused)?;
    terminal::print(&comparison.to_string())?;
    if *write {
        return edit.make(&file, &comparison.edits);
    }
    if !comparison.edits.is_empty() {
        terminal::say("Nothing was written; --write edits the file.");
    }
    Ok(Exit::Converged)
}

fn refused(refusal: CompareRefusal) -> Failure {
    let hint = match &refusal {
        CompareRefusal::NoColumn { column, headers: _ } => {
            Some(format!("name its header: --column {column}=HEADER"))
        }
        CompareRefusal::ColumnEmpty { column, header: _ }
        | CompareRefusal::ColumnSame {
            column,
            header: _,
            value: _,
        } => Some(format!(
            "if that is right, leave the column out: --column {column}="
        )),
        CompareRefusal::NothingToCompare => {
            Some("name one: --column status=HEADER or --column end=HEADER".to_owned())
        }
        CompareRefusal::TooFewFound {
            found: _,
            declared: _,
        } => Some(
            "export everybody; `aliases` name addresses under which people are known there"
                .to_owned(),
        ),
        CompareRefusal::NoRows | CompareRefusal::NotADay { line: _, value: _ } => None,
    };
    let failure = Failure::new(refusal);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
