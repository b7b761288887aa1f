//! The rows at the bottom of a terminal, and how they make way for whatever else is written.
//!
//! A terminal has one bottom, so they are one thing of the whole process, as its colours are. Rows have no colour of
//! their own and are there only where standard error is a terminal that can move its cursor; whoever writes to either
//! stream does so [`beside`] them.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Term, measure_text_width};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

/// Columns at the right edge that stay empty, so that a typed `^C` does not move to another line.
const COLUMNS_FREE: u16 = 3;

static ROWS: Mutex<Option<Rows>> = Mutex::new(None);

struct Rows {
    all: MultiProgress,
    shown: Vec<ProgressBar>,
}

/// Whether there can be rows; `term` is what `TERM` says.
pub(super) fn is_possible(term: Option<&str>) -> bool {
    can_move_cursor(term) && io::stderr().is_terminal()
}

fn can_move_cursor(term: Option<&str>) -> bool {
    match term {
        Some(term) => term != "dumb",
        // Only Windows has terminals without that variable.
        None => cfg!(windows),
    }
}

/// Shows these rows and no others.
pub(super) fn show(texts: &[String]) {
    let mut rows = rows();
    if texts.is_empty() && rows.is_none() {
        return;
    }
    let Rows { all, shown } = rows.get_or_insert_with(Rows::new);
    for gone in shown.drain(texts.len().min(shown.len())..) {
        gone.finish_and_clear();
        all.remove(&gone);
    }
    while shown.len() < texts.len() {
        shown.push(all.add(Rows::row()));
    }
    for (row, text) in shown.iter().zip(texts) {
        row.set_message(text.clone());
        row.tick();
    }
}

/// Writes something while the rows are out of the way.
pub(super) fn beside<V>(write: impl FnOnce() -> V) -> V {
    match rows().as_ref() {
        Some(Rows { all, shown }) if !shown.is_empty() => all.suspend(write),
        Some(_) | None => write(),
    }
}

/// Whether there are rows at the moment.
pub(super) fn is_shown() -> bool {
    rows().as_ref().is_some_and(|rows| !rows.shown.is_empty())
}

/// Takes the rows away for good, if nobody is about to draw them.
pub(super) fn abandon() {
    if let Ok(mut rows) = ROWS.try_lock()
        && let Some(Rows { all, shown: _ }) = rows.take()
    {
        // There is nothing left to be done about a terminal that is gone.
        let _ = all.clear();
        all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

fn rows() -> MutexGuard<'static, Option<Rows>> {
    ROWS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rows {
    fn new() -> Self {
        let edge = Box::new(Edge::of(Term::stderr()));
        let target = ProgressDrawTarget::term_like_with_hz(edge, 10);
        Self {
            all: MultiProgress::with_draw_target(target),
            shown: Vec::new(),
        }
    }

    fn row() -> ProgressBar {
        let style = ProgressStyle::with_template("  {spinner} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        // ASCII, as all texts are; the last sign is for a row that is finished, which none ever is.
        ProgressBar::new_spinner().with_style(style.tick_chars("|/-\\ "))
    }
}

/// Standard error with a right edge that is kept free, and that is never in the way.
///
/// Nothing that cannot be drawn is an error: a terminal may be closed at any moment, and what draws the rows would end
/// the process for it, in the middle of an apply.
///
/// What draws the rows fills each to the last column and leaves it to the terminal to go on in the next line. Here
/// the last column is not the terminal's, so the line is ended for it.
#[derive(Debug)]
struct Edge {
    term: Term,
    /// Columns that are written in the line at hand.
    column: AtomicUsize,
}

impl Edge {
    fn of(term: Term) -> Self {
        Self {
            term,
            column: AtomicUsize::new(0),
        }
    }

    /// Whether a text has to begin a new line. Only who holds the rows draws, so the column is nobody else's.
    fn advance(&self, text: &str) -> bool {
        if text.starts_with('\r') {
            self.column.store(0, Ordering::Relaxed);
        }
        let column = self.column.load(Ordering::Relaxed);
        let is_full = !text.is_empty() && column >= usize::from(self.width());
        let before = if is_full { 0 } else { column };
        let column = before + measure_text_width(text);
        self.column.store(column, Ordering::Relaxed);
        is_full
    }
}

impl TermLike for Edge {
    fn width(&self) -> u16 {
        let (_, columns) = self.term.size();
        columns.saturating_sub(COLUMNS_FREE).max(1)
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        drawn(self.term.move_cursor_up(lines))
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        drawn(self.term.move_cursor_down(lines))
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        drawn(self.term.move_cursor_right(columns))
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        drawn(self.term.move_cursor_left(columns))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.column.store(0, Ordering::Relaxed);
        drawn(self.term.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if self.advance(text) {
            drawn(self.term.write_line(""))?;
        }
        drawn(self.term.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.column.store(0, Ordering::Relaxed);
        drawn(self.term.clear_line())
    }

    fn flush(&self) -> io::Result<()> {
        drawn(self.term.flush())
    }
}

/// What became of drawing, to whoever draws: a terminal that is gone has no reader either.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where the trait wants a result"
)]
fn drawn(_: io::Result<()>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_has_no_rows() {
        for (term, can) in [
            (Some("xterm-256color"), true),
            (Some("screen"), true),
            (Some("dumb"), false),
            (None, cfg!(windows)),
        ] {
            assert_eq!(can_move_cursor(term), can, "{term:?}");
        }
    }

    #[test]
    fn a_row_that_fills_the_line_ends_it() {
        let edge = Edge::of(Term::stderr());
        let full = "x".repeat(edge.width().into());
        for (text, begins) in [
            ("  row", false),
            (&full[5..], false),
            ("", false),
            ("  next row", true),
            ("\r", false),
            (full.as_str(), false),
            ("", false),
            ("\rover it", false),
            (&full[7..], false),
            ("x", true),
        ] {
            assert_eq!(edge.advance(text), begins, "{text:?}");
        }
    }
}
