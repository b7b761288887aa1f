//! Whoever watches a run at a terminal or in a log: keeps the board, and shows what is on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::board::Board;
use super::environment::Environment;
use super::{status, terminal};
use crate::provider::{Clock, OnRead, OnWait};
use crate::roster::Operation;
use crate::schedule::PAGE_ROWS;

/// How often rows that count down are drawn anew.
const DRAWN_EVERY: Duration = Duration::from_millis(250);

/// The watch over one run. Copies are the same watch.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    board: Arc<Mutex<Board>>,
    clock: Clock,
    shows: Shows,
}

/// How it is shown.
#[derive(Debug, Clone, Copy)]
enum Shows {
    /// As rows that change in place.
    Rows,
    /// As one line after the other.
    Lines(fn(&str)),
}

impl Watch {
    /// A watch at whatever standard error is: a terminal has rows, anything else gets lines.
    pub(super) fn at_stderr(environment: &Environment, clock: Clock) -> Self {
        if !status::is_possible(environment.term.as_deref()) {
            return Self::telling(terminal::say, clock);
        }
        let watch = Self {
            shows: Shows::Rows,
            ..Self::telling(terminal::say, clock)
        };
        let drawn = watch.clone();
        tokio::spawn(async move {
            let mut next = clock.elapsed();
            loop {
                drawn.draw(&drawn.board());
                next += DRAWN_EVERY;
                clock.sleep_until(next).await;
            }
        });
        watch
    }

    /// A watch that tells everything to `say`, line by line.
    pub(super) fn telling(say: fn(&str), clock: Clock) -> Self {
        Self {
            board: Arc::default(),
            clock,
            shows: Shows::Lines(say),
        }
    }

    /// The run's clock.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// Says how many rows a list of the members probably has.
    pub(super) fn expects_members(&self, rows: usize) {
        let pages = rows.div_ceil(PAGE_ROWS);
        self.note(|board, _| {
            board.expects_pages(Operation::ListUsers, pages);
            None
        });
    }

    /// Notes something; what comes out of it is said only where no row shows it.
    pub(super) fn note(&self, note: impl FnOnce(&mut Board, Duration) -> Option<String>) {
        let mut board = self.board();
        let line = note(&mut board, self.clock.elapsed());
        match (self.shows, line) {
            (Shows::Rows, _) => self.draw(&board),
            (Shows::Lines(say), Some(line)) => say(&format!("  {line}")),
            (Shows::Lines(_), None) => {}
        }
    }

    /// Says something that is to be read later as well.
    pub(super) fn say(&self, line: &str) {
        let say = match self.shows {
            Shows::Rows => terminal::say,
            Shows::Lines(say) => say,
        };
        say(&format!("  {line}"));
    }

    /// What is told of waits.
    pub(super) fn on_wait(&self) -> OnWait {
        let watch = self.clone();
        Arc::new(move |notice| watch.note(|board, now| board.waits(notice, now)))
    }

    /// What is told of lists.
    pub(super) fn on_read(&self) -> OnRead {
        let watch = self.clone();
        Arc::new(move |notice| {
            watch.note(|board, now| {
                board.reads(notice, now);
                None
            });
        })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // A half-noted row is as good as any other.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, board: &Board) {
        if let Shows::Rows = self.shows {
            let rows = board.rows(self.clock.elapsed());
            let rows: Vec<_> = rows
                .iter()
                .map(|row| terminal::masked(row).into_owned())
                .collect();
            status::show(&rows);
        }
    }
}
