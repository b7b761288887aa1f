//! The house rules as tests.

use std::{fs, path::Path};

/// Lines in a source file at most.
const FILE_LINES_MAX: usize = 600;

fn rust_files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push((
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        rust_files(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
            &mut files,
        );
    }
    assert!(files.len() > 10);
    for (path, text) in files {
        let lines = text.lines().count();
        assert!(
            lines <= FILE_LINES_MAX,
            "{path} has {lines} lines, and {FILE_LINES_MAX} is the limit"
        );
    }
}
