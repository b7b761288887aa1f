//! The published schema against the parser: what the parser takes the schema takes, by an independent validator.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use rosterctl::desired::{Source, diagnostics, included_schema, members_schema, parse};
use serde_json::Value;

use crate::desired::{HEAD, source};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/members")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    files
}

/// A TOML value as an editor's validator sees it: dates are texts.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(yes) => Value::from(yes),
        toml::Value::Datetime(moment) => Value::from(moment.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| (key, json(value)))
                .collect(),
        ),
    }
}

fn schema_errors(validator: &Validator, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    let document = json(toml::Value::Table(table));
    validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

#[test]
fn what_is_valid_is_valid_by_the_schema() {
    let members = validator(&members_schema());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = fixtures("valid");
    assert!(files.len() >= 4);
    files.push(root.join("members.toml.example"));
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(parse(&[source(&text)]).is_ok(), "{}", path.display());
        assert_eq!(
            schema_errors(&members, &text),
            Vec::<String>::new(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn split_files_are_valid_by_both_schemas() {
    let (root, team) = (&fixtures("split")[0], &fixtures("split/teams")[0]);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let named = |path: &Path| Source {
        name: path.display().to_string(),
        text: read(path),
    };
    assert_eq!(parse(&[named(root), named(team)]).unwrap().members.len(), 3);
    assert_eq!(
        schema_errors(&validator(&members_schema()), &read(root)),
        Vec::<String>::new()
    );
    let included = validator(&included_schema());
    assert_eq!(schema_errors(&included, &read(team)), Vec::<String>::new());
    for text in [
        "",
        "version = 1\n[members]\n",
        "[members]\n\"a@acme.dev\" = { id = \"user-1\" }\n",
    ] {
        assert_ne!(
            schema_errors(&included, text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn what_is_wrong_in_shape_is_wrong_by_the_schema() {
    let members = validator(&members_schema());
    let shape = fs::read_to_string(&fixtures("invalid")[0]).unwrap();
    let violations = parse(&[source(&shape)]).unwrap_err();
    assert_eq!(violations.len(), 10, "{violations:#?}");
    assert!(
        schema_errors(&members, &shape).len() >= 7,
        "{:#?}",
        schema_errors(&members, &shape)
    );
    for rest in [
        "[members]\n\"a@acme.dev\" = { rol = \"owner\" }\n",
        "[members]\n\"a@acme.dev\" = { role = \"member\" }\n",
        "[members]\n\"a\" = {}\n",
        "[members]\n\"a@acme.dev\" = { expires = 2026-12-31T00:00:00Z }\n",
        "[members]\n[policy]\nundeclared = \"delete\"\n",
        "[members]\n[policy]\nadmin = \"report\"\n",
        "[members]\n[guardrails]\nrevocation_fraction_max = 1.5\n",
        "[members]\n[guardrails]\nemail_domains = [\"*.acme.dev\"]\n",
        "[members]\n[unmanaged]\nids = [\"a b\"]\n",
        "[members]\n[departed]\n\"a@acme.dev\" = { until = 2026-12-31 }\n",
        "",
    ] {
        let text = format!("{HEAD}{rest}");
        assert!(parse(&[source(&text)]).is_err(), "{text}");
        assert_ne!(
            schema_errors(&members, &text),
            Vec::<String>::new(),
            "{text}"
        );
    }
}

#[test]
fn ten_mistakes_are_ten_violations() {
    let text = fs::read_to_string(&fixtures("invalid")[1]).unwrap();
    let sources = [source(&text)];
    let violations = parse(&sources).unwrap_err();
    assert_eq!(violations.len(), 10, "{violations:#?}");
    insta::assert_snapshot!(diagnostics::render(&violations, &sources, false), @r#"
    error: unknown value `delete` for `undeclared`
     --> members.toml:7:14
      |
    7 | undeclared = "delete"
      |              ^^^^^^^^
      |
    help: the values are `remove` and `report`

    error: unknown key `invits` in [policy]
     --> members.toml:8:1
      |
    8 | invits = "cancel"
      | ^^^^^^
      |
    help: did you mean `invites`?

    error: `revocation_fraction_max` must be a number from 0 to 1
      --> members.toml:11:27
       |
    11 | revocation_fraction_max = 25
       |                           ^^
       |
    help: it is a part of the whole: a quarter is 0.25

    error: `@acme.dev` is not an exact domain: write only what follows the `@`
      --> members.toml:13:18
       |
    13 | email_domains = ["@acme.dev"]
       |                  ^^^^^^^^^^^

    error: unknown value `ownr` for `role`
      --> members.toml:16:27
       |
    16 | "ada@acme.dev" = { role = "ownr" }
       |                           ^^^^^^
       |
    help: did you mean `owner`?

    error: `expires` must be a date, and this is a string
      --> members.toml:17:31
       |
    17 | "Дана@acme.dev" = { expires = "2026-12-31", rol = "reader" }
       |                               ^^^^^^^^^^^^
       |
    help: write it without quotes: expires = 2026-12-31

    error: unknown key `rol`
      --> members.toml:17:45
       |
    17 | "Дана@acme.dev" = { expires = "2026-12-31", rol = "reader" }
       |                                             ^^^
       |
    help: did you mean `role`?

    error: `bo@acme` is not an e-mail address: `acme` is not a domain name
      --> members.toml:18:1
       |
    18 | "bo@acme" = {}
       | ^^^^^^^^^

    error: invalid date, expected day between 01 and 28
      --> members.toml:19:29
       |
    19 | "cy@acme.dev" = { expires = 2026-02-30 }
       |                             ^^^^^^^^^^

    error: `cy@acme.dev` is declared twice
      --> members.toml:20:1
       |
    20 | "CY@acme.dev" = {}
       | ^^^^^^^^^^^^^
       |
    note: first declared here
      --> members.toml:19:1
       |
    19 | "cy@acme.dev" = { expires = 2026-02-30 }
       | ^^^^^^^^^^^^^
    help: keep one of the two lines
    "#);
}

#[test]
fn the_schema_has_no_null_and_describes_every_key() {
    fn walk(value: &Value, path: &str) {
        assert_ne!(value.get("type"), Some(&Value::from("null")), "{path}");
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            for (key, property) in properties {
                let described =
                    property.get("description").is_some() || property.get("$ref").is_some();
                assert!(described, "{path}.{key}");
            }
        }
        match value {
            Value::Object(map) => map
                .iter()
                .for_each(|(key, value)| walk(value, &format!("{path}.{key}"))),
            Value::Array(items) => items.iter().for_each(|value| walk(value, path)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(&members_schema(), "members");
    walk(&included_schema(), "included");
}
