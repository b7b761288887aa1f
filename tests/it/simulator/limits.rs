//! Limits, hints and latency, under a paused clock.

use std::num::NonZeroU32;
use std::time::Duration;

use rosterctl::simulator::{Hints, Limit};
use serde_json::json;
use tokio::time::Instant;

use super::{Bench, INVITES, USERS, quiet, small, written};

fn limited(hints: Hints) -> Bench {
    let mut settings = written(&small());
    settings.limit = Limit::Bucket {
        per_minute: NonZeroU32::new(8).unwrap(),
        burst: NonZeroU32::new(2).unwrap(),
    };
    settings.hints = hints;
    Bench::new(settings)
}

#[tokio::test(start_paused = true)]
async fn each_method_and_path_template_has_its_own_limit() {
    let bench = limited(Hints::None);
    for (path, status) in [
        (format!("{USERS}/user-1"), 200),
        (format!("{USERS}/user-2"), 200),
        (format!("{USERS}/user-1"), 429),
        (USERS.to_owned(), 200),
        (INVITES.to_owned(), 200),
        ("/_sim/state".to_owned(), 200),
    ] {
        assert_eq!(bench.get(&path).await.status, status, "{path}");
    }
    assert_eq!(bench.delete(&format!("{USERS}/user-3")).await.status, 200);
    let counter = bench.simulator.counters()["GET /organization/users/{user_id}"];
    assert_eq!((counter.requests, counter.throttled), (3, 1));
    tokio::time::advance(Duration::from_millis(7_500)).await;
    assert_eq!(bench.get(&format!("{USERS}/user-1")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_write_changes_nothing() {
    let bench = limited(Hints::None);
    let mut statuses = Vec::new();
    for id in ["user-3", "user-2", "user-1"] {
        statuses.push(bench.delete(&format!("{USERS}/{id}")).await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(bench.simulator.mutations().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn hints_say_how_long_to_wait_or_nothing() {
    let slow = "You're making too many requests, please slow down.";
    let told =
        "You've exceeded the rate limit, please slow down and try again after 7.500 seconds.";
    for (hints, message, headers) in [
        (Hints::None, slow, ["", "", ""]),
        (Hints::RetryAfter, slow, ["8", "", ""]),
        (Hints::Headers, slow, ["", "0", "15.000s"]),
        (Hints::Body, told, ["", "", ""]),
    ] {
        let bench = limited(hints);
        bench.get(USERS).await;
        bench.get(USERS).await;
        let seen = bench.get(USERS).await;
        assert_eq!(
            seen.body,
            json!({"error": {"message": message, "type": "invalid_request_error", "param": null,
                "code": "rate_limit_exceeded"}})
        );
        let found = [
            "retry-after",
            "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests",
        ]
        .map(|name| seen.header(name));
        assert_eq!(found, headers, "{hints:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_takes_the_latency() {
    let mut settings = quiet(5);
    settings.latency = Duration::from_millis(50);
    let bench = Bench::new(settings);
    let start = Instant::now();
    for _ in 0..10 {
        bench.get(USERS).await;
    }
    assert_eq!(start.elapsed(), Duration::from_millis(500));
}
