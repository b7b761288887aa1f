//! The gate against a canned provider, on paused time.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use http::Response;
use tokio::time::Instant;

use super::{Call, Counts, Gate, Patience};
use crate::pacing::PaceSettings;
use crate::provider::canned::{Act, Canned, chain, say};
use crate::provider::{ErrorKind, Objection, ProviderError, Stop};
use crate::roster::Operation;

const THROTTLED: &str =
    r#"{"error":{"message":"slow down","type":"x","param":null,"code":"rate_limit_exceeded"}}"#;

fn call(operation: Operation) -> Call {
    Call {
        operation,
        endpoint: "GET /x",
        request: http::Request::get("http://127.0.0.1:1/x")
            .body(Vec::new())
            .unwrap(),
    }
}

/// A plain reading of answers: 200 with a number, or a class for each status.
fn understand(response: Response<Vec<u8>>) -> Result<u16, ProviderError> {
    let status = response.status().as_u16();
    let kind = match status {
        200 => {
            let text = String::from_utf8(response.into_body()).unwrap();
            match text.parse() {
                Ok(number) => return Ok(number),
                Err(_) => ErrorKind::Unreadable,
            }
        }
        400 => ErrorKind::Rejected,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        429 => ErrorKind::Throttled { retry_after: None },
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Unreadable,
    };
    let mut error = ProviderError::new("GET /x", kind);
    if status == 302 {
        error.objection = Some(Box::new(Objection::Redirect));
    }
    Err(error)
}

fn gate(play: &Canned, stop: &Stop) -> Gate<Canned> {
    play.gate(stop, PaceSettings::DEFAULT)
}

fn gate_of(play: &Canned) -> Gate<Canned> {
    gate(play, &Stop::default())
}

