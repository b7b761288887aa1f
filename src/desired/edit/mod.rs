//! Changes to the members file that a person could have typed, and a reviewer reads as such.
//!
//! Whatever an edit does not mean to change stays byte for byte: comments, order, alignment, line ends. A file that
//! has violations is not edited, the result is read again before it is returned, and a layout that cannot be edited
//! faithfully is refused, never rewritten.

mod fields;
pub(super) mod insert;
pub(super) mod sheet;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::line::{comments_in, departed_fields, quoted};
use super::{Departed, DesiredRoster, Place, Source, Violation, parse};
use crate::roster::{Email, Role, UserId};
pub(super) use insert::{rank, sections};
use sheet::{Block, Form, People, Person, Row, Sheet};

/// Days after the last day of access when `Prune` moves an entry.
const EXPIRED_DAYS: i64 = 30;

/// One change to the members file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Declares a person.
    Add {
        /// The address.
        email: Email,
        /// What the entry says; what is kept or cleared is not written.
        fields: Fields,
        /// The included file to write it into, by its source's name; without it, the root.
        into: Option<String>,
        /// A person who is declared already is left as they are, instead of being an error.
        if_absent: bool,
    },
    /// Changes what an entry says.
    Set {
        /// The address.
        email: Email,
        /// What changes.
        fields: Fields,
        /// A person who is not declared is passed over, instead of being an error.
        if_present: bool,
    },
    /// Takes an entry out.
    Remove {
        /// The address.
        email: Email,
        /// The tombstone to set, if any; a pinned id is carried over.
        tombstone: Option<Tombstone>,
        /// A person who is not declared is passed over, instead of being an error.
        if_present: bool,
    },
    /// Moves entries that expired more than 30 days ago to `[departed]`.
    Prune {
        /// The day it is.
        today: Date,
        /// Also drops tombstones whose `since` is more days ago; at least 365.
        tombstones_older_than: Option<u32>,
    },
}

/// What a new tombstone says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Since when.
    pub since: Option<Date>,
    /// The ticket that explains it.
    pub ticket: Option<String>,
    /// The reason that explains it.
    pub reason: Option<String>,
}

/// What happens to one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Setting<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is taken out.
    Clear,
    /// It is written.
    To(T),
}

impl<T> Setting<T> {
    fn map<U>(&self, written: impl FnOnce(&T) -> U) -> Setting<U> {
        match self {
            Self::Keep => Setting::Keep,
            Self::Clear => Setting::Clear,
            Self::To(value) => Setting::To(written(value)),
        }
    }
}

/// What happens to an entry's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The role.
    pub role: Setting<Role>,
    /// The pinned identity.
    pub id: Setting<UserId>,
    /// The pinned name.
    pub name: Setting<String>,
    /// The last day (UTC) of access.
    pub expires: Setting<Date>,
    /// The ticket.
    pub ticket: Setting<String>,
    /// The reason.
    pub reason: Setting<String>,
    /// All aliases.
    pub aliases: Setting<Vec<Email>>,
}

/// Why the file was not edited; nothing was changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    /// The file is wrong as it is.
    #[error("the members file has violations and is not edited")]
    Violations(Vec<Violation>),
    /// The edit would make the file wrong.
    #[error("the edit would leave the members file with violations")]
    Result {
        /// What would be wrong.
        violations: Vec<Violation>,
        /// The files as they would be, for the source lines.
        sources: Vec<Source>,
    },
    /// Some lines end in CRLF and some in LF.
    #[error("{file} mixes line ends (CRLF and LF), so it cannot be edited faithfully")]
    MixedLineEnds {
        /// The file.
        file: String,
    },
    /// The layout is one that this program does not edit.
    #[error("{place}: {reason}, so it cannot be edited faithfully; edit it by hand")]
    Layout {
        /// Where.
        place: Place,
        /// What is unusual.
        reason: &'static str,
    },
    /// The person is declared already.
    #[error("{email} is declared already")]
    Declared {
        /// The address.
        email: Email,
    },
    /// The file to write into is not one of the sources.
    #[error("{file} is not included by the members file")]
    NotIncluded {
        /// The file.
        file: String,
    },
    /// The person is declared gone.
    #[error("{email} is in [departed]; take the tombstone out first, by hand and on purpose")]
    Departed {
        /// The address.
        email: Email,
    },
    /// The person is not declared.
    #[error("{email} is not declared")]
    NotDeclared {
        /// The address.
        email: Email,
    },
    /// Tombstones are kept for a year at least.
    #[error("tombstones are kept for {TOMBSTONE_DAYS_MIN} days at least, not {0}")]
    TombstonesTooYoung(u32),
}

