use std::num::NonZeroU32;

use super::*;

const MINUTE: u64 = 60;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn bucket(per_minute: f64) -> Pace {
    let burst = 4;
    Pace::Bucket { per_minute, burst }
}

const WINDOW: Pace = Pace::Window {
    requests: 10,
    second: None,
};

fn estimate(pace: Option<Pace>, time: u64) -> Estimate {
    let time = seconds(time);
    Estimate { pace, time }
}

/// Twelve removals, of which so many have their outcome.
fn removals(settled: usize) -> Board {
    let mut board = Board::default();
    for _ in 0..12 {
        board.expects(Operation::DeleteUser);
    }
    for _ in 0..settled {
        board.settles(Operation::DeleteUser);
    }
    board
}

fn notice(
    operation: Operation,
    wait: Duration,
    reason: Reason,
    throttled: bool,
    pace: Option<Pace>,
) -> WaitNotice {
    WaitNotice {
        operation,
        wait,
        reason,
        throttled,
        pace,
    }
}

#[test]
fn a_lane_says_how_far_it_is_what_it_waits_for_and_how_long_it_takes() {
    let ceiling = Reason::Ceiling(NonZeroU32::MIN);
    let slow = bucket(4.12);
    let mut told = Vec::new();
    for (reason, throttled, pace, time) in [
        (Reason::Probing, true, None, 0),
        (Reason::Probing, true, Some(slow), 58),
        (Reason::Probing, false, Some(slow), 88),
        (Reason::Learned(slow), false, Some(slow), 88),
        (Reason::Learned(WINDOW), true, Some(WINDOW), 4 * MINUTE),
        (Reason::Hint, true, Some(WINDOW), 4 * MINUTE),
        (Reason::Hint, false, None, 20),
        (Reason::Backoff, true, None, 4),
        (Reason::Backoff, true, Some(slow), 88),
        (Reason::Backoff, false, Some(Pace::Clear), 20),
        (ceiling, true, None, 8 * MINUTE),
        (ceiling, false, None, 8 * MINUTE),
    ] {
        let mut board = removals(4);
        board.admitting(Operation::DeleteUser, estimate(pace, time), seconds(100));
        let wait = Duration::from_millis(8_200);
        let notice = notice(Operation::DeleteUser, wait, reason, throttled, pace);
        told.push(board.waits(notice, seconds(100)).unwrap());
    }
    insta::assert_snapshot!(told.join("\n"), @"
    removals 4/12: waiting 9 s after a 429, measuring the limit
    removals 4/12: waiting 9 s after a 429; about 58 s left, now 4.1/min
    removals 4/12: waiting 9 s, measuring the limit; about 88 s left at 4.1/min
    removals 4/12: waiting 9 s, paced ahead; about 88 s left at 4.1/min
    removals 4/12: waiting 9 s after a 429; about 4 min left, now 10/min
    removals 4/12: waiting 9 s after a 429, the API asks for it; about 4 min left, now 10/min
    removals 4/12: waiting 9 s, the API asks for it; about 20 s left
    removals 4/12: waiting 9 s after a 429, backing off
    removals 4/12: waiting 9 s after a 429; about 88 s left, now 4.1/min
    removals 4/12: waiting 9 s, backing off after a failure; about 20 s left
    removals 4/12: waiting 9 s after a 429, your ceiling of 1/min; about 8 min left
    removals 4/12: waiting 9 s, your ceiling of 1/min; about 8 min left
    ");
}

#[test]
fn a_batch_is_told_unless_its_wait_was() {
    let operation = Operation::DeleteUser;
    for (waited, told) in [
        (
            None,
            Some("removals 4/12: sending 8; about 88 s left at 4.1/min"),
        ),
        (
            Some(900),
            Some("removals 4/12: sending 8; about 88 s left at 4.1/min"),
        ),
        (Some(1000), None),
    ] {
        let mut board = removals(4);
        board.admitting(operation, estimate(Some(bucket(4.1)), 88), seconds(1));
        if let Some(wait) = waited {
            let wait = Duration::from_millis(wait);
            let notice = notice(operation, wait, Reason::Hint, true, None);
            assert_eq!(board.waits(notice, seconds(1)).is_some(), told.is_none());
        }
        assert_eq!(board.sends(operation, 8, seconds(1)).as_deref(), told);
        // Whatever was told before, the next batch begins anew.
        board.admitting(operation, estimate(None, 0), seconds(1));
        let next = board.sends(operation, 1, seconds(1));
        assert_eq!(next.as_deref(), Some("removals 4/12: sending 1"));
    }
}

#[test]
fn a_request_that_is_sent_again_counts_once() {
    let operation = Operation::DeleteUser;
    let mut board = removals(1);
    let mut told = vec![board.sends(operation, 10, seconds(1))];
    for _ in 0..3 {
        board.settles(operation);
    }
    // The fourth was throttled, and so is the next attempt.
    for _ in 0..2 {
        board.admitting(operation, estimate(None, 0), seconds(2));
        told.push(board.sends(operation, 1, seconds(2)));
    }
    board.settles(operation);
    told.push(board.sends(operation, 1, seconds(3)));
    let told: Vec<_> = told.into_iter().flatten().collect();
    insta::assert_snapshot!(told.join("\n"), @"
    removals 1/12: sending 10
    removals 4/12: sending 1
    removals 4/12: sending 1
    removals 5/12: sending 1
    ");
}

#[test]
fn a_row_counts_what_is_left_of_its_batch() {
    let operation = Operation::DeleteUser;
    let mut board = removals(4);
    board.sends(operation, 2, seconds(1));
    for row in [
        Some("removals 4/12: sending 2"),
        Some("removals 5/12: sending 1"),
        None,
    ] {
        assert_eq!(board.rows(seconds(1)).first().map(String::as_str), row);
        board.settles(operation);
    }
}

#[test]
fn every_kind_of_action_has_the_word_of_the_plan() {
    let mut told = Vec::new();
    for operation in Operation::ALL.into_iter().filter(|one| one.is_write()) {
        let mut board = Board::default();
        board.expects(operation);
        told.extend(board.sends(operation, 1, seconds(1)));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    role changes 0/1: sending 1
    removals 0/1: sending 1
    invites 0/1: sending 1
    invite cancellations 0/1: sending 1
    key revocations 0/1: sending 1
    ");
}

#[test]
fn the_first_removal_is_told_apart() {
    let mut board = removals(1);
    let mut told = vec![board.proves("ada@acme.dev\u{1b}[2J", seconds(1)).unwrap()];
    assert_eq!(board.rows(seconds(2)), told);
    told.push(board.proven(Duration::from_millis(3)).unwrap());
    told.push(board.proven(seconds(7)).unwrap());
    assert!(board.rows(seconds(2)).is_empty());
    insta::assert_snapshot!(told.join("\n"), @r"
    removals 1/12: reading ada@acme.dev\u{1b}[2J back before any other is sent
    removals 1/12: the first one is gone
    removals 1/12: the first one is gone, after 7 s
    ");
}

#[test]
fn a_list_says_which_page_it_reads() {
    let operation = Operation::ListUsers;
    let page = |number| ReadNotice::Page { operation, number };
    let throttled = notice(operation, seconds(12), Reason::Hint, true, None);
    for (likely, pages, told) in [
        (None, 3, "member page 3"),
        (Some(8), 3, "member page 3 of about 8"),
        (Some(2), 3, "member page 3"),
        (Some(0), 1, "member page 1 of about 1"),
    ] {
        let mut board = Board::default();
        if let Some(likely) = likely {
            board.expects_pages(operation, likely);
        }
        for number in 1..=pages {
            board.reads(page(number), seconds(10));
        }
        assert!(board.rows(seconds(10)).is_empty());
        assert_eq!(board.rows(seconds(11)), [format!("{told}: reading")]);
        let waits = board.waits(throttled, seconds(11));
        let told = format!("{told}: waiting 12 s after a 429, the API asks for it");
        assert_eq!(waits, Some(told));
        board.reads(ReadNotice::End { operation }, seconds(30));
        assert!(board.rows(seconds(40)).is_empty());
        // Read again, it has as many pages as before.
        board.reads(page(1), seconds(50));
        let told = format!("member page 1 of about {pages}: reading");
        assert_eq!(board.rows(seconds(60)), [told]);
    }
}

#[test]
fn a_list_says_how_long_it_still_takes() {
    let operation = Operation::ListUsers;
    let page = |number: u64| ReadNotice::Page {
        operation,
        number: usize::try_from(number).unwrap(),
    };
    let mut board = Board::default();
    let mut told = Vec::new();
    board.expects_pages(operation, 8);
    // Slow answers, and nothing that paces them: ten seconds for each page.
    for number in 1..=3 {
        board.reads(page(number), seconds(10 * number));
        told.extend(board.rows(seconds(10 * number + 4)));
    }
    // Then a limit, that goes on holding.
    for (number, throttled) in [(4, true), (5, false)] {
        let at = 10 * number;
        board.reads(page(number), seconds(at));
        let reason = if throttled {
            Reason::Probing
        } else {
            Reason::Learned(bucket(6.0))
        };
        let wait = notice(operation, seconds(9), reason, throttled, Some(bucket(6.0)));
        told.extend(board.waits(wait, seconds(at)));
        told.extend(board.rows(seconds(at + 9)));
    }
    // There are more pages than it had.
    for number in 6..=9 {
        board.reads(page(number), seconds(10 * number));
    }
    told.extend(board.rows(seconds(95)));
    insta::assert_snapshot!(told.join("\n"), @"
    member page 1 of about 8: reading
    member page 2 of about 8: reading; about 66 s left
    member page 3 of about 8: reading; about 56 s left
    member page 4 of about 8: waiting 9 s after a 429; about 49 s left, now 6/min
    member page 4 of about 8: reading; about 40 s left
    member page 5 of about 8: waiting 9 s, paced ahead; about 39 s left at 6/min
    member page 5 of about 8: reading; about 30 s left
    member page 9: reading
    ");
}

/// What is left of 80 columns, beside the sign that turns and the room for a `^C`.
const NARROW: usize = 80 - 4 - 3;

#[test]
fn a_narrow_terminal_shows_what_waits_how_long_and_why() {
    let ceiling = Reason::Ceiling(NonZeroU32::new(100).unwrap());
    let slow = bucket(4.12);
    let mut cut = Vec::new();
    for (reason, throttled) in [
        (Reason::Probing, false),
        (Reason::Probing, true),
        (Reason::Learned(slow), false),
        (Reason::Hint, true),
        (Reason::Backoff, true),
        (Reason::Backoff, false),
        (ceiling, true),
    ] {
        let operation = Operation::DeleteUser;
        let mut board = Board::default();
        (0..2000).for_each(|_| board.expects(operation));
        (0..1234).for_each(|_| board.settles(operation));
        board.admitting(operation, estimate(Some(slow), 11_000), seconds(0));
        let wait = notice(operation, seconds(119), reason, throttled, Some(slow));
        let row = board.waits(wait, seconds(0)).unwrap();
        let why = row.split_once(';').unwrap().0;
        assert!(why.len() <= NARROW, "{why}");
        let shown: String = row.chars().take(NARROW).collect();
        cut.push(shown.trim_end().to_owned());
    }
    // A common run fits as a whole.
    let mut board = removals(4);
    board.admitting(Operation::DeleteUser, estimate(Some(slow), 88), seconds(0));
    let wait = notice(
        Operation::DeleteUser,
        seconds(9),
        Reason::Learned(slow),
        false,
        Some(slow),
    );
    let row = board.waits(wait, seconds(0)).unwrap();
    assert!(row.len() <= NARROW, "{row}");
    insta::assert_snapshot!(cut.join("\n"), @"
    removals 1234/2000: waiting 119 s, measuring the limit; about 3 h 4 min l
    removals 1234/2000: waiting 119 s after a 429; about 3 h 4 min left, now
    removals 1234/2000: waiting 119 s, paced ahead; about 3 h 4 min left at 4
    removals 1234/2000: waiting 119 s after a 429, the API asks for it; about
    removals 1234/2000: waiting 119 s after a 429; about 3 h 4 min left, now
    removals 1234/2000: waiting 119 s, backing off after a failure; about 3 h
    removals 1234/2000: waiting 119 s after a 429, your ceiling of 100/min; a
    ");
}

#[test]
fn lists_side_by_side_count_their_pages_together() {
    let operation = Operation::ListProjectKeys;
    let page = |number| ReadNotice::Page { operation, number };
    let mut board = Board::default();
    for notice in [page(1), page(1), page(2), ReadNotice::End { operation }] {
        board.reads(notice, seconds(1));
    }
    assert_eq!(board.rows(seconds(2)), ["project key page 3: reading"]);
    board.reads(ReadNotice::End { operation }, seconds(2));
    assert!(board.rows(seconds(3)).is_empty());
}

#[test]
fn a_single_read_that_waits_has_a_row_while_it_does() {
    let operation = Operation::RetrieveUser;
    let mut board = Board::default();
    let notice = notice(operation, seconds(5), Reason::Probing, true, None);
    let told = board.waits(notice, seconds(1)).unwrap();
    assert_eq!(
        told,
        "member check: waiting 5 s after a 429, measuring the limit"
    );
    assert_eq!(board.rows(seconds(1)), [told]);
    assert!(board.rows(seconds(6)).is_empty());
}

#[test]
fn a_verification_says_what_it_waits_for() {
    let mut told = Vec::new();
    for verifying in [
        Verifying::Lag(seconds(2)),
        Verifying::Listing,
        Verifying::Vanished { rows: 1 },
        Verifying::Vanished { rows: 3 },
        Verifying::Unconfirmed {
            changes: 3,
            pause: seconds(4),
            left: seconds(115),
        },
    ] {
        let mut board = Board::default();
        told.extend(board.verifies(verifying, seconds(1)));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    verifying: waiting 2 s, as long as the first removal stayed visible
    verifying: listing invites and members once more
    verifying: 1 row outside the plan is gone, reading it by its id
    verifying: 3 rows outside the plan are gone, reading each by its id
    verifying: 3 changes not visible yet, looking again in 4 s, for 2 min at most
    ");
    // The time that the first removal took is the time that is waited for, to the second.
    for millis in [1_000, 1_400, 7_050, 7_999] {
        let lag = Duration::from_millis(millis);
        let gone = removals(1).proven(lag).unwrap();
        let took = gone.split_once("after ").unwrap().1;
        let waits = Board::default().verifies(Verifying::Lag(lag), seconds(1));
        assert!(
            waits.unwrap().contains(&format!("waiting {took}, ")),
            "{gone}"
        );
    }
    let blink = Verifying::Lag(Duration::from_millis(2));
    assert_eq!(Board::default().verifies(blink, seconds(1)), None);
}

#[test]
fn rows_count_down_and_end_with_what_they_are_about() {
    let mut board = removals(4);
    board.expects(Operation::CreateInvite);
    let (removal, invite) = (Operation::DeleteUser, Operation::CreateInvite);
    board.admitting(removal, estimate(Some(bucket(4.1)), 88), seconds(0));
    let wait = notice(
        removal,
        seconds(9),
        Reason::Probing,
        true,
        Some(bucket(4.1)),
    );
    board.waits(wait, seconds(0));
    board.sends(invite, 1, seconds(0));
    let mut told = Vec::new();
    for now in [0, 3, 8, 9, 80, 85] {
        told.push(format!("after {now} s"));
        told.extend(board.rows(seconds(now)));
    }
    board.settles(invite);
    told.push("the invite is sent".to_owned());
    told.extend(board.rows(seconds(85)));
    board.ends();
    assert!(board.rows(seconds(85)).is_empty());
    insta::assert_snapshot!(told.join("\n"), @"
    after 0 s
    removals 4/12: waiting 9 s after a 429; about 88 s left, now 4.1/min
    invites 0/1: sending 1
    after 3 s
    removals 4/12: waiting 6 s after a 429; about 85 s left, now 4.1/min
    invites 0/1: sending 1
    after 8 s
    removals 4/12: waiting 1 s after a 429; about 80 s left, now 4.1/min
    invites 0/1: sending 1
    after 9 s
    removals 4/12: sending; about 79 s left at 4.1/min
    invites 0/1: sending 1
    after 80 s
    removals 4/12: sending; about 8 s left at 4.1/min
    invites 0/1: sending 1
    after 85 s
    removals 4/12: sending; at 4.1/min
    invites 0/1: sending 1
    the invite is sent
    removals 4/12: sending; at 4.1/min
    ");
}
