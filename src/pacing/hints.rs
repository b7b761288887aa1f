//! What an answer says about when to come back: headers, or a sentence in the body.
//!
//! Every value comes from a server and is untrusted: what cannot be read is no hint, a negative or empty wait is no
//! hint, and nothing is longer than [`HINT_MAX`]. Whether a hint is too long to obey is decided by the pacer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The longest wait that a hint can say; a longer one reads as this.
pub(super) const HINT_MAX: Duration = Duration::from_hours(24);

/// Bytes of the body that are searched for a sentence; error bodies are far shorter.
const BODY_BYTES_MAX: usize = 4096;

/// Words before the seconds in the body of a 429 (API contract, section 11).
const PHRASES: [&str; 2] = ["try again after ", "try again in "];

/// The hints of one answer. The default has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hints {
    /// How long to wait: `retry-after-ms`, else `retry-after`, else the sentence in the body.
    pub retry_after: Option<Duration>,
    /// The `x-ratelimit-*-requests` headers.
    pub quota: Quota,
    /// `x-should-retry`: the server's own word on whether sending again makes sense.
    pub should_retry: Option<bool>,
}

/// What the `x-ratelimit-{limit,remaining,reset}-requests` headers say, each if it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// Requests in a full quota.
    pub limit: Option<u32>,
    /// Requests left now.
    pub remaining: Option<u32>,
    /// Time until the quota is full again.
    pub reset: Option<Duration>,
}

impl Hints {
    /// Reads the hints of an answer.
    ///
    /// `header` looks up a header by its lower-case name. `wall_now` is what an HTTP date in `retry-after` is
    /// compared with; the answer's own `date` header is preferred, because the two come from one clock.
    pub fn read<'a>(
        header: impl Fn(&str) -> Option<&'a str>,
        body: &str,
        wall_now: Timestamp,
    ) -> Self {
        let wall_now = header("date").and_then(http_date).unwrap_or(wall_now);
        let count = |name: &str| header(name).and_then(|text| text.trim().parse().ok());
        Self {
            retry_after: header("retry-after-ms")
                .and_then(|text| number(text, 1e-3))
                .or_else(|| header("retry-after").and_then(|text| retry_after(text, wall_now)))
                .or_else(|| sentence(body)),
            quota: Quota {
                limit: count("x-ratelimit-limit-requests"),
                remaining: count("x-ratelimit-remaining-requests"),
                reset: header("x-ratelimit-reset-requests").and_then(span),
            },
            should_retry: header("x-should-retry").and_then(|text| match text.trim() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            }),
        }
    }
}

impl Quota {
    /// How long to wait before the next request, if the headers ask for a wait.
    ///
    /// `reset` is the time to a *full* quota. Waiting all of it costs a token bucket nothing, since the whole quota
    /// may then leave at once, and a fixed window needs it.
    pub fn wait(&self) -> Option<Duration> {
        let Self {
            limit: _,
            remaining,
            reset,
        } = self;
        match remaining {
            Some(0) => *reset,
            Some(_) | None => None,
        }
    }
}

/// Seconds, whole or not, or an HTTP date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, wall_now: Timestamp) -> Option<Duration> {
    number(text, 1.0).or_else(|| {
        let wait = http_date(text)?.duration_since(wall_now);
        Duration::try_from(wait).ok().and_then(bounded)
    })
}

fn http_date(text: &str) -> Option<Timestamp> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Timestamp::try_from(date).ok()
}

/// A number of units, `unit` seconds each.
fn number(text: &str, unit: f64) -> Option<Duration> {
    let text = text.trim();
    // `f64` also reads "inf", "nan" and "1e9": no server means those.
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? * unit;
    bounded(Duration::from_secs_f64(seconds.min(HINT_MAX.as_secs_f64())))
}

/// A span such as `1s`, `6m0s` or `20ms`; a bare number is seconds.
fn span(text: &str) -> Option<Duration> {
    number(text, 1.0).or_else(|| {
        let span = text.trim().parse::<SignedDuration>().ok()?;
        Duration::try_from(span).ok().and_then(bounded)
    })
}

/// The wait in a sentence such as "please slow down and try again after 6.937 seconds".
fn sentence(body: &str) -> Option<Duration> {
    let head = body.get(..body.floor_char_boundary(BODY_BYTES_MAX))?;
    let head = head.to_ascii_lowercase();
    PHRASES.iter().find_map(|phrase| {
        let (_, rest) = head.split_once(phrase)?;
        let mut words = rest.split_ascii_whitespace();
        // Compact JSON goes on after the sentence without a space.
        let (first, _) = words
            .next()
            .map(|word| word.split_once('"').unwrap_or((word, "")))?;
        let first = first.trim_end_matches(['.', ',']);
        let unit = words.next().unwrap_or_default();
        if unit.starts_with("second") {
            number(first, 1.0)
        } else if unit.starts_with("millisecond") {
            number(first, 1e-3)
        } else if unit.starts_with("minute") {
            number(first, 60.0)
        } else if first.ends_with('s') {
            span(first)
        } else {
            None
        }
    })
}