/// Days for which a tombstone is kept at least: people come back by mistake for about that long.
const TOMBSTONE_DAYS_MIN: u32 = 365;

/// Makes changes, in order, and returns all files as they then are; `sources` is what [`parse`] takes.
///
/// # Errors
///
/// [`EditError`]: then no change was made at all.
pub fn edit(sources: &[Source], edits: &[Edit]) -> Result<Vec<Source>, EditError> {
    let roster = parse(sources).map_err(EditError::Violations)?;
    let mut book = Book::new(sources, &roster);
    for edit in edits {
        book.make(edit)?;
    }
    let sources = book.into_sources();
    match parse(&sources) {
        Ok(_) => Ok(sources),
        Err(violations) => Err(EditError::Result {
            violations,
            sources,
        }),
    }
}

/// The files in the course of an edit.
struct Book<'a> {
    sources: &'a [Source],
    /// What the files said before.
    roster: &'a DesiredRoster,
    /// The files that an edit has touched.
    sheets: BTreeMap<usize, Sheet>,
    /// In which file each declared person is.
    members: BTreeMap<Email, usize>,
    departed: Vec<Departed>,
}

impl<'a> Book<'a> {
    fn new(sources: &'a [Source], roster: &'a DesiredRoster) -> Self {
        let index: BTreeMap<&str, usize> = sources
            .iter()
            .enumerate()
            .map(|(index, source)| (source.name.as_str(), index))
            .collect();
        let home = |place: &Place| index.get(place.file.as_str()).copied().unwrap_or(0);
        Self {
            sources,
            roster,
            sheets: BTreeMap::new(),
            members: roster
                .members
                .values()
                .map(|entry| (entry.email.clone(), home(&entry.place)))
                .collect(),
            departed: roster.departed.clone(),
        }
    }

