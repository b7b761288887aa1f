//! `include`: files that hold people of their own, under a ceiling that only the root can set.
//!
//! A team may own its file (CODEOWNERS) without owning the organization: the ceiling is written where the team
//! cannot write. Which file an `include` means is decided by its pattern alone, so the walk over folders can be
//! done elsewhere and a file that nobody included is noticed here.

use glob::{MatchOptions, Pattern};

use crate::desired::Source;
use crate::desired::parse::people::WrittenEntry;
use crate::desired::parse::reader::{Reader, Value};
use crate::desired::parse::{ROOT_KEYS, syntax};
use crate::desired::violation::{Findings, Spot, quote};
use crate::roster::Role;

const INCLUDE_KEYS: [&str; 2] = ["files", "role_max"];

/// `*` and `?` do not cross a `/`; only `**` does.
const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Files that belong to the members file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// A pattern (`*`, `?`, `**`) for paths inside the root's folder, parts separated by `/`.
    pub files: Pattern,
    /// The highest role that an entry in these files may have.
    pub role_max: Role,
}

impl Include {
    /// Whether the pattern names a path, written relative to the root's folder with `/` between its parts.
    pub fn names(&self, path: &str) -> bool {
        self.files.matches_with(path, MATCHING)
    }
}

/// The includes of a root file, as far as they can be read: which files are to be read along with it.
///
/// What is wrong with them is reported when everything is parsed.
pub fn includes(root: &Source) -> Vec<Include> {
    let mut findings = Findings::new(std::slice::from_ref(root));
    let mut mended = String::new();
    let (table, _, _) = syntax::parse(&mut findings, 0, &mut mended);
    let mut reader = Reader {
        source: 0,
        findings: &mut findings,
    };
    let value = table
        .into_iter()
        .find(|(key, _)| key.get_ref() == "include");
    let written = value.map_or_else(Vec::new, |(_, value)| include(&mut reader, value));
    written.into_iter().map(|written| written.include).collect()
}

/// An include and where it is written.
#[derive(Debug)]
pub(super) struct WrittenInclude {
    include: Include,
    files: Spot,
    role_max: Spot,
}

/// Reads the key `include` of the root.
pub(super) fn include(reader: &mut Reader<'_, '_>, value: Value<'_>) -> Vec<WrittenInclude> {
    reader
        .list("include", value)
        .into_iter()
        .filter_map(|item| one(reader, item))
        .collect()
}

fn one(reader: &mut Reader<'_, '_>, item: Value<'_>) -> Option<WrittenInclude> {
    const ROLES: [(&str, Role); 2] = [("reader", Role::Reader), ("owner", Role::Owner)];
    let span = item.span();
    let (mut files, mut role_max) = (None, None);
    let (mut files_written, mut role_written) = (false, false);
    for (key, value) in reader.table("include", item)? {
        let name = key.get_ref().as_ref();
        let spot = reader.spot(&value.span());
        match name {
            "files" => {
                files_written = true;
                let pattern = reader.parsed(name, &value, "a pattern for files", pattern);
                files = pattern.map(|pattern| (pattern, spot));
            }
            "role_max" => {
                role_written = true;
                role_max = reader.word(name, &value, &ROLES).map(|role| (role, spot));
            }
            _ => reader.unknown_key(&key, Some("include"), &INCLUDE_KEYS),
        }
    }
    if !files_written {
        reader
            .report(&span, "this include has no `files`")
            .help("write which: files = \"teams/*.toml\"");
    }
    if !role_written {
        reader
            .report(&span, "this include has no `role_max`")
            .help("write the highest role that its files may give: role_max = \"reader\"");
    }
    let ((files, files_spot), (role_max, role_spot)) = (files?, role_max?);
    Some(WrittenInclude {
        include: Include { files, role_max },
        files: files_spot,
        role_max: role_spot,
    })
}

