//! Links between the pages: each leads to a file that is there, and to a heading that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Bytes of a picture at most: whoever opens the README loads it.
const PICTURE_BYTES_MAX: u64 = 300_000;

/// Every page of the repository, found and not listed, so that a new one is not forgotten.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !matches!(name, "target" | ".git" | "src" | "corpus" | "node_modules") {
                pages(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Where a page links to, and how its headings are called in a link.
fn read(text: &str) -> (Vec<String>, BTreeSet<String>) {
    let (mut links, mut headings) = (Vec::new(), BTreeSet::new());
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                headings.extend(heading.take().map(|heading| anchor(&heading)));
            }
            _ => {}
        }
    }
    (links, headings)
}

/// A heading as GitHub calls it in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

/// What is wrong with the links of one page.
fn broken(page: &Path) -> Vec<String> {
    let (links, _) = read(&fs::read_to_string(page).unwrap());
    let inside = links
        .iter()
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
    let wrong = inside.filter(|link| {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => page.to_owned(),
            file => page.parent().unwrap().join(file),
        };
        let is_there = target.exists();
        let has_heading = || {
            let (_, headings) = read(&fs::read_to_string(&target).unwrap());
            headings.contains(heading)
        };
        !is_there || !(heading.is_empty() || has_heading())
    });
    wrong
        .map(|link| format!("{}: {link}", page.display()))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = Vec::new();
    pages(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    assert!(found.len() > 8, "{found:?}");
    let wrong: Vec<String> = found.iter().flat_map(|page| broken(page)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_link_to_nowhere_is_found() {
    let desk = tempfile::tempdir().unwrap();
    let page = desk.path().join("page.md");
    let text = "# A `b`, c\n[1](page.md) [2](#a-b-c) [3](other.md) [4](page.md#d) ![5](x.png)\n";
    fs::write(&page, text).unwrap();
    let wrong = broken(&page);
    let ends = ["other.md", "page.md#d", "x.png"];
    assert_eq!(wrong.len(), ends.len(), "{wrong:?}");
    for (wrong, end) in wrong.iter().zip(ends) {
        assert!(wrong.ends_with(end), "{wrong}");
    }
}

#[test]
fn the_picture_is_small_and_is_of_the_comment_beside_it() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/assets");
    let picture = fs::read(assets.join("plan-comment.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && (picture.len() as u64) < PICTURE_BYTES_MAX);
    let comment = fs::read_to_string(assets.join("plan-comment.md")).unwrap();
    assert!(comment.starts_with("<!-- rosterctl:plan -->\n"));
    // A picture of another version shows what the program does not say.
    let version = format!("rosterctl {}", env!("CARGO_PKG_VERSION"));
    assert!(
        comment.contains(&version),
        "make it anew: .github/assets/make.sh"
    );
}
