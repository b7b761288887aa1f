//! `members set`.

use clap::builder::ValueParser;
use clap::{Args, ValueEnum};

use super::super::failure::Failure;
use super::super::rewrite::EditArgs;
use super::people::{FieldArgs, Who, who};
use crate::desired::{Edit, Fields, Setting};
use crate::outcome::Exit;

/// Change what the file says about a person
///
/// What is not named stays as it is written. Several --alias replace all aliases of the entry.
#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// Address, or `-` for one address per line on standard input
    #[arg(value_name = "EMAIL", value_parser = ValueParser::from(who))]
    who: Who,

    #[command(flatten)]
    fields: FieldArgs,

    /// Take a field out of the entry; repeat it for each
    #[arg(long, value_enum, value_name = "FIELD")]
    clear: Vec<FieldName>,

    /// Pass over people who are not declared
    #[arg(long)]
    if_present: bool,

    #[command(flatten)]
    edit: EditArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FieldName {
    Role,
    Id,
    Name,
    Expires,
    Ticket,
    Reason,
    Aliases,
}

pub(super) fn run(args: &SetArgs) -> Result<Exit, Failure> {
    let SetArgs {
        who,
        fields,
        clear,
        if_present,
        edit,
    } = args;
    let mut fields = fields.fields(who)?;
    for field in clear {
        if !cleared(&mut fields, *field) {
            let failure = Failure::new("a field cannot be set and cleared at once");
            return Err(failure.exit(Exit::Usage));
        }
    }
    if fields == Fields::default() {
        let failure = Failure::new("nothing is to be set");
        let hint = "name what changes, such as --expires 2027-03-31 or --clear expires";
        return Err(failure.hint(hint).exit(Exit::Usage));
    }
    let (file, _) = edit.read()?;
    let edits: Vec<Edit> = who
        .all()?
        .into_iter()
        .map(|email| Edit::Set {
            email,
            fields: fields.clone(),
            if_present: *if_present,
        })
        .collect();
    edit.make(&file, &edits)
}

/// Marks a field as cleared; says whether it was not to be set as well.
fn cleared(fields: &mut Fields, field: FieldName) -> bool {
    fn clear<T>(setting: &mut Setting<T>) -> bool {
        let is_set = matches!(setting, Setting::To(_));
        *setting = Setting::Clear;
        !is_set
    }
    match field {
        FieldName::Role => clear(&mut fields.role),
        FieldName::Id => clear(&mut fields.id),
        FieldName::Name => clear(&mut fields.name),
        FieldName::Expires => clear(&mut fields.expires),
        FieldName::Ticket => clear(&mut fields.ticket),
        FieldName::Reason => clear(&mut fields.reason),
        FieldName::Aliases => clear(&mut fields.aliases),
    }
}