async fn read(gate: &Gate<Canned>) -> Result<u16, ProviderError> {
    let call = call(Operation::ListUsers);
    gate.read(&call, gate.patience(), understand).await
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_until_it_is_understood() {
    for failure in [Act::Refuse, Act::Break, say(500, ""), say(200, "<html>")] {
        let play = Canned::play([failure.clone(), failure, say(200, "7")]);
        let gate = gate(&play, &Stop::default());
        assert_eq!(read(&gate).await.unwrap(), 7);
        assert_eq!(play.waits().len(), 2, "{:?}", play.waits());
        assert!(play.waits()[0].ends_with(" s: backing off after a failure"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_keeps_failing_is_given_up() {
    for (failure, times, kind) in [
        (Act::Refuse, 5, ErrorKind::NotSent),
        (Act::Break, 5, ErrorKind::NoAnswer),
        (say(503, ""), 5, ErrorKind::Unavailable),
        (say(200, "["), 5, ErrorKind::Unreadable),
        (Act::Flood, 1, ErrorKind::Unreadable),
        (say(302, ""), 1, ErrorKind::Unreadable),
        (say(401, ""), 1, ErrorKind::Unauthorized),
        (say(403, ""), 1, ErrorKind::Forbidden),
        (say(404, ""), 1, ErrorKind::NotFound),
        (say(400, ""), 1, ErrorKind::Rejected),
    ] {
        let play = Canned::play(vec![failure; 9]);
        let gate = gate(&play, &Stop::default());
        let error = read(&gate).await.unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(play.lines().len(), times, "{}", chain(&error));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_a_time_limit() {
    let play = Canned::play([Act::Hang, say(200, "7")]);
    let gate = gate(&play, &Stop::default());
    let started = Instant::now();
    assert_eq!(read(&gate).await.unwrap(), 7);
    let took = started.elapsed().as_secs_f64();
    assert!((30.5..31.0).contains(&took), "{took}");

    let play = Canned::play([Act::Hang]);
    let gate = gate_of(&play);
    let error = gate
        .send_once(&call(Operation::DeleteUser), understand)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NoAnswer);
    assert_eq!(
        chain(&error),
        "no complete answer to `GET /x`: there was none within 60 s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttled_read_waits_as_long_as_it_is_told() {
    for (act, seconds) in [
        (say(429, THROTTLED).header("retry-after", "20"), 20.0),
        (say(429, THROTTLED).header("retry-after-ms", "1500"), 1.5),
        (
            say(429, r#"{"error":"try again after 6.937 seconds."}"#),
            6.937,
        ),
    ] {
        let play = Canned::play([act, say(200, "7")]);
        let gate = gate_of(&play);
        let started = Instant::now();
        assert_eq!(read(&gate).await.unwrap(), 7);
        // Two answers of 100 ms each, and the wait between them.
        let took = started.elapsed().as_secs_f64() - 0.2;
        assert!((seconds..seconds + 0.01).contains(&took), "{took}");
        let counts = gate.counts()[&Operation::ListUsers];
        let told = Counts {
            requests: 2,
            throttled: 1,
        };
        assert_eq!(counts, told);
        assert_eq!(
            play.waits(),
            [format!(
                "list-users: {} s after a 429: the API asks for it",
                seconds.ceil()
            )]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_limit_ends_the_read() {
    let act = say(429, THROTTLED).header("retry-after", "600");
    let play = Canned::play([act]);
    let error = read(&gate_of(&play)).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "`GET /x` would have to wait 600 s, longer than --delay-max"
    );
    assert_eq!(
        error.hint().unwrap(),
        "wait and run again, or allow the wait with --delay-max 601"
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_that_waiting_does_not_help_is_not_sent_again() {
    let act = say(429, THROTTLED).header("x-should-retry", "false");
    let play = Canned::play([act]);
    let error = read(&gate_of(&play)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::QuotaExhausted);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_whatever_comes() {
    for act in [Act::Refuse, Act::Break, say(500, ""), say(429, THROTTLED)] {
        let play = Canned::play([act]);
        let gate = gate_of(&play);
        let permit = gate
            .admit(Operation::DeleteUser, "DELETE /x", 50)
            .await
            .unwrap();
        assert!(permit.sends >= 1);
        let call = call(Operation::DeleteUser);
        gate.send_once(&call, understand).await.unwrap_err();
        assert_eq!(play.lines().len(), 1);
        // The next one is admitted only after the wait that this answer asked for.
        let before = Instant::now();
        let again = gate.admit(Operation::DeleteUser, "DELETE /x", 1).await;
        assert_eq!(again.unwrap().sends, 1);
        assert!(before.elapsed() >= Duration::from_millis(400));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_waits_of_what_began_before_it() {
    let throttled = say(429, THROTTLED).header("retry-after", "100");
    let play = Canned::play([throttled, say(200, "7"), say(200, "8")]);
    let stop = Stop::default();
    let gate = gate(&play, &stop);
    let started = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.request();
    };
    let (result, ()) = tokio::join!(read(&gate), stopping);
    assert_eq!(result.unwrap_err().kind, ErrorKind::Stopped);
    assert_eq!(started.elapsed(), Duration::from_secs(5));

    let refused = gate.admit(Operation::DeleteUser, "DELETE /x", 1).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Stopped);

    // What begins now knows of the stop: it settles what was in flight.
    assert_eq!(gate.patience(), Patience::ToTheEnd);
    assert_eq!(read(&gate).await.unwrap(), 7);
    assert!(started.elapsed() >= Duration::from_secs(100));
}

#[tokio::test(start_paused = true)]
async fn reads_of_one_operation_go_one_by_one_until_the_way_is_clear() {
    let play = Canned::play(vec![say(200, "7"); 20]);
    let pace = PaceSettings {
        concurrency_max: NonZeroUsize::new(4).unwrap(),
        ..PaceSettings::DEFAULT
    };
    let gate = play.gate(&Stop::default(), pace);
    let four = async || {
        let started = Instant::now();
        let (a, b, c, d) = tokio::join!(read(&gate), read(&gate), read(&gate), read(&gate));
        for result in [a, b, c, d] {
            result.unwrap();
        }
        started.elapsed().as_millis()
    };
    assert_eq!([four().await, four().await, four().await], [400; 3]);
    assert_eq!(four().await, 100);

    // Another operation has its own lane.
    let invites = call(Operation::ListInvites);
    let started = Instant::now();
    let (users, invites) = tokio::join!(
        read(&gate),
        gate.read(&invites, Patience::UntilStop, understand)
    );
    assert_eq!((users.unwrap(), invites.unwrap()), (7, 7));
    assert_eq!(started.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn the_ceiling_of_the_user_is_kept() {
    let play = Canned::play(vec![say(200, "7"); 5]);
    let pace = PaceSettings {
        requests_per_minute_max: NonZeroU32::new(2),
        ..PaceSettings::DEFAULT
    };
    let gate = play.gate(&Stop::default(), pace);
    let started = Instant::now();
    for _ in 0..5 {
        read(&gate).await.unwrap();
    }
    assert_eq!(started.elapsed().as_secs(), 120);
    assert_eq!(
        play.waits(),
        vec!["list-users: 60 s: your ceiling of 2/min"; 2]
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_dropped_frees_its_place() {
    let play = Canned::play([Act::Hang, say(200, "7")]);
    let gate = gate_of(&play);
    let gave_up = tokio::time::timeout(Duration::from_secs(1), read(&gate)).await;
    assert!(gave_up.is_err());
    assert_eq!(read(&gate).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_operation_begins_with_what_another_has_met() {
    let mut acts = vec![say(200, "1"); 4];
    acts.push(say(429, THROTTLED));
    acts.extend(vec![say(200, "1"); 20]);
    let play = Canned::play(acts);
    let gate = gate_of(&play);
    for _ in 0..5 {
        read(&gate).await.unwrap();
    }
    let before = play.waits().len();
    for _ in 0..8 {
        let operation = Operation::DeleteUser;
        let _permit = gate.admit(operation, "DELETE /x", 1).await.unwrap();
        gate.send_once(&call(operation), understand).await.unwrap();
    }
    let waits = &play.waits()[before..];
    assert!(!waits.is_empty(), "a burst of 8 where one of 4 was met");
    assert!(
        waits.iter().all(|wait| !wait.ends_with("after a 429")),
        "{waits:?}"
    );
}