fn pattern(text: &str) -> Result<Pattern, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.contains('\\') || text.starts_with('/') || text.contains(':') {
        return Err("write a path relative to this file's folder, with `/`".to_owned());
    }
    if text.split('/').any(|part| part == "..") {
        return Err(
            "included files stay inside this file's folder, so there is no `..`".to_owned(),
        );
    }
    let text = text.trim_start_matches("./");
    if text.split('/').any(|part| part.is_empty() || part == ".") {
        return Err("it has an empty part; write one `/` between two names".to_owned());
    }
    Pattern::new(text).map_err(|error| error.to_string())
}

/// Reads every included file, and reports includes without a file and files without an include.
pub(super) fn read_all(
    findings: &mut Findings<'_>,
    includes: &[WrittenInclude],
    includes_whole: bool,
) -> (Vec<WrittenEntry>, bool) {
    let (mut members, mut whole) = (Vec::new(), true);
    let mut used = vec![false; includes.len()];
    for source in 1..findings.texts.len() {
        let path = relative(findings, source);
        let mut lowest: Option<&WrittenInclude> = None;
        for (written, used) in includes.iter().zip(&mut used) {
            if written.include.names(&path) {
                *used = true;
                let role_max = written.include.role_max;
                if lowest.is_none_or(|lowest| role_max < lowest.include.role_max) {
                    lowest = Some(written);
                }
            }
        }
        if let Some(ceiling) = lowest {
            let (entries, sound) = read_one(findings, source, ceiling);
            members.extend(entries);
            whole &= sound;
        } else if includes_whole {
            let spot = Spot {
                source,
                start: 0,
                end: 0,
            };
            findings.report(&spot, "no include names this file");
        }
    }
    for (written, used) in includes.iter().zip(used) {
        if !used {
            let message = format!("no file matches {}", quote(written.include.files.as_str()));
            findings.report(&written.files, message);
        }
    }
    (members, whole)
}

/// A source's path relative to the root's folder.
fn relative(findings: &Findings<'_>, source: usize) -> String {
    let unix = |name: &str| name.replace('\\', "/");
    let root = unix(&findings.texts[0].source.name);
    let path = unix(&findings.texts[source].source.name);
    let folder = root.rfind('/').map_or("", |at| &root[..=at]);
    path.strip_prefix(folder).unwrap_or(&path).to_owned()
}

/// Reads one included file; also says whether all of it could be read.
fn read_one(
    findings: &mut Findings<'_>,
    source: usize,
    ceiling: &WrittenInclude,
) -> (Vec<WrittenEntry>, bool) {
    let mut mended = String::new();
    let (table, doubt, duplicates) = syntax::parse(findings, source, &mut mended);
    let certain = findings.found.len();
    super::report_duplicates(findings, &table, &duplicates);
    let mut reader = Reader { source, findings };
    let (mut members, mut members_written) = (Vec::new(), false);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "members" => {
                members_written = true;
                members = super::people::members(&mut reader, value);
            }
            known if ROOT_KEYS.contains(&known) => {
                let message = format!("{} stands only in the root file", quote(known));
                reader
                    .report(&key.span(), message)
                    .help("an included file holds [members] and nothing else");
            }
            _ => reader.unknown_key(&key, None, &["members"]),
        }
    }
    if !members_written && !doubt.any() {
        super::report_missing(&mut reader, "[members]");
    }
    for written in &members {
        under_ceiling(reader.findings, written, ceiling);
    }
    doubt.drop_consequences(&mut findings.found, certain);
    (members, !doubt.any())
}

fn under_ceiling(findings: &mut Findings<'_>, written: &WrittenEntry, ceiling: &WrittenInclude) {
    if let Some(id) = &written.id {
        findings
            .report(id, "an included file pins no `id`")
            .help("identities are pinned in the root file");
    }
    let role_max = ceiling.include.role_max;
    if written.entry.role.is_some_and(|role| role > role_max) {
        let email = quote(written.entry.email.as_str());
        let message = format!("{email} may be {role_max} at most in this file");
        let spot = written.role.as_ref().unwrap_or(&written.key);
        findings.report_pair(spot, message, &ceiling.role_max, "the ceiling is set here");
    }
}
