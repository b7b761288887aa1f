//! The README against the code: its tables, its defaults, its examples and every command line that it shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use rosterctl::desired::{Guardrails, Source, diagnostics, parse};
use rosterctl::guardrail::{BreachKind, Scope};
use rosterctl::outcome::Exit;
use rosterctl::simulator::Roster;

use crate::cli::{Desk, Organization, masked};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The rows of the table under a heading, without its head, as cells.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    page.lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != heading)
        .skip_while(|line| !line.starts_with("|--"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// The fenced blocks of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|rest| rest.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_exit_codes_are_the_programs() {
    let rows = table(&page("README.md"), "Exit codes");
    let codes = Exit::ALL.map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]);
    assert_eq!(rows, codes);
}

#[test]
fn the_breaches_are_the_guardrails() {
    let rows: Vec<_> = table(&page("README.md"), "Guardrails")
        .into_iter()
        .map(|row| [row[0].clone(), row[1].clone(), row[3].clone()])
        .collect();
    let kinds = BreachKind::ALL.map(|kind| {
        let scope = match kind.scope() {
            Scope::Person => "person",
            Scope::Plan => "plan",
            Scope::Preflight => "preflight",
        };
        let accept = if kind.is_overridable() {
            "yes"
        } else {
            "never"
        };
        [format!("`{kind}`"), scope.to_owned(), accept.to_owned()]
    });
    assert_eq!(rows, kinds);
}

#[test]
fn every_key_of_the_annotated_file_is_explained_and_no_other() {
    let mut explained: Vec<String> = table(&page("README.md"), "The members file")
        .iter()
        .flat_map(|row| row[0].split(", "))
        .filter(|key| !key.starts_with("**"))
        .map(|key| key.trim_matches('`').to_owned())
        .collect();
    let example = page("members.toml.example");
    let mut written: Vec<String> = example
        .lines()
        .flat_map(|line| line.trim_start_matches("# ").split(['{', ',']))
        .filter_map(|part| part.split_once(" = "))
        .map(|(key, _)| key.trim().to_owned())
        .filter(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .filter(|key| !matches!(key.as_str(), "files" | "role_max"))
        .collect();
    for keys in [&mut explained, &mut written] {
        keys.sort();
        keys.dedup();
    }
    assert_eq!(explained, written);
}

#[test]
fn the_defaults_are_those_of_a_bare_file() {
    let Guardrails {
        revocations_max,
        revocation_fraction_max,
        revocations_max_per_week,
        changes_max,
        owners_min,
        required_owners,
        required_owners_disputed: _,
        email_domains,
    } = Guardrails::default();
    assert!(required_owners.is_empty() && email_domains.is_empty());
    let rows: BTreeMap<_, _> = table(&page("README.md"), "The members file")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    for (key, default) in [
        ("revocations_max", revocations_max.to_string()),
        (
            "revocation_fraction_max",
            revocation_fraction_max.to_string(),
        ),
        (
            "revocations_max_per_week",
            revocations_max_per_week.to_string(),
        ),
        ("changes_max", changes_max.to_string()),
        ("owners_min", owners_min.to_string()),
        ("required_owners", "[]".to_owned()),
        ("email_domains", "[]".to_owned()),
    ] {
        assert_eq!(rows[&format!("`{key}`")], format!("`{default}`"), "{key}");
    }
}

#[test]
fn the_examples_are_read_as_they_stand() {
    let readme = page("README.md");
    let mut files = blocks(&readme, "toml")
        .into_iter()
        .filter(|text| text.contains("[members]"))
        .map(|text| ("README.md".to_owned(), text))
        .collect::<Vec<_>>();
    assert_eq!(files.len(), 1);
    files.push((
        "members.toml.example".to_owned(),
        page("members.toml.example"),
    ));
    for (name, text) in files {
        let sources = [Source { name, text }];
        if let Err(violations) = parse(&sources) {
            panic!("{}", diagnostics::render(&violations, &sources, false));
        }
    }
    let rosters = blocks(&readme, "json");
    assert_eq!(rosters.len(), 1);
    assert_eq!(Roster::parse(&rosters[0]).unwrap().users.len(), 2);
}

#[test]
fn the_first_commands_are_the_two_that_need_only_rust() {
    let first = blocks(&page("README.md"), "console").remove(0);
    assert_eq!(first, "cargo run --release -- demo\ncargo test");
}

/// Every `rosterctl …` in a fenced block or a code span, as words.
fn command_lines(page: &str) -> Vec<Vec<String>> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let shown = if fenced {
            vec![line]
        } else {
            line.split('`').skip(1).step_by(2).collect()
        };
        for text in shown {
            let Some(start) = text.find("rosterctl ") else {
                continue;
            };
            let command = text[start..].split([';', '|']).next().unwrap();
            found.push(command.split_whitespace().map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let help_of = |subcommand: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .arg("help")
            .args(subcommand.split(' '))
            .env_remove("OPENAI_ADMIN_KEY")
            .output()
            .unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "there is no `{subcommand}`");
        help
    };
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut flags = 0;
    for name in [
        "README.md",
        "CHANGELOG.md",
        ".github/CONTRIBUTING.md",
        ".github/SECURITY.md",
    ] {
        for words in command_lines(&page(name)) {
            let subcommand = match words[1].as_str() {
                "help" => words[2].clone(),
                "members" if words.len() > 2 => words[1..3].join(" "),
                word => word.to_owned(),
            };
            let help = helps
                .entry(subcommand.clone())
                .or_insert_with(|| help_of(&subcommand));
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let takes = help
                    .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                    .any(|word| word == flag);
                assert!(takes, "{name}: `{subcommand}` has no {flag}");
                flags += 1;
            }
        }
    }
    assert!(helps.len() >= 6 && flags >= 10, "{helps:?}, {flags} flags");
}