/// The wait within its bounds; none at all is no hint.
fn bounded(wait: Duration) -> Option<Duration> {
    (!wait.is_zero()).then(|| wait.min(HINT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)], body: &str) -> Hints {
        let lookup = |name: &str| {
            headers
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| *value)
        };
        Hints::read(lookup, body, "2026-11-24T03:15:00Z".parse().unwrap())
    }

    #[test]
    fn a_wait_is_read_from_every_header_that_can_say_it() {
        let ms = |n| Some(Duration::from_millis(n));
        for (name, value, wait) in [
            ("retry-after", "30", ms(30_000)),
            ("retry-after", " 1.5 ", ms(1500)),
            ("retry-after", "Tue, 24 Nov 2026 03:15:07 GMT", ms(7000)),
            ("retry-after", "Tue, 24 Nov 2026 03:14:00 GMT", None),
            ("retry-after-ms", "250", ms(250)),
            ("retry-after", "0", None),
            ("retry-after", "-5", None),
            ("retry-after", "inf", None),
            ("retry-after", "1e9", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            ("retry-after", ".", None),
            ("retry-after", "999999999999999999999999", Some(HINT_MAX)),
            (
                "retry-after",
                "Thu, 01 Jan 2099 00:00:00 GMT",
                Some(HINT_MAX),
            ),
            ("retry-after-ms", "99999999999999999999", Some(HINT_MAX)),
        ] {
            assert_eq!(read(&[(name, value)], "").retry_after, wait, "{value:?}");
        }
    }

    #[test]
    fn milliseconds_win_over_seconds_and_headers_over_the_body() {
        let both = [("retry-after-ms", "250"), ("retry-after", "30")];
        let body = "try again after 7 seconds";
        let waits = [
            read(&both, body).retry_after,
            read(&both[1..], body).retry_after,
            read(&[("retry-after", "soon")], body).retry_after,
        ];
        assert_eq!(
            waits.map(|wait| wait.unwrap().as_millis()),
            [250, 30_000, 7000]
        );
    }

    #[test]
    fn a_date_is_compared_with_the_date_of_the_same_answer() {
        let headers = [
            ("date", "Tue, 24 Nov 2026 04:00:00 GMT"),
            ("retry-after", "Tue, 24 Nov 2026 04:00:09 GMT"),
        ];
        assert_eq!(read(&headers, "").retry_after, Some(Duration::from_secs(9)));
    }

    #[test]
    fn a_sentence_in_the_body_is_read() {
        let ms = |n| Some(Duration::from_millis(n));
        for (body, wait) in [
            (
                r#"{"error":{"message":"You've exceeded the rate limit, please slow down and try again after 6.937 seconds."}}"#,
                ms(6937),
            ),
            ("Please try again in 20ms.", ms(20)),
            (
                r#"{"error":{"message":"Please try again in 5m30s.","param":null}}"#,
                ms(330_000),
            ),
            (
                "{\n \"message\": \"Please try again in 20s.\",\n \"param\": null}",
                ms(20_000),
            ),
            ("Please TRY AGAIN IN 1m3.2s. Visit", ms(63_200)),
            ("try again after 2 minutes", ms(120_000)),
            ("try again after 5 milliseconds", ms(5)),
            ("try again after a while", None),
            ("try again after ", None),
            ("try again after -3 seconds", None),
            ("try again in 5 parsecs", None),
            ("", None),
        ] {
            assert_eq!(read(&[], body).retry_after, wait, "{body:?}");
        }
        let far = format!("{}try again after 5 seconds", "ä".repeat(BODY_BYTES_MAX));
        assert_eq!(read(&[], &far).retry_after, None);
    }

    #[test]
    fn the_quota_headers_are_read_and_ask_for_a_wait_only_when_nothing_is_left() {
        let quota = |remaining, reset| {
            read(
                &[
                    ("x-ratelimit-limit-requests", "60"),
                    ("x-ratelimit-remaining-requests", remaining),
                    ("x-ratelimit-reset-requests", reset),
                ],
                "",
            )
            .quota
        };
        let ms = |n| Some(Duration::from_millis(n));
        assert_eq!(
            quota("3", "6m0s"),
            Quota {
                limit: Some(60),
                remaining: Some(3),
                reset: ms(360_000)
            }
        );
        for (remaining, reset, wait) in [
            ("3", "6m0s", None),
            ("0", "7.66s", ms(7660)),
            ("0", "20ms", ms(20)),
            ("0", "12", ms(12_000)),
            ("0", "-5s", None),
            ("0", "99999h", Some(HINT_MAX)),
            ("0", "later", None),
            ("-1", "1s", None),
            ("many", "1s", None),
        ] {
            assert_eq!(quota(remaining, reset).wait(), wait, "{remaining} {reset}");
        }
    }

    #[test]
    fn the_servers_word_on_retrying_is_read() {
        for (text, word) in [("true", Some(true)), ("false", Some(false)), ("1", None)] {
            assert_eq!(read(&[("x-should-retry", text)], "").should_retry, word);
        }
    }
}
