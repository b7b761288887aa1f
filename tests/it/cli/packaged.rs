//! What a package holds beside the program: completions and manual pages, made by the program itself.

use std::collections::BTreeSet;
use std::fs;
#[cfg(unix)]
use std::process::Command;

use super::{Desk, Ran, bare};

/// Every command that the help of `command` lists, with its own below it: `members`, `members add`.
fn commands_of(command: &[String]) -> Vec<Vec<String>> {
    let Ran { out, .. } = Ran::of(bare().args(command).arg("--help"));
    let Some((_, list)) = out.split_once("\nCommands:\n") else {
        return vec![command.to_vec()];
    };
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let below = names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .flat_map(|name| commands_of(&[command, &[name.to_owned()]].concat()));
    [command.to_vec()].into_iter().chain(below).collect()
}

#[test]
fn each_shell_gets_a_script_that_knows_every_command_and_option() {
    let commands = commands_of(&[]);
    assert!(commands.len() > 15, "{commands:?}");
    for (shell, first) in [
        ("bash", "_rosterctl() {"),
        ("zsh", "#compdef rosterctl"),
        ("fish", "# Print an optspec"),
        ("powershell", "\nusing namespace System.Management"),
        ("elvish", "\nuse builtin;"),
    ] {
        let Ran { code, out, err } = Ran::of(bare().args(["completions", shell]));
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.starts_with(first), "{shell}: {}", &out[..200]);
        for word in commands.iter().flatten() {
            assert!(out.contains(word), "{shell} does not know {word}");
        }
        assert!(out.contains("revocations-only"), "{shell}");
    }
    let Ran { code, out, err } = Ran::of(bare().args(["completions", "cmd"]));
    assert_eq!((code, out.as_str()), (64, ""));
    assert!(err.contains("bash, elvish, fish, powershell, zsh"), "{err}");
}

/// The script as bash itself reads it: sourced, then asked for the words that may follow.
#[cfg(unix)]
#[test]
fn bash_completes_a_command_line() {
    const ASK: &str = r#"
        source "$0"
        COMP_WORDS=(rosterctl "$@") COMP_CWORD=$#
        _rosterctl rosterctl "${!#}" "${@:$(($# - 1)):1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let Ran { out: script, .. } = Ran::of(bare().args(["completions", "bash"]));
    let desk = Desk::new("");
    desk.write("rosterctl.bash", script);
    for (words, wanted) in [
        (vec!["dr"], vec!["drift"]),
        (vec!["members", "pr"], vec!["prune"]),
        (
            vec!["apply", "--re"],
            vec!["--requests-per-minute", "--revocations-only"],
        ),
        (vec!["completions", "z"], vec!["zsh"]),
    ] {
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-c", ASK])
            .arg(desk.path("rosterctl.bash"))
            .args(&words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let found: BTreeSet<&str> = said.lines().collect();
        for word in wanted {
            assert!(found.contains(word), "{words:?}: {output:?}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page_and_the_pages_are_the_same_each_time() {
    let desk = Desk::new("");
    for folder in ["man/one", "man/two"] {
        let Ran { code, out, err } = desk.run(&["man", "--out", folder]);
        assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    }
    let pages: BTreeSet<String> = fs::read_dir(desk.path("man/one"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted = commands_of(&[])
        .iter()
        .map(|command| {
            let words = ["rosterctl".to_owned()].into_iter().chain(command.clone());
            format!("{}.1", words.collect::<Vec<_>>().join("-"))
        })
        .collect();
    assert_eq!(pages, wanted);
    for page in &pages {
        let text = desk.read(&format!("man/one/{page}"));
        assert_eq!(text, desk.read(&format!("man/two/{page}")));
        let title = page.trim_end_matches(".1");
        assert!(text.contains(&format!(".TH {title} 1 ")), "{text}");
        assert!(!text.contains("sk-admin"), "{page}");
    }
    assert!(
        desk.read("man/one/rosterctl.1")
            .contains("OPENAI_ADMIN_KEY")
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let desk = Desk::new("");
    desk.write("man", "a file");
    let Ran { code, out, err } = desk.run(&["man", "--out", "man/pages"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        err.starts_with("error: cannot write the manual pages to man"),
        "{err}"
    );
}
