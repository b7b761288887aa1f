//! Whose access ends, and when: said while there is time to renew it.

use std::fmt;

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::{DesiredRoster, Entry, Place};
use crate::roster::Email;

/// Days before its last day that an expiry is announced where nobody says otherwise.
pub const EXPIRY_NOTICE_DAYS: u32 = 14;

/// A declared person whose last day is near.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expiry {
    /// The last day (UTC) of access.
    pub last_day: Date,
    /// Whose.
    pub email: Email,
    /// Days from today to the last day; 0: today is the last day.
    pub days_left: i64,
    /// Where the entry is written.
    pub place: Place,
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            last_day,
            email,
            days_left,
            place,
        } = self;
        let when = match days_left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        write!(f, "{place}: {email} expires on {last_day}, {when}")
    }
}

impl DesiredRoster {
    /// The people whose last day is today or one of the next `notice_days`, the nearest first.
    pub fn expiring(&self, today: Date, notice_days: u32) -> Vec<Expiry> {
        // A number of days that no calendar holds is all of them.
        let to = Span::new()
            .try_days(i64::from(notice_days))
            .map_or(Date::MAX, |days| today.saturating_add(days));
        self.last_days(today, to)
    }

    /// The people who are active today and will not be on a later day, the nearest first.
    pub fn lapsing(&self, today: Date, as_of: Date) -> Vec<Expiry> {
        self.last_days(today, as_of.saturating_sub(1.day()))
    }

    fn last_days(&self, from: Date, to: Date) -> Vec<Expiry> {
        let near = |entry: &&Entry| entry.expires.is_some_and(|day| from <= day && day <= to);
        let mut all: Vec<Expiry> = self
            .members
            .values()
            .filter(near)
            .filter_map(|entry| {
                let last_day = entry.expires?;
                Some(Expiry {
                    last_day,
                    email: entry.email.clone(),
                    days_left: i64::from((last_day - from).get_days()),
                    place: entry.place.clone(),
                })
            })
            .collect();
        all.sort();
        all
    }
}
