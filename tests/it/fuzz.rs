//! The fuzz corpus, replayed: what was found once stays mended.

#[path = "../fuzz/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// A check of the bytes of one file.
type Check = fn(&[u8]);

#[test]
fn the_corpus_holds() {
    let targets: [(&str, Check); 6] = [
        ("members", checks::members),
        ("wire", checks::wire),
        ("plan", checks::plan),
        ("snapshot", checks::snapshot),
        ("journal", checks::journal),
        ("headers", checks::headers),
    ];
    for (target, check) in targets {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fuzz/corpus")
            .join(target);
        let mut files = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            check(&fs::read(path).unwrap());
            files += 1;
        }
        assert!(files >= 2, "{target}: {files}");
    }
}
