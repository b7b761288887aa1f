//! Times, durations and counts in words.

use std::time::Duration;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::roster::Operation;
use crate::schedule::{Cost, OperationCost};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Days after which a date says more than a number of days.
const DAYS_MAX: i64 = 60;

/// A time as seen from another: `2 hours ago`, `yesterday`, `on 2026-01-31`.
///
/// Without a time to see it from, and for a time that lies after it, the date is given.
pub(super) fn ago(at: Timestamp, now: Option<Timestamp>) -> String {
    let secs = now.map_or(-1, |now| now.as_second() - at.as_second());
    match secs {
        0..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => format!("{} ago", count(secs / MINUTE, "minute")),
        HOUR..DAY => format!("{} ago", count(secs / HOUR, "hour")),
        _ if (DAY..2 * DAY).contains(&secs) => "yesterday".to_owned(),
        _ if (DAY..DAYS_MAX * DAY).contains(&secs) => format!("{} ago", count(secs / DAY, "day")),
        _ => format!("on {}", date(at)),
    }
}

/// A mark behind a time that lies less than a day before another: whatever was used then is in use.
pub(super) fn day_mark(at: Timestamp, now: Option<Timestamp>) -> &'static str {
    if now.is_some_and(|now| now.as_second() - at.as_second() < DAY) {
        " (!)"
    } else {
        ""
    }
}

/// The day of a time, in UTC.
pub(super) fn date(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// A time to the minute: `2026-11-24 03:15 UTC`.
pub(super) fn minute(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string()
}

/// A length of time, rounded as one would say it: `40 s`, `5 min`, `2 h 10 min`.
pub(crate) fn duration(time: Duration) -> String {
    let secs = time.as_millis().div_ceil(1000);
    let minutes = secs.div_ceil(60);
    match secs {
        0..=90 => format!("{secs} s"),
        91..=5_400 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// A number and a noun, with an `s` where it needs one.
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or_default();
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// What a plan costs: `38 removals, about 5 min at 8/min; 2 invites (no limit seen); about 5 min in all`.
pub(super) fn cost(cost: &Cost) -> String {
    let Cost { operations, time } = cost;
    let mut parts: Vec<String> = operations
        .iter()
        .filter(|part| part.requests > 0)
        .map(operation_cost)
        .collect();
    if parts.is_empty() {
        return "no requests".to_owned();
    }
    match time {
        Some(time) if parts.len() > 1 => parts.push(format!("about {} in all", duration(*time))),
        Some(_) => {}
        None => parts.push("no pace is known yet, so the time is open".to_owned()),
    }
    parts.join("; ")
}

fn operation_cost(part: &OperationCost) -> String {
    let OperationCost {
        operation,
        requests,
        pace,
        time,
    } = part;
    let mut text = count(*requests, request(*operation));
    if let Some(time) = time {
        text = format!("{text}, about {}", duration(*time));
    }
    match pace {
        Some(pace) if pace.starts_with(|c: char| c.is_ascii_digit()) => format!("{text} at {pace}"),
        Some(pace) => format!("{text} ({pace})"),
        None => text,
    }
}

/// One request of an operation, in the words of people; several of them have an `s` more.
pub(crate) fn request(operation: Operation) -> &'static str {
    match operation {
        Operation::ListUsers => "member page",
        Operation::RetrieveUser => "member check",
        Operation::ModifyUser => "role change",
        Operation::DeleteUser => "removal",
        Operation::ListInvites => "invite page",
        Operation::RetrieveInvite => "invite check",
        Operation::CreateInvite => "invite",
        Operation::DeleteInvite => "invite cancellation",
        Operation::ListAdminKeys => "admin key page",
        Operation::DeleteAdminKey => "key revocation",
        Operation::ListProjects => "project page",
        Operation::ListProjectUsers => "project member page",
        Operation::ListProjectKeys => "project key page",
        Operation::ListAuditLogs => "audit log page",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs_before: i64) -> (Timestamp, Option<Timestamp>) {
        let now: Timestamp = "2026-11-24T03:15:00Z".parse().unwrap();
        let at = Timestamp::from_second(now.as_second() - secs_before).unwrap();
        (at, Some(now))
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        for (secs, said) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (DAY, "yesterday"),
            (3 * DAY, "3 days ago"),
            (60 * DAY, "on 2026-09-25"),
            (-5, "on 2026-11-24"),
        ] {
            let (then, now) = at(secs);
            assert_eq!(ago(then, now), said, "{secs}");
        }
        let (then, _) = at(5);
        assert_eq!(ago(then, None), "on 2026-11-24");
        assert_eq!(minute(then), "2026-11-24 03:14 UTC");
    }

    #[test]
    fn durations_are_rounded_up() {
        for (millis, said) in [
            (0, "0 s"),
            (1, "1 s"),
            (90_000, "90 s"),
            (90_001, "2 min"),
            (285_000, "5 min"),
            (7_800_000, "2 h 10 min"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), said);
        }
    }

    #[test]
    fn a_cost_names_requests_time_and_pace() {
        let part = |operation, requests, pace: Option<&str>, secs: Option<u64>| OperationCost {
            operation,
            requests,
            pace: pace.map(str::to_owned),
            time: secs.map(Duration::from_secs),
        };
        let removals = part(Operation::DeleteUser, 38, Some("8/min"), Some(285));
        let invite = part(Operation::CreateInvite, 1, Some("no limit seen"), Some(1));
        let unpaced = part(Operation::ModifyUser, 2, None, None);
        for (operations, secs, said) in [
            (vec![], None, "no requests"),
            (
                vec![removals.clone()],
                Some(285),
                "38 removals, about 5 min at 8/min",
            ),
            (
                vec![removals, invite],
                Some(285),
                "38 removals, about 5 min at 8/min; 1 invite, about 1 s (no limit seen); about 5 min in all",
            ),
            (
                vec![unpaced],
                None,
                "2 role changes; no pace is known yet, so the time is open",
            ),
        ] {
            let time = secs.map(Duration::from_secs);
            assert_eq!(cost(&Cost { operations, time }), said);
        }
    }
}
