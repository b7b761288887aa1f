//! Changes inside one person's lines.

use jiff::civil::Date;
use toml_edit::{Array, Decor, DocumentMut, Item, TableLike, Value};

use crate::desired::edit::sheet::{Block, Form};
use crate::desired::edit::{Fields, Setting};
use crate::desired::line::quoted;
use crate::roster::Role;

/// Sets and clears fields; what is not named stays as it is written. Says why not, where it cannot.
pub(super) fn change(block: &mut Block, fields: &Fields) -> Result<(), &'static str> {
    if block.form == Form::Lines {
        return Err("a person is written in several lines");
    }
    let unreadable = "a person cannot be read alone";
    let text = block.lines.join("\n");
    let mut document: DocumentMut = text.parse().ok().ok_or(unreadable)?;
    let entry = person(&mut document, block).ok_or(unreadable)?;
    let inline = block.form == Form::Line;
    for (key, value) in written(fields) {
        match value {
            Setting::Keep => {}
            Setting::Clear => clear(entry, key, inline),
            Setting::To(value) => set(entry, key, value, inline),
        }
    }
    match &fields.role {
        Setting::Keep => {}
        Setting::Clear => block.owner = false,
        Setting::To(role) => block.owner = *role == Role::Owner,
    }
    let changed = document.to_string();
    let changed: Vec<String> = changed
        .trim_end_matches('\n')
        .split('\n')
        .map(str::to_owned)
        .collect();
    if comments(&changed) != comments(&block.lines) {
        return Err("a comment stands on the line that would be deleted");
    }
    block.lines = changed;
    Ok(())
}

fn person<'d>(document: &'d mut DocumentMut, block: &Block) -> Option<&'d mut dyn TableLike> {
    let holder = match block.form {
        Form::Line | Form::Lines => document.as_item_mut(),
        Form::Table => document.get_mut(block.table.name())?,
    };
    holder.get_mut(block.key.as_str())?.as_table_like_mut()
}

fn comments(lines: &[String]) -> usize {
    lines
        .iter()
        .filter(|line| line.trim_start().starts_with('#'))
        .count()
}

/// The fields as values, in the order in which they are written.
fn written(fields: &Fields) -> [(&'static str, Setting<Value>); 7] {
    let Fields {
        role,
        id,
        name,
        expires,
        ticket,
        reason,
        aliases,
    } = fields;
    let text = |value: &String| string(value);
    [
        ("role", role.map(|role| string(role.as_str()))),
        ("id", id.map(|id| string(id.as_str()))),
        ("name", name.map(text)),
        ("expires", expires.map(|day| date(*day))),
        ("ticket", ticket.map(text)),
        ("reason", reason.map(text)),
        (
            "aliases",
            aliases.map(|aliases| {
                let aliases: Array = aliases.iter().map(|alias| string(alias.as_str())).collect();
                Value::Array(aliases)
            }),
        ),
    ]
}

/// A string as this program writes it: the library would choose several lines for some.
fn string(text: &str) -> Value {
    quoted(text)
        .parse()
        .unwrap_or_else(|_: toml_edit::TomlError| Value::from(text))
}

fn date(day: Date) -> Value {
    day.to_string()
        .parse()
        .unwrap_or_else(|_: toml_edit::TomlError| Value::from(day.to_string()))
}

fn set(entry: &mut dyn TableLike, key: &str, mut value: Value, inline: bool) {
    if let Some(old) = entry.get_mut(key) {
        if let Some(old) = old.as_value() {
            *value.decor_mut() = old.decor().clone();
        }
        *old = Item::Value(value);
        return;
    }
    // The space before `}` is the last value's; it must not come to stand before a comma.
    let last = last_value(entry).filter(|_| inline);
    let spacing = last.map(|last| {
        let decor = last.decor_mut();
        let suffix = decor.suffix().cloned().unwrap_or_else(|| " ".into());
        decor.set_suffix("");
        suffix
    });
    if let Some(suffix) = spacing {
        *value.decor_mut() = Decor::new(" ", suffix);
    }
    entry.insert(key, Item::Value(value));
}

fn clear(entry: &mut dyn TableLike, key: &str, inline: bool) {
    let was_last = entry.iter().last().is_some_and(|(last, _)| last == key);
    let removed = entry.remove(key);
    let suffix = removed
        .as_ref()
        .and_then(Item::as_value)
        .and_then(|value| value.decor().suffix());
    if was_last
        && inline
        && let (Some(suffix), Some(last)) = (suffix, last_value(entry))
    {
        last.decor_mut().set_suffix(suffix.clone());
    }
}

fn last_value(entry: &mut dyn TableLike) -> Option<&mut Value> {
    entry
        .iter_mut()
        .last()
        .and_then(|(_, item)| item.as_value_mut())
}

/// What one of a person's lines says, read back: for a tombstone that takes it over.
pub(super) fn field(block: &Block, key: &str) -> Option<String> {
    let mut document: DocumentMut = block.lines.join("\n").parse().ok()?;
    let item = person(&mut document, block)?.get(key)?;
    match item.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Datetime(moment) => Some(moment.value().to_string()),
        Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Array(_)
        | Value::InlineTable(_) => None,
    }
}
