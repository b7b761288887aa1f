//! The demo, to the letter: it is the first thing that anybody sees.

use crate::cli::{Ran, bare};

#[test]
fn the_demo_tells_the_same_story_every_time_without_key_and_network() {
    let folder = tempfile::tempdir().unwrap();
    let Ran { code, out, err } = Ran::of(bare().arg("demo").current_dir(folder.path()));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    insta::assert_snapshot!("demo", out);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is left behind"
    );
}
