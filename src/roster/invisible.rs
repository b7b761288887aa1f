//! Characters that nobody sees.
//!
//! Rust's `escape_debug` writes out controls, bidirectional and zero-width characters; these draw nothing either, and it
//! calls them printable. Whoever shows a stranger's text asks both.

/// Whether a character draws nothing although Rust calls it printable: fillers, joiners, variation selectors.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}