#[test]
fn every_option_that_is_named_alone_is_one_of_some_command() {
    let readme = page("README.md");
    let help_of = |subcommand: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_rosterctl"))
            .arg("help")
            .args(subcommand.split(' '))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let all: String = [
        "check",
        "plan",
        "apply",
        "drift",
        "list",
        "export",
        "members add",
        "members set",
        "members remove",
        "members prune",
        "members pin",
        "members compare",
        "fmt",
        "simulate",
        "demo",
    ]
    .map(help_of)
    .concat();
    let prose = readme.split("```").step_by(2);
    let spans = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    let mut seen = 0;
    for span in spans.filter(|span| span.starts_with("--") && *span != "--force") {
        let flag = span.split_whitespace().next().unwrap();
        assert!(all.contains(flag), "no command has {flag}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
    // No plan can be forced; only `export` has the word, for a file.
    assert!(!["plan", "apply"].map(help_of).concat().contains("--force"));
}

/// The text between a heading of the second level and the next one.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The commands of a console block, each with the lines that are shown below it.
fn transcript(block: &str) -> Vec<(Vec<&str>, Vec<&str>)> {
    let mut commands: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ rosterctl "), commands.last_mut()) {
            (Some(words), _) => commands.push((words.split(' ').collect(), Vec::new())),
            (None, Some((_, shown))) => shown.push(line),
            (None, None) => panic!("{line}"),
        }
    }
    commands
}

/// Whether lines are shown in their order and without a gap, except where there is a `…`.
fn is_shown(shown: &[&str], lines: &[&str]) -> bool {
    match shown {
        [] => lines.is_empty(),
        ["…", rest @ ..] => (0..=lines.len()).any(|from| is_shown(rest, &lines[from..])),
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| line == first) && is_shown(rest, &lines[1..])
        }
    }
}

#[test]
fn living_with_the_file_is_as_it_is_shown() {
    let readme = page("README.md");
    let living = section(&readme, "Living with the file");
    let organization = Organization::made_up(&["--members", "12", "--seed", "7"]);
    let desk = Desk::at(&organization, "");
    fs::remove_file(desk.path("members.toml")).unwrap();
    desk.write("people.csv", blocks(living, "csv").concat());
    let mut commands = 0;
    for block in blocks(living, "console") {
        for (args, shown) in transcript(&block) {
            let ran = desk.run(&args);
            assert_eq!(ran.code, 0, "{ran:?}");
            if args[0] == "export" {
                let text = masked(&desk.read("members.toml"));
                for line in blocks(living, "text")[0].lines() {
                    assert!(line == "…" || text.contains(&masked(line)), "{line}");
                }
            }
            let said = masked(&(ran.out + &ran.err));
            let said: Vec<&str> = said.lines().collect();
            let shown = masked(&shown.join("\n"));
            let shown: Vec<&str> = shown.lines().collect();
            assert!(is_shown(&shown, &said), "{args:?}: {said:#?}");
            commands += 1;
        }
    }
    assert_eq!(commands, 9);
    assert_eq!(organization.mutations(), Vec::<String>::new());
}