    fn sheet(&mut self, source: usize) -> Result<&mut Sheet, EditError> {
        Ok(match self.sheets.entry(source) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => unread.insert(Sheet::read(&self.sources[source])?),
        })
    }

    fn into_sources(mut self) -> Vec<Source> {
        for sheet in self.sheets.values_mut() {
            insert::align_new(sheet);
        }
        let edited = |index| self.sheets.get(&index).map(Sheet::to_source);
        self.sources
            .iter()
            .enumerate()
            .map(|(index, source)| edited(index).unwrap_or_else(|| source.clone()))
            .collect()
    }

    fn make(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Add {
                email,
                fields,
                into,
                if_absent,
            } => self.add(email, fields, into.as_deref(), *if_absent),
            Edit::Set {
                email,
                fields,
                if_present,
            } => self.set(email, fields, *if_present),
            Edit::Remove {
                email,
                tombstone,
                if_present,
            } => self.remove(email, tombstone.as_ref(), *if_present),
            Edit::Prune {
                today,
                tombstones_older_than,
            } => self.prune(*today, *tombstones_older_than),
        }
    }

    fn add(
        &mut self,
        email: &Email,
        fields: &Fields,
        into: Option<&str>,
        if_absent: bool,
    ) -> Result<(), EditError> {
        let source = self.source_named(into)?;
        let email = email.clone();
        if self.members.contains_key(&email) {
            return if if_absent {
                Ok(())
            } else {
                Err(EditError::Declared { email })
            };
        }
        if self
            .departed
            .iter()
            .any(|gone| gone.email.as_ref() == Some(&email))
        {
            return Err(EditError::Departed { email });
        }
        let mut block = line_block(People::Members, Person::Email(email.clone()), "{}");
        // A line of its own that was just made can be read alone.
        let sheet = self.sheet(source)?;
        fields::change(&mut block, fields).map_err(|reason| sheet.refuse(0, reason))?;
        insert::insert(sheet, block);
        self.members.insert(email, source);
        Ok(())
    }

    /// The index of a source; the root's where none is named.
    fn source_named(&self, name: Option<&str>) -> Result<usize, EditError> {
        let Some(name) = name else {
            return Ok(0);
        };
        let found = self.sources.iter().position(|source| source.name == name);
        found.ok_or_else(|| EditError::NotIncluded {
            file: name.to_owned(),
        })
    }

    fn set(&mut self, email: &Email, fields: &Fields, if_present: bool) -> Result<(), EditError> {
        let Some((source, at)) = self.find(email)? else {
            return not_declared(email, if_present);
        };
        let sheet = self.sheet(source)?;
        let order = insert::order_around(sheet, at);
        let changed = match &mut sheet.rows[at] {
            Row::Entry(block) => fields::change(block, fields),
            Row::Blank(_) | Row::Comment(_) | Row::Header(..) | Row::Code(_) => Ok(()),
        };
        changed.map_err(|reason| sheet.refuse(at, reason))?;
        insert::reorder(sheet, at, order);
        Ok(())
    }

    fn remove(
        &mut self,
        email: &Email,
        tombstone: Option<&Tombstone>,
        if_present: bool,
    ) -> Result<(), EditError> {
        let Some((source, at)) = self.find(email)? else {
            return not_declared(email, if_present);
        };
        let block = self.sheet(source)?.remove(at);
        self.members.remove(email);
        if let (Some(block), Some(tombstone)) = (block, tombstone) {
            self.bury(email, &block, tombstone)?;
        }
        Ok(())
    }

    /// Sets a tombstone, with the comments and the pinned id of the entry that was taken out.
    fn bury(
        &mut self,
        email: &Email,
        entry: &Block,
        tombstone: &Tombstone,
    ) -> Result<(), EditError> {
        let departed = Departed {
            email: Some(email.clone()),
            id: fields::field(entry, "id").and_then(|id| UserId::parse(&id).ok()),
            since: tombstone.since,
            ticket: tombstone.ticket.clone(),
            reason: tombstone.reason.clone(),
            place: Place {
                file: self.sources[0].name.clone(),
                line: 1,
                column: 1,
            },
        };
        let said = departed_fields(&departed);
        let mut block = line_block(People::Departed, Person::Email(email.clone()), &said);
        block.comments.clone_from(&entry.comments);
        let mut inside = comments_in(&entry.lines.join("\n"));
        if entry.form == Form::Line
            && let (Some(comment), Some(line)) = (inside.pop(), block.lines.first_mut())
        {
            line.push_str("  ");
            line.push_str(&comment);
        }
        block.comments.extend(inside);
        insert::insert(self.sheet(0)?, block);
        self.departed.push(departed);
        Ok(())
    }

    fn prune(&mut self, today: Date, tombstones_older_than: Option<u32>) -> Result<(), EditError> {
        let days_ago = |days: i64| today.saturating_sub(days.days());
        let long_over = |day: Date| day < days_ago(EXPIRED_DAYS);
        let roster = self.roster;
        let candidates = roster
            .members
            .values()
            .filter(|entry| entry.expires.is_some_and(long_over));
        for email in candidates.map(|entry| entry.email.clone()) {
            let Some((source, at)) = self.find(&email)? else {
                continue;
            };
            let Row::Entry(block) = &self.sheet(source)?.rows[at] else {
                continue;
            };
            let read = |key| fields::field(block, key);
            let expires = read("expires").and_then(|day| day.parse::<Date>().ok());
            let Some(expires) = expires.filter(|day| long_over(*day)) else {
                continue;
            };
            let tombstone = Tombstone {
                since: expires.tomorrow().ok(),
                ticket: read("ticket"),
                reason: read("reason"),
            };
            self.remove(&email, Some(&tombstone), false)?;
        }
        let Some(days) = tombstones_older_than else {
            return Ok(());
        };
        if days < TOMBSTONE_DAYS_MIN {
            return Err(EditError::TombstonesTooYoung(days));
        }
        let before = days_ago(i64::from(days));
        let old = |gone: &Departed| gone.since.is_some_and(|since| since < before);
        for gone in self.departed.clone().into_iter().filter(old) {
            let person = gone.email.map(Person::Email).or(gone.id.map(Person::Id));
            let sheet = self.sheet(0)?;
            if let Some(at) = person.and_then(|person| sheet.find(People::Departed, &person)) {
                sheet.remove(at);
            }
        }
        self.departed.retain(|gone| !old(gone));
        Ok(())
    }

    /// The file and the row of a declared person.
    fn find(&mut self, email: &Email) -> Result<Option<(usize, usize)>, EditError> {
        let Some(source) = self.members.get(email).copied() else {
            return Ok(None);
        };
        let person = Person::Email(email.clone());
        let at = self.sheet(source)?.find(People::Members, &person);
        Ok(at.map(|at| (source, at)))
    }
}

fn not_declared(email: &Email, allowed: bool) -> Result<(), EditError> {
    if allowed {
        return Ok(());
    }
    Err(EditError::NotDeclared {
        email: email.clone(),
    })
}

fn line_block(table: People, person: Person, said: &str) -> Block {
    let key = person.as_str().to_owned();
    Block {
        table,
        lines: vec![format!("{} = {said}", quoted(&key))],
        person,
        key,
        owner: false,
        form: Form::Line,
        is_new: true,
        comments: Vec::new(),
    }
}
